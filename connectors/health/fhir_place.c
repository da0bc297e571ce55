/*
 * fhir_place.c: a Location and what it is part of as a place; a Location of physicalType bd as the state of a
 * bed.
 */
#include "connectors/health/fhir_read.h"

#include "ioc/health/v1/bed_status.pb-c.h"

typedef Ioc__Health__V1__Place Place;

#define USE(name) IOC__HEALTH__V1__BED_USE__BED_USE_##name

enum { PARTS_MAX = 8 }; /* bed, room, ward, building, site: no chain of Locations is longer */

/* Where the element of a Place stands for a Location of this kind. */
static char **field_of(Place *place, struct text kind) {
  if (text_is(kind, "bd")) return &place->bed;
  if (text_is(kind, "ro")) return &place->room;
  return text_is(kind, "wa") ? &place->ward_code : NULL;
}

Place *fhir_place(struct fhir_job *job, const struct json *location, const struct json *reference,
                  struct text kind) {
  Place *place = value_alloc(&job->maker, sizeof(*place));
  if (place == NULL) return NULL;
  ioc__health__v1__place__init(place);
  for (int parts = 0; parts < PARTS_MAX && (location != NULL || reference != NULL); parts++) {
    if (location == NULL) location = fhir_follow(job, reference, "Location");
    if (kind.length == 0) kind = fhir_code(json_get(location, "physicalType"));
    struct text id = fhir_identifier(location), name = fhir_text(location, "name");
    if (id.length == 0) id = fhir_text(location, "id");
    if (id.length == 0) id = fhir_reference_id(reference);
    if (name.length == 0) name = fhir_text(reference, "display");
    char **field = field_of(place, kind);
    if (field == NULL && parts == 0) field = &place->ward_code; /* the best guess where no kind is named */
    if (field != NULL) *field = fhir_string(job, id);
    if (field == &place->ward_code) place->ward_name = fhir_string(job, name);
    reference = json_get(location, "partOf");
    location = NULL;
    kind = TEXT_NONE;
  }
  return place;
}

/* ---- Beds ---- */

static const struct value_code uses[] = {
    {TEXT("active"), USE(ACTIVE)},
    {TEXT("suspended"), USE(SUSPENDED)},
    {TEXT("inactive"), USE(INACTIVE)},
    {TEXT(""), 0},
};

bool fhir_is_bed(const struct json *location) {
  for (const struct json *one = fhir_first(json_get(json_get(location, "physicalType"), "coding"));
       one != NULL; one = one->next)
    if (text_is(fhir_text(one, "code"), "bd")) return true;
  return false;
}

static Ioc__Health__V1__BedState state_of(struct text code) {
  static const char letters[] = "OUHCKI"; /* by the numbers of BedState, from 1 */
  const char *found = code.length == 1 ? memchr(letters, code.data[0], sizeof(letters) - 1) : NULL;
  return (Ioc__Health__V1__BedState)(found == NULL ? 0 : found - letters + 1);
}

int fhir_bed(struct fhir_job *job, const struct json *resource) {
  Ioc__Health__V1__BedStatus bed = IOC__HEALTH__V1__BED_STATUS__INIT;
  struct text id = fhir_identifier(resource), use = fhir_text(resource, "status"),
              state = fhir_text(json_get(resource, "operationalStatus"), "code");
  if (id.length == 0) id = fhir_text(resource, "id");
  bed.use = (Ioc__Health__V1__BedUse)value_of_code(uses, use);
  bed.deleted = bed.use == USE(INACTIVE);
  bed.state = state_of(state);
  bed.bed_id = fhir_string(job, id);
  bed.resource_id = fhir_string(job, fhir_text(resource, "id"));
  bed.use_code = fhir_string(job, use);
  bed.state_code = fhir_string(job, state);
  bed.type_code = fhir_string(job, fhir_code(fhir_first(json_get(resource, "type"))));
  bed.facility = fhir_facility(job, json_get(resource, "managingOrganization"), FHIR_ORGANIZATION);
  bed.place = fhir_place(job, resource, NULL, TEXT("bd"));
  fhir_put_time(job, json_get(json_get(resource, "meta"), "lastUpdated"), FHIR_TIME(&bed, as_of));
  return fhir_emit(job, resource, id, fhir_moment(bed.as_of), &bed.base);
}
