/*
 * intake.h: what the pipeline knows of one payload on its way (private to pipeline.c, intake_*.c).
 *
 * intake ── item (one a record) ── delivery (one a topic, or one for a dead letter). Everything lives in the
 * intake's arena. `open` counts what is still unknown: an item's deliveries, an intake's items; what is not
 * known yet is never guessed. An intake ends when it is answered and nothing is open.
 *
 * A file that called independent() has passages of its own for its batches: each is judged and delivered as a
 * payload is, and `whole` is the passage of the file.
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
  bool settled;                     /* over, and nothing more is to be sent */
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
  bool claimed;     /* the claim must be settled */
  bool busy;        /* something of it is neither in Kafka nor in the dead letters */
  bool known;       /* of a file: its fate was known before a restart */
  bool perhaps;     /* of a file: sent before a restart, perhaps */
  bool undelivered; /* of a file: no memory for all its deliveries */
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
  struct stream *stream;  /* of a file that is taken in batches; NULL: not */
  struct passage *whole;  /* of a batch: the file; NULL: not a batch */
  struct passage *behind; /* of a batch: the next one of its file */
  uint64_t first, trace;  /* of a file: its first record's number; trace.h of all up to its last one */
  bool committable;       /* of a batch: all its fates are known */
  struct cursor_save save;
  int64_t retry_at_us; /* of a file: when to send again what is busy; 0: not */
  int64_t retry_ms;
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
int passage_digest_piece(struct passage *, const struct passage *whole) must_use;
int passage_make_items(struct passage *) must_use;
int passage_judge(struct passage *) must_use;
/* Of a file: busy records that waited for an equal one, which failed. Those that are to be published now are
 * marked undelivered. */
int passage_claim_again(struct passage *) must_use;

/* intake_deliver.c: records to topics and dead letters. */
void passage_deliver_again(struct passage *); /* what is busy */
int item_deliver(struct item *) must_use;
int item_dead_letter(struct item *, const char *topic, enum hub_reject_code, const char *detail) must_use;
void passage_keep_original(struct passage *);
void passage_withdraw(struct passage *);

/* intake_file.c: what is different when the payload is a file. */
int file_start(struct passage *) must_use;  /* before it is translated */
int file_finish(struct passage *) must_use; /* behind it, on the translating thread */
void file_translated(struct passage *, int error);
int file_recall(struct passage *) must_use; /* before records are judged: what the cursor knows of them */
void file_deliver(struct passage *);        /* after that */
void file_close(struct passage *);          /* nothing is open any more */
void file_stop(struct passage *);
void file_refuse(struct passage *); /* before it began: the hub stops */
void file_free(struct passage *);   /* its stream */
int stream_number(struct passage *whole, struct claim_record *) must_use;

/* intake_answer.c: the connector's words at a stage; at HUB_STORED they are given to the way in, where it
 * hears them. */
int passage_make_answer(struct passage *, enum hub_stage, const struct hub_refusal *,
                        struct answer *ret_answer) must_use;
int passage_answer_stored(struct passage *) must_use;

/* pipeline.c: one item or one other open thing of the passage is known. */
void item_close(struct item *);
void item_settle(struct item *); /* nothing of it is open */
void passage_close(struct passage *);
void passage_begin(struct passage *); /* a batch: judged and delivered when there is room */
void passage_take_records(struct passage *, int error);
void passage_deliver(struct passage *);
void passage_answer(struct passage *, const struct hub_refusal *);
void passage_count(struct passage *);
void passage_end(struct passage *);
void passage_drop(struct passage *); /* gives back what it took; refusal is set */
bool passage_all_safe(const struct passage *);
bool passage_holds(const struct passage *); /* a busy record keeps its id and is sent again */
extern const struct hub_refusal passage_host_trouble;
bool pipeline_files_stop(const struct pipeline *);
struct pipeline_options *pipeline_options(struct pipeline *);
bool pipeline_has_ended(const struct pipeline *); /* originals are closed */
uint32_t pipeline_attempt(struct pipeline *, const char *dead_letter_id);

#endif
