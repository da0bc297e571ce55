/*
 * base64.h: base64 (RFC 4648, the alphabet with + and /) as a stream, white space between the characters
 * allowed.
 */
#ifndef FORMAT_BASE64_H
#define FORMAT_BASE64_H

#include "connectors/format/text.h"

#define BASE64_E_INVALID 1 /* another character, padding in the wrong place, or anything behind it */

struct base64 { /* zeroed: ready */
  unsigned char held[4];
  unsigned held_count;
  bool closed; /* padding was seen */
};

/* Decodes as much of `in` as `size` bytes of `out` hold (at least 3) and says how much it took and made; to
 * be called again until all is taken. Returns 0 or BASE64_E_INVALID, then with *ret_taken at the character
 * that is wrong. */
int base64_decode(struct base64 *, struct text in, void *out, size_t size, size_t *ret_taken,
                  size_t *ret_made);

/* At the end of the text: BASE64_E_INVALID when it stops inside a group of four. */
int base64_finish(const struct base64 *);

#endif
