/*
 * The field paths of a group of routes, and their values in one message. Fields at the top of the message are
 * found in one walk; only a path into a nested message walks that message again.
 */
#include <stdio.h>

#include "core/route/condition.h"

const struct schema_field *route_path_field(const struct schema_path *path) {
  return path->fields[path->count - 1];
}

static bool path_equal(const struct schema_path *a, const struct schema_path *b) {
  if (a->count != b->count) return false;
  for (size_t i = 0; i < a->count; i++) {
    if (a->fields[i] != b->fields[i]) return false;
  }
  return true;
}

enum { KNOWN_MAX = 256 };

/* The message in which the segment at `offset` of a path was looked for. */
static const struct schema_message *message_at(const struct schema_message *message, const char *path,
                                               size_t offset) {
  while (message != NULL && offset > 0) {
    size_t length = strcspn(path, ".");
    if (length + 1 > offset) break;
    const struct schema_field *field = schema_field_named(message, (struct text){path, length});
    message = field == NULL ? NULL : field->message;
    path += length + 1;
    offset -= length + 1;
  }
  return message;
}

static void unknown_field(const struct schema_message *root, const char *path, size_t at,
                          struct config_mark mark, const char *item, struct config_errors *errors) {
  const struct schema_message *message = message_at(root, path, at);
  const char *known[KNOWN_MAX + 1];
  size_t count = 0;
  for (size_t i = 0; message != NULL && i < message->count && count < KNOWN_MAX; i++)
    known[count++] = message->fields[i].name;
  known[count] = NULL;
  struct text segment = {path + at, strcspn(path + at, ".")};
  const char *nearest = config_nearest(segment, known);
  char quoted[CONFIG_QUOTED_SIZE];
  config_quoted(segment, quoted);
  if (nearest != NULL) {
    config_error(errors, mark, item, "%s has no field %s; did you mean \"%s\"?", message->full_name, quoted,
                 nearest);
  } else if (message == NULL) {
    config_error(errors, mark, item, "%s stands behind a field that holds no message; write a path of fields",
                 quoted);
  } else {
    config_error(errors, mark, item, "%s has no field %s; `iochub connectors messages` lists its fields",
                 message->full_name, quoted);
  }
}

int route_slot(struct route_slots *slots, const char *path, struct config_mark mark, const char *item,
               struct config_errors *errors) {
  struct schema_path found = {0};
  size_t at = 0;
  char quoted[CONFIG_QUOTED_SIZE];
  int r = schema_path(slots->message, path, &found, &at);
  if (r == SCHEMA_E_FIELD) {
    unknown_field(slots->message, path, MIN(at, strlen(path)), mark, item, errors);
    return -1;
  }
  if (r != 0 || found.count == 0) {
    struct text segment = {path + MIN(at, strlen(path)), strcspn(path + MIN(at, strlen(path)), ".")};
    config_error(errors, mark, item,
                 "%s is repeated in %s, and which of its values is meant cannot be said; name another field",
                 config_quoted(segment, quoted), slots->message->full_name);
    return -1;
  }
  for (size_t i = 0; i < slots->count; i++) {
    if (path_equal(&slots->paths[i], &found)) return (int)i;
  }
  if (slots->count == ROUTE_SLOTS_MAX) {
    config_error(errors, mark, item, "the routes of %s name more than %d fields; write fewer",
                 slots->message->full_name, ROUTE_SLOTS_MAX);
    return -1;
  }
  slots->paths[slots->count] = found;
  return (int)slots->count++;
}

static void value_take(const struct route_slots *slots, const struct wire_value *value,
                       struct route_slot_value *values) {
  for (size_t i = 0; i < slots->count; i++) {
    if (slots->paths[i].fields[0]->number != value->number) continue;
    values[i].present = true;
    values[i].value = *value;
  }
}

int route_slots_fill(const struct route_slots *slots, struct text message, struct route_slot_value *values) {
  for (size_t i = 0; i < slots->count; i++) values[i].present = false;
  struct wire wire = wire_of(message);
  struct wire_value value;
  int r;
  while ((r = wire_next(&wire, &value)) > 0) value_take(slots, &value, values);
  if (r < 0) return r;
  for (size_t i = 0; i < slots->count; i++) {
    const struct schema_path *path = &slots->paths[i];
    if (!values[i].present) continue;
    if (path->count == 1) {
      if (values[i].value.kind != wire_kind_of(path->fields[0]->type)) return -EBADMSG;
      continue;
    }
    if (values[i].value.kind != WIRE_BYTES) return -EBADMSG;
    struct schema_path rest = {.count = path->count - 1};
    memcpy(rest.fields, path->fields + 1, rest.count * sizeof rest.fields[0]);
    r = wire_find(values[i].value.bytes, &rest, &values[i].value);
    if (r < 0) return r;
    values[i].present = r == 1;
  }
  return 0;
}
