/*
 * fhir_shape.c: the tables of fhir_shape.h, and the walk over them.
 *
 * Sources: the StructureDefinitions of FHIR R4 (4.0.1). A choice (value[x]) is one row for each type that it
 * can have; rows with the same `choice` exclude each other. Of a time only its form is looked at here;
 * whether there is such a day is for whoever reads it.
 */
#include "connectors/health/fhir_shape.h"

enum kind {
  KIND_STRING, /* also uri, code without a list, markdown, id */
  KIND_CODE,   /* with a list that binds */
  KIND_BOOLEAN,
  KIND_DECIMAL,
  KIND_INTEGER,
  KIND_COUNT, /* positiveInt, unsignedInt */
  KIND_ANY,   /* an object that nothing is read of */
  KIND_OBJECT,
};

enum { NEEDED = 1, LIST = 2 };

struct fhir_element {
  struct text name;
  enum kind kind;
  unsigned flags;
  const struct fhir_shape *shape;
  const char *const *codes;
  const char *choice;
};

struct fhir_shape {
  const struct fhir_element *elements; /* ended by one without a name */
};

#define SHAPE(NAME, ...)                                                            \
  static const struct fhir_element NAME##_elements[] = {__VA_ARGS__, {.flags = 0}}; \
  static const struct fhir_shape NAME = {NAME##_elements}
#define STRING(name, ...) \
  { TEXT(name), KIND_STRING, __VA_ARGS__ }
#define CODE(name, list, ...) \
  { TEXT(name), KIND_CODE, .codes = list, __VA_ARGS__ }
#define OF(name, what, ...) \
  { TEXT(name), KIND_OBJECT, .shape = &what, __VA_ARGS__ }
#define PLAIN(name, kind, ...) \
  { TEXT(name), kind, __VA_ARGS__ }
#define F(...) .flags = __VA_ARGS__
#define ONE_OF(which) .choice = which

static const char *const encounter_states[] = {"planned", "arrived",  "triaged",   "in-progress",
                                               "onleave", "finished", "cancelled", "entered-in-error",
                                               "unknown", NULL};
static const char *const place_states[] = {"planned", "active", "reserved", "completed", NULL};
static const char *const observation_states[] = {"registered",       "preliminary", "final",
                                                 "amended",          "corrected",   "cancelled",
                                                 "entered-in-error", "unknown",     NULL};
static const char *const financial_states[] = {"active", "cancelled", "draft", "entered-in-error", NULL};
static const char *const claim_uses[] = {"claim", "preauthorization", "predetermination", NULL};
static const char *const location_states[] = {"active", "suspended", "inactive", NULL};
static const char *const location_modes[] = {"instance", "kind", NULL};
static const char *const genders[] = {"male", "female", "other", "unknown", NULL};
static const char *const link_types[] = {"replaced-by", "replaces", "refer", "seealso", NULL};
static const char *const comparators[] = {"<", "<=", ">=", ">", NULL};
static const char *const identifier_uses[] = {"usual", "official", "temp", "secondary", "old", NULL};
static const char *const telecom_systems[] = {"phone", "fax", "email", "pager", "url", "sms", "other", NULL};
static const char *const bundle_types[] = {
    "document",       "message", "transaction", "transaction-response", "batch",
    "batch-response", "history", "searchset",   "collection",           NULL};
static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", NULL};

/* ---- Data types ---- */

SHAPE(period, STRING("start"), STRING("end"));
SHAPE(coding, STRING("system"), STRING("version"), STRING("code"), STRING("display"),
      PLAIN("userSelected", KIND_BOOLEAN));
SHAPE(concept, OF("coding", coding, F(LIST)), STRING("text"));
/* Of an identifier's assigner nothing is read, so the two shapes do not need each other. */
SHAPE(identifier, CODE("use", identifier_uses), OF("type", concept), STRING("system"), STRING("value"),
      OF("period", period), PLAIN("assigner", KIND_ANY));
SHAPE(reference, STRING("reference"), STRING("type"), OF("identifier", identifier), STRING("display"));
SHAPE(quantity, PLAIN("value", KIND_DECIMAL), CODE("comparator", comparators), STRING("unit"),
      STRING("system"), STRING("code"));
SHAPE(range, OF("low", quantity), OF("high", quantity));
SHAPE(ratio, OF("numerator", quantity), OF("denominator", quantity));
SHAPE(money, PLAIN("value", KIND_DECIMAL), STRING("currency"));
SHAPE(human_name, STRING("use"), STRING("text"), STRING("family"), STRING("given", F(LIST)),
      STRING("prefix", F(LIST)), STRING("suffix", F(LIST)), OF("period", period));
SHAPE(telecom, CODE("system", telecom_systems), STRING("value"), STRING("use"), PLAIN("rank", KIND_COUNT),
      OF("period", period));
SHAPE(address, STRING("use"), STRING("type"), STRING("text"), STRING("line", F(LIST)), STRING("city"),
      STRING("district"), STRING("state"), STRING("postalCode"), STRING("country"), OF("period", period));

#define RESOURCE                                                                                     \
  STRING("resourceType", F(NEEDED)), STRING("id"), PLAIN("meta", KIND_ANY), STRING("implicitRules"), \
      STRING("language"), PLAIN("text", KIND_ANY), PLAIN("contained", KIND_ANY, F(LIST)),            \
      PLAIN("extension", KIND_ANY, F(LIST)), PLAIN("modifierExtension", KIND_ANY, F(LIST)),          \
      OF("identifier", identifier, F(LIST))

/* ---- Encounter ---- */

SHAPE(status_history, CODE("status", encounter_states, F(NEEDED)), OF("period", period, F(NEEDED)));
SHAPE(class_history, OF("class", coding, F(NEEDED)), OF("period", period, F(NEEDED)));
SHAPE(participant, OF("type", concept, F(LIST)), OF("period", period), OF("individual", reference));
SHAPE(encounter_diagnosis, OF("condition", reference, F(NEEDED)), OF("use", concept),
      PLAIN("rank", KIND_COUNT));
SHAPE(hospitalization, OF("preAdmissionIdentifier", identifier), OF("origin", reference),
      OF("admitSource", concept), OF("reAdmission", concept), OF("dietPreference", concept, F(LIST)),
      OF("specialCourtesy", concept, F(LIST)), OF("specialArrangement", concept, F(LIST)),
      OF("destination", reference), OF("dischargeDisposition", concept));
SHAPE(encounter_location, OF("location", reference, F(NEEDED)), CODE("status", place_states),
      OF("physicalType", concept), OF("period", period));
SHAPE(encounter, RESOURCE, CODE("status", encounter_states, F(NEEDED)),
      OF("statusHistory", status_history, F(LIST)), OF("class", coding, F(NEEDED)),
      OF("classHistory", class_history, F(LIST)), OF("type", concept, F(LIST)), OF("serviceType", concept),
      OF("priority", concept), OF("subject", reference), OF("episodeOfCare", reference, F(LIST)),
      OF("basedOn", reference, F(LIST)), OF("participant", participant, F(LIST)),
      OF("appointment", reference, F(LIST)), OF("period", period), OF("length", quantity),
      OF("reasonCode", concept, F(LIST)), OF("reasonReference", reference, F(LIST)),
      OF("diagnosis", encounter_diagnosis, F(LIST)), OF("account", reference, F(LIST)),
      OF("hospitalization", hospitalization), OF("location", encounter_location, F(LIST)),
      OF("serviceProvider", reference), OF("partOf", reference));

/* ---- Observation ---- */

#define VALUE ONE_OF("value")
#define VALUES                                                                      \
  OF("valueQuantity", quantity, VALUE), OF("valueCodeableConcept", concept, VALUE), \
      STRING("valueString", VALUE), PLAIN("valueBoolean", KIND_BOOLEAN, VALUE),     \
      PLAIN("valueInteger", KIND_INTEGER, VALUE), OF("valueRange", range, VALUE),   \
      OF("valueRatio", ratio, VALUE), PLAIN("valueSampledData", KIND_ANY, VALUE),   \
      STRING("valueTime", VALUE), STRING("valueDateTime", VALUE), OF("valuePeriod", period, VALUE)

SHAPE(reference_range, OF("low", quantity), OF("high", quantity), OF("type", concept),
      OF("appliesTo", concept, F(LIST)), OF("age", range), STRING("text"));
SHAPE(component, OF("code", concept, F(NEEDED)), VALUES, OF("dataAbsentReason", concept),
      OF("interpretation", concept, F(LIST)), OF("referenceRange", reference_range, F(LIST)));
SHAPE(observation, RESOURCE, OF("basedOn", reference, F(LIST)), OF("partOf", reference, F(LIST)),
      CODE("status", observation_states, F(NEEDED)), OF("category", concept, F(LIST)),
      OF("code", concept, F(NEEDED)), OF("subject", reference), OF("focus", reference, F(LIST)),
      OF("encounter", reference), STRING("effectiveDateTime", ONE_OF("effective")),
      OF("effectivePeriod", period, ONE_OF("effective")),
      PLAIN("effectiveTiming", KIND_ANY, ONE_OF("effective")),
      STRING("effectiveInstant", ONE_OF("effective")), STRING("issued"), OF("performer", reference, F(LIST)),
      VALUES, OF("dataAbsentReason", concept), OF("interpretation", concept, F(LIST)),
      PLAIN("note", KIND_ANY, F(LIST)), OF("bodySite", concept), OF("method", concept),
      OF("specimen", reference), OF("device", reference), OF("referenceRange", reference_range, F(LIST)),
      OF("hasMember", reference, F(LIST)), OF("derivedFrom", reference, F(LIST)),
      OF("component", component, F(LIST)));

/* ---- Claim, Coverage ---- */

SHAPE(team_member, PLAIN("sequence", KIND_COUNT, F(NEEDED)), OF("provider", reference, F(NEEDED)));
SHAPE(supporting, PLAIN("sequence", KIND_COUNT, F(NEEDED)), OF("category", concept, F(NEEDED)));
SHAPE(claim_diagnosis, PLAIN("sequence", KIND_COUNT, F(NEEDED)),
      OF("diagnosisCodeableConcept", concept, ONE_OF("diagnosis")),
      OF("diagnosisReference", reference, ONE_OF("diagnosis")), OF("type", concept, F(LIST)));
SHAPE(procedure, PLAIN("sequence", KIND_COUNT, F(NEEDED)));
SHAPE(insurance, PLAIN("sequence", KIND_COUNT, F(NEEDED)), PLAIN("focal", KIND_BOOLEAN, F(NEEDED)),
      OF("identifier", identifier), OF("coverage", reference, F(NEEDED)));
SHAPE(item, PLAIN("sequence", KIND_COUNT, F(NEEDED)), OF("productOrService", concept, F(NEEDED)),
      OF("quantity", quantity), OF("unitPrice", money), OF("net", money),
      OF("encounter", reference, F(LIST)));
SHAPE(claim, RESOURCE, CODE("status", financial_states, F(NEEDED)), OF("type", concept, F(NEEDED)),
      OF("subType", concept), CODE("use", claim_uses, F(NEEDED)), OF("patient", reference, F(NEEDED)),
      OF("billablePeriod", period), STRING("created", F(NEEDED)), OF("enterer", reference),
      OF("insurer", reference), OF("provider", reference, F(NEEDED)), OF("priority", concept, F(NEEDED)),
      OF("fundsReserve", concept), OF("prescription", reference), OF("originalPrescription", reference),
      PLAIN("payee", KIND_ANY), OF("referral", reference), OF("facility", reference),
      OF("careTeam", team_member, F(LIST)), OF("supportingInfo", supporting, F(LIST)),
      OF("diagnosis", claim_diagnosis, F(LIST)), OF("procedure", procedure, F(LIST)),
      OF("insurance", insurance, F(NEEDED | LIST)), PLAIN("accident", KIND_ANY), OF("item", item, F(LIST)),
      OF("total", money));
SHAPE(coverage_class, OF("type", concept, F(NEEDED)), STRING("value", F(NEEDED)), STRING("name"));
SHAPE(coverage, RESOURCE, CODE("status", financial_states, F(NEEDED)), OF("type", concept),
      OF("policyHolder", reference), OF("subscriber", reference), STRING("subscriberId"),
      OF("beneficiary", reference, F(NEEDED)), STRING("dependent"), OF("relationship", concept),
      OF("period", period), OF("payor", reference, F(NEEDED | LIST)), OF("class", coverage_class, F(LIST)),
      PLAIN("order", KIND_COUNT), STRING("network"), PLAIN("subrogation", KIND_BOOLEAN),
      OF("contract", reference, F(LIST)));

/* ---- Location, Patient, Condition, Organization ---- */

SHAPE(position, PLAIN("longitude", KIND_DECIMAL, F(NEEDED)), PLAIN("latitude", KIND_DECIMAL, F(NEEDED)),
      PLAIN("altitude", KIND_DECIMAL));
SHAPE(location, RESOURCE, CODE("status", location_states), OF("operationalStatus", coding), STRING("name"),
      STRING("alias", F(LIST)), STRING("description"), CODE("mode", location_modes),
      OF("type", concept, F(LIST)), OF("telecom", telecom, F(LIST)), OF("address", address),
      OF("physicalType", concept), OF("position", position), OF("managingOrganization", reference),
      OF("partOf", reference), OF("endpoint", reference, F(LIST)));
SHAPE(communication, OF("language", concept, F(NEEDED)), PLAIN("preferred", KIND_BOOLEAN));
SHAPE(patient_link, OF("other", reference, F(NEEDED)), CODE("type", link_types, F(NEEDED)));
SHAPE(patient, RESOURCE, PLAIN("active", KIND_BOOLEAN), OF("name", human_name, F(LIST)),
      OF("telecom", telecom, F(LIST)), CODE("gender", genders), STRING("birthDate"),
      PLAIN("deceasedBoolean", KIND_BOOLEAN, ONE_OF("deceased")),
      STRING("deceasedDateTime", ONE_OF("deceased")), OF("address", address, F(LIST)),
      OF("maritalStatus", concept), PLAIN("multipleBirthBoolean", KIND_BOOLEAN, ONE_OF("multipleBirth")),
      PLAIN("multipleBirthInteger", KIND_INTEGER, ONE_OF("multipleBirth")), PLAIN("photo", KIND_ANY, F(LIST)),
      PLAIN("contact", KIND_ANY, F(LIST)), OF("communication", communication, F(LIST)),
      OF("generalPractitioner", reference, F(LIST)), OF("managingOrganization", reference),
      OF("link", patient_link, F(LIST)));
SHAPE(condition, RESOURCE, OF("clinicalStatus", concept), OF("verificationStatus", concept),
      OF("category", concept, F(LIST)), OF("severity", concept), OF("code", concept),
      OF("bodySite", concept, F(LIST)), OF("subject", reference, F(NEEDED)), OF("encounter", reference),
      STRING("onsetDateTime", ONE_OF("onset")), OF("onsetAge", quantity, ONE_OF("onset")),
      OF("onsetPeriod", period, ONE_OF("onset")), OF("onsetRange", range, ONE_OF("onset")),
      STRING("onsetString", ONE_OF("onset")), STRING("recordedDate"), OF("recorder", reference),
      OF("asserter", reference));
SHAPE(organization, RESOURCE, PLAIN("active", KIND_BOOLEAN), OF("type", concept, F(LIST)), STRING("name"),
      STRING("alias", F(LIST)), OF("telecom", telecom, F(LIST)), OF("address", address, F(LIST)),
      OF("partOf", reference));

static const struct {
  struct text type;
  const struct fhir_shape *shape;
} resources[] = {
    {TEXT("Encounter"), &encounter}, {TEXT("Observation"), &observation},   {TEXT("Claim"), &claim},
    {TEXT("Location"), &location},   {TEXT("Patient"), &patient},           {TEXT("Coverage"), &coverage},
    {TEXT("Condition"), &condition}, {TEXT("Organization"), &organization},
};

/* ---- Bundle ---- */

SHAPE(request, CODE("method", methods, F(NEEDED)), STRING("url", F(NEEDED)), STRING("ifNoneMatch"),
      STRING("ifModifiedSince"), STRING("ifMatch"), STRING("ifNoneExist"));
SHAPE(entry, PLAIN("link", KIND_ANY, F(LIST)), STRING("fullUrl"), PLAIN("resource", KIND_ANY),
      PLAIN("search", KIND_ANY), OF("request", request), PLAIN("response", KIND_ANY));
static const struct fhir_element bundle_elements[] = {
    STRING("resourceType", F(NEEDED)),
    STRING("id"),
    PLAIN("meta", KIND_ANY),
    OF("identifier", identifier),
    CODE("type", bundle_types, F(NEEDED)),
    STRING("timestamp"),
    PLAIN("total", KIND_COUNT),
    PLAIN("link", KIND_ANY, F(LIST)),
    OF("entry", entry, F(LIST)),
    PLAIN("signature", KIND_ANY),
    {.flags = 0},
};
const struct fhir_shape fhir_bundle_shape = {bundle_elements};

const struct fhir_shape *fhir_resource_shape(struct text type) {
  for (size_t i = 0; i < sizeof(resources) / sizeof(resources[0]); i++)
    if (text_equal(resources[i].type, type)) return resources[i].shape;
  return NULL;
}

/* ---- The walk ---- */

static size_t put_text(char *out, size_t at, size_t size, const char *text) {
  size_t length = strlen(text);
  if (length > size - 1 - at) length = size - 1 - at;
  memcpy(out + at, text, length);
  return at + length;
}

static size_t put_path(char *out, size_t size, const struct fhir_crumb *crumb) {
  if (crumb == NULL) return 0;
  size_t at = put_text(out, put_path(out, size, crumb->up), size, "/");
  if (crumb->name != NULL) return put_text(out, at, size, crumb->name);
  char digits[21] = {0};
  size_t first = sizeof(digits) - 1, index = crumb->index;
  do digits[--first] = (char)('0' + index % 10);
  while ((index /= 10) != 0);
  return put_text(out, at, size, digits + first);
}

void fhir_fault(struct fhir_fault *fault, enum hub_reject_code code, const struct fhir_crumb *crumb,
                const struct json *value, const char *detail) {
  fault->code = code;
  fault->value = value;
  fault->detail = detail;
  fault->path[put_path(fault->path, sizeof(fault->path), crumb)] = 0;
}

static int wrong(struct fhir_fault *fault, const struct fhir_crumb *crumb, const struct json *value,
                 const char *detail) {
  fhir_fault(fault, HUB_INVALID, crumb, value, detail);
  return FHIR_E_FAULT;
}

static bool in_list(const char *const *codes, struct text text) {
  for (; *codes != NULL; codes++)
    if (text_is(text, *codes)) return true;
  return false;
}

static bool is_whole(const struct json *value, bool negative) {
  if (value->type != JSON_NUMBER) return false;
  for (size_t i = 0; i < value->length; i++) {
    char c = value->chars[i];
    if (!(c >= '0' && c <= '9') && !(negative && i == 0 && c == '-')) return false;
  }
  return true;
}

static int check_one(const struct fhir_crumb *crumb, const struct json *value,
                     const struct fhir_element *element, struct fhir_fault *fault) {
  switch (element->kind) {
    case KIND_STRING:
    case KIND_CODE:
      if (value->type != JSON_STRING) return wrong(fault, crumb, value, "a text must stand here");
      if (text_trim(json_text(value)).length == 0) return wrong(fault, crumb, value, "an empty text");
      if (element->kind == KIND_CODE && !in_list(element->codes, json_text(value)))
        return wrong(fault, crumb, value, "not a code of the list that binds here");
      return 0;
    case KIND_BOOLEAN:
      if (value->type == JSON_TRUE || value->type == JSON_FALSE) return 0;
      return wrong(fault, crumb, value, "true or false must stand here");
    case KIND_DECIMAL:
      return value->type == JSON_NUMBER ? 0 : wrong(fault, crumb, value, "a number must stand here");
    case KIND_INTEGER:
      return is_whole(value, true) ? 0 : wrong(fault, crumb, value, "a whole number must stand here");
    case KIND_COUNT:
      return is_whole(value, false) ? 0 : wrong(fault, crumb, value, "a whole number from 0 must stand here");
    default: break;
  }
  if (value->type != JSON_OBJECT) return wrong(fault, crumb, value, "an object must stand here");
  if (value->length == 0) return wrong(fault, crumb, value, "an empty object");
  return element->kind == KIND_ANY ? 0 : fhir_check(crumb, value, element->shape, fault);
}

/* A null in a list of texts stands for one that only its twin (_name) describes. */
static int check_list(const struct fhir_crumb *crumb, const struct json *value,
                      const struct fhir_element *element, struct fhir_fault *fault) {
  struct fhir_crumb at = {crumb, NULL, 0};
  if (value->type != JSON_ARRAY) return wrong(fault, crumb, value, "a list must stand here");
  if (value->length == 0) return wrong(fault, crumb, value, "an empty list");
  for (const struct json *one = value->first; one != NULL; one = one->next, at.index++) {
    if (one->type == JSON_NULL && element->kind == KIND_STRING) continue;
    int r = check_one(&at, one, element, fault);
    if (r != 0) return r;
  }
  return 0;
}

/* The element called so. Members mostly come in the order of the tables: the one behind the last is tried
 * first. */
static const struct fhir_element *find(const struct fhir_shape *shape, struct text name, size_t *index) {
  const struct fhir_element *next = &shape->elements[*index];
  if (next->name.length != 0 && text_equal(next->name, name)) return next;
  for (size_t i = 0; shape->elements[i].name.length != 0; i++) {
    if (!text_equal(shape->elements[i].name, name)) continue;
    *index = i;
    return &shape->elements[i];
  }
  return NULL;
}

/* What must be there and is not. */
static int check_needed(const struct fhir_crumb *crumb, const struct json *object,
                        const struct fhir_shape *shape, uint64_t seen, struct fhir_fault *fault) {
  for (size_t i = 0; shape->elements[i].name.length != 0; i++) {
    const struct fhir_element *element = &shape->elements[i];
    if (!(element->flags & NEEDED) || (seen >> i & 1)) continue;
    struct fhir_crumb at = {crumb, element->name.data, 0};
    fhir_fault(fault, HUB_MISSING, &at, object, "an element that must be there is absent");
    return FHIR_E_FAULT;
  }
  return 0;
}

int fhir_check(const struct fhir_crumb *crumb, const struct json *object, const struct fhir_shape *shape,
               struct fhir_fault *reterr_fault) {
  uint64_t seen = 0; /* no shape has more than 64 elements */
  const char *choices[4] = {0};
  size_t choices_count = 0, index = 0;
  for (const struct json *member = object->first; member != NULL; member = member->next) {
    const struct fhir_element *element = find(shape, (struct text){member->key, member->key_length}, &index);
    if (element == NULL) continue;
    struct fhir_crumb at = {crumb, element->name.data, 0};
    seen |= UINT64_C(1) << index++;
    for (size_t i = 0; i < choices_count; i++) {
      if (element->choice == NULL || strcmp(choices[i], element->choice) != 0) continue;
      return wrong(reterr_fault, &at, member, "a second value of an element that has one of several types");
    }
    if (element->choice != NULL) choices[choices_count++] = element->choice;
    int r = element->flags & LIST ? check_list(&at, member, element, reterr_fault)
                                  : check_one(&at, member, element, reterr_fault);
    if (r != 0) return r;
  }
  return check_needed(crumb, object, shape, seen, reterr_fault);
}
