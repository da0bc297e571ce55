/*
 * hl7_translate.c: a payload of HL7 v2, message by message.
 *
 * The frame of batches is judged before the first record, so that what counts wrong publishes nothing; behind
 * that each message stands for itself. More than one message is therefore an independent payload.
 */
#include "connectors/health/hl7.h"
#include "connectors/health/hl7_fields.h"

#include <errno.h>
#include <string.h>

/* The media types in use: x-application/hl7-v2+er7, application/hl7-v2, text/hl7v2 … */
static bool is_hl7_type(const char *type) {
  return type != NULL && (strstr(type, "hl7-v2") != NULL || strstr(type, "hl7v2") != NULL);
}

bool hl7_looks_like(const struct hub_payload *payload) {
  if (is_hl7_type(payload->content_type)) return true;
  return hl7v2_is((struct text){payload->data, payload->length});
}

static int refuse(struct hub_sink *sink, const struct hl7_fault *fault) {
  struct hub_rejection rejection = {
      .size = sizeof(rejection), .code = fault->code, .at = fault->at, .detail = fault->detail};
  return hub_reject(sink, &rejection);
}

static int take_message(const struct health *health, const struct hl7v2_unit *unit, struct hub_sink *sink) {
  struct hl7_message read;
  struct hl7_maker m = {
      .maker = {.sink = sink, .zone_offset_s = health->zone_offset_s},
      .allocator = {hub_alloc_for_format, sink},
      .message = &read.message,
      .index = hub_alloc(sink, sizeof(*m.index)),
  };
  if (m.index == NULL) return -ENOMEM;
  int r = hl7_message_read(&m.allocator, unit, &read, &m.fault);
  if (r != 0) return r < 0 ? r : hl7_reject(&m, unit->bytes);
  return read.type == HL7_ADT ? hl7_visit_emit(&m, &read) : hl7_results_emit(&m);
}

int hl7_translate(const struct health *health, const struct hub_payload *payload, struct hub_sink *sink) {
  struct hl7v2 hl7v2;
  struct hl7v2_unit unit;
  struct hl7_fault fault;
  if (hl7_open(&hl7v2, payload, &fault) != 0) return refuse(sink, &fault);
  int r = hl7v2.messages > 1 ? sink->ops->independent(sink) : 0;
  while (r == 0 && hl7v2_next(&hl7v2, &unit) == 0) {
    if (unit.kind != HL7V2_MESSAGE) continue;
    r = take_message(health, &unit, sink);
    if (r == 0 && hl7v2.messages > 1) hub_release(sink);
  }
  return r;
}
