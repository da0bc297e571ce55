/*
 * gate_movement.c: a goods movement reference of a vehicle-movement service: one VehicleDeclaration.
 *
 * Only the service's own rule is held against it: who comes with a vehicle names it, who comes without names
 * a trailer or container. The reference itself is any text: other services number in other ways.
 */
#include "connectors/border-gate/gate_records.h"

#include <errno.h>

typedef Ioc__Bordergate__V1__VehicleDeclaration Declaration;
typedef Ioc__Bordergate__V1__Vehicle Vehicle;
typedef Ioc__Bordergate__V1__Crossing Crossing;
typedef Ioc__Bordergate__V1__Inspection Inspection;
typedef Ioc__Bordergate__V1__RuleFailure Failure;

#define AT_LIST(type, member) offsetof(type, member), offsetof(type, n_##member)
#define ANSWER(name) IOC__BORDERGATE__V1__ANSWER__ANSWER_##name

static const struct member vehicle_members[] = {
    {TEXT("vehicleRegNum"), MEMBER_PERSONAL, HUB_PLATE, offsetof(Vehicle, plate)},
    {TEXT("trailerRegistrationNums"), MEMBER_TEXTS, HUB_PLATE, AT_LIST(Vehicle, trailer_plates)},
    {TEXT("containerReferenceNums"), MEMBER_TEXTS, 0, AT_LIST(Vehicle, container_numbers)},
};
static const struct member_table vehicle_table = MEMBER_TABLE(vehicle_members);

static const struct member crossing_members[] = {
    {TEXT("routeId"), MEMBER_TEXT, 0, offsetof(Crossing, route_id)},
    {TEXT("localDateTimeOfArrival"), MEMBER_TIME, 0, offsetof(Crossing, arrived_at),
     offsetof(Crossing, arrived_at_precision)},
};
static const struct member_table crossing_table = MEMBER_TABLE(crossing_members);

static const struct member inspection_members[] = {
    {TEXT("inspectionTypeId"), MEMBER_TEXT, 0, offsetof(Inspection, type_code)},
    {TEXT("locationIds"), MEMBER_TEXTS, 0, AT_LIST(Inspection, location_codes)},
};
static const struct member_list inspection_list = {sizeof(Inspection),
                                                   (void (*)(void *))ioc__bordergate__v1__inspection__init,
                                                   MEMBER_TABLE(inspection_members), NULL, NULL};

static const struct member failure_members[] = {
    {TEXT("code"), MEMBER_TEXT, 0, offsetof(Failure, code)},
    {TEXT("technicalMessage"), MEMBER_PERSONAL, HUB_FREE_TEXT, offsetof(Failure, message)},
    {TEXT("field"), MEMBER_TEXT, 0, offsetof(Failure, field)},
};
static const struct member_list failure_list = {sizeof(Failure),
                                                (void (*)(void *))ioc__bordergate__v1__rule_failure__init,
                                                MEMBER_TABLE(failure_members), NULL, NULL};

static const struct code directions[] = {
    {TEXT("IMPORT"), IOC__BORDERGATE__V1__DIRECTION__DIRECTION_IMPORT},
    {TEXT("INBOUND"), IOC__BORDERGATE__V1__DIRECTION__DIRECTION_IMPORT},
    {TEXT("EXPORT"), IOC__BORDERGATE__V1__DIRECTION__DIRECTION_EXPORT},
    {TEXT("OUTBOUND"), IOC__BORDERGATE__V1__DIRECTION__DIRECTION_EXPORT},
    {TEXT("TRANSIT"), IOC__BORDERGATE__V1__DIRECTION__DIRECTION_TRANSIT},
    {TEXT(""), 0},
};

/* Stand in the movement itself or, before anybody has checked in, in its metadata. */
#define AS_OF_ROW                                                          \
  {                                                                        \
    TEXT("updatedDateTime"), MEMBER_TIME, 0, offsetof(Declaration, as_of), \
        offsetof(Declaration, as_of_precision)                             \
  }
#define INSPECTION_ROW                                                                               \
  {                                                                                                  \
    TEXT("inspectionRequired"), MEMBER_ANSWER, .offset = offsetof(Declaration, inspection_required), \
                                               .answers = GATE_ANSWERS                               \
  }
#define PLACES_ROW \
  { TEXT("reportToLocations"), MEMBER_LIST, 0, AT_LIST(Declaration, inspections), .list = &inspection_list }
#define FAILURES_ROW \
  { TEXT("ruleFailures"), MEMBER_LIST, 0, AT_LIST(Declaration, rule_failures), .list = &failure_list }
#define STATE_ROWS AS_OF_ROW, INSPECTION_ROW, PLACES_ROW, FAILURES_ROW

static const struct member metadata_members[] = {STATE_ROWS};
static const struct member_table metadata_table = MEMBER_TABLE(metadata_members);

static const struct member movement_members[] = {
    {TEXT("isUnaccompanied"), MEMBER_ANSWER, .offset = offsetof(Declaration, unaccompanied),
     .answers = GATE_ANSWERS},
    {TEXT("direction"), MEMBER_CODE, 0, offsetof(Declaration, direction),
     offsetof(Declaration, direction_code), .codes = directions},
    {TEXT("state"), MEMBER_TEXT, 0, offsetof(Declaration, movement_state)},
    {TEXT("metadata"), MEMBER_NESTED, 0, 0, 0, .nested = &metadata_table},
    STATE_ROWS,
};
static const struct member_table movement_table = MEMBER_TABLE(movement_members);

static int read_crossings(struct job *job, const struct crumb *crumb, const struct json *object,
                          Declaration *d) {
  static const char *const names[] = {"checkedInCrossing", "actualCrossing"};
  d->crossings = job_alloc(job, 2 * sizeof(*d->crossings));
  if (d->crossings == NULL) return -ENOMEM;
  for (int i = 0; i < 2; i++) {
    const struct json *value = json_get(object, names[i]);
    struct crumb at = {crumb, names[i], 0};
    if (value == NULL || value->type == JSON_NULL) continue;
    if (value->type != JSON_OBJECT)
      return member_reject(job, HUB_INVALID, &at, value, "an object must stand here");
    Crossing *crossing = job_alloc(job, sizeof(*crossing));
    if (crossing == NULL) return -ENOMEM;
    ioc__bordergate__v1__crossing__init(crossing);
    crossing->actual = i == 1;
    d->crossings[d->n_crossings++] = crossing;
    int r = members_read(job, &at, value, &crossing_table, crossing);
    if (r != 0) return r;
  }
  return 0;
}

/* What must name the thing that moves. */
static int check_vehicle(struct job *job, const struct crumb *crumb, const struct json *object,
                         const Declaration *d, const Vehicle *vehicle) {
  bool plate = vehicle->plate[0] != 0, load = vehicle->n_trailer_plates + vehicle->n_container_numbers != 0;
  struct crumb plate_at = {crumb, "vehicleRegNum", 0}, load_at = {crumb, "trailerRegistrationNums", 0};
  if (d->unaccompanied == ANSWER(NO) && !plate)
    return member_reject(job, HUB_MISSING, &plate_at, object, "an accompanied movement names its vehicle");
  if (d->unaccompanied == ANSWER(YES) && !load)
    return member_reject(job, HUB_MISSING, &load_at, object,
                         "an unaccompanied movement names a trailer or container");
  if (!plate && !load)
    return member_reject(job, HUB_MISSING, &plate_at, object, "there is no vehicle, trailer or container");
  return 0;
}

static int read_vehicle(struct job *job, const struct crumb *crumb, const struct json *object,
                        Declaration *d) {
  Vehicle *vehicle = job_alloc(job, sizeof(*vehicle));
  d->vehicles = job_alloc(job, sizeof(*d->vehicles));
  if (vehicle == NULL || d->vehicles == NULL) return -ENOMEM;
  ioc__bordergate__v1__vehicle__init(vehicle);
  d->vehicles[d->n_vehicles++] = vehicle;
  int r = members_read(job, crumb, object, &vehicle_table, vehicle);
  return r != 0 ? r : check_vehicle(job, crumb, object, d, vehicle);
}

static struct text version_of(const struct json *object) {
  const struct json *at = json_get(object, "updatedDateTime");
  if (at == NULL) at = json_get(json_get(object, "metadata"), "updatedDateTime");
  return text_trim(json_text(at));
}

static int emit(struct job *job, const struct crumb *crumb, const struct json *object, const Declaration *d) {
  struct text key = text_of(d->declaration_id), version = version_of(object);
  const Google__Protobuf__Timestamp *when = d->as_of;
  if (when == NULL && d->n_crossings != 0) when = d->crossings[d->n_crossings - 1]->arrived_at;
  const char *at = job_place(job, crumb, object->start);
  if (at == NULL) return -ENOMEM;
  struct hub_meta meta = job_meta(job, object, at);
  meta.key = key.data, meta.key_length = key.length;
  meta.version = version.data, meta.version_length = version.length;
  meta.occurred_us = timestamp_us(when);
  return hub_emit(job->sink, &meta, &d->base);
}

int movement_emit(struct job *job, const struct crumb *crumb, const struct json *object,
                  struct text *ret_id) {
  Declaration d = IOC__BORDERGATE__V1__VEHICLE_DECLARATION__INIT;
  struct crumb id_at = {crumb, "gmrId", 0};
  int r = member_id(job, crumb, object, id_at.name, GATE_ID_TOO_LONG, ret_id);
  if (r != 0) return r;
  if (ret_id->length == 0)
    return member_reject(job, HUB_MISSING, &id_at, object, "the number of the movement is absent");
  d.form = IOC__BORDERGATE__V1__VEHICLE_DECLARATION_FORM__VEHICLE_DECLARATION_FORM_MOVEMENT;
  r = member_string(job, crumb, object, *ret_id, &d.declaration_id);
  if (r == 0) r = members_read(job, crumb, object, &movement_table, &d);
  if (r == 0) r = read_crossings(job, crumb, object, &d);
  if (r == 0) r = read_vehicle(job, crumb, object, &d);
  return r != 0 ? r : emit(job, crumb, object, &d);
}
