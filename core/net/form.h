/*
 * form.h: what multipart.c and form.c share. Private to core/net.
 */
#ifndef CORE_NET_FORM_H
#define CORE_NET_FORM_H

#include "core/net/multipart.h"

struct form_builder {
  struct arena *arena;
  const struct hub_part *parts[FORM_PARTS_MAX];
  const struct hub_field *fields[FORM_FIELDS_MAX];
  size_t parts_count, fields_count, body_fields_count;
  const char *detail; /* why FORM_E_INVALID */
};

static inline int form_refuse(struct form_builder *form, const char *detail) {
  form->detail = detail;
  return FORM_E_INVALID;
}

/* One parameter of a header value: `; NAME=TOKEN` or `; NAME="QUOTED"`. */
struct form_parameter {
  struct text name;  /* as sent */
  struct text value; /* unquoted, in the arena where that was needed */
};

/* Takes the next parameter off *rest. Returns 0 at the end, 1 with *ret set, or a negative errno; -EBADMSG:
 * not that form. */
int form_next_parameter(struct arena *, struct text *rest, struct form_parameter *ret) must_use;

/* ASCII letters alike. */
bool form_is(struct text, const char *lower);

/* A terminated copy; refuses NUL and bytes that are not UTF-8. */
int form_string(struct form_builder *, struct text, const char **ret_string) must_use;

/* Percent-decoded once; plus: '+' is a blank. The result is UTF-8, and in the arena only when something
 * changed. */
int form_decode(struct form_builder *, struct text raw, bool plus, struct text *ret) must_use;

int form_add_field(struct form_builder *, const char *name, struct text value) must_use;

/* multipart.c: the body between its boundaries. */
int form_read_multipart(struct form_builder *, struct text boundary, struct text body) must_use;

#endif
