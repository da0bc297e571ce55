/*
 * customs_xml.c: walks the elements of customs XML by the tables of customs_elements.c and wco_elements.c.
 *
 * Elements that no table lists are skipped with everything in them; inside SOAP they are looked into. Records
 * are kept until the whole document was read, so that one that breaks off publishes nothing; a row that
 * cannot be taken is one rejected record among its neighbours.
 */
#include "connectors/border-gate/customs_xml.h"

#include "connectors/border-gate/customs_record.h"
#include "connectors/border-gate/customs_values.h"
#include "connectors/format/json.h"
#include "connectors/format/xml.h"

#include <errno.h>
#include <strings.h>

enum { VALUE_MAX = 64 * 1024, RECORDS_MAX = 20000 };

struct frame {
  const struct element *row; /* NULL: a stranger that is looked into */
  enum customs_state state;
  void *message;
};

struct reader {
  const struct border_gate *gate;
  struct hub_sink *sink;
  struct allocator allocator;
  struct text payload;
  struct json_places places; /* counts lines of growing offsets */
  struct customs_record *first, **last, *open;
  size_t records, list_items;
  unsigned skipped, depth, parts;
  struct frame frames[XML_LEVELS_MAX + 1];
  struct scrap part_scrap;
  struct text unit, currency; /* attributes of the value that is open */
  char *value;
  size_t value_length, value_room;
  char *version; /* of the WCO data model, named in front of the declaration; NULL: none */
  bool reported; /* the document was refused whole */
};

/* ---- Rejecting ----------------------------------------------------------------------------------------- */

static const char *place_of(struct reader *r, const struct xml_reader *xml) {
  size_t begin, end;
  char path[XML_PLACE_SIZE];
  xml_span(xml, &begin, &end);
  xml_path(xml, path);
  return json_at(&r->places, &r->allocator, begin, path, NULL);
}

static int refuse_document(struct reader *r, enum hub_reject_code code, const char *at, const char *detail) {
  struct hub_rejection rejection = {.size = sizeof(rejection), .code = code, .at = at, .detail = detail};
  if (at == NULL) return -ENOMEM;
  r->reported = true;
  int result = hub_reject(r->sink, &rejection);
  return result < 0 ? result : XML_STOPPED;
}

/* Refuses the record that is open; where none is, the document. */
static int refuse(struct reader *r, const struct xml_reader *xml, enum hub_reject_code code,
                  const char *detail) {
  const char *at = place_of(r, xml);
  if (at == NULL) return -ENOMEM;
  if (r->open == NULL || code == HUB_TOO_LARGE) return refuse_document(r, code, at, detail);
  r->open->code = code;
  r->open->detail = detail;
  r->open->at = at;
  return 0;
}

static int judge(struct reader *r, const struct xml_reader *xml, int result,
                 const struct value_refusal *refusal) {
  if (result <= 0) return result;
  return refuse(r, xml, refusal->code, refusal->detail);
}

static bool is_refused(const struct reader *r) { return r->open != NULL && r->open->code != 0; }

/* ---- Records ------------------------------------------------------------------------------------------- */

static int begin_record(struct reader *r, const struct xml_reader *xml, const struct element *row,
                        void **ret_message) {
  bool wco = row->form != IOC__BORDERGATE__V1__CUSTOMS_FORM__CUSTOMS_FORM_ECUS &&
             row->form != IOC__BORDERGATE__V1__CUSTOMS_FORM__CUSTOMS_FORM_QR;
  if (wco && r->records != 0)
    return refuse_document(r, HUB_CONFLICT, place_of(r, xml), "a second declaration or response");
  if (++r->records > RECORDS_MAX)
    return refuse_document(r, HUB_TOO_LARGE, place_of(r, xml), "more than 20,000 declarations");
  struct customs_record *made = hub_alloc(r->sink, sizeof(*made));
  if (made == NULL) return -ENOMEM;
  ioc__bordergate__v1__customs_declaration__init(&made->message);
  made->message.form = (Ioc__Bordergate__V1__CustomsForm)row->form;
  if (r->version != NULL) made->message.message_version = r->version;
  made->at = place_of(r, xml);
  if (made->at == NULL) return -ENOMEM;
  *r->last = r->open = made;
  r->last = &made->next;
  *ret_message = &made->message;
  return 0;
}

static int end_record(struct reader *r, const struct xml_reader *xml) {
  struct customs_record *record = r->open;
  size_t begin, end;
  xml_span(xml, &begin, &end);
  record->bytes = (struct text){r->payload.data + begin, end - begin};
  r->open = NULL;
  return record->code != 0 ? 0 : customs_record_finish(r->sink, &r->allocator, record);
}

/* ---- Elements ------------------------------------------------------------------------------------------ */

static struct value_place place_for(struct reader *r, void *message) {
  return (struct value_place){.sink = r->sink,
                              .allocator = &r->allocator,
                              .zone_offset_s = r->gate->zone_offset_s,
                              .message = message,
                              .scrap = r->parts != 0 ? &r->part_scrap : &r->open->scrap,
                              .unit = r->unit,
                              .currency = r->currency,
                              .list_items = &r->list_items};
}

static int copy_attribute(struct reader *r, const struct xml_reader *xml, const char *name,
                          struct text *ret) {
  struct text value;
  char *copy = NULL;
  *ret = TEXT_NONE;
  if (!xml_attribute(xml, name, &value)) return 0;
  value = text_trim(value);
  int result = hub_string(r->sink, value.data, value.length, &copy);
  if (result == 0) *ret = (struct text){copy, value.length};
  return result;
}

static int begin_value(struct reader *r, const struct xml_reader *xml, const struct element *row) {
  r->value_length = 0;
  r->unit = r->currency = TEXT_NONE;
  if (row->kind == ELEMENT_WEIGHT) return copy_attribute(r, xml, "unitCode", &r->unit);
  if (row->kind == ELEMENT_MONEY || row->kind == ELEMENT_VALUE)
    return copy_attribute(r, xml, "currencyID", &r->currency);
  return 0;
}

static int begin_part(struct reader *r, const struct xml_reader *xml, const struct element *row,
                      void **message) {
  struct value_place place = place_for(r, *message);
  struct value_refusal refusal;
  int result = value_add_part(&place, row, message, &refusal);
  if (result != 0) return judge(r, xml, result, &refusal);
  if (row->part->end != PART_PLAIN) r->part_scrap = (struct scrap){.id = TEXT_NONE};
  r->parts++;
  return 0;
}

static int enter(struct reader *r, const struct xml_reader *xml, const struct element *row, void *message) {
  int result = 0;
  switch ((enum element_kind)row->kind) {
    case ELEMENT_IGNORE: r->skipped = 1; return 0;
    case ELEMENT_FAILURE:
      return refuse_document(r, HUB_INVALID, place_of(r, xml), "the answer is a SOAP fault");
    case ELEMENT_PASS: break;
    case ELEMENT_RECORD: result = begin_record(r, xml, row, &message); break;
    case ELEMENT_EACH: result = begin_part(r, xml, row, &message); break;
    default: result = begin_value(r, xml, row); break;
  }
  r->frames[++r->depth] = (struct frame){row, row->next, message};
  return result;
}

static int on_start(void *context, struct xml_reader *xml, struct text name) {
  struct reader *r = context;
  if (r->skipped != 0 || is_refused(r)) {
    r->skipped++;
    return 0;
  }
  const struct frame *frame = &r->frames[r->depth];
  const struct element *row = customs_element(frame->state, name);
  if (row != NULL) {
    xml_label(xml, row->name);
    return enter(r, xml, row, frame->message);
  }
  if (frame->state == STATE_ROOT)
    return refuse_document(r, HUB_UNSUPPORTED, place_of(r, xml), "the root element is none of customs XML");
  if (frame->state == STATE_SOAP || frame->state == STATE_QR_LIST)
    r->frames[++r->depth] = (struct frame){NULL, frame->state, frame->message};
  else r->skipped = 1;
  return 0;
}

static int on_text(void *context, struct xml_reader *xml, struct text piece) {
  struct reader *r = context;
  if (r->skipped != 0 || r->frames[r->depth].state != STATE_VALUE) return 0;
  size_t length = r->value_length + piece.length;
  if (length > VALUE_MAX) return refuse_document(r, HUB_TOO_LARGE, place_of(r, xml), "a value over 64 KiB");
  if (length > r->value_room) {
    size_t room = 2 * length < 512 ? 512 : 2 * length;
    char *value = hub_alloc(r->sink, room);
    if (value == NULL) return -ENOMEM;
    if (r->value_length != 0) memcpy(value, r->value, r->value_length);
    r->value = value;
    r->value_room = room;
  }
  memcpy(r->value + r->value_length, piece.data, piece.length);
  r->value_length = length;
  return 0;
}

static int end_value(struct reader *r, const struct xml_reader *xml, const struct frame *frame) {
  struct text text = text_trim((struct text){r->value, r->value_length});
  if (text.length == 0 || (text.length == 4 && strncasecmp(text.data, "null", 4) == 0)) return 0;
  if (r->open == NULL) return hub_string(r->sink, text.data, text.length, &r->version);
  struct value_place place = place_for(r, frame->message);
  struct value_refusal refusal;
  return judge(r, xml, value_put(&place, frame->row, text, &refusal), &refusal);
}

static int end_part(struct reader *r, const struct frame *frame) {
  r->parts--;
  return customs_part_finish(r->sink, frame->row->part, frame->message, &r->part_scrap);
}

static int on_end(void *context, struct xml_reader *xml) {
  struct reader *r = context;
  if (r->skipped != 0) {
    r->skipped--;
    return 0;
  }
  const struct frame *frame = &r->frames[r->depth--];
  const struct element *row = frame->row;
  if (row == NULL) return 0;
  if (frame->state == STATE_VALUE) return is_refused(r) ? 0 : end_value(r, xml, frame);
  if (row->kind == ELEMENT_RECORD) return end_record(r, xml);
  if (row->kind == ELEMENT_EACH) return end_part(r, frame);
  if (r->depth == 0 && r->records == 0)
    return refuse_document(r, HUB_MISSING, place_of(r, xml), "there is no declaration");
  return 0;
}

static int refuse_xml(struct reader *r, int result, const struct xml_problem *problem) {
  enum hub_reject_code code = result == XML_E_MALFORMED     ? HUB_MALFORMED
                              : result == XML_E_UNSUPPORTED ? HUB_UNSUPPORTED
                                                            : HUB_TOO_LARGE;
  return refuse_document(r, code, problem->at, problem->detail);
}

int customs_xml_translate(const struct border_gate *gate, const struct hub_payload *payload,
                          struct hub_sink *sink) {
  struct reader *r = hub_alloc(sink, sizeof(*r));
  if (r == NULL) return -ENOMEM;
  r->gate = gate;
  r->sink = sink;
  r->allocator = (struct allocator){hub_alloc_for_format, sink};
  r->payload = (struct text){payload->data, payload->length};
  r->places = json_places_of(payload->data, payload->length);
  r->last = &r->first;
  struct xml_handler handler = {r, on_start, on_text, on_end};
  struct xml_problem problem;
  int result = xml_read(r->payload, &handler, &problem);
  if (result > XML_STOPPED) result = refuse_xml(r, result, &problem);
  if (result < 0 || r->reported) return result < 0 ? result : 0;
  for (const struct customs_record *record = r->first; record != NULL; record = record->next) {
    result = customs_record_emit(sink, record);
    if (result != 0) return result;
  }
  return 0;
}
