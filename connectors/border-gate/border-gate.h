/*
 * border-gate.h: what all formats of the connector share: one source's settings, and which format a payload
 * is in.
 */
#ifndef BORDER_GATE_H
#define BORDER_GATE_H

#include "connectors/format/text.h"
#include "connectors/iochub_connector.h"

enum border_format {
  FORMAT_AUTO,    /* option only: by content type, then by the bytes */
  FORMAT_JSON,    /* declarations of the digital border gate, vehicle movements */
  FORMAT_NDJSON,  /* the same, one object a line */
  FORMAT_XML,     /* ECUS export, answers of the customs QR service, WCO data model */
  FORMAT_EDIFACT, /* UN/EDIFACT */
};

struct border_gate {
  int32_t zone_offset_s;     /* of times that name no zone */
  enum border_format format; /* FORMAT_AUTO unless the admin chose */
};

/* Whether it came as a file and not with a request. Records of a file may leave before its end is read; what
 * comes with a request is kept in memory until all of it is judged, so there the host's bound must hold. */
static inline bool border_gate_is_file(const struct hub_payload *payload) { return payload->method == NULL; }

#endif
