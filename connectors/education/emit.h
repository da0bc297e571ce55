/*
 * emit.h: from filled messages to the sink: what identifies them, what they are known by.
 */
#ifndef EDUCATION_EMIT_H
#define EDUCATION_EMIT_H

#include "connectors/education/record.h"
#include "ioc/education/v1/class_room.pb-c.h"
#include "ioc/education/v1/enrollment.pb-c.h"
#include "ioc/education/v1/school.pb-c.h"

typedef Ioc__Education__V1__School School;
typedef Ioc__Education__V1__ClassRoom ClassRoom;
typedef Ioc__Education__V1__Enrollment Enrollment;

/* Each emits one message, or returns RECORD_E_REJECTED or a negative errno. */
int school_emit(const struct record *, School *);
int class_room_emit(const struct record *, ClassRoom *);

/* person_code: field of the table that holds the person's code, for the place where it is missing; key: the
 * person's code as sent. */
int enrollment_emit(const struct record *, Enrollment *, size_t person_field, struct text person);

/* SHA-256 of the text in hex, as the version of a record that is no slice of the payload. -ENOMEM. */
int emit_digest(struct job *, struct text, struct text *ret);

/* parts joined with "/"; empty ones leave their slash. NULL: no memory. */
char *emit_join(const struct allocator *, const struct text *parts, size_t count);

#endif
