/*
 * The producer's life.
 *
 * max.in.flight is 1 and message.timeout.ms is 0: above one request in flight librdkafka reported lost
 * messages as delivered, and a finite timeout makes gaps. A handle is destroyed on a thread of its own,
 * because that may wait for sockets; its queue is cut off first, so that nothing it still says reaches the
 * loop.
 */
#include "core/publish/producer.h"

#include <pthread.h>
#include <stdio.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/publish/properties.h"

struct grave {
  struct grave *next;
  pthread_t thread;
  rd_kafka_t *kafka;
};

struct undertaker {
  struct grave *graves;
};

int undertaker_new(struct undertaker **ret_undertaker) {
  struct undertaker *undertaker = calloc(1, sizeof *undertaker);
  if (undertaker == NULL) return -ENOMEM;
  *ret_undertaker = undertaker;
  return 0;
}

static void *destroy_thread(void *context) {
  rd_kafka_destroy(context);
  return NULL;
}

static void undertaker_take(struct undertaker *undertaker, rd_kafka_t *kafka) {
  struct grave *grave = calloc(1, sizeof *grave);
  if (grave == NULL || pthread_create(&grave->thread, NULL, destroy_thread, kafka) != 0) {
    free(grave);
    rd_kafka_destroy(kafka); /* blocking beats leaking threads and sockets */
    return;
  }
  grave->kafka = kafka;
  grave->next = undertaker->graves;
  undertaker->graves = grave;
}

/* Those that are over; rebuilds are rare, so that a handful is all there ever is. */
static void undertaker_tidy(struct undertaker *undertaker) {
  for (struct grave **at = &undertaker->graves; *at != NULL;) {
    struct grave *grave = *at;
    if (pthread_tryjoin_np(grave->thread, NULL) != 0) {
      at = &grave->next;
      continue;
    }
    *at = grave->next;
    free(grave);
  }
}

void undertaker_free(struct undertaker *undertaker) {
  if (undertaker == NULL) return;
  while (undertaker->graves != NULL) {
    struct grave *grave = undertaker->graves;
    undertaker->graves = grave->next;
    pthread_join(grave->thread, NULL);
    free(grave);
  }
  free(undertaker);
}

static int set_number(rd_kafka_conf_t *conf, const char *key, int64_t value, struct text_out *reason) {
  char text[24];
  snprintf(text, sizeof text, "%lld", (long long)value);
  return properties_set(conf, key, text, reason);
}

static int configure(const struct producer *producer, rd_kafka_conf_t *conf, struct text_out *reason) {
  static const char *const before[][2] = {
      /* what an admin may change stands before his properties */
      {"client.id", "iochub"},
      {"request.timeout.ms", "20000"},
      {"socket.timeout.ms", "30000"},
      {"socket.connection.setup.timeout.ms", "10000"},
      {"socket.keepalive.enable", "true"},
      {"socket.nagle.disable", "true"},
      {"reconnect.backoff.ms", "100"},
      {"reconnect.backoff.max.ms", "5000"},
      {"retry.backoff.ms", "200"},
      {"topic.metadata.refresh.interval.ms",
       "10000"}, /* a right that was given back is seen with the next one */
      {"ssl.endpoint.identification.algorithm", "https"},
  };
  static const char *const after[][2] = {
      {"enable.idempotence", "true"}, {"acks", "all"}, {"max.in.flight.requests.per.connection", "1"},
      {"message.timeout.ms", "0"}, {"delivery.report.only.error", "false"},
      {"allow.auto.create.topics", "false"}, {"log.connection.close", "false"}, {"log.queue", "true"},
  };
  const struct config_kafka *kafka = &producer->config->kafka;
  int r = 0;
  for (size_t i = 0; r == 0 && i < LENGTH_OF(before); i++)
    r = properties_set(conf, before[i][0], before[i][1], reason);
  if (r == 0) r = properties_apply(producer->config, conf, reason);
  for (size_t i = 0; r == 0 && i < LENGTH_OF(after); i++)
    r = properties_set(conf, after[i][0], after[i][1], reason);
  if (r == 0) r = properties_set(conf, "compression.codec", producer->compression, reason);
  if (r == 0 && strcmp(producer->compression, "zstd") == 0) {
    /* A level's tables are cleared for every batch, and batches are small where senders wait for the answer.
     */
    r = properties_set(conf, "compression.level", "1", reason);
  }
  if (r == 0) r = set_number(conf, "message.max.bytes", producer->limit_bytes, reason);
  if (r == 0) r = set_number(conf, "batch.size", MIN(producer->limit_bytes, 262144), reason);
  if (r == 0) r = set_number(conf, "linger.ms", kafka->linger_ms, reason);
  if (r == 0)
    r = set_number(conf, "queue.buffering.max.messages", MAX(kafka->in_flight_messages, 100) * 2, reason);
  int64_t kbytes = (kafka->in_flight_bytes + producer->limit_bytes) / (int64_t)KIB + 1024;
  return r < 0 ? r : set_number(conf, "queue.buffering.max.kbytes", kbytes, reason);
}

static int make_handle(struct producer *producer) {
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  if (conf == NULL) return -ENOMEM;
  struct text_out reason = TEXT_OUT_INIT;
  char text[256] = "";
  int r = configure(producer, conf, &reason);
  rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG);
  if (r == 0) {
    producer->kafka = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
    if (producer->kafka == NULL) r = -EIO;
  }
  if (r < 0) {
    rd_kafka_conf_destroy(conf);
    log_event(LOG_ERROR, "publish", "a producer cannot be made",
              log_text("reason", r == -EIO ? text : reason.data));
  }
  text_out_deinit(&reason);
  return r;
}

int producer_start(struct producer *producer, int64_t now_us) {
  int r = make_handle(producer);
  if (r < 0) return r;
  static const uint64_t one = 1;
  producer->queue = rd_kafka_queue_get_main(producer->kafka);
  rd_kafka_set_log_queue(producer->kafka, producer->queue);
  rd_kafka_queue_io_event_enable(producer->queue, producer->wake_fd, &one, sizeof one);
  producer->state = PRODUCER_UP;
  producer->held = 0;
  producer->purged = false;
  producer->up_since_us = now_us;
  return 0;
}

void producer_end(struct producer *producer, bool gently, int64_t now_us) {
  if (producer->state != PRODUCER_UP) return;
  producer->state = PRODUCER_ENDING;
  producer->purged = !gently;
  producer->end_at_us = now_us + (gently ? producer->timing->drain_ms * 1000 : 0);
  int flags = gently ? RD_KAFKA_PURGE_F_QUEUE : RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT;
  rd_kafka_purge(producer->kafka, flags | RD_KAFKA_PURGE_F_NON_BLOCKING);
}

bool producer_ended(struct producer *producer, int64_t now_us) {
  if (producer->held == 0) return true;
  if (now_us < producer->end_at_us) return false;
  if (!producer->purged) {
    int flags = RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING;
    rd_kafka_purge(producer->kafka, flags);
    producer->purged = true;
    producer->end_at_us = now_us + SECOND_US;
    return false;
  }
  return now_us >= producer->end_at_us + SECOND_US;
}

void producer_bury(struct producer *producer, int64_t now_us) {
  undertaker_tidy(producer->undertaker);
  rd_kafka_queue_io_event_enable(producer->queue, -1, NULL, 0);
  rd_kafka_queue_destroy(producer->queue);
  undertaker_take(producer->undertaker, producer->kafka);
  producer->queue = NULL;
  producer->kafka = NULL;
  producer->held = 0;
  producer->state = PRODUCER_DOWN;
  const struct publish_timing *timing = producer->timing;
  producer->rebuild_ms = producer->rebuild_ms == 0 ? timing->rebuild_first_ms
                                                   : MIN(producer->rebuild_ms * 2, timing->rebuild_max_ms);
  producer->rebuild_at_us = now_us + producer->rebuild_ms * 1000;
  producer->rebuilds++;
}
