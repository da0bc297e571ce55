/*
 * xml_scan.c: follows the markup of a document just closely enough to know where a step may end.
 *
 * It judges nothing: what is wrong with the markup the parser behind it says. Each byte is looked at once,
 * because the end of a piece of markup is looked up when its start is met and then remembered. The scan stops
 * at a DOCTYPE, so that it never sees an internal subset.
 */
#include "connectors/format/xml_scan.h"

static bool starts_with(const struct xml_scan *scan, size_t at, struct text start) {
  return scan->length - at >= start.length && memcmp(scan->data + at, start.data, start.length) == 0;
}

/* Behind the first `needle` at or after `at` and before `limit`, else `limit`. */
static size_t find_behind(const struct xml_scan *scan, size_t at, size_t limit, struct text needle) {
  if (at >= limit) return limit;
  const char *found = memmem(scan->data + at, limit - at, needle.data, needle.length);
  return found == NULL ? limit : (size_t)(found - scan->data) + needle.length;
}

/* Behind the `>` of a tag; a `>` in a quoted value is not it. */
static size_t find_tag_end(const struct xml_scan *scan, size_t at, size_t limit) {
  char quote = 0;
  for (; at < limit; at++) {
    char c = scan->data[at];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '>') {
      return at + 1;
    }
  }
  return limit;
}

static void classify(struct xml_scan *scan, size_t longest) {
  size_t start = scan->start, limit = scan->length;
  if (limit - start > longest + 1) limit = start + longest + 1;
  if (starts_with(scan, start, TEXT("<![CDATA["))) {
    scan->markup = XML_CDATA;
    scan->end = find_behind(scan, start + 9, scan->length, TEXT("]]>"));
  } else if (starts_with(scan, start, TEXT("<!--"))) {
    scan->markup = XML_COMMENT;
    scan->end = find_behind(scan, start + 4, limit, TEXT("-->"));
  } else if (starts_with(scan, start, TEXT("<!DOCTYPE"))) {
    scan->markup = XML_DOCTYPE;
    scan->end = start + 9;
  } else if (starts_with(scan, start, TEXT("<?"))) {
    scan->markup = XML_INSTRUCTION;
    scan->end = find_behind(scan, start + 2, limit, TEXT("?>"));
  } else {
    scan->markup = XML_TAG;
    scan->end = find_tag_end(scan, start + 1, limit);
  }
}

bool xml_scan_to(struct xml_scan *scan, size_t place, size_t longest) {
  while (scan->end <= place && scan->end < scan->length) {
    const char *next = memchr(scan->data + scan->end, '<', scan->length - scan->end);
    if (next == NULL) {
      scan->markup = XML_NOTHING;
      scan->start = scan->end = scan->length;
      return false;
    }
    scan->start = (size_t)(next - scan->data);
    classify(scan, longest);
    if (scan->markup == XML_DOCTYPE) return true;
    if (scan->markup != XML_CDATA && scan->end - scan->start > longest) return true;
  }
  return false;
}

size_t xml_scan_cut(const struct xml_scan *scan, size_t place, bool *ret_in_cdata) {
  *ret_in_cdata = false;
  if (place >= scan->length) return scan->length;
  for (int i = 0; i < 3 && ((unsigned char)scan->data[place] & 0xC0) == 0x80; i++) place--;
  if (scan->data[place] == '\n' && scan->data[place - 1] == '\r') place--;
  if (scan->markup != XML_CDATA || place <= scan->start || place >= scan->end) return place;
  if (place <= scan->start + 9) return scan->start + 9 < scan->end ? scan->start : place;
  bool closed = starts_with(scan, scan->end - 3, TEXT("]]>"));
  if (closed && place >= scan->end - 3) return scan->end;
  *ret_in_cdata = true;
  return place;
}
