/*
 * border-gate.c: connector for the digital border gate and for customs: opens a source, finds the format of a
 * payload and hands it on.
 *
 * The format is what the admin's option says, else what the content type says where it is one of one format,
 * else what the first bytes say. Senders label almost everything application/octet-stream or text/plain, so
 * most payloads are known by their bytes.
 */
#include "connectors/border-gate/border-gate.h"

#include "connectors/border-gate/customs_xml.h"
#include "connectors/border-gate/edifact_door.h"
#include "connectors/border-gate/gate_json.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

struct settings {
  int format;
};

static const char *const formats[] = {"auto", "json", "ndjson", "xml", "edifact", NULL};
static const struct hub_option option_format = {
    .size = sizeof(struct hub_option),
    .key = "format",
    .type = HUB_OPTION_CHOICE,
    .fallback = "auto",
    .choices = formats,
    .help =
        "What the source sends: auto = found by content type and bytes, json, ndjson = one JSON object a "
        "line, xml, edifact.",
    .offset = offsetof(struct settings, format),
};
static const struct hub_option *const options[] = {&option_format, NULL};

static const char *const messages[] = {
    "ioc.bordergate.v1.VehicleDeclaration", "ioc.bordergate.v1.VehicleStep",
    "ioc.bordergate.v1.CustomsDeclaration", "ioc.bordergate.v1.CargoReport", NULL};

static const struct {
  const char *type;
  enum border_format format;
} content_types[] = {
    {"application/x-ndjson", FORMAT_NDJSON}, {"application/ndjson", FORMAT_NDJSON},
    {"application/jsonl", FORMAT_NDJSON},    {"application/x-jsonlines", FORMAT_NDJSON},
    {"application/edifact", FORMAT_EDIFACT}, {"application/edi-consent", FORMAT_EDIFACT},
    {"application/xml", FORMAT_XML},         {"text/xml", FORMAT_XML},
    {"application/soap+xml", FORMAT_XML},
};

static enum border_format format_by_type(const char *content_type) {
  size_t length = content_type == NULL ? 0 : strcspn(content_type, "; \t");
  for (size_t i = 0; i < sizeof(content_types) / sizeof(content_types[0]); i++)
    if (strlen(content_types[i].type) == length &&
        strncasecmp(content_types[i].type, content_type, length) == 0)
      return content_types[i].format;
  return FORMAT_AUTO;
}

/* Whether no JSON text can go on behind the first line as this one does: then each line is by itself, and one
 * that is wrong spoils no other. */
static bool is_lines(struct text text) {
  const char *end = memchr(text.data, '\n', text.length), *limit = text.data + text.length;
  if (end == NULL) return false;
  struct text line = text_trim((struct text){text.data, (size_t)(end - text.data)});
  char last = line.data[line.length - 1];
  while (end < limit && memchr(" \t\r\n", *end, 4) != NULL) end++;
  if (end == limit || memchr(":[,{", last, 4) != NULL) return false;
  return *end == '{' || (last == '}' && memchr(",}]", *end, 3) == NULL);
}

static enum border_format format_by_bytes(struct text text) {
  if (text.length >= 3 && memcmp(text.data, "\xEF\xBB\xBF", 3) == 0)
    text = (struct text){text.data + 3, text.length - 3};
  while (text.length != 0 && memchr(" \t\r\n", *text.data, 4) != NULL) text.data++, text.length--;
  if (text.length == 0) return FORMAT_JSON;
  if (text.length >= 3 && memcmp(text.data, "UN", 2) == 0) return FORMAT_EDIFACT;
  if (*text.data == '{') return is_lines(text) ? FORMAT_NDJSON : FORMAT_JSON;
  if (*text.data == '[') return FORMAT_JSON;
  return memchr(text.data, '<', text.length < 1024 ? text.length : 1024) != NULL ? FORMAT_XML : FORMAT_JSON;
}

static enum border_format format_of(const struct border_gate *gate, const struct hub_payload *payload) {
  enum border_format format = gate->format;
  if (format == FORMAT_AUTO) format = format_by_type(payload->content_type);
  return format != FORMAT_AUTO ? format : format_by_bytes((struct text){payload->data, payload->length});
}

static int border_gate_open(const struct hub_host *host, const void *block, void **ret_self) {
  const struct settings *settings = block;
  struct border_gate *gate = calloc(1, sizeof(*gate));
  if (gate == NULL) return -ENOMEM;
  gate->zone_offset_s = host->zone_offset_s;
  gate->format = (enum border_format)settings->format;
  *ret_self = gate;
  return 0;
}

static int border_gate_translate(const void *self, const struct hub_payload *payload, struct hub_sink *sink) {
  const struct border_gate *gate = self;
  switch (format_of(gate, payload)) {
    case FORMAT_EDIFACT: return edifact_translate(gate, payload, sink);
    case FORMAT_XML: return customs_xml_translate(gate, payload, sink);
    case FORMAT_NDJSON: return gate_lines_translate(gate, payload, sink);
    default: return gate_json_translate(gate, payload, sink);
  }
}

static int border_gate_reply(const void *self, const struct hub_exchange *exchange,
                             struct hub_writer *writer) {
  const struct border_gate *gate = self;
  if (exchange->payload == NULL || format_of(gate, exchange->payload) != FORMAT_EDIFACT) return 0;
  return edifact_reply(gate, exchange, writer);
}

HUB_CONNECTOR(.name = "border-gate", .version = IOCHUB_VERSION,
              .summary = "Vehicles at the digital border gate, customs declarations and cargo reports",
              .messages = messages, .options = options, .settings_size = sizeof(struct settings),
              .open = border_gate_open, .translate = border_gate_translate, .reply = border_gate_reply,
              .close = free);
