/*
 * topics.h: what the brokers tell about the catalogue's topics, asked on a thread of its own: partitions,
 * replication, min.insync.replicas, max.message.bytes.
 */
#ifndef CORE_PUBLISH_TOPICS_H
#define CORE_PUBLISH_TOPICS_H

#include "core/publish/timing.h"

struct topics;

enum topic_presence { TOPIC_UNKNOWN, TOPIC_PRESENT, TOPIC_MISSING, TOPIC_DENIED };

struct topic_facts {
  enum topic_presence presence;
  int partitions, replication, min_insync; /* -1: not told */
  int64_t max_message_bytes;               /* -1: not told */
  bool asked; /* the last three were asked for: what is -1 stays so */
};

/* names: of all topics, borrowed for as long as topics lives. wake_fd tells when there is news. */
int topics_new(const struct hub_config *, const struct publish_timing *, const char *const *names,
               size_t count, int wake_fd, struct topics **ret_topics) must_use;
void topics_stop(struct topics *); /* asks the thread to end, does not wait */
void topics_free(struct topics *); /* waits for it */

/* Ask soon (something looks changed). */
void topics_refresh(struct topics *);

/* true: there is news since the last call; facts[i] is about names[i], *ret_reached says whether a broker
 * answered. */
bool topics_collect(struct topics *, struct topic_facts *ret_facts, bool *ret_reached);

/* "safe", "relaxed: one copy", "unknown: …": what an acknowledgement of this topic is worth. */
const char *topic_facts_promise(const struct topic_facts *);

#endif
