/* Reading a partition's end by event id, on the mock cluster. */
#include "core/publish/tail.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <cmocka.h>

#include "core/clock.h"
#include "core/log.h"

enum { MESSAGES = 40 };

static const char topic[] = "ioc.test.tail.v1";
static const struct publish_timing quick = {
    .tail_settle_ms = 50, .tail_limit_ms = 5000, .tail_records_max = 2 * MESSAGES};

struct rig {
  rd_kafka_t *producer;
  rd_kafka_mock_cluster_t *cluster;
  struct hub_config config;
  struct tail *tail;
  int wake_fd;
};

static struct event_id id_of(int number) {
  struct event_id id = {{0}};
  id.bytes[0] = (uint8_t)number;
  id.bytes[1] = (uint8_t)(number >> 8);
  id.bytes[6] = id.bytes[8] = 0x80;
  return id;
}

static void produce(struct rig *rig, int number) {
  char text[EVENT_ID_TEXT];
  event_id_text(id_of(number), text);
  assert_int_equal(rd_kafka_producev(rig->producer, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(0),
                                     RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_VALUE("x", 1),
                                     RD_KAFKA_V_HEADER("ce_id", text, -1), RD_KAFKA_V_END),
                   0);
}

static void rig_open(struct rig *rig, int messages) {
  *rig = (struct rig){0};
  char text[256];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "test.mock.num.brokers", "1", text, sizeof text);
  rd_kafka_conf_set(conf, "linger.ms", "0", text, sizeof text);
  rig->producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
  rig->cluster = rd_kafka_handle_mock_cluster(rig->producer);
  assert_non_null(rig->cluster);
  rd_kafka_mock_topic_create(rig->cluster, topic, 1, 1);
  for (int i = 0; i < messages; i++) produce(rig, i);
  assert_int_equal(rd_kafka_flush(rig->producer, 10000), 0);
  rig->config.kafka.bootstrap = rd_kafka_mock_cluster_bootstraps(rig->cluster);
  rig->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  assert_int_equal(tail_new(&rig->config, &quick, rig->wake_fd, &rig->tail), 0);
}

static void rig_close(struct rig *rig) {
  tail_free(rig->tail);
  rd_kafka_destroy(rig->producer);
  close(rig->wake_fd);
}

/* Asks for two ids and waits for the answer. */
static struct tail_job *ask(struct rig *rig, int first, int second, int64_t after_offset, int32_t partition) {
  struct tail_job *job = NULL;
  assert_int_equal(tail_job_new(2, &job), 0);
  job->topic = topic;
  job->partition = partition;
  job->after_offset = after_offset;
  job->since_ms = clock_now_us() / 1000 - 60000;
  job->ids[0] = id_of(first);
  job->ids[1] = id_of(second);
  tail_ask(rig->tail, &job);
  assert_null(job);
  struct pollfd wake = {.fd = rig->wake_fd, .events = POLLIN};
  assert_int_equal(poll(&wake, 1, 15000), 1);
  uint64_t count;
  assert_int_equal(read(rig->wake_fd, &count, sizeof count), sizeof count);
  job = tail_collect(rig->tail);
  assert_non_null(job);
  assert_null(tail_collect(rig->tail));
  return job;
}

static void test_what_is_there_and_what_is_not(void **state) {
  struct rig rig;
  rig_open(&rig, MESSAGES);
  struct tail_job *job = ask(&rig, MESSAGES - 1, 200, MESSAGES - 11, 0);
  assert_int_equal(job->result, TAIL_READ);
  assert_true(job->found[0]);
  assert_false(job->found[1]);
  assert_int_equal(job->records, 10); /* only what is behind the offset */
  tail_job_free(job);
  job = ask(&rig, MESSAGES - 11, MESSAGES - 10, MESSAGES - 11, 0);
  assert_int_equal(job->result, TAIL_READ);
  assert_false(job->found[0]); /* it is before: cannot be the one in question */
  assert_true(job->found[1]);
  tail_job_free(job);
  rig_close(&rig);
}

static void test_without_an_offset(void **state) {
  struct rig rig;
  rig_open(&rig, MESSAGES);
  struct tail_job *job = ask(&rig, 0, MESSAGES - 1, -1, 0);
  assert_int_equal(job->result, TAIL_READ);
  assert_true(job->found[0] && job->found[1]);
  tail_job_free(job);
  rig_close(&rig);
}

static void test_a_log_that_ends_before_the_offset(void **state) {
  struct rig rig;
  rig_open(&rig, MESSAGES);
  struct tail_job *job = ask(&rig, 0, 200, 100000, 0);
  assert_int_equal(job->result, TAIL_READ);
  assert_true(job->found[0]);
  assert_false(job->found[1]);
  tail_job_free(job);
  rig_close(&rig);
}

static void test_an_empty_partition(void **state) {
  struct rig rig;
  rig_open(&rig, 0);
  struct tail_job *job = ask(&rig, 0, 1, -1, 0);
  assert_int_equal(job->result, TAIL_READ);
  assert_false(job->found[0] || job->found[1]);
  tail_job_free(job);
  rig_close(&rig);
}

/* Others filled the partition: what is met early counts, the rest is given up at the bound. */
static void test_more_than_is_read(void **state) {
  struct rig rig;
  rig_open(&rig, 5 * MESSAGES);
  struct tail_job *job = ask(&rig, MESSAGES, 4 * MESSAGES, -1, 0);
  assert_int_equal(job->result, TAIL_BEYOND);
  assert_true(job->found[0]);
  assert_false(job->found[1]);
  assert_int_equal(job->records, quick.tail_records_max);
  tail_job_free(job);
  job = ask(&rig, 4 * MESSAGES, 1000, 4 * MESSAGES - 1, 0);
  assert_int_equal(job->result, TAIL_READ); /* the consumer is as good as before */
  assert_true(job->found[0]);
  tail_job_free(job);
  rig_close(&rig);
}

static void test_no_such_partition(void **state) {
  struct rig rig;
  rig_open(&rig, 1);
  struct tail_job *job = ask(&rig, 0, 1, -1, 7);
  assert_int_equal(job->result, TAIL_DENIED);
  tail_job_free(job);
  rig_close(&rig);
}

static void test_no_broker(void **state) {
  struct rig rig;
  rig_open(&rig, 1);
  rd_kafka_mock_broker_set_down(rig.cluster, -1);
  struct tail_job *job = ask(&rig, 0, 1, -1, 0);
  assert_int_equal(job->result, TAIL_FAILED);
  tail_job_free(job);
  rd_kafka_mock_broker_set_up(rig.cluster, -1);
  job = ask(&rig, 0, 1, -1, 0);
  assert_int_equal(job->result, TAIL_READ);
  assert_true(job->found[0]);
  tail_job_free(job);
  rig_close(&rig);
}

int main(void) {
  log_set_level(LOG_ERROR);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_is_there_and_what_is_not),
      cmocka_unit_test(test_without_an_offset),
      cmocka_unit_test(test_an_empty_partition),
      cmocka_unit_test(test_no_such_partition),
      cmocka_unit_test(test_no_broker),
      cmocka_unit_test(test_a_log_that_ends_before_the_offset),
      cmocka_unit_test(test_more_than_is_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
