/*
 * What the publisher shows: its metrics, and the one sentence about what is wrong.
 */
#include <stdio.h>

#include "core/publish/engine.h"

static const struct metric_family published_family = {
    "iochub_topic_messages_total",
    "Messages acknowledged by all in-sync brokers, by topic.",
    METRIC_COUNTER,
    {"topic", NULL}};
static const struct metric_family errors_family = {
    "iochub_publish_errors_total",
    "Reports that were not a plain acknowledgement, by what they mean.",
    METRIC_COUNTER,
    {"verdict", NULL}};
static const struct metric_family latency_family = {
    "iochub_publish_seconds", "From taking a message to its acknowledgement.", METRIC_HISTOGRAM, {NULL}};
static const struct metric_family messages_family = {
    "iochub_publish_in_flight_messages", "Messages taken and not yet acknowledged.", METRIC_GAUGE, {NULL}};
static const struct metric_family bytes_family = {"iochub_publish_in_flight_bytes",
                                                  "Bytes of messages taken and not yet acknowledged.",
                                                  METRIC_GAUGE,
                                                  {NULL}};
static const struct metric_family oldest_family = {"iochub_publish_oldest_unacknowledged_seconds",
                                                   "Age of the oldest message not yet acknowledged.",
                                                   METRIC_GAUGE,
                                                   {NULL}};
static const struct metric_family blocked_family = {"iochub_publish_lanes_blocked",
                                                    "Topic partitions that nothing passes to, by topic.",
                                                    METRIC_GAUGE,
                                                    {"topic", NULL}};
static const struct metric_family rebuilds_family = {
    "iochub_producer_rebuilds_total", "Producers given up and made again.", METRIC_COUNTER, {NULL}};
static const struct metric_family tails_family = {
    "iochub_publish_tail_reads_total",
    "Partition tails read to learn the fate of messages, by result.",
    METRIC_COUNTER,
    {"result", NULL}};

static struct metric *series(struct metrics *metrics, const struct metric_family *family, const char *label) {
  return metrics_series(metrics, family, (const char *const[]){label, NULL});
}

void gauges_init(struct publisher *publisher, struct metrics *metrics) {
  static const char *const results[] = {"read", "failed", "denied", "beyond"};
  if (metrics == NULL) return;
  for (size_t i = 0; i < publisher->topics_count; i++) {
    struct topic *topic = &publisher->topics[i];
    topic->published = series(metrics, &published_family, topic->name);
    topic->blocked = series(metrics, &blocked_family, topic->name);
  }
  for (int i = VERDICT_POISON; i < VERDICTS; i++) {
    publisher->errors[i] = series(metrics, &errors_family, verdict_name((enum verdict)i));
  }
  for (size_t i = 0; i < LENGTH_OF(results); i++)
    publisher->tails[i] = series(metrics, &tails_family, results[i]);
  publisher->latency = series(metrics, &latency_family, NULL);
  publisher->in_flight_messages = series(metrics, &messages_family, NULL);
  publisher->in_flight_bytes = series(metrics, &bytes_family, NULL);
  publisher->oldest = series(metrics, &oldest_family, NULL);
  publisher->rebuilds = series(metrics, &rebuilds_family, NULL);
}

static void say_trouble(struct publisher *publisher, const struct partition *blocked,
                        const struct partition *degraded) {
  bool fatal = false;
  for (size_t i = 0; i < publisher->producers_count; i++)
    fatal |= publisher->producers[i].state != PRODUCER_UP;
  char *text = publisher->trouble;
  size_t size = sizeof publisher->trouble;
  if (fatal) {
    snprintf(text, size, "a producer is being made anew: %s",
             publisher->fatal_reason == NULL ? "it did not start" : publisher->fatal_reason);
  } else if (blocked != NULL) {
    snprintf(text, size, "topic %s is blocked: %s", blocked->topic->name,
             blocked->reason == NULL ? "unknown" : blocked->reason);
  } else if (degraded != NULL) {
    snprintf(text, size, "topic %s: no acknowledgement comes from partition %d", degraded->topic->name,
             degraded->id);
  } else if (!publisher->connected) {
    snprintf(text, size, "no broker answers at %s", publisher->config->kafka.bootstrap);
  } else {
    text[0] = '\0';
  }
}

void gauges_refresh(struct publisher *publisher, int64_t now_us) {
  const struct partition *blocked = NULL, *degraded = NULL;
  for (size_t i = 0; i < publisher->topics_count; i++) {
    struct topic *topic = &publisher->topics[i];
    int64_t count = 0;
    for (int j = 0; j < topic->lanes; j++) {
      if (topic->partitions[j]->lane.state == LANE_BLOCKED) {
        blocked = topic->partitions[j];
        count++;
      }
      if (topic->partitions[j]->degraded) degraded = topic->partitions[j];
    }
    if (topic->facts.presence == TOPIC_MISSING || topic->facts.presence == TOPIC_DENIED) {
      topic->room.reason = topic_facts_promise(&topic->facts);
      blocked = &topic->room;
      count = MAX(count, 1);
    }
    metric_set(topic->blocked, count);
  }
  const struct publish_item *oldest = publisher->flight.oldest;
  metric_set(publisher->in_flight_messages, (int64_t)publisher->flight.messages);
  metric_set(publisher->in_flight_bytes, (int64_t)publisher->flight.bytes);
  metric_set(publisher->oldest, oldest == NULL ? 0 : (now_us - oldest->taken_us) / SECOND_US);
  say_trouble(publisher, blocked, degraded);
}
