/* What samples of the border gate cannot show: decimals, dispatch by content type and bytes, bounds, answers.
 */
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

struct run { /* one payload and what becomes of it */
  char *data;
  void *self;
  struct hub_payload payload;
  struct rig rig;
};

static void run_init(struct run *run, const char *data, size_t length) {
  run->data = calloc(1, length + 64);
  assert_non_null(run->data);
  memcpy(run->data, data, length);
  assert_int_equal(rig_open(&hub_connector, &run->self), 0);
  run->payload = rig_payload(run->data, length);
  rig_init(&run->rig, &run->payload);
}

static void run_deinit(struct run *run) {
  rig_deinit(&run->rig);
  hub_connector.close(run->self);
  free(run->data);
}

static void expect(const char *data, size_t length, const char *content_type, size_t records,
                   size_t rejected) {
  struct run run;
  run_init(&run, data, length);
  run.payload.content_type = content_type;
  assert_int_equal(hub_connector.translate(run.self, &run.payload, &run.rig.sink), 0);
  assert_int_equal(run.rig.records, records);
  assert_int_equal(run.rig.rejected, rejected);
  run_deinit(&run);
}

#define EMPTY_INTERCHANGE "UNB+UNOA:3+S+R+260712:0815+R1'UNZ+0+R1'"
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
      {MOVEMENT "\njunk\n" MOVEMENT, NULL, 3, 1},
      {"{junk\n" MOVEMENT, NULL, 2, 1},
      {"{\"data\":\n" MOVEMENT "\n,\"result\":1}", NULL, 1, 0},
      {"{\"data\":" MOVEMENT "\n,\"result\":1}", NULL, 1, 0},
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

/* ---- How much one payload may be ---- */

static size_t asked;

static int note_independent(struct hub_sink *sink) {
  asked++;
  return 0;
}

static void test_only_files_are_published_while_they_are_read(void **state) {
  static const struct {
    const char *method, *data;
    size_t asked;
  } cases[] = {
      {"POST", EMPTY_INTERCHANGE, 0},
      {NULL, EMPTY_INTERCHANGE, 1},
      {"POST", MOVEMENT "\n" MOVEMENT, 0},
      {NULL, MOVEMENT "\n" MOVEMENT, 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct run run;
    run_init(&run, cases[i].data, strlen(cases[i].data));
    struct hub_sink_ops ops = *run.rig.sink.ops;
    ops.independent = note_independent;
    run.rig.sink.ops = &ops;
    run.payload.method = cases[i].method;
    asked = 0;
    assert_int_equal(hub_connector.translate(run.self, &run.payload, &run.rig.sink), 0);
    assert_int_equal(asked, cases[i].asked);
    run_deinit(&run);
  }
}

static size_t count(const char *text, const char *word) {
  size_t found = 0;
  while ((text = strstr(text, word)) != NULL) text += strlen(word), found++;
  return found;
}

static void test_an_answer_has_an_end(void **state) {
  enum { INTERCHANGES = 10001 };
  const size_t length = strlen(EMPTY_INTERCHANGE);
  char *data = malloc(INTERCHANGES * length);
  assert_non_null(data);
  for (size_t i = 0; i < INTERCHANGES; i++) memcpy(data + i * length, EMPTY_INTERCHANGE, length);
  struct run run;
  run_init(&run, data, INTERCHANGES * length);
  run.payload.method = "POST";
  assert_int_equal(hub_connector.translate(run.self, &run.payload, &run.rig.sink), 0);
  assert_int_equal(run.rig.records, 1);
  assert_int_equal(run.rig.outcomes[0].code, HUB_TOO_LARGE);
  assert_int_equal(rig_reply(&run.rig, &hub_connector, run.self), 0);
  assert_int_equal(count(run.rig.answer, "UCI+"), INTERCHANGES - 1);
  run_deinit(&run);
  free(data);
}

/* What the host refuses whole is acknowledged nowhere. */
static void test_more_than_the_host_takes(void **state) {
  static const char data[] =
      "UNB+UNOA:3+S+R+260712:0815+R1'"
      "UNH+1+CUSCAR:D:96B:UN'BGM+85+A1'UNT+3+1'"
      "UNH+2+CUSCAR:D:96B:UN'BGM+85+A2'UNT+3+2'UNZ+2+R1'";
  static const char *const places[] = {"1:1", NULL, "1:30 UNH+1"};
  static const char *const expected[] = {"UCI+R1+S+R+4+18'", "UCI+R1+S+R+7'", "UCI+R1+S+R+7'"};
  for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
    struct run run;
    run_init(&run, data, strlen(data));
    assert_int_equal(hub_connector.translate(run.self, &run.payload, &run.rig.sink), 0);
    assert_int_equal(run.rig.records, 2);
    run.rig.records = 1;
    run.rig.outcomes[0].result = HUB_REJECTED;
    run.rig.outcomes[0].code = HUB_TOO_LARGE;
    run.rig.outcomes[0].at = places[i];
    assert_int_equal(rig_reply(&run.rig, &hub_connector, run.self), 0);
    assert_non_null(strstr(run.rig.answer, expected[i]));
    assert_int_equal(count(run.rig.answer, "UCM+"), i != 0);
    run_deinit(&run);
  }
}

/* ---- Answers ---- */

static void test_answers(void **state) {
  static const char data[] =
      "UNA:+.?*'UNB+UNOA:4+S+R+20260712:0815+a?:b?+c?'d??e?*f'"
      "UNH+1+CUSCAR:D:96B:UN'BGM+85+A1'UNT+3+1'UNZ+1+a?:b?+c?'d??e?*f'";
  static const struct {
    enum hub_stage stage;
    enum hub_result result;
    enum hub_reject_code code;
    const char *receipt, *expected; /* expected NULL: the host answers */
    size_t named;
  } cases[] = {
      {HUB_DONE, HUB_ACCEPTED, 0, "ab-1", "UCI+a?:b?+c?'d??e?*f+S+R+7'\r\nUNT+3+1'\r\nUNZ+1+AB1'\r\n", 0},
      {HUB_DONE, HUB_REPEATED, 0, NULL, "+S+R+7'\r\nUNT+3+1'\r\nUNZ+1+0'\r\n", 0},
      {HUB_STORED, HUB_ACCEPTED, 0, "~1~", "+S+R+8'\r\nUNT+3+1'\r\nUNZ+1+1'\r\n", 0},
      {HUB_DONE, HUB_REJECTED, HUB_NO_ROUTE, "1", "+S+R+7'\r\nUNT+3+1'\r\n", 0},
      {HUB_DONE, HUB_REJECTED, HUB_POISON, "1", "+S+R+7'\r\nUNT+3+1'\r\n", 0},
      {HUB_DONE, HUB_REJECTED, HUB_INVALID, "1", "+S+R+7'\r\nUCM+1+CUSCAR:D:96B:UN+4+18'\r\nUNT+4+1'", 1},
      {HUB_REFUSED, HUB_REJECTED, HUB_INVALID, "1", NULL, 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct run run;
    run_init(&run, data, strlen(data));
    struct hub_outcome outcome = {
        .size = sizeof outcome, .result = cases[i].result, .code = cases[i].code, .detail = "of the host"};
    const struct hub_outcome *outcomes[] = {&outcome};
    struct hub_exchange exchange = {.size = sizeof exchange,
                                    .stage = cases[i].stage,
                                    .payload = &run.payload,
                                    .outcomes = outcomes,
                                    .outcomes_count = 1,
                                    .receipt = cases[i].receipt};
    assert_int_equal(hub_connector.reply(run.self, &exchange, &run.rig.writer), 0);
    if (cases[i].expected == NULL) assert_null(run.rig.answer);
    else assert_non_null(strstr(run.rig.answer, cases[i].expected));
    if (cases[i].expected != NULL) assert_int_equal(count(run.rig.answer, "UCM+"), cases[i].named);
    run_deinit(&run);
  }
}

/* ---- Bounds of XML ---- */

/* Head, so many times the middle, tail: one record, refused as too large. */
static void expect_too_large(const char *head, const char *middle, size_t times, const char *tail) {
  size_t head_length = strlen(head), middle_length = strlen(middle), tail_length = strlen(tail);
  size_t length = head_length + times * middle_length + tail_length;
  char *data = malloc(length + 1), *out = data;
  assert_non_null(data);
  memcpy(out, head, head_length), out += head_length;
  for (size_t i = 0; i < times; i++, out += middle_length) memcpy(out, middle, middle_length);
  memcpy(out, tail, tail_length);
  struct run run;
  run_init(&run, data, length);
  assert_int_equal(hub_connector.translate(run.self, &run.payload, &run.rig.sink), 0);
  assert_int_equal(run.rig.records, 1);
  assert_int_equal(run.rig.outcomes[0].code, HUB_TOO_LARGE);
  run_deinit(&run);
  free(data);
}

static void test_bounds_of_xml(void **state) {
  expect_too_large("<Root><DToKhaiMDIDs>", "<DToKhaiMD><Data><SOTK>1</SOTK></Data></DToKhaiMD>", 20001,
                   "</DToKhaiMDIDs></Root>");
  expect_too_large("<Root><DToKhaiMDIDs><DToKhaiMD><Data><SOTK>", "1", 65537,
                   "</SOTK></Data></DToKhaiMD></DToKhaiMDIDs></Root>");
  expect_too_large("<Declaration><ID>1</ID>", "<Agent/>", 200001, "</Declaration>");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_decimals),
      cmocka_unit_test(test_dispatch),
      cmocka_unit_test(test_a_line_has_a_longest_length),
      cmocka_unit_test(test_only_files_are_published_while_they_are_read),
      cmocka_unit_test(test_an_answer_has_an_end),
      cmocka_unit_test(test_more_than_the_host_takes),
      cmocka_unit_test(test_answers),
      cmocka_unit_test(test_bounds_of_xml),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
