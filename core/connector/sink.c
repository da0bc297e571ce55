/*
 * The sink behind translate(). A message is packed and checked when it is emitted, and from then on is bytes
 * and a name; the connector's structs are not looked at again. What the connector hands over is borrowed, so
 * all that stays is copied into the payload's arena, and counted against the bounds of one payload.
 *
 * A payload that calls independent() may be taken in batches. Then three arenas are in use: the payload's,
 * for what the connector took before; a scratch one for what it takes afterwards, emptied by release(); and
 * one a batch, which leaves with it. So a file of any length costs the memory of a batch.
 *
 * Surprising: when a payload has grown over its bounds, emit and reject return -ECANCELED, so that the
 * connector stops at once; translation_run() knows and makes one rejection of the whole.
 */
#include "core/connector/sink.h"

#include "core/connector/protected.h"
#include "core/log.h"
#include "core/message/wire.h"

enum { PLACE_MAX = 1024, VALUE_MAX = 4096 };

struct sink {
  struct hub_sink public;
  const struct instance *instance;
  const struct personal *personal;
  const struct config_table *tables;
  const struct hub_payload *payload;
  struct arena *payload_arena; /* for what lives as long as the payload */
  struct arena *arena;         /* for what the connector takes: the payload's or `scratch` */
  struct arena *records;       /* for records: the payload's or the batch's */
  struct arena *scratch;
  struct translation *translation;
  struct translation_taker *taker;      /* NULL: all records are kept */
  struct translation batch, *collected; /* where records go: the batch, or the translation itself */
  size_t capacity, bytes;
  struct protected_texts texts, early_texts; /* early: from before independent() */
  const struct schema_message *type;         /* of the last message: the next one is mostly alike */
  const ProtobufCMessageDescriptor *descriptor;
  const char *bad_text; /* personal() got what cannot stand in a message: the next one is rejected for it */
  bool too_large;
};

static struct sink *sink_of(struct hub_sink *public) { return CONTAINER_OF(public, struct sink, public); }

static bool stopped(const struct sink *sink) {
  return sink->taker != NULL && sink->taker->stopped(sink->taker);
}

static void *sink_alloc(struct hub_sink *public, size_t bytes) {
  struct sink *sink = sink_of(public);
  return stopped(sink) ? NULL : arena_alloc(sink->arena, bytes);
}

/* ---- Records ---- */

static int account(struct sink *sink, size_t bytes) {
  sink->bytes += bytes;
  if (sink->translation->independent || sink->bytes <= TRANSLATION_BYTES_MAX) return 0;
  sink->too_large = true;
  return -ECANCELED;
}

/* The next record, zeroed. */
static int add_record(struct sink *sink, struct record **ret_record) {
  struct translation *collected = sink->collected;
  if (stopped(sink) || sink->records == NULL) return -ECANCELED;
  if (sink->too_large || (collected->count == TRANSLATION_RECORDS_MAX && !sink->translation->independent)) {
    sink->too_large = true;
    return -ECANCELED;
  }
  if (collected->count == sink->capacity) {
    size_t capacity = MAX(sink->capacity * 2, (size_t)8);
    struct record *records = arena_alloc(sink->records, capacity * sizeof *records);
    if (records == NULL) return -ENOMEM;
    if (collected->count != 0) memcpy(records, collected->records, collected->count * sizeof *records);
    collected->records = records;
    sink->capacity = capacity;
  }
  *ret_record = &collected->records[collected->count];
  **ret_record = (struct record){.occurred_us = HUB_NONE};
  return 0;
}

static int copy(struct sink *sink, const char *data, size_t length, struct text *ret_text) {
  *ret_text = TEXT_NONE;
  if (data == NULL || length == 0) return 0;
  int r = account(sink, length);
  if (r < 0) return r;
  char *kept = arena_text(sink->records, (struct text){data, length});
  if (kept == NULL) return -ENOMEM;
  *ret_text = (struct text){kept, length};
  return 0;
}

/* At most limit bytes, cut between characters. */
static size_t cut(const char *data, size_t length, size_t limit) {
  if (length <= limit) return length;
  while (limit > 0 && ((unsigned char)data[limit] & 0xc0) == 0x80) limit--;
  return limit;
}

static int copy_place(struct sink *sink, const char *at, const char **ret_at) {
  struct text kept;
  int r = at == NULL ? 0 : copy(sink, at, cut(at, strlen(at), PLACE_MAX), &kept);
  if (r == 0) *ret_at = at == NULL || *at == '\0' ? NULL : kept.data;
  return r;
}

static bool inside(const char *data, size_t length, const char *whole, size_t whole_length) {
  uintptr_t start = (uintptr_t)whole, at = (uintptr_t)data;
  return at >= start && length <= whole_length && at - start <= whole_length - length;
}

/* A slice of the payload stays a view; what is elsewhere (unpacked by the connector) is copied. */
static int keep_slice(struct sink *sink, const char *bytes, size_t length, struct text *ret_slice) {
  const struct hub_payload *payload = sink->payload;
  *ret_slice = (struct text){payload->data, payload->length};
  if (bytes == NULL) return 0;
  *ret_slice = (struct text){bytes, length};
  if (length == 0 || inside(bytes, length, payload->data, payload->length)) return 0;
  for (size_t i = 0; i < payload->parts_count; i++) {
    if (inside(bytes, length, payload->parts[i]->data, payload->parts[i]->length)) return 0;
  }
  return copy(sink, bytes, length, ret_slice);
}

/* The batch leaves with its arena; the next one has its own. */
static int hand_over(struct sink *sink) {
  if (sink->batch.count == 0) return 0;
  struct translation batch = sink->batch;
  struct arena *arena = TAKE(sink->records);
  sink->batch = (struct translation){0};
  sink->capacity = sink->bytes = 0;
  int r = sink->taker->take(sink->taker, &arena, &batch);
  return r < 0 ? r : arena_new(&sink->records);
}

static int finish_record(struct sink *sink, const struct record *record) {
  sink->collected->count++;
  if (record->code != 0) sink->collected->rejected++;
  if (sink->collected != &sink->batch) return 0;
  bool full = sink->batch.count >= sink->taker->records_max || sink->bytes >= sink->taker->bytes_max;
  return full ? hand_over(sink) : 0;
}

/* ---- emit ---- */

static bool is_protected(void *context, enum hub_personal_kind kind, struct text text) {
  const struct sink *sink = context;
  return protected_has(&sink->texts, kind, text) || protected_has(&sink->early_texts, kind, text);
}

static const struct schema_message *type_of(struct sink *sink, const ProtobufCMessageDescriptor *descriptor) {
  if (descriptor == sink->descriptor) return sink->type;
  sink->descriptor = descriptor;
  sink->type = schema_message(sink->instance->connector->schema, descriptor->name);
  return sink->type;
}

/* Makes the record a rejection by the host; field may be empty. */
static int refuse(struct sink *sink, struct record *record, enum hub_reject_code code, const char *field,
                  const char *why) {
  record->code = code;
  record->detail = arena_printf(sink->records, "%s%s%s", field, *field == '\0' ? "" : ": ", why);
  record->type = NULL;
  record->value = TEXT_NONE;
  return record->detail == NULL ? -ENOMEM : 0;
}

static int refuse_unfit(struct sink *sink, struct record *record, int broken, const char *field) {
  switch (broken) {
    case WIRE_E_UTF8: return refuse(sink, record, HUB_INVALID, field, "the text is not UTF-8 or holds a NUL");
    case WIRE_E_ENUM: return refuse(sink, record, HUB_INVALID, field, "the enum has no such value");
    case WIRE_E_TIME:
      return refuse(sink, record, HUB_INVALID, field, "the time is not one of the years 1 to 9999");
    case WIRE_E_UNPROTECTED:
      return refuse(sink, record, HUB_UNPROTECTED, field, "personal data that the connector did not protect");
    default:
      return refuse(sink, record, HUB_UNPROTECTED, field,
                    "the message does not fit the schema beside the connector");
  }
}

static int pack(struct sink *sink, struct record *record, const ProtobufCMessage *message) {
  size_t length = protobuf_c_message_get_packed_size(message);
  int r = account(sink, length);
  if (r < 0) return r;
  uint8_t *bytes = arena_alloc(sink->records, length);
  if (bytes == NULL) return -ENOMEM;
  record->value = (struct text){(const char *)bytes, protobuf_c_message_pack(message, bytes)};
  record->type = type_of(sink, message->descriptor);
  if (record->type == NULL) return refuse_unfit(sink, record, -EBADMSG, message->descriptor->name);
  char field[WIRE_FIELD_SIZE] = "";
  int broken = wire_check(record->type, record->value, is_protected, sink, field);
  return broken == 0 ? 0 : refuse_unfit(sink, record, broken, field);
}

static int keep_meta(struct sink *sink, struct record *record, const struct hub_meta *meta) {
  if (meta == NULL) return keep_slice(sink, NULL, 0, &record->slice);
  int r = copy(sink, meta->key, meta->key_length, &record->key);
  if (r == 0) r = copy(sink, meta->version, meta->version_length, &record->version);
  if (r == 0) r = copy_place(sink, meta->at, &record->at);
  if (r == 0) r = keep_slice(sink, meta->bytes, meta->length, &record->slice);
  record->occurred_us = meta->occurred_us;
  return r;
}

static int sink_emit(struct hub_sink *public, const struct hub_meta *meta, const ProtobufCMessage *message) {
  struct sink *sink = sink_of(public);
  struct record *record;
  int r = add_record(sink, &record);
  if (r == 0) r = keep_meta(sink, record, meta);
  if (r == 0) r = pack(sink, record, message);
  if (r < 0) return r;
  if (sink->bad_text != NULL) {
    r = refuse(sink, record, HUB_INVALID, "", sink->bad_text);
    sink->bad_text = NULL;
    if (r < 0) return r;
  }
  return finish_record(sink, record);
}

/* ---- The other services ---- */

static int sink_reject(struct hub_sink *public, const struct hub_rejection *rejection) {
  struct sink *sink = sink_of(public);
  struct record *record;
  int r = add_record(sink, &record);
  if (r < 0) return r;
  sink->bad_text = NULL;
  record->code = rejection->code;
  record->detail = rejection->detail != NULL ? rejection->detail : reject_code_sentence(rejection->code);
  r = copy_place(sink, rejection->at, &record->at);
  if (r == 0 && rejection->value != NULL) {
    r = copy(sink, rejection->value, cut(rejection->value, rejection->value_length, VALUE_MAX),
             &record->reject_value);
  }
  if (r == 0) r = copy(sink, rejection->key, rejection->key_length, &record->key);
  if (r == 0) r = keep_slice(sink, rejection->bytes, rejection->length, &record->slice);
  return r < 0 ? r : finish_record(sink, record);
}

static int begin_batches(struct sink *sink) {
  int r = arena_new(&sink->scratch);
  if (r == 0) r = arena_new(&sink->records);
  if (r < 0) return r;
  sink->arena = sink->scratch;
  sink->collected = &sink->batch;
  sink->early_texts = sink->texts;
  sink->texts = (struct protected_texts){0};
  return 0;
}

static int sink_independent(struct hub_sink *public) {
  struct sink *sink = sink_of(public);
  struct translation *translation = sink->translation;
  if (translation->count != 0 || translation->all_or_nothing || translation->independent) return 0;
  translation->independent = true;
  if (sink->taker == NULL) return 0;
  sink->records = NULL;
  return begin_batches(sink);
}

static int sink_all_or_nothing(struct hub_sink *public) {
  struct translation *translation = sink_of(public)->translation;
  if (translation->count == 0 && !translation->independent) translation->all_or_nothing = true;
  return 0;
}

static int sink_personal(struct hub_sink *public, enum hub_personal_kind kind, const char *text,
                         size_t length, char **ret_text) {
  struct sink *sink = sink_of(public);
  struct text safe = TEXT("");
  bool has_nul = length != 0 && memchr(text, 0, length) != NULL;
  int r = has_nul ? -EILSEQ
                  : personal_text(sink->personal, sink->arena, kind, (struct text){text, length}, &safe);
  if (r == -EILSEQ) {
    sink->bad_text = has_nul ? "a personal text holds a NUL" : "a personal text is not UTF-8";
    safe = TEXT("");
  } else if (r < 0) {
    return r;
  }
  r = protected_add(&sink->texts, sink->arena, kind, safe);
  *ret_text = (char *)safe.data;
  return r;
}

static const char *sink_lookup(struct hub_sink *public, const char *table, const char *key, size_t length,
                               const char *column) {
  const struct config_table *tables = sink_of(public)->tables;
  return tables == NULL ? NULL : config_table_lookup(tables, table, (struct text){key, length}, column);
}

static int sink_remember(struct hub_sink *public, const void *data, size_t length) {
  struct sink *sink = sink_of(public);
  if (length > REMEMBER_MAX) return -E2BIG;
  char *kept = arena_text(sink->payload_arena, (struct text){data, length});
  if (kept == NULL) return -ENOMEM;
  sink->translation->remembered = (struct text){kept, length};
  return 0;
}

static void sink_count(struct hub_sink *public, const char *counter, uint64_t n) {
  struct translation *translation = sink_of(public)->translation;
  for (size_t i = 0; i < TRANSLATION_COUNTERS_MAX; i++) {
    struct translation_counter *one = &translation->counters[i];
    if (one->name != NULL && strcmp(one->name, counter) != 0) continue;
    one->name = counter;
    one->n += n;
    return;
  }
}

static void sink_log(struct hub_sink *public, enum hub_level level, const char *constant_text) {
  const struct instance *instance = sink_of(public)->instance;
  log_event((enum log_level)level, "connector", constant_text, log_text("source", instance->host.source),
            log_text("connector", instance->connector->api->name));
}

/* Only what was taken since independent(), and only where records leave before the payload ends. */
static void sink_release(struct hub_sink *public) {
  struct sink *sink = sink_of(public);
  if (sink->scratch == NULL) return;
  arena_reset(sink->scratch);
  sink->texts = (struct protected_texts){0};
}

static const struct hub_sink_ops sink_ops = {
    .size = sizeof sink_ops,
    .alloc = sink_alloc,
    .emit = sink_emit,
    .reject = sink_reject,
    .independent = sink_independent,
    .all_or_nothing = sink_all_or_nothing,
    .personal = sink_personal,
    .lookup = sink_lookup,
    .remember = sink_remember,
    .count = sink_count,
    .log = sink_log,
    .release = sink_release,
};

/* ---- Running ---- */

static int replace_by_too_large(struct sink *sink) {
  struct translation *translation = sink->translation;
  struct record *record = arena_alloc(sink->payload_arena, sizeof *record);
  if (record == NULL) return -ENOMEM;
  *record = (struct record){.code = HUB_TOO_LARGE,
                            .at = "1:1",
                            .detail = "more than 20,000 records or 64 MiB of messages in one payload",
                            .occurred_us = HUB_NONE,
                            .slice = {sink->payload->data, sink->payload->length}};
  translation->records = record;
  translation->count = translation->rejected = 1;
  return 0;
}

/* Of a payload that is refused as a whole only the reasons stay; each says its place in `at`. */
static void keep_rejections(struct translation *translation) {
  size_t kept = 0;
  for (size_t i = 0; i < translation->count; i++) {
    if (translation->records[i].code != 0) translation->records[kept++] = translation->records[i];
  }
  translation->count = kept;
}

/* What translate() returned, and how much of it holds. */
static int conclude(struct sink *sink, int r) {
  struct translation *translation = sink->translation;
  if (sink->too_large) return replace_by_too_large(sink);
  if (stopped(sink)) return -ECANCELED;
  if (r != 0) return r < 0 ? r : -EPROTO;
  if (sink->collected == &sink->batch) return hand_over(sink);
  if (translation->all_or_nothing && translation->rejected != 0) keep_rejections(translation);
  return 0;
}

int translation_run(const struct instance *instance, const struct personal *personal,
                    const struct config_table *tables, const struct hub_payload *payload, struct arena *arena,
                    struct translation *ret_translation) {
  return translation_run_in_batches(instance, personal, tables, payload, arena, NULL, ret_translation);
}

int translation_run_in_batches(const struct instance *instance, const struct personal *personal,
                               const struct config_table *tables, const struct hub_payload *payload,
                               struct arena *arena, struct translation_taker *taker,
                               struct translation *ret_translation) {
  *ret_translation = (struct translation){0};
  struct sink sink = {.public = {&sink_ops},
                      .instance = instance,
                      .personal = personal,
                      .tables = tables,
                      .payload = payload,
                      .payload_arena = arena,
                      .arena = arena,
                      .records = arena,
                      .taker = taker,
                      .collected = ret_translation,
                      .translation = ret_translation};
  int r = conclude(&sink, instance->connector->api->translate(instance->self, payload, &sink.public));
  if (sink.records != arena) arena_free(sink.records);
  arena_free(sink.scratch);
  return r;
}
