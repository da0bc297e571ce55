/*
 * edifact_door.c: interchanges in UN/EDIFACT.
 */
#include "connectors/border-gate/edifact_door.h"

int edifact_translate(const struct border_gate *gate, const struct hub_payload *payload,
                      struct hub_sink *sink) {
  struct hub_rejection rejection = {.size = sizeof(rejection), .code = HUB_UNSUPPORTED, .at = "1:1"};
  (void)gate, (void)payload;
  return hub_reject(sink, &rejection);
}

int edifact_reply(const struct border_gate *gate, const struct hub_exchange *exchange,
                  struct hub_writer *writer) {
  (void)gate, (void)exchange, (void)writer;
  return 0;
}
