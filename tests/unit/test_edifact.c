/* Unit tests of connectors/format/edifact.c and edifact_interchange.c: the traps of ISO 9735. */
#include "connectors/format/edifact.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define HEAD "UNB+UNOA:3+SENDER+RECIPIENT+260712:1330+REF1'"
#define ONE "UNH+1+CUSCAR:D:95B:UN'BGM+85+A1+9'UNT+3+1'"

static struct edifact e;
static char *copy;

static void start(const char *data, size_t length) {
  free(copy);
  copy = calloc(1, length + 1);
  assert_non_null(copy);
  memcpy(copy, data, length);
  edifact_init(&e, copy, length);
}

static int open_text(const char *text) {
  start(text, strlen(text));
  return edifact_open(&e);
}

static const char *place_of(const struct edifact_where *where) {
  static char at[EDIFACT_PLACE_SIZE];
  edifact_place(&e, where, at);
  return at;
}

static void *blocks[64];
static size_t blocks_count;

static void *give(void *context, size_t bytes) {
  (void)context;
  assert_true(blocks_count < sizeof(blocks) / sizeof(blocks[0]));
  return blocks[blocks_count++] = calloc(1, bytes + 1);
}

static void *give_none(void *context, size_t bytes) {
  (void)context, (void)bytes;
  return NULL;
}

static int teardown(void **state) {
  (void)state;
  free(copy);
  copy = NULL;
  while (blocks_count != 0) free(blocks[--blocks_count]);
  return 0;
}

static void next_is(enum edifact_event event) { assert_int_equal(edifact_next(&e), event); }

static void assert_raw(struct text text, const char *wanted) {
  if (!text_is(text, wanted)) fail_msg("'%.*s' is not '%s'", (int)text.length, text.data, wanted);
}

/* ---- What is taken ---- */

static void plain_interchange(void **state) {
  (void)state;
  assert_int_equal(open_text(HEAD ONE "UNZ+1+REF1'"), 0);
  assert_int_equal(e.end, e.length);
  assert_int_equal(e.syntax, 3);
  assert_int_equal(e.level, 'A');
  assert_true(e.has_header);
  assert_false(e.test);
  assert_raw(e.header.sender[0], "SENDER");
  assert_raw(e.header.recipient[0], "RECIPIENT");
  assert_raw(e.header.date, "260712");
  assert_raw(e.header.time, "1330");
  assert_raw(e.header.reference, "REF1");
  next_is(EDIFACT_MESSAGE);
  assert_raw(e.message.reference, "1");
  assert_raw(e.message.type[0], "CUSCAR");
  assert_raw(e.message.type[2], "95B");
  assert_raw(e.message.type[4], "");
  next_is(EDIFACT_SEGMENT);
  assert_true(edifact_is_tag(&e, "BGM"));
  assert_raw(edifact_raw(&e, 0, 0, 1), "BGM");
  assert_raw(edifact_raw(&e, 1, 0, 1), "85");
  assert_raw(edifact_raw(&e, 2, 0, 1), "A1");
  assert_raw(edifact_raw(&e, 4, 0, 1), "");
  assert_raw(edifact_raw(&e, 1, 0, 2), "");
  assert_raw(edifact_raw(&e, 1, 1, 1), "");
  assert_raw(edifact_raw(&e, 1, 0, 0), "");
  next_is(EDIFACT_MESSAGE_END);
  assert_int_equal(e.message.problem.kind, 0);
  assert_int_equal(e.message.segments, 3);
  assert_int_equal(e.message.length, strlen(ONE));
  next_is(EDIFACT_END);
}

static void una_and_its_blanks(void **state) {
  (void)state;
  /* Other separators, a line end behind UNA, decimal comma, no release character: '?' is text. */
  assert_int_equal(open_text("UNA|^,  ~\r\nUNB^UNOC|2^S|ZZ^R^991231|2359^7^^^^^^1~\r\n"
                             "UNH^1^CUSREP|D|96A|UN~FTX^a?|b~UNT^3^1~UNZ^1^7~\r\n"),
                   0);
  assert_int_equal(e.decimal, ',');
  assert_true(e.test);
  assert_raw(e.header.sender[1], "ZZ");
  next_is(EDIFACT_MESSAGE);
  next_is(EDIFACT_SEGMENT);
  assert_raw(edifact_raw(&e, 1, 0, 1), "a?");
  assert_raw(edifact_raw(&e, 1, 0, 2), "b");
  struct text value = TEXT_NONE;
  struct allocator allocator = {give_none, NULL};
  assert_int_equal(edifact_value(&e, &allocator, edifact_raw(&e, 1, 0, 1), &value), 0);
  assert_raw(value, "a?");
  assert_true(edifact_equal(&e, TEXT("a?"), TEXT("a?")));
}

static void release_characters(void **state) {
  (void)state;
  static const struct {
    const char *data, *value;
  } cases[] = {
      {"a?'b", "a'b"},   {"??", "?"},          {"?\?\?'", "?'"}, {"?\?\?\?", "??"},
      {"?+?:??", "+:?"}, {"x?\?\?+y", "x?+y"}, {"a?bc", "abc"},  {"plain", "plain"},
  };
  struct allocator allocator = {give, NULL}, none = {give_none, NULL};
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    char text[256];
    snprintf(text, sizeof(text), HEAD "UNH+1+CUSCAR:D:95B:UN'FTX+%s'UNT+3+1'UNZ+1+REF1'", cases[i].data);
    assert_int_equal(open_text(text), 0);
    next_is(EDIFACT_MESSAGE);
    next_is(EDIFACT_SEGMENT);
    assert_int_equal(e.elements, 1);
    struct text raw = edifact_raw(&e, 1, 0, 1), value = TEXT_NONE;
    assert_raw(raw, cases[i].data);
    assert_int_equal(edifact_value(&e, &allocator, raw, &value), 0);
    assert_raw(value, cases[i].value);
    if (value.data == raw.data) continue;
    assert_int_equal(edifact_value(&e, &none, raw, &value), -ENOMEM);
  }
}

static void repetitions_in_syntax_4(void **state) {
  (void)state;
  static const char body[] = "+S+R+20260712:1330+9'UNH+1+CUSCAR:D:95B:UN'LOC+a*b:c*+d'UNT+3+1'UNZ+1+9'";
  static const struct {
    const char *head;
    unsigned repetitions;
  } cases[] = {{"UNB+UNOC:4", 3}, {"UNA:+.?*'UNB+UNOC:4", 3}, {"UNA:+.? 'UNB+UNOC:4", 1},
               {"UNB+UNOC:3", 1}, {"UNA:+.?*'UNB+UNOC:1", 1}, {"UNA:+.?+'UNB+UNOC:4", 1}};
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    char text[256];
    snprintf(text, sizeof(text), "%s%s", cases[i].head, body);
    assert_int_equal(open_text(text), 0);
    next_is(EDIFACT_MESSAGE);
    next_is(EDIFACT_SEGMENT);
    assert_int_equal(edifact_repetitions(&e, 1), cases[i].repetitions);
    assert_int_equal(edifact_repetitions(&e, 9), 0);
    assert_raw(edifact_raw(&e, 2, 0, 1), "d");
    if (cases[i].repetitions != 3) continue;
    assert_raw(edifact_raw(&e, 1, 1, 1), "b");
    assert_raw(edifact_raw(&e, 1, 1, 2), "c");
    assert_raw(edifact_raw(&e, 1, 2, 1), "");
    assert_int_equal(edifact_components(&e, 1, 1), 2);
    assert_int_equal(edifact_components(&e, 1, 3), 0);
  }
}

static void separators_of_level_b(void **state) {
  (void)state;
  assert_int_equal(open_text("UNB\x1DUNOB\x1F"
                             "2\x1DS\x1DR\x1D"
                             "260712\x1F"
                             "1330\x1D"
                             "5\x1C"
                             "UNH\x1D"
                             "1\x1D"
                             "CUSCAR\x1F"
                             "D\x1F"
                             "95B\x1FUN\x1C"
                             "FTX\x1D"
                             "a+b:c'\x1C"
                             "UNT\x1D"
                             "3\x1D"
                             "1\x1CUNZ\x1D"
                             "1\x1D"
                             "5\x1C"),
                   0);
  next_is(EDIFACT_MESSAGE);
  next_is(EDIFACT_SEGMENT);
  assert_raw(edifact_raw(&e, 1, 0, 1), "a+b:c'");
}

static void character_sets(void **state) {
  (void)state;
  static const struct {
    char level;
    const char *bytes, *value;
  } cases[] = {
      {'A', "abc", "abc"},           {'A', "M\xFC", NULL},          {'B', "\xC3\xBC", NULL},
      {'C', "M\xFC", "M\xC3\xBC"},   {'D', "\xB3", "\xC5\x82"},     {'E', "\xB0", "\xD0\x90"},
      {'F', "\xE1", "\xCE\xB1"},     {'L', "\xA4", "\xE2\x82\xAC"}, {'G', "\xB1", NULL},
      {'G', "abc", "abc"},           {'X', "\xB1", NULL},           {'W', "\xE1\xBB\x87", "\xE1\xBB\x87"},
      {'Y', "\xC4\x91", "\xC4\x91"}, {'W', "\xFF", NULL},
  };
  struct allocator allocator = {give, NULL}, none = {give_none, NULL};
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    char text[256];
    snprintf(text, sizeof(text),
             "UNB+UNO%c:3+S+R+260712:1330+9'UNH+1+CUSCAR:D:95B:UN'FTX+%s'UNT+3+1'UNZ+1+9'", cases[i].level,
             cases[i].bytes);
    assert_int_equal(open_text(text), 0);
    next_is(EDIFACT_MESSAGE);
    next_is(EDIFACT_SEGMENT);
    struct text raw = edifact_raw(&e, 1, 0, 1), value = TEXT_NONE;
    int r = edifact_value(&e, &allocator, raw, &value);
    assert_int_equal(r, cases[i].value == NULL ? EDIFACT_E_BYTES : 0);
    if (r != 0) continue;
    assert_raw(value, cases[i].value);
    if (value.data == raw.data) continue;
    assert_int_equal(edifact_value(&e, &none, raw, &value), -ENOMEM);
  }
}

static void groups(void **state) {
  (void)state;
  assert_int_equal(open_text(HEAD "UNG+CUSCAR+A:ZZ+B+260712:1330+G1+UN+D:95B'\n" ONE
                                  "UNH+2+CUSCAR:D:95B:UN'UNT+2+2'\nUNE+2+G1'"
                                  "UNG+CUSREP+C+D+260712:1330+G2+UN+D:95B'UNE+0+G2'UNZ+2+REF1'"),
                   0);
  next_is(EDIFACT_GROUP);
  assert_true(e.in_group);
  assert_raw(e.group.reference, "G1");
  assert_raw(e.group.sender[1], "ZZ");
  next_is(EDIFACT_MESSAGE);
  next_is(EDIFACT_SEGMENT);
  next_is(EDIFACT_MESSAGE_END);
  next_is(EDIFACT_MESSAGE);
  next_is(EDIFACT_MESSAGE_END);
  assert_int_equal(e.message.number, 2);
  next_is(EDIFACT_GROUP_END);
  assert_false(e.in_group);
  next_is(EDIFACT_GROUP);
  next_is(EDIFACT_GROUP_END);
  next_is(EDIFACT_END);
}

static void several_interchanges(void **state) {
  (void)state;
  static const char text[] = "\xEF\xBB\xBF" HEAD "UNZ+0+REF1'\r\n" HEAD ONE
                             "UNZ+7+REF1'UNA|+.? ~UNB+UNOA|1+S+R+260712|1330+X~UNZ+0+X~\x1A";
  start(text, sizeof(text) - 1);
  assert_int_equal(edifact_open(&e), 0);
  next_is(EDIFACT_END);
  assert_true(e.end < e.length);
  assert_int_equal(edifact_open(&e), EDIFACT_E_INCOMPLETE);
  assert_string_equal(place_of(&e.problem.where), "2:88 UNB+2/UNZ+1");
  assert_true(e.end < e.length);
  assert_int_equal(edifact_open(&e), 0);
  assert_int_equal(e.component, '|');
  assert_int_equal(e.end, e.length);
}

/* ---- What is refused whole ---- */

static void refused_interchanges(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int kind;
    unsigned code;
    const char *at;
    bool has_header;
  } cases[] = {
      {"", EDIFACT_E_MALFORMED, 13, "1:1", false},
      {"  \r\n", EDIFACT_E_MALFORMED, 13, "2:1", false},
      {"ISA*00*", EDIFACT_E_MALFORMED, 13, "1:1", false},
      {"UNH+1+CUSCAR:D:95B:UN'", EDIFACT_E_MALFORMED, 13, "1:1", false},
      {"UNB+UNOA:3+S", EDIFACT_E_INCOMPLETE, 13, "1:1", false},
      {"UNA:+.?", EDIFACT_E_INCOMPLETE, 13, "1:1 UNA", false},
      {"UNA::.? 'UNB", EDIFACT_E_MALFORMED, 20, "1:1 UNA", false},
      {"UNAA+.? 'UNB", EDIFACT_E_MALFORMED, 20, "1:1 UNA", false},
      {"UNA:+.: 'UNB", EDIFACT_E_MALFORMED, 20, "1:1 UNA", false},
      {"UNA:+.?  UNB", EDIFACT_E_MALFORMED, 20, "1:1 UNA", false},
      {"UNA:+.? 'UNH+1'", EDIFACT_E_MALFORMED, 13, "1:10", false},
      {"UNB+:3+S+R+260712:1330+9'", EDIFACT_E_MISSING, 13, "1:1 UNB+1:1", true},
      {"UNB+UNOA+S+R+260712:1330+9'", EDIFACT_E_MISSING, 13, "1:1 UNB+1:2", true},
      {"UNB+IATA:1+S+R+260712:1330+9'", EDIFACT_E_UNSUPPORTED, 2, "1:1 UNB+1:1", true},
      {"UNB+UNOM:1+S+R+260712:1330+9'", EDIFACT_E_UNSUPPORTED, 2, "1:1 UNB+1:1", true},
      {"UNB+UNOA:5+S+R+260712:1330+9'", EDIFACT_E_UNSUPPORTED, 2, "1:1 UNB+1:2", true},
      {"UNB+UNOA:11+S+R+260712:1330+9'", EDIFACT_E_UNSUPPORTED, 2, "1:1 UNB+1:2", true},
      {"UNB+UNOA:3++R+260712:1330+9'", EDIFACT_E_MISSING, 13, "1:1 UNB+2:1", false},
      {"UNB+UNOA:3+S++260712:1330+9'", EDIFACT_E_MISSING, 13, "1:1 UNB+3:1", false},
      {"UNB+UNOA:3+S+R++9'", EDIFACT_E_MISSING, 13, "1:1 UNB+4:1", true},
      {"UNB+UNOA:3+S+R+260712:1330'", EDIFACT_E_MISSING, 13, "1:1 UNB+5", false},
      {HEAD, EDIFACT_E_INCOMPLETE, 13, "1:46", true},
      {HEAD ONE, EDIFACT_E_INCOMPLETE, 13, "1:88", true},
      {HEAD ONE "UNZ+1+REF1", EDIFACT_E_INCOMPLETE, 13, "1:88 UNZ", true},
      {HEAD ONE "UNZ+1+REF1?'", EDIFACT_E_INCOMPLETE, 13, "1:88 UNZ", true},
      {HEAD ONE "\nUNZ+1+REF2'", EDIFACT_E_CONFLICT, 28, "2:1 UNZ+2", true},
      {HEAD ONE "UNZ+1+REF11'", EDIFACT_E_CONFLICT, 28, "1:88 UNZ+2", true},
      {HEAD ONE "UNZ+2+REF1'", EDIFACT_E_INCOMPLETE, 29, "1:88 UNZ+1", true},
      {HEAD ONE "UNZ+x+REF1'", EDIFACT_E_INVALID, 37, "1:88 UNZ+1", true},
      {HEAD ONE "UNZ+1234567890123456789+REF1'", EDIFACT_E_INVALID, 37, "1:88 UNZ+1", true},
      {HEAD ONE "UNZ++REF1'", EDIFACT_E_MISSING, 13, "1:88 UNZ+1", true},
      {HEAD ONE "UNZ+1'", EDIFACT_E_MISSING, 13, "1:88 UNZ+2", true},
      {HEAD ONE "UNZ'", EDIFACT_E_MISSING, 13, "1:88 UNZ+1", true},
      {HEAD "BGM+1'UNZ+0+REF1'", EDIFACT_E_MALFORMED, 33, "1:46 BGM", true},
      {HEAD "'UNZ+0+REF1'", EDIFACT_E_MALFORMED, 33, "1:46", true},
      {HEAD "UNT+1+1'UNZ+0+REF1'", EDIFACT_E_MALFORMED, 33, "1:46 UNT", true},
      {HEAD ONE "FOO+1'UNZ+1+REF1'", EDIFACT_E_MALFORMED, 33, "1:88 *", true},
      {HEAD ONE HEAD "UNZ+1+REF1'", EDIFACT_E_INCOMPLETE, 13, "1:88 UNB", true},
      {HEAD ONE "UNA:+.? '" HEAD "UNZ+1+REF1'", EDIFACT_E_INCOMPLETE, 13, "1:88 UNA", true},
      {HEAD "UNX+1+9'UNZ+0+REF1'", EDIFACT_E_MALFORMED, 33, "1:46 *", true},
      {HEAD "UNO+1+9'UNZ+0+REF1'", EDIFACT_E_UNSUPPORTED, 33, "1:46 UNO", true},
      {HEAD ONE "UNG+C+A+B+1:1+G'UNE+0+G'UNZ+1+REF1'", EDIFACT_E_MALFORMED, 30, "1:88 UNG", true},
      {HEAD "UNG+C+A+B+1:1+G'UNE+0+G'" ONE "UNZ+1+REF1'", EDIFACT_E_MALFORMED, 30, "1:70 UNH", true},
      {HEAD "UNG+C+A+B+1:1+G'UNG+C+A+B+1:1+H'", EDIFACT_E_INCOMPLETE, 13, "1:62 UNG", true},
      {HEAD "UNG+C+A+B+1:1+G'UNZ+1+REF1'", EDIFACT_E_INCOMPLETE, 13, "1:62 UNZ", true},
      {HEAD "UNG+C+A+B+1:1'UNE+0+'UNZ+1+REF1'", EDIFACT_E_MISSING, 13, "1:46 UNG+5", true},
      {HEAD "UNE+0+G'UNZ+1+REF1'", EDIFACT_E_MALFORMED, 33, "1:46 UNE", true},
      {HEAD "UNG+C+A+B+1:1+G'UNE+1+G'UNZ+1+REF1'", EDIFACT_E_INCOMPLETE, 29, "1:62 UNE+1", true},
      {HEAD "UNG+C+A+B+1:1+G'UNE+0+H'UNZ+1+REF1'", EDIFACT_E_CONFLICT, 28, "1:62 UNE+2", true},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    int r = open_text(cases[i].text);
    if (r != cases[i].kind || e.problem.kind != r || e.problem.code != cases[i].code ||
        strcmp(place_of(&e.problem.where), cases[i].at) != 0 || e.has_header != cases[i].has_header)
      fail_msg("case %zu: %d, code %u, '%s'", i, r, e.problem.code, place_of(&e.problem.where));
    assert_non_null(e.problem.detail);
    assert_true(e.end > e.start || e.end == e.length);
  }
}

/* ---- What is wrong with one message ---- */

static void wrong_messages(void **state) {
  (void)state;
  static const struct {
    const char *text; /* the message in the middle */
    int kind;
    unsigned code;
    const char *at;
  } cases[] = {
      {"UNH+2+CUSCAR:D:95B:UN'\r\nUNT+313+2'", EDIFACT_E_INCOMPLETE, 29, "2:1 UNH+2/UNT+1"},
      {"UNH+2+CUSCAR:D:95B:UN'UNT+2+3'", EDIFACT_E_CONFLICT, 28, "1:110 UNH+2/UNT+2"},
      {"UNH+2+CUSCAR:D:95B:UN'UNT+a+2'", EDIFACT_E_INVALID, 37, "1:110 UNH+2/UNT+1"},
      {"UNH+2+CUSCAR:D:95B:UN'BGM+85'", EDIFACT_E_INCOMPLETE, 13, "1:117 UNH+2/UNT"},
      {"UNH++CUSCAR:D:95B:UN'UNT+2+'", EDIFACT_E_MISSING, 13, "1:88 UNH+2/UNH+1"},
      {"UNH+2'UNT+2+2'", EDIFACT_E_MISSING, 13, "1:88 UNH+2/UNH+2:1"},
      {"UNH+2+CUSCAR:D'UNT+2+2'", EDIFACT_E_MISSING, 13, "1:88 UNH+2/UNH+2:3"},
      {"UNH+2+CUSCAR:D:95B:UN'bgm+1'FOO+1'UNT+4+2'", EDIFACT_E_MALFORMED, 12, "1:110 UNH+2"},
      {"UNH+2+CUSCAR:D:95B:UN''UNT+3+2'", EDIFACT_E_MALFORMED, 12, "1:110 UNH+2"},
      {"UNH+2+CUSCAR:D:95B:UN'BGMX+1'UNT+3+2'", EDIFACT_E_MALFORMED, 12, "1:110 UNH+2"},
      {"UNH+2+CUSCAR:D:95B:UN'BG'UNT+3+2'", EDIFACT_E_MALFORMED, 12, "1:110 UNH+2"},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    char text[512];
    snprintf(text, sizeof(text), HEAD ONE "%sUNH+3+CUSCAR:D:95B:UN'BGM+1'UNT+3+3'UNZ+3+REF1'", cases[i].text);
    assert_int_equal(open_text(text), 0);
    unsigned ends = 0;
    for (enum edifact_event event; (event = edifact_next(&e)) != EDIFACT_END;) {
      if (event != EDIFACT_MESSAGE_END) continue;
      ends++;
      const struct edifact_problem *p = &e.message.problem;
      if (ends != 2) assert_int_equal(p->kind, 0);
      else if (p->kind != cases[i].kind || p->code != cases[i].code ||
               strcmp(place_of(&p->where), cases[i].at) != 0)
        fail_msg("case %zu: %d, code %u, '%s'", i, p->kind, p->code, place_of(&p->where));
    }
    assert_int_equal(ends, 3);
  }
}

static void places(void **state) {
  (void)state;
  assert_int_equal(open_text("UNB+UNOY:4+S+R+20260712:1330+9'\nUNH+1+CUSCAR:D:95B:UN'\nNAD+CZ+1'\n"
                             "FTX+\xE1\xBB\x87'NAD+CN+?+2'\nFOO+1'UNT+6+1'\nUNZ+1+9'"),
                   0);
  struct edifact_where first = {0}, second = {0}, foreign = {0};
  for (enum edifact_event event; (event = edifact_next(&e)) != EDIFACT_END;) {
    if (event != EDIFACT_SEGMENT) continue;
    if (edifact_is_tag(&e, "FOO")) foreign = edifact_here(&e, 1, 0);
    if (!edifact_is_tag(&e, "NAD")) continue;
    if (first.offset == 0) first = edifact_here(&e, 2, 1);
    else second = edifact_here(&e, 0, 0);
  }
  assert_string_equal(place_of(&second), "4:7 UNH+1/NAD[2]");
  assert_string_equal(place_of(&first), "3:1 UNH+1/NAD+2:1");
  assert_string_equal(place_of(&foreign), "5:1 UNH+1/*+1");
}

static void equal_texts(void **state) {
  (void)state;
  assert_int_equal(open_text(HEAD ONE "UNZ+1+REF1'"), 0);
  assert_true(edifact_equal(&e, TEXT("a?+b"), TEXT("?a?+b")));
  assert_false(edifact_equal(&e, TEXT("a?+b"), TEXT("a?+c")));
  assert_false(edifact_equal(&e, TEXT("a"), TEXT("ab")));
  assert_false(edifact_equal(&e, TEXT("ab"), TEXT("a")));
  assert_true(edifact_equal(&e, TEXT_NONE, TEXT("")));
}

/* ---- Bounds ---- */

struct maker {
  char *data;
  size_t length;
};

static void put(struct maker *m, const char *piece, size_t times) {
  size_t n = strlen(piece);
  m->data = realloc(m->data, m->length + n * times + 1);
  assert_non_null(m->data);
  for (size_t i = 0; i < times; i++) memcpy(m->data + m->length + i * n, piece, n);
  m->length += n * times;
}

/* A message whose second segment is that piece so many times. */
static int problem_of(const char *head, const char *piece, size_t times) {
  struct maker m = {0};
  put(&m, HEAD "UNH+1+CUSCAR:D:95B:UN'", 1);
  put(&m, head, 1);
  put(&m, piece, times);
  put(&m, "'UNT+3+1'UNZ+1+REF1'", 1);
  start(m.data, m.length);
  free(m.data);
  assert_int_equal(edifact_open(&e), 0);
  while (edifact_next(&e) != EDIFACT_MESSAGE_END) continue;
  return e.message.problem.kind;
}

static void bounds(void **state) {
  (void)state;
  assert_int_equal(problem_of("FTX", "+", EDIFACT_ELEMENTS_MAX), 0);
  assert_int_equal(problem_of("FTX", "+", EDIFACT_ELEMENTS_MAX + 1), EDIFACT_E_TOO_LARGE);
  assert_int_equal(problem_of("FTX+", ":", EDIFACT_PIECES_MAX - 2), 0);
  assert_int_equal(problem_of("FTX+", ":", EDIFACT_PIECES_MAX - 1), EDIFACT_E_TOO_LARGE);
  assert_int_equal(problem_of("FTX+", "x", EDIFACT_SEGMENT_MAX - 4), 0);
  assert_int_equal(problem_of("FTX+", "x", EDIFACT_SEGMENT_MAX - 3), EDIFACT_E_TOO_LARGE);
}

/* Segments of the envelope have the same bounds. */
static void bounds_of_the_envelope(void **state) {
  (void)state;
  static const struct {
    const char *before, *after;
    int kind;
  } cases[] = {
      {"UNB+UNOA:3+S+R", "'", EDIFACT_E_TOO_LARGE},
      {HEAD "UNG+C", "'UNZ+1+REF1'", EDIFACT_E_TOO_LARGE},
      {HEAD "UNG+C+A+B+1:1+G'UNE", "'UNZ+1+REF1'", EDIFACT_E_TOO_LARGE},
      {HEAD "UNZ", "'", EDIFACT_E_TOO_LARGE},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    struct maker m = {0};
    put(&m, cases[i].before, 1);
    put(&m, ":", EDIFACT_PIECES_MAX);
    put(&m, cases[i].after, 1);
    start(m.data, m.length);
    free(m.data);
    assert_int_equal(edifact_open(&e), cases[i].kind);
  }
  for (size_t i = 0; i < 2; i++) {
    struct maker m = {0};
    put(&m, i == 0 ? HEAD "UNH" : HEAD "UNH+1+CUSCAR:D:95B:UN'UNT", 1);
    put(&m, ":", EDIFACT_PIECES_MAX);
    put(&m, i == 0 ? "'UNT+2+1'UNZ+1+REF1'" : "'UNZ+1+REF1'", 1);
    start(m.data, m.length);
    free(m.data);
    assert_int_equal(edifact_open(&e), 0);
    next_is(EDIFACT_MESSAGE);
    next_is(EDIFACT_MESSAGE_END);
    assert_int_equal(e.message.problem.kind, EDIFACT_E_TOO_LARGE);
  }
}

static void too_many_segments(void **state) {
  (void)state;
  struct maker m = {0};
  put(&m, HEAD "UNH+1+CUSCAR:D:95B:UN'", 1);
  put(&m, "A1B'", EDIFACT_SEGMENTS_MAX);
  put(&m, "UNT+4000002+1'UNZ+1+REF1'", 1);
  start(m.data, m.length);
  free(m.data);
  assert_int_equal(edifact_open(&e), EDIFACT_E_TOO_LARGE);
  assert_int_equal(e.end, e.length);
}

/* Growing work for growing input: release characters and many wrong messages with their places. */
static void no_quadratic_work(void **state) {
  (void)state;
  struct maker m = {0};
  put(&m, HEAD "UNH+1+CUSCAR:D:95B:UN'", 1);
  for (size_t i = 0; i < 200; i++) put(&m, "??", 10000), put(&m, "'", 1);
  put(&m, "UNT+3+1'", 1);
  put(&m, "UNH+1+CUSCAR:D:95B:UN'\nUNT+3+1'\n", 100000);
  put(&m, "UNZ+100001+REF1'", 1);
  start(m.data, m.length);
  free(m.data);
  clock_t begin = clock();
  assert_int_equal(edifact_open(&e), 0);
  for (enum edifact_event event; (event = edifact_next(&e)) != EDIFACT_END;) {
    if (event == EDIFACT_MESSAGE_END) assert_non_null(place_of(&e.message.problem.where));
  }
  assert_true((clock() - begin) / CLOCKS_PER_SEC < 5); /* a fraction of a second, unless it is quadratic */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_teardown(plain_interchange, teardown),
      cmocka_unit_test_teardown(una_and_its_blanks, teardown),
      cmocka_unit_test_teardown(release_characters, teardown),
      cmocka_unit_test_teardown(repetitions_in_syntax_4, teardown),
      cmocka_unit_test_teardown(separators_of_level_b, teardown),
      cmocka_unit_test_teardown(character_sets, teardown),
      cmocka_unit_test_teardown(groups, teardown),
      cmocka_unit_test_teardown(several_interchanges, teardown),
      cmocka_unit_test_teardown(refused_interchanges, teardown),
      cmocka_unit_test_teardown(wrong_messages, teardown),
      cmocka_unit_test_teardown(places, teardown),
      cmocka_unit_test_teardown(equal_texts, teardown),
      cmocka_unit_test_teardown(bounds, teardown),
      cmocka_unit_test_teardown(bounds_of_the_envelope, teardown),
      cmocka_unit_test_teardown(too_many_segments, teardown),
      cmocka_unit_test_teardown(no_quadratic_work, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
