/*
 * xlsx_part.c: reads one part of a workbook as a walk through the elements that matter.
 *
 * A part is described by a table of steps from element to element; whatever the table does not know is passed
 * over with all that is in it, so that an element counts only in its place.
 */
#include "connectors/format/xlsx_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

int xlsx_refuse(struct xlsx *xlsx, int result, const char *detail) {
  xlsx->detail = detail;
  return result;
}

int xlsx_bytes_reserve(struct xlsx_bytes *bytes, size_t more) {
  if (more <= bytes->room - bytes->length) return 0;
  size_t room = 2 * (bytes->length + more) + 64;
  char *data = realloc(bytes->data, room);
  if (data == NULL) return -ENOMEM;
  bytes->data = data;
  bytes->room = room;
  return 0;
}

int xlsx_bytes_add(struct xlsx_bytes *bytes, struct text text) {
  int r = xlsx_bytes_reserve(bytes, text.length);
  if (r < 0 || text.length == 0) return r;
  memcpy(bytes->data + bytes->length, text.data, text.length);
  bytes->length += text.length;
  return 0;
}

void xlsx_bytes_free(struct xlsx_bytes *bytes) {
  free(bytes->data);
  *bytes = (struct xlsx_bytes){NULL};
}

bool xlsx_number(struct text text, uint32_t max, uint32_t *ret) {
  uint64_t number = 0;
  for (size_t i = 0; i < text.length; i++) {
    if (text.data[i] < '0' || text.data[i] > '9') return false;
    number = number * 10 + (uint64_t)(text.data[i] - '0');
    if (number > max) return false;
  }
  *ret = (uint32_t)number;
  return text.length != 0;
}

/* libxml2 hands an `&` of an attribute on as `&#38;`. */
int xlsx_attribute(struct xlsx *xlsx, const struct xml_reader *reader, const char *name, struct text *ret) {
  struct text value;
  *ret = TEXT_NONE;
  if (!xml_attribute(reader, name, &value) || value.length == 0) return 0;
  char *out = allocate(xlsx->allocator, value.length);
  if (out == NULL) return -ENOMEM;
  size_t length = 0;
  for (size_t i = 0; i < value.length; i++) {
    out[length++] = value.data[i];
    if (value.length - i >= 5 && memcmp(value.data + i, "&#38;", 5) == 0) i += 4;
  }
  *ret = (struct text){out, length};
  return 0;
}

/* ---- The walk ------------------------------------------------------------------------------------------ */

struct walk {
  const struct xlsx_part *part;
  void *context;
  int result;
  unsigned char places[XML_LEVELS_MAX + 1];
};

static int stop_unless_0(struct walk *walk, int r) {
  if (r <= 0) return r;
  walk->result = r;
  return XML_STOPPED;
}

static int on_start(void *context, struct xml_reader *reader, struct text name) {
  struct walk *walk = context;
  unsigned level = xml_level(reader);
  unsigned char from = walk->places[level - 1], *place = &walk->places[level];
  *place = 0;
  if (from == 0 && level != 1) return 0;
  for (const struct xlsx_step *step = walk->part->steps; step->name != NULL && *place == 0; step++)
    if (step->from == from && text_is(name, step->name)) *place = step->to;
  if (*place == 0 || walk->part->begin == NULL) return 0;
  return stop_unless_0(walk, walk->part->begin(walk->context, reader, *place));
}

static int on_text(void *context, struct xml_reader *reader, struct text piece) {
  struct walk *walk = context;
  unsigned char place = walk->places[xml_level(reader)];
  if (place == 0 || walk->part->text == NULL) return 0;
  return stop_unless_0(walk, walk->part->text(walk->context, place, piece));
}

static int on_end(void *context, struct xml_reader *reader) {
  struct walk *walk = context;
  unsigned char place = walk->places[xml_level(reader)];
  if (place == 0 || walk->part->end == NULL) return 0;
  return stop_unless_0(walk, walk->part->end(walk->context, place));
}

/* ---- The part ------------------------------------------------------------------------------------------ */

/* A part is read from memory of its own, given back when it was read, or could not be. */
static void *take_from_heap(void *context, size_t bytes) {
  struct xlsx *xlsx = context;
  free(xlsx->document);
  return xlsx->document = calloc(1, bytes);
}

/* Names of parts are equal without regard to case. */
static bool find_part(const struct archive *archive, struct text name, size_t *ret_file) {
  if (archive_find(archive, name, ret_file)) return true;
  for (size_t i = 0; i < archive_count(archive); i++) {
    struct text other = archive_name(archive, i);
    if (other.length != name.length || strncasecmp(other.data, name.data, name.length) != 0) continue;
    *ret_file = i;
    return true;
  }
  return false;
}

void xlsx_document_free(struct xlsx *xlsx) {
  free(xlsx->document);
  xlsx->document = NULL;
}

static int refuse_archive(struct xlsx *xlsx, int r, const char *detail) {
  static const int results[] = {[ARCHIVE_E_MALFORMED] = XLSX_E_MALFORMED,
                                [ARCHIVE_E_UNSUPPORTED] = XLSX_E_UNSUPPORTED,
                                [ARCHIVE_E_TOO_LARGE] = XLSX_E_TOO_LARGE};
  return r <= 0 ? r : xlsx_refuse(xlsx, results[r], detail);
}

int xlsx_archive_open(struct xlsx *xlsx, struct text workbook) {
  const char *detail = NULL;
  xlsx->heap = (struct allocator){take_from_heap, xlsx};
  int r = archive_open(&xlsx->heap, workbook, &xlsx->archive, &detail);
  return refuse_archive(xlsx, r, detail);
}

int xlsx_part_read(struct xlsx *xlsx, struct text name, const struct xlsx_part *part, void *context) {
  struct walk walk = {.part = part, .context = context};
  struct xml_handler handler = {&walk, on_start, on_text, on_end};
  struct xml_problem problem;
  struct text document = TEXT_NONE;
  const char *detail = NULL;
  size_t file;
  if (!find_part(xlsx->archive, name, &file))
    return xlsx_refuse(xlsx, XLSX_E_MALFORMED, "a part of the workbook is not there");
  int r = archive_read(xlsx->archive, file, &document, &detail);
  if (r != 0) return refuse_archive(xlsx, r, detail);
  r = xml_read(document, &handler, &problem);
  xlsx_document_free(xlsx);
  if (r == XML_STOPPED) return walk.result;
  if (r == XML_E_MALFORMED) return xlsx_refuse(xlsx, XLSX_E_MALFORMED, "a part of the workbook is no XML");
  if (r == XML_E_UNSUPPORTED) return xlsx_refuse(xlsx, XLSX_E_UNSUPPORTED, "a part that is not UTF-8");
  if (r == XML_E_TOO_LARGE) return xlsx_refuse(xlsx, XLSX_E_TOO_LARGE, "a part over the limits of XML");
  return r;
}
