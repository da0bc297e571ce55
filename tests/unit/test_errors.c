/* Errors: their form, their bounds, and that no secret gets into them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/config/errors.h"

static void test_form(void **state) {
  struct config_file file = {"a/hub.yaml", text_of("version: 1\nhub: Lạng Sơn\r\n")};
  struct config_errors errors = CONFIG_ERRORS_INIT;
  config_error(&errors, (struct config_mark){&file, 2, 6}, "hub", "is no name; write %s", "langson");
  assert_string_equal(errors.text.data,
                      "a/hub.yaml:2:6: error: hub: is no name; write langson\n  hub: Lạng Sơn\n       ^\n");
  config_errors_deinit(&errors);
}

static void test_long_line(void **state) {
  char line[4000];
  memset(line, 'x', sizeof line);
  struct config_file file = {"f", {line, sizeof line}};
  struct config_errors errors = CONFIG_ERRORS_INIT;
  config_error(&errors, (struct config_mark){&file, 1, 3000}, "i", "r");
  config_error(&errors, (struct config_mark){&file, 9, 1}, "i", "behind the end");
  config_error(&errors, (struct config_mark){&file, 1, 9000}, "i", "behind the line");
  assert_true(errors.text.length < 1000);
  config_errors_deinit(&errors);
}

static void test_bounds(void **state) {
  struct config_errors errors = CONFIG_ERRORS_INIT;
  for (int i = 0; i < 25; i++) {
    config_warning(&errors, (struct config_mark){0}, "w", "number %d", i);
    config_error(&errors, (struct config_mark){0}, "e", "number %d", i);
  }
  assert_int_equal(errors.errors, 25);
  assert_int_equal(errors.warnings, 25);
  assert_non_null(strstr(errors.text.data, "error: e: number 19\n"));
  assert_null(strstr(errors.text.data, "number 20"));
  config_errors_deinit(&errors);
}

static void test_secrets_are_masked(void **state) {
  static const char *const lines[] = {
      "password: hunter2hunter2",
      "x: {sasl.password: hunter2hunter2}",
      "  - sasl.password=hunter2hunter2",
      "client_secret: \"hunter2hunter2\"",
      "key: 00112233445566778899aabbccddeeff hunter",
      "API_TOKEN: hunter2hunter2",
  };
  for (size_t i = 0; i < LENGTH_OF(lines); i++) {
    struct config_file file = {"f", text_of(lines[i])};
    struct config_errors errors = CONFIG_ERRORS_INIT;
    config_error(&errors, (struct config_mark){&file, 1, 1}, "item", "is wrong");
    assert_null(strstr(errors.text.data, "hunter2"));
    assert_null(strstr(errors.text.data, "8899aabb"));
    config_errors_deinit(&errors);
  }
  struct config_file file = {"f", text_of("file: secrets/edoc.keys")};
  struct config_errors errors = CONFIG_ERRORS_INIT;
  config_error(&errors, (struct config_mark){&file, 1, 1}, "item", "is wrong");
  assert_non_null(strstr(errors.text.data, "secrets/edoc.keys"));
  config_errors_deinit(&errors);
}

static void test_quoted(void **state) {
  char buffer[CONFIG_QUOTED_SIZE];
  assert_string_equal(config_quoted(text_of("a"), buffer), "\"a\"");
  assert_string_equal(config_quoted(text_of("a b"), buffer), "\"a b\"");
  assert_string_equal(config_quoted(text_of(""), buffer), "\"\"");
  assert_null(strchr(config_quoted(text_of("\x1b[31mred"), buffer), '\x1b'));
  assert_null(strstr(config_quoted(text_of("00112233445566778899aabbccddeeff"), buffer), "8899"));
  char wide[400];
  memset(wide, 0x01, sizeof wide);
  assert_true(strlen(config_quoted((struct text){wide, sizeof wide}, buffer)) < CONFIG_QUOTED_SIZE);
}

static void test_nearest(void **state) {
  static const char *const known[] = {"listener", "path", "methods", "payload", NULL};
  assert_string_equal(config_nearest(text_of("listner"), known), "listener");
  assert_string_equal(config_nearest(text_of("lsitener"), known), "listener");
  assert_string_equal(config_nearest(text_of("Method"), known), "methods");
  assert_null(config_nearest(text_of("bootstrap"), known));
  assert_null(config_nearest(text_of(""), known));
  assert_null(config_nearest(text_of("x"), NULL));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_form),
      cmocka_unit_test(test_long_line),
      cmocka_unit_test(test_bounds),
      cmocka_unit_test(test_quoted),
      cmocka_unit_test(test_secrets_are_masked),
      cmocka_unit_test(test_nearest),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
