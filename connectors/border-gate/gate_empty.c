/*
 * gate_empty.c: an entry in the log of empty vehicles: one VehicleStep.
 *
 * What the entry is about stands in `value`, which is a JSON text inside a text, with names in Pascal case.
 */
#include "connectors/border-gate/gate_records.h"

#include <errno.h>

typedef Ioc__Bordergate__V1__VehicleStep VehicleStep;

#define AT(member) offsetof(VehicleStep, member)
#define AT_LIST(member) AT(member), AT(n_##member)

static const struct member entry_members[] = {
    {TEXT("action"), MEMBER_TEXT, 0, AT(action_code)},
    {TEXT("actionName"), MEMBER_TEXT, 0, AT(action_name)},
    {TEXT("datetimeAction"), MEMBER_TIME, 0, AT(reached_at), AT(reached_at_precision)},
};
static const struct member_table entry_table = MEMBER_TABLE(entry_members);

static const struct member value_members[] = {
    {TEXT("CtgGateId"), MEMBER_TEXT, 0, AT(gate_id)},
    {TEXT("NumberOfDeclaration"), MEMBER_TEXT, 0, AT(declaration_number)},
    {TEXT("LicencePlate"), MEMBER_PERSONAL, HUB_PLATE, AT(plate)},
    {TEXT("NumberOfTrailer"), MEMBER_TEXTS, HUB_PLATE, AT_LIST(trailer_plates)},
    {TEXT("NumberOfMooc"), MEMBER_TEXTS, HUB_PLATE, AT_LIST(trailer_plates)},
    {TEXT("NumberOfContainer"), MEMBER_TEXTS, 0, AT_LIST(container_numbers)},
    {TEXT("VehicleNationalityType"), MEMBER_TEXT, 0, AT(nationality_code)},
    {TEXT("DriverName"), MEMBER_PERSONAL, HUB_PERSON_NAME, AT(driver_name)},
    {TEXT("DriverPhone"), MEMBER_PERSONAL, HUB_PHONE, AT(driver_phone)},
    {TEXT("DriverCMND"), MEMBER_PERSONAL, HUB_CITIZEN_ID, AT(driver_id_number)},
};
static const struct member_table value_table = MEMBER_TABLE(value_members);

/* Values inside the text have no place in the payload: all of them stand where the text stands. */
static int read_value(struct job *job, const struct crumb *crumb, const struct json *value,
                      VehicleStep *message) {
  struct json_error error;
  const struct json *root;
  struct text text;
  int r = member_text(job, crumb, value, &text);
  if (r != 0 || text.length == 0) return r;
  char *copy = job_alloc(job, text.length + JSON_PADDING);
  if (copy == NULL) return -ENOMEM;
  memcpy(copy, text.data, text.length);
  r = json_read(&job->allocator, copy, text.length, &root, &error);
  if (r < 0) return r;
  if (r > 0 || root->type != JSON_OBJECT)
    return member_reject(job, HUB_INVALID, crumb, value, "the text must be a JSON object");
  r = members_read(job, NULL, root, &value_table, message);
  if (r != MEMBER_E_REJECTED) return r;
  return member_reject(job, job->rejection.code, crumb, value, job->rejection.detail);
}

static int emit(struct job *job, const struct crumb *crumb, const struct json *object,
                const VehicleStep *message) {
  struct text key, parts[] = {text_of(message->declaration_id), text_of(message->action_code),
                              text_trim(json_text(json_get(object, "datetimeAction")))};
  const char *at = job_place(job, crumb, object->start);
  if (at == NULL) return -ENOMEM;
  int r = gate_join(job, parts, 3, &key);
  if (r != 0) return r;
  struct hub_meta meta = job_meta(job, object, at);
  meta.key = key.data, meta.key_length = key.length;
  meta.occurred_us = timestamp_us(message->reached_at);
  return hub_emit(job->sink, &meta, &message->base);
}

int empty_vehicle_emit(struct job *job, const struct crumb *crumb, const struct json *object,
                       struct text *ret_id) {
  VehicleStep message = IOC__BORDERGATE__V1__VEHICLE_STEP__INIT;
  struct crumb value_at = {crumb, "value", 0};
  const struct json *value = json_get(object, value_at.name);
  int r = member_id(job, crumb, object, "vehicleFormId", GATE_ID_TOO_LONG, ret_id);
  if (r != 0) return r;
  if (ret_id->length == 0)
    return member_reject(job, HUB_MISSING, crumb, object, "an entry of the log needs vehicleFormId");
  message.form = IOC__BORDERGATE__V1__VEHICLE_STEP_FORM__VEHICLE_STEP_FORM_EMPTY_VEHICLE;
  r = member_string(job, crumb, object, *ret_id, &message.declaration_id);
  if (r == 0) r = members_read(job, crumb, object, &entry_table, &message);
  if (r == 0 && value != NULL) r = read_value(job, &value_at, value, &message);
  return r != 0 ? r : emit(job, crumb, object, &message);
}
