/*
 * members.h: members of a JSON object into fields of a message, by tables.
 *
 * Only members that a table names are looked at, so that nothing is published that nobody decided to publish.
 */
#ifndef BORDER_GATE_MEMBERS_H
#define BORDER_GATE_MEMBERS_H

#include "connectors/border-gate/facts.h"
#include "connectors/format/json.h"

#include <stddef.h>

enum member_kind {
  MEMBER_TEXT = 1, /* char *: text, number, true or false as written */
  MEMBER_PERSONAL, /* char *: the same through the sink's personal(), of kind `personal` */
  MEMBER_DECIMAL,  /* char *: a number not below zero, times ten to the power of `shift`; at `second`, if not
                      0, the text as given */
  MEMBER_TIME,     /* Timestamp *, and at `second` its precision */
  MEMBER_CODE,     /* int: the value in `codes`, and at `second` the text as char * */
  MEMBER_ANSWER,   /* int: ANSWER_YES or ANSWER_NO */
  MEMBER_TEXTS,    /* char **, and at `second` their number: a list of texts, or one text split at , ; / */
  MEMBER_LIST,     /* messages, and at `second` their number: a list of objects, by `list` */
  MEMBER_INTO,     /* an object whose members go to the same message by the table `into` */
};

struct member_table {
  const struct member *members;
  size_t count;
};

struct job;
struct crumb;

struct member_list {
  size_t message_size;
  void (*init)(void *message);
  struct member_table table;
  /* After the table's members: what a table cannot say. May be NULL. */
  int (*finish)(struct job *, const struct crumb *, const struct json *object, void *message);
  const char *text_member; /* an element that is a plain text is read as this member; NULL: it is refused */
};

struct member {
  struct text name;
  enum member_kind kind;
  enum hub_personal_kind personal; /* PERSONAL, TEXTS; 0: none */
  size_t offset, second;
  union {
    int shift;
    const struct code *codes;
    const struct member_list *list;
    const struct member_table *into;
  };
};

#define MEMBER_TABLE(array) \
  { (array), sizeof(array) / sizeof((array)[0]) }

struct crumb { /* where in the JSON text something stands: a member, or an element of a list */
  const struct crumb *up;
  const char *name; /* NULL: an element */
  size_t index;
};

struct job { /* one JSON text */
  struct hub_sink *sink;
  struct allocator allocator;
  const char *origin; /* where in the payload the text begins; offsets of values count from here */
  size_t line;        /* of a text that is a line of the payload, from 1; 0: it is the payload */
  struct json_places places;
  int32_t zone_offset_s;
  size_t list_elements;           /* made so far; bounds what many empty elements cost */
  struct hub_rejection rejection; /* filled in by what returns MEMBER_E_REJECTED */
};

#define MEMBER_E_REJECTED 1 /* the record cannot be taken: see job.rejection */

/* Reads what the table knows. Returns 0, -ENOMEM or MEMBER_E_REJECTED, as all below. */
int members_read(struct job *, const struct crumb *, const struct json *object, const struct member_table *,
                 void *message);

/* A scalar's text, trimmed; empty for null and for the texts "null" and "undefined". */
int member_text(struct job *, const struct crumb *, const struct json *value, struct text *ret);

/* The member of that name of the object that holds `value`; mostly it is the next one. */
const struct json *member_beside(const struct json *object, const struct json *value, const char *name);

/* Whether a flag is set: true, 1, "true", "True". Absent, null and empty are false. */
int member_flag(struct job *, const struct crumb *, const struct json *value, bool *ret);

/* A time; *ret stays NULL when there is none. */
int member_time(struct job *, const struct crumb *, const struct json *value,
                Google__Protobuf__Timestamp **ret_time, Ioc__Bordergate__V1__TimePrecision *ret_precision);

/* A terminated copy, checked for NUL. */
int member_string(struct job *, const struct crumb *, const struct json *value, struct text, char **ret);

/* Notes why the record at hand is refused. Returns MEMBER_E_REJECTED or -ENOMEM. */
int member_reject(struct job *, enum hub_reject_code, const struct crumb *, const struct json *value,
                  const char *detail);

/* "line:col /data/0/id"; NULL: no memory. */
const char *member_place(struct job *, const struct crumb *, size_t offset);

#endif
