/* Lines of NDJSON: what is a line, its number and its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "connectors/format/json_lines.h"

/* All lines as "number=text;". */
static const char *split(struct text text) {
  static char out[512];
  struct json_lines lines = json_lines_of(text);
  struct json_line line;
  size_t used = 0;
  out[0] = 0;
  while (json_lines_next(&lines, &line)) {
    used += (size_t)snprintf(out + used, sizeof out - used, "%zu=%.*s;", line.number, (int)line.text.length,
                             line.text.data);
  }
  return out;
}

static void test_lines(void **state) {
  static const struct {
    struct text text;
    const char *lines;
  } cases[] = {
      {TEXT(""), ""},
      {TEXT("\n\n"), ""},
      {TEXT("{}"), "1={};"},
      {TEXT("{}\n"), "1={};"},
      {TEXT("{}\r\n[1]\r\n"), "1={};2=[1];"},
      {TEXT("\xEF\xBB\xBF{}\n1"), "1={};2=1;"},
      {TEXT("\xEF\xBB\xBF"), ""},
      {TEXT("\n  \t\r\n  {} \r\nx"), "3=  {};4=x;"},
      {TEXT("{}\n\n\n{}"), "1={};4={};"},
      {TEXT("a\rb\n"), "1=a\rb;"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    assert_string_equal(split(cases[i].text), cases[i].lines);
}

static void test_nul_is_a_byte_like_others(void **state) {
  struct json_lines lines = json_lines_of(TEXT("a\0b\nc"));
  struct json_line line;
  assert_true(json_lines_next(&lines, &line));
  assert_int_equal(line.text.length, 3);
  assert_true(json_lines_next(&lines, &line));
  assert_int_equal(line.number, 2);
  assert_false(json_lines_next(&lines, &line));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_lines),
      cmocka_unit_test(test_nul_is_a_byte_like_others),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
