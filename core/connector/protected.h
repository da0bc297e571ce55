/*
 * protected.h: the texts that personal() returned for one payload, so that emit() can tell a protected text
 * from one that a connector put into a tagged field by itself.
 */
#ifndef CORE_CONNECTOR_PROTECTED_H
#define CORE_CONNECTOR_PROTECTED_H

#include "connectors/iochub_connector.h"
#include "core/arena.h"

struct protected_text;

struct protected_texts { /* zeroed: empty; its memory is the arena's */
  struct protected_text *list;
  size_t count, size;
};

/* text must live as long as the set. */
int protected_add(struct protected_texts *, struct arena *, enum hub_personal_kind, struct text) must_use;
bool protected_has(const struct protected_texts *, enum hub_personal_kind, struct text);

#endif
