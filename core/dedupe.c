/*
 * The memory of ids. What is known stands in a bounded table (dedupe_memory.c); what is under way stands
 * here, as a chain for each native key: the order of its records, each taken, or left over because only some
 * of its topics have it. A new record is compared with the last of the chain, else with the table.
 *
 * Invariant: a chain is never empty, and the table's entry of a key is older than everything in its chain,
 * except that a record that became durable before an earlier one of its chain already stands in the table
 * (`known_order`).
 */
#include "core/dedupe.h"

#include "core/dedupe_memory.h"

enum { CHAIN_BUCKETS = 4096, LEFTOVERS_MAX = 10000 };

struct taken { /* one record under way, or left over */
  struct chain *chain;
  struct taken *next;    /* towards newer ones */
  struct claim *owner;   /* NULL: left over */
  struct claim *waiting; /* equal records that share its outcome */
  uint64_t order, done_topics;
  uint8_t content[16];
  struct event_id id;
  uint32_t payload;
};

struct chain {
  struct chain *next; /* in its bucket */
  struct memory_key key;
  struct taken *first, *last;
  uint64_t known_order; /* order of the newest record of this chain that stands in the table */
};

struct dedupe {
  struct secret_key id_key;
  struct memory *memory;
  struct chain *buckets[CHAIN_BUCKETS];
  uint64_t orders;
  uint32_t payloads;
  size_t taken_count, leftovers;
};

struct owned_ids { /* of a payload in which a key came twice */
  size_t count;
  struct event_id ids[];
};

int dedupe_new(const struct secret_key *key, int64_t max_ids, int64_t max_age_ms,
               struct dedupe **ret_dedupe) {
  cleanup(dedupe_freep) struct dedupe *dedupe = calloc(1, sizeof *dedupe);
  if (dedupe == NULL) return -ENOMEM;
  dedupe->id_key = *key;
  int r = memory_new((size_t)MAX(max_ids, INT64_C(1)), max_age_ms, &dedupe->memory);
  if (r < 0) return r;
  *ret_dedupe = TAKE(dedupe);
  return 0;
}

static void chain_free(struct chain *chain) {
  while (chain->first != NULL) {
    struct taken *next = chain->first->next;
    free(chain->first);
    chain->first = next;
  }
  free(chain);
}

void dedupe_free(struct dedupe *dedupe) {
  if (dedupe == NULL) return;
  for (size_t i = 0; i < CHAIN_BUCKETS; i++) {
    while (dedupe->buckets[i] != NULL) {
      struct chain *next = dedupe->buckets[i]->next;
      chain_free(dedupe->buckets[i]);
      dedupe->buckets[i] = next;
    }
  }
  memory_free(dedupe->memory);
  secret_wipe(&dedupe->id_key, sizeof dedupe->id_key);
  free(dedupe);
}

int digest_parts(const struct text *parts, size_t count, uint8_t ret_digest[static 32]) {
  uint8_t small[1024], *bytes = small;
  size_t length = 0;
  for (size_t i = 0; i < count; i++) length += 8 + parts[i].length;
  cleanup(freep) uint8_t *large = NULL;
  if (length > sizeof small) {
    bytes = large = malloc(length);
    if (large == NULL) return -ENOMEM;
  }
  size_t used = 0;
  for (size_t i = 0; i < count; i++) {
    uint64_t part_length = parts[i].length;
    memcpy(bytes + used, &part_length, 8);
    if (part_length != 0) memcpy(bytes + used + 8, parts[i].data, part_length);
    used += 8 + part_length;
  }
  return sha256((struct text){(const char *)bytes, length}, ret_digest);
}

static struct memory_key memory_key_of(const uint8_t digest[static 32]) {
  struct memory_key key;
  memcpy(&key, digest, sizeof key);
  return key;
}

static struct text bytes_of(const void *data, size_t length) { return (struct text){data, length}; }

static int record_key(const struct claim_record *record, struct memory_key *ret_key) {
  uint8_t digest[32];
  bool keyed = record->native_key.length != 0;
  struct text parts[] = {keyed ? TEXT("key") : TEXT("bytes"), record->scope, record->type,
                         keyed ? record->native_key : bytes_of(record->slice_digest, 32),
                         bytes_of(&record->nth, keyed ? 0 : sizeof record->nth)};
  int r = digest_parts(parts, LENGTH_OF(parts), digest);
  if (r == 0) *ret_key = memory_key_of(digest);
  return r;
}

/* What two records of one key must share to be the same: the sender's version and the bytes. */
static int record_content(const struct claim_record *record, uint8_t ret_content[static 16]) {
  uint8_t digest[32];
  if (record->version.length == 0) {
    memcpy(ret_content, record->slice_digest, 16);
    return 0;
  }
  struct text parts[] = {record->version, bytes_of(record->slice_digest, 32)};
  int r = digest_parts(parts, LENGTH_OF(parts), digest);
  if (r == 0) memcpy(ret_content, digest, 16);
  return r;
}

static struct chain **chain_place(struct dedupe *dedupe, struct memory_key key) {
  struct chain **place = &dedupe->buckets[key.high % CHAIN_BUCKETS];
  while (*place != NULL && ((*place)->key.low != key.low || (*place)->key.high != key.high))
    place = &(*place)->next;
  return place;
}

static int make_id(const struct dedupe *dedupe, const struct claim_record *record, const uint8_t *previous,
                   struct event_id *ret_id) {
  struct event_id before = {0};
  if (previous != NULL) memcpy(before.bytes, previous, sizeof before.bytes);
  uint8_t nth[4];
  memcpy(nth, &record->nth, sizeof nth);
  bool keyed = record->native_key.length != 0;
  struct event_identity identity = {
      .scope = record->scope,
      .type = record->type,
      .native_key = keyed ? record->native_key : bytes_of(nth, sizeof nth),
      .version = keyed && record->version.length != 0 ? record->version : bytes_of(record->slice_digest, 32),
      .previous = previous == NULL ? NULL : &before,
  };
  return event_id_make(&dedupe->id_key, &identity, ret_id);
}

int dedupe_id(const struct dedupe *dedupe, const struct claim_record *record, struct event_id *ret_id) {
  return make_id(dedupe, record, NULL, ret_id);
}

/* The last record of the chain is equal: wait for it, or go on with what was left over of it. */
static enum dedupe_verdict join(struct dedupe *dedupe, struct taken *taken, const struct claim_record *record,
                                struct claim *claim) {
  claim->id = taken->id;
  claim->taken = taken;
  claim->done_topics = taken->done_topics;
  if (taken->owner == NULL) {
    taken->owner = claim;
    taken->payload = record->payload;
    dedupe->leftovers--;
    dedupe->taken_count++;
    return DEDUPE_NEW;
  }
  claim->waiting = true;
  claim->next_waiting = taken->waiting;
  taken->waiting = claim;
  return DEDUPE_WAIT;
}

enum dedupe_verdict dedupe_share(struct dedupe *dedupe, const struct claim_record *record,
                                 const struct claim *theirs, struct claim *claim) {
  return join(dedupe, theirs->taken, record, claim);
}

static int take(struct dedupe *dedupe, struct chain **place, struct memory_key key,
                const struct claim_record *record, const uint8_t content[static 16], struct claim *claim) {
  struct chain *chain = *place;
  cleanup(freep) struct chain *fresh = NULL;
  cleanup(freep) struct taken *taken = calloc(1, sizeof *taken);
  if (chain == NULL) chain = fresh = calloc(1, sizeof *fresh);
  if (chain == NULL || taken == NULL) return -ENOMEM;
  const struct memory_entry *known = memory_get(dedupe->memory, key);
  const uint8_t *previous = chain->last != NULL ? chain->last->id.bytes : known != NULL ? known->id : NULL;
  int r = 0;
  if (record->id != NULL) taken->id = *record->id;
  else r = make_id(dedupe, record, previous, &taken->id);
  if (r < 0) return r;
  taken->chain = chain;
  taken->owner = claim;
  taken->order = ++dedupe->orders;
  taken->payload = record->payload;
  memcpy(taken->content, content, sizeof taken->content);
  chain->key = key;
  if (chain->last != NULL) chain->last->next = taken;
  else chain->first = taken;
  chain->last = taken;
  claim->taken = taken;
  claim->id = taken->id;
  claim->done_topics = 0;
  dedupe->taken_count++;
  *place = chain;
  (void)TAKE(taken);
  (void)TAKE(fresh);
  return 0;
}

int dedupe_claim(struct dedupe *dedupe, const struct claim_record *record, struct claim *claim,
                 enum dedupe_verdict *ret_verdict) {
  struct memory_key key;
  uint8_t content[16];
  int r = record_key(record, &key);
  if (r == 0) r = record_content(record, content);
  if (r < 0) return r;
  struct chain **place = chain_place(dedupe, key);
  if (*place != NULL) {
    struct taken *last = (*place)->last;
    if (memcmp(last->content, content, sizeof content) == 0) {
      *ret_verdict = join(dedupe, last, record, claim);
      return 0;
    }
  } else {
    const struct memory_entry *known = memory_get(dedupe->memory, key);
    if (known != NULL && memcmp(known->content, content, sizeof content) == 0) {
      memcpy(claim->id.bytes, known->id, sizeof claim->id.bytes);
      *ret_verdict = DEDUPE_REPEAT;
      return 0;
    }
  }
  *ret_verdict = DEDUPE_NEW;
  return take(dedupe, place, key, record, content, claim);
}

static void chain_remove(struct dedupe *dedupe, struct taken *taken) {
  struct chain *chain = taken->chain;
  struct taken **link = &chain->first;
  struct taken *before = NULL;
  while (*link != taken) {
    before = *link;
    link = &before->next;
  }
  *link = taken->next;
  if (chain->last == taken) chain->last = before;
  free(taken);
  if (chain->first != NULL) return;
  struct chain **place = chain_place(dedupe, chain->key);
  *place = chain->next;
  free(chain);
}

static void make_known(struct dedupe *dedupe, const struct taken *taken) {
  struct chain *chain = taken->chain;
  if (chain->known_order > taken->order) return; /* a newer one already stands there */
  struct memory_entry entry = {.key = chain->key, .payload = taken->payload};
  memcpy(entry.content, taken->content, sizeof entry.content);
  memcpy(entry.id, taken->id.bytes, sizeof entry.id);
  /* Without memory the record is forgotten at once; it was published, and a repeat of it would be published
   * again. */
  if (memory_put(dedupe->memory, &entry) == 0) chain->known_order = taken->order;
}

void dedupe_settle(struct dedupe *dedupe, struct claim *claim, bool durable, uint64_t done_topics) {
  struct taken *taken = claim->taken;
  if (taken == NULL) return;
  claim->taken = NULL;
  struct claim *waiting = taken->waiting;
  taken->waiting = NULL;
  taken->owner = NULL;
  dedupe->taken_count--;
  if (durable) make_known(dedupe, taken);
  if (!durable && done_topics != 0 && dedupe->leftovers < LEFTOVERS_MAX) {
    taken->done_topics = done_topics;
    dedupe->leftovers++;
  } else {
    chain_remove(dedupe, taken);
  }
  while (waiting != NULL) {
    struct claim *next = waiting->next_waiting;
    waiting->taken = NULL;
    waiting->waiting = false;
    waiting->settled(waiting, durable);
    waiting = next;
  }
}

void dedupe_leave(struct claim *claim) {
  if (!claim->waiting) return;
  struct claim **link = &claim->taken->waiting;
  while (*link != claim) link = &(*link)->next_waiting;
  *link = claim->next_waiting;
  claim->taken = NULL;
  claim->waiting = false;
}

void dedupe_disown(struct dedupe *dedupe, uint32_t payload) { memory_forget(dedupe->memory, payload); }

uint32_t dedupe_payload_begin(struct dedupe *dedupe) { return ++dedupe->payloads; }

static int payload_key(const struct payload_identity *identity, bool idempotency,
                       struct memory_key *ret_key) {
  uint8_t digest[32];
  struct text parts[] = {idempotency ? TEXT("idempotency") : TEXT("payload"), identity->source,
                         idempotency ? identity->idempotency_key : bytes_of(identity->digest, 32)};
  int r = digest_parts(parts, LENGTH_OF(parts), digest);
  if (r == 0) *ret_key = memory_key_of(digest);
  return r;
}

/* Whether the last record known for each native key came with this payload and none is under way. */
static int records_untouched(struct dedupe *dedupe, const struct claim_record *records, size_t count,
                             uint32_t payload, struct event_id *ret_ids, bool *ret_untouched) {
  *ret_untouched = false;
  for (size_t i = 0; i < count; i++) {
    struct memory_key key;
    int r = record_key(&records[i], &key);
    if (r < 0) return r;
    const struct memory_entry *known = memory_get(dedupe->memory, key);
    if (known == NULL || known->payload != payload || *chain_place(dedupe, key) != NULL) return 0;
    memcpy(ret_ids[i].bytes, known->id, sizeof known->id);
  }
  *ret_untouched = true;
  return 0;
}

int dedupe_payload_look(struct dedupe *dedupe, const struct payload_identity *identity,
                        const struct claim_record *records, size_t count, struct event_id *ret_ids,
                        enum payload_verdict *ret_verdict) {
  *ret_verdict = PAYLOAD_NEW;
  struct memory_key key;
  int r = payload_key(identity, identity->idempotency_key.length != 0, &key);
  if (r < 0) return r;
  const struct memory_entry *known = memory_get(dedupe->memory, key);
  if (known == NULL) return 0;
  if (memcmp(known->content, identity->digest, sizeof known->content) != 0) {
    *ret_verdict = PAYLOAD_CONFLICT;
    return 0;
  }
  bool untouched = false;
  r = records_untouched(dedupe, records, count, known->payload, ret_ids, &untouched);
  if (r < 0 || !untouched) return r;
  const struct owned_ids *owned = known->owns ? known->owned : NULL;
  if (owned != NULL && owned->count != count) return 0; /* the same bytes read as another media type */
  if (owned != NULL) memcpy(ret_ids, owned->ids, count * sizeof *ret_ids);
  *ret_verdict = PAYLOAD_REPEAT;
  return 0;
}

void dedupe_payload_remember(struct dedupe *dedupe, const struct payload_identity *identity, uint32_t payload,
                             const struct event_id *ids, size_t count, bool keys_differ) {
  for (int idempotency = 0; idempotency <= (identity->idempotency_key.length != 0); idempotency++) {
    struct memory_entry entry = {.payload = payload};
    if (payload_key(identity, idempotency != 0, &entry.key) < 0) return;
    memcpy(entry.content, identity->digest, sizeof entry.content);
    cleanup(freep) struct owned_ids *copy = NULL;
    if (!keys_differ) { /* a key that came twice in the payload knows its last id only: keep them all */
      copy = malloc(sizeof *copy + count * sizeof *ids);
      if (copy == NULL) return;
      copy->count = count;
      if (count != 0) memcpy(copy->ids, ids, count * sizeof *ids);
      entry.owned = copy;
      entry.owns = 1;
    }
    if (memory_put(dedupe->memory, &entry) == 0) (void)TAKE(copy);
  }
}

void dedupe_state(const struct dedupe *dedupe, struct dedupe_state *ret_state) {
  *ret_state = (struct dedupe_state){
      .known = memory_count(dedupe->memory),
      .taken = dedupe->taken_count,
      .bytes = memory_bytes(dedupe->memory) + dedupe->taken_count * sizeof(struct taken),
  };
}
