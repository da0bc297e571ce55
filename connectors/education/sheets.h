/*
 * sheets.h: a payload that is a CSV file or a workbook.
 */
#ifndef EDUCATION_SHEETS_H
#define EDUCATION_SHEETS_H

#include "connectors/education/sheet.h"
#include "connectors/education/tally.h"

enum { HEADER_ROWS = 12, HEAD_ROWS_MAX = HEADER_ROWS + 2 };

struct head { /* the first rows of a sheet, which titles and header are among */
  struct {
    size_t number;
    struct text *cells, *folded;
    size_t count;
  } rows[HEAD_ROWS_MAX];
  size_t count;
  size_t wrong; /* number of the row that could not be read; 0: none */
  size_t wrong_line;
  int wrong_as; /* SHEET_E_… */
  const char *wrong_detail;
};

struct results; /* what the header of a results sheet says of its columns */

/* Whether the head has the header of a results sheet; then *ret says what its columns are, else it is NULL.
 * 0 or -ENOMEM. */
int results_recognise(const struct allocator *, const struct head *, struct text sheet_name,
                      struct results **ret, size_t *ret_last_row);

/* Counts one row, or refuses it at its place. 0 or a negative errno. */
int results_count(struct job *, struct results *, struct tally *, const struct sheet_row *, size_t sheet);

/* What titles above the header say, then the name of the sheet. */
struct titles {
  struct text school_year, period;
};
int titles_read(const struct allocator *, const struct head *, size_t header_row, struct text sheet_name,
                struct titles *ret);

int sheets_translate_csv(const struct education *, const struct hub_payload *, struct hub_sink *);
int sheets_translate_workbook(const struct education *, const struct hub_payload *, struct hub_sink *);

#endif
