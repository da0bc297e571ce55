/*
 * fhir_resources.c: the tables of fhir_shape.h.
 *
 * Sources: the StructureDefinitions of FHIR R4 (4.0.1). A choice (value[x]) is one row for each type that it
 * can have.
 */
#include "connectors/health/fhir_shape.h"

#define SHAPE(NAME, ...)                                                            \
  static const struct fhir_element NAME##_elements[] = {__VA_ARGS__, {.flags = 0}}; \
  static const struct fhir_shape NAME = {NAME##_elements}
#define STRING(name, ...) \
  { TEXT(name), FHIR_STRING, __VA_ARGS__ }
#define MOMENT(name, ...) \
  { TEXT(name), FHIR_TIME, __VA_ARGS__ }
#define CODE(name, list, ...) \
  { TEXT(name), FHIR_CODE, .codes = list, __VA_ARGS__ }
#define OF(name, what, ...) \
  { TEXT(name), FHIR_OBJECT, .shape = &what, __VA_ARGS__ }
#define PLAIN(name, kind, ...) \
  { TEXT(name), kind, __VA_ARGS__ }
#define F(...) .flags = __VA_ARGS__
#define NEEDED FHIR_NEEDED
#define LIST FHIR_LIST
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
static const char *const name_uses[] = {"usual",     "official", "temp",   "nickname",
                                        "anonymous", "old",      "maiden", NULL};
static const char *const telecom_uses[] = {"home", "work", "temp", "old", "mobile", NULL};
static const char *const address_uses[] = {"home", "work", "temp", "old", "billing", NULL};
static const char *const address_types[] = {"postal", "physical", "both", NULL};
static const char *const clinical_states[] = {"active",    "recurrence", "relapse", "inactive",
                                              "remission", "resolved",   NULL};
static const char *const verification_states[] = {
    "unconfirmed", "provisional", "differential", "confirmed", "refuted", "entered-in-error", NULL};
static const char *const bundle_types[] = {
    "document",       "message", "transaction", "transaction-response", "batch",
    "batch-response", "history", "searchset",   "collection",           NULL};
static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", NULL};

/* ---- Data types ---- */

SHAPE(period, MOMENT("start"), MOMENT("end"));
SHAPE(coding, STRING("system"), STRING("version"), STRING("code"), STRING("display"),
      PLAIN("userSelected", FHIR_BOOLEAN));
SHAPE(concept, OF("coding", coding, F(LIST)), STRING("text"));
/* Of an identifier's assigner nothing is read, so the two shapes do not need each other. */
SHAPE(identifier, CODE("use", identifier_uses), OF("type", concept), STRING("system"), STRING("value"),
      OF("period", period), PLAIN("assigner", FHIR_ANY));
SHAPE(reference, STRING("reference"), STRING("type"), OF("identifier", identifier), STRING("display"));
SHAPE(quantity, PLAIN("value", FHIR_DECIMAL), CODE("comparator", comparators), STRING("unit"),
      STRING("system"), STRING("code"));
SHAPE(range, OF("low", quantity), OF("high", quantity));
SHAPE(ratio, OF("numerator", quantity), OF("denominator", quantity));
SHAPE(money, PLAIN("value", FHIR_DECIMAL), STRING("currency"));
SHAPE(human_name, CODE("use", name_uses), STRING("text"), STRING("family"), STRING("given", F(LIST)),
      STRING("prefix", F(LIST)), STRING("suffix", F(LIST)), OF("period", period));
SHAPE(telecom, CODE("system", telecom_systems), STRING("value"), CODE("use", telecom_uses),
      PLAIN("rank", FHIR_COUNT), OF("period", period));
SHAPE(address, CODE("use", address_uses), CODE("type", address_types), STRING("text"),
      STRING("line", F(LIST)), STRING("city"), STRING("district"), STRING("state"), STRING("postalCode"),
      STRING("country"), OF("period", period));

SHAPE(meta, STRING("versionId"), MOMENT("lastUpdated"), STRING("source"), STRING("profile", F(LIST)),
      OF("security", coding, F(LIST)), OF("tag", coding, F(LIST)));
SHAPE(annotation, OF("authorReference", reference, ONE_OF("author")),
      STRING("authorString", ONE_OF("author")), MOMENT("time"), STRING("text", F(NEEDED)));
SHAPE(sampled, OF("origin", quantity, F(NEEDED)), PLAIN("period", FHIR_DECIMAL, F(NEEDED)),
      PLAIN("factor", FHIR_DECIMAL), PLAIN("lowerLimit", FHIR_DECIMAL), PLAIN("upperLimit", FHIR_DECIMAL),
      PLAIN("dimensions", FHIR_COUNT, F(NEEDED)), STRING("data"));

#define ANY_RESOURCE                                                                           \
  STRING("resourceType", F(NEEDED)), STRING("id"), OF("meta", meta), STRING("implicitRules"),  \
      STRING("language"), PLAIN("text", FHIR_ANY), PLAIN("contained", FHIR_RESOURCE, F(LIST)), \
      PLAIN("extension", FHIR_ANY, F(LIST))
#define RESOURCE ANY_RESOURCE, OF("identifier", identifier, F(LIST))

/* ---- Encounter ---- */

SHAPE(status_history, CODE("status", encounter_states, F(NEEDED)), OF("period", period, F(NEEDED)));
SHAPE(class_history, OF("class", coding, F(NEEDED)), OF("period", period, F(NEEDED)));
SHAPE(participant, OF("type", concept, F(LIST)), OF("period", period), OF("individual", reference));
SHAPE(encounter_diagnosis, OF("condition", reference, F(NEEDED)), OF("use", concept),
      PLAIN("rank", FHIR_COUNT));
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
#define VALUES                                                                                            \
  OF("valueQuantity", quantity, VALUE), OF("valueCodeableConcept", concept, VALUE),                       \
      STRING("valueString", VALUE), PLAIN("valueBoolean", FHIR_BOOLEAN, VALUE),                           \
      PLAIN("valueInteger", FHIR_INTEGER, VALUE), OF("valueRange", range, VALUE),                         \
      OF("valueRatio", ratio, VALUE), OF("valueSampledData", sampled, VALUE), STRING("valueTime", VALUE), \
      MOMENT("valueDateTime", VALUE), OF("valuePeriod", period, VALUE)

SHAPE(reference_range, OF("low", quantity), OF("high", quantity), OF("type", concept),
      OF("appliesTo", concept, F(LIST)), OF("age", range), STRING("text"));
SHAPE(component, OF("code", concept, F(NEEDED)), VALUES, OF("dataAbsentReason", concept),
      OF("interpretation", concept, F(LIST)), OF("referenceRange", reference_range, F(LIST)));
SHAPE(observation, RESOURCE, OF("basedOn", reference, F(LIST)), OF("partOf", reference, F(LIST)),
      CODE("status", observation_states, F(NEEDED)), OF("category", concept, F(LIST)),
      OF("code", concept, F(NEEDED)), OF("subject", reference), OF("focus", reference, F(LIST)),
      OF("encounter", reference), MOMENT("effectiveDateTime", ONE_OF("effective")),
      OF("effectivePeriod", period, ONE_OF("effective")),
      PLAIN("effectiveTiming", FHIR_ANY, ONE_OF("effective")),
      MOMENT("effectiveInstant", ONE_OF("effective")), MOMENT("issued"), OF("performer", reference, F(LIST)),
      VALUES, OF("dataAbsentReason", concept), OF("interpretation", concept, F(LIST)),
      OF("note", annotation, F(LIST)), OF("bodySite", concept), OF("method", concept),
      OF("specimen", reference), OF("device", reference), OF("referenceRange", reference_range, F(LIST)),
      OF("hasMember", reference, F(LIST)), OF("derivedFrom", reference, F(LIST)),
      OF("component", component, F(LIST)));

/* ---- Claim, Coverage ---- */

SHAPE(team_member, PLAIN("sequence", FHIR_COUNT, F(NEEDED)), OF("provider", reference, F(NEEDED)));
SHAPE(supporting, PLAIN("sequence", FHIR_COUNT, F(NEEDED)), OF("category", concept, F(NEEDED)));
SHAPE(claim_diagnosis, PLAIN("sequence", FHIR_COUNT, F(NEEDED)),
      OF("diagnosisCodeableConcept", concept, F(NEEDED), ONE_OF("diagnosis")),
      OF("diagnosisReference", reference, F(NEEDED), ONE_OF("diagnosis")), OF("type", concept, F(LIST)));
SHAPE(procedure, PLAIN("sequence", FHIR_COUNT, F(NEEDED)), MOMENT("date"),
      OF("procedureCodeableConcept", concept, F(NEEDED), ONE_OF("procedure")),
      OF("procedureReference", reference, F(NEEDED), ONE_OF("procedure")));
SHAPE(payee, OF("type", concept, F(NEEDED)), OF("party", reference));
SHAPE(accident, MOMENT("date", F(NEEDED)), OF("type", concept));
SHAPE(insurance, PLAIN("sequence", FHIR_COUNT, F(NEEDED)), PLAIN("focal", FHIR_BOOLEAN, F(NEEDED)),
      OF("identifier", identifier), OF("coverage", reference, F(NEEDED)));
SHAPE(item, PLAIN("sequence", FHIR_COUNT, F(NEEDED)), OF("productOrService", concept, F(NEEDED)),
      OF("quantity", quantity), OF("unitPrice", money), OF("net", money),
      OF("encounter", reference, F(LIST)));
SHAPE(claim, RESOURCE, CODE("status", financial_states, F(NEEDED)), OF("type", concept, F(NEEDED)),
      OF("subType", concept), CODE("use", claim_uses, F(NEEDED)), OF("patient", reference, F(NEEDED)),
      OF("billablePeriod", period), MOMENT("created", F(NEEDED)), OF("enterer", reference),
      OF("insurer", reference), OF("provider", reference, F(NEEDED)), OF("priority", concept, F(NEEDED)),
      OF("fundsReserve", concept), OF("prescription", reference), OF("originalPrescription", reference),
      OF("payee", payee), OF("referral", reference), OF("facility", reference),
      OF("careTeam", team_member, F(LIST)), OF("supportingInfo", supporting, F(LIST)),
      OF("diagnosis", claim_diagnosis, F(LIST)), OF("procedure", procedure, F(LIST)),
      OF("insurance", insurance, F(NEEDED | LIST)), OF("accident", accident),
      OF("item", item, F(LIST | FHIR_LONG)), OF("total", money));
SHAPE(coverage_class, OF("type", concept, F(NEEDED)), STRING("value", F(NEEDED)), STRING("name"));
SHAPE(coverage, RESOURCE, CODE("status", financial_states, F(NEEDED)), OF("type", concept),
      OF("policyHolder", reference), OF("subscriber", reference), STRING("subscriberId"),
      OF("beneficiary", reference, F(NEEDED)), STRING("dependent"), OF("relationship", concept),
      OF("period", period), OF("payor", reference, F(NEEDED | LIST)), OF("class", coverage_class, F(LIST)),
      PLAIN("order", FHIR_COUNT), STRING("network"), PLAIN("subrogation", FHIR_BOOLEAN),
      OF("contract", reference, F(LIST)));

/* ---- Location, Patient, Condition, Organization ---- */

SHAPE(position, PLAIN("longitude", FHIR_DECIMAL, F(NEEDED)), PLAIN("latitude", FHIR_DECIMAL, F(NEEDED)),
      PLAIN("altitude", FHIR_DECIMAL));
SHAPE(location, RESOURCE, CODE("status", location_states), OF("operationalStatus", coding), STRING("name"),
      STRING("alias", F(LIST)), STRING("description"), CODE("mode", location_modes),
      OF("type", concept, F(LIST)), OF("telecom", telecom, F(LIST)), OF("address", address),
      OF("physicalType", concept), OF("position", position), OF("managingOrganization", reference),
      OF("partOf", reference), OF("endpoint", reference, F(LIST)));
SHAPE(communication, OF("language", concept, F(NEEDED)), PLAIN("preferred", FHIR_BOOLEAN));
SHAPE(patient_link, OF("other", reference, F(NEEDED)), CODE("type", link_types, F(NEEDED)));
SHAPE(patient, RESOURCE, PLAIN("active", FHIR_BOOLEAN), OF("name", human_name, F(LIST)),
      OF("telecom", telecom, F(LIST)), CODE("gender", genders), MOMENT("birthDate"),
      PLAIN("deceasedBoolean", FHIR_BOOLEAN, ONE_OF("deceased")),
      MOMENT("deceasedDateTime", ONE_OF("deceased")), OF("address", address, F(LIST)),
      OF("maritalStatus", concept), PLAIN("multipleBirthBoolean", FHIR_BOOLEAN, ONE_OF("multipleBirth")),
      PLAIN("multipleBirthInteger", FHIR_INTEGER, ONE_OF("multipleBirth")), PLAIN("photo", FHIR_ANY, F(LIST)),
      PLAIN("contact", FHIR_ANY, F(LIST)), OF("communication", communication, F(LIST)),
      OF("generalPractitioner", reference, F(LIST)), OF("managingOrganization", reference),
      OF("link", patient_link, F(LIST)));
SHAPE(condition, RESOURCE, OF("clinicalStatus", concept, .codes = clinical_states),
      OF("verificationStatus", concept, .codes = verification_states), OF("category", concept, F(LIST)),
      OF("severity", concept), OF("code", concept), OF("bodySite", concept, F(LIST)),
      OF("subject", reference, F(NEEDED)), OF("encounter", reference),
      MOMENT("onsetDateTime", ONE_OF("onset")), OF("onsetAge", quantity, ONE_OF("onset")),
      OF("onsetPeriod", period, ONE_OF("onset")), OF("onsetRange", range, ONE_OF("onset")),
      STRING("onsetString", ONE_OF("onset")), MOMENT("recordedDate"), OF("recorder", reference),
      OF("asserter", reference));
SHAPE(organization, RESOURCE, PLAIN("active", FHIR_BOOLEAN), OF("type", concept, F(LIST)), STRING("name"),
      STRING("alias", F(LIST)), OF("telecom", telecom, F(LIST)), OF("address", address, F(LIST)),
      OF("partOf", reference));
SHAPE(role, RESOURCE, PLAIN("active", FHIR_BOOLEAN), OF("period", period), OF("practitioner", reference),
      OF("organization", reference));
SHAPE(specimen, RESOURCE, OF("type", concept), OF("subject", reference));
SHAPE(source, STRING("name"), STRING("software"), STRING("version"), STRING("endpoint", F(NEEDED)));
SHAPE(message_header, ANY_RESOURCE, OF("eventCoding", coding, F(NEEDED), ONE_OF("event")),
      STRING("eventUri", F(NEEDED), ONE_OF("event")), OF("source", source, F(NEEDED)));
SHAPE(other, ANY_RESOURCE);

static const struct {
  struct text type;
  const struct fhir_shape *shape;
} resources[] = {
    {TEXT("Encounter"), &encounter},
    {TEXT("Observation"), &observation},
    {TEXT("Claim"), &claim},
    {TEXT("Location"), &location},
    {TEXT("Patient"), &patient},
    {TEXT("Coverage"), &coverage},
    {TEXT("Condition"), &condition},
    {TEXT("Organization"), &organization},
    {TEXT("Specimen"), &specimen},
    {TEXT("PractitionerRole"), &role},
    {TEXT("MessageHeader"), &message_header},
};

/* All others of R4 and R4B. A Bundle is not among them: it may not stand within another resource. */
static const char *const others[] = {"AdministrableProductDefinition",
                                     "Citation",
                                     "ClinicalUseDefinition",
                                     "EvidenceReport",
                                     "Ingredient",
                                     "ManufacturedItemDefinition",
                                     "MedicinalProductDefinition",
                                     "NutritionProduct",
                                     "PackagedProductDefinition",
                                     "RegulatedAuthorization",
                                     "SubscriptionStatus",
                                     "SubscriptionTopic",
                                     "SubstanceDefinition",
                                     "Account",
                                     "ActivityDefinition",
                                     "AdverseEvent",
                                     "AllergyIntolerance",
                                     "Appointment",
                                     "AppointmentResponse",
                                     "AuditEvent",
                                     "Basic",
                                     "Binary",
                                     "BiologicallyDerivedProduct",
                                     "BodyStructure",
                                     "CapabilityStatement",
                                     "CarePlan",
                                     "CareTeam",
                                     "CatalogEntry",
                                     "ChargeItem",
                                     "ChargeItemDefinition",
                                     "ClaimResponse",
                                     "ClinicalImpression",
                                     "CodeSystem",
                                     "Communication",
                                     "CommunicationRequest",
                                     "CompartmentDefinition",
                                     "Composition",
                                     "ConceptMap",
                                     "Consent",
                                     "Contract",
                                     "CoverageEligibilityRequest",
                                     "CoverageEligibilityResponse",
                                     "DetectedIssue",
                                     "Device",
                                     "DeviceDefinition",
                                     "DeviceMetric",
                                     "DeviceRequest",
                                     "DeviceUseStatement",
                                     "DiagnosticReport",
                                     "DocumentManifest",
                                     "DocumentReference",
                                     "EffectEvidenceSynthesis",
                                     "Endpoint",
                                     "EnrollmentRequest",
                                     "EnrollmentResponse",
                                     "EpisodeOfCare",
                                     "EventDefinition",
                                     "Evidence",
                                     "EvidenceVariable",
                                     "ExampleScenario",
                                     "ExplanationOfBenefit",
                                     "FamilyMemberHistory",
                                     "Flag",
                                     "Goal",
                                     "GraphDefinition",
                                     "Group",
                                     "GuidanceResponse",
                                     "HealthcareService",
                                     "ImagingStudy",
                                     "Immunization",
                                     "ImmunizationEvaluation",
                                     "ImmunizationRecommendation",
                                     "ImplementationGuide",
                                     "InsurancePlan",
                                     "Invoice",
                                     "Library",
                                     "Linkage",
                                     "List",
                                     "Measure",
                                     "MeasureReport",
                                     "Media",
                                     "Medication",
                                     "MedicationAdministration",
                                     "MedicationDispense",
                                     "MedicationKnowledge",
                                     "MedicationRequest",
                                     "MedicationStatement",
                                     "MedicinalProduct",
                                     "MedicinalProductAuthorization",
                                     "MedicinalProductContraindication",
                                     "MedicinalProductIndication",
                                     "MedicinalProductIngredient",
                                     "MedicinalProductInteraction",
                                     "MedicinalProductManufactured",
                                     "MedicinalProductPackaged",
                                     "MedicinalProductPharmaceutical",
                                     "MedicinalProductUndesirableEffect",
                                     "MessageDefinition",
                                     "MolecularSequence",
                                     "NamingSystem",
                                     "NutritionOrder",
                                     "ObservationDefinition",
                                     "OperationDefinition",
                                     "OperationOutcome",
                                     "OrganizationAffiliation",
                                     "Parameters",
                                     "PaymentNotice",
                                     "PaymentReconciliation",
                                     "Person",
                                     "PlanDefinition",
                                     "Practitioner",
                                     "Procedure",
                                     "Provenance",
                                     "Questionnaire",
                                     "QuestionnaireResponse",
                                     "RelatedPerson",
                                     "RequestGroup",
                                     "ResearchDefinition",
                                     "ResearchElementDefinition",
                                     "ResearchStudy",
                                     "ResearchSubject",
                                     "RiskAssessment",
                                     "RiskEvidenceSynthesis",
                                     "Schedule",
                                     "SearchParameter",
                                     "ServiceRequest",
                                     "Slot",
                                     "SpecimenDefinition",
                                     "StructureDefinition",
                                     "StructureMap",
                                     "Subscription",
                                     "Substance",
                                     "SubstanceNucleicAcid",
                                     "SubstancePolymer",
                                     "SubstanceProtein",
                                     "SubstanceReferenceInformation",
                                     "SubstanceSourceMaterial",
                                     "SubstanceSpecification",
                                     "SupplyDelivery",
                                     "SupplyRequest",
                                     "Task",
                                     "TerminologyCapabilities",
                                     "TestReport",
                                     "TestScript",
                                     "ValueSet",
                                     "VerificationResult",
                                     "VisionPrescription",
                                     NULL};

/* ---- Bundle ---- */

SHAPE(request, CODE("method", methods, F(NEEDED)), STRING("url", F(NEEDED)), STRING("ifNoneMatch"),
      STRING("ifModifiedSince"), STRING("ifMatch"), STRING("ifNoneExist"));
SHAPE(link, STRING("relation", F(NEEDED)), STRING("url", F(NEEDED)));
static const struct fhir_element entry_elements[] = {OF("link", link, F(LIST)),
                                                     STRING("fullUrl"),
                                                     PLAIN("resource", FHIR_RESOURCE),
                                                     PLAIN("search", FHIR_ANY),
                                                     OF("request", request),
                                                     PLAIN("response", FHIR_ANY),
                                                     {.flags = 0}};
const struct fhir_shape fhir_entry_shape = {entry_elements};
static const struct fhir_element bundle_elements[] = {
    STRING("resourceType", F(NEEDED)),
    STRING("id"),
    OF("meta", meta),
    OF("identifier", identifier),
    CODE("type", bundle_types, F(NEEDED)),
    MOMENT("timestamp"),
    PLAIN("total", FHIR_COUNT),
    OF("link", link, F(LIST)),
    PLAIN("entry", FHIR_LATER, F(LIST | FHIR_LONG)),
    PLAIN("signature", FHIR_ANY),
    {.flags = 0},
};
const struct fhir_shape fhir_bundle_shape = {bundle_elements};

const struct fhir_shape *fhir_resource_shape(struct text type) {
  for (size_t i = 0; i < sizeof(resources) / sizeof(resources[0]); i++)
    if (text_equal(resources[i].type, type)) return resources[i].shape;
  for (size_t i = 0; others[i] != NULL; i++)
    if (text_is(type, others[i])) return &other;
  return NULL;
}
