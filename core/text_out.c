/*
 * Growing text. Doubling keeps the number of reallocations small; the terminator is always there, so that
 * `data` can be handed to whoever wants a C string.
 */
#include "core/text_out.h"

#include <stdarg.h>
#include <stdio.h>

void text_out_deinit(struct text_out *out) {
  free(out->data);
  *out = TEXT_OUT_INIT;
}

void text_out_clear(struct text_out *out) {
  out->length = 0;
  out->failed = false;
  if (out->data != NULL) out->data[0] = '\0';
}

static bool make_room(struct text_out *out, size_t more) {
  if (out->failed) return false;
  if (out->capacity - out->length > more) return true;
  size_t capacity = MAX(out->capacity * 2, (size_t)256);
  while (capacity - out->length <= more) capacity *= 2;
  char *data = realloc(out->data, capacity);
  if (data == NULL) {
    out->failed = true;
    return false;
  }
  out->data = data;
  out->capacity = capacity;
  return true;
}

void text_out_bytes(struct text_out *out, struct text text) {
  if (!make_room(out, text.length)) return;
  if (text.length != 0) memcpy(out->data + out->length, text.data, text.length);
  out->length += text.length;
  out->data[out->length] = '\0';
}

void text_out_string(struct text_out *out, const char *string) { text_out_bytes(out, text_of(string)); }

void text_out_format(struct text_out *out, const char *format, ...) {
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  int length = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  if (length >= 0 && make_room(out, (size_t)length)) {
    vsnprintf(out->data + out->length, (size_t)length + 1, format, again);
    out->length += (size_t)length;
  }
  va_end(again);
}

/* Length of the well-formed UTF-8 character at the start of text, 0 when there is none. */
static size_t character_length(struct text text, uint32_t *ret_code) {
  const uint8_t *s = (const uint8_t *)text.data;
  size_t length = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
  if (length == 0 || length > text.length) return 0;
  uint32_t code = length == 1 ? s[0] : s[0] & (0xffu >> (length + 1));
  for (size_t i = 1; i < length; i++) {
    if ((s[i] & 0xc0) != 0x80) return 0;
    code = code << 6 | (s[i] & 0x3f);
  }
  if (length == 3 && (code < 0x800 || (code >= 0xd800 && code < 0xe000))) return 0;
  if (length == 4 && (code < 0x10000 || code > 0x10ffff)) return 0;
  *ret_code = code;
  return length;
}

static void json_character(struct text_out *out, struct text character, uint32_t code) {
  switch (code) {
    case '"': text_out_bytes(out, TEXT("\\\"")); return;
    case '\\': text_out_bytes(out, TEXT("\\\\")); return;
    case '\n': text_out_bytes(out, TEXT("\\n")); return;
    case '\r': text_out_bytes(out, TEXT("\\r")); return;
    case '\t': text_out_bytes(out, TEXT("\\t")); return;
    default: break;
  }
  if (code < 0x20 || code == 0x7f) {
    text_out_format(out, "\\u%04x", code);
  } else {
    text_out_bytes(out, character);
  }
}

void text_out_json(struct text_out *out, struct text text) {
  text_out_bytes(out, TEXT("\""));
  while (text.length != 0) {
    size_t plain = 0;
    while (plain < text.length) {
      unsigned char c = (unsigned char)text.data[plain];
      if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\') break;
      plain++;
    }
    if (plain != 0) text_out_bytes(out, (struct text){text.data, plain});
    text = (struct text){text.data + plain, text.length - plain};
    if (text.length == 0) break;
    uint32_t code = 0;
    size_t length = character_length(text, &code);
    if (length == 0) {
      text_out_bytes(out, TEXT("\xef\xbf\xbd"));
      length = 1;
    } else {
      json_character(out, (struct text){text.data, length}, code);
    }
    text = (struct text){text.data + length, text.length - length};
  }
  text_out_bytes(out, TEXT("\""));
}

/* Controls, line and paragraph separators, bidirectional marks, the byte order mark: all that can mislead a
 * reader. */
static bool misleading(uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x200b && code <= 0x200f) ||
         (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) || code == 0xfeff;
}

void text_out_visible(struct text_out *out, struct text text, size_t limit) {
  bool quote = text.length == 0;
  for (size_t i = 0; i < text.length && !quote; i++) {
    quote = text.data[i] == ' ' || text.data[i] == '"' || text.data[i] == '=';
  }
  if (quote) text_out_bytes(out, TEXT("\""));
  size_t written = 0;
  while (text.length != 0) {
    uint32_t code = 0;
    size_t length = character_length(text, &code);
    if (written + MAX(length, (size_t)1) > limit) {
      text_out_string(out, "…");
      break;
    }
    if (length == 0) {
      text_out_format(out, "\\x%02x", (unsigned char)text.data[0]);
      length = 1;
    } else if (code == '"' || code == '\\') {
      text_out_format(out, "\\%c", (char)code);
    } else if (misleading(code)) {
      if (code == '\n') text_out_bytes(out, TEXT("\\n"));
      else text_out_format(out, "\\u{%x}", code);
    } else {
      text_out_bytes(out, (struct text){text.data, length});
    }
    written += length;
    text = (struct text){text.data + length, text.length - length};
  }
  if (quote) text_out_bytes(out, TEXT("\""));
}

int text_out_result(const struct text_out *out) { return out->failed ? -ENOMEM : 0; }
