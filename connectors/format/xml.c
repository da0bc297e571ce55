/*
 * xml.c: libxml2's SAX2 push parser behind limits of ours.
 *
 * Invariant: what the parser holds back is bounded by a step, or by one tag, comment or instruction, whatever
 * the document's length. CDATA is what it would hold back whole; so at each step's edge inside a section the
 * section is closed and opened again with bytes that are not in the document (`inserted` keeps count, for
 * places). The surprising decision: a handler that wants to stop, and an error, only set `result` and let
 * libxml2 run out its step with its callbacks disabled; stopping it from inside a callback would free the
 * buffer that it stands on.
 */
#include "connectors/format/xml.h"

#include "connectors/format/xml_scan.h"

#include <errno.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <stdio.h>
#include <strings.h>

struct xml_level {
  const char *label;
  size_t offset; /* somewhere in its start tag */
  int namespaces;
};

struct xml_reader {
  struct text input;
  const struct xml_handler *handler;
  xmlParserCtxtPtr parser;
  size_t base;     /* offset of the first byte that the parser was given */
  size_t fed;      /* offset of the next byte to give it */
  size_t inserted; /* bytes that it was given beside the document's */
  unsigned level;
  int namespaces;
  const xmlChar **attributes; /* while start() runs: five pointers each */
  int attributes_count;
  int result;
  const char *detail;
  size_t offset; /* of the problem */
  struct xml_level levels[XML_LEVELS_MAX + 1];
};

__attribute__((constructor)) static void xml_init(void) { xmlInitParser(); }

/* ---- Places and problems ------------------------------------------------------------------------------- */

static size_t current_offset(const struct xml_reader *r) {
  const struct _xmlParserInput *in = r->parser->input; /* xmlByteConsumed() where nothing is recoded */
  size_t consumed = in == NULL ? 0 : in->consumed + (size_t)(in->cur - in->base);
  if (in == NULL || consumed < r->inserted) return r->fed;
  size_t offset = r->base + consumed - r->inserted;
  return offset < r->input.length ? offset : r->input.length;
}

static void stop(struct xml_reader *r, int result) {
  if (r->result == 0) r->result = result;
  if (r->parser != NULL) r->parser->disableSAX = 1; /* NULL: it is just being made */
}

static void fail(struct xml_reader *r, int result, size_t offset, const char *detail) {
  if (r->result == 0) r->detail = detail, r->offset = offset;
  stop(r, result);
}

static void write_path(const struct xml_reader *r, char *at, size_t size, size_t used) {
  for (unsigned i = 1; i <= r->level && i <= XML_LEVELS_MAX && used < size; i++) {
    const char *label = r->levels[i].label != NULL ? r->levels[i].label : "*";
    int n = snprintf(at + used, size - used, "%c%s", i == 1 ? ' ' : '/', label);
    if (n < 0) return;
    used += (size_t)n;
  }
}

static void write_place(const struct xml_reader *r, size_t offset, char at[XML_PLACE_SIZE]) {
  size_t line = 1, column = 1;
  text_place(r->input.data, r->input.length, offset, &line, &column);
  int n = snprintf(at, XML_PLACE_SIZE, "%zu:%zu", line, column);
  if (n > 0) write_path(r, at, XML_PLACE_SIZE, (size_t)n);
}

static size_t element_offset(const struct xml_reader *r) {
  size_t offset = r->level == 0 ? r->base : r->levels[r->level].offset;
  if (offset > r->input.length) offset = r->input.length;
  const char *tag = offset == 0 ? NULL : memrchr(r->input.data, '<', offset);
  return tag == NULL ? offset : (size_t)(tag - r->input.data);
}

void xml_place(const struct xml_reader *r, char ret_at[XML_PLACE_SIZE]) {
  write_place(r, element_offset(r), ret_at);
}

void xml_span(const struct xml_reader *r, size_t *ret_begin, size_t *ret_end) {
  *ret_begin = element_offset(r);
  *ret_end = current_offset(r);
}

void xml_path(const struct xml_reader *r, char ret_path[XML_PLACE_SIZE]) {
  size_t used = 0;
  for (unsigned i = 1; i <= r->level; i++) {
    struct text label = r->levels[i].label != NULL ? text_of(r->levels[i].label) : TEXT("*");
    if (used + label.length + 2 > XML_PLACE_SIZE) break;
    if (i > 1) ret_path[used++] = '/';
    memcpy(ret_path + used, label.data, label.length);
    used += label.length;
  }
  ret_path[used] = 0;
}

static const char *describe(int code) {
  switch (code) {
    case XML_ERR_TAG_NAME_MISMATCH: return "an end tag does not match its start tag";
    case XML_ERR_DOCUMENT_END: return "the document goes on behind its root element";
    case XML_ERR_UNDECLARED_ENTITY: return "an entity that XML does not define";
    case XML_ERR_ATTRIBUTE_REDEFINED: return "an attribute is given twice";
    case XML_ERR_INVALID_CHAR: return "a character that XML forbids";
    default: return "not well-formed XML";
  }
}

/* At the end of its input libxml2 also reports a tag that broke off inside its name. */
static bool is_cut_off(const struct xml_reader *r) {
  if (r->fed < r->input.length) return false;
  const char *tag = memrchr(r->input.data, '<', r->input.length);
  return tag != NULL && memchr(tag, '>', r->input.length - (size_t)(tag - r->input.data)) == NULL;
}

static void on_error(void *context, xmlErrorPtr error) {
  struct xml_reader *r = context;
  if (error->code == XML_ERR_NO_MEMORY) stop(r, -ENOMEM);
  if (error->code == XML_ERR_NO_MEMORY || error->level < XML_ERR_FATAL) return;
  size_t offset = current_offset(r);
  bool at_end = (r->fed == r->input.length && offset == r->fed) ||
                (error->code == XML_ERR_DOCUMENT_END && is_cut_off(r));
  fail(r, XML_E_MALFORMED, offset, at_end ? "the document ends too early" : describe(error->code));
}

/* ---- Events -------------------------------------------------------------------------------------------- */

static void on_doctype(void *context, const xmlChar *name, const xmlChar *public_id,
                       const xmlChar *system_id) {
  struct xml_reader *r = context;
  fail(r, XML_E_MALFORMED, current_offset(r), "a DOCTYPE is not taken");
}

static void on_start(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                     int namespaces, const xmlChar **namespace_pairs, int attributes, int defaulted,
                     const xmlChar **list) {
  struct xml_reader *r = context;
  if (r->result != 0) return;
  size_t offset = current_offset(r);
  if (r->level == 0 && is_cut_off(r)) {
    fail(r, XML_E_MALFORMED, r->input.length, "the document ends too early");
    return;
  }
  if (r->level == XML_LEVELS_MAX) {
    fail(r, XML_E_TOO_LARGE, offset, "more than 100 levels of elements");
    return;
  }
  r->level++;
  r->levels[r->level] = (struct xml_level){.offset = offset, .namespaces = namespaces};
  r->namespaces += namespaces;
  if (attributes + namespaces > XML_ATTRIBUTES_MAX || r->namespaces > XML_NAMESPACES_MAX) {
    fail(r, XML_E_TOO_LARGE, offset, "more than 256 attributes on an element, or namespaces in force");
    return;
  }
  r->attributes = list;
  r->attributes_count = attributes;
  int result = r->handler->start(r->handler->context, r, text_of((const char *)name));
  r->attributes_count = 0;
  if (result != 0) stop(r, result);
}

static void on_text(void *context, const xmlChar *data, int length) {
  struct xml_reader *r = context;
  if (r->result != 0 || length <= 0) return;
  int result = r->handler->text(r->handler->context, r, (struct text){(const char *)data, (size_t)length});
  if (result != 0) stop(r, result);
}

static void on_end(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri) {
  struct xml_reader *r = context;
  if (r->result != 0) return;
  int result = r->handler->end(r->handler->context, r);
  if (result != 0) {
    stop(r, result);
    return;
  }
  r->namespaces -= r->levels[r->level].namespaces;
  r->level--;
}

bool xml_attribute(const struct xml_reader *r, const char *local_name, struct text *ret_value) {
  for (int i = 0; i < r->attributes_count; i++) {
    const xmlChar **attribute = r->attributes + 5 * i;
    if (strcmp((const char *)attribute[0], local_name) != 0) continue;
    *ret_value = (struct text){(const char *)attribute[3], (size_t)(attribute[4] - attribute[3])};
    return true;
  }
  return false;
}

void xml_label(struct xml_reader *r, const char *constant) { r->levels[r->level].label = constant; }

unsigned xml_level(const struct xml_reader *r) { return r->level; }

/* ---- Beginning of the document ------------------------------------------------------------------------- */

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

static bool is_sixteen_bit(struct text t) {
  if (t.length < 2) return false;
  unsigned char a = (unsigned char)t.data[0], b = (unsigned char)t.data[1];
  return (a == 0xFF && b == 0xFE) || (a == 0xFE && b == 0xFF) || (a == '<' && b == 0) || (a == 0 && b == '<');
}

/* Offset of the document's first byte: behind a byte order mark and, in front of `<?xml`, anything. */
static size_t find_beginning(struct xml_reader *r) {
  struct text input = r->input;
  if (is_sixteen_bit(input)) {
    fail(r, XML_E_UNSUPPORTED, 0, "only UTF-8 is read here");
    return 0;
  }
  size_t start = input.length >= 3 && memcmp(input.data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
  size_t window = input.length - start < 1024 ? input.length - start : 1024;
  const char *tag = window == 0 ? NULL : memchr(input.data + start, '<', window);
  if (tag == NULL) {
    fail(r, XML_E_MALFORMED, 0, input.length == start ? "the document is empty" : "this is no XML document");
    return 0;
  }
  size_t at = (size_t)(tag - input.data);
  bool declared = input.length - at > 5 && memcmp(tag, "<?xml", 5) == 0 && is_space(tag[5]);
  for (size_t i = start; !declared && i < at; i++)
    if (!is_space(input.data[i])) {
      fail(r, XML_E_MALFORMED, i, "text in front of the root element");
      return 0;
    }
  return at;
}

/* The value of encoding= in an XML declaration; empty when there is none. */
static struct text declared_encoding(struct text declaration) {
  const char *end = declaration.data + declaration.length;
  const char *p = memmem(declaration.data, declaration.length, "encoding", 8);
  if (p == NULL) return TEXT_NONE;
  for (p += 8; p < end && is_space(*p);) p++;
  if (p == end || *p++ != '=') return TEXT_NONE;
  while (p < end && is_space(*p)) p++;
  if (p == end || (*p != '"' && *p != '\'')) return TEXT_NONE;
  const char *close = memchr(p + 1, *p, (size_t)(end - p - 1));
  return close == NULL ? TEXT_NONE : (struct text){p + 1, (size_t)(close - p - 1)};
}

/* UTF-16 is what some senders' libraries declare of a string that they then send as UTF-8: what is 16 bits
 * wide was refused by its first bytes, and what follows is checked to be UTF-8. */
static bool is_readable_encoding(struct text name) {
  static const char *const known[] = {"UTF-8", "UTF8", "US-ASCII", "ASCII", "UTF-16", NULL};
  for (size_t i = 0; known[i] != NULL; i++)
    if (name.length == strlen(known[i]) && strncasecmp(name.data, known[i], name.length) == 0) return true;
  return name.length == 0;
}

static void check_declaration(struct xml_reader *r) {
  struct text rest = {r->input.data + r->base, r->input.length - r->base};
  if (rest.data == NULL || rest.length < 6 || memcmp(rest.data, "<?xml", 5) != 0 || !is_space(rest.data[5]))
    return;
  const char *end = memmem(rest.data, rest.length < 1024 ? rest.length : 1024, "?>", 2);
  if (end == NULL) {
    fail(r, XML_E_MALFORMED, r->base, "the XML declaration does not end");
    return;
  }
  struct text encoding = declared_encoding((struct text){rest.data, (size_t)(end - rest.data)});
  if (!is_readable_encoding(encoding))
    fail(r, XML_E_UNSUPPORTED, (size_t)(encoding.data - r->input.data), "only UTF-8 is read here");
}

/* ---- Steps --------------------------------------------------------------------------------------------- */

static void check_bytes(struct xml_reader *r, size_t end) {
  struct text step = {r->input.data + r->fed, end - r->fed};
  size_t bad = text_find_bad_utf8(step);
  const char *nul = memchr(step.data, 0, step.length);
  if (nul != NULL && (size_t)(nul - step.data) < bad)
    fail(r, XML_E_MALFORMED, (size_t)(nul - r->input.data), "a NUL byte");
  else if (bad != SIZE_MAX) fail(r, XML_E_MALFORMED, r->fed + bad, "a byte that is not UTF-8");
}

/* Gives the parser bytes of its own making. */
static void insert(struct xml_reader *r, struct text bytes, bool count_first) {
  if (count_first) r->inserted += bytes.length;
  if (r->result == 0) xmlParseChunk(r->parser, bytes.data, (int)bytes.length, 0);
  if (!count_first) r->inserted += bytes.length;
}

static void feed(struct xml_reader *r, size_t end, bool reopen, bool close) {
  check_bytes(r, end);
  if (reopen) insert(r, TEXT("<![CDATA["), true);
  if (r->result == 0) xmlParseChunk(r->parser, r->input.data + r->fed, (int)(end - r->fed), 0);
  r->fed = end;
  if (close) insert(r, TEXT("]]>"), false);
  if (r->result == 0 && xmlDictSize(r->parser->dict) > XML_NAMES_MAX)
    fail(r, XML_E_TOO_LARGE, current_offset(r), "more than 4096 different names");
}

static void check_markup(struct xml_reader *r, struct xml_scan *scan, size_t place) {
  if (!xml_scan_to(scan, place, XML_MARKUP_MAX)) return;
  if (scan->markup == XML_DOCTYPE) fail(r, XML_E_MALFORMED, scan->start, "a DOCTYPE is not taken");
  else fail(r, XML_E_TOO_LARGE, scan->start, "a tag, comment or instruction over 64 KiB");
}

/* Most documents have no declaration at all, and a '!' is found faster than a word. */
static bool may_hold_doctype(struct text document) {
  const char *p = document.data, *end = document.data + document.length;
  while (p < end && (p = memchr(p, '!', (size_t)(end - p))) != NULL) {
    p++;
    if (end - p >= 7 && memcmp(p, "DOCTYPE", 7) == 0) return true;
  }
  return false;
}

/* A document that fits in one step needs no cut; it is scanned only when it may hold a DOCTYPE. */
static void feed_steps(struct xml_reader *r) {
  struct xml_scan scan = {.data = r->input.data, .length = r->input.length, .start = r->base, .end = r->base};
  bool small = r->input.length - r->fed <= XML_STEP;
  if (small && may_hold_doctype((struct text){r->input.data + r->fed, r->input.length - r->fed}))
    check_markup(r, &scan, r->input.length);
  bool in_cdata = false;
  while (r->result == 0 && r->fed < r->input.length) {
    size_t end = r->input.length;
    bool reopen = in_cdata;
    in_cdata = false;
    if (!small) {
      size_t place = end - r->fed > XML_STEP ? r->fed + XML_STEP : end;
      check_markup(r, &scan, place);
      if (r->result != 0) return;
      end = xml_scan_cut(&scan, place, &in_cdata);
    }
    feed(r, end, reopen, in_cdata);
  }
  if (r->result == 0) xmlParseChunk(r->parser, NULL, 0, 1);
  if (r->result == 0 && !r->parser->wellFormed)
    fail(r, XML_E_MALFORMED, current_offset(r), describe(r->parser->errNo));
}

static xmlParserCtxtPtr new_parser(struct xml_reader *r) {
  xmlSAXHandler events = {
      .initialized = XML_SAX2_MAGIC,
      .internalSubset = on_doctype,
      .startElementNs = on_start,
      .endElementNs = on_end,
      .characters = on_text,
      .ignorableWhitespace = on_text,
      .cdataBlock = on_text,
      .serror = on_error,
  };
  xmlParserCtxtPtr parser = xmlCreatePushParserCtxt(&events, r, NULL, 0, NULL);
  if (parser != NULL) xmlCtxtUseOptions(parser, XML_PARSE_NONET | XML_PARSE_IGNORE_ENC);
  return parser;
}

int xml_read(struct text input, const struct xml_handler *handler, struct xml_problem *ret_problem) {
  struct xml_reader r;
  memset(&r, 0, offsetof(struct xml_reader, levels));
  r.input = input.data == NULL ? TEXT("") : input;
  r.handler = handler;
  r.parser = new_parser(&r);
  if (r.parser == NULL) return -ENOMEM;
  r.base = r.fed = find_beginning(&r);
  if (r.result == 0) check_declaration(&r);
  if (r.result == 0) feed_steps(&r);
  if (r.result > XML_STOPPED) {
    ret_problem->detail = r.detail;
    ret_problem->offset = r.offset;
    write_place(&r, r.offset, ret_problem->at);
  }
  xmlFreeParserCtxt(r.parser);
  return r.result;
}
