/*
 * schema.h: message types as data, read from a FileDescriptorSet (NAME.binpb).
 *
 * After emit a message is bytes and a full name. All that core does with it (check, route, print) uses this
 * and the wire walker; no connector code is loaded for it.
 */
#ifndef CORE_MESSAGE_SCHEMA_H
#define CORE_MESSAGE_SCHEMA_H

#include "connectors/iochub_connector.h"
#include "core/base.h"

/* As in FieldDescriptorProto.Type. */
enum schema_type {
  SCHEMA_DOUBLE = 1,
  SCHEMA_FLOAT,
  SCHEMA_INT64,
  SCHEMA_UINT64,
  SCHEMA_INT32,
  SCHEMA_FIXED64,
  SCHEMA_FIXED32,
  SCHEMA_BOOL,
  SCHEMA_STRING,
  SCHEMA_GROUP,
  SCHEMA_MESSAGE,
  SCHEMA_BYTES,
  SCHEMA_UINT32,
  SCHEMA_ENUM,
  SCHEMA_SFIXED32,
  SCHEMA_SFIXED64,
  SCHEMA_SINT32,
  SCHEMA_SINT64,
};

struct schema_enum {
  const char *full_name;
  size_t count; /* values by number, rising; of two names for one number the first */
  const struct schema_value {
    const char *name;
    int32_t number;
  } * values;
};

struct schema_message;

struct schema_field {
  const char *name, *json_name,
      *comment; /* comment: leading comment of the .proto, NULL when not in the set */
  uint32_t number;
  enum schema_type type;
  bool repeated, in_oneof;
  enum hub_personal_kind personal;       /* 0: not personal */
  const struct schema_message *message;  /* SCHEMA_MESSAGE */
  const struct schema_enum *enumeration; /* SCHEMA_ENUM */
};

struct schema_message {
  const char *full_name, *name, *comment;
  size_t count;
  const struct schema_field *fields; /* by number, rising */
};

struct schema; /* one or several descriptor sets */

int schema_new(struct schema **ret_schema) must_use;
void schema_free(struct schema *);
DEFINE_CLEANUP(struct schema *, schema_free)

/* Adds a descriptor set. Files that are already there are left out (two connectors share ioc/hub/v1).
 * SCHEMA_E_INVALID: *reterr_reason says why (not a descriptor set, recursive message, personal tag on a field
 * that is not string or repeated string, type not found, unreadable). The reason lives as long as the schema.
 */
#define SCHEMA_E_INVALID 1
int schema_add_file(struct schema *, const char *path, const char **reterr_reason) must_use;
int schema_add(struct schema *, struct text descriptor_set, const char **reterr_reason) must_use;

const struct schema_message *schema_message(const struct schema *,
                                            const char *full_name);                     /* NULL: not known */
size_t schema_messages(const struct schema *, const struct schema_message ***ret_list); /* sorted by name */

const struct schema_field *schema_field(const struct schema_message *, uint32_t number);
const struct schema_field *schema_field_named(const struct schema_message *, struct text name);

/* "from.organ_id": a path of at most 8 singular fields. */
struct schema_path {
  size_t count;
  const struct schema_field *fields[8];
};
#define SCHEMA_E_FIELD 2    /* no such field: *reterr_at is the offset of the segment in path */
#define SCHEMA_E_REPEATED 3 /* a repeated field in the middle or at the end */
int schema_path(const struct schema_message *, const char *path, struct schema_path *ret_path,
                size_t *reterr_at) must_use;

#endif
