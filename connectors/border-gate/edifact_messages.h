/*
 * edifact_messages.h: one message of an interchange as one message of ours.
 */
#ifndef BORDER_GATE_EDIFACT_MESSAGES_H
#define BORDER_GATE_EDIFACT_MESSAGES_H

#include "connectors/border-gate/edifact_parts.h"
#include "ioc/bordergate/v1/cargo_report.pb-c.h"
#include "ioc/bordergate/v1/customs_declaration.pb-c.h"

struct edi_cargo {
  Ioc__Bordergate__V1__CargoReport *report;
  Ioc__Bordergate__V1__Consignment *consignment; /* NULL: none is open */
  struct edi_equipment equipment;
  struct edi_goods goods;
  bool in_reference, in_consignment_totals, has_document;
};

void edi_cargo_begin(struct edi *, struct edi_cargo *, int form);
void edi_cargo_take(struct edi *, struct edi_cargo *);
void edi_cargo_end(struct edi *, struct edi_cargo *);

struct edi_customs {
  Ioc__Bordergate__V1__CustomsDeclaration *declaration;
  Ioc__Bordergate__V1__CustomsError *error; /* NULL: none is open */
  struct edi_equipment equipment;
  struct edi_goods goods;
  struct edi_words note, error_words;
  char *tax;                     /* type of the tax whose amount comes next; NULL: none */
  struct edifact_where document; /* BGM */
  bool in_detail, in_reference, has_document;
};

void edi_customs_begin(struct edi *, struct edi_customs *, int form);
void edi_customs_take(struct edi *, struct edi_customs *);
void edi_customs_end(struct edi *, struct edi_customs *);

#endif
