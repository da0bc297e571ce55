/*
 * values.c: single values as fields of a message.
 *
 * A value of a wrong kind refuses its record at its place; an unknown code is a value like others.
 */
#include "connectors/format/decimal.h"
#include "connectors/members/members.h"

#include <errno.h>
#include <strings.h>

#define VIETNAMESE "228"
#define ID_LENGTH_MAX 200

/* ---- Texts --------------------------------------------------------------------------------------------- */

static bool is_nothing(struct text text) {
  if (text.length == 4) return (text.data[0] | 32) == 'n' && strncasecmp(text.data, "null", 4) == 0;
  return text.length == 9 && memcmp(text.data, "undefined", 9) == 0;
}

int member_text(struct job *job, const struct crumb *crumb, const struct json *value, struct text *ret) {
  *ret = TEXT("");
  switch (value->type) {
    case JSON_NULL: return 0;
    case JSON_TRUE: *ret = TEXT("true"); return 0;
    case JSON_FALSE: *ret = TEXT("false"); return 0;
    case JSON_NUMBER: *ret = json_text(value); return 0;
    case JSON_STRING: break;
    default: return member_reject(job, HUB_INVALID, crumb, value, "a text or number must stand here");
  }
  struct text text = text_trim(json_text(value));
  if (!is_nothing(text)) *ret = text;
  return 0;
}

static int reject_nul(struct job *job, const struct crumb *crumb, const struct json *value) {
  return member_reject(job, HUB_INVALID, crumb, value, "a text may not hold NUL");
}

int member_string(struct job *job, const struct crumb *crumb, const struct json *value, struct text text,
                  char **ret) {
  if (job_has_nul(job, text)) return reject_nul(job, crumb, value);
  char *copy = job_alloc_bytes(job, text.length + 1);
  if (copy == NULL) return -ENOMEM;
  memcpy(copy, text.data, text.length);
  *ret = copy;
  return 0;
}

int member_personal(struct job *job, const struct crumb *crumb, const struct json *value, struct text text,
                    enum hub_personal_kind kind, char **ret) {
  if (job_has_nul(job, text)) return reject_nul(job, crumb, value);
  return hub_personal(job->sink, kind, text.data, text.length, ret);
}

int member_id(struct job *job, const struct crumb *crumb, const struct json *object, const char *name,
              const char *too_long, struct text *ret) {
  struct crumb at = {crumb, name, 0};
  const struct json *value = json_get(object, name);
  struct text text;
  *ret = TEXT_NONE;
  if (value == NULL) return 0;
  if (value->type == JSON_TRUE || value->type == JSON_FALSE)
    return member_reject(job, HUB_INVALID, &at, value, "a text or number must stand here");
  int r = member_text(job, &at, value, &text);
  if (r != 0) return r;
  if (text.length > ID_LENGTH_MAX) return member_reject(job, HUB_INVALID, &at, value, too_long);
  if (job_has_nul(job, text)) return reject_nul(job, &at, value);
  *ret = text;
  return 0;
}

const struct json *member_beside(const struct json *object, const struct json *value, const char *name) {
  const struct json *next = value->next;
  if (next != NULL && text_is((struct text){next->key, next->key_length}, name)) return next;
  return json_get(object, name);
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

/* ---- Flags, times, numbers ----------------------------------------------------------------------------- */

static bool is_word(struct text text, const char *word) {
  return text.length == strlen(word) && strncasecmp(text.data, word, text.length) == 0;
}

static int read_flag(struct job *job, const struct crumb *crumb, const struct json *value, struct text text,
                     bool *ret) {
  *ret = text_is(text, "1") || is_word(text, "true");
  if (*ret || text_is(text, "0") || is_word(text, "false")) return 0;
  return member_reject(job, HUB_INVALID, crumb, value, "a flag is true or false");
}

int member_flag(struct job *job, const struct crumb *crumb, const struct json *value, bool *ret) {
  struct text text;
  *ret = json_is(value, JSON_TRUE);
  if (value == NULL || *ret || value->type == JSON_FALSE) return 0;
  int r = member_text(job, crumb, value, &text);
  return r != 0 || text.length == 0 ? r : read_flag(job, crumb, value, text, ret);
}

/* The days before the first year are what some programs write for "no time". */
static bool is_no_time(struct text text) {
  static const struct text prefixes[] = {TEXT("0001-01-01"), TEXT("00010101"), TEXT("0001/01/01"),
                                         TEXT("01/01/0001")};
  for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
    if (text.length >= prefixes[i].length && memcmp(text.data, prefixes[i].data, prefixes[i].length) == 0)
      return true;
  return false;
}

/* Milliseconds are taken from numbers only: thirteen digits of text are a compact time that lost its last
 * one. */
static int put_time(struct job *job, const struct crumb *crumb, const struct json *value, struct text text,
                    Google__Protobuf__Timestamp **ret_time, void *ret_precision) {
  struct time_point point;
  if (text.data[0] == '0' && is_no_time(text)) return 0;
  unsigned forms = value->type == JSON_NUMBER ? job->time_forms : job->time_forms & ~(unsigned)TIME_EPOCH_MS;
  int r = time_read(text, forms, job->zone_offset_s, &point);
  if (r == TIME_E_FORM) return member_reject(job, HUB_INVALID, crumb, value, "not a time in a known form");
  if (r == TIME_E_IMPOSSIBLE)
    return member_reject(job, HUB_INVALID, crumb, value, "no such day or time of day");
  Google__Protobuf__Timestamp *made = job_alloc(job, sizeof(*made));
  if (made == NULL) return -ENOMEM;
  timestamp_set(made, &point);
  *ret_time = made;
  *(int *)ret_precision = (int)point.precision;
  return 0;
}

int member_time(struct job *job, const struct crumb *crumb, const struct json *value,
                Google__Protobuf__Timestamp **ret_time, void *ret_precision) {
  struct text text;
  int r = member_text(job, crumb, value, &text);
  return r != 0 || text.length == 0 ? r : put_time(job, crumb, value, text, ret_time, ret_precision);
}

static int put_decimal(struct job *job, const struct crumb *crumb, const struct json *value, struct text text,
                       const struct member *member, char *message) {
  int r = decimal_scale(&job->allocator, text, member->shift, (char **)(message + member->offset));
  if (r > 0)
    return member_reject(job, HUB_INVALID, crumb, value, "a number that is not below zero must stand here");
  if (r != 0 || member->second == 0) return r;
  return member_string(job, crumb, value, text, (char **)(message + member->second));
}

static int put_answer(struct job *job, const struct crumb *crumb, const struct json *value, struct text text,
                      const struct member *member, int *ret) {
  bool yes;
  int r = read_flag(job, crumb, value, text, &yes);
  if (r == 0) *ret = member->answers[yes];
  return r;
}

/* ---- Rows ---------------------------------------------------------------------------------------------- */

int member_read_scalar(struct job *job, const struct crumb *crumb, const struct json *value,
                       const struct member *member, char *message) {
  struct text text;
  if (member->kind == MEMBER_NAME || member->kind == MEMBER_PERSONAL_NAME) value = find_name(value);
  if (value == NULL) return 0;
  int r = member_text(job, crumb, value, &text);
  if (r != 0 || text.length == 0) return r;
  void *field = message + member->offset, *second = message + member->second;
  if (member->other_name && (*(char **)(member->kind == MEMBER_CODE ? second : field))[0] != 0) return 0;
  switch (member->kind) {
    case MEMBER_PERSONAL_NAME:
    case MEMBER_PERSONAL: return member_personal(job, crumb, value, text, member->personal, field);
    case MEMBER_DECIMAL: return put_decimal(job, crumb, value, text, member, message);
    case MEMBER_TIME: return put_time(job, crumb, value, text, field, second);
    case MEMBER_CODE: *(int *)field = code_value(member->codes, text); break;
    case MEMBER_FLAG: *(protobuf_c_boolean *)field = text_is(text, "1") || is_word(text, "true"); return 0;
    case MEMBER_ANSWER: return put_answer(job, crumb, value, text, member, field);
    default: second = field; break;
  }
  return member_string(job, crumb, value, text, second);
}
