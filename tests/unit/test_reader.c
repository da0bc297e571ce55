/*
 * The reader against librdkafka's mock cluster.
 */
#include "core/publish/reader.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { MESSAGES = 50 };

struct cluster {
  rd_kafka_t *producer;
  rd_kafka_mock_cluster_t *mock;
  const char *bootstrap;
};

static void produce(struct cluster *cluster, const char *topic, int number) {
  char text[16];
  int length = snprintf(text, sizeof text, "%d", number);
  rd_kafka_resp_err_t code = rd_kafka_producev(
      cluster->producer, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(number % 2),
      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY("key", 3),
      RD_KAFKA_V_VALUE(text, (size_t)length), RD_KAFKA_V_HEADER("ce_id", "x1", 2), RD_KAFKA_V_END);
  assert_int_equal(0, code);
}

static void quiet(const rd_kafka_t *kafka, int level, const char *facility, const char *text) {}

static int setup(void **state) {
  struct cluster *cluster = calloc(1, sizeof *cluster);
  assert_non_null(cluster);
  char text[256];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  rd_kafka_conf_set_log_cb(conf, quiet);
  cluster->producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
  assert_non_null(cluster->producer);
  cluster->mock = rd_kafka_mock_cluster_new(cluster->producer, 1);
  cluster->bootstrap = rd_kafka_mock_cluster_bootstraps(cluster->mock);
  assert_int_equal(1, rd_kafka_brokers_add(cluster->producer, cluster->bootstrap));
  assert_int_equal(0, rd_kafka_mock_topic_create(cluster->mock, "full", 2, 1));
  assert_int_equal(0, rd_kafka_mock_topic_create(cluster->mock, "empty", 3, 1));
  for (int i = 0; i < MESSAGES; i++) produce(cluster, "full", i);
  assert_int_equal(0, rd_kafka_flush(cluster->producer, 20000));
  *state = cluster;
  return 0;
}

static int teardown(void **state) {
  struct cluster *cluster = *state;
  rd_kafka_mock_cluster_destroy(cluster->mock);
  rd_kafka_destroy(cluster->producer);
  free(cluster);
  return 0;
}

struct seen {
  int count, stop_after, result;
  bool numbers[2 * MESSAGES];
  int64_t next_offset[2];
};

static int on_message(void *context, const struct reader_message *message) {
  struct seen *seen = context;
  assert_string_equal("full", message->topic);
  assert_true(text_is(message->key, "key"));
  assert_int_equal(1, message->headers_count);
  assert_string_equal("ce_id", message->headers[0].name);
  assert_true(text_is(message->headers[0].value, "x1"));
  assert_true(message->timestamp_ms > 0);
  assert_int_equal(seen->next_offset[message->partition]++, message->offset);
  int number = 0;
  for (size_t i = 0; i < message->value.length; i++) number = number * 10 + (message->value.data[i] - '0');
  assert_int_equal(message->partition, number % 2);
  assert_false(seen->numbers[number]);
  seen->numbers[number] = true;
  seen->count++;
  return seen->count == seen->stop_after ? seen->result : 0;
}

static int run(const struct cluster *cluster, const struct reader_options *more, struct seen *seen,
               struct text_out *reason) {
  static const char *const topics[] = {"full", "empty"};
  struct reader_options options = *more;
  options.bootstrap = cluster->bootstrap;
  if (options.topics == NULL) {
    options.topics = topics;
    options.topics_count = LENGTH_OF(topics);
  }
  return reader_run(&options, on_message, seen, reason);
}

static void reads_all_partitions_to_the_end_and_stops(void **state) {
  struct seen seen = {0};
  struct text_out reason = TEXT_OUT_INIT;
  assert_int_equal(0, run(*state, &(struct reader_options){.from_start = true}, &seen, &reason));
  assert_int_equal(MESSAGES, seen.count);
  assert_int_equal(0, reason.length);
}

static void without_start_there_is_nothing(void **state) {
  struct seen seen = {0};
  struct text_out reason = TEXT_OUT_INIT;
  assert_int_equal(0, run(*state, &(struct reader_options){0}, &seen, &reason));
  assert_int_equal(0, seen.count);
}

static void callback_ends_it(void **state) {
  struct text_out reason = TEXT_OUT_INIT;
  struct seen seen = {.stop_after = 7, .result = READER_STOP};
  struct reader_options follow = {.from_start = true, .follow = true};
  assert_int_equal(0, run(*state, &follow, &seen, &reason));
  assert_int_equal(7, seen.count);
  struct seen failing = {.stop_after = 3, .result = -ENOSPC};
  assert_int_equal(-ENOSPC, run(*state, &follow, &failing, &reason));
  assert_int_equal(3, failing.count);
}

static void stop_ends_it(void **state) {
  struct text_out reason = TEXT_OUT_INIT;
  volatile sig_atomic_t stop = 1;
  struct seen seen = {0};
  assert_int_equal(0, run(*state, &(struct reader_options){.follow = true, .stop = &stop}, &seen, &reason));
  assert_int_equal(0, seen.count);
}

static void missing_topic_is_named_or_left_out(void **state) {
  static const char *const topics[] = {"absent", "full"};
  struct cluster *cluster = *state; /* the mock makes what is asked for, unless it is told not to */
  rd_kafka_mock_topic_set_error(cluster->mock, "absent", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  struct text_out reason = TEXT_OUT_INIT;
  struct seen seen = {0};
  struct reader_options options = {.topics = topics, .topics_count = 2, .from_start = true};
  assert_int_equal(-ENOENT, run(cluster, &options, &seen, &reason));
  assert_non_null(strstr(reason.data, "absent"));
  options.skip_missing = true;
  assert_int_equal(0, run(cluster, &options, &seen, &reason));
  assert_int_equal(MESSAGES, seen.count);
  text_out_deinit(&reason);
}

static void bad_properties_are_named_without_their_value(void **state) {
  static const char *const items[] = {"no.such.property=secret"};
  struct hub_list properties = {1, items};
  struct text_out reason = TEXT_OUT_INIT;
  struct seen seen = {0};
  assert_int_equal(-EINVAL, run(*state, &(struct reader_options){.properties = &properties}, &seen, &reason));
  assert_non_null(strstr(reason.data, "no.such.property"));
  assert_null(strstr(reason.data, "secret"));
  text_out_deinit(&reason);
}

static void nobody_there(void **state) {
  static const char *const topics[] = {"full"};
  struct text_out reason = TEXT_OUT_INIT;
  struct reader_options options = {
      .bootstrap = "127.0.0.1:1", .topics = topics, .topics_count = 1, .from_start = true, .timeout_ms = 300};
  assert_int_equal(-ETIMEDOUT, reader_run(&options, on_message, NULL, &reason));
  assert_non_null(strstr(reason.data, "127.0.0.1:1"));
  text_out_deinit(&reason);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_all_partitions_to_the_end_and_stops),
      cmocka_unit_test(without_start_there_is_nothing),
      cmocka_unit_test(callback_ends_it),
      cmocka_unit_test(stop_ends_it),
      cmocka_unit_test(missing_topic_is_named_or_left_out),
      cmocka_unit_test(bad_properties_are_named_without_their_value),
      cmocka_unit_test(nobody_there),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
