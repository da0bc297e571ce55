/*
 * Dead letters as events.
 *
 * The id is an HMAC, because a plain digest of known payloads could be guessed from the topic. Texts of a
 * connector (`at` may repeat names of the sender's fields) are cut and made valid UTF-8 here: one bad byte
 * would make the whole event unreadable to every consumer, and a dead letter has no dead letter.
 */
#include "core/dead_letter.h"

#include "core/connector/sink.h"
#include "core/message/hmac.h"
#include "ioc/hub/v1/dead_letter.pb-c.h"

enum { ID_LETTERS = DEAD_LETTER_ID_TEXT - 1, TEXT_MAX = 1024, ID_PARTS = 4 };

static void base32(const uint8_t *bytes, size_t letters, char *out) {
  static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
  uint32_t bits = 0;
  unsigned held = 0;
  for (size_t i = 0; i < letters; i++) {
    if (held < 5) {
      bits = bits << 8 | *bytes++;
      held += 8;
    }
    held -= 5;
    out[i] = alphabet[bits >> held & 31];
  }
  out[letters] = '\0';
}

static void put_u32(uint8_t out[static 4], size_t value) {
  for (int i = 0; i < 4; i++) out[i] = (uint8_t)(value >> (8 * i));
}

int dead_letter_id(const struct secret_key *key, const struct dead_letter *letter,
                   char ret_id[static DEAD_LETTER_ID_TEXT]) {
  uint8_t record[4], lengths[ID_PARTS][4];
  put_u32(record, letter->record);
  struct text parts[ID_PARTS] = {
      text_of(letter->source),
      {(const char *)letter->digest, sizeof letter->digest},
      {(const char *)record, sizeof record},
      text_of(letter->topic),
  };
  struct text all[1 + 2 * ID_PARTS] = {TEXT("dead-letter")};
  for (size_t i = 0; i < ID_PARTS; i++) { /* each part behind its length, so that no two splits meet */
    put_u32(lengths[i], parts[i].length);
    all[1 + 2 * i] = (struct text){(const char *)lengths[i], 4};
    all[2 + 2 * i] = parts[i];
  }
  uint8_t mac[32];
  hmac_sha256(key, all, LENGTH_OF(all), mac);
  base32(mac, ID_LETTERS, ret_id);
  return 0;
}

/* A copy that may stand in a message; "" for NULL. NULL when there is no memory. */
static char *safe_text(struct arena *arena, const char *string) {
  struct text text = text_of(string);
  bool cut = text.length > TEXT_MAX;
  if (cut) text.length = TEXT_MAX;
  while (cut && text.length > 0 && (text.data[text.length] & 0xC0) == 0x80) text.length--;
  char *copy = arena_text(arena, text);
  if (copy == NULL) return NULL;
  for (struct text rest = {copy, text.length};;) {
    size_t bad = text_find_bad_utf8(rest);
    if (bad == SIZE_MAX) return copy;
    size_t at = (size_t)(rest.data - copy) + bad;
    copy[at] = '?';
    rest = (struct text){copy + at + 1, text.length - at - 1};
  }
}

static char *hex(struct arena *arena, const uint8_t *bytes, size_t length) {
  static const char digits[] = "0123456789abcdef";
  char *text = arena_alloc(arena, 2 * length + 1);
  for (size_t i = 0; text != NULL && i < length; i++) {
    text[2 * i] = digits[bytes[i] >> 4];
    text[2 * i + 1] = digits[bytes[i] & 15];
  }
  return text;
}

static void moment(int64_t us, Google__Protobuf__Timestamp *ret) {
  google__protobuf__timestamp__init(ret);
  int64_t micros = us % SECOND_US;
  if (micros < 0) micros += SECOND_US;
  ret->seconds = (us - micros) / SECOND_US;
  ret->nanos = (int32_t)(micros * 1000);
}

static int letter_pack(const struct dead_letter *letter, char *id, struct arena *arena,
                       struct text *ret_value) {
  Google__Protobuf__Timestamp received;
  Ioc__Hub__V1__DeadLetter message = IOC__HUB__V1__DEAD_LETTER__INIT;
  moment(letter->received_us, &received);
  message.id = id;
  message.hub = safe_text(arena, letter->hub);
  message.source = safe_text(arena, letter->source);
  message.connector = safe_text(arena, letter->connector);
  message.connector_version = safe_text(arena, letter->connector_version);
  message.record = letter->record;
  message.topic = safe_text(arena, letter->topic);
  message.message_type = safe_text(arena, letter->type);
  message.code = safe_text(arena, reject_code_name(letter->code));
  message.at = safe_text(arena, letter->at);
  message.detail = safe_text(arena, letter->detail);
  message.payload_digest = hex(arena, letter->digest, sizeof letter->digest);
  message.told_sender = letter->told_sender;
  message.attempts = letter->attempts;
  message.state = IOC__HUB__V1__DEAD_LETTER_STATE__DEAD_LETTER_STATE_OPEN;
  message.received_at = &received;
  char *const texts[] = {
      message.hub,  message.source, message.connector, message.connector_version, message.topic,
      message.code, message.at,     message.detail,    message.message_type,      message.payload_digest};
  for (size_t i = 0; i < LENGTH_OF(texts); i++) {
    if (texts[i] == NULL) return -ENOMEM;
  }
  size_t length = ioc__hub__v1__dead_letter__get_packed_size(&message);
  char *value = arena_alloc(arena, length);
  if (value == NULL) return -ENOMEM;
  *ret_value = (struct text){value, ioc__hub__v1__dead_letter__pack(&message, (uint8_t *)value)};
  return 0;
}

static int letter_event_id(const struct secret_key *key, const struct dead_letter *letter, const char *id,
                           struct arena *arena, struct event_id *ret_id) {
  char *attempts = arena_printf(arena, "%u", letter->attempts);
  if (attempts == NULL) return -ENOMEM;
  struct event_identity identity = {
      .scope = TEXT("dead-letter"),
      .type = TEXT("ioc.hub.v1.DeadLetter"),
      .native_key = text_of(id),
      .version = text_of(attempts),
  };
  return event_id_make(key, &identity, ret_id);
}

int dead_letter_event(const struct secret_key *key, const struct dead_letter *letter, struct arena *arena,
                      struct bus_event *ret_event) {
  char *id = arena_alloc(arena, DEAD_LETTER_ID_TEXT);
  if (id == NULL) return -ENOMEM;
  int r = dead_letter_id(key, letter, id);
  struct bus_event event = {
      .topic = arena_printf(arena, "ioc.dead-letter.%s.v1", letter->domain),
      .type = "ioc.hub.v1.DeadLetter",
      .source = arena_printf(arena, "urn:iochub:%s:%s", letter->hub, letter->source),
      .occurred_us = HUB_NONE,
      .accepted_us = letter->received_us,
      .key = {id, ID_LETTERS},
      .ordered = true, /* the topic is compacted: the latest must come last */
  };
  if (event.topic == NULL || event.source == NULL) return -ENOMEM;
  if (r == 0) r = letter_event_id(key, letter, id, arena, &event.id);
  if (r == 0) r = letter_pack(letter, id, arena, &event.value);
  if (r == 0) *ret_event = event;
  return r;
}
