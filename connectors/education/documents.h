/*
 * documents.h: a payload that is JSON: lists of OneRoster, or records in the names of the sector database.
 */
#ifndef EDUCATION_DOCUMENTS_H
#define EDUCATION_DOCUMENTS_H

#include "connectors/education/record.h"

struct crumb { /* where in the document something stands: a member, or an element of a list */
  const struct crumb *up;
  const char *name; /* NULL: an element */
  size_t index;
};

struct element {
  const struct json *object;
  const struct crumb *crumb;
};

/* The object as a record; element stays the caller's. Texts with NUL and objects where a text belongs refuse
 * the record when they are asked for. */
struct record element_record(struct job *, const struct field_table *, const struct element *);

/* "line:col /orgs/0/type"; NULL: no memory. */
const char *crumb_place(struct job *, const struct crumb *, size_t offset);

/* Refuses the element whole, at its place. 0 or a negative errno. */
int element_refuse(struct job *, enum hub_reject_code, const struct json *value, const struct crumb *,
                   const char *detail);

/* Members of the root that are lists of OneRoster: whether there are any, and taking them. */
bool document_is_oneroster(const struct json *root);
int document_take_oneroster(struct job *, const struct json *root);

int documents_translate(const struct education *, const struct hub_payload *, struct hub_sink *);

#endif
