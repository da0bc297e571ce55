/*
 * fhir_shape.h: what the elements of FHIR R4 resources are, and whether a resource keeps to it.
 *
 * The tables hold the elements of the resources that are read here or stand around them: their types, which
 * of them are lists, which must be there and the code lists that bind (hl7.org/fhir/R4, "required"). Elements
 * that no table names are passed over, as extensions are.
 */
#ifndef HEALTH_FHIR_SHAPE_H
#define HEALTH_FHIR_SHAPE_H

#include "connectors/format/json.h"
#include "connectors/iochub_connector.h"

struct fhir_crumb { /* where in the payload something stands: a member, or an element of a list */
  const struct fhir_crumb *up;
  const char *name; /* NULL: an element */
  size_t index;
};

struct fhir_fault {
  enum hub_reject_code code;
  const struct json *value; /* where it was found, or of what it is missing */
  const char *detail;
  char path[256]; /* JSON Pointer to it */
};

struct fhir_shape;

extern const struct fhir_shape fhir_bundle_shape;

/* The shape of a resource of this type; NULL: none is kept here. */
const struct fhir_shape *fhir_resource_shape(struct text type);

#define FHIR_E_FAULT 1
/* 0, or FHIR_E_FAULT with the first thing that is wrong. Bundles: without looking into entry.resource. */
int fhir_check(const struct fhir_crumb *, const struct json *object, const struct fhir_shape *,
               struct fhir_fault *reterr_fault);

/* Fills in a fault of the caller's own. */
void fhir_fault(struct fhir_fault *, enum hub_reject_code, const struct fhir_crumb *,
                const struct json *value, const char *detail);

#endif
