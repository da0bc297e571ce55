/*
 * members.h: members of a JSON object into fields of a message, by tables.
 *
 * A table says for each member that is known under which name it comes, what it is and where in the message
 * it goes. Members that no table names are not looked at, so that nothing is published that nobody decided
 * to publish.
 */
#ifndef MEMBERS_MEMBERS_H
#define MEMBERS_MEMBERS_H

#include "connectors/format/code.h"
#include "connectors/members/job.h"
#include "connectors/members/timestamp.h"

enum member_kind {
  MEMBER_TEXT = 1, /* char *: text, number, true or false, as written */
  MEMBER_PERSONAL, /* char *: the same through the sink's personal(), of kind `personal` */
  MEMBER_NAME,     /* char *: a text, {name}, or a list of {languageId, name}, of which Vietnamese is taken */
  MEMBER_PERSONAL_NAME, /* the same, personal */
  MEMBER_DECIMAL, /* char *: a number not below zero, times ten to the power of `shift`; at `second`, if not
                     0, the text as given */
  MEMBER_TIME,    /* Timestamp *, and at `second` its precision */
  MEMBER_CODE,    /* int: the enum's value in `codes`, and at `second` the text as char * */
  MEMBER_FLAG,    /* protobuf_c_boolean: true for 1 and true, else false */
  MEMBER_ANSWER,  /* int: `answers` for no and for yes; what is neither refuses the record */
  MEMBER_TEXTS,   /* char **, and at `second` their number: a list of texts, or one text split at , ; / and
                     line feeds; with `member`: a list of objects that have it */
  MEMBER_LIST,    /* messages, and at `second` their number: a list of objects, by `list` */
  MEMBER_NESTED,  /* an object whose members go to the same message by the table `nested` */
  MEMBER_MARK,    /* int: becomes `value` when the member is there; the member itself is not read */
};

struct member_table {
  const struct member *members;
  size_t count;
};

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
  bool other_name; /* another row fills the same field: counts only where that is empty; a list adds to it */
  union {
    int shift, value;
    int answers[2];
    const struct code *codes;
    const struct member_list *list;
    const struct member_table *nested;
    const char *member;
  };
};

#define MEMBER_TABLE(array) \
  { (array), sizeof(array) / sizeof((array)[0]) }

/* Reads the members that the table knows. Returns 0, -ENOMEM or MEMBER_E_REJECTED, as all below. */
int members_read(struct job *, const struct crumb *, const struct json *object, const struct member_table *,
                 void *message);

struct member_sign { /* a member that tells what an object is */
  struct text name;
  int shape; /* not 0 */
};

/* The shape of the first sign in the table that the object has, in whatever order its members stand; 0: it
 * has none. */
int members_tell(const struct json *object, const struct member_sign *, size_t count);

/* ---- Single values ---- */

/* A scalar's text, trimmed; empty for null and for the texts "null" and "undefined". */
int member_text(struct job *, const struct crumb *, const struct json *value, struct text *ret);

/* A terminated copy; a NUL refuses the record. */
int member_string(struct job *, const struct crumb *, const struct json *value, struct text, char **ret);

/* The same through the sink's personal(). */
int member_personal(struct job *, const struct crumb *, const struct json *value, struct text,
                    enum hub_personal_kind, char **ret);

/* The text of a member that identifies a record: no more than 200 bytes, else too_long refuses it. Empty
 * when it is absent. */
int member_id(struct job *, const struct crumb *, const struct json *object, const char *name,
              const char *too_long, struct text *ret);

/* Whether a flag is set. Absent, null and empty are false; what is neither true nor false nor 1 nor 0
 * refuses the record. */
int member_flag(struct job *, const struct crumb *, const struct json *value, bool *ret);

/* A time; *ret_time stays as it is when there is none. ret_precision: an enum of the connector's with the
 * values of enum time_precision. */
int member_time(struct job *, const struct crumb *, const struct json *value,
                Google__Protobuf__Timestamp **ret_time, void *ret_precision);

/* The member of that name of the object that holds `value`; mostly it is the next one. */
const struct json *member_beside(const struct json *object, const struct json *value, const char *name);

/* A scalar of the table, see enum member_kind. */
int member_read_scalar(struct job *, const struct crumb *, const struct json *value, const struct member *,
                       char *message);

#endif
