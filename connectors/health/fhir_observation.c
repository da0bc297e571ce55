/*
 * fhir_observation.c: an Observation, of whatever category, as a result.
 *
 * Numbers keep their text. Of ranges, ratios and periods the two ends become two values of one result; what
 * has no place in a result (sampled data, timings) leaves the value empty.
 */
#include "connectors/health/fhir_read.h"

#include "ioc/health/v1/lab_result.pb-c.h"

#include <errno.h>

typedef Ioc__Health__V1__LabResult LabResult;
typedef Ioc__Health__V1__ResultComponent Component;
typedef Ioc__Health__V1__ResultValue Value;
typedef Ioc__Health__V1__Interpretation Interpretation;
typedef Ioc__Health__V1__Code Code;

struct measured { /* what a result and its components have in common, on its way into one of them */
  Ioc__Health__V1__ValueKind kind;
  Value **values;
  size_t values_count;
  Code *unit;
  char *range;
  Interpretation **interpretations;
  size_t interpretations_count;
  Code *absent_reason;
};

/* ---- Codes ---- */

static int put_code(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *value,
                    struct text code, struct text words, struct text system, Code **field) {
  if (code.length == 0 && words.length == 0) return 0;
  Code *made = hub_alloc(job->sink, sizeof(*made));
  if (made == NULL) return -ENOMEM;
  ioc__health__v1__code__init(made);
  *field = made;
  int r = fhir_put(job, crumb, value, code, &made->code);
  if (r == 0) r = fhir_put(job, crumb, value, words, &made->text);
  return r != 0 ? r : fhir_put(job, crumb, value, system, &made->system);
}

static int put_concept(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *object,
                       const char *name, Code **field) {
  struct fhir_crumb at = {crumb, name, 0};
  const struct json *concept = json_get(object, name), *coding = fhir_first(json_get(concept, "coding"));
  return put_code(job, &at, concept, fhir_code(concept), fhir_display(concept),
                  json_text(json_get(coding, "system")), field);
}

/* ---- Values ---- */

static int add_value(struct fhir_job *job, struct measured *measured, Ioc__Health__V1__ValueKind kind,
                     Value **ret) {
  if (measured->values == NULL) measured->values = hub_alloc(job->sink, 2 * sizeof(*measured->values));
  Value *value = hub_alloc(job->sink, sizeof(*value));
  if (measured->values == NULL || value == NULL) return -ENOMEM;
  ioc__health__v1__result_value__init(value);
  measured->kind = kind;
  measured->values[measured->values_count++] = value;
  *ret = value;
  return 0;
}

#define NUMBER IOC__HEALTH__V1__VALUE_KIND__VALUE_KIND_NUMBER
#define STRUCTURED IOC__HEALTH__V1__VALUE_KIND__VALUE_KIND_STRUCTURED_NUMBER
#define CODED IOC__HEALTH__V1__VALUE_KIND__VALUE_KIND_CODE
#define WORDS IOC__HEALTH__V1__VALUE_KIND__VALUE_KIND_TEXT
#define MOMENT IOC__HEALTH__V1__VALUE_KIND__VALUE_KIND_TIME

static int put_unit(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *quantity,
                    struct measured *measured) {
  if (measured->unit != NULL) return 0;
  return put_code(job, crumb, quantity, json_text(json_get(quantity, "code")),
                  json_text(json_get(quantity, "unit")), json_text(json_get(quantity, "system")),
                  &measured->unit);
}

static int take_quantity(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *quantity,
                         struct measured *measured) {
  Value *value;
  bool compared = json_get(quantity, "comparator") != NULL;
  int r = add_value(job, measured, compared ? STRUCTURED : NUMBER, &value);
  if (r == 0) r = fhir_put_member(job, crumb, quantity, "value", &value->number);
  if (r == 0) r = fhir_put_member(job, crumb, quantity, "comparator", &value->comparator);
  return r != 0 ? r : put_unit(job, crumb, quantity, measured);
}

/* `low - high`, `numerator : denominator`. */
static int take_pair(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *pair,
                     const char *first, const char *second, struct text separator,
                     struct measured *measured) {
  const struct json *one = json_get(pair, first), *other = json_get(pair, second);
  Value *value;
  int r = add_value(job, measured, STRUCTURED, &value);
  if (r == 0) r = fhir_put_member(job, crumb, one, "value", &value->number);
  if (r == 0) r = fhir_put_member(job, crumb, other, "value", &value->second_number);
  if (r == 0) r = fhir_put(job, crumb, pair, separator, &value->separator);
  return r != 0 ? r : put_unit(job, crumb, one != NULL ? one : other, measured);
}

static int take_range(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *range,
                      struct measured *measured) {
  return take_pair(job, crumb, range, "low", "high", TEXT("-"), measured);
}

static int take_ratio(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *ratio,
                      struct measured *measured) {
  return take_pair(job, crumb, ratio, "numerator", "denominator", TEXT(":"), measured);
}

static int take_concept(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *concept,
                        struct measured *measured) {
  Value *value;
  const struct json *coding = fhir_first(json_get(concept, "coding"));
  int r = add_value(job, measured, CODED, &value);
  if (r == 0) r = fhir_put(job, crumb, concept, fhir_code(concept), &value->code);
  if (r == 0) r = fhir_put_member(job, crumb, coding, "system", &value->code_system);
  return r != 0 ? r
                : fhir_put_personal(job, crumb, concept, fhir_display(concept), HUB_FREE_TEXT, &value->text);
}

static int take_text(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *text,
                     struct measured *measured) {
  Value *value;
  int r = add_value(job, measured, WORDS, &value);
  return r != 0 ? r : fhir_put_personal(job, crumb, text, json_text(text), HUB_FREE_TEXT, &value->text);
}

static int take_boolean(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *boolean,
                        struct measured *measured) {
  Value *value;
  int r = add_value(job, measured, CODED, &value);
  return r != 0 ? r
                : fhir_put(job, crumb, boolean, json_is(boolean, JSON_TRUE) ? TEXT("true") : TEXT("false"),
                           &value->code);
}

static int take_integer(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *integer,
                        struct measured *measured) {
  Value *value;
  int r = add_value(job, measured, NUMBER, &value);
  return r != 0 ? r : fhir_put(job, crumb, integer, json_text(integer), &value->number);
}

static int take_period(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *period,
                       struct measured *measured) {
  static const char *const ends[] = {"start", "end"};
  int r = 0;
  for (int i = 0; i < 2 && r == 0; i++) {
    Value *value;
    if (json_get(period, ends[i]) == NULL) continue;
    r = add_value(job, measured, MOMENT, &value);
    if (r == 0) r = fhir_put_time(job, crumb, period, ends[i], FHIR_TIME(value, time));
  }
  return r;
}

static const struct {
  const char *name;
  int (*take)(struct fhir_job *, const struct fhir_crumb *, const struct json *, struct measured *);
} value_takers[] = {
    {"valueQuantity", take_quantity}, {"valueCodeableConcept", take_concept},
    {"valueString", take_text},       {"valueBoolean", take_boolean},
    {"valueInteger", take_integer},   {"valueRange", take_range},
    {"valueRatio", take_ratio},       {"valueTime", take_text},
    {"valuePeriod", take_period},
};

static int take_values(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *object,
                       struct measured *measured) {
  for (size_t i = 0; i < sizeof(value_takers) / sizeof(value_takers[0]); i++) {
    struct fhir_crumb at = {crumb, value_takers[i].name, 0};
    const struct json *value = json_get(object, value_takers[i].name);
    if (value != NULL) return value_takers[i].take(job, &at, value, measured);
  }
  if (json_get(object, "valueDateTime") == NULL) return 0;
  Value *value;
  int r = add_value(job, measured, MOMENT, &value);
  return r != 0 ? r : fhir_put_time(job, crumb, object, "valueDateTime", FHIR_TIME(value, time));
}

/* ---- Judgements ---- */

static const struct {
  const char *code;
  Ioc__Health__V1__Flag flag;
} flags[] = {
    {"N", IOC__HEALTH__V1__FLAG__FLAG_NORMAL},
    {"A", IOC__HEALTH__V1__FLAG__FLAG_ABNORMAL},
    {"AA", IOC__HEALTH__V1__FLAG__FLAG_CRITICALLY_ABNORMAL},
    {"L", IOC__HEALTH__V1__FLAG__FLAG_LOW},
    {"LL", IOC__HEALTH__V1__FLAG__FLAG_CRITICALLY_LOW},
    {"H", IOC__HEALTH__V1__FLAG__FLAG_HIGH},
    {"HH", IOC__HEALTH__V1__FLAG__FLAG_CRITICALLY_HIGH},
    {"<", IOC__HEALTH__V1__FLAG__FLAG_BELOW_SCALE},
    {">", IOC__HEALTH__V1__FLAG__FLAG_ABOVE_SCALE},
    {"POS", IOC__HEALTH__V1__FLAG__FLAG_POSITIVE},
    {"NEG", IOC__HEALTH__V1__FLAG__FLAG_NEGATIVE},
    {"R", IOC__HEALTH__V1__FLAG__FLAG_RESISTANT},
    {"S", IOC__HEALTH__V1__FLAG__FLAG_SUSCEPTIBLE},
    {"I", IOC__HEALTH__V1__FLAG__FLAG_INTERMEDIATE},
    {"U", IOC__HEALTH__V1__FLAG__FLAG_RISING},
    {"D", IOC__HEALTH__V1__FLAG__FLAG_FALLING},
    {"B", IOC__HEALTH__V1__FLAG__FLAG_BETTER},
    {"W", IOC__HEALTH__V1__FLAG__FLAG_WORSE},
};

static int take_interpretations(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *list,
                                struct measured *measured) {
  if (list == NULL) return 0;
  measured->interpretations = hub_alloc(job->sink, list->length * sizeof(Interpretation *));
  Interpretation *block = hub_alloc(job->sink, list->length * sizeof(Interpretation));
  if (measured->interpretations == NULL || block == NULL) return -ENOMEM;
  struct fhir_crumb at = {crumb, "interpretation", 0};
  for (const struct json *one = json_first(list); one != NULL; one = one->next) {
    Interpretation *made = &block[measured->interpretations_count];
    ioc__health__v1__interpretation__init(made);
    struct text code = fhir_code(one);
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
      if (text_is(code, flags[i].code)) made->flag = flags[i].flag;
    int r = fhir_put(job, &at, one, code.length != 0 ? code : fhir_display(one), &made->code);
    if (r != 0) return r;
    measured->interpretations[measured->interpretations_count++] = made;
  }
  return 0;
}

/* The text of the first range, else `low - high` as the numbers were sent. */
static int take_range_text(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *object,
                           struct measured *measured) {
  const struct json *range = fhir_first(json_get(object, "referenceRange"));
  struct text words = json_text(json_get(range, "text"));
  struct fhir_crumb at = {crumb, "referenceRange", 0};
  if (words.length != 0) return fhir_put(job, &at, range, words, &measured->range);
  struct text low = json_text(json_get(json_get(range, "low"), "value")),
              high = json_text(json_get(json_get(range, "high"), "value"));
  if (low.length == 0 && high.length == 0) return 0;
  char *joined = hub_alloc(job->sink, low.length + high.length + 4);
  if (joined == NULL) return -ENOMEM;
  size_t at_byte = 0;
  if (low.length != 0) memcpy(joined, low.data, low.length), at_byte = low.length;
  memcpy(joined + at_byte,
         low.length == 0    ? "<="
         : high.length == 0 ? ""
                            : " - ",
         low.length == 0    ? 2
         : high.length == 0 ? 0
                            : 3);
  at_byte = strlen(joined);
  if (high.length != 0) memcpy(joined + at_byte, high.data, high.length);
  measured->range = joined;
  return 0;
}

static int measure(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *object,
                   struct measured *ret) {
  *ret = (struct measured){.range = (char *)protobuf_c_empty_string};
  int r = take_values(job, crumb, object, ret);
  if (r == 0) r = take_interpretations(job, crumb, json_get(object, "interpretation"), ret);
  if (r == 0) r = take_range_text(job, crumb, object, ret);
  if (r == 0) r = put_concept(job, crumb, object, "dataAbsentReason", &ret->absent_reason);
  if (r != 0 || ret->absent_reason == NULL || ret->values_count == 0) return r;
  struct fhir_crumb at = {crumb, "dataAbsentReason", 0}; /* obs-6 */
  fhir_fault(&job->fault, HUB_INVALID, &at, json_get(object, "dataAbsentReason"),
             "a value, and a reason why there is none");
  return FHIR_E_FAULT;
}

#define TAKE_MEASURED(to, from)                                                                           \
  (to)->value_kind = (from).kind, (to)->values = (from).values, (to)->n_values = (from).values_count,     \
  (to)->unit = (from).unit, (to)->reference_range = (from).range,                                         \
  (to)->interpretations = (from).interpretations, (to)->n_interpretations = (from).interpretations_count, \
  (to)->absent_reason = (from).absent_reason

/* ---- The result ---- */

static int put_components(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *list,
                          LabResult *result) {
  if (list == NULL) return 0;
  result->components = hub_alloc(job->sink, list->length * sizeof(Component *));
  Component *block = hub_alloc(job->sink, list->length * sizeof(Component));
  if (result->components == NULL || block == NULL) return -ENOMEM;
  struct fhir_crumb here = {crumb, "component", 0}, at = {&here, NULL, 0};
  for (const struct json *one = json_first(list); one != NULL; one = one->next, at.index++) {
    struct measured measured;
    Component *made = &block[at.index];
    ioc__health__v1__result_component__init(made);
    int r = measure(job, &at, one, &measured);
    if (r == 0) r = put_concept(job, &at, one, "code", &made->test);
    if (r != 0) return r;
    TAKE_MEASURED(made, measured);
    result->components[result->n_components++] = made;
  }
  return 0;
}

static int put_notes(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *list,
                     LabResult *result) {
  if (list == NULL) return 0;
  result->notes = hub_alloc(job->sink, list->length * sizeof(char *));
  if (result->notes == NULL) return -ENOMEM;
  struct fhir_crumb at = {crumb, "note", 0};
  for (const struct json *one = json_first(list); one != NULL; one = one->next) {
    struct text text = json_text(json_get(one, "text"));
    if (text.length == 0) continue;
    int r = fhir_put_personal(job, &at, one, text, HUB_FREE_TEXT, &result->notes[result->n_notes]);
    if (r != 0) return r;
    result->n_notes++;
  }
  return 0;
}

static Ioc__Health__V1__ResultStatus status_of(struct text code) {
  static const char *const codes[] = {
      [IOC__HEALTH__V1__RESULT_STATUS__RESULT_STATUS_PENDING] = "registered",
      [IOC__HEALTH__V1__RESULT_STATUS__RESULT_STATUS_PRELIMINARY] = "preliminary",
      [IOC__HEALTH__V1__RESULT_STATUS__RESULT_STATUS_FINAL] = "final",
      [IOC__HEALTH__V1__RESULT_STATUS__RESULT_STATUS_CORRECTED] = "corrected",
      [IOC__HEALTH__V1__RESULT_STATUS__RESULT_STATUS_AMENDED] = "amended",
      [IOC__HEALTH__V1__RESULT_STATUS__RESULT_STATUS_WITHDRAWN] = "entered-in-error",
      [IOC__HEALTH__V1__RESULT_STATUS__RESULT_STATUS_CANCELLED] = "cancelled",
      [IOC__HEALTH__V1__RESULT_STATUS__RESULT_STATUS_UNKNOWN] = "unknown",
  };
  size_t i = 1;
  while (!text_is(code, codes[i])) i++; /* the list binds: the shape was checked */
  return (Ioc__Health__V1__ResultStatus)i;
}

/* The first performer that is an organization: others are persons. */
static int put_performer(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *list,
                         LabResult *result) {
  for (const struct json *one = fhir_first(list); one != NULL; one = one->next) {
    struct text reference = json_text(json_get(one, "reference"));
    bool organization =
        text_is(json_text(json_get(one, "type")), "Organization") ||
        (reference.length != 0 && memmem(reference.data, reference.length, "Organization/", 13) != NULL) ||
        text_is(json_text(json_get(fhir_follow(job, one), "resourceType")), "Organization");
    if (!organization) continue;
    int r = fhir_put_facility(job, crumb, one, &result->facility);
    return r != 0 || result->facility == NULL
               ? r
               : fhir_put(job, crumb, one, text_of(result->facility->name), &result->performer_name);
  }
  return 0;
}

static int put_times(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *resource,
                     LabResult *result) {
  struct fhir_crumb meta = {crumb, "meta", 0}, period = {crumb, "effectivePeriod", 0};
  int r = fhir_put_time(job, crumb, resource, "effectiveDateTime", FHIR_TIME(result, observed_at));
  if (r == 0) r = fhir_put_time(job, crumb, resource, "effectiveInstant", FHIR_TIME(result, observed_at));
  if (r == 0)
    r = fhir_put_time(job, &period, json_get(resource, "effectivePeriod"), "start",
                      FHIR_TIME(result, observed_at));
  if (r == 0) r = fhir_put_time(job, crumb, resource, "issued", FHIR_TIME(result, reported_at));
  return r != 0 ? r
                : fhir_put_time(job, &meta, json_get(resource, "meta"), "lastUpdated",
                                FHIR_TIME(result, sent_at));
}

static int put_order(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *resource,
                     LabResult *result) {
  const struct json *order = fhir_first(json_get(resource, "basedOn")),
                    *encounter = json_get(resource, "encounter");
  const struct json *specimen = fhir_follow(job, json_get(resource, "specimen"));
  int r = fhir_put(job, crumb, order, fhir_reference_id(order), &result->placer_order_id);
  if (r == 0) r = fhir_put(job, crumb, encounter, fhir_reference_id(encounter), &result->visit_id);
  return r != 0 ? r : put_concept(job, crumb, specimen, "type", &result->specimen);
}

int fhir_observation(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *resource) {
  LabResult result = IOC__HEALTH__V1__LAB_RESULT__INIT;
  struct measured measured;
  struct text id = json_text(json_get(resource, "id"));
  if (id.length == 0) id = fhir_identifier(resource);
  result.form = IOC__HEALTH__V1__LAB_RESULT_FORM__LAB_RESULT_FORM_FHIR;
  result.status = status_of(json_text(json_get(resource, "status")));
  int r = measure(job, crumb, resource, &measured);
  if (r != 0) return r;
  TAKE_MEASURED(&result, measured);
  r = fhir_put(job, crumb, resource, id, &result.result_id);
  if (r == 0) r = fhir_put_member(job, crumb, resource, "status", &result.status_code);
  if (r == 0) r = put_concept(job, crumb, resource, "code", &result.test);
  if (r == 0) r = put_concept(job, crumb, resource, "method", &result.method);
  if (r == 0) r = put_concept(job, crumb, resource, "bodySite", &result.body_site);
  if (r == 0)
    r = fhir_put(job, crumb, resource, fhir_code(fhir_first(json_get(resource, "category"))),
                 &result.category_code);
  if (r == 0) r = put_order(job, crumb, resource, &result);
  if (r == 0) r = fhir_put_patient(job, crumb, json_get(resource, "subject"), &result.patient);
  if (r == 0) r = put_performer(job, crumb, json_get(resource, "performer"), &result);
  if (r == 0) r = put_times(job, crumb, resource, &result);
  if (r == 0) r = put_components(job, crumb, json_get(resource, "component"), &result);
  if (r == 0) r = put_notes(job, crumb, json_get(resource, "note"), &result);
  if (r != 0) return r;
  int64_t occurred = fhir_moment(result.reported_at);
  if (occurred == HUB_NONE) occurred = fhir_moment(result.observed_at);
  return fhir_emit(job, crumb, resource, id, occurred, &result.base);
}
