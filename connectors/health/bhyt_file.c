/*
 * bhyt_file.c: walks the elements of an insurance file; each HOSO becomes one record when it ends.
 *
 * The surprising decision: a HOSO that holds a record of HIV is refused with all its parts, since whatever is
 * left would tell of whom the record is. What stands in a NOIDUNGFILE is told by its root; the label beside
 * it (LOAIHOSO) counts for one thing only: that it says 6.
 */
#include "connectors/health/bhyt_file.h"

#include "connectors/health/bhyt_content.h"
#include "connectors/health/bhyt_records.h"

#include <errno.h>

enum { PARTS_MAX = 200, LABEL_MAX = 64 };

enum state { OUTSIDE, ROOT, UNIT, INFO, LIST, FILE_OF_VISIT, PART, CONTENT, VALUE };

struct visit {         /* a HOSO */
  size_t first_record; /* of its check-ins */
  bool has_summary, has_check_ins;
  struct bhyt_row summary;
  struct text visit_id;
  struct bhyt_part parts[PARTS_MAX];
  size_t parts_count;
  struct bhyt_problem problem;
  size_t offset;
  const char *path;
};

struct reader {
  const struct bhyt_source *source;
  struct maker maker;
  struct bhyt_records records;
  enum state states[XML_LEVELS_MAX + 1];
  unsigned depth, skipped;
  size_t root_end; /* 0: the root is still open */
  struct bhyt_problem root_place;
  struct bhyt_around around;
  bool has_count;
  int64_t announced, visits;
  struct bhyt_problem count_place;
  struct bhyt_problem refused; /* the whole file */
  struct visit visit;
  struct bhyt_content content;
  size_t content_offset;
  const char *content_path;
  bool says_hiv, has_content; /* of the part at hand */
  bool in_document;           /* the elements of a document stand in the file itself */
  struct bhyt_document document;
  const char *field; /* name of the element whose text is collected */
  char value[LABEL_MAX];
  size_t value_length;
};

static const struct row {
  enum state state;
  struct text name;
  enum state next;
} rows[] = {
    {OUTSIDE, TEXT("GIAMDINHHS"), ROOT},     {ROOT, TEXT("THONGTINDONVI"), UNIT},
    {ROOT, TEXT("THONGTINHOSO"), INFO},      {UNIT, TEXT("MACSKCB"), VALUE},
    {INFO, TEXT("NGAYLAP"), VALUE},          {INFO, TEXT("SOLUONGHOSO"), VALUE},
    {INFO, TEXT("DANHSACHHOSO"), LIST},      {LIST, TEXT("HOSO"), FILE_OF_VISIT},
    {FILE_OF_VISIT, TEXT("FILEHOSO"), PART}, {PART, TEXT("LOAIHOSO"), VALUE},
    {PART, TEXT("NOIDUNGFILE"), CONTENT},
};

/* ---- Problems ---- */

static int place(const struct reader *r, const struct xml_reader *xml, size_t *ret_offset,
                 const char **ret_path) {
  char path[XML_PLACE_SIZE];
  size_t end;
  xml_path(xml, path);
  xml_span(xml, ret_offset, &end);
  *ret_path = bhyt_path(r->source->sink, NULL, path);
  return *ret_path == NULL ? -ENOMEM : 0;
}

static int note(struct reader *r, const struct xml_reader *xml, struct bhyt_problem *problem,
                enum hub_reject_code code, const char *detail) {
  size_t offset;
  const char *path;
  int result = place(r, xml, &offset, &path);
  return result != 0 ? result : bhyt_note(r->source->sink, problem, code, detail, offset, path);
}

/* The whole file is refused, and nothing more of it is read. */
static int refuse(struct reader *r, const struct xml_reader *xml, enum hub_reject_code code,
                  const char *detail) {
  int result = note(r, xml, &r->refused, code, detail);
  return result != 0 ? result : XML_STOPPED;
}

static int refuse_more(struct reader *r, size_t offset, const char *path) {
  r->refused = (struct bhyt_problem){HUB_TOO_LARGE, "more than 20000 records", offset, path};
  return XML_STOPPED;
}

/* ---- Rows of documents ---- */

static struct bhyt_record *add_record(struct reader *r, size_t offset, const char *path, struct text slice) {
  struct bhyt_record *record = bhyt_records_add(r->source->sink, &r->records);
  if (record == NULL) return NULL;
  record->problem.offset = offset;
  record->problem.path = path;
  record->slice = slice;
  return record;
}

/* Bytes of a row; of a document in a text they are copied, since that buffer is used again. */
static int slice_of(struct reader *r, const struct bhyt_document *d, struct text *ret_slice) {
  const struct bhyt_row *row = &d->row;
  bool in_text = d->outer_path != NULL;
  struct text slice = {(in_text ? r->content.data : r->source->xml.data) + row->begin, row->end - row->begin};
  *ret_slice = slice;
  if (!in_text) return 0;
  char *copy = hub_alloc(r->source->sink, slice.length + 1);
  if (copy == NULL) return -ENOMEM;
  *ret_slice = (struct text){memcpy(copy, slice.data, slice.length), slice.length};
  return 0;
}

static int take_check_in(struct reader *r, const struct bhyt_document *d) {
  struct text slice;
  int result = slice_of(r, d, &slice);
  if (result != 0) return result;
  if (r->records.count == BHYT_RECORDS_MAX) return refuse_more(r, d->row.offset, d->row.path);
  struct bhyt_record *record = add_record(r, d->row.offset, d->row.path, slice);
  if (record == NULL) return -ENOMEM;
  if (d->row.problem.code != 0) record->problem = d->row.problem;
  record->key = d->row.values[BHYT_MA_LK];
  r->visit.has_check_ins = true;
  return bhyt_check_in_make(&r->maker, &d->row, record);
}

static int take_row(void *context, struct bhyt_document *d) {
  struct reader *r = context;
  if (d->root->kind == BHYT_CHECK_IN) return take_check_in(r, d);
  if (r->visit.has_summary)
    return bhyt_note(r->source->sink, &r->visit.problem, HUB_CONFLICT, "a second summary of the visit",
                     d->row.offset, d->row.path);
  r->visit.has_summary = true;
  r->visit.summary = d->row;
  return 0;
}

/* ---- Documents ---- */

static void begin_document(struct reader *r, const char *outer_path, size_t outer_offset) {
  memset(&r->document, 0, offsetof(struct bhyt_document, value));
  r->document.sink = r->source->sink;
  r->document.zone_offset_s = r->maker.zone_offset_s;
  r->document.context = r;
  r->document.take_row = take_row;
  r->document.outer_path = outer_path;
  r->document.outer_offset = outer_offset;
}

static int note_of(struct reader *r, const struct bhyt_problem *problem) {
  if (problem->code == 0) return 0;
  return bhyt_note(r->source->sink, &r->visit.problem, problem->code, problem->detail, problem->offset,
                   problem->path);
}

/* What a document says about its visit. */
static int end_document(struct reader *r) {
  struct bhyt_document *d = &r->document;
  struct visit *v = &r->visit;
  int result = note_of(r, &d->problem);
  if (result == 0 && d->root != NULL && d->root->kind == BHYT_SUMMARY)
    result = note_of(r, &v->summary.problem);
  if (result != 0 || d->root == NULL || d->root->kind == BHYT_CHECK_IN) return result;
  if (v->parts_count == PARTS_MAX)
    return bhyt_note(r->source->sink, &v->problem, HUB_TOO_LARGE, "more than 200 parts of one visit",
                     r->content_offset, r->content_path);
  v->parts[v->parts_count++] = (struct bhyt_part){d->root->kind, d->rows};
  if (v->visit_id.length == 0) v->visit_id = d->visit_id;
  if (d->visit_id.length == 0 || text_equal(v->visit_id, d->visit_id)) return 0;
  return bhyt_note(r->source->sink, &v->problem, HUB_CONFLICT, "parts of one file name different visits",
                   r->content_offset, r->content_path);
}

static bool says_hiv(struct text label) {
  if (label.length >= 3 && (label.data[0] | 32) == 'x' && (label.data[1] | 32) == 'm' &&
      (label.data[2] | 32) == 'l')
    label.data += 3, label.length -= 3;
  label = text_trim(label);
  while (label.length > 1 && *label.data == '0') label.data++, label.length--;
  return text_is(label, "6");
}

/* Programs that list all labels leave what they have nothing of empty: that is no record. */
static int end_part(struct reader *r, const struct xml_reader *xml) {
  if (!r->says_hiv || !r->has_content) return 0;
  return note(r, xml, &r->visit.problem, HUB_FORBIDDEN, BHYT_HIV_DETAIL);
}

static int read_content(struct reader *r) {
  struct bhyt_content *c = &r->content;
  const char *detail = NULL;
  bhyt_content_end(c);
  r->has_content |= c->form != BHYT_EMPTY;
  if (c->form == BHYT_EMPTY || r->says_hiv) return 0;
  if (c->too_large) detail = "a part over 32 MiB";
  else if (c->invalid) detail = "neither XML nor base64";
  if (detail != NULL)
    return bhyt_note(r->source->sink, &r->visit.problem, c->too_large ? HUB_TOO_LARGE : HUB_INVALID, detail,
                     r->content_offset, r->content_path);
  begin_document(r, r->content_path, r->content_offset);
  int result = bhyt_document_read(&r->document, (struct text){c->data, c->length});
  return result != 0 ? result : end_document(r);
}

/* ---- Visits ---- */

static int begin_visit(struct reader *r, const struct xml_reader *xml) {
  memset(&r->visit, 0, sizeof(r->visit));
  r->visit.first_record = r->records.count;
  r->visits++;
  int result = place(r, xml, &r->visit.offset, &r->visit.path);
  bool full = result == 0 && r->records.count == BHYT_RECORDS_MAX;
  return full ? refuse_more(r, r->visit.offset, r->visit.path) : result;
}

static int make_claim(struct reader *r, struct text slice) {
  struct visit *v = &r->visit;
  struct bhyt_record *record = add_record(r, v->offset, v->path, slice);
  if (record == NULL) return -ENOMEM;
  record->key = v->visit_id;
  if (v->problem.code != 0) record->problem = v->problem;
  else if (v->has_summary) record->problem.offset = v->summary.offset, record->problem.path = v->summary.path;
  return bhyt_claim_make(&r->maker, &v->summary, v->parts, v->parts_count, record);
}

static int end_visit(struct reader *r, const struct xml_reader *xml) {
  struct visit *v = &r->visit;
  size_t begin, end;
  int result = 0;
  if (!v->has_summary && v->has_check_ins && v->problem.code == 0) return 0;
  if (v->problem.code == HUB_FORBIDDEN) r->records.count = v->first_record;
  if (!v->has_summary)
    result = bhyt_note(r->source->sink, &v->problem, HUB_MISSING, "the visit has no summary (XML1)",
                       v->offset, v->path);
  xml_span(xml, &begin, &end);
  return result != 0 ? result : make_claim(r, (struct text){r->source->xml.data + begin, end - begin});
}

/* ---- Values of the file ---- */

static int take_count(struct reader *r, const struct xml_reader *xml, struct text text) {
  int64_t number = 0;
  for (size_t i = 0; i < text.length; i++) {
    if (text.data[i] < '0' || text.data[i] > '9' || number > INT32_MAX) return 0;
    number = number * 10 + (text.data[i] - '0');
  }
  r->has_count = true;
  r->announced = number;
  return place(r, xml, &r->count_place.offset, &r->count_place.path);
}

static int take_value(struct reader *r, const struct xml_reader *xml) {
  struct text text = value_given((struct text){r->value, r->value_length});
  const char *name = r->field, *trouble;
  if (text.length == 0) return 0;
  if (strcmp(name, "LOAIHOSO") == 0) {
    r->says_hiv |= says_hiv(text);
    return 0;
  }
  if (strcmp(name, "SOLUONGHOSO") == 0) return take_count(r, xml, text);
  if (strcmp(name, "MACSKCB") == 0) {
    r->around.sender_code = (struct text){value_string(&r->maker, text), text.length};
    return r->maker.error;
  }
  int result = value_read_time(text, r->maker.zone_offset_s, &r->around.made_at, &trouble);
  return result == 0 ? 0 : refuse(r, xml, HUB_INVALID, trouble);
}

/* ---- Elements ---- */

static int start_document(struct reader *r, struct xml_reader *xml, struct text name) {
  begin_document(r, NULL, 0);
  r->in_document = r->has_content = true;
  return bhyt_document_start(&r->document, xml, name);
}

static int start_root(struct reader *r, struct xml_reader *xml, struct text name) {
  enum bhyt_kind kind = bhyt_root_of(name)->kind;
  if (bhyt_is_hiv(name)) return refuse(r, xml, HUB_FORBIDDEN, BHYT_HIV_DETAIL);
  if (kind == BHYT_CHECK_IN || kind == BHYT_SUMMARY) {
    int result = kind == BHYT_SUMMARY ? begin_visit(r, xml) : 0;
    return result != 0 ? result : start_document(r, xml, name);
  }
  return refuse(r, xml, HUB_UNSUPPORTED,
                kind == BHYT_STRANGER ? "the root element is of no form that is known here"
                                      : "a part of an insurance file without its summary");
}

static int enter(struct reader *r, struct xml_reader *xml, const struct row *row) {
  xml_label(xml, row->name.data);
  r->states[++r->depth] = row->next;
  r->value_length = 0;
  r->field = row->name.data;
  if (row->next == FILE_OF_VISIT) return begin_visit(r, xml);
  if (row->next == PART) r->says_hiv = r->has_content = false;
  if (row->next != CONTENT) return 0;
  bhyt_content_begin(&r->content);
  return place(r, xml, &r->content_offset, &r->content_path);
}

static int on_start(void *context, struct xml_reader *xml, struct text name) {
  struct reader *r = context;
  if (r->in_document) return bhyt_document_start(&r->document, xml, name);
  enum state state = r->states[r->depth];
  for (size_t i = 0; r->skipped == 0 && i < sizeof(rows) / sizeof(rows[0]); i++)
    if (rows[i].state == state && text_equal(rows[i].name, name)) return enter(r, xml, &rows[i]);
  if (state == OUTSIDE) return start_root(r, xml, name);
  if (r->skipped == 0 && state == CONTENT) return start_document(r, xml, name);
  r->skipped++;
  if (!bhyt_is_hiv(name)) return 0;
  if (state >= FILE_OF_VISIT) return note(r, xml, &r->visit.problem, HUB_FORBIDDEN, BHYT_HIV_DETAIL);
  return refuse(r, xml, HUB_FORBIDDEN, BHYT_HIV_DETAIL);
}

static int on_text(void *context, struct xml_reader *xml, struct text piece) {
  struct reader *r = context;
  if (r->in_document) {
    bhyt_document_text(&r->document, xml, piece);
    return 0;
  }
  enum state state = r->states[r->depth];
  if (r->skipped != 0) return 0;
  if (state == CONTENT) return bhyt_content_take(&r->content, r->source->sink, piece);
  if (state != VALUE) return 0;
  size_t room = sizeof(r->value) - r->value_length;
  if (piece.length > room) return refuse(r, xml, HUB_TOO_LARGE, "a value over 64 bytes");
  memcpy(r->value + r->value_length, piece.data, piece.length);
  r->value_length += piece.length;
  return 0;
}

static int end_of_document(struct reader *r, const struct xml_reader *xml) {
  int result = bhyt_document_end(&r->document, xml);
  if (result != 0 || r->document.level != 0) return result;
  r->in_document = false;
  result = end_document(r);
  if (result != 0 || r->depth != 0) return result;
  if (r->document.root->kind == BHYT_SUMMARY) return end_visit(r, xml);
  r->refused = r->visit.problem;
  return r->refused.code == 0 ? 0 : XML_STOPPED;
}

static int leave(struct reader *r, const struct xml_reader *xml) {
  switch (r->states[r->depth--]) {
    case VALUE: return take_value(r, xml);
    case CONTENT: return read_content(r);
    case PART: return end_part(r, xml);
    case FILE_OF_VISIT: return end_visit(r, xml);
    default: return 0;
  }
}

static int end_root(struct reader *r, const struct xml_reader *xml) {
  size_t begin;
  xml_span(xml, &begin, &r->root_end);
  return place(r, xml, &r->root_place.offset, &r->root_place.path);
}

static int on_end(void *context, struct xml_reader *xml) {
  struct reader *r = context;
  int result = 0;
  if (r->in_document) result = end_of_document(r, xml);
  else if (r->skipped != 0) r->skipped--;
  else result = leave(r, xml);
  return result != 0 || xml_level(xml) != 1 ? result : end_root(r, xml);
}

/* ---- The file ---- */

static int tail_start(void *context, struct xml_reader *xml, struct text name) {
  (void)context;
  return xml_level(xml) == 1 && !text_is(name, "CHUKYDONVI") ? XML_STOPPED : 0;
}

static int tail_text(void *context, struct xml_reader *xml, struct text piece) {
  (void)context, (void)xml, (void)piece;
  return 0;
}

static int tail_end(void *context, struct xml_reader *xml) {
  (void)context, (void)xml;
  return 0;
}

/* A guide prints the signature behind the root, and programs follow it. */
static int read_tail(const struct reader *r) {
  struct text xml = r->source->xml;
  struct xml_handler handler = {NULL, tail_start, tail_text, tail_end};
  struct xml_problem problem;
  if (r->root_end == 0) return XML_E_MALFORMED;
  return xml_read((struct text){xml.data + r->root_end, xml.length - r->root_end}, &handler, &problem);
}

static int refuse_text(const struct reader *r, int error, const struct xml_problem *problem) {
  const char *path = strchr(problem->at, ' ');
  struct bhyt_problem why = {.code = error == XML_E_MALFORMED     ? HUB_MALFORMED
                                     : error == XML_E_UNSUPPORTED ? HUB_UNSUPPORTED
                                                                  : HUB_TOO_LARGE,
                             .detail = problem->detail,
                             .offset = problem->offset,
                             .path = path == NULL ? "" : path + 1};
  return bhyt_refuse(r->source, &why);
}

/* What was announced has to be there; a file of nothing says that it is one. */
static int finish(struct reader *r) {
  bool says_none = r->has_count && r->announced == 0;
  if (r->has_count && r->visits < r->announced) {
    r->count_place.code = HUB_INCOMPLETE;
    r->count_place.detail = "fewer files (HOSO) than SOLUONGHOSO says";
    return bhyt_refuse(r->source, &r->count_place);
  }
  if (r->records.count == 0 && !says_none) {
    r->root_place.code = HUB_MISSING;
    r->root_place.detail = "the file has no HOSO or TRANG_THAI_KCB";
    return bhyt_refuse(r->source, &r->root_place);
  }
  for (size_t i = 0; i < r->records.count; i++) {
    int result = bhyt_claim_complete(&r->maker, &r->around, &r->records.items[i]);
    if (result != 0) return result;
  }
  return bhyt_records_emit(r->source, &r->records);
}

int bhyt_file_translate(const struct bhyt_source *source) {
  struct reader *r = hub_alloc(source->sink, sizeof(*r));
  if (r == NULL) return -ENOMEM;
  r->source = source;
  r->maker = (struct maker){source->sink, source->health->zone_offset_s, 0};
  struct xml_handler handler = {r, on_start, on_text, on_end};
  struct xml_problem problem;
  int result = xml_read(source->xml, &handler, &problem);
  if (result == XML_STOPPED) return bhyt_refuse(source, &r->refused);
  if (result == XML_E_MALFORMED) {
    int tail = read_tail(r);
    if (tail <= 0) result = tail;
  }
  if (result > 0) return refuse_text(r, result, &problem);
  return result < 0 ? result : finish(r);
}
