/*
 * xlsx_tables.c: what cells refer to by number: shared strings, and styles as far as they make dates.
 *
 * Runs of rich text are one text; the phonetic reading beside a text is none of it.
 */
#include "connectors/format/xlsx_parts.h"

#include <errno.h>
#include <stdlib.h>

enum { STRINGS_MAX = 2 * 1024 * 1024, STYLES_MAX = 65536, FORMATS = 65536 };

/* ---- Shared strings ------------------------------------------------------------------------------------ */

enum { TABLE = 1, STRING, RUN, TEXT_OF };

static const struct xlsx_step strings_steps[] = {
    {0, TABLE, "sst"},  {TABLE, STRING, "si"}, {STRING, TEXT_OF, "t"},
    {STRING, RUN, "r"}, {RUN, TEXT_OF, "t"},   {0, 0, NULL},
};

static bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* The character of an _xHHHH_ at p as UTF-8, of which there are `left` bytes; 0: none, or none that a text
 * may hold. */
static size_t escaped(const char *p, size_t left, char out[3]) {
  if (left < 7 || p[1] != 'x' || p[6] != '_') return 0;
  for (size_t i = 2; i < 6; i++)
    if (!is_hex(p[i])) return 0;
  unsigned code = (unsigned)strtoul(p + 2, NULL, 16);
  if (code == 0 || (code >= 0xD800 && code <= 0xDFFF)) return 0;
  if (code < 0x80) {
    out[0] = (char)code;
    return 1;
  }
  size_t length = code < 0x800 ? 2 : 3;
  out[0] = (char)(length == 2 ? 0xC0 | code >> 6 : 0xE0 | code >> 12);
  if (length == 3) out[1] = (char)(0x80 | (code >> 6 & 0x3F));
  out[length - 1] = (char)(0x80 | (code & 0x3F));
  return length;
}

void xlsx_unescape(struct xlsx_bytes *bytes, size_t start) {
  size_t length = start;
  if (bytes->length == start || memmem(bytes->data + start, bytes->length - start, "_x", 2) == NULL) return;
  for (size_t at = start; at < bytes->length;) {
    char c[3] = {bytes->data[at]};
    size_t n = c[0] == '_' ? escaped(bytes->data + at, bytes->length - at, c) : 0;
    memcpy(bytes->data + length, c, n == 0 ? 1 : n);
    length += n == 0 ? 1 : n;
    at += n == 0 ? 1 : 7;
  }
  bytes->length = length;
}

static int begin_string(void *context, const struct xml_reader *reader, unsigned element) {
  struct xlsx *xlsx = context;
  if (element == STRING && xlsx->shared_ends.length == STRINGS_MAX * sizeof(size_t))
    return xlsx_refuse(xlsx, XLSX_E_TOO_LARGE, "more than 2 million shared strings");
  return 0;
}

static int text_of_string(void *context, unsigned element, struct text piece) {
  struct xlsx *xlsx = context;
  return element == TEXT_OF ? xlsx_bytes_add(&xlsx->shared, piece) : 0;
}

static int end_string(void *context, unsigned element) {
  struct xlsx *xlsx = context;
  if (element != STRING) return 0;
  size_t start = 0;
  struct xlsx_bytes *ends = &xlsx->shared_ends;
  if (ends->length != 0) memcpy(&start, ends->data + ends->length - sizeof(start), sizeof(start));
  xlsx_unescape(&xlsx->shared, start);
  if (xlsx->shared.length - start > XLSX_TEXT_MAX)
    return xlsx_refuse(xlsx, XLSX_E_TOO_LARGE, "a text over 128 KiB");
  return xlsx_bytes_add(ends, (struct text){(const char *)&xlsx->shared.length, sizeof(size_t)});
}

int xlsx_strings_read(struct xlsx *xlsx) {
  static const struct xlsx_part part = {strings_steps, begin_string, text_of_string, end_string};
  return xlsx->strings_part.length == 0 ? 0 : xlsx_part_read(xlsx, xlsx->strings_part, &part, xlsx);
}

/* ---- Styles -------------------------------------------------------------------------------------------- */

enum { SHEET_OF_STYLES = 1, CODES, CODE, STYLES, STYLE };

static const struct xlsx_step styles_steps[] = {
    {0, SHEET_OF_STYLES, "styleSheet"},
    {SHEET_OF_STYLES, CODES, "numFmts"},
    {CODES, CODE, "numFmt"},
    {SHEET_OF_STYLES, STYLES, "cellXfs"},
    {STYLES, STYLE, "xf"},
    {0, 0, NULL},
};

struct styles {
  struct xlsx *xlsx;
  bool *is_own;         /* of each format: the workbook defines it, as … */
  unsigned char *kinds; /* … this enum xlsx_style */
};

static int begin_style(void *context, const struct xml_reader *reader, unsigned element) {
  struct styles *styles = context;
  struct text value = TEXT_NONE, code = TEXT_NONE;
  uint32_t id = 0;
  if (element != CODE && element != STYLE) return 0;
  bool known = xml_attribute(reader, "numFmtId", &value) && xlsx_number(value, FORMATS - 1, &id);
  if (element == CODE) {
    if (!known || !xml_attribute(reader, "formatCode", &code)) return 0;
    styles->is_own[id] = true;
    styles->kinds[id] = (unsigned char)xlsx_style_of_code(code);
    return 0;
  }
  if (styles->xlsx->styles.length == STYLES_MAX)
    return xlsx_refuse(styles->xlsx, XLSX_E_TOO_LARGE, "more than 65536 styles");
  char kind = (char)(styles->is_own[id] ? styles->kinds[id] : xlsx_style_builtin(id));
  return xlsx_bytes_add(&styles->xlsx->styles, (struct text){&kind, 1});
}

int xlsx_styles_read(struct xlsx *xlsx) {
  static const struct xlsx_part part = {.steps = styles_steps, .begin = begin_style};
  if (xlsx->styles_part.length == 0) return 0;
  struct styles styles = {xlsx, calloc(FORMATS, sizeof(bool)), calloc(FORMATS, 1)};
  int r = styles.is_own == NULL || styles.kinds == NULL ? -ENOMEM : 0;
  if (r == 0) r = xlsx_part_read(xlsx, xlsx->styles_part, &part, &styles);
  free(styles.is_own);
  free(styles.kinds);
  return r;
}
