/*
 * sink.h: one payload translated: the records it gave.
 *
 * The sink behind translate() packs each message at once, checks it against its schema and the rules for
 * personal data, and keeps all in the payload's arena. Pure like the connector: may run on any thread.
 */
#ifndef CORE_CONNECTOR_SINK_H
#define CORE_CONNECTOR_SINK_H

#include "core/arena.h"
#include "core/connector/load.h"
#include "core/message/personal.h"

enum { TRANSLATION_RECORDS_MAX = 20000, REMEMBER_MAX = 1024, TRANSLATION_COUNTERS_MAX = 8 };
#define TRANSLATION_BYTES_MAX (64 * MIB)

struct record { /* a message, or a rejection when code is not 0 */
  const struct schema_message *type;
  struct text value;   /* packed message */
  struct text key;     /* native key, also of a rejection when known; empty: none */
  struct text version; /* empty: none, use the digest of the slice */
  int64_t occurred_us; /* HUB_NONE: not known */
  struct text slice;   /* of the payload; the whole of it by default */
  enum hub_reject_code code;
  const char *at, *detail; /* NULL: not given */
  struct text reject_value;
};

struct translation_counter { /* what the connector counted; the loop adds it to the metrics */
  const char *name;
  uint64_t n;
};

struct translation {
  size_t count, rejected;
  struct record *records; /* by record number */
  bool independent, all_or_nothing;
  struct text remembered;
  struct translation_counter counters[TRANSLATION_COUNTERS_MAX]; /* to the first without a name */
};

/* Who takes the records of an independent payload while it is still being read. take() gets a batch and the
 * arena that it lives in, and may wait; what it returns below 0 ends the translation. stopped() is asked at
 * every call of the connector and ends the translation too. Both run on the translating thread. */
struct translation_taker {
  size_t records_max, bytes_max; /* a batch is handed over when it reached one of these */
  int (*take)(struct translation_taker *, struct arena **arena, const struct translation *batch);
  bool (*stopped)(const struct translation_taker *);
};

/* Runs translate(). Too many records or bytes (of a payload that is not independent) replace all by one
 * rejection `too_large`; all_or_nothing() with a rejected record leaves the rejections only. Returns 0 or a
 * negative errno (the host's trouble: the payload was not judged). */
int translation_run(const struct instance *, const struct personal *, const struct config_table *tables,
                    const struct hub_payload *, struct arena *, struct translation *ret_translation) must_use;

/* The same with a taker (may be NULL): of a payload that calls independent() all records go there, in
 * order, and *ret_translation holds what was remembered and counted only. */
int translation_run_in_batches(const struct instance *, const struct personal *,
                               const struct config_table *tables, const struct hub_payload *, struct arena *,
                               struct translation_taker *, struct translation *ret_translation) must_use;

const char *reject_code_name(enum hub_reject_code);
int reject_code_status(enum hub_reject_code); /* HTTP */
const char *reject_code_sentence(enum hub_reject_code);

#endif
