/* Cursors: what a file is known by after a restart, and what a cut or failed write leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>
#include <event2/event.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "core/clock.h"
#include "core/cursor_state.h"
#include "tests/lib/scratch.h"

static char folder[64];
static struct event_base *base;
static struct cursors *cursors;
static struct cursor *cursor;
static int saved, last_result;
static const uint8_t key[CURSOR_KEY_BYTES] = "the key of a file", other_key[CURSOR_KEY_BYTES] = "another";

static void open_cursors(void) {
  assert_int_equal(cursors_open(base, folder, &cursors), 0);
  assert_int_equal(cursors_source(cursors, "rows", &cursor), 0);
}

static void reopen(void) {
  cursors_close(cursors);
  open_cursors();
}

static int start(void **state) {
  snprintf(folder, sizeof folder, "/tmp/test-cursor-XXXXXX");
  if (mkdtemp(folder) == NULL) return -1;
  base = event_base_new();
  saved = last_result = 0;
  open_cursors();
  return 0;
}

static int stop(void **state) {
  cursors_close(cursors);
  event_base_free(base);
  clock_freeze_us(INT64_MIN);
  return scratch_remove(folder);
}

static void on_saved(struct cursor_save *save, int result) {
  saved++;
  last_result = result;
}

static void turn_until(int count) {
  while (saved < count) event_base_loop(base, EVLOOP_ONCE);
}

static void save_now(void) {
  struct cursor_save save = {.done = on_saved};
  int before = saved;
  assert_int_equal(cursor_save(cursor, &save), 0);
  turn_until(before + 1);
}

static struct cursor_file *file_of(const uint8_t *wanted) {
  struct cursor_file *file = NULL;
  assert_int_equal(cursor_file(cursor, wanted, &file), 0);
  return file;
}

static void intend(struct cursor_file *file, uint64_t first, uint32_t count) {
  struct cursor_batch *batch = NULL;
  assert_int_equal(cursor_batch_new(first, count, &batch), 0);
  batch->accepted_us = (int64_t)first + 5;
  for (uint32_t i = 0; i < count; i++) batch->ids[i].bytes[0] = (uint8_t)(first + i + 1);
  cursor_intend(file, &batch);
}

static void assert_id(const struct cursor_file *file, uint64_t record, uint8_t id) {
  size_t place = 99;
  const struct cursor_batch *batch = cursor_batch_of(file, record, &place);
  if (id == 0) {
    assert_null(batch);
    return;
  }
  assert_non_null(batch);
  assert_int_equal(batch->ids[place].bytes[0], id);
}

/* ---- Tests ---- */

static void what_was_saved_is_found_again(void **state) {
  struct cursor_file *file = file_of(key);
  cursor_commit(file, 10, 77);
  intend(file, 10, 3);
  intend(file, 13, 2);
  save_now();
  assert_int_equal(last_result, 0);
  reopen();
  file = file_of(key);
  assert_int_equal(file->durable, 10);
  assert_int_equal(file->trace, 77);
  assert_id(file, 9, 0);
  assert_id(file, 10, 11);
  assert_id(file, 12, 13);
  assert_id(file, 14, 15);
  assert_id(file, 15, 0);
  assert_int_equal(file->batches->accepted_us, 15);
  assert_int_equal(file_of(other_key)->durable, 0);
}

static void what_was_not_saved_is_not(void **state) {
  cursor_commit(file_of(key), 10, 77);
  save_now();
  cursor_commit(file_of(key), 20, 78);
  reopen();
  assert_int_equal(file_of(key)->durable, 10);
}

static void batches_leave_when_they_are_durable_or_covered(void **state) {
  struct cursor_file *file = file_of(key);
  intend(file, 0, 4);
  intend(file, 8, 4);
  intend(file, 4, 4);
  assert_id(file, 4, 5);
  cursor_commit(file, 4, 1);
  assert_id(file, 3, 0);
  assert_id(file, 4, 5);
  intend(file, 4, 8);
  assert_int_equal(file->batches->count, 8);
  assert_null(file->batches->next);
  cursor_reset(file);
  assert_null(file->batches);
  assert_int_equal(file->durable, 0);
}

static void a_forgotten_file_is_gone(void **state) {
  cursor_commit(file_of(key), 10, 77);
  cursor_commit(file_of(other_key), 5, 7);
  save_now();
  cursor_forget(file_of(key));
  save_now();
  reopen();
  assert_int_equal(file_of(key)->durable, 0);
  assert_int_equal(file_of(other_key)->durable, 5);
}

static void a_file_that_nobody_asks_for_is_forgotten(void **state) {
  cursor_commit(file_of(key), 10, 77);
  save_now();
  clock_freeze_us(clock_now_us() + 40 * 86400 * SECOND_US);
  reopen();
  assert_int_equal(file_of(key)->durable, 0);
}

static void cut(const char *name, off_t length) {
  char path[96];
  snprintf(path, sizeof path, "%s/cursors/%s", folder, name);
  assert_int_equal(truncate(path, length), 0);
}

static void a_cut_write_leaves_the_one_before(void **state) {
  for (uint64_t i = 1; i <= 4; i++) { /* 1 to .b, 2 to .a … 4 to .a */
    cursor_commit(file_of(key), i, i);
    save_now();
  }
  cut("rows.a", 60);
  reopen();
  assert_int_equal(file_of(key)->durable, 3);
  cut("rows.b", 3);
  reopen();
  assert_int_equal(file_of(key)->durable, 0);
}

static void saves_that_come_together_are_one_write(void **state) {
  struct cursor_save saves[5];
  for (size_t i = 0; i < LENGTH_OF(saves); i++) {
    saves[i] = (struct cursor_save){.done = on_saved};
    cursor_commit(file_of(key), i + 1, i);
    assert_int_equal(cursor_save(cursor, &saves[i]), 0);
  }
  assert_int_equal(saved, 0);
  turn_until(5);
  reopen();
  assert_int_equal(file_of(key)->durable, 5);
}

static void a_write_that_fails_is_told_and_the_next_one_is_whole(void **state) {
  char path[96];
  cursor_commit(file_of(key), 1, 1);
  save_now();
  snprintf(path, sizeof path, "%s/cursors/rows.a", folder);
  assert_int_equal(mkdir(path, 0700), 0); /* cannot be opened for writing */
  cursor_commit(file_of(key), 2, 2);
  save_now();
  assert_true(last_result < 0);
  assert_int_equal(rmdir(path), 0);
  save_now();
  assert_int_equal(last_result, 0);
  reopen();
  assert_int_equal(file_of(key)->durable, 2);
}

static void damage_is_told(void **state) {
  struct text_out text = TEXT_OUT_INIT;
  struct cursor_file file = {.durable = 7}, *read = NULL;
  uint64_t sequence = 0;
  intend(&file, 7, 2);
  assert_int_equal(cursor_state_write(&file, 42, &text), 0);
  assert_int_equal(cursor_state_read((struct text){text.data, text.length}, &sequence, &read), 0);
  assert_int_equal(sequence, 42);
  assert_int_equal(read->durable, 7);
  cursor_files_free(read);
  for (size_t length = 0; length < text.length; length++) {
    assert_int_equal(cursor_state_read((struct text){text.data, length}, &sequence, &read),
                     CURSOR_STATE_E_BAD);
  }
  for (size_t i = 0; i < text.length; i++) {
    text.data[i] ^= 1;
    assert_int_equal(cursor_state_read((struct text){text.data, text.length}, &sequence, &read),
                     CURSOR_STATE_E_BAD);
    text.data[i] ^= 1;
  }
  cursor_reset(&file);
  text_out_deinit(&text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(what_was_saved_is_found_again, start, stop),
      cmocka_unit_test_setup_teardown(what_was_not_saved_is_not, start, stop),
      cmocka_unit_test_setup_teardown(batches_leave_when_they_are_durable_or_covered, start, stop),
      cmocka_unit_test_setup_teardown(a_forgotten_file_is_gone, start, stop),
      cmocka_unit_test_setup_teardown(a_file_that_nobody_asks_for_is_forgotten, start, stop),
      cmocka_unit_test_setup_teardown(a_cut_write_leaves_the_one_before, start, stop),
      cmocka_unit_test_setup_teardown(saves_that_come_together_are_one_write, start, stop),
      cmocka_unit_test_setup_teardown(a_write_that_fails_is_told_and_the_next_one_is_whole, start, stop),
      cmocka_unit_test(damage_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
