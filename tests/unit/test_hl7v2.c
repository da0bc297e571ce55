/* Unit tests of connectors/format/hl7v2.c and hl7v2_parts.c. */
#include "connectors/format/hl7v2.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define HEAD "MSH|^~\\&|HIS|20999|||20260712081500||ADT^A01|M1|P|2.5\r"

struct pool {
  void *blocks[256];
  size_t count, fail_at;
};

static void *pool_alloc(void *context, size_t bytes) {
  struct pool *pool = context;
  if (pool->count + 1 == pool->fail_at) return NULL;
  assert_true(pool->count < COUNT(pool->blocks));
  void *block = calloc(1, bytes == 0 ? 1 : bytes);
  assert_non_null(block);
  return pool->blocks[pool->count++] = block;
}

static void pool_drop(struct pool *pool) {
  while (pool->count != 0) free(pool->blocks[--pool->count]);
}

/* ---- The frame ---- */

static const struct {
  const char *input;
  int result;
  size_t messages;
  const char *at;
} frames[] = {
    {HEAD "PID|1\r", 0, 1, ""},
    {HEAD, 0, 1, ""},
    {"MSH|^~\\&", 0, 1, ""},
    {"\xEF\xBB\xBF" HEAD, 0, 1, ""},
    {"\r\n\n \t\r" HEAD, 0, 1, ""},
    {"\x0B" HEAD "PID|1\r\x1C\r", 0, 1, ""},
    {"\x0B" HEAD "PID|1\r\x1C\r\x0B" HEAD "\x1C\r\n", 0, 2, ""},
    {"\x0B" HEAD "PID|1\x1C", 0, 1, ""},
    {HEAD HEAD HEAD, 0, 3, ""},
    {"FHS|^~\\&\rBHS|^~\\&\r" HEAD HEAD "BTS|2\rBHS|^~\\&\rBTS|0\rFTS|2\r", 0, 2, ""},
    {"BHS|^~\\&\r" HEAD "PID|1\rBTS|1|done\r", 0, 1, ""},
    {"BHS|^~\\&\r" HEAD "BTS\r", 0, 1, ""},
    {"BHS|^~\\&\r" HEAD "BTS|\"\"\r", 0, 1, ""},
    {"BHS|^~\\&\r" HEAD "BTS| 1 \r", 0, 1, ""},
    {"FHS|^~\\&\r" HEAD "FTS|0\r", 0, 1, ""},
    {"BHS|^~\\&\rBTS|0\r", 0, 0, ""},
    {"", HL7V2_E_MALFORMED, 0, "1:1"},
    {"\r\n\r\n", HL7V2_E_MALFORMED, 0, "1:1"},
    {"PID|1\r", HL7V2_E_MALFORMED, 0, "1:1"},
    {"\r\nhello", HL7V2_E_MALFORMED, 0, "2:1"},
    {"MS", HL7V2_E_MALFORMED, 0, "1:1"},
    {"BHS|^~\\&\rPID|1\r" HEAD "BTS|1\r", HL7V2_E_MALFORMED, 0, "2:1"},
    {"BHS|^~\\&\r" HEAD "BTS|2\r", HL7V2_E_INCOMPLETE, 1, "3:5 BTS-1"},
    {"BHS|^~\\&\r" HEAD HEAD "BTS|1\r", HL7V2_E_INCOMPLETE, 2, "4:5 BTS-1"},
    {"BHS|^~\\&\r" HEAD "BTS|one\r", HL7V2_E_MALFORMED, 1, "3:5 BTS-1"},
    {"BHS|^~\\&\r" HEAD "BTS|99999999999999999999\r", HL7V2_E_MALFORMED, 1, "3:5 BTS-1"},
    {"BHS|^~\\&\r" HEAD, HL7V2_E_INCOMPLETE, 1, "3:1 BTS"},
    {"BHS|^~\\&\r" HEAD "BHS|^~\\&\r", HL7V2_E_INCOMPLETE, 1, "3:1 BHS"},
    {"FHS|^~\\&\r" HEAD, HL7V2_E_INCOMPLETE, 1, "3:1 FTS"},
    {"FHS|^~\\&\rFHS|^~\\&\r", HL7V2_E_INCOMPLETE, 0, "2:1 FHS"},
    {"FHS|^~\\&\rBHS|^~\\&\rFTS|1\r", HL7V2_E_INCOMPLETE, 0, "3:1 FTS"},
    {"FHS|^~\\&\rBHS|^~\\&\rFHS|^~\\&\r", HL7V2_E_INCOMPLETE, 0, "3:1 FHS"},
    {"FHS|^~\\&\rBHS|^~\\&\rBTS|0\rFTS|2\r", HL7V2_E_INCOMPLETE, 0, "4:5 FTS-1"},
    {"BTS|1\r", HL7V2_E_MALFORMED, 0, "1:1 BTS"},
    {HEAD "BTS|1\r", HL7V2_E_MALFORMED, 1, "2:1 BTS"},
    {HEAD "FTS|1\r", HL7V2_E_MALFORMED, 1, "2:1 FTS"},
    {"BHS|^^\rBTS\r", HL7V2_E_MALFORMED, 0, "1:6 BHS-2"},
    {"FHS\rFTS\r", HL7V2_E_MALFORMED, 0, "1:4 FHS-2"},
};

static void test_frames(void **state) {
  for (size_t i = 0; i < COUNT(frames); i++) {
    struct hl7v2 payload;
    struct hl7v2_problem problem = {0};
    print_message("%zu\n", i);
    assert_int_equal(hl7v2_open(&payload, text_of(frames[i].input), &problem), frames[i].result);
    assert_string_equal(problem.at, frames[i].at);
    assert_int_equal(problem.detail != NULL, frames[i].result != 0);
    assert_int_equal(payload.messages, frames[i].messages);
  }
}

static void test_units(void **state) {
  static const enum hl7v2_kind kinds[] = {HL7V2_FILE_HEADER, HL7V2_BATCH_HEADER,  HL7V2_MESSAGE,
                                          HL7V2_MESSAGE,     HL7V2_BATCH_TRAILER, HL7V2_FILE_TRAILER};
  static const size_t lines[] = {1, 2, 4, 7, 8, 9};
  struct hl7v2 payload;
  struct hl7v2_problem problem;
  struct hl7v2_unit unit;
  struct text input =
      TEXT("FHS|^~\\&\nBHS|^~\\&\r\n\nMSH|^~\\&|a\rPID|1\r\nPV1|1\nMSH|^~\\&|b\rBTS|2\rFTS|1");
  assert_int_equal(hl7v2_open(&payload, input, &problem), 0);
  assert_true(payload.has_batches);
  for (size_t i = 0; i < COUNT(kinds); i++) {
    assert_int_equal(hl7v2_next(&payload, &unit), 0);
    assert_int_equal(unit.kind, kinds[i]);
    assert_int_equal(unit.line, lines[i]);
    if (i == 2) assert_true(text_is(unit.bytes, "MSH|^~\\&|a\rPID|1\r\nPV1|1"));
  }
  assert_int_equal(hl7v2_next(&payload, &unit), HL7V2_END);
  assert_true(hl7v2_is(input));
  assert_true(hl7v2_is(TEXT("\x0BMSH|")));
  assert_true(hl7v2_is(TEXT("\xEF\xBB\xBF\r\nBHS|")));
  assert_false(hl7v2_is(TEXT("BTS|")));
  assert_false(hl7v2_is(TEXT("<MSH>")));
  assert_false(hl7v2_is(TEXT("")));
}

/* ---- One message ---- */

struct rig {
  struct pool pool;
  struct allocator allocator;
  struct hl7v2_message message;
  struct hl7v2_problem problem;
};

static int read_text(struct rig *rig, const char *input) {
  struct hl7v2 payload;
  struct hl7v2_unit unit;
  rig->allocator = (struct allocator){pool_alloc, &rig->pool};
  assert_int_equal(hl7v2_open(&payload, text_of(input), &rig->problem), 0);
  assert_int_equal(hl7v2_next(&payload, &unit), 0);
  return hl7v2_read(&rig->allocator, &unit, &rig->message, &rig->problem);
}

static const struct {
  const char *input, *at;
  int result;
} messages[] = {
    {"MSH|^~\\&|", "", 0},
    {"MSH|^~", "", 0},
    {"MSH|^~\\", "", 0},
    {"MSH|^~\\&#|x", "", 0},
    {"MSH@~&#\\@x", "", 0},
    {"MSH#!@%*#x", "", 0},
    {HEAD "ZZ9|1\rZ01\r", "", 0},
    {"MSH", "1:4 MSH-2", HL7V2_E_MALFORMED},
    {"MSH|", "1:5 MSH-2", HL7V2_E_MALFORMED},
    {"MSH|^|", "1:6 MSH-2", HL7V2_E_MALFORMED},
    {"MSH|&&&&|", "1:6 MSH-2", HL7V2_E_MALFORMED},
    {"MSH|^~\\^|", "1:8 MSH-2", HL7V2_E_MALFORMED},
    {"MSH|^~\\&#$|", "1:10 MSH-2", HL7V2_E_MALFORMED},
    {"MSHA^~\\&A", "1:4 MSH-1", HL7V2_E_MALFORMED},
    {"MSH9^~\\&9", "1:4 MSH-1", HL7V2_E_MALFORMED},
    {"MSH ^~\\& ", "1:4 MSH-1", HL7V2_E_MALFORMED},
    {"MSH|^z\\&|", "1:6 MSH-2", HL7V2_E_MALFORMED},
    {"MSH|^\x80\\&|", "1:6 MSH-2", HL7V2_E_MALFORMED},
    {"MSH|^~\\&|\rPIDX|1", "2:1", HL7V2_E_MALFORMED},
    {"MSH|^~\\&|\rPV|1", "2:1", HL7V2_E_MALFORMED},
    {"MSH|^~\\&|\rPI", "2:1", HL7V2_E_MALFORMED},
    {"MSH|^~\\&|\r\npid|1", "2:1", HL7V2_E_MALFORMED},
    {"MSH|^~\\&|\r1ID|1", "2:1", HL7V2_E_MALFORMED},
    {"MSH|^~\\&|\rPID^1", "2:1", HL7V2_E_MALFORMED},
    {"MSH|^~\\&|\rOBX|1|TX|||broken\rhere", "3:1", HL7V2_E_MALFORMED},
    /* character sets */
    {HEAD "PID|1||||Nguyễn", "", 0},
    {HEAD "PID|1||||M\xFCller", "2:10 PID-5", HL7V2_E_CHARSET},
    {"MSH|^~\\&|x|caf\xE9", "1:12 MSH-4", HL7V2_E_CHARSET},
    {"MSH|^~\\&||||||||||||||||8859/1\rPID|1||||M\xFCller", "", 0},
    {"MSH|^~\\&||||||||||||||||UNICODE UTF-8\rPID|1||||Nguyễn", "", 0},
    {"MSH|^~\\&||||||||||||||||UTF-8~UNICODE\rPID|1||||Nguyễn", "", 0},
    {"MSH|^~\\&||||||||||||||||\"\"\rPID|1||||Nguyễn", "", 0},
    {"MSH|^~\\&||||||||||||||||ASCII\rPID|1||||Nguyễn", "2:10 PID-5", HL7V2_E_CHARSET},
    {"MSH|^~\\&||||||||||||||||ISO IR 999\rPID|1||||Nguyen", "", 0},
    {"MSH|^~\\&||||||||||||||||ISO IR 999\rPID|1||||Nguyễn", "2:10 PID-5", HL7V2_E_UNSUPPORTED},
    {"MSH|^~\\&||||||||||||||||UNICODE UTF-16\rPID|1||||Nguyễn", "2:10 PID-5", HL7V2_E_UNSUPPORTED},
};

static void test_messages(void **state) {
  for (size_t i = 0; i < COUNT(messages); i++) {
    struct rig rig = {0};
    print_message("%zu\n", i);
    assert_int_equal(read_text(&rig, messages[i].input), messages[i].result);
    assert_string_equal(rig.problem.at, messages[i].at);
    pool_drop(&rig.pool);
  }
}

static void test_nul(void **state) {
  struct rig rig = {0};
  static const char bytes[] = "MSH|^~\\&|x\rPID|1\0|2\r";
  struct hl7v2_unit unit = {HL7V2_MESSAGE, {bytes, sizeof(bytes) - 1}, 1};
  rig.allocator = (struct allocator){pool_alloc, &rig.pool};
  assert_int_equal(hl7v2_read(&rig.allocator, &unit, &rig.message, &rig.problem), HL7V2_E_MALFORMED);
  assert_string_equal(rig.problem.at, "2:6");
}

static void test_many_segments(void **state) {
  for (size_t count = 10000; count <= 70000; count += 60000) {
    struct rig rig = {0};
    char *input = malloc(sizeof(HEAD) + count * 6);
    assert_non_null(input);
    memcpy(input, HEAD, sizeof(HEAD));
    for (size_t i = 0; i < count; i++) memcpy(input + sizeof(HEAD) - 1 + i * 6, "OBX|1\r", 7);
    assert_int_equal(read_text(&rig, input), count < HL7V2_SEGMENTS_MAX ? 0 : HL7V2_E_TOO_LARGE);
    if (count < HL7V2_SEGMENTS_MAX) {
      assert_int_equal(rig.message.count, count + 1);
      assert_int_equal(rig.message.segments[count].number, count);
      assert_int_equal(rig.message.segments[count].line, count + 1);
    } else assert_string_equal(rig.problem.at, "65537:1");
    pool_drop(&rig.pool);
    free(input);
  }
}

/* More names than are counted, and none of them harms. */
static void test_many_names(void **state) {
  struct rig rig = {0};
  char input[sizeof(HEAD) + 80 * 4 + 1] = HEAD;
  for (int i = 0; i < 80; i++) snprintf(input + strlen(input), 5, "Z%c%c\r", '0' + i / 10, 'A' + i % 10);
  assert_int_equal(read_text(&rig, input), 0);
  assert_int_equal(rig.message.count, 81);
  assert_int_equal(rig.message.segments[80].number, 1);
  pool_drop(&rig.pool);
}

/* ---- Parts ---- */

#define PARTS                                                          \
  "MSH|^~\\&|HIS^1.2&x|20999|||20260712||ADT^A01|M1|P|2.5\r"           \
  "PID|1||A1^^^H&1.2.3&ISO^MR~B2^^^^NI||Ng\xC3\xA0^V\xC4\x83n|\"\"|\r" \
  "OBX|1|NM\rOBX|2|ST|X||a~b~c"

static const struct {
  const char *segment; /* MSH, PID, or OBX for the second one */
  struct hl7v2_path path;
  const char *value, *at; /* value NULL: not sent */
} parts[] = {
    {"MSH", {1}, "|", "1:4 MSH-1"},
    {"MSH", {2}, "^~\\&", "1:5 MSH-2"},
    {"MSH", {2, 1, 1}, "^~\\&", "1:5 MSH-2.1"},
    {"MSH", {3}, "HIS^1.2&x", "1:10 MSH-3"},
    {"MSH", {3, 0, 1}, "HIS", "1:10 MSH-3.1"},
    {"MSH", {3, 0, 2, 2}, "x", "1:18 MSH-3.2.2"},
    {"MSH", {9, 0, 2}, "A01", "1:42 MSH-9.2"},
    {"MSH", {12}, "2.5", "1:51 MSH-12"},
    {"MSH", {13}, NULL, "1:54 MSH-13"},
    {"PID", {0}, "PID", "2:1 PID"},
    {"PID", {1}, "1", "2:5 PID-1"},
    {"PID", {2}, "", "2:7 PID-2"},
    {"PID", {3}, "A1^^^H&1.2.3&ISO^MR~B2^^^^NI", "2:8 PID-3"},
    {"PID", {3, 1}, "A1^^^H&1.2.3&ISO^MR", "2:8 PID-3"},
    {"PID", {3, 0, 1}, "A1", "2:8 PID-3.1"},
    {"PID", {3, 0, 2}, "", "2:11 PID-3.2"},
    {"PID", {3, 0, 4, 2}, "1.2.3", "2:15 PID-3.4.2"},
    {"PID", {3, 2, 5}, "NI", "2:34 PID-3[2].5"},
    {"PID", {3, 2, 6}, NULL, "2:49 PID-3[2].6"},
    {"PID", {3, 3}, NULL, "2:49 PID-3[3]"},
    {"PID", {5, 0, 2}, "V\xC4\x83n", "2:42 PID-5.2"},
    {"PID", {6}, "\"\"", "2:46 PID-6"},
    {"PID", {7}, "", "2:49 PID-7"},
    {"PID", {8}, NULL, "2:49 PID-8"},
    {"OBX", {2}, "ST", "4:7 OBX[2]-2"},
    {"OBX", {5, 3}, "c", "4:17 OBX[2]-5[3]"},
};

static const struct hl7v2_segment *segment_of(const struct rig *rig, const char *name) {
  const struct hl7v2_segment *found = hl7v2_find(&rig->message, name);
  return strcmp(name, "OBX") == 0 ? found + 1 : found;
}

static void test_parts(void **state) {
  struct rig rig = {0};
  assert_int_equal(read_text(&rig, PARTS), 0);
  for (size_t i = 0; i < COUNT(parts); i++) {
    char at[HL7V2_PLACE_SIZE];
    const struct hl7v2_segment *segment = segment_of(&rig, parts[i].segment);
    struct text part = hl7v2_get(&rig.message, segment, parts[i].path);
    print_message("%s\n", parts[i].at);
    assert_int_equal(part.data == NULL, parts[i].value == NULL);
    assert_true(text_is(part, parts[i].value == NULL ? "" : parts[i].value));
    hl7v2_place(&rig.message, segment, parts[i].path, at);
    assert_string_equal(at, parts[i].at);
  }
  assert_null(hl7v2_find(&rig.message, "PV1"));
  assert_true(hl7v2_is_null(TEXT("\"\"")));
  assert_false(hl7v2_is_null(TEXT("\"")));
  assert_false(hl7v2_is_null(TEXT("ab")));
  assert_false(hl7v2_is_null(TEXT("\"b")));
  pool_drop(&rig.pool);
}

/* Parts by a message's own delimiters, and by fewer of them. */
static void test_own_delimiters(void **state) {
  struct rig rig = {0};
  assert_int_equal(read_text(&rig, "MSH#!@%*#HIS\rPID#1##a!b*c@d\r"), 0);
  const struct hl7v2_segment *pid = hl7v2_find(&rig.message, "PID");
  assert_true(text_is(hl7v2_get(&rig.message, pid, (struct hl7v2_path){3, 1, 2, 2}), "c"));
  assert_true(text_is(hl7v2_get(&rig.message, pid, (struct hl7v2_path){3, 2}), "d"));
  pool_drop(&rig.pool);
  assert_int_equal(read_text(&rig, "MSH|^~\rPID|1|a\\F\\b&c\r"), 0);
  pid = hl7v2_find(&rig.message, "PID");
  struct text part = hl7v2_get(&rig.message, pid, (struct hl7v2_path){2, 1, 1, 1}), value;
  assert_int_equal(hl7v2_value(&rig.message, &rig.allocator, part, &value), 0);
  assert_true(text_is(value, "a\\F\\b&c"));
  pool_drop(&rig.pool);
}

/* ---- Escape sequences ---- */

static const struct {
  const char *charset, *raw, *value;
} escapes[] = {
    {"", "plain", "plain"},
    {"", "", ""},
    {"", "a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f", "a|b^c&d~e\\f"},
    {"", "\\F\\\\F\\", "||"},
    {"", "\\E\\F\\E\\", "\\F\\"},
    {"", "one\\.br\\two", "one\ntwo"},
    {"", "\\H\\loud\\N\\", "loud"},
    {"", "\\X41\\", "A"},
    {"", "\\X4142\\", "AB"},
    {"", "\\X0D\\", "\r"},
    {"", "\\X000d\\", "\r"},
    {"", "\\XC3A1\\", "á"},
    {"", "\\XC3\\\\XA1\\", "á"},
    {"", "\\X0d0A\\", "\r\n"},
    {"", "\\XC3\\x", "\\XC3\\x"},
    {"", "\\XE1\\", "\\XE1\\"},
    {"8859/1", "\\XE1\\", "á"},
    {"8859/1", "\\XE1E1E1E1E1E1E1\\", "ááááááá"},
    {"ISO IR 999", "\\X41\\\\XE1\\", "\\X41\\\\XE1\\"},
    {"ISO IR 999", "\\X41\\", "A"},
    {"", "\\X4\\", "\\X4\\"},
    {"", "\\X\\", "\\X\\"},
    {"", "\\Xgg\\", "\\Xgg\\"},
    {"", "\\X4g\\", "\\X4g\\"},
    {"", "\\C2842\\", "\\C2842\\"},
    {"", "\\M2442\\", "\\M2442\\"},
    {"", "\\Z01\\", "\\Z01\\"},
    {"", "\\P\\", "\\P\\"},
    {"", "\\.sp2\\", "\\.sp2\\"},
    {"", "\\Q\\", "\\Q\\"},
    {"", "\\\\", "\\\\"},
    {"", "C:\\tmp", "C:\\tmp"},
    {"", "end\\", "end\\"},
    {"", "\\F\\ and \\F", "| and \\F"},
};

static void test_escapes(void **state) {
  for (size_t i = 0; i < COUNT(escapes); i++) {
    struct rig rig = {0};
    char input[256];
    struct text value;
    print_message("%s\n", escapes[i].raw);
    snprintf(input, sizeof(input), "MSH|^~\\&||||||||||||||||%s\rOBX|%s\r", escapes[i].charset,
             escapes[i].raw);
    assert_int_equal(read_text(&rig, input), 0);
    struct text raw = hl7v2_field(&rig.message, hl7v2_find(&rig.message, "OBX"), 1);
    assert_int_equal(hl7v2_value(&rig.message, &rig.allocator, raw, &value), 0);
    assert_true(text_is(value, escapes[i].value));
    pool_drop(&rig.pool);
  }
}

static void test_truncation(void **state) {
  struct rig rig = {0};
  struct text value;
  assert_int_equal(read_text(&rig, "MSH|^~\\&#|a\\P\\"), 0);
  struct text raw = hl7v2_field(&rig.message, rig.message.segments, 3);
  assert_int_equal(hl7v2_value(&rig.message, &rig.allocator, raw, &value), 0);
  assert_true(text_is(value, "a#"));
  pool_drop(&rig.pool);
}

/* A NUL that comes out of a sequence is there, for the caller to refuse. */
static void test_escaped_nul(void **state) {
  struct rig rig = {0};
  struct text value;
  assert_int_equal(read_text(&rig, "MSH|^~\\&|\\X00\\"), 0);
  struct text raw = hl7v2_field(&rig.message, rig.message.segments, 3);
  assert_int_equal(hl7v2_value(&rig.message, &rig.allocator, raw, &value), 0);
  assert_int_equal(value.length, 1);
  assert_int_equal(value.data[0], 0);
  pool_drop(&rig.pool);
}

static void test_no_memory(void **state) {
  for (size_t fail_at = 1;; fail_at++) {
    struct rig rig = {.pool.fail_at = fail_at};
    struct text value;
    int r = read_text(&rig, "MSH|^~\\&||||||||||||||||8859/1\rOBX|\\XE1\\\xE1");
    if (r == 0)
      r = hl7v2_value(&rig.message, &rig.allocator,
                      hl7v2_field(&rig.message, hl7v2_find(&rig.message, "OBX"), 1), &value);
    pool_drop(&rig.pool);
    if (r == 0) {
      assert_true(fail_at > 3);
      return;
    }
    assert_int_equal(r, -ENOMEM);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_frames),        cmocka_unit_test(test_units),
      cmocka_unit_test(test_messages),      cmocka_unit_test(test_nul),
      cmocka_unit_test(test_many_segments), cmocka_unit_test(test_many_names),
      cmocka_unit_test(test_parts),         cmocka_unit_test(test_own_delimiters),
      cmocka_unit_test(test_escapes),       cmocka_unit_test(test_truncation),
      cmocka_unit_test(test_escaped_nul),   cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
