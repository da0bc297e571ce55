/*
 * fhir_encounter.c: an Encounter as a visit: the state that the sender knows, without a word of what
 * happened.
 *
 * The place is the last location that is active, else the last one. A Condition counts as a diagnosis where
 * the payload brings it and it is neither refuted nor an error.
 */
#include "connectors/health/fhir_read.h"

#include "ioc/health/v1/encounter.pb-c.h"

typedef Ioc__Health__V1__Encounter Encounter;
typedef Ioc__Health__V1__Diagnosis Diagnosis;

#define STATUS(name) IOC__HEALTH__V1__ENCOUNTER_STATUS__ENCOUNTER_STATUS_##name
#define CLASS(name) IOC__HEALTH__V1__PATIENT_CLASS__PATIENT_CLASS_##name

static const struct value_code states[] = {
    {TEXT("planned"), STATUS(PLANNED)},
    {TEXT("arrived"), STATUS(ARRIVED)},
    {TEXT("triaged"), STATUS(ARRIVED)},
    {TEXT("in-progress"), STATUS(IN_PROGRESS)},
    {TEXT("onleave"), STATUS(ON_LEAVE)},
    {TEXT("finished"), STATUS(FINISHED)},
    {TEXT("cancelled"), STATUS(CANCELLED)},
    {TEXT("entered-in-error"), STATUS(ENTERED_IN_ERROR)},
    {TEXT(""), 0},
};

/* v3 ActEncounterCode. */
static const struct value_code classes[] = {
    {TEXT("AMB"), CLASS(OUTPATIENT)},     {TEXT("IMP"), CLASS(INPATIENT)},  {TEXT("ACUTE"), CLASS(INPATIENT)},
    {TEXT("NONAC"), CLASS(INPATIENT)},    {TEXT("EMER"), CLASS(EMERGENCY)}, {TEXT("SS"), CLASS(DAY)},
    {TEXT("OBSENC"), CLASS(OBSERVATION)}, {TEXT("PRENC"), CLASS(PREADMIT)}, {TEXT("HH"), CLASS(HOME)},
    {TEXT("FLD"), CLASS(FIELD)},          {TEXT("VR"), CLASS(VIRTUAL)},     {TEXT(""), 0},
};

/* ---- How long ---- */

struct stay {
  struct time_point from, to;
  bool is_whole; /* both are there and name a day */
};

static bool names_a_day(const struct time_point *point) {
  return point->precision != TIME_MONTH && point->precision != TIME_YEAR;
}

static struct stay stay_of(const struct fhir_job *job, const struct json *resource) {
  struct stay stay = {.is_whole = false};
  const struct json *period = json_get(resource, "period");
  stay.is_whole = fhir_point(job, json_get(period, "start"), &stay.from) &&
                  fhir_point(job, json_get(period, "end"), &stay.to) && names_a_day(&stay.from) &&
                  names_a_day(&stay.to);
  return stay;
}

int fhir_encounter_check(struct fhir_job *job, const struct crumb *crumb, const struct json *resource) {
  struct stay stay = stay_of(job, resource);
  if (!stay.is_whole) return 0;
  bool has_hours = stay.from.precision != TIME_DAY && stay.to.precision != TIME_DAY;
  bool is_early =
      has_hours ? stay.to.us < stay.from.us : value_days_between(&job->maker, &stay.from, &stay.to) < 0;
  struct crumb at = {crumb, "period", 0}, end = {&at, "end", 0};
  return is_early ? fhir_fault(&job->fault, HUB_CONFLICT, &end, json_get(json_get(resource, "period"), "end"),
                               "the visit ends before it begins")
                  : 0;
}

static void read_period(struct fhir_job *job, const struct json *resource, Encounter *encounter) {
  const struct json *period = json_get(resource, "period");
  struct stay stay = stay_of(job, resource);
  fhir_put_time(job, json_get(period, "start"), FHIR_TIME(encounter, admitted_at));
  fhir_put_time(job, json_get(period, "end"), FHIR_TIME(encounter, discharged_at));
  if (!stay.is_whole) return;
  encounter->stay_case = IOC__HEALTH__V1__ENCOUNTER__STAY_STAY_DAYS;
  encounter->stay_days = (int32_t)value_days_between(&job->maker, &stay.from, &stay.to);
}

/* ---- Where ---- */

static const struct json *last_location(const struct json *list) {
  const struct json *last = NULL;
  bool active = false;
  for (const struct json *one = fhir_first(list); one != NULL; one = one->next) {
    struct text status = fhir_text(one, "status");
    bool is_active = text_is(status, "active") || status.length == 0;
    if (active && !is_active) continue;
    active = is_active;
    last = one;
  }
  return last;
}

/* ---- Diagnoses ---- */

static bool is_held(const struct json *condition) {
  struct text verified = fhir_code(json_get(condition, "verificationStatus"));
  return condition != NULL && !text_is(verified, "refuted") && !text_is(verified, "entered-in-error");
}

static void read_diagnosis(struct fhir_job *job, const struct json *one, const struct json *condition,
                           Diagnosis *diagnosis) {
  const struct json *code = json_get(condition, "code"), *coding = fhir_first(json_get(code, "coding"));
  int64_t rank = 0;
  ioc__health__v1__diagnosis__init(diagnosis);
  diagnosis->code = fhir_string(job, fhir_code(code));
  diagnosis->system = fhir_string(job, fhir_text(coding, "system"));
  diagnosis->text = fhir_personal(job, HUB_FREE_TEXT, fhir_display(code));
  diagnosis->kind_code = fhir_string(job, fhir_code(json_get(one, "use")));
  if (json_to_int64(json_get(one, "rank"), &rank) && rank <= INT32_MAX) diagnosis->rank = (int32_t)rank;
}

static void read_diagnoses(struct fhir_job *job, const struct json *list, Encounter *encounter) {
  if (list == NULL) return;
  encounter->diagnoses = value_alloc(&job->maker, list->length * sizeof(Diagnosis *));
  Diagnosis *made = value_alloc(&job->maker, list->length * sizeof(*made));
  if (made == NULL) return;
  for (const struct json *one = fhir_first(list); one != NULL; one = one->next) {
    const struct json *condition = fhir_follow(job, json_get(one, "condition"), "Condition");
    if (!is_held(condition)) continue;
    read_diagnosis(job, one, condition, made);
    encounter->diagnoses[encounter->n_diagnoses++] = made++;
  }
}

/* ---- The visit ---- */

static void read_codes(struct fhir_job *job, const struct json *resource, Encounter *encounter) {
  const struct json *hospital = json_get(resource, "hospitalization"),
                    *reason = fhir_first(json_get(resource, "reasonCode"));
  struct text status = fhir_text(resource, "status"), class = fhir_text(json_get(resource, "class"), "code");
  encounter->status = (Ioc__Health__V1__EncounterStatus)value_of_code(states, status);
  encounter->status_code = fhir_string(job, status);
  encounter->patient_class = (Ioc__Health__V1__PatientClass)value_of_code(classes, class);
  encounter->patient_class_code = fhir_string(job, class);
  encounter->service_code = fhir_string(job, fhir_code(json_get(resource, "serviceType")));
  encounter->admit_source_code = fhir_string(job, fhir_code(json_get(hospital, "admitSource")));
  encounter->discharge_disposition_code =
      fhir_string(job, fhir_code(json_get(hospital, "dischargeDisposition")));
  encounter->reason_code = fhir_string(job, fhir_code(reason));
  encounter->reason_text = fhir_personal(job, HUB_FREE_TEXT, fhir_display(reason));
}

int fhir_encounter(struct fhir_job *job, const struct json *resource) {
  Encounter encounter = IOC__HEALTH__V1__ENCOUNTER__INIT;
  const struct json *location = last_location(json_get(resource, "location"));
  struct text id = fhir_id(resource);
  encounter.form = IOC__HEALTH__V1__ENCOUNTER_FORM__ENCOUNTER_FORM_FHIR;
  encounter.event = IOC__HEALTH__V1__ENCOUNTER_EVENT__ENCOUNTER_EVENT_STATE;
  encounter.visit_id = fhir_string(job, id);
  read_codes(job, resource, &encounter);
  read_period(job, resource, &encounter);
  fhir_put_time(job, json_get(json_get(resource, "meta"), "lastUpdated"), FHIR_TIME(&encounter, sent_at));
  encounter.patient = fhir_patient(job, json_get(resource, "subject"));
  encounter.facility = fhir_facility(job, json_get(resource, "serviceProvider"), FHIR_ORGANIZATION);
  if (location != NULL)
    encounter.place =
        fhir_place(job, NULL, json_get(location, "location"), fhir_code(json_get(location, "physicalType")));
  read_diagnoses(job, json_get(resource, "diagnosis"), &encounter);
  int64_t occurred = fhir_moment(encounter.sent_at);
  if (occurred == HUB_NONE) occurred = fhir_moment(encounter.discharged_at);
  if (occurred == HUB_NONE) occurred = fhir_moment(encounter.admitted_at);
  return fhir_emit(job, resource, id, occurred, &encounter.base);
}
