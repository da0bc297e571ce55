/* The arena: alignment, zeroed memory, small after large, reset. */
#include "core/arena.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool all_zero(const char *bytes, size_t length) {
  for (size_t i = 0; i < length; i++) {
    if (bytes[i] != 0) return false;
  }
  return true;
}

static void test_gives_zeroed_aligned_memory(void **state) {
  cleanup(arena_freep) struct arena *arena = NULL;
  assert_int_equal(arena_new(&arena), 0);
  for (size_t size = 0; size < 3000; size += 7) {
    char *memory = arena_alloc(arena, size);
    assert_non_null(memory);
    assert_int_equal((uintptr_t)memory % 16, 0);
    assert_true(all_zero(memory, size));
    memset(memory, 0xff, size);
  }
}

static void test_large_pieces_leave_the_small_ones_together(void **state) {
  cleanup(arena_freep) struct arena *arena = NULL;
  assert_int_equal(arena_new(&arena), 0);
  char *before = arena_alloc(arena, 16);
  char *large = arena_alloc(arena, MIB);
  char *after = arena_alloc(arena, 16);
  assert_true(all_zero(large, MIB));
  assert_ptr_equal(after, before + 16);
}

static void test_refuses_the_impossible_and_goes_on(void **state) {
  cleanup(arena_freep) struct arena *arena = NULL;
  assert_int_equal(arena_new(&arena), 0);
  char *text = arena_text(arena, TEXT("kept"));
  assert_null(arena_alloc(arena, SIZE_MAX));
  assert_null(arena_alloc(arena, SIZE_MAX / 2 + 1));
  assert_string_equal(text, "kept");
  assert_string_equal(arena_printf(arena, "%s-%d", "a", 7), "a-7");
}

static void test_reset_gives_clean_memory_again(void **state) {
  cleanup(arena_freep) struct arena *arena = NULL;
  assert_int_equal(arena_new(&arena), 0);
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < 1000; i++) {
      char *memory = arena_alloc(arena, 100);
      assert_true(all_zero(memory, 100));
      memset(memory, 0xa5, 100);
    }
    arena_reset(arena);
    assert_true(arena_size_bytes(arena) <= 300 * KIB);
  }
}

static void test_pool_gives_clean_memory_again(void **state) {
  struct arena_pool pool = {0};
  for (int round = 0; round < 3; round++) {
    struct arena *arenas[ARENA_POOL_MAX + 1];
    for (size_t i = 0; i < LENGTH_OF(arenas); i++) {
      arenas[i] = arena_pool_take(&pool);
      assert_non_null(arenas[i]);
      unsigned char *bytes = arena_alloc(arenas[i], 700 + i * 50);
      assert_non_null(bytes);
      for (size_t at = 0; at < 700 + i * 50; at++) assert_int_equal(bytes[at], 0);
      memset(bytes, 0xA5, 700 + i * 50);
    }
    for (size_t i = 0; i < LENGTH_OF(arenas); i++) arena_pool_give(&pool, arenas[i]);
    assert_true(pool.count <= ARENA_POOL_MAX);
  }
  arena_pool_give(&pool, NULL);
  arena_pool_deinit(&pool);
  assert_int_equal(pool.count, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_gives_zeroed_aligned_memory),
      cmocka_unit_test(test_large_pieces_leave_the_small_ones_together),
      cmocka_unit_test(test_refuses_the_impossible_and_goes_on),
      cmocka_unit_test(test_reset_gives_clean_memory_again),
      cmocka_unit_test(test_pool_gives_clean_memory_again),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
