/*
 * xlsx_workbook.c: from the package to the workbook, its visible sheets and where their parts are.
 *
 * Parts are found by relationships, never by their usual names: a sheet's name is in the workbook, its part
 * in a relationship whose id the sheet names.
 */
#include "connectors/format/xlsx_parts.h"

#include <errno.h>

enum { RELATIONS_MAX = 4096, SHEET_NAME_MAX = 255 };

/* ---- Relationships ------------------------------------------------------------------------------------- */

struct relations {
  struct xlsx *xlsx;
  struct text folder; /* of the part whose relationships these are, with its slash */
  size_t count;
  /* Takes a relationship within the package: what its type ends with, and its part. */
  int (*take)(struct xlsx *, struct text id, struct text type, struct text part);
};

static bool ends_with(struct text text, const char *end) {
  size_t length = strlen(end);
  return text.length >= length && memcmp(text.data + text.length - length, end, length) == 0;
}

/* folder + target, `.` and `..` resolved; a target with a slash in front stands alone. */
static int resolve(struct xlsx *xlsx, struct text folder, struct text target, struct text *ret) {
  char *out = allocate(xlsx->allocator, folder.length + target.length + 1);
  if (out == NULL) return -ENOMEM;
  size_t length = 0;
  if (target.length != 0 && target.data[0] == '/') target.data++, target.length--;
  else if (folder.length != 0) memcpy(out, folder.data, length = folder.length);
  while (target.length != 0) {
    const char *slash = memchr(target.data, '/', target.length);
    size_t n = slash == NULL ? target.length : (size_t)(slash - target.data) + 1;
    struct text piece = {target.data, n};
    if (text_is(piece, "../")) {
      if (length != 0) length--;
      while (length != 0 && out[length - 1] != '/') length--;
    } else if (!text_is(piece, "./")) {
      memcpy(out + length, piece.data, n);
      length += n;
    }
    target.data += n, target.length -= n;
  }
  *ret = (struct text){out, length};
  return 0;
}

enum { RELATIONSHIPS = 1, RELATIONSHIP };

static const struct xlsx_step relations_steps[] = {
    {0, RELATIONSHIPS, "Relationships"}, {RELATIONSHIPS, RELATIONSHIP, "Relationship"}, {0, 0, NULL}};

static int begin_relation(void *context, const struct xml_reader *reader, unsigned element) {
  struct relations *relations = context;
  struct xlsx *xlsx = relations->xlsx;
  struct text id, type, target, mode, part;
  if (element != RELATIONSHIP) return 0;
  if (++relations->count > RELATIONS_MAX)
    return xlsx_refuse(xlsx, XLSX_E_TOO_LARGE, "more than 4096 relationships");
  int r = xlsx_attribute(xlsx, reader, "Id", &id);
  if (r == 0) r = xlsx_attribute(xlsx, reader, "Type", &type);
  if (r == 0) r = xlsx_attribute(xlsx, reader, "Target", &target);
  if (r == 0) r = xlsx_attribute(xlsx, reader, "TargetMode", &mode);
  if (r < 0 || text_is(mode, "External")) return r;
  r = resolve(xlsx, relations->folder, target, &part);
  return r < 0 ? r : relations->take(xlsx, id, type, part);
}

static int read_relations(struct xlsx *xlsx, struct text of_part,
                          int (*take)(struct xlsx *, struct text, struct text, struct text)) {
  static const struct xlsx_part part = {.steps = relations_steps, .begin = begin_relation};
  const char *slash = of_part.length == 0 ? NULL : memrchr(of_part.data, '/', of_part.length);
  size_t folder = slash == NULL ? 0 : (size_t)(slash - of_part.data) + 1;
  size_t length = of_part.length + sizeof("_rels/.rels") - 1;
  char *name = allocate(xlsx->allocator, length);
  if (name == NULL) return -ENOMEM;
  char *to = name;
  if (folder != 0) to = mempcpy(to, of_part.data, folder);
  to = mempcpy(to, "_rels/", 6);
  if (of_part.length != folder) to = mempcpy(to, of_part.data + folder, of_part.length - folder);
  memcpy(to, ".rels", 5);
  struct relations relations = {xlsx, {of_part.data, folder}, 0, take};
  return xlsx_part_read(xlsx, (struct text){name, length}, &part, &relations);
}

/* ---- The workbook -------------------------------------------------------------------------------------- */

enum { WORKBOOK = 1, PROPERTIES, SHEETS, SHEET };

static const struct xlsx_step workbook_steps[] = {{0, WORKBOOK, "workbook"},
                                                  {WORKBOOK, PROPERTIES, "workbookPr"},
                                                  {WORKBOOK, SHEETS, "sheets"},
                                                  {SHEETS, SHEET, "sheet"},
                                                  {0, 0, NULL}};

static int begin_workbook(void *context, const struct xml_reader *reader, unsigned element) {
  struct xlsx *xlsx = context;
  struct text value = TEXT_NONE;
  if (element == PROPERTIES && xml_attribute(reader, "date1904", &value))
    xlsx->days_since_1904 = text_is(value, "1") || text_is(value, "true");
  if (element != SHEET) return 0;
  if (xml_attribute(reader, "state", &value) && !text_is(value, "visible")) return 0;
  if (xlsx->sheets_count == XLSX_SHEETS_MAX)
    return xlsx_refuse(xlsx, XLSX_E_TOO_LARGE, "more than 256 sheets");
  struct xlsx_sheet *sheet = &xlsx->sheets[xlsx->sheets_count++];
  int r = xlsx_attribute(xlsx, reader, "name", &sheet->name);
  if (r == 0) r = xlsx_attribute(xlsx, reader, "id", &sheet->relation);
  if (r == 0 && sheet->name.length > SHEET_NAME_MAX)
    return xlsx_refuse(xlsx, XLSX_E_MALFORMED, "a sheet with a name over 255 bytes");
  return r;
}

static int take_workbook(struct xlsx *xlsx, struct text id, struct text type, struct text part) {
  if (ends_with(type, "/officeDocument")) xlsx->sheets[0].part = part;
  return 0;
}

static int take_part(struct xlsx *xlsx, struct text id, struct text type, struct text part) {
  if (ends_with(type, "/sharedStrings")) xlsx->strings_part = part;
  else if (ends_with(type, "/styles")) xlsx->styles_part = part;
  else if (ends_with(type, "/worksheet"))
    for (size_t i = 0; i < xlsx->sheets_count; i++)
      if (text_equal(xlsx->sheets[i].relation, id)) xlsx->sheets[i].part = part;
  return 0;
}

/* Charts that are sheets of their own have no rows. */
static void drop_others(struct xlsx *xlsx) {
  size_t count = 0;
  for (size_t i = 0; i < xlsx->sheets_count; i++)
    if (xlsx->sheets[i].part.length != 0) xlsx->sheets[count++] = xlsx->sheets[i];
  xlsx->sheets_count = count;
}

int xlsx_workbook_read(struct xlsx *xlsx) {
  static const struct xlsx_part workbook = {.steps = workbook_steps, .begin = begin_workbook};
  size_t file;
  if (!archive_find(xlsx->archive, TEXT("_rels/.rels"), &file))
    return xlsx_refuse(xlsx, XLSX_E_UNSUPPORTED, "a zip archive that is no workbook");
  int r = read_relations(xlsx, TEXT_NONE, take_workbook);
  struct text part = xlsx->sheets[0].part;
  xlsx->sheets[0].part = TEXT_NONE;
  if (r == 0 && part.length == 0) return xlsx_refuse(xlsx, XLSX_E_MALFORMED, "the package names no workbook");
  if (r == 0 && ends_with(part, ".bin"))
    return xlsx_refuse(xlsx, XLSX_E_UNSUPPORTED, "a workbook in the binary form");
  if (r == 0) r = xlsx_part_read(xlsx, part, &workbook, xlsx);
  if (r == 0) r = read_relations(xlsx, part, take_part);
  if (r != 0) return r;
  drop_others(xlsx);
  return xlsx->sheets_count != 0 ? 0 : xlsx_refuse(xlsx, XLSX_E_MALFORMED, "a workbook without a sheet");
}
