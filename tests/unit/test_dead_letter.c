/*
 * Dead letters: ids, what the event says, what it never says, and how attempts are counted.
 */
#include "core/dead_letter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "ioc/hub/v1/dead_letter.pb-c.h"

static const struct secret_key key = {{1, 2, 3}}, other_key = {{1, 2, 4}};

static struct dead_letter sample(void) {
  struct dead_letter letter = {
      .hub = "province",
      .source = "edoc-axis",
      .domain = "edoc",
      .connector = "e-documents",
      .connector_version = "1.0",
      .record = 3,
      .topic = "ioc.edoc.document.v1",
      .type = "ioc.edoc.v1.Document",
      .code = HUB_POISON,
      .at = "4:17 MessageHeader/From",
      .detail = "the brokers refuse it",
      .told_sender = true,
      .attempts = 1,
      .received_us = INT64_C(1783857600123456),
  };
  memset(letter.digest, 0xA5, sizeof letter.digest);
  return letter;
}

static void id_follows_source_digest_record_and_topic_only(void **state) {
  struct dead_letter letter = sample();
  char id[DEAD_LETTER_ID_TEXT], other[DEAD_LETTER_ID_TEXT];
  assert_int_equal(0, dead_letter_id(&key, &letter, id));
  assert_int_equal(DEAD_LETTER_ID_TEXT - 1, strlen(id));
  assert_int_equal(DEAD_LETTER_ID_TEXT - 1, strspn(id, "abcdefghijklmnopqrstuvwxyz234567"));

  letter.attempts = 9;
  letter.code = HUB_INVALID;
  letter.at = letter.detail = letter.type = NULL;
  letter.hub = letter.connector = letter.connector_version = "x";
  letter.received_us++;
  assert_int_equal(0, dead_letter_id(&key, &letter, other));
  assert_string_equal(id, other);

  struct dead_letter changed[] = {letter, letter, letter, letter, letter};
  changed[0].source = "edoc-axi";
  changed[1].digest[31] ^= 1;
  changed[2].record++;
  changed[3].topic = NULL;
  changed[4].topic = "ioc.edoc.document.v2";
  for (size_t i = 0; i < LENGTH_OF(changed); i++) {
    assert_int_equal(0, dead_letter_id(&key, &changed[i], other));
    assert_string_not_equal(id, other);
  }
  assert_int_equal(0, dead_letter_id(&other_key, &letter, other));
  assert_string_not_equal(id, other);
}

static Ioc__Hub__V1__DeadLetter *unpack(const struct bus_event *event) {
  Ioc__Hub__V1__DeadLetter *message =
      ioc__hub__v1__dead_letter__unpack(NULL, event->value.length, (const uint8_t *)event->value.data);
  assert_non_null(message);
  return message;
}

static void event_says_all(void **state) {
  cleanup(arena_freep) struct arena *arena = NULL;
  assert_int_equal(0, arena_new(&arena));
  struct dead_letter letter = sample();
  struct bus_event event;
  char id[DEAD_LETTER_ID_TEXT];
  assert_int_equal(0, dead_letter_id(&key, &letter, id));
  assert_int_equal(0, dead_letter_event(&key, &letter, arena, &event));
  assert_string_equal("ioc.dead-letter.edoc.v1", event.topic);
  assert_string_equal("ioc.hub.v1.DeadLetter", event.type);
  assert_string_equal("urn:iochub:province:edoc-axis", event.source);
  assert_true(text_is(event.key, id));
  assert_true(event.ordered);
  assert_int_equal(letter.received_us, event.accepted_us);
  Ioc__Hub__V1__DeadLetter *message = unpack(&event);
  assert_string_equal(id, message->id);
  assert_string_equal("province", message->hub);
  assert_string_equal("edoc-axis", message->source);
  assert_string_equal("e-documents", message->connector);
  assert_string_equal("1.0", message->connector_version);
  assert_int_equal(3, message->record);
  assert_string_equal("ioc.edoc.document.v1", message->topic);
  assert_string_equal("ioc.edoc.v1.Document", message->message_type);
  assert_string_equal("poison", message->code);
  assert_string_equal("4:17 MessageHeader/From", message->at);
  assert_string_equal("the brokers refuse it", message->detail);
  assert_string_equal("a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5",
                      message->payload_digest);
  assert_true(message->told_sender);
  assert_int_equal(1, message->attempts);
  assert_int_equal(IOC__HUB__V1__DEAD_LETTER_STATE__DEAD_LETTER_STATE_OPEN, message->state);
  assert_int_equal(1783857600, message->received_at->seconds);
  assert_int_equal(123456000, message->received_at->nanos);
  ioc__hub__v1__dead_letter__free_unpacked(message, NULL);
}

static void event_id_follows_id_and_attempts(void **state) {
  cleanup(arena_freep) struct arena *arena = NULL;
  assert_int_equal(0, arena_new(&arena));
  struct dead_letter letter = sample();
  struct bus_event first, again, second;
  assert_int_equal(0, dead_letter_event(&key, &letter, arena, &first));
  assert_int_equal(0, dead_letter_event(&key, &letter, arena, &again));
  letter.attempts = 2;
  assert_int_equal(0, dead_letter_event(&key, &letter, arena, &second));
  assert_memory_equal(&first.id, &again.id, sizeof first.id);
  assert_memory_not_equal(&first.id, &second.id, sizeof first.id);
  assert_true(text_equal(first.key, second.key));
}

static void absent_texts_and_bad_ones(void **state) {
  cleanup(arena_freep) struct arena *arena = NULL;
  assert_int_equal(0, arena_new(&arena));
  struct dead_letter letter = sample();
  char long_text[3000];
  memset(long_text, 'x', sizeof long_text);
  memcpy(long_text + 1023, "\xE1\xBB\x85", 3); /* a letter over the edge of what is kept */
  long_text[sizeof long_text - 1] = '\0';
  letter.topic = letter.type = letter.at = NULL;
  letter.detail = long_text;
  struct bus_event event;
  assert_int_equal(0, dead_letter_event(&key, &letter, arena, &event));
  Ioc__Hub__V1__DeadLetter *message = unpack(&event);
  assert_string_equal("", message->topic);
  assert_string_equal("", message->message_type);
  assert_string_equal("", message->at);
  assert_int_equal(1023, strlen(message->detail));
  ioc__hub__v1__dead_letter__free_unpacked(message, NULL);
  letter.at = "/a\xFF\xC3/\xED\xA0\x80";
  assert_int_equal(0, dead_letter_event(&key, &letter, arena, &event));
  message = unpack(&event);
  assert_int_equal(SIZE_MAX, text_find_bad_utf8(text_of(message->at)));
  assert_int_equal(8, strlen(message->at));
  ioc__hub__v1__dead_letter__free_unpacked(message, NULL);
}

static void time_before_1970_keeps_its_moment(void **state) {
  cleanup(arena_freep) struct arena *arena = NULL;
  assert_int_equal(0, arena_new(&arena));
  struct dead_letter letter = sample();
  letter.received_us = -1;
  struct bus_event event;
  assert_int_equal(0, dead_letter_event(&key, &letter, arena, &event));
  Ioc__Hub__V1__DeadLetter *message = unpack(&event);
  assert_int_equal(-1, message->received_at->seconds);
  assert_int_equal(999999000, message->received_at->nanos);
  ioc__hub__v1__dead_letter__free_unpacked(message, NULL);
}

static void attempts_are_counted_within_bounds(void **state) {
  struct dead_letter_counts *counts;
  assert_int_equal(0, dead_letter_counts_new(&counts));
  assert_int_equal(1, dead_letter_attempt(counts, "often"));
  assert_int_equal(1, dead_letter_attempt(counts, "rare"));
  for (unsigned i = 0; i < 100000; i++) {
    char id[DEAD_LETTER_ID_TEXT];
    snprintf(id, sizeof id, "other%u", i);
    assert_int_equal(1, dead_letter_attempt(counts, id));
    if (i % 1000 == 0) assert_int_equal(2 + i / 1000, dead_letter_attempt(counts, "often"));
  }
  assert_int_equal(1, dead_letter_attempt(counts, "rare")); /* forgotten meanwhile */
  assert_int_equal(2, dead_letter_attempt(counts, "rare"));
  dead_letter_counts_free(counts);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(id_follows_source_digest_record_and_topic_only),
      cmocka_unit_test(event_says_all),
      cmocka_unit_test(event_id_follows_id_and_attempts),
      cmocka_unit_test(absent_texts_and_bad_ones),
      cmocka_unit_test(time_before_1970_keeps_its_moment),
      cmocka_unit_test(attempts_are_counted_within_bounds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
