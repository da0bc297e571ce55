/*
 * xlsx_sheet.c: the rows of a sheet, read once and kept compactly.
 *
 * Merged ranges stand behind the rows in the document, so that no row can be handed out before the end was
 * seen. Only cells with a text are kept, 16 bytes each beside the text; a shared text is kept as a reference,
 * and what all cells refer to is bounded like what is unpacked, because a sheet can name one long text a
 * million times.
 */
#include "connectors/format/xlsx_parts.h"

#include "connectors/format/inflate.h"

#include <errno.h>

enum { CELLS_MAX = 4 * 1024 * 1024, MERGES_MAX = 65536, MERGED_ROWS_MAX = 16 * 1024 * 1024 };

enum { WORKSHEET = 1, DATA, ROW, CELL, VALUE, INLINE, RUN, TEXT_OF, MERGES, MERGE };

static const struct xlsx_step sheet_steps[] = {
    {CELL, VALUE, "v"},
    {ROW, CELL, "c"},
    {DATA, ROW, "row"},
    {CELL, INLINE, "is"},
    {INLINE, TEXT_OF, "t"},
    {INLINE, RUN, "r"},
    {RUN, TEXT_OF, "t"},
    {0, WORKSHEET, "worksheet"},
    {WORKSHEET, DATA, "sheetData"},
    {WORKSHEET, MERGES, "mergeCells"},
    {MERGES, MERGE, "mergeCell"},
    {0, 0, NULL},
};

struct sheet {
  struct xlsx *xlsx;
  struct xlsx_bytes merges; /* struct range each */
  uint64_t given;           /* bytes of all cells' texts */
  size_t merged_rows;
  uint32_t row, column; /* the open row's number, and the open cell's column, from 1; 0: none yet */
  unsigned style;
  enum { NUMBER, SHARED, BOOLEAN, PLAIN, INLINED } type;
  size_t start; /* of the cell's text */
};

struct range {
  uint32_t first_row, last_row, first_column, last_column; /* from 1 */
};

/* ---- References ---------------------------------------------------------------------------------------- */

/* "B12" to column 2 and row 12; false: anything else. */
static bool read_reference(struct text text, uint32_t *ret_column, uint32_t *ret_row) {
  uint32_t column = 0;
  size_t i = 0;
  for (; i < text.length && i < 3 && text.data[i] >= 'A' && text.data[i] <= 'Z'; i++)
    column = column * 26 + (uint32_t)(text.data[i] - 'A') + 1;
  *ret_column = column;
  return column != 0 && xlsx_number((struct text){text.data + i, text.length - i}, UINT32_MAX, ret_row) &&
         *ret_row != 0;
}

static bool read_range(struct text text, struct range *ret) {
  const char *colon = text.length == 0 ? NULL : memchr(text.data, ':', text.length);
  size_t n = colon == NULL ? text.length : (size_t)(colon - text.data);
  if (!read_reference((struct text){text.data, n}, &ret->first_column, &ret->first_row)) return false;
  struct text last = colon == NULL ? text : (struct text){colon + 1, text.length - n - 1};
  return read_reference(last, &ret->last_column, &ret->last_row) && ret->last_row >= ret->first_row &&
         ret->last_column >= ret->first_column;
}

/* ---- Rows and cells ------------------------------------------------------------------------------------ */

static struct xlsx_line *last_line(struct xlsx *xlsx) {
  return (struct xlsx_line *)(void *)(xlsx->lines.data + xlsx->lines.length) - 1;
}

static int begin_row(struct sheet *sheet, const struct xml_reader *reader) {
  struct text value = TEXT_NONE;
  uint32_t number = sheet->row + 1;
  if (xml_attribute(reader, "r", &value) && !xlsx_number(value, UINT32_MAX, &number))
    return xlsx_refuse(sheet->xlsx, XLSX_E_MALFORMED, "a row without a sound number");
  if (number <= sheet->row) return xlsx_refuse(sheet->xlsx, XLSX_E_MALFORMED, "rows out of order");
  if (number > XLSX_ROWS_MAX) return xlsx_refuse(sheet->xlsx, XLSX_E_TOO_LARGE, "more than 1048576 rows");
  sheet->row = number;
  sheet->column = 0;
  return 0;
}

static int begin_cell(struct sheet *sheet, const struct xml_reader *reader) {
  static const struct {
    const char *name;
    int type;
  } types[] = {{"s", SHARED},          {"b", BOOLEAN}, {"str", PLAIN},
               {"inlineStr", INLINED}, {"e", PLAIN},   {"d", PLAIN}};
  struct text value = TEXT_NONE;
  uint32_t column = sheet->column + 1, row = sheet->row, style = 0;
  if (xml_attribute(reader, "r", &value) && (!read_reference(value, &column, &row) || row != sheet->row))
    return xlsx_refuse(sheet->xlsx, XLSX_E_MALFORMED, "a cell without a sound reference");
  if (column <= sheet->column) return xlsx_refuse(sheet->xlsx, XLSX_E_MALFORMED, "cells out of order");
  sheet->column = column;
  sheet->type = NUMBER;
  if (xml_attribute(reader, "t", &value))
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
      if (text_is(value, types[i].name)) sheet->type = types[i].type;
  sheet->style = XLSX_NUMBER;
  if (xml_attribute(reader, "s", &value) && xlsx_number(value, UINT32_MAX, &style) &&
      style < sheet->xlsx->styles.length)
    sheet->style = (unsigned char)sheet->xlsx->styles.data[style];
  sheet->start = sheet->xlsx->text.length;
  return 0;
}

static int begin_merge(struct sheet *sheet, const struct xml_reader *reader) {
  struct text value = TEXT_NONE;
  struct range range;
  if (!xml_attribute(reader, "ref", &value) || !read_range(value, &range))
    return xlsx_refuse(sheet->xlsx, XLSX_E_MALFORMED, "a merged range that is none");
  if (sheet->merges.length == MERGES_MAX * sizeof(range))
    return xlsx_refuse(sheet->xlsx, XLSX_E_TOO_LARGE, "more than 65536 merged ranges");
  return xlsx_bytes_add(&sheet->merges, (struct text){(const char *)&range, sizeof(range)});
}

static int begin_element(void *context, const struct xml_reader *reader, unsigned element) {
  switch (element) {
    case ROW: return begin_row(context, reader);
    case CELL: return begin_cell(context, reader);
    case MERGE: return begin_merge(context, reader);
    default: return 0;
  }
}

static int text_of_cell(void *context, unsigned element, struct text piece) {
  struct sheet *sheet = context;
  bool wanted = sheet->type == INLINED ? element == TEXT_OF : element == VALUE;
  if (!wanted) return 0;
  if (sheet->xlsx->text.length + piece.length - sheet->start > XLSX_TEXT_MAX)
    return xlsx_refuse(sheet->xlsx, XLSX_E_TOO_LARGE, "a text over 128 KiB");
  return xlsx_bytes_add(&sheet->xlsx->text, piece);
}

/* ---- The cell as a person sees it ---------------------------------------------------------------------- */

static int set_shared(struct sheet *sheet, struct text value, struct xlsx_cell *cell) {
  struct xlsx *xlsx = sheet->xlsx;
  const size_t *ends = (const size_t *)(const void *)xlsx->shared_ends.data;
  uint32_t index = 0;
  size_t count = xlsx->shared_ends.length / sizeof(*ends);
  if (!xlsx_number(value, UINT32_MAX, &index) || index >= count)
    return xlsx_refuse(xlsx, XLSX_E_MALFORMED, "a cell whose shared text is not there");
  size_t start = index == 0 ? 0 : ends[index - 1];
  cell->is_shared = 1;
  cell->offset = start;
  cell->length = (uint32_t)(ends[index] - start) & INT32_MAX;
  xlsx->text.length = sheet->start;
  return 0;
}

static int replace_text(struct sheet *sheet, struct text text) {
  sheet->xlsx->text.length = sheet->start;
  return xlsx_bytes_add(&sheet->xlsx->text, text);
}

/* Brings the text of a cell that is not shared into its form. */
static int set_text(struct sheet *sheet, struct text value, struct xlsx_cell *cell) {
  struct xlsx *xlsx = sheet->xlsx;
  char number[XLSX_NUMBER_SIZE];
  int r = 0;
  if (sheet->type == BOOLEAN && value.length == 1)
    r = replace_text(sheet, value.data[0] == '1' ? TEXT("TRUE") : TEXT("FALSE"));
  else if (sheet->type == NUMBER) {
    size_t length = xlsx_number_text(value, sheet->style, xlsx->days_since_1904, number);
    if (length != 0) r = replace_text(sheet, (struct text){number, length});
  } else xlsx_unescape(&xlsx->text, sheet->start);
  cell->offset = sheet->start;
  cell->length = (uint32_t)(xlsx->text.length - sheet->start) & INT32_MAX;
  return r;
}

static int add_line(struct xlsx *xlsx, uint32_t number) {
  if (xlsx->lines.length != 0 && last_line(xlsx)->number == number) return 0;
  struct xlsx_line line = {.number = number, .first = xlsx->cells.length / sizeof(struct xlsx_cell)};
  return xlsx_bytes_add(&xlsx->lines, (struct text){(const char *)&line, sizeof(line)});
}

static int add_cell(struct sheet *sheet, const struct xlsx_cell *cell) {
  struct xlsx *xlsx = sheet->xlsx;
  if (cell->column >= XLSX_COLUMNS_MAX) return xlsx_refuse(xlsx, XLSX_E_TOO_LARGE, "more than 1024 columns");
  if (xlsx->cells.length == CELLS_MAX * sizeof(*cell))
    return xlsx_refuse(xlsx, XLSX_E_TOO_LARGE, "more than 4 million cells");
  sheet->given += cell->length;
  if (sheet->given > INFLATE_BYTES_MAX)
    return xlsx_refuse(xlsx, XLSX_E_TOO_LARGE, "a sheet with more than 256 MiB of text");
  int r = add_line(xlsx, sheet->row);
  if (r == 0) r = xlsx_bytes_add(&xlsx->cells, (struct text){(const char *)cell, sizeof(*cell)});
  if (r == 0) last_line(xlsx)->count++;
  return r;
}

static int end_element(void *context, unsigned element) {
  struct sheet *sheet = context;
  struct xlsx *xlsx = sheet->xlsx;
  struct xlsx_cell cell = {.column = sheet->column - 1};
  if (element != CELL || xlsx->text.length == sheet->start) return 0;
  struct text value = {xlsx->text.data + sheet->start, xlsx->text.length - sheet->start};
  if (sheet->type != PLAIN && sheet->type != INLINED) value = text_trim(value);
  int r = sheet->type == SHARED ? set_shared(sheet, value, &cell) : set_text(sheet, value, &cell);
  return r != 0 || cell.length == 0 ? r : add_cell(sheet, &cell);
}

/* ---- Merged ranges ------------------------------------------------------------------------------------- */

/* Index of the first row whose number is not below. */
static size_t find_line(const struct xlsx_line *lines, size_t count, uint32_t number) {
  size_t low = 0, high = count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (lines[middle].number < number) low = middle + 1;
    else high = middle;
  }
  return low;
}

/* Empties the range's cells in a row, but for its first. */
static void empty_cells(struct xlsx *xlsx, const struct xlsx_line *line, const struct range *range) {
  struct xlsx_cell *cells = (struct xlsx_cell *)(void *)xlsx->cells.data + line->first;
  size_t low = 0, high = line->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (cells[middle].column + 1 < range->first_column) low = middle + 1;
    else high = middle;
  }
  for (; low < line->count && cells[low].column < range->last_column; low++)
    if (line->number != range->first_row || cells[low].column + 1 != range->first_column)
      cells[low].length = 0;
}

static int merge(struct sheet *sheet) {
  struct xlsx *xlsx = sheet->xlsx;
  const struct range *ranges = (const struct range *)(const void *)sheet->merges.data;
  const struct xlsx_line *lines = (const struct xlsx_line *)(const void *)xlsx->lines.data;
  size_t count = xlsx->lines.length / sizeof(*lines);
  for (size_t i = 0; i < sheet->merges.length / sizeof(*ranges); i++) {
    size_t line = find_line(lines, count, ranges[i].first_row);
    for (; line < count && lines[line].number <= ranges[i].last_row; line++) {
      uint32_t width = ranges[i].last_column - ranges[i].first_column + 1;
      sheet->merged_rows += width < lines[line].count ? width : lines[line].count;
      if (++sheet->merged_rows > MERGED_ROWS_MAX)
        return xlsx_refuse(xlsx, XLSX_E_TOO_LARGE, "merged ranges over each other");
      empty_cells(xlsx, &lines[line], &ranges[i]);
    }
  }
  return 0;
}

int xlsx_sheet_read(struct xlsx *xlsx, size_t index) {
  static const struct xlsx_part part = {sheet_steps, begin_element, text_of_cell, end_element};
  struct sheet sheet = {.xlsx = xlsx};
  xlsx->lines.length = xlsx->cells.length = xlsx->text.length = 0;
  xlsx->next_line = 0;
  int r = xlsx_part_read(xlsx, xlsx->sheets[index].part, &part, &sheet);
  if (r == 0) r = merge(&sheet);
  if (r != 0) xlsx->lines.length = 0;
  xlsx_bytes_free(&sheet.merges);
  return r;
}
