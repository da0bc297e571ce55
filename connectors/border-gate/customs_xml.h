/*
 * customs_xml.h: XML payloads: exports of ECUS5VNACCS, answers of the customs QR service, the WCO data model.
 */
#ifndef BORDER_GATE_CUSTOMS_XML_H
#define BORDER_GATE_CUSTOMS_XML_H

#include "connectors/border-gate/border-gate.h"

/* One document; its root element says what it is. */
int customs_xml_translate(const struct border_gate *, const struct hub_payload *, struct hub_sink *);

#endif
