/* The wire walker: bounds, paths, texts of values, and the rules that a message must keep. */
#include "core/message/wire.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/unit/descriptors.h"

static struct schema *schema;
static const struct schema_message *thing;

/* test.v1.Thing and its parts, one field for each kind of check. */
static int setup(void **state) {
  cleanup(text_out_deinit) struct text_out set = TEXT_OUT_INIT, file = TEXT_OUT_INIT, part = TEXT_OUT_INIT,
                                           value = TEXT_OUT_INIT;
  put_file_head(&file, "thing.proto", "test.v1");
  put_string(&part, 1, "Thing");
  put_field(&part, (struct field_about){.name = "text", .number = 1, .type = 9});
  put_field(&part,
            (struct field_about){.name = "kind", .number = 2, .type = 14, .type_name = ".test.v1.Kind"});
  put_field(&part,
            (struct field_about){.name = "person", .number = 3, .type = 9, .personal = HUB_PERSON_NAME});
  put_field(&part,
            (struct field_about){.name = "part", .number = 4, .type = 11, .type_name = ".test.v1.Part"});
  put_field(&part,
            (struct field_about){
                .name = "kinds", .number = 5, .type = 14, .repeated = true, .type_name = ".test.v1.Kind"});
  put_field(&part, (struct field_about){.name = "number", .number = 6, .type = 5});
  put_field(&part, (struct field_about){.name = "zigzag", .number = 7, .type = 18});
  put_field(&part, (struct field_about){.name = "real", .number = 8, .type = 1});
  put_field(&part, (struct field_about){.name = "flag", .number = 9, .type = 8});
  put_field(&part, (struct field_about){
                       .name = "when", .number = 10, .type = 11, .type_name = ".google.protobuf.Timestamp"});
  put_built(&file, 4, &part);
  put_string(&part, 1, "Part");
  put_field(&part, (struct field_about){
                       .name = "names", .number = 1, .type = 9, .repeated = true, .personal = HUB_PHONE});
  put_built(&file, 4, &part);
  put_string(&part, 1, "Kind");
  put_string(&value, 1, "KIND_ZERO");
  put_built(&part, 2, &value);
  put_string(&value, 1, "KIND_FIVE");
  put_number(&value, 2, 5);
  put_built(&part, 2, &value);
  put_built(&file, 5, &part);
  put_built(&set, 1, &file);
  put_file_head(&file, "google/protobuf/timestamp.proto", "google.protobuf");
  put_string(&part, 1, "Timestamp");
  put_field(&part, (struct field_about){.name = "seconds", .number = 1, .type = 3});
  put_field(&part, (struct field_about){.name = "nanos", .number = 2, .type = 5});
  put_built(&file, 4, &part);
  put_built(&set, 1, &file);
  const char *reason = "";
  if (schema_new(&schema) != 0 || schema_add(schema, bytes_of(&set), &reason) != 0) return -1;
  thing = schema_message(schema, "test.v1.Thing");
  return thing == NULL ? -1 : 0;
}

static int teardown(void **state) {
  schema_free(schema);
  return 0;
}

static void test_walks_all_kinds(void **state) {
  static const char bytes[] =
      "\x08\x96\x01"
      "\x11\x01\x02\x03\x04\x05\x06\x07\x08"
      "\x1a\x02hi"
      "\x25\x01\x00\x00\x80";
  struct wire wire = wire_of((struct text){bytes, sizeof bytes - 1});
  struct wire_value value;
  assert_int_equal(wire_next(&wire, &value), 1);
  assert_int_equal(value.number, 1);
  assert_int_equal(value.scalar, 150);
  assert_int_equal(wire_next(&wire, &value), 1);
  assert_true(value.scalar == UINT64_C(0x0807060504030201));
  assert_int_equal(wire_next(&wire, &value), 1);
  assert_true(text_is(value.bytes, "hi"));
  assert_int_equal(wire_next(&wire, &value), 1);
  assert_int_equal(value.scalar, 0x80000001);
  assert_int_equal(wire_next(&wire, &value), 0);
}

static void test_refuses_broken_bytes(void **state) {
  static const struct text cases[] = {
      TEXT("\x08"), /* no value */
      TEXT("\x0a\x05"
           "abcd"), /* length over the end */
      TEXT("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
           "a"),                                                /* length of 2^64 - 1 */
      TEXT("\x11\x01\x02\x03"),                                 /* fixed64 cut */
      TEXT("\x0d\x01\x02\x03"),                                 /* fixed32 cut */
      TEXT("\x0b\x0c"),                                         /* group */
      TEXT("\x0e\x01"),                                         /* kind 6 */
      TEXT("\x00\x01"),                                         /* field 0 */
      TEXT("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02"),     /* over 64 bits */
      TEXT("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"), /* 11 bytes */
      TEXT("\x88\x80\x80\x80\x80\x01\x01"),                     /* field number over 2^29 */
  };
  for (size_t i = 0; i < LENGTH_OF(cases); i++) {
    struct wire wire = wire_of(cases[i]);
    struct wire_value value;
    assert_int_equal(wire_next(&wire, &value), -EBADMSG);
  }
}

static void test_finds_the_last_value_of_a_path(void **state) {
  struct schema_path path;
  size_t at;
  assert_int_equal(schema_path(thing, "when.nanos", &path, &at), 0);
  struct wire_value value;
  assert_int_equal(wire_find(TEXT("\x52\x02\x10\x05\x52\x02\x10\x07"), &path, &value), 1);
  assert_int_equal(value.scalar, 7);
  assert_int_equal(wire_find(TEXT("\x0a\x01x"), &path, &value), 0);
  assert_int_equal(wire_find(TEXT("\x52\x00"), &path, &value), 0);
  assert_int_equal(wire_find(TEXT("\x50\x01"), &path, &value), -EBADMSG);
  assert_int_equal(wire_find(TEXT("\x52\x02\x10"), &path, &value), -EBADMSG);
}

static void assert_text(uint32_t number, struct wire_value value, const char *expected) {
  char buffer[WIRE_TEXT_SIZE];
  struct text text = wire_text(schema_field(thing, number), &value, buffer);
  if (!text_is(text, expected)) fail_msg("%.*s is not %s", (int)text.length, text.data, expected);
}

static void test_writes_values_as_text(void **state) {
  assert_text(1, (struct wire_value){.bytes = TEXT("chữ")}, "chữ");
  assert_text(2, (struct wire_value){.scalar = 5}, "KIND_FIVE");
  assert_text(2, (struct wire_value){.scalar = 6}, "6");
  assert_text(6, (struct wire_value){.scalar = (uint64_t)-3}, "-3");
  assert_text(7, (struct wire_value){.scalar = 3}, "-2");
  assert_text(7, (struct wire_value){.scalar = UINT64_MAX}, "-9223372036854775808");
  assert_text(8, (struct wire_value){.scalar = UINT64_C(0x3fb999999999999a)}, "0.1");
  assert_text(8, (struct wire_value){.scalar = UINT64_C(0x7ff0000000000000)}, "Infinity");
  assert_text(9, (struct wire_value){.scalar = 1}, "true");
  assert_text(10, (struct wire_value){.bytes = TEXT("\x08\x80\x92\xb8\xc3\x98\xfe\xff\xff\xff\x01")},
              "0001-01-01T00:00:00Z");
  assert_text(10, (struct wire_value){.bytes = TEXT("\x10\xc0\x84\x3d")}, "1970-01-01T00:00:00.001Z");
  assert_text(10, (struct wire_value){.bytes = TEXT("\x10\x01")}, "1970-01-01T00:00:00.000000001Z");
  assert_text(10, (struct wire_value){.bytes = TEXT("\x08\xff\xff\xff\xff\xff\xff\x01")}, "");
}

static bool only_good(void *context, enum hub_personal_kind kind, struct text text) {
  ++*(unsigned *)context;
  return (kind == HUB_PERSON_NAME || kind == HUB_PHONE) && text_is(text, "good");
}

static void assert_check(struct text message, int expected, const char *field) {
  char broken[WIRE_FIELD_SIZE] = "";
  unsigned asked = 0;
  int r = wire_check(thing, message, only_good, &asked, broken);
  if (r != expected || strcmp(broken, field) != 0)
    fail_msg("%d %s, expected %d %s", r, broken, expected, field);
}

static void test_checks_the_rules(void **state) {
  assert_check(TEXT(""), 0, "");
  assert_check(TEXT("\x0a\x0b"
                    "chữ việ"),
               0, "");
  assert_check(TEXT("\x0a\x0c"
                    "chữ việ"),
               -EBADMSG, "");
  assert_check(TEXT("\x0a\x04"
                    "ch\xe1\xbb"),
               WIRE_E_UTF8, "text");
  assert_check(TEXT("\x0a\x0a"
                    "plain\xff"
                    "ascii"),
               WIRE_E_UTF8, "text");
  assert_check(TEXT("\x0a\x03"
                    "a\0b"),
               WIRE_E_UTF8, "text");
  assert_check(TEXT("\x0a\x0c"
                    "abcdefg\0abcd"),
               WIRE_E_UTF8, "text");
  assert_check(TEXT("\x10\x05"), 0, "");
  assert_check(TEXT("\x10\x06"), WIRE_E_ENUM, "kind");
  assert_check(TEXT("\x2a\x02\x05\x06"), WIRE_E_ENUM, "kinds");
  assert_check(TEXT("\x2a\x02\x05\x00"), 0, "");
  assert_check(TEXT("\x28\x06"), WIRE_E_ENUM, "kinds");
  assert_check(TEXT("\x1a\x04"
                    "good"),
               0, "");
  assert_check(TEXT("\x1a\x00"), 0, "");
  assert_check(TEXT("\x1a\x03"
                    "bad"),
               WIRE_E_UNPROTECTED, "person");
  assert_check(TEXT("\x22\x06\x0a\x04"
                    "good"
                    "\x22\x05\x0a\x03"
                    "bad"),
               WIRE_E_UNPROTECTED, "part.names");
  assert_check(TEXT("\x9a\x06\x00"), WIRE_E_UNKNOWN, "");
  assert_check(TEXT("\x52\x02\x10\x05"), 0, "");
  assert_check(TEXT("\x52\x08\x08\xff\xff\xff\xff\xff\xff\x01"), WIRE_E_TIME, "when");
  assert_check(TEXT("\x18\x01"), -EBADMSG, "person");
  assert_check(TEXT("\x22\x01\x0a"), -EBADMSG, "part");
}

static void test_asks_for_every_tagged_text(void **state) {
  char broken[WIRE_FIELD_SIZE];
  unsigned asked = 0;
  struct text message = TEXT(
      "\x1a\x04"
      "good"
      "\x0a\x03"
      "abc"
      "\x22\x0c\x0a\x04"
      "good"
      "\x0a\x04"
      "good");
  assert_int_equal(wire_check(thing, message, only_good, &asked, broken), 0);
  assert_int_equal(asked, 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_walks_all_kinds),
      cmocka_unit_test(test_refuses_broken_bytes),
      cmocka_unit_test(test_finds_the_last_value_of_a_path),
      cmocka_unit_test(test_writes_values_as_text),
      cmocka_unit_test(test_checks_the_rules),
      cmocka_unit_test(test_asks_for_every_tagged_text),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
