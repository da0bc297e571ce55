/*
 * record.c: applies the tables of record.h.
 *
 * A value that cannot be read refuses the record at its field; an unknown code is a value like others. Days
 * are taken as people write them into sheets (5/9/2015 as well as 05/09/2015), but a day that does not exist
 * is never another day.
 */
#include "connectors/education/record.h"

#include <errno.h>
#include <strings.h>

#include "connectors/format/time.h"
#include "google/protobuf/timestamp.pb-c.h"

enum { TEXTS_MAX = 64, DAY_SIZE = 40 };

size_t field_find(const struct field_table *table, const char *name) {
  for (size_t i = 0; i < table->count; i++)
    if (strcmp(table->fields[i].name, name) == 0) return i;
  return RECORD_WHOLE;
}

int record_reject(const struct record *record, enum hub_reject_code code, size_t field, const char *detail) {
  const char *at = record->place(record, field);
  if (at == NULL) return -ENOMEM;
  record->job->rejection =
      (struct hub_rejection){.size = sizeof(struct hub_rejection), .code = code, .at = at, .detail = detail};
  return RECORD_E_REJECTED;
}

static bool is_inside(const struct hub_payload *payload, struct text bytes) {
  uintptr_t from = (uintptr_t)payload->data, at = (uintptr_t)bytes.data;
  return bytes.data != NULL && at >= from && at - from + bytes.length <= payload->length;
}

int record_refuse(const struct record *record, struct text key) {
  struct hub_rejection *rejection = &record->job->rejection;
  if (key.length != 0) {
    rejection->key = rejection->value = key.data;
    rejection->key_length = rejection->value_length = key.length;
  }
  if (is_inside(record->job->payload, record->bytes)) {
    rejection->bytes = record->bytes.data;
    rejection->length = record->bytes.length;
  }
  return hub_reject(record->job->sink, rejection);
}

static int put_personal(const struct record *record, size_t field, struct text text, char **ret) {
  return hub_personal(record->job->sink, record->table->fields[field].personal, text.data, text.length, ret);
}

/* ---- Days and times ---- */

/* The number at *p, at most four digits; 0: none. Moves *p behind it. */
static unsigned read_number(const char **p, const char *end) {
  unsigned value = 0;
  for (int digits = 0; *p < end && **p >= '0' && **p <= '9' && digits < 4; digits++, (*p)++)
    value = value * 10 + (unsigned)(**p - '0');
  return value;
}

/* d/M/yyyy, d-M-yyyy or d.M.yyyy as yyyy-MM-dd, which then is judged as any other day. False: another form.
 */
static bool spread_day(struct text text, bool month_first, char out[static DAY_SIZE], struct text *ret) {
  const char *p = text.data, *end = text.data + text.length;
  unsigned first = read_number(&p, end);
  if (p == end || strchr("/-.", *p) == NULL || first == 0 || p - text.data > 2) return false;
  char sign = *p++;
  const char *second_at = p;
  unsigned second = read_number(&p, end);
  if (p == end || *p != sign || second == 0 || p - second_at > 2) return false;
  const char *year_at = ++p;
  unsigned year = read_number(&p, end);
  if (p - year_at != 4 || p != end) return false;
  unsigned day = month_first ? second : first, month = month_first ? first : second;
  for (int i = 3; i >= 0; i--, year /= 10) out[i] = (char)('0' + year % 10);
  out[4] = out[7] = '-';
  out[5] = (char)('0' + month / 10), out[6] = (char)('0' + month % 10);
  out[8] = (char)('0' + day / 10), out[9] = (char)('0' + day % 10);
  *ret = (struct text){out, 10};
  return true;
}

/* 0, or the detail of a rejection. */
static const char *read_point(const struct record *record, struct text text, bool month_first,
                              struct time_point *ret) {
  char day[DAY_SIZE];
  unsigned forms = TIME_ANY & ~(unsigned)TIME_EPOCH_MS;
  if (spread_day(text, month_first, day, &text)) forms = TIME_ISO;
  int r = time_read(text, forms, record->job->education->zone_offset_s, ret);
  if (r == TIME_E_IMPOSSIBLE) return "no such day or time of day";
  return r != 0 ? "not a day or time in a known form" : NULL;
}

static int put_time(const struct record *record, size_t field, struct text text, void *place) {
  const struct field *about = &record->table->fields[field];
  struct time_point point;
  const char *wrong = read_point(record, text, about->kind == FIELD_DAY_MONTH_FIRST, &point);
  if (wrong != NULL) return record_reject(record, HUB_INVALID, field, wrong);
  Google__Protobuf__Timestamp *made = hub_alloc(record->job->sink, sizeof(*made));
  if (made == NULL) return -ENOMEM;
  google__protobuf__timestamp__init(made);
  time_split(point.us, &made->seconds, &made->nanos);
  made->nanos += point.rest_ns;
  *(Google__Protobuf__Timestamp **)place = made;
  return 0;
}

static bool is_year(struct text text) {
  if (text.length != 4 || (text.data[0] != '1' && text.data[0] != '2')) return false;
  for (size_t i = 1; i < 4; i++)
    if (text.data[i] < '0' || text.data[i] > '9') return false;
  return true;
}

/* The sink keeps the year only, so the day is given to it in a form of which it finds the year. */
static int put_birth(const struct record *record, size_t field, struct text text, char **ret) {
  struct time_point point;
  char day[DAY_SIZE];
  bool month_first = record->table->fields[field].kind == FIELD_BIRTH_MONTH_FIRST;
  if (is_year(text)) return put_personal(record, field, text, ret);
  const char *wrong = read_point(record, text, month_first, &point);
  if (wrong != NULL) return record_reject(record, HUB_INVALID, field, wrong);
  spread_day(text, month_first, day, &text);
  return put_personal(record, field, text, ret);
}

/* ---- Codes ---- */

static bool code_is(const char *code, struct text folded) {
  size_t length = strlen(code);
  if (code[length - 1] != '*') return text_equal((struct text){code, length}, folded);
  return folded.length >= length - 1 && memcmp(code, folded.data, length - 1) == 0;
}

static int find_code(const struct record *record, const struct code *codes, struct text text, int *ret) {
  struct text folded = text;
  int r = text_fold(&record->job->allocator, text, &folded);
  if (r == -EILSEQ) return 0; /* the sink refuses such a text with words of its own */
  for (const struct code *code = codes; r == 0 && code->folded != NULL; code++) {
    if (!code_is(code->folded, folded)) continue;
    *ret = code->value;
    break;
  }
  return r;
}

static int put_member(const struct field *about, struct text text, char *message) {
  bool yes = text_is(text, "1") || (text.length == 4 && strncasecmp(text.data, "true", 4) == 0);
  int *list = *(int **)(message + about->offset);
  if (yes && list != NULL) list[(*(size_t *)(message + about->second))++] = about->value;
  return 0;
}

/* ---- Fields ---- */

static int put(const struct record *record, size_t field, struct text text, char *message) {
  const struct field *about = &record->table->fields[field];
  char **string = (char **)(message + (about->kind == FIELD_CODE ? about->second : about->offset));
  switch (about->kind) {
    case FIELD_TEXT:
      return (*string)[0] != 0 ? 0 : hub_string(record->job->sink, text.data, text.length, string);
    case FIELD_PERSONAL: return (*string)[0] != 0 ? 0 : put_personal(record, field, text, string);
    case FIELD_BIRTH:
    case FIELD_BIRTH_MONTH_FIRST: return (*string)[0] != 0 ? 0 : put_birth(record, field, text, string);
    case FIELD_DAY:
    case FIELD_DAY_MONTH_FIRST:
    case FIELD_TIME: return *string != NULL ? 0 : put_time(record, field, text, string);
    case FIELD_MEMBER: return put_member(about, text, message);
    case FIELD_CODE: break;
    default: return 0;
  }
  if ((*string)[0] != 0) return 0;
  int r = find_code(record, about->codes, text, (int *)(message + about->offset));
  return r != 0 ? r : hub_string(record->job->sink, text.data, text.length, string);
}

static int put_texts(const struct record *record, size_t field, char *message) {
  const struct field *about = &record->table->fields[field];
  char ***list = (char ***)(message + about->offset);
  size_t *count = (size_t *)(message + about->second);
  for (size_t i = 0;; i++) {
    struct text text;
    int r = record->get(record, field, i, &text);
    if (r != 0 || (text.length == 0 && text.data == NULL)) return r;
    if (text.length == 0) continue;
    if (*count == TEXTS_MAX) return record_reject(record, HUB_TOO_LARGE, field, "too many values in a list");
    if (*list == NULL) *list = hub_alloc(record->job->sink, TEXTS_MAX * sizeof(**list));
    if (*list == NULL) return -ENOMEM;
    char **place = &(*list)[*count];
    r = about->kind == FIELD_TEXTS ? hub_string(record->job->sink, text.data, text.length, place)
                                   : put_personal(record, field, text, place);
    if (r != 0) return r;
    ++*count;
  }
}

int record_read(const struct record *record, void *message) {
  for (size_t i = 0; i < record->table->count; i++) {
    enum field_kind kind = record->table->fields[i].kind;
    struct text text;
    int r;
    if (kind == FIELD_UNUSED) continue;
    if (kind == FIELD_TEXTS || kind == FIELD_PERSONAL_TEXTS) {
      r = put_texts(record, i, message);
    } else {
      r = record->get(record, i, 0, &text);
      if (r == 0 && text.length != 0) r = put(record, i, text, message);
    }
    if (r != 0) return r;
  }
  return 0;
}
