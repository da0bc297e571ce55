/*
 * translators.h: threads that translate what is too large for the loop, and the watchdog over every
 * translation.
 *
 * Jobs and threads share nothing but queues; done is called on the loop.
 */
#ifndef CORE_CONNECTOR_TRANSLATORS_H
#define CORE_CONNECTOR_TRANSLATORS_H

#include "core/connector/sink.h"

struct event_base;
struct translators;

/* Payloads up to this size that need no inflating are translated on the loop, others on a thread. */
#define TRANSLATE_ON_LOOP_MAX (64 * KIB)

#define TRANSLATION_MADE 1 /* by prepare(): do not translate */

struct translation_job { /* embedded in its owner */
  const struct instance *instance;
  const struct personal *personal;
  const struct config_table *tables;
  const struct hub_payload *payload;
  struct arena *arena;
  const char *source;    /* for the watchdog's words */
  const uint8_t *digest; /* 32 bytes, likewise */
  /* Before and after, on the same thread, pure as well; may be NULL. prepare() returns 0, TRANSLATION_MADE or
   * -errno. */
  int (*prepare)(struct translation_job *);
  int (*finish)(struct translation_job *); /* 0 or -errno */
  struct translation_taker *taker;         /* NULL: all records are kept; never for a job on the loop */
  struct translation translation;          /* result */
  int error;                               /* 0, or negative: the host's trouble */
  void (*done)(struct translation_job *);  /* on the loop */
  struct translation_job *next;            /* the queue's */
};

/* A translation over timeout_ms is told by `slow` (from the loop, once a job, with the source's name); over
 * six times that the process notes the payload's digest in STATE/poisoned, names the source in the log and
 * aborts. */
int translators_new(struct event_base *, const char *state_dir, int threads, int64_t timeout_ms,
                    void (*slow)(void *context, const char *source), void *context,
                    struct translators **ret_translators) must_use;
void translators_free(
    struct translators *); /* waits for running jobs; queued ones are dropped without done */

void translators_submit(struct translators *, struct translation_job *);

/* The same on a thread of its own, which ends with the job: for a file, which may wait for the brokers again
 * and again, and must not keep others from being translated meanwhile. */
void translators_submit_alone(struct translators *, struct translation_job *);

/* By the translating thread: from here on it waits for others and is not watched; and it goes on, from when
 * its time counts anew. */
void translators_waits(struct translators *, const struct translation_job *);
void translators_goes_on(struct translators *, const struct translation_job *);

/* Runs a job here and now, on the loop, under the same watchdog; done is not called. */
void translators_run(struct translators *, struct translation_job *);

/* Whether a payload with this digest made the process abort before: dead-letter it untranslated. */
bool translators_poisoned(const struct translators *, const uint8_t digest[static 32]);

#endif
