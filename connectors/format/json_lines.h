/*
 * json_lines.h: the lines of a text that holds one JSON value a line (NDJSON, JSON Lines).
 *
 * A line ends at LF or at the end of the text; white space before its end (a CR) is cut off. Lines of nothing
 * but white space are passed over and counted. A byte order mark in front is skipped.
 * Nothing is copied or remembered, so a text of any length costs the memory of a struct.
 */
#ifndef FORMAT_JSON_LINES_H
#define FORMAT_JSON_LINES_H

#include "connectors/format/text.h"

#define JSON_LINE_MAX ((size_t)1024 * 1024) /* what a reader should take at most */

struct json_lines {
  struct text rest; /* not looked at yet */
  size_t number;    /* of the last line that was looked at */
};

struct json_line {
  struct text text; /* from its first byte, never blank */
  size_t number;    /* from 1 */
};

struct json_lines json_lines_of(struct text);

/* The next line that is not blank; false: there is none. */
bool json_lines_next(struct json_lines *, struct json_line *ret_line);

#endif
