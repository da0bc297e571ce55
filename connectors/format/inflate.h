/*
 * inflate.h: raw deflate data (RFC 1951) as a stream, with a bound on what comes out of it.
 */
#ifndef FORMAT_INFLATE_H
#define FORMAT_INFLATE_H

#include "connectors/format/text.h"

#include <zlib.h>

#define INFLATE_BYTES_MAX (UINT64_C(256) << 20) /* out of one stream */
#define INFLATE_RATIO_MAX 100                   /* bytes out for each byte in … */
#define INFLATE_RATIO_FREE (64 * 1024)          /* … once this much came out: less is no bomb */

#define INFLATE_END 1         /* the stream's own end was reached; what is left of the input is behind it */
#define INFLATE_E_INVALID 2   /* no deflate data */
#define INFLATE_E_TOO_LARGE 3 /* one of the bounds above */

struct inflate {
  z_stream stream;
  uint64_t taken, made;
  bool open;
};

/* Takes what comes out, at most 16 KiB at a time. */
struct inflate_output {
  void *context;
  int (*take)(void *context, struct text piece); /* 0 or a negative errno */
};

/* Returns 0 or -ENOMEM. A failed one needs no deinit. */
int inflate_open(struct inflate *);
/* May be called of a zeroed one. */
void inflate_close(struct inflate *);

/* *ret_taken: bytes of `in` that belong to the stream. Returns 0 (all taken, more is wanted), INFLATE_…, or
 * the output's error. */
int inflate_feed(struct inflate *, struct text in, const struct inflate_output *, size_t *ret_taken);

#endif
