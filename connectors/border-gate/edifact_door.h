/*
 * edifact_door.h: interchanges in UN/EDIFACT and CONTRL as the answer to them.
 */
#ifndef BORDER_GATE_EDIFACT_DOOR_H
#define BORDER_GATE_EDIFACT_DOOR_H

#include "connectors/border-gate/border-gate.h"

/* One interchange: a CargoReport or CustomsDeclaration for each message. */
int edifact_translate(const struct border_gate *, const struct hub_payload *, struct hub_sink *);

/* Writes CONTRL, or nothing where the payload is not known. */
int edifact_reply(const struct border_gate *, const struct hub_exchange *, struct hub_writer *);

#endif
