/*
 * timing.h: how long the publisher waits for what. The hub uses publish_timing_default; tests are quicker.
 */
#ifndef CORE_PUBLISH_TIMING_H
#define CORE_PUBLISH_TIMING_H

#include "core/publish/lane.h"
#include "core/publish/publisher.h"

struct publish_timing {
  struct lane_backoff lane;
  int64_t rebuild_first_ms, rebuild_max_ms; /* between a dead producer and the next one */
  int64_t drain_ms;                         /* how long a dead producer's requests may still be answered */
  int64_t degraded_ms;                      /* no progress on a lane: said */
  int64_t give_up_ms;                       /* no progress on a lane: a new producer */
  int64_t tail_settle_ms;     /* a request of a dead connection may be appended that much later */
  int64_t tail_limit_ms;      /* without a record, while a tail is read; ten times that altogether */
  int64_t tail_records_max;   /* a tail that is longer is not read to its end */
  int64_t refresh_ms;         /* what the brokers tell about topics, once all are known */
  int64_t refresh_missing_ms; /* while a topic is unknown or missing */
};

extern const struct publish_timing publish_timing_default;

/* publisher_new() with other times; timing outlives the publisher. */
int publisher_new_timed(struct event_base *, struct metrics *, const struct hub_config *,
                        const struct publish_timing *, struct publisher **ret_publisher) must_use;

#endif
