/*
 * hl7_visit.c: an ADT message as an Encounter. One message is one record, known by its visit number where it
 * has one; it counts as a repeat only when all of its bytes came before.
 */
#include "connectors/health/hl7_fields.h"

typedef Ioc__Health__V1__Encounter Encounter;
typedef Ioc__Health__V1__Diagnosis Diagnosis;

#define ADMISSION(name) IOC__HEALTH__V1__ADMISSION_TYPE__ADMISSION_TYPE_##name

static const struct value_code admissions[] = {
    {TEXT("A"), ADMISSION(ACCIDENT)}, {TEXT("E"), ADMISSION(EMERGENCY)},
    {TEXT("L"), ADMISSION(LABOUR)},   {TEXT("R"), ADMISSION(ROUTINE)},
    {TEXT("N"), ADMISSION(NEWBORN)},  {TEXT("U"), ADMISSION(URGENT)},
    {TEXT("C"), ADMISSION(ELECTIVE)}, {TEXT(""), 0},
};

static void read_header(struct hl7_maker *m, const struct hl7_message *read, Encounter *e) {
  const struct hl7v2_segment *msh = m->message->segments;
  e->form = IOC__HEALTH__V1__ENCOUNTER_FORM__ENCOUNTER_FORM_HL7_ADT;
  e->event = (Ioc__Health__V1__EncounterEvent)read->event->event;
  e->status = (Ioc__Health__V1__EncounterStatus)read->event->status;
  e->event_code = hl7_string(m, msh, HL7_FIELD(9, 1, 2));
  e->sending_application = hl7_string(m, msh, HL7_FIELD(3, 1, 1, 1));
  e->message_id = hl7_string(m, msh, HL7_FIELD(10));
  e->processing =
      (Ioc__Health__V1__Processing)hl7_enum(m, msh, HL7_FIELD(11, 1, 1), hl7_processing, &e->processing_code);
  e->format_version = hl7_string(m, msh, HL7_FIELD(12, 1, 1));
  (void)hl7_put_time(m, msh, HL7_FIELD(7), HL7_TIME(e, sent_at));
}

/* When it happened, else when it was recorded, else when it was sent. */
static void read_event_time(struct hl7_maker *m, Encounter *e) {
  const struct hl7v2_segment *evn = hl7v2_find(m->message, "EVN");
  if (hl7_put_time(m, evn, HL7_FIELD(6), HL7_TIME(e, event_at))) return;
  if (hl7_put_time(m, evn, HL7_FIELD(2), HL7_TIME(e, event_at))) return;
  e->event_at = e->sent_at;
  e->event_at_precision = e->sent_at_precision;
}

static bool names_a_day(const struct time_point *point) {
  return point->precision != TIME_MONTH && point->precision != TIME_YEAR;
}

/* Days only where both times name one and the patient did not leave before coming. */
static void read_stay(struct hl7_maker *m, const struct hl7v2_segment *pv1, Encounter *e) {
  struct time_point from, to;
  bool admitted = hl7_read_time(m, pv1, HL7_FIELD(44, 1), &from) == HL7_READ,
       discharged = hl7_read_time(m, pv1, HL7_FIELD(45, 1), &to) == HL7_READ;
  e->admitted_at = admitted ? value_time(&m->maker, &from) : NULL;
  e->admitted_at_precision = admitted ? (Ioc__Health__V1__TimePrecision)from.precision : 0;
  e->discharged_at = discharged ? value_time(&m->maker, &to) : NULL;
  e->discharged_at_precision = discharged ? (Ioc__Health__V1__TimePrecision)to.precision : 0;
  if (!admitted || !discharged || !names_a_day(&from) || !names_a_day(&to)) return;
  int64_t days = value_days_between(&m->maker, &from, &to);
  if (days < 0 || to.us < from.us) return;
  e->stay_case = IOC__HEALTH__V1__ENCOUNTER__STAY_STAY_DAYS;
  e->stay_days = (int32_t)days;
}

static void read_visit(struct hl7_maker *m, Encounter *e) {
  const struct hl7v2_segment *pv1 = hl7v2_find(m->message, "PV1"), *pv2 = hl7v2_find(m->message, "PV2");
  e->visit_id = hl7_string(m, pv1, HL7_FIELD(19, 1, 1));
  e->patient_class = (Ioc__Health__V1__PatientClass)hl7_enum(m, pv1, HL7_FIELD(2, 1, 1), hl7_classes,
                                                             &e->patient_class_code);
  e->place = pv1 == NULL ? NULL : hl7_place(m, pv1, 3);
  e->previous_place = pv1 == NULL ? NULL : hl7_place(m, pv1, 6);
  e->facility = hl7_facility(m, e->place);
  e->admission_type = (Ioc__Health__V1__AdmissionType)hl7_enum(m, pv1, HL7_FIELD(4, 1, 1), admissions,
                                                               &e->admission_type_code);
  e->service_code = hl7_string(m, pv1, HL7_FIELD(10, 1, 1));
  e->admit_source_code = hl7_string(m, pv1, HL7_FIELD(14, 1, 1));
  e->discharge_disposition_code = hl7_string(m, pv1, HL7_FIELD(36, 1, 1));
  e->discharged_to_code = hl7_string(m, pv1, HL7_FIELD(37, 1, 1));
  e->bed_status_code = hl7_string(m, pv1, HL7_FIELD(40, 1, 1));
  e->reason_code = hl7_string(m, pv2, HL7_FIELD(3, 1, 1));
  e->reason_text = hl7_personal(m, HUB_FREE_TEXT, pv2, HL7_FIELD(3, 1, 2));
  (void)hl7_put_time(m, pv2, HL7_FIELD(9, 1), HL7_TIME(e, expected_discharge_at));
  read_stay(m, pv1, e);
}

static int32_t read_rank(struct hl7_maker *m, const struct hl7v2_segment *dg1) {
  struct text text = hl7_text(m, dg1, HL7_FIELD(15, 1, 1));
  int32_t rank = 0;
  for (size_t i = 0; i < text.length; i++) {
    if (text.data[i] < '0' || text.data[i] > '9' || i == 4) return 0;
    rank = rank * 10 + (text.data[i] - '0');
  }
  return rank;
}

static Diagnosis *read_diagnosis(struct hl7_maker *m, const struct hl7v2_segment *dg1) {
  Diagnosis *diagnosis = value_alloc(&m->maker, sizeof(*diagnosis));
  if (diagnosis == NULL) return NULL;
  ioc__health__v1__diagnosis__init(diagnosis);
  diagnosis->code = hl7_string(m, dg1, HL7_FIELD(3, 1, 1));
  diagnosis->system = hl7_string(m, dg1, HL7_FIELD(3, 1, 3));
  diagnosis->text = hl7_personal(m, HUB_FREE_TEXT, dg1, HL7_FIELD(3, 1, 2));
  if (diagnosis->text[0] == 0) diagnosis->text = hl7_personal(m, HUB_FREE_TEXT, dg1, HL7_FIELD(4));
  diagnosis->kind_code = hl7_string(m, dg1, HL7_FIELD(6, 1, 1));
  diagnosis->rank = read_rank(m, dg1);
  return diagnosis;
}

static void read_diagnoses(struct hl7_maker *m, Encounter *e) {
  size_t count = 0;
  for (size_t i = 0; i < m->message->count; i++) count += hl7v2_is_segment(&m->message->segments[i], "DG1");
  if (count == 0) return;
  e->diagnoses = value_alloc(&m->maker, count * sizeof(*e->diagnoses));
  for (size_t i = 0; i < m->message->count && e->diagnoses != NULL; i++) {
    if (!hl7v2_is_segment(&m->message->segments[i], "DG1")) continue;
    Diagnosis *diagnosis = read_diagnosis(m, &m->message->segments[i]);
    if (diagnosis != NULL) e->diagnoses[e->n_diagnoses++] = diagnosis;
  }
}

static int emit(struct hl7_maker *m, Encounter *e) {
  char at[HL7V2_PLACE_SIZE];
  hl7v2_place(m->message, m->message->segments, (struct hl7v2_path){0}, at);
  struct hub_meta meta = {
      .size = sizeof(meta),
      .key = e->visit_id[0] == 0 ? NULL : e->visit_id,
      .key_length = strlen(e->visit_id),
      .occurred_us = hl7_microseconds(e->event_at),
      .at = at,
      .bytes = m->message->bytes.data,
      .length = m->message->bytes.length,
  };
  return hub_emit(m->maker.sink, &meta, &e->base);
}

int hl7_visit_emit(struct hl7_maker *m, const struct hl7_message *read) {
  Encounter e;
  ioc__health__v1__encounter__init(&e);
  read_header(m, read, &e);
  read_event_time(m, &e);
  e.patient = hl7_patient(m, hl7v2_find(m->message, "PID"));
  read_visit(m, &e);
  read_diagnoses(m, &e);
  if (read->event->is_merge) {
    const struct hl7v2_segment *mrg = hl7v2_find(m->message, "MRG");
    e.merged_patient = hl7_merged_patient(m, mrg);
    e.merged_visit_id = hl7_string(m, mrg, HL7_FIELD(5, 1, 1));
  }
  e.cleared_fields = m->cleared;
  e.n_cleared_fields = m->cleared_count;
  e.unread_times = m->unread;
  e.n_unread_times = m->unread_count;
  if (m->maker.error < 0) return m->maker.error;
  return m->maker.error == 0 ? emit(m, &e) : hl7_reject(m, m->message->bytes);
}
