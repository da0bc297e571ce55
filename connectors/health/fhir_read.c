/*
 * fhir_read.c: references followed within a payload, and values of FHIR resources.
 *
 * Only what the payload brings is followed: a reference to elsewhere stays the id that it names.
 */
#include "connectors/health/fhir_read.h"

#include <errno.h>
#include <stdlib.h>

/* ---- Names ---- */

static int compare_texts(struct text a, struct text b) {
  int order = memcmp(a.data, b.data, a.length < b.length ? a.length : b.length);
  return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

/* Of one name twice the first in the payload counts. */
static int compare_known(const void *a, const void *b) {
  const struct fhir_known *one = a, *other = b;
  int order = compare_texts(one->name, other->name);
  return order != 0 ? order : one->resource->start > other->resource->start ? 1 : -1;
}

static void sort(struct fhir_names *names) {
  if (names->count > 1) qsort(names->items, names->count, sizeof(*names->items), compare_known);
}

static const struct json *find(const struct fhir_names *names, struct text name) {
  size_t low = 0, high = names->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (compare_texts(names->items[middle].name, name) < 0) low = middle + 1;
    else high = middle;
  }
  bool found = low < names->count && text_equal(names->items[low].name, name);
  return found ? names->items[low].resource : NULL;
}

static void add(struct fhir_names *names, struct text name, const struct json *resource) {
  if (name.length != 0) names->items[names->count++] = (struct fhir_known){name, resource};
}

int fhir_know_begin(struct fhir_job *job, size_t resources) {
  job->known.items = allocate(&job->allocator, (2 * resources + 1) * sizeof(*job->known.items));
  return job->known.items == NULL ? -ENOMEM : 0;
}

int fhir_know(struct fhir_job *job, struct text full_url, const struct json *resource) {
  struct text type = fhir_text(resource, "resourceType"), id = fhir_text(resource, "id");
  add(&job->known, full_url, resource);
  if (id.length == 0) return 0;
  char *name = allocate(&job->allocator, type.length + 1 + id.length);
  if (name == NULL) return -ENOMEM;
  memcpy(name, type.data, type.length);
  name[type.length] = '/';
  memcpy(name + type.length + 1, id.data, id.length);
  add(&job->known, (struct text){name, type.length + 1 + id.length}, resource);
  return 0;
}

void fhir_know_end(struct fhir_job *job) { sort(&job->known); }

int fhir_enter(struct fhir_job *job, const struct crumb *crumb, const struct json *resource) {
  const struct json *list = json_get(resource, "contained");
  job->crumb = crumb;
  job->contained.count = 0;
  if (list == NULL) return 0;
  job->contained.items = allocate(&job->allocator, list->length * sizeof(*job->contained.items));
  if (job->contained.items == NULL) return -ENOMEM;
  for (const struct json *one = json_first(list); one != NULL; one = one->next)
    add(&job->contained, fhir_text(one, "id"), one);
  sort(&job->contained);
  return 0;
}

/* ---- References ---- */

/* Without /_history/N. */
static struct text unversioned(struct text url) {
  const char *history = url.length == 0 ? NULL : memmem(url.data, url.length, "/_history/", 10);
  return history == NULL ? url : (struct text){url.data, (size_t)(history - url.data)};
}

/* The last `parts` parts of a path. */
static struct text last_parts(struct text path, int parts) {
  size_t at = path.length;
  if (at == 0) return path;
  while (at > 0 && (path.data[at - 1] != '/' || --parts > 0)) at--;
  return (struct text){path.data + at, path.length - at};
}

static const struct json *follow(const struct fhir_job *job, const struct json *reference) {
  struct text url = fhir_text(reference, "reference");
  if (url.length == 0) return NULL;
  if (url.data[0] == '#') return find(&job->contained, (struct text){url.data + 1, url.length - 1});
  url = unversioned(url);
  const struct json *found = find(&job->known, url);
  return found != NULL ? found : find(&job->known, last_parts(url, 2));
}

const struct json *fhir_follow(const struct fhir_job *job, const struct json *reference, const char *type) {
  const struct json *resource = follow(job, reference);
  return text_is(fhir_text(resource, "resourceType"), type) ? resource : NULL;
}

struct text fhir_reference_id(const struct json *reference) {
  struct text url = unversioned(fhir_text(reference, "reference"));
  if (url.length == 0) return fhir_text(json_get(reference, "identifier"), "value");
  if (url.data[0] == '#') return TEXT_NONE; /* a name that means nothing outside of its resource */
  if (url.length > 9 && memcmp(url.data, "urn:uuid:", 9) == 0)
    return (struct text){url.data + 9, url.length - 9};
  return last_parts(url, 1);
}

/* Of what it refers to: as that says itself, else as the reference does. TEXT_NONE: nobody does. */
static struct text type_of(const struct json *reference, const struct json *resource) {
  struct text type = fhir_text(resource, "resourceType");
  if (type.length == 0) type = fhir_text(reference, "type");
  if (type.length != 0) return type;
  struct text url = last_parts(unversioned(fhir_text(reference, "reference")), 2);
  const char *slash = url.length == 0 ? NULL : memchr(url.data, '/', url.length);
  if (slash != NULL) type = (struct text){url.data, (size_t)(slash - url.data)};
  return fhir_resource_shape(type) != NULL ? type : TEXT_NONE;
}

/* ---- Values ---- */

const struct json *fhir_first(const struct json *list) {
  return json_is(list, JSON_ARRAY) ? json_first(list) : NULL;
}

struct text fhir_code(const struct json *concept) {
  return fhir_text(fhir_first(json_get(concept, "coding")), "code");
}

struct text fhir_display(const struct json *concept) {
  struct text text = fhir_text(concept, "text");
  return text.length != 0 ? text : fhir_text(fhir_first(json_get(concept, "coding")), "display");
}

struct text fhir_identifier(const struct json *resource) {
  for (const struct json *one = fhir_first(json_get(resource, "identifier")); one != NULL; one = one->next) {
    struct text value = fhir_text(one, "value");
    if (value.length != 0) return value;
  }
  return TEXT_NONE;
}

struct text fhir_id(const struct json *resource) {
  struct text id = fhir_text(resource, "id");
  return id.length != 0 ? id : fhir_identifier(resource);
}

char *fhir_string(struct fhir_job *job, struct text text) {
  return value_string(&job->maker, text_trim(text));
}

char *fhir_personal(struct fhir_job *job, enum hub_personal_kind kind, struct text text) {
  return value_personal(&job->maker, kind, text_trim(text));
}

bool fhir_point(const struct fhir_job *job, const struct json *value, struct time_point *ret) {
  struct text text = json_text(value);
  return text.length != 0 && fhir_read_time(text, job->maker.zone_offset_s, ret) == 0;
}

void fhir_put_time(struct fhir_job *job, const struct json *value, Google__Protobuf__Timestamp **time,
                   Ioc__Health__V1__TimePrecision *precision) {
  struct time_point point;
  if (!fhir_point(job, value, &point)) return;
  *time = value_time(&job->maker, &point);
  *precision = (Ioc__Health__V1__TimePrecision)point.precision;
}

int64_t fhir_moment(const Google__Protobuf__Timestamp *time) {
  return time == NULL ? HUB_NONE : time->seconds * 1000000 + time->nanos / 1000;
}

/* Of the national list: five digits, which no number of a person has. */
static bool is_facility_code(struct text code) {
  size_t digits = 0;
  while (digits < code.length && code.data[digits] >= '0' && code.data[digits] <= '9') digits++;
  return digits == 5 && code.length == 5;
}

/* Code: the organization's identifier, else the id that the reference names. */
Ioc__Health__V1__Facility *fhir_facility(struct fhir_job *job, const struct json *reference,
                                         struct text type) {
  const struct json *role = fhir_follow(job, reference, "PractitionerRole");
  if (role != NULL) {
    reference = json_get(role, "organization");
    type = FHIR_ORGANIZATION;
  }
  struct text named = type_of(reference, follow(job, reference));
  if (named.length == 0) named = type;
  if (named.length != 0 && !text_is(named, "Organization")) return NULL;
  const struct json *organization = fhir_follow(job, reference, "Organization");
  struct text code = fhir_identifier(organization), name = fhir_text(organization, "name");
  if (code.length == 0) code = fhir_reference_id(reference);
  if (named.length == 0 && !is_facility_code(code)) return NULL;
  if (name.length == 0 && named.length != 0) name = fhir_text(reference, "display");
  return value_facility(&job->maker, text_trim(code), text_trim(name));
}

/* ---- Emitting ---- */

int fhir_emit(struct fhir_job *job, const struct json *resource, struct text key, int64_t occurred_us,
              const ProtobufCMessage *message) {
  const struct json *meta = json_get(resource, "meta");
  struct text version = fhir_text(meta, "versionId");
  if (version.length == 0) version = fhir_text(meta, "lastUpdated");
  struct fhir_fault place;
  (void)fhir_fault(&place, 0, job->crumb, resource, NULL);
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
  if (about.at == NULL) job->maker.error = -ENOMEM;
  return job->maker.error != 0 ? job->maker.error : hub_emit(job->maker.sink, &about, message);
}
