/*
 * fhir_claim.c: a Claim as a health insurance claim.
 *
 * Its first diagnosis is the main one, unless another is of type `principal`. A Coverage that the payload
 * brings gives the number of the insurance card.
 */
#include "connectors/health/fhir_read.h"

#include "ioc/health/v1/insurance_claim.pb-c.h"

typedef Ioc__Health__V1__InsuranceClaim Claim;

#define STATUS(name) IOC__HEALTH__V1__CLAIM_STATUS__CLAIM_STATUS_##name

static const struct value_code states[] = {
    {TEXT("active"), STATUS(ACTIVE)},
    {TEXT("cancelled"), STATUS(CANCELLED)},
    {TEXT("draft"), STATUS(DRAFT)},
    {TEXT("entered-in-error"), STATUS(ENTERED_IN_ERROR)},
    {TEXT(""), 0},
};

static struct text diagnosis_code(const struct fhir_job *job, const struct json *one) {
  struct text code = fhir_code(json_get(one, "diagnosisCodeableConcept"));
  if (code.length != 0) return code;
  return fhir_code(json_get(fhir_follow(job, json_get(one, "diagnosisReference"), "Condition"), "code"));
}

static const struct json *principal(const struct json *list) {
  for (const struct json *one = fhir_first(list); one != NULL; one = one->next)
    if (text_is(fhir_code(fhir_first(json_get(one, "type"))), "principal")) return one;
  return fhir_first(list);
}

static void read_diagnoses(struct fhir_job *job, const struct json *list, Claim *claim) {
  const struct json *main = principal(list);
  if (main == NULL) return;
  claim->other_diagnosis_codes = value_alloc(&job->maker, list->length * sizeof(char *));
  if (claim->other_diagnosis_codes == NULL) return;
  for (const struct json *one = list->first; one != NULL; one = one->next) {
    char *code = fhir_string(job, diagnosis_code(job, one));
    if (one == main) claim->diagnosis_code = code;
    else if (code[0] != 0) claim->other_diagnosis_codes[claim->n_other_diagnosis_codes++] = code;
  }
}

static void read_sums(struct fhir_job *job, const struct json *resource, Claim *claim) {
  const struct json *total = json_get(resource, "total"), *items = json_get(resource, "item");
  claim->items_count = items == NULL ? 0 : (int32_t)items->length;
  if (total == NULL) return;
  claim->sums = value_alloc(&job->maker, sizeof(*claim->sums));
  if (claim->sums == NULL) return;
  ioc__health__v1__claim_sums__init(claim->sums);
  claim->sums->total = fhir_string(job, fhir_text(total, "value"));
  claim->currency = fhir_string(job, fhir_text(total, "currency"));
}

/* The number on the card: the Coverage's subscriberId, else its first identifier. */
static void read_card(struct fhir_job *job, const struct json *resource, Ioc__Health__V1__Patient *patient) {
  const struct json *insurance = fhir_first(json_get(resource, "insurance"));
  const struct json *coverage = fhir_follow(job, json_get(insurance, "coverage"), "Coverage");
  struct text number = fhir_text(coverage, "subscriberId");
  if (number.length == 0) number = fhir_identifier(coverage);
  char *card = fhir_personal(job, HUB_INSURANCE_CARD, number);
  if (card[0] == 0 || patient == NULL) return;
  size_t count = patient->n_insurance_cards;
  for (size_t i = 0; i < count; i++)
    if (strcmp(patient->insurance_cards[i], card) == 0) return;
  char **cards = value_alloc(&job->maker, (count + 1) * sizeof(*cards));
  if (cards == NULL) return;
  if (count != 0) memcpy(cards, patient->insurance_cards, count * sizeof(*cards));
  cards[count] = card;
  patient->insurance_cards = cards;
  patient->n_insurance_cards = count + 1;
}

int fhir_claim(struct fhir_job *job, const struct json *resource) {
  Claim claim = IOC__HEALTH__V1__INSURANCE_CLAIM__INIT;
  const struct json *item = fhir_first(json_get(resource, "item")),
                    *period = json_get(resource, "billablePeriod");
  struct text id = fhir_id(resource), status = fhir_text(resource, "status");
  claim.form = IOC__HEALTH__V1__CLAIM_FORM__CLAIM_FORM_FHIR;
  claim.claim_id = fhir_string(job, id);
  claim.visit_id = fhir_string(job, fhir_reference_id(fhir_first(json_get(item, "encounter"))));
  claim.status = (Ioc__Health__V1__ClaimStatus)value_of_code(states, status);
  claim.status_code = fhir_string(job, status);
  claim.use_code = fhir_string(job, fhir_text(resource, "use"));
  claim.type_code = fhir_string(job, fhir_code(json_get(resource, "type")));
  claim.facility = fhir_facility(job, json_get(resource, "provider"), TEXT_NONE);
  claim.insurer = fhir_facility(job, json_get(resource, "insurer"), FHIR_ORGANIZATION);
  claim.patient = fhir_patient(job, json_get(resource, "patient"));
  fhir_put_time(job, json_get(period, "start"), FHIR_TIME(&claim, admitted_at));
  fhir_put_time(job, json_get(period, "end"), FHIR_TIME(&claim, discharged_at));
  fhir_put_time(job, json_get(resource, "created"), FHIR_TIME(&claim, made_at));
  read_diagnoses(job, json_get(resource, "diagnosis"), &claim);
  read_sums(job, resource, &claim);
  read_card(job, resource, claim.patient);
  return fhir_emit(job, resource, id, fhir_moment(claim.made_at), &claim.base);
}
