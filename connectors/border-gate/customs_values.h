/*
 * customs_values.h: the text of an element as a value of a message.
 */
#ifndef BORDER_GATE_CUSTOMS_VALUES_H
#define BORDER_GATE_CUSTOMS_VALUES_H

#include "connectors/border-gate/customs_elements.h"

struct value_place { /* where a value goes, and what stood in its start tag */
  struct hub_sink *sink;
  const struct allocator *allocator;
  int32_t zone_offset_s;
  void *message;
  struct scrap *scrap;
  struct text unit;     /* unitCode */
  struct text currency; /* currencyID */
  size_t *list_items;   /* made so far in all lists */
};

enum { LIST_ITEMS_MAX = 200000 };

/* Why a value cannot be taken. */
struct value_refusal {
  enum hub_reject_code code;
  const char *detail;
};

#define VALUE_E_REFUSED 1

/* text: trimmed, not empty. Returns 0, -ENOMEM or VALUE_E_REFUSED. */
int value_put(const struct value_place *, const struct element *, struct text, struct value_refusal *);

/* Adds a message of that kind to the list. The same results. */
int value_add_part(const struct value_place *, const struct element *, void **ret_part,
                   struct value_refusal *);

#endif
