/*
 * xlsx.h: a sheet of an Office Open XML workbook (ECMA-376), row by row.
 *
 * What a cell holds is a text as a person sees it, as far as that can be known: shared, inline and formula
 * strings, numbers by their own text, booleans TRUE and FALSE, and dates (a number under a date format, in
 * the 1900 or 1904 system) as yyyy-MM-dd, yyyy-MM-ddTHH:mm:ss or, under a format of hours alone, HH:mm:ss. A
 * serial that is no day (the false 29 February 1900, a negative one) stays a number. Cells of a merge but its
 * first are empty.
 *
 * Bounds: entries, bytes out of each entry and in all, ratio (archive.h), rows, columns, 2 Mi shared strings,
 * 4 Mi cells with a text, 128 KiB a text and 256 MiB all texts of a sheet; a workbook over one of them is
 * XLSX_E_TOO_LARGE. Macros and external links are never looked at; a DOCTYPE is refused.
 */
#ifndef FORMAT_XLSX_H
#define FORMAT_XLSX_H

#include "connectors/format/text.h"

enum { XLSX_SHEETS_MAX = 256, XLSX_ROWS_MAX = 1048576, XLSX_COLUMNS_MAX = 1024, XLSX_TEXT_MAX = 128 * 1024 };

#define XLSX_END 1
#define XLSX_E_MALFORMED 2   /* no workbook, or a broken one */
#define XLSX_E_UNSUPPORTED 3 /* encrypted, or the old binary .xls */
#define XLSX_E_TOO_LARGE 4

struct xlsx; /* an open workbook; from the allocator, which must not release it, but xlsx_close() must follow
              */

struct xlsx_row {
  size_t number;            /* as the sheet shows it, from 1 */
  const struct text *cells; /* by column from A; valid until the next xlsx_next(), their texts until
                             * the next xlsx_select() */
  size_t count;             /* up to the last cell that is not empty; a row without any is not given */
};

/* Whether the bytes begin like a zip archive (PK\3\4). */
bool xlsx_looks_like(struct text);

/* Returns 0, XLSX_E_… with a constant sentence, or -ENOMEM. */
int xlsx_open(const struct allocator *, struct text workbook, struct xlsx **ret, const char **reterr_detail);
void xlsx_close(struct xlsx *);

size_t xlsx_sheets(const struct xlsx *); /* visible sheets, in the order of the workbook */
struct text xlsx_sheet_name(const struct xlsx *, size_t sheet);

/* Reads a sheet, to begin with its first row; one that was read before counts again towards the bounds.
 * Returns 0, XLSX_E_… or -ENOMEM. */
int xlsx_select(struct xlsx *, size_t sheet, const char **reterr_detail);

/* Back to the first row of the sheet that was selected last; costs nothing. */
void xlsx_restart(struct xlsx *);

/* Returns 0, XLSX_END, XLSX_E_… or -ENOMEM. */
int xlsx_next(struct xlsx *, struct xlsx_row *ret_row, const char **reterr_detail);

#endif
