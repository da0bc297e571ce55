/*
 * xlsx_parts.h: what the files xlsx*.c share: an open workbook, and how one part of it is read. Internal.
 */
#ifndef FORMAT_XLSX_PARTS_H
#define FORMAT_XLSX_PARTS_H

#include "connectors/format/archive.h"
#include "connectors/format/xlsx.h"
#include "connectors/format/xml.h"

struct xlsx_bytes { /* on the heap, growing; zeroed: empty */
  char *data;
  size_t length, room;
};

/* Room for `more` bytes behind the length. Returns 0 or -ENOMEM. */
int xlsx_bytes_reserve(struct xlsx_bytes *, size_t more);
int xlsx_bytes_add(struct xlsx_bytes *, struct text);
void xlsx_bytes_free(struct xlsx_bytes *);

enum xlsx_style { XLSX_NUMBER, XLSX_DATE, XLSX_TIME, XLSX_DATE_TIME }; /* bits: a day, a time of day */

struct xlsx_cell {
  uint32_t column;                     /* from 0 */
  uint32_t length : 31, is_shared : 1; /* of its text */
  uint64_t offset;                     /* in `shared` or in `text` */
};

struct xlsx_line { /* a row of the sheet that is read */
  uint32_t number, count;
  uint64_t first; /* of its cells */
};

struct xlsx {
  const struct allocator *allocator;
  struct archive *archive;
  struct allocator heap; /* of the archive … */
  void *document;        /* … and the part that it gave */
  const char *detail;
  bool days_since_1904;
  struct xlsx_sheet {
    struct text name, relation, part; /* the allocator's */
  } sheets[XLSX_SHEETS_MAX];          /* visible ones */
  size_t sheets_count;
  struct text strings_part, styles_part; /* empty: there is none */
  struct xlsx_bytes shared, shared_ends; /* all shared strings, and a size_t for each */
  struct xlsx_bytes styles;              /* an unsigned char of enum xlsx_style for each */
  struct xlsx_bytes lines, cells, text;  /* of the sheet that was selected */
  size_t next_line;
  struct text row[XLSX_COLUMNS_MAX];
};

/* Notes the sentence and returns the result. */
int xlsx_refuse(struct xlsx *, int result, const char *detail);

/* ---- Parts: XML documents in the archive --------------------------------------------------------------- */

struct xlsx_step { /* an element `name` in an element that is `from` is `to`; 0 is outside and unknown */
  unsigned char from, to;
  const char *name;
};

struct xlsx_part {
  const struct xlsx_step *steps; /* ends with a NULL name */
  /* Only for elements that the steps know. Each returns 0, a negative errno or XLSX_E_…; may be NULL. */
  int (*begin)(void *context, const struct xml_reader *, unsigned element);
  int (*text)(void *context, unsigned element, struct text piece);
  int (*end)(void *context, unsigned element);
};

int xlsx_archive_open(struct xlsx *, struct text workbook);
void xlsx_document_free(struct xlsx *);
/* Returns 0, XLSX_E_… or -ENOMEM. */
int xlsx_part_read(struct xlsx *, struct text name, const struct xlsx_part *, void *context);

/* The attribute's value in memory of the allocator; TEXT_NONE when it is not there. */
int xlsx_attribute(struct xlsx *, const struct xml_reader *, const char *name, struct text *ret);

/* Digits to a number of at most `max`; false: anything else. */
bool xlsx_number(struct text, uint32_t max, uint32_t *ret);

/* ---- The parts ----------------------------------------------------------------------------------------- */

int xlsx_workbook_read(struct xlsx *); /* sheets, and where the other parts are */
int xlsx_styles_read(struct xlsx *);
int xlsx_strings_read(struct xlsx *);
int xlsx_sheet_read(struct xlsx *, size_t sheet);

/* The text with each _xHHHH_ as the character that it stands for, made shorter in place. */
void xlsx_unescape(struct xlsx_bytes *, size_t start);

/* What a format shows: enum xlsx_style. */
enum xlsx_style xlsx_style_of_code(struct text code);
enum xlsx_style xlsx_style_builtin(uint32_t id);

enum { XLSX_NUMBER_SIZE = 32 };
/* The text of a number under a style: itself where it is no moment that exists. Returns its length in `out`,
 * or 0: as written. */
size_t xlsx_number_text(struct text number, enum xlsx_style, bool days_since_1904,
                        char out[XLSX_NUMBER_SIZE]);

#endif
