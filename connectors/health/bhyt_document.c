/*
 * bhyt_document.c: reads a document by its levels: root, list (DSACH…), row, value.
 *
 * What the document is, its root says, never the label that stands beside it. Of a document that is neither
 * summary nor check-in list only the visit's number and the number of rows are kept. A record of HIV is
 * known by the name of any element; what it is noted in is then published no more.
 */
#include "connectors/health/bhyt_document.h"

#include "connectors/health/values.h"

#include <errno.h>

enum { DAYS_MAX = 36500 };

int bhyt_note(struct hub_sink *sink, struct bhyt_problem *problem, enum hub_reject_code code,
              const char *detail, size_t offset, const char *path) {
  if (problem->code == HUB_FORBIDDEN || (problem->code != 0 && code != HUB_FORBIDDEN)) return 0;
  const char *kept = bhyt_path(sink, NULL, path);
  if (kept == NULL) return -ENOMEM;
  *problem = (struct bhyt_problem){code, detail, offset, kept};
  return 0;
}

const char *bhyt_path(struct hub_sink *sink, const char *outer, const char *inner) {
  size_t head = outer == NULL ? 0 : strlen(outer), tail = strlen(inner);
  char *path = hub_alloc(sink, head + tail + 2);
  if (path == NULL) return NULL;
  if (head != 0) memcpy(path, outer, head);
  if (head != 0 && tail != 0) path[head++] = '/';
  memcpy(path + head, inner, tail);
  return path;
}

/* Where the innermost open element stands in the file. */
static int place(const struct bhyt_document *d, const struct xml_reader *xml, size_t *ret_offset,
                 const char **ret_path) {
  char path[XML_PLACE_SIZE];
  size_t end;
  xml_path(xml, path);
  xml_span(xml, ret_offset, &end);
  if (d->outer_path != NULL) *ret_offset = d->outer_offset;
  *ret_path = bhyt_path(d->sink, d->outer_path, path);
  return *ret_path == NULL ? -ENOMEM : 0;
}

static int note(struct bhyt_document *d, const struct xml_reader *xml, enum hub_reject_code code,
                const char *detail) {
  struct bhyt_problem *problem = d->in_row ? &d->row.problem : &d->problem;
  size_t offset;
  const char *path;
  if (problem->code != 0 && code != HUB_FORBIDDEN) return 0;
  int r = place(d, xml, &offset, &path);
  return r != 0 ? r : bhyt_note(d->sink, problem, code, detail, offset, path);
}

/* ---- Values ---- */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Digits with at most one point or comma among them, and a sign. */
static bool is_decimal(struct text text) {
  size_t digits = 0, points = 0, i = text.data[0] == '-' || text.data[0] == '+';
  for (; i < text.length; i++) {
    if (is_digit(text.data[i])) digits++;
    else if (text.data[i] == '.' || text.data[i] == ',') points++;
    else return false;
  }
  return digits != 0 && points <= 1;
}

/* Whole days; some programs write 3.0 or 3.00. */
static bool read_days(struct text text, int32_t *ret_days) {
  int32_t days = 0;
  size_t i = 0;
  for (; i < text.length && is_digit(text.data[i]); i++)
    if (days <= DAYS_MAX) days = days * 10 + (text.data[i] - '0');
  if (i == 0 || days > DAYS_MAX) return false;
  if (i < text.length && text.data[i] == '.') i++;
  while (i < text.length && text.data[i] == '0') i++;
  *ret_days = days;
  return i == text.length;
}

static int judge_time(struct bhyt_document *d, const struct xml_reader *xml, struct text text) {
  const char *trouble;
  int r = value_read_time(text, d->zone_offset_s, &d->row.times[d->element->field], &trouble);
  return r == 0 ? 0 : note(d, xml, HUB_INVALID, trouble);
}

/* The visit's number of a document that nothing else is read of. */
static int take_visit_id(struct bhyt_document *d, const struct xml_reader *xml, struct text text) {
  if (d->visit_id.length == 0) {
    char *copy = NULL;
    int r = hub_string(d->sink, text.data, text.length, &copy);
    if (r == 0) d->visit_id = (struct text){copy, text.length};
    return r;
  }
  if (text_equal(d->visit_id, text) || d->root->kind == BHYT_CHECK_IN) return 0;
  return note(d, xml, HUB_CONFLICT, "MA_LK is given twice with different values");
}

static int take_value(struct bhyt_document *d, const struct xml_reader *xml) {
  const struct bhyt_element *element = d->element;
  struct text text = value_given((struct text){d->value, d->value_length});
  struct text *value = &d->row.values[element->field];
  int r = 0;
  if (text.length == 0) return 0;
  if (element->value == BHYT_IDENTITY) {
    r = take_visit_id(d, xml, text);
    if (r == 0 && value->length != 0 && !text_equal(*value, text))
      r = note(d, xml, HUB_CONFLICT, "MA_LK is given twice with different values");
  }
  if (r != 0 || value->length != 0) return r;
  if (element->value == BHYT_TIME) r = judge_time(d, xml, text);
  if (element->value == BHYT_NUMBER && !is_decimal(text)) r = note(d, xml, HUB_INVALID, "not a number");
  if (element->value == BHYT_DAYS) {
    d->row.has_days = read_days(text, &d->row.days);
    if (!d->row.has_days) r = note(d, xml, HUB_INVALID, "not a number of whole days");
  }
  char *copy = NULL;
  if (r == 0) r = hub_string(d->sink, text.data, text.length, &copy);
  if (r == 0) *value = (struct text){copy, text.length};
  return r;
}

/* ---- Rows ---- */

static int begin_row(struct bhyt_document *d, const struct xml_reader *xml) {
  size_t end;
  memset(&d->row, 0, sizeof(d->row));
  d->in_row = true;
  d->row_level = d->level;
  if (d->rows < INT32_MAX) d->rows++;
  xml_span(xml, &d->row.begin, &end);
  return place(d, xml, &d->row.offset, &d->row.path);
}

static bool is_read(const struct bhyt_document *d) {
  return d->root->kind == BHYT_SUMMARY || d->root->kind == BHYT_CHECK_IN;
}

static int end_row(struct bhyt_document *d, const struct xml_reader *xml) {
  size_t begin;
  d->in_row = false;
  xml_span(xml, &begin, &d->row.end);
  if (is_read(d)) return d->take_row(d->context, d);
  const struct bhyt_problem *problem = &d->row.problem;
  if (problem->code == 0) return 0;
  return bhyt_note(d->sink, &d->problem, problem->code, problem->detail, problem->offset, problem->path);
}

/* Papers are one row, lists hold rows; the list of check-ins is left out by some. */
static bool begins_row(const struct bhyt_document *d, struct text name) {
  if (d->in_row) return false;
  if (d->root->kind == BHYT_CHECK_IN) return d->level == (d->in_list ? 3 : 2) && text_is(name, d->root->row);
  return d->level == 1 ? d->root->kind == BHYT_SUMMARY : d->in_list && d->level == 3;
}

static bool is_list_name(struct text name) { return name.length >= 5 && memcmp(name.data, "DSACH", 5) == 0; }

/* A place shows names that are known here, never the sender's. */
static void label(struct xml_reader *xml, const char *known, struct text name) {
  if (known != NULL && text_is(name, known)) xml_label(xml, known);
}

/* ---- Events ---- */

/* Of what is only counted the visit's number alone, which nearly always comes first. */
static const struct bhyt_element *wanted(struct bhyt_document *d, struct text name) {
  size_t hint = 0;
  if (is_read(d)) return bhyt_element_of(name, &d->hint);
  return name.length == 5 && memcmp(name.data, "MA_LK", 5) == 0 ? bhyt_element_of(name, &hint) : NULL;
}

static int start_inside(struct bhyt_document *d, struct xml_reader *xml, struct text name) {
  if (d->level == 2 && !d->in_row && is_list_name(name)) {
    d->in_list = true;
    label(xml, d->root->list, name);
    return 0;
  }
  if (begins_row(d, name)) {
    label(xml, d->root->row, name);
    return begin_row(d, xml);
  }
  bool value = d->in_row ? d->level == d->row_level + 1 : d->level == 2;
  const struct bhyt_element *element = value ? wanted(d, name) : NULL;
  if (element != NULL) {
    xml_label(xml, element->name.data);
    d->element = element;
    d->value_length = 0;
    d->row.old |= element->old;
    return 0;
  }
  d->skipped = 1;
  return 0;
}

static int start_root(struct bhyt_document *d, struct xml_reader *xml, struct text name) {
  d->root = bhyt_root_of(name);
  if (d->root->name.length != 0) xml_label(xml, d->root->name.data);
  return begins_row(d, name) ? begin_row(d, xml) : 0;
}

int bhyt_document_start(struct bhyt_document *d, struct xml_reader *xml, struct text name) {
  d->level++;
  if (bhyt_is_hiv(name)) {
    int r = note(d, xml, HUB_FORBIDDEN, BHYT_HIV_DETAIL);
    if (r != 0) return r;
  }
  if (d->root == NULL) return start_root(d, xml, name);
  if (d->skipped != 0) {
    d->skipped++;
    return 0;
  }
  if (d->element != NULL) { /* an element within a value */
    d->skipped = 1;
    return 0;
  }
  return start_inside(d, xml, name);
}

void bhyt_document_text(struct bhyt_document *d, const struct xml_reader *xml, struct text piece) {
  if (d->skipped != 0 || d->element == NULL) return;
  size_t room = sizeof(d->value) - d->value_length;
  size_t length = piece.length < room ? piece.length : room;
  memcpy(d->value + d->value_length, piece.data, length);
  d->value_length += length;
}

int bhyt_document_end(struct bhyt_document *d, const struct xml_reader *xml) {
  int r = 0;
  if (d->skipped != 0) {
    d->skipped--;
  } else if (d->element != NULL) {
    if (d->value_length == sizeof(d->value)) r = note(d, xml, HUB_TOO_LARGE, "a value of 4 KiB or more");
    else r = take_value(d, xml);
    d->element = NULL;
  } else if (d->in_row && d->level == d->row_level) {
    r = end_row(d, xml);
  } else if (d->in_list && d->level == 2) {
    d->in_list = false;
  } else if (d->level == 1 && d->rows == 0 && d->root->kind != BHYT_CHECK_IN) {
    d->rows = 1;
  }
  d->level--;
  return r;
}

/* ---- A document of its own ---- */

static int on_start(void *context, struct xml_reader *xml, struct text name) {
  return bhyt_document_start(context, xml, name);
}

static int on_text(void *context, struct xml_reader *xml, struct text piece) {
  bhyt_document_text(context, xml, piece);
  return 0;
}

static int on_end(void *context, struct xml_reader *xml) { return bhyt_document_end(context, xml); }

int bhyt_document_read(struct bhyt_document *d, struct text text) {
  struct xml_handler handler = {d, on_start, on_text, on_end};
  struct xml_problem problem;
  int r = xml_read(text, &handler, &problem);
  if (r <= XML_STOPPED) return r;
  enum hub_reject_code code = r == XML_E_MALFORMED     ? HUB_MALFORMED
                              : r == XML_E_UNSUPPORTED ? HUB_UNSUPPORTED
                                                       : HUB_TOO_LARGE;
  d->in_row = false;
  return bhyt_note(d->sink, &d->problem, code, problem.detail, d->outer_offset, d->outer_path);
}
