/*
 * The way of a message: lane, producer, report, verdict, fate.
 *
 * Lanes with something to do stand in one list and are served in turn, so that none starves another at the
 * bounds. done is called from one place only, after all lanes are consistent, because its owner may send or
 * withdraw from inside it.
 */
#include "core/publish/engine.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/publish/envelope.h"

enum { TURN_MESSAGES = 256, EVENTS_A_WAKE = 256, REPORTS_AT_ONCE = 64, LOG_LINES_A_SECOND = 10 };

struct topic *engine_topic(const struct publisher *publisher, const char *name) {
  size_t low = 0, high = publisher->topics_count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    int order = strcmp(name, publisher->topics[middle].name);
    if (order == 0) return &publisher->topics[middle];
    if (order < 0) high = middle;
    else low = middle + 1;
  }
  return NULL;
}

static void finish_one(struct publisher *publisher, struct publish_item *item, enum publish_outcome outcome,
                       const char *reason) {
  if (item->partition != NULL) lane_remove(&item->partition->lane, &item->lane);
  item->finished = true;
  item->outcome = outcome;
  item->reason = reason;
  item->next = NULL;
  *publisher->finished_end = item;
  publisher->finished_end = &item->next;
}

/* What waits behind a message that did not get through goes back as well: it must not overtake it. */
void engine_finish(struct publisher *publisher, struct publish_item *item, enum publish_outcome outcome,
                   const char *reason) {
  if (item->finished) return;
  finish_one(publisher, item, outcome, reason);
  struct publish_item *behind;
  while (outcome == PUBLISH_BUSY && (behind = flight_behind(&publisher->flight, item)) != NULL) {
    finish_one(publisher, behind, outcome, reason);
    flight_end(&publisher->flight, behind);
  }
  struct publish_item *heir = flight_end(&publisher->flight, item);
  if (heir != NULL) engine_admit(publisher, heir);
}

static void check_room(struct publisher *publisher) {
  const struct config_kafka *kafka = &publisher->config->kafka;
  if (!publisher->full) return;
  bool low = (int64_t)publisher->flight.messages <= kafka->in_flight_messages * 3 / 4 &&
             (int64_t)publisher->flight.bytes <= kafka->in_flight_bytes * 3 / 4;
  if (!low && publisher->flight.messages > 0) return;
  publisher->full = false;
  if (publisher->room != NULL) publisher->room(publisher->room_context);
}

void engine_settle(struct publisher *publisher) {
  if (publisher->settling) return;
  publisher->settling = true;
  struct publish_item *item = publisher->finished;
  publisher->finished = NULL; /* what done() finishes anew has its own turn */
  publisher->finished_end = &publisher->finished;
  while (item != NULL) {
    struct publish_item *next = item->next;
    struct publication *publication = item->publication;
    enum publish_outcome outcome = item->outcome;
    const char *reason = item->reason;
    publication->item = NULL;
    flight_release(&publisher->flight, item);
    publication->done(publication, outcome, reason);
    item = next;
  }
  publisher->settling = false;
  check_room(publisher);
  if (publisher->finished != NULL) event_active(publisher->settle, EV_TIMEOUT, 1);
}

void engine_touch(struct publisher *publisher, struct partition *partition) {
  if (partition->waiting) return;
  partition->waiting = true;
  partition->next_work = NULL;
  *publisher->work_end = partition;
  publisher->work_end = &partition->next_work;
}

static struct partition *choose(struct topic *topic, const struct publish_item *item) {
  if (topic->facts.partitions <= 0) return &topic->room;
  return topic->partitions[envelope_partition(item->publication->event->key, topic->facts.partitions)];
}

void engine_admit(struct publisher *publisher, struct publish_item *item) {
  struct topic *topic = item->topic;
  if (item->withdrawn || topic->facts.presence == TOPIC_MISSING || topic->facts.presence == TOPIC_DENIED) {
    const char *reason = item->withdrawn                          ? "withdrawn"
                         : topic->facts.presence == TOPIC_MISSING ? "the topic does not exist"
                                                                  : "the brokers deny the topic to the hub";
    engine_finish(publisher, item, PUBLISH_BUSY, reason);
    return;
  }
  struct partition *partition = choose(topic, item);
  if (!lane_admits(&partition->lane, clock_monotonic_us())) {
    engine_finish(publisher, item, PUBLISH_BUSY, partition->reason);
    return;
  }
  item->partition = partition;
  if (item->publication->perhaps && !item->tried) item->lane.ambiguous = true;
  lane_put(&partition->lane, &item->lane);
  if (partition->id >= 0) engine_touch(publisher, partition);
}

static void tell_state(struct partition *partition, const char *message) {
  log_event(LOG_WARNING, "publish", message, log_text("topic", partition->topic->name),
            log_int("partition", partition->id), log_text("reason", partition->reason),
            log_int("waiting", (int64_t)partition->lane.queued),
            log_int("held", (int64_t)partition->lane.held));
}

void engine_block(struct publisher *publisher, struct partition *partition, const char *reason,
                  int64_t now_us) {
  lane_block(&partition->lane, now_us);
  partition->reason = reason;
  engine_touch(publisher, partition);
}

static void after_fate(struct publisher *publisher, struct publish_item *item, enum lane_fate fate,
                       const char *reason) {
  struct partition *partition = item->partition;
  switch (fate) {
    case LANE_DONE: engine_finish(publisher, item, PUBLISH_DONE, NULL); break;
    case LANE_GIVE_UP: engine_finish(publisher, item, PUBLISH_POISON, reason); break;
    case LANE_BUSY: engine_finish(publisher, item, PUBLISH_BUSY, reason); break;
    case LANE_AGAIN:
      if (item->withdrawn && !item->lane.ambiguous) engine_finish(publisher, item, PUBLISH_BUSY, reason);
      break;
  }
  if (partition->lane.state == LANE_OPEN && partition->told) {
    partition->told = false;
    partition->reason = NULL;
    log_event(LOG_INFO, "publish", "a lane is open again", log_text("topic", partition->topic->name),
              log_int("partition", partition->id));
  }
  engine_touch(publisher, partition);
}

static void note_trouble(struct publisher *publisher, struct partition *partition, enum verdict verdict,
                         const char *reason) {
  metric_add(publisher->errors[verdict], 1);
  partition->reason = reason;
  if (verdict != VERDICT_BLOCKED) return;
  partition->acked_offset = -1; /* perhaps the topic is made anew */
  topics_refresh(publisher->asker);
}

void engine_verdict(struct publisher *publisher, struct publish_item *item, enum verdict verdict,
                    const char *reason, int64_t now_us) {
  struct partition *partition = item->partition;
  partition->progress_us = now_us;
  partition->degraded = false;
  publisher->held_messages--;
  publisher->held_bytes -= item->bytes;
  if (verdict != VERDICT_DONE) note_trouble(publisher, partition, verdict, reason);
  enum lane_fate fate = lane_take_back(&partition->lane, &item->lane, verdict, now_us);
  if (fate == LANE_DONE) {
    metric_add(partition->topic->published, 1);
    metric_observe_us(publisher->latency, now_us - item->taken_us);
  }
  after_fate(publisher, item, fate, reason);
}

static void refused(struct publisher *publisher, struct publish_item *item, rd_kafka_resp_err_t code,
                    int64_t now_us) {
  enum verdict verdict = verdict_of_refusal(code);
  const char *reason = verdict_reason(code);
  note_trouble(publisher, item->partition, verdict, reason);
  if (verdict == VERDICT_FATAL) repair_end_producer(publisher, item->topic->producer, true, reason, now_us);
  enum lane_fate fate = lane_refuse(&item->partition->lane, &item->lane, verdict, now_us);
  after_fate(publisher, item, fate, reason);
}

static bool bounds_allow(const struct publisher *publisher, const struct publish_item *item) {
  const struct config_kafka *kafka = &publisher->config->kafka;
  if (publisher->held_messages == 0) return true;
  return (int64_t)publisher->held_messages < kafka->in_flight_messages &&
         (int64_t)(publisher->held_bytes + item->bytes) <= kafka->in_flight_bytes;
}

static void handed_over(struct publisher *publisher, struct publish_item *item, int64_t now_us) {
  struct partition *partition = item->partition;
  if (partition->lane.held == 0) partition->progress_us = now_us;
  lane_hand_over(&partition->lane, &item->lane);
  if (!item->tried) item->after_offset = partition->acked_offset;
  item->tried = true;
  item->topic->producer->held++;
  publisher->held_messages++;
  publisher->held_bytes += item->bytes;
}

enum feeding { FEED_IDLE, FEED_STARVED, FEED_MORE };

static enum feeding feed(struct publisher *publisher, struct partition *partition, int64_t now_us) {
  struct topic *topic = partition->topic;
  struct producer *producer = topic->producer;
  for (int i = 0; i < TURN_MESSAGES; i++) {
    if (producer->state != PRODUCER_UP) return FEED_IDLE;
    if (topic->handle == NULL) topic->handle = rd_kafka_topic_new(producer->kafka, topic->name, NULL);
    struct lane_item *next = lane_next(&partition->lane, now_us);
    if (next == NULL || topic->handle == NULL) return FEED_IDLE;
    struct publish_item *item = CONTAINER_OF(next, struct publish_item, lane);
    if (!bounds_allow(publisher, item)) return FEED_STARVED;
    rd_kafka_resp_err_t code =
        envelope_produce(producer->kafka, topic->handle, partition->id, item->publication->event, item);
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) return FEED_STARVED;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) handed_over(publisher, item, now_us);
    else refused(publisher, item, code, now_us);
  }
  return FEED_MORE;
}

static void give_back_waiting(struct publisher *publisher, struct partition *partition) {
  struct lane_item *item;
  if (partition->lane.state == LANE_BLOCKED && !partition->told) {
    partition->told = true;
    tell_state(partition, "a lane is blocked");
  }
  while ((item = lane_drop(&partition->lane)) != NULL) {
    engine_finish(publisher, CONTAINER_OF(item, struct publish_item, lane), PUBLISH_BUSY, partition->reason);
  }
}

static enum feeding serve_lane(struct publisher *publisher, struct partition *partition, int64_t now_us) {
  give_back_waiting(publisher, partition);
  if (partition->id < 0) return FEED_IDLE;
  if (lane_wants_tail(&partition->lane, now_us)) repair_tail(publisher, partition, now_us);
  enum feeding feeding = feed(publisher, partition, now_us);
  give_back_waiting(publisher, partition);
  if (feeding == FEED_IDLE) {
    int64_t due_us = lane_due_us(&partition->lane);
    if (due_us != INT64_MAX && partition->topic->producer->state == PRODUCER_UP)
      repair_arm(publisher, due_us);
  }
  return feeding;
}

/* Lanes that wait for the bounds stay in the list, behind those that do not; reports bring the next turn. */
void engine_work(struct publisher *publisher) {
  if (publisher->working) return;
  publisher->working = true;
  int64_t now_us = clock_monotonic_us();
  struct partition *starved = NULL, **starved_end = &starved;
  while (publisher->work != NULL) {
    struct partition *partition = publisher->work;
    publisher->work = partition->next_work;
    if (publisher->work == NULL) publisher->work_end = &publisher->work;
    partition->waiting = false;
    enum feeding feeding = serve_lane(publisher, partition, now_us);
    if (feeding == FEED_IDLE || partition->waiting) continue;
    if (feeding == FEED_MORE) {
      engine_touch(publisher, partition);
      continue;
    }
    partition->waiting = true;
    partition->next_work = NULL;
    *starved_end = partition;
    starved_end = &partition->next_work;
  }
  publisher->work = starved;
  publisher->work_end = starved == NULL ? &publisher->work : starved_end;
  publisher->working = false;
}

static void take_report(struct publisher *publisher, struct producer *producer,
                        const rd_kafka_message_t *message, int64_t now_us) {
  struct publish_item *item = message->_private;
  rd_kafka_msg_status_t status = rd_kafka_message_status(message);
  enum verdict verdict = verdict_of_report(message->err, status, message->offset);
  struct partition *partition = item->partition;
  producer->held--;
  if (verdict == VERDICT_DONE) {
    producer_well(producer);
    publisher->connected = publisher->ever_connected = true;
    partition->acked_offset = message->offset; /* rises, and starts anew when the topic was made anew */
  }
  engine_verdict(publisher, item, verdict, verdict_reason(message->err), now_us);
}

static void take_reports(struct publisher *publisher, struct producer *producer, rd_kafka_event_t *event) {
  const rd_kafka_message_t *messages[REPORTS_AT_ONCE];
  int64_t now_us = clock_monotonic_us();
  size_t count;
  while ((count = rd_kafka_event_message_array(event, messages, LENGTH_OF(messages))) > 0) {
    for (size_t i = 0; i < count; i++) take_report(publisher, producer, messages[i], now_us);
  }
}

static void take_error(struct publisher *publisher, struct producer *producer, rd_kafka_event_t *event) {
  rd_kafka_resp_err_t code = rd_kafka_event_error(event);
  int64_t now_us = clock_monotonic_us();
  char text[256];
  if (code == RD_KAFKA_RESP_ERR__FATAL || rd_kafka_event_error_is_fatal(event)) {
    code = rd_kafka_fatal_error(producer->kafka, text, sizeof text);
    const char *reason = verdict_reason(code);
    metric_add(publisher->errors[VERDICT_FATAL], 1);
    if (verdict_blocks_all(code)) repair_block_producer(publisher, producer, reason, now_us);
    repair_end_producer(publisher, producer, true, reason, now_us);
    return;
  }
  if (verdict_blocks_all(code)) {
    repair_block_producer(publisher, producer, verdict_reason(code), now_us);
    return;
  }
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
    if (publisher->connected || !publisher->ever_connected) {
      log_event(LOG_WARNING, "publish", "no broker answers",
                log_text("bootstrap", publisher->config->kafka.bootstrap));
    }
    publisher->connected = false;
    publisher->ever_connected = true;
    topics_refresh(publisher->asker);
    return;
  }
  log_event(LOG_INFO, "publish", "librdkafka", log_text("error", rd_kafka_err2name(code)));
}

static void take_log(struct publisher *publisher, rd_kafka_event_t *event) {
  const char *facility = NULL, *text = NULL;
  int level = 7;
  if (rd_kafka_event_log(event, &facility, &text, &level) != 0) return;
  int64_t second = clock_monotonic_us() / SECOND_US;
  if (second != publisher->log_second) publisher->log_lines = 0;
  publisher->log_second = second;
  if (++publisher->log_lines > LOG_LINES_A_SECOND) return;
  log_event(level <= 4 ? LOG_INFO : LOG_DEBUG, "publish", "librdkafka", log_text("facility", facility),
            log_text("text", text));
}

static bool serve_producer(struct publisher *publisher, struct producer *producer) {
  for (int i = 0; i < EVENTS_A_WAKE; i++) {
    if (producer->queue == NULL) return false;
    rd_kafka_event_t *event = rd_kafka_queue_poll(producer->queue, 0);
    if (event == NULL) return false;
    switch (rd_kafka_event_type(event)) {
      case RD_KAFKA_EVENT_DR: take_reports(publisher, producer, event); break;
      case RD_KAFKA_EVENT_ERROR: take_error(publisher, producer, event); break;
      case RD_KAFKA_EVENT_LOG: take_log(publisher, event); break;
      default: break;
    }
    rd_kafka_event_destroy(event);
  }
  return true;
}

void engine_serve(struct publisher *publisher) {
  bool more = false;
  for (size_t i = 0; i < publisher->producers_count; i++)
    more |= serve_producer(publisher, &publisher->producers[i]);
  if (more) event_active(publisher->wake, EV_READ, 1); /* librdkafka writes only when a queue was empty */
}
