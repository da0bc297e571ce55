/*
 * producer.h: one idempotent librdkafka producer for one compression and size limit; its life, death and
 * successor.
 *
 *   up      takes messages
 *   ending  takes none; what it holds may still be reported, until a time limit
 *   down    gone; the next one is made when the backoff is over
 */
#ifndef CORE_PUBLISH_PRODUCER_H
#define CORE_PUBLISH_PRODUCER_H

#include <librdkafka/rdkafka.h>

#include "core/publish/timing.h"

enum producer_state { PRODUCER_DOWN, PRODUCER_UP, PRODUCER_ENDING };

struct undertaker; /* threads in which dead handles are destroyed, which may block */

struct producer {
  const struct hub_config *config;
  const struct publish_timing *timing;
  struct undertaker *undertaker;
  const char *compression;
  int64_t limit_bytes;
  int wake_fd;
  enum producer_state state;
  rd_kafka_t *kafka;       /* NULL when down */
  rd_kafka_queue_t *queue; /* its main queue: reports, errors, logs */
  size_t held;
  int64_t end_at_us;     /* ending: when what is left is called ambiguous */
  bool purged;
  int64_t rebuild_ms, rebuild_at_us;
  int64_t up_since_us;
  uint64_t rebuilds;
};

int undertaker_new(struct undertaker **ret_undertaker) must_use;
void undertaker_free(struct undertaker *); /* waits until all are destroyed */

/* Makes the handle. 0, -ENOMEM, -EINVAL (a property; said in the log), -EIO. */
int producer_start(struct producer *, int64_t now_us) must_use;

/* Stops taking. gently: requests under way may still be answered for drain_ms. */
void producer_end(struct producer *, bool gently, int64_t now_us);

/* Call now and then while ending. true: nothing more will be reported; call producer_bury() after what is
 * still held was taken back. */
bool producer_ended(struct producer *, int64_t now_us);

/* Hands the handle to the undertaker; the next one is due at rebuild_at_us. Topic handles must be gone. */
void producer_bury(struct producer *, int64_t now_us);

/* A message was acknowledged: the backoff starts anew. */
static inline void producer_well(struct producer *producer) { producer->rebuild_ms = 0; }

#endif
