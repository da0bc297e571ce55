/*
 * document.c: from the texts of an edXML message to ioc.edoc.v1.Document or DocumentStatus.
 *
 * It decides what a message is (a status message has StatusCode or Timestamp in its header) and who it is:
 * the native key is the document's id and what is done with it, of a status also who reports what and when.
 * There is no version: edXML carries no time of change, so that equal bytes are a repeat and any other bytes
 * are a new event.
 */
#include "connectors/e-documents/document.h"

#include "connectors/e-documents/codes.h"
#include "connectors/e-documents/direction.h"
#include "connectors/e-documents/parts.h"

#define SEPARATOR TEXT("#") /* between the parts of a native key */

static int emit(struct maker *m, struct text key, struct text document_id, int64_t occurred_us,
                const ProtobufCMessage *message) {
  struct hub_meta meta = {
      .size = sizeof(meta),
      .key = key.data,
      .key_length = key.length,
      .occurred_us = occurred_us,
  };
  int r = m->result;
  size_t remembered = document_id.length < 1024 ? document_id.length : 0;
  if (r == 0 && remembered != 0) r = m->sink->ops->remember(m->sink, document_id.data, remembered);
  return r < 0 ? r : hub_emit(m->sink, &meta, message);
}

/* ---- Status -------------------------------------------------------------------------------------------- */

static struct text status_key(struct maker *m, struct text document_id) {
  const struct edxml *edxml = m->edxml;
  const struct text parts[] = {document_id,        SEPARATOR, edxml->from.id,  SEPARATOR,
                               edxml->status_code, SEPARATOR, edxml->timestamp};
  return document_id.length == 0 ? TEXT_NONE : text_of(part_join(m, parts, 7));
}

/* Which document it is about, by the first reference that tells; empty: none does. */
static struct text set_subject(struct maker *m, Ioc__Edoc__V1__DocumentStatus *status) {
  struct text document_id = TEXT_NONE;
  status->document_id_derived = true;
  for (size_t i = 0; i < status->n_about && m->result == 0 && document_id.length == 0; i++) {
    const struct edxml_reference *reference = m->edxml->response_for.items[i];
    document_id = text_of(status->about[i]->document_id);
    status->document_id_derived = reference->document_id.length == 0;
  }
  status->document_id = document_id.length != 0 ? part_plain(document_id) : part_digest_id(m);
  return document_id;
}

static int emit_status(struct maker *m) {
  const struct edxml *edxml = m->edxml;
  Ioc__Edoc__V1__DocumentStatus status;
  ioc__edoc__v1__document_status__init(&status);
  SET_LIST(m, &status, about, edxml->response_for, part_reference);
  struct text document_id = set_subject(m, &status);
  status.status = code_processing_status(edxml->status_code);
  status.status_code = part_plain(edxml->status_code);
  status.description = part_personal(m, HUB_FREE_TEXT, edxml->description);
  struct moment moment = part_moment(m, edxml->timestamp);
  status.occurred_at = moment.at;
  status.occurred_at_precision = moment.precision;
  status.occurred_at_raw = moment.raw;
  status.from = part_organization(m, &edxml->from);
  SET_LIST(m, &status, to, edxml->to, part_organization);
  status.staff = part_staff(m, &edxml->staff);
  status.direction = direction_find(edxml, m->rules->province);
  return emit(m, status_key(m, document_id), document_id, moment.us, &status.base);
}

/* ---- Document ------------------------------------------------------------------------------------------ */

/* Returns what the sender's id is or can be put together from; empty: nothing. */
static struct text set_identity(struct maker *m, Ioc__Edoc__V1__Document *document) {
  const struct edxml *edxml = m->edxml;
  document->code_number = part_plain(edxml->code_number);
  document->code_notation = part_plain(edxml->code_notation);
  document->document_id = part_plain(edxml->document_id);
  if (edxml->document_id.length != 0) return edxml->document_id;
  document->document_id_derived = true;
  if (edxml->code_number.length + edxml->code_notation.length == 0) {
    document->document_id = part_digest_id(m);
    return TEXT_NONE;
  }
  const struct text code[] = {edxml->code_number, TEXT("/"), edxml->code_notation};
  struct text whole = text_of(part_join(m, code, 3));
  document->document_id = part_document_id(m, edxml->from.id, edxml->promulgation_date, whole);
  return text_of(document->document_id);
}

static void set_kind(struct maker *m, Ioc__Edoc__V1__Document *document) {
  const struct edxml *edxml = m->edxml;
  const struct allocator allocator = {hub_alloc_for_format, m->sink};
  if (m->result == 0) m->result = code_document_type(&allocator, edxml->type_name, &document->type);
  document->type_name = part_plain(edxml->type_name);
  document->type_code = part_plain(edxml->type);
  document->type_detail_code = part_plain(edxml->type_detail);
  document->priority = code_priority(edxml->priority);
  document->priority_code = part_plain(edxml->priority);
  document->urgent = document->priority >= IOC__EDOC__V1__PRIORITY__PRIORITY_URGENT;
  document->steering = code_steering(edxml->steering);
  document->steering_code = part_plain(edxml->steering);
  document->application_type = part_plain(edxml->application_type);
}

static void set_ends(struct maker *m, Ioc__Edoc__V1__Document *document) {
  const struct edxml *edxml = m->edxml;
  document->from = part_organization(m, &edxml->from);
  SET_LIST(m, document, to, edxml->to, part_organization);
  document->direction = direction_find(edxml, m->rules->province);
  SET_LIST(m, document, trace, edxml->trace, part_trace);
  SET_LIST(m, document, to_places, edxml->places, part_free_text_item);
}

static void set_text(struct maker *m, Ioc__Edoc__V1__Document *document) {
  const struct edxml *edxml = m->edxml;
  document->subject = part_personal(m, HUB_FREE_TEXT, edxml->subject);
  document->content = part_personal(m, HUB_FREE_TEXT, edxml->content);
  document->signer = part_signer(m);
  document->promulgation_place = part_plain(edxml->place);
  SET_MOMENT(m, document, promulgated_at, edxml->promulgation_date);
  SET_MOMENT(m, document, due_at, edxml->due_date);
  SET_LIST(m, document, response_for, edxml->response_for, part_reference);
  SET_LIST(m, document, task_codes, edxml->task_codes, part_plain_item);
  SET_LIST(m, document, attachments, edxml->attachments, part_attachment);
}

static void set_print(struct maker *m, Ioc__Edoc__V1__Document *document) {
  const struct edxml *edxml = m->edxml;
  if (part_number(edxml->page_amount, &document->page_amount))
    document->page_amount_value_case = IOC__EDOC__V1__DOCUMENT__PAGE_AMOUNT_VALUE_PAGE_AMOUNT;
  else document->page_amount_raw = part_personal(m, HUB_FREE_TEXT, edxml->page_amount);
  if (part_number(edxml->promulgation_amount, &document->promulgation_amount))
    document->promulgation_amount_value_case =
        IOC__EDOC__V1__DOCUMENT__PROMULGATION_AMOUNT_VALUE_PROMULGATION_AMOUNT;
  else document->promulgation_amount_raw = part_personal(m, HUB_FREE_TEXT, edxml->promulgation_amount);
  SET_LIST(m, document, appendixes, edxml->appendixes, part_free_text_item);
  document->sphere = part_plain(edxml->sphere);
  document->typist = part_personal(m, HUB_OFFICIAL_NAME, edxml->typist);
  document->direction_flag = part_plain(edxml->direction_flag);
}

static void set_business(struct maker *m, Ioc__Edoc__V1__Document *document) {
  const struct edxml_business *business = &m->edxml->business;
  document->business_type = code_business_type(business->type);
  document->business_type_code = part_plain(business->type);
  document->business_reason = part_personal(m, HUB_FREE_TEXT, business->reason);
  document->business_document_id = part_plain(business->document_id);
  document->staff = part_staff(m, &business->staff);
  SET_LIST(m, document, replacements, business->replacements, part_replacement);
  SET_LIST(m, document, receivers, business->receivers, part_receiver);
  document->paper_follows = text_is(business->paper, "1") || text_is(business->paper, "true");
  document->document_info_code = part_plain(business->document_info);
  document->document_receiver_code = part_plain(business->document_receiver);
}

static struct text document_key(struct maker *m, struct text document_id) {
  const struct text parts[] = {document_id, SEPARATOR, m->edxml->business.type};
  return document_id.length == 0 ? TEXT_NONE : text_of(part_join(m, parts, 3));
}

/* When it happened: the last station known, which is when this very message was sent. */
static int64_t find_occurred(struct maker *m) {
  const struct edxml_list *trace = &m->edxml->trace;
  int64_t latest = HUB_NONE;
  for (size_t i = 0; i < trace->count; i++) {
    int64_t us = part_moment(m, ((const struct edxml_trace *)trace->items[i])->timestamp).us;
    if (us > latest) latest = us;
  }
  return latest;
}

static int emit_document(struct maker *m) {
  Ioc__Edoc__V1__Document document;
  ioc__edoc__v1__document__init(&document);
  struct text document_id = set_identity(m, &document);
  set_kind(m, &document);
  set_ends(m, &document);
  set_text(m, &document);
  set_print(m, &document);
  set_business(m, &document);
  return emit(m, document_key(m, document_id), document_id, find_occurred(m), &document.base);
}

int document_emit(const struct document_rules *rules, struct text payload, const struct edxml *edxml,
                  struct hub_sink *sink) {
  struct maker maker = {.rules = rules, .payload = payload, .edxml = edxml, .sink = sink};
  return edxml->has_status ? emit_status(&maker) : emit_document(&maker);
}
