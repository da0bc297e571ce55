/*
 * What goes by time: waits that are over, tails that were read, news about topics, producers that died, and
 * the watchdog. Only the watchdog sees a frozen broker or a topic denied in metadata: librdkafka reports
 * neither.
 */
#include "core/clock.h"
#include "core/log.h"
#include "core/publish/engine.h"

enum { TICK_US = 1000000 };

void repair_arm(struct publisher *publisher, int64_t at_us) {
  if (publisher->timer_at_us <= at_us) return;
  int64_t wait_us = MAX(at_us - clock_monotonic_us(), 0);
  struct timeval wait = {.tv_sec = wait_us / SECOND_US, .tv_usec = wait_us % SECOND_US};
  publisher->timer_at_us = at_us;
  event_add(publisher->timer, &wait);
}

/* Messages whose fate the tail is to tell, in the lane's order. What this process never sent was sent, if at
 * all, before it started. */
static int fill_job(struct partition *partition, struct tail_job *job, int64_t started_us) {
  size_t n = 0;
  job->after_offset = INT64_MAX;
  job->since_ms = INT64_MAX;
  job->sent_us = started_us;
  for (struct lane_item *at = partition->lane.first; at != NULL && n < job->count; at = at->next) {
    if (!at->ambiguous) continue;
    struct publish_item *item = CONTAINER_OF(at, struct publish_item, lane);
    const struct bus_event *event = item->publication->event;
    job->ids[n] = event->id;
    job->sequences[n] = at->sequence;
    job->after_offset = MIN(job->after_offset, item->after_offset);
    job->since_ms = MIN(job->since_ms, event->accepted_us / 1000);
    if (item->tried) job->sent_us = 0;
    n++;
  }
  job->count = n;
  return n > 0 ? 0 : -ENOENT;
}

void repair_tail(struct publisher *publisher, struct partition *partition, int64_t now_us) {
  struct tail_job *job = NULL;
  if (tail_job_new(partition->lane.ambiguous, &job) < 0 ||
      fill_job(partition, job, publisher->started_us) < 0) {
    tail_job_free(job);
    lane_tail_failed(&partition->lane, now_us);
    repair_arm(publisher, partition->lane.retry_at_us);
    return;
  }
  job->owner = partition;
  job->topic = partition->topic->name;
  job->partition = partition->id;
  lane_tail_begins(&partition->lane);
  tail_ask(publisher->tail, &job);
}

/* Both lists are in the order of sequence. */
static void resolve(struct publisher *publisher, struct partition *partition, const struct tail_job *job) {
  struct lane_item *at = partition->lane.first;
  for (size_t i = 0; i < job->count; i++) {
    while (at != NULL && at->sequence < job->sequences[i]) at = at->next;
    if (at == NULL) return;
    if (at->sequence != job->sequences[i]) continue;
    struct publish_item *item = CONTAINER_OF(at, struct publish_item, lane);
    at = at->next;
    lane_tail_resolved(&partition->lane, &item->lane);
    if (job->found[i]) {
      metric_add(partition->topic->published, 1);
      engine_finish(publisher, item, PUBLISH_DONE, NULL);
    } else if (item->withdrawn) {
      engine_finish(publisher, item, PUBLISH_BUSY, partition->reason);
    }
  }
}

static const char *tail_words(enum tail_result result) {
  switch (result) {
    case TAIL_READ: return "the tail was read";
    case TAIL_DENIED: return "the tail may not be read: what is unknown is sent again";
    case TAIL_BEYOND: return "the tail is too long to be read whole: what was not found is sent again";
    default: return "the tail could not be read yet";
  }
}

static void take_tail(struct publisher *publisher, const struct tail_job *job, int64_t now_us) {
  struct partition *partition = job->owner;
  size_t found = 0;
  for (size_t i = 0; i < job->count; i++) found += job->found[i];
  log_event(job->result == TAIL_READ ? LOG_INFO : LOG_WARNING, "publish", tail_words(job->result),
            log_text("topic", job->topic), log_int("partition", job->partition),
            log_int("asked", (int64_t)job->count), log_int("found", (int64_t)found),
            log_int("records", job->records));
  metric_add(publisher->tails[job->result - TAIL_READ], 1);
  if (job->result == TAIL_FAILED) {
    lane_tail_failed(&partition->lane, now_us);
  } else {
    resolve(publisher, partition, job);
    lane_tail_ends(&partition->lane);
  }
  engine_touch(publisher, partition);
}

static int grow_lanes(struct publisher *publisher, struct topic *topic) {
  int count = topic->facts.partitions;
  if (count <= topic->lanes) return 0;
  struct partition **grown = realloc(topic->partitions, (size_t)count * sizeof(struct partition *));
  if (grown == NULL) return -ENOMEM;
  topic->partitions = grown;
  for (; topic->lanes < count; topic->lanes++) {
    struct partition *partition = calloc(1, sizeof *partition);
    if (partition == NULL) return -ENOMEM;
    *partition = (struct partition){.topic = topic, .id = topic->lanes, .acked_offset = -1};
    lane_init(&partition->lane, &publisher->timing->lane);
    topic->partitions[topic->lanes] = partition;
  }
  return 0;
}

/* Those in the waiting room: to their lanes, or back when there is no topic. */
static void empty_room(struct publisher *publisher, struct topic *topic) {
  struct lane_item *at;
  while ((at = topic->room.lane.first) != NULL) {
    struct publish_item *item = CONTAINER_OF(at, struct publish_item, lane);
    lane_remove(&topic->room.lane, at);
    item->partition = NULL;
    engine_admit(publisher, item);
  }
}

static void topic_present(struct publisher *publisher, struct topic *topic, int64_t now_us) {
  if (grow_lanes(publisher, topic) < 0) {
    topic->facts.partitions = topic->lanes;
    topic->facts.presence = topic->lanes > 0 ? TOPIC_PRESENT : TOPIC_UNKNOWN;
  }
  if (topic->facts.partitions > 0) empty_room(publisher, topic);
  for (int i = 0; i < topic->lanes; i++) {
    if (topic->partitions[i]->lane.state == LANE_BLOCKED &&
        topic->partitions[i]->lane.probe_ms <= publisher->timing->lane.probe_first_ms) {
      lane_probe_now(&topic->partitions[i]->lane, now_us);
    }
  }
}

static void topic_gone(struct publisher *publisher, struct topic *topic, const char *reason, int64_t now_us) {
  for (int i = 0; i < topic->lanes; i++) engine_block(publisher, topic->partitions[i], reason, now_us);
  empty_room(publisher, topic);
}

static void tell_topic(const struct topic *topic, enum topic_presence before) {
  const struct topic_facts *facts = &topic->facts;
  bool good = facts->presence == TOPIC_PRESENT;
  if (good ? !facts->asked : facts->presence == before) return;
  log_event(good ? LOG_INFO : LOG_WARNING, "publish", "topic", log_text("topic", topic->name),
            log_text("promise", topic_facts_promise(facts)), log_int("partitions", facts->partitions),
            log_int("replication", facts->replication), log_int("min_insync", facts->min_insync),
            log_int("max_message_bytes", facts->max_message_bytes));
}

static bool facts_differ(const struct topic_facts *a, const struct topic_facts *b) {
  return a->presence != b->presence || a->partitions != b->partitions || a->replication != b->replication ||
         a->min_insync != b->min_insync || a->max_message_bytes != b->max_message_bytes ||
         a->asked != b->asked;
}

static void take_facts(struct publisher *publisher, struct topic *topic, const struct topic_facts *facts,
                       int64_t now_us) {
  struct topic_facts before = topic->facts;
  topic->facts = *facts;
  switch (facts->presence) {
    case TOPIC_PRESENT: topic_present(publisher, topic, now_us); break;
    case TOPIC_MISSING: topic_gone(publisher, topic, "the topic does not exist", now_us); break;
    case TOPIC_DENIED: topic_gone(publisher, topic, "the brokers deny the topic to the hub", now_us); break;
    default: break;
  }
  if (facts_differ(&before, &topic->facts)) tell_topic(topic, before.presence);
}

void repair_collect(struct publisher *publisher, int64_t now_us) {
  struct tail_job *job;
  while ((job = tail_collect(publisher->tail)) != NULL) {
    take_tail(publisher, job, now_us);
    tail_job_free(job);
  }
  bool reached = false;
  if (!topics_collect(publisher->asker, publisher->facts, &reached)) return;
  if (reached) publisher->connected = publisher->ever_connected = true;
  else publisher->connected = false;
  for (size_t i = 0; i < publisher->topics_count; i++) {
    take_facts(publisher, &publisher->topics[i], &publisher->facts[i], now_us);
  }
}

void repair_block_producer(struct publisher *publisher, struct producer *producer, const char *reason,
                           int64_t now_us) {
  for (size_t i = 0; i < publisher->topics_count; i++) {
    struct topic *topic = &publisher->topics[i];
    for (int j = 0; topic->producer == producer && j < topic->lanes; j++) {
      engine_block(publisher, topic->partitions[j], reason, now_us);
    }
  }
}

void repair_end_producer(struct publisher *publisher, struct producer *producer, bool gently,
                         const char *reason, int64_t now_us) {
  if (producer->state != PRODUCER_UP) return;
  producer_end(producer, gently, now_us);
  publisher->fatal_reason = reason;
  log_event(LOG_WARNING, "publish", "a producer is given up", log_text("reason", reason),
            log_int("held", (int64_t)producer->held), log_int("rebuilds", (int64_t)producer->rebuilds));
  repair_arm(publisher, now_us);
}

/* What the dead one never reported: perhaps in Kafka. */
static void take_back_held(struct publisher *publisher, struct producer *producer, int64_t now_us) {
  struct publish_item *next;
  for (struct publish_item *item = publisher->flight.oldest; item != NULL; item = next) {
    next = item->younger;
    if (!item->lane.held || item->topic->producer != producer) continue;
    engine_verdict(publisher, item, VERDICT_AMBIGUOUS, "the producer was given up", now_us);
  }
}

static void bury(struct publisher *publisher, struct producer *producer, int64_t now_us) {
  take_back_held(publisher, producer, now_us);
  for (size_t i = 0; i < publisher->topics_count; i++) {
    struct topic *topic = &publisher->topics[i];
    if (topic->producer != producer || topic->handle == NULL) continue;
    rd_kafka_topic_destroy(topic->handle);
    topic->handle = NULL;
  }
  producer_bury(producer, now_us);
  metric_add(publisher->rebuilds, 1);
}

static void revive(struct publisher *publisher, struct producer *producer, int64_t now_us) {
  if (producer_start(producer, now_us) < 0) {
    producer->rebuild_ms = MIN(MAX(producer->rebuild_ms * 2, 1000), producer->timing->rebuild_max_ms);
    producer->rebuild_at_us = now_us + producer->rebuild_ms * 1000;
    return;
  }
  log_event(LOG_INFO, "publish", "a new producer is up", log_int("rebuilds", (int64_t)producer->rebuilds));
  for (size_t i = 0; i < publisher->topics_count; i++) {
    struct topic *topic = &publisher->topics[i];
    for (int j = 0; topic->producer == producer && j < topic->lanes; j++) {
      engine_touch(publisher, topic->partitions[j]);
    }
  }
}

static void care_producer(struct publisher *publisher, struct producer *producer, int64_t now_us) {
  if (producer->state == PRODUCER_ENDING) {
    if (producer_ended(producer, now_us)) bury(publisher, producer, now_us);
    else repair_arm(publisher, now_us + 50000);
  }
  if (producer->state != PRODUCER_DOWN || publisher->stopping) return;
  if (now_us >= producer->rebuild_at_us) revive(publisher, producer, now_us);
  else repair_arm(publisher, producer->rebuild_at_us);
}

static void watch_lane(struct publisher *publisher, struct partition *partition, int64_t now_us) {
  if (partition->lane.held == 0) return;
  int64_t stalled_ms = (now_us - partition->progress_us) / 1000;
  if (stalled_ms < publisher->timing->degraded_ms) return;
  if (!partition->degraded) {
    partition->degraded = true;
    log_event(LOG_WARNING, "publish", "no acknowledgement comes", log_text("topic", partition->topic->name),
              log_int("partition", partition->id), log_int("seconds", stalled_ms / 1000),
              log_int("held", (int64_t)partition->lane.held));
  }
  if (stalled_ms < publisher->timing->give_up_ms) return;
  repair_end_producer(publisher, partition->topic->producer, false, "no acknowledgement came for too long",
                      now_us);
}

void repair_tick(struct publisher *publisher, int64_t now_us) {
  publisher->timer_at_us = INT64_MAX;
  for (size_t i = 0; i < publisher->producers_count; i++)
    care_producer(publisher, &publisher->producers[i], now_us);
  for (size_t i = 0; i < publisher->topics_count; i++) {
    struct topic *topic = &publisher->topics[i];
    for (int j = 0; j < topic->lanes; j++) {
      watch_lane(publisher, topic->partitions[j], now_us);
      if (lane_due_us(&topic->partitions[j]->lane) <= now_us) engine_touch(publisher, topic->partitions[j]);
    }
  }
  gauges_refresh(publisher, now_us);
  repair_arm(publisher, now_us + MIN(TICK_US, publisher->timing->degraded_ms * 1000));
}
