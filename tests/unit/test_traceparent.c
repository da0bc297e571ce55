/*
 * Trace contexts: what is one, and what must not become a header.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/net/traceparent.h"

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define PARENT "00f067aa0ba902b7"

static void test_passed_on(void **state) {
  static const char *const cases[][2] = {
      {"00-" TRACE "-" PARENT "-01", "00-" TRACE "-" PARENT "-01"},
      {"00-" TRACE "-" PARENT "-00", "00-" TRACE "-" PARENT "-00"},
      {"00-" TRACE "-" PARENT "-ff", "00-" TRACE "-" PARENT "-ff"},
      {"01-" TRACE "-" PARENT "-03", "00-" TRACE "-" PARENT "-01"},
      {"cc-" TRACE "-" PARENT "-0e", "00-" TRACE "-" PARENT "-00"},
      {"01-" TRACE "-" PARENT "-0f-Nguyen", "00-" TRACE "-" PARENT "-01"},
  };
  for (size_t i = 0; i < LENGTH_OF(cases); i++) {
    char text[TRACEPARENT_TEXT];
    assert_true(traceparent_read(text_of(cases[i][0]), text));
    assert_string_equal(text, cases[i][1]);
  }
}

static void test_not_passed_on(void **state) {
  static const char *const cases[] = {
      "",
      "00",
      "garbage",
      "0912345678",
      "ff-" TRACE "-" PARENT "-01",
      "FF-" TRACE "-" PARENT "-01",
      "0x-" TRACE "-" PARENT "-01",
      "00-00000000000000000000000000000000-" PARENT "-01",
      "00-" TRACE "-0000000000000000-01",
      "00-4BF92F3577B34DA6A3CE929D0E0E4736-" PARENT "-01",
      "00-" TRACE "-" PARENT "-1",
      "00-" TRACE "-" PARENT "-0g",
      "00-" TRACE "-" PARENT "-01-",
      "00-" TRACE "-" PARENT "-01-x",
      "01-" TRACE "-" PARENT "-01x",
      "00_" TRACE "-" PARENT "-01",
      "00-" TRACE "_" PARENT "-01",
      "00-" TRACE "-" PARENT "_01",
      " 00-" TRACE "-" PARENT "-01",
  };
  for (size_t i = 0; i < LENGTH_OF(cases); i++) {
    char text[TRACEPARENT_TEXT];
    assert_false(traceparent_read(text_of(cases[i]), text));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_passed_on),
      cmocka_unit_test(test_not_passed_on),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
