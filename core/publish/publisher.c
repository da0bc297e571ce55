/*
 * The publisher's calls and its life.
 *
 * One eventfd wakes the loop for all that happens on other threads: reports, tails, news about topics.
 * Whatever the reason, the same three steps follow: take what is new, let the lanes work, tell the owners.
 */
#include "core/publish/publisher.h"

#include <poll.h>
#include <sys/eventfd.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/publish/engine.h"
#include "core/publish/properties.h"

enum { DEFAULT_LIMIT_BYTES = 1000000 };

const struct publish_timing publish_timing_default = {
    .lane = {.probe_first_ms = 5000, .probe_max_ms = 300000, .retry_first_ms = 200, .retry_max_ms = 5000},
    .rebuild_first_ms = 1000,
    .rebuild_max_ms = 300000,
    .drain_ms = 10000,
    .degraded_ms = 60000,
    .give_up_ms = 300000,
    .tail_settle_ms = 2000,
    .tail_limit_ms = 30000,
    .tail_records_max = 1000000,
    .refresh_ms = 60000,
    .refresh_missing_ms = 500,
};

static void turn(struct publisher *publisher) {
  engine_work(publisher);
  engine_settle(publisher);
  engine_work(publisher);
}

static void on_wake(evutil_socket_t fd, short what, void *context) {
  struct publisher *publisher = context;
  uint64_t count;
  if (read(publisher->wake_fd, &count, sizeof count) < 0 && errno != EAGAIN) return;
  engine_serve(publisher);
  int64_t now_us = clock_monotonic_us();
  repair_collect(publisher, now_us);
  for (size_t i = 0; i < publisher->producers_count; i++) {
    if (publisher->producers[i].state == PRODUCER_ENDING) repair_arm(publisher, now_us);
  }
  turn(publisher);
}

static void on_timer(evutil_socket_t fd, short what, void *context) {
  struct publisher *publisher = context;
  repair_tick(publisher, clock_monotonic_us());
  turn(publisher);
}

static void on_settle(evutil_socket_t fd, short what, void *context) { turn(context); }

static int by_name(const void *a, const void *b) {
  return strcmp(((const struct topic *)a)->name, ((const struct topic *)b)->name);
}

static struct producer *producer_for(struct publisher *publisher, const char *compression,
                                     int64_t limit_bytes) {
  for (size_t i = 0; i < publisher->producers_count; i++) {
    struct producer *producer = &publisher->producers[i];
    if (producer->limit_bytes == limit_bytes && strcmp(producer->compression, compression) == 0)
      return producer;
  }
  struct producer *producer = &publisher->producers[publisher->producers_count++];
  *producer = (struct producer){
      .config = publisher->config,
      .timing = publisher->timing,
      .undertaker = publisher->undertaker,
      .compression = compression,
      .limit_bytes = limit_bytes,
      .wake_fd = publisher->wake_fd,
  };
  return producer;
}

static int make_topics(struct publisher *publisher) {
  size_t count = 0;
  for (const struct config_topic *at = publisher->config->topics; at != NULL; at = at->next) count++;
  publisher->topics = calloc(count + 1, sizeof *publisher->topics);
  publisher->producers = calloc(count + 1, sizeof *publisher->producers);
  publisher->names = calloc(count + 1, sizeof *publisher->names);
  publisher->facts = calloc(count + 1, sizeof *publisher->facts);
  if (publisher->topics == NULL || publisher->producers == NULL || publisher->names == NULL ||
      publisher->facts == NULL) {
    return -ENOMEM;
  }
  for (const struct config_topic *at = publisher->config->topics; at != NULL; at = at->next) {
    struct topic *topic = &publisher->topics[publisher->topics_count++];
    int64_t limit_bytes = at->max_message_bytes > 0 ? at->max_message_bytes : DEFAULT_LIMIT_BYTES;
    topic->name = at->name;
    topic->producer =
        producer_for(publisher, at->compression == NULL ? "zstd" : at->compression, limit_bytes);
    topic->facts = (struct topic_facts){TOPIC_UNKNOWN, -1, -1, -1, -1, false};
  }
  qsort(publisher->topics, publisher->topics_count, sizeof *publisher->topics, by_name);
  for (size_t i = 0; i < publisher->topics_count; i++) {
    struct topic *topic = &publisher->topics[i];
    topic->room = (struct partition){.topic = topic, .id = -1, .acked_offset = -1};
    lane_init(&topic->room.lane, &publisher->timing->lane);
    publisher->names[i] = topic->name;
  }
  return 0;
}

static int make_events(struct publisher *publisher) {
  publisher->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (publisher->wake_fd < 0) return -errno;
  publisher->wake = event_new(publisher->base, publisher->wake_fd, EV_READ | EV_PERSIST, on_wake, publisher);
  publisher->timer = event_new(publisher->base, -1, 0, on_timer, publisher);
  publisher->settle = event_new(publisher->base, -1, 0, on_settle, publisher);
  if (publisher->wake == NULL || publisher->timer == NULL || publisher->settle == NULL) return -ENOMEM;
  return event_add(publisher->wake, NULL) < 0 ? -ENOMEM : 0;
}

static int check_properties(const struct hub_config *config) {
  struct config_errors errors = CONFIG_ERRORS_INIT;
  properties_check(config, &errors);
  unsigned count = errors.errors;
  if (count > 0) log_event(LOG_ERROR, "publish", "refused", log_text("reason", errors.text.data));
  config_errors_deinit(&errors);
  return count > 0 ? -EINVAL : 0;
}

static int start_producers(struct publisher *publisher) {
  int64_t now_us = clock_monotonic_us();
  for (size_t i = 0; i < publisher->producers_count; i++) {
    int r = producer_start(&publisher->producers[i], now_us);
    if (r < 0) return r;
  }
  return 0;
}

static int publisher_open(struct publisher *publisher) {
  int r = check_properties(publisher->config);
  if (r == 0) r = make_events(publisher);
  if (r == 0) r = flight_init(&publisher->flight);
  if (r == 0) r = undertaker_new(&publisher->undertaker);
  if (r == 0) r = make_topics(publisher);
  if (r == 0) r = start_producers(publisher);
  if (r == 0) r = tail_new(publisher->config, publisher->timing, publisher->wake_fd, &publisher->tail);
  if (r == 0) {
    r = topics_new(publisher->config, publisher->timing, publisher->names, publisher->topics_count,
                   publisher->wake_fd, &publisher->asker);
  }
  return r;
}

int publisher_new_timed(struct event_base *base, struct metrics *metrics, const struct hub_config *config,
                        const struct publish_timing *timing, struct publisher **ret_publisher) {
  struct publisher *publisher = calloc(1, sizeof *publisher);
  if (publisher == NULL) return -ENOMEM;
  publisher->base = base;
  publisher->config = config;
  publisher->timing = timing;
  publisher->wake_fd = -1;
  publisher->timer_at_us = INT64_MAX;
  publisher->started_us = clock_monotonic_us();
  publisher->work_end = &publisher->work;
  publisher->finished_end = &publisher->finished;
  int r = publisher_open(publisher);
  if (r < 0) {
    publisher_free(publisher, 0);
    return r;
  }
  gauges_init(publisher, metrics);
  repair_arm(publisher, clock_monotonic_us());
  *ret_publisher = publisher;
  return 0;
}

int publisher_new(struct event_base *base, struct metrics *metrics, const struct hub_config *config,
                  struct publisher **ret_publisher) {
  return publisher_new_timed(base, metrics, config, &publish_timing_default, ret_publisher);
}

void publisher_check(const struct hub_config *config, struct config_errors *errors) {
  properties_check(config, errors);
}

static void flush(struct publisher *publisher, int timeout_ms) {
  int64_t limit_us = clock_monotonic_us() + (int64_t)timeout_ms * 1000;
  while (publisher->flight.messages > 0 && clock_monotonic_us() < limit_us) {
    struct pollfd wake = {.fd = publisher->wake_fd, .events = POLLIN};
    if (poll(&wake, 1, 10) < 0 && errno != EINTR) return;
    on_wake(publisher->wake_fd, EV_READ, publisher);
    on_timer(-1, EV_TIMEOUT, publisher);
  }
}

static void end_producers(struct publisher *publisher) {
  for (size_t i = 0; i < publisher->topics_count; i++) {
    if (publisher->topics[i].handle != NULL) rd_kafka_topic_destroy(publisher->topics[i].handle);
  }
  for (size_t i = 0; i < publisher->producers_count; i++) {
    struct producer *producer = &publisher->producers[i];
    if (producer->kafka == NULL) continue;
    producer_end(producer, false, 0);
    producer_bury(producer, 0);
  }
}

static void free_topics(struct publisher *publisher) {
  for (size_t i = 0; i < publisher->topics_count; i++) {
    struct topic *topic = &publisher->topics[i];
    for (int j = 0; j < topic->lanes; j++) free(topic->partitions[j]);
    free(topic->partitions);
  }
  free(publisher->topics);
  free(publisher->producers);
  free(publisher->names);
  free(publisher->facts);
}

static void free_finished(struct publisher *publisher) {
  struct publish_item *item = publisher->finished;
  while (item != NULL) {
    struct publish_item *next = item->next;
    item->publication->item = NULL;
    free(item);
    item = next;
  }
}

void publisher_free(struct publisher *publisher, int timeout_ms) {
  if (publisher == NULL) return;
  publisher->room = NULL;
  if (publisher->asker != NULL && publisher->tail != NULL) flush(publisher, timeout_ms);
  publisher->stopping = true;
  if (publisher->tail != NULL) tail_stop(publisher->tail);
  if (publisher->asker != NULL) topics_stop(publisher->asker);
  end_producers(publisher);
  undertaker_free(publisher->undertaker);
  tail_free(publisher->tail);
  topics_free(publisher->asker);
  free_topics(publisher);
  free_finished(publisher);
  flight_deinit(&publisher->flight);
  if (publisher->wake != NULL) event_free(publisher->wake);
  if (publisher->timer != NULL) event_free(publisher->timer);
  if (publisher->settle != NULL) event_free(publisher->settle);
  if (publisher->wake_fd >= 0) close(publisher->wake_fd);
  free(publisher);
}

static bool over_bounds(const struct publisher *publisher) {
  const struct config_kafka *kafka = &publisher->config->kafka;
  return (int64_t)publisher->flight.messages >= kafka->in_flight_messages ||
         (int64_t)publisher->flight.bytes >= kafka->in_flight_bytes;
}

int publisher_send(struct publisher *publisher, struct publication *publication) {
  struct topic *topic = engine_topic(publisher, publication->event->topic);
  struct publish_item *item = flight_begin(&publisher->flight, publication, topic, clock_monotonic_us());
  if (item == NULL) return -ENOMEM;
  if (over_bounds(publisher)) publisher->full = true;
  if (topic == NULL) {
    engine_finish(publisher, item, PUBLISH_BUSY, "the topic is not in the catalogue");
  } else if (flight_gate(&publisher->flight, item)) {
    engine_admit(publisher, item);
    engine_work(publisher);
  }
  if (publisher->finished != NULL) event_active(publisher->settle, EV_TIMEOUT, 1);
  return 0;
}

bool publisher_withdraw(struct publisher *publisher, struct publication *publication) {
  struct publish_item *item = publication->item;
  if (item == NULL || item->finished) return false;
  if (item->lane.held || item->lane.ambiguous) {
    item->withdrawn = true;
    return false;
  }
  item->withdrawn = true;
  struct partition *partition = item->partition;
  if (partition == NULL) flight_leave(&publisher->flight, item);
  else lane_remove(&partition->lane, &item->lane);
  struct publish_item *behind;
  while ((behind = flight_behind(&publisher->flight, item)) != NULL) {
    engine_finish(publisher, behind, PUBLISH_BUSY, "an earlier message of its key was withdrawn");
  }
  flight_end(&publisher->flight, item);
  publication->item = NULL;
  flight_release(&publisher->flight, item);
  if (partition != NULL) engine_touch(publisher, partition);
  event_active(publisher->settle, EV_TIMEOUT, 1);
  return true;
}

bool publisher_has_room(const struct publisher *publisher) { return !publisher->full; }

void publisher_on_room(struct publisher *publisher, void (*room)(void *context), void *context) {
  publisher->room = room;
  publisher->room_context = context;
}

void publisher_state(const struct publisher *publisher, struct publisher_state *ret_state) {
  *ret_state = (struct publisher_state){
      .connected = publisher->connected,
      .in_flight_messages = publisher->flight.messages,
      .in_flight_bytes = publisher->flight.bytes,
      .trouble = publisher->trouble[0] == '\0' ? NULL : publisher->trouble,
  };
  const struct publish_item *oldest = publisher->flight.oldest;
  if (oldest != NULL) ret_state->oldest_us = clock_monotonic_us() - oldest->taken_us;
  for (size_t i = 0; i < publisher->producers_count; i++) {
    ret_state->fatal |= publisher->producers[i].state != PRODUCER_UP;
  }
  for (size_t i = 0; i < publisher->topics_count; i++) {
    const struct topic *topic = &publisher->topics[i];
    ret_state->lanes += (size_t)topic->lanes;
    for (int j = 0; j < topic->lanes; j++) {
      ret_state->lanes_blocked += topic->partitions[j]->lane.state == LANE_BLOCKED;
    }
  }
}

size_t publisher_topics(const struct publisher *publisher, struct topic_promise *ret_list, size_t capacity) {
  size_t count = MIN(capacity, publisher->topics_count);
  for (size_t i = 0; i < count; i++) {
    const struct topic *topic = &publisher->topics[i];
    ret_list[i] = (struct topic_promise){
        .topic = topic->name,
        .partitions = topic->facts.partitions,
        .replication = topic->facts.replication,
        .min_insync = topic->facts.min_insync,
        .max_message_bytes = topic->facts.max_message_bytes,
        .promise = topic_facts_promise(&topic->facts),
    };
  }
  return publisher->topics_count;
}
