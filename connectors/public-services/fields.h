/*
 * fields.h: members of a JSON object into fields of a message, by tables.
 *
 * A table says for each member that is known under which name it comes, what it is and where in the message
 * it goes. Members that no table names are not looked at, so that nothing is published that nobody decided
 * to publish.
 */
#ifndef PUBLIC_SERVICES_FIELDS_H
#define PUBLIC_SERVICES_FIELDS_H

#include "connectors/format/json.h"
#include "connectors/iochub_connector.h"

#include <stddef.h>

enum field_kind {
  FIELD_TEXT = 1, /* char *: text, number, true or false, as written */
  FIELD_PERSONAL, /* char *: the same through the sink's personal() */
  FIELD_NAME,     /* char *: a text, {name}, or a list of {languageId, name}, of which Vietnamese is taken */
  FIELD_PERSONAL_NAME, /* the same, personal */
  FIELD_TIME,          /* Timestamp *, and at `second` its precision */
  FIELD_CODE,          /* int: the enum's value in `codes`, and at `second` the text as char * */
  FIELD_FLAG,          /* protobuf_c_boolean: true for 1 and true */
  FIELD_LIST,          /* list of messages, `list`; under a second name more of them */
  FIELD_TEXTS,         /* char **: of a list of objects the member called `member` */
  FIELD_NESTED,        /* an object whose members go to the same message by the table `nested` */
  FIELD_MARK,          /* int: becomes `value` when the member is there; the member itself is not read */
};

struct code {
  struct text text;
  int value;
};

struct field_table {
  const struct field *fields;
  size_t count;
};

struct field_list { /* at field.offset stands the pointer, at field.second the count */
  size_t message_size;
  void (*init)(void *message);
  struct field_table table;
};

struct field {
  struct text name;
  enum field_kind kind;
  enum hub_personal_kind personal;
  size_t offset, second;
  bool other_name; /* of a field that an earlier row fills: counts only where that one is empty */
  union {
    const struct code *codes; /* ended by one without text */
    const struct field_list *list;
    const struct field_table *nested;
    const char *member;
    int value;
  };
};

#define FIELD_TABLE(array) \
  { (array), sizeof(array) / sizeof((array)[0]) }

struct crumb { /* where in the payload something stands: a member, or an element of a list */
  const struct crumb *up;
  const char *name; /* NULL: an element */
  size_t index;
};

struct job { /* one call of translate */
  struct hub_sink *sink;
  const struct hub_payload *payload;
  struct allocator allocator;
  struct json_places places;
  int32_t zone_offset_s;
  struct text sender_code;        /* madonvi of the session form */
  size_t list_elements;           /* made so far; bounds what many empty elements cost */
  struct hub_rejection rejection; /* filled in by what returns FIELD_E_REJECTED */
};

#define FIELD_E_REJECTED 1 /* the record cannot be taken: see job.rejection */

/* Reads the members that the table knows into the message. Returns 0, -ENOMEM or FIELD_E_REJECTED. */
int fields_read(struct job *, const struct crumb *, const struct json *object, const struct field_table *,
                void *message);

/* A scalar's text, trimmed; empty for null and for the text "null". FIELD_E_REJECTED for an object or array.
 */
int fields_text(struct job *, const struct crumb *, const struct json *value, struct text *ret);

/* A terminated copy; FIELD_E_REJECTED when it holds NUL, -ENOMEM. */
int fields_string(struct job *, const struct crumb *, const struct json *value, struct text, char **ret);

/* Notes why the record at hand is refused. Returns FIELD_E_REJECTED or -ENOMEM. */
int fields_reject(struct job *, enum hub_reject_code, const struct crumb *, const struct json *value,
                  const char *detail);

/* "line:col /data/0/MaHoSo"; NULL: no memory. */
const char *fields_place(struct job *, const struct crumb *, size_t offset);

#endif
