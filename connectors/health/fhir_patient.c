/*
 * fhir_patient.c: a Patient that the payload brings, or the little that a reference says of one.
 */
#include "connectors/health/fhir_read.h"

typedef Ioc__Health__V1__Patient Patient;

#define GENDER(name) IOC__HEALTH__V1__GENDER__GENDER_##name

static const struct value_code genders[] = {
    {TEXT("male"), GENDER(MALE)},
    {TEXT("female"), GENDER(FEMALE)},
    {TEXT("other"), GENDER(OTHER)},
    {TEXT("unknown"), GENDER(UNKNOWN)},
    {TEXT(""), 0},
};

struct people { /* a list of protected texts being made */
  char **texts;
  size_t count;
};

static void add(struct fhir_job *job, struct people *people, enum hub_personal_kind kind, struct text text) {
  char *made = fhir_personal(job, kind, text);
  if (people->texts != NULL && made[0] != 0) people->texts[people->count++] = made;
}

static struct people room(struct fhir_job *job, size_t most) {
  return (struct people){value_alloc(&job->maker, most * sizeof(char *)), 0};
}

static size_t length_of(const struct json *list) { return list == NULL ? 0 : list->length; }

static void read_numbers(struct fhir_job *job, const struct json *resource, struct text id,
                         Patient *patient) {
  const struct json *list = json_get(resource, "identifier");
  size_t most = length_of(list) + 1;
  struct people numbers = room(job, most), cards = room(job, most), citizens = room(job, most);
  add(job, &numbers, HUB_ACCOUNT, id);
  for (const struct json *one = fhir_first(list); one != NULL; one = one->next) {
    int kind = value_of_code(value_number_kinds, fhir_code(json_get(one, "type")));
    struct people *people = kind == HUB_CITIZEN_ID       ? &citizens
                            : kind == HUB_INSURANCE_CARD ? &cards
                                                         : &numbers;
    add(job, people, kind == 0 ? HUB_ACCOUNT : (enum hub_personal_kind)kind, fhir_text(one, "value"));
  }
  patient->numbers = numbers.texts, patient->n_numbers = numbers.count;
  patient->insurance_cards = cards.texts, patient->n_insurance_cards = cards.count;
  patient->citizen_ids = citizens.texts, patient->n_citizen_ids = citizens.count;
}

static void read_telecom(struct fhir_job *job, const struct json *list, Patient *patient) {
  if (list == NULL) return;
  struct people phones = room(job, list->length), emails = room(job, list->length);
  for (const struct json *one = fhir_first(list); one != NULL; one = one->next) {
    struct text system = fhir_text(one, "system"), value = fhir_text(one, "value");
    if (text_is(system, "email")) add(job, &emails, HUB_EMAIL, value);
    if (text_is(system, "phone") || text_is(system, "sms")) add(job, &phones, HUB_PHONE, value);
  }
  patient->phones = phones.texts, patient->n_phones = phones.count;
  patient->emails = emails.texts, patient->n_emails = emails.count;
}

/* name.text, else given and family as they are written one after the other in Vietnam: family first. */
static char *read_name(struct fhir_job *job, const struct json *name) {
  struct text text = fhir_text(name, "text"), family = fhir_text(name, "family");
  if (text.length != 0) return fhir_personal(job, HUB_PERSON_NAME, text);
  const struct json *given = fhir_first(json_get(name, "given"));
  size_t length = family.length, used = family.length;
  for (const struct json *one = given; one != NULL; one = one->next) length += 1 + json_text(one).length;
  char *joined = value_alloc(&job->maker, length + 1);
  if (joined == NULL) return (char *)protobuf_c_empty_string;
  if (family.length != 0) memcpy(joined, family.data, family.length);
  for (const struct json *one = given; one != NULL; one = one->next) {
    struct text part = json_text(one);
    joined[used++] = ' ';
    if (part.length != 0) memcpy(joined + used, part.data, part.length);
    used += part.length;
  }
  return fhir_personal(job, HUB_PERSON_NAME, (struct text){joined, length});
}

static char *read_address(struct fhir_job *job, const struct json *address) {
  struct text text = fhir_text(address, "text");
  return fhir_personal(job, HUB_ADDRESS, text.length != 0 ? text : fhir_text(address, "city"));
}

Patient *fhir_patient(struct fhir_job *job, const struct json *reference) {
  Patient *patient = reference == NULL ? NULL : value_alloc(&job->maker, sizeof(*patient));
  if (patient == NULL) return NULL;
  const struct json *resource = fhir_follow(job, reference, "Patient"), *name;
  struct text id = fhir_text(resource, "id"), gender = fhir_text(resource, "gender");
  ioc__health__v1__patient__init(patient);
  read_numbers(job, resource, id.length != 0 ? id : fhir_reference_id(reference), patient);
  name = fhir_first(json_get(resource, "name"));
  if (name != NULL) patient->name = read_name(job, name);
  read_telecom(job, json_get(resource, "telecom"), patient);
  patient->gender = (Ioc__Health__V1__Gender)value_of_code(genders, gender);
  patient->gender_code = fhir_string(job, gender);
  patient->address = read_address(job, fhir_first(json_get(resource, "address")));
  patient->birth_date = fhir_personal(job, HUB_BIRTH_DATE, fhir_text(resource, "birthDate"));
  return patient;
}
