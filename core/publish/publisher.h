/*
 * publisher.h: events to Kafka, and the truth about each of them.
 *
 * Runs on the loop; librdkafka wakes it through a file descriptor. Behind it: one idempotent producer for
 * each distinct compression and size limit (producer.c), one lane for each topic-partition (lane.c), the
 * meaning of each error (verdict.c), reading a partition's tail where a report is ambiguous (tail.c), and
 * what the brokers promise for each topic (topics.c). A success report without an offset is never believed.
 */
#ifndef CORE_PUBLISH_PUBLISHER_H
#define CORE_PUBLISH_PUBLISHER_H

#include "core/config/hub_config.h"
#include "core/message/event.h"
#include "core/metrics.h"

struct event_base;
struct publisher;

enum publish_outcome {
  PUBLISH_DONE =
      1,          /* acknowledged by all in-sync brokers, with an offset, or found in the partition's tail */
  PUBLISH_POISON, /* the brokers refuse this very message, also alone: dead letter */
  PUBLISH_BUSY,   /* its lane is blocked or the bounds are reached: "try again"; it is not in Kafka */
};

/* One event on its way; embedded in its owner, who keeps it and the event until done is called. */
struct publication {
  const struct bus_event *event;
  void (*done)(struct publication *, enum publish_outcome,
               const char *reason); /* reason: constant; NULL when done */
  struct publish_item *item;        /* the publisher's; NULL: not under way */
  /* A process that died may have sent it: the partition's tail is read before it is sent, from accepted_us
   * on. Where the tail may not be read it is sent again. */
  bool perhaps;
};

/* Starts producers for the catalogue's topics. Does not wait for a broker. */
int publisher_new(struct event_base *, struct metrics *, const struct hub_config *,
                  struct publisher **ret_publisher) must_use;

/* What is wrong with the configuration for this librdkafka (kafka.properties): for `check`. publisher_new()
 * refuses the same with -EINVAL. */
void publisher_check(const struct hub_config *, struct config_errors *);

/* Stops taking, flushes at most timeout_ms, purges. done is not called for what is left. */
void publisher_free(struct publisher *, int timeout_ms);

/* Hands an event over. done comes later, from the loop, never from inside this call. Returns 0 or -ENOMEM. */
int publisher_send(struct publisher *, struct publication *) must_use;

/* Its owner stops waiting. true: it was dropped, is not in Kafka, done will not come. false: librdkafka holds
 * it, done comes when its fate is known. */
bool publisher_withdraw(struct publisher *, struct publication *);

/* Bounds: false when in-flight messages or bytes are at their limit; `room` is called on the loop when it is
 * true again. One payload larger than the bound passes alone. */
bool publisher_has_room(const struct publisher *);
void publisher_on_room(struct publisher *, void (*room)(void *context), void *context);

/* Waits for nothing: what is known now. Written for /readyz, `check --live` and the start's log. */
struct publisher_state {
  bool connected; /* a broker answered lately */
  bool fatal;     /* a producer is being rebuilt */
  size_t lanes, lanes_blocked;
  size_t in_flight_messages, in_flight_bytes;
  int64_t oldest_us;   /* age of the oldest unacknowledged message, 0: none */
  const char *trouble; /* one sentence about the most recent trouble that holds on; NULL: none */
};
void publisher_state(const struct publisher *, struct publisher_state *ret_state);

/* Per topic: what the brokers told (replication, min.insync.replicas, max.message.bytes), what it is worth.
 */
struct topic_promise {
  const char *topic;
  int partitions, replication, min_insync; /* -1: not known yet, or the broker does not tell */
  int64_t max_message_bytes;
  const char *promise; /* "safe", "relaxed: one copy", "unknown: …" */
};
size_t publisher_topics(const struct publisher *, struct topic_promise *ret_list, size_t capacity);

#endif
