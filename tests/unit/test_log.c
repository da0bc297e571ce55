/* The log: one event, one line, nothing that could look like another. */
#include "core/log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/clock.h"

static int kept_stderr;
static int ends[2];

/* Standard error goes into a pipe while a test writes. */
static int setup(void **state) {
  clock_freeze_us(0);
  kept_stderr = dup(STDERR_FILENO);
  if (pipe2(ends, O_NONBLOCK) < 0 || kept_stderr < 0) return -1;
  return dup2(ends[1], STDERR_FILENO) < 0 ? -1 : 0;
}

static int teardown(void **state) {
  dup2(kept_stderr, STDERR_FILENO);
  close(kept_stderr);
  close(ends[0]);
  close(ends[1]);
  log_set_level(LOG_INFO);
  return 0;
}

static void assert_logged(const char *expected) {
  char text[4096];
  ssize_t n = read(ends[0], text, sizeof text - 1);
  text[n < 0 ? 0 : n] = '\0';
  assert_string_equal(text, expected);
}

static void test_writes_one_line(void **state) {
  log_event(LOG_WARNING, "publish", "topic is blocked", log_text("topic", "ioc.edoc.document.v1"),
            log_int("waiting", -3), log_text("none", NULL), log_errno(-ENOENT));
  assert_logged(
      "1970-01-01T00:00:00Z warning publish topic is blocked topic=ioc.edoc.document.v1 waiting=-3 none=- "
      "error=\"No such file or directory\"\n");
}

static void test_a_value_cannot_make_a_line_of_its_own(void **state) {
  log_event(LOG_ERROR, "t", "m", log_text("v", "x\n1970-01-01T00:00:00Z error t m"));
  assert_logged("1970-01-01T00:00:00Z error t m v=\"x\\n1970-01-01T00:00:00Z error t m\"\n");
}

static void test_long_values_are_cut(void **state) {
  char text[2000];
  memset(text, 'a', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  log_event(LOG_INFO, "t", "m", log_text("v", text));
  char line[4096];
  ssize_t n = read(ends[0], line, sizeof line);
  assert_true(n > 500 && n < 600);
}

static void test_keeps_to_its_level(void **state) {
  log_event(LOG_DEBUG, "t", "not written");
  assert_logged("");
  enum log_level level;
  assert_true(log_level_parse("debug", &level));
  log_set_level(level);
  log_event(LOG_DEBUG, "t", "written");
  assert_logged("1970-01-01T00:00:00Z debug t written\n");
  assert_false(log_level_parse("loud", &level));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_writes_one_line),
      TEST(test_a_value_cannot_make_a_line_of_its_own),
      TEST(test_long_values_are_cut),
      TEST(test_keeps_to_its_level),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
