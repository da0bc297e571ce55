/* Growing text and its two ways of escaping. */
#include "core/text_out.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void assert_json(struct text text, const char *expected) {
  cleanup(text_out_deinit) struct text_out out = TEXT_OUT_INIT;
  text_out_json(&out, text);
  assert_string_equal(out.data, expected);
}

static void test_json_escapes_what_must_be(void **state) {
  assert_json(TEXT(""), "\"\"");
  assert_json(TEXT("plain / chữ Việt"), "\"plain / chữ Việt\"");
  assert_json(TEXT("\"\\\n\r\t"), "\"\\\"\\\\\\n\\r\\t\"");
  assert_json(TEXT("a\0b\x01\x7f"), "\"a\\u0000b\\u0001\\u007f\"");
}

static void test_json_replaces_what_is_not_utf8(void **state) {
  assert_json(TEXT("a\xff"
                   "b"),
              "\"a\xef\xbf\xbd"
              "b\"");
  assert_json(TEXT("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
  assert_json(TEXT("\xc0\xaf"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
  assert_json(TEXT("\xe1\xbb"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
  assert_json(TEXT("\xf4\x90\x80\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void assert_visible(struct text text, size_t limit, const char *expected) {
  cleanup(text_out_deinit) struct text_out out = TEXT_OUT_INIT;
  text_out_visible(&out, text, limit);
  assert_string_equal(out.data, expected);
}

static void test_visible_is_one_harmless_line(void **state) {
  assert_visible(TEXT("word"), 99, "word");
  assert_visible(TEXT(""), 99, "\"\"");
  assert_visible(TEXT("two words"), 99, "\"two words\"");
  assert_visible(TEXT("a=b"), 99, "\"a=b\"");
  assert_visible(TEXT("a\nb"), 99, "a\\nb");
  assert_visible(TEXT("\x1b[31m"), 99, "\\u{1b}[31m");
  assert_visible(TEXT("a\xe2\x80\xae"
                      "b"),
                 99, "a\\u{202e}b");
  assert_visible(TEXT("a\xff"), 99, "a\\xff");
  assert_visible(TEXT("say \"x\""), 99, "\"say \\\"x\\\"\"");
}

static void test_visible_is_cut_between_characters(void **state) {
  assert_visible(TEXT("abcdef"), 3, "abc…");
  assert_visible(TEXT("ab\xe1\xbb\x87"), 4, "ab…");
  assert_visible(TEXT("ab\xe1\xbb\x87"), 5, "abệ");
}

static void test_grows_and_clears(void **state) {
  cleanup(text_out_deinit) struct text_out out = TEXT_OUT_INIT;
  for (int i = 0; i < 10000; i++) text_out_format(&out, "%d,", i % 10);
  assert_int_equal(out.length, 20000);
  assert_int_equal(strlen(out.data), 20000);
  text_out_clear(&out);
  assert_string_equal(out.data, "");
  text_out_string(&out, NULL);
  text_out_string(&out, "x");
  assert_string_equal(out.data, "x");
  assert_int_equal(text_out_result(&out), 0);
}

static void test_remembers_that_something_did_not_fit(void **state) {
  struct text_out out = {.failed = true};
  text_out_string(&out, "lost");
  assert_int_equal(out.length, 0);
  assert_int_equal(text_out_result(&out), -ENOMEM);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_json_escapes_what_must_be),
      cmocka_unit_test(test_json_replaces_what_is_not_utf8),
      cmocka_unit_test(test_visible_is_one_harmless_line),
      cmocka_unit_test(test_visible_is_cut_between_characters),
      cmocka_unit_test(test_grows_and_clears),
      cmocka_unit_test(test_remembers_that_something_did_not_fit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
