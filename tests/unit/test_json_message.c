/* A packed message as JSON: the proto3 mapping, any order of fields, defaults. */
#include "core/message/json.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/unit/descriptors.h"

static struct schema *schema;

static int setup(void **state) {
  static const struct field_about fields[] = {
      {.name = "text", .number = 1, .type = 9},
      {.name = "flag", .number = 2, .type = 8},
      {.name = "small", .number = 3, .type = 5},
      {.name = "large", .number = 4, .type = 3},
      {.name = "bytes", .number = 5, .type = 12},
      {.name = "real", .number = 6, .type = 1},
      {.name = "many", .number = 7, .type = 13, .repeated = true},
      {.name = "texts", .number = 8, .type = 9, .repeated = true},
      {.name = "self", .number = 9, .type = 11, .type_name = ".test.v1.Part"},
      {.name = "chosen", .number = 10, .type = 5, .oneof = true},
      {.name = "kind", .number = 11, .type = 14, .type_name = ".test.v1.Kind"},
      {.name = "parts", .number = 12, .type = 11, .repeated = true, .type_name = ".test.v1.Part"},
  };
  cleanup(text_out_deinit) struct text_out set = TEXT_OUT_INIT, file = TEXT_OUT_INIT, part = TEXT_OUT_INIT,
                                           value = TEXT_OUT_INIT;
  put_file_head(&file, "thing.proto", "test.v1");
  put_string(&part, 1, "Thing");
  for (size_t i = 0; i < LENGTH_OF(fields); i++) put_field(&part, fields[i]);
  put_built(&file, 4, &part);
  put_string(&part, 1, "Part");
  put_field(&part, (struct field_about){.name = "text", .number = 1, .type = 9});
  put_built(&file, 4, &part);
  put_string(&part, 1, "Kind");
  put_string(&value, 1, "KIND_ZERO");
  put_built(&part, 2, &value);
  put_string(&value, 1, "KIND_ONE");
  put_number(&value, 2, 1);
  put_built(&part, 2, &value);
  put_built(&file, 5, &part);
  put_built(&set, 1, &file);
  const char *reason = "";
  return schema_new(&schema) != 0 || schema_add(schema, bytes_of(&set), &reason) != 0 ? -1 : 0;
}

static int teardown(void **state) {
  schema_free(schema);
  return 0;
}

static void assert_json(struct text message, const char *expected) {
  cleanup(text_out_deinit) struct text_out out = TEXT_OUT_INIT;
  assert_int_equal(message_json(&out, schema_message(schema, "test.v1.Thing"), message), 0);
  assert_string_equal(out.data, expected);
}

static void test_maps_each_type(void **state) {
  assert_json(TEXT(""), "{}");
  assert_json(TEXT("\x0a\x05"
                   "a\"b\nc"),
              "{\"text\":\"a\\\"b\\nc\"}");
  assert_json(TEXT("\x10\x01\x18\x07\x20\x07"), "{\"flag\":true,\"small\":7,\"large\":\"7\"}");
  assert_json(TEXT("\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "{\"small\":-1}");
  assert_json(TEXT("\x2a\x01\xff"), "{\"bytes\":\"/w==\"}");
  assert_json(TEXT("\x2a\x02\xff\xfe"), "{\"bytes\":\"//4=\"}");
  assert_json(TEXT("\x2a\x03"
                   "abc"),
              "{\"bytes\":\"YWJj\"}");
  assert_json(TEXT("\x31\0\0\0\0\0\0\xf0\x3f"), "{\"real\":1}");
  assert_json(TEXT("\x31\0\0\0\0\0\0\xf8\x7f"), "{\"real\":\"NaN\"}");
  assert_json(TEXT("\x31\0\0\0\0\0\0\xf0\xff"), "{\"real\":\"-Infinity\"}");
  assert_json(TEXT("\x58\x01"), "{\"kind\":\"KIND_ONE\"}");
  assert_json(TEXT("\x58\x09"), "{\"kind\":9}");
}

static void test_leaves_defaults_out_but_keeps_what_was_chosen(void **state) {
  assert_json(TEXT("\x0a\x00\x10\x00\x18\x00\x2a\x00\x58\x00"), "{}");
  assert_json(TEXT("\x50\x00"), "{\"chosen\":0}");
  assert_json(TEXT("\x4a\x00"), "{\"self\":{}}");
  assert_json(TEXT("\x3a\x00"), "{}");
}

static void test_joins_repeated_fields(void **state) {
  assert_json(TEXT("\x3a\x03\x01\x02\x03\x38\x04"), "{\"many\":[1,2,3,4]}");
  assert_json(TEXT("\x42\x01"
                   "a"
                   "\x42\x00\x42\x01"
                   "b"),
              "{\"texts\":[\"a\",\"\",\"b\"]}");
  assert_json(TEXT("\x62\x03\x0a\x01x\x62\x00"), "{\"parts\":[{\"text\":\"x\"},{}]}");
}

static void test_orders_fields_and_takes_the_last_of_equals(void **state) {
  assert_json(TEXT("\x20\x01\x0a\x01"
                   "a"
                   "\x18\x02\x0a\x01"
                   "b"),
              "{\"text\":\"b\",\"small\":2,\"large\":\"1\"}");
  assert_json(TEXT("\x42\x01"
                   "a"
                   "\x0a\x01x\x42\x01"
                   "b"),
              "{\"text\":\"x\",\"texts\":[\"a\",\"b\"]}");
  assert_json(TEXT("\xfa\x07\x01z\x18\x02"), "{\"small\":2}");
}

static void test_takes_more_fields_than_it_has_room_for_at_first(void **state) {
  cleanup(text_out_deinit) struct text_out message = TEXT_OUT_INIT, expected = TEXT_OUT_INIT;
  text_out_string(&expected, "{\"texts\":[");
  for (int i = 0; i < 500; i++) {
    put_string(&message, 8, "t");
    text_out_string(&expected, i == 0 ? "\"t\"" : ",\"t\"");
  }
  text_out_string(&expected, "]}");
  assert_json(bytes_of(&message), expected.data);
}

static void test_refuses_broken_messages(void **state) {
  cleanup(text_out_deinit) struct text_out out = TEXT_OUT_INIT;
  const struct schema_message *thing = schema_message(schema, "test.v1.Thing");
  assert_int_equal(message_json(&out, thing,
                                TEXT("\x0a\x05"
                                     "a")),
                   -EBADMSG);
  assert_int_equal(message_json(&out, thing, TEXT("\x08\x05")), -EBADMSG);
  assert_int_equal(message_json(&out, thing, TEXT("\x3a\x01\x80")), -EBADMSG);
  assert_int_equal(message_json(&out, thing, TEXT("\x4a\x01\x0a")), -EBADMSG);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_maps_each_type),
      cmocka_unit_test(test_leaves_defaults_out_but_keeps_what_was_chosen),
      cmocka_unit_test(test_joins_repeated_fields),
      cmocka_unit_test(test_orders_fields_and_takes_the_last_of_equals),
      cmocka_unit_test(test_takes_more_fields_than_it_has_room_for_at_first),
      cmocka_unit_test(test_refuses_broken_messages),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
