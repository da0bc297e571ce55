/*
 * fuzz_csv.c: any bytes as text of any character set, and that text as rows.
 *
 * Besides not crashing: what is decoded is UTF-8, every row moves on and lies in the input, and cells written
 * out again in quotes are read as the same cells. The first byte picks the set, the second the delimiter.
 */
#include <stdlib.h>
#include <string.h>

#include "connectors/format/charset.h"
#include "connectors/format/csv.h"
#include "tests/fuzz/fuzz.h"

struct pool {
  void *blocks[256];
  size_t count;
};

static void *pool_alloc(void *context, size_t bytes) {
  struct pool *pool = context;
  if (pool->count == 256) return NULL;
  return pool->blocks[pool->count++] = calloc(1, bytes);
}

static void pool_free(struct pool *pool) {
  while (pool->count != 0) free(pool->blocks[--pool->count]);
}

static char *put_cell(char *to, struct text cell) {
  *to++ = '"';
  for (size_t i = 0; i < cell.length; i++) {
    if (cell.data[i] == '"') *to++ = '"';
    *to++ = cell.data[i];
  }
  *to++ = '"';
  return to;
}

/* The row, quoted, must be read as the same row. */
static void check_row(const struct csv_row *row) {
  struct pool pool = {.count = 0};
  struct allocator allocator = {pool_alloc, &pool};
  struct csv again;
  struct csv_row same;
  const char *detail;
  size_t size = 4;
  for (size_t i = 0; i < row->count; i++) size += 2 * row->cells[i].length + 3;
  char *out = malloc(size), *to = out;
  if (out == NULL) return;
  for (size_t i = 0; i < row->count; i++) {
    if (i != 0) *to++ = '|';
    to = put_cell(to, row->cells[i]);
  }
  struct text written = {out, (size_t)(to - out)};
  if (csv_open(&again, &allocator, written, '|') == 0) {
    if (csv_next(&again, &same, &detail) != 0 || same.count != row->count || same.number != 1) abort();
    for (size_t i = 0; i < row->count; i++)
      if (!text_equal(same.cells[i], row->cells[i])) abort();
    if (csv_next(&again, &same, &detail) != CSV_END) abort();
  }
  pool_free(&pool);
  free(out);
}

static void read_rows(const struct allocator *allocator, struct text text, char delimiter) {
  struct csv csv;
  struct csv_row row;
  const char *detail = NULL;
  size_t number = 0, line = 0, end = 0;
  if (csv_open(&csv, allocator, text, delimiter) != 0) return;
  for (int r; (r = csv_next(&csv, &row, &detail)) >= 0 && r != CSV_END;) {
    if (row.number <= number || row.line <= line) abort();
    size_t start = (size_t)(row.bytes.data - text.data);
    if (start < end || start + row.bytes.length > text.length || csv.offset <= start) abort();
    number = row.number, line = row.line, end = start + row.bytes.length;
    if (r != 0 && (detail == NULL || row.count != 0)) abort();
    if (r == 0) check_row(&row);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char delimiters[] = {0, ',', ';', '\t', '|'};
  struct pool pool = {.count = 0};
  struct allocator allocator = {pool_alloc, &pool};
  if (size < 2) return 0;
  struct text input = {(const char *)data + 2, size - 2}, text = TEXT_NONE;
  size_t offset = 0;
  int r = charset_decode(&allocator, (enum charset)(data[0] % (CHARSET_VNI + 1)), input, &text, &offset);
  if (r == CHARSET_E_BYTES && offset >= input.length) abort();
  if (r == 0 && text_find_bad_utf8(text) != SIZE_MAX) abort();
  read_rows(&allocator, r == 0 ? text : input, delimiters[data[1] % sizeof(delimiters)]);
  pool_free(&pool);
  return 0;
}
