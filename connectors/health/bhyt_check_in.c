/*
 * bhyt_check_in.c: a row of the check-in list (XML0) as an Encounter: a patient has just come.
 */
#include "connectors/health/bhyt_records.h"
#include "ioc/health/v1/encounter.pb-c.h"

#include <errno.h>

typedef Ioc__Health__V1__Encounter Encounter;

#define EMERGENCY_CODE "2"

Ioc__Health__V1__Patient *bhyt_patient(struct maker *m, const struct bhyt_row *row) {
  const struct text *v = row->values;
  Ioc__Health__V1__Patient *p = value_alloc(m, sizeof(*p));
  if (p == NULL) return NULL;
  ioc__health__v1__patient__init(p);
  struct value_list numbers = value_list(m, v[BHYT_MA_BN], ';', HUB_ACCOUNT);
  struct value_list ids = value_list(m, v[BHYT_SO_CCCD], ';', HUB_CITIZEN_ID);
  struct value_list cards = value_list(m, v[BHYT_MA_THE], ';', HUB_INSURANCE_CARD);
  struct value_list phones = value_list(m, v[BHYT_DIEN_THOAI], ';', HUB_PHONE);
  p->numbers = numbers.items, p->n_numbers = numbers.count;
  p->citizen_ids = ids.items, p->n_citizen_ids = ids.count;
  p->insurance_cards = cards.items, p->n_insurance_cards = cards.count;
  p->phones = phones.items, p->n_phones = phones.count;
  p->name = value_personal(m, HUB_PERSON_NAME, v[BHYT_HO_TEN]);
  p->birth_date = value_personal(m, HUB_BIRTH_DATE, v[BHYT_NGAY_SINH]);
  p->gender = (Ioc__Health__V1__Gender)value_of_code(value_genders, v[BHYT_GIOI_TINH]);
  p->gender_code = value_string(m, v[BHYT_GIOI_TINH]);
  p->address = value_personal(m, HUB_ADDRESS, v[BHYT_MAXA_CU_TRU]);
  if (p->address[0] == 0) p->address = value_personal(m, HUB_ADDRESS, v[BHYT_DIA_CHI]);
  p->province_code = value_string(m, v[BHYT_MATINH_CU_TRU]);
  p->commune_code = value_string(m, v[BHYT_MAXA_CU_TRU]);
  p->nationality_code = value_string(m, v[BHYT_MA_QUOCTICH]);
  return p;
}

/* Visits are counted by each facility on its own, so the number alone names nothing. */
struct text bhyt_key(struct maker *m, struct text facility_code, struct text visit_id) {
  size_t length = facility_code.length + 1 + visit_id.length;
  char *key = value_alloc(m, length + 1);
  if (key == NULL) return TEXT_NONE;
  if (facility_code.length != 0) memcpy(key, facility_code.data, facility_code.length);
  key[facility_code.length] = '/';
  memcpy(key + facility_code.length + 1, visit_id.data, visit_id.length);
  return (struct text){key, length};
}

bool bhyt_check_visit(struct maker *m, const struct bhyt_row *row, struct bhyt_record *record) {
  if (record->problem.code != 0) return false;
  if (row->values[BHYT_MA_LK].length != 0) return true;
  record->problem.code = HUB_MISSING;
  record->problem.detail = "MA_LK, the number of the visit, is absent";
  record->problem.path = bhyt_path(m->sink, record->problem.path, "MA_LK");
  if (record->problem.path == NULL) m->error = -ENOMEM;
  return false;
}

int bhyt_check_in_make(struct maker *m, const struct bhyt_row *row, struct bhyt_record *record) {
  const struct text *v = row->values;
  if (!bhyt_check_visit(m, row, record)) return m->error;
  Encounter *e = value_alloc(m, sizeof(*e));
  if (e == NULL) return m->error;
  ioc__health__v1__encounter__init(e);
  e->form = IOC__HEALTH__V1__ENCOUNTER_FORM__ENCOUNTER_FORM_BHYT_CHECK_IN;
  e->event = IOC__HEALTH__V1__ENCOUNTER_EVENT__ENCOUNTER_EVENT_CHECKED_IN;
  e->status = IOC__HEALTH__V1__ENCOUNTER_STATUS__ENCOUNTER_STATUS_ARRIVED;
  e->visit_id = value_string(m, v[BHYT_MA_LK]);
  e->facility = value_facility(m, v[BHYT_MA_CSKCB], TEXT_NONE);
  e->patient = bhyt_patient(m, row);
  e->patient_class = (Ioc__Health__V1__PatientClass)value_of_code(value_bhyt_classes, v[BHYT_MA_LOAI_KCB]);
  e->patient_class_code = value_string(m, v[BHYT_MA_LOAI_KCB]);
  e->admitted_at = value_time(m, &row->times[BHYT_NGAY_VAO]);
  e->admitted_at_precision = (Ioc__Health__V1__TimePrecision)row->times[BHYT_NGAY_VAO].precision;
  e->inpatient_at = value_time(m, &row->times[BHYT_NGAY_VAO_NOI_TRU]);
  e->inpatient_at_precision = (Ioc__Health__V1__TimePrecision)row->times[BHYT_NGAY_VAO_NOI_TRU].precision;
  if (text_is(v[BHYT_MA_DOITUONG_KCB], EMERGENCY_CODE))
    e->admission_type = IOC__HEALTH__V1__ADMISSION_TYPE__ADMISSION_TYPE_EMERGENCY;
  e->admission_type_code = value_string(m, v[BHYT_MA_DOITUONG_KCB]);
  e->service_code = value_string(m, v[BHYT_MA_DICH_VU]);
  e->reason_code = value_string(m, v[BHYT_MA_LY_DO_VNT]);
  e->reason_text = value_personal(m, HUB_FREE_TEXT, v[BHYT_LY_DO_VNT]);
  record->key = bhyt_key(m, v[BHYT_MA_CSKCB], v[BHYT_MA_LK]);
  record->message = &e->base;
  record->occurred_us = row->times[BHYT_NGAY_VAO].precision == 0 ? HUB_NONE : row->times[BHYT_NGAY_VAO].us;
  return m->error;
}
