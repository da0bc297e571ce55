/*
 * csv.c: rows of comma-separated values.
 *
 * The input is looked at in blocks of 64 bytes: one step says which of them are a delimiter, a quote, a line
 * end or a NUL, and only those are visited one by one. A row that cannot be read is walked to its end by the
 * same rules as any other, so that a stray quote costs its row and not the next one; every byte is visited
 * once, whatever the input.
 */
#include "connectors/format/csv.h"

#include <errno.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { BLOCK = 64, SCRATCH_SIZE = 16 * 1024 };

/* ---- Bytes that mean something ------------------------------------------------------------------------- */

#ifdef __SSE2__

static void look_at(const char *p, char delimiter, uint64_t *ret_special, bool *ret_high) {
  const __m128i wanted = _mm_set1_epi8(delimiter), quote = _mm_set1_epi8('"'), lf = _mm_set1_epi8('\n');
  const __m128i cr = _mm_set1_epi8('\r'), nul = _mm_setzero_si128();
  uint64_t special = 0;
  int high = 0;
  for (int i = 0; i < BLOCK; i += 16) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
    __m128i found = _mm_or_si128(_mm_cmpeq_epi8(bytes, wanted), _mm_cmpeq_epi8(bytes, quote));
    __m128i ends = _mm_or_si128(_mm_cmpeq_epi8(bytes, lf), _mm_cmpeq_epi8(bytes, cr));
    found = _mm_or_si128(_mm_or_si128(found, ends), _mm_cmpeq_epi8(bytes, nul));
    special |= (uint64_t)(unsigned)_mm_movemask_epi8(found) << i;
    high |= _mm_movemask_epi8(bytes);
  }
  *ret_special = special;
  *ret_high = high != 0;
}

#else

static void look_at(const char *p, char delimiter, uint64_t *ret_special, bool *ret_high) {
  uint64_t special = 0;
  unsigned char all = 0;
  for (int i = 0; i < BLOCK; i++) {
    bool found = p[i] == delimiter || p[i] == '"' || p[i] == '\n' || p[i] == '\r' || p[i] == '\0';
    special |= (uint64_t)found << i;
    all |= (unsigned char)p[i];
  }
  *ret_special = special;
  *ret_high = all >= 0x80;
}

#endif

static void load_block(struct csv *csv, size_t block) {
  size_t left = csv->input.length - block;
  csv->block = block;
  if (left >= BLOCK) {
    look_at(csv->input.data + block, csv->delimiter, &csv->special, &csv->high);
    return;
  }
  char last[BLOCK] = {0};
  memcpy(last, csv->input.data + block, left);
  look_at(last, csv->delimiter, &csv->special, &csv->high);
  csv->special &= (UINT64_C(1) << left) - 1;
}

/* ---- One row ------------------------------------------------------------------------------------------- */

struct reading { /* of a row */
  size_t start;  /* of the field */
  size_t count;  /* of fields */
  size_t lines;  /* line ends inside quotes */
  size_t scratch_used;
  size_t skip; /* the second of two quotes, which means nothing by itself */
  enum { FIELD_PLAIN, FIELD_QUOTED, FIELD_CLOSED } state;
  bool doubled, high;
  int result;
  const char *detail;
};

static void fail(struct reading *reading, int result, const char *detail) {
  if (reading->result != 0) return;
  reading->result = result;
  reading->detail = detail;
}

/* The field without its quotes' doubles. */
static int collapse(struct csv *csv, struct reading *reading, struct text *field) {
  char *out = csv->scratch + reading->scratch_used, *to = out;
  if (field->length <= csv->scratch_size - reading->scratch_used) reading->scratch_used += field->length;
  else if ((to = out = allocate(csv->allocator, field->length)) == NULL) return -ENOMEM;
  const char *p = field->data, *end = p + field->length;
  for (const char *quote; (quote = memchr(p, '"', (size_t)(end - p))) != NULL; p = quote + 2) {
    size_t n = (size_t)(quote + 1 - p);
    memcpy(to, p, n);
    to += n;
  }
  memcpy(to, p, (size_t)(end - p));
  *field = (struct text){out, (size_t)(to - out) + (size_t)(end - p)};
  return 0;
}

static int end_field(struct csv *csv, struct reading *reading, size_t at) {
  struct text field = {csv->input.data + reading->start, at - reading->start};
  if (reading->state == FIELD_CLOSED) field.data++, field.length -= 2;
  if (field.length > CSV_FIELD_MAX) fail(reading, CSV_E_TOO_LARGE, "a field over 1 MiB");
  if (reading->count == CSV_CELLS_MAX) fail(reading, CSV_E_TOO_LARGE, "more than 1024 fields");
  if (reading->result == 0) {
    int r = reading->doubled ? collapse(csv, reading, &field) : 0;
    if (r < 0) return r;
    csv->cells[reading->count++] = field;
  }
  reading->start = at + 1;
  reading->state = FIELD_PLAIN;
  reading->doubled = false;
  return 0;
}

static bool is_line_end(char c) { return c == '\n' || c == '\r'; }

/* Whether the line end at `at` is the CR of a CRLF. */
static bool is_half(const struct csv *csv, size_t at) {
  return csv->input.data[at] == '\r' && at + 1 < csv->input.length && csv->input.data[at + 1] == '\n';
}

/* A byte inside quotes. */
static void take_quoted(struct csv *csv, struct reading *reading, size_t at) {
  const char *p = csv->input.data + at;
  size_t next = at + 1;
  if (is_line_end(*p)) reading->lines += !is_half(csv, at);
  else if (*p == '\0') fail(reading, CSV_E_MALFORMED, "a NUL byte");
  else if (*p != '"' || at == reading->skip) return;
  else if (next < csv->input.length && p[1] == '"') reading->skip = next, reading->doubled = true;
  else {
    reading->state = FIELD_CLOSED;
    if (next == csv->input.length || p[1] == csv->delimiter || is_line_end(p[1])) return;
    reading->state = FIELD_PLAIN;
    fail(reading, CSV_E_MALFORMED, "text behind a closing quotation mark");
  }
}

/* A byte outside of quotes. Returns whether it ends the row, or -ENOMEM. */
static int take_plain(struct csv *csv, struct reading *reading, size_t at) {
  char c = csv->input.data[at];
  if (c == '"') {
    if (at == reading->start) reading->state = FIELD_QUOTED;
    return 0;
  }
  if (c == '\0') {
    fail(reading, CSV_E_MALFORMED, "a NUL byte");
    return 0;
  }
  int r = end_field(csv, reading, at);
  return r < 0 ? r : is_line_end(c);
}

/* Walks to the end of the row. Returns 0 or -ENOMEM. */
static int walk(struct csv *csv, struct reading *reading, size_t *ret_end) {
  for (;;) {
    while (csv->special == 0) {
      if (csv->input.length - csv->block <= BLOCK) {
        *ret_end = csv->input.length;
        if (reading->state == FIELD_QUOTED)
          fail(reading, CSV_E_MALFORMED, "a quotation mark that is never closed");
        return end_field(csv, reading, *ret_end);
      }
      load_block(csv, csv->block + BLOCK);
      reading->high |= csv->high;
    }
    size_t at = csv->block + (size_t)__builtin_ctzll(csv->special);
    csv->special &= csv->special - 1;
    if (reading->state == FIELD_QUOTED) {
      take_quoted(csv, reading, at);
      continue;
    }
    int r = take_plain(csv, reading, at);
    *ret_end = at;
    if (r != 0) return r < 0 ? r : 0;
  }
}

/* Behind the line end at `end`, whose second byte must not be met again. */
static size_t skip_line_end(struct csv *csv, size_t end) {
  if (end == csv->input.length) return end;
  if (!is_half(csv, end)) return end + 1;
  if (csv->special == 0) load_block(csv, csv->block + BLOCK);
  csv->special &= csv->special - 1;
  return end + 2;
}

static int read_row(struct csv *csv, struct csv_row *row, const char **reterr_detail) {
  struct reading reading = {.start = csv->offset, .skip = SIZE_MAX, .high = csv->high};
  size_t end = csv->offset;
  int r = walk(csv, &reading, &end);
  if (r < 0) return r;
  *row = (struct csv_row){.number = ++csv->row_number,
                          .line = csv->line,
                          .bytes = {csv->input.data + csv->offset, end - csv->offset},
                          .cells = csv->cells,
                          .count = reading.result == 0 ? reading.count : 0};
  csv->line += reading.lines + 1;
  csv->offset = skip_line_end(csv, end);
  if (row->bytes.length > CSV_ROW_MAX) fail(&reading, CSV_E_TOO_LARGE, "a row over 16 MiB");
  if (reading.high && text_find_bad_utf8(row->bytes) != SIZE_MAX)
    fail(&reading, CSV_E_MALFORMED, "bytes that are not UTF-8");
  if (reading.result != 0) row->count = 0, *reterr_detail = reading.detail;
  return reading.result;
}

static bool is_blank(const struct csv_row *row) {
  for (size_t i = 0; i < row->count; i++)
    if (text_trim(row->cells[i]).length != 0) return false;
  return true;
}

int csv_next(struct csv *csv, struct csv_row *ret_row, const char **reterr_detail) {
  while (csv->offset < csv->input.length) {
    int r = read_row(csv, ret_row, reterr_detail);
    if (r != 0 || !is_blank(ret_row)) return r;
  }
  return CSV_END;
}

void csv_restart(struct csv *csv, struct text input) {
  csv->input = input;
  csv->row_number = 0;
  csv->line = 1;
  csv->offset = input.length >= 3 && memcmp(input.data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
  csv->special = 0;
  csv->high = false;
  csv->block = 0;
  if (input.length != 0) load_block(csv, 0);
}

/* ---- The delimiter ------------------------------------------------------------------------------------- */

enum { TRIED_ROWS = 32, TRIED_BYTES = 64 * 1024 };

/* How many of the first rows have the same number of fields, more than one, and that number. */
struct score {
  size_t rows, fields;
};

static struct score best_of(const size_t *counts, size_t rows) {
  struct score best = {0, 0};
  for (size_t i = 0; i < rows; i++) {
    struct score one = {0, counts[i]};
    for (size_t j = 0; j < rows; j++) one.rows += counts[j] == counts[i];
    bool better = one.rows > best.rows || (one.rows == best.rows && one.fields > best.fields);
    if (one.fields > 1 && better) best = one;
  }
  return best;
}

static int try_delimiter(struct csv *csv, struct text input, char delimiter, struct score *ret) {
  struct text beginning = {input.data, input.length < TRIED_BYTES ? input.length : TRIED_BYTES};
  struct csv_row row;
  const char *detail;
  size_t counts[TRIED_ROWS], rows = 0;
  csv->delimiter = delimiter;
  csv_restart(csv, beginning);
  for (int r; rows < TRIED_ROWS && (r = csv_next(csv, &row, &detail)) != CSV_END;) {
    if (r < 0) return r;
    bool cut = csv->offset == beginning.length && beginning.length < input.length && rows != 0;
    if (r == 0 && !cut) counts[rows++] = row.count;
  }
  *ret = best_of(counts, rows);
  return 0;
}

static int find_delimiter(struct csv *csv, struct text input, char *ret_delimiter) {
  static const char delimiters[] = {',', ';', '\t', '|'};
  struct score best = {0, 0};
  size_t looked_at = input.length < TRIED_BYTES ? input.length : TRIED_BYTES;
  *ret_delimiter = ',';
  for (size_t i = 0; i < sizeof(delimiters); i++) {
    struct score score;
    if (looked_at == 0 || memchr(input.data, delimiters[i], looked_at) == NULL) continue;
    int r = try_delimiter(csv, input, delimiters[i], &score);
    if (r < 0) return r;
    if (score.rows < best.rows || (score.rows == best.rows && score.fields <= best.fields)) continue;
    best = score;
    *ret_delimiter = delimiters[i];
  }
  return 0;
}

int csv_open(struct csv *csv, const struct allocator *allocator, struct text input, char delimiter) {
  memset(csv, 0, sizeof(*csv));
  csv->allocator = allocator;
  csv->scratch_size = SCRATCH_SIZE;
  csv->cells = allocate(allocator, CSV_CELLS_MAX * sizeof(*csv->cells));
  csv->scratch = allocate(allocator, SCRATCH_SIZE);
  if (csv->cells == NULL || csv->scratch == NULL) return -ENOMEM;
  int r = delimiter != 0 ? 0 : find_delimiter(csv, input, &delimiter);
  if (r != 0) return r;
  csv->delimiter = delimiter;
  csv_restart(csv, input);
  return 0;
}
