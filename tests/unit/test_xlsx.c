/*
 * test_xlsx.c: what cells show, which sheets there are, and every way in which a workbook is refused.
 */
#include "connectors/format/xlsx.h"

#include "tests/lib/zip_maker.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

struct pool {
  void *blocks[16384];
  size_t count, left; /* allocations that still succeed */
};

static void *pool_alloc(void *context, size_t bytes) {
  struct pool *pool = context;
  if (pool->left == 0 || pool->count == 16384) return NULL;
  pool->left--;
  return pool->blocks[pool->count++] = calloc(1, bytes);
}

static void pool_free(struct pool *pool) {
  while (pool->count != 0) free(pool->blocks[--pool->count]);
}

static struct pool pool;
static const struct allocator allocator = {pool_alloc, &pool};

/* ---- Making workbooks ---------------------------------------------------------------------------------- */

#define TYPES "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

struct book { /* NULL: the usual, or left out where a usual one makes no sense */
  const char *root_rels, *workbook, *workbook_rels, *strings, *styles, *sheet, *second;
};

static const char usual_root_rels[] = "<Relationships><Relationship Id='rId1' Type='" TYPES
                                      "/officeDocument' Target='xl/workbook.xml'/>"
                                      "</Relationships>";
static const char usual_workbook[] = "<workbook xmlns:r='" TYPES
                                     "'><sheets><sheet name='Lớp &amp; điểm' sheetId='1' r:id='rId1'/>"
                                     "</sheets></workbook>";
static const char usual_workbook_rels[] =
    "<Relationships>"
    "<Relationship Id='rId1' Type='" TYPES
    "/worksheet' Target='worksheets/sheet1.xml'/>"
    "<Relationship Id='rId2' Type='" TYPES
    "/worksheet' Target='/xl/worksheets/sheet2.xml'/>"
    "<Relationship Id='rId3' Type='" TYPES
    "/sharedStrings' Target='./sharedstrings.xml'/>"
    "<Relationship Id='rId4' Type='" TYPES
    "/styles' Target='../xl/../xl/styles.xml'/>"
    "<Relationship Id='rId5' Type='" TYPES
    "/hyperlink' Target='http://x.example/' TargetMode='External'/>"
    "</Relationships>";
static const char usual_sheet[] = "<worksheet><sheetData/></worksheet>";

static const char *or_usual(const char *part, const char *usual) { return part != NULL ? part : usual; }

static struct text make(struct zip_maker *zip, const struct book *book) {
  zip_add(zip, "_rels/.rels", text_of(or_usual(book->root_rels, usual_root_rels)));
  zip_add(zip, "xl/workbook.xml", text_of(or_usual(book->workbook, usual_workbook)));
  zip_add(zip, "xl/_rels/workbook.xml.rels", text_of(or_usual(book->workbook_rels, usual_workbook_rels)));
  zip_add(zip, "xl/sharedStrings.xml", text_of(or_usual(book->strings, "<sst/>")));
  zip_add(zip, "xl/styles.xml", text_of(or_usual(book->styles, "<styleSheet/>")));
  zip_add(zip, "xl/worksheets/sheet1.xml", text_of(or_usual(book->sheet, usual_sheet)));
  if (book->second != NULL) zip_add(zip, "xl/worksheets/sheet2.xml", text_of(book->second));
  return zip_finish(zip, TEXT_NONE);
}

/* ---- Reading them -------------------------------------------------------------------------------------- */

/* All visible sheets as `{NAME NUMBER[cell|cell] …}`, or `!RESULT detail` where it ends. */
static char *read_bytes(struct text bytes) {
  char *out = NULL;
  size_t size = 0;
  struct xlsx *xlsx = NULL;
  struct xlsx_row row;
  const char *detail = "";
  FILE *stream = open_memstream(&out, &size);
  assert_non_null(stream);
  int r = xlsx_open(&allocator, bytes, &xlsx, &detail);
  for (size_t i = 0; r == 0 && i < xlsx_sheets(xlsx); i++) {
    struct text name = xlsx_sheet_name(xlsx, i);
    fprintf(stream, "{%.*s", (int)name.length, name.data);
    r = xlsx_select(xlsx, i, &detail);
    while (r == 0 && (r = xlsx_next(xlsx, &row, &detail)) == 0) {
      fprintf(stream, " %zu", row.number);
      for (size_t j = 0; j < row.count; j++)
        fprintf(stream, "%c%.*s", j == 0 ? '[' : '|', (int)row.cells[j].length, row.cells[j].data);
      fputc(']', stream);
    }
    if (r == XLSX_END) r = 0, fputc('}', stream);
  }
  if (r != 0) fprintf(stream, "!%d %s", r, r > 0 ? detail : "");
  fclose(stream);
  xlsx_close(xlsx);
  pool_free(&pool);
  return out;
}

static void assert_book(const struct book *book, const char *wanted) {
  struct zip_maker zip = {NULL};
  pool.left = SIZE_MAX;
  char *got = read_bytes(make(&zip, book));
  if (strcmp(got, wanted) != 0) fail_msg("%s instead of %s", got, wanted);
  free(got);
  zip_free(&zip);
}

/* A sheet with these rows. */
static void assert_rows(const char *rows, const char *wanted) {
  char sheet[4096], all[2048];
  snprintf(sheet, sizeof(sheet), "<worksheet><cols/><sheetData>%s</sheetData></worksheet>", rows);
  if (wanted[0] == '!') snprintf(all, sizeof(all), "{Lớp & điểm%s", wanted);
  else snprintf(all, sizeof(all), "{Lớp & điểm %s}", wanted);
  assert_book(&(struct book){.sheet = sheet,
                             .strings = "<sst><si><t>Mã lớp</t></si><si><r><t>Họ </t></r><r><t xml:space="
                                        "'preserve'>tên</t></r><rPh sb='0' eb='1'><t>ho</t></rPh></si>"
                                        "<si/><si><t>a_x000D_\nb_x005F_x0041__x0111_</t></si></sst>",
                             .styles = "<styleSheet><numFmts><numFmt numFmtId='164' formatCode='dd/mm/yyyy'/>"
                                       "<numFmt numFmtId='165' formatCode='[$-42A]hh:mm\\ dd/mm/yyyy;@'/>"
                                       "<numFmt numFmtId='9' formatCode='0.0&quot; d&quot;'/></numFmts>"
                                       "<cellStyleXfs><xf numFmtId='14'/></cellStyleXfs>"
                                       "<cellXfs><xf numFmtId='0'/><xf numFmtId='14'/><xf numFmtId='164'/>"
                                       "<xf numFmtId='165'/><xf numFmtId='20'/><xf numFmtId='22'/><xf "
                                       "numFmtId='9'/><xf/></cellXfs></styleSheet>"},
              all);
}

/* ---- Cells --------------------------------------------------------------------------------------------- */

static void shows_texts(void **state) {
  assert_rows("<row r='1'><c r='A1' t='s'><v>0</v></c><c r='B1' t='s'><v> 1 </v></c></row>",
              "1[Mã lớp|Họ tên]");
  assert_rows("<row r='2'><c r='A2' t='s'><v>2</v></c><c r='B2' t='s'><v>3</v></c></row>",
              "2[|a\r\nb_x0041_đ]");
  assert_rows(
      "<row><c t='inlineStr'><is><t>5</t><rPh><t>x</t></rPh><r><rPr/><t>A</t></r></is></c>"
      "<c t='inlineStr'><v>no</v></c><c t='str'><f>A1&amp;1</f><v>5A &lt;1&gt;</v></c></row>",
      "1[5A||5A <1>]");
  assert_rows(
      "<row><c t='b'><v>1</v></c><c t='b'><v>0</v></c><c t='e'><v>#N/A</v></c><c t='d'><v>2015-09-05"
      "</v></c><c t='new'><v>x</v></c><c t='n'><v>7</v></c><c t='b'><v>yes</v></c></row>",
      "1[TRUE|FALSE|#N/A|2015-09-05|x|7|yes]");
  assert_rows("<row><c t='str'><v>_x0000__xD800__x00zz__x41_</v></c></row>", "1[_x0000__xD800__x00zz__x41_]");
  assert_rows("<row><c t='str'><v>_x20AC__x00E9_</v></c></row>", "1[€é]");
}

static void keeps_places(void **state) {
  assert_rows(
      "<row r='3' spans='1:9'><c r='B3'><v>1</v></c><c r='D3' s='1'/><c r='E3'><v/></c></row>"
      "<row r='4'/><row><c><v>2</v></c><c r='C5'><v>3</v></c><c><v>4</v></c></row>"
      "<row r='1048576'><c r='AMK1048576'/><c r='XFD1048576' s='2'/><c r='XFE1048576'/></row>",
      "3[|1] 5[2||3|4]");
  assert_rows("<row><x><c><v>no</v></c></x><c><v>1</v><extLst><v>2</v></extLst></c></row>", "1[1]");
  char wanted[XLSX_COLUMNS_MAX + 20] = "7[";
  memset(wanted + 2, '|', XLSX_COLUMNS_MAX - 1);
  memcpy(wanted + 2 + XLSX_COLUMNS_MAX - 1, "last]", sizeof("last]"));
  assert_rows("<row r='7'><c r='AMJ7'><v>last</v></c></row>", wanted);
}

static void shows_numbers(void **state) {
  assert_rows(
      "<row><c><v>0.1</v></c><c><v>8.1999999999999993</v></c><c><v>20000000118</v></c>"
      "<c><v> 7.50 </v></c><c><v>1.2345678901234567E+30</v></c><c><v>0.30000000000000004</v></c>"
      "<c><v>12345678901234567890</v></c></row>",
      "1[0.1|8.2|20000000118| 7.50 |1.2345678901234567E+30|0.30000000000000004|12345678901234567890]");
  assert_rows(
      "<row><c s='6'><v>8.5</v></c><c s='99'><v>42252</v></c><c s='7'><v>42252</v></c>"
      "<c s='x'><v>42252</v></c></row>",
      "1[8.5|42252|42252|42252]");
}

static void shows_days(void **state) {
  assert_rows(
      "<row><c s='1'><v>42252</v></c><c s='2'><v>42252.75</v></c><c s='3'><v>42252.75</v></c>"
      "<c s='4'><v>0.3125</v></c><c s='5'><v>45000</v></c></row>",
      "1[2015-09-05|2015-09-05|2015-09-05T18:00:00|07:30:00|2023-03-15T00:00:00]");
  assert_rows(
      "<row><c s='1'><v>1</v></c><c s='1'><v>59</v></c><c s='1'><v>60</v></c><c s='1'><v>61</v></c>"
      "<c s='1'><v>0</v></c><c s='1'><v>-1</v></c><c s='1'><v>2958465</v></c>"
      "<c s='1'><v>2958466</v></c><c s='1'><v>36585</v></c></row>",
      "1[1900-01-01|1900-02-28|60|1900-03-01|0|-1|9999-12-31|2958466|2000-02-29]");
  assert_rows(
      "<row><c s='1'><v>05/09/2015</v></c><c s='1'><v>1e999</v></c><c s='1'><v>4.2252E4</v></c>"
      "<c s='1' t='str'><v>42252</v></c><c s='4'><v>1.5</v></c><c s='1'><v>1-2</v></c>"
      "<c s='5'><v>42252.999999</v></c><c s='1'><v>42252.123456789012345</v></c></row>",
      "1[05/09/2015|1e999|2015-09-05|42252|1900-01-01T12:00:00|1-2|2015-09-06T00:00:00|2015-09-05]");
  assert_book(&(struct book){.workbook = "<workbook><workbookPr date1904='1'/><sheets>"
                                         "<sheet name='x' id='rId1'/></sheets></workbook>",
                             .styles = "<styleSheet><cellXfs><xf numFmtId='14'/></cellXfs></styleSheet>",
                             .sheet = "<worksheet><sheetData><row><c s='0'><v>0</v></c><c s='0'><v>60</v></c>"
                                      "<c s='0'><v>2957003</v></c><c s='0'><v>2957004</v></c></row>"
                                      "</sheetData></worksheet>"},
              "{x 1[1904-01-01|1904-03-01|9999-12-31|2957004]}");
}

static void knows_formats_of_days(void **state) {
  static const struct {
    const char *code, *wanted;
  } cases[] = {
      {"General", "42252.5"},
      {"0.00E+00", "42252.5"},
      {"#,##0\\ \"đồng\"", "42252.5"},
      {"_-* #,##0.00\\ _d_-", "42252.5"},
      {"[Red]0;[Blue]-0;yyyy", "42252.5"},
      {"[h]:mm:ss", "42252.5"},
      {"[mm]:ss", "42252.5"},
      {"\"yyyy", "42252.5"},
      {"0[", "42252.5"},
      {"0\\", "42252.5"},
      {"[$-42A]dd mmmm yyyy", "2015-09-05"},
      {"mmm\\-yy", "2015-09-05"},
      {"MM", "2015-09-05"},
      {"d/m/y h:m", "2015-09-05T12:00:00"},
      {"h:mm AM/PM", "2015-09-05T12:00:00"},
      {"mm:ss.0", "2015-09-05T12:00:00"},
      {"[hx]yyyy", "2015-09-05"},
      {"", "42252.5"},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    char styles[400], wanted[100], code[200];
    char *to = code;
    for (const char *p = cases[i].code; *p != '\0'; p++)
      to = *p == '"' ? mempcpy(to, "&quot;", 6) : (*to = *p, to + 1);
    *to = '\0';
    snprintf(styles, sizeof(styles),
             "<styleSheet><numFmts><numFmt numFmtId='200' formatCode='%s'/><numFmt numFmtId='x'/></numFmts>"
             "<cellXfs><xf numFmtId='200'/></cellXfs></styleSheet>",
             code);
    snprintf(wanted, sizeof(wanted), "{Lớp & điểm 1[%s]}", cases[i].wanted);
    assert_book(&(struct book){.styles = styles,
                               .sheet = "<worksheet><sheetData><row><c s='0'><v>42252.5</v></c></row>"
                                        "</sheetData></worksheet>"},
                wanted);
  }
}

static void knows_builtin_formats(void **state) {
  static const struct {
    unsigned id;
    const char *shows;
  } ids[] = {{0, "1.5"},
             {4, "1.5"},
             {13, "1.5"},
             {14, "1900-01-01"},
             {17, "1900-01-01"},
             {18, "1900-01-01T12:00:00"},
             {21, "1900-01-01T12:00:00"},
             {22, "1900-01-01T12:00:00"},
             {23, "1.5"},
             {27, "1900-01-01"},
             {32, "1900-01-01T12:00:00"},
             {36, "1900-01-01"},
             {37, "1.5"},
             {45, "1900-01-01T12:00:00"},
             {46, "1.5"},
             {47, "1900-01-01T12:00:00"},
             {49, "1.5"},
             {50, "1900-01-01"},
             {58, "1900-01-01"},
             {59, "1.5"}};
  for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
    char styles[200], wanted[100];
    snprintf(styles, sizeof(styles), "<styleSheet><cellXfs><xf numFmtId='%u'/></cellXfs></styleSheet>",
             ids[i].id);
    snprintf(wanted, sizeof(wanted), "{Lớp & điểm 1[%s]}", ids[i].shows);
    assert_book(&(struct book){.styles = styles,
                               .sheet = "<worksheet><sheetData><row><c s='0'><v>1.5</v></c></row>"
                                        "</sheetData></worksheet>"},
                wanted);
  }
}

static void empties_merged_cells(void **state) {
  assert_book(
      &(struct book){.sheet = "<worksheet><sheetData>"
                              "<row r='1'><c r='A1'><v>1</v></c><c r='B1'><v>2</v></c><c r='C1'><v>3"
                              "</v></c><c r='D1'><v>4</v></c></row>"
                              "<row r='2'><c r='B2'><v>5</v></c><c r='C2'><v>6</v></c></row>"
                              "<row r='4'><c r='A4'><v>7</v></c><c r='B4'><v>8</v></c></row>"
                              "</sheetData><mergeCells><mergeCell ref='B1:C2'/>"
                              "<mergeCell ref='A4:A9'/><mergeCell ref='F9'/></mergeCells></worksheet>"},
      "{Lớp & điểm 1[1|2||4] 4[7|8]}");
}

/* ---- Sheets -------------------------------------------------------------------------------------------- */

/* Each part in turn with a wrong CRC. */
static void refuses_broken_parts(void **state) {
  static const char *const names[] = {"_rels/.rels", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"};
  const char *const parts[] = {usual_root_rels, usual_workbook, usual_workbook_rels};
  for (size_t broken = 0; broken < 3; broken++) {
    struct zip_maker zip = {NULL};
    for (size_t i = 0; i < 3; i++)
      zip_add_odd(&zip, text_of(names[i]), text_of(parts[i]), &(struct zip_oddity){.crc_xor = i == broken});
    pool.left = SIZE_MAX;
    char *got = read_bytes(zip_finish(&zip, TEXT_NONE));
    assert_string_equal(got, "!2 a broken file in the archive");
    free(got);
    zip_free(&zip);
  }
}

static void shows_visible_sheets(void **state) {
  assert_book(
      &(struct book){.workbook = "<workbook><bookViews/><sheets>"
                                 "<sheet name='Ẩn' state='hidden' id='rId1'/>"
                                 "<sheet name='Rất ẩn' state='veryHidden' id='rId1'/>"
                                 "<sheet name='Biểu đồ' id='rId9'/>"
                                 "<sheet name='Hai' state='visible' id='rId2'/>"
                                 "<sheet name='Một' id='rId1'/></sheets></workbook>",
                     .sheet = "<worksheet><sheetData><row><c><v>1</v></c></row></sheetData></worksheet>",
                     .second = "<worksheet><sheetData><row><c><v>2</v></c></row></sheetData>"
                               "</worksheet>"},
      "{Hai 1[2]}{Một 1[1]}");
  assert_book(&(struct book){.sheet = NULL}, "{Lớp & điểm}");
}

static void looks_at_the_first_bytes(void **state) {
  const char *detail = NULL;
  struct xlsx *xlsx = NULL;
  pool.left = SIZE_MAX;
  assert_true(xlsx_looks_like(TEXT("PK\3\4")));
  assert_false(xlsx_looks_like(TEXT("PK\3")));
  assert_false(xlsx_looks_like(TEXT("PK\5\6")));
  assert_false(xlsx_looks_like(TEXT_NONE));
  assert_int_equal(xlsx_open(&allocator, TEXT("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1rest"), &xlsx, &detail),
                   XLSX_E_UNSUPPORTED);
  assert_non_null(detail);
  assert_int_equal(xlsx_open(&allocator, TEXT("\xD0\xCF\x11\xE0"), &xlsx, &detail), XLSX_E_MALFORMED);
  assert_int_equal(xlsx_open(&allocator, TEXT_NONE, &xlsx, &detail), XLSX_E_MALFORMED);
  struct zip_maker zip = {NULL};
  zip_add(&zip, "users.csv", TEXT("sourcedId"));
  assert_int_equal(xlsx_open(&allocator, zip_finish(&zip, TEXT_NONE), &xlsx, &detail), XLSX_E_UNSUPPORTED);
  zip_free(&zip);
  xlsx_close(NULL);
  pool_free(&pool);
}

static void refuses_broken_sheets(void **state) {
  assert_rows("<row r='2'/><row r='2'/>", "!2 rows out of order");
  assert_rows("<row r='0'/>", "!2 rows out of order");
  assert_rows("<row r='2'/><row r='1'/>", "!2 rows out of order");
  assert_rows("<row r=''/>", "!2 a row without a sound number");
  assert_rows("<row r='99999999999'/>", "!2 a row without a sound number");
  assert_rows("<row r='1048577'/>", "!4 more than 1048576 rows");
  assert_rows("<row r='1'><c r='B1'/><c r='A1'/></row>", "!2 cells out of order");
  assert_rows("<row r='1'><c r='A1'/><c r='A1'/></row>", "!2 cells out of order");
  static const char *const references[] = {"A2", "1", "A", "a1", "", "A0", "A1B", "AAAA1", "A-1"};
  for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++) {
    char row[100];
    snprintf(row, sizeof(row), "<row r='1'><c r='%s'/></row>", references[i]);
    assert_rows(row, "!2 a cell without a sound reference");
  }
  assert_rows("<row><c r='AMK1'><v>1</v></c></row>", "!4 more than 1024 columns");
  assert_rows("<row><c t='s'><v>4</v></c></row>", "!2 a cell whose shared text is not there");
  assert_rows("<row><c t='s'><v>-1</v></c></row>", "!2 a cell whose shared text is not there");
  assert_rows("<row><c t='s'><v> </v></c></row>", "!2 a cell whose shared text is not there");
  assert_rows("<row>", "!2 a part of the workbook is no XML");
  static const char *const ranges[] = {"A1:", "B2:A1", "A1:B0", "x", "B1:A9"};
  for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
    char sheet[200];
    snprintf(sheet, sizeof(sheet), "<worksheet><mergeCells><mergeCell ref='%s'/></mergeCells></worksheet>",
             ranges[i]);
    assert_book(&(struct book){.sheet = sheet}, "{Lớp & điểm!2 a merged range that is none");
  }
  assert_book(&(struct book){.sheet = "<worksheet><mergeCells><mergeCell/></mergeCells></worksheet>"},
              "{Lớp & điểm!2 a merged range that is none");
}

static void refuses_broken_workbooks(void **state) {
  static const struct {
    struct book book;
    const char *wanted;
  } cases[] = {
      {{.root_rels = "<Relationships/>"}, "!2 the package names no workbook"},
      {{.root_rels = "<x/>"}, "!2 the package names no workbook"},
      {{.root_rels = "<Relationships><Relationship Type='/officeDocument' Target='xl/workbook.bin'/>"
                     "</Relationships>"},
       "!3 a workbook in the binary form"},
      {{.root_rels = "<Relationships><Relationship Type='/officeDocument' Target='../../x.xml'/>"
                     "</Relationships>"},
       "!2 a part of the workbook is not there"},
      {{.root_rels = "<Relationships><Relationship Type='/officeDocument' Target='..'/></Relationships>"},
       "!2 a part of the workbook is not there"},
      {{.root_rels = "<Relationships>"}, "!2 a part of the workbook is no XML"},
      {{.workbook = "<workbook/>"}, "!2 a workbook without a sheet"},
      {{.workbook = "<workbook><sheets><sheet name='a' state='hidden' id='rId1'/></sheets></workbook>"},
       "!2 a workbook without a sheet"},
      {{.workbook = "<!DOCTYPE x><workbook/>"}, "!2 a part of the workbook is no XML"},
      {{.workbook = "<?xml version='1.0' encoding='GBK'?><workbook/>"}, "!3 a part that is not UTF-8"},
      {{.workbook_rels = "<Relationships/>"}, "!2 a workbook without a sheet"},
      {{.workbook_rels = "<Relationships><Relationship Id='rId1' Type='/worksheet' Target='x.xml'/>"
                         "</Relationships>"},
       "{Lớp & điểm!2 a part of the workbook is not there"},
      {{.strings = "<sst>"}, "!2 a part of the workbook is no XML"},
      {{.styles = "<styleSheet>"}, "!2 a part of the workbook is no XML"},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) assert_book(&cases[i].book, cases[i].wanted);
}

/* ---- Bounds -------------------------------------------------------------------------------------------- */

/* before + count × piece + after. */
static char *repeat(const char *before, const char *piece, size_t count, const char *after) {
  char *out = malloc(strlen(before) + count * strlen(piece) + strlen(after) + 1);
  assert_non_null(out);
  char *p = mempcpy(out, before, strlen(before));
  for (size_t i = 0; i < count; i++) p = mempcpy(p, piece, strlen(piece));
  memcpy(p, after, strlen(after) + 1);
  return out;
}

/* A workbook whose named part is made of repetitions; stored, because it would pack too well. */
static void assert_repeated(const char *name, char *part, const char *wanted) {
  static const char *const names[] = {"_rels/.rels",          "xl/workbook.xml", "xl/_rels/workbook.xml.rels",
                                      "xl/sharedStrings.xml", "xl/styles.xml",   "xl/worksheets/sheet1.xml"};
  const char *const parts[] = {usual_root_rels, usual_workbook,  usual_workbook_rels,
                               "<sst/>",        "<styleSheet/>", usual_sheet};
  struct zip_maker zip = {NULL};
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
    zip_add_odd(&zip, text_of(names[i]), text_of(strcmp(names[i], name) == 0 ? part : parts[i]),
                &(struct zip_oddity){.stored = true});
  pool.left = SIZE_MAX;
  char *got = read_bytes(zip_finish(&zip, TEXT_NONE));
  assert_string_equal(got, wanted);
  free(got);
  free(part);
  zip_free(&zip);
}

static void keeps_its_bounds(void **state) {
  assert_repeated("xl/workbook.xml",
                  repeat("<workbook><sheets>", "<sheet name='s' id='rId1'/>", XLSX_SHEETS_MAX + 1,
                         "</sheets></workbook>"),
                  "!4 more than 256 sheets");
  assert_repeated("xl/workbook.xml",
                  repeat("<workbook><sheets><sheet id='rId1' name='", "a", 256, "'/></sheets></workbook>"),
                  "!2 a sheet with a name over 255 bytes");
  assert_repeated("xl/workbook.xml", repeat("", "<a>", 101, ""), "!4 a part over the limits of XML");
  assert_repeated("xl/_rels/workbook.xml.rels",
                  repeat("<Relationships>", "<Relationship/>", 4097, "</Relationships>"),
                  "!4 more than 4096 relationships");
  assert_repeated("xl/styles.xml", repeat("<styleSheet><cellXfs>", "<xf/>", 65537, "</cellXfs></styleSheet>"),
                  "!4 more than 65536 styles");
  assert_repeated("xl/sharedStrings.xml", repeat("<sst>", "<si/>", 2 * 1024 * 1024 + 1, "</sst>"),
                  "!4 more than 2 million shared strings");
  assert_repeated("xl/sharedStrings.xml", repeat("<sst><si><t>", "x", XLSX_TEXT_MAX + 1, "</t></si></sst>"),
                  "!4 a text over 128 KiB");
  assert_repeated("xl/worksheets/sheet1.xml",
                  repeat("<worksheet><sheetData><row><c><v>", "1", XLSX_TEXT_MAX + 1,
                         "</v></c></row></sheetData></worksheet>"),
                  "{Lớp & điểm!4 a text over 128 KiB");
  assert_repeated(
      "xl/worksheets/sheet1.xml",
      repeat("<worksheet><mergeCells>", "<mergeCell ref='A1'/>", 65537, "</mergeCells></worksheet>"),
      "{Lớp & điểm!4 more than 65536 merged ranges");
}

/* A small document that costs much: each is stopped, and soon. */
static void bombs_are_stopped(void **state) {
  char *zeros = repeat("<worksheet>", "                ", 1024 * 1024, "</worksheet>");
  assert_book(&(struct book){.sheet = zeros},
              "{Lớp & điểm!4 a file in the archive that grows beyond 256 MiB, or 100 times");
  free(zeros);
  assert_repeated("xl/worksheets/sheet1.xml",
                  repeat("<worksheet><sheetData>", "<row><c><v>1</v></c></row>", 4 * 1024 * 1024 / 4 + 1,
                         "</sheetData></worksheet>"),
                  "{Lớp & điểm!4 more than 1048576 rows");
}

/* One long text named by many cells. */
static void counts_what_cells_refer_to(void **state) {
  struct zip_maker zip = {NULL};
  char *string = repeat("<sst><si><t>", "x", XLSX_TEXT_MAX, "</t></si></sst>");
  char *sheet =
      repeat("<worksheet><sheetData>", "<row><c t='s'><v>0</v></c></row>", 2049, "</sheetData></worksheet>");
  zip_add(&zip, "_rels/.rels", text_of(usual_root_rels));
  zip_add(&zip, "xl/workbook.xml", text_of(usual_workbook));
  zip_add(&zip, "xl/_rels/workbook.xml.rels", text_of(usual_workbook_rels));
  zip_add_odd(&zip, TEXT("xl/sharedStrings.xml"), text_of(string), &(struct zip_oddity){.stored = true});
  zip_add(&zip, "xl/styles.xml", TEXT("<styleSheet/>"));
  zip_add_odd(&zip, TEXT("xl/worksheets/sheet1.xml"), text_of(sheet), &(struct zip_oddity){.stored = true});
  pool.left = SIZE_MAX;
  char *got = read_bytes(zip_finish(&zip, TEXT_NONE));
  assert_string_equal(got, "{Lớp & điểm!4 a sheet with more than 256 MiB of text");
  free(got);
  free(string);
  free(sheet);
  zip_free(&zip);
}

/* Ranges over each other, each over all rows. */
static void counts_merged_rows(void **state) {
  char *rows =
      repeat("<worksheet><sheetData>", "<row><c><v>1</v></c></row>", 10000, "</sheetData><mergeCells>");
  char *sheet = repeat(rows, "<mergeCell ref='A1:A10000'/>", 1000, "</mergeCells></worksheet>");
  assert_repeated("xl/worksheets/sheet1.xml", sheet, "{Lớp & điểm!4 merged ranges over each other");
  free(rows);
}

static void says_when_there_is_no_memory(void **state) {
  struct zip_maker zip = {NULL};
  struct text bytes = make(&zip, &(struct book){.sheet = NULL});
  for (size_t left = 0;; left++) {
    assert_true(left < 100);
    pool.left = left;
    char *got = read_bytes(bytes);
    bool done = strcmp(got, "{Lớp & điểm}") == 0;
    if (!done) assert_string_equal(got, "!-12 ");
    free(got);
    if (done) break;
  }
  zip_free(&zip);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(shows_texts),
      cmocka_unit_test(keeps_places),
      cmocka_unit_test(shows_numbers),
      cmocka_unit_test(shows_days),
      cmocka_unit_test(knows_formats_of_days),
      cmocka_unit_test(knows_builtin_formats),
      cmocka_unit_test(empties_merged_cells),
      cmocka_unit_test(refuses_broken_parts),
      cmocka_unit_test(shows_visible_sheets),
      cmocka_unit_test(looks_at_the_first_bytes),
      cmocka_unit_test(refuses_broken_sheets),
      cmocka_unit_test(refuses_broken_workbooks),
      cmocka_unit_test(keeps_its_bounds),
      cmocka_unit_test(bombs_are_stopped),
      cmocka_unit_test(counts_what_cells_refer_to),
      cmocka_unit_test(counts_merged_rows),
      cmocka_unit_test(says_when_there_is_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
