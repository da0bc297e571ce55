/*
 * test_charset.c: every letter of Vietnamese in every set that has it, and the bytes that no set has.
 */
#include "connectors/format/charset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <errno.h>
#include <stdlib.h>

#include <cmocka.h>

static unsigned char memory[64 * 1024];
static size_t memory_used, memory_size;

static void *take_memory(void *context, size_t bytes) {
  bytes = (bytes + 15) & ~(size_t)15;
  if (bytes > memory_size - memory_used) return NULL;
  memory_used += bytes;
  return memory + memory_used - bytes;
}

static const struct allocator allocator = {take_memory, NULL};

static int decode(enum charset charset, struct text text, struct text *ret, size_t *ret_offset) {
  memory_used = 0;
  memory_size = sizeof(memory);
  return charset_decode(&allocator, charset, text, ret, ret_offset);
}

static void assert_text(enum charset charset, struct text text, const char *wanted) {
  struct text got = TEXT_NONE;
  size_t offset = 0;
  assert_int_equal(decode(charset, text, &got, &offset), 0);
  if (!text_is(got, wanted)) fail_msg("set %d gave %.*s", (int)charset, (int)got.length, got.data);
}

static void assert_bad(enum charset charset, struct text text, size_t wanted) {
  struct text got = TEXT_NONE;
  size_t offset = SIZE_MAX;
  assert_int_equal(decode(charset, text, &got, &offset), CHARSET_E_BYTES);
  assert_int_equal(offset, wanted);
}

static const char small_letters[] =
    "aàảãáạăằẳẵắặâầẩẫấậeèẻẽéẹêềểễếệiìỉĩíịoòỏõóọôồổỗốộơờởỡớợuùủũúụưừửữứựyỳỷỹýỵđ";
static const char large_letters[] =
    "AÀẢÃÁẠĂẰẲẴẮẶÂẦẨẪẤẬEÈẺẼÉẸÊỀỂỄẾỆIÌỈĨÍỊOÒỎÕÓỌÔỒỔỖỐỘƠỜỞỠỚỢUÙỦŨÚỤƯỪỬỮỨỰYỲỶỸÝỴĐ";

static const struct text small_1258 = TEXT(
    "a\xE0\x61\xD2\x61\xDE\xE1\x61\xF2\xE3\xE3\xCC\xE3\xD2\xE3\xDE\xE3\xEC\xE3\xF2\xE2\xE2\xCC\xE2\xD2\xE2"
    "\xDE\xE2\xEC\xE2\xF2"
    "e\xE8\x65\xD2\x65\xDE\xE9\x65\xF2\xEA\xEA\xCC\xEA\xD2\xEA\xDE\xEA\xEC\xEA\xF2\x69\x69\xCC\x69\xD2\x69"
    "\xDE\xED\x69\xF2"
    "o\x6F\xCC\x6F\xD2\x6F\xDE\xF3\x6F\xF2\xF4\xF4\xCC\xF4\xD2\xF4\xDE\xF4\xEC\xF4\xF2\xF5\xF5\xCC\xF5\xD2"
    "\xF5\xDE\xF5\xEC"
    "\xF5\xF2u\xF9\x75\xD2\x75\xDE\xFA\x75\xF2\xFD\xFD\xCC\xFD\xD2\xFD\xDE\xFD\xEC\xFD\xF2y\x79\xCC\x79\xD2"
    "\x79\xDE\x79\xEC"
    "\x79\xF2\xF0");
static const struct text large_1258 = TEXT(
    "A\xC0\x41\xD2\x41\xDE\xC1\x41\xF2\xC3\xC3\xCC\xC3\xD2\xC3\xDE\xC3\xEC\xC3\xF2\xC2\xC2\xCC\xC2\xD2\xC2"
    "\xDE\xC2\xEC\xC2\xF2"
    "E\xC8\x45\xD2\x45\xDE\xC9\x45\xF2\xCA\xCA\xCC\xCA\xD2\xCA\xDE\xCA\xEC\xCA\xF2\x49\x49\xCC\x49\xD2\x49"
    "\xDE\xCD\x49\xF2"
    "O\x4F\xCC\x4F\xD2\x4F\xDE\xD3\x4F\xF2\xD4\xD4\xCC\xD4\xD2\xD4\xDE\xD4\xEC\xD4\xF2\xD5\xD5\xCC\xD5\xD2"
    "\xD5\xDE\xD5\xEC"
    "\xD5\xF2U\xD9\x55\xD2\x55\xDE\xDA\x55\xF2\xDD\xDD\xCC\xDD\xD2\xDD\xDE\xDD\xEC\xDD\xF2Y\x59\xCC\x59\xD2"
    "\x59\xDE\x59\xEC"
    "\x59\xF2\xD0");
static const struct text small_tcvn3 = TEXT(
    "a\xB5\xB6\xB7\xB8\xB9\xA8\xBB\xBC\xBD\xBE\xC6\xA9\xC7\xC8\xC9\xCA\xCB"
    "e\xCC\xCE\xCF\xD0\xD1\xAA\xD2\xD3\xD4\xD5\xD6"
    "i\xD7\xD8\xDC\xDD\xDEo\xDF\xE1\xE2\xE3\xE4\xAB\xE5\xE6\xE7\xE8\xE9\xAC\xEA\xEB\xEC\xED\xEEu\xEF\xF1\xF2"
    "\xF3\xF4\xAD"
    "\xF5\xF6\xF7\xF8\xF9y\xFA\xFB\xFC\xFD\xFE\xAE");
static const struct text small_vni = TEXT(
    "aa\xF8\x61\xFB\x61\xF5\x61\xF9\x61\xEF\x61\xEA\x61\xE8\x61\xFA\x61\xFC\x61\xE9\x61\xEB\x61\xE2\x61\xE0"
    "\x61\xE5\x61\xE3"
    "\x61\xE1\x61\xE4\x65\x65\xF8\x65\xFB\x65\xF5\x65\xF9\x65\xEF\x65\xE2\x65\xE0\x65\xE5\x65\xE3\x65\xE1\x65"
    "\xE4\x69\xEC"
    "\xE6\xF3\xED\xF2oo\xF8o\xFBo\xF5o\xF9o\xEFo\xE2o\xE0o\xE5o\xE3o\xE1o\xE4\xF4\xF4\xF8\xF4\xFB\xF4\xF5\xF4"
    "\xF9\xF4\xEFuu"
    "\xF8u\xFBu\xF5u\xF9u\xEF\xF6\xF6\xF8\xF6\xFB\xF6\xF5\xF6\xF9\xF6\xEFyy\xF8y\xFBy\xF5y\xF9\xEE\xF1");
static const struct text large_vni = TEXT(
    "AA\xD8\x41\xDB\x41\xD5\x41\xD9\x41\xCF\x41\xCA\x41\xC8\x41\xDA\x41\xDC\x41\xC9\x41\xCB\x41\xC2\x41\xC0"
    "\x41\xC5\x41\xC3"
    "\x41\xC1\x41\xC4\x45\x45\xD8\x45\xDB\x45\xD5\x45\xD9\x45\xCF\x45\xC2\x45\xC0\x45\xC5\x45\xC3\x45\xC1\x45"
    "\xC4\x49\xCC"
    "\xC6\xD3\xCD\xD2OO\xD8O\xDBO\xD5O\xD9O\xCFO\xC2O\xC0O\xC5O\xC3O\xC1O\xC4\xD4\xD4\xD8\xD4\xDB\xD4\xD5\xD4"
    "\xD9\xD4\xCFUU"
    "\xD8U\xDBU\xD5U\xD9U\xCF\xD6\xD6\xD8\xD6\xDB\xD6\xD5\xD6\xD9\xD6\xCFYY\xD8Y\xDBY\xD5Y\xD9\xCE\xD1");

static void reads_every_letter_of_vietnamese(void **state) {
  assert_text(CHARSET_WINDOWS_1258, small_1258, small_letters);
  assert_text(CHARSET_WINDOWS_1258, large_1258, large_letters);
  assert_text(CHARSET_TCVN3, small_tcvn3, small_letters);
  assert_text(CHARSET_TCVN3, TEXT("\xA1\xA2\xA3\xA4\xA5\xA6\xA7"), "ĂÂÊÔƠƯĐ");
  assert_text(CHARSET_VNI, small_vni, small_letters);
  assert_text(CHARSET_VNI, large_vni, large_letters);
  assert_text(CHARSET_TCVN3, TEXT("H\xE4 t\xAAn,Ng\xB5y sinh\r\nN\xABng V\xA8n M\xC9u,05/09/2015"),
              "Họ tên,Ngày sinh\r\nNông Văn Mẫu,05/09/2015");
}

static void a_tone_takes_the_case_of_its_letter(void **state) {
  assert_text(CHARSET_VNI, TEXT("A\xF9\x61\xD9\xD4\xEF\xF4\xCF"), "ÁáỢợ");
  assert_text(CHARSET_VNI, TEXT("y\xEFY\xCF"), "ỵỴ");
  assert_text(CHARSET_VNI, TEXT("L\x61\xEFng S\xF4n\xA0!"), "Lạng Sơn\xC2\xA0!");
}

static void reads_the_other_sets(void **state) {
  assert_text(CHARSET_ISO_8859_1, TEXT("caf\xE9 \x85"), "café \xC2\x85");
  assert_text(CHARSET_ISO_8859_2, TEXT("\xA3\xF3\xBC"), "Łóź");
  assert_text(CHARSET_ISO_8859_5, TEXT("\xBC\xDE\xE1\xDA\xD2\xD0\xF0"), "Москва№");
  assert_text(CHARSET_ISO_8859_7, TEXT("\xC1\xE8\xDE\xED\xE1\xA4"), "Αθήνα€");
  assert_text(CHARSET_ISO_8859_15, TEXT("\xA4\xBD"), "€œ");
  assert_text(CHARSET_WINDOWS_1252, TEXT("\x93\x80\x94"), "“€”");
  assert_text(CHARSET_WINDOWS_1258, TEXT("100 \xFE"), "100 ₫");
}

static void refuses_bytes_that_a_set_does_not_have(void **state) {
  assert_bad(CHARSET_UNKNOWN, TEXT("Nguy\xE1"), 4);
  assert_bad(CHARSET_ASCII, TEXT("abcdefghijk\x80"), 11);
  assert_bad(CHARSET_UTF_8, TEXT("\xEF\xBB\xBFT\xC3\xA0y \xE0"), 8);
  assert_bad(CHARSET_ISO_8859_7, TEXT("a\xD2"), 1);
  assert_bad(CHARSET_WINDOWS_1252, TEXT("\x80\x81"), 1);
  assert_bad(CHARSET_WINDOWS_1258, TEXT("ab\x8A"), 2);
  assert_bad(CHARSET_TCVN3, TEXT("\xA8\xB0"), 1);
  assert_bad(CHARSET_TCVN3, TEXT("0123456789\xFF"), 10);
  assert_bad(CHARSET_VNI, TEXT("B\xF9"), 1);     /* a tone on no vowel */
  assert_bad(CHARSET_VNI, TEXT("u\xE2"), 1);     /* a roof on u */
  assert_bad(CHARSET_VNI, TEXT("\xF9"), 0);      /* a tone in front */
  assert_bad(CHARSET_VNI, TEXT("a\xF9\xF9"), 2); /* two tones */
  assert_bad(CHARSET_VNI, TEXT("a\xE7"), 1);
  assert_bad(CHARSET_VNI, TEXT("a\x93"), 1);
}

static void reads_sixteen_bits(void **state) {
  assert_text(CHARSET_UTF_16, TEXT("\xFF\xFEM\0\xAB\x1Eu\0"), "Mẫu");
  assert_text(CHARSET_UTF_16, TEXT("\xFE\xFF\0M\x1E\xAB"), "Mẫ");
  assert_text(CHARSET_UTF_16, TEXT("a\0\x3D\xD8\x00\xDE"), "a😀");
  assert_text(CHARSET_UTF_16, TEXT(""), "");
  assert_bad(CHARSET_UTF_16, TEXT("a\0b"), 2);
  assert_bad(CHARSET_UTF_16, TEXT("a\0\x3D\xD8"), 2);
  assert_bad(CHARSET_UTF_16, TEXT("\xFF\xFE\x3D\xD8\x61\0"), 2);
  assert_bad(CHARSET_UTF_16, TEXT("\x00\xDE"), 0);
}

static void hands_back_what_is_utf_8(void **state) {
  static const enum charset sets[] = {CHARSET_ASCII,        CHARSET_UTF_8, CHARSET_ISO_8859_1,
                                      CHARSET_WINDOWS_1258, CHARSET_TCVN3, CHARSET_VNI};
  struct text text = TEXT("Lop 5A, 35 hoc sinh"), got;
  size_t offset;
  for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
    assert_int_equal(decode(sets[i], text, &got, &offset), 0);
    assert_ptr_equal(got.data, text.data);
    assert_int_equal(got.length, text.length);
  }
  assert_text(CHARSET_UTF_8, TEXT("\xEF\xBB\xBFMã lớp"), "Mã lớp");
  assert_text(CHARSET_UTF_8, TEXT_NONE, "");
}

static void says_when_there_is_no_memory(void **state) {
  static const enum charset sets[] = {CHARSET_TCVN3, CHARSET_VNI, CHARSET_UTF_16, CHARSET_WINDOWS_1258};
  struct text got = TEXT_NONE;
  size_t offset = 0;
  memory_used = memory_size = 0;
  for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
    assert_int_equal(charset_decode(&allocator, sets[i], TEXT("\xE1\xE1"), &got, &offset), -ENOMEM);
  memory_size = 16; /* enough for the bytes, not for their normal form */
  assert_int_equal(charset_decode(&allocator, CHARSET_WINDOWS_1258, TEXT("a\xF2"), &got, &offset), -ENOMEM);
}

static void knows_sets_by_their_names(void **state) {
  static const struct {
    const char *name;
    enum charset charset;
  } names[] = {
      {"utf-8", CHARSET_UTF_8},
      {"UTF8", CHARSET_UTF_8},
      {"UNICODE UTF-8", CHARSET_UTF_8},
      {"UNICODE UTF-16", CHARSET_UTF_16},
      {"ASCII", CHARSET_ASCII},
      {"us-ascii", CHARSET_ASCII},
      {"8859/1", CHARSET_ISO_8859_1},
      {"ISO-8859-1", CHARSET_ISO_8859_1},
      {"8859/15", CHARSET_ISO_8859_15},
      {"iso-8859-2", CHARSET_ISO_8859_2},
      {"8859/5", CHARSET_ISO_8859_5},
      {"8859/7", CHARSET_ISO_8859_7},
      {"Windows-1252", CHARSET_WINDOWS_1252},
      {"windows-1258", CHARSET_WINDOWS_1258},
      {"CP1258", CHARSET_WINDOWS_1258},
      {"TCVN3", CHARSET_TCVN3},
      {"abc", CHARSET_TCVN3},
      {"VNI-Windows", CHARSET_VNI},
      {"vni", CHARSET_VNI},
      {"8859/11", CHARSET_UNKNOWN},
      {"utf", CHARSET_UNKNOWN},
      {"BIG-5", CHARSET_UNKNOWN},
      {"", CHARSET_UNKNOWN},
  };
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
    if (charset_by_name(text_of(names[i].name)) != names[i].charset) fail_msg("%s", names[i].name);
}

static void finds_the_parameter_of_a_media_type(void **state) {
  static const struct {
    const char *type, *charset;
  } types[] = {
      {"text/csv; charset=tcvn3", "tcvn3"},
      {"text/csv;header=present; Charset = \"windows-1258\" ;x=y", "windows-1258"},
      {"text/csv; note=\"; charset=vni\"; charset=utf-8", "utf-8"},
      {"text/csv; note=\"a\\\"; charset=vni\"; charset=utf-8", "utf-8"},
      {"text/csv; note=\"open; charset=vni", ""},
      {"text/csv; charset=", ""},
      {"text/csv; charset=\"\"", ""},
      {"text/csv; charset", ""},
      {"text/csv; ; =x; charsets=vni", ""},
      {"text/csv", ""},
      {"charset=vni", ""},
      {"", ""},
      {NULL, ""},
  };
  for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
    if (!text_is(charset_parameter(types[i].type), types[i].charset)) fail_msg("%s", types[i].type);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_every_letter_of_vietnamese),
      cmocka_unit_test(a_tone_takes_the_case_of_its_letter),
      cmocka_unit_test(reads_the_other_sets),
      cmocka_unit_test(refuses_bytes_that_a_set_does_not_have),
      cmocka_unit_test(reads_sixteen_bits),
      cmocka_unit_test(hands_back_what_is_utf_8),
      cmocka_unit_test(says_when_there_is_no_memory),
      cmocka_unit_test(knows_sets_by_their_names),
      cmocka_unit_test(finds_the_parameter_of_a_media_type),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
