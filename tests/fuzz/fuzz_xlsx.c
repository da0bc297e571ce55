/*
 * fuzz_xlsx.c: any bytes as a workbook: as they are when they begin like an archive, else as the parts of
 * one, parted by lines of a single `%`: the sheet, the shared strings, the styles, the workbook.
 */
#include "connectors/format/xlsx.h"

#include "tests/fuzz/fuzz.h"
#include "tests/lib/zip_maker.h"

#define TYPES "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

static const char root_rels[] = "<Relationships><Relationship Id='1' Type='" TYPES
                                "/officeDocument' Target='xl/workbook.xml'/></Relationships>";
static const char workbook_rels[] = "<Relationships><Relationship Id='1' Type='" TYPES
                                    "/worksheet' Target='s.xml'/><Relationship Id='2' Type='" TYPES
                                    "/sharedStrings' Target='t.xml'/><Relationship Id='3' Type='" TYPES
                                    "/styles' Target='f.xml'/></Relationships>";

struct pool {
  void *blocks[8192];
  size_t count;
};

static void *pool_alloc(void *context, size_t bytes) {
  struct pool *pool = context;
  if (pool->count == 8192) return NULL;
  return pool->blocks[pool->count++] = calloc(1, bytes);
}

static void pool_free(struct pool *pool) {
  while (pool->count != 0) free(pool->blocks[--pool->count]);
}

static void read_sheet(struct xlsx *xlsx, size_t sheet) {
  struct xlsx_row row;
  const char *detail = NULL;
  size_t number = 0;
  int r = xlsx_select(xlsx, sheet, &detail);
  while (r == 0 && (r = xlsx_next(xlsx, &row, &detail)) == 0) {
    if (row.number <= number || row.count == 0 || row.count > XLSX_COLUMNS_MAX) abort();
    if (row.cells[row.count - 1].length == 0) abort();
    number = row.number;
    for (size_t i = 0; i < row.count; i++)
      if (text_find_bad_utf8(row.cells[i]) != SIZE_MAX || row.cells[i].length > XLSX_TEXT_MAX) abort();
  }
  if (r > XLSX_END && detail == NULL) abort();
}

static void read_workbook(struct text bytes) {
  static struct pool pool;
  struct allocator allocator = {pool_alloc, &pool};
  struct xlsx *xlsx = NULL;
  const char *detail = NULL;
  int r = xlsx_open(&allocator, bytes, &xlsx, &detail);
  if (r > 0 && detail == NULL) abort();
  if (r == 0) {
    if (xlsx_sheets(xlsx) == 0 || xlsx_sheets(xlsx) > XLSX_SHEETS_MAX) abort();
    for (size_t i = 0; i < xlsx_sheets(xlsx); i++) read_sheet(xlsx, i);
    xlsx_close(xlsx);
  }
  pool_free(&pool);
}

/* The next part; all that is left when there is no more `%` line. */
static struct text take_part(struct text *rest) {
  const char *end = rest->length == 0 ? NULL : memmem(rest->data, rest->length, "\n%\n", 3);
  struct text part = {rest->data, end == NULL ? rest->length : (size_t)(end - rest->data)};
  size_t taken = end == NULL ? rest->length : part.length + 3;
  rest->data += taken, rest->length -= taken;
  return part;
}

static void add(struct zip_maker *zip, const char *name, struct text part, const char *usual) {
  zip_add_odd(zip, text_of(name), part.length != 0 ? part : text_of(usual),
              &(struct zip_oddity){.stored = true});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct text rest = {size == 0 ? "" : (const char *)data, size};
  struct zip_maker zip = {NULL};
  if (xlsx_looks_like(rest)) {
    read_workbook(rest);
    return 0;
  }
  add(&zip, "_rels/.rels", TEXT_NONE, root_rels);
  add(&zip, "xl/_rels/workbook.xml.rels", TEXT_NONE, workbook_rels);
  add(&zip, "xl/s.xml", take_part(&rest), "<worksheet/>");
  add(&zip, "xl/t.xml", take_part(&rest), "<sst/>");
  add(&zip, "xl/f.xml", take_part(&rest), "<styleSheet/>");
  add(&zip, "xl/workbook.xml", take_part(&rest),
      "<workbook><sheets><sheet name='s' id='1'/></sheets></workbook>");
  read_workbook(zip_finish(&zip, TEXT_NONE));
  zip_free(&zip);
  return 0;
}
