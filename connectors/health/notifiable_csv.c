/*
 * notifiable_csv.c: reports in CSV, one a row, and the choice between CSV and JSON.
 *
 * The row that names the columns is looked for in the first twelve; before it stands what people write above
 * a table. Rows are records of their own, so a file of any length is taken row by row.
 */
#include "connectors/format/charset.h"
#include "connectors/format/csv.h"
#include "connectors/health/notifiable.h"
#include "connectors/health/notifiable_rows.h"

#include <errno.h>
#include <stdio.h>
#include <strings.h>

enum { HEADER_ROWS = 12, AT_SIZE = 96 };

struct job {
  struct maker maker;
  struct allocator allocator;
  struct csv csv;
  size_t width;
  uint8_t *columns; /* report_field of each; REPORT_FIELDS: none */
};

static int refuse(struct job *job, const struct csv_row *row, enum hub_reject_code code, const char *column,
                  const char *detail, struct text key) {
  char at[AT_SIZE];
  if (column == NULL) snprintf(at, sizeof(at), "%zu:1 row %zu", row->line, row->number);
  else snprintf(at, sizeof(at), "%zu:1 row %zu \"%s\"", row->line, row->number, column);
  struct hub_rejection rejection = {.size = sizeof(rejection),
                                    .code = code,
                                    .at = at,
                                    .detail = detail,
                                    .bytes = row->bytes.data,
                                    .length = row->bytes.length};
  if (key.length != 0) {
    rejection.key = rejection.value = key.data;
    rejection.key_length = rejection.value_length = key.length;
  }
  return hub_reject(job->maker.sink, &rejection);
}

static int take_row(struct job *job, const struct csv_row *row) {
  struct report report = {0};
  struct report_problem problem = {0};
  char at[AT_SIZE];
  if (row->count != job->width)
    return refuse(job, row, HUB_INVALID, NULL, "the row has more or fewer cells than there are columns",
                  TEXT_NONE);
  for (size_t i = 0; i < row->count; i++) {
    enum report_field field = (enum report_field)job->columns[i];
    if (field != REPORT_FIELDS && report.values[field].length == 0)
      report.values[field] = value_given(row->cells[i]);
  }
  snprintf(at, sizeof(at), "%zu:1 row %zu", row->line, row->number);
  struct hub_meta meta = {
      .size = sizeof(meta), .at = at, .bytes = row->bytes.data, .length = row->bytes.length};
  int r = report_emit(&job->maker, &report, &meta, &problem);
  if (r == 0 && problem.code != 0)
    r = refuse(job, row, problem.code, report_field_name(problem.field), problem.detail,
               report.values[REPORT_MA_BAO_CAO]);
  hub_release(job->maker.sink);
  return r;
}

static bool names_columns(const struct csv_row *row) {
  size_t hint = 0;
  for (size_t i = 0; i < row->count; i++) {
    enum report_field field = report_field_of(text_trim(row->cells[i]), &hint);
    if (field == REPORT_MA_BAO_CAO || field == REPORT_MA_BENH) return true;
  }
  return false;
}

/* 1: there is none. */
static int find_columns(struct job *job) {
  struct csv_row row;
  const char *detail;
  size_t hint = 0;
  for (int n = 0; n < HEADER_ROWS; n++) {
    int r = csv_next(&job->csv, &row, &detail);
    if (r < 0 || r == CSV_END) return r;
    if (r != 0 || !names_columns(&row)) continue;
    job->columns = hub_alloc(job->maker.sink, row.count);
    if (job->columns == NULL) return -ENOMEM;
    job->width = row.count;
    for (size_t i = 0; i < row.count; i++)
      job->columns[i] = (uint8_t)report_field_of(text_trim(row.cells[i]), &hint);
    return 0;
  }
  return 1;
}

static int take_rows(struct job *job) {
  struct csv_row row;
  const char *detail;
  for (;;) {
    int r = csv_next(&job->csv, &row, &detail);
    if (r == CSV_END) return 0;
    if (r == 0) r = take_row(job, &row);
    else if (r > 0)
      r = refuse(job, &row, r == CSV_E_TOO_LARGE ? HUB_TOO_LARGE : HUB_MALFORMED, NULL, detail, TEXT_NONE);
    if (r != 0) return r;
  }
}

static int refuse_all(struct hub_sink *sink, enum hub_reject_code code, const char *detail) {
  struct hub_rejection rejection = {.size = sizeof(rejection), .code = code, .at = "1:1", .detail = detail};
  return hub_reject(sink, &rejection);
}

/* The bytes as UTF-8; 1: refused. */
static int decode(struct job *job, const struct hub_payload *payload, struct text *ret_text) {
  struct text name = charset_parameter(payload->content_type);
  struct text text = {payload->data, payload->length};
  enum charset charset = name.length == 0 ? CHARSET_UTF_8 : charset_by_name(name);
  size_t offset = 0, line = 1, column = 1;
  if (charset == CHARSET_UNKNOWN)
    return refuse_all(job->maker.sink, HUB_UNSUPPORTED, "a character set that is not known here") ?: 1;
  int r = charset_decode(&job->allocator, charset, text, ret_text, &offset);
  if (r <= 0) return r;
  char at[AT_SIZE];
  text_place(text.data, text.length, offset, &line, &column);
  snprintf(at, sizeof(at), "%zu:%zu", line, column);
  struct hub_rejection rejection = {.size = sizeof(rejection),
                                    .code = HUB_MALFORMED,
                                    .at = at,
                                    .detail = "a byte that the character set does not define"};
  return hub_reject(job->maker.sink, &rejection) ?: 1;
}

int notifiable_csv_translate(const struct health *health, const struct hub_payload *payload,
                             struct hub_sink *sink) {
  struct job job = {.maker = {sink, health->zone_offset_s, 0}, .allocator = {hub_alloc_for_format, sink}};
  struct text text;
  int r = decode(&job, payload, &text);
  if (r != 0) return r < 0 ? r : 0;
  r = csv_open(&job.csv, &job.allocator, text, 0);
  if (r == 0) r = find_columns(&job);
  if (r < 0) return r;
  if (r != 0) return refuse_all(sink, HUB_UNSUPPORTED, "no row of the first twelve names maBaoCao or maBenh");
  r = sink->ops->independent(sink);
  return r != 0 ? r : take_rows(&job);
}

/* ---- What it is ---- */

static char first_of(const struct hub_payload *payload) {
  struct text window = {payload->data, payload->length < 1024 ? payload->length : 1024};
  if (window.length >= 3 && memcmp(window.data, "\xEF\xBB\xBF", 3) == 0) window.data += 3, window.length -= 3;
  window = text_trim(window);
  return window.length == 0 ? 0 : window.data[0];
}

static bool is_json(const struct hub_payload *payload) {
  char first = first_of(payload);
  return first == '{' || first == '[';
}

bool notifiable_looks_like(const struct hub_payload *payload) {
  size_t window = payload->length < 8192 ? payload->length : 8192;
  const char *type = payload->content_type;
  if (is_json(payload) || (type != NULL && strncasecmp(type, "text/csv", 8) == 0)) return true;
  return first_of(payload) != '<' && window != 0 &&
         (memmem(payload->data, window, "maBaoCao", 8) != NULL ||
          memmem(payload->data, window, "maBenh", 6) != NULL);
}

int notifiable_translate(const struct health *health, const struct hub_payload *payload,
                         struct hub_sink *sink) {
  return is_json(payload) ? notifiable_json_translate(health, payload, sink)
                          : notifiable_csv_translate(health, payload, sink);
}
