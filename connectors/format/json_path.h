/*
 * json_path.h: where in a JSON text something stands, as a chain of crumbs that whoever walks down leaves on
 * its stack.
 *
 * A crumb costs nothing until a place has to be said. Names are those of the reader's own tables and not of
 * the input, which do not belong into error places; so none of them needs escaping.
 */
#ifndef FORMAT_JSON_PATH_H
#define FORMAT_JSON_PATH_H

#include <stddef.h>

struct crumb { /* a member, or an element of a list */
  const struct crumb *up;
  const char *name; /* NULL: an element */
  size_t index;
};

enum { CRUMB_PATH_SIZE = 256 };

/* Writes the JSON Pointer of the crumb, terminated and cut to size - 1 bytes; NULL is the root. Returns its
 * length. */
size_t crumb_path(const struct crumb *, char *out, size_t size);

#endif
