/*
 * inflate.c: zlib's raw inflate behind bounds.
 *
 * The bounds are checked after each 16 KiB of output, so that a bomb costs at most that much more than is
 * allowed.
 */
#include "connectors/format/inflate.h"

#include <errno.h>
#include <limits.h>

enum { OUTPUT_SIZE = 16 * 1024 };

int inflate_open(struct inflate *inflater) {
  memset(inflater, 0, sizeof(*inflater));
  if (inflateInit2(&inflater->stream, -MAX_WBITS) != Z_OK) return -ENOMEM;
  inflater->open = true;
  return 0;
}

void inflate_close(struct inflate *inflater) {
  if (inflater->open) inflateEnd(&inflater->stream);
  inflater->open = false;
}

static bool is_too_large(const struct inflate *inflater) {
  if (inflater->made > INFLATE_BYTES_MAX) return true;
  return inflater->made > INFLATE_RATIO_FREE && inflater->made / INFLATE_RATIO_MAX > inflater->taken;
}

/* One call of zlib's. Returns as inflate_feed(); *ret_idle: it neither took nor made anything. */
static int inflate_some(struct inflate *inflater, const struct inflate_output *output, bool *ret_idle) {
  unsigned char buffer[OUTPUT_SIZE];
  z_stream *stream = &inflater->stream;
  unsigned before = stream->avail_in;
  stream->next_out = buffer;
  stream->avail_out = sizeof(buffer);
  int status = inflate(stream, Z_NO_FLUSH);
  size_t made = sizeof(buffer) - stream->avail_out;
  inflater->taken += before - stream->avail_in;
  inflater->made += made;
  *ret_idle = made == 0 && before == stream->avail_in;
  if (status == Z_MEM_ERROR) return -ENOMEM;
  if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) return INFLATE_E_INVALID;
  if (is_too_large(inflater)) return INFLATE_E_TOO_LARGE;
  int r = made == 0 ? 0 : output->take(output->context, (struct text){(const char *)buffer, made});
  if (r < 0) return r;
  return status == Z_STREAM_END ? INFLATE_END : 0;
}

int inflate_feed(struct inflate *inflater, struct text in, const struct inflate_output *output,
                 size_t *ret_taken) {
  z_stream *stream = &inflater->stream;
  size_t length = in.length < UINT_MAX ? in.length : UINT_MAX;
  stream->next_in = (z_const unsigned char *)(uintptr_t)in.data;
  stream->avail_in = (unsigned)length;
  bool idle = false;
  int r = 0;
  while (r == 0 && !idle) r = inflate_some(inflater, output, &idle);
  *ret_taken = length - stream->avail_in;
  stream->next_in = NULL;
  stream->avail_in = 0;
  return r;
}
