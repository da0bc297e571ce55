/* What each error code means. */
#include "core/publish/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const rd_kafka_msg_status_t NOT = RD_KAFKA_MSG_STATUS_NOT_PERSISTED,
                                   POSSIBLY = RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED,
                                   PERSISTED = RD_KAFKA_MSG_STATUS_PERSISTED;

static void test_success_needs_an_offset(void **state) {
  assert_int_equal(verdict_of_report(RD_KAFKA_RESP_ERR_NO_ERROR, PERSISTED, 0), VERDICT_DONE);
  assert_int_equal(verdict_of_report(RD_KAFKA_RESP_ERR_NO_ERROR, PERSISTED, 41), VERDICT_DONE);
  assert_int_equal(verdict_of_report(RD_KAFKA_RESP_ERR_NO_ERROR, PERSISTED, -1), VERDICT_AMBIGUOUS);
  assert_int_equal(verdict_of_report(RD_KAFKA_RESP_ERR_NO_ERROR, PERSISTED, -1001), VERDICT_AMBIGUOUS);
}

static void test_codes(void **state) {
  static const struct {
    rd_kafka_resp_err_t code;
    enum verdict verdict;
  } table[] = {
      {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, VERDICT_POISON},
      {RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, VERDICT_POISON},
      {RD_KAFKA_RESP_ERR_INVALID_RECORD, VERDICT_POISON},
      {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, VERDICT_BLOCKED},
      {RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, VERDICT_BLOCKED},
      {RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, VERDICT_BLOCKED},
      {RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, VERDICT_BLOCKED},
      {RD_KAFKA_RESP_ERR__DESTROY, VERDICT_BLOCKED},
      {RD_KAFKA_RESP_ERR__AUTHENTICATION, VERDICT_BLOCKED},
      {RD_KAFKA_RESP_ERR__PURGE_QUEUE, VERDICT_TRANSIENT},
      {RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, VERDICT_TRANSIENT},
      {RD_KAFKA_RESP_ERR_INVALID_MSG, VERDICT_TRANSIENT},
      {RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED, VERDICT_TRANSIENT},
      {RD_KAFKA_RESP_ERR_UNKNOWN, VERDICT_TRANSIENT},
      {RD_KAFKA_RESP_ERR__PURGE_INFLIGHT, VERDICT_AMBIGUOUS},
      {RD_KAFKA_RESP_ERR__FATAL, VERDICT_FATAL},
      {RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, VERDICT_FATAL},
  };
  for (size_t i = 0; i < LENGTH_OF(table); i++) {
    if (verdict_of_report(table[i].code, NOT, -1) != table[i].verdict) {
      fail_msg("%s: %s", rd_kafka_err2name(table[i].code),
               verdict_name(verdict_of_report(table[i].code, NOT, -1)));
    }
    assert_non_null(verdict_reason(table[i].code));
  }
}

/* Every code that the library knows: perhaps persisted is never taken for "not in Kafka". */
static void test_perhaps_persisted_is_never_known(void **state) {
  const struct rd_kafka_err_desc *list = NULL;
  size_t count = 0;
  rd_kafka_get_err_descs(&list, &count);
  assert_true(count > 50);
  for (size_t i = 0; i < count; i++) {
    if (list[i].code == RD_KAFKA_RESP_ERR_NO_ERROR || list[i].name == NULL) continue;
    enum verdict verdict = verdict_of_report(list[i].code, POSSIBLY, -1);
    assert_true(verdict == VERDICT_AMBIGUOUS || verdict == VERDICT_FATAL);
    assert_int_not_equal(verdict_of_report(list[i].code, NOT, -1), VERDICT_DONE);
    assert_int_not_equal(verdict_of_refusal(list[i].code), VERDICT_AMBIGUOUS);
  }
}

static void test_refusals(void **state) {
  assert_int_equal(verdict_of_refusal(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE), VERDICT_POISON);
  assert_int_equal(verdict_of_refusal(RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC), VERDICT_BLOCKED);
  assert_int_equal(verdict_of_refusal(RD_KAFKA_RESP_ERR__FATAL), VERDICT_FATAL);
  assert_true(verdict_blocks_all(RD_KAFKA_RESP_ERR__AUTHENTICATION));
  assert_false(verdict_blocks_all(RD_KAFKA_RESP_ERR__TRANSPORT));
  assert_false(verdict_blocks_all(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_success_needs_an_offset),
      cmocka_unit_test(test_codes),
      cmocka_unit_test(test_perhaps_persisted_is_never_known),
      cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
