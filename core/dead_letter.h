/*
 * dead_letter.h: a record that could not be published, as an event for ioc.dead-letter.<domain>.v1.
 *
 * It carries the reason and the place, never bytes of the payload. Its id (and Kafka key) is an HMAC over
 * source, payload digest, record number and topic, so that the same bad payload again replaces it and raises
 * `attempts`.
 */
#ifndef CORE_DEAD_LETTER_H
#define CORE_DEAD_LETTER_H

#include "connectors/iochub_connector.h"
#include "core/arena.h"
#include "core/message/event.h"

struct dead_letter {
  const char *hub, *source, *domain, *connector, *connector_version;
  uint8_t digest[32]; /* of the payload: finds the original */
  uint32_t record;
  const char *topic; /* for which it was meant; NULL: rejected before routing */
  const char *type;  /* message that was refused by a broker or had no route; NULL: none */
  enum hub_reject_code code;
  const char *at, *detail;
  bool told_sender;
  uint32_t attempts; /* from 1 */
  int64_t received_us;
};

#define DEAD_LETTER_ID_TEXT 27 /* 26 base32 letters and the end */
int dead_letter_id(const struct secret_key *, const struct dead_letter *,
                   char ret_id[static DEAD_LETTER_ID_TEXT]) must_use;

/* Packs it; topic, key, value and id of *ret_event live in the arena. */
int dead_letter_event(const struct secret_key *, const struct dead_letter *, struct arena *,
                      struct bus_event *ret_event) must_use;

/* How often each dead letter came, by its id: bounded, in memory only. After a restart, and after 16,000
 * other dead letters, counting begins at 1 again, so `attempts` is a lower bound. It counts what came, also
 * what could not be published then and comes again for that reason. */
struct dead_letter_counts;
int dead_letter_counts_new(struct dead_letter_counts **ret_counts) must_use;
void dead_letter_counts_free(struct dead_letter_counts *);

/* One more: 1 the first time.. */
uint32_t dead_letter_attempt(struct dead_letter_counts *, const char *id);

#endif
