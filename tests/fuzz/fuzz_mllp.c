/*
 * Framing of MLLP. The oracle: whole, byte by byte and cut as the input's first byte says give the same
 * messages and the same end; messages framed again are read as themselves.
 */
#include <stdio.h>

#include "core/net/mllp_frame.h"
#include "core/text_out.h"
#include "tests/fuzz/fuzz.h"

enum { MAX_BYTES = 64 };

struct reading {
  struct text_out messages; /* each framed, as it should have come */
  const char *code;
  struct mllp_frame frame;
};

static void read_pieces(struct text bytes, size_t piece, struct reading *reading) {
  struct text_out message = TEXT_OUT_INIT;
  for (size_t at = 0; at < bytes.length && reading->code == NULL;) {
    size_t n = MIN(piece - at % piece, bytes.length - at), used = 0;
    struct text part;
    int r = mllp_frame_take(&reading->frame, bytes.data + at, n, MAX_BYTES, &used, &part, &reading->code);
    if (used == 0 || used > n || (r == MLLP_FRAME_E_REFUSED) != (reading->code != NULL)) abort();
    if (r == MLLP_FRAME_E_MORE && used != n) abort();
    at += used;
    text_out_bytes(&message, part);
    if (message.length > MAX_BYTES) abort();
    if (r != 0) continue;
    text_out_string(&reading->messages, "\x0b");
    text_out_bytes(&reading->messages, (struct text){message.data, message.length});
    text_out_string(&reading->messages, "\x1c\r");
    text_out_clear(&message);
  }
  text_out_deinit(&message);
}

static void must_be_equal(const struct reading *a, const struct reading *b) {
  bool equal = a->messages.length == b->messages.length && a->code == b->code &&
               (a->code != NULL || (a->frame.place == b->frame.place && a->frame.length == b->frame.length));
  if (!equal ||
      (a->messages.length != 0 && memcmp(a->messages.data, b->messages.data, a->messages.length) != 0))
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct reading whole = {0}, again = {0};
  struct text bytes = {(const char *)data + 1, size - 1};
  if (size < 2) return 0;
  read_pieces(bytes, bytes.length, &whole);
  const size_t pieces[] = {1, data[0] % 16 + 2};
  for (size_t i = 0; i < LENGTH_OF(pieces); i++) {
    struct reading split = {0};
    read_pieces(bytes, pieces[i], &split);
    must_be_equal(&whole, &split);
    text_out_deinit(&split.messages);
  }
  if (whole.messages.length != 0)
    read_pieces((struct text){whole.messages.data, whole.messages.length}, whole.messages.length, &again);
  if (again.code != NULL || again.messages.length != whole.messages.length) abort();
  text_out_deinit(&whole.messages);
  text_out_deinit(&again.messages);
  return 0;
}
