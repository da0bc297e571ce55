/*
 * oneroster_csv_manifest.c: manifest.csv, which says what version a package is of and how each file is meant.
 *
 * Nothing of a package can be believed before its manifest is, so whatever is wrong with it refuses the
 * package whole.
 */
#include <errno.h>

#include "connectors/education/oneroster_csv_parts.h"

static const char manifest_name[] = "manifest.csv";

int package_refuse(struct package *package, enum hub_reject_code code, const char *file,
                   const struct csv_row *row, const char *field, const char *detail) {
  struct sheet_row at = {.number = 1, .line = 1};
  if (row != NULL) at = (struct sheet_row){row->number, row->line, row->bytes, row->cells, row->count};
  struct row_source source = {.row = &at, .file = file};
  const char *place = "1:1";
  if (file != NULL) place = row_place(package->job, &source, field == NULL ? 0 : 2, field);
  int r = job_refuse(package->job, code, place, detail);
  return r != 0 ? r : PACKAGE_E_REFUSED;
}

struct roster_file *package_file(struct package *package, struct text name) {
  for (size_t i = 0; i < PACKAGE_FILES; i++)
    if (text_is(name, package_rules[i].name)) return &package->files[i];
  return NULL;
}

/* "file.NAME": how a file is meant; of a file that is not known here it is no matter. */
static int take_file(struct package *package, const struct csv_row *row, struct text name,
                     struct text value) {
  static const char *const modes[] = {[FILE_ABSENT] = "absent", [FILE_BULK] = "bulk", [FILE_DELTA] = "delta"};
  enum file_mode mode = FILE_NOT_NAMED;
  for (enum file_mode m = FILE_ABSENT; m <= FILE_DELTA; m++)
    if (text_is(value, modes[m])) mode = m;
  if (mode == FILE_NOT_NAMED)
    return package_refuse(package, HUB_INVALID, manifest_name, row, "value",
                          "a file is bulk, delta or absent");
  struct roster_file *file = package_file(package, name);
  if (file == NULL) return 0;
  if (file->mode != FILE_NOT_NAMED)
    return package_refuse(package, HUB_CONFLICT, manifest_name, row, "value", "a file is named twice");
  file->mode = mode;
  file->named_in = row->number;
  return 0;
}

static int take_property(struct package *package, const struct csv_row *row) {
  if (row->count < 2)
    return package_refuse(package, HUB_INVALID, manifest_name, row, NULL, "a property without a value");
  struct text name = text_trim(row->cells[0]), value = text_trim(row->cells[1]);
  if (name.length > 5 && memcmp(name.data, "file.", 5) == 0)
    return take_file(package, row, (struct text){name.data + 5, name.length - 5}, value);
  if (text_is(name, "manifest.version") && !text_is(value, "1.0"))
    return package_refuse(package, HUB_UNSUPPORTED, manifest_name, row, "value",
                          "a manifest of another version than 1.0");
  if (!text_is(name, "oneroster.version")) return 0;
  unsigned version = text_is(value, "1.1") ? PACKAGE_1_1 : text_is(value, "1.2") ? PACKAGE_1_2 : 0;
  if (version == 0)
    return package_refuse(package, HUB_UNSUPPORTED, manifest_name, row, "value",
                          "another version of OneRoster than 1.1 and 1.2");
  if (package->version != 0 && package->version != version)
    return package_refuse(package, HUB_CONFLICT, manifest_name, row, "value", "two versions in one manifest");
  package->version = version;
  return 0;
}

static bool is_header(const struct csv_row *row) {
  return row->count >= 2 && text_is(text_trim(row->cells[0]), "propertyName") &&
         text_is(text_trim(row->cells[1]), "value");
}

static int take_properties(struct package *package, struct csv *csv) {
  struct csv_row row;
  const char *detail;
  bool header = true;
  for (int r; (r = csv_next(csv, &row, &detail)) != CSV_END; header = false) {
    if (r < 0) return r;
    if (r != 0) return package_refuse(package, HUB_MALFORMED, manifest_name, &row, NULL, detail);
    if (header && !is_header(&row))
      return package_refuse(package, HUB_INVALID, manifest_name, &row, NULL,
                            "the manifest does not begin with propertyName,value");
    r = header ? 0 : take_property(package, &row);
    if (r != 0) return r;
  }
  if (package->version != 0) return 0;
  return package_refuse(package, HUB_UNSUPPORTED, manifest_name, NULL, NULL,
                        "the manifest names no version of OneRoster");
}

int package_read_manifest(struct package *package) {
  struct text input;
  struct csv csv;
  const char *detail = NULL;
  size_t file;
  if (!archive_find(package->archive, text_of(manifest_name), &file))
    return package_refuse(package, HUB_UNSUPPORTED, NULL, NULL, NULL, "a package without manifest.csv");
  int r = archive_read(package->archive, file, &input, &detail);
  if (r > 0) return package_refuse(package, HUB_MALFORMED, manifest_name, NULL, NULL, detail);
  if (r == 0) r = csv_open(&csv, package->heap, input, ',');
  return r != 0 ? r : take_properties(package, &csv);
}
