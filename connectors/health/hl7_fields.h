/*
 * hl7_fields.h: fields of an HL7 message as fields of ours, with one error for a whole record.
 *
 * Once maker.error is set (a negative errno, or HL7_E_FAULT with its place in `fault`) the functions do
 * nothing and give values that may stand in a message; the maker of a record looks at it once, at the end. A
 * segment that is NULL has no fields.
 */
#ifndef HEALTH_HL7_FIELDS_H
#define HEALTH_HL7_FIELDS_H

#include "connectors/health/hl7_message.h"
#include "connectors/health/values.h"
#include "ioc/health/v1/encounter.pb-c.h"
#include "ioc/health/v1/lab_result.pb-c.h"

enum { HL7_CLEARED_MAX = 64, HL7_UNREAD_MAX = 16, HL7_LIST_MAX = 50, HL7_INDEXED_MAX = 48 };

struct hl7_index { /* fields of the segment that was asked last */
  const struct hl7v2_segment *segment;
  unsigned count;
  struct text fields[HL7_INDEXED_MAX];
};

struct hl7_maker { /* one record being made */
  struct maker maker;
  struct allocator allocator;
  const struct hl7v2_message *message;
  struct hl7_fault fault;
  struct hl7_index *index; /* shared by all records of the message */
  char **cleared;          /* fields that hold `""`, at most HL7_CLEARED_MAX */
  size_t cleared_count;
  Ioc__Health__V1__UnreadTime **unread; /* at most HL7_UNREAD_MAX */
  size_t unread_count;
};

struct hl7_time { /* of a message: a Timestamp and its precision beside it */
  Google__Protobuf__Timestamp **time;
  Ioc__Health__V1__TimePrecision *precision;
};

#define HL7_TIME(message, member) \
  (struct hl7_time) { &(message)->member, &(message)->member##_precision }
#define HL7_FIELD(...) ((struct hl7v2_path){__VA_ARGS__})

/* Notes why the record is refused. */
void hl7_refuse(struct hl7_maker *, enum hub_reject_code, const struct hl7v2_segment *, struct hl7v2_path,
                const char *detail);

/* The text of a part without escape sequences, trimmed; empty when it is absent or `""`, which is noted.
 * Never holds NUL. */
struct text hl7_text(struct hl7_maker *, const struct hl7v2_segment *, struct hl7v2_path);

/* The same of a part that was found already: raw stands at path. */
struct text hl7_text_of(struct hl7_maker *, struct text raw, const struct hl7v2_segment *, struct hl7v2_path);

char *hl7_string(struct hl7_maker *, const struct hl7v2_segment *, struct hl7v2_path);
char *hl7_personal(struct hl7_maker *, enum hub_personal_kind, const struct hl7v2_segment *,
                   struct hl7v2_path);

/* The code of a part as text; what it means by the list. */
int hl7_enum(struct hl7_maker *, const struct hl7v2_segment *, struct hl7v2_path, const struct value_code *,
             char **ret_code);

/* One that was sent and cannot be read is among `unread`. */
enum hl7_sent { HL7_NOT_SENT, HL7_UNREADABLE, HL7_READ };
enum hl7_sent hl7_read_time(struct hl7_maker *, const struct hl7v2_segment *, struct hl7v2_path,
                            struct time_point *);
/* False: it was not sent, and the field stays as it is. What cannot be read empties it: the time of something
 * else must not stand where this one belongs. */
bool hl7_put_time(struct hl7_maker *, const struct hl7v2_segment *, struct hl7v2_path, struct hl7_time);

/* Components `component` to `component` + 2 of a repetition; NULL when all are empty. */
Ioc__Health__V1__Code *hl7_code(struct hl7_maker *, const struct hl7v2_segment *, struct hl7v2_path);

/* A location (PL: point of care, room, bed, facility); NULL when it is empty. */
Ioc__Health__V1__Place *hl7_place(struct hl7_maker *, const struct hl7v2_segment *, unsigned field);

/* PV1-3.4 where it is given, else MSH-4. */
Ioc__Health__V1__Facility *hl7_facility(struct hl7_maker *, const Ioc__Health__V1__Place *);

/* Number of repetitions of a field; more than HL7_LIST_MAX refuse the record. */
unsigned hl7_repetitions(struct hl7_maker *, const struct hl7v2_segment *, unsigned field);

/* PID, and what MRG says of the record that is no more. */
Ioc__Health__V1__Patient *hl7_patient(struct hl7_maker *, const struct hl7v2_segment *pid);
Ioc__Health__V1__Patient *hl7_merged_patient(struct hl7_maker *, const struct hl7v2_segment *mrg);

/* Each emits or rejects the records of a message. Returns 0 or a negative errno. */
int hl7_visit_emit(struct hl7_maker *, const struct hl7_message *);
int hl7_results_emit(struct hl7_maker *);

/* Rejects the record for maker->fault; bytes: its slice. */
int hl7_reject(struct hl7_maker *, struct text bytes);

/* Microseconds since 1970 UTC; HUB_NONE for NULL. */
int64_t hl7_microseconds(const Google__Protobuf__Timestamp *);

extern const struct value_code hl7_classes[], hl7_processing[];

#endif
