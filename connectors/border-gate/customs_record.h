/*
 * customs_record.h: one declaration, answer or response of customs XML as a record.
 */
#ifndef BORDER_GATE_CUSTOMS_RECORD_H
#define BORDER_GATE_CUSTOMS_RECORD_H

#include "connectors/border-gate/customs_elements.h"

struct customs_record {
  struct customs_record *next;
  Ioc__Bordergate__V1__CustomsDeclaration message;
  struct scrap scrap;
  const char *at;
  struct text bytes;
  enum hub_reject_code code; /* 0: it can be taken */
  const char *detail;
};

/* When its element ends: makes of scraps what they belong to, and sets `code` where the record cannot be
 * taken. */
int customs_record_finish(struct hub_sink *, const struct allocator *, struct customs_record *);

/* The same for a part of it. */
int customs_part_finish(struct hub_sink *, const struct part *, void *message, const struct scrap *);

int customs_record_emit(struct hub_sink *, const struct customs_record *);

#endif
