/* The sink: what becomes a message, what a rejection, and the bounds of one payload. */
#include "core/connector/sink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "sample.pb-c.h"

static struct schema *schema;
static struct arena *arena;
static struct hub_connector api = {
    .size = sizeof api, .name = "sample", .version = "1", .summary = "for tests"};
static struct connector connector;
static struct instance instance = {.host = {.source = "source"}};
static const struct personal personal = {.key = {"0123456789abcdef0123456789abcdef"}, .key_number = 1};
static char data[128] = "the payload, with zeros behind it";
static const struct hub_payload payload = {.size = sizeof payload, .data = data, .length = 33};

static int setup(void **state) {
  const char *reason = "";
  if (schema_new(&schema) != 0 || schema_add_file(schema, getenv("IOCHUB_TEST_SET"), &reason) != 0) return -1;
  connector = (struct connector){.api = &api, .schema = schema};
  instance.connector = &connector;
  return 0;
}

static int teardown(void **state) {
  schema_free(schema);
  return 0;
}

static int setup_arena(void **state) { return arena_new(&arena); }

static int teardown_arena(void **state) {
  arena_free(arena);
  return 0;
}

static struct translation run(int (*translate)(const void *, const struct hub_payload *, struct hub_sink *)) {
  struct translation translation;
  api.translate = translate;
  assert_int_equal(translation_run(&instance, &personal, NULL, &payload, arena, &translation), 0);
  return translation;
}

static Test__V1__Sample sample(const char *id) {
  Test__V1__Sample message = TEST__V1__SAMPLE__INIT;
  message.id = (char *)id;
  return message;
}

static int emit(struct hub_sink *sink, const Test__V1__Sample *message) {
  const struct hub_meta meta = {.size = sizeof meta, .occurred_us = HUB_NONE};
  return hub_emit(sink, &meta, &message->base);
}

/* ---- Good messages ---- */

static int translate_good(const void *self, const struct hub_payload *given, struct hub_sink *sink) {
  Test__V1__Sample message = sample("one");
  char *phones[2] = {NULL, NULL}, key[] = "key", version[] = "v1", at[] = "1:5 /a";
  int r = hub_personal(sink, HUB_PERSON_NAME, "Nguyễn Văn A", 15, &message.person);
  if (r == 0) r = hub_personal(sink, HUB_PHONE, "0912345678", 10, &phones[0]);
  if (r == 0) r = hub_personal(sink, HUB_PHONE, "", 0, &phones[1]);
  if (r < 0) return r;
  message.phones = phones;
  message.n_phones = 2;
  message.kind = TEST__V1__SAMPLE_KIND__SAMPLE_KIND_GOOD;
  const struct hub_meta meta = {.size = sizeof meta,
                                .key = key,
                                .key_length = 3,
                                .version = version,
                                .version_length = 2,
                                .occurred_us = 5,
                                .at = at,
                                .bytes = given->data + 4,
                                .length = 7};
  r = hub_emit(sink, &meta, &message.base);
  memset(key, 'x', 3), memset(version, 'x', 2), memset(at, 'x', 6); /* borrowed for the call only */
  if (r == 0) r = sink->ops->remember(sink, "first", 5);
  if (r == 0) r = sink->ops->remember(sink, "second", 6);
  sink->ops->count(sink, "things", 2);
  sink->ops->count(sink, "others", 1);
  sink->ops->count(sink, "things", 3);
  message = sample("two");
  return r < 0 ? r : hub_emit(sink, NULL, &message.base);
}

static void test_keeps_messages_with_what_is_said_about_them(void **state) {
  struct translation translation = run(translate_good);
  assert_int_equal(translation.count, 2);
  assert_int_equal(translation.rejected, 0);
  const struct record *one = &translation.records[0], *two = &translation.records[1];
  assert_string_equal(one->type->full_name, "test.v1.Sample");
  assert_true(text_is(one->key, "key") && text_is(one->version, "v1"));
  assert_string_equal(one->at, "1:5 /a");
  assert_int_equal(one->occurred_us, 5);
  assert_ptr_equal(one->slice.data, data + 4);
  assert_int_equal(one->slice.length, 7);
  assert_int_equal(two->slice.length, payload.length);
  assert_true(two->occurred_us == HUB_NONE && two->key.length == 0 && two->at == NULL);
  assert_memory_equal(one->value.data, "\x0a\x03one\x12", 6);
  assert_true(text_is(translation.remembered, "second"));
  assert_string_equal(translation.counters[0].name, "things");
  assert_int_equal(translation.counters[0].n, 5);
  assert_int_equal(translation.counters[1].n, 1);
  assert_null(translation.counters[2].name);
}

/* ---- Messages that break a rule ---- */

static int translate_broken(const void *self, const struct hub_payload *given, struct hub_sink *sink) {
  char *wrong_kind, *bad = (char *)"Nguyễn Văn A", *phones[] = {bad};
  int r = hub_personal(sink, HUB_PHONE, "0912345678", 10, &wrong_kind);
  Test__V1__Sample message = sample("in clear");
  message.person = bad;
  if (r == 0) r = emit(sink, &message);
  message = sample("protected as another kind");
  message.person = wrong_kind;
  if (r == 0) r = emit(sink, &message);
  message = sample("in a list");
  message.phones = phones;
  message.n_phones = 1;
  if (r == 0) r = emit(sink, &message);
  message = sample("not UTF-8 \xff");
  if (r == 0) r = emit(sink, &message);
  message = sample("enum");
  message.kind = (Test__V1__SampleKind)77;
  if (r == 0) r = emit(sink, &message);
  message = sample("good");
  return r < 0 ? r : emit(sink, &message);
}

static void test_rejects_messages_that_break_a_rule(void **state) {
  static const struct {
    enum hub_reject_code code;
    const char *detail;
  } expected[] = {{HUB_UNPROTECTED, "person: "},
                  {HUB_UNPROTECTED, "person: "},
                  {HUB_UNPROTECTED, "phones: "},
                  {HUB_INVALID, "id: "},
                  {HUB_INVALID, "kind: "}};
  struct translation translation = run(translate_broken);
  assert_int_equal(translation.count, 6);
  assert_int_equal(translation.rejected, 5);
  for (size_t i = 0; i < 5; i++) {
    assert_int_equal(translation.records[i].code, expected[i].code);
    assert_memory_equal(translation.records[i].detail, expected[i].detail, strlen(expected[i].detail));
    assert_null(translation.records[i].value.data);
    assert_null(strstr(translation.records[i].detail, "Nguy"));
  }
  assert_int_equal(translation.records[5].code, 0);
}

static int translate_bad_personal(const void *self, const struct hub_payload *given, struct hub_sink *sink) {
  Test__V1__Sample message = sample("not UTF-8");
  int r = hub_personal(sink, HUB_PERSON_NAME, "a\xff", 2, &message.person);
  if (r == 0) r = emit(sink, &message);
  if (r == 0) r = hub_personal(sink, HUB_PERSON_NAME, "a\0b", 3, &message.person);
  if (r == 0) r = emit(sink, &message);
  message = sample("good");
  return r < 0 ? r : emit(sink, &message);
}

static void test_rejects_the_message_of_a_bad_personal_text(void **state) {
  struct translation translation = run(translate_bad_personal);
  assert_int_equal(translation.count, 3);
  assert_int_equal(translation.records[0].code, HUB_INVALID);
  assert_string_equal(translation.records[0].detail, "a personal text is not UTF-8");
  assert_string_equal(translation.records[1].detail, "a personal text holds a NUL");
  assert_int_equal(translation.records[2].code, 0);
}

static int translate_unknown_type(const void *self, const struct hub_payload *given, struct hub_sink *sink) {
  Google__Protobuf__Timestamp timestamp = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
  ProtobufCMessageDescriptor other = *timestamp.base.descriptor;
  other.name = "test.v1.Elsewhere";
  timestamp.base.descriptor = &other;
  return hub_emit(sink, NULL, &timestamp.base);
}

static void test_rejects_a_type_that_is_not_in_the_schema(void **state) {
  struct translation translation = run(translate_unknown_type);
  assert_int_equal(translation.records[0].code, HUB_UNPROTECTED);
  assert_non_null(strstr(translation.records[0].detail, "test.v1.Elsewhere"));
}

/* ---- Rejections ---- */

static int translate_rejects(const void *self, const struct hub_payload *given, struct hub_sink *sink) {
  char value[] = "\xc3\xa1 secret"; /* borrowed */
  static char large[6000];
  memset(large, 'v', sizeof large);
  int r =
      hub_reject(sink, &(struct hub_rejection){.size = sizeof(struct hub_rejection), .code = HUB_MISSING});
  if (r == 0) {
    r = hub_reject(sink, &(struct hub_rejection){.size = sizeof(struct hub_rejection),
                                                 .code = HUB_CONFLICT,
                                                 .at = "2:1",
                                                 .detail = "two of them",
                                                 .value = value,
                                                 .value_length = sizeof value - 1,
                                                 .key = "k",
                                                 .key_length = 1});
  }
  memset(value, 'x', sizeof value);
  if (r < 0) return r;
  return hub_reject(sink, &(struct hub_rejection){.size = sizeof(struct hub_rejection),
                                                  .code = HUB_INVALID,
                                                  .value = large,
                                                  .value_length = sizeof large});
}

static void test_keeps_rejections(void **state) {
  struct translation translation = run(translate_rejects);
  assert_int_equal(translation.rejected, 3);
  assert_string_equal(translation.records[0].detail, "what identifies the record is absent");
  assert_null(translation.records[0].at);
  assert_string_equal(translation.records[1].at, "2:1");
  assert_string_equal(translation.records[1].detail, "two of them");
  assert_true(text_equal(translation.records[1].reject_value, TEXT("\xc3\xa1 secret")));
  assert_true(text_is(translation.records[1].key, "k"));
  assert_int_equal(translation.records[2].reject_value.length, 4096);
}

static int translate_all_or_nothing(const void *self, const struct hub_payload *given,
                                    struct hub_sink *sink) {
  Test__V1__Sample message = sample("good");
  int r = sink->ops->all_or_nothing(sink);
  if (r == 0) r = emit(sink, &message);
  if (r == 0) {
    r = hub_reject(sink, &(struct hub_rejection){
                             .size = sizeof(struct hub_rejection), .code = HUB_INVALID, .at = "9:9"});
  }
  return r < 0 ? r : emit(sink, &message);
}

static void test_one_rejection_refuses_all_when_asked(void **state) {
  struct translation translation = run(translate_all_or_nothing);
  assert_int_equal(translation.count, 1);
  assert_int_equal(translation.rejected, 1);
  assert_string_equal(translation.records[0].at, "9:9");
}

/* ---- Bounds ---- */

static size_t wanted, given_up_at;
static bool independent;

static int translate_many(const void *self, const struct hub_payload *given, struct hub_sink *sink) {
  Test__V1__Sample message = sample("m");
  if (independent) {
    int r = sink->ops->independent(sink);
    if (r < 0) return r;
  }
  for (given_up_at = 0; given_up_at < wanted; given_up_at++) {
    int r = emit(sink, &message);
    if (r < 0) return r;
  }
  return 0;
}

static void test_a_payload_has_at_most_20000_records(void **state) {
  independent = false;
  wanted = 20000;
  assert_int_equal(run(translate_many).count, 20000);
  wanted = 1000000;
  struct translation translation = run(translate_many);
  assert_int_equal(given_up_at, 20000);
  assert_int_equal(translation.count, 1);
  assert_int_equal(translation.records[0].code, HUB_TOO_LARGE);
  assert_string_equal(translation.records[0].at, "1:1");
  independent = true;
  wanted = 30000;
  assert_int_equal(run(translate_many).count, 30000);
}

static int translate_large(const void *self, const struct hub_payload *given, struct hub_sink *sink) {
  char *id = hub_alloc(sink, MIB + 1);
  if (id == NULL) return -ENOMEM;
  memset(id, 'i', MIB);
  Test__V1__Sample message = sample(id);
  for (given_up_at = 0; given_up_at < 100; given_up_at++) {
    int r = emit(sink, &message);
    if (r < 0) return r;
  }
  return 0;
}

static void test_a_payload_has_at_most_64_mib_of_messages(void **state) {
  struct translation translation = run(translate_large);
  assert_int_equal(given_up_at, 63);
  assert_int_equal(translation.count, 1);
  assert_int_equal(translation.records[0].code, HUB_TOO_LARGE);
}

static int translate_trouble(const void *self, const struct hub_payload *given, struct hub_sink *sink) {
  return -ENOMEM;
}

static int translate_remembers_much(const void *self, const struct hub_payload *given,
                                    struct hub_sink *sink) {
  return sink->ops->remember(sink, data, 1025) == -E2BIG ? 0 : -EINVAL;
}

static void test_forwards_the_hosts_trouble(void **state) {
  struct translation translation;
  api.translate = translate_trouble;
  assert_int_equal(translation_run(&instance, &personal, NULL, &payload, arena, &translation), -ENOMEM);
  assert_int_equal(run(translate_remembers_much).count, 0);
}

static int translate_many_names(const void *self, const struct hub_payload *given, struct hub_sink *sink) {
  for (int i = 0; i < 5000; i++) {
    char name[16];
    int length = snprintf(name, sizeof name, "name %d", i);
    Test__V1__Sample message = sample("m");
    int r = hub_personal(sink, HUB_PERSON_NAME, name, (size_t)length, &message.person);
    if (r == 0) r = emit(sink, &message);
    if (r < 0) return r;
  }
  return 0;
}

static void test_knows_all_protected_texts_of_a_payload(void **state) {
  struct translation translation = run(translate_many_names);
  assert_int_equal(translation.count, 5000);
  assert_int_equal(translation.rejected, 0);
}

/* ---- Batches ---- */

struct taker {
  struct translation_taker public;
  size_t batches, records, rejected, stop_after;
  size_t sizes[8];
  int result;
};

static int take_batch(struct translation_taker *public, struct arena **batch_arena,
                      const struct translation *batch) {
  struct taker *taker = (struct taker *)public;
  if (taker->batches < 8) taker->sizes[taker->batches] = batch->count;
  taker->batches++;
  taker->records += batch->count;
  taker->rejected += batch->rejected;
  for (size_t i = 0; i < batch->count; i++) {
    if (batch->records[i].code == 0) assert_string_equal(batch->records[i].type->full_name, "test.v1.Sample");
  }
  arena_free(*batch_arena);
  *batch_arena = NULL;
  return taker->result;
}

static bool taker_stopped(const struct translation_taker *public) {
  const struct taker *taker = (const struct taker *)public;
  return taker->stop_after != 0 && taker->records >= taker->stop_after;
}

static size_t largest_arena;

/* Names that were protected before independent(), since, and before the last release. */
static int translate_independent(const void *self, const struct hub_payload *given, struct hub_sink *sink) {
  char *early = NULL, *released = NULL;
  int r = hub_personal(sink, HUB_PERSON_NAME, "early", 5, &early);
  if (r == 0) r = sink->ops->independent(sink);
  if (r == 0) r = sink->ops->remember(sink, "kept", 4);
  for (int i = 0; i < 25 && r == 0; i++) {
    Test__V1__Sample message = sample("m");
    message.person = early;
    char *much = hub_alloc(sink, 200000);
    if (much == NULL) return -ENOMEM;
    memset(much, 'x', 200000);
    if (i % 10 == 3) r = hub_personal(sink, HUB_PERSON_NAME, "since", 5, &message.person);
    if (i == 3) released = message.person;
    if (r == 0) r = emit(sink, &message);
    hub_release(sink);
  }
  if (r < 0) return r;
  Test__V1__Sample message = sample("m");
  char text[64];
  snprintf(text, sizeof text, "p1.%026d", 7);
  message.person = released == NULL ? NULL : text; /* looks like one, and was not made here */
  return emit(sink, &message);
}

static int run_in_batches(struct taker *taker) {
  struct translation translation;
  api.translate = translate_independent;
  taker->public.take = take_batch;
  taker->public.stopped = taker_stopped;
  if (taker->public.records_max == 0) taker->public.records_max = 10;
  if (taker->public.bytes_max == 0) taker->public.bytes_max = MIB;
  int r =
      translation_run_in_batches(&instance, &personal, NULL, &payload, arena, &taker->public, &translation);
  largest_arena = arena_size_bytes(arena);
  if (r == 0) assert_true(translation.independent && translation.count == 0);
  if (r == 0) assert_true(text_is(translation.remembered, "kept"));
  return r;
}

static void test_independent_records_leave_in_batches(void **state) {
  struct taker taker = {0};
  assert_int_equal(run_in_batches(&taker), 0);
  assert_int_equal(taker.batches, 3);
  assert_int_equal(taker.sizes[0], 10);
  assert_int_equal(taker.sizes[1], 10);
  assert_int_equal(taker.sizes[2], 6);
  assert_int_equal(taker.rejected, 1); /* the last one is not protected */
  assert_true(largest_arena < 100000); /* what was released did not stay in the payload's */
}

static void test_a_batch_is_bounded_by_bytes_too(void **state) {
  struct taker taker = {.public = {.bytes_max = 1}};
  assert_int_equal(run_in_batches(&taker), 0);
  assert_int_equal(taker.batches, 26);
}

static void test_a_taker_ends_the_translation(void **state) {
  struct taker refuses = {.result = -ESTALE}, stops = {.stop_after = 20};
  assert_int_equal(run_in_batches(&refuses), -ESTALE);
  assert_int_equal(refuses.batches, 1);
  assert_int_equal(run_in_batches(&stops), -ECANCELED);
  assert_int_equal(stops.batches, 2);
}

static void test_what_is_not_independent_is_not_taken(void **state) {
  struct taker taker = {
      .public = {.records_max = 1, .bytes_max = 1, .take = take_batch, .stopped = taker_stopped}};
  struct translation translation;
  api.translate = translate_many_names;
  assert_int_equal(
      translation_run_in_batches(&instance, &personal, NULL, &payload, arena, &taker.public, &translation),
      0);
  assert_int_equal(taker.batches, 0);
  assert_int_equal(translation.count, 5000);
}

static void test_codes_have_words_and_statuses(void **state) {
  assert_string_equal(reject_code_name(HUB_TOO_LARGE), "too_large");
  assert_int_equal(reject_code_status(HUB_TOO_LARGE), 413);
  assert_int_equal(reject_code_status(HUB_MALFORMED), 400);
  assert_string_equal(reject_code_name(HUB_NO_ROUTE), "no_route");
  assert_non_null(reject_code_sentence((enum hub_reject_code)55));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_arena, teardown_arena)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_keeps_messages_with_what_is_said_about_them),
      TEST(test_rejects_messages_that_break_a_rule),
      TEST(test_rejects_the_message_of_a_bad_personal_text),
      TEST(test_rejects_a_type_that_is_not_in_the_schema),
      TEST(test_keeps_rejections),
      TEST(test_one_rejection_refuses_all_when_asked),
      TEST(test_a_payload_has_at_most_20000_records),
      TEST(test_a_payload_has_at_most_64_mib_of_messages),
      TEST(test_forwards_the_hosts_trouble),
      TEST(test_knows_all_protected_texts_of_a_payload),
      TEST(test_independent_records_leave_in_batches),
      TEST(test_a_batch_is_bounded_by_bytes_too),
      TEST(test_a_taker_ends_the_translation),
      TEST(test_what_is_not_independent_is_not_taken),
      TEST(test_codes_have_words_and_statuses),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
