/*
 * fhir_observation.c: an Observation, of whatever category, as a result.
 *
 * Numbers keep their text. Of ranges, ratios and periods the two ends become two values of one result; what
 * has no place in a result (sampled data, timings) leaves the value empty.
 */
#include "connectors/health/fhir_read.h"

#include "ioc/health/v1/lab_result.pb-c.h"

typedef Ioc__Health__V1__LabResult LabResult;
typedef Ioc__Health__V1__ResultComponent Component;
typedef Ioc__Health__V1__ResultValue Value;
typedef Ioc__Health__V1__Interpretation Interpretation;
typedef Ioc__Health__V1__Code Code;

#define KIND(name) IOC__HEALTH__V1__VALUE_KIND__VALUE_KIND_##name
#define FLAG(name) IOC__HEALTH__V1__FLAG__FLAG_##name
#define STATUS(name) IOC__HEALTH__V1__RESULT_STATUS__RESULT_STATUS_##name

static const struct value_code states[] = {
    {TEXT("registered"), STATUS(PENDING)},
    {TEXT("preliminary"), STATUS(PRELIMINARY)},
    {TEXT("final"), STATUS(FINAL)},
    {TEXT("corrected"), STATUS(CORRECTED)},
    {TEXT("amended"), STATUS(AMENDED)},
    {TEXT("entered-in-error"), STATUS(WITHDRAWN)},
    {TEXT("cancelled"), STATUS(CANCELLED)},
    {TEXT("unknown"), STATUS(UNKNOWN)},
    {TEXT(""), 0},
};

/* ---- Codes ---- */

static Code *make_code(struct fhir_job *job, struct text code, struct text words, struct text system) {
  Code *made = code.length + words.length == 0 ? NULL : value_alloc(&job->maker, sizeof(*made));
  if (made == NULL) return NULL;
  ioc__health__v1__code__init(made);
  made->code = fhir_string(job, code);
  made->text = fhir_string(job, words);
  made->system = fhir_string(job, system);
  return made;
}

static Code *read_concept(struct fhir_job *job, const struct json *concept) {
  const struct json *coding = fhir_first(json_get(concept, "coding"));
  return make_code(job, fhir_code(concept), fhir_display(concept), fhir_text(coding, "system"));
}

/* ---- Values ---- */

struct measured { /* what a result and its components have in common, on its way into one of them */
  Ioc__Health__V1__ValueKind kind;
  Value **values;
  size_t values_count;
  Code *unit;
  Value spare; /* written to where there is no memory; nobody reads it */
};

static Value *add_value(struct fhir_job *job, struct measured *measured, Ioc__Health__V1__ValueKind kind) {
  if (measured->values == NULL) measured->values = value_alloc(&job->maker, 2 * sizeof(*measured->values));
  Value *value = value_alloc(&job->maker, sizeof(*value));
  if (value == NULL) value = &measured->spare;
  else measured->values[measured->values_count++] = value;
  ioc__health__v1__result_value__init(value);
  measured->kind = kind;
  return value;
}

static Code *read_unit(struct fhir_job *job, const struct json *quantity) {
  return make_code(job, fhir_text(quantity, "code"), fhir_text(quantity, "unit"),
                   fhir_text(quantity, "system"));
}

static void take_quantity(struct fhir_job *job, const struct json *quantity, struct measured *measured) {
  Value *value;
  struct text comparator = fhir_text(quantity, "comparator");
  value = add_value(job, measured, comparator.length != 0 ? KIND(STRUCTURED_NUMBER) : KIND(NUMBER));
  value->number = fhir_string(job, fhir_text(quantity, "value"));
  value->comparator = fhir_string(job, comparator);
  measured->unit = read_unit(job, quantity);
}

/* `low - high`, `numerator : denominator`. */
static void take_pair(struct fhir_job *job, const struct json *one, const struct json *other,
                      struct text separator, struct measured *measured) {
  Value *value = add_value(job, measured, KIND(STRUCTURED_NUMBER));
  value->number = fhir_string(job, fhir_text(one, "value"));
  value->second_number = fhir_string(job, fhir_text(other, "value"));
  value->separator = fhir_string(job, separator);
  measured->unit = read_unit(job, one != NULL ? one : other);
}

static void take_range(struct fhir_job *job, const struct json *range, struct measured *measured) {
  take_pair(job, json_get(range, "low"), json_get(range, "high"), TEXT("-"), measured);
}

static void take_ratio(struct fhir_job *job, const struct json *ratio, struct measured *measured) {
  take_pair(job, json_get(ratio, "numerator"), json_get(ratio, "denominator"), TEXT(":"), measured);
}

static void take_concept(struct fhir_job *job, const struct json *concept, struct measured *measured) {
  Value *value = add_value(job, measured, KIND(CODE));
  value->code = fhir_string(job, fhir_code(concept));
  value->code_system = fhir_string(job, fhir_text(fhir_first(json_get(concept, "coding")), "system"));
  value->text = fhir_personal(job, HUB_FREE_TEXT, fhir_display(concept));
}

static void take_text(struct fhir_job *job, const struct json *text, struct measured *measured) {
  Value *value = add_value(job, measured, KIND(TEXT));
  value->text = fhir_personal(job, HUB_FREE_TEXT, json_text(text));
}

static void take_boolean(struct fhir_job *job, const struct json *boolean, struct measured *measured) {
  Value *value = add_value(job, measured, KIND(CODE));
  value->code = fhir_string(job, json_is(boolean, JSON_TRUE) ? TEXT("true") : TEXT("false"));
}

static void take_integer(struct fhir_job *job, const struct json *integer, struct measured *measured) {
  Value *value = add_value(job, measured, KIND(NUMBER));
  value->number = fhir_string(job, json_text(integer));
}

static void take_time(struct fhir_job *job, const struct json *time, struct measured *measured) {
  Value *value = add_value(job, measured, KIND(TIME));
  fhir_put_time(job, time, FHIR_TIME(value, time));
}

static void take_period(struct fhir_job *job, const struct json *period, struct measured *measured) {
  const struct json *start = json_get(period, "start"), *end = json_get(period, "end");
  if (start != NULL) take_time(job, start, measured);
  if (end != NULL) take_time(job, end, measured);
}

static const struct {
  struct text name;
  void (*take)(struct fhir_job *, const struct json *, struct measured *);
} value_takers[] = {
    {TEXT("valueQuantity"), take_quantity}, {TEXT("valueCodeableConcept"), take_concept},
    {TEXT("valueString"), take_text},       {TEXT("valueBoolean"), take_boolean},
    {TEXT("valueInteger"), take_integer},   {TEXT("valueRange"), take_range},
    {TEXT("valueRatio"), take_ratio},       {TEXT("valueTime"), take_text},
    {TEXT("valuePeriod"), take_period},     {TEXT("valueDateTime"), take_time},
};

/* value[x], of which there is one at most; NULL: none. */
static const struct json *find_value(const struct json *object) {
  const struct json *member = object->first;
  while (member != NULL && (member->key_length < 6 || memcmp(member->key, "value", 5) != 0))
    member = member->next;
  return member;
}

static struct measured measure(struct fhir_job *job, const struct json *object) {
  struct measured measured = {.kind = 0};
  const struct json *value = find_value(object);
  struct text name = value == NULL ? TEXT_NONE : (struct text){value->key, value->key_length};
  for (size_t i = 0; i < sizeof(value_takers) / sizeof(value_takers[0]); i++)
    if (text_equal(name, value_takers[i].name)) value_takers[i].take(job, value, &measured);
  return measured;
}

/* ---- Judgements ---- */

static const struct value_code flags[] = {
    {TEXT("N"), FLAG(NORMAL)},
    {TEXT("A"), FLAG(ABNORMAL)},
    {TEXT("AA"), FLAG(CRITICALLY_ABNORMAL)},
    {TEXT("L"), FLAG(LOW)},
    {TEXT("LL"), FLAG(CRITICALLY_LOW)},
    {TEXT("H"), FLAG(HIGH)},
    {TEXT("HH"), FLAG(CRITICALLY_HIGH)},
    {TEXT("<"), FLAG(BELOW_SCALE)},
    {TEXT(">"), FLAG(ABOVE_SCALE)},
    {TEXT("POS"), FLAG(POSITIVE)},
    {TEXT("NEG"), FLAG(NEGATIVE)},
    {TEXT("R"), FLAG(RESISTANT)},
    {TEXT("S"), FLAG(SUSCEPTIBLE)},
    {TEXT("I"), FLAG(INTERMEDIATE)},
    {TEXT("U"), FLAG(RISING)},
    {TEXT("D"), FLAG(FALLING)},
    {TEXT("B"), FLAG(BETTER)},
    {TEXT("W"), FLAG(WORSE)},
    {TEXT(""), 0},
};

static Interpretation **read_interpretations(struct fhir_job *job, const struct json *list,
                                             size_t *ret_count) {
  size_t count = 0;
  if (list == NULL) return NULL;
  Interpretation **made = value_alloc(&job->maker, list->length * sizeof(*made));
  Interpretation *one_made = value_alloc(&job->maker, list->length * sizeof(*one_made));
  if (one_made == NULL) return NULL;
  for (const struct json *one = json_first(list); one != NULL; one = one->next, one_made++) {
    struct text code = fhir_code(one);
    ioc__health__v1__interpretation__init(one_made);
    one_made->flag = (Ioc__Health__V1__Flag)value_of_code(flags, code);
    one_made->code = fhir_string(job, code.length != 0 ? code : fhir_display(one));
    made[count++] = one_made;
  }
  *ret_count = count;
  return made;
}

/* The text of the first range, else `low - high`, `>=low`, `<=high` with the numbers as they were sent. */
static char *read_range(struct fhir_job *job, const struct json *list) {
  const struct json *range = fhir_first(list);
  struct text words = fhir_text(range, "text");
  struct text low = fhir_text(json_get(range, "low"), "value"),
              high = fhir_text(json_get(range, "high"), "value");
  if (words.length != 0) return fhir_string(job, words);
  if (low.length + high.length == 0) return (char *)protobuf_c_empty_string;
  struct text parts[] = {low, low.length == 0 ? TEXT("<=") : TEXT(" - "), high};
  if (high.length == 0) parts[1] = low, parts[0] = TEXT(">=");
  char *joined = value_alloc(&job->maker, low.length + high.length + 4);
  if (joined == NULL) return (char *)protobuf_c_empty_string;
  size_t used = 0;
  for (size_t i = 0; i < 3; i++) {
    if (parts[i].length != 0) memcpy(joined + used, parts[i].data, parts[i].length);
    used += parts[i].length;
  }
  return joined;
}

/* A result and a component of one have the same fields for it. */
#define READ_MEASURED(job, object, into)                                                           \
  do {                                                                                             \
    struct measured measured = measure(job, object);                                               \
    (into)->value_kind = measured.kind;                                                            \
    (into)->values = measured.values;                                                              \
    (into)->n_values = measured.values_count;                                                      \
    (into)->unit = measured.unit;                                                                  \
    (into)->test = read_concept(job, json_get(object, "code"));                                    \
    (into)->interpretations =                                                                      \
        read_interpretations(job, json_get(object, "interpretation"), &(into)->n_interpretations); \
    (into)->reference_range = read_range(job, json_get(object, "referenceRange"));                 \
    (into)->absent_reason = read_concept(job, json_get(object, "dataAbsentReason"));               \
  } while (false)

/* ---- The result ---- */

/* obs-6, of a result or a component. */
static int check_absent(struct fhir_job *job, const struct crumb *crumb, const struct json *object) {
  const struct json *absent = json_get(object, "dataAbsentReason");
  struct crumb at = {crumb, "dataAbsentReason", 0};
  if (absent == NULL || find_value(object) == NULL) return 0;
  return fhir_fault(&job->fault, HUB_INVALID, &at, absent, "a value, and a reason why there is none");
}

int fhir_observation_check(struct fhir_job *job, const struct crumb *crumb, const struct json *resource) {
  struct crumb list = {crumb, "component", 0}, at = {&list, NULL, 0};
  int r = check_absent(job, crumb, resource);
  const struct json *one = json_first(json_get(resource, "component"));
  for (; one != NULL && r == 0; one = one->next, at.index++) r = check_absent(job, &at, one);
  return r;
}

static void read_components(struct fhir_job *job, const struct json *list, LabResult *result) {
  if (list == NULL) return;
  result->components = value_alloc(&job->maker, list->length * sizeof(Component *));
  Component *made = value_alloc(&job->maker, list->length * sizeof(*made));
  if (made == NULL) return;
  for (const struct json *one = json_first(list); one != NULL; one = one->next, made++) {
    ioc__health__v1__result_component__init(made);
    READ_MEASURED(job, one, made);
    result->components[result->n_components++] = made;
  }
}

static void read_notes(struct fhir_job *job, const struct json *list, LabResult *result) {
  if (list == NULL) return;
  result->notes = value_alloc(&job->maker, list->length * sizeof(char *));
  if (result->notes == NULL) return;
  for (const struct json *one = json_first(list); one != NULL; one = one->next)
    result->notes[result->n_notes++] = fhir_personal(job, HUB_FREE_TEXT, fhir_text(one, "text"));
}

/* The first performer that is an organization: others are persons. */
static void read_performer(struct fhir_job *job, const struct json *list, LabResult *result) {
  const struct json *one = fhir_first(list);
  for (; one != NULL && result->facility == NULL; one = one->next) {
    Ioc__Health__V1__Facility *facility = fhir_facility(job, one, TEXT_NONE);
    if (facility == NULL) continue;
    result->facility = facility;
    result->performer_name = facility->name;
  }
}

static void read_order(struct fhir_job *job, const struct json *resource, LabResult *result) {
  const struct json *order = fhir_first(json_get(resource, "basedOn")),
                    *specimen = fhir_follow(job, json_get(resource, "specimen"), "Specimen");
  result->placer_order_id = fhir_string(job, fhir_reference_id(order));
  result->visit_id = fhir_string(job, fhir_reference_id(json_get(resource, "encounter")));
  result->specimen = read_concept(job, json_get(specimen, "type"));
  result->category_code = fhir_string(job, fhir_code(fhir_first(json_get(resource, "category"))));
  result->method = read_concept(job, json_get(resource, "method"));
  result->body_site = read_concept(job, json_get(resource, "bodySite"));
}

static void read_times(struct fhir_job *job, const struct json *resource, LabResult *result) {
  const struct json *period = json_get(resource, "effectivePeriod");
  fhir_put_time(job, json_get(resource, "effectiveDateTime"), FHIR_TIME(result, observed_at));
  fhir_put_time(job, json_get(resource, "effectiveInstant"), FHIR_TIME(result, observed_at));
  fhir_put_time(job, json_get(period, "start"), FHIR_TIME(result, observed_at));
  fhir_put_time(job, json_get(resource, "issued"), FHIR_TIME(result, reported_at));
  fhir_put_time(job, json_get(json_get(resource, "meta"), "lastUpdated"), FHIR_TIME(result, sent_at));
}

int fhir_observation(struct fhir_job *job, const struct json *resource) {
  LabResult result = IOC__HEALTH__V1__LAB_RESULT__INIT;
  struct text id = fhir_id(resource), status = fhir_text(resource, "status");
  result.form = IOC__HEALTH__V1__LAB_RESULT_FORM__LAB_RESULT_FORM_FHIR;
  result.result_id = fhir_string(job, id);
  result.status = (Ioc__Health__V1__ResultStatus)value_of_code(states, status);
  result.status_code = fhir_string(job, status);
  READ_MEASURED(job, resource, &result);
  read_order(job, resource, &result);
  result.patient = fhir_patient(job, json_get(resource, "subject"));
  read_performer(job, json_get(resource, "performer"), &result);
  read_times(job, resource, &result);
  read_components(job, json_get(resource, "component"), &result);
  read_notes(job, json_get(resource, "note"), &result);
  int64_t occurred = fhir_moment(result.reported_at);
  if (occurred == HUB_NONE) occurred = fhir_moment(result.observed_at);
  return fhir_emit(job, resource, id, occurred, &result.base);
}
