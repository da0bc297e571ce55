/*
 * Lookup tables: tables/NAME.csv (UTF-8, RFC 4180 quoting, first row the header). Rows are sorted by their
 * first cell when read, so that a lookup is a binary search and two rows with the same key are seen.
 */
#include <dirent.h>

#include "core/config/file.h"
#include "core/config/sections.h"

enum { TABLE_FILE_MAX = 8 * 1024 * 1024, TABLE_COLUMNS_MAX = 64, TABLE_ROWS_MAX = 100000, TABLES_MAX = 256 };

struct csv {
  struct reading *reading;
  const struct config_file *file;
  const char *item;
  struct text rest;
  unsigned line;
  bool row_ended, wrong;
};

static void csv_mistake(struct csv *csv, unsigned line, const char *reason) {
  csv->wrong = true;
  config_error(csv->reading->errors, (struct config_mark){csv->file, line, 1}, csv->item, "%s", reason);
}

/* Offset of the quote that ends the cell, or the end of the text. */
static size_t closing_quote(struct text rest) {
  size_t i = 0;
  while (i < rest.length) {
    if (rest.data[i] != '"') {
      i++;
    } else if (i + 1 < rest.length && rest.data[i + 1] == '"') {
      i += 2;
    } else {
      break;
    }
  }
  return MIN(i, rest.length);
}

/* The quoted cell whose opening quote was read, with doubled quotes made single. */
static int quoted_cell(struct csv *csv, char **ret_cell) {
  unsigned start = csv->line;
  size_t end = closing_quote(csv->rest), length = 0;
  char *cell = arena_text(csv->reading->config->arena, (struct text){csv->rest.data, end});
  if (cell == NULL) return -ENOMEM;
  for (size_t i = 0; i < end; i++) {
    csv->line += cell[i] == '\n';
    cell[length++] = cell[i];
    if (cell[i] == '"') i++;
  }
  cell[length] = '\0';
  if (end == csv->rest.length) csv_mistake(csv, start, "a quote is not closed; write '\"' at the cell's end");
  size_t skip = MIN(end + 1, csv->rest.length);
  csv->rest = (struct text){csv->rest.data + skip, csv->rest.length - skip};
  *ret_cell = cell;
  return 0;
}

static void cell_end(struct csv *csv) {
  size_t length = 0;
  while (length < csv->rest.length && csv->rest.data[length] == '\r') length++;
  csv->row_ended = length == csv->rest.length || csv->rest.data[length] == '\n';
  if (csv->row_ended && length < csv->rest.length) csv->line++;
  size_t skip = MIN(length + 1, csv->rest.length);
  csv->rest = (struct text){csv->rest.data + skip, csv->rest.length - skip};
}

static int cell_read(struct csv *csv, const char **ret_cell) {
  char *cell = NULL;
  if (csv->rest.length != 0 && csv->rest.data[0] == '"') {
    csv->rest = (struct text){csv->rest.data + 1, csv->rest.length - 1};
    int r = quoted_cell(csv, &cell);
    if (r < 0) return r;
    bool ends = csv->rest.length == 0 || strchr(",\r\n", csv->rest.data[0]) != NULL;
    if (!ends)
      csv_mistake(csv, csv->line, "text behind a closing quote; write \"\" for a quote inside a cell");
  } else {
    size_t length = 0;
    while (length < csv->rest.length && strchr(",\r\n", csv->rest.data[length]) == NULL) length++;
    cell = arena_text(csv->reading->config->arena, (struct text){csv->rest.data, length});
    if (cell == NULL) return -ENOMEM;
    csv->rest = (struct text){csv->rest.data + length, csv->rest.length - length};
  }
  cell_end(csv);
  *ret_cell = cell;
  return 0;
}

static size_t rows_bound(struct text content) {
  size_t rows = 1;
  for (size_t i = 0; i < content.length; i++) rows += content.data[i] == '\n';
  return rows;
}

static int header_read(struct csv *csv, const char **cells, size_t *ret_columns) {
  size_t columns = 0;
  do {
    if (columns == TABLE_COLUMNS_MAX) {
      csv_mistake(csv, 1, "more than 64 columns; remove some");
      return 0;
    }
    int r = cell_read(csv, &cells[columns]);
    if (r < 0) return r;
    if (cells[columns][0] == '\0') csv_mistake(csv, 1, "a column without a name; write a header row");
    columns++;
  } while (!csv->row_ended && !csv->wrong);
  *ret_columns = columns;
  return 0;
}

static int rows_read(struct csv *csv, struct config_table *table, const char **cells, size_t rows_max) {
  while (csv->rest.length != 0 && !csv->wrong) {
    unsigned line = csv->line;
    if (csv->rest.data[0] == '\n' || csv->rest.data[0] == '\r') {
      cell_end(csv);
      continue;
    }
    if (table->rows + 1 >= rows_max || table->rows >= TABLE_ROWS_MAX) {
      csv_mistake(csv, line, "more rows than a table may have (100,000); remove some");
      return 0;
    }
    const char **row = cells + (table->rows + 1) * table->columns;
    size_t columns = 0;
    do {
      const char *cell = NULL;
      int r = cell_read(csv, &cell);
      if (r < 0) return r;
      if (columns < table->columns) row[columns] = cell;
      columns++;
    } while (!csv->row_ended && !csv->wrong);
    if (columns != table->columns && !csv->wrong) {
      csv_mistake(csv, line, "has another number of cells than the header; write one cell a column");
    }
    table->rows++;
  }
  return 0;
}

static int by_first_cell(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void rows_sort(struct csv *csv, struct config_table *table, const char **cells) {
  qsort(cells + table->columns, table->rows, table->columns * sizeof *cells, by_first_cell);
  for (size_t row = 2; row <= table->rows; row++) {
    const char *const *one = cells + row * table->columns, *const *before = one - table->columns;
    if (strcmp(*one, *before) != 0) continue;
    char quoted[CONFIG_QUOTED_SIZE];
    config_error(csv->reading->errors, (struct config_mark){csv->file, 0, 0}, csv->item,
                 "two rows have the key %s in the first column; remove one",
                 config_quoted(text_of(*one), quoted));
    return;
  }
}

static int table_parse(struct csv *csv, struct config_table *table) {
  const char **header = arena_alloc(csv->reading->config->arena, TABLE_COLUMNS_MAX * sizeof *header);
  if (header == NULL) return -ENOMEM;
  int r = header_read(csv, header, &table->columns);
  if (r < 0 || csv->wrong) return r;
  size_t rows_max = rows_bound(csv->rest) + 1;
  const char **cells = arena_alloc(csv->reading->config->arena, rows_max * table->columns * sizeof *cells);
  if (cells == NULL) return -ENOMEM;
  memcpy(cells, header, table->columns * sizeof *cells);
  r = rows_read(csv, table, cells, rows_max);
  if (r < 0) return r;
  table->cells = cells;
  if (!csv->wrong) rows_sort(csv, table, cells);
  return 0;
}

static int table_read(struct reading *reading, const char *file_name) {
  struct arena *arena = reading->config->arena;
  struct config_file *file = arena_alloc(arena, sizeof *file);
  struct config_table *table = arena_alloc(arena, sizeof *table);
  if (file == NULL || table == NULL) return -ENOMEM;
  const char *beside = arena_printf(arena, "tables/%s", file_name);
  if (beside == NULL) return -ENOMEM;
  file->path = path_beside(reading, beside);
  table->name = arena_text(arena, (struct text){file_name, strlen(file_name) - strlen(".csv")});
  if (file->path == NULL || table->name == NULL) return -ENOMEM;
  int r = config_file_read(arena, file->path, TABLE_FILE_MAX, &file->content);
  if (r == 0 && file->content.length > TABLE_FILE_MAX) r = -EFBIG;
  if (r == -ENOMEM) return r;
  if (r < 0) {
    config_error(reading->errors, (struct config_mark){file, 0, 0}, "table", "cannot be read: %s",
                 strerrordesc_np(-r));
    return 0;
  }
  struct csv csv = {.reading = reading, .file = file, .item = "table", .rest = file->content, .line = 1};
  size_t bad = text_find_bad_utf8(file->content);
  if (bad != SIZE_MAX || memchr(file->content.data, 0, file->content.length) != NULL) {
    csv_mistake(&csv, 1, "not a UTF-8 text; save it as \"CSV UTF-8\"");
    return 0;
  }
  if (csv.rest.length >= 3 && memcmp(csv.rest.data, "\xef\xbb\xbf", 3) == 0) {
    csv.rest = (struct text){csv.rest.data + 3, csv.rest.length - 3};
  }
  if (csv.rest.length == 0) {
    csv_mistake(&csv, 1, "is empty; write a header row");
    return 0;
  }
  r = table_parse(&csv, table);
  if (r < 0 || csv.wrong) return r; /* half a table would be looked up as a whole one */
  table->next = reading->config->tables;
  reading->config->tables = table;
  return 0;
}

static int is_table(const struct dirent *entry) {
  size_t length = strlen(entry->d_name);
  return entry->d_name[0] != '.' && length > 4 && strcmp(entry->d_name + length - 4, ".csv") == 0;
}

int tables_read(struct reading *reading) {
  const char *folder = path_beside(reading, "tables");
  if (folder == NULL) return -ENOMEM;
  struct dirent **entries = NULL;
  int count = scandir(folder, &entries, is_table, alphasort), r = 0;
  if (count < 0) return errno == ENOMEM ? -ENOMEM : 0; /* no folder, no tables */
  for (int i = count - 1; i >= 0; i--) {
    if (r == 0 && i < TABLES_MAX) r = table_read(reading, entries[i]->d_name);
    free(entries[i]);
  }
  free(entries);
  return r;
}

static size_t column_find(const struct config_table *table, const char *column) {
  for (size_t i = 0; i < table->columns; i++) {
    if (strcmp(table->cells[i], column) == 0) return i;
  }
  return SIZE_MAX;
}

static int compare_key(struct text key, const char *cell) {
  int order = key.length == 0 ? 0 : strncmp(key.data, cell, key.length);
  return order != 0 ? order : cell[key.length] == '\0' ? 0 : -1;
}

const char *config_table_lookup(const struct config_table *tables, const char *name, struct text key,
                                const char *column) {
  const struct config_table *table = tables;
  while (table != NULL && strcmp(table->name, name) != 0) table = table->next;
  if (table == NULL || (key.length != 0 && memchr(key.data, 0, key.length) != NULL)) return NULL;
  size_t place = column_find(table, column), low = 1, high = table->rows + 1;
  if (place == SIZE_MAX) return NULL;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    const char *const *row = table->cells + middle * table->columns;
    int order = compare_key(key, row[0]);
    if (order == 0) return row[place];
    if (order < 0) high = middle;
    else low = middle + 1;
  }
  return NULL;
}
