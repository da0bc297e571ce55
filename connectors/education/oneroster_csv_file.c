/*
 * oneroster_csv_file.c: the files of a package, each walked once for its ids before any row is taken.
 *
 * A key may point forwards and into any file, so all ids are known first. A row is kept as its bytes and its
 * id, 48 bytes beside the file itself, and read again where somebody refers to it.
 */
#include <errno.h>
#include <stdlib.h>

#include "connectors/education/oneroster_csv_parts.h"

enum { PACKAGE_ROWS_MAX = 1000000 };

/* ---- Headers ------------------------------------------------------------------------------------------- */

/* Whether the cell is one of the names, which have | between them. */
static bool is_named(const char *names, struct text cell) {
  for (const char *p = names;; p++) {
    const char *end = strchrnul(p, '|');
    if (text_equal((struct text){p, (size_t)(end - p)}, cell)) return true;
    if (*end == 0) return false;
    p = end;
  }
}

/* Index of the rule of a column; its count where there is none. */
static size_t rule_of(const struct file_rules *rules, struct text cell) {
  for (size_t i = 0; i < rules->count; i++)
    if (is_named(rules->rules[i].name, cell)) return i;
  return rules->count;
}

static bool is_extension(struct text cell) {
  return cell.length > 9 && memcmp(cell.data, "metadata.", 9) == 0;
}

/* Maps the columns. Names count as they are written; what is not known is no column, and the first such is
 * told of. */
static int take_header(struct package *package, struct roster_file *file, const struct csv_row *row) {
  struct text *known = allocate(package->heap, row->count * sizeof(*known));
  if (known == NULL) return -ENOMEM;
  for (size_t i = 0; i < row->count; i++) {
    size_t rule = rule_of(file->rules, row->cells[i]);
    if (rule < file->rules->count && file->columns[rule] == 0) {
      file->columns[rule] = (uint16_t)(i + 1);
      int r = text_fold(package->heap, row->cells[i], &known[i]);
      if (r != 0) return r;
    } else if (!is_extension(row->cells[i]) && file->header_column == 0) file->header_column = i + 1;
  }
  file->width = row->count;
  columns_find(file->list->table, known, row->count, &file->fields);
  return 0;
}

/* ---- Ids ----------------------------------------------------------------------------------------------- */

int roster_compare(struct text a, struct text b) {
  size_t length = a.length < b.length ? a.length : b.length;
  int order = length == 0 ? 0 : memcmp(a.data, b.data, length);
  return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

/* ---- Roles --------------------------------------------------------------------------------------------- */

/* Of users of 1.2. The rows refer to users, not users to them, so they are kept by user. */

static struct text cell_of(const struct csv_row *row, size_t column) {
  return column == 0 || column > row->count ? TEXT_NONE : text_trim(row->cells[column - 1]);
}

static int make_room(struct package *package) {
  if (package->roles_count < package->roles_room) return 0;
  size_t room = package->roles_room == 0 ? 64 : 2 * package->roles_room;
  struct roster_role *roles = allocate(package->heap, room * sizeof(*roles));
  if (roles == NULL) return -ENOMEM;
  if (package->roles_count != 0) memcpy(roles, package->roles, package->roles_count * sizeof(*roles));
  package->roles = roles;
  package->roles_room = room;
  return 0;
}

int roster_note_role(struct package *package, const struct roster_file *file, const struct csv_row *row,
                     struct text id) {
  struct text user = cell_of(row, file->columns[RULE_ROLE_USER]);
  int r = user.length == 0 ? 0 : make_room(package);
  if (r != 0 || user.length == 0) return r;
  char *copy = allocate(package->heap, user.length);
  if (copy == NULL) return -ENOMEM;
  memcpy(copy, user.data, user.length);
  package->roles[package->roles_count++] =
      (struct roster_role){.user = {copy, user.length},
                           .id = id,
                           .primary = text_is(cell_of(row, file->columns[RULE_ROLE_TYPE]), "primary")};
  return 0;
}

static int compare_roles(const void *a, const void *b) {
  const struct roster_role *x = a, *y = b;
  int order = roster_compare(x->user, y->user);
  if (order == 0) order = y->primary - x->primary;
  return order != 0 ? order : roster_compare(x->id, y->id);
}

void roster_sort_roles(struct package *package) {
  if (package->roles_count != 0)
    qsort(package->roles, package->roles_count, sizeof(struct roster_role), compare_roles);
}

struct text roster_role_of(const struct package *package, struct text user) {
  size_t low = 0, high = package->roles_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (roster_compare(package->roles[middle].user, user) < 0) low = middle + 1;
    else high = middle;
  }
  bool found = low < package->roles_count && text_equal(package->roles[low].user, user);
  return found ? package->roles[low].id : TEXT_NONE;
}

/* ---- Rows ---------------------------------------------------------------------------------------------- */

static int add_row(struct package *package, struct roster_file *file, const struct csv_row *row) {
  if (package->rows++ == PACKAGE_ROWS_MAX)
    return package_refuse(package, HUB_TOO_LARGE, file->name, row, NULL,
                          "a package of more than 1,000,000 rows");
  if (file->count == file->room) {
    size_t room = file->room == 0 ? 64 : 2 * file->room;
    struct roster_row *rows = allocate(package->heap, room * sizeof(*rows));
    if (rows == NULL) return -ENOMEM;
    if (file->count != 0) memcpy(rows, file->rows, file->count * sizeof(*rows));
    file->rows = rows;
    file->room = room;
  }
  size_t column = file->columns[RULE_ID];
  struct roster_row one = {.bytes = row->bytes, .number = (uint32_t)row->number, .line = (uint32_t)row->line};
  if (column != 0 && column <= row->count) {
    struct text id = text_trim(row->cells[column - 1]);
    char *copy = allocate(package->heap, id.length + 1); /* the cell's text ends with its row */
    if (copy == NULL) return -ENOMEM;
    if (id.length != 0) memcpy(copy, id.data, id.length);
    one.id = (struct text){copy, id.length};
  }
  file->rows[file->count++] = one;
  bool role = strcmp(file->rules->name, "roles") == 0;
  return role ? roster_note_role(package, file, row, one.id) : 0;
}

static int compare_rows(const void *a, const void *b, void *context) {
  const struct roster_file *file = context;
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  int order = roster_compare(file->rows[x].id, file->rows[y].id);
  return order != 0 ? order : (x > y) - (x < y);
}

static int sort_ids(struct package *package, struct roster_file *file) {
  if (file->count == 0) return 0;
  file->by_id = allocate(package->heap, file->count * sizeof(*file->by_id));
  if (file->by_id == NULL) return -ENOMEM;
  for (size_t i = 0; i < file->count; i++) file->by_id[i] = (uint32_t)i;
  qsort_r(file->by_id, file->count, sizeof(*file->by_id), compare_rows, file);
  for (size_t i = 1; i < file->count; i++) {
    struct roster_row *row = &file->rows[file->by_id[i]];
    row->repeated = row->id.length != 0 && text_equal(row->id, file->rows[file->by_id[i - 1]].id);
  }
  return 0;
}

const struct roster_row *roster_find(const struct roster_file *file, struct text id) {
  size_t low = 0, high = file->count;
  if (id.length == 0) return NULL;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (roster_compare(file->rows[file->by_id[middle]].id, id) < 0) low = middle + 1;
    else high = middle;
  }
  const struct roster_row *row = low < file->count ? &file->rows[file->by_id[low]] : NULL;
  return row != NULL && text_equal(row->id, id) ? row : NULL;
}

/* ---- Files --------------------------------------------------------------------------------------------- */

static int walk(struct package *package, struct roster_file *file) {
  struct csv_row row;
  const char *detail;
  bool header = true;
  int r = csv_open(&file->csv, package->heap, file->input, ',');
  if (r == 0) r = csv_open(&file->again, package->heap, TEXT_NONE, ',');
  while (r == 0) {
    int read = csv_next(&file->csv, &row, &detail);
    if (read == CSV_END) break;
    if (read < 0) return read;
    if (read == 0) r = header ? take_header(package, file, &row) : add_row(package, file, &row);
    header = false;
  }
  return r != 0 ? r : sort_ids(package, file);
}

static int load(struct package *package, struct roster_file *file, size_t index) {
  const char *detail = NULL;
  size_t offset = 0;
  struct text bytes;
  enum charset charset = package->job->education->charset;
  int r = archive_read(package->archive, index, &bytes, &detail);
  if (r > 0)
    return package_refuse(package, r == ARCHIVE_E_TOO_LARGE ? HUB_TOO_LARGE : HUB_MALFORMED, file->name, NULL,
                          NULL, detail);
  if (r < 0) return r;
  file->input = bytes;
  if (charset != CHARSET_UNKNOWN && charset != CHARSET_UTF_8)
    r = charset_decode(package->heap, charset, bytes, &file->input, &offset);
  if (r > 0)
    return package_refuse(package, HUB_MALFORMED, file->name, NULL, NULL,
                          "bytes that the character set does not define");
  return r != 0 ? r : walk(package, file);
}

int package_load(struct package *package) {
  for (size_t i = 0; i < PACKAGE_FILES; i++) {
    struct roster_file *file = &package->files[i];
    size_t index;
    file->present = archive_find(package->archive, text_of(file->name), &index);
    if (!file->present || file->mode < FILE_BULK) continue;
    int r = load(package, file, index);
    if (r != 0) return r;
  }
  roster_sort_roles(package);
  return 0;
}
