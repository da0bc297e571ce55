/*
 * edifact_parts.h: parts of messages, each from the current segment. NULL after an error (job.result).
 */
#ifndef BORDER_GATE_EDIFACT_PARTS_H
#define BORDER_GATE_EDIFACT_PARTS_H

#include "connectors/border-gate/edifact_read.h"

#define EDI_APPEND(job, message, list, item) edi_append(job, &(message)->list, &(message)->n_##list, item)

/* LOC, and its qualifier for whoever sorts places out. */
Ioc__Bordergate__V1__Location *part_location(struct edi *);
Ioc__Bordergate__V1__Party *part_party(struct edi *);              /* NAD */
Ioc__Bordergate__V1__Reference *part_reference(struct edi *);      /* RFF */
Ioc__Bordergate__V1__Reference *part_document(struct edi *);       /* DOC */
Ioc__Bordergate__V1__TransportMeans *part_transport(struct edi *); /* TDT */
Ioc__Bordergate__V1__Amount *part_amount(struct edi *);            /* MOA */
Ioc__Bordergate__V1__EventTime *part_time(struct edi *);           /* DTM */

/* Words of FTX. */
struct text part_words(struct edi *);

enum part_weight { WEIGHT_OTHER, WEIGHT_GROSS, WEIGHT_NET };

struct edi_weight { /* of MEA; kilograms and texts only where it is a weight */
  enum part_weight kind;
  char *kilograms, *given, *unit;
};

struct edi_weight part_weight(struct edi *);

/* Goods and what stands under them: FTX LOC MEA PAC MOA RFF DOC SGP DGS QTY CST PIA. */
struct edi_goods {
  Ioc__Bordergate__V1__GoodsItem *item; /* NULL: none is open */
  struct edi_words description;
};

/* Each ends the item before. */
void part_goods_begin_gid(struct edi *, struct edi_goods *);
void part_goods_begin_cst(struct edi *, struct edi_goods *);
/* False: the segment says nothing of the item. */
bool part_goods_take(struct edi *, struct edi_goods *);
void part_goods_end(struct edi *, struct edi_goods *);

/* Equipment and what stands under it: SEL MEA DTM LOC FTX. */
struct edi_equipment {
  Ioc__Bordergate__V1__Equipment *item;
  struct edi_words note;
};

void part_equipment_begin(struct edi *, struct edi_equipment *); /* EQD */
bool part_equipment_take(struct edi *, struct edi_equipment *);
void part_equipment_end(struct edi *, struct edi_equipment *);

/* What both messages say of their envelope; CargoReport and CustomsDeclaration name these fields alike. */
#define EDI_SET_ENVELOPE(job, m)                                          \
  do {                                                                    \
    (m)->interchange_reference = edi_envelope(job, ENVELOPE_INTERCHANGE); \
    (m)->message_reference = edi_envelope(job, ENVELOPE_MESSAGE);         \
    (m)->message_version = edi_envelope(job, ENVELOPE_VERSION);           \
    (m)->sender_id = edi_envelope(job, ENVELOPE_SENDER);                  \
    (m)->recipient_id = edi_envelope(job, ENVELOPE_RECIPIENT);            \
    (m)->test = (job)->reader->test;                                      \
  } while (0)

enum edi_envelope {
  ENVELOPE_INTERCHANGE,
  ENVELOPE_MESSAGE,
  ENVELOPE_VERSION,
  ENVELOPE_SENDER,
  ENVELOPE_RECIPIENT,
};

char *edi_envelope(struct edi *, enum edi_envelope);

#endif
