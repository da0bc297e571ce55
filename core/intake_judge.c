/*
 * Judging a translated payload: is it a repeat as a whole, and if not, which of its records are new, known,
 * or under way. Nothing is published here; afterwards every message of the payload has its id.
 */
#include "core/intake.h"

/* The parts of an identity, each with its length in front. */
static int digest_identity(struct passage *passage) {
  const struct hub_payload *payload = &passage->intake.payload;
  size_t count = 3 + payload->fields_count * 2;
  struct text *parts = arena_alloc(passage->intake.arena, count * sizeof *parts);
  if (parts == NULL) return -ENOMEM;
  parts[0] = text_of(payload->path);
  parts[1] = passage->intake.query;
  parts[2] = (struct text){(const char *)passage->data_digest, sizeof passage->data_digest};
  for (size_t i = 0; i < payload->fields_count; i++) {
    parts[3 + i * 2] = text_of(payload->fields[i]->name);
    parts[4 + i * 2] = (struct text){payload->fields[i]->data, payload->fields[i]->length};
  }
  return digest_parts(parts, count, passage->identity.digest);
}

int passage_digest_payload(struct passage *passage) {
  const struct hub_payload *payload = &passage->intake.payload;
  const uint8_t *digest = passage->intake.data_digest;
  if (digest != NULL) memcpy(passage->data_digest, digest, sizeof passage->data_digest);
  int r = digest != NULL ? 0 : sha256((struct text){payload->data, payload->length}, passage->data_digest);
  if (r < 0) return r;
  passage->identity.source = text_of(passage->intake.source->setup->config->name);
  passage->identity.idempotency_key = passage->intake.idempotency_key;
  return digest_identity(passage);
}

/* A batch of a file: what of it is kept is an original of its own. */
int passage_digest_piece(struct passage *batch, const struct passage *whole) {
  const struct text parts[] = {TEXT("piece"),
                               {(const char *)whole->identity.digest, sizeof whole->identity.digest},
                               {(const char *)&batch->first, sizeof batch->first}};
  memcpy(batch->data_digest, whole->data_digest, sizeof batch->data_digest);
  batch->identity.source = whole->identity.source;
  return digest_parts(parts, LENGTH_OF(parts), batch->identity.digest);
}

static bool is_whole(const struct passage *passage, struct text slice) {
  return slice.data == passage->intake.payload.data && slice.length == passage->intake.payload.length;
}

/* What the memory of ids is asked about one message. */
static int claim_record_of(struct passage *passage, const struct record *record,
                           struct claim_record *ret_record) {
  const struct config_source *config = passage->intake.source->setup->config;
  uint8_t *digest = passage->data_digest;
  if (!is_whole(passage, record->slice)) {
    digest = arena_alloc(passage->intake.arena, 32);
    if (digest == NULL) return -ENOMEM;
    int r = sha256(record->slice, digest);
    if (r < 0) return r;
  }
  *ret_record = (struct claim_record){
      .scope = text_of(config->id_scope != NULL ? config->id_scope : config->name),
      .type = text_of(record->type->full_name),
      .native_key = record->key,
      .version = record->version,
      .slice_digest = digest,
  };
  return 0;
}

/* By key (or bytes, where there is none), then by place in the payload. */
static int compare_claims(const void *a, const void *b, void *claims_context) {
  const struct claim_record *claims = claims_context;
  size_t i = *(const size_t *)a, j = *(const size_t *)b;
  const struct claim_record *x = &claims[i], *y = &claims[j];
  int order = strcmp(x->type.data, y->type.data);
  if (order == 0 && x->native_key.length != y->native_key.length) {
    order = x->native_key.length < y->native_key.length ? -1 : 1;
  }
  if (order == 0) {
    order = x->native_key.length != 0 ? memcmp(x->native_key.data, y->native_key.data, x->native_key.length)
                                      : memcmp(x->slice_digest, y->slice_digest, 32);
  }
  return order != 0 ? order : i < j ? -1 : 1;
}

static bool same_thing(const struct claim_record *x, const struct claim_record *y) {
  if (!text_equal(x->type, y->type) || !text_equal(x->native_key, y->native_key)) return false;
  return x->native_key.length != 0 || memcmp(x->slice_digest, y->slice_digest, 32) == 0;
}

/* Numbers equal records without a key, and sees whether any key comes twice. */
static int number_equal_records(struct passage *passage) {
  size_t count = passage->messages_count;
  passage->keys_differ = true;
  for (size_t i = 0; i < count && passage->whole != NULL; i++) {
    int r = stream_number(passage->whole, &passage->claims[i]);
    if (r < 0) return r;
  }
  if (count < 2 || passage->whole != NULL) return 0;
  size_t *order = arena_alloc(passage->intake.arena, count * sizeof *order);
  if (order == NULL) return -ENOMEM;
  for (size_t i = 0; i < count; i++) order[i] = i;
  qsort_r(order, count, sizeof *order, compare_claims, passage->claims);
  for (size_t i = 1; i < count; i++) {
    struct claim_record *before = &passage->claims[order[i - 1]], *claim = &passage->claims[order[i]];
    if (!same_thing(before, claim)) continue;
    if (claim->native_key.length == 0) claim->nth = before->nth + 1;
    else passage->keys_differ = false;
  }
  return 0;
}

int passage_make_items(struct passage *passage) {
  struct arena *arena = passage->intake.arena;
  const struct translation *translation = &passage->job.translation;
  size_t count = translation->count;
  passage->items = arena_alloc(arena, count * sizeof *passage->items);
  passage->claims = arena_alloc(arena, count * sizeof *passage->claims);
  passage->messages = arena_alloc(arena, count * sizeof(struct item *));
  if (passage->items == NULL || passage->claims == NULL || passage->messages == NULL) return -ENOMEM;
  passage->items_count = count;
  for (size_t i = 0; i < count; i++) {
    struct item *item = &passage->items[i];
    const struct record *record = &translation->records[i];
    *item = (struct item){.passage = passage, .record = record, .number = (uint32_t)(passage->first + i)};
    if (record->code != 0 && record->code < HUB_NO_ROUTE) {
      item->result = ITEM_REJECTED;
    } else if (record->code != 0) {
      item->result = ITEM_KEPT;
    } else {
      int r = claim_record_of(passage, record, &passage->claims[passage->messages_count]);
      if (r < 0) return r;
      passage->messages[passage->messages_count++] = item;
    }
    item->code = record->code;
    item->detail = record->detail;
  }
  return number_equal_records(passage);
}

/* The record that this one waited for has its fate. */
static void waited(struct claim *claim, bool durable) {
  struct item *item = CONTAINER_OF(claim, struct item, claim);
  item->result = ITEM_REPEATED;
  item->busy = !durable;
  item_close(item);
}

/* A record that was safe before a restart is known again, as if it were published now. */
static int claim_known(struct dedupe *dedupe, const struct claim_record *record, struct item *item) {
  enum dedupe_verdict verdict;
  item->result = ITEM_REPEATED;
  int r = dedupe_claim(dedupe, record, &item->claim, &verdict);
  if (r < 0) return r;
  if (verdict == DEDUPE_NEW) dedupe_settle(dedupe, &item->claim, true, 0);
  if (verdict == DEDUPE_WAIT) dedupe_leave(&item->claim);
  return 0;
}

static void take_verdict(struct item *item, enum dedupe_verdict verdict) {
  item->result = verdict == DEDUPE_NEW ? ITEM_PUBLISHED : ITEM_REPEATED;
  if (verdict == DEDUPE_NEW) {
    item->claimed = true;
    item->done_topics = item->claim.done_topics;
  }
  if (verdict == DEDUPE_WAIT) {
    item->open++;
    item->passage->open++;
  }
}

static int claim_message(struct passage *passage, size_t index) {
  struct item *item = passage->messages[index];
  struct dedupe *dedupe = pipeline_options(passage->pipeline)->dedupe;
  if (item->known && passage->intake.source->setup->config->repeats) {
    return claim_known(dedupe, &passage->claims[index], item);
  }
  if (!passage->intake.source->setup->config->repeats) {
    item->result = ITEM_PUBLISHED;
    return dedupe_id(dedupe, &passage->claims[index], &item->claim.id);
  }
  enum dedupe_verdict verdict;
  item->claim.settled = waited;
  int r = dedupe_claim(dedupe, &passage->claims[index], &item->claim, &verdict);
  if (r < 0) return r;
  take_verdict(item, verdict);
  return 0;
}

/* An equal payload that is under way, most likely because its sender was told to come back. It matters where
 * a key comes twice: record by record, the first of them would be compared with the last of that payload. */
static const struct passage *find_equal(const struct passage *passage) {
  const struct passage *other = passage->keys_differ ? NULL : passage->before;
  for (; other != NULL; other = other->before) {
    if (other->payload_number != 0 && !other->repeated && other->refusal == NULL &&
        other->intake.cursor == NULL && other->messages_count == passage->messages_count &&
        text_equal(other->identity.source, passage->identity.source) &&
        memcmp(other->identity.digest, passage->identity.digest, sizeof other->identity.digest) == 0) {
      return other;
    }
  }
  return NULL;
}

/* The fate of a message is that of the same message of the equal payload. What was taken back is new. */
static int share_message(struct passage *passage, const struct passage *equal, size_t index) {
  struct item *item = passage->messages[index];
  const struct item *theirs = equal->messages[index];
  struct dedupe *dedupe = pipeline_options(passage->pipeline)->dedupe;
  if (claim_is_open(&theirs->claim)) {
    item->claim.settled = waited;
    take_verdict(item, dedupe_share(dedupe, &passage->claims[index], &theirs->claim, &item->claim));
    return 0;
  }
  if (theirs->busy || theirs->result == ITEM_REJECTED) return claim_message(passage, index);
  item->result = ITEM_REPEATED;
  item->claim.id = theirs->claim.id;
  return 0;
}

static const struct hub_refusal key_reused = {
    .size = sizeof(struct hub_refusal),
    .http_status = 422,
    .code = "idempotency_key_reused",
    .detail = "this Idempotency-Key came with another body before; send a new key with a new body",
};

int passage_claim_again(struct passage *passage) {
  for (size_t i = 0; i < passage->messages_count; i++) {
    struct item *item = passage->messages[i];
    if (!item->busy || item->result != ITEM_REPEATED) continue;
    struct event_id id = item->claim.id; /* is on disk already */
    passage->claims[i].id = &id;
    item->claim = (struct claim){0};
    int r = claim_message(passage, i);
    passage->claims[i].id = NULL;
    if (r < 0) return r;
    item->busy = false;
    if (item->result == ITEM_PUBLISHED) item->undelivered = item->busy = true;
  }
  return 0;
}

/* A file that was begun before is not looked up as a whole, nor is a batch. */
static bool is_looked_up(const struct passage *passage) {
  if (!passage->intake.source->setup->config->repeats || passage->whole != NULL) return false;
  return passage->intake.cursor == NULL ||
         (passage->intake.cursor->durable == 0 && passage->intake.cursor->batches == NULL);
}

int passage_judge(struct passage *passage) {
  struct dedupe *dedupe = pipeline_options(passage->pipeline)->dedupe;
  size_t count = passage->messages_count;
  const struct passage *equal = is_looked_up(passage) ? find_equal(passage) : NULL;
  if (equal != NULL) passage->payload_number = equal->payload_number;
  if (passage->payload_number == 0) passage->payload_number = dedupe_payload_begin(dedupe);
  for (size_t i = 0; i < count; i++) passage->claims[i].payload = passage->payload_number;
  if (is_looked_up(passage)) {
    struct event_id *ids = arena_alloc(passage->intake.arena, count * sizeof *ids);
    enum payload_verdict verdict = PAYLOAD_NEW;
    if (ids == NULL) return -ENOMEM;
    int r = dedupe_payload_look(dedupe, &passage->identity, passage->claims, count, ids, &verdict);
    if (r < 0) return r;
    if (verdict == PAYLOAD_CONFLICT) {
      passage->refusal = &key_reused;
      return 0;
    }
    passage->repeated = verdict == PAYLOAD_REPEAT;
    for (size_t i = 0; passage->repeated && i < count; i++) {
      passage->messages[i]->result = ITEM_REPEATED;
      passage->messages[i]->claim.id = ids[i];
    }
  }
  for (size_t i = 0; !passage->repeated && i < count; i++) {
    int r = equal != NULL ? share_message(passage, equal, i) : claim_message(passage, i);
    if (r < 0) return r;
  }
  return 0;
}
