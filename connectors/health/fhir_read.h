/*
 * fhir_read.h: one call of translate over FHIR JSON, and what its resources are read with.
 *
 * Shapes are checked before (fhir_shape.h), so readers here find texts where texts belong. What is wrong in a
 * value itself (a day that does not exist, a NUL) is noted in the job's fault.
 */
#ifndef HEALTH_FHIR_READ_H
#define HEALTH_FHIR_READ_H

#include "connectors/health/fhir_shape.h"
#include "connectors/health/health.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "ioc/health/v1/types.pb-c.h"

struct fhir_known { /* one resource of the bundle under one of its names */
  struct text name; /* fullUrl, or Type/id */
  const struct json *resource;
};

struct fhir_job {
  const struct health *health;
  const struct hub_payload *payload;
  struct hub_sink *sink;
  struct allocator allocator;
  struct json_places places;
  struct fhir_known *known; /* sorted by name; the resources around the one being read */
  size_t known_count;
  const struct json *resource; /* being read, for what it contains itself */
  struct fhir_fault fault;     /* filled in by what returns FHIR_E_FAULT */
};

/* Notes all resources of the entries, so that references can be followed. Returns 0 or -ENOMEM. */
int fhir_know(struct fhir_job *, const struct json *entries);

/* The resource that a Reference names, within the payload; NULL: it is elsewhere. */
const struct json *fhir_follow(const struct fhir_job *, const struct json *reference);

/* What a Reference names: the last part of its reference, else its identifier's value. TEXT_NONE: neither. */
struct text fhir_reference_id(const struct json *reference);

/* First of a list, first coding of a CodeableConcept; NULL: none. */
const struct json *fhir_first(const struct json *list);
struct text fhir_code(const struct json *concept);
struct text fhir_display(const struct json *concept); /* text, else the first coding's display */

/* First value among identifiers; TEXT_NONE: none. */
struct text fhir_identifier(const struct json *resource);

/* The fields of messages. Each returns 0, -ENOMEM, or FHIR_E_FAULT; absent (NULL) values leave the field as
 * it is.
 */
int fhir_put(struct fhir_job *, const struct fhir_crumb *, const struct json *value, struct text,
             char **field);
int fhir_put_member(struct fhir_job *, const struct fhir_crumb *, const struct json *object, const char *name,
                    char **field);
int fhir_put_personal(struct fhir_job *, const struct fhir_crumb *, const struct json *value, struct text,
                      enum hub_personal_kind, char **field);
/* date, dateTime and instant. */
int fhir_put_time(struct fhir_job *, const struct fhir_crumb *, const struct json *object, const char *name,
                  Google__Protobuf__Timestamp **field, Ioc__Health__V1__TimePrecision *precision);

int fhir_put_facility(struct fhir_job *, const struct fhir_crumb *, const struct json *reference,
                      Ioc__Health__V1__Facility **field);
int fhir_put_patient(struct fhir_job *, const struct fhir_crumb *, const struct json *reference,
                     Ioc__Health__V1__Patient **field);

/* A Location, or a reference to one, and what it is part of. kind: its physicalType where that is known. */
int fhir_put_place(struct fhir_job *, const struct fhir_crumb *, const struct json *location,
                   const struct json *reference, struct text kind, Ioc__Health__V1__Place **field);

#define FHIR_TIME(message, member) &(message)->member, &(message)->member##_precision

int64_t fhir_moment(const Google__Protobuf__Timestamp *); /* microseconds; HUB_NONE for NULL */

/* What each file of a kind of resource offers: checked already; emits one message or returns FHIR_E_FAULT. */
int fhir_encounter(struct fhir_job *, const struct fhir_crumb *, const struct json *resource);
int fhir_observation(struct fhir_job *, const struct fhir_crumb *, const struct json *resource);
int fhir_claim(struct fhir_job *, const struct fhir_crumb *, const struct json *resource);
int fhir_bed(struct fhir_job *, const struct fhir_crumb *, const struct json *resource);
bool fhir_is_bed(const struct json *location);

/* Emits with the resource's own bytes; key: its id, else its identifier. version: meta.versionId or
 * lastUpdated. */
int fhir_emit(struct fhir_job *, const struct fhir_crumb *, const struct json *resource, struct text key,
              int64_t occurred_us, const ProtobufCMessage *);

#endif
