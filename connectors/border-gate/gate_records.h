/*
 * gate_records.h: one JSON object of a payload as its records.
 */
#ifndef BORDER_GATE_GATE_RECORDS_H
#define BORDER_GATE_GATE_RECORDS_H

#include "connectors/border-gate/facts.h"
#include "connectors/members/members.h"
#include "ioc/bordergate/v1/vehicle_declaration.pb-c.h"
#include "ioc/bordergate/v1/vehicle_step.pb-c.h"

enum { STEPS = 6 };

#define GATE_ANSWERS \
  { IOC__BORDERGATE__V1__ANSWER__ANSWER_NO, IOC__BORDERGATE__V1__ANSWER__ANSWER_YES }
#define GATE_ID_TOO_LONG "an id has at most 200 bytes"

/* Each emits the records of an object, or leaves job.rejection and returns MEMBER_E_REJECTED with nothing
 * emitted. *ret_id is set as soon as it is known. */
int declaration_emit(struct job *, const struct crumb *, const struct json *object, struct text *ret_id);
int movement_emit(struct job *, const struct crumb *, const struct json *object, struct text *ret_id);
int empty_vehicle_emit(struct job *, const struct crumb *, const struct json *object, struct text *ret_id);

/* parts joined by |. */
int gate_join(struct job *, const struct text *parts, size_t count, struct text *ret);

/* ---- Steps ---- */

struct step { /* of one vehicle; at index step - 1 */
  bool reached;
  Google__Protobuf__Timestamp *at; /* NULL: no time */
  Ioc__Bordergate__V1__TimePrecision precision;
  const struct json *from; /* the value that says it: the time, else the flag */
};

/* Steps that the flags of a vehicle say: 1, 2, 5. */
int steps_of_vehicle(struct job *, const struct crumb *, const struct json *vehicle, struct step *);

/* Steps that the flags of the declaration say: 3, 4, 6. */
int steps_of_declaration(struct job *, const struct crumb *, const struct json *declaration, struct step *);

/* The furthest one. */
Ioc__Bordergate__V1__BorderStep steps_furthest(const struct step *);

/* Emits each step that was reached; the template holds what all have in common. vehicle_key: tells vehicles
 * of a declaration apart. */
int steps_emit(struct job *, const char *at, const struct step *, const Ioc__Bordergate__V1__VehicleStep *,
               struct text vehicle_key);

/* ---- Gates ---- */

/* By code in the table `gates`, then by either name; GATE_UNSPECIFIED when nobody knows it. */
Ioc__Bordergate__V1__Gate gate_find(struct job *, struct text code, struct text name, struct text plain_name);

/* Adds a Confirmation for each flag of the object that is set. */
int confirmations_read(struct job *, const struct crumb *, const struct json *object,
                       Ioc__Bordergate__V1__Confirmation ***ret_list, size_t *ret_count);

#endif
