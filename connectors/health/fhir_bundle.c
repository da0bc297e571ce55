/*
 * fhir_bundle.c: a FHIR payload as records: which resources become a message, which stand around them.
 *
 * Encounter, Observation, Claim and a Location that is a bed become one message each. All others are context:
 * they are read where one of these refers to them, passed over within a bundle, and `unsupported` alone. A
 * transaction publishes all or nothing; of the other bundles each entry stands for itself.
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
  return rejection.at == NULL ? -ENOMEM : hub_reject(job->sink, &rejection);
}

static int refuse_with(struct fhir_job *job, enum hub_reject_code code, const struct fhir_crumb *crumb,
                       const struct json *value, const struct json *record, const char *detail) {
  fhir_fault(&job->fault, code, crumb, value, detail);
  return refuse(job, record);
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
  return rejection.at == NULL ? -ENOMEM : hub_reject(job->sink, &rejection);
}

/* ---- One resource ---- */

static const struct {
  struct text type;
  int (*emit)(struct fhir_job *, const struct fhir_crumb *, const struct json *resource);
} emitters[] = {
    {TEXT("Encounter"), fhir_encounter},
    {TEXT("Observation"), fhir_observation},
    {TEXT("Claim"), fhir_claim},
    {TEXT("Location"), fhir_bed},
};

static int check(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *resource,
                 struct text type) {
  const struct fhir_shape *shape = fhir_resource_shape(type);
  if (shape == NULL) return 0;
  const struct json *modifier = json_get(resource, "modifierExtension");
  if (modifier != NULL) {
    struct fhir_crumb at = {crumb, "modifierExtension", 0};
    fhir_fault(&job->fault, HUB_UNSUPPORTED, &at, modifier,
               "an extension that changes the meaning is not known here");
    return FHIR_E_FAULT;
  }
  return fhir_check(crumb, resource, shape, &job->fault);
}

#define CONTEXT_ONLY 2

/* 0: one message; CONTEXT_ONLY: sound, and no message of its own; FHIR_E_FAULT; -errno. */
static int take_resource(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *resource) {
  struct text type = json_text(json_get(resource, "resourceType"));
  if (type.length == 0) {
    struct fhir_crumb at = {crumb, "resourceType", 0};
    fhir_fault(&job->fault, HUB_MISSING, &at, resource, "the resource does not say what it is");
    return FHIR_E_FAULT;
  }
  int r = check(job, crumb, resource, type);
  if (r != 0) return r;
  job->resource = resource;
  for (size_t i = 0; i < sizeof(emitters) / sizeof(emitters[0]); i++) {
    if (!text_equal(type, emitters[i].type)) continue;
    if (emitters[i].emit == fhir_bed && !fhir_is_bed(resource)) break;
    return emitters[i].emit(job, crumb, resource);
  }
  return CONTEXT_ONLY;
}

/* ---- Bundles ---- */

enum bundle { BUNDLE_COLLECTION, BUNDLE_MESSAGE, BUNDLE_BATCH, BUNDLE_TRANSACTION, BUNDLE_OTHER };

static enum bundle bundle_of(const struct json *bundle) {
  static const char *const types[] = {"collection", "message", "batch", "transaction", NULL};
  struct text type = json_text(json_get(bundle, "type"));
  size_t i = 0;
  while (types[i] != NULL && !text_is(type, types[i])) i++;
  return (enum bundle)i;
}

/* Whether an entry of this bundle has to bring a resource. */
static bool needs_resource(const struct json *request) {
  struct text method = json_text(json_get(request, "method"));
  return request == NULL || text_is(method, "POST") || text_is(method, "PUT");
}

/* bdl-3: a request where there is a request to be done, and nowhere else. */
static int take_entry(struct fhir_job *job, enum bundle bundle, const struct fhir_crumb *crumb,
                      const struct json *entry) {
  const struct json *request = json_get(entry, "request"), *resource = json_get(entry, "resource");
  struct fhir_crumb at_request = {crumb, "request", 0}, at_resource = {crumb, "resource", 0};
  bool wants_request = bundle == BUNDLE_BATCH || bundle == BUNDLE_TRANSACTION;
  const struct json *record = resource == NULL ? entry : resource;
  if (wants_request && request == NULL)
    return refuse_with(job, HUB_MISSING, &at_request, entry, record,
                       "an entry of a batch or transaction says what to do");
  if (!wants_request && request != NULL)
    return refuse_with(job, HUB_INVALID, &at_request, request, record,
                       "only a batch or transaction has requests");
  if (resource == NULL)
    return needs_resource(request)
               ? refuse_with(job, HUB_MISSING, &at_resource, entry, record, "the entry brings no resource")
               : 0;
  int r = take_resource(job, &at_resource, resource);
  return r == FHIR_E_FAULT ? refuse(job, resource) : r < 0 ? r : 0;
}

static int compare_urls(const void *a, const void *b) {
  const struct json *const *one = a, *const *other = b;
  size_t length = (*one)->length < (*other)->length ? (*one)->length : (*other)->length;
  int order = memcmp((*one)->chars, (*other)->chars, length);
  return order != 0 ? order : ((*one)->length > (*other)->length) - ((*one)->length < (*other)->length);
}

/* bdl-7: the second fullUrl of one name without a version between them; *ret NULL: none. */
static int find_twice(struct fhir_job *job, const struct json *entries, const struct json **ret) {
  *ret = NULL;
  if (entries->length == 0) return 0;
  const struct json **urls = allocate(&job->allocator, entries->length * sizeof(*urls));
  size_t count = 0;
  if (urls == NULL) return -ENOMEM;
  for (const struct json *entry = json_first(entries); entry != NULL; entry = entry->next) {
    const struct json *url = json_get(entry, "fullUrl");
    if (url != NULL && json_get(json_get(json_get(entry, "resource"), "meta"), "versionId") == NULL)
      urls[count++] = url;
  }
  if (count != 0) qsort(urls, count, sizeof(*urls), compare_urls);
  for (size_t i = 1; i < count; i++)
    if (compare_urls(&urls[i - 1], &urls[i]) == 0) *ret = urls[i];
  return 0;
}

/* What is wrong with the bundle as such: one reject for all of it. Returns 0, FHIR_E_FAULT, -ENOMEM. */
static int check_bundle(struct fhir_job *job, const struct json *bundle, const struct json *entries) {
  const struct json *type = json_get(bundle, "type"), *total = json_get(bundle, "total"), *twice;
  struct fhir_crumb at_type = {NULL, "type", 0}, at_total = {NULL, "total", 0}, at_entry = {NULL, "entry", 0};
  int r = fhir_check(NULL, bundle, &fhir_bundle_shape, &job->fault);
  if (r != 0) return r;
  enum bundle kind = bundle_of(bundle);
  if (kind == BUNDLE_OTHER) {
    fhir_fault(&job->fault, HUB_UNSUPPORTED, &at_type, type,
               "only batch, transaction, message and collection bring new facts");
    return FHIR_E_FAULT;
  }
  if (total != NULL) {
    fhir_fault(&job->fault, HUB_INVALID, &at_total, total, "only answers to a search have a total");
    return FHIR_E_FAULT;
  }
  const struct json *first = json_get(json_first(entries), "resource");
  if (kind == BUNDLE_MESSAGE && !text_is(json_text(json_get(first, "resourceType")), "MessageHeader")) {
    fhir_fault(&job->fault, HUB_MISSING, &at_entry, entries == NULL ? bundle : entries,
               "a message begins with its MessageHeader");
    return FHIR_E_FAULT;
  }
  if (entries == NULL) return 0;
  if (entries->length > ENTRIES_MAX) {
    fhir_fault(&job->fault, HUB_TOO_LARGE, &at_entry, entries, "more than 20,000 entries");
    return FHIR_E_FAULT;
  }
  r = find_twice(job, entries, &twice);
  if (r != 0 || twice == NULL) return r;
  fhir_fault(&job->fault, HUB_CONFLICT, &at_entry, twice, "two entries have one fullUrl");
  return FHIR_E_FAULT;
}

static int take_bundle(struct fhir_job *job, const struct json *bundle) {
  const struct json *entries = json_get(bundle, "entry");
  int r = check_bundle(job, bundle, entries);
  if (r == FHIR_E_FAULT) return refuse(job, bundle);
  if (r == 0) r = fhir_know(job, entries);
  enum bundle kind = bundle_of(bundle);
  if (r == 0 && kind == BUNDLE_TRANSACTION) r = job->sink->ops->all_or_nothing(job->sink);
  struct fhir_crumb list = {NULL, "entry", 0}, at = {&list, NULL, 0};
  for (const struct json *entry = json_first(entries); entry != NULL && r == 0;
       entry = entry->next, at.index++)
    r = take_entry(job, kind, &at, entry);
  return r;
}

/* ---- The payload ---- */

static int take(struct fhir_job *job, const struct json *root) {
  if (!json_is(root, JSON_OBJECT))
    return refuse_with(job, HUB_UNSUPPORTED, NULL, root, root, "no FHIR resource");
  if (text_is(json_text(json_get(root, "resourceType")), "Bundle")) return take_bundle(job, root);
  int r = take_resource(job, NULL, root);
  if (r == FHIR_E_FAULT) return refuse(job, root);
  if (r == CONTEXT_ONLY) {
    struct fhir_crumb at = {NULL, "resourceType", 0};
    return refuse_with(job, HUB_UNSUPPORTED, &at, root, root,
                       "a resource that alone brings no message of ours");
  }
  return r;
}

int fhir_translate(const struct health *health, const struct hub_payload *payload, struct hub_sink *sink) {
  struct fhir_job job = {
      .health = health,
      .payload = payload,
      .sink = sink,
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
  if (payload->length >= 3 && memcmp(payload->data, "\xef\xbb\xbf", 3) == 0) begin = 3;
  while (begin < payload->length && strchr(" \t\r\n", payload->data[begin]) != NULL) begin++;
  return begin < payload->length && payload->data[begin] == '{' &&
         memmem(payload->data, payload->length, member, sizeof(member) - 1) != NULL;
}
