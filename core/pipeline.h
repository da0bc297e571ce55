/*
 * pipeline.h: the way of a payload from a source to its answer.
 *
 * A way in (core/source) makes an intake, fills in what it knows, and hands it over; the pipeline translates,
 * judges, publishes, keeps what must be kept, and answers exactly once. Everything runs on the loop but the
 * translation of large payloads.
 */
#ifndef CORE_PIPELINE_H
#define CORE_PIPELINE_H

#include "core/connector/answer.h"
#include "core/connector/translators.h"
#include "core/cursor.h"
#include "core/dedupe.h"
#include "core/metrics.h"
#include "core/originals/originals.h"
#include "core/publish/publisher.h"
#include "core/route/route.h"
#include "core/setup.h"

struct event_base;
struct pipeline;
struct pipeline_source; /* one source with its counters */

struct pipeline_options { /* all borrowed, and outlive the pipeline */
  struct event_base *base;
  struct metrics *metrics;
  const struct setup *setup;
  struct publisher *publisher;
  struct originals *originals;
  struct translators *translators;
  struct dedupe *dedupe;
};

int pipeline_new(const struct pipeline_options *, struct pipeline **ret_pipeline) must_use;
void pipeline_free(struct pipeline *); /* drops what is in flight without an answer: drain first */

struct pipeline_source *pipeline_source(struct pipeline *, const char *name);
const struct setup_source *pipeline_source_setup(const struct pipeline_source *);

struct file_result {   /* what became of a file's records */
  const char *refusal; /* the whole must come again for this reason; NULL: every record's fate is known */
  uint64_t records, accepted, repeated, rejected;
  bool poisoned;             /* it made its connector hang before, and was not translated */
  enum hub_reject_code code; /* of the first that was rejected; 0: none */
  const char *at, *detail;
};

/* One payload. The way in fills in the public part; what it points to stays valid until answered() is called,
 * except `arena`, which belongs to the intake and is the place for whatever must live as long as it does. */
struct intake {
  struct arena *arena;
  struct pipeline_source *source;
  struct hub_payload payload;               /* what the connector reads */
  struct text body, query, idempotency_key; /* body: all bytes of the request, kept as the original */
  const char *traceparent;                  /* NULL: none */
  int64_t received_us;
  /* A file: nobody waits for an answer, and its records are committed through the cursor, in order. Then
   * data_digest is the SHA-256 of the payload, answered() gets an empty answer, and what became of it stands
   * in file_result; file_position says how many bytes are committed. NULL: not a file. */
  struct cursor_file *cursor;
  const uint8_t *data_digest;
  struct file_result file_result;
  uint64_t file_position;
  void *owner;
  void (*answered)(struct intake *, const struct answer *,
                   int retry_after_s); /* once; the answer is borrowed */
  /* NULL but for a protocol that can answer twice: called before answered() with what the connector says at
   * HUB_STORED. Such a sender hears the connector's words only; where it is silent the answer's status is 0.
   */
  void (*stored)(struct intake *, const struct answer *);
  /* May be NULL. Zero bytes behind the payload may stand on bytes of the body: as_sent puts these back, so
   * that the original can be kept. */
  void (*show_body)(struct intake *, bool as_sent);
};

int intake_new(struct pipeline_source *, struct intake **ret_intake) must_use;
void intake_free(struct intake *); /* only for one that was not handed over */

/* Takes it; answered() may be called before this returns. */
void pipeline_take(struct pipeline *, struct intake *);

/* The end is near: what still goes wrong is not kept any more, its sender sends it again. Originals may be
 * closed from here on, before the publisher is. */
void pipeline_end(struct pipeline *);

/* Files stop where they are: what is with the brokers is waited for, then answered() says to come again. */
void pipeline_stop_files(struct pipeline *);

/* Counts a request that never became a payload: framing, identity, limits. */
void pipeline_count_refused(struct pipeline_source *, const char *code);

/* false: sources should pause; every `room` is called when it is true again (one of each way in). */
enum { PIPELINE_ROOMS_MAX = 4 };
bool pipeline_has_room(const struct pipeline *);
void pipeline_on_room(struct pipeline *, void (*room)(void *context), void *context);

size_t pipeline_in_flight(const struct pipeline *); /* payloads without an answer */

#endif
