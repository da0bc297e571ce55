/*
 * fhir_bundle.c: a FHIR payload as records: which resources become a message, which stand around them.
 *
 * Encounter, Observation, Claim and a Location that is a bed become one message each. All others are context:
 * they are read where one of these refers to them, passed over within a bundle, and `unsupported` alone. A
 * transaction publishes all or nothing; of the other bundles each entry stands for itself.
 *
 * A bundle is gone through twice: first all entries are checked, so that only sound resources can be referred
 * to, then each one becomes its record.
 */
#include "connectors/health/fhir.h"
#include "connectors/health/fhir_read.h"

#include <errno.h>
#include <stdlib.h>

#define ENTRIES_MAX 20000

/* ---- Refusing ---- */

static int refuse(struct fhir_job *job, const struct json *record) {
  const struct fhir_fault *fault = &job->fault;
  struct hub_rejection rejection = {
      .size = sizeof(rejection),
      .code = fault->code,
      .at = json_at(&job->places, &job->allocator, fault->value->start, fault->path, NULL),
      .detail = fault->detail,
      .bytes = job->payload->data + record->start,
      .length = record->end - record->start,
  };
  struct text id = json_text(json_get(record, "id"));
  if (id.length != 0) rejection.key = id.data, rejection.key_length = id.length;
  return rejection.at == NULL ? -ENOMEM : hub_reject(job->maker.sink, &rejection);
}

static int refuse_text(struct fhir_job *job, int error, const struct json_error *about) {
  static const enum hub_reject_code codes[] = {
      [JSON_E_MALFORMED] = HUB_MALFORMED,
      [JSON_E_SURROGATE] = HUB_MALFORMED,
      [JSON_E_DUPLICATE] = HUB_CONFLICT,
      [JSON_E_TOO_LARGE] = HUB_TOO_LARGE,
  };
  struct hub_rejection rejection = {
      .size = sizeof(rejection),
      .code = codes[error],
      .at = json_at(&job->places, &job->allocator, about->offset, NULL, NULL),
      .detail = about->reason,
  };
  return rejection.at == NULL ? -ENOMEM : hub_reject(job->maker.sink, &rejection);
}

/* ---- One resource ---- */

static const struct kind {
  struct text type;
  int (*check)(struct fhir_job *, const struct crumb *, const struct json *resource); /* may be NULL */
  int (*emit)(struct fhir_job *, const struct json *resource);
} kinds[] = {
    {TEXT("Encounter"), fhir_encounter_check, fhir_encounter},
    {TEXT("Observation"), fhir_observation_check, fhir_observation},
    {TEXT("Claim"), NULL, fhir_claim},
    {TEXT("Location"), NULL, fhir_bed},
};

/* NULL: it brings no message. */
static const struct kind *kind_of(const struct json *resource) {
  struct text type = fhir_text(resource, "resourceType");
  for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
    if (text_equal(type, kinds[i].type))
      return kinds[i].emit != fhir_bed || fhir_is_bed(resource) ? &kinds[i] : NULL;
  return NULL;
}

/* What its kind demands of a resource that keeps to its shape. */
static int check_kind(struct fhir_job *job, const struct crumb *crumb, const struct json *resource) {
  const struct kind *kind = kind_of(resource);
  return kind == NULL || kind->check == NULL ? 0 : kind->check(job, crumb, resource);
}

static int emit(struct fhir_job *job, const struct crumb *crumb, const struct json *resource) {
  int r = fhir_enter(job, crumb, resource);
  return r != 0 ? r : kind_of(resource)->emit(job, resource);
}

/* ---- Bundles ---- */

enum bundle { BUNDLE_COLLECTION, BUNDLE_MESSAGE, BUNDLE_BATCH, BUNDLE_TRANSACTION, BUNDLE_OTHER };

static enum bundle bundle_of(const struct json *bundle) {
  static const char *const types[] = {"collection", "message", "batch", "transaction", NULL};
  struct text type = fhir_text(bundle, "type");
  size_t i = 0;
  while (types[i] != NULL && !text_is(type, types[i])) i++;
  return (enum bundle)i;
}

/* Whether what an entry brings is there to be taken: not where something is to be deleted or read. */
static bool brings_resource(const struct json *entry) {
  const struct json *request = json_get(entry, "request");
  struct text method = fhir_text(request, "method");
  return request == NULL || text_is(method, "POST") || text_is(method, "PUT");
}

/* bdl-3: a request where there is a request to be done, and nowhere else. */
static int check_entry(struct fhir_job *job, enum bundle bundle, const struct crumb *crumb,
                       const struct json *entry) {
  struct crumb at_request = {crumb, "request", 0}, at_resource = {crumb, "resource", 0};
  bool wants_request = bundle == BUNDLE_BATCH || bundle == BUNDLE_TRANSACTION;
  if (!json_is(entry, JSON_OBJECT))
    return fhir_fault(&job->fault, HUB_INVALID, crumb, entry, "an object must stand here");
  int r = fhir_check(crumb, entry, &fhir_entry_shape, &job->fault);
  if (r != 0) return r;
  const struct json *request = json_get(entry, "request"), *resource = json_get(entry, "resource");
  if (wants_request && request == NULL)
    return fhir_fault(&job->fault, HUB_MISSING, &at_request, entry,
                      "an entry of a batch or transaction says what to do");
  if (!wants_request && request != NULL)
    return fhir_fault(&job->fault, HUB_INVALID, &at_request, request,
                      "only a batch or transaction has requests");
  if (resource != NULL) return check_kind(job, &at_resource, resource);
  if (!brings_resource(entry)) return 0;
  return fhir_fault(&job->fault, HUB_MISSING, &at_resource, entry, "the entry brings no resource");
}

static int take_entry(struct fhir_job *job, enum bundle bundle, const struct crumb *crumb,
                      const struct json *entry, bool is_sound) {
  const struct json *resource = json_get(entry, "resource");
  struct crumb at = {crumb, "resource", 0};
  if (!is_sound) { /* once more, for what is wrong */
    (void)check_entry(job, bundle, crumb, entry);
    return refuse(job, json_is(resource, JSON_OBJECT) ? resource : entry);
  }
  return brings_resource(entry) && kind_of(resource) != NULL ? emit(job, &at, resource) : 0;
}

/* Checks all entries and notes the sound ones, which can be referred to. */
static int know_entries(struct fhir_job *job, enum bundle bundle, const struct crumb *list,
                        const struct json *entries, bool *sound) {
  struct crumb at = {list, NULL, 0};
  int r = fhir_know_begin(job, entries->length);
  for (const struct json *entry = json_first(entries); entry != NULL && r == 0;
       entry = entry->next, at.index++) {
    sound[at.index] = check_entry(job, bundle, &at, entry) == 0;
    const struct json *resource = json_get(entry, "resource");
    if (sound[at.index] && resource != NULL) r = fhir_know(job, fhir_text(entry, "fullUrl"), resource);
  }
  fhir_know_end(job);
  return r;
}

static int take_entries(struct fhir_job *job, enum bundle bundle, const struct json *entries) {
  struct crumb list = {NULL, "entry", 0}, at = {&list, NULL, 0};
  bool *sound = allocate(&job->allocator, entries->length * sizeof(*sound));
  int r = sound == NULL ? -ENOMEM : know_entries(job, bundle, &list, entries, sound);
  if (r == 0 && bundle == BUNDLE_TRANSACTION) r = job->maker.sink->ops->all_or_nothing(job->maker.sink);
  for (const struct json *entry = json_first(entries); entry != NULL && r == 0;
       entry = entry->next, at.index++)
    r = take_entry(job, bundle, &at, entry, sound[at.index]);
  return r;
}

/* ---- What is wrong with a bundle as such ---- */

struct url { /* a fullUrl, and the version of what it names */
  struct text url, version;
  const struct json *value;
};

static int compare_texts(struct text a, struct text b) {
  size_t length = a.length < b.length ? a.length : b.length;
  int order = length == 0 ? 0 : memcmp(a.data, b.data, length);
  return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

static int compare_urls(const void *a, const void *b) {
  const struct url *one = a, *other = b;
  int order = compare_texts(one->url, other->url);
  return order != 0 ? order : compare_texts(one->version, other->version);
}

static int compare_by_place(const void *a, const void *b) {
  const struct url *one = a, *other = b;
  int order = compare_urls(one, other);
  return order != 0 ? order : one->value->start > other->value->start ? 1 : -1;
}

/* bdl-7: a fullUrl that two entries have for one version; *ret NULL: none. */
static int find_twice(struct fhir_job *job, const struct json *entries, const struct json **ret) {
  struct url *urls = allocate(&job->allocator, entries->length * sizeof(*urls));
  size_t count = 0;
  if (urls == NULL) return -ENOMEM;
  for (const struct json *entry = json_first(entries); entry != NULL; entry = entry->next) {
    const struct json *url = json_get(entry, "fullUrl"), *resource = json_get(entry, "resource");
    struct text version = fhir_text(json_get(resource, "meta"), "versionId");
    if (json_is(url, JSON_STRING)) urls[count++] = (struct url){json_text(url), version, url};
  }
  if (count != 0) qsort(urls, count, sizeof(*urls), compare_by_place);
  for (size_t i = 1; i < count; i++)
    if (compare_urls(&urls[i - 1], &urls[i]) == 0) *ret = urls[i].value;
  return 0;
}

static int check_entries(struct fhir_job *job, const struct json *entries) {
  struct crumb at = {NULL, "entry", 0};
  const struct json *twice = NULL;
  if (entries->length > ENTRIES_MAX)
    return fhir_fault(&job->fault, HUB_TOO_LARGE, &at, entries, "more than 20,000 entries");
  int r = find_twice(job, entries, &twice);
  if (r != 0 || twice == NULL) return r;
  return fhir_fault(&job->fault, HUB_CONFLICT, &at, twice, "two entries have one fullUrl");
}

/* One reject for all of it. Returns 0, FHIR_E_FAULT, -ENOMEM. */
static int check_bundle(struct fhir_job *job, const struct json *bundle) {
  const struct json *total = json_get(bundle, "total"), *entries = json_get(bundle, "entry");
  struct crumb at_type = {NULL, "type", 0}, at_total = {NULL, "total", 0}, at_entry = {NULL, "entry", 0};
  int r = fhir_check(NULL, bundle, &fhir_bundle_shape, &job->fault);
  if (r != 0) return r;
  enum bundle kind = bundle_of(bundle);
  if (kind == BUNDLE_OTHER)
    return fhir_fault(&job->fault, HUB_UNSUPPORTED, &at_type, json_get(bundle, "type"),
                      "only batch, transaction, message and collection bring new facts");
  if (total != NULL)
    return fhir_fault(&job->fault, HUB_INVALID, &at_total, total, "only answers to a search have a total");
  const struct json *first = json_get(json_first(entries), "resource");
  if (kind == BUNDLE_MESSAGE && !text_is(fhir_text(first, "resourceType"), "MessageHeader"))
    return fhir_fault(&job->fault, HUB_MISSING, &at_entry, entries == NULL ? bundle : entries,
                      "a message begins with its MessageHeader");
  return entries == NULL ? 0 : check_entries(job, entries);
}

static int take_bundle(struct fhir_job *job, const struct json *bundle) {
  const struct json *entries = json_get(bundle, "entry");
  int r = check_bundle(job, bundle);
  if (r == FHIR_E_FAULT) return refuse(job, bundle);
  return r != 0 || entries == NULL ? r : take_entries(job, bundle_of(bundle), entries);
}

/* ---- The payload ---- */

static int take(struct fhir_job *job, const struct json *root) {
  struct crumb at = {NULL, "resourceType", 0};
  if (!json_is(root, JSON_OBJECT))
    (void)fhir_fault(&job->fault, HUB_UNSUPPORTED, NULL, root, "no FHIR resource");
  else if (text_is(fhir_text(root, "resourceType"), "Bundle")) return take_bundle(job, root);
  else if (fhir_check_resource(NULL, root, &job->fault) == 0 && check_kind(job, NULL, root) == 0) {
    if (kind_of(root) != NULL) return emit(job, NULL, root);
    (void)fhir_fault(&job->fault, HUB_UNSUPPORTED, &at, root,
                     "a resource that alone brings no message of ours");
  }
  return refuse(job, root);
}

int fhir_translate(const struct health *health, const struct hub_payload *payload, struct hub_sink *sink) {
  struct fhir_job job = {
      .maker = {.sink = sink, .zone_offset_s = health->zone_offset_s},
      .payload = payload,
      .allocator = {hub_alloc_for_format, sink},
      .places = json_places_of(payload->data, payload->length),
  };
  const struct json *root;
  struct json_error about;
  int r = json_read(&job.allocator, payload->data, payload->length, &root, &about);
  if (r < 0) return r;
  return r != 0 ? refuse_text(&job, r, &about) : take(&job, root);
}

bool fhir_looks_like(const struct hub_payload *payload) {
  static const char member[] = "\"resourceType\"";
  size_t begin = 0;
  if (payload->content_type != NULL && strstr(payload->content_type, "fhir+json") != NULL) return true;
  if (payload->length >= 3 && memcmp(payload->data, "\xef\xbb\xbf", 3) == 0) begin = 3;
  while (begin < payload->length && strchr(" \t\r\n", payload->data[begin]) != NULL) begin++;
  return begin < payload->length && payload->data[begin] == '{' &&
         memmem(payload->data, payload->length, member, sizeof(member) - 1) != NULL;
}
