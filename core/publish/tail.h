/*
 * tail.h: is it in Kafka? Reads the end of a partition by event id, on a thread of its own.
 *
 * It waits tail_settle_ms before it calls something missing: a request that was under way when its connection
 * died may still be appended. It reads at most tail_records_max records and for a bounded time, so that a
 * lane never waits for ever for a partition that others fill. Needs the right to read the topic.
 */
#ifndef CORE_PUBLISH_TAIL_H
#define CORE_PUBLISH_TAIL_H

#include "core/message/event.h"
#include "core/publish/timing.h"

struct tail;

enum tail_result {
  TAIL_PENDING,
  TAIL_READ,   /* found[] is the truth */
  TAIL_FAILED, /* no answer, or not in time: ask again */
  TAIL_DENIED, /* may not be read: the truth cannot be known here */
  TAIL_BEYOND, /* too much stands behind the start: found[] holds for what was met, the rest cannot be known
                */
};

struct tail_job {
  struct tail_job *next;
  void *owner;
  const char *topic; /* outlives the job */
  int32_t partition;
  int64_t after_offset; /* it is behind this one; < 0: not known, then by time */
  int64_t since_ms;     /* no message in question has an earlier Kafka timestamp */
  int64_t sent_us;      /* monotonic: nothing of it was sent later; 0: perhaps up to now */
  size_t count;
  struct event_id *ids;
  uint64_t *sequences; /* the owner's */
  bool *found;
  uint32_t *by_id; /* the thread's: indexes, sorted by id */
  size_t missing;  /* the thread's: not found yet */
  enum tail_result result;
  int64_t records; /* how many were read */
};

/* Jobs that are done come back by tail_collect(); wake_fd (an eventfd) tells when. */
int tail_new(const struct hub_config *, const struct publish_timing *, int wake_fd,
             struct tail **ret_tail) must_use;
void tail_stop(struct tail *); /* asks the thread to end, does not wait */
void tail_free(struct tail *); /* waits for it */

int tail_job_new(size_t count, struct tail_job **ret_job) must_use;
void tail_job_free(struct tail_job *);

void tail_ask(struct tail *, struct tail_job **job);
struct tail_job *tail_collect(struct tail *); /* one that is done, yours; NULL: none */

#endif
