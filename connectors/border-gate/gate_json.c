/*
 * gate_json.c: finds out what a JSON payload is and takes its records.
 */
#include "connectors/border-gate/gate_json.h"

int gate_json_translate(const struct border_gate *gate, const struct hub_payload *payload,
                        struct hub_sink *sink) {
  struct hub_rejection rejection = {.size = sizeof(rejection), .code = HUB_UNSUPPORTED, .at = "1:1"};
  (void)gate, (void)payload;
  return hub_reject(sink, &rejection);
}

int gate_lines_translate(const struct border_gate *gate, const struct hub_payload *payload,
                         struct hub_sink *sink) {
  return gate_json_translate(gate, payload, sink);
}
