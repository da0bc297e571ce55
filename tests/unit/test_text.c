/* Unit tests of connectors/format/text.c. */
#include "connectors/format/text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <unistr.h>

struct pool {
  void *blocks[64];
  size_t count;
  bool empty;
};

static void *pool_alloc(void *context, size_t bytes) {
  struct pool *pool = context;
  if (pool->empty || pool->count == 64) return NULL;
  return pool->blocks[pool->count++] = calloc(1, bytes);
}

static void pool_free(struct pool *pool) {
  while (pool->count != 0) free(pool->blocks[--pool->count]);
}

static void test_trim(void **state) {
  assert_true(text_is(text_trim(TEXT(" \t\r\n a b \v\f")), "a b"));
  assert_int_equal(text_trim(TEXT("  ")).length, 0);
  assert_int_equal(text_trim(TEXT_NONE).length, 0);
  struct text odd = TEXT("\xC2\xA0 \xE3\x80\x80x\xC2\xA0y\xEF\xBB\xBF\xE2\x80\x8B\n");
  assert_true(text_is(text_trim(odd), "x\xC2\xA0y"));
  assert_int_equal(text_trim(TEXT("\xC2\xA0")).length, 0);
  assert_true(text_is(text_trim(TEXT("\xA0")), "\xA0"));
  assert_true(text_is(text_trim(TEXT("\xC3\xA0")), "\xC3\xA0"));
}

static void test_bad_utf8(void **state) {
  static const struct {
    struct text text;
    size_t at;
  } cases[] = {
      {TEXT(""), SIZE_MAX},
      {TEXT("plain ascii, longer than eight bytes"), SIZE_MAX},
      {TEXT("Đồng Đăng \xF0\x9F\x98\x80 đủ"), SIZE_MAX},
      {TEXT("\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF"), SIZE_MAX},
      {TEXT("12345678\x80"), 8},
      {TEXT("a\xC0\x80"), 1},
      {TEXT("a\xC1\xBF"), 1},
      {TEXT("ab\xE0\x9F\xBF"), 2},
      {TEXT("\xED\xA0\x80"), 0},
      {TEXT("\xF0\x8F\xBF\xBF"), 0},
      {TEXT("\xF4\x90\x80\x80"), 0},
      {TEXT("\xF5\x80\x80\x80"), 0},
      {TEXT("abc\xE1\xBA"), 3},
      {TEXT("abc\xE1\xBA"
            "a"),
       3},
      {TEXT("\xFF"), 0},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
    assert_int_equal(text_find_bad_utf8(cases[i].text), cases[i].at);
}

static void check_nfc(const char *in, const char *out, bool same) {
  struct pool pool = {0};
  struct allocator allocator = {pool_alloc, &pool};
  struct text ret = TEXT_NONE;
  assert_int_equal(text_nfc(&allocator, text_of(in), &ret), 0);
  assert_true(text_is(ret, out));
  assert_int_equal(ret.data == in, same);
  pool_free(&pool);
}

static void test_nfc(void **state) {
  check_nfc("plain", "plain", true);
  check_nfc("Đồng Đăng – “Lạng Sơn”", "Đồng Đăng – “Lạng Sơn”", true);
  check_nfc("La\xCC\xA3ng So\xCC\x9Bn", "Lạng Sơn", false);
  check_nfc("Nguye\xCC\x82\xCC\x83n", "Nguyễn", false);
  check_nfc("\xE2\x80\x80", "\xE2\x80\x82", false);
  check_nfc("", "", true);
}

static void check_fold(const char *in, const char *out) {
  struct pool pool = {0};
  struct allocator allocator = {pool_alloc, &pool};
  struct text ret = TEXT_NONE;
  assert_int_equal(text_fold(&allocator, text_of(in), &ret), 0);
  assert_int_equal(ret.length, strlen(out));
  assert_true(text_is(ret, out));
  pool_free(&pool);
}

static void test_fold(void **state) {
  check_fold("  nguyen \t van\r\n  mau ", "NGUYEN VAN MAU");
  check_fold("\u00A0nguyễn  văn\u2003 mẫu ", "NGUYỄN VĂN MẪU");
  check_fold("  \u00A0 ", "");
  check_fold("", "");
  check_fold("đa\xCC\xA3", "ĐẠ");
}

/* What is folded without libunistring is folded as libunistring does it, which the Greek letter calls for. */
static void test_fold_every_character(void **state) {
  for (uint32_t code = 0x80; code <= 0x10FFFF; code += code == 0xD7FF ? 0x801 : 1) {
    struct pool pool = {0};
    struct allocator allocator = {pool_alloc, &pool};
    struct text alone, greek;
    char text[] = "x\0\0\0\0z", with_greek[] = "x\0\0\0\0z\xCE\xB1";
    size_t length = 1 + (size_t)u8_uctomb((uint8_t *)text + 1, code, 4);
    memcpy(with_greek, text, length);
    memcpy(text + length, "z", 1);
    memcpy(with_greek + length, "z\xCE\xB1", 3);
    assert_int_equal(text_fold(&allocator, (struct text){text, length + 1}, &alone), 0);
    assert_int_equal(text_fold(&allocator, (struct text){with_greek, length + 3}, &greek), 0);
    assert_int_equal(alone.length, greek.length - 2);
    assert_memory_equal(alone.data, greek.data, alone.length);
    pool_free(&pool);
  }
}

static void test_errors(void **state) {
  struct pool pool = {.empty = true};
  struct allocator allocator = {pool_alloc, &pool};
  struct text ret = TEXT("untouched");
  assert_int_equal(text_nfc(&allocator, TEXT("a\xFF"), &ret), -EILSEQ);
  assert_int_equal(text_nfc(&allocator, TEXT("a\xCC\xA3"), &ret), -ENOMEM);
  assert_int_equal(text_fold(&allocator, TEXT("a"), &ret), -ENOMEM);
  assert_int_equal(text_fold(&allocator, TEXT("ạ"), &ret), -ENOMEM);
  pool.empty = false;
  assert_int_equal(text_fold(&allocator, TEXT("a\xFF"), &ret), -EILSEQ);
  assert_int_equal(text_fold(&allocator, TEXT("\xFF"), &ret), -EILSEQ);
  assert_true(text_is(ret, "untouched"));
  pool_free(&pool);
}

static void check_place(const char *data, size_t offset, size_t line, size_t column) {
  size_t got_line = 0, got_column = 0;
  text_place(data, strlen(data), offset, &got_line, &got_column);
  assert_int_equal(got_line, line);
  assert_int_equal(got_column, column);
}

static void test_place(void **state) {
  check_place("", 0, 1, 1);
  check_place("abc", 2, 1, 3);
  check_place("a\nbc", 1, 1, 2);
  check_place("a\nbc", 2, 2, 1);
  check_place("a\r\n\r\nbc", 6, 3, 2);
  check_place("Đồng", strlen("Đồ"), 1, 3);
  check_place("\xEF\xBB\xBF{", 3, 1, 1);
  check_place("ab", 99, 1, 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_trim),
      cmocka_unit_test(test_bad_utf8),
      cmocka_unit_test(test_nfc),
      cmocka_unit_test(test_fold),
      cmocka_unit_test(test_fold_every_character),
      cmocka_unit_test(test_errors),
      cmocka_unit_test(test_place),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
