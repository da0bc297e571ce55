/*
 * intake.h: what the pipeline knows of one payload on its way (private to pipeline.c, intake_*.c).
 *
 * intake ── item (one a record) ── delivery (one a topic, or one for a dead letter). Everything lives in the
 * intake's arena. `open` counts what is still unknown: an item's deliveries, an intake's items; what is not
 * known yet is never guessed. An intake ends when it is answered and nothing is open.
 */
#ifndef CORE_INTAKE_H
#define CORE_INTAKE_H

#include "core/dead_letter.h"
#include "core/pipeline.h"

struct passage;

struct delivery {
  struct publication publication;
  struct bus_event event;
  struct item *item;
  struct delivery *next;
  enum delivery_state { DELIVERY_READY, DELIVERY_SENT, DELIVERY_OVER } state;
  uint64_t bit;                     /* of its topic among the item's targets; 0: a dead letter */
  const struct dead_letter *letter; /* what a dead letter says; NULL: a message */
};

enum item_result {
  ITEM_PUBLISHED = 1,
  ITEM_REPEATED,
  ITEM_REJECTED,
  ITEM_KEPT /* accepted, but a dead letter */
};

struct item {
  struct passage *passage;
  const struct record *record;
  uint32_t number;
  enum item_result result;
  enum hub_reject_code code; /* ITEM_REJECTED, ITEM_KEPT */
  const char *detail;
  struct claim claim;
  bool claimed; /* the claim must be settled */
  bool busy;    /* something of it is neither in Kafka nor in the dead letters */
  uint64_t done_topics;
  size_t open;
  struct delivery *deliveries;
};

struct passage { /* an intake inside the pipeline; the public part first */
  struct intake intake;
  struct pipeline *pipeline;
  struct passage *next, *before; /* active, in order of arrival */
  int64_t taken_us, late_us;     /* monotonic: when it was handed over, when its sender stops waiting */
  struct translation_job job;
  struct payload_identity identity;
  uint8_t data_digest[32];
  struct item *items;
  struct claim_record *claims; /* of the messages, in order */
  struct item **messages;
  size_t items_count, messages_count;
  uint32_t payload_number;
  bool repeated; /* as a whole */
  bool translating, answered, keys_differ;
  enum original_state { ORIGINAL_NONE, ORIGINAL_WRITING, ORIGINAL_SAFE, ORIGINAL_FAILED } original_state;
  struct original original;
  struct delivery *letters;          /* wait for the original */
  const struct hub_refusal *refusal; /* the whole is refused; NULL: not */
  size_t open;
};

struct pipeline_source {
  struct pipeline_source *next;
  const struct setup_source *setup;
  const char *urn;           /* ce_source */
  struct arena_pool *arenas; /* the pipeline's, for intakes */
  struct metrics *metrics;
  struct metric *received, *published, *repeated, *dead_lettered, *rejected, *latency;
};

/* intake_judge.c: slices and identities digested, items made (both pure, on the translating thread); then, on
 * the loop, records compared with what is known. */
int passage_digest_payload(struct passage *) must_use;
int passage_make_items(struct passage *) must_use;
int passage_judge(struct passage *) must_use;

/* intake_deliver.c: records to topics and dead letters. */
int item_deliver(struct item *) must_use;
int item_dead_letter(struct item *, const char *topic, enum hub_reject_code, const char *detail) must_use;
void passage_keep_original(struct passage *);
void passage_withdraw(struct passage *);

/* pipeline.c: one item or one other open thing of the passage is known. */
void item_close(struct item *);
void passage_close(struct passage *);
struct pipeline_options *pipeline_options(struct pipeline *);
bool pipeline_has_ended(const struct pipeline *); /* originals are closed */
uint32_t pipeline_attempt(struct pipeline *, const char *dead_letter_id);

#endif
