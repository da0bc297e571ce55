/*
 * text.c: UTF-8, Unicode normal form and case of borrowed text.
 *
 * Nearly all text that arrives is ASCII or precomposed Vietnamese, both of which already are NFC and whose
 * upper case has as many bytes; a look at the lead bytes settles that without a table. Only what is left goes
 * to libunistring.
 */
#include "connectors/format/text.h"

#include <errno.h>
#include <stdlib.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#define HIGH_BITS UINT64_C(0x8080808080808080)

static bool is_ascii_space(unsigned char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* Blanks that word processors and web pages leave at the ends of a value: no-break, zero width (also as byte
 * order mark), ideographic. */
static const struct text blanks[] = {TEXT("\xC2\xA0"), TEXT("\xE2\x80\x8B"), TEXT("\xE2\x80\xAF"),
                                     TEXT("\xE3\x80\x80"), TEXT("\xEF\xBB\xBF")};

/* Bytes of the blank that text begins, or ends, with; 0: none. */
static size_t blank_length(struct text text, bool at_end) {
  if (text.length == 0) return 0;
  unsigned char c = (unsigned char)text.data[at_end ? text.length - 1 : 0];
  if (c < 0x80) return is_ascii_space(c);
  for (size_t i = 0; i < sizeof(blanks) / sizeof(blanks[0]); i++) {
    size_t length = blanks[i].length;
    if (text.length < length) continue;
    if (memcmp(text.data + (at_end ? text.length - length : 0), blanks[i].data, length) == 0) return length;
  }
  return 0;
}

struct text text_trim(struct text text) {
  size_t length;
  while ((length = blank_length(text, false)) != 0) text.data += length, text.length -= length;
  while ((length = blank_length(text, true)) != 0) text.length -= length;
  return text;
}

/* Offset of the first byte from `at` on that is not ASCII, or the length. */
static size_t skip_ascii(struct text text, size_t at) {
  for (uint64_t eight; text.length - at >= sizeof(eight); at += sizeof(eight)) {
    memcpy(&eight, text.data + at, sizeof(eight));
    eight &= HIGH_BITS;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (eight != 0) return at + (size_t)__builtin_ctzll(eight) / 8;
#else
    if (eight != 0) break;
#endif
  }
  while (at < text.length && (unsigned char)text.data[at] < 0x80) at++;
  return at;
}

/* Length of the well-formed sequence of 2 to 4 bytes at s, of which `left` bytes are there; 0: there is
 * none. The second byte's bounds keep overlong forms, surrogates and everything above U+10FFFF out. */
static size_t sequence_length(const unsigned char *s, size_t left) {
  unsigned char low = 0x80, high = 0xBF;
  size_t length;
  if (s[0] >= 0xC2 && s[0] <= 0xDF) length = 2;
  else if (s[0] >= 0xE0 && s[0] <= 0xEF) length = 3;
  else if (s[0] >= 0xF0 && s[0] <= 0xF4) length = 4;
  else return 0;
  if (length > left) return 0;
  if (s[0] == 0xE0) low = 0xA0;
  else if (s[0] == 0xED) high = 0x9F;
  else if (s[0] == 0xF0) low = 0x90;
  else if (s[0] == 0xF4) high = 0x8F;
  if (s[1] < low || s[1] > high) return 0;
  for (size_t i = 2; i < length; i++)
    if ((s[i] & 0xC0) != 0x80) return 0;
  return length;
}

size_t text_find_bad_utf8(struct text text) {
  size_t at = 0;
  while ((at = skip_ascii(text, at)) < text.length) {
    size_t length = sequence_length((const unsigned char *)text.data + at, text.length - at);
    if (length == 0) return at;
    at += length;
  }
  return SIZE_MAX;
}

/* Whether the sequence at s is certainly unchanged by NFC, whatever stands before it: U+0080..U+02FF, the
 * Latin letters of U+1E00..U+1EFF, dashes and quotes, most ideographs. */
static bool is_surely_nfc(const unsigned char *s) {
  if (s[0] <= 0xCB) return true;
  if (s[0] == 0xE1) return s[1] >= 0xB8 && s[1] <= 0xBB;
  if (s[0] == 0xE2) return s[1] == 0x80 && s[2] >= 0x82;
  return s[0] >= 0xE4 && s[0] <= 0xE9;
}

/* 1: surely NFC; 0: perhaps not; -EILSEQ: not UTF-8. */
static int check_nfc(struct text text) {
  int nfc = 1;
  for (size_t at = 0; (at = skip_ascii(text, at)) < text.length;) {
    const unsigned char *s = (const unsigned char *)text.data + at;
    size_t length = sequence_length(s, text.length - at);
    if (length == 0) return -EILSEQ;
    if (!is_surely_nfc(s)) nfc = 0;
    at += length;
  }
  return nfc;
}

/* Moves what libunistring allocated into the caller's memory. */
static int adopt(const struct allocator *allocator, uint8_t *made, size_t length, struct text *ret) {
  if (made == NULL) return -ENOMEM;
  char *copy = allocate(allocator, length + 1);
  if (copy != NULL) {
    memcpy(copy, made, length);
    *ret = (struct text){copy, length};
  }
  free(made);
  return copy == NULL ? -ENOMEM : 0;
}

int text_nfc(const struct allocator *allocator, struct text text, struct text *ret) {
  int r = check_nfc(text);
  if (r < 0) return r;
  if (r == 1) {
    *ret = text;
    return 0;
  }
  size_t length = 0;
  uint8_t *made = u8_normalize(UNINORM_NFC, (const uint8_t *)text.data, text.length, NULL, &length);
  return adopt(allocator, made, length, ret);
}

/* Upper case of c, which has as many bytes; 0: not known here. What is known: Latin-1 letters but for the
 * sharp s, the letters of Vietnamese, dashes and quotes. All are NFC and none is white space. */
static uint32_t upper_of(uint32_t c) {
  if (c >= 0xC0 && c <= 0xDE) return c;
  if (c >= 0xE0 && c <= 0xFE) return c == 0xF7 ? c : c - 0x20;
  if (c >= 0x1EA0 && c <= 0x1EF9) return c & ~UINT32_C(1);
  switch (c) {
    case 0x102:
    case 0x103:
    case 0x110:
    case 0x111:
    case 0x128:
    case 0x129:
    case 0x168:
    case 0x169:
    case 0x1A0:
    case 0x1A1: return c & ~UINT32_C(1);
    case 0x1AF:
    case 0x1B0: return 0x1AF;
    default: return c >= 0x2010 && c <= 0x2027 ? c : 0;
  }
}

/* Upper case with single blanks of text whose letters upper_of() knows, written to out, which has room for as
 * many bytes; false: another letter, or no UTF-8. */
static bool fold_known(struct text text, char *out, size_t *ret_length) {
  size_t length = 0;
  for (size_t i = 0; i < text.length;) {
    unsigned char c = (unsigned char)text.data[i];
    if (is_ascii_space(c)) {
      if (length != 0 && out[length - 1] != ' ') out[length++] = ' ';
      i++;
    } else if (c < 0x80) {
      out[length++] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : (char)c;
      i++;
    } else {
      const unsigned char *s = (const unsigned char *)text.data + i;
      size_t bytes = sequence_length(s, text.length - i);
      if (bytes != 2 && bytes != 3) return false;
      uint32_t code = bytes == 2 ? (c & 0x1FU) << 6 | (s[1] & 0x3FU)
                                 : (c & 0xFU) << 12 | (s[1] & 0x3FU) << 6 | (s[2] & 0x3FU);
      code = upper_of(code);
      if (code == 0) return false;
      out[length] = bytes == 2 ? (char)(0xC0 | code >> 6) : (char)(0xE0 | code >> 12);
      if (bytes == 3) out[length + 1] = (char)(0x80 | (code >> 6 & 0x3F));
      out[length + bytes - 1] = (char)(0x80 | (code & 0x3F));
      length += bytes;
      i += bytes;
    }
  }
  if (length != 0 && out[length - 1] == ' ') length--;
  *ret_length = length;
  return true;
}

/* Makes each run of white space in s one blank, in place, and drops it at both ends; returns the new length.
 */
static size_t squeeze_space(uint8_t *s, size_t length) {
  size_t written = 0;
  for (size_t at = 0; at < length;) {
    ucs4_t c = 0;
    int n = u8_mbtouc(&c, s + at, length - at);
    if (uc_is_property_white_space(c)) {
      if (written != 0 && s[written - 1] != ' ') s[written++] = ' ';
    } else {
      memmove(s + written, s + at, (size_t)n);
      written += (size_t)n;
    }
    at += (size_t)n;
  }
  if (written != 0 && s[written - 1] == ' ') written--;
  return written;
}

int text_fold(const struct allocator *allocator, struct text text, struct text *ret) {
  size_t length = 0;
  char *out = allocate(allocator, text.length + 1);
  if (out == NULL) return -ENOMEM;
  if (fold_known(text, out, &length)) {
    *ret = (struct text){out, length};
    return 0;
  }
  int r = check_nfc(text);
  if (r < 0) return r;
  uint8_t *made = u8_toupper((const uint8_t *)text.data, text.length, NULL, UNINORM_NFC, NULL, &length);
  if (made == NULL) return -ENOMEM;
  return adopt(allocator, made, squeeze_space(made, length), ret);
}

void text_place(const char *data, size_t length, size_t offset, size_t *ret_line, size_t *ret_column) {
  size_t line = 1, start = 0, column = 1;
  if (offset > length) offset = length;
  for (const char *end; start < offset && (end = memchr(data + start, '\n', offset - start)) != NULL; line++)
    start = (size_t)(end - data) + 1;
  if (start == 0 && offset >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0) start = 3;
  for (size_t i = start; i < offset; i++)
    if (((unsigned char)data[i] & 0xC0) != 0x80) column++;
  *ret_line = line;
  *ret_column = column;
}
