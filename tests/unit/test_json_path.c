/* Places in JSON texts: crumbs as pointers, cut where the room ends. */
#include "connectors/format/json_path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_root_is_empty(void **state) {
  char out[4] = "xxx";
  assert_int_equal(crumb_path(NULL, out, sizeof(out)), 0);
  assert_string_equal(out, "");
}

static void test_members_and_elements(void **state) {
  char out[CRUMB_PATH_SIZE];
  struct crumb list = {NULL, "data", 0}, first = {&list, NULL, 0}, far = {&list, NULL, 4000123},
               name = {&far, "MaHoSo", 0};
  assert_int_equal(crumb_path(&first, out, sizeof(out)), 7);
  assert_string_equal(out, "/data/0");
  crumb_path(&name, out, sizeof(out));
  assert_string_equal(out, "/data/4000123/MaHoSo");
}

static void test_cut_where_the_room_ends(void **state) {
  static const char whole[] = "/data/12/id";
  struct crumb list = {NULL, "data", 0}, element = {&list, NULL, 12}, name = {&element, "id", 0};
  for (size_t size = 1; size <= sizeof(whole); size++) {
    char out[sizeof(whole) + 1];
    out[size] = '!';
    assert_int_equal(crumb_path(&name, out, size), size - 1);
    assert_memory_equal(out, whole, size - 1);
    assert_int_equal(out[size - 1], 0);
    assert_int_equal(out[size], '!');
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_root_is_empty),
      cmocka_unit_test(test_members_and_elements),
      cmocka_unit_test(test_cut_where_the_room_ends),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
