/* The publisher on librdkafka's mock cluster: what becomes of a message for each error that a broker may
 * answer. */
#include "core/publish/publisher.h"

#include <event2/event.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/publish/timing.h"

enum { PRODUCE = 0, METADATA = 3, INIT_PRODUCER_ID = 22, MESSAGES = 8, TOPICS = 2 };

static const struct publish_timing quick = {
    .lane = {.probe_first_ms = 100, .probe_max_ms = 400, .retry_first_ms = 10, .retry_max_ms = 50},
    .rebuild_first_ms = 20,
    .rebuild_max_ms = 100,
    .drain_ms = 300,
    .degraded_ms = 500,
    .give_up_ms = 2000,
    .tail_settle_ms = 50,
    .tail_limit_ms = 3000,
    .tail_records_max = 50,
    .refresh_ms = 60000,
    .refresh_missing_ms = 20,
};

struct rig {
  rd_kafka_t *host;
  rd_kafka_mock_cluster_t *cluster;
  struct event_base *base;
  struct metrics *metrics;
  struct hub_config config;
  struct config_topic topics[TOPICS];
  struct hub_list properties;
  struct publisher *publisher;
};

struct sent {
  struct publication publication;
  struct bus_event event;
  char key[16], value[32];
  int calls;
  enum publish_outcome outcome;
  const char *reason;
};

static void on_done(struct publication *publication, enum publish_outcome outcome, const char *reason) {
  struct sent *sent = CONTAINER_OF(publication, struct sent, publication);
  sent->calls++;
  sent->outcome = outcome;
  sent->reason = reason;
}

static void rig_publisher(struct rig *rig) {
  assert_int_equal(publisher_new_timed(rig->base, rig->metrics, &rig->config, &quick, &rig->publisher), 0);
}

static void rig_open(struct rig *rig, int partitions) {
  static const char *const items[] = {
      "retry.backoff.ms=10", "reconnect.backoff.ms=10", "reconnect.backoff.max.ms=50",
      "topic.metadata.refresh.fast.interval.ms=10", "topic.metadata.refresh.interval.ms=50"};
  *rig = (struct rig){.properties = {LENGTH_OF(items), items}};
  char text[256];
  rig->host = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), text, sizeof text);
  rig->cluster = rd_kafka_mock_cluster_new(rig->host, 1);
  assert_non_null(rig->cluster);
  static const char *const names[TOPICS] = {"ioc.test.one.v1", "ioc.test.two.v1"};
  for (int i = 0; i < TOPICS; i++) {
    rig->topics[i] = (struct config_topic){.name = names[i],
                                           .compression = "none",
                                           .max_message_bytes = 100000,
                                           .next = i + 1 < TOPICS ? &rig->topics[i + 1] : NULL};
    rd_kafka_mock_topic_create(rig->cluster, names[i], partitions, 1);
  }
  rig->config.kafka = (struct config_kafka){.bootstrap = rd_kafka_mock_cluster_bootstraps(rig->cluster),
                                            .properties = &rig->properties,
                                            .linger_ms = 1,
                                            .in_flight_messages = 2000,
                                            .in_flight_bytes = 64 << 20};
  rig->config.topics = rig->topics;
  rig->base = event_base_new();
  assert_int_equal(metrics_new(&rig->metrics), 0);
  rig_publisher(rig);
}

static void rig_close(struct rig *rig) {
  publisher_free(rig->publisher, 0);
  metrics_free(rig->metrics);
  event_base_free(rig->base);
  rd_kafka_mock_cluster_destroy(rig->cluster);
  rd_kafka_destroy(rig->host);
}

static void sent_fill(struct sent *sent, const char *topic, int number, int keys) {
  static uint8_t ids;
  static uint32_t serial;
  *sent = (struct sent){0};
  snprintf(sent->key, sizeof sent->key, "key-%d", number % keys);
  snprintf(sent->value, sizeof sent->value, "value-%d", number);
  sent->event = (struct bus_event){.topic = topic,
                                   .type = "ioc.test.v1.One",
                                   .source = "urn:iochub:test:one",
                                   .occurred_us = HUB_NONE,
                                   .accepted_us = clock_now_us(),
                                   .key = text_of(sent->key),
                                   .value = text_of(sent->value)};
  serial++;
  memcpy(sent->event.id.bytes, &serial, sizeof serial);
  sent->event.id.bytes[6] = 0x80;
  sent->event.id.bytes[8] = 0x80;
  sent->event.id.bytes[15] = ids++;
  sent->publication = (struct publication){.event = &sent->event, .done = on_done};
}

static void send_all(struct rig *rig, struct sent *list, int count, int keys) {
  for (int i = 0; i < count; i++) {
    sent_fill(&list[i], rig->topics[0].name, i, keys);
    assert_int_equal(publisher_send(rig->publisher, &list[i].publication), 0);
    assert_int_equal(list[i].calls, 0);
  }
}

static int outcomes(const struct sent *list, int count, enum publish_outcome outcome) {
  int n = 0;
  for (int i = 0; i < count; i++) n += list[i].calls == 1 && list[i].outcome == outcome;
  return n;
}

static int answered(const struct sent *list, int count) {
  int n = 0;
  for (int i = 0; i < count; i++) n += list[i].calls;
  return n;
}

static void turn_loop(struct rig *rig, int64_t most_ms) {
  struct timeval limit = {.tv_usec = (suseconds_t)(most_ms * 1000)};
  event_base_loopexit(rig->base, &limit);
  event_base_loop(rig->base, EVLOOP_ONCE);
}

/* Runs the loop until all were answered or the time is over. */
static bool wait_answers(struct rig *rig, const struct sent *list, int count, int64_t most_ms) {
  int64_t limit_us = clock_monotonic_us() + most_ms * 1000;
  while (answered(list, count) < count && clock_monotonic_us() < limit_us) turn_loop(rig, 20);
  return answered(list, count) >= count;
}

static void test_publishes(void **state) {
  struct rig rig;
  rig_open(&rig, 4);
  static struct sent list[1000];
  send_all(&rig, list, LENGTH_OF(list), 100);
  assert_true(wait_answers(&rig, list, LENGTH_OF(list), 10000));
  assert_int_equal(outcomes(list, LENGTH_OF(list), PUBLISH_DONE), LENGTH_OF(list));
  struct publisher_state now;
  publisher_state(rig.publisher, &now);
  assert_true(now.connected);
  assert_int_equal(now.in_flight_messages, 0);
  assert_int_equal(now.lanes, 8);
  rig_close(&rig);
}

/* --- the table: what a broker answers to Produce, and what becomes of the message --- */

enum fate { DONE = PUBLISH_DONE, POISON = PUBLISH_POISON, BUSY = PUBLISH_BUSY, WAITS = 99 };

static const char *fate_name(int fate) {
  return fate == DONE     ? "done"
         : fate == POISON ? "poison"
         : fate == BUSY   ? "busy"
         : fate == WAITS  ? "waits"
                          : "?";
}

struct row {
  rd_kafka_resp_err_t code;
  enum fate once, thrice, forever; /* WAITS: no answer while the errors last, done afterwards */
};

#define CODE(name) RD_KAFKA_RESP_ERR_##name
static const struct row rows[] = {
    {CODE(NOT_LEADER_FOR_PARTITION), DONE, DONE, WAITS},
    {CODE(LEADER_NOT_AVAILABLE), DONE, DONE, WAITS},
    {CODE(REQUEST_TIMED_OUT), DONE, DONE, WAITS},
    {CODE(NOT_ENOUGH_REPLICAS), DONE, DONE, WAITS},
    {CODE(NOT_ENOUGH_REPLICAS_AFTER_APPEND), DONE, DONE, WAITS},
    {CODE(UNKNOWN_TOPIC_OR_PART), DONE, DONE, WAITS},
    {CODE(KAFKA_STORAGE_ERROR), DONE, DONE, WAITS},
    {CODE(_TRANSPORT), DONE, DONE, WAITS},
    {CODE(MSG_SIZE_TOO_LARGE), DONE, POISON, POISON},
    {CODE(RECORD_LIST_TOO_LARGE), DONE, POISON, POISON},
    {CODE(INVALID_RECORD), DONE, POISON, POISON},
    {CODE(INVALID_TIMESTAMP), DONE, POISON, POISON},
    {CODE(INVALID_MSG), DONE, DONE, WAITS},
    {CODE(UNKNOWN), DONE, DONE, WAITS},
    {CODE(THROTTLING_QUOTA_EXCEEDED), DONE, DONE, WAITS},
    {CODE(INVALID_PRODUCER_EPOCH), DONE, DONE, WAITS},
    {CODE(TOPIC_AUTHORIZATION_FAILED), BUSY, BUSY, BUSY},
    {CODE(CLUSTER_AUTHORIZATION_FAILED), BUSY, BUSY, BUSY},
    {CODE(POLICY_VIOLATION), BUSY, BUSY, BUSY},
    {CODE(INVALID_REQUIRED_ACKS), BUSY, BUSY, BUSY},
    {CODE(DUPLICATE_SEQUENCE_NUMBER), DONE, DONE, WAITS},
    {CODE(OUT_OF_ORDER_SEQUENCE_NUMBER), DONE, DONE, WAITS},
};

static void push_errors(struct rig *rig, rd_kafka_resp_err_t code, size_t count) {
  rd_kafka_resp_err_t errors[300] = {0};
  for (size_t i = 0; i < count; i++) errors[i] = code;
  rd_kafka_mock_push_request_errors_array(rig->cluster, PRODUCE, count, errors);
}

static int64_t messages_in(struct rig *rig, const char *topic) {
  int64_t low = 0, high = 0;
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  char text[256];
  rd_kafka_conf_set(conf, "bootstrap.servers", rig->config.kafka.bootstrap, text, sizeof text);
  rd_kafka_t *reader = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text);
  assert_int_equal(rd_kafka_query_watermark_offsets(reader, topic, 0, &low, &high, 5000), 0);
  rd_kafka_destroy(reader);
  return high - low;
}

/* Sends until one is published: what a sender does that is told to try again. Returns how often it was busy.
 */
static int publish_at_last(struct rig *rig, int64_t *published) {
  for (int busy = 0; busy < 400; busy++) {
    struct sent one;
    send_all(rig, &one, 1, 1);
    if (!wait_answers(rig, &one, 1, 5000)) fail_msg("no answer");
    assert_int_not_equal(one.outcome, PUBLISH_POISON);
    if (one.outcome == PUBLISH_DONE) {
      (*published)++;
      return busy;
    }
    turn_loop(rig, 10);
  }
  fail_msg("busy for ever");
  return -1;
}

static void run_cell(struct rig *rig, const struct row *row, size_t errors, enum fate expected,
                     int64_t *published) {
  struct sent one;
  bool forever = errors > 3;
  push_errors(rig, row->code, errors);
  send_all(rig, &one, 1, 1);
  bool done = wait_answers(rig, &one, 1, forever && expected == WAITS ? 150 : 5000);
  enum fate fate = done ? (enum fate)one.outcome : WAITS;
  if (fate != expected) {
    fail_msg("%s %zu times: %s, expected %s", rd_kafka_err2name(row->code), errors, fate_name(fate),
             fate_name(expected));
  }
  if (fate != DONE && fate != WAITS) assert_non_null(one.reason);
  if (forever) rd_kafka_mock_clear_request_errors(rig->cluster, PRODUCE);
  if (!done) {
    assert_true(wait_answers(rig, &one, 1, 10000));
    assert_int_equal(one.outcome, PUBLISH_DONE);
  }
  *published += one.outcome == PUBLISH_DONE;
  if (errors == 3 && expected == POISON) rd_kafka_mock_clear_request_errors(rig->cluster, PRODUCE);
  publish_at_last(rig, published);
}

/* One publisher goes through all of it, one error after the other, and nothing is lost or doubled. */
static void test_every_error(void **state) {
  struct rig rig;
  int64_t published = 0;
  rig_open(&rig, 1);
  publish_at_last(&rig, &published);
  for (size_t i = 0; i < LENGTH_OF(rows); i++) {
    int64_t began_us = clock_monotonic_us();
    run_cell(&rig, &rows[i], 1, rows[i].once, &published);
    run_cell(&rig, &rows[i], 3, rows[i].thrice, &published);
    run_cell(&rig, &rows[i], 300, rows[i].forever, &published);
    print_message("%-34s once %-6s thrice %-6s for ever %-6s %4d ms\n", rd_kafka_err2name(rows[i].code),
                  fate_name(rows[i].once), fate_name(rows[i].thrice), fate_name(rows[i].forever),
                  (int)((clock_monotonic_us() - began_us) / 1000));
    assert_int_equal(messages_in(&rig, rig.topics[0].name), published);
  }
  rig_close(&rig);
}

/* --- what the table cannot say --- */

static void test_a_refused_batch_is_sent_one_by_one(void **state) {
  struct rig rig;
  struct sent list[MESSAGES];
  int64_t published = 0;
  rig_open(&rig, 1);
  publish_at_last(&rig, &published);
  push_errors(&rig, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, 1);
  send_all(&rig, list, MESSAGES, MESSAGES);
  assert_true(wait_answers(&rig, list, MESSAGES, 5000));
  assert_int_equal(outcomes(list, MESSAGES, PUBLISH_DONE), MESSAGES);
  assert_int_equal(messages_in(&rig, rig.topics[0].name), MESSAGES + published);
  rig_close(&rig);
}

static void test_too_large_for_its_topic(void **state) {
  struct rig rig;
  struct sent list[3];
  static char large[200000];
  rig_open(&rig, 1);
  send_all(&rig, list, 1, 3);
  sent_fill(&list[1], rig.topics[0].name, 1, 3);
  list[1].event.value = (struct text){large, sizeof large};
  assert_int_equal(publisher_send(rig.publisher, &list[1].publication), 0);
  send_all(&rig, list + 2, 1, 3);
  assert_true(wait_answers(&rig, list, 3, 5000));
  assert_int_equal(list[0].outcome, PUBLISH_DONE);
  assert_int_equal(list[1].outcome, PUBLISH_POISON);
  assert_string_equal(list[1].reason, "larger than the topic takes");
  assert_int_equal(list[2].outcome, PUBLISH_DONE);
  rig_close(&rig);
}

/* The brokers took it, the answer was lost with the producer: found in the tail, not sent again. */
static void test_found_in_the_tail(void **state) {
  struct rig rig;
  struct sent list[MESSAGES];
  int64_t published = 0;
  rig_open(&rig, 1);
  publish_at_last(&rig, &published);
  rd_kafka_mock_broker_push_request_error_rtts(rig.cluster, 1, PRODUCE, 1, RD_KAFKA_RESP_ERR_NO_ERROR, 4000);
  send_all(&rig, list, MESSAGES, MESSAGES);
  struct publisher_state now = {0};
  int64_t limit_us = clock_monotonic_us() + 10 * SECOND_US;
  while (!now.fatal && clock_monotonic_us() < limit_us) {
    turn_loop(&rig, 10);
    publisher_state(rig.publisher, &now);
  }
  assert_true(now.fatal);
  assert_true(wait_answers(&rig, list, MESSAGES, 10000));
  assert_int_equal(outcomes(list, MESSAGES, PUBLISH_DONE), MESSAGES);
  assert_int_equal(messages_in(&rig, rig.topics[0].name), MESSAGES + published);
  rig_close(&rig);
}

/* Sent by a process that died, perhaps, and behind it stands more than is read: what was met is done, what
 * was not is sent, and the lane does not wait for ever. */
static void test_a_tail_too_long(void **state) {
  struct rig rig;
  static struct sent list[100];
  struct sent again[2];
  rig_open(&rig, 1);
  send_all(&rig, list, LENGTH_OF(list), 1);
  assert_true(wait_answers(&rig, list, LENGTH_OF(list), 10000));
  for (int i = 0; i < 2; i++) {
    sent_fill(&again[i], rig.topics[0].name, i, 1);
    again[i].event.accepted_us = list[0].event.accepted_us;
    again[i].publication.perhaps = true;
  }
  again[0].event.id = list[0].event.id;
  for (int i = 0; i < 2; i++) assert_int_equal(publisher_send(rig.publisher, &again[i].publication), 0);
  assert_true(wait_answers(&rig, again, 2, 10000));
  assert_int_equal(outcomes(again, 2, PUBLISH_DONE), 2);
  assert_int_equal(messages_in(&rig, rig.topics[0].name), LENGTH_OF(list) + 1);
  struct text_out out = TEXT_OUT_INIT;
  metrics_write(rig.metrics, &out);
  assert_non_null(strstr(out.data, "iochub_publish_tail_reads_total{result=\"beyond\"} 1"));
  text_out_deinit(&out);
  rig_close(&rig);
}

static struct sent *latest_of_key[5];
static bool out_of_order;

static void on_ordered(struct publication *publication, enum publish_outcome outcome, const char *reason) {
  struct sent *sent = CONTAINER_OF(publication, struct sent, publication);
  struct sent **latest = &latest_of_key[sent->key[4] - '0'];
  if (*latest != NULL && *latest > sent) out_of_order = true;
  *latest = sent;
  on_done(publication, outcome, reason);
}

static void test_a_key_keeps_its_order(void **state) {
  struct rig rig;
  static struct sent list[100];
  rig_open(&rig, 3);
  out_of_order = false;
  memset(latest_of_key, 0, sizeof latest_of_key);
  push_errors(&rig, RD_KAFKA_RESP_ERR_UNKNOWN, 4);
  for (int i = 0; i < (int)LENGTH_OF(list); i++) {
    sent_fill(&list[i], rig.topics[0].name, i, 5);
    list[i].event.ordered = true;
    list[i].publication.done = on_ordered;
    assert_int_equal(publisher_send(rig.publisher, &list[i].publication), 0);
  }
  assert_true(wait_answers(&rig, list, LENGTH_OF(list), 20000));
  assert_int_equal(outcomes(list, LENGTH_OF(list), PUBLISH_DONE), LENGTH_OF(list));
  assert_false(out_of_order);
  rig_close(&rig);
}

static void test_nothing_overtakes_a_refused_message_of_its_key(void **state) {
  struct rig rig;
  struct sent list[4];
  int64_t published = 0;
  rig_open(&rig, 1);
  publish_at_last(&rig, &published);
  push_errors(&rig, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 1);
  for (int i = 0; i < 4; i++) {
    sent_fill(&list[i], rig.topics[0].name, i, 1);
    list[i].event.ordered = true;
    assert_int_equal(publisher_send(rig.publisher, &list[i].publication), 0);
  }
  assert_true(wait_answers(&rig, list, 4, 5000));
  assert_int_equal(outcomes(list, 4, PUBLISH_BUSY), 4);
  assert_int_equal(messages_in(&rig, rig.topics[0].name), published);
  publish_at_last(&rig, &published);
  rig_close(&rig);
}

static void test_withdrawn_before_and_after_the_hand_over(void **state) {
  struct rig rig;
  struct sent waiting, held;
  int64_t published = 0;
  rig_open(&rig, 1);
  send_all(&rig, &waiting, 1, 1); /* no partition is known yet */
  assert_true(publisher_withdraw(rig.publisher, &waiting.publication));
  assert_null(waiting.publication.item);
  publish_at_last(&rig, &published);
  assert_int_equal(waiting.calls, 0);
  rd_kafka_mock_broker_set_down(rig.cluster, -1);
  send_all(&rig, &held, 1, 1);
  assert_false(publisher_withdraw(rig.publisher, &held.publication));
  turn_loop(&rig, 50);
  assert_int_equal(held.calls, 0);
  rd_kafka_mock_broker_set_up(rig.cluster, -1);
  assert_true(wait_answers(&rig, &held, 1, 10000));
  assert_int_equal(held.outcome, PUBLISH_DONE);
  assert_int_equal(messages_in(&rig, rig.topics[0].name), published + 1);
  rig_close(&rig);
}

static void test_a_missing_topic_is_busy_until_it_is_there(void **state) {
  struct rig rig;
  struct sent list[2];
  int64_t published = 0;
  rig_open(&rig, 1);
  rd_kafka_mock_topic_set_error(rig.cluster, rig.topics[0].name, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  send_all(&rig, list, 2, 2);
  assert_true(wait_answers(&rig, list, 2, 5000));
  assert_int_equal(outcomes(list, 2, PUBLISH_BUSY), 2);
  assert_string_equal(list[0].reason, "the topic does not exist");
  rd_kafka_mock_topic_set_error(rig.cluster, rig.topics[0].name, RD_KAFKA_RESP_ERR_NO_ERROR);
  publish_at_last(&rig, &published);
  rig_close(&rig);
}

static void test_a_topic_outside_the_catalogue(void **state) {
  struct rig rig;
  struct sent one;
  rig_open(&rig, 1);
  sent_fill(&one, "ioc.test.three.v1", 0, 1);
  assert_int_equal(publisher_send(rig.publisher, &one.publication), 0);
  assert_true(wait_answers(&rig, &one, 1, 1000));
  assert_int_equal(one.outcome, PUBLISH_BUSY);
  rig_close(&rig);
}

/* The principal has no right at all: the producer dies at its first request, and is made again and again. */
static void test_without_rights_at_start(void **state) {
  struct rig rig;
  int64_t published = 0;
  rig_open(&rig, 1);
  rd_kafka_mock_push_request_errors(
      rig.cluster, INIT_PRODUCER_ID, 3, RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
      RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED);
  publish_at_last(&rig, &published);
  struct publisher_state now;
  publisher_state(rig.publisher, &now);
  assert_false(now.fatal);
  rig_close(&rig);
}

static int rooms;
static void on_room(void *context) { rooms++; }

static void test_bounds_are_told(void **state) {
  struct rig rig;
  static struct sent list[20];
  int64_t published = 0;
  rig_open(&rig, 1);
  publish_at_last(&rig, &published);
  rig.config.kafka.in_flight_messages = 20;
  rooms = 0;
  publisher_on_room(rig.publisher, on_room, NULL);
  rd_kafka_mock_broker_set_down(rig.cluster, -1);
  send_all(&rig, list, 19, 19);
  assert_true(publisher_has_room(rig.publisher));
  send_all(&rig, list + 19, 1, 1);
  assert_false(publisher_has_room(rig.publisher));
  struct publisher_state now;
  publisher_state(rig.publisher, &now);
  assert_int_equal(now.in_flight_messages, 20);
  assert_true(now.in_flight_bytes > 20 * 10);
  rd_kafka_mock_broker_set_up(rig.cluster, -1);
  assert_true(wait_answers(&rig, list, 20, 10000));
  assert_true(publisher_has_room(rig.publisher));
  assert_int_equal(rooms, 1);
  rig_close(&rig);
}

static void test_what_is_shown(void **state) {
  struct rig rig;
  struct topic_promise promises[TOPICS];
  int64_t published = 0;
  rig_open(&rig, 3);
  publish_at_last(&rig, &published);
  int64_t limit_us = clock_monotonic_us() + 10 * SECOND_US;
  do {
    turn_loop(&rig, 10);
    assert_int_equal(publisher_topics(rig.publisher, promises, TOPICS), TOPICS);
  } while (strstr(promises[0].promise, "yet") != NULL && clock_monotonic_us() < limit_us);
  assert_string_equal(promises[0].topic, "ioc.test.one.v1");
  assert_int_equal(promises[0].partitions, 3);
  assert_int_equal(promises[0].replication, 1);
  assert_int_equal(promises[0].min_insync, -1);
  assert_string_equal(promises[0].promise, "relaxed: one copy");
  struct text_out out = TEXT_OUT_INIT;
  metrics_write(rig.metrics, &out);
  assert_non_null(strstr(out.data, "iochub_topic_messages_total{topic=\"ioc.test.one.v1\"} 1"));
  assert_non_null(strstr(out.data, "iochub_publish_errors_total{verdict=\"poison\"} 0"));
  text_out_deinit(&out);
  rig_close(&rig);
}

static void test_the_end_waits_for_what_is_under_way(void **state) {
  struct rig rig;
  struct sent list[MESSAGES];
  int64_t published = 0;
  rig_open(&rig, 1);
  publish_at_last(&rig, &published);
  send_all(&rig, list, MESSAGES, MESSAGES);
  publisher_free(rig.publisher, 5000);
  assert_int_equal(outcomes(list, MESSAGES, PUBLISH_DONE), MESSAGES);
  rig_publisher(&rig);
  rd_kafka_mock_broker_set_down(rig.cluster, -1);
  send_all(&rig, list, MESSAGES, MESSAGES);
  publisher_free(rig.publisher, 100);
  assert_int_equal(answered(list, MESSAGES), 0);
  rig_publisher(&rig);
  rig_close(&rig);
}

int main(void) {
  log_set_level(getenv("TEST_LOG") == NULL ? LOG_ERROR : LOG_DEBUG);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_publishes),
      cmocka_unit_test(test_every_error),
      cmocka_unit_test(test_a_refused_batch_is_sent_one_by_one),
      cmocka_unit_test(test_too_large_for_its_topic),
      cmocka_unit_test(test_found_in_the_tail),
      cmocka_unit_test(test_a_tail_too_long),
      cmocka_unit_test(test_a_key_keeps_its_order),
      cmocka_unit_test(test_nothing_overtakes_a_refused_message_of_its_key),
      cmocka_unit_test(test_withdrawn_before_and_after_the_hand_over),
      cmocka_unit_test(test_a_missing_topic_is_busy_until_it_is_there),
      cmocka_unit_test(test_a_topic_outside_the_catalogue),
      cmocka_unit_test(test_without_rights_at_start),
      cmocka_unit_test(test_bounds_are_told),
      cmocka_unit_test(test_what_is_shown),
      cmocka_unit_test(test_the_end_waits_for_what_is_under_way),
  };
  cmocka_set_test_filter(getenv("TEST_FILTER"));
  return cmocka_run_group_tests(tests, NULL, NULL);
}
