/*
 * descriptor_set.h: a FileDescriptorSet read into schema types. Only schema.c uses it.
 */
#ifndef CORE_MESSAGE_DESCRIPTOR_SET_H
#define CORE_MESSAGE_DESCRIPTOR_SET_H

#include "core/arena.h"
#include "core/message/schema.h"

struct set_message {          /* one message type while its set is read */
  struct set_message *next;   /* of the set, in file order */
  struct set_message *parent; /* NULL: stands in a file */
  uint32_t index;             /* in its parent or file */
  struct schema_message *type;
  struct schema_field *fields;          /* type->fields */
  struct text *type_names;              /* of each field: ".ioc.edoc.v1.Document", or empty */
  uint32_t *indexes;                    /* of each field: its place in the file, for comments */
  enum { UNSEEN, ENTERED, DONE } state; /* of the search for recursion */
  struct set_message **uses;            /* of each field: the message of this set that it holds, or NULL */
};

struct set_enum {
  struct set_enum *next;
  struct schema_enum *type;
};

struct set_file {
  struct set_file *next;
  const char *name;
};

struct descriptor_set { /* all that one set adds, not yet part of the schema */
  struct arena *arena;
  const struct schema *known;
  struct set_file *files;
  struct set_message *messages, **last_message;
  struct set_enum *enums;
  size_t messages_count, enums_count;
  const char *reason; /* why it is refused */
};

/* SCHEMA_E_INVALID: set->reason says why. */
int descriptor_set_read(struct descriptor_set *, struct text bytes) must_use;

/* Lookups in what the schema already holds. */
bool schema_has_file(const struct schema *, const char *name);
const struct schema_enum *schema_enum(const struct schema *, const char *full_name);

#endif
