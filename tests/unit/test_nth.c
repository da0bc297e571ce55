/* How often the same came before, in bounded memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/nth.h"

static uint32_t next(struct nth *nth, uint64_t mark) {
  uint32_t number = 99;
  assert_int_equal(nth_next(nth, mark, &number), 0);
  return number;
}

static void equal_ones_are_numbered(void **state) {
  struct nth *nth = NULL;
  assert_int_equal(nth_new(&nth), 0);
  for (uint32_t round = 0; round < 3; round++) {
    for (uint64_t mark = 1; mark < 50000; mark++) {
      assert_int_equal(next(nth, mark), round);
    }
  }
  nth_free(nth);
}

static void what_comes_again_soon_is_known_however_long_the_payload(void **state) {
  struct nth *nth = NULL;
  uint32_t seen = 0;
  assert_int_equal(nth_new(&nth), 0);
  for (uint64_t mark = 10; mark < 5000000; mark++) {
    assert_int_equal(next(nth, mark), 0);
    if (mark % 900000 == 0) assert_int_equal(next(nth, 5), seen++);
  }
  nth_free(nth);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equal_ones_are_numbered),
      cmocka_unit_test(what_comes_again_soon_is_known_however_long_the_payload),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
