/*
 * fhir_bed.c: a Location of physicalType bd as the state of a bed.
 */
#include "connectors/health/fhir_read.h"

#include "ioc/health/v1/bed_status.pb-c.h"

bool fhir_is_bed(const struct json *location) {
  for (const struct json *one = fhir_first(json_get(json_get(location, "physicalType"), "coding"));
       one != NULL; one = one->next)
    if (text_is(json_text(json_get(one, "code")), "bd")) return true;
  return false;
}

static Ioc__Health__V1__BedUse use_of(struct text code) {
  if (text_is(code, "active")) return IOC__HEALTH__V1__BED_USE__BED_USE_ACTIVE;
  if (text_is(code, "suspended")) return IOC__HEALTH__V1__BED_USE__BED_USE_SUSPENDED;
  return text_is(code, "inactive") ? IOC__HEALTH__V1__BED_USE__BED_USE_INACTIVE
                                   : IOC__HEALTH__V1__BED_USE__BED_USE_UNSPECIFIED;
}

static Ioc__Health__V1__BedState state_of(struct text code) {
  static const char letters[] = "OUHCKI"; /* by the numbers of BedState, from 1 */
  const char *found = code.length == 1 ? memchr(letters, code.data[0], sizeof(letters) - 1) : NULL;
  return (Ioc__Health__V1__BedState)(found == NULL ? 0 : found - letters + 1);
}

int fhir_bed(struct fhir_job *job, const struct fhir_crumb *crumb, const struct json *resource) {
  Ioc__Health__V1__BedStatus bed = IOC__HEALTH__V1__BED_STATUS__INIT;
  struct fhir_crumb meta = {crumb, "meta", 0};
  struct text id = fhir_identifier(resource),
              state = json_text(json_get(json_get(resource, "operationalStatus"), "code"));
  if (id.length == 0) id = json_text(json_get(resource, "id"));
  bed.use = use_of(json_text(json_get(resource, "status")));
  bed.deleted = bed.use == IOC__HEALTH__V1__BED_USE__BED_USE_INACTIVE;
  bed.state = state_of(state);
  int r = fhir_put(job, crumb, resource, id, &bed.bed_id);
  if (r == 0) r = fhir_put_member(job, crumb, resource, "id", &bed.resource_id);
  if (r == 0) r = fhir_put_member(job, crumb, resource, "status", &bed.use_code);
  if (r == 0) r = fhir_put(job, crumb, resource, state, &bed.state_code);
  if (r == 0)
    r = fhir_put(job, crumb, resource, fhir_code(fhir_first(json_get(resource, "type"))), &bed.type_code);
  if (r == 0) r = fhir_put_facility(job, crumb, json_get(resource, "managingOrganization"), &bed.facility);
  if (r == 0) r = fhir_put_place(job, crumb, resource, NULL, TEXT("bd"), &bed.place);
  if (r == 0)
    r = fhir_put_time(job, &meta, json_get(resource, "meta"), "lastUpdated", FHIR_TIME(&bed, as_of));
  return r != 0 ? r : fhir_emit(job, crumb, resource, id, fhir_moment(bed.as_of), &bed.base);
}
