/*
 * bare_xml.c: the least that turns an edXML into a packed Document: libxml2's push parser, a chain of
 * names, a table of text members, protobuf-c. No limits, no places, no personal data, no repeats.
 */
#include <libxml/parser.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ioc/edoc/v1/document.pb-c.h"
#include "tests/bench/bare.h"

enum { DEPTH = 16, TEXTS = 48, ROOM = 65536 };

struct reading {
  const char *names[DEPTH]; /* interned by the parser */
  int depth;
  char room[ROOM];
  size_t length, start;
  struct { const char *parent, *name, *text; } found[TEXTS];
  int count;
};

static void on_start(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                     int namespaces, const xmlChar **namespace_list, int attributes, int defaulted,
                     const xmlChar **list) {
  struct reading *reading = context;
  if (reading->depth < DEPTH)
    reading->names[reading->depth] = (const char *)name;
  reading->depth++;
  reading->start = reading->length;
}

static void on_text(void *context, const xmlChar *text, int length) {
  struct reading *reading = context;
  if (reading->length + (size_t)length + 1 >= ROOM)
    return;
  memcpy(reading->room + reading->length, text, (size_t)length);
  reading->length += (size_t)length;
}

static void on_end(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri) {
  struct reading *reading = context;
  bool kept = reading->count < TEXTS && reading->depth >= 2 && reading->depth < DEPTH;
  if (kept && reading->length > reading->start) {
    reading->room[reading->length++] = 0;
    reading->found[reading->count].parent = reading->names[reading->depth - 2];
    reading->found[reading->count].name = (const char *)name;
    reading->found[reading->count++].text = reading->room + reading->start;
  }
  reading->start = reading->length;
  reading->depth--;
}

static char *text_at(const struct reading *reading, const char *parent, const char *name) {
  for (int i = 0; i < reading->count; i++)
    if (strcmp(reading->found[i].name, name) == 0 && strcmp(reading->found[i].parent, parent) == 0)
      return (char *)reading->found[i].text;
  return (char *)protobuf_c_empty_string;
}

static void message_pack(const struct reading *reading, struct bare_message *message) {
  Ioc__Edoc__V1__Document document = IOC__EDOC__V1__DOCUMENT__INIT;
  Ioc__Edoc__V1__Organization from = IOC__EDOC__V1__ORGANIZATION__INIT;
  Ioc__Edoc__V1__Signer signer = IOC__EDOC__V1__SIGNER__INIT;
  Ioc__Edoc__V1__Attachment attachment = IOC__EDOC__V1__ATTACHMENT__INIT, *attachments[] = {&attachment};
  document.document_id = text_at(reading, "MessageHeader", "DocumentId");
  document.code_number = text_at(reading, "Code", "CodeNumber");
  document.code_notation = text_at(reading, "Code", "CodeNotation");
  document.subject = text_at(reading, "MessageHeader", "Subject");
  document.content = text_at(reading, "MessageHeader", "Content");
  document.type_name = text_at(reading, "DocumentType", "TypeName");
  document.type_code = text_at(reading, "DocumentType", "Type");
  document.priority_code = text_at(reading, "OtherInfo", "Priority");
  document.promulgation_place = text_at(reading, "PromulgationInfo", "Place");
  document.business_reason = text_at(reading, "Bussiness", "BussinessDocReason");
  from.id = text_at(reading, "From", "OrganId");
  from.name = text_at(reading, "From", "OrganName");
  from.email = text_at(reading, "From", "Email");
  signer.position = text_at(reading, "SignerInfo", "Position");
  signer.name = text_at(reading, "SignerInfo", "FullName");
  attachment.name = text_at(reading, "Attachment", "AttachmentName");
  document.from = &from;
  document.signer = &signer;
  document.attachments = attachments;
  document.n_attachments = 1;
  message->type = "ioc.edoc.v1.Document";
  message->value_length = ioc__edoc__v1__document__get_packed_size(&document);
  if (message->value_length <= sizeof(message->value))
    ioc__edoc__v1__document__pack(&document, message->value);
  strncat(message->key, document.document_id, sizeof(message->key) - 1);
}

int bare_xml(char *body, size_t length, struct bare_message *message) {
  static struct reading reading;
  xmlSAXHandler handler = {.initialized = XML_SAX2_MAGIC, .startElementNs = on_start, .endElementNs = on_end,
                           .characters = on_text, .cdataBlock = on_text};
  reading.depth = reading.count = 0;
  reading.length = reading.start = 0;
  xmlParserCtxtPtr parser = xmlCreatePushParserCtxt(&handler, &reading, NULL, 0, NULL);
  if (!parser)
    return 0;
  int good = xmlParseChunk(parser, body, (int)length, 1) == 0;
  message->key[0] = 0;
  if (good)
    message_pack(&reading, message);
  xmlFreeParserCtxt(parser);
  return good && message->key[0];
}
