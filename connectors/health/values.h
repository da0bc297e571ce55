/*
 * values.h: texts and times of a payload as fields of a message, with one error for a whole message.
 *
 * Once `error` is set the functions do nothing and give values that may stand in a message, so that whoever
 * makes a message looks at it once, at the end. No text that comes in here holds NUL: the readers of BHYT and
 * of reports refuse it before.
 */
#ifndef HEALTH_VALUES_H
#define HEALTH_VALUES_H

#include "connectors/format/text.h"
#include "connectors/format/time.h"
#include "connectors/iochub_connector.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "ioc/health/v1/types.pb-c.h"

struct maker {
  struct hub_sink *sink;
  int32_t zone_offset_s;
  int error; /* a negative errno */
};

/* Zeroed memory, or NULL with `error` set. */
void *value_alloc(struct maker *, size_t bytes);

/* A terminated copy; never NULL. */
char *value_string(struct maker *, struct text);
char *value_personal(struct maker *, enum hub_personal_kind, struct text);

/* A repeated field of what stands between the separators, without blanks and empty ones. kind 0: in clear. */
struct value_list {
  char **items;
  size_t count;
};
struct value_list value_list(struct maker *, struct text, char separator, enum hub_personal_kind kind);

/* A value as the sender means it: trimmed, and nothing where the word null stands for nothing. */
struct text value_given(struct text);

/* A time in any form but a count of milliseconds; zeros are none. Returns 0 or why there is no time, as a
 * constant sentence in *ret_trouble: HUB_INVALID. */
int value_read_time(struct text, int32_t zone_offset_s, struct time_point *, const char **ret_trouble);

/* NULL for a point without precision, which is no time. */
Google__Protobuf__Timestamp *value_time(struct maker *, const struct time_point *);

/* NULL when nothing is said of it. */
Ioc__Health__V1__Facility *value_facility(struct maker *, struct text code, struct text name);

/* Days of the zone's calendar from one time to the other; negative when `to` is on an earlier one. */
int64_t value_days_between(const struct maker *, const struct time_point *from, const struct time_point *to);

struct value_code {
  struct text code;
  int value;
};

/* The value of that code, 0 for another. A list ends with one whose code is empty. */
int value_of_code(const struct value_code *, struct text code);

extern const struct value_code value_genders[], value_bhyt_classes[];

/* enum hub_personal_kind by the type of a number (HL7 table 0203); 0: no more than a patient's. */
extern const struct value_code value_number_kinds[];

#endif
