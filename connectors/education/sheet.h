/*
 * sheet.h: rows of a CSV file or of a sheet of a workbook, and rows as records.
 */
#ifndef EDUCATION_SHEET_H
#define EDUCATION_SHEET_H

#include "connectors/education/record.h"
#include "connectors/format/csv.h"
#include "connectors/format/xlsx.h"

#define SHEET_END 1
#define SHEET_E_MALFORMED 2 /* of CSV this row only; of a workbook all that is left */
#define SHEET_E_TOO_LARGE 3

struct sheet_row {
  size_t number, line; /* as the sheet shows it; and the physical line, in a workbook the same */
  struct text bytes;   /* of CSV */
  const struct text *cells;
  size_t count;
};

struct sheet {
  const struct allocator *allocator; /* not the sink's: it outlives hub_release() */
  struct text input;                 /* CSV as UTF-8 */
  struct csv csv;
  struct xlsx *xlsx; /* NULL: CSV */
  size_t number;     /* of the sheet in the workbook, from 0 */
  bool is_open;
  size_t last_row;
};

/* To the first row. Returns 0, -ENOMEM or SHEET_E_… */
int sheet_rewind(struct sheet *, const char **reterr_detail);
int sheet_next(struct sheet *, struct sheet_row *, const char **reterr_detail);

/* Cells up to the last one that holds something. */
size_t cells_filled(const struct text *cells, size_t count);

/* Whether a row of CSV has as many cells as its header, which holds something in the first `width`; empty
 * ones behind do not matter. A workbook leaves out empty cells, so its rows fit. */
bool sheet_row_fits(const struct sheet_row *, size_t width);
extern const char sheet_width_detail[];

struct columns { /* for each field of a table its column from 1; 0: the sheet has none */
  uint16_t at[FIELDS_MAX];
};

/* Finds the fields of the table among the folded cells of a header. Returns the number found when all wanted
 * ones are there, else 0. The first of two equal headers counts. */
size_t columns_find(const struct field_table *, const struct text *folded, size_t count, struct columns *ret);

struct row_source {
  const struct columns *columns;
  const struct sheet_row *row;
  const char *file; /* of a package; NULL: none */
  size_t sheet;     /* number in a workbook of several, from 1; 0: the only one */
};

/* The row as a record; source stays the caller's. Lists are cut at commas. 0 or -ENOMEM. */
int row_record(struct job *, const struct field_table *, const struct row_source *, struct record *ret);

/* `12:4 users.csv row 12 "Ngày sinh"`; name NULL: the row. NULL: no memory. */
const char *row_place(struct job *, const struct row_source *, size_t column, const char *name);

#endif
