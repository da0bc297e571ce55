/*
 * multipart.h: multipart/form-data (RFC 7578, RFC 2046) and application/x-www-form-urlencoded bodies as parts
 * and fields. Views into the body; names and decoded values in the arena.
 */
#ifndef CORE_NET_MULTIPART_H
#define CORE_NET_MULTIPART_H

#include "connectors/iochub_connector.h"
#include "core/arena.h"

enum { FORM_PARTS_MAX = 64, FORM_FIELDS_MAX = 256 };

struct form {
  const struct hub_part *const *parts;
  size_t parts_count;
  const struct hub_field *const *fields; /* parts without a file name, urlencoded members, query parameters */
  size_t fields_count, body_fields_count; /* those of the body come first */
};

/* FORM_E_INVALID: *reterr_detail says what (constant text); nothing is readable two ways: a missing or
 * doubled boundary, a part without a name, bytes after the last boundary, header lines that are folded or not
 * CRLF. */
#define FORM_E_INVALID 1
int form_read(struct arena *, struct text content_type, struct text query, struct text body,
              struct form *ret_form, const char **reterr_detail) must_use;

#endif
