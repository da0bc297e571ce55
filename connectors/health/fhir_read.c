/*
 * fhir_read.c: values of FHIR resources into fields of messages, and references followed within a payload.
 *
 * Only what the payload brings is followed: a reference to elsewhere stays the id that it names.
 */
#include "connectors/health/fhir_read.h"

#include "connectors/format/time.h"

#include <errno.h>
#include <stdlib.h>

/* ---- References ---- */

static int compare_texts(struct text a, struct text b) {
  int order = memcmp(a.data, b.data, a.length < b.length ? a.length : b.length);
  return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

static int compare_known(const void *a, const void *b) {
  const struct fhir_known *one = a, *other = b;
  int order = compare_texts(one->name, other->name);
  /* Of one name twice the first in the payload counts. */
  return order != 0 ? order
                    : (one->resource->start > other->resource->start) -
                          (one->resource->start < other->resource->start);
}

static int know_type_and_id(struct fhir_job *job, const struct json *resource) {
  struct text type = json_text(json_get(resource, "resourceType")), id = json_text(json_get(resource, "id"));
  if (type.length == 0 || id.length == 0) return 0;
  char *name = allocate(&job->allocator, type.length + 1 + id.length);
  if (name == NULL) return -ENOMEM;
  memcpy(name, type.data, type.length);
  name[type.length] = '/';
  memcpy(name + type.length + 1, id.data, id.length);
  job->known[job->known_count++] = (struct fhir_known){{name, type.length + 1 + id.length}, resource};
  return 0;
}

int fhir_know(struct fhir_job *job, const struct json *entries) {
  if (entries == NULL || entries->length == 0) return 0;
  job->known = allocate(&job->allocator, 2 * (size_t)entries->length * sizeof(*job->known));
  if (job->known == NULL) return -ENOMEM;
  for (const struct json *entry = json_first(entries); entry != NULL; entry = entry->next) {
    const struct json *resource = json_get(entry, "resource");
    struct text url = json_text(json_get(entry, "fullUrl"));
    if (!json_is(resource, JSON_OBJECT)) continue;
    if (url.length != 0) job->known[job->known_count++] = (struct fhir_known){url, resource};
    int r = know_type_and_id(job, resource);
    if (r < 0) return r;
  }
  qsort(job->known, job->known_count, sizeof(*job->known), compare_known);
  return 0;
}

static const struct json *find_known(const struct fhir_job *job, struct text name) {
  size_t low = 0, high = job->known_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (compare_texts(job->known[middle].name, name) < 0) low = middle + 1;
    else high = middle;
  }
  return low < job->known_count && text_equal(job->known[low].name, name) ? job->known[low].resource : NULL;
}

static const struct json *find_contained(const struct json *resource, struct text id) {
  for (const struct json *one = json_first(json_get(resource, "contained")); one != NULL; one = one->next)
    if (text_equal(json_text(json_get(one, "id")), id)) return one;
  return NULL;
}

/* Without /_history/N. */
static struct text unversioned(struct text url) {
  if (url.length == 0) return url;
  const char *history = memmem(url.data, url.length, "/_history/", 10);
  return history == NULL ? url : (struct text){url.data, (size_t)(history - url.data)};
}

/* The last `parts` parts of a path. */
static struct text last_parts(struct text path, int parts) {
  size_t at = path.length;
  while (at > 0 && (path.data[at - 1] != '/' || --parts > 0)) at--;
  return (struct text){path.data + at, path.length - at};
}

const struct json *fhir_follow(const struct fhir_job *job, const struct json *reference) {
  struct text url = json_text(json_get(reference, "reference"));
  if (url.length == 0) return NULL;
  if (url.data[0] == '#') return find_contained(job->resource, (struct text){url.data + 1, url.length - 1});
  url = unversioned(url);
  const struct json *found = find_known(job, url);
  return found != NULL ? found : find_known(job, last_parts(url, 2));
}

struct text fhir_reference_id(const struct json *reference) {
  struct text url = unversioned(json_text(json_get(reference, "reference")));
  if (url.length == 0) return json_text(json_get(json_get(reference, "identifier"), "value"));
  if (url.data[0] == '#') return TEXT_NONE; /* a name that means nothing outside of its resource */
  if (url.length > 9 && memcmp(url.data, "urn:uuid:", 9) == 0)
    return (struct text){url.data + 9, url.length - 9};
  return last_parts(url, 1);
}

/* ---- Values ---- */

const struct json *fhir_first(const struct json *list) {
  return json_is(list, JSON_ARRAY) ? json_first(list) : NULL;
}

struct text fhir_code(const struct json *concept) {
  return json_text(json_get(fhir_first(json_get(concept, "coding")), "code"));
}

struct text fhir_display(const struct json *concept) {
  struct text text = json_text(json_get(concept, "text"));
  return text.length != 0 ? text : json_text(json_get(fhir_first(json_get(concept, "coding")), "display"));
}

struct text fhir_identifier(const struct json *resource) {
  for (const struct json *one = fhir_first(json_get(resource, "identifier")); one != NULL; one = one->next) {
    struct text value = json_text(json_get(one, "value"));
    if (value.length != 0) return value;
  }
  return TEXT_NONE;
}

static int fault(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *value,
                 const char *detail) {
  fhir_fault(&job->fault, HUB_INVALID, crumb, value, detail);
  return FHIR_E_FAULT;
}

int fhir_put(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *value, struct text text,
             char **field) {
  text = text_trim(text);
  if (text.length == 0) return 0;
  int r = hub_string(job->sink, text.data, text.length, field);
  return r > 0 ? fault(job, crumb, value, "a text may not hold NUL") : r;
}

int fhir_put_member(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *object,
                    const char *name, char **field) {
  struct fhir_crumb at = {crumb, name, 0};
  const struct json *value = json_get(object, name);
  return fhir_put(job, &at, value, json_text(value), field);
}

int fhir_put_personal(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *value,
                      struct text text, enum hub_personal_kind kind, char **field) {
  if (text.length != 0 && memchr(text.data, 0, text.length) != NULL)
    return fault(job, crumb, value, "a text may not hold NUL");
  return hub_personal(job->sink, kind, text.data, text.length, field);
}

/* 2026, 2026-07, else a day with or without a time. */
static int read_time(struct text text, int32_t zone_offset_s, struct time_point *ret,
                     Ioc__Health__V1__TimePrecision *ret_precision) {
  char whole[] = "0000-01-01";
  if (text.length != 4 && text.length != 7) {
    int r = time_read(text, TIME_ISO, zone_offset_s, ret);
    if (r == 0) *ret_precision = (Ioc__Health__V1__TimePrecision)ret->precision;
    return r;
  }
  memcpy(whole, text.data, text.length);
  *ret_precision = text.length == 4 ? IOC__HEALTH__V1__TIME_PRECISION__TIME_PRECISION_YEAR
                                    : IOC__HEALTH__V1__TIME_PRECISION__TIME_PRECISION_MONTH;
  return time_read((struct text){whole, 10}, TIME_ISO, zone_offset_s, ret);
}

int fhir_put_time(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *object,
                  const char *name, Google__Protobuf__Timestamp **field,
                  Ioc__Health__V1__TimePrecision *precision) {
  struct fhir_crumb at = {crumb, name, 0};
  const struct json *value = json_get(object, name);
  struct time_point point;
  if (value == NULL) return 0;
  int r = read_time(json_text(value), job->health->zone_offset_s, &point, precision);
  if (r == TIME_E_IMPOSSIBLE) return fault(job, &at, value, "no such day or time of day");
  if (r != 0) return fault(job, &at, value, "not a time of the form 2026-07-12T08:15:00+07:00");
  Google__Protobuf__Timestamp *made = hub_alloc(job->sink, sizeof(*made));
  if (made == NULL) return -ENOMEM;
  google__protobuf__timestamp__init(made);
  time_split(point.us, &made->seconds, &made->nanos);
  made->nanos += point.rest_ns;
  *field = made;
  return 0;
}

int64_t fhir_moment(const Google__Protobuf__Timestamp *time) {
  return time == NULL ? HUB_NONE : time->seconds * 1000000 + time->nanos / 1000;
}

/* ---- Who and where ---- */

/* Code: the organization's identifier, else the id that the reference names. */
int fhir_put_facility(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *reference,
                      Ioc__Health__V1__Facility **field) {
  if (reference == NULL) return 0;
  const struct json *organization = fhir_follow(job, reference);
  struct text code = fhir_identifier(organization), name = json_text(json_get(organization, "name"));
  if (code.length == 0) code = fhir_reference_id(reference);
  if (name.length == 0) name = json_text(json_get(reference, "display"));
  if (code.length == 0 && name.length == 0) return 0;
  Ioc__Health__V1__Facility *facility = hub_alloc(job->sink, sizeof(*facility));
  if (facility == NULL) return -ENOMEM;
  ioc__health__v1__facility__init(facility);
  int r = fhir_put(job, crumb, reference, code, &facility->code);
  if (r == 0) r = fhir_put(job, crumb, reference, name, &facility->name);
  *field = facility;
  return r;
}

struct people { /* a list of protected texts being made */
  char **texts;
  size_t count;
};

static int add_person(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *value,
                      struct text text, enum hub_personal_kind kind, struct people *people) {
  text = text_trim(text);
  if (text.length == 0) return 0;
  int r = fhir_put_personal(job, crumb, value, text, kind, &people->texts[people->count]);
  if (r == 0 && people->texts[people->count][0] != 0) people->count++;
  return r;
}

static int people_new(struct fhir_job *job, size_t most, struct people *ret) {
  ret->texts = hub_alloc(job->sink, most * sizeof(*ret->texts));
  ret->count = 0;
  return ret->texts == NULL ? -ENOMEM : 0;
}

/* By the code of its type (HL7 table 0203): what a number says about a person. */
static enum hub_personal_kind kind_of_identifier(const struct json *identifier) {
  static const char *const national[] = {"NI", "NNVNM", "PPN", "NNVN", "SB", NULL};
  struct text code = fhir_code(json_get(identifier, "type"));
  for (size_t i = 0; national[i] != NULL; i++)
    if (text_is(code, national[i])) return HUB_CITIZEN_ID;
  return text_is(code, "HC") || text_is(code, "SN") || text_is(code, "MB") ? HUB_INSURANCE_CARD : HUB_ACCOUNT;
}

static int put_numbers(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *resource,
                       struct text id, Ioc__Health__V1__Patient *patient) {
  const struct json *list = json_get(resource, "identifier");
  size_t most = (list == NULL ? 0 : list->length) + 1;
  struct people numbers = {0}, cards = {0}, citizens = {0};
  int r = people_new(job, most, &numbers);
  if (r == 0) r = people_new(job, most, &cards);
  if (r == 0) r = people_new(job, most, &citizens);
  if (r == 0) r = add_person(job, crumb, resource, id, HUB_ACCOUNT, &numbers);
  for (const struct json *one = fhir_first(list); one != NULL && r == 0; one = one->next) {
    enum hub_personal_kind kind = kind_of_identifier(one);
    struct people *people = kind == HUB_CITIZEN_ID       ? &citizens
                            : kind == HUB_INSURANCE_CARD ? &cards
                                                         : &numbers;
    r = add_person(job, crumb, one, json_text(json_get(one, "value")), kind, people);
  }
  patient->numbers = numbers.texts, patient->n_numbers = numbers.count;
  patient->insurance_cards = cards.texts, patient->n_insurance_cards = cards.count;
  patient->citizen_ids = citizens.texts, patient->n_citizen_ids = citizens.count;
  return r;
}

static int put_telecom(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *list,
                       Ioc__Health__V1__Patient *patient) {
  struct people phones = {0}, emails = {0};
  if (list == NULL) return 0;
  int r = people_new(job, list->length, &phones);
  if (r == 0) r = people_new(job, list->length, &emails);
  for (const struct json *one = fhir_first(list); one != NULL && r == 0; one = one->next) {
    struct text system = json_text(json_get(one, "system")), value = json_text(json_get(one, "value"));
    if (text_is(system, "email")) r = add_person(job, crumb, one, value, HUB_EMAIL, &emails);
    if (text_is(system, "phone") || text_is(system, "sms"))
      r = add_person(job, crumb, one, value, HUB_PHONE, &phones);
  }
  patient->phones = phones.texts, patient->n_phones = phones.count;
  patient->emails = emails.texts, patient->n_emails = emails.count;
  return r;
}

/* name.text, else given and family as they are written one after the other in Vietnam: family first. */
static int put_name(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *name,
                    Ioc__Health__V1__Patient *patient) {
  struct text text = json_text(json_get(name, "text")), family = json_text(json_get(name, "family"));
  if (name == NULL) return 0;
  if (text.length != 0) return fhir_put_personal(job, crumb, name, text, HUB_PERSON_NAME, &patient->name);
  size_t length = family.length;
  const struct json *given = fhir_first(json_get(name, "given"));
  for (const struct json *one = given; one != NULL; one = one->next) length += 1 + json_text(one).length;
  char *joined = hub_alloc(job->sink, length + 1);
  if (joined == NULL) return -ENOMEM;
  if (family.length != 0) memcpy(joined, family.data, family.length);
  size_t at = family.length;
  for (const struct json *one = given; one != NULL; one = one->next) {
    struct text part = json_text(one);
    joined[at++] = ' ';
    if (part.length != 0) memcpy(joined + at, part.data, part.length);
    at += part.length;
  }
  return fhir_put_personal(job, crumb, name, text_trim((struct text){joined, length}), HUB_PERSON_NAME,
                           &patient->name);
}

static int put_gender(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *resource,
                      Ioc__Health__V1__Patient *patient) {
  static const char *const codes[] = {
      [IOC__HEALTH__V1__GENDER__GENDER_MALE] = "male",
      [IOC__HEALTH__V1__GENDER__GENDER_FEMALE] = "female",
      [IOC__HEALTH__V1__GENDER__GENDER_OTHER] = "other",
      [IOC__HEALTH__V1__GENDER__GENDER_UNKNOWN] = "unknown",
  };
  struct text gender = json_text(json_get(resource, "gender"));
  for (size_t i = 1; i < sizeof(codes) / sizeof(codes[0]); i++)
    if (text_is(gender, codes[i])) patient->gender = (Ioc__Health__V1__Gender)i;
  return fhir_put_member(job, crumb, resource, "gender", &patient->gender_code);
}

static int put_address(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *address,
                       Ioc__Health__V1__Patient *patient) {
  if (address == NULL) return 0;
  struct text text = json_text(json_get(address, "text"));
  if (text.length == 0) text = json_text(json_get(address, "city"));
  return fhir_put_personal(job, crumb, address, text, HUB_ADDRESS, &patient->address);
}

int fhir_put_patient(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *reference,
                     Ioc__Health__V1__Patient **field) {
  if (reference == NULL) return 0;
  const struct json *resource = fhir_follow(job, reference);
  if (!text_is(json_text(json_get(resource, "resourceType")), "Patient")) resource = NULL;
  Ioc__Health__V1__Patient *patient = hub_alloc(job->sink, sizeof(*patient));
  if (patient == NULL) return -ENOMEM;
  ioc__health__v1__patient__init(patient);
  *field = patient;
  struct text id = json_text(json_get(resource, "id"));
  if (id.length == 0) id = fhir_reference_id(reference);
  int r = put_numbers(job, crumb, resource, id, patient);
  if (r == 0) r = put_name(job, crumb, fhir_first(json_get(resource, "name")), patient);
  if (r == 0) r = put_telecom(job, crumb, json_get(resource, "telecom"), patient);
  if (r == 0) r = put_gender(job, crumb, resource, patient);
  if (r == 0) r = put_address(job, crumb, fhir_first(json_get(resource, "address")), patient);
  const struct json *birth = json_get(resource, "birthDate");
  if (r == 0 && birth != NULL)
    r = fhir_put_personal(job, crumb, birth, json_text(birth), HUB_BIRTH_DATE, &patient->birth_date);
  return r;
}

/* ---- Emitting ---- */

int fhir_emit(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *resource,
              struct text key, int64_t occurred_us, const ProtobufCMessage *message) {
  const struct json *meta = json_get(resource, "meta");
  struct text version = json_text(json_get(meta, "versionId"));
  if (version.length == 0) version = json_text(json_get(meta, "lastUpdated"));
  struct fhir_fault place;
  fhir_fault(&place, HUB_INVALID, crumb, resource, NULL);
  struct hub_meta about = {
      .size = sizeof(about),
      .key = key.data,
      .key_length = key.length,
      .version = version.data,
      .version_length = version.length,
      .occurred_us = occurred_us,
      .at = json_at(&job->places, &job->allocator, resource->start, place.path, NULL),
      .bytes = job->payload->data + resource->start,
      .length = resource->end - resource->start,
  };
  return about.at == NULL ? -ENOMEM : hub_emit(job->sink, &about, message);
}
