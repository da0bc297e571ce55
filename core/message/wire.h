/*
 * wire.h: walks the bytes of a packed protobuf message.
 */
#ifndef CORE_MESSAGE_WIRE_H
#define CORE_MESSAGE_WIRE_H

#include "core/message/schema.h"

enum wire_kind { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

struct wire_value {
  uint32_t number;
  enum wire_kind kind;
  uint64_t scalar;   /* VARINT, FIXED64, FIXED32 */
  struct text bytes; /* BYTES */
};

struct wire {
  const uint8_t *next, *end;
};

static inline struct wire wire_of(struct text message) {
  const uint8_t *start = (const uint8_t *)message.data;
  return (struct wire){start, start == NULL ? NULL : start + message.length};
}

/* 1: *ret_value is the next field; 0: the end; -EBADMSG: not a protobuf message. */
int wire_next(struct wire *, struct wire_value *ret_value) must_use;

/* How values of this type are written outside of packed lists. */
enum wire_kind wire_kind_of(enum schema_type);

/* Next element of a packed list of scalars, as wire_next(). */
int wire_unpack_element(struct wire *packed, enum schema_type, struct wire_value *ret_value) must_use;

/* The last value at the path; 1 when it is there, 0 when absent, -EBADMSG. */
int wire_find(struct text message, const struct schema_path *, struct wire_value *ret_value) must_use;

/* Text of a scalar value as a key or for a comparison: strings as they are, numbers in decimal, bools
 * true/false, enums by name (number when unknown), Timestamps in RFC 3339. buffer serves numbers and times.
 */
#define WIRE_TEXT_SIZE 40
struct text wire_text(const struct schema_field *, const struct wire_value *,
                      char buffer[static WIRE_TEXT_SIZE]);

bool wire_is_timestamp(const struct schema_message *); /* google.protobuf.Timestamp; NULL: false */

/* RFC 3339 in UTC with 0, 3, 6 or 9 digits of the second. -EBADMSG: no Timestamp, or outside of its range. */
int wire_timestamp_text(struct text timestamp, char buffer[static WIRE_TEXT_SIZE]) must_use;

const char *wire_enum_name(const struct schema_enum *, int32_t number); /* NULL: not known */

/* What a message must keep: all strings UTF-8 without NUL, enum values known, fields known, depth. personal
 * is asked for each field that is tagged and not empty and answers whether the text may pass. Returns 0,
 * -EBADMSG, or the first broken rule with its field in *reterr_field (full path, in the arena-free buffer of
 * the caller). */
#define WIRE_E_UTF8 1
#define WIRE_E_ENUM 2
#define WIRE_E_UNPROTECTED 3
#define WIRE_E_UNKNOWN 4 /* a field that the schema does not have: nobody could say whether it is personal \
                          */
#define WIRE_E_TIME 5    /* a Timestamp outside of the years 1 to 9999 */
#define WIRE_FIELD_SIZE 128
int wire_check(const struct schema_message *, struct text message,
               bool (*personal)(void *context, enum hub_personal_kind, struct text), void *context,
               char reterr_field[static WIRE_FIELD_SIZE]) must_use;

#endif
