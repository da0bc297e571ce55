/*
 * fhir_shape.h: what the elements of FHIR R4 resources are, and whether a resource keeps to it.
 *
 * The tables (fhir_resources.c) hold the elements of the resources that are read here or stand around them:
 * their types, which of them are lists, which must be there and the code lists that bind (hl7.org/fhir/R4,
 * "required"). Elements that no table names are passed over, as extensions are.
 *
 * Whoever reads a resource that was checked finds texts where texts belong, no NUL in them, and times that
 * can be read. Objects and lists are bounded, so that what many others refer to is found in it at a bounded
 * cost.
 */
#ifndef HEALTH_FHIR_SHAPE_H
#define HEALTH_FHIR_SHAPE_H

#include "connectors/format/json.h"
#include "connectors/format/json_path.h"
#include "connectors/format/time.h"
#include "connectors/iochub_connector.h"

struct fhir_fault {
  enum hub_reject_code code;
  const struct json *value; /* where it was found, or of what it is missing */
  const char *detail;
  char path[CRUMB_PATH_SIZE]; /* JSON Pointer to it */
};

enum fhir_kind {
  FHIR_STRING, /* also uri, code without a list, markdown, id */
  FHIR_CODE,   /* with a list that binds */
  FHIR_TIME,   /* date, dateTime, instant */
  FHIR_BOOLEAN,
  FHIR_DECIMAL,
  FHIR_INTEGER,
  FHIR_COUNT,    /* positiveInt, unsignedInt */
  FHIR_ANY,      /* an object that nothing is read of */
  FHIR_LATER,    /* whoever reads it checks it */
  FHIR_OBJECT,   /* by `shape`; a CodeableConcept also by `codes` */
  FHIR_RESOURCE, /* by its resourceType */
};

enum { FHIR_NEEDED = 1, FHIR_LIST = 2, FHIR_LONG = 4 /* a list of any length */ };

struct fhir_element {
  struct text name;
  enum fhir_kind kind;
  unsigned flags;
  const struct fhir_shape *shape;
  const char *const *codes;
  const char *choice; /* name[x]: rows with the same one exclude each other */
};

struct fhir_shape {
  const struct fhir_element *elements; /* ended by one without a name */
};

extern const struct fhir_shape fhir_bundle_shape, fhir_entry_shape;

/* The shape of a resource of this type; NULL: R4 has none of that name that may stand within another. */
const struct fhir_shape *fhir_resource_shape(struct text type);

#define FHIR_E_FAULT 1
/* 0, or FHIR_E_FAULT with the first thing that is wrong. */
int fhir_check(const struct crumb *, const struct json *object, const struct fhir_shape *,
               struct fhir_fault *reterr_fault);
int fhir_check_resource(const struct crumb *, const struct json *resource, struct fhir_fault *reterr_fault);

/* Fills in a fault of the caller's own. Returns FHIR_E_FAULT. */
int fhir_fault(struct fhir_fault *, enum hub_reject_code, const struct crumb *, const struct json *value,
               const char *detail);

/* 2026, 2026-07, else a day with or without a time. As time_read(). */
int fhir_read_time(struct text, int32_t zone_offset_s, struct time_point *ret);

#endif
