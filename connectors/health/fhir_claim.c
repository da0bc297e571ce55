/*
 * fhir_claim.c: a Claim as a health insurance claim.
 *
 * Its first diagnosis is the main one, unless another is of type `principal`. A Coverage that the payload
 * brings gives the number of the insurance card.
 */
#include "connectors/health/fhir_read.h"

#include "ioc/health/v1/insurance_claim.pb-c.h"

#include <errno.h>

typedef Ioc__Health__V1__InsuranceClaim Claim;

static Ioc__Health__V1__ClaimStatus status_of(struct text code) {
  static const char *const codes[] = {
      [IOC__HEALTH__V1__CLAIM_STATUS__CLAIM_STATUS_ACTIVE] = "active",
      [IOC__HEALTH__V1__CLAIM_STATUS__CLAIM_STATUS_CANCELLED] = "cancelled",
      [IOC__HEALTH__V1__CLAIM_STATUS__CLAIM_STATUS_DRAFT] = "draft",
      [IOC__HEALTH__V1__CLAIM_STATUS__CLAIM_STATUS_ENTERED_IN_ERROR] = "entered-in-error",
  };
  size_t i = 1;
  while (!text_is(code, codes[i])) i++; /* the list binds: the shape was checked */
  return (Ioc__Health__V1__ClaimStatus)i;
}

/* ---- Diagnoses ---- */

static struct text diagnosis_code(const struct fhir_job *job, const struct json *one) {
  struct text code = fhir_code(json_get(one, "diagnosisCodeableConcept"));
  return code.length != 0
             ? code
             : fhir_code(json_get(fhir_follow(job, json_get(one, "diagnosisReference")), "code"));
}

static const struct json *principal(const struct json *list) {
  for (const struct json *one = fhir_first(list); one != NULL; one = one->next)
    if (text_is(fhir_code(fhir_first(json_get(one, "type"))), "principal")) return one;
  return fhir_first(list);
}

static int put_diagnoses(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *resource,
                         Claim *claim) {
  const struct json *list = json_get(resource, "diagnosis"), *main = principal(list);
  if (main == NULL) return 0;
  struct fhir_crumb here = {crumb, "diagnosis", 0}, at = {&here, NULL, 0};
  claim->other_diagnosis_codes = hub_alloc(job->sink, list->length * sizeof(char *));
  if (claim->other_diagnosis_codes == NULL) return -ENOMEM;
  for (const struct json *one = list->first; one != NULL; one = one->next, at.index++) {
    char **field =
        one == main ? &claim->diagnosis_code : &claim->other_diagnosis_codes[claim->n_other_diagnosis_codes];
    struct text code = diagnosis_code(job, one);
    int r = fhir_put(job, &at, one, code, field);
    if (r != 0) return r;
    if (one != main && *field != NULL) claim->n_other_diagnosis_codes++;
  }
  return 0;
}

/* ---- Money and who pays ---- */

static int put_sums(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *resource,
                    Claim *claim) {
  const struct json *total = json_get(resource, "total"), *items = json_get(resource, "item");
  struct fhir_crumb at = {crumb, "total", 0};
  claim->items_count = items == NULL ? 0 : (int32_t)items->length;
  if (total == NULL) return 0;
  claim->sums = hub_alloc(job->sink, sizeof(*claim->sums));
  if (claim->sums == NULL) return -ENOMEM;
  ioc__health__v1__claim_sums__init(claim->sums);
  int r = fhir_put_member(job, &at, total, "value", &claim->sums->total);
  return r != 0 ? r : fhir_put_member(job, &at, total, "currency", &claim->currency);
}

/* The number on the card: the Coverage's subscriberId, else its first identifier. */
static int put_card(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *resource,
                    Claim *claim) {
  const struct json *insurance = fhir_first(json_get(resource, "insurance"));
  const struct json *coverage = fhir_follow(job, json_get(insurance, "coverage"));
  struct text number = json_text(json_get(coverage, "subscriberId"));
  if (number.length == 0) number = fhir_identifier(coverage);
  if (number.length == 0 || claim->patient == NULL) return 0;
  struct fhir_crumb at = {crumb, "insurance", 0};
  char **cards = hub_alloc(job->sink, (claim->patient->n_insurance_cards + 1) * sizeof(*cards));
  if (cards == NULL) return -ENOMEM;
  size_t count = claim->patient->n_insurance_cards;
  if (count != 0) memcpy(cards, claim->patient->insurance_cards, count * sizeof(*cards));
  int r = fhir_put_personal(job, &at, insurance, number, HUB_INSURANCE_CARD, &cards[count]);
  for (size_t i = 0; i < count && r == 0; i++)
    if (strcmp(cards[i], cards[count]) == 0) return 0;
  claim->patient->insurance_cards = cards;
  claim->patient->n_insurance_cards = count + (r == 0 && cards[count][0] != 0);
  return r;
}

/* ---- The claim ---- */

static int put_times(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *resource,
                     Claim *claim) {
  struct fhir_crumb at = {crumb, "billablePeriod", 0};
  const struct json *period = json_get(resource, "billablePeriod");
  int r = fhir_put_time(job, &at, period, "start", FHIR_TIME(claim, admitted_at));
  if (r == 0) r = fhir_put_time(job, &at, period, "end", FHIR_TIME(claim, discharged_at));
  return r != 0 ? r : fhir_put_time(job, crumb, resource, "created", FHIR_TIME(claim, made_at));
}

int fhir_claim(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *resource) {
  Claim claim = IOC__HEALTH__V1__INSURANCE_CLAIM__INIT;
  struct text id = json_text(json_get(resource, "id"));
  if (id.length == 0) id = fhir_identifier(resource);
  claim.form = IOC__HEALTH__V1__CLAIM_FORM__CLAIM_FORM_FHIR;
  claim.status = status_of(json_text(json_get(resource, "status")));
  const struct json *item = fhir_first(json_get(resource, "item")),
                    *visit = fhir_first(json_get(item, "encounter"));
  int r = fhir_put(job, crumb, resource, id, &claim.claim_id);
  if (r == 0) r = fhir_put(job, crumb, visit, fhir_reference_id(visit), &claim.visit_id);
  if (r == 0) r = fhir_put_member(job, crumb, resource, "status", &claim.status_code);
  if (r == 0) r = fhir_put_member(job, crumb, resource, "use", &claim.use_code);
  if (r == 0) r = fhir_put(job, crumb, resource, fhir_code(json_get(resource, "type")), &claim.type_code);
  if (r == 0) r = fhir_put_facility(job, crumb, json_get(resource, "provider"), &claim.facility);
  if (r == 0) r = fhir_put_facility(job, crumb, json_get(resource, "insurer"), &claim.insurer);
  if (r == 0) r = fhir_put_patient(job, crumb, json_get(resource, "patient"), &claim.patient);
  if (r == 0) r = put_times(job, crumb, resource, &claim);
  if (r == 0) r = put_diagnoses(job, crumb, resource, &claim);
  if (r == 0) r = put_sums(job, crumb, resource, &claim);
  if (r == 0) r = put_card(job, crumb, resource, &claim);
  return r != 0 ? r : fhir_emit(job, crumb, resource, id, fhir_moment(claim.made_at), &claim.base);
}
