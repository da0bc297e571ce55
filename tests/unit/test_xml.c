/*
 * test_xml.c: what the XML reader hands out, refuses, and where, however long the document is.
 */
#include "connectors/format/xml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct log { /* the events as one text: "<a" ">" and the text as it is */
  char *data;
  size_t length, room;
  size_t longest;      /* piece of text */
  const char *stop_at; /* element whose start stops the reading */
  char stopped_at[XML_PLACE_SIZE];
};

static void put(struct log *log, const char *data, size_t length) {
  if (log->length + length + 1 > log->room) {
    log->room = 2 * (log->length + length + 1);
    log->data = realloc(log->data, log->room);
    assert_non_null(log->data);
  }
  if (length != 0) memcpy(log->data + log->length, data, length);
  log->length += length;
  log->data[log->length] = 0;
}

static int on_start(void *context, struct xml_reader *reader, struct text name) {
  struct log *log = context;
  struct text value;
  put(log, "<", 1);
  put(log, name.data, name.length);
  if (xml_attribute(reader, "k", &value)) {
    put(log, " k=", 3);
    put(log, value.data, value.length);
  }
  put(log, ">", 1);
  if (text_is(name, "known")) xml_label(reader, "known");
  if (log->stop_at == NULL || !text_is(name, log->stop_at)) return 0;
  xml_place(reader, log->stopped_at);
  return XML_STOPPED;
}

static int on_text(void *context, struct xml_reader *reader, struct text piece) {
  struct log *log = context;
  if (piece.length > log->longest) log->longest = piece.length;
  put(log, piece.data, piece.length);
  return 0;
}

static int on_end(void *context, struct xml_reader *reader) {
  put(context, "</>", 3);
  return 0;
}

static int read_text(struct text input, struct log *log, struct xml_problem *problem) {
  struct xml_handler handler = {log, on_start, on_text, on_end};
  put(log, "", 0);
  return xml_read(input, &handler, problem);
}

static void assert_reads(const char *input, const char *events) {
  struct log log = {NULL};
  struct xml_problem problem = {.detail = ""};
  int r = read_text(text_of(input), &log, &problem);
  if (r != 0) print_message("%s: %s at %s\n", input, problem.detail, problem.at);
  assert_int_equal(r, 0);
  assert_string_equal(log.data, events);
  free(log.data);
}

static void assert_refused(struct text input, int result, const char *at) {
  struct log log = {NULL};
  struct xml_problem problem = {.detail = NULL};
  assert_int_equal(read_text(input, &log, &problem), result);
  assert_non_null(problem.detail);
  if (at != NULL) assert_string_equal(problem.at, at);
  free(log.data);
}

static void reads_elements_and_text(void **state) {
  assert_reads("<a><b k='1'>x</b><p:b xmlns:p='u' p:k=\"2\"/>y</a>", "<a><b k=1>x</><b k=2></>y</>");
  assert_reads("<a>&lt;&amp;&#x1EA1;&#65;<![CDATA[<&]]>]]&gt;</a>", "<a><&ạA<&]]></>");
  assert_reads("<a>1\r\n2</a>", "<a>1\n2</>");
  assert_reads("<a><!-- <b> --><?x <c?>z</a>\n<!-- end -->\n", "<a>z</>");
}

static void undeclared_prefixes_are_looked_through(void **state) {
  assert_reads("<e:a><e:b/></e:a>", "<a><b></></>");
}

static void skips_what_stands_in_front(void **state) {
  assert_reads("\xEF\xBB\xBF<a/>", "<a></>");
  assert_reads("1212<?xml version=\"1.0\"?><a/>", "<a></>");
  assert_reads("\xEF\xBB\xBF\x01 junk\xFF <?xml version=\"1.0\" encoding='utf-8'?>\n<a/>", "<a></>");
  assert_reads(" \n<a/>", "<a></>");
  assert_reads("<?xml version=\"1.0\" encoding=\"utf-16\"?><a>ạ</a>", "<a>ạ</>");
  assert_refused(TEXT("junk<a/>"), XML_E_MALFORMED, "1:1");
  assert_refused(TEXT("no document"), XML_E_MALFORMED, "1:1");
  assert_refused(TEXT(""), XML_E_MALFORMED, "1:1");
  assert_refused(TEXT_NONE, XML_E_MALFORMED, "1:1");
}

static void refuses_other_encodings(void **state) {
  assert_refused(TEXT("<?xml version=\"1.0\" encoding=\"windows-1258\"?><a/>"), XML_E_UNSUPPORTED, "1:31");
  assert_refused(TEXT("\xFF\xFE<\0a\0"), XML_E_UNSUPPORTED, "1:1");
  assert_refused(TEXT("<\0a\0/\0>\0"), XML_E_UNSUPPORTED, "1:1");
  assert_refused(TEXT("<a>\xC3</a>"), XML_E_MALFORMED, NULL);
  assert_refused(TEXT("<a>\xED\xA0\x80</a>"), XML_E_MALFORMED, NULL);
  assert_refused(TEXT("<a>\xC0\xAF</a>"), XML_E_MALFORMED, NULL);
  assert_refused(TEXT("<a>x\0y</a>"), XML_E_MALFORMED, "1:5");
}

static void refuses_what_is_not_well_formed(void **state) {
  const char *const bad[] = {
      "<a>",
      "<a></b>",
      "<a/><b/>",
      "<a>&x;</a>",
      "<a k='1' k='2'/>",
      "<a k=1/>",
      "<a>\x01</a>",
      "<a><b></a></b>",
      "<a/>text",
      "<a",
      "<a k='<'/>",
      "<a>]]></a>",
      "<a><!-- -- --></a>",
      "<",
      "<?xml version='1.0'?>",
      "<a>&#0;</a>",
      "<a>&#xD800;</a>",
      "<a><![CDATA[x</a>",
      "<?xml version='1.0'",
      "<a><?xml version='1.0'?></a>",
  };
  for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    struct log log = {NULL};
    struct xml_problem problem;
    int r = read_text(text_of(bad[i]), &log, &problem);
    if (r != XML_E_MALFORMED) print_message("%s\n", bad[i]);
    assert_int_equal(r, XML_E_MALFORMED);
    free(log.data);
  }
}

static void refuses_every_doctype(void **state) {
  assert_refused(TEXT("<!DOCTYPE a><a/>"), XML_E_MALFORMED, "1:1");
  assert_refused(TEXT("<?xml version='1.0'?>\n<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>"), XML_E_MALFORMED,
                 "2:1");
  assert_refused(TEXT("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>"), XML_E_MALFORMED, "1:1");
  assert_reads("<a><![CDATA[<!DOCTYPE a>]]><!-- <!DOCTYPE b> --></a>", "<a><!DOCTYPE a></>");
}

static void places_name_known_elements_only(void **state) {
  assert_refused(TEXT("<a>\n <known>\n  <c></d></known></a>"), XML_E_MALFORMED, NULL);
  struct log log = {.stop_at = "c"};
  struct xml_problem problem;
  assert_int_equal(read_text(TEXT("<a>\n ạ<known>\n  <c k='>'>"), &log, &problem), XML_STOPPED);
  assert_string_equal(log.stopped_at, "3:3 */known/*");
  free(log.data);
}

/* `count` times `piece` between `head` and `tail`. */
static struct text repeat(const char *head, const char *piece, size_t count, const char *tail) {
  size_t h = strlen(head), p = strlen(piece), t = strlen(tail), length = h + p * count + t;
  char *data = malloc(length + 1);
  assert_non_null(data);
  memcpy(data, head, h);
  for (size_t i = 0; i < count; i++) memcpy(data + h + i * p, piece, p);
  memcpy(data + h + p * count, tail, t + 1);
  return (struct text){data, length};
}

static void assert_result_of(struct text input, int result) {
  struct log log = {NULL};
  struct xml_problem problem = {.detail = "", .at = ""};
  int r = read_text(input, &log, &problem);
  if (r != result) print_message("%.40s…: %s\n", input.data, problem.detail);
  assert_int_equal(r, result);
  free(log.data);
  free((char *)(uintptr_t)input.data);
}

static void limits_hold(void **state) {
  assert_result_of(repeat("", "<a>", 101, ""), XML_E_TOO_LARGE);
  assert_result_of(repeat("<r><!--", "x", XML_MARKUP_MAX, "--></r>"), XML_E_TOO_LARGE);
  assert_result_of(repeat("<r><!--", "x", XML_MARKUP_MAX - 7, "--></r>"), 0);
  assert_result_of(repeat("<r><?p ", "x", XML_MARKUP_MAX, "?></r>"), XML_E_TOO_LARGE);
  assert_result_of(repeat("<r k='", "x", XML_MARKUP_MAX, "'></r>"), XML_E_TOO_LARGE);
  assert_result_of(repeat("<r>", "<!---->", 20000, "</r>"), 0);
  assert_result_of(repeat("<!DOCTYPE r [", "<!-- -->", 20000, "]><r/>"), XML_E_MALFORMED);
}

/* `count` times `form` with its number in it. */
static void put_numbered(struct log *log, const char *form, int count) {
  for (int i = 0; i < count; i++) {
    char text[64];
    int n = snprintf(text, sizeof(text), form, i);
    assert_in_range(n, 1, sizeof(text) - 1);
    put(log, text, (size_t)n);
  }
}

static void assert_too_large(const char *head, const char *form, int count, const char *tail) {
  struct log input = {NULL};
  put(&input, head, strlen(head));
  put_numbered(&input, form, count);
  put(&input, tail, strlen(tail));
  assert_refused((struct text){input.data, input.length}, XML_E_TOO_LARGE, NULL);
  free(input.data);
}

static void attributes_and_names_are_bounded(void **state) {
  assert_too_large("<r", " a%d=''", XML_ATTRIBUTES_MAX + 1, "/>");
  assert_too_large("<r>", "<n%d/>", 30000, "</r>");
  assert_too_large("", "<r xmlns:a%1$d='u' xmlns:b%1$d='u' xmlns:c%1$d='u'>", 90, "");
}

/* A document of about three steps whose middle slides over a step's edge byte by byte. */
static void edges_of_steps_change_nothing(void **state) {
  static const char *const middles[] = {
      "<![CDATA[ạ]]]>", "<![CDATA[]]]]>", "<![CDATA[x\r\ny]]>",          "<b k='>]]'>ạ&amp;</b>",
      "<!-- <b> -->ạ",  "\r\nạ<?p ?>",    "<![CDATA[]]>]]<![CDATA[>]]>", "<![CDATA[<![CDATA[a]]>]]&gt;",
  };
  static const char *const events[] = {
      "ạ]", "]]", NULL, "<b k=>]]>ạ&</>", "ạ", "\nạ", "]]>", "<![CDATA[a]]>",
  };
  for (size_t m = 0; m < sizeof(middles) / sizeof(middles[0]); m++)
    for (size_t shift = 0; shift < 24; shift++) {
      struct text filler = repeat("<a>", "x", XML_STEP - 22 + shift, middles[m]);
      struct text input = repeat(filler.data, "y", 2 * XML_STEP, "</a>");
      struct log log = {NULL};
      struct xml_problem problem = {.detail = ""};
      assert_int_equal(read_text(input, &log, &problem), 0);
      struct text got = {log.data + 3 + XML_STEP - 22 + shift, events[m] == NULL ? 0 : strlen(events[m])};
      if (events[m] != NULL) assert_memory_equal(got.data, events[m], got.length);
      if (events[m] != NULL)
        assert_int_equal(log.length, 3 + XML_STEP - 22 + shift + got.length + 2 * XML_STEP + 3);
      assert_true(log.longest <= XML_STEP + 16);
      free(log.data);
      free((char *)(uintptr_t)filler.data);
      free((char *)(uintptr_t)input.data);
    }
}

static void long_cdata_flows(void **state) {
  static const char *const pieces[] = {"abcdefg", "]", "]]", "ạ", "\r\n", "]>"};
  for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
    struct text input = repeat("<a><![CDATA[", pieces[i], 100000, "]]></a>");
    struct log log = {NULL};
    struct xml_problem problem = {.detail = ""};
    assert_int_equal(read_text(input, &log, &problem), 0);
    assert_true(log.longest <= XML_STEP + 16);
    assert_int_equal(log.length, 3 + 100000 * strlen(pieces[i]) + 3);
    assert_memory_equal(log.data + 3, input.data + 12, 100000 * strlen(pieces[i]));
    free(log.data);
    free((char *)(uintptr_t)input.data);
  }
}

static void places_far_down_are_right(void **state) {
  struct text head = repeat("<a><![CDATA[", "0123456789\n", 5000, "]]>\n");
  struct text input = repeat(head.data, "<known/>\n", 5000, "<known><c/></known></a>");
  struct log log = {.stop_at = "c"};
  struct xml_problem problem;
  assert_int_equal(read_text(input, &log, &problem), XML_STOPPED);
  assert_string_equal(log.stopped_at, "10002:8 */known/*");
  free(log.data);
  free((char *)(uintptr_t)head.data);
  free((char *)(uintptr_t)input.data);
}

struct spans { /* each element's own bytes and path, as they end */
  const char *input;
  char seen[4096];
  size_t longest;
};

static int label_all(void *context, struct xml_reader *reader, struct text name) {
  (void)context;
  xml_label(reader, text_is(name, "a") ? "a" : text_is(name, "b") ? "b" : NULL);
  return 0;
}

static int no_text(void *context, struct xml_reader *reader, struct text piece) {
  (void)context, (void)reader, (void)piece;
  return 0;
}

static int note_span(void *context, struct xml_reader *reader) {
  struct spans *spans = context;
  size_t begin, end, used = strlen(spans->seen);
  char path[XML_PLACE_SIZE];
  xml_span(reader, &begin, &end);
  xml_path(reader, path);
  if (end - begin > spans->longest) spans->longest = end - begin;
  if (end - begin > 64) return 0;
  snprintf(spans->seen + used, sizeof(spans->seen) - used, "%s:%.*s|", path, (int)(end - begin),
           spans->input + begin);
  return 0;
}

static void spans_are_the_elements_own_bytes(void **state) {
  static const char small[] = "\xEF\xBB\xBF<?xml version='1.0'?>\n<a> <b>x</b ><b/><c k='>'>y</c></a>\n";
  struct spans spans = {.input = small};
  struct xml_handler handler = {&spans, label_all, no_text, note_span};
  struct xml_problem problem;
  assert_int_equal(xml_read(text_of(small), &handler, &problem), 0);
  assert_string_equal(spans.seen,
                      "a/b:<b>x</b >|a/b:<b/>|a/*:<c k='>'>y</c>|a:<a> <b>x</b ><b/><c k='>'>y</c></a>|");
  size_t size = 3 * XML_STEP;
  char *large = malloc(size + 64);
  assert_non_null(large);
  int head = snprintf(large, 64, "<a><b><![CDATA[");
  memset(large + head, 'x', size);
  snprintf(large + head + size, 32, "]]></b><b>z</b></a>");
  spans = (struct spans){.input = large};
  assert_int_equal(xml_read(text_of(large), &handler, &problem), 0);
  assert_string_equal(spans.seen, "a/b:<b>z</b>|");
  assert_int_equal(spans.longest, strlen(large));
  free(large);
}

static void a_tag_that_breaks_off_is_an_end(void **state) {
  static const char *const cut[] = {"<", "<x", "<x y='", "<a><b", "<a></", "<a></a"};
  (void)state;
  for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
    struct log log = {NULL};
    struct xml_problem problem = {.detail = ""};
    assert_int_equal(read_text(text_of(cut[i]), &log, &problem), XML_E_MALFORMED);
    assert_string_equal(problem.detail, "the document ends too early");
    free(log.data);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_tag_that_breaks_off_is_an_end),
      cmocka_unit_test(reads_elements_and_text),
      cmocka_unit_test(undeclared_prefixes_are_looked_through),
      cmocka_unit_test(skips_what_stands_in_front),
      cmocka_unit_test(refuses_other_encodings),
      cmocka_unit_test(refuses_what_is_not_well_formed),
      cmocka_unit_test(refuses_every_doctype),
      cmocka_unit_test(places_name_known_elements_only),
      cmocka_unit_test(limits_hold),
      cmocka_unit_test(attributes_and_names_are_bounded),
      cmocka_unit_test(edges_of_steps_change_nothing),
      cmocka_unit_test(long_cdata_flows),
      cmocka_unit_test(places_far_down_are_right),
      cmocka_unit_test(spans_are_the_elements_own_bytes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
