/*
 * facts.h: parts of messages that every format makes in the same way: times, parties, codes.
 */
#ifndef BORDER_GATE_FACTS_H
#define BORDER_GATE_FACTS_H

#include "connectors/border-gate/border-gate.h"
#include "connectors/format/code.h"
#include "connectors/members/timestamp.h"
#include "ioc/bordergate/v1/types.pb-c.h"

extern const struct code transport_modes[];   /* UN recommendation 19 */
extern const struct code message_functions[]; /* EDIFACT 1225, WCO FunctionCode */

/* -ENOMEM or 0. */
int fact_time(struct hub_sink *, const struct time_point *, Google__Protobuf__Timestamp **ret_time,
              Ioc__Bordergate__V1__TimePrecision *ret_precision);

/* Fills in number and name of a company or of what may be a person, by the rule beside message Party. Either
 * may be empty. Returns 0, -ENOMEM or HUB_E_NUL. */
int fact_party(struct hub_sink *, Ioc__Bordergate__V1__Party *, struct text id, struct text name);

/* What names a means of transport: a plate where it is one of road transport or of unknown mode, else clear.
 * id_type_code 30 and 31, set in the message before, are road vehicles whatever carries them. Sets mode_code,
 * mode, and plate or id. Returns 0, -ENOMEM or HUB_E_NUL. */
int fact_transport(struct hub_sink *, Ioc__Bordergate__V1__TransportMeans *, struct text mode_code,
                   struct text id);

#endif
