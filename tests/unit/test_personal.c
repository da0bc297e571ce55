/* Personal data: equal people give equal pseudonyms, years, communes, masks; nothing else comes through. */
#include "core/message/personal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/message/communes.h"

static struct arena *arena;
static struct personal personal = {.key = {"0123456789abcdef0123456789abcdef"}, .key_number = 12};

static const char *const cells[] = {
    "code",
    "name",
    "former_names",
    "province", /* header */
    "00691",
    "Phường Hà Giang 1",
    "Phường Minh Khai; Phường Trần Phú",
    "Tuyên Quang",
    "00700",
    "Xã Đồng Văn",
    "Thị trấn Đồng Văn",
    "Tuyên Quang",
    "00710",
    "Xã Tân An",
    "",
    "Tuyên Quang",
    "00711",
    "Phường Tân An",
    "",
    "Tuyên Quang",
    "00720",
    "Xã Minh Tân",
    "Xã Tân",
    "Tuyên Quang",
};
static const struct config_table table = {.name = "communes", .columns = 4, .rows = 5, .cells = cells};

static int setup(void **state) {
  personal.tables = &table;
  return arena_new(&arena);
}

static int teardown(void **state) {
  arena_free(arena);
  return 0;
}

static const char *safe(enum hub_personal_kind kind, const char *text) {
  struct text result;
  assert_int_equal(personal_text(&personal, arena, kind, text_of(text), &result), 0);
  assert_int_equal(strlen(result.data), result.length);
  return result.data;
}

static void test_a_pseudonym_has_its_form_and_its_known_value(void **state) {
  const char *text = safe(HUB_PERSON_NAME, "Nguyễn Văn A");
  assert_int_equal(strlen(text), 4 + 26);
  assert_memory_equal(text, "p12.", 4);
  assert_int_equal(strspn(text + 4, "abcdefghijklmnopqrstuvwxyz234567"), 26);
  assert_string_equal(safe(HUB_PERSON_NAME, ""), "");
}

static void test_one_person_written_in_several_ways_is_one(void **state) {
  static const struct {
    enum hub_personal_kind kind;
    const char *one, *other;
  } equal[] = {
      {HUB_PERSON_NAME, "Nguyễn Văn A", "  NGUYỄN  văn\ta "},
      {HUB_PERSON_NAME, "Nguyễn", "Nguye\xcc\x82\xcc\x83n"}, /* decomposed */
      {HUB_PHONE, "0912 345 678", "+84 912.345.678"},
      {HUB_PHONE, "0912345678", "84912345678"},
      {HUB_PHONE, "0912345678", "0084-912-345-678"},
      {HUB_PHONE, "0912345678", "912345678"},
      {HUB_PHONE, "0912345678", "+84 (0) 912 345 678"},
      {HUB_CITIZEN_ID, "001 090 012345", "001090012345"},
      {HUB_PLATE, "29a-123.45", "29A 12345"},
      {HUB_INSURANCE_CARD, "gd 4 01 0123456789", "GD4010123456789"},
      {HUB_EMAIL, "An@Example.vn", "an@example.VN "},
  };
  for (size_t i = 0; i < LENGTH_OF(equal); i++) {
    assert_string_equal(safe(equal[i].kind, equal[i].one), safe(equal[i].kind, equal[i].other));
  }
  assert_string_equal(safe(HUB_PERSON_NAME, "An"), safe(HUB_OFFICIAL_NAME, "AN"));
}

static void test_different_people_and_kinds_and_keys_differ(void **state) {
  assert_string_not_equal(safe(HUB_PHONE, "0912345678"), safe(HUB_PHONE, "0912345679"));
  assert_string_not_equal(safe(HUB_PHONE, "0912345678"), safe(HUB_ACCOUNT, "0912345678"));
  assert_string_not_equal(safe(HUB_PERSON_NAME, "Hòa"), safe(HUB_PERSON_NAME, "Hoa"));
  char before[64];
  snprintf(before, sizeof before, "%s", safe(HUB_EMAIL, "a@b.vn"));
  personal.key.bytes[0] ^= 1;
  assert_string_not_equal(safe(HUB_EMAIL, "a@b.vn"), before);
  personal.key.bytes[0] ^= 1;
  assert_string_equal(safe(HUB_EMAIL, "a@b.vn"), before);
}

static void test_what_says_nothing_becomes_empty(void **state) {
  assert_string_equal(safe(HUB_PHONE, "không có"), "");
  assert_string_equal(safe(HUB_CITIZEN_ID, " - - "), "");
  assert_string_equal(safe(HUB_PERSON_NAME, "  \t "), "");
}

static void test_a_birth_date_becomes_its_year(void **state) {
  static const char *const cases[][2] = {
      {"1990-04-12", "1990"},
      {"12/04/1990", "1990"},
      {"19900412", "1990"},
      {"199004120830", "1990"},
      {"12041990", "1990"},
      {"1990", "1990"},
      {"1990-04-12T00:00:00+07:00", "1990"},
      {"199000", "1990"},
      {"19900000", "1990"},
      {"12-4-1990 00:00:00", "1990"},
      {"20102010", "2010"},
      {"sinh năm 1957", "1957"},
      {"12/04/90", ""},
      {"", ""},
      {"0", ""},
      {"640000000000", ""},
      {"3012", ""},
      {"không rõ", ""},
  };
  for (size_t i = 0; i < LENGTH_OF(cases); i++)
    assert_string_equal(safe(HUB_BIRTH_DATE, cases[i][0]), cases[i][1]);
}

static void test_an_address_becomes_its_commune(void **state) {
  static const char *const cases[][2] = {
      {"00700", "00700"},
      {"Số 5, xã Đồng Văn, tỉnh Tuyên Quang", "00700"},
      {"tổ 3 thị trấn Đồng Văn, huyện Đồng Văn", "00700"},
      {"12 Lê Lợi, P. Minh Khai, TP. Hà Giang", "00691"},
      {"PHƯỜNG HÀ GIANG 1", "00691"},
      {"Xã Tân An, Tuyên Quang", "00710"},
      {"phường Tân An", "00711"},
      {"Tân An", ""},                               /* two of that name */
      {"Số 1 đường Minh Khai, xã Tân An", "00710"}, /* a street is no commune */
      {"thôn Đồng Văn, huyện Minh Tân", ""},
      {"xã Minh Tân", "00720"}, /* longest name */
      {"Hà Nội", ""},
      {"", ""},
  };
  for (int prepared = 0; prepared < 2; prepared++) {
    cleanup(communes_freep) struct communes *communes = NULL;
    if (prepared) assert_int_equal(communes_new(&table, &communes), 0);
    personal.communes = communes;
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
      const char *code = safe(HUB_ADDRESS, cases[i][0]);
      if (strcmp(code, cases[i][1]) != 0) fail_msg("%s: %s, expected %s", cases[i][0], code, cases[i][1]);
    }
    personal.communes = NULL;
  }
}

static void test_without_a_table_an_address_is_empty(void **state) {
  personal.tables = NULL;
  assert_string_equal(safe(HUB_ADDRESS, "xã Đồng Văn"), "");
  personal.tables = &table;
}

static void test_free_text_is_masked(void **state) {
  static const char *const cases[][2] = {
      {"Gọi tôi 0912 345 678 nhé", "Gọi tôi *** nhé"},
      {"cccd 001-090.012 345.", "cccd ***."},
      {"viết về an.nguyen+x@example.com.vn, cảm ơn", "viết về ***, cảm ơn"},
      {"12345678 và 1234", "12345678 và 1234"},
      {"123456789", "***"},
      {"0\xc2\xa0"
       "912\xe2\x80\x93"
       "345678",
       "***"},
      {"０９１２３４５６７８", "***"},
      {"a@b", "***"},
      {"@ b", "@ b"},
      {"a @b", "a @b"},
      {"", ""},
      {"đường dài 12.5 km", "đường dài 12.5 km"},
      {"x@y.vn 0912345678", "*** ***"},
  };
  for (size_t i = 0; i < LENGTH_OF(cases); i++)
    assert_string_equal(safe(HUB_FREE_TEXT, cases[i][0]), cases[i][1]);
}

static void test_masking_is_linear(void **state) {
  size_t length = 4 * MIB;
  char *text = arena_alloc(arena, length + 1);
  memset(text, '1', length);
  for (size_t i = 0; i < length; i += 2) text[i] = i % 4 == 0 ? ' ' : '@';
  struct text result;
  assert_int_equal(personal_text(&personal, arena, HUB_FREE_TEXT, (struct text){text, length}, &result), 0);
  memset(text, 'a', length);
  assert_int_equal(personal_text(&personal, arena, HUB_FREE_TEXT, (struct text){text, length}, &result), 0);
  assert_int_equal(result.length, length);
}

static void test_the_admin_may_drop_or_clear_a_kind(void **state) {
  personal.modes[HUB_PHONE] = CONFIG_PRIVACY_DROP;
  personal.modes[HUB_FREE_TEXT] = CONFIG_PRIVACY_CLEAR;
  assert_string_equal(safe(HUB_PHONE, "0912345678"), "");
  assert_string_equal(safe(HUB_FREE_TEXT, "0912345678"), "0912345678");
  personal.modes[HUB_PHONE] = personal.modes[HUB_FREE_TEXT] = CONFIG_PRIVACY_PSEUDONYM;
}

static void test_refuses_text_that_is_not_utf8(void **state) {
  struct text result;
  for (int kind = HUB_CITIZEN_ID; kind <= HUB_FREE_TEXT; kind++) {
    assert_int_equal(personal_text(&personal, arena, (enum hub_personal_kind)kind, TEXT("a\xff"), &result),
                     -EILSEQ);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_pseudonym_has_its_form_and_its_known_value),
      cmocka_unit_test(test_one_person_written_in_several_ways_is_one),
      cmocka_unit_test(test_different_people_and_kinds_and_keys_differ),
      cmocka_unit_test(test_what_says_nothing_becomes_empty),
      cmocka_unit_test(test_a_birth_date_becomes_its_year),
      cmocka_unit_test(test_an_address_becomes_its_commune),
      cmocka_unit_test(test_without_a_table_an_address_is_empty),
      cmocka_unit_test(test_free_text_is_masked),
      cmocka_unit_test(test_masking_is_linear),
      cmocka_unit_test(test_the_admin_may_drop_or_clear_a_kind),
      cmocka_unit_test(test_refuses_text_that_is_not_utf8),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
