/*
 * The thread that asks about topics.
 *
 * It has a handle of its own, because metadata can only be asked for by a blocking call and because producers
 * come and go. A broker that does not answer DescribeConfigs (no right, or the mock cluster) leaves those
 * facts untold.
 */
#include "core/publish/topics.h"

#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/publish/properties.h"

enum { ASK_MS = 2000, POLL_MS = 100, PATIENCE_US = 5000000 };

struct topics {
  const struct hub_config *config;
  const struct publish_timing *timing;
  const char *const *names;
  size_t count;
  int wake_fd;
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t asked;
  bool stop, refresh, news, reached;
  bool promised;              /* the thread's: it asked about promises once */
  struct topic_facts *facts;  /* under the lock */
  struct topic_facts *asking; /* the thread's */
  int64_t promises_due_us;    /* the thread's: when to ask about promises */
  rd_kafka_t *kafka;          /* the thread's */
  rd_kafka_topic_t **handles; /* the thread's: what metadata asks for */
};

static void quiet(const rd_kafka_t *kafka, int level, const char *facility, const char *text) {
  log_event(LOG_DEBUG, "publish", "librdkafka (topics)", log_text("facility", facility),
            log_text("text", text));
}

static int configure(struct topics *topics, rd_kafka_conf_t *conf, struct text_out *reason) {
  static const char *const fixed[][2] = {{"allow.auto.create.topics", "false"},
                                         {"client.id", "iochub-topics"},
                                         {"log.connection.close", "false"}};
  int r = 0;
  for (size_t i = 0; r == 0 && i < LENGTH_OF(fixed); i++)
    r = properties_set(conf, fixed[i][0], fixed[i][1], reason);
  if (r == 0) r = properties_apply(topics->config, conf, reason);
  rd_kafka_conf_set_log_cb(conf, quiet);
  return r;
}

static int connect_handle(struct topics *topics) {
  if (topics->kafka != NULL) return 0;
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  if (conf == NULL) return -ENOMEM;
  struct text_out reason = TEXT_OUT_INIT;
  char text[256];
  int r = configure(topics, conf, &reason);
  if (r == 0) topics->kafka = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
  if (topics->kafka == NULL) {
    rd_kafka_conf_destroy(conf);
    r = r == 0 ? -EIO : r;
  }
  text_out_deinit(&reason);
  for (size_t i = 0; r == 0 && i < topics->count; i++) {
    topics->handles[i] = rd_kafka_topic_new(topics->kafka, topics->names[i], NULL);
    if (topics->handles[i] == NULL) r = -EIO;
  }
  return r;
}

static struct topic_facts *find(struct topics *topics, const char *name) {
  for (size_t i = 0; i < topics->count; i++) {
    if (strcmp(topics->names[i], name) == 0) return &topics->asking[i];
  }
  return NULL;
}

static void take_topic(struct topic_facts *facts, const struct rd_kafka_metadata_topic *told) {
  switch ((int)told->err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
      if (told->partition_cnt <= 0) return;
      facts->presence = TOPIC_PRESENT;
      facts->partitions = told->partition_cnt;
      facts->replication = told->partitions[0].replica_cnt;
      return;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION: facts->presence = TOPIC_MISSING; return;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED: facts->presence = TOPIC_DENIED; return;
    default: return;
  }
}

static bool ask_metadata(struct topics *topics) {
  const struct rd_kafka_metadata *metadata = NULL;
  if (rd_kafka_metadata(topics->kafka, 0, NULL, &metadata, ASK_MS) != 0) return false;
  for (int i = 0; i < metadata->topic_cnt; i++) {
    struct topic_facts *facts = find(topics, metadata->topics[i].topic);
    if (facts != NULL) take_topic(facts, &metadata->topics[i]);
  }
  rd_kafka_metadata_destroy(metadata);
  return true;
}

static void take_config(struct topics *topics, const rd_kafka_ConfigResource_t *resource) {
  struct topic_facts *facts = find(topics, rd_kafka_ConfigResource_name(resource));
  if (facts == NULL || rd_kafka_ConfigResource_error(resource) != 0) return;
  size_t count = 0;
  const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &count);
  for (size_t i = 0; i < count; i++) {
    const char *value = rd_kafka_ConfigEntry_value(entries[i]);
    if (value == NULL) continue;
    if (strcmp(rd_kafka_ConfigEntry_name(entries[i]), "min.insync.replicas") == 0) {
      facts->min_insync = (int)strtol(value, NULL, 10);
    } else if (strcmp(rd_kafka_ConfigEntry_name(entries[i]), "max.message.bytes") == 0) {
      facts->max_message_bytes = strtoll(value, NULL, 10);
    }
  }
}

static bool stopped(struct topics *topics) {
  pthread_mutex_lock(&topics->lock);
  bool stop = topics->stop;
  pthread_mutex_unlock(&topics->lock);
  return stop;
}

static void wait_configs(struct topics *topics, rd_kafka_queue_t *queue) {
  int64_t limit_us = clock_monotonic_us() + (ASK_MS + 1000) * 1000;
  while (!stopped(topics) && clock_monotonic_us() < limit_us) {
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, POLL_MS);
    if (event == NULL) continue;
    const rd_kafka_DescribeConfigs_result_t *result = rd_kafka_event_DescribeConfigs_result(event);
    bool over = result != NULL || rd_kafka_event_error(event) != 0;
    if (result != NULL && rd_kafka_event_error(event) == 0) {
      size_t count = 0;
      const rd_kafka_ConfigResource_t **resources = rd_kafka_DescribeConfigs_result_resources(result, &count);
      for (size_t i = 0; i < count; i++) take_config(topics, resources[i]);
    }
    rd_kafka_event_destroy(event);
    if (over) return;
  }
}

static void ask_configs(struct topics *topics) {
  rd_kafka_ConfigResource_t **resources = calloc(topics->count + 1, sizeof(rd_kafka_ConfigResource_t *));
  rd_kafka_AdminOptions_t *options =
      rd_kafka_AdminOptions_new(topics->kafka, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
  rd_kafka_queue_t *queue = rd_kafka_queue_new(topics->kafka);
  size_t count = 0;
  if (resources != NULL && options != NULL && queue != NULL) {
    char text[128];
    for (size_t i = 0; i < topics->count; i++) {
      if (topics->asking[i].presence != TOPIC_PRESENT) continue;
      resources[count] = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topics->names[i]);
      if (resources[count] != NULL) count++;
    }
    if (rd_kafka_AdminOptions_set_request_timeout(options, ASK_MS, text, sizeof text) == 0 && count > 0) {
      rd_kafka_DescribeConfigs(topics->kafka, resources, count, options, queue);
      wait_configs(topics, queue);
    }
  }
  if (resources != NULL) rd_kafka_ConfigResource_destroy_array(resources, count);
  if (queue != NULL) rd_kafka_queue_destroy(queue);
  if (options != NULL) rd_kafka_AdminOptions_destroy(options);
  free(resources);
}

static void publish_facts(struct topics *topics, bool reached) {
  pthread_mutex_lock(&topics->lock);
  memcpy(topics->facts, topics->asking, topics->count * sizeof *topics->facts);
  topics->news = true;
  topics->reached = reached;
  pthread_mutex_unlock(&topics->lock);
  uint64_t one = 1;
  if (write(topics->wake_fd, &one, sizeof one) < 0) return; /* full counter: the loop is awake already */
}

static bool all_present(const struct topics *topics) {
  for (size_t i = 0; i < topics->count; i++) {
    if (topics->asking[i].presence != TOPIC_PRESENT) return false;
  }
  return true;
}

/* One round. Partitions are told first: messages wait for them, and for nothing else. Promises are asked for
 * once all topics are there, or do not come; a broker that knows no DescribeConfigs lets that question run
 * into its limit. */
static bool ask(struct topics *topics) {
  bool reached = connect_handle(topics) == 0 && ask_metadata(topics);
  publish_facts(topics, reached);
  if (!reached) return false;
  bool complete = all_present(topics);
  int64_t now_us = clock_monotonic_us();
  if (topics->promises_due_us == 0) topics->promises_due_us = now_us + PATIENCE_US;
  if (complete && !topics->promised) topics->promises_due_us = now_us;
  if (now_us < topics->promises_due_us) return complete;
  topics->promised = true;
  ask_configs(topics);
  topics->promises_due_us = now_us + topics->timing->refresh_ms * 1000;
  for (size_t i = 0; i < topics->count; i++)
    topics->asking[i].asked = topics->asking[i].presence == TOPIC_PRESENT;
  publish_facts(topics, true);
  return complete;
}

static bool wait_round(struct topics *topics, int64_t wait_ms) {
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += wait_ms / 1000;
  until.tv_nsec += wait_ms % 1000 * 1000000;
  if (until.tv_nsec >= 1000000000) {
    until.tv_sec++;
    until.tv_nsec -= 1000000000;
  }
  pthread_mutex_lock(&topics->lock);
  int r = 0;
  while (!topics->stop && !topics->refresh && r == 0) {
    r = pthread_cond_timedwait(&topics->asked, &topics->lock, &until);
  }
  topics->refresh = false;
  bool go_on = !topics->stop;
  pthread_mutex_unlock(&topics->lock);
  return go_on;
}

static void *topics_thread(void *context) {
  struct topics *topics = context;
  int64_t short_ms = topics->timing->refresh_missing_ms;
  int64_t wait_ms;
  do {
    if (ask(topics)) {
      short_ms = topics->timing->refresh_missing_ms;
      wait_ms = topics->timing->refresh_ms;
    } else {
      wait_ms = short_ms;
      short_ms = MIN(short_ms * 2, topics->timing->refresh_missing_ms * 8);
    }
  } while (wait_round(topics, wait_ms));
  for (size_t i = 0; i < topics->count; i++) {
    if (topics->handles[i] != NULL) rd_kafka_topic_destroy(topics->handles[i]);
  }
  if (topics->kafka != NULL) rd_kafka_destroy(topics->kafka);
  return NULL;
}

static void topics_release(struct topics *topics) {
  free(topics->facts);
  free(topics->asking);
  free(topics->handles);
  free(topics);
}

static int start_thread(struct topics *topics) {
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_mutex_init(&topics->lock, NULL);
  pthread_cond_init(&topics->asked, &attributes);
  pthread_condattr_destroy(&attributes);
  return -pthread_create(&topics->thread, NULL, topics_thread, topics);
}

int topics_new(const struct hub_config *config, const struct publish_timing *timing, const char *const *names,
               size_t count, int wake_fd, struct topics **ret_topics) {
  struct topics *topics = calloc(1, sizeof *topics);
  if (topics == NULL) return -ENOMEM;
  *topics =
      (struct topics){.config = config, .timing = timing, .names = names, .count = count, .wake_fd = wake_fd};
  topics->facts = calloc(count + 1, sizeof *topics->facts);
  topics->asking = calloc(count + 1, sizeof *topics->asking);
  topics->handles = calloc(count + 1, sizeof *topics->handles);
  int r = topics->facts != NULL && topics->asking != NULL && topics->handles != NULL ? 0 : -ENOMEM;
  for (size_t i = 0; r == 0 && i < count; i++) {
    topics->facts[i] = topics->asking[i] = (struct topic_facts){TOPIC_UNKNOWN, -1, -1, -1, -1, false};
  }
  if (r == 0) r = start_thread(topics);
  if (r < 0) {
    topics_release(topics);
    return r;
  }
  *ret_topics = topics;
  return 0;
}

void topics_stop(struct topics *topics) {
  pthread_mutex_lock(&topics->lock);
  topics->stop = true;
  pthread_cond_signal(&topics->asked);
  pthread_mutex_unlock(&topics->lock);
}

void topics_free(struct topics *topics) {
  if (topics == NULL) return;
  topics_stop(topics);
  pthread_join(topics->thread, NULL);
  pthread_cond_destroy(&topics->asked);
  pthread_mutex_destroy(&topics->lock);
  topics_release(topics);
}

void topics_refresh(struct topics *topics) {
  pthread_mutex_lock(&topics->lock);
  topics->refresh = true;
  pthread_cond_signal(&topics->asked);
  pthread_mutex_unlock(&topics->lock);
}

bool topics_collect(struct topics *topics, struct topic_facts *ret_facts, bool *ret_reached) {
  pthread_mutex_lock(&topics->lock);
  bool news = topics->news;
  topics->news = false;
  *ret_reached = topics->reached;
  if (news) memcpy(ret_facts, topics->facts, topics->count * sizeof *ret_facts);
  pthread_mutex_unlock(&topics->lock);
  return news;
}

const char *topic_facts_promise(const struct topic_facts *facts) {
  if (facts->presence == TOPIC_MISSING) return "none: the topic does not exist";
  if (facts->presence == TOPIC_DENIED) return "none: the brokers deny the topic to the hub";
  if (facts->presence == TOPIC_UNKNOWN) return "unknown: no broker has answered yet";
  if (facts->replication == 1 || facts->min_insync == 1) return "relaxed: one copy";
  if (facts->min_insync < 0)
    return facts->asked ? "unknown: the broker does not tell" : "unknown: not told yet";
  return "safe";
}
