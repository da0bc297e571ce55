/*
 * The reader, on librdkafka's simple consumer: one queue that all partitions feed.
 *
 * A partition is done when a message or an end-of-partition event reaches the high watermark that was asked
 * for at the start. The event is needed too: in a compacted topic the last offsets may belong to no message.
 * The group consumer would be shorter, but it asks for a group coordinator, which needs a right that readers
 * often lack and makes a broker create its offsets topic.
 */
#include "core/publish/reader.h"

#include <librdkafka/rdkafka.h>
#include <poll.h>
#include <stdio.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/publish/properties.h"

enum { ASK_AGAIN_MS = 100, DEFAULT_TIMEOUT_MS = 15000, POLL_MS = 100, HEADERS_MAX = 64 };

struct partition {
  rd_kafka_topic_t *topic;
  int32_t id;
  int64_t start, end;
  bool started, done;
};

struct reader {
  const struct reader_options *options;
  int (*message)(void *context, const struct reader_message *);
  void *context;
  struct text_out *reason;
  rd_kafka_t *kafka;
  rd_kafka_queue_t *queue;
  struct partition *partitions;
  size_t count, left;
  int timeout_ms;
  rd_kafka_resp_err_t trouble; /* what librdkafka told last, beside the messages */
};

static void on_error(rd_kafka_t *kafka, int code, const char *text, void *opaque) {
  struct reader *reader = opaque;
  reader->trouble = (rd_kafka_resp_err_t)code;
}

static void on_log(const rd_kafka_t *kafka, int level, const char *facility, const char *text) {
  log_event(LOG_DEBUG, "reader", "librdkafka", log_text("facility", facility), log_text("text", text));
}

static int refuse(struct reader *reader, int error, const char *what, const char *name, const char *why) {
  text_out_string(reader->reason, what);
  if (name != NULL) {
    text_out_string(reader->reason, " ");
    text_out_visible(reader->reason, text_of(name), 256);
  }
  if (why != NULL) {
    text_out_string(reader->reason, ": ");
    text_out_visible(reader->reason, text_of(why), 256);
  }
  return error;
}

static int refuse_code(struct reader *reader, rd_kafka_resp_err_t code, const char *what, const char *name) {
  switch (code) {
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC: return refuse(reader, -ENOENT, what, name, "no such topic");
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
      return refuse(reader, -EACCES, what, name, rd_kafka_err2str(code));
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__TIMED_OUT: {
      if (reader->trouble == RD_KAFKA_RESP_ERR__AUTHENTICATION || reader->trouble == RD_KAFKA_RESP_ERR__SSL) {
        return refuse(reader, -EACCES, what, name, rd_kafka_err2str(reader->trouble));
      }
      text_out_string(reader->reason, "no answer from Kafka at ");
      text_out_visible(reader->reason, text_of(reader->options->bootstrap), 256);
      return -ETIMEDOUT;
    }
    default: return refuse(reader, -EIO, what, name, rd_kafka_err2str(code));
  }
}

static int conf_set(struct reader *reader, rd_kafka_conf_t *conf, const char *key, const char *value) {
  char text[256];
  if (rd_kafka_conf_set(conf, key, value, text, sizeof text) == RD_KAFKA_CONF_OK) return 0;
  /* librdkafka's own text repeats the value, which may be a password */
  return refuse(reader, -EINVAL, "librdkafka does not take the property", key, NULL);
}

static int conf_fill(struct reader *reader, rd_kafka_conf_t *conf) {
  static const char *const fixed[][2] = {
      {"enable.partition.eof", "true"}, {"allow.auto.create.topics", "false"}, {"check.crcs", "true"},
      {"client.id", "iochub-reader"},   {"log.connection.close", "false"},
  };
  rd_kafka_conf_set_error_cb(conf, on_error);
  rd_kafka_conf_set_log_cb(conf, on_log);
  rd_kafka_conf_set_opaque(conf, reader);
  for (size_t i = 0; i < LENGTH_OF(fixed); i++) {
    int r = conf_set(reader, conf, fixed[i][0], fixed[i][1]);
    if (r < 0) return r;
  }
  const struct hub_config as_configured = {
      .folder = reader->options->folder,
      .kafka = {.bootstrap = reader->options->bootstrap, .properties = reader->options->properties},
  };
  return properties_apply(&as_configured, conf, reader->reason);
}

static int reader_connect(struct reader *reader) {
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  if (conf == NULL) return refuse(reader, -ENOMEM, "no memory", NULL, NULL);
  int r = conf_fill(reader, conf);
  char text[256];
  if (r == 0) {
    reader->kafka = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text);
    if (reader->kafka == NULL) r = refuse(reader, -EINVAL, "librdkafka does not start", NULL, text);
  }
  if (r < 0) {
    rd_kafka_conf_destroy(conf);
    return r;
  }
  reader->queue = rd_kafka_queue_new(reader->kafka);
  return reader->queue != NULL ? 0 : refuse(reader, -ENOMEM, "no memory", NULL, NULL);
}

/* First and end offset. A partition whose leader has just changed, or is new, is asked again. */
static rd_kafka_resp_err_t ask_ends(struct reader *reader, const char *name, int32_t id, int64_t *ret_low,
                                    int64_t *ret_high) {
  int64_t until_us = clock_monotonic_us() + (int64_t)reader->timeout_ms * 1000;
  for (;;) {
    rd_kafka_resp_err_t code =
        rd_kafka_query_watermark_offsets(reader->kafka, name, id, ret_low, ret_high, reader->timeout_ms);
    bool moves = code == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION ||
                 code == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
    if (!moves || clock_monotonic_us() > until_us) return code;
    poll(NULL, 0, ASK_AGAIN_MS);
  }
}

static int partition_add(struct reader *reader, rd_kafka_topic_t *topic, int32_t id) {
  int64_t low = 0, high = 0;
  const char *name = rd_kafka_topic_name(topic);
  rd_kafka_resp_err_t code = ask_ends(reader, name, id, &low, &high);
  if (code != 0) return refuse_code(reader, code, "cannot ask for the end of", name);
  struct partition *list = realloc(reader->partitions, (reader->count + 1) * sizeof *list);
  if (list == NULL) return refuse(reader, -ENOMEM, "no memory", NULL, NULL);
  reader->partitions = list;
  int64_t start = reader->options->from_start ? low : high;
  bool done = !reader->options->follow && start >= high;
  list[reader->count++] = (struct partition){topic, id, start, high, .done = done};
  if (!done) reader->left++;
  return 0;
}

/* The topic's handle lives with its partitions; without any it is dropped here. */
static int topic_add_partitions(struct reader *reader, rd_kafka_topic_t *topic,
                                const struct rd_kafka_metadata_topic *known) {
  for (int i = 0; i < known->partition_cnt; i++) {
    size_t before = reader->count;
    int r = partition_add(reader, topic, known->partitions[i].id);
    if (r < 0 && before == reader->count && i == 0) rd_kafka_topic_destroy(topic);
    if (r < 0) return r;
  }
  if (known->partition_cnt == 0) rd_kafka_topic_destroy(topic);
  return 0;
}

static rd_kafka_resp_err_t topic_code(const struct rd_kafka_metadata *metadata) {
  if (metadata->topic_cnt != 1) return RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
  rd_kafka_resp_err_t code = metadata->topics[0].err;
  return code == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE ? RD_KAFKA_RESP_ERR_NO_ERROR : code;
}

static int topic_add(struct reader *reader, const char *name) {
  rd_kafka_topic_t *topic = rd_kafka_topic_new(reader->kafka, name, NULL);
  if (topic == NULL) return refuse_code(reader, rd_kafka_last_error(), "cannot read", name);
  const struct rd_kafka_metadata *metadata = NULL;
  rd_kafka_resp_err_t code = rd_kafka_metadata(reader->kafka, 0, topic, &metadata, reader->timeout_ms);
  if (code == 0) code = topic_code(metadata);
  int r;
  if (code == 0) {
    r = topic_add_partitions(reader, topic, &metadata->topics[0]);
  } else {
    bool missing =
        code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
    r = missing && reader->options->skip_missing ? 0 : refuse_code(reader, code, "cannot read", name);
    rd_kafka_topic_destroy(topic);
  }
  if (metadata != NULL) rd_kafka_metadata_destroy(metadata);
  return r;
}

static int reader_start(struct reader *reader) {
  for (size_t i = 0; i < reader->options->topics_count; i++) {
    int r = topic_add(reader, reader->options->topics[i]);
    if (r < 0) return r;
  }
  for (size_t i = 0; i < reader->count; i++) {
    struct partition *partition = &reader->partitions[i];
    if (partition->done) continue;
    if (rd_kafka_consume_start_queue(partition->topic, partition->id, partition->start, reader->queue) != 0) {
      return refuse_code(reader, rd_kafka_last_error(), "cannot read", rd_kafka_topic_name(partition->topic));
    }
    partition->started = true;
  }
  return 0;
}

static void partition_reached(struct reader *reader, const rd_kafka_message_t *message, int64_t next) {
  for (size_t i = 0; i < reader->count; i++) {
    struct partition *partition = &reader->partitions[i];
    if (partition->topic != message->rkt || partition->id != message->partition) continue;
    if (partition->done || reader->options->follow || next < partition->end) return;
    partition->done = true;
    reader->left--;
    return;
  }
}

static bool beyond_end(const struct reader *reader, const rd_kafka_message_t *message) {
  if (reader->options->follow) return false;
  for (size_t i = 0; i < reader->count; i++) {
    const struct partition *partition = &reader->partitions[i];
    if (partition->topic == message->rkt && partition->id == message->partition) {
      return message->offset >= partition->end;
    }
  }
  return true;
}

static int hand_over(struct reader *reader, const rd_kafka_message_t *message) {
  struct reader_header headers[HEADERS_MAX];
  struct reader_message out = {
      .topic = rd_kafka_topic_name(message->rkt),
      .partition = message->partition,
      .offset = message->offset,
      .key = {message->key, message->key_len},
      .value = {message->payload, message->len},
      .headers = headers,
  };
  rd_kafka_timestamp_type_t type;
  out.timestamp_ms = rd_kafka_message_timestamp(message, &type);
  rd_kafka_headers_t *list = NULL;
  if (rd_kafka_message_headers(message, &list) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    for (; out.headers_count < HEADERS_MAX; out.headers_count++) {
      struct reader_header *header = &headers[out.headers_count];
      const void *value = NULL;
      size_t length = 0;
      if (rd_kafka_header_get_all(list, out.headers_count, &header->name, &value, &length) != 0) break;
      header->value = (struct text){value, length};
    }
  }
  return reader->message(reader->context, &out);
}

static int take(struct reader *reader, const rd_kafka_message_t *message) {
  if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    partition_reached(reader, message, message->offset);
    return 0;
  }
  if (message->err != 0) {
    const char *name = message->rkt == NULL ? NULL : rd_kafka_topic_name(message->rkt);
    return refuse_code(reader, message->err, "cannot read", name);
  }
  int r = beyond_end(reader, message) ? 0 : hand_over(reader, message);
  partition_reached(reader, message, message->offset + 1);
  return r;
}

static bool stopped(const struct reader *reader) {
  return reader->options->stop != NULL && *reader->options->stop != 0;
}

static int reader_loop(struct reader *reader) {
  int64_t last_us = clock_monotonic_us();
  while (reader->left > 0 && !stopped(reader)) {
    rd_kafka_poll(reader->kafka, 0);
    rd_kafka_message_t *message = rd_kafka_consume_queue(reader->queue, POLL_MS);
    int64_t now_us = clock_monotonic_us();
    if (message == NULL) {
      bool waiting = reader->options->follow || now_us - last_us < (int64_t)reader->timeout_ms * 1000;
      if (!waiting) return refuse_code(reader, RD_KAFKA_RESP_ERR__TIMED_OUT, "cannot read", NULL);
      continue;
    }
    last_us = now_us;
    int r = take(reader, message);
    rd_kafka_message_destroy(message);
    if (r != 0) return r < 0 ? r : 0;
  }
  return 0;
}

static void reader_end(struct reader *reader) {
  for (size_t i = 0; i < reader->count; i++) {
    struct partition *partition = &reader->partitions[i];
    if (partition->started) rd_kafka_consume_stop(partition->topic, partition->id);
  }
  for (size_t i = 0; i < reader->count; i++) {
    bool last = i + 1 == reader->count || reader->partitions[i + 1].topic != reader->partitions[i].topic;
    if (last) rd_kafka_topic_destroy(reader->partitions[i].topic);
  }
  free(reader->partitions);
  if (reader->queue != NULL) rd_kafka_queue_destroy(reader->queue);
  if (reader->kafka != NULL) rd_kafka_destroy(reader->kafka);
}

int reader_run(const struct reader_options *options, int (*message)(void *, const struct reader_message *),
               void *context, struct text_out *reterr_reason) {
  struct reader reader = {
      .options = options,
      .message = message,
      .context = context,
      .reason = reterr_reason,
      .timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : DEFAULT_TIMEOUT_MS,
  };
  int r = reader_connect(&reader);
  if (r == 0) r = reader_start(&reader);
  if (r == 0) r = reader_loop(&reader);
  reader_end(&reader);
  return r;
}
