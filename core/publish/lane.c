/*
 * The lane's rules.
 *
 * Invariant: the queue is in the order of sequence, so that whatever came back goes before what came later.
 * What is surprising: a probe that comes back with anything but BLOCKED opens the lane for draining, because
 * the brokers judged the message and no longer the right to send it; only a success forgets how long the
 * waits have become.
 */
#include "core/publish/lane.h"

void lane_init(struct lane *lane, const struct lane_backoff *backoff) {
  *lane = (struct lane){.backoff = backoff, .state = LANE_OPEN};
}

static int64_t grow(int64_t current_ms, int64_t first_ms, int64_t max_ms) {
  return current_ms == 0 ? first_ms : MIN(current_ms * 2, max_ms);
}

static void set_blocked(struct lane *lane, int64_t now_us) {
  lane->probe_ms = grow(lane->probe_ms, lane->backoff->probe_first_ms, lane->backoff->probe_max_ms);
  lane->probe_at_us = now_us + lane->probe_ms * 1000;
  lane->state = LANE_BLOCKED;
  lane->probe = NULL;
}

static void set_draining(struct lane *lane, int64_t now_us, bool wait) {
  if (lane->state == LANE_DRAINING && !wait) return;
  if (wait && (lane->state != LANE_DRAINING || lane->retry_at_us == 0)) {
    lane->retry_ms = grow(lane->retry_ms, lane->backoff->retry_first_ms, lane->backoff->retry_max_ms);
    lane->retry_at_us = now_us + lane->retry_ms * 1000;
  }
  lane->state = LANE_DRAINING;
  lane->probe = NULL;
}

bool lane_admits(const struct lane *lane, int64_t now_us) {
  if (lane->state != LANE_BLOCKED) return true;
  if (lane->probe != NULL) return lane->queued < LANE_BLOCKED_MAX;
  return now_us >= lane->probe_at_us && lane->held == 0 && lane->ambiguous == 0;
}

static void link_after(struct lane *lane, struct lane_item *place, struct lane_item *item) {
  item->previous = place;
  item->next = place == NULL ? lane->first : place->next;
  *(item->previous == NULL ? &lane->first : &item->previous->next) = item;
  *(item->next == NULL ? &lane->last : &item->next->previous) = item;
}

void lane_put(struct lane *lane, struct lane_item *item) {
  struct lane_item *place = lane->last;
  if (place != NULL && place->sequence > item->sequence) {
    place = lane->hint != NULL && lane->hint->sequence < item->sequence ? lane->hint : NULL;
    struct lane_item *next = place == NULL ? lane->first : place->next;
    for (; next != NULL && next->sequence < item->sequence; next = next->next) place = next;
  }
  link_after(lane, place, item);
  lane->hint = item;
  lane->queued++;
  lane->ambiguous += item->ambiguous;
  if (item->ambiguous && lane->state == LANE_OPEN) set_draining(lane, 0, false);
  item->queued = true;
  if (lane->state == LANE_BLOCKED && lane->probe == NULL && !item->ambiguous) lane->probe = item;
}

void lane_remove(struct lane *lane, struct lane_item *item) {
  if (!item->queued) return;
  *(item->previous == NULL ? &lane->first : &item->previous->next) = item->next;
  *(item->next == NULL ? &lane->last : &item->next->previous) = item->previous;
  if (lane->hint == item) lane->hint = item->previous;
  if (lane->probe == item) lane->probe = NULL;
  lane->queued--;
  lane->ambiguous -= item->ambiguous;
  item->queued = false;
  item->next = item->previous = NULL;
}

static bool drained(const struct lane *lane, int64_t now_us) {
  return lane->held == 0 && lane->ambiguous == 0 && !lane->reading && now_us >= lane->retry_at_us;
}

struct lane_item *lane_next(struct lane *lane, int64_t now_us) {
  if (lane->state == LANE_BLOCKED) {
    return lane->probe != NULL && lane->probe->queued ? lane->probe : NULL;
  }
  if (lane->state == LANE_DRAINING) {
    if (!drained(lane, now_us)) return NULL;
    lane->state = LANE_OPEN;
    lane->retry_at_us = 0;
  }
  struct lane_item *item = lane->first;
  if (item == NULL || lane->alone || (item->alone && lane->held > 0)) return NULL;
  return item;
}

void lane_hand_over(struct lane *lane, struct lane_item *item) {
  struct lane_item *probe = lane->probe;
  lane_remove(lane, item);
  lane->probe = probe;
  lane->held++;
  lane->alone = item->alone;
  item->held = true;
}

static enum lane_fate judge(struct lane *lane, struct lane_item *item, enum verdict verdict, int64_t now_us) {
  bool probe = lane->probe == item;
  bool blocked = lane->state == LANE_BLOCKED && !probe;
  switch (verdict) {
    case VERDICT_DONE:
      lane->retry_ms = lane->probe_ms = 0;
      if (probe) lane->state = LANE_OPEN;
      if (blocked) lane->probe_at_us = now_us;
      if (probe) lane->probe = NULL;
      return LANE_DONE;
    case VERDICT_POISON:
      if (item->alone && probe) set_draining(lane, now_us, false);
      if (item->alone) return LANE_GIVE_UP;
      if (blocked) return LANE_BUSY;
      item->alone = true;
      set_draining(lane, now_us, false);
      return LANE_AGAIN;
    case VERDICT_BLOCKED:
      if (!blocked) set_blocked(lane, now_us);
      return LANE_BUSY;
    case VERDICT_AMBIGUOUS:
    case VERDICT_FATAL:
      item->ambiguous = true;
      if (!blocked) set_draining(lane, now_us, false);
      return LANE_AGAIN;
    default:
      if (blocked) return LANE_BUSY;
      set_draining(lane, now_us, true);
      return LANE_AGAIN;
  }
}

enum lane_fate lane_take_back(struct lane *lane, struct lane_item *item, enum verdict verdict,
                              int64_t now_us) {
  lane->held--;
  lane->alone = false;
  item->held = false;
  enum lane_fate fate = judge(lane, item, verdict, now_us);
  if (fate == LANE_AGAIN) lane_put(lane, item);
  return fate;
}

enum lane_fate lane_refuse(struct lane *lane, struct lane_item *item, enum verdict verdict, int64_t now_us) {
  struct lane_item *probe = lane->probe;
  lane_remove(lane, item);
  lane->probe = probe;
  if (verdict == VERDICT_POISON) item->alone = true;
  if (verdict == VERDICT_FATAL) verdict = VERDICT_TRANSIENT;
  enum lane_fate fate = judge(lane, item, verdict, now_us);
  if (fate == LANE_AGAIN) lane_put(lane, item);
  return fate;
}

void lane_block(struct lane *lane, int64_t now_us) {
  if (lane->state != LANE_BLOCKED) set_blocked(lane, now_us);
}

void lane_probe_now(struct lane *lane, int64_t now_us) {
  if (lane->state == LANE_BLOCKED) lane->probe_at_us = MIN(lane->probe_at_us, now_us);
}

struct lane_item *lane_drop(struct lane *lane) {
  if (lane->state != LANE_BLOCKED || lane->probe != NULL) return NULL;
  struct lane_item *item = lane->first;
  while (item != NULL && item->ambiguous) item = item->next;
  if (item != NULL) lane_remove(lane, item);
  return item;
}

bool lane_wants_tail(const struct lane *lane, int64_t now_us) {
  return lane->ambiguous > 0 && lane->held == 0 && !lane->reading && now_us >= lane->retry_at_us;
}

void lane_tail_begins(struct lane *lane) { lane->reading = true; }

void lane_tail_failed(struct lane *lane, int64_t now_us) {
  lane->reading = false;
  lane->retry_ms = grow(lane->retry_ms, lane->backoff->retry_first_ms, lane->backoff->retry_max_ms);
  lane->retry_at_us = now_us + lane->retry_ms * 1000;
}

void lane_tail_resolved(struct lane *lane, struct lane_item *item) {
  lane->ambiguous -= item->ambiguous;
  item->ambiguous = false;
}

void lane_tail_ends(struct lane *lane) {
  lane->reading = false;
  lane->retry_at_us = 0;
}

int64_t lane_due_us(const struct lane *lane) {
  if (lane->reading || lane->held > 0) return INT64_MAX;
  if (lane->ambiguous > 0 || (lane->state == LANE_DRAINING && lane->queued > 0)) return lane->retry_at_us;
  return INT64_MAX;
}
