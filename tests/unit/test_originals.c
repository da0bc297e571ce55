/*
 * Originals: kept once, found again, under their quota, and told honestly when the disk does not take them.
 */
#include "core/originals/originals.h"

#include <event2/event.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/originals/files.h"
#include "core/originals/index.h"
#include "tests/lib/scratch.h"

#define NOON_US (INT64_C(1783857600) * SECOND_US) /* 2026-07-12T12:00:00Z */
#define DAY_US (INT64_C(86400) * SECOND_US)
#define QUOTA ((int64_t)(64 * MIB))

struct fixture {
  char state_dir[64];
  struct event_base *base;
  struct originals *originals;
  struct secret_key master;
  struct arena *arena;
};

static void path_in(const struct fixture *fixture, const char *name, char ret_path[static 128]) {
  snprintf(ret_path, 128, "%s/originals/%s", fixture->state_dir, name);
}

static void fixture_open(struct fixture *fixture) {
  assert_int_equal(
      0, originals_open(fixture->base, NULL, fixture->state_dir, &fixture->master, &fixture->originals));
}

static void fixture_close(struct fixture *fixture) {
  originals_close(fixture->originals);
  fixture->originals = NULL;
}

static int setup(void **state) {
  struct fixture *fixture = calloc(1, sizeof *fixture);
  assert_non_null(fixture);
  snprintf(fixture->state_dir, sizeof fixture->state_dir, "/tmp/test-originals-XXXXXX");
  assert_non_null(mkdtemp(fixture->state_dir));
  memset(&fixture->master, 7, sizeof fixture->master);
  fixture->base = event_base_new();
  assert_non_null(fixture->base);
  assert_int_equal(0, arena_new(&fixture->arena));
  clock_freeze_us(NOON_US);
  fixture_open(fixture);
  *state = fixture;
  return 0;
}

static int teardown(void **state) {
  struct fixture *fixture = *state;
  fixture_close(fixture);
  event_base_free(fixture->base);
  arena_free(fixture->arena);
  assert_int_equal(0, scratch_remove(fixture->state_dir));
  free(fixture);
  return 0;
}

struct wait {
  int left, calls;
  int results[16];
};

static void on_done(void *context, int result) {
  struct wait *wait = context;
  wait->results[wait->calls++] = result;
  wait->left--;
}

static void wait_for(struct fixture *fixture, struct wait *wait) {
  while (wait->left > 0) assert_true(event_base_loop(fixture->base, EVLOOP_ONCE) >= 0);
}

static int keep(struct fixture *fixture, const struct original *original, int64_t quota) {
  struct wait wait = {.left = 1};
  assert_int_equal(0, originals_keep(fixture->originals, original, quota, on_done, &wait));
  assert_int_equal(0, wait.calls);
  wait_for(fixture, &wait);
  return wait.results[0];
}

static struct original sample(uint8_t number, struct text body) {
  struct original original = {.source = "edoc",
                              .connector = "e-documents",
                              .received_us = NOON_US + number,
                              .content_type = TEXT("application/xml"),
                              .method = TEXT("POST"),
                              .path = TEXT("/v1/sendEdoc"),
                              .query = TEXT("a=1"),
                              .name = TEXT("")};
  memset(original.digest, number, sizeof original.digest);
  original.body = body;
  return original;
}

static int read_back(struct fixture *fixture, const struct original *original,
                     struct original *ret_original) {
  return originals_read(fixture->state_dir, &fixture->master, original->source, original->digest,
                        fixture->arena, ret_original);
}

static void assert_same(const struct original *a, const struct original *b) {
  assert_string_equal(a->source, b->source);
  assert_string_equal(a->connector, b->connector);
  assert_memory_equal(a->digest, b->digest, sizeof a->digest);
  assert_int_equal(a->received_us, b->received_us);
  assert_true(text_equal(a->content_type, b->content_type));
  assert_true(text_equal(a->method, b->method));
  assert_true(text_equal(a->path, b->path));
  assert_true(text_equal(a->query, b->query));
  assert_true(text_equal(a->name, b->name));
  assert_true(text_equal(a->body, b->body));
  assert_int_equal(a->values_count, b->values_count);
  for (size_t i = 0; i < a->values_count; i++) {
    assert_int_equal(a->values[i].record, b->values[i].record);
    assert_true(text_equal(a->values[i].value, b->values[i].value));
  }
}

static off_t file_size(struct fixture *fixture, const char *name) {
  char path[128];
  path_in(fixture, name, path);
  struct stat stat_of;
  return stat(path, &stat_of) == 0 ? stat_of.st_size : -1;
}

static bool file_holds(struct fixture *fixture, const char *name, const char *needle) {
  char path[128];
  path_in(fixture, name, path);
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  static char content[MIB];
  size_t length = fread(content, 1, sizeof content, file);
  fclose(file);
  return memmem(content, length, needle, strlen(needle)) != NULL;
}

static void what_is_kept_is_read_back(void **state) {
  struct fixture *fixture = *state;
  struct original_value values[] = {{0, TEXT("079012345678")}, {7, TEXT("")}};
  struct original original = sample(1, TEXT("<edXML>\0with a secret of Nguyễn</edXML>")), back;
  original.values = values;
  original.values_count = LENGTH_OF(values);
  assert_int_equal(0, keep(fixture, &original, QUOTA));
  assert_int_equal(0, read_back(fixture, &original, &back));
  assert_same(&original, &back);
  assert_int_equal(ORIGINALS_HEADER_BYTES + originals_record_bytes(&original),
                   file_size(fixture, "2026-07-12.orig"));
  assert_false(file_holds(fixture, "2026-07-12.orig", "secret"));
  assert_false(file_holds(fixture, "2026-07-12.orig", "079012345678"));
  assert_false(file_holds(fixture, "2026-07-12.orig", "sendEdoc"));
}

static void sizes_around_the_chunk_come_back(void **state) {
  struct fixture *fixture = *state;
  static const size_t sizes[] = {0,
                                 1,
                                 ORIGINALS_CHUNK_BYTES - 200,
                                 ORIGINALS_CHUNK_BYTES,
                                 2 * ORIGINALS_CHUNK_BYTES,
                                 3 * ORIGINALS_CHUNK_BYTES + 17};
  char *body = malloc(4 * ORIGINALS_CHUNK_BYTES);
  assert_non_null(body);
  for (size_t i = 0; i < 4 * ORIGINALS_CHUNK_BYTES; i++) body[i] = (char)(i * 31 + i / 251);
  struct original empty = sample(0, TEXT_NONE);
  size_t overhead = (size_t)originals_record_bytes(&empty) - ORIGINALS_HEAD_BYTES - strlen("edoc") - 16;
  for (size_t i = 0; i < LENGTH_OF(sizes); i++) { /* also so that the plain text ends exactly with a chunk */
    for (size_t less = 0; less < 2; less++) {
      size_t length = less == 0 ? sizes[i] : sizes[i] > overhead ? sizes[i] - overhead : 0;
      struct original original = sample((uint8_t)(10 + 2 * i + less), (struct text){body, length}), back;
      assert_int_equal(0, keep(fixture, &original, QUOTA));
      assert_int_equal(0, read_back(fixture, &original, &back));
      assert_same(&original, &back);
    }
  }
  free(body);
}

static void once_per_source_and_digest(void **state) {
  struct fixture *fixture = *state;
  struct original original = sample(2, TEXT("body")), back;
  assert_int_equal(0, keep(fixture, &original, QUOTA));
  off_t size = file_size(fixture, "2026-07-12.orig");
  assert_int_equal(0, keep(fixture, &original, QUOTA));
  assert_int_equal(size, file_size(fixture, "2026-07-12.orig"));
  fixture_close(fixture); /* and after a new start */
  fixture_open(fixture);
  assert_int_equal(0, keep(fixture, &original, QUOTA));
  assert_int_equal(-1, file_size(fixture, "2026-07-12-1.orig"));
  struct original other = sample(2, TEXT("body"));
  other.source = "other";
  assert_int_equal(ORIGINALS_E_MISSING, read_back(fixture, &other, &back));
  assert_int_equal(0, keep(fixture, &other, QUOTA));
  assert_int_equal(0, read_back(fixture, &other, &back));
  assert_int_equal(size, file_size(fixture, "2026-07-12.orig"));
  assert_true(file_size(fixture, "2026-07-12-1.orig") > ORIGINALS_HEADER_BYTES);
}

static void a_group_is_told_whole_and_in_order(void **state) {
  struct fixture *fixture = *state;
  struct original list[8], back;
  struct wait wait = {.left = LENGTH_OF(list)};
  for (size_t i = 0; i < LENGTH_OF(list); i++) {
    list[i] = sample((uint8_t)(50 + i / 2), TEXT("the same twice"));
    assert_int_equal(0, originals_keep(fixture->originals, &list[i], QUOTA, on_done, &wait));
  }
  wait_for(fixture, &wait);
  for (size_t i = 0; i < LENGTH_OF(list); i++) {
    assert_int_equal(0, wait.results[i]);
    assert_int_equal(0, read_back(fixture, &list[i], &back));
  }
  assert_int_equal(ORIGINALS_HEADER_BYTES + 4 * originals_record_bytes(&list[0]),
                   file_size(fixture, "2026-07-12.orig"));
}

static void quota_counts_sealed_bytes_of_one_source_also_after_a_start(void **state) {
  struct fixture *fixture = *state;
  struct original first = sample(3, TEXT("0123456789")), second = sample(4, TEXT("0123456789")), back;
  int64_t quota = 2 * (int64_t)originals_record_bytes(&first) - 1;
  assert_int_equal(0, keep(fixture, &first, quota));
  assert_int_equal(ORIGINALS_E_FULL, keep(fixture, &second, quota));
  assert_int_equal(ORIGINALS_E_MISSING, read_back(fixture, &second, &back));
  fixture_close(fixture);
  fixture_open(fixture);
  assert_int_equal(0, keep(fixture, &first, quota)); /* it is there: no room needed */
  assert_int_equal(ORIGINALS_E_FULL, keep(fixture, &second, quota));
  struct original other = sample(4, TEXT("0123456789"));
  other.source = "other";
  assert_int_equal(0, keep(fixture, &other, quota));
  assert_int_equal(0, keep(fixture, &second, quota + 1));
}

static void another_day_is_another_file_and_key(void **state) {
  struct fixture *fixture = *state;
  struct original first = sample(5, TEXT("first")), second = sample(6, TEXT("second")), back;
  assert_int_equal(0, keep(fixture, &first, QUOTA));
  clock_freeze_us(NOON_US + DAY_US);
  assert_int_equal(0, keep(fixture, &second, QUOTA));
  char path[128];
  path_in(fixture, "2026-07-12.key", path);
  assert_int_equal(0, unlink(path)); /* erasing the key erases the day */
  assert_int_equal(ORIGINALS_E_MISSING, read_back(fixture, &first, &back));
  assert_int_equal(0, read_back(fixture, &second, &back));
  fixture_close(fixture);
  fixture_open(fixture);
  int64_t quota = 2 * (int64_t)originals_record_bytes(&second) + 8; /* what was erased counts no more */
  assert_int_equal(0, keep(fixture, &first, quota));
  assert_int_equal(0, read_back(fixture, &first, &back));
}

static void todays_key_erased_under_a_running_hub(void **state) {
  struct fixture *fixture = *state;
  struct original first = sample(5, TEXT("first")), second = sample(6, TEXT("second")), back;
  assert_int_equal(0, keep(fixture, &first, QUOTA));
  char path[128];
  path_in(fixture, "2026-07-12.key", path);
  assert_int_equal(0, unlink(path));
  assert_int_equal(0, keep(fixture, &second, QUOTA));
  assert_int_equal(0, read_back(fixture, &second, &back));
  assert_same(&second, &back);
  assert_int_equal(-EBADMSG, read_back(fixture, &first, &back));
}

static void another_master_key_opens_nothing(void **state) {
  struct fixture *fixture = *state;
  struct original original = sample(8, TEXT("body")), back;
  assert_int_equal(0, keep(fixture, &original, QUOTA));
  fixture_close(fixture);
  fixture->master.bytes[31] ^= 1;
  assert_int_equal(ORIGINALS_E_KEY, read_back(fixture, &original, &back));
  assert_int_equal(-EKEYREJECTED, originals_open(fixture->base, NULL, fixture->state_dir, &fixture->master,
                                                 &fixture->originals));
  fixture->master.bytes[31] ^= 1;
  fixture_open(fixture);
}

static void change_byte(const char *path, off_t offset) {
  int fd = open(path, O_RDWR);
  assert_true(fd >= 0);
  uint8_t byte;
  assert_int_equal(1, pread(fd, &byte, 1, offset));
  byte ^= 0x40;
  assert_int_equal(1, pwrite(fd, &byte, 1, offset));
  close(fd);
}

static void every_changed_byte_is_noticed(void **state) {
  struct fixture *fixture = *state;
  struct original original = sample(9, TEXT("the body")), back;
  assert_int_equal(0, keep(fixture, &original, QUOTA));
  char path[128];
  path_in(fixture, "2026-07-12.orig", path);
  off_t size = file_size(fixture, "2026-07-12.orig");
  for (off_t offset = 0; offset < size; offset++) {
    if (offset >= 12 && offset < ORIGINALS_HEADER_BYTES) continue; /* reserved */
    change_byte(path, offset);
    int r = read_back(fixture, &original, &back);
    assert_true(r == ORIGINALS_E_MISSING || r == -EBADMSG);
    change_byte(path, offset);
  }
  assert_int_equal(0, read_back(fixture, &original, &back));
  path_in(fixture, "2026-07-12.key", path);
  for (off_t offset = 0; offset < file_size(fixture, "2026-07-12.key"); offset++) {
    change_byte(path, offset);
    assert_int_equal(ORIGINALS_E_KEY, read_back(fixture, &original, &back));
    change_byte(path, offset);
  }
}

static void a_torn_tail_hides_nothing_before_it(void **state) {
  struct fixture *fixture = *state;
  struct original first = sample(10, TEXT("first")), second = sample(11, TEXT("second")), back;
  assert_int_equal(0, keep(fixture, &first, QUOTA));
  off_t good = file_size(fixture, "2026-07-12.orig");
  assert_int_equal(0, keep(fixture, &second, QUOTA));
  off_t whole = file_size(fixture, "2026-07-12.orig");
  fixture_close(fixture);
  char path[128];
  path_in(fixture, "2026-07-12.orig", path);
  for (off_t size = whole - 1; size >= good; size--) {
    assert_int_equal(0, truncate(path, size));
    assert_int_equal(0, read_back(fixture, &first, &back));
    assert_int_equal(ORIGINALS_E_MISSING, read_back(fixture, &second, &back));
  }
  assert_int_equal(0, truncate(path, good + 20));
  fixture_open(fixture); /* what was torn is not known, and a new process does not write behind it */
  assert_int_equal(0, keep(fixture, &second, QUOTA));
  assert_int_equal(good + 20, file_size(fixture, "2026-07-12.orig"));
  assert_int_equal(0, read_back(fixture, &second, &back));
}

/* The file size limit of the process stands for a full disk. */
static void limit_file_size(rlim_t bytes) {
  struct rlimit limit;
  assert_int_equal(0, getrlimit(RLIMIT_FSIZE, &limit));
  limit.rlim_cur = bytes;
  assert_int_equal(0, setrlimit(RLIMIT_FSIZE, &limit));
}

static void a_disk_that_does_not_take_it_is_told_and_left(void **state) {
  struct fixture *fixture = *state;
  signal(SIGXFSZ, SIG_IGN);
  struct original first = sample(12, TEXT("first")), back;
  assert_int_equal(0, keep(fixture, &first, QUOTA));
  off_t good = file_size(fixture, "2026-07-12.orig");
  limit_file_size((rlim_t)good + 100);
  struct original second = sample(13, TEXT("second, too long for what is left of the room in this file"));
  assert_int_equal(-EFBIG, keep(fixture, &second, QUOTA));
  struct original large =
      sample(14, TEXT("another that does not fit into a file of its own: 0123456789012345678901"
                      "0123456789012345678901234567890123456789012345678901234567890123456789"));
  assert_int_equal(-EFBIG, keep(fixture, &large, QUOTA));
  assert_int_equal(-1, file_size(fixture, "2026-07-12-1.orig")); /* no empty files are left */
  limit_file_size(RLIM_INFINITY);
  int64_t quota = 2 * (int64_t)originals_record_bytes(&second); /* what failed does not count */
  assert_int_equal(0, keep(fixture, &second, quota));
  assert_true(file_size(fixture, "2026-07-12-1.orig") > 0);
  assert_int_equal(0, read_back(fixture, &first, &back));
  assert_int_equal(0, read_back(fixture, &second, &back));
  assert_same(&second, &back);
}

static void close_writes_what_waits(void **state) {
  struct fixture *fixture = *state;
  struct original list[5], back;
  struct wait wait = {.left = LENGTH_OF(list)};
  for (size_t i = 0; i < LENGTH_OF(list); i++) {
    list[i] = sample((uint8_t)(20 + i), TEXT("waits"));
    assert_int_equal(0, originals_keep(fixture->originals, &list[i], QUOTA, on_done, &wait));
  }
  fixture_close(fixture);
  assert_int_equal(LENGTH_OF(list), wait.calls);
  for (size_t i = 0; i < LENGTH_OF(list); i++) {
    assert_int_equal(0, wait.results[i]);
    assert_int_equal(0, read_back(fixture, &list[i], &back));
  }
  fixture_open(fixture);
}

static void what_the_format_cannot_hold_is_refused_alone(void **state) {
  struct fixture *fixture = *state;
  char name[ORIGINALS_SOURCE_MAX + 2];
  memset(name, 'a', sizeof name - 1);
  name[sizeof name - 1] = '\0';
  struct original list[3] = {sample(30, TEXT("a")), sample(31, TEXT("b")), sample(32, TEXT("c"))}, back;
  list[1].source = name;
  struct wait wait = {.left = LENGTH_OF(list)};
  for (size_t i = 0; i < LENGTH_OF(list); i++) {
    assert_int_equal(0, originals_keep(fixture->originals, &list[i], QUOTA, on_done, &wait));
  }
  wait_for(fixture, &wait);
  assert_int_equal(0, wait.results[0]);
  assert_int_equal(-ENAMETOOLONG, wait.results[1]);
  assert_int_equal(0, wait.results[2]);
  assert_int_equal(0, read_back(fixture, &list[2], &back));
}

static void files_and_folder_are_private(void **state) {
  struct fixture *fixture = *state;
  struct original original = sample(33, TEXT("a"));
  assert_int_equal(0, keep(fixture, &original, QUOTA));
  static const char *const names[] = {".", "2026-07-12.orig", "2026-07-12.key"};
  for (size_t i = 0; i < LENGTH_OF(names); i++) {
    char path[128];
    struct stat stat_of;
    path_in(fixture, names[i], path);
    assert_int_equal(0, stat(path, &stat_of));
    assert_int_equal(0, stat_of.st_mode & 077);
  }
}

static void the_index_forgets_all_when_it_is_full(void **state) {
  struct originals_index *index;
  assert_int_equal(0, originals_index_new(1000, &index));
  struct originals_mark marks[1001];
  for (size_t i = 0; i < LENGTH_OF(marks); i++) {
    uint8_t digest[32] = {(uint8_t)i, (uint8_t)(i >> 8)};
    assert_int_equal(0, originals_mark_make("source", digest, &marks[i]));
    assert_false(originals_index_has(index, marks[i]));
    assert_int_equal(0, originals_index_add(index, marks[i]));
    assert_int_equal(0, originals_index_add(index, marks[i]));
    if (i < 1000) assert_true(originals_index_has(index, marks[0]));
  }
  assert_true(originals_index_has(index, marks[1000]));
  assert_false(originals_index_has(index, marks[0]));
  originals_index_free(index);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(what_is_kept_is_read_back),
      TEST(sizes_around_the_chunk_come_back),
      TEST(once_per_source_and_digest),
      TEST(a_group_is_told_whole_and_in_order),
      TEST(quota_counts_sealed_bytes_of_one_source_also_after_a_start),
      TEST(another_day_is_another_file_and_key),
      TEST(todays_key_erased_under_a_running_hub),
      TEST(another_master_key_opens_nothing),
      TEST(every_changed_byte_is_noticed),
      TEST(a_torn_tail_hides_nothing_before_it),
      TEST(a_disk_that_does_not_take_it_is_told_and_left),
      TEST(close_writes_what_waits),
      TEST(what_the_format_cannot_hold_is_refused_alone),
      TEST(files_and_folder_are_private),
      cmocka_unit_test(the_index_forgets_all_when_it_is_full),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
