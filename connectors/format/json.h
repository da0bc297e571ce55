/*
 * json.h: reads one whole JSON text (RFC 8259) into a tree.
 *
 * Stricter than the grammar, because one text must have one reading:
 *  - two members of one object with the same name are refused, whatever their values and escapes;
 *  - escapes of half a surrogate pair and invalid UTF-8 are refused, inside names as well;
 *  - more than JSON_DEPTH_MAX levels and more than JSON_NODES_MAX values are refused.
 * One UTF-8 byte order mark in front is skipped. A number keeps its text, of any size. A string may hold NUL
 * (from \u0000): look at its length.
 */
#ifndef FORMAT_JSON_H
#define FORMAT_JSON_H

#include "connectors/format/text.h"

#define JSON_DEPTH_MAX 100
#define JSON_NODES_MAX 2000000 /* of 48 bytes each: bounds what "[1,1,1,…" costs */
#define JSON_PADDING 16        /* readable zero bytes that must stand behind the text */

enum json_type { JSON_NULL = 1, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
  const struct json *next; /* the following sibling; NULL: the last */
  union {
    const struct json *first; /* ARRAY, OBJECT: first child; NULL: empty */
    const char *chars;        /* STRING: decoded; NUMBER: as written. Not terminated */
  };
  const char *key; /* name as a member of an object, decoded and not terminated; else NULL */
  uint32_t key_length;
  uint32_t length;     /* STRING, NUMBER: bytes of chars; ARRAY, OBJECT: number of children */
  uint32_t start, end; /* the value's own bytes in the input: data[start] to data[end - 1] */
  enum json_type type;
};

#define JSON_E_MALFORMED 1 /* not JSON, or not UTF-8 */
#define JSON_E_SURROGATE 2 /* half a surrogate pair */
#define JSON_E_DUPLICATE 3 /* two members of one name */
#define JSON_E_TOO_LARGE 4 /* too deep, too many values, or a text of 4 GiB */

struct json_error {
  size_t offset;      /* of the first byte that is wrong */
  const char *reason; /* constant, holds no byte of the input */
};

/* data[length] and the JSON_PADDING - 1 bytes behind it are readable and zero. The tree lives in the
 * allocator's memory and points into data. Returns 0, -ENOMEM or JSON_E_*; *ret_error is set with the latter
 * only. */
int json_read(const struct allocator *, const char *data, size_t length, const struct json **ret_root,
              struct json_error *ret_error);

/* The text of a STRING or NUMBER; of any other value, and of NULL, TEXT_NONE. */
static inline struct text json_text(const struct json *value) {
  if (value == NULL || (value->type != JSON_STRING && value->type != JSON_NUMBER)) return TEXT_NONE;
  return (struct text){value->chars, value->length};
}

static inline bool json_is(const struct json *value, enum json_type type) {
  return value != NULL && value->type == type;
}

/* First child, or NULL for whatever has none. */
static inline const struct json *json_first(const struct json *value) {
  return json_is(value, JSON_ARRAY) || json_is(value, JSON_OBJECT) ? value->first : NULL;
}

/* The member of that name, or NULL; also for NULL and for what is no object. Looks at one after the other. */
const struct json *json_find(const struct json *object, struct text name);

/* The same; the length of a constant name is known when this is compiled. */
static inline const struct json *json_get(const struct json *object, const char *name) {
  return json_find(object, text_of(name));
}

/* A NUMBER without fraction and exponent that fits. */
bool json_to_int64(const struct json *value, int64_t *ret);

/* Line and column of growing offsets at the cost of one scan in all; a smaller offset starts over. */
struct json_places {
  const char *data;
  size_t length, offset, line, column;
};

static inline struct json_places json_places_of(const char *data, size_t length) {
  return (struct json_places){.data = data, .length = length, .line = 1, .column = 1};
}

/* "line:col" of data + offset, then a blank and path + field where there is one. path is a JSON Pointer that
 * the caller made of names it knows: names out of the input do not belong into error places. NULL: no
 * memory. */
const char *json_at(struct json_places *, const struct allocator *, size_t offset, const char *path,
                    const char *field);

#endif
