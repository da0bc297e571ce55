/*
 * HTTP framing: the same bytes, whole and in the split that the input's first bytes choose, on two
 * connections of a real listener. The answers must be equal, byte for byte but for Date and interim answers.
 *
 * Input: one byte N, N bytes of piece lengths (0 counts as 256), then what is sent.
 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>

#include "tests/lib/http_rig.h"

enum { PIECES_MAX = 32, BYTES_MAX = 24 * 1024 };

static struct http_rig rig = {.max_body = 4096};

static void ask(struct text bytes, const uint8_t *pieces, size_t pieces_count, struct text_out *digest) {
  struct text_out received = TEXT_OUT_INIT;
  int fd = http_rig_connect(&rig);
  for (size_t i = 0; bytes.length != 0; i++) {
    size_t n = pieces_count == 0 ? bytes.length : pieces[i % pieces_count];
    n = MIN(n == 0 ? 256 : n, bytes.length);
    if (i >= PIECES_MAX) n = bytes.length;
    http_rig_send(&rig, fd, (struct text){bytes.data, n});
    bytes.data += n;
    bytes.length -= n;
  }
  http_rig_finish(&rig, fd, &received);
  http_rig_digest((struct text){received.data, received.length}, digest);
  text_out_deinit(&received);
}

/* Whether the listener itself refused so. The service's echo (status 200, one line an answer) may say the
 * same words when the target or the body holds them. */
static bool is_refused_as_twofold(struct text digest) {
  static const char refused[] = "\"code\":\"two_readings\"";
  while (digest.length != 0) {
    const char *end = memchr(digest.data, '\n', digest.length);
    size_t line = end == NULL ? digest.length : (size_t)(end - digest.data) + 1;
    if (line > 4 && memcmp(digest.data, "400 ", 4) == 0 &&
        memmem(digest.data, line, refused, strlen(refused)) != NULL) {
      return true;
    }
    digest.data += line;
    digest.length -= line;
  }
  return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1) return 0;
  size_t pieces = MIN((size_t)data[0] % PIECES_MAX, size - 1);
  struct text bytes = {(const char *)data + 1 + pieces, MIN(size - 1 - pieces, (size_t)BYTES_MAX)};
  struct text_out whole = TEXT_OUT_INIT, split = TEXT_OUT_INIT;
  if (rig.base == NULL) http_rig_open(&rig);
  ask(bytes, NULL, 0, &whole);
  ask(bytes, data + 1, pieces == 0 ? 1 : pieces, &split);
  bool equal = whole.length == split.length &&
               (whole.length == 0 || memcmp(whole.data, split.data, whole.length) == 0);
  bool twofold = is_refused_as_twofold((struct text){whole.data, whole.length});
  if (!equal || twofold) {
    fprintf(stderr, "whole: %s\nsplit: %s\n", whole.data == NULL ? "" : whole.data,
            split.data == NULL ? "" : split.data);
    abort();
  }
  text_out_deinit(&whole);
  text_out_deinit(&split);
  return 0;
}
