/* The clock: standing still, and moments as text. */
#include "core/clock.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_stands_still_and_goes_on(void **state) {
  clock_freeze_us(1234567);
  assert_int_equal(clock_now_us(), 1234567);
  int64_t before = clock_monotonic_us();
  clock_freeze_us(INT64_MIN);
  assert_true(clock_now_us() > INT64_C(1700000000) * SECOND_US);
  assert_true(clock_monotonic_us() >= before);
}

static void test_writes_moments(void **state) {
  static const struct {
    int64_t us;
    const char *text;
  } cases[] = {
      {0, "1970-01-01T00:00:00Z"},
      {1, "1970-01-01T00:00:00.000001Z"},
      {1500, "1970-01-01T00:00:00.001500Z"},
      {2000, "1970-01-01T00:00:00.002Z"},
      {-1, "1969-12-31T23:59:59.999999Z"},
      {INT64_C(951782400) * SECOND_US, "2000-02-29T00:00:00Z"},
      {INT64_C(253402300799) * SECOND_US, "9999-12-31T23:59:59Z"},
      {INT64_C(253402300800) * SECOND_US, "invalid-time"},
  };
  for (size_t i = 0; i < LENGTH_OF(cases); i++) {
    char buffer[CLOCK_TEXT_SIZE];
    assert_string_equal(clock_text(cases[i].us, buffer), cases[i].text);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_stands_still_and_goes_on),
      cmocka_unit_test(test_writes_moments),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
