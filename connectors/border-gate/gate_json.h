/*
 * gate_json.h: JSON payloads: declarations of the digital border gate, its log of empty vehicles, and vehicle
 * movements.
 */
#ifndef BORDER_GATE_GATE_JSON_H
#define BORDER_GATE_GATE_JSON_H

#include "connectors/border-gate/border-gate.h"

/* One JSON text. */
int gate_json_translate(const struct border_gate *, const struct hub_payload *, struct hub_sink *);

/* One JSON text a line; the records do not depend on each other. */
int gate_lines_translate(const struct border_gate *, const struct hub_payload *, struct hub_sink *);

#endif
