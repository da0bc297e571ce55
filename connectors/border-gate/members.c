/*
 * members.c: applies the tables of members.h.
 *
 * Members mostly come in the order of the table, so the row behind the last one found is tried first. A value
 * of a wrong kind refuses its record at its place; an unknown code is a value like others.
 */
#include "connectors/border-gate/members.h"

#include "connectors/border-gate/decimal.h"
#include "ioc/bordergate/v1/vehicle_declaration.pb-c.h"

#include <errno.h>
#include <strings.h>

#define PATH_MAX_LENGTH 256
#define LIST_ELEMENTS_MAX 400000
#define TEXTS_MAX 1000

/* ---- Places -------------------------------------------------------------------------------------------- */

struct path {
  char text[PATH_MAX_LENGTH];
  size_t length;
};

static void path_add(struct path *path, struct text text) {
  size_t room = sizeof(path->text) - 1 - path->length, length = text.length < room ? text.length : room;
  memcpy(path->text + path->length, text.data, length);
  path->length += length;
}

static struct text number_text(char digits[20], size_t number) {
  size_t first = 20;
  do digits[--first] = (char)('0' + number % 10);
  while ((number /= 10) != 0);
  return (struct text){digits + first, 20 - first};
}

static void path_walk(struct path *path, const struct crumb *crumb) {
  char digits[20];
  if (crumb == NULL) return;
  path_walk(path, crumb->up);
  path_add(path, TEXT("/"));
  path_add(path, crumb->name != NULL ? text_of(crumb->name) : number_text(digits, crumb->index));
}

/* "1:col …" of a text that is line n: "n:col …". */
static const char *place_in_line(struct job *job, const char *at) {
  char digits[20];
  struct text number = number_text(digits, job->line);
  size_t rest = strlen(at + 1) + 1;
  char *made = hub_alloc(job->sink, number.length + rest);
  if (made == NULL) return NULL;
  memcpy(made, number.data, number.length);
  memcpy(made + number.length, at + 1, rest);
  return made;
}

const char *member_place(struct job *job, const struct crumb *crumb, size_t offset) {
  struct path path = {.length = 0};
  path_walk(&path, crumb);
  const char *at = json_at(&job->places, &job->allocator, offset, path.text, NULL);
  return at == NULL || job->line == 0 ? at : place_in_line(job, at);
}

int member_reject(struct job *job, enum hub_reject_code code, const struct crumb *crumb,
                  const struct json *value, const char *detail) {
  const char *at = member_place(job, crumb, value->start);
  if (at == NULL) return -ENOMEM;
  job->rejection =
      (struct hub_rejection){.size = sizeof(struct hub_rejection), .code = code, .at = at, .detail = detail};
  return MEMBER_E_REJECTED;
}

/* ---- Scalars ------------------------------------------------------------------------------------------- */

static bool is_nothing(struct text text) {
  if (text.length == 4) return strncasecmp(text.data, "null", 4) == 0;
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

int member_string(struct job *job, const struct crumb *crumb, const struct json *value, struct text text,
                  char **ret) {
  int r = hub_string(job->sink, text.data, text.length, ret);
  return r > 0 ? member_reject(job, HUB_INVALID, crumb, value, "a text may not hold NUL") : r;
}

static int put_personal(struct job *job, const struct crumb *crumb, const struct json *value,
                        struct text text, enum hub_personal_kind kind, char **ret) {
  if (memchr(text.data, 0, text.length) != NULL)
    return member_reject(job, HUB_INVALID, crumb, value, "a text may not hold NUL");
  return hub_personal(job->sink, kind, text.data, text.length, ret);
}

const struct json *member_beside(const struct json *object, const struct json *value, const char *name) {
  const struct json *next = value->next;
  size_t length = strlen(name);
  if (next != NULL && next->key_length == length && memcmp(next->key, name, length) == 0) return next;
  return json_get(object, name);
}

int member_flag(struct job *job, const struct crumb *crumb, const struct json *value, bool *ret) {
  struct text text;
  *ret = false;
  int r = value == NULL ? 0 : member_text(job, crumb, value, &text);
  if (value == NULL || r != 0 || text.length == 0) return r;
  if (text_is(text, "1") || (text.length == 4 && strncasecmp(text.data, "true", 4) == 0)) *ret = true;
  else if (!text_is(text, "0") && (text.length != 5 || strncasecmp(text.data, "false", 5) != 0))
    return member_reject(job, HUB_INVALID, crumb, value, "a flag is true or false");
  return 0;
}

int member_time(struct job *job, const struct crumb *crumb, const struct json *value,
                Google__Protobuf__Timestamp **ret_time, Ioc__Bordergate__V1__TimePrecision *ret_precision) {
  struct text text;
  struct time_point point;
  int r = member_text(job, crumb, value, &text);
  if (r != 0 || text.length == 0) return r;
  if (text.length >= 10 && memcmp(text.data, "0001-01-01", 10) == 0) return 0; /* how .NET writes no time */
  r = time_read(text, TIME_ISO | TIME_SLASHED | TIME_DAY_FIRST, job->zone_offset_s, &point);
  if (r == TIME_E_FORM) return member_reject(job, HUB_INVALID, crumb, value, "not a time in a known form");
  if (r == TIME_E_IMPOSSIBLE)
    return member_reject(job, HUB_INVALID, crumb, value, "no such day or time of day");
  return fact_time(job->sink, &point, ret_time, ret_precision);
}

static int put_decimal(struct job *job, const struct crumb *crumb, const struct json *value, struct text text,
                       const struct member *member, char *message) {
  int r = decimal_scale(&job->allocator, text, member->shift, (char **)(message + member->offset));
  if (r > 0)
    return member_reject(job, HUB_INVALID, crumb, value, "a number that is not below zero must stand here");
  if (r != 0 || member->second == 0) return r;
  return member_string(job, crumb, value, text, (char **)(message + member->second));
}

static int put_answer(struct job *job, const struct crumb *crumb, const struct json *value, int *ret) {
  bool yes;
  int r = member_flag(job, crumb, value, &yes);
  if (r == 0) *ret = yes ? IOC__BORDERGATE__V1__ANSWER__ANSWER_YES : IOC__BORDERGATE__V1__ANSWER__ANSWER_NO;
  return r;
}

static int read_scalar(struct job *job, const struct crumb *crumb, const struct json *value,
                       const struct member *member, char *message) {
  struct text text;
  int r = member_text(job, crumb, value, &text);
  if (r != 0 || text.length == 0) return r;
  char **string = (char **)(message + member->offset);
  switch (member->kind) {
    case MEMBER_PERSONAL: return put_personal(job, crumb, value, text, member->personal, string);
    case MEMBER_DECIMAL: return put_decimal(job, crumb, value, text, member, message);
    case MEMBER_ANSWER: return put_answer(job, crumb, value, (int *)(message + member->offset));
    case MEMBER_CODE:
      *(int *)(message + member->offset) = code_value(member->codes, text);
      return member_string(job, crumb, value, text, (char **)(message + member->second));
    case MEMBER_TIME:
      return member_time(job, crumb, value, (Google__Protobuf__Timestamp **)(message + member->offset),
                         (Ioc__Bordergate__V1__TimePrecision *)(message + member->second));
    default: return member_string(job, crumb, value, text, string);
  }
}

/* ---- Lists --------------------------------------------------------------------------------------------- */

struct texts {
  char ***list; /* in the message */
  size_t *count;
  enum hub_personal_kind personal;
};

static int add_text(struct job *job, const struct crumb *crumb, const struct json *value, struct text text,
                    const struct texts *texts) {
  text = text_trim(text);
  if (text.length == 0) return 0;
  if (*texts->count == TEXTS_MAX) return member_reject(job, HUB_TOO_LARGE, crumb, value, "too many texts");
  if ((*texts->count & (*texts->count - 1)) == 0) { /* full: it grows by doubling */
    char **grown = hub_alloc(job->sink, 2 * (*texts->count + 1) * sizeof(*grown));
    if (grown == NULL) return -ENOMEM;
    if (*texts->count != 0) memcpy(grown, *texts->list, *texts->count * sizeof(*grown));
    *texts->list = grown;
  }
  char **place = &(*texts->list)[*texts->count];
  int r = texts->personal != 0 ? put_personal(job, crumb, value, text, texts->personal, place)
                               : member_string(job, crumb, value, text, place);
  if (r == 0) ++*texts->count;
  return r;
}

static int split_text(struct job *job, const struct crumb *crumb, const struct json *value, struct text text,
                      const struct texts *texts) {
  size_t start = 0;
  for (size_t i = 0; i <= text.length; i++) {
    if (i < text.length && memchr(",;/\n", text.data[i], 4) == NULL) continue;
    int r = add_text(job, crumb, value, (struct text){text.data + start, i - start}, texts);
    if (r != 0) return r;
    start = i + 1;
  }
  return 0;
}

static int read_texts(struct job *job, const struct crumb *crumb, const struct json *value,
                      const struct member *member, char *message) {
  struct texts texts = {(char ***)(message + member->offset), (size_t *)(message + member->second),
                        member->personal};
  struct crumb at = {crumb, NULL, 0};
  struct text text;
  if (value->type != JSON_ARRAY) {
    int r = member_text(job, crumb, value, &text);
    return r != 0 ? r : split_text(job, crumb, value, text, &texts);
  }
  for (const struct json *m = value->first; m != NULL; m = m->next, at.index++) {
    int r = member_text(job, &at, m, &text);
    if (r == 0) r = add_text(job, &at, m, text, &texts);
    if (r != 0) return r;
  }
  return 0;
}

static int read_element(struct job *job, const struct crumb *crumb, const struct json *value,
                        const struct member_list *list, void *message) {
  if (value->type == JSON_STRING && list->text_member != NULL) {
    struct json copy = *value, object = {.type = JSON_OBJECT, .start = value->start, .end = value->end};
    copy.key = list->text_member;
    copy.key_length = (uint32_t)strlen(copy.key);
    copy.next = NULL;
    object.first = &copy;
    return members_read(job, crumb, &object, &list->table, message);
  }
  if (value->type != JSON_OBJECT)
    return member_reject(job, HUB_INVALID, crumb, value, "an object must stand here");
  int r = members_read(job, crumb, value, &list->table, message);
  return r != 0 || list->finish == NULL ? r : list->finish(job, crumb, value, message);
}

static int read_list(struct job *job, const struct crumb *crumb, const struct json *value,
                     const struct member *member, char *message) {
  const struct member_list *list = member->list;
  struct crumb at = {crumb, NULL, 0};
  if (value->type == JSON_NULL) return 0;
  if (value->type != JSON_ARRAY)
    return member_reject(job, HUB_INVALID, crumb, value, "a list must stand here");
  job->list_elements += value->length;
  if (job->list_elements > LIST_ELEMENTS_MAX)
    return member_reject(job, HUB_TOO_LARGE, crumb, value, "too many elements in lists");
  if (value->length == 0) return 0;
  void **made = hub_alloc(job->sink, value->length * sizeof(*made));
  char *block = hub_alloc(job->sink, value->length * list->message_size);
  if (made == NULL || block == NULL) return -ENOMEM;
  for (const struct json *m = value->first; m != NULL; m = m->next, at.index++) {
    made[at.index] = block + at.index * list->message_size;
    list->init(made[at.index]);
    int r = read_element(job, &at, m, list, made[at.index]);
    if (r != 0) return r;
  }
  memcpy(message + member->offset, &made, sizeof(made));
  *(size_t *)(message + member->second) = at.index;
  return 0;
}

/* ---- Tables -------------------------------------------------------------------------------------------- */

static int read_member(struct job *job, const struct crumb *up, const struct json *value,
                       const struct member *member, char *message) {
  struct crumb crumb = {up, member->name.data, 0};
  switch (member->kind) {
    case MEMBER_LIST: return read_list(job, &crumb, value, member, message);
    case MEMBER_TEXTS: return read_texts(job, &crumb, value, member, message);
    case MEMBER_INTO: return members_read(job, &crumb, value, member->into, message);
    default: return read_scalar(job, &crumb, value, member, message);
  }
}

/* One of 64 bits for a name: what is no row's bit is no row's name. */
static uint64_t bit_of(const char *name, size_t length) {
  if (length == 0) return 0;
  return UINT64_C(1) << ((length * 5 + (unsigned char)name[0] * 3 + (unsigned char)name[length - 1]) & 63);
}

static uint64_t bits_of(const struct member_table *table) {
  uint64_t bits = 0;
  for (size_t i = 0; i < table->count; i++)
    bits |= bit_of(table->members[i].name.data, table->members[i].name.length);
  return bits;
}

static bool is_row(const struct member *member, const struct json *m) {
  return member->name.length == m->key_length && memcmp(member->name.data, m->key, m->key_length) == 0;
}

/* The row of a member: the one expected, else any; NULL: none. */
static const struct member *find_row(const struct member_table *table, size_t expected, uint64_t *bits,
                                     const struct json *m) {
  if (expected < table->count && is_row(&table->members[expected], m)) return &table->members[expected];
  if (*bits == 0) *bits = bits_of(table);
  if ((*bits & bit_of(m->key, m->key_length)) == 0) return NULL;
  for (size_t i = 0; i < table->count; i++)
    if (is_row(&table->members[i], m)) return &table->members[i];
  return NULL;
}

int members_read(struct job *job, const struct crumb *crumb, const struct json *object,
                 const struct member_table *table, void *message) {
  size_t expected = 0;
  uint64_t bits = 0;
  for (const struct json *m = json_first(object); m != NULL; m = m->next) {
    const struct member *member = find_row(table, expected, &bits, m);
    if (member == NULL) continue;
    int r = read_member(job, crumb, m, member, message);
    if (r != 0) return r;
    expected = (size_t)(member - table->members) + 1;
  }
  return 0;
}
