/*
 * The answers of public services that no sample shows: refusals, both protocols, foreign bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/connector_rig.h"

extern const struct hub_connector hub_connector;

static void ask(const struct hub_exchange *exchange, struct rig *rig) {
  rig_init(rig, NULL);
  assert_int_equal(hub_connector.reply(NULL, exchange, &rig->writer), 0);
}

static void assert_says(const struct hub_exchange *exchange, int status, const char *part) {
  struct rig rig;
  ask(exchange, &rig);
  assert_int_equal(rig.answer_status, status);
  if (strstr(rig.answer, part) == NULL) fail_msg("%s does not say %s", rig.answer, part);
  rig_deinit(&rig);
}

static void refusals_say_whether_to_come_back(void **state) {
  static const struct {
    int status;
    const char *part;
  } cases[] = {{401, "\"error_code\":\"-1\""},
               {413, "\"error_code\":\"-1\""},
               {429, "\"error_code\":\"-2\""},
               {503, "\"error_code\":\"-2\""}};
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    struct hub_refusal refusal = {
        .size = sizeof(refusal), .http_status = cases[i].status, .detail = "a reason"};
    struct hub_exchange exchange = {.size = sizeof(exchange), .stage = HUB_REFUSED, .refusal = &refusal};
    assert_says(&exchange, cases[i].status, cases[i].part);
    assert_says(&exchange, cases[i].status, "\"detail\":\"a reason\"");
  }
  struct hub_exchange unexplained = {.size = sizeof(unexplained), .stage = HUB_REFUSED};
  assert_says(&unexplained, 503, "\"error_code\":\"-2\"");
}

static void rejections_have_their_status(void **state) {
  static const struct {
    enum hub_reject_code code;
    int status;
  } cases[] = {{HUB_MALFORMED, 400}, {HUB_UNSUPPORTED, 415}, {HUB_MISSING, 422},   {HUB_INVALID, 422},
               {HUB_CONFLICT, 409},  {HUB_FORBIDDEN, 403},   {HUB_TOO_LARGE, 413}, {HUB_INCOMPLETE, 422}};
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    struct hub_outcome outcome = {.size = sizeof(outcome),
                                  .result = HUB_REJECTED,
                                  .code = cases[i].code,
                                  .key = "a\x01\x7f\"\xff",
                                  .key_length = 5};
    const struct hub_outcome *outcomes[] = {&outcome};
    struct hub_exchange exchange = {
        .size = sizeof(exchange), .stage = HUB_DONE, .outcomes = outcomes, .outcomes_count = 1};
    assert_says(&exchange, cases[i].status, "\"MaHoSo\":\"a\\u0001\\u007f\\\"?\",\"record\":0");
  }
}

/* The central system reads `code`, which must not be 200 while something was refused. */
static void the_central_system_hears_of_a_part(void **state) {
  struct hub_outcome good = {.size = sizeof(good), .result = HUB_ACCEPTED, .key = "A", .key_length = 1};
  struct hub_outcome bad = {.size = sizeof(bad), .result = HUB_REJECTED, .code = HUB_INVALID};
  const struct hub_outcome *outcomes[] = {&good, &bad};
  struct hub_exchange exchange = {
      .size = sizeof(exchange), .stage = HUB_DONE, .outcomes = outcomes, .outcomes_count = 2, .receipt = "r"};
  assert_says(&exchange, 200, "\"error_code\":\"-1\"");
  exchange.outcomes_count = 1;
  assert_says(&exchange, 200, "\"error_code\":\"0\"");
}

static void nothing_is_said_before_the_end(void **state) {
  struct rig rig;
  struct hub_exchange exchange = {.size = sizeof(exchange), .stage = HUB_STORED};
  ask(&exchange, &rig);
  assert_int_equal(rig.answer_status, 0);
  rig_deinit(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(refusals_say_whether_to_come_back),
      cmocka_unit_test(rejections_have_their_status),
      cmocka_unit_test(the_central_system_hears_of_a_part),
      cmocka_unit_test(nothing_is_said_before_the_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
