/*
 * connector_rig.c: see connector_rig.h. A broken promise of a connector aborts, so that a fuzzer sees it too.
 */
#include "tests/lib/connector_rig.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connectors/format/text.h"

#define OWED(condition)                                        \
  do {                                                         \
    if (!(condition)) {                                        \
      fprintf(stderr, "the connector owes: %s\n", #condition); \
      abort();                                                 \
    }                                                          \
  } while (0)

static struct rig *of_sink(struct hub_sink *sink) {
  return (struct rig *)((char *)sink - offsetof(struct rig, sink));
}

static struct rig *of_writer(struct hub_writer *writer) {
  return (struct rig *)((char *)writer - offsetof(struct rig, writer));
}

static void *take_block(struct rig *fake, size_t bytes) {
  if (++fake->allocations == fake->fail_at) return NULL;
  if (fake->blocks_count == fake->blocks_capacity) {
    fake->blocks_capacity = fake->blocks_capacity * 2 + 64;
    fake->blocks = realloc(fake->blocks, fake->blocks_capacity * sizeof(void *));
    if (fake->blocks == NULL) abort();
  }
  void *block = calloc(1, bytes == 0 ? 1 : bytes);
  if (block == NULL) abort();
  return fake->blocks[fake->blocks_count++] = block;
}

static void *sink_alloc(struct hub_sink *sink, size_t bytes) { return take_block(of_sink(sink), bytes); }
static void *writer_alloc(struct hub_writer *writer, size_t bytes) {
  return take_block(of_writer(writer), bytes);
}

static char *keep(struct rig *fake, const char *data, size_t length) {
  size_t fail_at = fake->fail_at;
  fake->fail_at = 0;
  char *copy = take_block(fake, length + 1);
  fake->fail_at = fail_at;
  fake->allocations--;
  if (length != 0) memcpy(copy, data, length);
  return copy;
}

/* A slice of the payload, or of what was unpacked or decoded out of it: then its bytes have to be there. */
static void check_slice(const struct rig *fake, const char *bytes, size_t length) {
  if (bytes == NULL) return;
  const struct hub_payload *p = fake->payload;
  if (bytes >= p->data && bytes <= p->data + p->length) OWED(length <= (size_t)(p->data + p->length - bytes));
  else
    for (size_t i = 0; i < length; i++) (void)((const volatile char *)bytes)[i];
}

static void check_place(const char *at) {
  if (at != NULL) OWED(at[0] >= '1' && at[0] <= '9' && strchr(at, ':') != NULL);
  if (at != NULL) OWED(text_find_bad_utf8(text_of(at)) == SIZE_MAX);
}

static void check_message(const ProtobufCMessage *message) {
  size_t size = protobuf_c_message_get_packed_size(message);
  uint8_t *packed = malloc(size + 1);
  if (packed == NULL) abort();
  OWED(protobuf_c_message_pack(message, packed) == size);
  ProtobufCMessage *again = protobuf_c_message_unpack(message->descriptor, NULL, size, packed);
  OWED(again != NULL && protobuf_c_message_get_packed_size(again) == size);
  protobuf_c_message_free_unpacked(again, NULL);
  free(packed);
}

static struct hub_outcome *add(struct rig *fake, const char *key, size_t key_length) {
  fake->outcomes = realloc(fake->outcomes, (fake->records + 1) * sizeof(*fake->outcomes));
  if (fake->outcomes == NULL) abort();
  struct hub_outcome *outcome = &fake->outcomes[fake->records++];
  *outcome = (struct hub_outcome){.size = sizeof(*outcome), .result = HUB_ACCEPTED};
  if (key != NULL) outcome->key = keep(fake, key, key_length);
  outcome->key_length = key_length;
  return outcome;
}

static int sink_emit(struct hub_sink *sink, const struct hub_meta *meta, const ProtobufCMessage *message) {
  struct rig *fake = of_sink(sink);
  OWED(meta->size == sizeof(*meta));
  check_slice(fake, meta->bytes, meta->length);
  check_place(meta->at);
  check_message(message);
  struct hub_outcome *outcome = add(fake, meta->key, meta->key_length);
  outcome->type = message->descriptor->name;
  outcome->event_id = "00000000-0000-8000-8000-000000000000";
  return 0;
}

static int sink_reject(struct hub_sink *sink, const struct hub_rejection *rejection) {
  struct rig *fake = of_sink(sink);
  OWED(rejection->size == sizeof(*rejection));
  OWED(rejection->code >= HUB_MALFORMED && rejection->code <= HUB_TOO_LARGE);
  check_slice(fake, rejection->bytes, rejection->length);
  check_place(rejection->at);
  struct hub_outcome *outcome = add(fake, rejection->key, rejection->key_length);
  outcome->result = HUB_REJECTED;
  outcome->code = rejection->code;
  outcome->code_name = "code";
  outcome->detail = rejection->detail;
  outcome->at = rejection->at == NULL ? NULL : keep(fake, rejection->at, strlen(rejection->at));
  outcome->value = keep(fake, rejection->value, rejection->value_length);
  outcome->value_length = rejection->value_length;
  fake->rejected++;
  fake->rejected_bytes += rejection->bytes == NULL ? fake->payload->length : rejection->length;
  return 0;
}

static int sink_ask(struct hub_sink *sink) { return 0; }

static int sink_personal(struct hub_sink *sink, enum hub_personal_kind kind, const char *text, size_t length,
                         char **ret_text) {
  OWED(kind >= HUB_CITIZEN_ID && kind <= HUB_FREE_TEXT);
  OWED(length == 0 || memchr(text, 0, length) == NULL);
  char *made = sink_alloc(sink, 24);
  if (made == NULL) return -ENOMEM;
  if (length != 0) snprintf(made, 24, "personal-%d-%zu", (int)kind, length % 1000);
  *ret_text = made;
  return 0;
}

static const char *sink_lookup(struct hub_sink *sink, const char *table, const char *key, size_t length,
                               const char *column) {
  return NULL;
}

static int sink_remember(struct hub_sink *sink, const void *data, size_t length) {
  struct rig *fake = of_sink(sink);
  OWED(length <= sizeof(fake->remembered));
  memcpy(fake->remembered, data, length);
  fake->remembered_length = length;
  return 0;
}

static void sink_count(struct hub_sink *sink, const char *counter, uint64_t n) {}
static void sink_log(struct hub_sink *sink, enum hub_level level, const char *text) {}

static int writer_begin(struct hub_writer *writer, int status, const char *content_type) {
  struct rig *fake = of_writer(writer);
  OWED(fake->answer_status == 0 && status >= 200 && status < 600 && content_type != NULL);
  fake->answer_status = status;
  return 0;
}

static int writer_write(struct hub_writer *writer, const char *data, size_t length) {
  struct rig *fake = of_writer(writer);
  OWED(fake->answer_status != 0);
  fake->answer = realloc(fake->answer, fake->answer_length + length + 1);
  if (fake->answer == NULL) abort();
  memcpy(fake->answer + fake->answer_length, data, length);
  fake->answer_length += length;
  fake->answer[fake->answer_length] = 0;
  return 0;
}

static void fake_release(struct hub_sink *public) { (void)public; }

static const struct hub_sink_ops sink_ops = {
    .size = sizeof(sink_ops),
    .alloc = sink_alloc,
    .emit = sink_emit,
    .reject = sink_reject,
    .independent = sink_ask,
    .all_or_nothing = sink_ask,
    .personal = sink_personal,
    .lookup = sink_lookup,
    .remember = sink_remember,
    .count = sink_count,
    .log = sink_log,
    .release = fake_release,
};

static const struct hub_writer_ops writer_ops = {
    .size = sizeof(writer_ops), .alloc = writer_alloc, .begin = writer_begin, .write = writer_write};

void rig_init(struct rig *fake, const struct hub_payload *payload) {
  *fake = (struct rig){.sink = {&sink_ops}, .writer = {&writer_ops}, .payload = payload};
}

void rig_deinit(struct rig *fake) {
  while (fake->blocks_count != 0) free(fake->blocks[--fake->blocks_count]);
  free(fake->blocks);
  free(fake->outcomes);
  free(fake->outcome_list);
  free(fake->answer);
}

struct hub_payload rig_payload(const char *data, size_t length) {
  return (struct hub_payload){.size = sizeof(struct hub_payload), .data = data, .length = length};
}

int rig_reply(struct rig *fake, const struct hub_connector *connector, void *self) {
  struct hub_exchange exchange = {
      .size = sizeof(exchange),
      .stage = HUB_DONE,
      .payload = fake->payload,
      .outcomes_count = fake->records,
      .remembered = fake->remembered,
      .remembered_length = fake->remembered_length,
      .receipt = "receipt",
  };
  fake->outcome_list = calloc(fake->records + 1, sizeof(*fake->outcome_list));
  if (fake->outcome_list == NULL) abort();
  for (size_t i = 0; i < fake->records; i++) fake->outcome_list[i] = &fake->outcomes[i];
  exchange.outcomes = fake->outcome_list;
  return connector->reply(self, &exchange, &fake->writer);
}

static void host_log(void *context, enum hub_level level, const char *text) {}

int rig_open(const struct hub_connector *connector, void **ret_self) {
  static const struct hub_host host = {.size = sizeof(host),
                                       .abi_major = HUB_ABI_MAJOR,
                                       .abi_minor = HUB_ABI_MINOR,
                                       .source = "test",
                                       .zone_offset_s = 7 * 3600,
                                       .log = host_log};
  static const max_align_t no_settings[64];
  return connector->open(&host, no_settings, ret_self);
}
