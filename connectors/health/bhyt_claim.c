/*
 * bhyt_claim.c: the summary of a visit (XML1) as an InsuranceClaim.
 *
 * Codes and times, no words: what doctors wrote is in no field. A stay that ends before it begins contradicts
 * itself and is refused.
 */
#include "connectors/health/bhyt_records.h"

#include <errno.h>

typedef Ioc__Health__V1__InsuranceClaim Claim;
typedef Ioc__Health__V1__ClaimSums Sums;

#define OUTCOME(name) IOC__HEALTH__V1__TREATMENT_OUTCOME__TREATMENT_OUTCOME_##name
#define DISCHARGE(name) IOC__HEALTH__V1__DISCHARGE_KIND__DISCHARGE_KIND_##name

static const struct value_code outcomes[] = {
    {TEXT("1"), OUTCOME(RECOVERED)},   {TEXT("2"), OUTCOME(BETTER)},
    {TEXT("3"), OUTCOME(UNCHANGED)},   {TEXT("4"), OUTCOME(WORSE)},
    {TEXT("5"), OUTCOME(DIED)},        {TEXT("6"), OUTCOME(TAKEN_HOME)},
    {TEXT("7"), OUTCOME(NOT_SETTLED)}, {TEXT(""), 0},
};

static const struct value_code discharges[] = {
    {TEXT("1"), DISCHARGE(DISCHARGED)},
    {TEXT("2"), DISCHARGE(TRANSFERRED)},
    {TEXT("3"), DISCHARGE(ABSCONDED)},
    {TEXT("4"), DISCHARGE(OWN_REQUEST)},
    {TEXT("5"), DISCHARGE(TRANSFERRED_AT_REQUEST)},
    {TEXT(""), 0},
};

static const struct {
  size_t offset;
  enum bhyt_field field;
} sums[] = {
    {offsetof(Sums, total), BHYT_T_TONGCHI},
    {offsetof(Sums, total_in_scope), BHYT_T_TONGCHI_BH},
    {offsetof(Sums, medicines), BHYT_T_THUOC},
    {offsetof(Sums, supplies), BHYT_T_VTYT},
    {offsetof(Sums, fund_pays), BHYT_T_BHTT},
    {offsetof(Sums, patient_pays), BHYT_T_BNTT},
    {offsetof(Sums, patient_share), BHYT_T_BNCCT},
    {offsetof(Sums, other_sources), BHYT_T_NGUONKHAC},
    {offsetof(Sums, fund_pays_elsewhere), BHYT_T_BHTT_GDV},
    {offsetof(Sums, outside_rate), BHYT_T_NGOAIDS},
};

static const struct {
  size_t offset;
  enum bhyt_field field;
} texts[] = {
    {offsetof(Claim, visit_id), BHYT_MA_LK},
    {offsetof(Claim, patient_class_code), BHYT_MA_LOAI_KCB},
    {offsetof(Claim, eligibility_code), BHYT_MA_DOITUONG_KCB},
    {offsetof(Claim, accident_code), BHYT_MA_TAI_NAN},
    {offsetof(Claim, transferred_from_code), BHYT_MA_NOI_DI},
    {offsetof(Claim, transferred_to_code), BHYT_MA_NOI_DEN},
    {offsetof(Claim, diagnosis_code), BHYT_MA_BENH},
    {offsetof(Claim, outcome_code), BHYT_KET_QUA_DTRI},
    {offsetof(Claim, discharge_code), BHYT_MA_LOAI_RV},
    {offsetof(Claim, settlement_year), BHYT_NAM_QT},
    {offsetof(Claim, settlement_month), BHYT_THANG_QT},
    {offsetof(Claim, area_code), BHYT_MA_KHUVUC},
    {offsetof(Claim, weight_kg), BHYT_CAN_NANG},
};

static const struct {
  size_t items, count;
  enum bhyt_field field;
} lists[] = {
#define LIST(member, field) \
  { offsetof(Claim, member), offsetof(Claim, n_##member), field }
    LIST(registered_facility_codes, BHYT_MA_DKBD),  LIST(ward_codes, BHYT_MA_KHOA),
    LIST(other_diagnosis_codes, BHYT_MA_BENH_KHAC), LIST(traditional_diagnosis_codes, BHYT_MA_BENH_YHCT),
    LIST(procedure_codes, BHYT_MA_PTTT_QT),
};

static const struct {
  size_t at, precision;
  enum bhyt_field field;
} times[] = {
#define TIME(member, field) \
  { offsetof(Claim, member), offsetof(Claim, member##_precision), field }
    TIME(admitted_at, BHYT_NGAY_VAO),
    TIME(inpatient_at, BHYT_NGAY_VAO_NOI_TRU),
    TIME(discharged_at, BHYT_NGAY_RA),
    TIME(settled_at, BHYT_NGAY_TTOAN),
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static Sums *make_sums(struct maker *m, const struct bhyt_row *row) {
  Sums *made = value_alloc(m, sizeof(*made));
  if (made == NULL) return NULL;
  ioc__health__v1__claim_sums__init(made);
  for (size_t i = 0; i < COUNT_OF(sums); i++)
    *(char **)((char *)made + sums[i].offset) = value_string(m, row->values[sums[i].field]);
  return made;
}

static void set_parts(struct maker *m, const struct bhyt_part *from, size_t count, Claim *claim) {
  if (count == 0) return;
  Ioc__Health__V1__ClaimPart **parts = value_alloc(m, count * sizeof(*parts));
  Ioc__Health__V1__ClaimPart *block = value_alloc(m, count * sizeof(*block));
  if (parts == NULL || block == NULL) return;
  for (size_t i = 0; i < count; i++) {
    ioc__health__v1__claim_part__init(&block[i]);
    bool known = from[i].kind < BHYT_CHECK_IN;
    block[i].kind = (Ioc__Health__V1__ClaimPartKind)(known ? from[i].kind : 0);
    block[i].rows = from[i].rows;
    parts[i] = &block[i];
  }
  claim->parts = parts;
  claim->n_parts = count;
}

static void set_fields(struct maker *m, const struct bhyt_row *row, Claim *claim) {
  char *message = (char *)claim;
  for (size_t i = 0; i < COUNT_OF(texts); i++)
    *(char **)(message + texts[i].offset) = value_string(m, row->values[texts[i].field]);
  for (size_t i = 0; i < COUNT_OF(lists); i++) {
    struct value_list list = value_list(m, row->values[lists[i].field], ';', 0);
    *(char ***)(message + lists[i].items) = list.items;
    *(size_t *)(message + lists[i].count) = list.count;
  }
  for (size_t i = 0; i < COUNT_OF(times); i++) {
    const struct time_point *point = &row->times[times[i].field];
    *(Google__Protobuf__Timestamp **)(message + times[i].at) = value_time(m, point);
    *(int *)(message + times[i].precision) = (int)point->precision;
  }
}

/* A time that is only a day is not compared within that day. */
static bool ends_before_it_begins(int64_t days, const struct time_point *from, const struct time_point *to) {
  return days < 0 || (from->precision != TIME_DAY && to->precision != TIME_DAY && to->us < from->us);
}

static void set_stay(struct maker *m, const struct bhyt_row *row, Claim *claim, struct bhyt_record *record) {
  const struct time_point *from = &row->times[BHYT_NGAY_VAO], *to = &row->times[BHYT_NGAY_RA];
  bool known = from->precision != 0 && to->precision != 0;
  int64_t days = known ? value_days_between(m, from, to) : 0;
  if (known && ends_before_it_begins(days, from, to)) {
    record->problem.code = HUB_CONFLICT;
    record->problem.detail = "NGAY_RA is before NGAY_VAO";
    record->problem.path = bhyt_path(m->sink, record->problem.path, "NGAY_RA");
    record->key = row->values[BHYT_MA_LK];
    if (record->problem.path == NULL) m->error = -ENOMEM;
    return;
  }
  if (!row->has_days && !known) return;
  claim->stay_case = IOC__HEALTH__V1__INSURANCE_CLAIM__STAY_STAY_DAYS;
  claim->stay_days = row->has_days ? row->days : (int32_t)days;
}

/* The settlement is what a claim is about; of an open one, the end of the visit, else its begin. */
static int64_t occurred(const struct bhyt_row *row) {
  static const enum bhyt_field order[] = {BHYT_NGAY_TTOAN, BHYT_NGAY_RA, BHYT_NGAY_VAO};
  for (size_t i = 0; i < COUNT_OF(order); i++)
    if (row->times[order[i]].precision != 0) return row->times[order[i]].us;
  return HUB_NONE;
}

static enum _Ioc__Health__V1__ClaimForm form_of(const struct bhyt_row *row) {
  if (row->old) return IOC__HEALTH__V1__CLAIM_FORM__CLAIM_FORM_QD4210;
  return IOC__HEALTH__V1__CLAIM_FORM__CLAIM_FORM_QD130;
}

int bhyt_claim_make(struct maker *m, const struct bhyt_row *row, const struct bhyt_part *parts,
                    size_t parts_count, struct bhyt_record *record) {
  const struct text *v = row->values;
  if (!bhyt_check_visit(m, row, record)) return m->error;
  record->key = bhyt_key(m, v[BHYT_MA_CSKCB], v[BHYT_MA_LK]);
  Claim *claim = value_alloc(m, sizeof(*claim));
  if (claim == NULL) return m->error;
  ioc__health__v1__insurance_claim__init(claim);
  set_fields(m, row, claim);
  claim->facility = value_facility(m, v[BHYT_MA_CSKCB], TEXT_NONE);
  claim->form = form_of(row);
  claim->patient = bhyt_patient(m, row);
  claim->record_number = value_personal(m, HUB_ACCOUNT, v[BHYT_MA_HSBA]);
  claim->patient_class =
      (Ioc__Health__V1__PatientClass)value_of_code(value_bhyt_classes, v[BHYT_MA_LOAI_KCB]);
  claim->emergency = text_is(v[BHYT_MA_DOITUONG_KCB], "2");
  claim->outcome = (Ioc__Health__V1__TreatmentOutcome)value_of_code(outcomes, v[BHYT_KET_QUA_DTRI]);
  claim->discharge = (Ioc__Health__V1__DischargeKind)value_of_code(discharges, v[BHYT_MA_LOAI_RV]);
  claim->sums = make_sums(m, row);
  set_parts(m, parts, parts_count, claim);
  set_stay(m, row, claim, record);
  record->occurred_us = occurred(row);
  record->message = record->problem.code == 0 ? &claim->base : NULL;
  return m->error;
}

int bhyt_claim_complete(struct maker *m, const struct bhyt_around *around, struct bhyt_record *record) {
  bool is_claim =
      record->message != NULL && record->message->descriptor == &ioc__health__v1__insurance_claim__descriptor;
  if (!is_claim) return 0;
  Claim *claim = (Claim *)record->message;
  claim->sender_code = value_string(m, around->sender_code);
  claim->made_at = value_time(m, &around->made_at);
  claim->made_at_precision = (Ioc__Health__V1__TimePrecision)around->made_at.precision;
  if (claim->facility != NULL || around->sender_code.length == 0) return m->error;
  claim->facility = value_facility(m, around->sender_code, TEXT_NONE);
  record->key = bhyt_key(m, around->sender_code, text_of(claim->visit_id));
  return m->error;
}
