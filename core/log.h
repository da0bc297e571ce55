/*
 * log.h: one event, one line: `time level topic message key=value …`, on standard error.
 *
 * The message is a constant text. Values never hold payload bytes, personal data or secrets, at any level.
 *   log_event(LOG_WARNING, "publish", "topic is blocked", log_text("topic", topic), log_int("waiting", n));
 */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include "core/base.h"

enum log_level { LOG_ERROR = 3, LOG_WARNING = 4, LOG_INFO = 6, LOG_DEBUG = 7 };

struct log_field {
  const char *key;  /* NULL ends the list */
  const char *text; /* NULL: the number */
  int64_t number;
};

static inline struct log_field log_text(const char *key, const char *text) {
  return (struct log_field){key, text == NULL ? "-" : text, 0};
}

static inline struct log_field log_int(const char *key, int64_t number) {
  return (struct log_field){key, NULL, number};
}

/* strerror text of a positive or negative errno. */
struct log_field log_errno(int error);

void log_write(enum log_level, const char *topic, const char *message, const struct log_field *fields);

#define log_event(level, topic, message, ...) \
  log_write(level, topic, message, (struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){0}})

/* What is written at all; LOG_INFO at start. */
void log_set_level(enum log_level);
bool log_level_parse(const char *name, enum log_level *ret_level);

#endif
