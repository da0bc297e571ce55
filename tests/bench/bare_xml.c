/*
 * bare_xml.c: the least that turns an edXML into a packed Document with the facts that the hub publishes:
 * libxml2's push parser, one lookup an element, protobuf-c. No limits, no places, no enums, no personal data,
 * no attachment's bytes, no repeats.
 */
#include <libxml/parser.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ioc/edoc/v1/document.pb-c.h"
#include "tests/bench/bare.h"

enum { DEPTH = 16, ROOM = 65536, TO_MAX = 4, PLACES = 256 };

enum fact {
  NOTHING,
  ID,
  NUMBER,
  NOTATION,
  SUBJECT,
  CONTENT,
  TYPE_NAME,
  TYPE_CODE,
  TYPE_DETAIL,
  PRIORITY,
  PLACE,
  DATE,
  DUE,
  FROM_ID,
  FROM_NAME,
  FROM_CHARGE,
  FROM_ADDRESS,
  FROM_EMAIL,
  REASON,
  BUSINESS_CODE,
  COMPETENCE,
  POSITION,
  SIGNER,
  DEPARTMENT,
  STAFF,
  STAFF_EMAIL,
  REPLY_ORGAN,
  REPLY_CODE,
  REPLY_DATE,
  REPLY_ID,
  TRACE_ORGAN,
  TRACE_AT,
  STEERING,
  TYPIST,
  AMOUNT,
  PAGES,
  DIRECTION,
  APPENDIX,
  FILE_ID,
  FILE_NAME,
  FILE_ABOUT,
  FILE_TYPE,
  TO_PLACE,
  TO_ID = TO_PLACE + TO_MAX,
  TO_NAME = TO_ID + TO_MAX,
  FACTS = TO_NAME + TO_MAX
};

static const struct wanted {
  const char *parent, *name;
  enum fact fact;
} wanted[] = {
    {"MessageHeader", "DocumentId", ID},
    {"Code", "CodeNumber", NUMBER},
    {"Code", "CodeNotation", NOTATION},
    {"MessageHeader", "Subject", SUBJECT},
    {"MessageHeader", "Content", CONTENT},
    {"DocumentType", "TypeName", TYPE_NAME},
    {"DocumentType", "Type", TYPE_CODE},
    {"DocumentType", "TypeDetail", TYPE_DETAIL},
    {"OtherInfo", "Priority", PRIORITY},
    {"PromulgationInfo", "Place", PLACE},
    {"PromulgationInfo", "PromulgationDate", DATE},
    {"MessageHeader", "DueDate", DUE},
    {"From", "OrganId", FROM_ID},
    {"From", "OrganName", FROM_NAME},
    {"From", "OrganizationInCharge", FROM_CHARGE},
    {"From", "OrganAdd", FROM_ADDRESS},
    {"From", "Email", FROM_EMAIL},
    {"Bussiness", "BussinessDocReason", REASON},
    {"Bussiness", "BussinessDocType", BUSINESS_CODE},
    {"SignerInfo", "Competence", COMPETENCE},
    {"SignerInfo", "Position", POSITION},
    {"SignerInfo", "FullName", SIGNER},
    {"StaffInfo", "Department", DEPARTMENT},
    {"StaffInfo", "Staff", STAFF},
    {"StaffInfo", "Email", STAFF_EMAIL},
    {"ResponseFor", "OrganId", REPLY_ORGAN},
    {"ResponseFor", "Code", REPLY_CODE},
    {"ResponseFor", "PromulgationDate", REPLY_DATE},
    {"ResponseFor", "DocumentId", REPLY_ID},
    {"TraceHeader", "OrganId", TRACE_ORGAN},
    {"TraceHeader", "Timestamp", TRACE_AT},
    {"MessageHeader", "SteeringType", STEERING},
    {"OtherInfo", "TyperNotation", TYPIST},
    {"OtherInfo", "PromulgationAmount", AMOUNT},
    {"OtherInfo", "PageAmount", PAGES},
    {"OtherInfo", "Direction", DIRECTION},
    {"Appendixes", "Appendix", APPENDIX},
    {"Attachment", "ContentId", FILE_ID},
    {"Attachment", "AttachmentName", FILE_NAME},
    {"Attachment", "Description", FILE_ABOUT},
    {"Attachment", "ContentType", FILE_TYPE},
    {"ToPlaces", "Place", TO_PLACE},
    {"To", "OrganId", TO_ID},
    {"To", "OrganName", TO_NAME},
};

struct reading {
  const char *names[DEPTH];
  int depth;
  char room[ROOM];
  size_t length, start;
  char *facts[FACTS];
};

static const struct wanted *places[PLACES]; /* by hash of both names, open addressing */

static size_t place_of(const char *parent, const char *name) {
  size_t parent_length = strlen(parent), length = strlen(name);
  size_t hash = parent_length * 31 + (unsigned char)parent[0] * 7 + length * 17 + (unsigned char)name[0] * 3 +
                (unsigned char)name[length - 1];
  size_t place = hash % PLACES;
  while (places[place] &&
         (strcmp(places[place]->name, name) != 0 || strcmp(places[place]->parent, parent) != 0))
    place = (place + 1) % PLACES;
  return place;
}

static void on_start(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                     int namespaces, const xmlChar **namespace_list, int attributes, int defaulted,
                     const xmlChar **list) {
  struct reading *reading = context;
  if (reading->depth < DEPTH) reading->names[reading->depth] = (const char *)name;
  reading->depth++;
  reading->start = reading->length;
}

static void on_text(void *context, const xmlChar *text, int length) {
  struct reading *reading = context;
  if (reading->length + (size_t)length + 1 >= ROOM) return;
  memcpy(reading->room + reading->length, text, (size_t)length);
  reading->length += (size_t)length;
}

static void on_end(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri) {
  struct reading *reading = context;
  bool kept = reading->depth >= 2 && reading->depth < DEPTH && reading->length > reading->start;
  const struct wanted *row =
      kept ? places[place_of(reading->names[reading->depth - 2], (const char *)name)] : NULL;
  if (row) {
    char **fact = &reading->facts[row->fact];
    for (int i = 1; i < TO_MAX && row->fact >= TO_PLACE && *fact; i++) fact++;
    reading->room[reading->length++] = 0;
    *fact = reading->room + reading->start;
  } else {
    reading->length = reading->start;
  }
  reading->start = reading->length;
  reading->depth--;
}

static int number(const char *text) {
  return (int)strtol(text, NULL, 10);
}

/* 2026/07/12 or 2026/07/12 08:00:00, at +07:00. */
static Google__Protobuf__Timestamp *moment(const char *text, Google__Protobuf__Timestamp *room) {
  struct tm tm = {0};
  google__protobuf__timestamp__init(room);
  if (!text || strlen(text) < 10) return NULL;
  tm.tm_year = number(text) - 1900;
  tm.tm_mon = number(text + 5) - 1;
  tm.tm_mday = number(text + 8);
  if (strlen(text) >= 19) {
    tm.tm_hour = number(text + 11);
    tm.tm_min = number(text + 14);
    tm.tm_sec = number(text + 17);
  }
  room->seconds = timegm(&tm) - 25200;
  return room;
}

static size_t list_of(char **facts) {
  size_t count = 0;
  while (count < TO_MAX && facts[count]) count++;
  return count;
}

static void document_texts(char **facts, Ioc__Edoc__V1__Document *document) {
#define SET(field, fact) \
  if (facts[fact]) (field) = facts[fact]
  SET(document->document_id, ID);
  SET(document->code_number, NUMBER);
  SET(document->code_notation, NOTATION);
  SET(document->subject, SUBJECT);
  SET(document->content, CONTENT);
  SET(document->type_name, TYPE_NAME);
  SET(document->type_code, TYPE_CODE);
  SET(document->type_detail_code, TYPE_DETAIL);
  SET(document->priority_code, PRIORITY);
  SET(document->steering_code, STEERING);
  SET(document->business_type_code, BUSINESS_CODE);
  SET(document->business_reason, REASON);
  SET(document->promulgation_place, PLACE);
  SET(document->typist, TYPIST);
  SET(document->direction_flag, DIRECTION);
  document->page_amount_value_case = IOC__EDOC__V1__DOCUMENT__PAGE_AMOUNT_VALUE_PAGE_AMOUNT;
  document->page_amount = facts[PAGES] ? (uint32_t)number(facts[PAGES]) : 0;
  document->promulgation_amount_value_case =
      IOC__EDOC__V1__DOCUMENT__PROMULGATION_AMOUNT_VALUE_PROMULGATION_AMOUNT;
  document->promulgation_amount = facts[AMOUNT] ? (uint32_t)number(facts[AMOUNT]) : 0;
  document->n_appendixes = facts[APPENDIX] != NULL;
  document->appendixes = &facts[APPENDIX];
  document->n_to_places = list_of(facts + TO_PLACE);
  document->to_places = facts + TO_PLACE;
}

static void receivers(char **facts, Ioc__Edoc__V1__Organization room[TO_MAX],
                      Ioc__Edoc__V1__Organization *list[TO_MAX], Ioc__Edoc__V1__Document *document) {
  document->n_to = list_of(facts + TO_ID);
  document->to = list;
  for (size_t i = 0; i < document->n_to; i++) {
    list[i] = &room[i];
    ioc__edoc__v1__organization__init(&room[i]);
    SET(room[i].id, TO_ID + i);
    SET(room[i].name, TO_NAME + i);
  }
}

static void message_pack(struct reading *reading, struct bare_message *message) {
  char **facts = reading->facts;
  Ioc__Edoc__V1__Document document = IOC__EDOC__V1__DOCUMENT__INIT;
  Ioc__Edoc__V1__Organization from = IOC__EDOC__V1__ORGANIZATION__INIT, to[TO_MAX], *to_list[TO_MAX];
  Ioc__Edoc__V1__Signer signer = IOC__EDOC__V1__SIGNER__INIT;
  Ioc__Edoc__V1__Staff staff = IOC__EDOC__V1__STAFF__INIT;
  Ioc__Edoc__V1__DocumentReference reply = IOC__EDOC__V1__DOCUMENT_REFERENCE__INIT, *replies[] = {&reply};
  Ioc__Edoc__V1__Trace trace = IOC__EDOC__V1__TRACE__INIT, *traces[] = {&trace};
  Ioc__Edoc__V1__Attachment file = IOC__EDOC__V1__ATTACHMENT__INIT, *files[] = {&file};
  Google__Protobuf__Timestamp moments[4];
  document_texts(facts, &document);
  receivers(facts, to, to_list, &document);
  SET(from.id, FROM_ID);
  SET(from.name, FROM_NAME);
  SET(from.in_charge, FROM_CHARGE);
  SET(from.address, FROM_ADDRESS);
  SET(from.email, FROM_EMAIL);
  SET(signer.competence, COMPETENCE);
  SET(signer.position, POSITION);
  SET(signer.name, SIGNER);
  SET(staff.department, DEPARTMENT);
  SET(staff.name, STAFF);
  SET(staff.email, STAFF_EMAIL);
  SET(reply.organization_id, REPLY_ORGAN);
  SET(reply.code, REPLY_CODE);
  SET(reply.document_id, REPLY_ID);
  SET(trace.organization_id, TRACE_ORGAN);
  SET(file.content_id, FILE_ID);
  SET(file.name, FILE_NAME);
  SET(file.description, FILE_ABOUT);
  SET(file.media_type, FILE_TYPE);
  reply.promulgated_at = moment(facts[REPLY_DATE], &moments[0]);
  trace.at = moment(facts[TRACE_AT], &moments[1]);
  document.promulgated_at = moment(facts[DATE], &moments[2]);
  document.due_at = moment(facts[DUE], &moments[3]);
  document.from = &from;
  document.signer = &signer;
  document.staff = &staff;
  document.n_response_for = facts[REPLY_CODE] != NULL;
  document.response_for = replies;
  document.n_trace = facts[TRACE_ORGAN] != NULL;
  document.trace = traces;
  document.n_attachments = facts[FILE_NAME] != NULL;
  document.attachments = files;
  message->type = "ioc.edoc.v1.Document";
  message->value_length = ioc__edoc__v1__document__get_packed_size(&document);
  if (message->value_length <= sizeof(message->value))
    ioc__edoc__v1__document__pack(&document, message->value);
  strncat(message->key, document.document_id, sizeof(message->key) - 1);
}

int bare_xml(char *body, size_t length, struct bare_message *message) {
  static struct reading reading;
  xmlSAXHandler handler = {.initialized = XML_SAX2_MAGIC,
                           .startElementNs = on_start,
                           .endElementNs = on_end,
                           .characters = on_text,
                           .cdataBlock = on_text};
  for (size_t i = 0; !places[place_of("To", "OrganName")] && i < sizeof(wanted) / sizeof(wanted[0]); i++)
    places[place_of(wanted[i].parent, wanted[i].name)] = &wanted[i];
  memset(reading.facts, 0, sizeof(reading.facts));
  reading.depth = 0;
  reading.length = reading.start = 0;
  xmlParserCtxtPtr parser = xmlCreatePushParserCtxt(&handler, &reading, NULL, 0, NULL);
  if (!parser) return 0;
  int good = xmlParseChunk(parser, body, (int)length, 1) == 0;
  message->key[0] = 0;
  if (good) message_pack(&reading, message);
  xmlFreeParserCtxt(parser);
  return good && message->key[0];
}
