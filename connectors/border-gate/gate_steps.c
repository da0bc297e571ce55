/*
 * gate_steps.c: the six steps of the digital border gate, from flags and the times beside them.
 *
 * A flag alone decides whether a step was reached; a time beside a flag that is not set is not even looked
 * at. A step is one event: its key is vehicle and step, its version its own time and the time that waiting
 * counts from, and its bytes are the value that says it. So the declaration may change as often as it likes
 * without the step being told again.
 */
#include "connectors/border-gate/gate_records.h"

#include <errno.h>

typedef Ioc__Bordergate__V1__VehicleStep VehicleStep;

/* Reads a flag of the object and, where it is set, its time. */
static int read_step(struct job *job, const struct crumb *crumb, const struct json *object, const char *flag,
                     const char *time, struct step *ret) {
  struct crumb flag_at = {crumb, flag, 0}, time_at = {crumb, time, 0};
  const struct json *value = json_get(object, flag);
  *ret = (struct step){.from = value};
  int r = member_flag(job, &flag_at, value, &ret->reached);
  if (r != 0 || !ret->reached || time == NULL) return r;
  value = member_beside(object, value, time);
  if (value == NULL) return 0;
  r = member_time(job, &time_at, value, &ret->at, &ret->precision);
  if (ret->at != NULL) ret->from = value;
  return r;
}

static bool is_later(const Google__Protobuf__Timestamp *a, const Google__Protobuf__Timestamp *b) {
  if (a == NULL || b == NULL) return b == NULL;
  return a->seconds != b->seconds ? a->seconds > b->seconds : a->nanos > b->nanos;
}

int steps_of_vehicle(struct job *job, const struct crumb *crumb, const struct json *vehicle,
                     struct step *steps) {
  struct step guard, customs;
  int r = read_step(job, crumb, vehicle, "checkBorderGuard", "checkBorderGuardTime", &guard);
  if (r == 0)
    r = read_step(job, crumb, vehicle, "confirmArrivalVehicleCustoms", "confirmArrivalVehicleCustomsTime",
                  &customs);
  if (r == 0)
    r = read_step(job, crumb, vehicle, "confirmInParkingCustoms", "confirmInParkingCustomsTime", &steps[1]);
  if (r == 0)
    r = read_step(job, crumb, vehicle, "confirmOutParkingCustoms", "confirmOutParkingCustomsTime", &steps[4]);
  if (r != 0) return r;
  steps[0] = is_later(guard.at, customs.at) ? guard : customs;
  steps[0].reached = guard.reached && customs.reached;
  return 0;
}

/* Paid is status 2, of the fees for infrastructure or, where there are none, of those for services. */
static int read_payment(struct job *job, const struct crumb *crumb, const struct json *declaration,
                        struct step *ret) {
  const char *name =
      json_is(json_get(declaration, "paymentOfTax"), JSON_OBJECT) ? "paymentOfTax" : "paymentOfEconomic";
  const struct json *payment = json_get(declaration, name), *status = json_get(payment, "paymentStatus"),
                    *time = json_get(payment, "actionTime");
  struct crumb payment_at = {crumb, name, 0}, time_at = {&payment_at, "actionTime", 0};
  *ret = (struct step){.from = status, .reached = text_is(text_trim(json_text(status)), "2")};
  if (!ret->reached || time == NULL) return 0;
  int r = member_time(job, &time_at, time, &ret->at, &ret->precision);
  if (ret->at != NULL) ret->from = time;
  return r;
}

int steps_of_declaration(struct job *job, const struct crumb *crumb, const struct json *declaration,
                         struct step *steps) {
  int r = read_step(job, crumb, declaration, "confirmStartCheck", NULL, &steps[2]);
  if (r == 0) r = read_payment(job, crumb, declaration, &steps[3]);
  if (r != 0) return r;
  return read_step(job, crumb, declaration, "confirmFinish", "confirmFinishTime", &steps[5]);
}

Ioc__Bordergate__V1__BorderStep steps_furthest(const struct step *steps) {
  for (int i = STEPS; i > 0; i--)
    if (steps[i - 1].reached) return (Ioc__Bordergate__V1__BorderStep)i;
  return IOC__BORDERGATE__V1__BORDER_STEP__BORDER_STEP_UNSPECIFIED;
}

/* The last earlier step that was reached and has a time, or -1. */
static int waits_since(const struct step *steps, int i) {
  if (steps[i].at == NULL) return -1;
  for (i--; i >= 0; i--)
    if (steps[i].reached && steps[i].at != NULL) return i;
  return -1;
}

static uint32_t waiting_of(const struct step *since, const struct step *step) {
  int64_t waited_s = (timestamp_us(step->at) - timestamp_us(since->at)) / 1000000;
  if (waited_s < 0) return 0;
  return waited_s < UINT32_MAX ? (uint32_t)waited_s : UINT32_MAX;
}

static int emit_step(struct job *job, const char *at, const struct step *steps, int i, VehicleStep *message,
                     struct text vehicle_key) {
  char number = (char)('1' + i);
  int since = waits_since(steps, i);
  const struct step *step = &steps[i];
  struct text key, version,
      identity[] = {text_of(message->declaration_id), vehicle_key, {&number, 1}},
      times[] = {json_text(step->from), since < 0 ? TEXT("") : json_text(steps[since].from)};
  message->step = (Ioc__Bordergate__V1__BorderStep)(i + 1);
  message->reached_at = step->at;
  message->reached_at_precision = step->precision;
  if (since >= 0) {
    message->waiting_since = (Ioc__Bordergate__V1__BorderStep)(since + 1);
    message->waiting_value_case = IOC__BORDERGATE__V1__VEHICLE_STEP__WAITING_VALUE_WAITING_SECONDS;
    message->waiting_seconds = waiting_of(&steps[since], step);
  }
  int r = gate_join(job, identity, 3, &key);
  if (r == 0) r = gate_join(job, times, 2, &version);
  if (r != 0) return r;
  struct hub_meta meta = job_meta(job, step->from, at);
  meta.key = key.data, meta.key_length = key.length;
  meta.version = version.data, meta.version_length = version.length;
  meta.occurred_us = timestamp_us(step->at);
  return hub_emit(job->sink, &meta, &message->base);
}

int steps_emit(struct job *job, const char *at, const struct step *steps, const VehicleStep *template,
               struct text vehicle_key) {
  int r = 0;
  for (int i = 0; i < STEPS && r == 0; i++) {
    VehicleStep message = *template;
    if (steps[i].reached) r = emit_step(job, at, steps, i, &message, vehicle_key);
  }
  return r;
}
