/*
 * values.c: what makers of messages share, see values.h.
 */
#include "connectors/health/values.h"

#include <errno.h>
#include <strings.h>

#define CLASS(name) IOC__HEALTH__V1__PATIENT_CLASS__PATIENT_CLASS_##name
#define GENDER(name) IOC__HEALTH__V1__GENDER__GENDER_##name

const struct value_code value_genders[] = {
    {TEXT("1"), GENDER(MALE)},
    {TEXT("2"), GENDER(FEMALE)},
    {TEXT("3"), GENDER(UNKNOWN)},
    {TEXT(""), 0},
};

/* QĐ 4210 wrote the first three without the zero. */
const struct value_code value_bhyt_classes[] = {
    {TEXT("01"), CLASS(OUTPATIENT)},  {TEXT("02"), CLASS(OUTPATIENT)},
    {TEXT("03"), CLASS(INPATIENT)},   {TEXT("04"), CLASS(DAY)},
    {TEXT("06"), CLASS(OBSERVATION)}, {TEXT("07"), CLASS(OUTPATIENT)},
    {TEXT("09"), CLASS(INPATIENT)},   {TEXT("10"), CLASS(OTHER)},
    {TEXT("11"), CLASS(FIELD)},       {TEXT("12"), CLASS(HOME)},
    {TEXT("13"), CLASS(OUTPATIENT)},  {TEXT("14"), CLASS(VIRTUAL)},
    {TEXT("15"), CLASS(CHECK_UP)},    {TEXT("16"), CLASS(CHECK_UP)},
    {TEXT("1"), CLASS(OUTPATIENT)},   {TEXT("2"), CLASS(OUTPATIENT)},
    {TEXT("3"), CLASS(INPATIENT)},    {TEXT("4"), CLASS(DAY)},
    {TEXT("6"), CLASS(OBSERVATION)},  {TEXT("7"), CLASS(OUTPATIENT)},
    {TEXT("9"), CLASS(INPATIENT)},    {TEXT(""), 0},
};

const struct value_code value_number_kinds[] = {
    {TEXT("NI"), HUB_CITIZEN_ID},
    {TEXT("NNVNM"), HUB_CITIZEN_ID},
    {TEXT("NNVN"), HUB_CITIZEN_ID},
    {TEXT("PPN"), HUB_CITIZEN_ID},
    {TEXT("SS"), HUB_CITIZEN_ID},
    {TEXT("SB"), HUB_CITIZEN_ID},
    {TEXT("DL"), HUB_CITIZEN_ID},
    {TEXT("CZ"), HUB_CITIZEN_ID},
    {TEXT("BCT"), HUB_CITIZEN_ID},
    {TEXT("HC"), HUB_INSURANCE_CARD},
    {TEXT("SN"), HUB_INSURANCE_CARD},
    {TEXT("MB"), HUB_INSURANCE_CARD},
    {TEXT(""), 0},
};

void *value_alloc(struct maker *m, size_t bytes) {
  if (m->error != 0) return NULL;
  void *memory = hub_alloc(m->sink, bytes);
  if (memory == NULL) m->error = -ENOMEM;
  return memory;
}

char *value_string(struct maker *m, struct text text) {
  if (text.length == 0) return (char *)protobuf_c_empty_string;
  char *copy = value_alloc(m, text.length + 1);
  if (copy == NULL) return (char *)protobuf_c_empty_string;
  return memcpy(copy, text.data, text.length);
}

char *value_personal(struct maker *m, enum hub_personal_kind kind, struct text text) {
  char *made = (char *)protobuf_c_empty_string;
  if (m->error != 0 || text.length == 0) return made;
  m->error = hub_personal(m->sink, kind, text.data, text.length, &made);
  return made;
}

static size_t count_items(struct text text, char separator) {
  size_t count = 1;
  for (size_t i = 0; i < text.length; i++) count += text.data[i] == separator;
  return count;
}

struct value_list value_list(struct maker *m, struct text text, char separator, enum hub_personal_kind kind) {
  struct value_list list = {NULL, 0};
  if (text.length == 0) return list;
  const char *end = text.data + text.length;
  list.items = value_alloc(m, count_items(text, separator) * sizeof(*list.items));
  for (const char *at = text.data; at != NULL && list.items != NULL;) {
    const char *stop = memchr(at, separator, (size_t)(end - at));
    struct text item = text_trim((struct text){at, (size_t)((stop == NULL ? end : stop) - at)});
    at = stop == NULL ? NULL : stop + 1;
    if (item.length == 0) continue;
    list.items[list.count++] = kind == 0 ? value_string(m, item) : value_personal(m, kind, item);
  }
  return list;
}

struct text value_given(struct text text) {
  text = text_trim(text);
  bool is_null = text.length == 4 && strncasecmp(text.data, "null", 4) == 0;
  return is_null ? TEXT_NONE : text;
}

static bool is_zeros(struct text text) {
  for (size_t i = 0; i < text.length; i++)
    if (text.data[i] != '0') return false;
  return true;
}

int value_read_time(struct text text, int32_t zone_offset_s, struct time_point *point,
                    const char **ret_trouble) {
  static const unsigned forms = TIME_ANY & ~(unsigned)TIME_EPOCH_MS;
  if (is_zeros(text)) return 0;
  int r = time_read(text, forms, zone_offset_s, point);
  if (r == 0) return 0;
  *ret_trouble = r == TIME_E_FORM ? "not a time in a known form" : "no such day or time of day";
  return HUB_INVALID;
}

Google__Protobuf__Timestamp *value_time(struct maker *m, const struct time_point *point) {
  if (point->precision == 0) return NULL;
  Google__Protobuf__Timestamp *time = value_alloc(m, sizeof(*time));
  if (time == NULL) return NULL;
  google__protobuf__timestamp__init(time);
  time_split(point->us, &time->seconds, &time->nanos);
  time->nanos += point->rest_ns;
  return time;
}

Ioc__Health__V1__Facility *value_facility(struct maker *m, struct text code, struct text name) {
  if (code.length == 0 && name.length == 0) return NULL;
  Ioc__Health__V1__Facility *facility = value_alloc(m, sizeof(*facility));
  if (facility == NULL) return NULL;
  ioc__health__v1__facility__init(facility);
  facility->code = value_string(m, code);
  facility->name = value_string(m, name);
  return facility;
}

static int64_t day_of(const struct maker *m, const struct time_point *point) {
  int64_t local = point->us + (int64_t)m->zone_offset_s * 1000000;
  return local / TIME_DAY_US - (local % TIME_DAY_US < 0);
}

int64_t value_days_between(const struct maker *m, const struct time_point *from,
                           const struct time_point *to) {
  return day_of(m, to) - day_of(m, from);
}

int value_of_code(const struct value_code *codes, struct text code) {
  for (; codes->code.length != 0; codes++)
    if (text_equal(codes->code, code)) return codes->value;
  return 0;
}
