/*
 * test_base64.c: base64 however it is cut, wrapped and padded.
 */
#include "connectors/format/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Decodes in pieces of `step` characters into room for `room` bytes at a time. Returns the length, or -1. */
static int decode(const char *text, size_t step, size_t room, unsigned char *out) {
  struct base64 b = {.closed = false};
  size_t length = strlen(text), made_all = 0;
  for (size_t at = 0; at < length;) {
    size_t n = length - at < step ? length - at : step;
    while (n != 0) {
      size_t taken = 0, made = 0;
      int r = base64_decode(&b, (struct text){text + at, n}, out + made_all, room, &taken, &made);
      made_all += made, at += taken, n -= taken;
      if (r != 0) return -1;
    }
  }
  return base64_finish(&b) == 0 ? (int)made_all : -1;
}

static void assert_decodes(const char *text, const char *bytes, size_t length) {
  unsigned char out[256];
  for (size_t step = 1; step < 12; step++)
    for (size_t room = 3; room < 12; room++) {
      assert_int_equal(decode(text, step, room, out), (int)length);
      assert_memory_equal(out, bytes, length);
    }
}

static void assert_invalid(const char *text) {
  unsigned char out[256];
  for (size_t step = 1; step < 12; step++) assert_int_equal(decode(text, step, 9, out), -1);
}

static void decodes(void **state) {
  assert_decodes("", "", 0);
  assert_decodes("QQ==", "A", 1);
  assert_decodes("QUI=", "AB", 2);
  assert_decodes("QUJD", "ABC", 3);
  assert_decodes("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", 26);
  assert_decodes("AAECA/7/+fo=", "\x00\x01\x02\x03\xFE\xFF\xF9\xFA", 8);
  assert_decodes("////", "\xFF\xFF\xFF", 3);
}

static void white_space_stands_anywhere(void **state) {
  assert_decodes(" \r\nQU\tJD\nRA =\n= \n", "ABCD", 4);
  assert_decodes("  \n ", "", 0);
}

static void refuses(void **state) {
  const char *const bad[] = {"Q",    "QQ",       "QQ=",   "QUJ",    "=",    "Q===",
                             "QQ=Q", "QQ==QUJD", "QUJD=", "QU-D",   "QU_D", "QUJ\xC3",
                             "====", "QQ===",    "QUI==", "QUJD\v", "QUJDR"};
  for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) assert_invalid(bad[i]);
}

static void every_byte_value_survives(void **state) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  unsigned char bytes[768], out[1024];
  char text[1025];
  unsigned seed = 7;
  for (size_t i = 0; i < sizeof(bytes); i++)
    bytes[i] = (unsigned char)((seed = seed * 1103515245 + 12345) >> 16);
  for (size_t i = 0; i < 256; i++) bytes[i] = (unsigned char)i;
  for (size_t i = 0, o = 0; i < sizeof(bytes); i += 3, o += 4) {
    unsigned v = (unsigned)bytes[i] << 16 | (unsigned)bytes[i + 1] << 8 | bytes[i + 2];
    for (int k = 0; k < 4; k++) text[o + (size_t)k] = digits[v >> (18 - 6 * k) & 63];
  }
  text[1024] = 0;
  assert_int_equal(decode(text, 1024, sizeof(out), out), 768);
  assert_memory_equal(out, bytes, 768);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(decodes),
      cmocka_unit_test(white_space_stands_anywhere),
      cmocka_unit_test(refuses),
      cmocka_unit_test(every_byte_value_survives),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
