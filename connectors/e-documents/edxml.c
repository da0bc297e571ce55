/*
 * edxml.c: walks the elements of an edXML message by tables.
 *
 * Each state lists the elements that mean something in it, by local name and in any order; all others are skipped
 * with everything in them, signatures among them. The envelopes around the header (edXML's own, SOAP's, or both)
 * are one state that may nest. Values that identify the message may be repeated only with the same text; of every
 * other value the first that is not empty counts.
 */
#include "connectors/e-documents/edxml.h"

#include "connectors/e-documents/attachment.h"
#include "connectors/format/xml.h"
#include "connectors/format/zip_entry.h"

#include <errno.h>

enum { VALUE_MAX = 256 * 1024, TOTAL_MAX = 4 * 1024 * 1024, LIST_MAX = 10000, FILES_MAX = 1000 };

enum state {
  ROOT, OUTER, HEADER, ORGAN, CODE, PROMULGATION, TYPE, SIGNER, OTHER, APPENDIXES, RESPONSE, TASK, PLACES, TRACES,
  TRACE, BUSINESS, CHANGES, RECEIVERS, RECEIVER, REPLACEMENTS, REPLACEMENT, REPLACED_FOR, STAFF, MANIFEST, REFERENCE,
  ATTACHMENTS, ATTACHMENT, VALUE,
};

enum kind {
  PASS,     /* same object, next state */
  INTO,     /* the part of the object at offset, next state */
  ONCE,     /* as INTO; a second one contradicts the first */
  EACH,     /* a new item of the list at offset, next state */
  FILES,    /* as EACH, but fewer */
  TEXT_OF,  /* the text at offset */
  IDENTITY, /* as TEXT_OF; another text contradicts the first */
  TEXTS_OF, /* a new text of the list at offset */
  BYTES,    /* base64 of the attachment */
  IGNORE,   /* skipped even where strangers are looked into */
};

struct row {
  const char *name;
  uint8_t length, kind, next;
  uint16_t offset, size;
};

#define ROW(name, kind, next, offset, size) {name, sizeof(name) - 1, kind, next, offset, size}
#define OUTER_ROW(name) ROW(name, PASS, OUTER, 0, 0)
#define PASS_ROW(name, next) ROW(name, PASS, next, 0, 0)
#define INTO_ROW(name, next, type, member) ROW(name, INTO, next, offsetof(struct type, member), 0)
#define EACH_ROW(name, next, type, member, item) \
  ROW(name, EACH, next, offsetof(struct type, member), sizeof(struct item))
#define FILES_ROW(name, next, member) \
  ROW(name, FILES, next, offsetof(struct edxml, member), sizeof(struct edxml_attachment))
#define TEXT_ROW(name, type, member) ROW(name, TEXT_OF, VALUE, offsetof(struct type, member), 0)
#define IDENTITY_ROW(name, type, member) ROW(name, IDENTITY, VALUE, offsetof(struct type, member), 0)
#define TEXTS_ROW(name, type, member) ROW(name, TEXTS_OF, VALUE, offsetof(struct type, member), sizeof(struct text))
#define END_ROW {NULL, 0, 0, 0, 0, 0}

static const struct row root_rows[] = {
  OUTER_ROW("edXML"), OUTER_ROW("edXMLEnvelope"), OUTER_ROW("Envelope"), END_ROW,
};
static const struct row outer_rows[] = {
  OUTER_ROW("edXML"), OUTER_ROW("edXMLEnvelope"), OUTER_ROW("edXMLHeader"), OUTER_ROW("edXMLBody"),
  OUTER_ROW("Envelope"), OUTER_ROW("Header"), OUTER_ROW("Body"),
  ROW("MessageHeader", ONCE, HEADER, 0, 0),
  PASS_ROW("TraceHeaderList", TRACES),
  INTO_ROW("Bussiness", BUSINESS, edxml, business),
  PASS_ROW("edXMLManifest", MANIFEST), PASS_ROW("Manifest", MANIFEST),
  PASS_ROW("AttachmentEncoded", ATTACHMENTS),
  ROW("Signature", IGNORE, 0, 0, 0), ROW("DigitalSignature", IGNORE, 0, 0, 0), END_ROW,
};
static const struct row header_rows[] = {
  INTO_ROW("From", ORGAN, edxml, from),
  EACH_ROW("To", ORGAN, edxml, to, edxml_organ),
  IDENTITY_ROW("DocumentId", edxml, document_id),
  PASS_ROW("Code", CODE), PASS_ROW("PromulgationInfo", PROMULGATION), PASS_ROW("DocumentType", TYPE),
  TEXT_ROW("Subject", edxml, subject), TEXT_ROW("Content", edxml, content),
  PASS_ROW("SignerInfo", SIGNER),
  TEXT_ROW("DueDate", edxml, due_date),
  PASS_ROW("OtherInfo", OTHER),
  EACH_ROW("ResponseFor", RESPONSE, edxml, response_for, edxml_reference),
  TEXT_ROW("SteeringType", edxml, steering),
  PASS_ROW("ToPlaces", PLACES), PASS_ROW("ResponseForTask", TASK),
  TEXT_ROW("ApplicationType", edxml, application_type),
  INTO_ROW("StaffInfo", STAFF, edxml, staff),
  IDENTITY_ROW("StatusCode", edxml, status_code),
  TEXT_ROW("Description", edxml, description),
  IDENTITY_ROW("Timestamp", edxml, timestamp),
  PASS_ROW("TraceHeaderList", TRACES),
  INTO_ROW("Bussiness", BUSINESS, edxml, business), END_ROW,
};
static const struct row organ_rows[] = {
  IDENTITY_ROW("OrganId", edxml_organ, id),
  TEXT_ROW("OrganizationInCharge", edxml_organ, in_charge), TEXT_ROW("OrganName", edxml_organ, name),
  TEXT_ROW("OrganAdd", edxml_organ, address), TEXT_ROW("Email", edxml_organ, email),
  TEXT_ROW("Telephone", edxml_organ, telephone), TEXT_ROW("Fax", edxml_organ, fax),
  TEXT_ROW("Website", edxml_organ, website), END_ROW,
};
static const struct row code_rows[] = {
  IDENTITY_ROW("CodeNumber", edxml, code_number), IDENTITY_ROW("CodeNotation", edxml, code_notation), END_ROW,
};
static const struct row promulgation_rows[] = {
  TEXT_ROW("Place", edxml, place), TEXT_ROW("PromulgationDate", edxml, promulgation_date), END_ROW,
};
static const struct row type_rows[] = {
  TEXT_ROW("Type", edxml, type), TEXT_ROW("TypeDetail", edxml, type_detail),
  TEXT_ROW("TypeName", edxml, type_name), END_ROW,
};
static const struct row signer_rows[] = {
  TEXT_ROW("Competence", edxml, competence), TEXT_ROW("Position", edxml, position),
  TEXT_ROW("FullName", edxml, full_name), END_ROW,
};
static const struct row other_rows[] = {
  TEXT_ROW("Priority", edxml, priority), TEXT_ROW("SphereOfPromulgation", edxml, sphere),
  TEXT_ROW("TyperNotation", edxml, typist), TEXT_ROW("PromulgationAmount", edxml, promulgation_amount),
  TEXT_ROW("PageAmount", edxml, page_amount), TEXT_ROW("Direction", edxml, direction_flag),
  PASS_ROW("Appendixes", APPENDIXES), END_ROW,
};
static const struct row appendixes_rows[] = {TEXTS_ROW("Appendix", edxml, appendixes), END_ROW};
static const struct row response_rows[] = {
  TEXT_ROW("OrganId", edxml_reference, organ_id), TEXT_ROW("Code", edxml_reference, code),
  TEXT_ROW("PromulgationDate", edxml_reference, promulgation_date),
  IDENTITY_ROW("DocumentId", edxml_reference, document_id), END_ROW,
};
static const struct row task_rows[] = {TEXTS_ROW("TaskCode", edxml, task_codes), END_ROW};
static const struct row places_rows[] = {TEXTS_ROW("Place", edxml, places), END_ROW};
static const struct row traces_rows[] = {
  EACH_ROW("TraceHeader", TRACE, edxml, trace, edxml_trace), INTO_ROW("Bussiness", BUSINESS, edxml, business), END_ROW,
};
static const struct row trace_rows[] = {
  TEXT_ROW("OrganId", edxml_trace, organ_id), TEXT_ROW("Timestamp", edxml_trace, timestamp), END_ROW,
};
static const struct row business_rows[] = {
  TEXT_ROW("DocumentId", edxml_business, document_id),
  IDENTITY_ROW("BussinessDocType", edxml_business, type), TEXT_ROW("BussinessDocReason", edxml_business, reason),
  TEXT_ROW("Paper", edxml_business, paper),
  PASS_ROW("BussinessDocumentInfo", CHANGES), PASS_ROW("ReceiverList", RECEIVERS),
  PASS_ROW("ReplacementInfoList", REPLACEMENTS), INTO_ROW("StaffInfo", STAFF, edxml_business, staff), END_ROW,
};
static const struct row changes_rows[] = {
  TEXT_ROW("DocumentInfo", edxml_business, document_info),
  TEXT_ROW("DocumentReceiver", edxml_business, document_receiver), PASS_ROW("ReceiverList", RECEIVERS), END_ROW,
};
static const struct row receivers_rows[] = {
  EACH_ROW("Receiver", RECEIVER, edxml_business, receivers, edxml_receiver), END_ROW,
};
static const struct row receiver_rows[] = {
  TEXT_ROW("OrganId", edxml_receiver, organ_id), TEXT_ROW("ReceiverType", edxml_receiver, type), END_ROW,
};
static const struct row replacements_rows[] = {
  EACH_ROW("ReplacementInfo", REPLACEMENT, edxml_business, replacements, edxml_replacement), END_ROW,
};
static const struct row replacement_rows[] = {
  TEXT_ROW("DocumentId", edxml_replacement, document_id), PASS_ROW("OrganIdList", REPLACED_FOR), END_ROW,
};
static const struct row replaced_for_rows[] = {TEXTS_ROW("OrganId", edxml_replacement, organ_ids), END_ROW};
static const struct row staff_rows[] = {
  TEXT_ROW("Department", edxml_staff, department), TEXT_ROW("DepartmentId", edxml_staff, department_id),
  TEXT_ROW("Staff", edxml_staff, name), TEXT_ROW("StaffId", edxml_staff, id), TEXT_ROW("Email", edxml_staff, email),
  TEXT_ROW("Mobile", edxml_staff, mobile), END_ROW,
};
static const struct row manifest_rows[] = {FILES_ROW("Reference", REFERENCE, references), END_ROW};
static const struct row reference_rows[] = {
  TEXT_ROW("ContentId", edxml_attachment, content_id), TEXT_ROW("ContentType", edxml_attachment, content_type),
  TEXT_ROW("Description", edxml_attachment, description), TEXT_ROW("AttachmentName", edxml_attachment, name), END_ROW,
};
static const struct row attachments_rows[] = {FILES_ROW("Attachment", ATTACHMENT, attachments), END_ROW};
static const struct row attachment_rows[] = {
  TEXT_ROW("ContentId", edxml_attachment, content_id), TEXT_ROW("AttachmentName", edxml_attachment, name),
  TEXT_ROW("Description", edxml_attachment, description), TEXT_ROW("ContentType", edxml_attachment, content_type),
  ROW("ContentTransferEncoded", BYTES, VALUE, 0, 0), END_ROW,
};
static const struct row no_rows[] = {END_ROW};

static const struct row *const rows_of[] = {
  [ROOT] = root_rows, [OUTER] = outer_rows, [HEADER] = header_rows, [ORGAN] = organ_rows, [CODE] = code_rows,
  [PROMULGATION] = promulgation_rows, [TYPE] = type_rows, [SIGNER] = signer_rows, [OTHER] = other_rows,
  [APPENDIXES] = appendixes_rows, [RESPONSE] = response_rows, [TASK] = task_rows, [PLACES] = places_rows,
  [TRACES] = traces_rows, [TRACE] = trace_rows, [BUSINESS] = business_rows, [CHANGES] = changes_rows,
  [RECEIVERS] = receivers_rows, [RECEIVER] = receiver_rows, [REPLACEMENTS] = replacements_rows,
  [REPLACEMENT] = replacement_rows, [REPLACED_FOR] = replaced_for_rows, [STAFF] = staff_rows,
  [MANIFEST] = manifest_rows, [REFERENCE] = reference_rows, [ATTACHMENTS] = attachments_rows,
  [ATTACHMENT] = attachment_rows, [VALUE] = no_rows,
};

struct frame {
  const struct row *row; /* NULL: a stranger that is looked into */
  enum state state;
  void *object;
};

struct reader {
  struct hub_sink *sink;
  struct edxml *edxml;
  struct attachment_reader *attachment; /* made when the first bytes come */
  const EVP_MD *sha256;
  bool soap;
  unsigned skipped; /* open elements that are not looked into */
  unsigned depth;
  struct frame frames[XML_LEVELS_MAX + 1];
  char *value;
  size_t value_length, value_room, total;
};

/* ---- Rejecting ------------------------------------------------------------------------------------------------ */

static int reject_at(struct reader *r, enum hub_reject_code code, const char *at, const char *detail) {
  struct hub_rejection rejection = {
    .size = sizeof(rejection), .code = code, .at = at, .detail = detail,
    .key = r->edxml->document_id.data, .key_length = r->edxml->document_id.length,
  };
  int result = hub_reject(r->sink, &rejection);
  return result < 0 ? result : XML_STOPPED;
}

static int reject(struct reader *r, const struct xml_reader *xml, enum hub_reject_code code, const char *detail) {
  char at[XML_PLACE_SIZE];
  xml_place(xml, at);
  return reject_at(r, code, at, detail);
}

/* ---- Values --------------------------------------------------------------------------------------------------- */

static int append_value(struct reader *r, const struct xml_reader *xml, struct text piece) {
  size_t length = r->value_length + piece.length;
  if (length > VALUE_MAX) return reject(r, xml, HUB_TOO_LARGE, "a value over 256 KiB");
  if (length > r->value_room) {
    size_t room = length < 256 ? 512 : 2 * length;
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

static int add_item(struct reader *r, const struct xml_reader *xml, struct edxml_list *list, const struct row *row,
                    void **ret_item) {
  if (list->count == (row->kind == FILES ? FILES_MAX : LIST_MAX))
    return reject(r, xml, HUB_TOO_LARGE, "too many of this element");
  if (list->count == list->room) {
    size_t room = list->room == 0 ? 4 : 2 * list->room;
    void **items = hub_alloc(r->sink, room * sizeof(*items));
    if (items == NULL) return -ENOMEM;
    if (list->count != 0) memcpy(items, list->items, list->count * sizeof(*items));
    list->items = items;
    list->room = room;
  }
  void *item = hub_alloc(r->sink, row->size);
  if (item == NULL) return -ENOMEM;
  list->items[list->count++] = item;
  *ret_item = item;
  return 0;
}

static int copy_text(struct reader *r, struct text text, struct text *ret_text) {
  char *copy = NULL;
  int result = hub_string(r->sink, text.data, text.length, &copy);
  if (result == 0) *ret_text = (struct text){copy, text.length};
  return result;
}

static int end_value(struct reader *r, const struct xml_reader *xml, const struct frame *frame) {
  struct text text = text_trim((struct text){r->value, r->value_length});
  void *place = (char *)frame->object + frame->row->offset;
  if (text.length == 0) return 0;
  r->total += text.length;
  if (r->total > TOTAL_MAX) return reject(r, xml, HUB_TOO_LARGE, "more than 4 MiB of values");
  if (frame->row->kind == TEXTS_OF) {
    int result = add_item(r, xml, place, frame->row, &place);
    if (result != 0) return result;
  }
  struct text *value = place;
  if (value->length == 0) return copy_text(r, text, value);
  if (frame->row->kind == IDENTITY && !text_equal(*value, text))
    return reject(r, xml, HUB_CONFLICT, "the element is given twice with different values");
  return 0;
}

/* ---- Attachments ---------------------------------------------------------------------------------------------- */

static int begin_bytes(struct reader *r, const struct xml_reader *xml, const struct edxml_attachment *attachment) {
  if (attachment->present) return reject(r, xml, HUB_CONFLICT, "the bytes of an attachment are given twice");
  int result = r->attachment == NULL ? attachment_reader_new(r->sink, r->sha256, &r->attachment) : 0;
  bool may_be_zip = attachment->content_type.length == 0 || attachment_is_zip(attachment->content_type);
  return result == 0 ? attachment_begin(r->attachment, may_be_zip) : result;
}

static int judge_bytes(struct reader *r, const struct xml_reader *xml, int result) {
  if (result != ATTACHMENT_E_BASE64) return result;
  return reject(r, xml, HUB_INVALID, "the attachment is not base64");
}

static int end_attachment(struct reader *r, const struct xml_reader *xml, const struct edxml_attachment *attachment) {
  bool bomb = attachment->present && attachment->zip == ZIP_E_TOO_LARGE && attachment_is_zip(attachment->content_type);
  if (!bomb) return 0;
  return reject(r, xml, HUB_TOO_LARGE, "the archive unpacks to more than 256 MiB or 100 times its size");
}

/* ---- Elements ------------------------------------------------------------------------------------------------- */

static const struct row *find_row(enum state state, struct text name) {
  for (const struct row *row = rows_of[state]; row->name != NULL; row++)
    if (row->length == name.length && memcmp(row->name, name.data, name.length) == 0) return row;
  return NULL;
}

static void push(struct reader *r, const struct row *row, enum state state, void *object) {
  r->frames[++r->depth] = (struct frame){row, state, object};
}

static int enter_header(struct reader *r, const struct xml_reader *xml, const struct row *row) {
  if (r->edxml->has_header) return reject(r, xml, HUB_CONFLICT, "a second MessageHeader");
  r->edxml->has_header = true;
  push(r, row, HEADER, r->edxml);
  return 0;
}

/* Old forms name the file in attributes: <Reference xlink:href="cid:1">. */
static int read_reference(struct reader *r, const struct xml_reader *xml, struct edxml_attachment *reference) {
  struct text href;
  if (!xml_attribute(xml, "href", &href)) return 0;
  href = text_trim(href);
  return href.length == 0 ? 0 : copy_text(r, href, &reference->content_id);
}

static int enter(struct reader *r, const struct xml_reader *xml, const struct row *row, void *object) {
  void *item = (char *)object + row->offset;
  int result = 0;
  switch ((enum kind)row->kind) {
    case ONCE: return enter_header(r, xml, row);
    case IGNORE: r->skipped = 1; return 0;
    case PASS: item = object; break;
    case INTO: break;
    case EACH:
    case FILES:
      result = add_item(r, xml, item, row, &item);
      if (result == 0 && row->next == REFERENCE) result = read_reference(r, xml, item);
      break;
    case BYTES: result = begin_bytes(r, xml, object); item = object; break;
    case TEXT_OF:
    case IDENTITY:
    case TEXTS_OF: r->value_length = 0; item = object; break;
  }
  if (result == 0) push(r, row, row->next, item);
  return result;
}

static int on_start(void *context, struct xml_reader *xml, struct text name) {
  struct reader *r = context;
  if (r->skipped != 0) {
    r->skipped++;
    return 0;
  }
  struct frame *frame = &r->frames[r->depth];
  const struct row *row = find_row(frame->state, name);
  if (row != NULL) {
    xml_label(xml, row->name);
    if (frame->state == ROOT) r->soap = text_is(name, "Envelope");
    return enter(r, xml, row, frame->object);
  }
  if (frame->state == ROOT)
    return reject(r, xml, HUB_UNSUPPORTED, "the root element is neither edXML nor a SOAP Envelope");
  if (frame->state == OUTER && r->soap) push(r, NULL, OUTER, frame->object);
  else r->skipped = 1;
  return 0;
}

static int on_text(void *context, struct xml_reader *xml, struct text piece) {
  struct reader *r = context;
  const struct frame *frame = &r->frames[r->depth];
  if (r->skipped != 0 || frame->state != VALUE) return 0;
  if (frame->row->kind == BYTES) return judge_bytes(r, xml, attachment_take(r->attachment, piece));
  return append_value(r, xml, piece);
}

static int on_end(void *context, struct xml_reader *xml) {
  struct reader *r = context;
  if (r->skipped != 0) {
    r->skipped--;
    return 0;
  }
  const struct frame *frame = &r->frames[r->depth--];
  if (r->depth == 0 && !r->edxml->has_header) return reject(r, xml, HUB_MISSING, "there is no MessageHeader");
  if (frame->row == NULL) return 0;
  if (frame->row->kind == BYTES) return judge_bytes(r, xml, attachment_end(r->attachment, frame->object));
  if (frame->state == ATTACHMENT) return end_attachment(r, xml, frame->object);
  if (frame->state != VALUE) return 0;
  if (frame->object == r->edxml && (text_is(text_of(frame->row->name), "StatusCode") ||
                                    text_is(text_of(frame->row->name), "Timestamp")))
    r->edxml->has_status = true;
  return end_value(r, xml, frame);
}

/* ---- Files that the manifest announces, and files that came ---------------------------------------------------- */

static struct text bare_content_id(struct text id) {
  bool prefixed = id.length > 4 && memcmp(id.data, "cid:", 4) == 0;
  return prefixed ? (struct text){id.data + 4, id.length - 4} : id;
}

static bool is_same_file(const struct edxml_attachment *a, const struct edxml_attachment *b) {
  if (a->content_id.length != 0 && b->content_id.length != 0)
    return text_equal(bare_content_id(a->content_id), bare_content_id(b->content_id));
  return a->name.length != 0 && text_equal(a->name, b->name);
}

static void complete(struct text *text, struct text from) {
  if (text->length == 0) *text = from;
}

static struct edxml_attachment *find_file(const struct edxml_list *files, const struct edxml_attachment *reference) {
  for (size_t i = 0; i < files->count; i++)
    if (is_same_file(files->items[i], reference)) return files->items[i];
  return NULL;
}

/* What came takes from its reference what it does not say itself; a reference without a file becomes one that did
 * not come. */
static int join_references(struct reader *r) {
  static const struct row row = FILES_ROW("Attachment", ATTACHMENT, attachments);
  struct edxml_list came = r->edxml->attachments, *all = &r->edxml->attachments;
  for (size_t i = 0; i < r->edxml->references.count; i++) {
    const struct edxml_attachment *reference = r->edxml->references.items[i];
    struct edxml_attachment *file = find_file(&came, reference);
    void *added = file;
    if (file == NULL && all->count == FILES_MAX) return reject_at(r, HUB_TOO_LARGE, NULL, "too many attachments");
    int result = file == NULL ? add_item(r, NULL, all, &row, &added) : 0;
    if (result != 0) return result;
    file = added;
    complete(&file->content_id, reference->content_id);
    complete(&file->name, reference->name);
    complete(&file->description, reference->description);
    complete(&file->content_type, reference->content_type);
  }
  for (size_t i = 0; i < came.count; i++) {
    const struct edxml_attachment *file = came.items[i];
    if (file->present && file->zip == ZIP_E_TOO_LARGE && attachment_is_zip(file->content_type))
      return reject_at(r, HUB_TOO_LARGE, NULL, "the archive unpacks to more than 256 MiB or 100 times its size");
  }
  return 0;
}

static int reject_xml(struct reader *r, int result, const struct xml_problem *problem) {
  enum hub_reject_code code = result == XML_E_MALFORMED     ? HUB_MALFORMED
                              : result == XML_E_UNSUPPORTED ? HUB_UNSUPPORTED
                                                            : HUB_TOO_LARGE;
  return reject_at(r, code, problem->at, problem->detail);
}

int edxml_read(struct text payload, const EVP_MD *sha256, struct hub_sink *sink, struct edxml *ret_edxml) {
  struct reader *r = hub_alloc(sink, sizeof(*r));
  if (r == NULL) return -ENOMEM;
  memset(ret_edxml, 0, sizeof(*ret_edxml));
  *r = (struct reader){.sink = sink, .edxml = ret_edxml, .sha256 = sha256};
  r->frames[0] = (struct frame){.state = ROOT, .object = ret_edxml};
  struct xml_handler handler = {r, on_start, on_text, on_end};
  struct xml_problem problem;
  int result = xml_read(payload, &handler, &problem);
  attachment_reader_free(r->attachment);
  if (result > XML_STOPPED) result = reject_xml(r, result, &problem);
  if (result == 0) result = join_references(r);
  if (result < 0) return result;
  return result != 0 ? EDXML_REJECTED : 0;
}
