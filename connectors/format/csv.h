/*
 * csv.h: comma-separated values (RFC 4180) as they are really sent, row by row.
 *
 * Input is UTF-8 (charset.h makes it so); a byte order mark in front is skipped. The delimiter is given, or
 * found among `,` `;` tab and `|` from the first rows. A field in quotes may hold delimiters, doubled quotes
 * and line ends; CRLF, LF and CR end a row. Nothing is kept between rows: a file of any size costs one row.
 *
 * A quote inside an unquoted field is that character. Anything behind a closing quote but a delimiter or a
 * line end, a NUL, invalid UTF-8, an open quote at the end of the input, a field over CSV_FIELD_MAX, a row
 * over CSV_ROW_MAX and more than CSV_CELLS_MAX fields are rows that cannot be read: they come out as CSV_E_…
 * with their place, and reading goes on with the next row (an open quote, with the end).
 */
#ifndef FORMAT_CSV_H
#define FORMAT_CSV_H

#include "connectors/format/text.h"

enum { CSV_CELLS_MAX = 1024, CSV_FIELD_MAX = 1024 * 1024, CSV_ROW_MAX = 16 * 1024 * 1024 };

struct csv { /* to be looked at only */
  struct text input;
  char delimiter;
  size_t offset;      /* of the next row */
  size_t row_number;  /* of the last row, from 1; empty lines count, so that it is what a sheet shows */
  size_t line;        /* physical line on which the next row begins, from 1 */
  struct text *cells; /* CSV_CELLS_MAX of them, from the allocator */
  char *scratch;      /* for fields with doubled quotes; valid until the next row */
  size_t scratch_size;
  const struct allocator *allocator;
  /* The 64 bytes of the input at `block`: which of them mean something and are not done with, and whether
   * any is not ASCII. */
  size_t block;
  uint64_t special;
  bool high;
};

struct csv_row {
  size_t number;            /* of the row, from 1, empty ones counted */
  size_t line;              /* on which it begins */
  struct text bytes;        /* the row in the input, without its line end */
  const struct text *cells; /* valid until the next csv_next() */
  size_t count;
};

/* delimiter 0: found, a comma when the first rows hold none. Memory for a row is taken here; only a row with
 * more than 16 KiB in fields with doubled quotes takes more, which it needs until the next row. Returns 0 or
 * -ENOMEM. */
int csv_open(struct csv *, const struct allocator *, struct text input, char delimiter);

/* To the rows of another input, with the same delimiter and memory. */
void csv_restart(struct csv *, struct text input);

#define CSV_END 1
/* This row; ret_row has number, line and bytes, *reterr_detail a constant sentence. */
#define CSV_E_MALFORMED 2
#define CSV_E_TOO_LARGE 3 /* likewise */

/* The next row with a cell that holds more than white space. Returns 0, CSV_…, or -ENOMEM. */
int csv_next(struct csv *, struct csv_row *ret_row, const char **reterr_detail);

#endif
