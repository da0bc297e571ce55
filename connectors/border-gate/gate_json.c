/*
 * gate_json.c: finds out what a JSON payload is and takes its records.
 *
 * The digital border gate wraps its data in {result, code, message, data}, and so do some who store its
 * answers; others store the bare data. Both are taken. What an object is, its members say. Each object of a
 * list is taken by itself: one that cannot be taken is refused at its place and the others pass.
 */
#include "connectors/border-gate/gate_json.h"

#include "connectors/border-gate/gate_records.h"
#include "connectors/format/json_lines.h"

#include <errno.h>
#include <stdio.h>

enum shape { SHAPE_UNKNOWN, SHAPE_DECLARATION, SHAPE_MOVEMENT, SHAPE_EMPTY_VEHICLE };

/* Members that tell what an object is, the surest first. */
static const struct member_sign signs[] = {
    {TEXT("gmrId"), SHAPE_MOVEMENT},
    {TEXT("vehicleFormId"), SHAPE_EMPTY_VEHICLE},
    {TEXT("registrationTransportDetails"), SHAPE_DECLARATION},
    {TEXT("numberOfDeclaration"), SHAPE_DECLARATION},
    {TEXT("checkedInCrossing"), SHAPE_MOVEMENT},
    {TEXT("actualCrossing"), SHAPE_MOVEMENT},
    {TEXT("isUnaccompanied"), SHAPE_MOVEMENT},
    {TEXT("vehicleRegNum"), SHAPE_MOVEMENT},
    {TEXT("datetimeAction"), SHAPE_EMPTY_VEHICLE},
    {TEXT("licencePlateVNTQ"), SHAPE_DECLARATION},
    {TEXT("mainVehicles"), SHAPE_DECLARATION},
    {TEXT("totalWeight"), SHAPE_DECLARATION},
    {TEXT("confirmFinish"), SHAPE_DECLARATION},
    {TEXT("gate"), SHAPE_DECLARATION},
};

static enum shape shape_of(const struct json *object) {
  return (enum shape)members_tell(object, signs, sizeof(signs) / sizeof(signs[0]));
}

static int take_object(struct job *job, const struct crumb *crumb, const struct json *object,
                       enum shape shape, struct text *ret_id) {
  *ret_id = TEXT_NONE;
  if (object->type != JSON_OBJECT)
    return member_reject(job, HUB_INVALID, crumb, object, "an object must stand here");
  switch (shape) {
    case SHAPE_DECLARATION: return declaration_emit(job, crumb, object, ret_id);
    case SHAPE_MOVEMENT: return movement_emit(job, crumb, object, ret_id);
    case SHAPE_EMPTY_VEHICLE: return empty_vehicle_emit(job, crumb, object, ret_id);
    default: break;
  }
  return member_reject(
      job, HUB_UNSUPPORTED, crumb, object,
      "neither a declaration at the gate, a movement nor an entry of the empty vehicles' log");
}

/* One object, taken or refused. otherwise: what it is when its members do not say. */
static int take(struct job *job, const struct crumb *crumb, const struct json *object, enum shape otherwise) {
  struct text id;
  enum shape shape = shape_of(object);
  int r = take_object(job, crumb, object, shape == SHAPE_UNKNOWN ? otherwise : shape, &id);
  return r == MEMBER_E_REJECTED ? job_refuse(job, object, id) : r;
}

static int take_list(struct job *job, const struct crumb *crumb, const struct json *list,
                     enum shape otherwise) {
  struct crumb element = {crumb, NULL, 0};
  for (const struct json *m = list->first; m != NULL; m = m->next, element.index++) {
    int r = take(job, &element, m, otherwise);
    if (r != 0) return r;
  }
  return 0;
}

/* What stands behind `data`, or bare. */
static int take_data(struct job *job, const struct crumb *crumb, const struct json *data) {
  struct crumb rows_at = {crumb, "listData", 0};
  const struct json *rows = json_get(data, rows_at.name);
  if (json_is(rows, JSON_ARRAY)) return take_list(job, &rows_at, rows, SHAPE_DECLARATION);
  if (data->type == JSON_ARRAY) return take_list(job, crumb, data, SHAPE_UNKNOWN);
  return take(job, crumb, data, SHAPE_UNKNOWN);
}

static bool is_failure(const struct json *root, const char **ret_member) {
  const struct json *result = json_get(root, "result"), *success = json_get(root, "success");
  *ret_member = result != NULL ? "result" : "success";
  if (result != NULL) return !text_is(text_trim(json_text(result)), "1") && result->type != JSON_TRUE;
  return json_is(success, JSON_FALSE);
}

/* {result, code, message, data} */
static int take_envelope(struct job *job, const struct json *root) {
  struct crumb at = {NULL, NULL, 0}, data_at = {NULL, "data", 0};
  const struct json *data = json_get(root, data_at.name);
  if (is_failure(root, &at.name))
    return job_refuse_whole(job, HUB_INVALID, &at, json_get(root, at.name), "the answer reports a failure");
  if (json_is(data, JSON_OBJECT) || json_is(data, JSON_ARRAY)) return take_data(job, &data_at, data);
  return job_refuse_whole(job, HUB_MISSING, &data_at, data != NULL ? data : root, "the answer holds no data");
}

static int take_root(struct job *job, const struct json *root) {
  bool envelope = json_get(root, "result") != NULL || json_get(root, "success") != NULL ||
                  (json_get(root, "data") != NULL && json_get(root, "message") != NULL);
  if (root->type == JSON_OBJECT && envelope) return take_envelope(job, root);
  if (root->type == JSON_OBJECT || root->type == JSON_ARRAY) return take_data(job, NULL, root);
  return job_refuse_whole(job, HUB_UNSUPPORTED, NULL, root, "a JSON object or list must stand here");
}

/* text: with JSON_PADDING zero bytes behind it; origin: where it stands in the payload. */
static int take_text(const struct border_gate *gate, struct hub_sink *sink, struct text text,
                     const char *origin, size_t line) {
  struct job job;
  job_init(&job, sink, text, origin);
  job.line = line;
  job.time_forms = TIME_ISO | TIME_SLASHED | TIME_DAY_FIRST;
  job.zone_offset_s = gate->zone_offset_s;
  struct json_error where;
  const struct json *root = NULL;
  int r = json_read(&job.allocator, text.data, text.length, &root, &where);
  if (r < 0) return r;
  return r > 0 ? job_refuse_text(&job, r, &where) : take_root(&job, root);
}

int gate_json_translate(const struct border_gate *gate, const struct hub_payload *payload,
                        struct hub_sink *sink) {
  return take_text(gate, sink, (struct text){payload->data, payload->length}, payload->data, 0);
}

/* ---- One object a line --------------------------------------------------------------------------------- */

static int refuse_long_line(struct hub_sink *sink, const struct json_line *line) {
  char at[32];
  struct hub_rejection rejection = {.size = sizeof(rejection),
                                    .code = HUB_TOO_LARGE,
                                    .at = at,
                                    .detail = "a line over 1 MiB",
                                    .bytes = line->text.data,
                                    .length = line->text.length};
  snprintf(at, sizeof(at), "%zu:1", line->number);
  return hub_reject(sink, &rejection);
}

static int take_line(const struct border_gate *gate, struct hub_sink *sink, const struct json_line *line) {
  if (line->text.length > JSON_LINE_MAX) return refuse_long_line(sink, line);
  char *copy = hub_alloc(sink, line->text.length + JSON_PADDING);
  if (copy == NULL) return -ENOMEM;
  memcpy(copy, line->text.data, line->text.length);
  return take_text(gate, sink, (struct text){copy, line->text.length}, line->text.data, line->number);
}

int gate_lines_translate(const struct border_gate *gate, const struct hub_payload *payload,
                         struct hub_sink *sink) {
  struct json_lines lines = json_lines_of((struct text){payload->data, payload->length});
  struct json_line line;
  int r = border_gate_is_file(payload) ? sink->ops->independent(sink) : 0;
  while (r == 0 && json_lines_next(&lines, &line)) {
    r = take_line(gate, sink, &line);
    hub_release(sink);
  }
  return r;
}
