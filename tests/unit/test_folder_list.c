/* What stands in a folder, and what of it is complete, by a clock that the test turns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>
#include <fcntl.h>

#include "core/clock.h"
#include "core/source/folder_parts.h"
#include "tests/lib/scratch.h"

static char path[64];
static int fd;
static struct folder_list list;
static struct config_folder config;

static int start(void **state) {
  snprintf(path, sizeof path, "/tmp/test-folder-XXXXXX");
  if (mkdtemp(path) == NULL) return -1;
  fd = open(path, O_RDONLY | O_DIRECTORY);
  config = (struct config_folder){.complete = CONFIG_COMPLETE_QUIET, .quiet_ms = 5000};
  return fd < 0 ? -1 : 0;
}

static int stop(void **state) {
  folder_list_deinit(&list);
  close(fd);
  return scratch_remove(path);
}

static void put(const char *name, const char *text, time_t modified) {
  int file = openat(fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  assert_true(file >= 0);
  assert_int_equal(write(file, text, strlen(text)), strlen(text));
  const struct timespec times[2] = {{modified, 0}, {modified, 0}};
  assert_int_equal(futimens(file, times), 0);
  close(file);
}

static size_t look(bool all) {
  assert_int_equal(folder_list_look(&list, fd, &config, all), 0);
  return list.ready_count;
}

static void wait_s(int64_t seconds) { clock_advance_us(seconds * SECOND_US); }

static void assert_next(const char *name) {
  struct folder_entry *entry = folder_list_peek(&list);
  if (name == NULL) {
    assert_null(entry);
    return;
  }
  assert_non_null(entry);
  assert_string_equal(entry->name, name);
  list.next++;
}

static void quiet_ones_oldest_first(void **state) {
  put("b", "1", 2000), put("a", "1", 2000), put("c", "1", 1000);
  assert_int_equal(look(true), 0);
  assert_int_equal(list.waiting, 3);
  assert_true(list.due_us > clock_monotonic_us());
  wait_s(6);
  assert_int_equal(look(false), 3);
  assert_next("c"), assert_next("a"), assert_next("b"), assert_next(NULL);
}

static void what_changes_waits_anew(void **state) {
  put("a", "1", 1000);
  look(true);
  wait_s(4);
  put("a", "12", 1000);
  assert_int_equal(look(true), 0);
  wait_s(4);
  assert_int_equal(look(true), 0);
  wait_s(2);
  assert_int_equal(look(true), 1);
}

static void what_is_under_way_or_deferred_is_not_ready(void **state) {
  put("a", "1", 1000), put("b", "1", 1000);
  look(true);
  wait_s(6);
  assert_int_equal(look(true), 2);
  list.ready[0]->under_way = true;
  folder_entry_defer(list.ready[1]);
  assert_int_equal(look(true), 0);
  put("b", "other", 1000); /* another content is another file */
  look(true);
  wait_s(6);
  assert_int_equal(look(true), 1);
  assert_next("b");
}

static void a_deferred_one_comes_again_each_time_later(void **state) {
  config.complete = CONFIG_COMPLETE_RENAME;
  put("a", "1", 1000);
  assert_int_equal(look(true), 1);
  struct folder_entry *entry = folder_list_peek(&list);
  folder_entry_defer(entry);
  assert_int_equal(look(true), 0);
  assert_int_equal(list.waiting, 1); /* it is seen all the same */
  assert_true(list.due_us < INT64_MAX);
  wait_s(61);
  assert_int_equal(look(true), 1);
  folder_entry_defer(entry);
  wait_s(61);
  assert_int_equal(look(true), 0);
  wait_s(60);
  assert_int_equal(look(true), 1);
  for (int i = 0; i < 20; i++) folder_entry_defer(entry);
  wait_s(3601);
  assert_int_equal(look(true), 1);
}

static void one_that_changed_while_it_was_copied_has_to_be_quiet(void **state) {
  config.complete = CONFIG_COMPLETE_RENAME;
  put("a", "1", 1000);
  assert_int_equal(look(true), 1);
  list.ready[0]->unsteady = true;
  put("a", "12", 1000);
  assert_int_equal(look(true), 0);
  wait_s(6);
  assert_int_equal(look(true), 1);
  config.complete = CONFIG_COMPLETE_MARKER;
  put("a", "123", 1000), put("a.done", "", 1000);
  assert_int_equal(look(true), 0);
  wait_s(6);
  assert_int_equal(look(true), 1);
}

static void gone_ones_are_forgotten(void **state) {
  char name[16];
  for (int i = 0; i < 2000; i++) {
    snprintf(name, sizeof name, "f%d", i);
    put(name, "", 1000);
  }
  look(true);
  assert_int_equal(list.count, 2000);
  for (int i = 0; i < 1999; i++) {
    snprintf(name, sizeof name, "f%d", i);
    assert_int_equal(unlinkat(fd, name, 0), 0);
  }
  look(true);
  assert_int_equal(list.count, 1);
  assert_int_equal(list.waiting, 1);
}

static void only_regular_files_of_the_patterns(void **state) {
  const char *patterns[] = {"*.csv", "x?"};
  const struct hub_list files = {2, patterns};
  config.files = &files;
  put("a.csv", "", 1), put("b.txt", "", 1), put(".c.csv", "", 1), put("x1", "", 1);
  assert_int_equal(symlinkat("a.csv", fd, "l.csv"), 0);
  assert_int_equal(mkfifoat(fd, "f.csv", 0600), 0);
  assert_int_equal(mkdirat(fd, "d.csv", 0700), 0);
  look(true);
  assert_int_equal(list.waiting, 2);
  assert_int_equal(list.ignored, 3);
}

static void done_and_failed_are_not_ignored_entries(void **state) {
  assert_int_equal(mkdirat(fd, "done", 0700), 0);
  assert_int_equal(mkdirat(fd, "failed", 0700), 0);
  look(true);
  assert_int_equal(list.ignored, 0);
}

static void a_renamed_one_is_taken_at_once_others_when_all_are_looked_at(void **state) {
  config.complete = CONFIG_COMPLETE_RENAME;
  put("a", "1", 1000), put("b", "1", 1000);
  struct folder_entry *entry = folder_list_entry(&list, "a");
  assert_non_null(entry);
  entry->moved_in = true;
  assert_int_equal(look(false), 1);
  assert_next("a");
  assert_int_equal(look(true), 2);
}

static void a_marker_that_is_not_older(void **state) {
  config.complete = CONFIG_COMPLETE_MARKER;
  put("a", "1", 1000), put("a.done", "", 1000);
  put("b", "1", 1000), put("b.done", "", 999);
  put("c", "1", 1000);
  assert_int_equal(symlinkat("a.done", fd, "c.done"), 0);
  assert_int_equal(look(true), 1);
  assert_int_equal(list.waiting, 3);
  assert_next("a");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(quiet_ones_oldest_first, start, stop),
      cmocka_unit_test_setup_teardown(what_changes_waits_anew, start, stop),
      cmocka_unit_test_setup_teardown(what_is_under_way_or_deferred_is_not_ready, start, stop),
      cmocka_unit_test_setup_teardown(a_deferred_one_comes_again_each_time_later, start, stop),
      cmocka_unit_test_setup_teardown(one_that_changed_while_it_was_copied_has_to_be_quiet, start, stop),
      cmocka_unit_test_setup_teardown(gone_ones_are_forgotten, start, stop),
      cmocka_unit_test_setup_teardown(only_regular_files_of_the_patterns, start, stop),
      cmocka_unit_test_setup_teardown(done_and_failed_are_not_ignored_entries, start, stop),
      cmocka_unit_test_setup_teardown(a_renamed_one_is_taken_at_once_others_when_all_are_looked_at, start,
                                      stop),
      cmocka_unit_test_setup_teardown(a_marker_that_is_not_older, start, stop),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
