/*
 * event.h: one message on its way to one topic, and its deterministic id.
 *
 * Event id: UUIDv8 of HMAC-SHA-256, under the hub's id key, over scope, message name, native key, version and
 * the id before it (each part with its length, so that no two splits meet).
 */
#ifndef CORE_MESSAGE_EVENT_H
#define CORE_MESSAGE_EVENT_H

#include "connectors/iochub_connector.h"
#include "core/base.h"
#include "core/config/secret.h"

struct event_id {
  uint8_t bytes[16];
};

#define EVENT_ID_TEXT 37 /* 36 letters and the end */
const char *event_id_text(struct event_id, char buffer[static EVENT_ID_TEXT]);
bool event_id_parse(struct text, struct event_id *ret_id);

struct event_identity {
  struct text scope, type, native_key, version;
  const struct event_id *previous; /* NULL: none */
};

int event_id_make(const struct secret_key *, const struct event_identity *, struct event_id *ret_id) must_use;

struct bus_event { /* not `struct event`, which is libevent's */
  const char *topic;
  const char *type;        /* full name: ce_type */
  const char *source;      /* ce_source: urn:iochub:<hub>:<source> */
  const char *traceparent; /* NULL: the sender gave none */
  struct event_id id;
  int64_t occurred_us; /* HUB_NONE: ce_time is accepted_us */
  int64_t accepted_us; /* Kafka timestamp */
  struct text key;
  struct text value;
  bool ordered; /* order: key */
};

int sha256(struct text, uint8_t ret_digest[static 32]) must_use;

#endif
