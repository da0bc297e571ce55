/*
 * engine.h: the publisher's own parts, shared by publisher.c (its calls), engine.c (the way of a message
 * through lane and producer), repair.c (time, tails, topics, dead producers) and gauges.c (what is shown).
 * All on the loop.
 */
#ifndef CORE_PUBLISH_ENGINE_H
#define CORE_PUBLISH_ENGINE_H

#include <event2/event.h>

#include "core/publish/flight.h"
#include "core/publish/producer.h"
#include "core/publish/tail.h"
#include "core/publish/topics.h"

struct partition {
  struct lane lane;
  struct topic *topic;
  int32_t id;           /* -1: the topic's waiting room while its partitions are not known */
  int64_t acked_offset; /* highest acknowledged; -1: none yet */
  int64_t progress_us;  /* last report, or since when something is held */
  const char *reason;   /* why it is blocked or draining; constant */
  bool waiting;         /* in publisher.work */
  bool degraded, told;  /* said in the log */
  struct partition *next_work;
};

struct topic {
  const char *name;
  struct producer *producer;
  rd_kafka_topic_t *handle; /* of the producer's present life */
  struct topic_facts facts;
  struct partition room; /* waiting room */
  struct partition **partitions;
  int lanes; /* partitions ever seen; facts.partitions is today's count */
  struct metric *published, *blocked;
};

struct publisher {
  struct event_base *base;
  const struct hub_config *config;
  const struct publish_timing *timing;
  int wake_fd;
  struct event *wake, *timer, *settle;
  int64_t timer_at_us, started_us;
  struct flight flight;
  struct topic *topics;
  size_t topics_count;
  const char **names;
  struct producer *producers;
  size_t producers_count;
  struct undertaker *undertaker;
  struct tail *tail;
  struct topics *asker;
  struct topic_facts *facts;          /* scratch for topics_collect() */
  struct partition *work, **work_end; /* lanes with something to do */
  bool starved;                       /* some of them wait for the bounds */
  bool working;
  size_t held_messages, held_bytes; /* with librdkafka */
  struct publish_item *finished, **finished_end;
  bool settling;
  bool full, stopping;
  void (*room)(void *context);
  void *room_context;
  bool connected, ever_connected;
  const char *fatal_reason;
  char trouble[256];
  int64_t log_second; /* librdkafka's own lines are few a second */
  unsigned log_lines;
  struct metric *errors[VERDICTS], *in_flight_messages, *in_flight_bytes, *oldest, *lanes_blocked, *rebuilds;
  struct metric *latency, *tails[4];
};

/* engine.c */
void engine_admit(struct publisher *, struct publish_item *); /* it owns its key: to its lane, or busy */
void engine_touch(struct publisher *, struct partition *);    /* has something to do */
void engine_work(struct publisher *);                         /* does it */
void engine_finish(struct publisher *, struct publish_item *, enum publish_outcome, const char *reason);
void engine_settle(struct publisher *); /* calls done of the finished */
void engine_verdict(struct publisher *, struct publish_item *, enum verdict, const char *reason,
                    int64_t now_us);
void engine_block(struct publisher *, struct partition *, const char *reason, int64_t now_us);
void engine_serve(struct publisher *); /* reads the producers' queues */
struct topic *engine_topic(const struct publisher *, const char *name);

/* repair.c */
void repair_tick(struct publisher *, int64_t now_us);
void repair_arm(struct publisher *, int64_t at_us); /* look again then */
void repair_tail(struct publisher *, struct partition *, int64_t now_us);
void repair_collect(struct publisher *, int64_t now_us); /* news of the helper threads */
void repair_end_producer(struct publisher *, struct producer *, bool gently, const char *reason,
                         int64_t now_us);
void repair_block_producer(struct publisher *, struct producer *, const char *reason, int64_t now_us);

/* gauges.c */
void gauges_init(struct publisher *, struct metrics *);
void gauges_refresh(struct publisher *, int64_t now_us);

#endif
