/*
 * sheets.c: finds the header of a sheet among its first rows, then takes row by row what stands below.
 *
 * The sheet is read twice: its head to learn what it is, then all of it. Lists are independent: their rows
 * are published while the rest is read and memory is that of one row, whatever the file's length. Results
 * sheets become counts, which nobody knows before the last of them was read.
 */
#include "connectors/education/sheets.h"

#include <errno.h>

#include "connectors/education/heap.h"
#include "connectors/education/lists.h"

struct reading {
  struct job *job;
  struct allocator allocator; /* of the heap */
  struct sheet sheet;
  struct head head;
  const struct list_kind *kind;
  struct results *results;
  struct tally *tally;
  struct columns columns;
  struct titles titles;
  size_t header_row, width; /* of a list: row of its header, and how many cells of it hold something */
  size_t shown;             /* number of the sheet for places; 0: the only one */
  bool independent;
};

static int code_of(int result) { return result == SHEET_E_TOO_LARGE ? HUB_TOO_LARGE : HUB_MALFORMED; }

/* ---- The head ---- */

static int keep_row(struct reading *reading, const struct sheet_row *row) {
  const struct allocator *allocator = &reading->allocator;
  struct head *head = &reading->head;
  struct text *cells = allocate(allocator, 2 * (row->count + 1) * sizeof(*cells)),
              *folded = cells + row->count;
  if (cells == NULL) return -ENOMEM;
  for (size_t i = 0; i < row->count; i++) {
    if (row->cells[i].length == 0) continue;
    char *copy = allocate(allocator, row->cells[i].length);
    if (copy == NULL) return -ENOMEM;
    memcpy(copy, row->cells[i].data, row->cells[i].length);
    cells[i] = (struct text){copy, row->cells[i].length};
    int r = text_fold(allocator, cells[i], &folded[i]);
    if (r != 0) return r;
  }
  head->rows[head->count].number = row->number;
  head->rows[head->count].cells = cells;
  head->rows[head->count].folded = folded;
  head->rows[head->count++].count = row->count;
  return 0;
}

static bool is_wrong(int result) { return result == SHEET_E_MALFORMED || result == SHEET_E_TOO_LARGE; }

/* A row that cannot be read is told of when rows are taken, or, of the first, where no header is found. */
static int read_head(struct reading *reading) {
  struct sheet_row row = {0};
  struct head *head = &reading->head;
  const char *detail = NULL;
  *head = (struct head){0};
  int r = sheet_rewind(&reading->sheet, &detail);
  while (r == 0 && head->count < HEAD_ROWS_MAX) {
    r = sheet_next(&reading->sheet, &row, &detail);
    if (r == 0 && row.number > HEAD_ROWS_MAX) break;
    if (r == 0) r = keep_row(reading, &row);
    if (!is_wrong(r)) continue;
    if (head->wrong == 0) {
      head->wrong = row.number;
      head->wrong_line = row.line;
      head->wrong_as = r;
      head->wrong_detail = detail;
    }
    if (reading->sheet.xlsx == NULL && row.number < HEAD_ROWS_MAX) r = 0;
  }
  if (is_wrong(r) && head->wrong == 0) {
    head->wrong = head->wrong_line = 1;
    head->wrong_as = r;
    head->wrong_detail = detail;
  }
  return r < 0 ? r : 0;
}

/* The sheet's own name, which is a title like those above the header; a CSV file has none. */
static struct text name_of(const struct sheet *sheet) {
  return sheet->xlsx == NULL ? TEXT_NONE : xlsx_sheet_name(sheet->xlsx, sheet->number);
}

/* What the sheet is; nothing of it is set when its head is not known. */
static int recognise(struct reading *reading) {
  const struct head *head = &reading->head;
  reading->kind = NULL;
  int r = results_recognise(&reading->allocator, head, name_of(&reading->sheet), &reading->results,
                            &reading->header_row);
  if (r != 0 || reading->results != NULL) return r;
  for (size_t i = 0; i < head->count && reading->kind == NULL && head->rows[i].number <= HEADER_ROWS; i++) {
    reading->kind =
        list_recognise(reading->job, head->rows[i].folded, head->rows[i].count, &reading->columns);
    reading->header_row = head->rows[i].number;
    reading->width = cells_filled(head->rows[i].cells, head->rows[i].count);
  }
  r = titles_read(&reading->allocator, head, reading->header_row, name_of(&reading->sheet), &reading->titles);
  reading->job->school_year = reading->titles.school_year;
  return r;
}

/* ---- Rows ---- */

static int refuse_row(struct reading *reading, const struct sheet_row *row, int result, const char *detail) {
  struct row_source source = {.row = row, .sheet = reading->shown};
  struct hub_rejection rejection = {.size = sizeof(rejection),
                                    .code = (enum hub_reject_code)code_of(result),
                                    .at = row_place(reading->job, &source, 0, NULL),
                                    .detail = detail};
  return rejection.at == NULL ? -ENOMEM : hub_reject(reading->job->sink, &rejection);
}

/* A sheet without a header that is known, some row of which cannot be read. */
static int refuse_head(struct reading *reading) {
  const struct head *head = &reading->head;
  struct sheet_row row = {.number = head->wrong, .line = head->wrong_line};
  return refuse_row(reading, &row, head->wrong_as, head->wrong_detail);
}

/* A row in which no column that is known holds anything is none: numbers printed in advance, a signature. */
static int is_bare(const struct record *record, bool *ret) {
  *ret = true;
  for (size_t i = 0; i < record->table->count && *ret; i++) {
    struct text text;
    int r = record->get(record, i, 0, &text);
    if (r != 0) return r;
    *ret = text.length == 0;
  }
  return 0;
}

static int take_row(struct reading *reading, const struct sheet_row *row) {
  struct job *job = reading->job;
  struct row_source source = {.columns = &reading->columns, .row = row, .sheet = reading->shown};
  struct record record;
  bool bare = false;
  int r = row_record(job, reading->kind->table, &source, &record);
  if (r == 0) r = is_bare(&record, &bare);
  if (r != 0 || bare) return r;
  job->form = reading->kind->form;
  r = sheet_row_fits(row, reading->width)
          ? reading->kind->take(reading->kind, &record)
          : record_reject(&record, HUB_INVALID, RECORD_WHOLE, sheet_width_detail);
  return r == RECORD_E_REJECTED ? record_refuse(&record, TEXT_NONE) : r;
}

static int take_rows(struct reading *reading) {
  struct sheet_row row = {0};
  const char *detail = NULL;
  int r = sheet_rewind(&reading->sheet, &detail);
  while (r == 0) {
    r = sheet_next(&reading->sheet, &row, &detail);
    if (is_wrong(r)) {
      int refused = refuse_row(reading, &row, r, detail);
      if (refused != 0 || reading->sheet.xlsx != NULL) return refused;
      r = 0;
    } else if (r == 0 && row.number > reading->header_row) {
      r = reading->results == NULL
              ? take_row(reading, &row)
              : results_count(reading->job, reading->results, reading->tally, &row, reading->shown);
    }
    if (reading->independent) hub_release(reading->job->sink);
  }
  return r == SHEET_END ? 0 : r;
}

/* The sheet at hand, when its header is known: then *ret_known. */
static int take_sheet(struct reading *reading, bool *ret_known) {
  struct hub_sink *sink = reading->job->sink;
  int r = read_head(reading);
  if (r == 0) r = recognise(reading);
  if (r != 0) return r;
  *ret_known = reading->results != NULL || (reading->kind != NULL && reading->kind->take != NULL);
  if (!*ret_known && reading->head.wrong != 0) return *ret_known = true, refuse_head(reading);
  if (!*ret_known) return 0;
  if (reading->results == NULL) {
    bool first = !reading->independent && reading->tally == NULL;
    if (first) r = sink->ops->independent(sink);
    reading->independent |= first;
    return r != 0 ? r : take_rows(reading);
  }
  reading->job->form = IOC__EDUCATION__V1__FORM__FORM_SHEET;
  if (reading->tally == NULL) r = tally_new(reading->job, &reading->allocator, &reading->tally);
  return r != 0 ? r : take_rows(reading);
}

/* No sheet of the payload has a header that is known. */
static int refuse_all(struct reading *reading) {
  if (reading->kind != NULL)
    return job_refuse(reading->job, HUB_UNSUPPORTED, "1:1 row 1", "a list from which nothing is published");
  return job_refuse(reading->job, HUB_UNSUPPORTED, "1:1 row 1",
                    "no row of the first 12 is a header that is known");
}

/* All sheets were taken; `known`: there was one with a header that is known. */
static int finish(struct reading *reading, bool known) {
  if (!known) return refuse_all(reading);
  return reading->tally == NULL ? 0 : tally_emit(reading->tally);
}

/* ---- CSV ---- */

static enum charset charset_of(const struct job *job) {
  struct text data = {job->payload->data, job->payload->length}, name;
  if (job->education->charset != CHARSET_UNKNOWN) return job->education->charset;
  name = charset_parameter(job->payload->content_type);
  if (name.length != 0) return charset_by_name(name);
  bool little = data.length >= 2 && memcmp(data.data, "\xff\xfe", 2) == 0;
  bool big = data.length >= 2 && memcmp(data.data, "\xfe\xff", 2) == 0;
  return little || big ? CHARSET_UTF_16 : CHARSET_UTF_8;
}

/* UTF-8 is judged by the reader, row by row. */
static int decode(struct reading *reading, bool *ret_refused) {
  struct job *job = reading->job;
  struct text data = {job->payload->data, job->payload->length};
  enum charset charset = charset_of(job);
  size_t offset = 0;
  *ret_refused = false;
  reading->sheet.input = data;
  if (charset == CHARSET_UTF_8) return 0;
  *ret_refused = true;
  if (charset == CHARSET_UNKNOWN)
    return job_refuse(job, HUB_UNSUPPORTED, "1:1", "a character set that is not known here");
  int r = charset_decode(&reading->allocator, charset, data, &reading->sheet.input, &offset);
  *ret_refused = r > 0;
  if (r <= 0) return r;
  return job_refuse(job, HUB_MALFORMED, json_at(&job->places, &job->allocator, offset, NULL, NULL),
                    "bytes that the character set does not define");
}

int sheets_translate_csv(const struct education *education, const struct hub_payload *payload,
                         struct hub_sink *sink) {
  struct job job = job_of(education, payload, sink);
  __attribute__((cleanup(heap_deinit))) struct heap heap = {NULL};
  struct reading reading = {.job = &job, .allocator = heap_allocator(&heap)};
  bool refused = false, known = false;
  reading.sheet.allocator = &reading.allocator;
  int r = decode(&reading, &refused);
  if (r == 0 && !refused) r = take_sheet(&reading, &known);
  return r != 0 || refused ? r : finish(&reading, known);
}

/* ---- Workbooks ---- */

static int refuse_workbook(struct job *job, int result, const char *detail) {
  enum hub_reject_code code = result == XLSX_E_UNSUPPORTED ? HUB_UNSUPPORTED
                              : result == XLSX_E_TOO_LARGE ? HUB_TOO_LARGE
                                                           : HUB_MALFORMED;
  return job_refuse(job, code, "1:1", detail);
}

static int take_sheets(struct reading *reading) {
  size_t count = xlsx_sheets(reading->sheet.xlsx);
  bool found = false;
  for (size_t i = 0; i < count; i++) {
    bool known = false;
    reading->sheet.number = i;
    reading->sheet.is_open = false;
    reading->shown = count > 1 ? i + 1 : 0;
    int r = take_sheet(reading, &known);
    if (r != 0) return r;
    found |= known;
  }
  reading->shown = 0;
  return finish(reading, found);
}

int sheets_translate_workbook(const struct education *education, const struct hub_payload *payload,
                              struct hub_sink *sink) {
  struct job job = job_of(education, payload, sink);
  __attribute__((cleanup(heap_deinit))) struct heap heap = {NULL};
  struct reading reading = {.job = &job, .allocator = heap_allocator(&heap)};
  const char *detail = NULL;
  reading.sheet.allocator = &reading.allocator;
  struct text data = {payload->data, payload->length};
  int r = xlsx_open(&reading.allocator, data, &reading.sheet.xlsx, &detail);
  if (r > 0) r = refuse_workbook(&job, r, detail);
  else if (r == 0) r = take_sheets(&reading);
  xlsx_close(reading.sheet.xlsx);
  return r;
}
