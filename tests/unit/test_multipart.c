/*
 * Forms: parts and fields as they are meant, and everything that could be read another way refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/net/multipart.h"

#define TYPE "multipart/form-data; boundary=b"

static int read_form(struct arena *arena, const char *type, const char *query, struct text body,
                     struct form *form, const char **detail) {
  *detail = "";
  return form_read(arena, text_of(type), text_of(query), body, form, detail);
}

static void test_parts_and_fields(void **state) {
  struct arena *arena cleanup(arena_freep) = NULL;
  struct form form;
  const char *detail;
  assert_int_equal(arena_new(&arena), 0);
  struct text body = TEXT(
      "--b\r\nContent-Disposition: form-data; name=\"edocFile\"; filename=\"c\xc3\xb4ng \\\"v\\\".edxml\"\r\n"
      "Content-Type: application/xml\r\n\r\n<a>\r\n--\x00\r\n-\r\n"
      "--b\r\nContent-Disposition: form-data; name=note\r\n\r\nxin ch\xc3\xa0o\r\n"
      "--b\r\ncontent-disposition:form-data; name=\"empty\"\r\n\r\n\r\n--b--\r\n");
  assert_int_equal(read_form(arena, TYPE, "q=1", body, &form, &detail), 0);
  assert_int_equal(form.parts_count, 3);
  assert_string_equal(form.parts[0]->name, "edocFile");
  assert_string_equal(form.parts[0]->file_name, "c\xc3\xb4ng \"v\".edxml");
  assert_string_equal(form.parts[0]->content_type, "application/xml");
  assert_int_equal(form.parts[0]->length, 11);
  assert_memory_equal(form.parts[0]->data, "<a>\r\n--\x00\r\n-", 11);
  assert_true(form.parts[0]->data > body.data && form.parts[0]->data < body.data + body.length);
  assert_null(form.parts[1]->file_name);
  assert_int_equal(form.parts[2]->length, 0);
  assert_int_equal(form.fields_count, 3);
  assert_string_equal(form.fields[0]->name, "note");
  assert_memory_equal(form.fields[0]->data, "xin ch\xc3\xa0o", 9);
  assert_string_equal(form.fields[1]->name, "empty");
  assert_string_equal(form.fields[2]->name, "q");
}

static void test_file_names(void **state) {
  struct arena *arena cleanup(arena_freep) = NULL;
  struct form form;
  const char *detail;
  assert_int_equal(arena_new(&arena), 0);
  assert_int_equal(
      read_form(
          arena, "Multipart/Form-Data; charset=utf-8; boundary=\"b\"", "",
          TEXT(
              "--b\r\nContent-Disposition: form-data; name=f; filename=a; filename*=utf-8''b\r\n\r\n1\r\n"
              "--b\r\nContent-Disposition: form-data; name=f; filename*=UTF-8''%C3%A1.xml\r\n\r\n2\r\n--b--"),
          &form, &detail),
      0);
  assert_string_equal(form.parts[0]->file_name, "a");
  assert_string_equal(form.parts[1]->file_name, "\xc3\xa1.xml");
  assert_int_equal(form.fields_count, 0);
}

static void test_urlencoded(void **state) {
  struct arena *arena cleanup(arena_freep) = NULL;
  struct form form;
  const char *detail;
  assert_int_equal(arena_new(&arena), 0);
  assert_int_equal(read_form(arena, "application/x-www-form-urlencoded; charset=UTF-8", "a=+%2B&&flag",
                             TEXT("H%E1%BB%8D+t%C3%AAn=Nguy%E1%BB%85n+A&x=1=2"), &form, &detail),
                   0);
  assert_int_equal(form.fields_count, 4);
  assert_string_equal(form.fields[0]->name, "H\xe1\xbb\x8d t\xc3\xaan");
  assert_memory_equal(form.fields[0]->data, "Nguy\xe1\xbb\x85n A", form.fields[0]->length);
  assert_memory_equal(form.fields[1]->data, "1=2", 3);
  assert_string_equal(form.fields[2]->name, "a");
  assert_memory_equal(form.fields[2]->data, " +", 2);
  assert_string_equal(form.fields[3]->name, "flag");
  assert_int_equal(form.fields[3]->length, 0);
}

static void test_other_bodies_are_left_alone(void **state) {
  struct arena *arena cleanup(arena_freep) = NULL;
  struct form form;
  const char *detail;
  assert_int_equal(arena_new(&arena), 0);
  assert_int_equal(read_form(arena, "application/xml", "", TEXT("%%&&--b"), &form, &detail), 0);
  assert_int_equal(form.parts_count + form.fields_count, 0);
  assert_int_equal(form_read(arena, TEXT_NONE, TEXT_NONE, TEXT_NONE, &form, &detail), 0);
}

#define PART "Content-Disposition: form-data; name=f\r\n"

static void test_refusals(void **state) {
  static const struct {
    const char *type, *query, *body;
  } cases[] = {
      {"multipart/form-data", "", "--b\r\n" PART "\r\n1\r\n--b--"},
      {"multipart/form-data; boundary=b; boundary=b", "", "--b\r\n" PART "\r\n1\r\n--b--"},
      {"multipart/form-data; boundary=", "", "--b\r\n" PART "\r\n1\r\n--b--"},
      {"multipart/form-data; boundary=\"b ", "", "--b\r\n" PART "\r\n1\r\n--b--"},
      {"multipart/form-data; boundary=\"b \"", "", "--b \r\n" PART "\r\n1\r\n--b --"},
      {"multipart/form-data, boundary=b", "", "--b\r\n" PART "\r\n1\r\n--b--"},
      {TYPE, "", ""},
      {TYPE, "", "--b--"},
      {TYPE, "", "preamble\r\n--b\r\n" PART "\r\n1\r\n--b--"},
      {TYPE, "", "--b\n" PART "\r\n1\r\n--b--"},
      {TYPE, "", "--b \r\n" PART "\r\n1\r\n--b--"},
      {TYPE, "", "--b\r\n" PART "\r\n1\r\n--b"},
      {TYPE, "", "--b\r\n" PART "\r\n1\r\n"},
      {TYPE, "", "--b\r\n" PART "\r\n1\n--b--"},
      {TYPE, "", "--b\r\n" PART "\r\n--b--"},
      {TYPE, "", "--b\r\n" PART "\r\n1\r\n--bb--"},
      {TYPE, "", "--b\r\n" PART "\r\n1\r\n--b--\r\nmore"},
      {TYPE, "", "--b\r\n" PART "\r\n1\r\n--b--\n"},
      {TYPE, "", "--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b--"},
      {TYPE, "", "--b\r\nContent-Disposition: form-data; name=\"\"\r\n\r\n1\r\n--b--"},
      {TYPE, "", "--b\r\nContent-Disposition: form-data; name=a; name=b\r\n\r\n1\r\n--b--"},
      {TYPE, "", "--b\r\nContent-Disposition: form-data; name=a; filename=x; filename=y\r\n\r\n1\r\n--b--"},
      {TYPE, "", "--b\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n--b--"},
      {TYPE, "", "--b\r\nContent-Disposition: form-data; name=\"a\\b\"\r\n\r\n1\r\n--b--"},
      {TYPE, "", "--b\r\nContent-Disposition: form-data; name=\"a\r\n\r\n1\r\n--b--"},
      {TYPE, "", "--b\r\n" PART PART "\r\n1\r\n--b--"},
      {TYPE, "", "--b\r\n" PART " folded\r\n\r\n1\r\n--b--"},
      {TYPE, "", "--b\r\nContent-Disposition: form-data;\r\n name=f\r\n\r\n1\r\n--b--"},
      {TYPE, "", "--b\r\nContent-Disposition : form-data; name=f\r\n\r\n1\r\n--b--"},
      {TYPE, "", "--b\r\nContent-Disposition: form-data; name=f\n\r\n\r\n1\r\n--b--"},
      {TYPE, "", "--b\r\n" PART "Content-Transfer-Encoding: base64\r\n\r\n1\r\n--b--"},
      {TYPE, "", "--b\r\n\r\n1\r\n--b--"},
      {TYPE, "", "--b\r\n" PART "no colon\r\n\r\n1\r\n--b--"},
      {TYPE, "", "--b\r\nContent-Disposition: form-data; name=\xff\r\n\r\n1\r\n--b--"},
      {TYPE, "", "--b\r\nContent-Disposition: form-data; name=f; filename*=latin1''x\r\n\r\n1\r\n--b--"},
      {"application/x-www-form-urlencoded", "", "a=%"},
      {"application/x-www-form-urlencoded", "", "a=%4"},
      {"application/x-www-form-urlencoded", "", "a=%zz"},
      {"application/x-www-form-urlencoded", "", "a=%ff"},
      {"application/x-www-form-urlencoded", "", "a%00=1"},
      {"text/xml", "a=%c0%af", ""},
      {"text/xml", "%", ""},
  };
  for (size_t i = 0; i < LENGTH_OF(cases); i++) {
    struct arena *arena cleanup(arena_freep) = NULL;
    struct form form;
    const char *detail;
    assert_int_equal(arena_new(&arena), 0);
    int r = read_form(arena, cases[i].type, cases[i].query, text_of(cases[i].body), &form, &detail);
    if (r != FORM_E_INVALID || detail[0] == '\0') fail_msg("case %zu is taken: %s", i, cases[i].body);
  }
}

static void fill(char *body, size_t size, const char *piece, const char *end, unsigned times) {
  size_t length = 0;
  for (unsigned i = 0; i < times; i++) length += (size_t)snprintf(body + length, size - length, "%s", piece);
  snprintf(body + length, size - length, "%s", end);
}

static void test_limits(void **state) {
  static char body[64 * 1024];
  const char *detail;
  struct form form;
  for (unsigned over = 0; over < 2; over++) {
    struct arena *arena cleanup(arena_freep) = NULL;
    assert_int_equal(arena_new(&arena), 0);
    int expected = over == 0 ? 0 : FORM_E_INVALID;
    fill(body, sizeof body, "--b\r\n" PART "\r\n1\r\n", "--b--", FORM_PARTS_MAX + over);
    assert_int_equal(read_form(arena, TYPE, "", text_of(body), &form, &detail), expected);
    fill(body, sizeof body, "a=1&", "", FORM_FIELDS_MAX + over);
    assert_int_equal(read_form(arena, "application/x-www-form-urlencoded", "", text_of(body), &form, &detail),
                     expected);
    fill(body, sizeof body, "", "--b\r\n" PART, 0);
    fill(body + strlen(body), sizeof body - strlen(body), "X: 1\r\n", "\r\n1\r\n--b--", 15 + over);
    assert_int_equal(read_form(arena, TYPE, "", text_of(body), &form, &detail), expected);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_parts_and_fields), cmocka_unit_test(test_file_names),
      cmocka_unit_test(test_urlencoded),       cmocka_unit_test(test_other_bodies_are_left_alone),
      cmocka_unit_test(test_refusals),         cmocka_unit_test(test_limits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
