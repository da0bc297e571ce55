/*
 * The tail's thread: one simple consumer, made at the first question and dropped after one that failed.
 *
 * A job reads from its start to the high watermark asked for when the settling time is over; what was not met
 * until then is not there. The consumer reads uncompressed facts only: the ce_id header of each message.
 */
#include "core/publish/tail.h"

#include <librdkafka/rdkafka.h>
#include <pthread.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/publish/properties.h"

enum { ASK_MS = 3000, POLL_MS = 50, LIMITS_ALTOGETHER = 10, TAIL_WITHOUT_TIME = 10000 };

struct tail {
  const struct hub_config *config;
  const struct publish_timing *timing;
  int wake_fd;
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t asked;
  struct tail_job *waiting, **waiting_end;
  struct tail_job *done;
  bool stop;
  rd_kafka_t *kafka; /* the thread's */
};

int tail_job_new(size_t count, struct tail_job **ret_job) {
  struct tail_job *job = calloc(1, sizeof *job);
  if (job == NULL) return -ENOMEM;
  job->count = count;
  job->ids = calloc(count + 1, sizeof *job->ids);
  job->sequences = calloc(count + 1, sizeof *job->sequences);
  job->found = calloc(count + 1, sizeof *job->found);
  job->by_id = calloc(count + 1, sizeof *job->by_id);
  if (job->ids == NULL || job->sequences == NULL || job->found == NULL || job->by_id == NULL) {
    tail_job_free(job);
    return -ENOMEM;
  }
  *ret_job = job;
  return 0;
}

void tail_job_free(struct tail_job *job) {
  if (job == NULL) return;
  free(job->ids);
  free(job->sequences);
  free(job->found);
  free(job->by_id);
  free(job);
}

static bool stopped(struct tail *tail) {
  pthread_mutex_lock(&tail->lock);
  bool stop = tail->stop;
  pthread_mutex_unlock(&tail->lock);
  return stop;
}

static void quiet(const rd_kafka_t *kafka, int level, const char *facility, const char *text) {
  log_event(LOG_DEBUG, "publish", "librdkafka (tail)", log_text("facility", facility),
            log_text("text", text));
}

static int connect_consumer(struct tail *tail) {
  static const char *const fixed[][2] = {
      {"enable.partition.eof", "true"},        {"allow.auto.create.topics", "false"},
      {"isolation.level", "read_uncommitted"}, {"client.id", "iochub-tail"},
      {"log.connection.close", "false"},       {"fetch.wait.max.ms", "50"},
      {"queued.max.messages.kbytes", "16384"},
  };
  if (tail->kafka != NULL) return 0;
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  if (conf == NULL) return -ENOMEM;
  struct text_out reason = TEXT_OUT_INIT;
  int r = 0;
  for (size_t i = 0; r == 0 && i < LENGTH_OF(fixed); i++)
    r = properties_set(conf, fixed[i][0], fixed[i][1], &reason);
  if (r == 0) r = properties_apply(tail->config, conf, &reason);
  rd_kafka_conf_set_log_cb(conf, quiet);
  char text[256];
  if (r == 0) tail->kafka = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text);
  if (tail->kafka == NULL) {
    rd_kafka_conf_destroy(conf);
    r = r == 0 ? -EIO : r;
    log_event(LOG_WARNING, "publish", "the tail's consumer does not start", log_text("reason", reason.data));
  }
  text_out_deinit(&reason);
  return r;
}

static enum tail_result result_of(rd_kafka_resp_err_t code) {
  bool denied = code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
                code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
                code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
  return denied ? TAIL_DENIED : TAIL_FAILED;
}

static rd_kafka_resp_err_t offset_by_time(struct tail *tail, const struct tail_job *job,
                                          int64_t *ret_offset) {
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
  if (list == NULL) return RD_KAFKA_RESP_ERR__FAIL;
  rd_kafka_topic_partition_t *entry = rd_kafka_topic_partition_list_add(list, job->topic, job->partition);
  entry->offset = job->since_ms;
  rd_kafka_resp_err_t code = rd_kafka_offsets_for_times(tail->kafka, list, ASK_MS);
  if (code == 0) code = entry->err;
  *ret_offset = code == 0 ? entry->offset : -1;
  rd_kafka_topic_partition_list_destroy(list);
  return code;
}

/* Where to begin. Without an acknowledged offset, or when the log ends before it (the topic was made anew):
 * by time, or, where the broker cannot say, the last few thousand. */
static rd_kafka_resp_err_t find_start(struct tail *tail, const struct tail_job *job, int64_t *ret_start,
                                      int64_t *ret_end) {
  int64_t low = 0, high = 0;
  rd_kafka_resp_err_t code =
      rd_kafka_query_watermark_offsets(tail->kafka, job->topic, job->partition, &low, &high, ASK_MS);
  if (code != 0) return code;
  int64_t start = job->after_offset + 1;
  if (job->after_offset < 0 || start > high) {
    int64_t by_time = -1;
    code = offset_by_time(tail, job, &by_time);
    start = code == 0 && by_time >= 0 ? by_time : high - TAIL_WITHOUT_TIME;
  }
  *ret_start = MAX(start, low);
  *ret_end = high;
  return 0;
}

static int compare(const struct event_id *a, const struct event_id *b) {
  return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

static int by_id(const void *a, const void *b, void *context) {
  const struct tail_job *job = context;
  return compare(&job->ids[*(const uint32_t *)a], &job->ids[*(const uint32_t *)b]);
}

static void sort_ids(struct tail_job *job) {
  for (size_t i = 0; i < job->count; i++) job->by_id[i] = (uint32_t)i;
  qsort_r(job->by_id, job->count, sizeof *job->by_id, by_id, job);
  job->missing = job->count;
}

static const uint32_t *first_not_below(const struct tail_job *job, const struct event_id *id) {
  size_t low = 0, high = job->count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (compare(&job->ids[job->by_id[middle]], id) < 0) low = middle + 1;
    else high = middle;
  }
  return job->by_id + low;
}

static void look(struct tail_job *job, const rd_kafka_message_t *message) {
  rd_kafka_headers_t *headers = NULL;
  const void *value = NULL;
  size_t length = 0;
  struct event_id id;
  job->records++;
  if (rd_kafka_message_headers(message, &headers) != 0) return;
  if (rd_kafka_header_get_last(headers, "ce_id", &value, &length) != 0) return;
  if (!event_id_parse((struct text){value, length}, &id)) return;
  const uint32_t *first = first_not_below(job, &id);
  for (; first < job->by_id + job->count && compare(&job->ids[*first], &id) == 0; first++) {
    job->missing -= !job->found[*first];
    job->found[*first] = true;
  }
}

struct reading {
  int64_t began_us, sent_us, record_us; /* record_us: the last record came */
  int64_t end;                          /* the high watermark that counts */
  bool settled;                         /* it was asked for after the settling time */
  int64_t position;                     /* next offset to come */
};

/* The end was reached: enough, or wait and read what may have come since. */
static bool reading_over(struct tail *tail, struct tail_job *job, struct reading *reading) {
  if (job->missing == 0) return true;
  if (reading->position < reading->end) return false;
  if (reading->settled) return true;
  if (clock_monotonic_us() - reading->sent_us < tail->timing->tail_settle_ms * 1000) return false;
  int64_t low = 0, high = 0;
  if (rd_kafka_query_watermark_offsets(tail->kafka, job->topic, job->partition, &low, &high, ASK_MS) != 0)
    return false;
  reading->end = high;
  reading->settled = true;
  return reading->position >= high;
}

/* Silence is trouble, and may be over the next time. Records without an end are not: to begin anew would give
 * the same again. TAIL_PENDING: neither. */
static enum tail_result reading_bounds(struct tail *tail, const struct tail_job *job,
                                       const struct reading *reading) {
  int64_t limit_us = tail->timing->tail_limit_ms * 1000, now_us = clock_monotonic_us();
  if (stopped(tail) || now_us - reading->record_us > limit_us) return TAIL_FAILED;
  bool beyond = job->records >= tail->timing->tail_records_max ||
                now_us - reading->began_us > LIMITS_ALTOGETHER * limit_us;
  return beyond ? TAIL_BEYOND : TAIL_PENDING;
}

static enum tail_result read_on(struct tail *tail, struct tail_job *job, rd_kafka_queue_t *queue,
                                struct reading *reading) {
  while (!reading_over(tail, job, reading)) {
    enum tail_result bounds = reading_bounds(tail, job, reading);
    if (bounds != TAIL_PENDING) return bounds;
    rd_kafka_message_t *message = rd_kafka_consume_queue(queue, POLL_MS);
    if (message == NULL) continue;
    rd_kafka_resp_err_t code = message->err;
    if (code == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      reading->position = MAX(reading->position, message->offset);
    } else if (code == 0) {
      look(job, message);
      reading->position = message->offset + 1;
      reading->record_us = clock_monotonic_us();
    }
    rd_kafka_message_destroy(message);
    if (code != 0 && code != RD_KAFKA_RESP_ERR__PARTITION_EOF && result_of(code) == TAIL_DENIED)
      return TAIL_DENIED;
  }
  return TAIL_READ;
}

static enum tail_result read_tail(struct tail *tail, struct tail_job *job) {
  if (connect_consumer(tail) < 0) return TAIL_FAILED;
  sort_ids(job);
  struct reading reading = {.began_us = clock_monotonic_us(), .record_us = clock_monotonic_us()};
  reading.sent_us = job->sent_us == 0 ? reading.began_us : job->sent_us;
  rd_kafka_resp_err_t code = find_start(tail, job, &reading.position, &reading.end);
  if (code != 0) return result_of(code);
  rd_kafka_topic_t *topic = rd_kafka_topic_new(tail->kafka, job->topic, NULL);
  rd_kafka_queue_t *queue = rd_kafka_queue_new(tail->kafka);
  enum tail_result result = TAIL_FAILED;
  if (topic != NULL && queue != NULL &&
      rd_kafka_consume_start_queue(topic, job->partition, reading.position, queue) == 0) {
    result = read_on(tail, job, queue, &reading);
    rd_kafka_consume_stop(topic, job->partition);
  }
  if (queue != NULL) rd_kafka_queue_destroy(queue);
  if (topic != NULL) rd_kafka_topic_destroy(topic);
  return result;
}

static struct tail_job *take_job(struct tail *tail) {
  pthread_mutex_lock(&tail->lock);
  while (!tail->stop && tail->waiting == NULL) pthread_cond_wait(&tail->asked, &tail->lock);
  struct tail_job *job = tail->stop ? NULL : tail->waiting;
  if (job != NULL) {
    tail->waiting = job->next;
    if (tail->waiting == NULL) tail->waiting_end = &tail->waiting;
  }
  pthread_mutex_unlock(&tail->lock);
  return job;
}

static void give_back(struct tail *tail, struct tail_job *job) {
  pthread_mutex_lock(&tail->lock);
  job->next = tail->done;
  tail->done = job;
  pthread_mutex_unlock(&tail->lock);
  uint64_t one = 1;
  if (write(tail->wake_fd, &one, sizeof one) < 0) return; /* full counter: the loop is awake already */
}

static void *tail_thread(void *context) {
  struct tail *tail = context;
  struct tail_job *job;
  while ((job = take_job(tail)) != NULL) {
    job->result = read_tail(tail, job);
    if (job->result == TAIL_FAILED && tail->kafka != NULL) {
      rd_kafka_destroy(tail->kafka);
      tail->kafka = NULL;
    }
    give_back(tail, job);
  }
  if (tail->kafka != NULL) rd_kafka_destroy(tail->kafka);
  return NULL;
}

int tail_new(const struct hub_config *config, const struct publish_timing *timing, int wake_fd,
             struct tail **ret_tail) {
  struct tail *tail = calloc(1, sizeof *tail);
  if (tail == NULL) return -ENOMEM;
  tail->config = config;
  tail->timing = timing;
  tail->wake_fd = wake_fd;
  tail->waiting_end = &tail->waiting;
  pthread_mutex_init(&tail->lock, NULL);
  pthread_cond_init(&tail->asked, NULL);
  int r = pthread_create(&tail->thread, NULL, tail_thread, tail);
  if (r != 0) {
    free(tail);
    return -r;
  }
  *ret_tail = tail;
  return 0;
}

void tail_stop(struct tail *tail) {
  pthread_mutex_lock(&tail->lock);
  tail->stop = true;
  pthread_cond_signal(&tail->asked);
  pthread_mutex_unlock(&tail->lock);
}

static void free_jobs(struct tail_job *job) {
  while (job != NULL) {
    struct tail_job *next = job->next;
    tail_job_free(job);
    job = next;
  }
}

void tail_free(struct tail *tail) {
  if (tail == NULL) return;
  tail_stop(tail);
  pthread_join(tail->thread, NULL);
  free_jobs(tail->waiting);
  free_jobs(tail->done);
  pthread_cond_destroy(&tail->asked);
  pthread_mutex_destroy(&tail->lock);
  free(tail);
}

void tail_ask(struct tail *tail, struct tail_job **job) {
  pthread_mutex_lock(&tail->lock);
  (*job)->next = NULL;
  *tail->waiting_end = *job;
  tail->waiting_end = &(*job)->next;
  *job = NULL;
  pthread_cond_signal(&tail->asked);
  pthread_mutex_unlock(&tail->lock);
}

struct tail_job *tail_collect(struct tail *tail) {
  pthread_mutex_lock(&tail->lock);
  struct tail_job *job = tail->done;
  if (job != NULL) tail->done = job->next;
  pthread_mutex_unlock(&tail->lock);
  return job;
}
