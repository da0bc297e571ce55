/*
 * record.h: one object or row of a payload, and the tables by which it becomes a message.
 *
 * A record gives its fields by their place in a table, whatever form it came in: a row of a sheet by the
 * columns that the header was found to have, an object of JSON by its members. The same table so reads both.
 * What no table names is not looked at.
 */
#ifndef EDUCATION_RECORD_H
#define EDUCATION_RECORD_H

#include "connectors/education/education.h"

enum field_kind {
  FIELD_UNUSED = 1,     /* known, but goes to no message; others ask for it by its place in the table */
  FIELD_TEXT,           /* char * */
  FIELD_TEXTS,          /* char **, and at `second` their number */
  FIELD_PERSONAL,       /* char *, of the kind `personal` */
  FIELD_PERSONAL_TEXTS, /* char **, likewise */
  FIELD_BIRTH,          /* char *, a day or a year; personal */
  FIELD_BIRTH_MONTH_FIRST,
  FIELD_DAY, /* Timestamp *, first moment of a day */
  FIELD_DAY_MONTH_FIRST,
  FIELD_TIME,   /* Timestamp * */
  FIELD_CODE,   /* int: the enum's value in `codes`, and at `second` the text as char * */
  FIELD_MEMBER, /* int *: `value` joins the list when the field is true, and at `second` their number */
};

struct code {
  const char *folded; /* NFC, upper case; with * behind it the beginning suffices. NULL ends the list */
  int value;
};

struct field {
  const char *name;    /* as places show it */
  const char *headers; /* folded headers with | between them; NULL: not in sheets */
  const char *member;  /* name in JSON; NULL: `name` */
  enum field_kind kind;
  enum hub_personal_kind personal;
  size_t offset, second;
  union {
    const struct code *codes;
    int value;
  };
  char wanted; /* columns without which a sheet is not of this kind: one of each letter */
};

enum { FIELDS_MAX = 40 };

struct field_table {
  const struct field *fields;
  size_t count; /* at most FIELDS_MAX */
};

#define FIELD_TABLE(array) \
  { (array), sizeof(array) / sizeof((array)[0]) }

#define RECORD_WHOLE SIZE_MAX /* no field: the record itself */
#define RECORD_E_REJECTED 1   /* the record cannot be taken: see job.rejection */

struct record {
  struct job *job;
  const struct field_table *table;
  struct text bytes; /* what the record was made of */
  /* The index-th value of a field, trimmed and without NUL; of a field that is no list only index 0. Empty:
   * no such. Returns 0, -ENOMEM or RECORD_E_REJECTED. */
  int (*get)(const struct record *, size_t field, size_t index, struct text *ret);
  /* Where it stands; NULL: no memory. */
  const char *(*place)(const struct record *, size_t field);
  const void *source; /* of get and place */
};

/* Reads the fields of the record's table into the message, whose texts are empty strings where none is set.
 * Where several rows of the table fill one field, the first that holds something counts. Returns 0, -ENOMEM
 * or RECORD_E_REJECTED. */
int record_read(const struct record *, void *message);

/* Notes why the record is refused. Returns RECORD_E_REJECTED or -ENOMEM. */
int record_reject(const struct record *, enum hub_reject_code, size_t field, const char *detail);

/* Gives what record_reject() noted to the sink. Returns 0 or a negative errno. */
int record_refuse(const struct record *, struct text key);

/* The field of that name, or RECORD_WHOLE. */
size_t field_find(const struct field_table *, const char *name);

#endif
