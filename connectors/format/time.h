/*
 * time.h: the forms of a time that Vietnamese systems send, as microseconds since 1970 UTC and a precision.
 *
 * A time that does not exist (30 February, 25:00, month 13) is an error and never becomes another moment.
 *  - 24:00 (24:00:00, 24:00:00.000) is the end of its day, which is the moment of 00:00 of the following
 *    day, as in ISO 8601. Any later time under hour 24 does not exist.
 *  - Second 60 does not exist: UTC as computers count it has no place for it.
 *  - Up to nine digits of a fraction are kept: microseconds, and beside them the nanoseconds that are left.
 *  - Years run from 0001 to 9999; a zone may not carry the moment out of them.
 */
#ifndef FORMAT_TIME_H
#define FORMAT_TIME_H

#include "connectors/format/text.h"

#include <stdint.h>

enum time_form {
  TIME_ISO = 1 << 0,       /* yyyy-MM-dd[(T or blank)HH:mm[:ss[.f]][Z, +07:00, +0700 or +07]] */
  TIME_COMPACT = 1 << 1,   /* yyyyMMdd, yyyyMMddHHmm, yyyyMMddHHmmss (BHYT, national portal) */
  TIME_SLASHED = 1 << 2,   /* yyyy/MM/dd[ HH:mm[:ss]] (edXML) */
  TIME_DAY_FIRST = 1 << 3, /* dd/MM/yyyy[ HH:mm[:ss]] (spreadsheets) */
  TIME_EPOCH_MS = 1 << 4,  /* milliseconds since 1970 UTC; beside other forms with 13 digits only */
  TIME_HL7 = 1 << 5,       /* yyyy[MM[dd[HH[mm[ss[.f]]]]]][+0700]; in no other form's company */
  TIME_ANY = TIME_ISO | TIME_COMPACT | TIME_SLASHED | TIME_DAY_FIRST | TIME_EPOCH_MS,
};

enum time_precision {
  TIME_DAY = 1,
  TIME_MINUTE,
  TIME_SECOND,
  TIME_FRACTION,
  TIME_MONTH,
  TIME_YEAR,
  TIME_HOUR,
};

struct time_point {
  int64_t us;      /* since 1970 UTC; of a day, month or year: its first moment in its zone */
  int32_t rest_ns; /* 0 to 999: what the fraction has beyond the microsecond */
  enum time_precision precision;
  bool has_zone; /* the text itself named its zone */
};

#define TIME_E_FORM 1       /* in none of the wanted forms */
#define TIME_E_IMPOSSIBLE 2 /* in a wanted form, but there is no such day or time of day */

/* Reads a text that holds a time and nothing else (white space around it is the caller's to trim). forms:
 * one or more of enum time_form, or TIME_HL7 alone: its four digits of a year are nobody else's.
 * zone_offset_s: seconds east of UTC, for a time that names no zone. Returns 0, TIME_E_FORM or
 * TIME_E_IMPOSSIBLE; *ret is untouched unless 0. */
int time_read(struct text, unsigned forms, int32_t zone_offset_s, struct time_point *ret);

#define TIME_DAY_US (INT64_C(86400) * 1000000)

/* Microseconds as seconds and nanoseconds (0 to 999,999,999), the way of google.protobuf.Timestamp. */
static inline void time_split(int64_t us, int64_t *ret_seconds, int32_t *ret_nanos) {
  int64_t seconds = us / 1000000, rest = us % 1000000;
  if (rest < 0) seconds--, rest += 1000000;
  *ret_seconds = seconds;
  *ret_nanos = (int32_t)rest * 1000;
}

#endif
