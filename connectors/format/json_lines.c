/*
 * json_lines.c: splits a text into lines.
 *
 * A JSON value cannot hold a raw line feed, so a split at every LF never splits a value; what the value is,
 * its reader finds out.
 */
#include "connectors/format/json_lines.h"

struct json_lines json_lines_of(struct text text) {
  size_t mark = text.length >= 3 && memcmp(text.data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
  return (struct json_lines){{text.data + mark, text.length - mark}, 0};
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

static struct text take_line(struct text *rest) {
  const char *end = memchr(rest->data, '\n', rest->length);
  struct text line = {rest->data, end == NULL ? rest->length : (size_t)(end - rest->data)};
  size_t taken = line.length + (end != NULL);
  *rest = (struct text){rest->data + taken, rest->length - taken};
  return line;
}

bool json_lines_next(struct json_lines *lines, struct json_line *ret_line) {
  while (lines->rest.length != 0) {
    struct text line = take_line(&lines->rest);
    lines->number++;
    while (line.length != 0 && is_blank(line.data[line.length - 1])) line.length--;
    if (line.length == 0) continue;
    *ret_line = (struct json_line){line, lines->number};
    return true;
  }
  return false;
}
