/*
 * Reads a FileDescriptorSet with the wire walker. Three passes: types and fields of every new file, then the
 * names of types become pointers, then what the hub cannot keep its promises for is refused: recursion
 * (checking, printing and routing go down a message without asking how deep), a personal tag on what is no
 * text, what is not proto3.
 *
 * google/protobuf/descriptor.proto, which every set holds because of the options, is left out: it is
 * recursive and nothing that travels is made of it.
 */
#include "core/message/descriptor_set.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/message/wire.h"

enum { NESTING_MAX = 32, PERSONAL_EXTENSION = 50811 /* of ioc/hub/v1/options.proto */ };

/* Field numbers of google/protobuf/descriptor.proto. */
enum {
  SET_FILE = 1,
  FILE_NAME = 1,
  FILE_PACKAGE = 2,
  FILE_MESSAGE = 4,
  FILE_ENUM = 5,
  FILE_SOURCE = 9,
  FILE_SYNTAX = 12,
  MESSAGE_NAME = 1,
  MESSAGE_FIELD = 2,
  MESSAGE_NESTED = 3,
  MESSAGE_ENUM = 4,
  MESSAGE_OPTIONS = 7,
  OPTIONS_MAP_ENTRY = 7,
  FIELD_NAME = 1,
  FIELD_NUMBER = 3,
  FIELD_LABEL = 4,
  FIELD_TYPE = 5,
  FIELD_TYPE_NAME = 6,
  FIELD_OPTIONS = 8,
  FIELD_ONEOF = 9,
  FIELD_JSON_NAME = 10,
  ENUM_NAME = 1,
  ENUM_VALUE = 2,
  VALUE_NAME = 1,
  VALUE_NUMBER = 2,
  SOURCE_LOCATION = 1,
  LOCATION_PATH = 1,
  LOCATION_LEADING = 3,
  LABEL_REPEATED = 3,
};

static int refuse(struct descriptor_set *set, const char *format, ...) printf_like(2, 3);

static int refuse(struct descriptor_set *set, const char *format, ...) {
  char reason[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(reason, sizeof reason, format, arguments);
  va_end(arguments);
  set->reason = arena_text(set->arena, text_of(reason));
  return set->reason == NULL ? -ENOMEM : SCHEMA_E_INVALID;
}

/* Result of a walk that ended: broken bytes are the set's fault. */
static int walked(struct descriptor_set *set, int r) {
  return r == -EBADMSG ? refuse(set, "not a protobuf FileDescriptorSet") : r;
}

static bool is(const struct wire_value *value, uint32_t number, enum wire_kind kind) {
  return value->number == number && value->kind == kind;
}

/* A name as the set gives it, which must be plain text: it goes into messages for people and into file names.
 */
static int read_name(struct descriptor_set *set, struct text name, const char **ret_name) {
  for (size_t i = 0; i < name.length; i++) {
    if (name.data[i] <= ' ' || name.data[i] == 0x7f)
      return refuse(set, "a name holds a byte that no name has");
  }
  *ret_name = arena_text(set->arena, name);
  return *ret_name == NULL ? -ENOMEM : 0;
}

static int count_members(struct text bytes, uint32_t number, size_t *ret_count) {
  struct wire wire = wire_of(bytes);
  struct wire_value value;
  int r;
  *ret_count = 0;
  while ((r = wire_next(&wire, &value)) > 0) *ret_count += is(&value, number, WIRE_BYTES);
  return r;
}

static int join_name(struct descriptor_set *set, const char *scope, const char *name, const char **ret_full) {
  *ret_full = *scope == '\0' ? name : arena_printf(set->arena, "%s.%s", scope, name);
  return *ret_full == NULL ? -ENOMEM : 0;
}

/* ---- Enums ---- */

static int read_value(struct descriptor_set *set, struct text bytes, struct schema_value *ret_value) {
  struct wire wire = wire_of(bytes);
  struct wire_value value;
  *ret_value = (struct schema_value){.name = ""};
  int r;
  while ((r = wire_next(&wire, &value)) > 0) {
    if (is(&value, VALUE_NUMBER, WIRE_VARINT)) ret_value->number = (int32_t)value.scalar;
    if (!is(&value, VALUE_NAME, WIRE_BYTES)) continue;
    r = read_name(set, value.bytes, &ret_value->name);
    if (r != 0) return r;
  }
  return walked(set, r);
}

/* By number; of equal ones, which are aliases, the first stays in front. */
static void sort_values(struct schema_value *values, size_t count) {
  for (size_t i = 1; i < count; i++) {
    struct schema_value value = values[i];
    size_t to = i;
    for (; to > 0 && values[to - 1].number > value.number; to--) values[to] = values[to - 1];
    values[to] = value;
  }
}

static int read_enum(struct descriptor_set *set, const char *scope, struct text bytes) {
  struct set_enum *one = arena_alloc(set->arena, sizeof *one);
  struct schema_enum *type = arena_alloc(set->arena, sizeof *type);
  size_t count;
  int r = count_members(bytes, ENUM_VALUE, &count);
  if (r < 0) return walked(set, r);
  if (count > UINT16_MAX / 4) return refuse(set, "an enum has %zu values", count);
  struct schema_value *values = arena_alloc(set->arena, count * sizeof *values);
  if (one == NULL || type == NULL || values == NULL) return -ENOMEM;
  struct wire wire = wire_of(bytes);
  struct wire_value value;
  const char *name = "";
  while ((r = wire_next(&wire, &value)) > 0) {
    r = 0;
    if (is(&value, ENUM_NAME, WIRE_BYTES)) r = read_name(set, value.bytes, &name);
    if (is(&value, ENUM_VALUE, WIRE_BYTES)) r = read_value(set, value.bytes, &values[type->count++]);
    if (r != 0) return r;
  }
  if (r < 0) return walked(set, r);
  sort_values(values, type->count);
  type->values = values;
  one->type = type;
  one->next = set->enums;
  set->enums = one;
  set->enums_count++;
  return join_name(set, scope, name, &type->full_name);
}

/* ---- Fields ---- */

static int read_personal(struct descriptor_set *set, struct text options, struct schema_field *field) {
  struct wire wire = wire_of(options);
  struct wire_value value;
  int r;
  while ((r = wire_next(&wire, &value)) > 0) {
    if (!is(&value, PERSONAL_EXTENSION, WIRE_VARINT)) continue;
    if (value.scalar > HUB_FREE_TEXT) {
      return refuse(set, "the personal tag of a field is %llu, this hub knows 1 to %d",
                    (unsigned long long)value.scalar, HUB_FREE_TEXT);
    }
    field->personal = (enum hub_personal_kind)value.scalar;
  }
  return walked(set, r);
}

static int read_field(struct descriptor_set *set, struct text bytes, struct schema_field *field,
                      struct text *ret_type_name) {
  struct wire wire = wire_of(bytes);
  struct wire_value value;
  int r;
  field->name = "";
  while ((r = wire_next(&wire, &value)) > 0) {
    r = 0;
    if (value.kind == WIRE_VARINT) {
      if (value.number == FIELD_NUMBER) field->number = (uint32_t)value.scalar;
      if (value.number == FIELD_LABEL) field->repeated = value.scalar == LABEL_REPEATED;
      if (value.number == FIELD_TYPE)
        field->type = value.scalar > SCHEMA_SINT64 ? 0 : (enum schema_type)value.scalar;
      if (value.number == FIELD_ONEOF) field->in_oneof = true;
    } else if (value.kind == WIRE_BYTES) {
      if (value.number == FIELD_NAME) r = read_name(set, value.bytes, &field->name);
      if (value.number == FIELD_JSON_NAME) r = read_name(set, value.bytes, &field->json_name);
      if (value.number == FIELD_OPTIONS) r = read_personal(set, value.bytes, field);
      if (value.number == FIELD_TYPE_NAME) *ret_type_name = value.bytes;
    }
    if (r != 0) return r;
  }
  if (r < 0) return walked(set, r);
  if (field->json_name == NULL) field->json_name = field->name;
  return 0;
}

static int check_field(struct descriptor_set *set, const char *message, const struct schema_field *field) {
  if (*field->name == '\0' || field->number == 0)
    return refuse(set, "%s has a field without name or number", message);
  if (field->type == 0 || field->type == SCHEMA_GROUP) {
    return refuse(set, "%s.%s: its type is not one of proto3", message, field->name);
  }
  if (field->personal != 0 && field->type != SCHEMA_STRING) {
    return refuse(set,
                  "%s.%s: the tag (ioc.hub.v1.personal) belongs on string and repeated string fields only",
                  message, field->name);
  }
  return 0;
}

/* Fields and the three lists beside them by field number; a number that comes twice is refused. */
static int sort_fields(struct descriptor_set *set, struct set_message *message) {
  struct schema_field *fields = message->fields;
  for (size_t i = 1; i < message->type->count; i++) {
    struct schema_field field = fields[i];
    struct text type_name = message->type_names[i];
    uint32_t index = message->indexes[i];
    size_t to = i;
    for (; to > 0 && fields[to - 1].number > field.number; to--) {
      fields[to] = fields[to - 1];
      message->type_names[to] = message->type_names[to - 1];
      message->indexes[to] = message->indexes[to - 1];
    }
    fields[to] = field;
    message->type_names[to] = type_name;
    message->indexes[to] = index;
  }
  for (size_t i = 1; i < message->type->count; i++) {
    if (fields[i].number == fields[i - 1].number) {
      return refuse(set, "%s: two fields with the number %u", message->type->full_name, fields[i].number);
    }
  }
  return 0;
}

/* ---- Messages ---- */

static int read_fields(struct descriptor_set *set, struct text bytes, struct set_message *message) {
  size_t count;
  int r = count_members(bytes, MESSAGE_FIELD, &count);
  if (r < 0) return walked(set, r);
  if (count > UINT16_MAX / 4) return refuse(set, "%s has %zu fields", message->type->full_name, count);
  message->fields = arena_alloc(set->arena, count * sizeof *message->fields);
  message->type_names = arena_alloc(set->arena, count * sizeof *message->type_names);
  message->indexes = arena_alloc(set->arena, count * sizeof *message->indexes);
  message->uses = arena_alloc(set->arena, count * sizeof(struct set_message *));
  if (message->fields == NULL || message->type_names == NULL || message->indexes == NULL ||
      message->uses == NULL) {
    return -ENOMEM;
  }
  struct wire wire = wire_of(bytes);
  struct wire_value value;
  while ((r = wire_next(&wire, &value)) > 0) {
    if (!is(&value, MESSAGE_FIELD, WIRE_BYTES)) continue;
    uint32_t index = (uint32_t)message->type->count++;
    message->indexes[index] = index;
    r = read_field(set, value.bytes, &message->fields[index], &message->type_names[index]);
    if (r == 0) r = check_field(set, message->type->full_name, &message->fields[index]);
    if (r != 0) return r;
  }
  message->type->fields = message->fields;
  return r < 0 ? walked(set, r) : sort_fields(set, message);
}

static int refuse_map(struct descriptor_set *set, struct text options, const char *name) {
  struct wire wire = wire_of(options);
  struct wire_value value;
  int r;
  while ((r = wire_next(&wire, &value)) > 0) {
    if (is(&value, OPTIONS_MAP_ENTRY, WIRE_VARINT) && value.scalar != 0) {
      return refuse(set, "%s: map fields are not supported, use a repeated message", name);
    }
  }
  return walked(set, r);
}

static int find_name(struct descriptor_set *set, struct text bytes, uint32_t number, const char **ret_name) {
  struct wire wire = wire_of(bytes);
  struct wire_value value;
  int r;
  *ret_name = "";
  while ((r = wire_next(&wire, &value)) > 0) {
    if (!is(&value, number, WIRE_BYTES)) continue;
    r = read_name(set, value.bytes, ret_name);
    if (r != 0) return r;
  }
  return walked(set, r);
}

static int read_message(struct descriptor_set *set, const char *scope, struct text bytes,
                        struct set_message *parent, uint32_t index, unsigned depth);

/* What stands inside a message: its nested types. */
static int read_nested(struct descriptor_set *set, struct text bytes, struct set_message *message,
                       unsigned depth) {
  const char *full_name = message->type->full_name;
  struct wire wire = wire_of(bytes);
  struct wire_value value;
  uint32_t index = 0;
  int r;
  while ((r = wire_next(&wire, &value)) > 0) {
    r = 0;
    if (is(&value, MESSAGE_NESTED, WIRE_BYTES)) {
      r = read_message(set, full_name, value.bytes, message, index++, depth + 1);
    } else if (is(&value, MESSAGE_ENUM, WIRE_BYTES)) {
      r = read_enum(set, full_name, value.bytes);
    } else if (is(&value, MESSAGE_OPTIONS, WIRE_BYTES)) {
      r = refuse_map(set, value.bytes, full_name);
    }
    if (r != 0) return r;
  }
  return walked(set, r);
}

static int read_message(struct descriptor_set *set, const char *scope, struct text bytes,
                        struct set_message *parent, uint32_t index, unsigned depth) {
  if (depth > NESTING_MAX) return refuse(set, "%s: types nested over %d deep", scope, NESTING_MAX);
  struct set_message *message = arena_alloc(set->arena, sizeof *message);
  struct schema_message *type = arena_alloc(set->arena, sizeof *type);
  if (message == NULL || type == NULL) return -ENOMEM;
  message->parent = parent;
  message->index = index;
  message->type = type;
  int r = find_name(set, bytes, MESSAGE_NAME, &type->name);
  if (r == 0) r = join_name(set, scope, type->name, &type->full_name);
  if (r != 0) return r;
  *set->last_message = message;
  set->last_message = &message->next;
  set->messages_count++;
  r = read_fields(set, bytes, message);
  return r != 0 ? r : read_nested(set, bytes, message, depth);
}

/* ---- Comments ---- */

/* One line: white space of the .proto file becomes single blanks. */
static const char *comment_text(struct descriptor_set *set, struct text comment) {
  char *copy = arena_alloc(set->arena, comment.length + 1);
  if (copy == NULL) return NULL;
  size_t length = 0;
  for (size_t i = 0; i < comment.length; i++) {
    bool blank = (unsigned char)comment.data[i] <= ' ';
    if (!blank) copy[length++] = comment.data[i];
    else if (length != 0 && copy[length - 1] != ' ') copy[length++] = ' ';
  }
  while (length != 0 && copy[length - 1] == ' ') length--;
  copy[length] = '\0';
  return copy;
}

static struct set_message *message_at(struct set_message *first, struct set_message *parent, uint64_t index) {
  for (struct set_message *message = first; message != NULL; message = message->next) {
    if (message->parent == parent && message->index == index) return message;
  }
  return NULL;
}

/* path: pairs of field number and index down from the file, as in SourceCodeInfo.Location. */
static void place_comment(struct descriptor_set *set, struct set_message *first, struct text path,
                          struct text comment) {
  struct wire wire = wire_of(path);
  struct wire_value step = {0}, index = {0};
  struct set_message *message = NULL;
  for (bool top = true;; top = false) {
    if (wire_unpack_element(&wire, SCHEMA_UINT32, &step) <= 0) break;
    if (wire_unpack_element(&wire, SCHEMA_UINT32, &index) <= 0) return;
    if (!top && step.scalar == MESSAGE_FIELD && wire.next == wire.end) {
      for (size_t i = 0; i < message->type->count; i++) {
        if (message->indexes[i] == index.scalar) message->fields[i].comment = comment_text(set, comment);
      }
      return;
    }
    if (step.scalar != (top ? FILE_MESSAGE : MESSAGE_NESTED)) return;
    message = message_at(first, message, index.scalar);
    if (message == NULL) return;
  }
  if (message != NULL) message->type->comment = comment_text(set, comment);
}

static int read_source(struct descriptor_set *set, struct text source, struct set_message *first) {
  struct wire wire = wire_of(source);
  struct wire_value value;
  int r;
  while ((r = wire_next(&wire, &value)) > 0) {
    if (!is(&value, SOURCE_LOCATION, WIRE_BYTES)) continue;
    struct wire location = wire_of(value.bytes);
    struct text path = TEXT_NONE, comment = TEXT_NONE;
    while ((r = wire_next(&location, &value)) > 0) {
      if (is(&value, LOCATION_PATH, WIRE_BYTES)) path = value.bytes;
      if (is(&value, LOCATION_LEADING, WIRE_BYTES)) comment = value.bytes;
    }
    if (r < 0) return walked(set, r);
    if (comment.length != 0) place_comment(set, first, path, comment);
  }
  return walked(set, r);
}

/* ---- Files ---- */

struct file_head {
  const char *name, *package, *syntax;
  struct text source;
};

static int read_head(struct descriptor_set *set, struct text bytes, struct file_head *ret_head) {
  *ret_head = (struct file_head){"", "", "proto2", TEXT_NONE};
  struct wire wire = wire_of(bytes);
  struct wire_value value;
  int r;
  while ((r = wire_next(&wire, &value)) > 0) {
    r = 0;
    if (is(&value, FILE_NAME, WIRE_BYTES)) r = read_name(set, value.bytes, &ret_head->name);
    if (is(&value, FILE_PACKAGE, WIRE_BYTES)) r = read_name(set, value.bytes, &ret_head->package);
    if (is(&value, FILE_SYNTAX, WIRE_BYTES)) r = read_name(set, value.bytes, &ret_head->syntax);
    if (is(&value, FILE_SOURCE, WIRE_BYTES)) ret_head->source = value.bytes;
    if (r != 0) return r;
  }
  return walked(set, r);
}

static int read_types(struct descriptor_set *set, const char *package, struct text bytes) {
  struct wire wire = wire_of(bytes);
  struct wire_value value;
  uint32_t index = 0;
  int r;
  while ((r = wire_next(&wire, &value)) > 0) {
    r = 0;
    if (is(&value, FILE_MESSAGE, WIRE_BYTES)) r = read_message(set, package, value.bytes, NULL, index++, 0);
    if (is(&value, FILE_ENUM, WIRE_BYTES)) r = read_enum(set, package, value.bytes);
    if (r != 0) return r;
  }
  return walked(set, r);
}

static bool has_file(const struct descriptor_set *set, const char *name) {
  for (const struct set_file *file = set->files; file != NULL; file = file->next) {
    if (strcmp(file->name, name) == 0) return true;
  }
  return schema_has_file(set->known, name);
}

static int read_file(struct descriptor_set *set, struct text bytes) {
  struct file_head head;
  int r = read_head(set, bytes, &head);
  if (r != 0) return r;
  if (*head.name == '\0') return refuse(set, "not a protobuf FileDescriptorSet");
  if (has_file(set, head.name) || strcmp(head.name, "google/protobuf/descriptor.proto") == 0) return 0;
  if (strcmp(head.syntax, "proto3") != 0) return refuse(set, "%s is not proto3", head.name);
  struct set_file *file = arena_alloc(set->arena, sizeof *file);
  if (file == NULL) return -ENOMEM;
  file->name = head.name;
  file->next = set->files;
  set->files = file;
  struct set_message **first = set->last_message;
  r = read_types(set, head.package, bytes);
  return r != 0 ? r : read_source(set, head.source, *first);
}

/* ---- Types of fields ---- */

struct index { /* all types of the set by name, so that finding one does not walk them all */
  struct set_message **messages;
  struct set_enum **enums;
};

static int compare_messages(const void *a, const void *b) {
  return strcmp((*(struct set_message *const *)a)->type->full_name,
                (*(struct set_message *const *)b)->type->full_name);
}

static int compare_enums(const void *a, const void *b) {
  return strcmp((*(struct set_enum *const *)a)->type->full_name,
                (*(struct set_enum *const *)b)->type->full_name);
}

static int find_message(const void *name, const void *message) {
  return strcmp(name, (*(struct set_message *const *)message)->type->full_name);
}

static int find_enum(const void *name, const void *one) {
  return strcmp(name, (*(struct set_enum *const *)one)->type->full_name);
}

/* Sorts; a name that is taken, here or in the schema, is refused. */
static int index_types(struct descriptor_set *set, struct index *ret_index) {
  struct index index = {arena_alloc(set->arena, set->messages_count * sizeof(struct set_message *)),
                        arena_alloc(set->arena, set->enums_count * sizeof(struct set_enum *))};
  if (index.messages == NULL || index.enums == NULL) return -ENOMEM;
  size_t n = 0;
  for (struct set_message *message = set->messages; message != NULL; message = message->next) {
    index.messages[n++] = message;
  }
  qsort(index.messages, n, sizeof *index.messages, compare_messages);
  for (size_t i = 0; i < n; i++) {
    const char *name = index.messages[i]->type->full_name;
    bool twice = i > 0 && strcmp(name, index.messages[i - 1]->type->full_name) == 0;
    if (twice || schema_message(set->known, name) != NULL) return refuse(set, "%s is defined twice", name);
  }
  n = 0;
  for (struct set_enum *one = set->enums; one != NULL; one = one->next) index.enums[n++] = one;
  qsort(index.enums, n, sizeof *index.enums, compare_enums);
  *ret_index = index;
  return 0;
}

static int resolve(struct descriptor_set *set, const struct index *index, struct set_message *message,
                   size_t at) {
  struct schema_field *field = &message->fields[at];
  if (field->type != SCHEMA_MESSAGE && field->type != SCHEMA_ENUM) return 0;
  const char *name = NULL;
  int r = read_name(set, message->type_names[at], &name);
  if (r != 0) return r;
  name += *name == '.';
  if (field->type == SCHEMA_MESSAGE) {
    struct set_message **found =
        bsearch(name, index->messages, set->messages_count, sizeof *index->messages, find_message);
    message->uses[at] = found == NULL ? NULL : *found;
    field->message = found == NULL ? schema_message(set->known, name) : (*found)->type;
  } else {
    struct set_enum **found = bsearch(name, index->enums, set->enums_count, sizeof *index->enums, find_enum);
    field->enumeration = found == NULL ? schema_enum(set->known, name) : (*found)->type;
  }
  if (field->message != NULL || field->enumeration != NULL) return 0;
  return refuse(set, "%s.%s: its type %s is not in the set (build it with --include_imports)",
                message->type->full_name, field->name, name);
}

static int refuse_recursion(struct descriptor_set *set, struct set_message *message, unsigned depth) {
  if (message->state == DONE) return 0;
  if (message->state == ENTERED)
    return refuse(set, "%s is recursive: it holds itself", message->type->full_name);
  if (depth > NESTING_MAX)
    return refuse(set, "%s: messages held over %d deep", message->type->full_name, NESTING_MAX);
  message->state = ENTERED;
  for (size_t i = 0; i < message->type->count; i++) {
    if (message->uses[i] == NULL) continue;
    int r = refuse_recursion(set, message->uses[i], depth + 1);
    if (r != 0) return r;
  }
  message->state = DONE;
  return 0;
}

int descriptor_set_read(struct descriptor_set *set, struct text bytes) {
  set->last_message = &set->messages;
  struct wire wire = wire_of(bytes);
  struct wire_value value;
  int r;
  while ((r = wire_next(&wire, &value)) > 0) {
    if (!is(&value, SET_FILE, WIRE_BYTES)) return refuse(set, "not a protobuf FileDescriptorSet");
    r = read_file(set, value.bytes);
    if (r != 0) return r;
  }
  if (r < 0) return walked(set, r);
  if (bytes.length == 0) return refuse(set, "empty, not a protobuf FileDescriptorSet");
  struct index index = {0};
  r = index_types(set, &index);
  if (r != 0) return r;
  for (struct set_message *message = set->messages; message != NULL; message = message->next) {
    for (size_t i = 0; i < message->type->count; i++) {
      r = resolve(set, &index, message, i);
      if (r != 0) return r;
    }
  }
  for (struct set_message *message = set->messages; message != NULL; message = message->next) {
    r = refuse_recursion(set, message, 0);
    if (r != 0) return r;
  }
  return 0;
}
