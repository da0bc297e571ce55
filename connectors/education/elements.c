/*
 * elements.c: objects of JSON as records, and their places.
 *
 * A reference of OneRoster ({href, sourcedId, type}) is its sourcedId, an id of another system ({type,
 * identifier}) its identifier; a list where one text belongs gives its first element.
 */
#include <errno.h>
#include <stdio.h>
#include <strings.h>

#include "connectors/education/documents.h"

enum { PATH_SIZE = 256 };

static size_t put_path(char *out, const struct crumb *crumb) {
  if (crumb == NULL) return 0;
  size_t at = put_path(out, crumb->up);
  int n = crumb->name != NULL ? snprintf(out + at, PATH_SIZE - at, "/%s", crumb->name)
                              : snprintf(out + at, PATH_SIZE - at, "/%zu", crumb->index);
  return at + (size_t)n < PATH_SIZE ? at + (size_t)n : PATH_SIZE - 1;
}

const char *crumb_place(struct job *job, const struct crumb *crumb, size_t offset) {
  char path[PATH_SIZE];
  path[put_path(path, crumb)] = 0;
  return json_at(&job->places, &job->allocator, offset, path, NULL);
}

static const char *member_of(const struct field *field) {
  return field->member != NULL ? field->member : field->name;
}

static const char *place_member(const struct record *record, size_t field) {
  const struct element *element = record->source;
  if (field == RECORD_WHOLE) return crumb_place(record->job, element->crumb, element->object->start);
  struct crumb crumb = {element->crumb, member_of(&record->table->fields[field]), 0};
  const struct json *value = json_get(element->object, crumb.name);
  return crumb_place(record->job, &crumb, value != NULL ? value->start : element->object->start);
}

/* The index-th element of a list; of any other value itself, as the 0th. */
static const struct json *pick(const struct json *value, size_t index) {
  if (!json_is(value, JSON_ARRAY)) return index == 0 ? value : NULL;
  const struct json *m = value->first;
  for (; m != NULL && index != 0; index--) m = m->next;
  return m;
}

static const struct json *inside(const struct json *value) {
  if (!json_is(value, JSON_OBJECT)) return value;
  const struct json *id = json_get(value, "sourcedId");
  return id != NULL ? id : json_get(value, "identifier");
}

static int get_member(const struct record *record, size_t field, size_t index, struct text *ret) {
  const struct element *element = record->source;
  const struct json *all = json_get(element->object, member_of(&record->table->fields[field]));
  const struct json *value = pick(all, index);
  *ret = TEXT_NONE;
  if (value == NULL) return 0;
  *ret = TEXT("");
  value = inside(value);
  if (value == NULL || value->type == JSON_ARRAY || value->type == JSON_OBJECT)
    return record_reject(record, HUB_INVALID, field, "a text or number must stand here");
  if (value->type == JSON_TRUE) *ret = TEXT("true");
  if (value->type == JSON_FALSE) *ret = TEXT("false");
  if (value->type != JSON_STRING && value->type != JSON_NUMBER) return 0;
  struct text text = text_trim(json_text(value));
  if (text.length != 0 && memchr(text.data, 0, text.length) != NULL)
    return record_reject(record, HUB_INVALID, field, "a text may not hold NUL");
  if (text.length != 4 || strncasecmp(text.data, "null", 4) != 0) *ret = text;
  return 0;
}

struct record element_record(struct job *job, const struct field_table *table,
                             const struct element *element) {
  const struct json *object = element->object;
  struct text bytes = {job->payload->data + object->start, object->end - object->start};
  return (struct record){job, table, bytes, get_member, place_member, element};
}

int element_refuse(struct job *job, enum hub_reject_code code, const struct json *value,
                   const struct crumb *crumb, const char *detail) {
  struct hub_rejection rejection = {.size = sizeof(rejection),
                                    .code = code,
                                    .at = crumb_place(job, crumb, value->start),
                                    .detail = detail,
                                    .bytes = job->payload->data + value->start,
                                    .length = value->end - value->start};
  return rejection.at == NULL ? -ENOMEM : hub_reject(job->sink, &rejection);
}
