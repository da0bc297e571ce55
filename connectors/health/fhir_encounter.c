/*
 * fhir_encounter.c: an Encounter as a visit: the state that the sender knows, without a word of what
 * happened.
 *
 * The place is the last location that is active, else the last one. A Condition counts as a diagnosis where
 * the payload brings it.
 */
#include "connectors/health/fhir_read.h"

#include "connectors/format/time.h"
#include "ioc/health/v1/encounter.pb-c.h"

#include <errno.h>

typedef Ioc__Health__V1__Encounter Encounter;
typedef Ioc__Health__V1__Diagnosis Diagnosis;
typedef Ioc__Health__V1__Place Place;

struct code {
  const char *text;
  int value;
};

static int find_code(const struct code *codes, struct text text) {
  for (; codes->text != NULL; codes++)
    if (text_is(text, codes->text)) return codes->value;
  return 0;
}

static const struct code states[] = {
    {"planned", IOC__HEALTH__V1__ENCOUNTER_STATUS__ENCOUNTER_STATUS_PLANNED},
    {"arrived", IOC__HEALTH__V1__ENCOUNTER_STATUS__ENCOUNTER_STATUS_ARRIVED},
    {"triaged", IOC__HEALTH__V1__ENCOUNTER_STATUS__ENCOUNTER_STATUS_ARRIVED},
    {"in-progress", IOC__HEALTH__V1__ENCOUNTER_STATUS__ENCOUNTER_STATUS_IN_PROGRESS},
    {"onleave", IOC__HEALTH__V1__ENCOUNTER_STATUS__ENCOUNTER_STATUS_ON_LEAVE},
    {"finished", IOC__HEALTH__V1__ENCOUNTER_STATUS__ENCOUNTER_STATUS_FINISHED},
    {"cancelled", IOC__HEALTH__V1__ENCOUNTER_STATUS__ENCOUNTER_STATUS_CANCELLED},
    {"entered-in-error", IOC__HEALTH__V1__ENCOUNTER_STATUS__ENCOUNTER_STATUS_ENTERED_IN_ERROR},
    {NULL, 0},
};

/* v3 ActEncounterCode. */
static const struct code classes[] = {
    {"AMB", IOC__HEALTH__V1__PATIENT_CLASS__PATIENT_CLASS_OUTPATIENT},
    {"IMP", IOC__HEALTH__V1__PATIENT_CLASS__PATIENT_CLASS_INPATIENT},
    {"ACUTE", IOC__HEALTH__V1__PATIENT_CLASS__PATIENT_CLASS_INPATIENT},
    {"NONAC", IOC__HEALTH__V1__PATIENT_CLASS__PATIENT_CLASS_INPATIENT},
    {"EMER", IOC__HEALTH__V1__PATIENT_CLASS__PATIENT_CLASS_EMERGENCY},
    {"SS", IOC__HEALTH__V1__PATIENT_CLASS__PATIENT_CLASS_DAY},
    {"OBSENC", IOC__HEALTH__V1__PATIENT_CLASS__PATIENT_CLASS_OBSERVATION},
    {"PRENC", IOC__HEALTH__V1__PATIENT_CLASS__PATIENT_CLASS_PREADMIT},
    {"HH", IOC__HEALTH__V1__PATIENT_CLASS__PATIENT_CLASS_HOME},
    {"FLD", IOC__HEALTH__V1__PATIENT_CLASS__PATIENT_CLASS_FIELD},
    {"VR", IOC__HEALTH__V1__PATIENT_CLASS__PATIENT_CLASS_VIRTUAL},
    {NULL, 0},
};

/* ---- Place ---- */

static const struct json *last_place(const struct json *list) {
  const struct json *last = NULL;
  bool active = false;
  for (const struct json *one = fhir_first(list); one != NULL; one = one->next) {
    struct text status = json_text(json_get(one, "status"));
    bool is_active = text_is(status, "active") || status.length == 0;
    if (active && !is_active) continue;
    active = is_active;
    last = one;
  }
  return last;
}

/* Where the element of a Place stands for a Location of this kind. */
static char **place_field(Place *place, struct text kind) {
  if (text_is(kind, "bd")) return &place->bed;
  if (text_is(kind, "ro")) return &place->room;
  return text_is(kind, "wa") ? &place->ward_code : NULL;
}

enum { PARTS_MAX = 8 }; /* bed, room, ward, building, site: no chain of Locations is longer */

int fhir_put_place(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *location,
                   const struct json *reference, struct text kind, Place **field) {
  Place *place = hub_alloc(job->sink, sizeof(*place));
  if (place == NULL) return -ENOMEM;
  ioc__health__v1__place__init(place);
  *field = place;
  int r = 0;
  for (int parts = 0; parts < PARTS_MAX && r == 0 && (location != NULL || reference != NULL); parts++) {
    if (location == NULL) location = fhir_follow(job, reference);
    if (kind.length == 0) kind = fhir_code(json_get(location, "physicalType"));
    struct text id = fhir_identifier(location);
    if (id.length == 0) id = json_text(json_get(location, "id"));
    if (id.length == 0) id = fhir_reference_id(reference);
    char **to = place_field(place, kind);
    if (to == NULL && parts == 0)
      to = &place->ward_code; /* of a place without a kind the ward is the best guess */
    if (to != NULL) r = fhir_put(job, crumb, location, id, to);
    struct text name = json_text(json_get(location, "name"));
    if (name.length == 0) name = json_text(json_get(reference, "display"));
    if (r == 0 && to == &place->ward_code) r = fhir_put(job, crumb, location, name, &place->ward_name);
    reference = json_get(location, "partOf");
    location = NULL;
    kind = TEXT_NONE;
  }
  return r;
}

static int put_place(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *resource,
                     Encounter *encounter) {
  const struct json *one = last_place(json_get(resource, "location"));
  if (one == NULL) return 0;
  struct fhir_crumb at = {crumb, "location", 0};
  return fhir_put_place(job, &at, NULL, json_get(one, "location"), fhir_code(json_get(one, "physicalType")),
                        &encounter->place);
}

/* ---- Diagnoses ---- */

static int put_diagnosis(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *one,
                         const struct json *condition, Diagnosis *diagnosis) {
  const struct json *code = json_get(condition, "code"), *coding = fhir_first(json_get(code, "coding"));
  int64_t rank = 0;
  ioc__health__v1__diagnosis__init(diagnosis);
  int r = fhir_put(job, crumb, condition, fhir_code(code), &diagnosis->code);
  if (r == 0) r = fhir_put_member(job, crumb, coding, "system", &diagnosis->system);
  if (r == 0)
    r = fhir_put_personal(job, crumb, condition, fhir_display(code), HUB_FREE_TEXT, &diagnosis->text);
  if (r == 0) r = fhir_put(job, crumb, one, fhir_code(json_get(one, "use")), &diagnosis->kind_code);
  if (json_to_int64(json_get(one, "rank"), &rank) && rank <= INT32_MAX) diagnosis->rank = (int32_t)rank;
  return r;
}

static int put_diagnoses(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *resource,
                         Encounter *encounter) {
  const struct json *list = json_get(resource, "diagnosis");
  if (list == NULL) return 0;
  encounter->diagnoses = hub_alloc(job->sink, list->length * sizeof(Diagnosis *));
  Diagnosis *block = hub_alloc(job->sink, list->length * sizeof(Diagnosis));
  if (encounter->diagnoses == NULL || block == NULL) return -ENOMEM;
  struct fhir_crumb here = {crumb, "diagnosis", 0}, at = {&here, NULL, 0};
  for (const struct json *one = fhir_first(list); one != NULL; one = one->next, at.index++) {
    const struct json *condition = fhir_follow(job, json_get(one, "condition"));
    if (condition == NULL) continue;
    Diagnosis *diagnosis = &block[encounter->n_diagnoses];
    int r = put_diagnosis(job, &at, one, condition, diagnosis);
    if (r != 0) return r;
    encounter->diagnoses[encounter->n_diagnoses++] = diagnosis;
  }
  return 0;
}

/* ---- The visit ---- */

static int64_t local_day(const struct fhir_job *job, const Google__Protobuf__Timestamp *time) {
  int64_t local = time->seconds + job->health->zone_offset_s;
  return local / 86400 - (local % 86400 < 0);
}

static bool names_a_day(Ioc__Health__V1__TimePrecision precision) {
  return precision != IOC__HEALTH__V1__TIME_PRECISION__TIME_PRECISION_MONTH &&
         precision != IOC__HEALTH__V1__TIME_PRECISION__TIME_PRECISION_YEAR;
}

static int put_stay(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *resource,
                    Encounter *encounter) {
  struct fhir_crumb at = {crumb, "period", 0}, end = {&at, "end", 0};
  const struct json *period = json_get(resource, "period");
  int r = fhir_put_time(job, &at, period, "start", FHIR_TIME(encounter, admitted_at));
  if (r == 0) r = fhir_put_time(job, &at, period, "end", FHIR_TIME(encounter, discharged_at));
  if (r != 0 || encounter->admitted_at == NULL || encounter->discharged_at == NULL) return r;
  if (!names_a_day(encounter->admitted_at_precision) || !names_a_day(encounter->discharged_at_precision))
    return 0;
  int64_t days = local_day(job, encounter->discharged_at) - local_day(job, encounter->admitted_at);
  if (days < 0) {
    fhir_fault(&job->fault, HUB_CONFLICT, &end, json_get(period, "end"), "the visit ends before it begins");
    return FHIR_E_FAULT;
  }
  encounter->stay_case = IOC__HEALTH__V1__ENCOUNTER__STAY_STAY_DAYS;
  encounter->stay_days = (int32_t)days;
  return 0;
}

static int put_codes(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *resource,
                     Encounter *encounter) {
  const struct json *hospital = json_get(resource, "hospitalization"),
                    *reason = fhir_first(json_get(resource, "reasonCode"));
  struct text class = json_text(json_get(json_get(resource, "class"), "code"));
  encounter->status =
      (Ioc__Health__V1__EncounterStatus)find_code(states, json_text(json_get(resource, "status")));
  encounter->patient_class = (Ioc__Health__V1__PatientClass)find_code(classes, class);
  int r = fhir_put_member(job, crumb, resource, "status", &encounter->status_code);
  if (r == 0) r = fhir_put(job, crumb, resource, class, &encounter->patient_class_code);
  if (r == 0)
    r = fhir_put(job, crumb, resource, fhir_code(json_get(resource, "serviceType")),
                 &encounter->service_code);
  if (r == 0)
    r = fhir_put(job, crumb, hospital, fhir_code(json_get(hospital, "admitSource")),
                 &encounter->admit_source_code);
  if (r == 0)
    r = fhir_put(job, crumb, hospital, fhir_code(json_get(hospital, "dischargeDisposition")),
                 &encounter->discharge_disposition_code);
  if (r == 0) r = fhir_put(job, crumb, reason, fhir_code(reason), &encounter->reason_code);
  if (r == 0 && reason != NULL)
    r = fhir_put_personal(job, crumb, reason, fhir_display(reason), HUB_FREE_TEXT, &encounter->reason_text);
  return r;
}

int fhir_encounter(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *resource) {
  Encounter encounter = IOC__HEALTH__V1__ENCOUNTER__INIT;
  struct fhir_crumb meta = {crumb, "meta", 0};
  encounter.form = IOC__HEALTH__V1__ENCOUNTER_FORM__ENCOUNTER_FORM_FHIR;
  encounter.event = IOC__HEALTH__V1__ENCOUNTER_EVENT__ENCOUNTER_EVENT_STATE;
  struct text id = json_text(json_get(resource, "id"));
  if (id.length == 0) id = fhir_identifier(resource);
  int r = fhir_put(job, crumb, resource, id, &encounter.visit_id);
  if (r == 0) r = put_codes(job, crumb, resource, &encounter);
  if (r == 0) r = put_stay(job, crumb, resource, &encounter);
  if (r == 0)
    r = fhir_put_time(job, &meta, json_get(resource, "meta"), "lastUpdated", FHIR_TIME(&encounter, sent_at));
  if (r == 0) r = fhir_put_patient(job, crumb, json_get(resource, "subject"), &encounter.patient);
  if (r == 0) r = fhir_put_facility(job, crumb, json_get(resource, "serviceProvider"), &encounter.facility);
  if (r == 0) r = put_place(job, crumb, resource, &encounter);
  if (r == 0) r = put_diagnoses(job, crumb, resource, &encounter);
  if (r != 0) return r;
  int64_t occurred = fhir_moment(encounter.sent_at);
  if (occurred == HUB_NONE) occurred = fhir_moment(encounter.discharged_at);
  if (occurred == HUB_NONE) occurred = fhir_moment(encounter.admitted_at);
  return fhir_emit(job, crumb, resource, id, occurred, &encounter.base);
}
