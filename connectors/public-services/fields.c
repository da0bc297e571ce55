/*
 * fields.c: applies the tables of fields.h.
 *
 * Members nearly always come in the order of the table, so the field behind the last one found is tried
 * first; a stranger costs one look at each field. An unreadable time or a list where a text belongs refuses
 * the record at its place; an unknown code is a value like others.
 */
#include "connectors/public-services/fields.h"

#include "connectors/format/time.h"
#include "google/protobuf/timestamp.pb-c.h"

#include <errno.h>
#include <strings.h>

#define PATH_MAX_LENGTH 256
#define LIST_ELEMENTS_MAX 400000
#define VIETNAMESE "228"

static size_t put_text(char *out, size_t at, struct text text) {
  if (text.length > PATH_MAX_LENGTH - 1 - at) text.length = PATH_MAX_LENGTH - 1 - at;
  memcpy(out + at, text.data, text.length);
  return at + text.length;
}

static size_t put_index(char *out, size_t at, size_t index) {
  char digits[20];
  size_t first = sizeof(digits);
  do digits[--first] = (char)('0' + index % 10);
  while ((index /= 10) != 0);
  return put_text(out, at, (struct text){digits + first, sizeof(digits) - first});
}

static size_t put_path(char *out, const struct crumb *crumb) {
  if (crumb == NULL) return 0;
  size_t at = put_text(out, put_path(out, crumb->up), TEXT("/"));
  return crumb->name != NULL ? put_text(out, at, text_of(crumb->name)) : put_index(out, at, crumb->index);
}

const char *fields_place(struct job *job, const struct crumb *crumb, size_t offset) {
  char path[PATH_MAX_LENGTH];
  path[put_path(path, crumb)] = 0;
  return json_at(&job->places, &job->allocator, offset, path, NULL);
}

int fields_reject(struct job *job, enum hub_reject_code code, const struct crumb *crumb,
                  const struct json *value, const char *detail) {
  const char *at = fields_place(job, crumb, value->start);
  if (at == NULL) return -ENOMEM;
  job->rejection =
      (struct hub_rejection){.size = sizeof(struct hub_rejection), .code = code, .at = at, .detail = detail};
  return FIELD_E_REJECTED;
}

int fields_text(struct job *job, const struct crumb *crumb, const struct json *value, struct text *ret) {
  *ret = TEXT("");
  switch (value->type) {
    case JSON_NULL: return 0;
    case JSON_TRUE: *ret = TEXT("true"); return 0;
    case JSON_FALSE: *ret = TEXT("false"); return 0;
    case JSON_NUMBER: *ret = json_text(value); return 0;
    case JSON_STRING: break;
    default: return fields_reject(job, HUB_INVALID, crumb, value, "a text or number must stand here");
  }
  struct text text = text_trim(json_text(value));
  if (text.length != 4 || strncasecmp(text.data, "null", 4) != 0) *ret = text;
  return 0;
}

int fields_string(struct job *job, const struct crumb *crumb, const struct json *value, struct text text,
                  char **ret) {
  int r = hub_string(job->sink, text.data, text.length, ret);
  return r > 0 ? fields_reject(job, HUB_INVALID, crumb, value, "a text may not hold NUL") : r;
}

static int put_personal(struct job *job, const struct crumb *crumb, const struct json *value,
                        struct text text, enum hub_personal_kind kind, char **ret) {
  if (memchr(text.data, 0, text.length) != NULL)
    return fields_reject(job, HUB_INVALID, crumb, value, "a text may not hold NUL");
  return hub_personal(job->sink, kind, text.data, text.length, ret);
}

/* The days before the first year are what some programs write for "no time". */
static bool is_no_time(struct text text) {
  static const char *const prefixes[] = {"0001-01-01", "00010101", "0001/01/01", "01/01/0001"};
  for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
    size_t length = strlen(prefixes[i]);
    if (text.length >= length && memcmp(text.data, prefixes[i], length) == 0) return true;
  }
  return false;
}

/* Milliseconds are taken from numbers only: thirteen digits of text are a compact time that lost its last
 * one. */
static int put_time(struct job *job, const struct crumb *crumb, const struct json *value, struct text text,
                    const struct field *field, char *message) {
  struct time_point point;
  if (text.data[0] == '0' && is_no_time(text)) return 0;
  unsigned forms = value->type == JSON_NUMBER ? TIME_ANY : TIME_ANY & ~(unsigned)TIME_EPOCH_MS;
  int r = time_read(text, forms, job->zone_offset_s, &point);
  if (r == TIME_E_FORM) return fields_reject(job, HUB_INVALID, crumb, value, "not a time in a known form");
  if (r == TIME_E_IMPOSSIBLE)
    return fields_reject(job, HUB_INVALID, crumb, value, "no such day or time of day");
  Google__Protobuf__Timestamp *made = hub_alloc(job->sink, sizeof(*made));
  if (made == NULL) return -ENOMEM;
  google__protobuf__timestamp__init(made);
  time_split(point.us, &made->seconds, &made->nanos);
  made->nanos += point.rest_ns;
  *(Google__Protobuf__Timestamp **)(message + field->offset) = made;
  *(int *)(message + field->second) = (int)point.precision;
  return 0;
}

static int put_code(struct job *job, const struct crumb *crumb, const struct json *value, struct text text,
                    const struct field *field, char *message) {
  int *number = (int *)(message + field->offset);
  *number = 0;
  for (const struct code *code = field->codes; code->text.length != 0; code++)
    if (text_equal(code->text, text)) *number = code->value;
  return fields_string(job, crumb, value, text, (char **)(message + field->second));
}

/* The value that holds a name, or NULL: the value itself, its member `name`, or that of the Vietnamese
 * element. */
static const struct json *find_name(const struct json *value) {
  if (json_is(value, JSON_ARRAY)) {
    const struct json *chosen = value->first;
    for (const struct json *m = value->first; m != NULL; m = m->next)
      if (text_is(json_text(json_get(m, "languageId")), VIETNAMESE)) chosen = m;
    value = chosen;
  }
  for (int level = 0; level < 2 && json_is(value, JSON_OBJECT); level++) value = json_get(value, "name");
  return value != NULL && value->type < JSON_ARRAY ? value : NULL;
}

static int put_scalar(struct job *job, const struct crumb *crumb, const struct json *value,
                      const struct field *field, char *message) {
  struct text text;
  if (field->kind == FIELD_NAME || field->kind == FIELD_PERSONAL_NAME) value = find_name(value);
  if (value == NULL) return 0;
  int r = fields_text(job, crumb, value, &text);
  if (r != 0 || text.length == 0) return r;
  char **string = (char **)(message + field->offset);
  char **filled = field->kind == FIELD_CODE ? (char **)(message + field->second) : string;
  if (field->other_name && (*filled)[0] != 0) return 0;
  switch (field->kind) {
    case FIELD_PERSONAL_NAME:
    case FIELD_PERSONAL: return put_personal(job, crumb, value, text, field->personal, string);
    case FIELD_TIME: return put_time(job, crumb, value, text, field, message);
    case FIELD_CODE: return put_code(job, crumb, value, text, field, message);
    case FIELD_FLAG:
      *(protobuf_c_boolean *)(message + field->offset) =
          text_is(text, "1") || text_is(text, "true") || text_is(text, "True");
      return 0;
    default: return fields_string(job, crumb, value, text, string);
  }
}

/* 0 with *ret_count elements; an empty text stands for an empty list. */
static int count_elements(struct job *job, const struct crumb *crumb, const struct json *value,
                          size_t *ret_count) {
  *ret_count = 0;
  if (value->type == JSON_NULL || (value->type == JSON_STRING && text_trim(json_text(value)).length == 0))
    return 0;
  if (value->type != JSON_ARRAY)
    return fields_reject(job, HUB_INVALID, crumb, value, "a list must stand here");
  job->list_elements += value->length;
  if (job->list_elements > LIST_ELEMENTS_MAX)
    return fields_reject(job, HUB_TOO_LARGE, crumb, value, "too many elements in lists");
  *ret_count = value->length;
  return 0;
}

static int read_list(struct job *job, const struct crumb *crumb, const struct json *value,
                     const struct field *field, char *message) {
  const struct field_list *list = field->list;
  size_t count, i = 0, *total = (size_t *)(message + field->second), had = *total;
  int r = count_elements(job, crumb, value, &count);
  if (r != 0 || count == 0) return r;
  void **made = hub_alloc(job->sink, (had + count) * sizeof(*made));
  char *block = hub_alloc(job->sink, count * list->message_size);
  if (made == NULL || block == NULL) return -ENOMEM;
  if (had != 0) memcpy(made, *(void ***)(message + field->offset), had * sizeof(*made));
  for (const struct json *m = value->first; m != NULL; m = m->next, i++) {
    struct crumb at = {crumb, NULL, i};
    if (m->type != JSON_OBJECT) return fields_reject(job, HUB_INVALID, &at, m, "an object must stand here");
    made[had + i] = block + i * list->message_size;
    list->init(made[had + i]);
    r = fields_read(job, &at, m, &list->table, made[had + i]);
    if (r != 0) return r;
  }
  memcpy(message + field->offset, &made, sizeof(made));
  *total = had + count;
  return 0;
}

static int read_texts(struct job *job, const struct crumb *crumb, const struct json *value,
                      const struct field *field, char *message) {
  size_t count, i = 0, used = 0;
  int r = count_elements(job, crumb, value, &count);
  if (r != 0 || count == 0) return r;
  char **made = hub_alloc(job->sink, count * sizeof(*made));
  if (made == NULL) return -ENOMEM;
  for (const struct json *m = value->first; m != NULL; m = m->next, i++) {
    struct crumb element = {crumb, NULL, i}, at = {&element, field->member, 0};
    const struct json *member = json_get(m, field->member);
    struct text text;
    if (member == NULL) continue;
    if ((r = fields_text(job, &at, member, &text)) != 0) return r;
    if (text.length == 0) continue;
    if ((r = fields_string(job, &at, member, text, &made[used++])) != 0) return r;
  }
  *(char ***)(message + field->offset) = made;
  *(size_t *)(message + field->second) = used;
  return 0;
}

static int read_field(struct job *job, const struct crumb *up, const struct json *value,
                      const struct field *field, char *message) {
  struct crumb crumb = {up, field->name.data, 0};
  switch (field->kind) {
    case FIELD_LIST: return read_list(job, &crumb, value, field, message);
    case FIELD_TEXTS: return read_texts(job, &crumb, value, field, message);
    case FIELD_NESTED:
      if (value->type != JSON_OBJECT) return 0;
      return fields_read(job, &crumb, value, field->nested, message);
    case FIELD_MARK: *(int *)(message + field->offset) = field->value; return 0;
    default: return put_scalar(job, &crumb, value, field, message);
  }
}

int fields_read(struct job *job, const struct crumb *crumb, const struct json *object,
                const struct field_table *table, void *message) {
  size_t expected = 0;
  for (const struct json *m = json_first(object); m != NULL; m = m->next) {
    size_t i = expected;
    for (size_t tried = 0; tried < table->count; tried++, i = i + 1 == table->count ? 0 : i + 1) {
      const struct field *field = &table->fields[i];
      if (field->name.length != m->key_length || memcmp(field->name.data, m->key, m->key_length) != 0)
        continue;
      int r = read_field(job, crumb, m, field, message);
      if (r != 0) return r;
      expected = i + 1 == table->count ? 0 : i + 1;
      break;
    }
  }
  return 0;
}
