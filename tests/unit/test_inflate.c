/*
 * test_inflate.c: raw deflate data in any pieces, and the bounds on what comes out.
 */
#include "connectors/format/inflate.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* "hello" in a fixed-Huffman block. */
static const char hello[] = "\xCB\x48\xCD\xC9\xC9\x07\x00";

struct out {
  char data[64];
  size_t length, all;
  int result;
};

static int keep(void *context, struct text piece) {
  struct out *out = context;
  for (size_t i = 0; i < piece.length && out->length < sizeof(out->data); i++)
    out->data[out->length++] = piece.data[i];
  out->all += piece.length;
  return out->result;
}

static int feed_in_steps(const char *data, size_t length, size_t step, struct out *out, size_t *ret_taken) {
  struct inflate inflater;
  int r = 0;
  *ret_taken = 0;
  assert_int_equal(inflate_open(&inflater), 0);
  for (size_t at = 0; r == 0 && at < length; at += step) {
    size_t taken = 0;
    struct text piece = {data + at, length - at < step ? length - at : step};
    r = inflate_feed(&inflater, piece, &(struct inflate_output){out, keep}, &taken);
    *ret_taken += taken;
  }
  inflate_close(&inflater);
  return r;
}

static void any_pieces_give_the_same(void **state) {
  for (size_t step = 1; step < 12; step++) {
    struct out out = {.length = 0};
    size_t taken;
    assert_int_equal(feed_in_steps(hello, 7, step, &out, &taken), INFLATE_END);
    assert_int_equal(taken, 7);
    assert_int_equal(out.length, 5);
    assert_memory_equal(out.data, "hello", 5);
  }
}

static void what_stands_behind_is_left(void **state) {
  struct out out = {.length = 0};
  size_t taken;
  assert_int_equal(feed_in_steps("\xCB\x48\xCD\xC9\xC9\x07\x00PK", 9, 9, &out, &taken), INFLATE_END);
  assert_int_equal(taken, 7);
}

static void bad_and_short_data(void **state) {
  struct out out = {.length = 0};
  size_t taken;
  assert_int_equal(feed_in_steps("\xFF\xFF\xFF\xFF", 4, 4, &out, &taken), INFLATE_E_INVALID);
  assert_int_equal(feed_in_steps(hello, 4, 4, &out, &taken), 0);
}

static void the_outputs_error_is_forwarded(void **state) {
  struct out out = {.result = -EIO};
  size_t taken;
  assert_int_equal(feed_in_steps(hello, 7, 7, &out, &taken), -EIO);
}

static void ratio_is_bounded(void **state) {
  uLongf length = 1 << 20;
  unsigned char *zeros = calloc(1, 16 << 20), *packed = malloc(length);
  assert_non_null(zeros);
  assert_non_null(packed);
  assert_int_equal(compress2(packed, &length, zeros, 16 << 20, 9), Z_OK);
  struct out out = {.length = 0};
  size_t taken;
  assert_int_equal(feed_in_steps((char *)packed + 2, length - 6, 512, &out, &taken), INFLATE_E_TOO_LARGE);
  assert_true(out.all <= 512 * 100 + INFLATE_RATIO_FREE + 32 * 1024);
  free(zeros);
  free(packed);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(any_pieces_give_the_same), cmocka_unit_test(what_stands_behind_is_left),
      cmocka_unit_test(bad_and_short_data),       cmocka_unit_test(the_outputs_error_is_forwarded),
      cmocka_unit_test(ratio_is_bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
