/*
 * edifact.c: the bytes of UN/EDIFACT: separators, segments, pieces, values.
 *
 * Two scans share this file. The one that looks for the end of a segment only uses memchr() for the
 * terminator and counts release characters backwards from it: every byte is looked at once more at most,
 * since a run of them ends at the terminator before. The other one, for segments that are handed out, notes
 * where each piece begins; pieces end where the next begins, so one number a piece is enough.
 */
#include "connectors/format/edifact_scan.h"

#include <errno.h>

enum { PLAIN, COMPONENT, ELEMENT, REPETITION, RELEASE, END };

bool edifact_is_noise(char c) { return c == '\r' || c == '\n' || c == ' ' || c == '\t'; }

void edifact_set_separators(struct edifact *e, const char *una) {
  e->component = una[0];
  e->element = una[1];
  e->decimal = una[2];
  e->release = una[3] == ' ' ? 0 : una[3];
  e->repetition = una[4] == ' ' ? 0 : una[4];
  e->terminator = una[5];
}

void edifact_set_classes(struct edifact *e) {
  memset(e->classes, PLAIN, sizeof(e->classes));
  if (e->repetition != 0) e->classes[(unsigned char)e->repetition] = REPETITION;
  if (e->release != 0) e->classes[(unsigned char)e->release] = RELEASE;
  e->classes[(unsigned char)e->component] = COMPONENT;
  e->classes[(unsigned char)e->element] = ELEMENT;
  e->classes[(unsigned char)e->terminator] = END;
}

/* Whether the character at p is released: by an odd number of release characters before it. */
static bool is_released(const struct edifact *e, const char *start, const char *p) {
  size_t run = 0;
  if (e->release == 0) return false;
  while (p != start && *--p == e->release) run++;
  return run % 2 != 0;
}

enum scan edifact_find_segment(const struct edifact *e, size_t from, size_t *ret_start, size_t *ret_end) {
  const char *limit = e->data + e->length, *start = e->data + from;
  while (start != limit && edifact_is_noise(*start) && *start != e->terminator) start++;
  *ret_start = *ret_end = (size_t)(start - e->data);
  if (start == limit) return SCAN_NOTHING;
  for (const char *p = start; (p = memchr(p, e->terminator, (size_t)(limit - p))) != NULL; p++) {
    if (is_released(e, start, p)) continue;
    *ret_end = (size_t)(p - e->data);
    return SCAN_SEGMENT;
  }
  *ret_end = e->length;
  return SCAN_CUT;
}

static bool is_tag_character(char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool edifact_has_tag(const struct edifact *e, size_t start, size_t end) {
  const char *p = e->data + start;
  if (end - start < 3 || !is_tag_character(p[0]) || !is_tag_character(p[1]) || !is_tag_character(p[2]))
    return false;
  return end - start == 3 || p[3] == e->element || p[3] == e->component;
}

/* The segment is known to end where it does, so the loop needs no other bound; a NUL is a byte like others.
 */
int edifact_split(struct edifact *e, size_t start, size_t end) {
  const char *data = e->data + start, *p = data;
  unsigned elements = 0, repeats = 0, pieces = 0;
  e->segment = (struct text){data, end - start};
  e->elements = 0;
  e->element_repeats[0] = e->repeat_pieces[0] = 0;
  e->piece_starts[0] = 0;
  if (end - start > EDIFACT_SEGMENT_MAX) return EDIFACT_E_TOO_LARGE;
  for (;;) {
    uint8_t class;
    while ((class = e->classes[(unsigned char)*p]) == PLAIN) p++;
    p++;
    if (class == RELEASE) {
      p++;
      continue;
    }
    if (pieces == EDIFACT_PIECES_MAX) return EDIFACT_E_TOO_LARGE;
    e->piece_starts[++pieces] = (uint32_t)(p - data);
    if (class == COMPONENT) continue;
    e->repeat_pieces[++repeats] = (uint16_t)pieces;
    if (class == REPETITION) continue;
    e->element_repeats[++elements] = (uint16_t)repeats;
    if (class == END) break;
    if (elements > EDIFACT_ELEMENTS_MAX) return EDIFACT_E_TOO_LARGE;
  }
  e->elements = elements - 1;
  return 0;
}

unsigned edifact_repetitions(const struct edifact *e, unsigned element) {
  if (element > e->elements) return 0;
  return (unsigned)(e->element_repeats[element + 1] - e->element_repeats[element]);
}

unsigned edifact_components(const struct edifact *e, unsigned element, unsigned repetition) {
  if (repetition >= edifact_repetitions(e, element)) return 0;
  unsigned repeat = e->element_repeats[element] + repetition;
  return (unsigned)(e->repeat_pieces[repeat + 1] - e->repeat_pieces[repeat]);
}

struct text edifact_raw(const struct edifact *e, unsigned element, unsigned repetition, unsigned component) {
  if (component == 0 || component > edifact_components(e, element, repetition)) return TEXT_NONE;
  unsigned piece = e->repeat_pieces[e->element_repeats[element] + repetition] + component - 1u;
  uint32_t start = e->piece_starts[piece];
  return (struct text){e->segment.data + start, e->piece_starts[piece + 1] - start - 1u};
}

/* ---- Values ---- */

/* In one go: pieces are short, and every call of memchr() costs more than its work. */
static void look_at(struct text text, char release, bool *ret_ascii, bool *ret_released) {
  unsigned char all = 0;
  bool released = false;
  for (size_t i = 0; i < text.length; i++) {
    all |= (unsigned char)text.data[i];
    released |= text.data[i] == release;
  }
  *ret_ascii = all < 0x80;
  *ret_released = released && release != 0;
}

static int without_release(const struct edifact *e, const struct allocator *allocator, struct text raw,
                           struct text *ret) {
  size_t length = 0;
  char *copy = allocate(allocator, raw.length);
  if (copy == NULL) return -ENOMEM;
  for (size_t i = 0; i < raw.length; i++) {
    if (raw.data[i] == e->release) i++; /* a character follows: else the segment would not end here */
    copy[length++] = raw.data[i];
  }
  *ret = (struct text){copy, length};
  return 0;
}

int edifact_value(const struct edifact *e, const struct allocator *allocator, struct text raw,
                  struct text *ret) {
  struct text value = raw;
  bool ascii, released;
  size_t offset;
  look_at(raw, e->release, &ascii, &released);
  if (released) {
    int r = without_release(e, allocator, raw, &value);
    if (r < 0) return r;
  }
  if (!ascii) {
    if (e->charset == CHARSET_UNKNOWN) return EDIFACT_E_BYTES;
    int r = charset_decode(allocator, e->charset, value, &value, &offset);
    if (r != 0) return r < 0 ? r : EDIFACT_E_BYTES;
  }
  *ret = value;
  return 0;
}

bool edifact_equal(const struct edifact *e, struct text a, struct text b) {
  size_t i = 0, j = 0;
  for (; i < a.length && j < b.length; i++, j++) {
    if (e->release != 0 && a.data[i] == e->release) i++;
    if (e->release != 0 && b.data[j] == e->release) j++;
    if (a.data[i] != b.data[j]) return false;
  }
  return i == a.length && j == b.length;
}
