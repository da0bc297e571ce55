/*
 * test_csv.c: rows, quotes, line ends and delimiters; what cannot be read, and that the next row can.
 */
#include "connectors/format/csv.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct pool {
  void *blocks[64];
  size_t count, left; /* allocations that still succeed */
};

static void *pool_alloc(void *context, size_t bytes) {
  struct pool *pool = context;
  if (pool->left == 0 || pool->count == 64) return NULL;
  pool->left--;
  return pool->blocks[pool->count++] = calloc(1, bytes);
}

static void pool_free(struct pool *pool) {
  while (pool->count != 0) free(pool->blocks[--pool->count]);
}

/* The rows as `NUMBER.LINE[cell|cell]`, those that cannot be read as `NUMBER.LINE!detail`. The
 * input is copied, so that a byte too much is found. */
static char *read_all(struct text input, char delimiter) {
  struct pool pool = {.left = SIZE_MAX};
  char *copy = malloc(input.length + 1), *out = NULL;
  size_t size = 0;
  FILE *stream = open_memstream(&out, &size);
  assert_non_null(copy);
  assert_non_null(stream);
  if (input.length != 0) memcpy(copy, input.data, input.length);
  copy = realloc(copy, input.length + (input.length == 0));
  struct allocator allocator = {pool_alloc, &pool};
  struct csv csv;
  struct csv_row row;
  const char *detail = NULL;
  assert_int_equal(csv_open(&csv, &allocator, (struct text){copy, input.length}, delimiter), 0);
  for (int r; (r = csv_next(&csv, &row, &detail)) != CSV_END;) {
    fprintf(stream, "%zu.%zu", row.number, row.line);
    if (r != 0) fprintf(stream, "%s%s", r == CSV_E_MALFORMED ? "!" : "!!", detail);
    for (size_t i = 0; r == 0 && i < row.count; i++)
      fprintf(stream, "%s%.*s%s", i == 0 ? "[" : "|", (int)row.cells[i].length, row.cells[i].data,
              i + 1 == row.count ? "]" : "");
    fputc(' ', stream);
  }
  assert_int_equal(csv_next(&csv, &row, &detail), CSV_END);
  fclose(stream);
  if (size != 0) out[size - 1] = '\0';
  pool_free(&pool);
  free(copy);
  return out;
}

static void assert_rows(struct text input, char delimiter, const char *wanted) {
  char *got = read_all(input, delimiter);
  if (strcmp(got, wanted) != 0) fail_msg("%s instead of %s", got, wanted);
  free(got);
}

static void reads_rows_as_rfc_4180_says(void **state) {
  assert_rows(TEXT("aaa,bbb,ccc\r\nzzz,yyy,xxx\r\n"), ',', "1.1[aaa|bbb|ccc] 2.2[zzz|yyy|xxx]");
  assert_rows(TEXT("aaa,bbb,ccc\r\nzzz,yyy,xxx"), ',', "1.1[aaa|bbb|ccc] 2.2[zzz|yyy|xxx]");
  assert_rows(TEXT("\"aaa\",\"b \r\nbb\",\"ccc\"\r\nzzz"), ',', "1.1[aaa|b \r\nbb|ccc] 2.3[zzz]");
  assert_rows(TEXT("\"aaa\",\"b\"\"bb\",\"ccc\""), ',', "1.1[aaa|b\"bb|ccc]");
  assert_rows(TEXT("\"\"\"a\"\"\",\"\"\"\",\"\",x"), ',', "1.1[\"a\"|\"||x]");
  assert_rows(TEXT(" a , b,"), ',', "1.1[ a | b|]");
  assert_rows(TEXT("a\"b\",c\"\n\"d\",e"), ',', "1.1[a\"b\"|c\"] 2.2[d|e]");
  assert_rows(TEXT(" \"a\",b"), ',', "1.1[ \"a\"|b]");
}

static void takes_every_line_end(void **state) {
  assert_rows(TEXT("a\nb\rc\r\nd"), ',', "1.1[a] 2.2[b] 3.3[c] 4.4[d]");
  assert_rows(TEXT("a\n\r\nb\r\r"), ',', "1.1[a] 3.3[b]");
  assert_rows(TEXT("\"1\n2\r3\r\n4\"\nb"), ',', "1.1[1\n2\r3\r\n4] 2.5[b]");
  assert_rows(TEXT("\n\n,,\n \t,\na\n"), ',', "5.5[a]");
  assert_rows(TEXT(""), 0, "");
  assert_rows(TEXT("\xEF\xBB\xBF"), 0, "");
  assert_rows(TEXT("\r\n\r\n"), 0, "");
  assert_rows(TEXT("\xEF\xBB\xBF\"a\",b"), 0, "1.1[a|b]");
  assert_rows(TEXT("a,b\n\xEF\xBB\xBF"), 0, "1.1[a|b]"); /* a blank of no width is no cell */
}

static void says_which_row_cannot_be_read(void **state) {
  static const char behind[] = "text behind a closing quotation mark";
  char wanted[200];
  snprintf(wanted, sizeof(wanted), "1.1!%s 2.2[c|d]", behind);
  assert_rows(TEXT("\"a\"b,x\nc,d"), ',', wanted);
  assert_rows(TEXT("\"a\" ,x\nc,d"), ',', wanted);
  snprintf(wanted, sizeof(wanted), "1.1!%s 2.3[c]", behind);
  assert_rows(TEXT("\"a\"b\"c,\"x\n\"\nc"), ',', wanted); /* later quotes still hold their line ends */
  assert_rows(TEXT("a\n\"b\nc,\"\"d"), ',', "1.1[a] 2.2!a quotation mark that is never closed");
  assert_rows(TEXT("a\n\""), ',', "1.1[a] 2.2!a quotation mark that is never closed");
  assert_rows(TEXT("a,\0,b\nc"), ',', "1.1!a NUL byte 2.2[c]");
  assert_rows(TEXT("\"a\0\"\nc"), ',', "1.1!a NUL byte 2.2[c]");
  assert_rows(TEXT("M\xE3 l\xEDp,x\nMã lớp,y\n"), ',', "1.1!bytes that are not UTF-8 2.2[Mã lớp|y]");
  assert_rows(TEXT("a\r\nb,\xC3\r\nc"), ',', "1.1[a] 2.2!bytes that are not UTF-8 3.3[c]");
  assert_rows(TEXT("a,\0\xFF\"\"\n"), ',', "1.1!a NUL byte"); /* the first of two */
}

/* Text with `count` times `piece` in it. */
static struct text repeat(const char *before, const char *piece, size_t count, const char *after) {
  size_t length = strlen(before) + count * strlen(piece) + strlen(after);
  char *data = malloc(length + 1), *p = data;
  assert_non_null(data);
  p = mempcpy(p, before, strlen(before));
  for (size_t i = 0; i < count; i++) p = mempcpy(p, piece, strlen(piece));
  memcpy(p, after, strlen(after) + 1);
  return (struct text){data, length};
}

static void assert_repeated(const char *before, const char *piece, size_t count, const char *after,
                            const char *wanted) {
  struct text input = repeat(before, piece, count, after);
  assert_rows(input, ',', wanted);
  free((void *)(uintptr_t)input.data);
}

static void keeps_its_bounds(void **state) {
  assert_repeated("", ",", CSV_CELLS_MAX, "a\nb", "1.1!!more than 1024 fields 2.2[b]");
  assert_repeated("", "0123456789abcdef", CSV_FIELD_MAX / 16, "x\nb", "1.1!!a field over 1 MiB 2.2[b]");
  assert_repeated("\"", "0123456789abcdef", CSV_FIELD_MAX / 16, "x\"\nb", "1.1!!a field over 1 MiB 2.2[b]");
  char *piece = calloc(1, 524289);
  assert_non_null(piece);
  memset(piece, 'a', 524288);
  piece[524287] = ',';
  assert_repeated("", piece, 33, "\nb", "1.1!!a row over 16 MiB 2.2[b]");
  free(piece);
}

static void takes_the_most_that_is_allowed(void **state) {
  struct pool pool = {.left = SIZE_MAX};
  struct allocator allocator = {pool_alloc, &pool};
  struct text input = repeat("", ",", CSV_CELLS_MAX - 1, "a");
  struct csv csv;
  struct csv_row row;
  const char *detail;
  assert_int_equal(csv_open(&csv, &allocator, input, ','), 0);
  assert_int_equal(csv_next(&csv, &row, &detail), 0);
  assert_int_equal(row.count, CSV_CELLS_MAX);
  assert_true(text_equal(row.bytes, input));
  free((void *)(uintptr_t)input.data);
  input = repeat("\"", "\"\"", CSV_FIELD_MAX / 2, "\",b"); /* more than the scratch */
  assert_int_equal(csv_open(&csv, &allocator, input, ','), 0);
  assert_int_equal(csv_next(&csv, &row, &detail), 0);
  assert_int_equal(row.count, 2);
  assert_int_equal(row.cells[0].length, CSV_FIELD_MAX / 2);
  assert_int_equal(row.cells[0].data[CSV_FIELD_MAX / 2 - 1], '"');
  free((void *)(uintptr_t)input.data);
  pool_free(&pool);
}

static void finds_the_delimiter(void **state) {
  assert_rows(TEXT("a;b;c\n1,5;2,5;3,5\n"), 0, "1.1[a|b|c] 2.2[1,5|2,5|3,5]");
  assert_rows(TEXT("a,b\nE86;R50,x\n"), 0, "1.1[a|b] 2.2[E86;R50|x]");
  assert_rows(TEXT("a\tb\n1,2\t3\n"), 0, "1.1[a|b] 2.2[1,2|3]");
  assert_rows(TEXT("a|b|c\n1|2|3"), 0, "1.1[a|b|c] 2.2[1|2|3]");
  assert_rows(TEXT("\"x;y;z\",b\n\"x;y;z\",b"), 0, "1.1[x;y;z|b] 2.2[x;y;z|b]");
  assert_rows(TEXT("Trường Mẫu, xã Mẫu, tỉnh Mẫu\n\nMã;Tên\n1;A\n2;B"), 0,
              "1.1[Trường Mẫu, xã Mẫu, tỉnh Mẫu] 3.3[Mã|Tên] 4.4[1|A] 5.5[2|B]");
  assert_rows(TEXT("one\ntwo"), 0, "1.1[one] 2.2[two]");
  assert_rows(TEXT("a;\"b"), 0, "1.1[a;\"b]"); /* nothing speaks for a semicolon */
  assert_rows(TEXT("a,b"), ';', "1.1[a,b]");
  struct text input = repeat("a;b\n", "1;2,2\n", 20000, "x;\"y,z,z");
  char *got = read_all(input, 0);
  assert_memory_equal(got, "1.1[a|b] 2.2[1|2,2] ", 20);
  free(got);
  free((void *)(uintptr_t)input.data);
}

/* Every special byte at every place of a block and around its edge. */
static void blocks_have_no_edges(void **state) {
  static const struct {
    const char *row, *rest;
  } cases[] = {
      {"\"x\"\"y\",\"\r\n\"\r\nz", "|x\"y|\r\n] 2.3[z]"},
      {",\r\nz\n", "||] 2.2[z]"},
      {"ầ\r\"z\"", "|ầ] 2.2[z]"},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
    for (size_t lead = 1; lead < 200; lead++) {
      char filler[201] = {0}, input[256], wanted[300];
      memset(filler, 'a', lead);
      int length = snprintf(input, sizeof(input), "%s,%s", filler, cases[i].row);
      snprintf(wanted, sizeof(wanted), "1.1[%s%s", filler, cases[i].rest);
      assert_rows((struct text){input, (size_t)length}, ',', wanted);
    }
}

static void says_when_there_is_no_memory(void **state) {
  struct text input = repeat("\"", "\"\"", 16 * 1024, "\"\na,b");
  struct csv csv;
  struct csv_row row;
  const char *detail;
  for (size_t left = 0; left < 3; left++) {
    struct pool pool = {.left = left};
    struct allocator allocator = {pool_alloc, &pool};
    int r = csv_open(&csv, &allocator, input, ',');
    assert_int_equal(r, left < 2 ? -ENOMEM : 0);
    if (r == 0) assert_int_equal(csv_next(&csv, &row, &detail), -ENOMEM);
    if (left == 2) assert_int_equal(csv_open(&csv, &allocator, input, 0), -ENOMEM);
    pool_free(&pool);
  }
  struct pool pool = {.left = 2};
  struct allocator allocator = {pool_alloc, &pool};
  assert_int_equal(csv_open(&csv, &allocator, input, 0), -ENOMEM); /* while the delimiter is looked for */
  pool_free(&pool);
  free((void *)(uintptr_t)input.data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_rows_as_rfc_4180_says),    cmocka_unit_test(takes_every_line_end),
      cmocka_unit_test(says_which_row_cannot_be_read),  cmocka_unit_test(keeps_its_bounds),
      cmocka_unit_test(takes_the_most_that_is_allowed), cmocka_unit_test(finds_the_delimiter),
      cmocka_unit_test(blocks_have_no_edges),           cmocka_unit_test(says_when_there_is_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
