/*
 * hl7v2_parts.c: fields, repetitions, components, their texts and their places.
 *
 * Nothing is split in advance: a part is found by counting delimiters from the left, which for the few
 * dozen fields that anybody asks for is cheaper than a tree of all of them.
 */
#include "connectors/format/hl7v2.h"

#include <errno.h>

/* ---- Parts ---- */

bool hl7v2_split(struct text *rest, char delimiter, struct text *ret_piece) {
  if (rest->data == NULL) return false;
  const char *stop = delimiter == 0 || rest->length == 0 ? NULL : memchr(rest->data, delimiter, rest->length);
  *ret_piece = *rest;
  if (stop == NULL) {
    *rest = TEXT_NONE;
    return true;
  }
  ret_piece->length = (size_t)(stop - rest->data);
  *rest = (struct text){stop + 1, rest->length - ret_piece->length - 1};
  return true;
}

struct text hl7v2_piece(struct text text, char delimiter, unsigned n) {
  struct text piece;
  while (hl7v2_split(&text, delimiter, &piece))
    if (n-- <= 1) return piece;
  return TEXT_NONE;
}

bool hl7v2_is_segment(const struct hl7v2_segment *segment, const char *name) {
  return memcmp(segment->bytes.data, name, 3) == 0;
}

const struct hl7v2_segment *hl7v2_find(const struct hl7v2_message *message, const char *name) {
  for (size_t i = 0; i < message->count; i++)
    if (hl7v2_is_segment(&message->segments[i], name)) return &message->segments[i];
  return NULL;
}

struct text hl7v2_field(const struct hl7v2_message *message, const struct hl7v2_segment *segment,
                        unsigned field) {
  bool counts_separator = segment == message->segments;
  if (counts_separator && field == 1) return (struct text){segment->text.data + 3, 1};
  return hl7v2_piece(segment->text, message->delimiters.field, counts_separator ? field : field + 1);
}

struct text hl7v2_part(const struct hl7v2_message *message, struct text part, struct hl7v2_path path) {
  const struct hl7v2_delimiters *d = &message->delimiters;
  if (path.repetition != 0 || path.component != 0 || path.subcomponent != 0)
    part = hl7v2_piece(part, d->repetition, path.repetition);
  if (path.component != 0 || path.subcomponent != 0) part = hl7v2_piece(part, d->component, path.component);
  if (path.subcomponent != 0) part = hl7v2_piece(part, d->subcomponent, path.subcomponent);
  return part;
}

/* MSH-2 holds the delimiters themselves and has no parts. */
struct text hl7v2_get(const struct hl7v2_message *message, const struct hl7v2_segment *segment,
                      struct hl7v2_path path) {
  struct text field = hl7v2_field(message, segment, path.field);
  return segment == message->segments && path.field <= 2 ? field : hl7v2_part(message, field, path);
}

/* ---- Escape sequences ---- */

struct unescape {
  const struct hl7v2_message *message;
  const struct allocator *allocator;
  const char *at, *end;
  char *out;
  size_t used;
};

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void put(struct unescape *u, const char *data, size_t length) {
  memcpy(u->out + u->used, data, length);
  u->used += length;
}

/* The sequence that begins at `from` (an escape character), without its two escape characters. */
static bool take_sequence(const struct unescape *u, const char *from, struct text *ret) {
  const char *stop =
      from + 1 < u->end ? memchr(from + 1, u->message->delimiters.escape, (size_t)(u->end - from - 1)) : NULL;
  if (stop == NULL) return false;
  *ret = (struct text){from + 1, (size_t)(stop - from - 1)};
  return true;
}

/* "Xhh..": pairs of digits. */
static bool is_bytes(struct text sequence) {
  if (sequence.length < 3 || sequence.data[0] != 'X' || sequence.length % 2 == 0) return false;
  for (size_t i = 1; i < sequence.length; i++)
    if (hex_digit(sequence.data[i]) < 0) return false;
  return true;
}

/* X00hh is what some libraries write for the one byte hh. */
static size_t read_bytes(struct text sequence, char *out) {
  size_t count = 0;
  for (size_t i = 1; i < sequence.length; i += 2)
    out[count++] = (char)(hex_digit(sequence.data[i]) * 16 + hex_digit(sequence.data[i + 1]));
  if (count != 2 || out[0] != 0 || out[1] == 0) return count;
  out[0] = out[1];
  return 1;
}

/* The end of the run of \X..\ that begins at u->at; u->at itself when there is none. */
static const char *end_of_run(const struct unescape *u) {
  struct text sequence;
  const char *at = u->at;
  while (at < u->end && *at == u->message->delimiters.escape && take_sequence(u, at, &sequence) &&
         is_bytes(sequence))
    at = sequence.data + sequence.length + 1;
  return at;
}

/* Several \X..\ in a row are one run of bytes: a character may be spread over them. They are kept as they are
 * where the bytes are none of the character set. */
static int put_bytes(struct unescape *u, const char *end) {
  size_t offset, count = 0;
  struct text sequence, decoded;
  char *bytes = allocate(u->allocator, (size_t)(end - u->at));
  if (bytes == NULL) return -ENOMEM;
  for (const char *at = u->at; at < end && take_sequence(u, at, &sequence);
       at = sequence.data + sequence.length + 1)
    count += read_bytes(sequence, bytes + count);
  enum charset charset = u->message->charset == CHARSET_UNKNOWN ? CHARSET_ASCII : u->message->charset;
  int r = charset_decode(u->allocator, charset, (struct text){bytes, count}, &decoded, &offset);
  if (r < 0) return r;
  if (r != 0) decoded = (struct text){u->at, (size_t)(end - u->at)};
  put(u, decoded.data, decoded.length);
  u->at = end;
  return 0;
}

/* What one of the letters stands for; 0: nothing known. */
static char delimiter_of(const struct hl7v2_delimiters *d, char letter) {
  switch (letter) {
    case 'F': return d->field;
    case 'S': return d->component;
    case 'T': return d->subcomponent;
    case 'R': return d->repetition;
    case 'E': return d->escape;
    case 'P': return d->truncation;
    default: return 0;
  }
}

static int put_sequence(struct unescape *u, struct text sequence) {
  const char *next = sequence.data + sequence.length + 1, *run = end_of_run(u);
  char delimiter = sequence.length == 1 ? delimiter_of(&u->message->delimiters, sequence.data[0]) : 0;
  if (run != u->at) return put_bytes(u, run);
  if (delimiter != 0) put(u, &delimiter, 1);
  else if (text_is(sequence, ".br")) put(u, "\n", 1);
  else if (!text_is(sequence, "H") && !text_is(sequence, "N")) put(u, u->at, (size_t)(next - u->at));
  u->at = next;
  return 0;
}

/* The output is at most twice as long: a run of n bytes takes 2n + 3 and becomes at most 3n. */
int hl7v2_value(const struct hl7v2_message *message, const struct allocator *allocator, struct text raw,
                struct text *ret) {
  char escape = message->delimiters.escape;
  *ret = raw;
  if (raw.length == 0 || escape == 0 || memchr(raw.data, escape, raw.length) == NULL) return 0;
  struct unescape u = {message, allocator, raw.data, raw.data + raw.length, NULL, 0};
  u.out = allocate(allocator, raw.length * 2);
  if (u.out == NULL) return -ENOMEM;
  while (u.at < u.end) {
    struct text sequence;
    const char *stop = memchr(u.at, escape, (size_t)(u.end - u.at));
    if (stop == NULL || !take_sequence(&u, stop, &sequence)) stop = u.end;
    put(&u, u.at, (size_t)(stop - u.at));
    u.at = stop;
    int r = stop == u.end ? 0 : put_sequence(&u, sequence);
    if (r != 0) return r;
  }
  *ret = (struct text){u.out, u.used};
  return 0;
}

/* ---- Places ---- */

/* Numbers are short and places come with every record: this is no work for printf(). */
static char *put_number(char *out, size_t number) {
  char digits[20];
  size_t count = 0;
  do digits[count++] = (char)('0' + number % 10);
  while ((number /= 10) != 0);
  while (count != 0) *out++ = digits[--count];
  return out;
}

static char *put_part(char *out, char before, unsigned number) {
  *out++ = before;
  out = put_number(out, number);
  if (before == '[') *out++ = ']';
  return out;
}

/* The longest place has 20 + 1 + 20 + 4 + 5 x 12 characters. */
void hl7v2_place(const struct hl7v2_message *message, const struct hl7v2_segment *segment,
                 struct hl7v2_path path, char ret_at[HL7V2_PLACE_SIZE]) {
  size_t column = 1;
  struct text part = path.field == 0 ? segment->text : hl7v2_get(message, segment, path);
  const char *stop = part.data != NULL ? part.data : segment->text.data + segment->text.length;
  for (const char *c = segment->text.data; c < stop; c++) column += ((unsigned char)*c & 0xC0) != 0x80;
  char *out = put_number(ret_at, segment->line);
  *out++ = ':';
  out = put_number(out, column);
  *out++ = ' ';
  memcpy(out, segment->bytes.data, 3);
  out += 3;
  if (segment->number > 1) out = put_part(out, '[', segment->number);
  if (path.field != 0) out = put_part(out, '-', path.field);
  if (path.repetition > 1) out = put_part(out, '[', path.repetition);
  if (path.component != 0) out = put_part(out, '.', path.component);
  if (path.subcomponent != 0) out = put_part(out, '.', path.subcomponent);
  *out = 0;
}
