/*
 * edifact_read.c: elements of the current segment as texts of a message.
 *
 * A text is trimmed: fields of fixed width from older systems arrive filled up with blanks. Both marks of a
 * decimal are read whatever UNA says, since the standard knows no mark between thousands.
 */
#include "connectors/border-gate/edifact_read.h"

#include "connectors/border-gate/decimal.h"

#include <errno.h>

enum {
  CONTRL_INVALID = 12,
  CONTRL_MISSING = 13,
  CONTRL_AGREEMENT = 17,
  CONTRL_UNSPECIFIED = 18,
  CONTRL_DECIMAL = 19,
  CONTRL_CHARACTERS = 21,
  CONTRL_REPETITIONS = 35,
};

const struct edi_reason edi_unnamed = {HUB_UNSUPPORTED, CONTRL_AGREEMENT, "a message that is not taken here"},
                        edi_version = {HUB_UNSUPPORTED, CONTRL_AGREEMENT,
                                       "a directory version that is not taken here (D.95B and later are)"},
                        edi_no_document = {HUB_MISSING, CONTRL_MISSING, "the message has no BGM"},
                        edi_no_number = {HUB_MISSING, CONTRL_MISSING, "the document has no number"},
                        edi_bytes = {HUB_INVALID, CONTRL_CHARACTERS,
                                     "bytes that the character set of the interchange does not define"},
                        edi_nul = {HUB_INVALID, CONTRL_CHARACTERS, "a text may not hold NUL"},
                        edi_number = {HUB_INVALID, CONTRL_DECIMAL, "a number must stand here"},
                        edi_section = {HUB_INVALID, CONTRL_INVALID, "a section is D or S"},
                        edi_parts = {HUB_TOO_LARGE, CONTRL_REPETITIONS, "too many segments in one message"};

unsigned edi_contrl_code(const char *detail) {
  static const struct edi_reason *const reasons[] = {&edi_unnamed,   &edi_version, &edi_no_document,
                                                     &edi_no_number, &edi_bytes,   &edi_nul,
                                                     &edi_number,    &edi_section, &edi_parts};
  for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
    if (detail != NULL && strcmp(reasons[i]->detail, detail) == 0) return reasons[i]->contrl;
  return CONTRL_UNSPECIFIED;
}

void edi_refuse(struct edi *job, const struct edi_reason *reason, unsigned element, unsigned component) {
  if (job->result != 0) return;
  job->result = EDI_REFUSED;
  job->reason = reason;
  job->where = edifact_here(job->reader, element, component);
}

void *edi_alloc(struct edi *job, size_t bytes) {
  void *memory = job->result == 0 ? hub_alloc(job->sink, bytes) : NULL;
  if (memory == NULL && job->result == 0) job->result = -ENOMEM;
  return memory;
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

static struct text without_blanks(struct text text) {
  while (text.length != 0 && is_blank(text.data[0])) text.data++, text.length--;
  while (text.length != 0 && is_blank(text.data[text.length - 1])) text.length--;
  return text;
}

static struct text plain_text(struct edi *job, struct text raw, unsigned element, unsigned component) {
  struct text value = TEXT_NONE;
  if (job->result != 0 || raw.length == 0) return TEXT_NONE;
  int r = edifact_value(job->reader, &job->allocator, raw, &value);
  if (r < 0) job->result = r;
  if (r > 0) edi_refuse(job, &edi_bytes, element, component);
  if (r == 0 && memchr(value.data, 0, value.length) != NULL) edi_refuse(job, &edi_nul, element, component);
  return job->result == 0 ? without_blanks(value) : TEXT_NONE;
}

struct text edi_text(struct edi *job, unsigned element, unsigned component) {
  return plain_text(job, edifact_raw(job->reader, element, 0, component), element, component);
}

struct text edi_plain(struct edi *job, struct text raw) {
  return plain_text(job, raw, 0, 0);
}

char *edi_copy(struct edi *job, struct text text) {
  char *copy = text.length != 0 ? edi_alloc(job, text.length + 1) : NULL;
  if (copy == NULL) return (char *)(uintptr_t)protobuf_c_empty_string;
  memcpy(copy, text.data, text.length);
  return copy;
}

char *edi_string(struct edi *job, unsigned element, unsigned component) {
  return edi_copy(job, edi_text(job, element, component));
}

char *edi_personal(struct edi *job, enum hub_personal_kind kind, struct text text) {
  char *safe = (char *)(uintptr_t)protobuf_c_empty_string;
  if (job->result == 0 && text.length != 0)
    job->result = hub_personal(job->sink, kind, text.data, text.length, &safe);
  return safe;
}

struct text edi_both(struct edi *job, struct text a, struct text b) {
  if (a.length == 0 || b.length == 0) return a.length == 0 ? b : a;
  char *both = edi_alloc(job, a.length + 1 + b.length);
  if (both == NULL) return TEXT_NONE;
  memcpy(both, a.data, a.length);
  both[a.length] = ' ';
  memcpy(both + a.length + 1, b.data, b.length);
  return (struct text){both, a.length + 1 + b.length};
}

void edi_words_add(struct edi *job, struct edi_words *words, struct text text) {
  size_t needed = words->length + 1 + text.length;
  if (text.length == 0 || job->result != 0) return;
  if (needed > words->capacity) {
    char *grown = edi_alloc(job, 2 * needed);
    if (grown == NULL) return;
    if (words->length != 0) memcpy(grown, words->data, words->length);
    words->data = grown;
    words->capacity = 2 * needed;
  }
  if (words->length != 0) words->data[words->length++] = ' ';
  memcpy(words->data + words->length, text.data, text.length);
  words->length += text.length;
}

struct text edi_joined(struct edi *job, unsigned element, unsigned first, unsigned last) {
  struct text all = TEXT_NONE;
  for (unsigned i = first; i <= last; i++) all = edi_both(job, all, edi_text(job, element, i));
  return all;
}

/* Digits with at most one mark between them. */
static bool is_number(struct text text) {
  size_t digits = 0, marks = 0;
  for (size_t i = text.length != 0 && text.data[0] == '-'; i < text.length; i++) {
    char c = text.data[i];
    if (c >= '0' && c <= '9') digits++;
    else if ((c == '.' || c == ',') && marks == 0) marks++;
    else return false;
  }
  return digits != 0;
}

char *edi_number_text(struct edi *job, unsigned element, unsigned component) {
  struct text text = edi_text(job, element, component);
  if (text.length != 0 && !is_number(text)) edi_refuse(job, &edi_number, element, component);
  char *copy = edi_copy(job, text);
  for (char *p = copy; *p != 0; p++)
    if (*p == ',') *p = '.';
  return copy;
}

char *edi_kilograms(struct edi *job, unsigned element, unsigned component, struct text unit) {
  char *number = edi_number_text(job, element, component);
  char *weight = (char *)(uintptr_t)protobuf_c_empty_string;
  if (job->result != 0 || *number == 0) return weight;
  int r = decimal_kilograms(&job->allocator, text_of(number), unit, &weight);
  if (r < 0) job->result = r;
  if (r > 0) edi_refuse(job, &edi_number, element, component);
  return weight;
}

/* Capacities are powers of two, so that the count alone says when the list is full. */
void edi_append(struct edi *job, void *list, size_t *count, void *item) {
  void **items, **grown;
  if (job->result != 0 || item == NULL) return;
  if (++job->parts > EDI_PARTS_MAX) {
    edi_refuse(job, &edi_parts, 0, 0);
    return;
  }
  memcpy(&items, list, sizeof(items));
  if ((*count & (*count - 1)) == 0) { /* 0, 1, 2, 4, 8 … */
    grown = edi_alloc(job, (*count == 0 ? 1 : 2 * *count) * sizeof(*grown));
    if (grown == NULL) return;
    if (*count != 0) memcpy(grown, items, *count * sizeof(*grown));
    memcpy(list, &grown, sizeof(grown));
    items = grown;
  }
  items[(*count)++] = item;
}
