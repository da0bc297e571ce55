/*
 * xlsx.c: an open workbook: its sheets by name, and the rows of the one that was selected.
 *
 * The readers of parts push; rows are pulled. Between them stands the selected sheet, whole and compact, as
 * xlsx_sheet.c keeps it.
 */
#include "connectors/format/xlsx_parts.h"

#include <errno.h>
#include <stdlib.h>

bool xlsx_looks_like(struct text bytes) { return bytes.length >= 4 && memcmp(bytes.data, "PK\3\4", 4) == 0; }

/* A compound file: the old .xls, or a workbook under a password. */
static bool is_compound(struct text bytes) {
  return bytes.length >= 8 && memcmp(bytes.data, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8) == 0;
}

int xlsx_open(const struct allocator *allocator, struct text workbook, struct xlsx **ret,
              const char **reterr_detail) {
  *reterr_detail = "an encrypted workbook, or one in the old binary form";
  if (is_compound(workbook)) return XLSX_E_UNSUPPORTED;
  struct xlsx *xlsx = allocate(allocator, sizeof(*xlsx));
  if (xlsx == NULL) return -ENOMEM;
  xlsx->allocator = allocator;
  int r = xlsx_archive_open(xlsx, workbook);
  if (r == 0) r = xlsx_workbook_read(xlsx);
  if (r == 0) r = xlsx_styles_read(xlsx);
  if (r == 0) r = xlsx_strings_read(xlsx);
  if (r == 0) {
    *ret = xlsx;
    return 0;
  }
  *reterr_detail = xlsx->detail;
  xlsx_close(xlsx);
  return r;
}

void xlsx_close(struct xlsx *xlsx) {
  if (xlsx == NULL) return;
  archive_close(xlsx->archive);
  xlsx_document_free(xlsx);
  xlsx_bytes_free(&xlsx->shared);
  xlsx_bytes_free(&xlsx->shared_ends);
  xlsx_bytes_free(&xlsx->styles);
  xlsx_bytes_free(&xlsx->lines);
  xlsx_bytes_free(&xlsx->cells);
  xlsx_bytes_free(&xlsx->text);
}

size_t xlsx_sheets(const struct xlsx *xlsx) { return xlsx->sheets_count; }

struct text xlsx_sheet_name(const struct xlsx *xlsx, size_t sheet) {
  return xlsx->sheets[sheet].name;
}

int xlsx_select(struct xlsx *xlsx, size_t sheet, const char **reterr_detail) {
  int r = xlsx_sheet_read(xlsx, sheet);
  if (r > 0) *reterr_detail = xlsx->detail;
  return r;
}

void xlsx_restart(struct xlsx *xlsx) { xlsx->next_line = 0; }

/* Spreads the row's cells over their columns; returns the number of the last that is not empty. */
static size_t fill_row(struct xlsx *xlsx, const struct xlsx_line *line) {
  const struct xlsx_cell *cells = (const struct xlsx_cell *)(const void *)xlsx->cells.data + line->first;
  size_t count = 0;
  for (size_t i = 0; i < line->count; i++) {
    if (cells[i].length == 0) continue;
    while (count < cells[i].column) xlsx->row[count++] = TEXT_NONE;
    const char *base = cells[i].is_shared ? xlsx->shared.data : xlsx->text.data;
    xlsx->row[count++] = (struct text){base + cells[i].offset, cells[i].length};
  }
  return count;
}

int xlsx_next(struct xlsx *xlsx, struct xlsx_row *ret_row, const char **reterr_detail) {
  const struct xlsx_line *lines = (const struct xlsx_line *)(const void *)xlsx->lines.data;
  while (xlsx->next_line < xlsx->lines.length / sizeof(*lines)) {
    const struct xlsx_line *line = &lines[xlsx->next_line++];
    size_t count = fill_row(xlsx, line);
    if (count == 0) continue;
    *ret_row = (struct xlsx_row){.number = line->number, .cells = xlsx->row, .count = count};
    return 0;
  }
  return XLSX_END;
}
