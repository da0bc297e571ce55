/*
 * edifact_place.c: where something stands, in the words of the format.
 *
 * Lines are counted on from the place before, and a segment's turn among those of its tag by looking through
 * its message once: many wrong messages cost one scan of the data in all.
 */
#include "connectors/format/edifact_scan.h"

static unsigned occurrence_of(const struct edifact *e, const struct edifact_where *where) {
  size_t offset = e->message.offset, start, end;
  unsigned count = 1;
  for (; edifact_find_segment(e, offset, &start, &end) == SCAN_SEGMENT && start < where->offset;
       offset = end + 1)
    count += edifact_has_tag(e, start, end) && memcmp(e->data + start, where->tag, 3) == 0;
  return count;
}

static void count_lines(struct edifact *e, size_t offset) {
  size_t line, column;
  if (offset < e->place_offset) e->place_offset = 0, e->place_line = e->place_column = 1;
  text_place(e->data + e->place_offset, e->length - e->place_offset, offset - e->place_offset, &line,
             &column);
  e->place_column = line == 1 ? e->place_column + column - 1 : column;
  e->place_line += line - 1;
  e->place_offset = offset;
}

/* Only tags that somebody here knows are shown: others are text of the sender's. */
static bool is_known(const char tag[4]) {
  static const char tags[][4] = {"UNA", "UNB", "UNE", "UNG", "UNH", "UNO", "UNP", "UNS", "UNT", "UNZ", "BGM",
                                 "CNI", "CNT", "COM", "CST", "CTA", "DGS", "DMS", "DOC", "DTM", "EQD", "ERC",
                                 "ERP", "FTX", "GDS", "GEI", "GID", "GIS", "LOC", "MEA", "MOA", "NAD", "PAC",
                                 "PCI", "QTY", "RFF", "SEL", "STS", "TAX", "TDT", "TOD", "TSR"};
  for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
    if (memcmp(tags[i], tag, 3) == 0) return true;
  return false;
}

static char *put_text(char *out, const char *text) {
  size_t length = strlen(text);
  memcpy(out, text, length);
  return out + length;
}

/* The number between two texts; nothing when it is 0. */
static char *put_number(char *out, const char *before, size_t number, const char *behind) {
  char digits[20];
  size_t count = 0;
  if (number == 0) return out;
  out = put_text(out, before);
  for (; number != 0; number /= 10) digits[count++] = (char)('0' + number % 10);
  while (count != 0) *out++ = digits[--count];
  return put_text(out, behind);
}

/* At most 20 digits for line and column, 10 for the other numbers: it fits. */
void edifact_place(struct edifact *e, const struct edifact_where *where, char ret_at[EDIFACT_PLACE_SIZE]) {
  bool in_message = e->message.number != 0 && where->offset >= e->message.offset;
  const char *tag = where->tag[0] == 0 ? "" : is_known(where->tag) ? where->tag : "*";
  unsigned nth = in_message && is_known(where->tag) ? occurrence_of(e, where) : 1;
  count_lines(e, where->offset);
  char *out = put_number(ret_at, "", e->place_line, "");
  out = put_number(out, ":", e->place_column, " ");
  out = put_number(out, "UNB+", e->number > 1 ? e->number : 0, "/");
  out = put_number(out, "UNH+", in_message ? e->message.number : 0, "/");
  out = put_text(out, tag);
  out = put_number(out, "[", nth > 1 ? nth : 0, "]");
  out = put_number(out, "+", where->element, "");
  out = put_number(out, ":", where->component, "");
  while (out[-1] == '/' || out[-1] == ' ') out--;
  *out = 0;
}
