/* The memory of ids: repeats, A-B-A, waiting, taking back, leftovers, whole payloads, bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/dedupe.h"

static struct dedupe *dedupe;

static int setup(void **state) {
  struct secret_key key = {{7}};
  return dedupe_new(&key, 100000, 3600 * 1000, &dedupe);
}

static int teardown(void **state) {
  dedupe_free(dedupe);
  return 0;
}

/* A record of the native key whose bytes are `content`. */
static struct claim_record record_of(const char *key, const char *content, uint8_t digest[32]) {
  assert_int_equal(sha256(text_of(content), digest), 0);
  return (struct claim_record){.scope = TEXT("s"),
                               .type = TEXT("t"),
                               .native_key = text_of(key),
                               .slice_digest = digest,
                               .payload = dedupe_payload_begin(dedupe)};
}

static enum dedupe_verdict claim_it(const char *key, const char *content, struct claim *claim) {
  uint8_t digest[32];
  struct claim_record record = record_of(key, content, digest);
  enum dedupe_verdict verdict;
  assert_int_equal(dedupe_claim(dedupe, &record, claim, &verdict), 0);
  return verdict;
}

static struct event_id take_and_settle(const char *key, const char *content, bool durable) {
  struct claim claim = {0};
  assert_int_equal(claim_it(key, content, &claim), DEDUPE_NEW);
  dedupe_settle(dedupe, &claim, durable, 0);
  return claim.id;
}

static bool same(struct event_id a, struct event_id b) {
  return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}

static void equal_record_is_a_repeat(void **state) {
  struct event_id first = take_and_settle("k", "A", true);
  struct claim again = {0};
  assert_int_equal(claim_it("k", "A", &again), DEDUPE_REPEAT);
  assert_true(same(first, again.id));
}

static void a_b_a_are_three_events(void **state) {
  struct event_id a = take_and_settle("k", "A", true), b = take_and_settle("k", "B", true);
  struct event_id again = take_and_settle("k", "A", true);
  assert_false(same(a, b));
  assert_false(same(a, again));
  assert_false(same(b, again));
}

static void an_id_from_before_a_restart_is_kept(void **state) {
  uint8_t digest[32];
  struct claim claim = {0};
  struct event_id old = {{9, 9}};
  enum dedupe_verdict verdict;
  struct claim_record record = record_of("k", "A", digest);
  record.id = &old;
  assert_int_equal(dedupe_claim(dedupe, &record, &claim, &verdict), 0);
  assert_int_equal(verdict, DEDUPE_NEW);
  assert_true(same(claim.id, old));
  dedupe_settle(dedupe, &claim, true, 0);
  struct claim again = {0};
  assert_int_equal(claim_it("k", "A", &again), DEDUPE_REPEAT);
  assert_true(same(again.id, old));
  dedupe_disown(dedupe, record.payload);
  assert_int_equal(claim_it("k", "A", &again), DEDUPE_NEW);
  dedupe_settle(dedupe, &again, false, 0);
}

static void ids_are_deterministic(void **state) {
  struct event_id a = take_and_settle("k", "A", true), b = take_and_settle("k", "B", true);
  teardown(state);
  assert_int_equal(setup(state), 0);
  assert_true(same(a, take_and_settle("k", "A", true)));
  assert_true(same(b, take_and_settle("k", "B", true)));
}

static void failure_takes_the_id_back(void **state) {
  struct event_id first = take_and_settle("k", "A", false);
  assert_true(same(first, take_and_settle("k", "A", true)));
}

static int outcomes, durable_outcomes;

static void on_settled(struct claim *claim, bool durable) {
  outcomes++;
  durable_outcomes += durable;
}

static void equal_record_under_way_waits(void **state) {
  outcomes = durable_outcomes = 0;
  struct claim first = {0}, second = {.settled = on_settled}, third = {.settled = on_settled};
  assert_int_equal(claim_it("k", "A", &first), DEDUPE_NEW);
  assert_int_equal(claim_it("k", "A", &second), DEDUPE_WAIT);
  assert_int_equal(claim_it("k", "A", &third), DEDUPE_WAIT);
  assert_true(same(first.id, second.id));
  dedupe_leave(&third);
  dedupe_settle(dedupe, &first, true, 0);
  assert_int_equal(outcomes, 1);
  assert_int_equal(durable_outcomes, 1);
}

static void what_was_done_is_not_done_again(void **state) {
  struct claim first = {0}, again = {0};
  assert_int_equal(claim_it("k", "A", &first), DEDUPE_NEW);
  dedupe_settle(dedupe, &first, false, 2);
  assert_int_equal(claim_it("k", "A", &again), DEDUPE_NEW);
  assert_true(same(first.id, again.id));
  assert_int_equal(again.done_topics, 2);
  dedupe_settle(dedupe, &again, true, 3);
  assert_int_equal(claim_it("k", "A", &again), DEDUPE_REPEAT);
}

static void later_record_known_first_stays_the_last(void **state) {
  struct claim a = {0}, b = {0}, again = {0};
  assert_int_equal(claim_it("k", "A", &a), DEDUPE_NEW);
  assert_int_equal(claim_it("k", "B", &b), DEDUPE_NEW);
  dedupe_settle(dedupe, &b, true, 0);
  dedupe_settle(dedupe, &a, true, 0);
  assert_int_equal(claim_it("k", "B", &again), DEDUPE_REPEAT);
  assert_true(same(b.id, again.id));
}

static void versions_tell_equal_bytes_apart(void **state) {
  uint8_t digest[32];
  struct claim_record one = record_of("k", "A", digest), two = one;
  one.version = TEXT("1");
  two.version = TEXT("2");
  struct claim a = {0}, b = {0};
  enum dedupe_verdict verdict;
  assert_int_equal(dedupe_claim(dedupe, &one, &a, &verdict), 0);
  dedupe_settle(dedupe, &a, true, 0);
  assert_int_equal(dedupe_claim(dedupe, &two, &b, &verdict), 0);
  assert_int_equal(verdict, DEDUPE_NEW);
  dedupe_settle(dedupe, &b, true, 0);
}

static void records_without_key_are_numbered(void **state) {
  uint8_t digest[32];
  struct claim_record record = record_of("", "A", digest);
  struct claim first = {0}, second = {0}, again = {0};
  enum dedupe_verdict verdict;
  assert_int_equal(dedupe_claim(dedupe, &record, &first, &verdict), 0);
  record.nth = 1;
  assert_int_equal(dedupe_claim(dedupe, &record, &second, &verdict), 0);
  assert_int_equal(verdict, DEDUPE_NEW);
  assert_false(same(first.id, second.id));
  dedupe_settle(dedupe, &first, true, 0);
  dedupe_settle(dedupe, &second, true, 0);
  assert_int_equal(dedupe_claim(dedupe, &record, &again, &verdict), 0);
  assert_int_equal(verdict, DEDUPE_REPEAT);
}

static struct payload_identity identity_of(const char *digest, const char *key) {
  struct payload_identity identity = {.source = TEXT("s"), .idempotency_key = text_of(key)};
  assert_int_equal(sha256(text_of(digest), identity.digest), 0);
  return identity;
}

static enum payload_verdict look(const struct payload_identity *identity, const struct claim_record *records,
                                 size_t count, struct event_id *ids) {
  enum payload_verdict verdict;
  assert_int_equal(dedupe_payload_look(dedupe, identity, records, count, ids, &verdict), 0);
  return verdict;
}

/* A payload that holds A and then B of one key: sent again it is a repeat, not A after B. */
static void whole_payload_is_a_repeat_until_its_key_moves_on(void **state) {
  uint8_t digests[2][32];
  struct payload_identity identity = identity_of("p", "");
  struct claim_record records[] = {record_of("k", "A", digests[0]), record_of("k", "B", digests[1])};
  records[0].payload = records[1].payload;
  struct claim claims[2] = {0};
  struct event_id ids[2], seen[2];
  enum dedupe_verdict verdict;
  assert_int_equal(look(&identity, records, 2, seen), PAYLOAD_NEW);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(dedupe_claim(dedupe, &records[i], &claims[i], &verdict), 0);
    ids[i] = claims[i].id;
  }
  for (int i = 0; i < 2; i++) dedupe_settle(dedupe, &claims[i], true, 0);
  dedupe_payload_remember(dedupe, &identity, records[0].payload, ids, 2, false);
  assert_int_equal(look(&identity, records, 2, seen), PAYLOAD_REPEAT);
  assert_true(same(ids[0], seen[0]) && same(ids[1], seen[1]));
  assert_int_equal(look(&identity, records, 1, seen), PAYLOAD_NEW); /* read otherwise this time */
  take_and_settle("k", "C", true);
  assert_int_equal(look(&identity, records, 2, seen), PAYLOAD_NEW);
}

static void idempotency_key_with_another_body_is_a_conflict(void **state) {
  struct payload_identity one = identity_of("p", "key-1"), other = identity_of("q", "key-1");
  struct event_id ids[1];
  dedupe_payload_remember(dedupe, &one, dedupe_payload_begin(dedupe), ids, 0, true);
  assert_int_equal(look(&one, NULL, 0, ids), PAYLOAD_REPEAT);
  assert_int_equal(look(&other, NULL, 0, ids), PAYLOAD_CONFLICT);
}

static void the_oldest_is_forgotten(void **state) {
  struct secret_key key = {{7}};
  teardown(state);
  assert_int_equal(dedupe_new(&key, 1, 3600 * 1000, &dedupe), 0); /* rounded up to one piece of 4096 */
  char name[16];
  for (int i = 0; i < 5000; i++) {
    snprintf(name, sizeof name, "k%d", i);
    take_and_settle(name, "A", true);
  }
  struct dedupe_state known;
  dedupe_state(dedupe, &known);
  assert_int_equal(known.known, 4096);
  assert_int_equal(known.taken, 0);
  struct claim claim = {0};
  assert_int_equal(claim_it("k4999", "A", &claim), DEDUPE_REPEAT);
  assert_int_equal(claim_it("k0", "A", &claim), DEDUPE_NEW);
  dedupe_settle(dedupe, &claim, true, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(equal_record_is_a_repeat),
      TEST(a_b_a_are_three_events),
      TEST(ids_are_deterministic),
      TEST(an_id_from_before_a_restart_is_kept),
      TEST(failure_takes_the_id_back),
      TEST(equal_record_under_way_waits),
      TEST(what_was_done_is_not_done_again),
      TEST(later_record_known_first_stays_the_last),
      TEST(versions_tell_equal_bytes_apart),
      TEST(records_without_key_are_numbered),
      TEST(whole_payload_is_a_repeat_until_its_key_moves_on),
      TEST(idempotency_key_with_another_body_is_a_conflict),
      TEST(the_oldest_is_forgotten),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
