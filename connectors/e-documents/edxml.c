/*
 * edxml.c: walks the elements of an edXML message by the tables of elements.c.
 *
 * Elements that no table lists are skipped with everything in them, signatures among them. Values that
 * identify the message may be repeated only with the same text; of every other value the first that is not
 * empty counts. The surprising decision: a text is copied once, when its element ends; an attachment's text
 * never.
 */
#include "connectors/e-documents/edxml.h"

#include "connectors/e-documents/attachment.h"
#include "connectors/e-documents/elements.h"
#include "connectors/format/xml.h"
#include "connectors/format/zip_entry.h"

#include <errno.h>
#include <strings.h>

enum { VALUE_MAX = 256 * 1024, TOTAL_MAX = 4 * 1024 * 1024, LIST_MAX = 10000, FILES_MAX = 1000 };

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

/* ---- Rejecting ----------------------------------------------------------------------------------------- */

static int reject_at(struct reader *r, enum hub_reject_code code, const char *at, const char *detail) {
  struct hub_rejection rejection = {
      .size = sizeof(rejection),
      .code = code,
      .at = at,
      .detail = detail,
      .key = r->edxml->document_id.data,
      .key_length = r->edxml->document_id.length,
  };
  int result = hub_reject(r->sink, &rejection);
  return result < 0 ? result : XML_STOPPED;
}

static int reject(struct reader *r, const struct xml_reader *xml, enum hub_reject_code code,
                  const char *detail) {
  char at[XML_PLACE_SIZE];
  xml_place(xml, at);
  return reject_at(r, code, at, detail);
}

/* ---- Values -------------------------------------------------------------------------------------------- */

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

static int add_item(struct reader *r, const struct xml_reader *xml, struct edxml_list *list,
                    const struct row *row, void **ret_item) {
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

/* What some senders' libraries write for nothing. */
static bool is_null_word(struct text text) {
  return text.length == 4 && strncasecmp(text.data, "null", 4) == 0;
}

static int end_value(struct reader *r, const struct xml_reader *xml, const struct frame *frame) {
  struct text text = text_trim((struct text){r->value, r->value_length});
  void *place = (char *)frame->object + frame->row->offset;
  if (text.length == 0 || is_null_word(text)) return 0;
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

/* ---- Attachments --------------------------------------------------------------------------------------- */

static int begin_bytes(struct reader *r, const struct xml_reader *xml,
                       const struct edxml_attachment *attachment) {
  if (attachment->present) return reject(r, xml, HUB_CONFLICT, "the bytes of an attachment are given twice");
  int result = r->attachment == NULL ? attachment_reader_new(r->sink, r->sha256, &r->attachment) : 0;
  bool may_be_zip = attachment->content_type.length == 0 || attachment_is_zip(attachment->content_type);
  return result == 0 ? attachment_begin(r->attachment, may_be_zip) : result;
}

static int judge_bytes(struct reader *r, const struct xml_reader *xml, int result) {
  if (result != ATTACHMENT_E_BASE64) return result;
  return reject(r, xml, HUB_INVALID, "the attachment is not base64");
}

static int end_attachment(struct reader *r, const struct xml_reader *xml,
                          const struct edxml_attachment *attachment) {
  bool bomb = attachment->present && attachment->zip == ZIP_E_TOO_LARGE &&
              attachment_is_zip(attachment->content_type);
  if (!bomb) return 0;
  return reject(r, xml, HUB_TOO_LARGE, "the archive unpacks to more than 256 MiB or 100 times its size");
}

/* ---- Elements ------------------------------------------------------------------------------------------ */

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
static int read_reference(struct reader *r, const struct xml_reader *xml,
                          struct edxml_attachment *reference) {
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
    case BYTES:
      result = begin_bytes(r, xml, object);
      item = object;
      break;
    case TEXT_OF:
    case IDENTITY:
    case TEXTS_OF:
      r->value_length = 0;
      item = object;
      break;
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
  const struct row *row = element_find(frame->state, name);
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
  if (frame->object == r->edxml &&
      (strcmp(frame->row->name, "StatusCode") == 0 || strcmp(frame->row->name, "Timestamp") == 0))
    r->edxml->has_status = true;
  return end_value(r, xml, frame);
}

/* ---- Files that the manifest announces, and files that came -------------------------------------------- */

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

static struct edxml_attachment *find_file(const struct edxml_list *files,
                                          const struct edxml_attachment *reference) {
  for (size_t i = 0; i < files->count; i++)
    if (is_same_file(files->items[i], reference)) return files->items[i];
  return NULL;
}

/* What came takes from its reference what it does not say itself; a reference without a file becomes one that
 * did not come. */
static int join_references(struct reader *r) {
  static const struct row row = {.kind = FILES, .size = sizeof(struct edxml_attachment)};
  struct edxml_list came = r->edxml->attachments, *all = &r->edxml->attachments;
  for (size_t i = 0; i < r->edxml->references.count; i++) {
    const struct edxml_attachment *reference = r->edxml->references.items[i];
    struct edxml_attachment *file = find_file(&came, reference);
    void *added = file;
    if (file == NULL && all->count == FILES_MAX)
      return reject_at(r, HUB_TOO_LARGE, "1:1", "too many attachments");
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
      return reject_at(r, HUB_TOO_LARGE, "1:1",
                       "the archive unpacks to more than 256 MiB or 100 times its size");
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
