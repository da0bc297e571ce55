/*
 * dedupe.h: the memory of ids: which event a record is, and whether it was taken already.
 *
 * A record with a native key is compared with the last one known for that key: equal version and bytes make
 * it a repeat, anything else a new event whose id also covers the id before it (A, B, A are three events). A
 * record without a native key is known by its bytes and by being the n-th such one of its payload. An id is
 * *taken* when it is assigned and *known* when its record is durable on all its topics; an equal record
 * meanwhile waits and shares the outcome; a failure takes it back, except on the topics where it already is.
 *
 * In memory only, bounded by number and age; what is forgotten may be published again under a new id chain.
 */
#ifndef CORE_DEDUPE_H
#define CORE_DEDUPE_H

#include "core/message/event.h"

struct dedupe;

enum { DEDUPE_TOPICS_MAX = 64, DEDUPE_DIGEST_BYTES = 32 };

/* key: the hub's id key. max_ids entries of 64 bytes at most; older than max_age_ms counts as forgotten. */
int dedupe_new(const struct secret_key *key, int64_t max_ids, int64_t max_age_ms,
               struct dedupe **ret_dedupe) must_use;
void dedupe_free(struct dedupe *);
DEFINE_CLEANUP(struct dedupe *, dedupe_free)

enum dedupe_verdict {
  DEDUPE_NEW = 1, /* publish it; dedupe_settle() must follow */
  DEDUPE_REPEAT,  /* known: answered as the first time */
  DEDUPE_WAIT,    /* an equal one is under way: `settled` is called with its outcome */
};

/* One record's hold on its id; embedded in its owner, zeroed before the first use. */
struct claim {
  struct event_id id;
  uint64_t done_topics; /* bit n: topic n of the catalogue already has it */
  struct taken *taken;  /* the memory's own from here */
  struct claim *next_waiting;
  bool waiting;
  void (*settled)(struct claim *, bool durable); /* DEDUPE_WAIT: called once, on the loop */
};

struct claim_record {
  struct text scope, type, native_key, version;
  const uint8_t *slice_digest; /* SHA-256 of the record's bytes */
  uint32_t nth;                /* without native key: number of equal records before it in the payload */
  uint32_t payload;            /* from dedupe_payload_begin() */
  const struct event_id *id;   /* that it got before a restart; NULL: none, it is made */
};

int dedupe_claim(struct dedupe *, const struct claim_record *, struct claim *,
                 enum dedupe_verdict *ret_verdict) must_use;

/* For a record that stands at the same place of an equal payload as the record of `theirs`, whose claim is
 * still under way: waits for that one, whatever else came for its key. */
enum dedupe_verdict dedupe_share(struct dedupe *, const struct claim_record *, const struct claim *theirs,
                                 struct claim *);

/* Whether the claim's fate is still open. */
static inline bool claim_is_open(const struct claim *claim) { return claim->taken != NULL; }

/* The id of a record of a source without memory (`repeats: off`): covers no id before it. */
int dedupe_id(const struct dedupe *, const struct claim_record *, struct event_id *ret_id) must_use;

/* The fate of a DEDUPE_NEW record: durable on all its topics, or not (then done_topics says where it already
 * is). */
void dedupe_settle(struct dedupe *, struct claim *, bool durable, uint64_t done_topics);

/* The owner of a DEDUPE_WAIT claim does not wait any longer. */
void dedupe_leave(struct claim *);

/* Forgets the records of a payload that were claimed and settled only to know them again. */
void dedupe_disown(struct dedupe *, uint32_t payload);

/* ---- Whole payloads ---- */

/* A number for the payload's records. */
uint32_t dedupe_payload_begin(struct dedupe *);

/* What a payload is known by: its digest, or its digest and Idempotency-Key. */
struct payload_identity {
  uint8_t digest[DEDUPE_DIGEST_BYTES]; /* of source, data, path with query, form fields */
  struct text source, idempotency_key; /* key empty: none */
};

enum payload_verdict {
  PAYLOAD_NEW = 1,
  PAYLOAD_REPEAT,   /* seen, and none of its native keys has had another record since; ids are filled in */
  PAYLOAD_CONFLICT, /* the same Idempotency-Key came with another payload */
};

/* records and ret_ids: one for each message of the payload, in order. */
int dedupe_payload_look(struct dedupe *, const struct payload_identity *, const struct claim_record *records,
                        size_t count, struct event_id *ret_ids, enum payload_verdict *ret_verdict) must_use;

/* Every record of the payload is durable: a later one like it is a repeat. ids in record order. Without
 * memory for it the payload is simply not known as a whole. */
void dedupe_payload_remember(struct dedupe *, const struct payload_identity *, uint32_t payload,
                             const struct event_id *ids, size_t count, bool keys_differ);

/* SHA-256 over parts, each with its length in front, so that no two splits meet. */
int digest_parts(const struct text *parts, size_t count, uint8_t ret_digest[static 32]) must_use;

struct dedupe_state {
  size_t known, taken, bytes;
};
void dedupe_state(const struct dedupe *, struct dedupe_state *ret_state);

#endif
