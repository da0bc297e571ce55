/*
 * The wire walker. It reads bytes that others made, so every length is held against what is left before
 * anything is touched; groups (which proto3 does not have) and field number 0 are refused. It allocates
 * nothing.
 *
 * Checking is on the way of every message: a text is first scanned eight bytes at a time for what is neither
 * plain ASCII nor NUL, and only what remains is looked at character by character.
 */
#include "core/message/wire.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

enum { DEPTH_MAX = 64, NANOS_PER_SECOND = 1000000000 };

/* Seconds of 0001-01-01 and 9999-12-31T23:59:59, the range of a protobuf Timestamp. */
#define TIMESTAMP_MIN INT64_C(-62135596800)
#define TIMESTAMP_MAX INT64_C(253402300799)

static int read_varint(struct wire *wire, uint64_t *ret_value) {
  uint64_t value = 0;
  const uint8_t *next = wire->next;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (next == wire->end) return -EBADMSG;
    uint8_t byte = *next++;
    if (shift == 63 && byte > 1) return -EBADMSG;
    value |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) {
      wire->next = next;
      *ret_value = value;
      return 0;
    }
  }
  return -EBADMSG;
}

static int read_fixed(struct wire *wire, size_t bytes, uint64_t *ret_value) {
  if ((size_t)(wire->end - wire->next) < bytes) return -EBADMSG;
  uint64_t value = 0;
  for (size_t i = 0; i < bytes; i++) value |= (uint64_t)wire->next[i] << (8 * i);
  wire->next += bytes;
  *ret_value = value;
  return 0;
}

static int read_bytes(struct wire *wire, struct text *ret_bytes) {
  uint64_t length;
  int r = read_varint(wire, &length);
  if (r < 0) return r;
  if (length > (size_t)(wire->end - wire->next)) return -EBADMSG;
  *ret_bytes = (struct text){(const char *)wire->next, (size_t)length};
  wire->next += length;
  return 0;
}

int wire_next(struct wire *wire, struct wire_value *ret_value) {
  if (wire->next == wire->end) return 0;
  uint64_t tag;
  int r = read_varint(wire, &tag);
  if (r < 0) return r;
  if (tag < 8 || tag > UINT32_MAX) return -EBADMSG;
  *ret_value = (struct wire_value){.number = (uint32_t)(tag >> 3), .kind = (enum wire_kind)(tag & 7)};
  switch (tag & 7) {
    case WIRE_VARINT: r = read_varint(wire, &ret_value->scalar); break;
    case WIRE_FIXED64: r = read_fixed(wire, 8, &ret_value->scalar); break;
    case WIRE_FIXED32: r = read_fixed(wire, 4, &ret_value->scalar); break;
    case WIRE_BYTES: r = read_bytes(wire, &ret_value->bytes); break;
    default: return -EBADMSG;
  }
  return r < 0 ? r : 1;
}

enum wire_kind wire_kind_of(enum schema_type type) {
  switch (type) {
    case SCHEMA_DOUBLE:
    case SCHEMA_FIXED64:
    case SCHEMA_SFIXED64: return WIRE_FIXED64;
    case SCHEMA_FLOAT:
    case SCHEMA_FIXED32:
    case SCHEMA_SFIXED32: return WIRE_FIXED32;
    case SCHEMA_STRING:
    case SCHEMA_MESSAGE:
    case SCHEMA_BYTES: return WIRE_BYTES;
    default: return WIRE_VARINT;
  }
}

int wire_find(struct text message, const struct schema_path *path, struct wire_value *ret_value) {
  struct wire_value found = {0};
  for (size_t i = 0; i < path->count; i++) {
    const struct schema_field *field = path->fields[i];
    struct wire wire = wire_of(message);
    struct wire_value value;
    bool there = false;
    int r;
    while ((r = wire_next(&wire, &value)) > 0) {
      if (value.number != field->number) continue;
      if (value.kind != wire_kind_of(field->type)) return -EBADMSG;
      found = value;
      there = true;
    }
    if (r < 0) return r;
    if (!there) return 0;
    message = found.bytes;
  }
  *ret_value = found;
  return path->count == 0 ? 0 : 1;
}

int wire_unpack_element(struct wire *packed, enum schema_type type, struct wire_value *ret_value) {
  if (packed->next == packed->end) return 0;
  ret_value->kind = wire_kind_of(type);
  ret_value->bytes = TEXT_NONE;
  int r = -EBADMSG;
  if (ret_value->kind == WIRE_VARINT) r = read_varint(packed, &ret_value->scalar);
  else if (ret_value->kind == WIRE_FIXED64) r = read_fixed(packed, 8, &ret_value->scalar);
  else if (ret_value->kind == WIRE_FIXED32) r = read_fixed(packed, 4, &ret_value->scalar);
  return r < 0 ? r : 1;
}

bool wire_is_timestamp(const struct schema_message *message) {
  return message != NULL && strcmp(message->full_name, "google.protobuf.Timestamp") == 0;
}

/* Reads a Timestamp; -ERANGE when it is outside of what a Timestamp may be. */
static int read_timestamp(struct text timestamp, int64_t *ret_seconds, int64_t *ret_nanos) {
  int64_t seconds = 0, nanos = 0;
  struct wire wire = wire_of(timestamp);
  struct wire_value value;
  int r;
  while ((r = wire_next(&wire, &value)) > 0) {
    if (value.number == 1 && value.kind == WIRE_VARINT) seconds = (int64_t)value.scalar;
    if (value.number == 2 && value.kind == WIRE_VARINT) nanos = (int32_t)value.scalar;
  }
  if (r < 0) return r;
  *ret_seconds = seconds;
  *ret_nanos = nanos;
  bool good = seconds >= TIMESTAMP_MIN && seconds <= TIMESTAMP_MAX && nanos >= 0 && nanos < NANOS_PER_SECOND;
  return good ? 0 : -ERANGE;
}

int wire_timestamp_text(struct text timestamp, char buffer[static WIRE_TEXT_SIZE]) {
  int64_t seconds, nanos;
  if (read_timestamp(timestamp, &seconds, &nanos) < 0) return -EBADMSG;
  time_t moment = (time_t)seconds;
  struct tm tm;
  if (gmtime_r(&moment, &tm) == NULL) return -EBADMSG;
  int length = snprintf(buffer, WIRE_TEXT_SIZE, "%04u-%02u-%02uT%02u:%02u:%02u",
                        (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)tm.tm_mon + 1, (unsigned)tm.tm_mday,
                        (unsigned)tm.tm_hour, (unsigned)tm.tm_min, (unsigned)tm.tm_sec);
  char *end = buffer + length;
  size_t room = WIRE_TEXT_SIZE - (size_t)length;
  if (nanos == 0) return snprintf(end, room, "Z") > 0 ? 0 : -EBADMSG;
  int digits = nanos % 1000000 == 0 ? 3 : nanos % 1000 == 0 ? 6 : 9;
  long shown = (long)(digits == 3 ? nanos / 1000000 : digits == 6 ? nanos / 1000 : nanos);
  return snprintf(end, room, ".%0*ldZ", digits, shown) > 0 ? 0 : -EBADMSG;
}

/* The shortest text that reads back as the same number. */
static size_t print_real(double real, bool single, char buffer[static WIRE_TEXT_SIZE]) {
  if (isnan(real)) return (size_t)snprintf(buffer, WIRE_TEXT_SIZE, "NaN");
  if (isinf(real)) return (size_t)snprintf(buffer, WIRE_TEXT_SIZE, real < 0 ? "-Infinity" : "Infinity");
  int length = 0;
  for (int digits = single ? 6 : 15; digits <= (single ? 9 : 17); digits++) {
    length = snprintf(buffer, WIRE_TEXT_SIZE, "%.*g", digits, real);
    double back = strtod(buffer, NULL);
    if (single ? (float)back == (float)real : back == real) break;
  }
  return (size_t)length;
}

static size_t print_scalar(const struct schema_field *field, uint64_t scalar,
                           char buffer[static WIRE_TEXT_SIZE]) {
  int64_t number = (int64_t)scalar;
  switch (field->type) {
    case SCHEMA_DOUBLE: {
      double real;
      memcpy(&real, &scalar, sizeof real);
      return print_real(real, false, buffer);
    }
    case SCHEMA_FLOAT: {
      uint32_t bits = (uint32_t)scalar;
      float real;
      memcpy(&real, &bits, sizeof real);
      return print_real((double)real, true, buffer);
    }
    case SCHEMA_UINT64:
    case SCHEMA_FIXED64: return (size_t)snprintf(buffer, WIRE_TEXT_SIZE, "%llu", (unsigned long long)scalar);
    case SCHEMA_UINT32:
    case SCHEMA_FIXED32: return (size_t)snprintf(buffer, WIRE_TEXT_SIZE, "%u", (unsigned)scalar);
    case SCHEMA_SINT32: number = (int32_t)((uint32_t)scalar >> 1 ^ -((uint32_t)scalar & 1)); break;
    case SCHEMA_SINT64: number = (int64_t)(scalar >> 1 ^ -(scalar & 1)); break;
    case SCHEMA_INT32:
    case SCHEMA_ENUM:
    case SCHEMA_SFIXED32: number = (int32_t)scalar; break;
    default: break;
  }
  return (size_t)snprintf(buffer, WIRE_TEXT_SIZE, "%lld", (long long)number);
}

const char *wire_enum_name(const struct schema_enum *enumeration, int32_t number) {
  const struct schema_value *values = enumeration->values;
  if (number >= 0 && (size_t)number < enumeration->count && values[number].number == number) {
    return values[number].name;
  }
  size_t low = 0, high = enumeration->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (values[middle].number == number) return values[middle].name;
    if (values[middle].number < number) low = middle + 1;
    else high = middle;
  }
  return NULL;
}

struct text wire_text(const struct schema_field *field, const struct wire_value *value,
                      char buffer[static WIRE_TEXT_SIZE]) {
  const char *name;
  switch (field->type) {
    case SCHEMA_STRING:
    case SCHEMA_BYTES: return value->bytes;
    case SCHEMA_BOOL: return value->scalar != 0 ? TEXT("true") : TEXT("false");
    case SCHEMA_ENUM:
      name = wire_enum_name(field->enumeration, (int32_t)value->scalar);
      if (name != NULL) return text_of(name);
      break;
    case SCHEMA_MESSAGE:
      if (!wire_is_timestamp(field->message) || wire_timestamp_text(value->bytes, buffer) < 0)
        return TEXT_NONE;
      return text_of(buffer);
    default: break;
  }
  return (struct text){buffer, print_scalar(field, value->scalar, buffer)};
}

/* ---- Checking ---- */

struct check {
  bool (*personal)(void *context, enum hub_personal_kind, struct text);
  void *context;
  const struct schema_field *way[DEPTH_MAX];
};

/* True for text of ASCII without NUL. A byte is refused here when its high bit is set or when taking one from
 * it sets that bit, which is NUL. */
static bool plain_ascii(struct text text) {
  const uint64_t ones = UINT64_C(0x0101010101010101), highs = UINT64_C(0x8080808080808080);
  size_t i = 0;
  for (; i + 8 <= text.length; i += 8) {
    uint64_t word;
    memcpy(&word, text.data + i, 8);
    if (((word | (word - ones)) & highs) != 0) return false;
  }
  for (; i < text.length; i++) {
    if ((signed char)text.data[i] <= 0) return false;
  }
  return true;
}

static int check_string(const struct check *check, const struct schema_field *field, struct text text) {
  if (text.length == 0) return 0;
  if (!plain_ascii(text)) {
    if (memchr(text.data, 0, text.length) != NULL || text_find_bad_utf8(text) != SIZE_MAX) return WIRE_E_UTF8;
  }
  if (field->personal != 0 && !check->personal(check->context, field->personal, text))
    return WIRE_E_UNPROTECTED;
  return 0;
}

static int check_packed(const struct schema_field *field, struct text bytes) {
  struct wire packed = wire_of(bytes);
  struct wire_value element = {0};
  int r;
  while ((r = wire_unpack_element(&packed, field->type, &element)) > 0) {
    if (field->type == SCHEMA_ENUM && wire_enum_name(field->enumeration, (int32_t)element.scalar) == NULL) {
      return WIRE_E_ENUM;
    }
  }
  return r;
}

static int check_message(struct check *check, const struct schema_message *type, struct text message,
                         size_t depth);

static int check_field(struct check *check, const struct schema_field *field, const struct wire_value *value,
                       size_t depth) {
  enum wire_kind kind = wire_kind_of(field->type);
  if (kind != WIRE_BYTES && field->repeated && value->kind == WIRE_BYTES)
    return check_packed(field, value->bytes);
  if (kind != value->kind) return -EBADMSG;
  switch (field->type) {
    case SCHEMA_STRING: return check_string(check, field, value->bytes);
    case SCHEMA_ENUM:
      return wire_enum_name(field->enumeration, (int32_t)value->scalar) == NULL ? WIRE_E_ENUM : 0;
    case SCHEMA_MESSAGE: {
      int64_t seconds, nanos;
      int r = check_message(check, field->message, value->bytes, depth + 1);
      if (r != 0 || !wire_is_timestamp(field->message)) return r;
      return read_timestamp(value->bytes, &seconds, &nanos) == 0 ? 0 : WIRE_E_TIME;
    }
    default: return 0;
  }
}

static int check_message(struct check *check, const struct schema_message *type, struct text message,
                         size_t depth) {
  if (depth >= DEPTH_MAX) return -EBADMSG;
  check->way[depth] = NULL;
  struct wire wire = wire_of(message);
  struct wire_value value;
  int r;
  while ((r = wire_next(&wire, &value)) > 0) {
    const struct schema_field *field = schema_field(type, value.number);
    if (field == NULL) return WIRE_E_UNKNOWN;
    check->way[depth] = field;
    r = check_field(check, field, &value, depth);
    if (r != 0) return r;
    check->way[depth] = NULL;
  }
  return r;
}

static void write_way(const struct check *check, char ret_field[static WIRE_FIELD_SIZE]) {
  size_t used = 0;
  ret_field[0] = '\0';
  for (size_t i = 0; i < DEPTH_MAX && check->way[i] != NULL && used < WIRE_FIELD_SIZE; i++) {
    int n =
        snprintf(ret_field + used, WIRE_FIELD_SIZE - used, "%s%s", i == 0 ? "" : ".", check->way[i]->name);
    used += n < 0 ? 0 : (size_t)n;
  }
}

int wire_check(const struct schema_message *type, struct text message,
               bool (*personal)(void *context, enum hub_personal_kind, struct text), void *context,
               char reterr_field[static WIRE_FIELD_SIZE]) {
  struct check check = {.personal = personal, .context = context};
  int r = check_message(&check, type, message, 0);
  if (r != 0) write_way(&check, reterr_field);
  return r;
}
