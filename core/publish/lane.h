/*
 * lane.h: one topic-partition as the publisher sees it. A state machine without I/O: the publisher hands
 * messages to librdkafka, the lane says which one may go and what a verdict on it means.
 *
 *   open      messages go as they come
 *   draining  something went wrong: nothing more goes until all that librdkafka holds came back; then, after
 *             a look into the partition's tail where a fate is unknown, it goes on from the oldest
 *   blocked   nothing passes until somebody changes rights or topics: what waits is given back, and from time
 *             to time one message is let through as a probe; up to LANE_BLOCKED_MAX wait for its fate
 */
#ifndef CORE_PUBLISH_LANE_H
#define CORE_PUBLISH_LANE_H

#include "core/publish/verdict.h"

enum { LANE_BLOCKED_MAX = 64 };

enum lane_state { LANE_OPEN, LANE_DRAINING, LANE_BLOCKED };

struct lane_item { /* embedded in the publisher's item; sequence is the caller's, rising */
  struct lane_item *next, *previous;
  uint64_t sequence;
  bool queued; /* in the lane's queue */
  bool held;   /* with librdkafka */
  bool alone;     /* to be sent with nothing else on the lane */
  bool ambiguous; /* perhaps in Kafka: waits for the tail */
};

struct lane_backoff { /* milliseconds */
  int64_t probe_first_ms, probe_max_ms, retry_first_ms, retry_max_ms;
};

struct lane {
  const struct lane_backoff *backoff;
  enum lane_state state;
  struct lane_item *first, *last; /* the queue: what librdkafka does not hold, by sequence */
  struct lane_item *hint;         /* where the last one was put: those that come back do so in order */
  struct lane_item *probe;        /* blocked: on its way as a probe */
  size_t queued, held, ambiguous;
  bool alone;   /* what is held is to be alone */
  bool reading; /* the tail is being read */
  int64_t retry_ms, retry_at_us, probe_ms, probe_at_us;
};

void lane_init(struct lane *, const struct lane_backoff *);

/* May a new message join? false: the lane is blocked, "try again". A blocked lane takes one as probe when it
 * is time. */
bool lane_admits(const struct lane *, int64_t now_us);

/* Into the queue. On a blocked lane the first one becomes the probe; one that is ambiguous already (sent by a
 * process that died) makes an open lane drain, so that the tail is read first. */
void lane_put(struct lane *, struct lane_item *);
void lane_remove(struct lane *, struct lane_item *);

/* The message that may go to librdkafka now; NULL: none. It stays in the queue until lane_hand_over(). */
struct lane_item *lane_next(struct lane *, int64_t now_us);
void lane_hand_over(struct lane *, struct lane_item *);

enum lane_fate {
  LANE_DONE,    /* published */
  LANE_AGAIN,   /* back in the queue */
  LANE_GIVE_UP, /* poison: refused also alone */
  LANE_BUSY,    /* not in Kafka, and the lane is blocked */
};

/* A held message came back. When the lane is blocked afterwards the caller gives back what lane_drop()
 * yields. */
enum lane_fate lane_take_back(struct lane *, struct lane_item *, enum verdict, int64_t now_us) must_use;

/* A message in the queue was refused by produce() itself. */
enum lane_fate lane_refuse(struct lane *, struct lane_item *, enum verdict, int64_t now_us) must_use;

/* From outside (credentials, a topic that is missing). */
void lane_block(struct lane *, int64_t now_us);

/* What blocked it may be over: the next message is a probe. */
void lane_probe_now(struct lane *, int64_t now_us);

/* Takes the next waiting message of known fate out of a blocked lane's queue; NULL: none left. */
struct lane_item *lane_drop(struct lane *);

/* Time to read the tail: everything came back and the fate of something is unknown. */
bool lane_wants_tail(const struct lane *, int64_t now_us);
void lane_tail_begins(struct lane *);
void lane_tail_failed(struct lane *, int64_t now_us); /* later again */
/* One ambiguous message was not found (it waits in the queue again), or was found (take it out by
 * lane_remove()). */
void lane_tail_resolved(struct lane *, struct lane_item *);
void lane_tail_ends(struct lane *);

/* When to look at the lane again without any report; INT64_MAX: no need. */
int64_t lane_due_us(const struct lane *);

#endif
