/*
 * json_walk.c: finding values in a tree that json.c made, and saying where they stand.
 *
 * Places are counted on demand only, since good payloads need few of them; the counter goes forward with the
 * records so that a payload of many broken records is still scanned once.
 */
#include "connectors/format/json.h"

const struct json *json_find(const struct json *object, struct text name) {
  if (!json_is(object, JSON_OBJECT)) return NULL;
  for (const struct json *m = object->first; m != NULL; m = m->next)
    if (text_equal(name, (struct text){m->key, m->key_length})) return m;
  return NULL;
}

bool json_to_int64(const struct json *value, int64_t *ret) {
  if (!json_is(value, JSON_NUMBER)) return false;
  bool negative = value->chars[0] == '-';
  uint64_t limit = negative ? UINT64_C(1) << 63 : (UINT64_C(1) << 63) - 1, number = 0;
  for (uint32_t i = negative; i < value->length; i++) {
    char c = value->chars[i];
    if (c < '0' || c > '9') return false;
    uint64_t digit = (uint64_t)(c - '0');
    if (number > (limit - digit) / 10) return false;
    number = number * 10 + digit;
  }
  *ret = negative ? (int64_t)(0 - number) : (int64_t)number;
  return true;
}

/* Counts in runs of bytes that a byte can count, which compilers turn into vectors. */
enum { RUN_MAX = 255 };

static size_t count_lines(const char *p, const char *end) {
  size_t count = 0;
  while (p < end) {
    const char *stop = end - p > RUN_MAX ? p + RUN_MAX : end;
    uint8_t run = 0;
    for (; p < stop; p++) run = (uint8_t)(run + (*p == '\n'));
    count += run;
  }
  return count;
}

static size_t count_characters(const char *p, const char *end) {
  size_t count = 0;
  while (p < end) {
    const char *stop = end - p > RUN_MAX ? p + RUN_MAX : end;
    uint8_t run = 0;
    for (; p < stop; p++) run = (uint8_t)(run + (((unsigned char)*p & 0xC0) != 0x80));
    count += run;
  }
  return count;
}

static void go_to(struct json_places *places, size_t offset) {
  if (offset > places->length) offset = places->length;
  if (offset < places->offset || places->offset == 0) {
    bool mark = places->length >= 3 && memcmp(places->data, "\xEF\xBB\xBF", 3) == 0;
    places->offset = mark && offset >= 3 ? 3 : 0;
    places->line = places->column = 1;
  }
  const char *from = places->data + places->offset, *to = places->data + offset;
  const char *feed = memrchr(from, '\n', (size_t)(to - from));
  places->offset = offset;
  if (feed != NULL) {
    places->line += count_lines(from, feed) + 1;
    places->column = 1;
    from = feed + 1;
  }
  places->column += count_characters(from, to);
}

static char *put_number(char *out, size_t number) {
  char digits[20];
  size_t count = 0;
  do digits[count++] = (char)('0' + number % 10);
  while ((number /= 10) != 0);
  while (count != 0) *out++ = digits[--count];
  return out;
}

const char *json_at(struct json_places *places, const struct allocator *allocator, size_t offset,
                    const char *path, const char *field) {
  struct text parts[] = {text_of(path), text_of(field)};
  char *made = allocate(allocator, 44 + parts[0].length + parts[1].length);
  if (made == NULL) return NULL;
  go_to(places, offset);
  char *out = put_number(made, places->line);
  *out++ = ':';
  out = put_number(out, places->column);
  if (parts[0].length + parts[1].length != 0) *out++ = ' ';
  for (size_t i = 0; i < 2; i++) {
    if (parts[i].length != 0) memcpy(out, parts[i].data, parts[i].length);
    out += parts[i].length;
  }
  return made;
}
