/*
 * Framing of MLLP: every split of every case reads the same, and what can be read two ways is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/net/mllp_frame.h"
#include "core/text_out.h"

enum { MAX_BYTES = 8 };

/* Messages in quotes, then the code of a refusal or `...` for an open frame. */
static void read_all(struct text bytes, const size_t cuts[2], struct text_out *out) {
  struct mllp_frame frame = {0};
  struct text_out message = TEXT_OUT_INIT;
  const char *code = NULL;
  int r = MLLP_FRAME_E_MORE;
  size_t at = 0;
  for (size_t part = 0; part < 3 && r != MLLP_FRAME_E_REFUSED; part++) {
    size_t end = part == 2 ? bytes.length : cuts[part];
    while (at < end && r != MLLP_FRAME_E_REFUSED) {
      struct text piece;
      size_t used;
      r = mllp_frame_take(&frame, bytes.data + at, end - at, MAX_BYTES, &used, &piece, &code);
      assert_true(used >= 1 && used <= end - at);
      at += used;
      text_out_bytes(&message, piece);
      if (r != 0) continue;
      text_out_json(out, (struct text){message.data, message.length});
      text_out_clear(&message);
    }
  }
  text_out_string(out, r == MLLP_FRAME_E_REFUSED ? code : mllp_frame_is_open(&frame) ? "..." : "");
  text_out_deinit(&message);
}

static const struct {
  struct text bytes;
  const char *result;
} cases[] = {
    {TEXT("\x0b"
          "ab"
          "\x1c\r"),
     "\"ab\""},
    {TEXT("\x0b"
          "ab"
          "\x1c\r\x0b"
          "c"
          "\x1c\r"),
     "\"ab\"\"c\""},
    {TEXT("\x0b"
          "ab"
          "\x1c\r\n\x0b"
          "c"
          "\x1c\r\n"),
     "\"ab\"\"c\""},
    {TEXT("\x0b"
          "a\rb\n\r"
          "\x1c\r"),
     "\"a\\rb\\n\\r\""},
    {TEXT("\x0b"
          "12345678"
          "\x1c\r"),
     "\"12345678\""},
    {TEXT("\x0b"
          "123456789"
          "\x1c\r"),
     "too_large"},
    {TEXT("\x0b"
          "123456789\x0b"
          "\x1c\r"),
     "too_large"},
    {TEXT("\x0b"
          "12345678\x0b"),
     "vt_inside"},
    {TEXT("\x0b"
          "ab\x0b"
          "c"
          "\x1c\r"),
     "vt_inside"},
    {TEXT("\x0b\x0b"
          "c"
          "\x1c\r"),
     "vt_inside"},
    {TEXT("\x0b"
          "ab"
          "\x1c\x0b"
          "c"
          "\x1c\r"),
     "no_cr"},
    {TEXT("\x0b"
          "ab"
          "\x1c\n"),
     "no_cr"},
    {TEXT("\x0b"
          "ab"
          "\x1c\x1c\r"),
     "no_cr"},
    {TEXT("\x0b\x1c\r"), "empty"},
    {TEXT("ab\x1c\r"), "no_vt"},
    {TEXT("\n\x0b"
          "ab"
          "\x1c\r"),
     "no_vt"},
    {TEXT("\r\x0b"
          "ab"
          "\x1c\r"),
     "no_vt"},
    {TEXT("\x0b"
          "ab"
          "\x1c\r\n\n\x0b"
          "c"
          "\x1c\r"),
     "\"ab\"no_vt"},
    {TEXT("\x0b"
          "ab"
          "\x1c\r\r\n\x0b"
          "c"
          "\x1c\r"),
     "\"ab\"no_vt"},
    {TEXT("\x0b"
          "ab"
          "\x1c\r"
          "x"
          "\x0b"
          "c"
          "\x1c\r"),
     "\"ab\"no_vt"},
    {TEXT("\x0b"
          "ab"
          "\x1c\r\x1c\r"),
     "\"ab\"no_vt"},
    {TEXT("\x0b"
          "ab"),
     "..."},
    {TEXT("\x0b"
          "ab"
          "\x1c"),
     "..."},
    {TEXT("\x0b"), "..."},
    {TEXT(""), ""},
};

static void test_every_split_reads_the_same(void **state) {
  for (size_t i = 0; i < LENGTH_OF(cases); i++) {
    for (size_t first = 0; first <= cases[i].bytes.length; first++) {
      for (size_t second = first; second <= cases[i].bytes.length; second++) {
        struct text_out out = TEXT_OUT_INIT;
        read_all(cases[i].bytes, (size_t[]){first, second}, &out);
        if (strcmp(out.data, cases[i].result) != 0)
          fail_msg("case %zu cut at %zu and %zu: %s, not %s", i, first, second, out.data, cases[i].result);
        text_out_deinit(&out);
      }
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_split_reads_the_same)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
