/*
 * test_archive.c: which archives are taken, what comes out, and every way to be refused.
 */
#include "connectors/format/archive.h"

#include "connectors/format/inflate.h"
#include "tests/lib/zip_maker.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct pool {
  void *blocks[16];
  size_t count;
  bool empty;
};

static void *pool_alloc(void *context, size_t bytes) {
  struct pool *pool = context;
  if (pool->empty || pool->count == 16) return NULL;
  return pool->blocks[pool->count++] = calloc(1, bytes);
}

static void pool_free(struct pool *pool) {
  while (pool->count != 0) free(pool->blocks[--pool->count]);
}

static struct pool pool;
static const struct allocator allocator = {pool_alloc, &pool};

/* Opens and reads every file; the first result that is not 0. */
static int read_all(struct text bytes) {
  struct archive *archive = NULL;
  const char *detail = NULL;
  int r = archive_open(&allocator, bytes, &archive, &detail);
  for (size_t i = 0; r == 0 && i < archive_count(archive); i++) {
    struct text file;
    assert_true(archive_name(archive, i).length != 0);
    r = archive_read(archive, i, &file, &detail);
  }
  if (r > 0) assert_non_null(detail);
  archive_close(archive);
  pool_free(&pool);
  return r;
}

static void assert_odd(struct text name, struct text plain, const struct zip_oddity *odd, int wanted) {
  struct zip_maker zip = {NULL};
  zip_add(&zip, "first.txt", TEXT("one"));
  zip_add_odd(&zip, name, plain, odd);
  assert_int_equal(read_all(zip_finish(&zip, TEXT_NONE)), wanted);
  zip_free(&zip);
}

static void gives_files_by_name(void **state) {
  struct zip_maker zip = {NULL};
  zip_add(&zip, "xl/workbook.xml", TEXT("<workbook/>"));
  zip_add(&zip, "xl/", TEXT_NONE);
  zip_add_odd(&zip, TEXT("a.csv"), TEXT("x,y"), &(struct zip_oddity){.stored = true});
  zip_add(&zip, "xl", TEXT(""));
  zip_add_odd(&zip, TEXT("Danh sách.csv"), TEXT("đ"), &(struct zip_oddity){.flags = 1 << 11});
  struct archive *archive = NULL;
  const char *detail = NULL;
  struct text bytes = zip_finish(&zip, TEXT("a comment")), file;
  assert_int_equal(archive_open(&allocator, bytes, &archive, &detail), 0);
  static const char *const names[] = {"Danh sách.csv", "a.csv", "xl", "xl/workbook.xml"};
  static const char *const files[] = {"đ", "x,y", "", "<workbook/>"};
  assert_int_equal(archive_count(archive), 4);
  for (size_t i = 0; i < 4; i++) {
    size_t found = SIZE_MAX;
    assert_true(text_is(archive_name(archive, i), names[i]));
    assert_true(archive_find(archive, text_of(names[i]), &found));
    assert_int_equal(found, i);
    assert_int_equal(archive_read(archive, i, &file, &detail), 0);
    assert_true(text_is(file, files[i]));
    for (size_t j = 0; j < ARCHIVE_PADDING; j++) assert_int_equal(file.data[file.length + j], 0);
  }
  size_t none;
  assert_false(archive_find(archive, TEXT("x"), &none));
  assert_false(archive_find(archive, TEXT("A.csv"), &none));
  assert_false(archive_find(archive, TEXT_NONE, &none));
  archive_close(archive);
  archive_close(NULL);
  pool_free(&pool);
  zip_free(&zip);
}

static void an_empty_archive_is_one(void **state) {
  struct zip_maker zip = {NULL};
  assert_int_equal(read_all(zip_finish(&zip, TEXT_NONE)), 0);
  zip_free(&zip);
}

static void refuses_names_that_lead_elsewhere(void **state) {
  static const struct text names[] = {TEXT(""),          TEXT("/etc/x"),   TEXT(".."),       TEXT("../x"),
                                      TEXT("a/../../x"), TEXT("a/.."),     TEXT("a\\b"),     TEXT("a\0.csv"),
                                      TEXT("a\nb"),      TEXT("\xE1\xBA"), TEXT("first.txt")};
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
    assert_odd(names[i], TEXT("x"), &(struct zip_oddity){.stored = false}, ARCHIVE_E_MALFORMED);
  assert_odd(TEXT("..a/b..c/..."), TEXT("x"), &(struct zip_oddity){.stored = false}, 0);
  char name[ARCHIVE_NAME_MAX + 1];
  memset(name, 'n', sizeof(name));
  struct zip_oddity none = {.stored = false};
  assert_odd((struct text){name, sizeof(name)}, TEXT("x"), &none, ARCHIVE_E_TOO_LARGE);
  assert_odd((struct text){name, sizeof(name) - 1}, TEXT("x"), &none, 0);
}

static void refuses_what_it_cannot_read(void **state) {
  static const struct {
    struct zip_oddity odd;
    int wanted;
  } cases[] = {
      {{.flags = 1}, ARCHIVE_E_UNSUPPORTED},
      {{.flags = 1 << 6}, ARCHIVE_E_UNSUPPORTED},
      {{.flags = 1 << 13}, ARCHIVE_E_UNSUPPORTED},
      {{.method = 12}, ARCHIVE_E_UNSUPPORTED},
      {{.size = UINT32_MAX}, ARCHIVE_E_UNSUPPORTED},
      {{.packed = UINT32_MAX}, ARCHIVE_E_UNSUPPORTED},
      {{.crc_xor = 1}, ARCHIVE_E_MALFORMED},
      {{.crc_xor = 1, .stored = true}, ARCHIVE_E_MALFORMED},
      {{.size = 3}, ARCHIVE_E_MALFORMED},
      {{.size = 7}, ARCHIVE_E_MALFORMED},
      {{.packed = 3}, ARCHIVE_E_MALFORMED},
      {{.packed = 100000}, ARCHIVE_E_MALFORMED},
      {{.central_name = TEXT("other.txt")}, ARCHIVE_E_MALFORMED},
      {{.size = 300u << 20, .packed = 20u << 20}, ARCHIVE_E_MALFORMED},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
    assert_odd(TEXT("second"), TEXT("bytes"), &cases[i].odd, cases[i].wanted);
}

/* An archive whose byte at `back` from its end is another. */
static void assert_end(size_t back, unsigned char value, int wanted) {
  struct zip_maker zip = {NULL};
  zip_add(&zip, "a", TEXT("one"));
  zip_add(&zip, "b", TEXT("two"));
  struct text bytes = zip_finish(&zip, TEXT_NONE);
  zip.data[bytes.length - back] = value;
  assert_int_equal(read_all(bytes), wanted);
  zip_free(&zip);
}

static void refuses_ends_that_lie(void **state) {
  assert_end(22 - 4, 1, ARCHIVE_E_UNSUPPORTED);  /* this disk */
  assert_end(22 - 6, 1, ARCHIVE_E_UNSUPPORTED);  /* the directory's disk */
  assert_end(22 - 8, 1, ARCHIVE_E_UNSUPPORTED);  /* files on this disk */
  assert_end(22 - 12, 1, ARCHIVE_E_MALFORMED);   /* the directory's length */
  assert_end(22 - 16, 1, ARCHIVE_E_MALFORMED);   /* its place */
  assert_end(22 - 18, 255, ARCHIVE_E_MALFORMED); /* beyond the end */
  assert_end(22 - 20, 1, ARCHIVE_E_MALFORMED);   /* the comment's length */
  assert_end(22 + 47, 'X', ARCHIVE_E_MALFORMED); /* a signature in the directory */
  assert_end(22 + 19, 9, ARCHIVE_E_MALFORMED);   /* a name's length: over the next entry */
  assert_end(22 + 1, 'z', ARCHIVE_E_MALFORMED);  /* a name: not the local one */
}

static void refuses_counts_that_lie(void **state) {
  struct zip_maker zip = {NULL};
  zip_add(&zip, "a", TEXT("one"));
  zip.entries = 2;
  assert_int_equal(read_all(zip_finish(&zip, TEXT_NONE)), ARCHIVE_E_MALFORMED);
  zip_free(&zip);
  zip_add(&zip, "a", TEXT("one"));
  zip.entries = UINT16_MAX;
  assert_int_equal(read_all(zip_finish(&zip, TEXT_NONE)), ARCHIVE_E_UNSUPPORTED);
  zip_free(&zip);
  zip_add(&zip, "a", TEXT("one"));
  zip_put_directory(&zip, "PK\6\7xxxxxxxxxxxxxxxx", 20);
  assert_int_equal(read_all(zip_finish(&zip, TEXT_NONE)), ARCHIVE_E_UNSUPPORTED);
  zip_free(&zip);
}

static void refuses_two_faces(void **state) {
  struct zip_maker inner = {NULL}, outer = {NULL};
  zip_add(&inner, "a", TEXT("one"));
  struct text face = zip_finish(&inner, TEXT_NONE);
  zip_add(&outer, "b", TEXT("two"));
  assert_int_equal(read_all(zip_finish(&outer, face)), ARCHIVE_E_MALFORMED);
  zip_free(&outer);
  zip_add_odd(&outer, TEXT("nested.zip"), face, &(struct zip_oddity){.stored = true});
  assert_int_equal(read_all(zip_finish(&outer, TEXT_NONE)), 0);
  zip_free(&outer);
  zip_put_bytes(&outer, "prefix", 6);
  zip_put_bytes(&outer, face.data, face.length);
  assert_int_equal(read_all((struct text){(char *)outer.data, outer.length}), ARCHIVE_E_MALFORMED);
  zip_free(&outer);
  zip_free(&inner);
}

static void notices_every_cut(void **state) {
  struct zip_maker zip = {NULL};
  zip_add(&zip, "a.csv", TEXT("sourcedId,status"));
  struct text bytes = zip_finish(&zip, TEXT_NONE);
  for (size_t length = 0; length < bytes.length; length++) {
    char *copy = malloc(length + 1);
    assert_non_null(copy);
    memcpy(copy, bytes.data, length);
    assert_int_equal(read_all((struct text){copy, length}), ARCHIVE_E_MALFORMED);
    free(copy);
  }
  zip_free(&zip);
}

static void bombs_are_stopped(void **state) {
  size_t length = 8u << 20;
  char *zeros = calloc(1, length);
  assert_non_null(zeros);
  struct zip_oddity none = {.stored = false};
  assert_odd(TEXT("zeros"), (struct text){zeros, length}, &none, ARCHIVE_E_TOO_LARGE);
  assert_odd(TEXT("zeros"), (struct text){zeros, INFLATE_RATIO_FREE}, &none, 0);
  /* One that says it were small is broken, not unpacked further. */
  assert_odd(TEXT("z"), (struct text){zeros, length}, &(struct zip_oddity){.size = 1000},
             ARCHIVE_E_MALFORMED);
  struct zip_maker zip = {NULL};
  for (unsigned i = 0; i <= ARCHIVE_ENTRIES_MAX; i++) {
    char name[] = {(char)('a' + i % 26), (char)('a' + i / 26 % 26), (char)('a' + i / 676), '\0'};
    zip_add(&zip, name, TEXT_NONE);
  }
  assert_int_equal(read_all(zip_finish(&zip, TEXT_NONE)), ARCHIVE_E_TOO_LARGE);
  zip_free(&zip);
  free(zeros);
}

/* The same file again and again is as much as many files. */
static void counts_what_came_out(void **state) {
  struct zip_maker zip = {NULL};
  size_t length = 100u << 20;
  char *bytes = calloc(1, length);
  assert_non_null(bytes);
  zip_add_odd(&zip, TEXT("a"), (struct text){bytes, length}, &(struct zip_oddity){.stored = true});
  free(bytes);
  struct archive *archive = NULL;
  const char *detail = NULL;
  struct text file;
  assert_int_equal(archive_open(&allocator, zip_finish(&zip, TEXT_NONE), &archive, &detail), 0);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(archive_read(archive, 0, &file, &detail), i < 2 ? 0 : ARCHIVE_E_TOO_LARGE);
    pool_free(&pool);
  }
  archive_close(archive);
  zip_free(&zip);
}

static void says_when_there_is_no_memory(void **state) {
  struct zip_maker zip = {NULL};
  zip_add(&zip, "a", TEXT("one"));
  pool.empty = true;
  assert_int_equal(read_all(zip_finish(&zip, TEXT_NONE)), -ENOMEM);
  pool.empty = false;
  zip_free(&zip);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gives_files_by_name),
      cmocka_unit_test(an_empty_archive_is_one),
      cmocka_unit_test(refuses_names_that_lead_elsewhere),
      cmocka_unit_test(refuses_what_it_cannot_read),
      cmocka_unit_test(refuses_ends_that_lie),
      cmocka_unit_test(refuses_counts_that_lie),
      cmocka_unit_test(refuses_two_faces),
      cmocka_unit_test(notices_every_cut),
      cmocka_unit_test(bombs_are_stopped),
      cmocka_unit_test(counts_what_came_out),
      cmocka_unit_test(says_when_there_is_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
