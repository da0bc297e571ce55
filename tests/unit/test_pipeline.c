/*
 * The way of a payload, with the parts around it played by this file: a connector of one line a record, a
 * publisher whose reports the test gives, originals that the test writes. What is real: sink, judging,
 * delivering, ids, answers.
 *
 * Payload lines: "KEY VALUE" is a message and counted, "!CODE" a rejection (missing). Routes: type to topic
 * "t", values that start with "2" to topic "u" as well, values "none" nowhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>
#include <event2/event.h>

#include "core/clock.h"
#include "core/intake.h"
#include "ioc/hub/v1/dead_letter.pb-c.h"

/* ---- The connector ---- */

static int translate_line(struct hub_sink *sink, const char *line, size_t length) {
  if (line[0] == '!') {
    const struct hub_rejection rejection = {.size = sizeof rejection,
                                            .code = HUB_MISSING,
                                            .at = "1:1",
                                            .detail = "no key",
                                            .value = "v",
                                            .value_length = 1};
    return hub_reject(sink, &rejection);
  }
  const char *blank = memchr(line, ' ', length);
  sink->ops->count(sink, "lines", 1);
  sink->ops->count(sink, "line_bytes", length);
  Ioc__Hub__V1__DeadLetter message;
  ioc__hub__v1__dead_letter__init(&message);
  size_t key = (size_t)(blank - line);
  int r = hub_string(sink, line, key, &message.id);
  if (r == 0) r = hub_string(sink, blank + 1, length - key - 1, &message.detail);
  if (r != 0) return r;
  const struct hub_meta meta = {.size = sizeof meta,
                                .key = line,
                                .key_length = key,
                                .occurred_us = HUB_NONE,
                                .bytes = line,
                                .length = length};
  return hub_emit(sink, &meta, &message.base);
}

static int fake_translate(const void *self, const struct hub_payload *payload, struct hub_sink *sink) {
  const char *at = payload->data, *end = payload->data + payload->length;
  int r = 0;
  while (at < end && r == 0) {
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    if (stop == NULL) stop = end;
    r = translate_line(sink, at, (size_t)(stop - at));
    at = stop + 1;
  }
  return r;
}

static const char *const messages[] = {"ioc.hub.v1.DeadLetter", NULL};
static const struct hub_connector fake = {.size = sizeof fake,
                                          .abi_major = HUB_ABI_MAJOR,
                                          .name = "fake",
                                          .version = "1",
                                          .messages = messages,
                                          .translate = fake_translate};

/* ---- The parts around it ---- */

static struct publication *sent[64];
static size_t sent_count;
static bool room = true, held_by_kafka = false;
static void (*original_done)(void *, int);
static void *original_context;
static size_t originals_kept, values_kept;

int publisher_send(struct publisher *publisher, struct publication *publication) {
  assert_true(sent_count < LENGTH_OF(sent));
  sent[sent_count++] = publication;
  return 0;
}

bool publisher_withdraw(struct publisher *publisher, struct publication *publication) {
  return !held_by_kafka;
}
bool publisher_has_room(const struct publisher *publisher) { return room; }
void publisher_on_room(struct publisher *publisher, void (*on_room)(void *), void *context) {}

int originals_keep(struct originals *originals, const struct original *original, int64_t quota,
                   void (*done)(void *, int), void *context) {
  original_done = done;
  original_context = context;
  originals_kept++;
  values_kept += original->values_count;
  return 0;
}

bool translators_poisoned(const struct translators *translators, const uint8_t digest[static 32]) {
  return false;
}
void translators_submit(struct translators *translators, struct translation_job *job) { fail(); }
void translators_submit_alone(struct translators *translators, struct translation_job *job) { fail(); }
void translators_waits(struct translators *translators, const struct translation_job *job) {}
void translators_goes_on(struct translators *translators, const struct translation_job *job) {}
void translators_run(struct translators *translators, struct translation_job *job) {
  job->error = job->prepare(job);
  if (job->error == 0) {
    job->error = translation_run(job->instance, job->personal, job->tables, job->payload, job->arena,
                                 &job->translation);
  }
  if (job->error == 0) job->error = job->finish(job);
}

int routes_match(const struct routes *routes, const char *source, const struct schema_message *type,
                 struct text message, struct arena *arena, struct route_target **ret_targets,
                 size_t *ret_count) {
  Ioc__Hub__V1__DeadLetter *read =
      ioc__hub__v1__dead_letter__unpack(NULL, message.length, (void *)message.data);
  struct route_target *targets = arena_alloc(arena, 2 * sizeof *targets);
  assert_non_null(read);
  assert_non_null(targets);
  targets[0] = (struct route_target){.route = "r", .topic = "t"};
  targets[1] = (struct route_target){.route = "s", .topic = "u"};
  *ret_targets = targets;
  *ret_count = strcmp(read->detail, "none") == 0 ? 0 : read->detail[0] == '2' ? 2 : 1;
  ioc__hub__v1__dead_letter__free_unpacked(read, NULL);
  return 0;
}

/* ---- The stage ---- */

static struct event_base *base;
static struct metrics *metrics;
static struct schema *schema;
static struct dedupe *dedupe;
static struct pipeline *pipeline;
static struct hub_config config = {.hub = "test"};
static struct config_source source_config = {.name = "s",
                                             .domain = "test",
                                             .connector = "fake",
                                             .repeats = true,
                                             .limits = {.answer_timeout_ms = 1000}};
static struct connector connector = {.api = &fake};
static struct instance instance = {.connector = &connector};
static struct setup_source source = {.config = &source_config, .instance = &instance};
static struct setup hub_setup = {.config = &config, .sources = &source, .sources_count = 1};
static int answers, last_status;
static char last_body[4096];

static int start(void **state) {
  const char *reason = NULL;
  struct secret_key key = {{1}};
  sent_count = originals_kept = values_kept = 0;
  room = true;
  held_by_kafka = false;
  original_done = NULL;
  answers = last_status = 0;
  base = event_base_new();
  assert_int_equal(metrics_new(&metrics), 0);
  assert_int_equal(schema_new(&schema), 0);
  assert_int_equal(schema_add_file(schema, getenv("IOCHUB_BINPB"), &reason), 0);
  connector.schema = schema;
  assert_int_equal(dedupe_new(&key, 1000, 1000000, &dedupe), 0);
  const struct pipeline_options options = {
      .base = base, .metrics = metrics, .setup = &hub_setup, .dedupe = dedupe};
  clock_freeze_us(SECOND_US);
  return pipeline_new(&options, &pipeline);
}

static int stop(void **state) {
  pipeline_free(pipeline);
  dedupe_free(dedupe);
  schema_free(schema);
  metrics_free(metrics);
  event_base_free(base);
  return 0;
}

static void on_answered(struct intake *intake, const struct answer *answer, int retry_after_s) {
  answers++;
  last_status = answer->status;
  snprintf(last_body, sizeof last_body, "%s", answer->body.data == NULL ? "" : answer->body.data);
}

static void post(const char *text) {
  struct intake *intake = NULL;
  assert_int_equal(intake_new(pipeline_source(pipeline, "s"), &intake), 0);
  size_t length = strlen(text);
  char *copy = arena_alloc(intake->arena, length + 64);
  memcpy(copy, text, length);
  intake->payload.data = copy;
  intake->payload.length = length;
  intake->body = (struct text){copy, length};
  intake->received_us = clock_now_us();
  intake->answered = on_answered;
  pipeline_take(pipeline, intake);
}

static void report(size_t index, enum publish_outcome outcome) {
  sent[index]->done(sent[index], outcome, NULL);
}

static void turn_clock(int64_t seconds) {
  clock_advance_us(seconds * SECOND_US);
  struct timeval enough = {.tv_usec = 600 * 1000};
  event_base_loopexit(base, &enough);
  event_base_dispatch(base);
}

/* ---- Tests ---- */

static void answers_only_after_the_report(void **state) {
  post("a 1");
  assert_int_equal(sent_count, 1);
  assert_int_equal(answers, 0);
  report(0, PUBLISH_DONE);
  assert_int_equal(answers, 1);
  assert_int_equal(last_status, 200);
  assert_non_null(strstr(last_body, "\"accepted\":1"));
}

static void repeat_is_not_published_again(void **state) {
  post("a 1");
  report(0, PUBLISH_DONE);
  post("a 1");
  assert_int_equal(sent_count, 1);
  assert_int_equal(answers, 2);
  assert_int_equal(last_status, 200);
  assert_non_null(strstr(last_body, "\"repeated\":1"));
}

static void same_payload_under_way_waits(void **state) {
  post("a 1");
  post("a 1");
  assert_int_equal(sent_count, 1);
  report(0, PUBLISH_DONE);
  assert_int_equal(answers, 2);
  assert_int_equal(last_status, 200);
}

static void busy_lane_asks_to_come_again(void **state) {
  post("a 1");
  struct event_id first = sent[0]->event->id;
  report(0, PUBLISH_BUSY);
  assert_int_equal(last_status, 503);
  post("a 1");
  assert_int_equal(sent_count, 2);
  assert_memory_equal(first.bytes, sent[1]->event->id.bytes, sizeof first.bytes);
  report(1, PUBLISH_DONE);
  assert_int_equal(last_status, 200);
}

static void retry_publishes_only_the_missing_topic(void **state) {
  post("a 2");
  assert_int_equal(sent_count, 2);
  report(0, PUBLISH_DONE);
  const char *missing = sent[1]->event->topic;
  report(1, PUBLISH_BUSY);
  assert_int_equal(last_status, 503);
  post("a 2");
  assert_int_equal(sent_count, 3);
  assert_string_equal(sent[2]->event->topic, missing);
  report(2, PUBLISH_DONE);
  assert_int_equal(last_status, 200);
}

static void rejected_record_is_kept_before_the_answer(void **state) {
  post("a 1\n!\nb 1");
  assert_int_equal(sent_count, 2); /* the letter waits for its original */
  assert_int_equal(originals_kept, 1);
  assert_int_equal(values_kept, 1);
  report(0, PUBLISH_DONE);
  report(1, PUBLISH_DONE);
  assert_int_equal(answers, 0);
  original_done(original_context, 0);
  assert_int_equal(sent_count, 3);
  assert_string_equal(sent[2]->event->topic, "ioc.dead-letter.test.v1");
  assert_int_equal(answers, 0);
  report(2, PUBLISH_DONE);
  assert_int_equal(last_status, 200);
  assert_non_null(strstr(last_body, "\"rejected\":[{\"record\":1,\"code\":\"missing\",\"at\":\"1:1\""));
}

static void payload_of_rejections_gets_their_status(void **state) {
  post("!");
  original_done(original_context, 0);
  report(0, PUBLISH_DONE);
  assert_int_equal(last_status, 422);
}

static void original_that_cannot_be_kept_means_no_answer_yes(void **state) {
  post("!");
  original_done(original_context, -EIO);
  assert_int_equal(sent_count, 0);
  assert_int_equal(last_status, 503);
  post("!");
  original_done(original_context, ORIGINALS_E_FULL);
  assert_int_equal(last_status, 503);
  assert_non_null(strstr(last_body, "originals_full"));
}

static void blocked_dead_letter_topic_asks_to_come_again(void **state) {
  post("!");
  original_done(original_context, 0);
  report(0, PUBLISH_BUSY);
  assert_int_equal(last_status, 503);
}

static void poison_becomes_a_dead_letter(void **state) {
  post("a 1");
  report(0, PUBLISH_POISON);
  assert_int_equal(originals_kept, 1);
  assert_int_equal(answers, 0);
  original_done(original_context, 0);
  report(1, PUBLISH_DONE);
  assert_int_equal(last_status, 200);
  assert_non_null(strstr(last_body, "\"accepted\":1"));
}

static void no_route_is_kept_and_accepted(void **state) {
  post("a none");
  original_done(original_context, 0);
  report(0, PUBLISH_DONE);
  assert_int_equal(last_status, 200);
  assert_non_null(strstr(last_body, "\"accepted\":1"));
}

static void time_is_over_and_nothing_is_in_kafka(void **state) {
  post("a 1");
  turn_clock(2);
  assert_int_equal(last_status, 503);
  post("a 1");
  assert_int_equal(sent_count, 2);
  report(1, PUBLISH_DONE);
  assert_int_equal(last_status, 200);
}

static void a_jump_of_the_wall_clock_is_no_delay(void **state) {
  post("a 1");
  clock_freeze_us(clock_now_us() + 3600 * SECOND_US);
  turn_clock(0);
  assert_int_equal(answers, 0);
  report(0, PUBLISH_DONE);
  assert_int_equal(last_status, 200);
}

/* What librdkafka holds after the answer is over keeps its id: the retry waits for it instead of sending
 * twice. */
static void retry_meets_its_own_id_under_way(void **state) {
  held_by_kafka = true;
  post("a 1");
  turn_clock(2);
  assert_int_equal(last_status, 503);
  post("a 1");
  assert_int_equal(sent_count, 1);
  report(0, PUBLISH_DONE);
  assert_int_equal(answers, 2);
  assert_int_equal(last_status, 200);
  assert_non_null(strstr(last_body, "\"repeated\":1"));
}

/* Two records of one key: the second is no reason to take the first of the retry for a new one. */
static void retry_of_a_key_that_comes_twice_meets_both(void **state) {
  static const char text[] = "a 1\na 1b";
  held_by_kafka = true;
  post(text);
  turn_clock(2);
  assert_int_equal(last_status, 503);
  post(text);
  assert_int_equal(sent_count, 2);
  report(0, PUBLISH_DONE);
  post(text); /* one is known, one is under way */
  assert_int_equal(sent_count, 2);
  report(1, PUBLISH_DONE);
  assert_int_equal(answers, 3);
  assert_int_equal(last_status, 200);
  assert_non_null(strstr(last_body, "\"repeated\":2"));
  post(text);
  assert_int_equal(sent_count, 2);
  assert_int_equal(answers, 4);
  assert_non_null(strstr(last_body, "\"repeated\":2"));
}

/* It became known after its sender had been told to come back. */
static void late_payload_is_known_as_a_whole(void **state) {
  static const char text[] = "a 1\na 1b";
  held_by_kafka = true;
  post(text);
  turn_clock(2);
  report(0, PUBLISH_DONE);
  report(1, PUBLISH_DONE);
  post(text);
  assert_int_equal(sent_count, 2);
  assert_int_equal(last_status, 200);
  assert_non_null(strstr(last_body, "\"repeated\":2"));
}

/* What was taken back is sent again, beside what is still under way. */
static void retry_of_a_key_that_comes_twice_sends_what_failed(void **state) {
  static const char text[] = "a 1\na 1b";
  held_by_kafka = true;
  post(text);
  turn_clock(2);
  report(1, PUBLISH_BUSY);
  post(text);
  assert_int_equal(sent_count, 3);
  report(0, PUBLISH_DONE);
  report(2, PUBLISH_DONE);
  assert_int_equal(last_status, 200);
}

static void poison_after_the_answer_is_taken_back(void **state) {
  held_by_kafka = true;
  post("a 1");
  turn_clock(2);
  report(0, PUBLISH_POISON); /* the body is gone: nothing can be kept now */
  assert_int_equal(originals_kept, 0);
  post("a 1");
  assert_int_equal(sent_count, 2);
  report(1, PUBLISH_POISON);
  assert_int_equal(originals_kept, 1);
  original_done(original_context, 0);
  report(2, PUBLISH_DONE);
  assert_int_equal(last_status, 200);
}

/* The publisher's last reports come when originals are closed already. */
static void poison_at_the_end_is_not_kept(void **state) {
  post("a 1");
  pipeline_end(pipeline);
  report(0, PUBLISH_POISON);
  assert_int_equal(originals_kept, 0);
  assert_int_equal(last_status, 503);
}

/* Also of a payload that is a repeat: the connector looked at it again. */
static void what_the_connector_counts_is_a_metric(void **state) {
  cleanup(text_out_deinit) struct text_out page = TEXT_OUT_INIT;
  post("a 1\nb 22");
  post("a 1");
  metrics_write(metrics, &page);
  assert_int_equal(text_out_result(&page), 0);
  assert_non_null(strstr(page.data, "counts_total{source=\"s\",counter=\"lines\"} 3\n"));
  assert_non_null(strstr(page.data, "counts_total{source=\"s\",counter=\"line_bytes\"} 10\n"));
}

static void full_publisher_makes_payloads_wait(void **state) {
  post("a 1");
  room = false;
  post("b 1");
  assert_int_equal(sent_count, 1);
  assert_int_equal(pipeline_in_flight(pipeline), 2);
  turn_clock(2); /* both are told to come again */
  assert_int_equal(answers, 2);
  assert_int_equal(pipeline_in_flight(pipeline), 0);
}

static void large_payload_passes_alone(void **state) {
  room = false;
  post("a 1");
  assert_int_equal(sent_count, 1);
  report(0, PUBLISH_DONE);
  assert_int_equal(last_status, 200);
}

static void same_bad_payload_again_raises_attempts(void **state) {
  for (uint32_t attempt = 1; attempt <= 3; attempt++) {
    post("!");
    original_done(original_context, 0);
    const struct bus_event *event = sent[attempt - 1]->event;
    Ioc__Hub__V1__DeadLetter *letter =
        ioc__hub__v1__dead_letter__unpack(NULL, event->value.length, (void *)event->value.data);
    assert_non_null(letter);
    assert_int_equal(letter->attempts, attempt);
    assert_true(letter->told_sender);
    ioc__hub__v1__dead_letter__free_unpacked(letter, NULL);
    report(attempt - 1, PUBLISH_DONE);
  }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, start, stop)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(answers_only_after_the_report),
      TEST(repeat_is_not_published_again),
      TEST(same_payload_under_way_waits),
      TEST(busy_lane_asks_to_come_again),
      TEST(retry_publishes_only_the_missing_topic),
      TEST(rejected_record_is_kept_before_the_answer),
      TEST(payload_of_rejections_gets_their_status),
      TEST(original_that_cannot_be_kept_means_no_answer_yes),
      TEST(blocked_dead_letter_topic_asks_to_come_again),
      TEST(poison_becomes_a_dead_letter),
      TEST(no_route_is_kept_and_accepted),
      TEST(time_is_over_and_nothing_is_in_kafka),
      TEST(a_jump_of_the_wall_clock_is_no_delay),
      TEST(retry_meets_its_own_id_under_way),
      TEST(retry_of_a_key_that_comes_twice_meets_both),
      TEST(late_payload_is_known_as_a_whole),
      TEST(retry_of_a_key_that_comes_twice_sends_what_failed),
      TEST(poison_after_the_answer_is_taken_back),
      TEST(poison_at_the_end_is_not_kept),
      TEST(what_the_connector_counts_is_a_metric),
      TEST(full_publisher_makes_payloads_wait),
      TEST(large_payload_passes_alone),
      TEST(same_bad_payload_again_raises_attempts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
