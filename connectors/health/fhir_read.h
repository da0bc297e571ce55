/*
 * fhir_read.h: one call of translate over FHIR JSON, and what its resources are read with.
 *
 * Everything is checked before anything is read: the shapes (fhir_shape.h), then what a kind of resource
 * demands beside them. Readers therefore refuse nothing; they only may be out of memory, which maker.error
 * keeps for the end, as values.h says.
 */
#ifndef HEALTH_FHIR_READ_H
#define HEALTH_FHIR_READ_H

#include "connectors/health/fhir_shape.h"
#include "connectors/health/health.h"
#include "connectors/health/values.h"

struct fhir_known { /* one resource under one of its names */
  struct text name; /* fullUrl, Type/id, or the id of a contained one */
  const struct json *resource;
};

struct fhir_names { /* sorted by name */
  struct fhir_known *items;
  size_t count;
};

struct fhir_job {
  struct maker maker;
  const struct hub_payload *payload;
  struct allocator allocator;
  struct json_places places;
  struct fhir_names known;     /* the sound resources of the bundle */
  struct fhir_names contained; /* within the resource being read */
  const struct crumb *crumb;   /* of the resource being read */
  struct fhir_fault fault;
};

/* ---- References ---- */

/* Room for the names of so many resources, then each of them, then the sorting. Return 0 or -ENOMEM. */
int fhir_know_begin(struct fhir_job *, size_t resources);
int fhir_know(struct fhir_job *, struct text full_url, const struct json *resource);
void fhir_know_end(struct fhir_job *);

/* Before a resource is read: where it stands, and what it contains itself. Returns 0 or -ENOMEM. */
int fhir_enter(struct fhir_job *, const struct crumb *, const struct json *resource);

/* The resource of this type that a Reference names; NULL: it is elsewhere, or another. */
const struct json *fhir_follow(const struct fhir_job *, const struct json *reference, const char *type);

/* What a Reference names: the last part of its reference, else its identifier's value. TEXT_NONE: neither. */
struct text fhir_reference_id(const struct json *reference);

/* ---- Values: TEXT_NONE, NULL and empty texts for what is absent ---- */

static inline struct text fhir_text(const struct json *object, const char *member) {
  return json_text(json_get(object, member));
}

/* First of a list, first coding of a CodeableConcept. */
const struct json *fhir_first(const struct json *list);
struct text fhir_code(const struct json *concept);
struct text fhir_display(const struct json *concept); /* text, else the first coding's display */
struct text fhir_id(const struct json *resource);     /* id, else the first identifier */
struct text fhir_identifier(const struct json *resource);

/* A copy without the blanks around it. */
char *fhir_string(struct fhir_job *, struct text);
char *fhir_personal(struct fhir_job *, enum hub_personal_kind, struct text);

/* False where it is absent. */
bool fhir_point(const struct fhir_job *, const struct json *time, struct time_point *);
void fhir_put_time(struct fhir_job *, const struct json *time, Google__Protobuf__Timestamp **,
                   Ioc__Health__V1__TimePrecision *);
#define FHIR_TIME(message, member) &(message)->member, &(message)->member##_precision
int64_t fhir_moment(const Google__Protobuf__Timestamp *); /* microseconds; HUB_NONE for NULL */

/* An organization. type: what stands here where nothing says it; TEXT_NONE where it may be a person, who is
 * left out. */
Ioc__Health__V1__Facility *fhir_facility(struct fhir_job *, const struct json *reference, struct text type);
#define FHIR_ORGANIZATION TEXT("Organization")

Ioc__Health__V1__Patient *fhir_patient(struct fhir_job *, const struct json *reference);

/* A Location, or a reference to one, and what it is part of. kind: its physicalType where that is known. */
Ioc__Health__V1__Place *fhir_place(struct fhir_job *, const struct json *location,
                                   const struct json *reference, struct text kind);

/* ---- Kinds of resources: each emits one message; returns 0 or a negative errno ---- */

int fhir_encounter(struct fhir_job *, const struct json *resource);
int fhir_observation(struct fhir_job *, const struct json *resource);
int fhir_claim(struct fhir_job *, const struct json *resource);
int fhir_bed(struct fhir_job *, const struct json *resource);
bool fhir_is_bed(const struct json *location);

/* What these two demand beside their shapes: 0 or FHIR_E_FAULT. */
int fhir_encounter_check(struct fhir_job *, const struct crumb *, const struct json *resource);
int fhir_observation_check(struct fhir_job *, const struct crumb *, const struct json *resource);

/* Emits with the resource's own bytes. version: meta.versionId or lastUpdated. */
int fhir_emit(struct fhir_job *, const struct json *resource, struct text key, int64_t occurred_us,
              const ProtobufCMessage *);

#endif
