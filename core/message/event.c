/*
 * Event ids. Each part goes into the HMAC behind its length, so that ("ab", "c") and ("a", "bc") differ; a
 * missing previous id is an empty part. The first 16 bytes of the HMAC become a UUID of version 8.
 */
#include "core/message/event.h"

#include "core/message/hmac.h"

enum { PARTS = 5 };

int event_id_make(const struct secret_key *key, const struct event_identity *identity,
                  struct event_id *ret_id) {
  struct text previous = TEXT_NONE;
  if (identity->previous != NULL) {
    previous = (struct text){(const char *)identity->previous->bytes, sizeof identity->previous->bytes};
  }
  const struct text values[PARTS] = {identity->scope, identity->type, identity->native_key, identity->version,
                                     previous};
  uint8_t lengths[PARTS][8];
  struct text parts[PARTS * 2];
  for (size_t i = 0; i < PARTS; i++) {
    for (size_t j = 0; j < 8; j++) lengths[i][j] = (uint8_t)((uint64_t)values[i].length >> (56 - 8 * j));
    parts[2 * i] = (struct text){(const char *)lengths[i], sizeof lengths[i]};
    parts[2 * i + 1] = values[i];
  }
  uint8_t mac[32];
  hmac_sha256(key, parts, LENGTH_OF(parts), mac);
  memcpy(ret_id->bytes, mac, sizeof ret_id->bytes);
  ret_id->bytes[6] = (uint8_t)((mac[6] & 0x0f) | 0x80);
  ret_id->bytes[8] = (uint8_t)((mac[8] & 0x3f) | 0x80);
  return 0;
}

static bool dash_before(size_t byte) { return byte == 4 || byte == 6 || byte == 8 || byte == 10; }

const char *event_id_text(struct event_id id, char buffer[static EVENT_ID_TEXT]) {
  static const char digits[] = "0123456789abcdef";
  char *to = buffer;
  for (size_t i = 0; i < sizeof id.bytes; i++) {
    if (dash_before(i)) *to++ = '-';
    *to++ = digits[id.bytes[i] >> 4];
    *to++ = digits[id.bytes[i] & 0xf];
  }
  *to = '\0';
  return buffer;
}

static int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool event_id_parse(struct text text, struct event_id *ret_id) {
  if (text.length != EVENT_ID_TEXT - 1) return false;
  struct event_id id;
  const char *from = text.data;
  for (size_t i = 0; i < sizeof id.bytes; i++) {
    if (dash_before(i) && *from++ != '-') return false;
    int high = digit_value(from[0]), low = digit_value(from[1]);
    if (high < 0 || low < 0) return false;
    id.bytes[i] = (uint8_t)(high << 4 | low);
    from += 2;
  }
  *ret_id = id;
  return true;
}
