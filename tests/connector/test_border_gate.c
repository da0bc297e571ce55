/* What samples of the border gate cannot show: decimals, dispatch by content type and bytes, long lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "connectors/border-gate/decimal.h"
#include "tests/lib/connector_rig.h"

extern const struct hub_connector hub_connector;

static void *take(void *context, size_t bytes) { return test_calloc(1, bytes); }

static void test_decimals(void **state) {
  static const struct {
    const char *text;
    int shift;
    const char *expected; /* NULL: refused */
  } cases[] = {
      {"3.2545", 3, "3254.5"}, {"3254.50", 0, "3254.50"},
      {"3.20", 3, "3200"},     {"0", 3, "0"},
      {"12", -3, "0.012"},     {"3.2e1", 0, "32"},
      {"5e-2", 0, "0.05"},     {"1E+2", 0, "100"},
      {"+7", 0, "7"},          {"007", 0, "7"},
      {"0.5", 3, "500"},       {"-1", 0, NULL},
      {"1.", 0, NULL},         {".5", 0, NULL},
      {"", 0, NULL},           {"1,5", 0, NULL},
      {"1e", 0, NULL},         {"1e99", 0, NULL},
      {"1e+", 0, NULL},        {"1ex", 0, NULL},
      {"1.2.3", 0, NULL},      {"12345678901234567890123456789012345678901", 0, NULL},
  };
  struct allocator allocator = {take, NULL};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char *made = NULL;
    int r =
        decimal_scale(&allocator, (struct text){cases[i].text, strlen(cases[i].text)}, cases[i].shift, &made);
    assert_int_equal(r, cases[i].expected == NULL ? DECIMAL_E_FORM : 0);
    if (cases[i].expected == NULL) continue;
    assert_string_equal(made, cases[i].expected);
    test_free(made);
  }
}

static void expect(const char *data, size_t length, const char *content_type, size_t records,
                   size_t rejected) {
  char *copy = calloc(1, length + 64);
  void *self = NULL;
  assert_non_null(copy);
  memcpy(copy, data, length);
  assert_int_equal(rig_open(&hub_connector, &self), 0);
  struct hub_payload payload = rig_payload(copy, length);
  payload.content_type = content_type;
  struct rig rig;
  rig_init(&rig, &payload);
  assert_int_equal(hub_connector.translate(self, &payload, &rig.sink), 0);
  assert_int_equal(rig.records, records);
  assert_int_equal(rig.rejected, rejected);
  rig_deinit(&rig);
  hub_connector.close(self);
  free(copy);
}

#define MOVEMENT "{\"gmrId\":\"GMRA00000001\",\"vehicleRegNum\":\"12C 1\"}"

static void test_dispatch(void **state) {
  static const struct {
    const char *data, *type;
    size_t records, rejected;
  } cases[] = {
      {MOVEMENT, NULL, 1, 0},
      {"\xEF\xBB\xBF \n" MOVEMENT, NULL, 1, 0},
      {MOVEMENT "\n" MOVEMENT, NULL, 2, 0},
      {MOVEMENT "\n" MOVEMENT, "application/x-ndjson; charset=utf-8", 2, 0},
      {MOVEMENT "\n" MOVEMENT, "application/json", 2, 0},
      {MOVEMENT "\n\n", NULL, 1, 0},
      {"[" MOVEMENT "]", "text/plain", 1, 0},
      {"", NULL, 1, 1},
      {"junk", NULL, 1, 1},
      {"<Root/>", NULL, 1, 1},
      {"junk <Root/>", NULL, 1, 1},
      {MOVEMENT, "text/xml", 1, 1},
      {"UNB", NULL, 1, 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    expect(cases[i].data, strlen(cases[i].data), cases[i].type, cases[i].records, cases[i].rejected);
}

static void test_a_line_has_a_longest_length(void **state) {
  enum { LONG = 1024 * 1024 + 1 };
  char *data = malloc(LONG + 200);
  assert_non_null(data);
  memset(data, 'x', LONG);
  memcpy(data + LONG, "\n" MOVEMENT, sizeof("\n" MOVEMENT));
  expect(data, LONG + sizeof("\n" MOVEMENT) - 1, "application/x-ndjson", 2, 1);
  free(data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_decimals),
      cmocka_unit_test(test_dispatch),
      cmocka_unit_test(test_a_line_has_a_longest_length),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
