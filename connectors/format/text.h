/*
 * text.h: a piece of text that belongs to somebody else, and the allocator that readers take.
 *
 * The readers in connectors/format hand out views into the input or into memory of the caller's allocator. A
 * view is not terminated and may hold NUL bytes; whoever makes a terminated string of it checks that first.
 */
#ifndef FORMAT_TEXT_H
#define FORMAT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct text {
  const char *data; /* may be NULL when length is 0 */
  size_t length;
};

#define TEXT(literal) ((struct text){"" literal, sizeof(literal) - 1})
#define TEXT_NONE ((struct text){NULL, 0})

/* Zeroed memory aligned to 16, or NULL. Nothing is freed one by one: the owner drops it all at once. */
struct allocator {
  void *(*alloc)(void *context, size_t bytes);
  void *context;
};

static inline void *allocate(const struct allocator *allocator, size_t bytes) {
  return allocator->alloc(allocator->context, bytes);
}

static inline struct text text_of(const char *string) {
  return (struct text){string, string == NULL ? 0 : strlen(string)};
}

/* Most texts that are compared are short names of one length: eight bytes at a time, and the last eight, are
 * cheaper than a call. */
static inline bool text_equal(struct text a, struct text b) {
  size_t i = 0;
  if (a.length != b.length || a.length == 0) return a.length == b.length;
  if (a.length < 8) return a.data[0] == b.data[0] && memcmp(a.data, b.data, a.length) == 0;
  for (; i + 8 < a.length; i += 8)
    if (memcmp(a.data + i, b.data + i, 8) != 0) return false;
  return memcmp(a.data + a.length - 8, b.data + a.length - 8, 8) == 0;
}

static inline bool text_is(struct text a, const char *string) { return text_equal(a, text_of(string)); }

/* Without white space at both ends: ASCII, and no-break, zero-width and ideographic blanks. */
struct text text_trim(struct text);

/* Offset of the first byte that is not part of well-formed UTF-8 (RFC 3629: no surrogates, no overlong
 * forms), or SIZE_MAX when all is well. */
size_t text_find_bad_utf8(struct text);

/* Unicode NFC. Returns the input itself when it already is NFC. *ret is untouched on error.
 * Returns 0, -ENOMEM, or -EILSEQ when the input is not UTF-8. */
int text_nfc(const struct allocator *, struct text, struct text *ret);

/* NFC, upper case (Unicode, no locale), trimmed, each run of white space one blank; errors as text_nfc(). */
int text_fold(const struct allocator *, struct text, struct text *ret);

/* Line and column (both from 1, columns in characters) of data + offset. Scans from the start: for error
 * places. */
void text_place(const char *data, size_t length, size_t offset, size_t *ret_line, size_t *ret_column);

#endif
