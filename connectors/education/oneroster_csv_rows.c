/*
 * oneroster_csv_rows.c: the rows of a package: each is held against the rules of its file, then published.
 *
 * A row that breaks several rules is told of once, for the first. A key counts when it is in the other file,
 * whatever is wrong with the row there: one broken row is one rejection, not one for each row that names it.
 */
#include <errno.h>

#include "connectors/education/oneroster_csv_parts.h"
#include "connectors/format/time.h"

struct taking { /* a row of a file */
  struct package *package;
  struct roster_file *file;
  struct sheet_row row;
  struct row_source source;
  const struct roster_row *known; /* as package_load() found it */
};

static int refuse(struct taking *taking, enum hub_reject_code code, size_t column, const char *name,
                  const char *detail) {
  struct job *job = taking->package->job;
  struct text id = taking->known == NULL ? TEXT_NONE : taking->known->id;
  struct hub_rejection rejection = {.size = sizeof(rejection),
                                    .code = code,
                                    .at = row_place(job, &taking->source, column, name),
                                    .detail = detail,
                                    .key = id.length == 0 ? NULL : id.data,
                                    .key_length = id.length};
  if (column != 0 && column <= taking->row.count) {
    rejection.value = taking->row.cells[column - 1].data;
    rejection.value_length = taking->row.cells[column - 1].length;
  }
  return rejection.at == NULL ? -ENOMEM : hub_reject(job->sink, &rejection);
}

/* ---- Rules --------------------------------------------------------------------------------------------- */

struct breach { /* of a rule; detail NULL: there is none */
  enum hub_reject_code code;
  size_t rule;
  const char *detail;
};

static struct text cell_of(const struct taking *taking, size_t rule) {
  size_t column = taking->file->columns[rule];
  return column == 0 || column > taking->row.count ? TEXT_NONE : text_trim(taking->row.cells[column - 1]);
}

static struct breach judge_life(const struct taking *taking) {
  struct text status = cell_of(taking, RULE_STATUS), modified = cell_of(taking, RULE_MODIFIED);
  if (taking->file->mode == FILE_BULK) {
    if (status.length != 0)
      return (struct breach){HUB_INVALID, RULE_STATUS, "a row of a bulk file has no status"};
    if (modified.length != 0)
      return (struct breach){HUB_INVALID, RULE_MODIFIED, "a row of a bulk file has no time of change"};
    return (struct breach){.detail = NULL};
  }
  if (!text_is(status, "active") && !text_is(status, "tobedeleted"))
    return (struct breach){HUB_INVALID, RULE_STATUS, "a row of a delta file is active or tobedeleted"};
  if (modified.length == 0)
    return (struct breach){HUB_MISSING, RULE_MODIFIED, "a row of a delta file has a time of change"};
  return (struct breach){.detail = NULL};
}

/* Whether each id of the list is one of the file's. */
static bool are_known(const struct roster_file *file, struct text list) {
  while (list.length != 0) {
    const char *comma = memchr(list.data, ',', list.length);
    size_t n = comma == NULL ? list.length : (size_t)(comma - list.data);
    struct text id = text_trim((struct text){list.data, n});
    if (id.length != 0 && roster_find(file, id) == NULL) return false;
    n += comma != NULL;
    list.data += n, list.length -= n;
  }
  return true;
}

/* Keys are held against files that are whole. */
static bool is_checked(const struct roster_file *file) {
  return file->mode == FILE_BULK && file->present && !file->refused;
}

/* What is wrong with the form of a cell; NULL: nothing. */
static const char *judge_form(enum rule_form form, struct text cell) {
  struct time_point time = {.us = 0};
  bool is_time = form != FORM_TEXT && form != FORM_TRUTH && time_read(cell, TIME_ISO, 0, &time) == 0;
  switch (form) {
    case FORM_DAY:
      return is_time && time.precision == TIME_DAY ? NULL : "a day is written yyyy-MM-dd, and exists";
    case FORM_TIME: return is_time ? NULL : "a time is written yyyy-MM-ddTHH:mm:ssZ, and exists";
    case FORM_TRUTH:
      return text_is(cell, "true") || text_is(cell, "false") ? NULL : "the cell is true or false";
    default: return NULL;
  }
}

static struct breach judge_cells(const struct taking *taking) {
  const struct file_rules *rules = taking->file->rules;
  for (size_t i = 0; i < rules->count; i++) {
    const struct rule *rule = &rules->rules[i];
    struct text cell = cell_of(taking, i);
    if (cell.length == 0 && (rule->wanted & taking->package->version) != 0)
      return (struct breach){HUB_MISSING, i, "a cell that must not be empty"};
    const char *wrong = cell.length == 0 ? NULL : judge_form(rule->form, cell);
    if (wrong != NULL) return (struct breach){HUB_INVALID, i, wrong};
    if (cell.length == 0 || rule->to == NULL || !is_checked(taking->file)) continue;
    const struct roster_file *to = package_file(taking->package, text_of(rule->to));
    if (is_checked(to) && !are_known(to, cell))
      return (struct breach){HUB_INVALID, i, "an id that the file it refers to does not have"};
  }
  return (struct breach){.detail = NULL};
}

static struct breach judge(const struct taking *taking) {
  if (taking->row.count != taking->file->width)
    return (struct breach){HUB_INVALID, RULES_MAX, "a row with another number of cells than the header"};
  if (taking->known->repeated) return (struct breach){HUB_CONFLICT, RULE_ID, "an id that an earlier row has"};
  struct breach breach = judge_life(taking);
  return breach.detail != NULL ? breach : judge_cells(taking);
}

/* The first name of a column. */
static const char *name_of(const struct rule *rule) {
  return strchr(rule->name, '|') == NULL ? rule->name : "userSourcedId";
}

static int refuse_breach(struct taking *taking, const struct breach *breach) {
  if (breach->rule == RULES_MAX) return refuse(taking, breach->code, 0, NULL, breach->detail);
  return refuse(taking, breach->code, taking->file->columns[breach->rule],
                name_of(&taking->file->rules->rules[breach->rule]), breach->detail);
}

/* ---- Rows ---------------------------------------------------------------------------------------------- */

struct referred { /* a row that another one names, as a record */
  struct sheet_row row;
  struct row_source source;
  struct record record;
};

/* The record of that id; *ret is NULL when the package has none. */
static int look_up(struct taking *taking, const char *name, struct text id, struct referred *referred,
                   const struct record **ret) {
  struct roster_file *file = package_file(taking->package, text_of(name));
  const struct roster_row *known = file->refused ? NULL : roster_find(file, id);
  struct csv_row row;
  const char *detail;
  *ret = NULL;
  if (known == NULL) return 0;
  csv_restart(&file->again, known->bytes);
  int r = csv_next(&file->again, &row, &detail);
  if (r != 0) return r < 0 ? r : 0;
  referred->row = (struct sheet_row){known->number, known->line, row.bytes, row.cells, row.count};
  referred->source = (struct row_source){.columns = &file->fields, .row = &referred->row, .file = file->name};
  *ret = &referred->record;
  return row_record(taking->package->job, file->list->table, &referred->source, &referred->record);
}

/* What stands in the column of that name, which the file has. */
static struct text cell_named(const struct taking *taking, const char *name) {
  size_t rule = 0;
  while (strcmp(taking->file->rules->rules[rule].name, name) != 0) rule++;
  return cell_of(taking, rule);
}

static int publish(struct taking *taking, struct tally *tally) {
  struct job *job = taking->package->job;
  enum oneroster_kind kind = taking->file->list->kind;
  struct referred user, demographics, item;
  const struct record *of_user = NULL, *of_demographics = NULL, *of_item = NULL;
  struct record record;
  int r = row_record(job, taking->file->list->table, &taking->source, &record);
  if (r == 0 && kind == ONEROSTER_RESULT) {
    r = look_up(taking, "lineItems", cell_named(taking, "lineItemSourcedId"), &item, &of_item);
    return r != 0 ? r : oneroster_count(job, tally, &record, of_item);
  }
  if (r == 0 && (kind == ONEROSTER_ENROLLMENT || kind == ONEROSTER_USER)) {
    struct text id = cell_named(taking, kind == ONEROSTER_USER ? "sourcedId" : "userSourcedId");
    if (kind == ONEROSTER_ENROLLMENT) r = look_up(taking, "users", id, &user, &of_user);
    else r = look_up(taking, "roles", roster_role_of(taking->package, id), &user, &of_user);
    if (r == 0) r = look_up(taking, "demographics", id, &demographics, &of_demographics);
  }
  return r != 0 ? r : oneroster_emit(job, kind, &record, of_user, of_demographics);
}

/* ---- Files --------------------------------------------------------------------------------------------- */

/* What of a file is published; the rest is there to be referred to. */
static bool is_published(struct package *package, const struct roster_file *file) {
  switch (file->list->kind) {
    case ONEROSTER_ORG:
    case ONEROSTER_CLASS:
    case ONEROSTER_ENROLLMENT: return true;
    case ONEROSTER_RESULT: return file->mode == FILE_BULK;
    case ONEROSTER_USER: return !package_file(package, TEXT("enrollments"))->present;
    default: return false;
  }
}

/* A row as csv_next() gave it; `result` is what it returned. */
static int take_row(struct taking *taking, int result, const char *detail, struct tally *tally) {
  if (result != 0) {
    taking->known = NULL;
    return refuse(taking, result == CSV_E_TOO_LARGE ? HUB_TOO_LARGE : HUB_MALFORMED, 0, NULL, detail);
  }
  struct breach breach = judge(taking);
  if (breach.detail != NULL) return refuse_breach(taking, &breach);
  return is_published(taking->package, taking->file) ? publish(taking, tally) : 0;
}

static int take_rows(struct package *package, struct roster_file *file, struct tally *tally) {
  struct taking taking = {.package = package, .file = file};
  struct csv_row row;
  const char *detail = NULL;
  bool header = true;
  size_t index = 0;
  taking.source = (struct row_source){.columns = &file->fields, .row = &taking.row, .file = file->name};
  csv_restart(&file->csv, file->input);
  for (int r; (r = csv_next(&file->csv, &row, &detail)) != CSV_END; header = false) {
    if (r < 0) return r;
    if (header) continue;
    taking.row = (struct sheet_row){row.number, row.line, row.bytes, row.cells, row.count};
    if (r == 0) taking.known = &file->rows[index++];
    r = take_row(&taking, r, detail, tally);
    if (r != 0) return r;
    hub_release(package->job->sink);
  }
  return 0;
}

/* Refuses one thing of a file: its header, or that it is (not) there. */
static int refuse_file(struct package *package, const char *name, size_t row, size_t column,
                       const char *field, enum hub_reject_code code, const char *detail) {
  struct taking taking = {.package = package, .row = {.number = row, .line = row}};
  taking.source = (struct row_source){.row = &taking.row, .file = name};
  taking.row.count = 0;
  return refuse(&taking, code, column, field, detail);
}

/* The first column without which the file cannot be taken; NULL: all are there. */
static const char *missing_column(const struct package *package, const struct roster_file *file) {
  for (size_t i = 0; i < file->rules->count; i++) {
    bool life = (i == RULE_STATUS || i == RULE_MODIFIED) && file->mode == FILE_DELTA;
    bool wanted = life || (file->rules->rules[i].wanted & package->version) != 0;
    if (wanted && file->columns[i] == 0) return name_of(&file->rules->rules[i]);
  }
  return NULL;
}

static int judge_file(struct package *package, struct roster_file *file) {
  const char *column;
  bool announced = file->mode >= FILE_BULK;
  file->refused = !announced || !file->present;
  if (announced && !file->present)
    return refuse_file(package, "manifest.csv", file->named_in, 0, file->rules->name, HUB_INCOMPLETE,
                       "a file that the manifest announces is not in the package");
  if (!announced && file->present)
    return refuse_file(package, file->name, 1, 0, NULL, HUB_CONFLICT,
                       "a file that the manifest does not announce");
  if (!announced) return 0;
  column = missing_column(package, file);
  file->refused = column != NULL;
  if (column != NULL)
    return refuse_file(package, file->name, 1, 0, column, HUB_MISSING, "a column that must be there");
  int r = 0;
  if (file->list->kind == ONEROSTER_RESULT && file->mode == FILE_DELTA)
    r = refuse_file(package, file->name, 1, 0, NULL, HUB_UNSUPPORTED,
                    "results of a delta file are those of some pupils only: nothing is counted");
  if (r != 0 || file->header_column == 0) return r;
  return refuse_file(package, file->name, 1, 0, NULL, HUB_INVALID,
                     "a header that OneRoster does not have, or twice");
}

int package_take(struct package *package) {
  struct tally *tally = NULL;
  struct roster_file *results = package_file(package, TEXT("results"));
  int r = 0;
  for (size_t i = 0; r == 0 && i < PACKAGE_FILES; i++) r = judge_file(package, &package->files[i]);
  for (size_t i = 0; r == 0 && i < PACKAGE_FILES; i++) {
    struct roster_file *file = &package->files[i];
    if (!file->refused && file != results) r = take_rows(package, file, NULL);
  }
  if (r != 0 || results->refused) return r;
  r = tally_new(package->job, package->heap, &tally);
  if (r == 0) r = take_rows(package, results, tally);
  return r != 0 ? r : tally_emit(tally);
}
