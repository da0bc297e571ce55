/*
 * hl7_fields.c: see hl7_fields.h.
 *
 * A time that cannot be read does not refuse a record: real senders write thirteen digits or `0000`, and the
 * visit happened nevertheless. It is named in `unread_times` instead.
 */
#include "connectors/health/hl7_fields.h"

#include <errno.h>
#include <string.h>

typedef Ioc__Health__V1__Code Code;
typedef Ioc__Health__V1__Facility Facility;
typedef Ioc__Health__V1__Place Place;
typedef Ioc__Health__V1__UnreadTime UnreadTime;

#define CLASS(name) IOC__HEALTH__V1__PATIENT_CLASS__PATIENT_CLASS_##name
#define PROCESSING(name) IOC__HEALTH__V1__PROCESSING__PROCESSING_##name

const struct value_code hl7_classes[] = {
    {TEXT("O"), CLASS(OUTPATIENT)},     {TEXT("I"), CLASS(INPATIENT)},
    {TEXT("E"), CLASS(EMERGENCY)},      {TEXT("P"), CLASS(PREADMIT)},
    {TEXT("R"), CLASS(RECURRING)},      {TEXT("B"), CLASS(OBSTETRICS)},
    {TEXT("C"), CLASS(OTHER)},          {TEXT("U"), CLASS(UNKNOWN)},
    {TEXT("N"), CLASS(NOT_APPLICABLE)}, {TEXT(""), 0},
};

const struct value_code hl7_processing[] = {
    {TEXT("P"), PROCESSING(PRODUCTION)},
    {TEXT("D"), PROCESSING(DEBUGGING)},
    {TEXT("T"), PROCESSING(TRAINING)},
    {TEXT(""), 0},
};

/* ---- Faults, cleared fields ---- */

void hl7_refuse(struct hl7_maker *m, enum hub_reject_code code, const struct hl7v2_segment *segment,
                struct hl7v2_path path, const char *detail) {
  if (m->maker.error != 0) return;
  m->fault.code = code;
  m->fault.detail = detail;
  hl7v2_place(m->message, segment, path, m->fault.at);
  m->maker.error = HL7_E_FAULT;
}

int hl7_reject(struct hl7_maker *m, struct text bytes) {
  struct hub_rejection rejection = {
      .size = sizeof(rejection),
      .code = m->fault.code,
      .at = m->fault.at,
      .detail = m->fault.detail,
      .bytes = bytes.data,
      .length = bytes.length,
  };
  return hub_reject(m->maker.sink, &rejection);
}

/* "PV1-3.4": a place without line, column and number of the segment. at: HL7V2_PLACE_SIZE bytes. */
static struct text name_of(const struct hl7_maker *m, const struct hl7v2_segment *segment,
                           struct hl7v2_path path, char *at) {
  struct hl7v2_segment first = *segment;
  first.number = 1;
  hl7v2_place(m->message, segment->number == 1 ? segment : &first, path, at);
  return text_of(strchr(at, ' ') + 1);
}

/* By the largest part that is `""`: the first component of a field is the field. */
static void note_cleared(struct hl7_maker *m, const struct hl7v2_segment *segment, struct hl7v2_path path) {
  char at[HL7V2_PLACE_SIZE];
  struct hl7v2_path upper = path;
  upper.subcomponent = 0;
  if (hl7v2_is_null(hl7v2_get(m->message, segment, upper))) path = upper;
  if (hl7v2_is_null(hl7v2_field(m->message, segment, path.field))) path = HL7_FIELD(path.field);
  struct text name = name_of(m, segment, path, at);
  for (size_t i = 0; i < m->cleared_count; i++)
    if (text_is(name, m->cleared[i])) return;
  if (m->cleared == NULL) m->cleared = value_alloc(&m->maker, HL7_CLEARED_MAX * sizeof(*m->cleared));
  if (m->cleared != NULL && m->cleared_count < HL7_CLEARED_MAX)
    m->cleared[m->cleared_count++] = value_string(&m->maker, name);
}

/* ---- Texts ---- */

/* Fields are asked one after the other from one segment, so its fields are found once. */
static struct text get_field(struct hl7_maker *m, const struct hl7v2_segment *segment, unsigned field) {
  struct hl7_index *index = m->index;
  if (segment == m->message->segments || field > HL7_INDEXED_MAX)
    return hl7v2_field(m->message, segment, field);
  if (index->segment != segment) {
    struct text rest = segment->text, name;
    index->segment = segment;
    index->count = 0;
    (void)hl7v2_split(&rest, m->message->delimiters.field, &name);
    while (index->count < HL7_INDEXED_MAX &&
           hl7v2_split(&rest, m->message->delimiters.field, &index->fields[index->count]))
      index->count++;
  }
  return field <= index->count ? index->fields[field - 1] : TEXT_NONE;
}

struct text hl7_text_of(struct hl7_maker *m, struct text raw, const struct hl7v2_segment *segment,
                        struct hl7v2_path path) {
  struct text text = TEXT_NONE;
  if (hl7v2_is_null(raw)) {
    note_cleared(m, segment, path);
    return text;
  }
  int r = hl7v2_value(m->message, &m->allocator, raw, &text);
  if (r != 0) m->maker.error = r;
  if (r != 0) return TEXT_NONE;
  if (text.length != 0 && memchr(text.data, 0, text.length) != NULL) {
    hl7_refuse(m, HUB_INVALID, segment, path, "a text may not hold NUL");
    return TEXT_NONE;
  }
  return text_trim(text);
}

struct text hl7_text(struct hl7_maker *m, const struct hl7v2_segment *segment, struct hl7v2_path path) {
  if (segment == NULL || m->maker.error != 0) return TEXT_NONE;
  struct text field = get_field(m, segment, path.field);
  return field.length == 0 ? TEXT_NONE : hl7_text_of(m, hl7v2_part(m->message, field, path), segment, path);
}

char *hl7_string(struct hl7_maker *m, const struct hl7v2_segment *segment, struct hl7v2_path path) {
  return value_string(&m->maker, hl7_text(m, segment, path));
}

char *hl7_personal(struct hl7_maker *m, enum hub_personal_kind kind, const struct hl7v2_segment *segment,
                   struct hl7v2_path path) {
  return value_personal(&m->maker, kind, hl7_text(m, segment, path));
}

int hl7_enum(struct hl7_maker *m, const struct hl7v2_segment *segment, struct hl7v2_path path,
             const struct value_code *codes, char **ret_code) {
  struct text code = hl7_text(m, segment, path);
  *ret_code = value_string(&m->maker, code);
  return value_of_code(codes, code);
}

unsigned hl7_repetitions(struct hl7_maker *m, const struct hl7v2_segment *segment, unsigned field) {
  unsigned count = 0;
  struct text piece, rest = segment == NULL ? TEXT_NONE : get_field(m, segment, field);
  if (rest.length == 0) return 0;
  while (count < HL7_LIST_MAX && hl7v2_split(&rest, m->message->delimiters.repetition, &piece)) count++;
  if (rest.data != NULL)
    hl7_refuse(m, HUB_TOO_LARGE, segment, (struct hl7v2_path){.field = field}, "too many repetitions");
  return count;
}

/* ---- Times ---- */

static bool is_time_like(struct text text) {
  for (size_t i = 0; i < text.length; i++)
    if (memchr("0123456789+-.: ", text.data[i], 15) == NULL) return false;
  return text.length <= 32;
}

static void note_unread(struct hl7_maker *m, const struct hl7v2_segment *segment, struct hl7v2_path path,
                        struct text text) {
  char at[HL7V2_PLACE_SIZE];
  if (m->unread_count == HL7_UNREAD_MAX) return;
  if (m->unread == NULL) m->unread = value_alloc(&m->maker, HL7_UNREAD_MAX * sizeof(*m->unread));
  UnreadTime *unread = value_alloc(&m->maker, sizeof(*unread));
  if (unread == NULL) return;
  ioc__health__v1__unread_time__init(unread);
  unread->field = value_string(&m->maker, name_of(m, segment, path, at));
  if (is_time_like(text)) unread->text = value_string(&m->maker, text);
  m->unread[m->unread_count++] = unread;
}

/* A time may be component 1 of more (TS, with its degree of precision behind). */
enum hl7_sent hl7_read_time(struct hl7_maker *m, const struct hl7v2_segment *segment, struct hl7v2_path path,
                            struct time_point *ret) {
  struct hl7v2_path first = path;
  if (first.component == 0) first.component = 1;
  *ret = (struct time_point){.us = HUB_NONE};
  struct text text = hl7_text(m, segment, first);
  if (text.length == 0) return HL7_NOT_SENT;
  if (time_read(text, TIME_HL7, m->maker.zone_offset_s, ret) == 0) return HL7_READ;
  note_unread(m, segment, path, text);
  return HL7_UNREADABLE;
}

bool hl7_put_time(struct hl7_maker *m, const struct hl7v2_segment *segment, struct hl7v2_path path,
                  struct hl7_time into) {
  struct time_point point;
  enum hl7_sent sent = hl7_read_time(m, segment, path, &point);
  if (sent == HL7_NOT_SENT) return false;
  *into.time = sent == HL7_READ ? value_time(&m->maker, &point) : NULL;
  *into.precision = sent == HL7_READ ? (Ioc__Health__V1__TimePrecision)point.precision : 0;
  return true;
}

int64_t hl7_microseconds(const Google__Protobuf__Timestamp *time) {
  return time == NULL ? HUB_NONE : time->seconds * 1000000 + time->nanos / 1000;
}

/* ---- Composed fields ---- */

static bool is_sent(const char *text) { return text[0] != 0; }

Code *hl7_code(struct hl7_maker *m, const struct hl7v2_segment *segment, struct hl7v2_path path) {
  struct hl7v2_path text = path, system = path;
  text.component++;
  system.component += 2;
  Code made;
  ioc__health__v1__code__init(&made);
  made.code = hl7_string(m, segment, path);
  made.text = hl7_string(m, segment, text);
  made.system = hl7_string(m, segment, system);
  if (!is_sent(made.code) && !is_sent(made.text)) return NULL;
  Code *code = value_alloc(&m->maker, sizeof(*code));
  if (code != NULL) *code = made;
  return code;
}

static Facility *make_facility(struct hl7_maker *m, char *code) {
  Facility *facility = is_sent(code) ? value_alloc(&m->maker, sizeof(*facility)) : NULL;
  if (facility == NULL) return NULL;
  ioc__health__v1__facility__init(facility);
  facility->code = code;
  return facility;
}

Place *hl7_place(struct hl7_maker *m, const struct hl7v2_segment *segment, unsigned field) {
  Place made;
  ioc__health__v1__place__init(&made);
  made.ward_code = hl7_string(m, segment, HL7_FIELD(field, 1, 1, 1));
  made.room = hl7_string(m, segment, HL7_FIELD(field, 1, 2, 1));
  made.bed = hl7_string(m, segment, HL7_FIELD(field, 1, 3, 1));
  made.facility = make_facility(m, hl7_string(m, segment, HL7_FIELD(field, 1, 4, 1)));
  if (!is_sent(made.ward_code) && !is_sent(made.room) && !is_sent(made.bed) && made.facility == NULL)
    return NULL;
  Place *place = value_alloc(&m->maker, sizeof(*place));
  if (place != NULL) *place = made;
  return place;
}

Facility *hl7_facility(struct hl7_maker *m, const Place *place) {
  if (place != NULL && place->facility != NULL) return place->facility;
  return make_facility(m, hl7_string(m, m->message->segments, HL7_FIELD(4, 1, 1, 1)));
}
