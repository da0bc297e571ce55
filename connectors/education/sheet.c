/*
 * sheet.c: see sheet.h. A place names a column by the table's own word for it, never by the sheet's.
 */
#include "connectors/education/sheet.h"

#include <errno.h>

/* ---- Rows ---- */

static int verdict_of(int xlsx_result) {
  switch (xlsx_result) {
    case XLSX_END: return SHEET_END;
    case XLSX_E_TOO_LARGE: return SHEET_E_TOO_LARGE;
    case XLSX_E_MALFORMED:
    case XLSX_E_UNSUPPORTED: return SHEET_E_MALFORMED;
    default: return xlsx_result;
  }
}

int sheet_rewind(struct sheet *sheet, const char **reterr_detail) {
  bool again = sheet->is_open;
  sheet->last_row = 0;
  sheet->is_open = true;
  if (!again && sheet->xlsx != NULL)
    return verdict_of(xlsx_select(sheet->xlsx, sheet->number, reterr_detail));
  if (!again) return csv_open(&sheet->csv, sheet->allocator, sheet->input, 0);
  if (sheet->xlsx != NULL) xlsx_restart(sheet->xlsx);
  else csv_restart(&sheet->csv, sheet->input);
  return 0;
}

static int next_of_workbook(struct sheet *sheet, struct sheet_row *ret, const char **reterr_detail) {
  struct xlsx_row row;
  int r = verdict_of(xlsx_next(sheet->xlsx, &row, reterr_detail));
  *ret = (struct sheet_row){.number = sheet->last_row + 1, .line = sheet->last_row + 1};
  if (r != 0) return r;
  *ret = (struct sheet_row){row.number, row.number, TEXT_NONE, row.cells, row.count};
  return 0;
}

int sheet_next(struct sheet *sheet, struct sheet_row *ret, const char **reterr_detail) {
  struct csv_row row = {0};
  int r;
  if (sheet->xlsx != NULL) {
    r = next_of_workbook(sheet, ret, reterr_detail);
  } else {
    r = csv_next(&sheet->csv, &row, reterr_detail);
    *ret = (struct sheet_row){row.number, row.line, row.bytes, row.cells, row.count};
    r = r == CSV_END ? SHEET_END : r == CSV_E_MALFORMED ? SHEET_E_MALFORMED : r;
  }
  sheet->last_row = ret->number;
  return r;
}

/* ---- Columns ---- */

const char sheet_width_detail[] = "the row has another number of cells than the header";

size_t cells_filled(const struct text *cells, size_t count) {
  while (count != 0 && text_trim(cells[count - 1]).length == 0) count--;
  return count;
}

bool sheet_row_fits(const struct sheet_row *row, size_t width) {
  return row->bytes.data == NULL || (row->count >= width && cells_filled(row->cells, row->count) <= width);
}

static bool is_one_of(const char *headers, struct text cell) {
  for (const char *p = headers;;) {
    const char *end = strchrnul(p, '|');
    if (text_equal((struct text){p, (size_t)(end - p)}, cell)) return true;
    if (*end == 0) return false;
    p = end + 1;
  }
}

static size_t field_of(const struct field_table *table, const struct columns *taken, struct text cell) {
  for (size_t i = 0; i < table->count; i++)
    if (taken->at[i] == 0 && table->fields[i].headers != NULL && is_one_of(table->fields[i].headers, cell))
      return i;
  return RECORD_WHOLE;
}

static bool has_wanted(const struct field_table *table, const struct columns *columns) {
  for (size_t i = 0; i < table->count; i++) {
    bool there = table->fields[i].wanted == 0;
    for (size_t j = 0; j < table->count && !there; j++)
      there = table->fields[j].wanted == table->fields[i].wanted && columns->at[j] != 0;
    if (!there) return false;
  }
  return true;
}

size_t columns_find(const struct field_table *table, const struct text *folded, size_t count,
                    struct columns *ret) {
  size_t found = 0;
  *ret = (struct columns){0};
  for (size_t i = 0; i < count; i++) {
    size_t field = folded[i].length == 0 ? RECORD_WHOLE : field_of(table, ret, folded[i]);
    if (field == RECORD_WHOLE) continue;
    ret->at[field] = (uint16_t)(i + 1);
    found++;
  }
  return has_wanted(table, ret) ? found : 0;
}

/* ---- Rows as records ---- */

static struct text cell_of(const struct row_source *source, size_t field) {
  size_t column = source->columns->at[field];
  if (column == 0 || column > source->row->count) return TEXT_NONE;
  return text_trim(source->row->cells[column - 1]);
}

/* {type:id} as OneRoster writes ids of other systems. */
static struct text without_type(struct text text) {
  if (text.length < 2 || text.data[0] != '{' || text.data[text.length - 1] != '}') return text;
  const char *colon = memchr(text.data, ':', text.length);
  const char *from = colon == NULL ? text.data + 1 : colon + 1;
  return text_trim((struct text){from, (size_t)(text.data + text.length - 1 - from)});
}

static struct text part_of(struct text list, size_t index) {
  const char *p = list.data, *end = list.data + list.length;
  for (; index != 0 && p != NULL; index--) {
    p = memchr(p, ',', (size_t)(end - p));
    if (p != NULL) p++;
  }
  if (p == NULL) return TEXT_NONE;
  const char *comma = memchr(p, ',', (size_t)(end - p));
  return without_type(text_trim((struct text){p, (size_t)((comma == NULL ? end : comma) - p)}));
}

static bool is_null_word(struct text text) { return text_is(text, "null") || text_is(text, "NULL"); }

static int get_cell(const struct record *record, size_t field, size_t index, struct text *ret) {
  enum field_kind kind = record->table->fields[field].kind;
  struct text cell = cell_of(record->source, field);
  if (is_null_word(cell)) cell = TEXT_NONE;
  if (kind == FIELD_TEXTS || kind == FIELD_PERSONAL_TEXTS)
    *ret = cell.length == 0 ? TEXT_NONE : part_of(cell, index);
  else *ret = index == 0 ? cell : TEXT_NONE;
  return 0;
}

/* Of a cell that stands in the row's own bytes; a cell that had quotes doubled stands elsewhere. */
static void find_in_row(const struct sheet_row *row, size_t column, size_t *line, size_t *col) {
  *line = row->line;
  *col = row->bytes.data == NULL && column != 0 ? column : 1;
  if (column == 0 || column > row->count || row->bytes.data == NULL) return;
  const char *cell = row->cells[column - 1].data;
  uintptr_t from = (uintptr_t)row->bytes.data, at = (uintptr_t)cell;
  if (cell == NULL || at < from || at - from > row->bytes.length) return;
  text_place(row->bytes.data, row->bytes.length, at - from, line, col);
  *line += row->line - 1;
}

/* ---- Places: written for every record, so by hand ---- */

enum { PLACE_SIZE = 256 };

struct line {
  char *data;
  size_t length;
};

static void put(struct line *line, const char *text) {
  size_t length = strlen(text), room = PLACE_SIZE - 1 - line->length;
  if (length > room) length = room;
  memcpy(line->data + line->length, text, length);
  line->length += length;
}

static void put_number(struct line *line, size_t number) {
  char digits[24] = "";
  size_t first = sizeof(digits) - 1;
  do digits[--first] = (char)('0' + number % 10);
  while ((number /= 10) != 0);
  put(line, digits + first);
}

const char *row_place(struct job *job, const struct row_source *source, size_t column, const char *name) {
  struct line at = {hub_alloc(job->sink, PLACE_SIZE), 0};
  size_t line, col;
  if (at.data == NULL) return NULL;
  find_in_row(source->row, column, &line, &col);
  put_number(&at, line);
  put(&at, ":");
  put_number(&at, col);
  if (source->file != NULL) put(&at, " "), put(&at, source->file);
  if (source->sheet != 0) put(&at, " sheet "), put_number(&at, source->sheet);
  put(&at, " row ");
  put_number(&at, source->row->number);
  if (name != NULL) put(&at, " \""), put(&at, name), put(&at, "\"");
  return at.data;
}

static const char *place_cell(const struct record *record, size_t field) {
  const struct row_source *source = record->source;
  if (field == RECORD_WHOLE) return row_place(record->job, source, 0, NULL);
  return row_place(record->job, source, source->columns->at[field], record->table->fields[field].name);
}

/* A row of a workbook is no slice of the payload: its cells stand for it. */
static int join_cells(struct job *job, const struct sheet_row *row, struct text *ret) {
  size_t length = row->count, at = 0;
  for (size_t i = 0; i < row->count; i++) length += row->cells[i].length;
  char *made = hub_alloc(job->sink, length + 1);
  if (made == NULL) return -ENOMEM;
  for (size_t i = 0; i < row->count; i++) {
    if (row->cells[i].length != 0) memcpy(made + at, row->cells[i].data, row->cells[i].length);
    at += row->cells[i].length;
    made[at++] = '\x1f';
  }
  *ret = (struct text){made, at};
  return 0;
}

int row_record(struct job *job, const struct field_table *table, const struct row_source *source,
               struct record *ret) {
  *ret = (struct record){job, table, source->row->bytes, get_cell, place_cell, source};
  return ret->bytes.data != NULL ? 0 : join_cells(job, source->row, &ret->bytes);
}
