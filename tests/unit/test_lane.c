/* The lane's rules, without Kafka: what may go, and what a verdict leads to. */
#include "core/publish/lane.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { ITEMS = 100, MS = 1000 };

static const struct lane_backoff backoff = {
    .probe_first_ms = 5000, .probe_max_ms = 300000, .retry_first_ms = 200, .retry_max_ms = 5000};

struct rig {
  struct lane lane;
  struct lane_item items[ITEMS];
  int64_t now_us;
};

static void rig_init(struct rig *rig, int waiting) {
  *rig = (struct rig){.now_us = 1000000};
  lane_init(&rig->lane, &backoff);
  for (int i = 0; i < ITEMS; i++) rig->items[i].sequence = (uint64_t)i + 1;
  for (int i = 0; i < waiting; i++) lane_put(&rig->lane, &rig->items[i]);
}

/* Hands over all that may go; returns how many. */
static int feed(struct rig *rig) {
  int n = 0;
  struct lane_item *item;
  while ((item = lane_next(&rig->lane, rig->now_us)) != NULL) {
    lane_hand_over(&rig->lane, item);
    n++;
  }
  return n;
}

static enum lane_fate report(struct rig *rig, int number, enum verdict verdict) {
  return lane_take_back(&rig->lane, &rig->items[number], verdict, rig->now_us);
}

static void assert_queue(const struct rig *rig, const int *numbers, size_t count) {
  const struct lane_item *at = rig->lane.first;
  assert_int_equal(rig->lane.queued, count);
  for (size_t i = 0; i < count; i++, at = at->next) {
    assert_non_null(at);
    assert_ptr_equal(at, &rig->items[numbers[i]]);
  }
  assert_null(at);
}

static void test_open_lane_passes_all_in_order(void **state) {
  struct rig rig;
  rig_init(&rig, 5);
  assert_int_equal(feed(&rig), 5);
  for (int i = 0; i < 5; i++) assert_int_equal(report(&rig, i, VERDICT_DONE), LANE_DONE);
  assert_int_equal(rig.lane.state, LANE_OPEN);
  assert_int_equal(rig.lane.held, 0);
}

static void test_transient_goes_on_from_the_oldest(void **state) {
  struct rig rig;
  rig_init(&rig, 6);
  struct lane_item *late = &rig.items[5];
  lane_remove(&rig.lane, late);
  assert_int_equal(feed(&rig), 5);
  lane_put(&rig.lane, late);
  assert_int_equal(report(&rig, 0, VERDICT_DONE), LANE_DONE);
  assert_int_equal(report(&rig, 1, VERDICT_TRANSIENT), LANE_AGAIN);
  assert_int_equal(feed(&rig), 0); /* draining: 2, 3, 4 are still out */
  assert_int_equal(report(&rig, 2, VERDICT_DONE), LANE_DONE);
  assert_int_equal(report(&rig, 4, VERDICT_TRANSIENT), LANE_AGAIN);
  assert_int_equal(report(&rig, 3, VERDICT_TRANSIENT), LANE_AGAIN);
  assert_queue(&rig, (int[]){1, 3, 4, 5}, 4);
  assert_int_equal(feed(&rig), 0); /* not before the wait is over */
  assert_int_equal(lane_due_us(&rig.lane), rig.now_us + 200 * MS);
  rig.now_us += 200 * MS;
  assert_ptr_equal(lane_next(&rig.lane, rig.now_us), &rig.items[1]);
  assert_int_equal(feed(&rig), 4);
}

static void test_waits_grow_until_a_success(void **state) {
  struct rig rig;
  rig_init(&rig, 1);
  static const int64_t waits_ms[] = {200, 400, 800, 1600, 3200, 5000, 5000};
  for (size_t i = 0; i < LENGTH_OF(waits_ms); i++) {
    assert_int_equal(feed(&rig), 1);
    assert_int_equal(report(&rig, 0, VERDICT_TRANSIENT), LANE_AGAIN);
    assert_int_equal(lane_due_us(&rig.lane), rig.now_us + waits_ms[i] * MS);
    rig.now_us += waits_ms[i] * MS;
  }
  assert_int_equal(feed(&rig), 1);
  assert_int_equal(report(&rig, 0, VERDICT_DONE), LANE_DONE);
  lane_put(&rig.lane, &rig.items[1]);
  assert_int_equal(feed(&rig), 1);
  assert_int_equal(report(&rig, 1, VERDICT_TRANSIENT), LANE_AGAIN);
  assert_int_equal(lane_due_us(&rig.lane), rig.now_us + 200 * MS);
}

static void test_poison_is_sent_alone_once_more(void **state) {
  struct rig rig;
  rig_init(&rig, 3);
  assert_int_equal(feed(&rig), 3);
  for (int i = 0; i < 3; i++) assert_int_equal(report(&rig, i, VERDICT_POISON), LANE_AGAIN);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(feed(&rig), 1); /* each alone */
    enum verdict verdict = i == 1 ? VERDICT_POISON : VERDICT_DONE;
    assert_int_equal(report(&rig, i, verdict), i == 1 ? LANE_GIVE_UP : LANE_DONE);
  }
  assert_int_equal(rig.lane.queued, 0);
  assert_int_equal(rig.lane.state, LANE_OPEN);
}

static void test_alone_waits_for_those_before(void **state) {
  struct rig rig;
  rig_init(&rig, 3);
  rig.items[1].alone = true;
  assert_int_equal(feed(&rig), 1);
  assert_int_equal(report(&rig, 0, VERDICT_DONE), LANE_DONE);
  assert_int_equal(feed(&rig), 1);
  assert_int_equal(report(&rig, 1, VERDICT_DONE), LANE_DONE);
  assert_int_equal(feed(&rig), 1);
}

static void test_blocked_gives_back_and_probes(void **state) {
  struct rig rig;
  rig_init(&rig, 4);
  assert_int_equal(feed(&rig), 4);
  lane_put(&rig.lane, &rig.items[4]);
  assert_int_equal(report(&rig, 0, VERDICT_BLOCKED), LANE_BUSY);
  assert_ptr_equal(lane_drop(&rig.lane), &rig.items[4]);
  assert_null(lane_drop(&rig.lane));
  assert_int_equal(report(&rig, 1, VERDICT_BLOCKED), LANE_BUSY);
  assert_int_equal(report(&rig, 2, VERDICT_TRANSIENT), LANE_BUSY);
  assert_false(lane_admits(&rig.lane, rig.now_us));
  assert_int_equal(report(&rig, 3, VERDICT_BLOCKED), LANE_BUSY);
  assert_false(lane_admits(&rig.lane, rig.now_us + 4999 * MS));
  rig.now_us += 5000 * MS;
  assert_true(lane_admits(&rig.lane, rig.now_us));
  lane_put(&rig.lane, &rig.items[5]);
  assert_int_equal(feed(&rig), 1); /* the probe */
  for (int i = 0; i < LANE_BLOCKED_MAX; i++) {
    assert_true(lane_admits(&rig.lane, rig.now_us));
    lane_put(&rig.lane, &rig.items[6 + i]);
  }
  assert_false(lane_admits(&rig.lane, rig.now_us));
  assert_int_equal(feed(&rig), 0);
  assert_null(lane_drop(&rig.lane)); /* they wait for the probe's fate */
  assert_int_equal(report(&rig, 5, VERDICT_DONE), LANE_DONE);
  assert_int_equal(rig.lane.state, LANE_OPEN);
  assert_int_equal(feed(&rig), LANE_BLOCKED_MAX);
}

static void test_probes_become_rarer(void **state) {
  struct rig rig;
  rig_init(&rig, 1);
  assert_int_equal(feed(&rig), 1);
  assert_int_equal(report(&rig, 0, VERDICT_BLOCKED), LANE_BUSY);
  static const int64_t waits_ms[] = {5000, 10000, 20000, 40000, 80000, 160000, 300000, 300000};
  for (size_t i = 0; i < LENGTH_OF(waits_ms); i++) {
    assert_false(lane_admits(&rig.lane, rig.now_us + waits_ms[i] * MS - 1));
    rig.now_us += waits_ms[i] * MS;
    assert_true(lane_admits(&rig.lane, rig.now_us));
    lane_put(&rig.lane, &rig.items[0]);
    lane_put(&rig.lane, &rig.items[1]);
    assert_int_equal(feed(&rig), 1);
    assert_int_equal(report(&rig, 0, VERDICT_BLOCKED), LANE_BUSY);
    assert_ptr_equal(lane_drop(&rig.lane), &rig.items[1]);
  }
  lane_probe_now(&rig.lane, rig.now_us);
  assert_true(lane_admits(&rig.lane, rig.now_us));
}

static void test_a_withdrawn_probe_frees_those_behind(void **state) {
  struct rig rig;
  rig_init(&rig, 0);
  lane_block(&rig.lane, rig.now_us);
  rig.now_us += 5000 * MS;
  lane_put(&rig.lane, &rig.items[0]);
  lane_put(&rig.lane, &rig.items[1]);
  lane_remove(&rig.lane, &rig.items[0]);
  assert_ptr_equal(lane_drop(&rig.lane), &rig.items[1]);
  assert_true(lane_admits(&rig.lane, rig.now_us));
}

static void test_ambiguous_waits_for_the_tail(void **state) {
  struct rig rig;
  rig_init(&rig, 3);
  assert_int_equal(feed(&rig), 3);
  assert_int_equal(report(&rig, 0, VERDICT_AMBIGUOUS), LANE_AGAIN);
  assert_false(lane_wants_tail(&rig.lane, rig.now_us)); /* two are still out */
  assert_int_equal(report(&rig, 1, VERDICT_DONE), LANE_DONE);
  assert_int_equal(report(&rig, 2, VERDICT_FATAL), LANE_AGAIN);
  assert_true(lane_wants_tail(&rig.lane, rig.now_us));
  assert_int_equal(feed(&rig), 0);
  lane_tail_begins(&rig.lane);
  assert_false(lane_wants_tail(&rig.lane, rig.now_us));
  lane_put(&rig.lane, &rig.items[3]);
  assert_int_equal(feed(&rig), 0);
  lane_tail_failed(&rig.lane, rig.now_us);
  assert_false(lane_wants_tail(&rig.lane, rig.now_us));
  rig.now_us += 200 * MS;
  assert_true(lane_wants_tail(&rig.lane, rig.now_us));
  lane_tail_begins(&rig.lane);
  lane_tail_resolved(&rig.lane, &rig.items[0]); /* found */
  lane_remove(&rig.lane, &rig.items[0]);
  lane_tail_resolved(&rig.lane, &rig.items[2]); /* missing */
  lane_tail_ends(&rig.lane);
  assert_ptr_equal(lane_next(&rig.lane, rig.now_us), &rig.items[2]);
  assert_int_equal(feed(&rig), 2);
}

static void test_ambiguous_on_a_blocked_lane_is_not_given_back_unread(void **state) {
  struct rig rig;
  rig_init(&rig, 2);
  assert_int_equal(feed(&rig), 2);
  assert_int_equal(report(&rig, 0, VERDICT_BLOCKED), LANE_BUSY);
  assert_int_equal(report(&rig, 1, VERDICT_AMBIGUOUS), LANE_AGAIN);
  assert_null(lane_drop(&rig.lane));
  assert_true(lane_wants_tail(&rig.lane, rig.now_us));
  assert_false(lane_admits(&rig.lane, rig.now_us + 6000 * MS));
  lane_tail_begins(&rig.lane);
  lane_tail_resolved(&rig.lane, &rig.items[1]);
  lane_tail_ends(&rig.lane);
  assert_ptr_equal(lane_drop(&rig.lane), &rig.items[1]);
}

static void test_what_a_dead_process_may_have_sent_waits_for_the_tail(void **state) {
  struct rig rig;
  rig_init(&rig, 0);
  rig.items[0].ambiguous = true;
  lane_put(&rig.lane, &rig.items[0]);
  lane_put(&rig.lane, &rig.items[1]);
  assert_int_equal(feed(&rig), 0);
  assert_true(lane_wants_tail(&rig.lane, rig.now_us));
  lane_tail_begins(&rig.lane);
  lane_tail_resolved(&rig.lane, &rig.items[0]);
  lane_tail_ends(&rig.lane);
  assert_int_equal(feed(&rig), 2);
}

static void test_refused_by_produce(void **state) {
  struct rig rig;
  rig_init(&rig, 3);
  assert_int_equal(lane_refuse(&rig.lane, &rig.items[0], VERDICT_POISON, rig.now_us), LANE_GIVE_UP);
  assert_int_equal(rig.lane.state, LANE_OPEN);
  assert_int_equal(lane_refuse(&rig.lane, &rig.items[1], VERDICT_FATAL, rig.now_us), LANE_AGAIN);
  assert_int_equal(rig.lane.ambiguous, 0);
  assert_queue(&rig, (int[]){1, 2}, 2);
  assert_int_equal(lane_refuse(&rig.lane, &rig.items[1], VERDICT_BLOCKED, rig.now_us), LANE_BUSY);
  assert_ptr_equal(lane_drop(&rig.lane), &rig.items[2]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_open_lane_passes_all_in_order),
      cmocka_unit_test(test_transient_goes_on_from_the_oldest),
      cmocka_unit_test(test_waits_grow_until_a_success),
      cmocka_unit_test(test_poison_is_sent_alone_once_more),
      cmocka_unit_test(test_alone_waits_for_those_before),
      cmocka_unit_test(test_blocked_gives_back_and_probes),
      cmocka_unit_test(test_probes_become_rarer),
      cmocka_unit_test(test_a_withdrawn_probe_frees_those_behind),
      cmocka_unit_test(test_ambiguous_waits_for_the_tail),
      cmocka_unit_test(test_ambiguous_on_a_blocked_lane_is_not_given_back_unread),
      cmocka_unit_test(test_what_a_dead_process_may_have_sent_waits_for_the_tail),
      cmocka_unit_test(test_refused_by_produce),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
