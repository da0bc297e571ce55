/*
 * hl7_patient.c: PID and MRG. Numbers go by what their type says they are (table 0203): identity papers,
 * insurance cards, and all others as numbers of a patient, so that no number of a person is left in clear.
 */
#include "connectors/health/hl7_fields.h"

typedef Ioc__Health__V1__Patient Patient;

#define GENDER(name) IOC__HEALTH__V1__GENDER__GENDER_##name

static const struct value_code genders[] = {
    {TEXT("M"), GENDER(MALE)},  {TEXT("F"), GENDER(FEMALE)},  {TEXT("O"), GENDER(OTHER)},
    {TEXT("A"), GENDER(OTHER)}, {TEXT("U"), GENDER(UNKNOWN)}, {TEXT(""), 0},
};

/* Five fields of numbers, or two of telephones with two entries each. */
#define LIST_MAX (5 * HL7_LIST_MAX)

/* A repeated field under way. */
static void add(struct hl7_maker *m, char ***list, size_t *count, enum hub_personal_kind kind,
                struct text text) {
  if (text.length == 0) return;
  if (*list == NULL) *list = value_alloc(&m->maker, LIST_MAX * sizeof(**list));
  if (*list != NULL) (*list)[(*count)++] = value_personal(&m->maker, kind, text);
}

static void add_number(struct hl7_maker *m, Patient *patient, enum hub_personal_kind kind, struct text text) {
  if (kind == HUB_CITIZEN_ID) add(m, &patient->citizen_ids, &patient->n_citizen_ids, kind, text);
  else if (kind == HUB_INSURANCE_CARD)
    add(m, &patient->insurance_cards, &patient->n_insurance_cards, kind, text);
  else add(m, &patient->numbers, &patient->n_numbers, HUB_ACCOUNT, text);
}

/* A list of numbers with check digit, authority and type (CX), or bare ones. */
static void read_numbers(struct hl7_maker *m, const struct hl7v2_segment *segment, unsigned field,
                         enum hub_personal_kind kind, Patient *patient) {
  unsigned count = hl7_repetitions(m, segment, field);
  for (unsigned i = 1; i <= count; i++) {
    struct text type = hl7_text(m, segment, HL7_FIELD(field, i, 5)),
                number = hl7_text(m, segment, HL7_FIELD(field, i, 1));
    int known = value_of_code(value_number_kinds, type);
    add_number(m, patient, known != 0 ? (enum hub_personal_kind)known : kind, number);
  }
}

/* Family name (its first part), given name, second name, as one name. */
static char *read_name(struct hl7_maker *m, const struct hl7v2_segment *segment, unsigned field) {
  static const unsigned order[] = {1, 3, 2};
  char name[512];
  size_t used = 0;
  for (size_t i = 0; i < 3; i++) {
    struct text part = hl7_text(m, segment, HL7_FIELD(field, 1, order[i], order[i] == 1));
    if (part.length == 0 || used + part.length + 1 > sizeof(name)) continue;
    if (used != 0) name[used++] = ' ';
    memcpy(name + used, part.data, part.length);
    used += part.length;
  }
  return value_personal(&m->maker, HUB_PERSON_NAME, (struct text){name, used});
}

static bool is_commune_code(struct text text) {
  size_t i = 0;
  while (i < text.length && text.data[i] >= '0' && text.data[i] <= '9') i++;
  return i == 5 && text.length == 5;
}

/* The commune's code alone where it is sent; else what is given of street, other designation, city, district
 * and province, from near to far. */
static char *read_address(struct hl7_maker *m, const struct hl7v2_segment *segment) {
  static const unsigned order[] = {1, 2, 9, 3, 4};
  char address[1024];
  size_t used = 0;
  struct text commune = hl7_text(m, segment, HL7_FIELD(11, 1, 9));
  if (is_commune_code(commune)) return value_personal(&m->maker, HUB_ADDRESS, commune);
  for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
    struct text part = hl7_text(m, segment, HL7_FIELD(11, 1, order[i], order[i] == 1));
    if (part.length == 0 || used + part.length + 2 > sizeof(address)) continue;
    if (used != 0) memcpy(address + used, ", ", 2), used += 2;
    memcpy(address + used, part.data, part.length);
    used += part.length;
  }
  return value_personal(&m->maker, HUB_ADDRESS, (struct text){address, used});
}

/* Area code and local number where the number is sent in parts. */
static void read_phone(struct hl7_maker *m, const struct hl7v2_segment *pid, unsigned field, unsigned i,
                       Patient *patient) {
  struct text whole = hl7_text(m, pid, HL7_FIELD(field, i, 1)),
              area = hl7_text(m, pid, HL7_FIELD(field, i, 6)),
              local = hl7_text(m, pid, HL7_FIELD(field, i, 7));
  char number[64];
  if (whole.length == 0) whole = hl7_text(m, pid, HL7_FIELD(field, i, 12));
  if (whole.length == 0 && area.length + local.length <= sizeof(number)) {
    if (area.length != 0) memcpy(number, area.data, area.length);
    if (local.length != 0) memcpy(number + area.length, local.data, local.length);
    whole = (struct text){number, area.length + local.length};
  }
  bool is_email = whole.length != 0 && memchr(whole.data, '@', whole.length) != NULL;
  if (is_email) add(m, &patient->emails, &patient->n_emails, HUB_EMAIL, whole);
  else add(m, &patient->phones, &patient->n_phones, HUB_PHONE, whole);
  add(m, &patient->emails, &patient->n_emails, HUB_EMAIL, hl7_text(m, pid, HL7_FIELD(field, i, 4)));
}

Patient *hl7_patient(struct hl7_maker *m, const struct hl7v2_segment *pid) {
  Patient *patient = pid == NULL ? NULL : value_alloc(&m->maker, sizeof(*patient));
  if (patient == NULL) return NULL;
  ioc__health__v1__patient__init(patient);
  read_numbers(m, pid, 3, HUB_ACCOUNT, patient);
  read_numbers(m, pid, 2, HUB_ACCOUNT, patient);
  read_numbers(m, pid, 4, HUB_ACCOUNT, patient);
  read_numbers(m, pid, 18, HUB_ACCOUNT, patient);
  read_numbers(m, pid, 19, HUB_CITIZEN_ID, patient);
  patient->name = read_name(m, pid, 5);
  patient->birth_date = hl7_personal(m, HUB_BIRTH_DATE, pid, HL7_FIELD(7, 1, 1));
  patient->gender =
      (Ioc__Health__V1__Gender)hl7_enum(m, pid, HL7_FIELD(8, 1, 1), genders, &patient->gender_code);
  patient->address = read_address(m, pid);
  for (unsigned field = 13; field <= 14; field++)
    for (unsigned i = 1, count = hl7_repetitions(m, pid, field); i <= count; i++)
      read_phone(m, pid, field, i, patient);
  patient->nationality_code = hl7_string(m, pid, HL7_FIELD(28, 1, 1));
  return patient;
}

Patient *hl7_merged_patient(struct hl7_maker *m, const struct hl7v2_segment *mrg) {
  Patient *patient = mrg == NULL ? NULL : value_alloc(&m->maker, sizeof(*patient));
  if (patient == NULL) return NULL;
  ioc__health__v1__patient__init(patient);
  for (unsigned field = 1; field <= 4; field++) read_numbers(m, mrg, field, HUB_ACCOUNT, patient);
  patient->name = read_name(m, mrg, 7);
  return patient;
}
