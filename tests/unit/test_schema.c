/* The schema: types from descriptor sets, comments, personal tags, paths, and what is refused. */
#include "core/message/schema.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/unit/descriptors.h"

/* test.v1.Outer { string name = 1 [person name]; Inner inner = 3; repeated string tags = 4; Kind kind = 2; }
 */
static void put_outer(struct text_out *file) {
  cleanup(text_out_deinit) struct text_out message = TEXT_OUT_INIT;
  put_string(&message, 1, "Outer");
  put_field(&message,
            (struct field_about){.name = "name", .number = 1, .type = 9, .personal = HUB_PERSON_NAME});
  put_field(&message,
            (struct field_about){.name = "inner", .number = 3, .type = 11, .type_name = ".test.v1.Inner"});
  put_field(&message, (struct field_about){.name = "tags", .number = 4, .type = 9, .repeated = true});
  put_field(&message,
            (struct field_about){.name = "kind", .number = 2, .type = 14, .type_name = ".test.v1.Kind"});
  put_built(file, 4, &message);
}

static void put_inner(struct text_out *file, bool recursive) {
  cleanup(text_out_deinit) struct text_out message = TEXT_OUT_INIT;
  put_string(&message, 1, "Inner");
  put_field(&message, (struct field_about){.name = "number", .number = 1000, .type = 3});
  if (recursive) {
    put_field(&message,
              (struct field_about){.name = "outer", .number = 2, .type = 11, .type_name = ".test.v1.Outer"});
  }
  put_built(file, 4, &message);
}

static void put_kind(struct text_out *file) {
  cleanup(text_out_deinit) struct text_out kind = TEXT_OUT_INIT, value = TEXT_OUT_INIT;
  const char *names[] = {"KIND_UNSPECIFIED", "KIND_ONE", "KIND_ALIAS", "KIND_NEGATIVE"};
  const int64_t numbers[] = {0, 1, 1, -7};
  put_string(&kind, 1, "Kind");
  for (size_t i = 0; i < LENGTH_OF(names); i++) {
    put_string(&value, 1, names[i]);
    put_number(&value, 2, (uint64_t)numbers[i]);
    put_built(&kind, 2, &value);
  }
  put_built(file, 5, &kind);
}

/* A leading comment at a path of pairs. */
static void put_comment(struct text_out *source, const char *path, size_t path_length, const char *comment) {
  cleanup(text_out_deinit) struct text_out location = TEXT_OUT_INIT;
  put_bytes(&location, 1, (struct text){path, path_length});
  put_string(&location, 3, comment);
  put_built(source, 1, &location);
}

static void make_set(struct text_out *set, bool recursive) {
  cleanup(text_out_deinit) struct text_out file = TEXT_OUT_INIT, source = TEXT_OUT_INIT;
  put_file_head(&file, "test/v1/test.proto", "test.v1");
  put_outer(&file);
  put_inner(&file, recursive);
  put_kind(&file);
  put_comment(&source, "\4\0", 2, " An outer\n thing.\n");
  put_comment(&source, "\4\0\2\3", 4, " Its kind.\n");
  put_comment(&source, "\4\1\2\0", 4, " A number.");
  put_comment(&source, "\4\x63\2\0", 4, " Of nothing.");
  put_built(&file, 9, &source);
  put_built(set, 1, &file);
}

static struct schema *schema_with(const struct text_out *set) {
  struct schema *schema = NULL;
  const char *reason = NULL;
  assert_int_equal(schema_new(&schema), 0);
  assert_int_equal(schema_add(schema, bytes_of(set), &reason), 0);
  return schema;
}

static struct schema *small_schema(void) {
  cleanup(text_out_deinit) struct text_out set = TEXT_OUT_INIT;
  make_set(&set, false);
  return schema_with(&set);
}

static void test_reads_types_fields_and_tags(void **state) {
  cleanup(schema_freep) struct schema *schema = small_schema();
  const struct schema_message *outer = schema_message(schema, "test.v1.Outer");
  assert_non_null(outer);
  assert_string_equal(outer->name, "Outer");
  assert_int_equal(outer->count, 4);
  for (uint32_t i = 0; i < 4; i++) assert_int_equal(outer->fields[i].number, i + 1);
  assert_int_equal(schema_field(outer, 1)->personal, HUB_PERSON_NAME);
  assert_int_equal(schema_field(outer, 4)->personal, 0);
  assert_true(schema_field(outer, 4)->repeated);
  assert_ptr_equal(schema_field(outer, 3)->message, schema_message(schema, "test.v1.Inner"));
  assert_null(schema_field(outer, 5));
  assert_null(schema_field(outer, 0));
  assert_non_null(schema_field(schema_field(outer, 3)->message, 1000));
  assert_null(schema_message(schema, "test.v1.Missing"));
  const struct schema_message **list;
  assert_int_equal(schema_messages(schema, &list), 2);
  assert_string_equal(list[0]->full_name, "test.v1.Inner");
}

static void test_sorts_enum_values_and_keeps_the_first_alias(void **state) {
  cleanup(schema_freep) struct schema *schema = small_schema();
  const struct schema_enum *kind = schema_field(schema_message(schema, "test.v1.Outer"), 2)->enumeration;
  assert_int_equal(kind->count, 4);
  assert_int_equal(kind->values[0].number, -7);
  assert_string_equal(kind->values[2].name, "KIND_ONE");
}

static void test_reads_comments(void **state) {
  cleanup(schema_freep) struct schema *schema = small_schema();
  const struct schema_message *outer = schema_message(schema, "test.v1.Outer");
  assert_string_equal(outer->comment, "An outer thing.");
  assert_string_equal(schema_field(outer, 2)->comment, "Its kind.");
  assert_null(schema_field(outer, 1)->comment);
  assert_string_equal(schema_field(schema_message(schema, "test.v1.Inner"), 1000)->comment, "A number.");
}

static void test_leaves_known_files_out(void **state) {
  cleanup(text_out_deinit) struct text_out set = TEXT_OUT_INIT;
  make_set(&set, false);
  cleanup(schema_freep) struct schema *schema = schema_with(&set);
  const struct schema_message *before = schema_message(schema, "test.v1.Outer");
  const char *reason = NULL;
  assert_int_equal(schema_add(schema, bytes_of(&set), &reason), 0);
  assert_ptr_equal(schema_message(schema, "test.v1.Outer"), before);
  const struct schema_message **list;
  assert_int_equal(schema_messages(schema, &list), 2);
}

static void test_finds_paths(void **state) {
  cleanup(schema_freep) struct schema *schema = small_schema();
  const struct schema_message *outer = schema_message(schema, "test.v1.Outer");
  struct schema_path path;
  size_t at = 0;
  assert_int_equal(schema_path(outer, "inner.number", &path, &at), 0);
  assert_int_equal(path.count, 2);
  assert_int_equal(path.fields[1]->number, 1000);
  assert_int_equal(schema_path(outer, "inner.numbers", &path, &at), SCHEMA_E_FIELD);
  assert_int_equal(at, 6);
  assert_int_equal(schema_path(outer, "name.more", &path, &at), SCHEMA_E_FIELD);
  assert_int_equal(schema_path(outer, "", &path, &at), SCHEMA_E_FIELD);
  assert_int_equal(schema_path(outer, "inner.", &path, &at), SCHEMA_E_FIELD);
  assert_int_equal(schema_path(outer, "tags", &path, &at), SCHEMA_E_REPEATED);
}

static void assert_refused(const struct text_out *set, const char *part_of_reason) {
  cleanup(schema_freep) struct schema *schema = small_schema();
  const struct schema_message **list;
  size_t before = schema_messages(schema, &list);
  const char *reason = NULL;
  assert_int_equal(schema_add(schema, bytes_of(set), &reason), SCHEMA_E_INVALID);
  assert_non_null(reason);
  if (strstr(reason, part_of_reason) == NULL) fail_msg("\"%s\" does not say \"%s\"", reason, part_of_reason);
  assert_int_equal(schema_messages(schema, &list), before);
}

/* A set of one file with one message with this field. */
static void make_bad(struct text_out *set, const char *file_name, struct field_about field) {
  cleanup(text_out_deinit) struct text_out file = TEXT_OUT_INIT, message = TEXT_OUT_INIT;
  put_file_head(&file, file_name, "bad.v1");
  put_string(&message, 1, "Bad");
  put_field(&message, field);
  put_built(&file, 4, &message);
  put_built(set, 1, &file);
}

static void test_refuses_recursion(void **state) {
  cleanup(text_out_deinit) struct text_out set = TEXT_OUT_INIT, file = TEXT_OUT_INIT, message = TEXT_OUT_INIT;
  put_file_head(&file, "bad.proto", "bad.v1");
  put_string(&message, 1, "A");
  put_field(&message, (struct field_about){.name = "b", .number = 1, .type = 11, .type_name = ".bad.v1.B"});
  put_built(&file, 4, &message);
  put_string(&message, 1, "B");
  put_field(&message, (struct field_about){.name = "a", .number = 1, .type = 11, .type_name = ".bad.v1.A"});
  put_built(&file, 4, &message);
  put_built(&set, 1, &file);
  assert_refused(&set, "recursive");
}

static void test_refuses_fields_it_cannot_protect(void **state) {
  const struct {
    struct field_about field;
    const char *reason;
  } cases[] = {
      {{.name = "n", .number = 1, .type = 5, .personal = HUB_PHONE}, "Bad.n: the tag (ioc.hub.v1.personal)"},
      {{.name = "n", .number = 1, .type = 12, .personal = HUB_PHONE}, "string and repeated string"},
      {{.name = "n", .number = 1, .type = 9, .personal = 99}, "99, this hub knows 1 to 11"},
      {{.name = "n", .number = 1, .type = 10}, "not one of proto3"},
      {{.name = "n", .number = 1, .type = 77}, "not one of proto3"},
      {{.name = "n", .number = 0, .type = 9}, "without name or number"},
      {{.name = "n", .number = 1, .type = 11, .type_name = ".else.where.Thing"},
       "else.where.Thing is not in the set"},
      {{.name = "n", .number = 1, .type = 14, .type_name = ".test.v1.Outer"}, "is not in the set"},
      {{.name = "a b", .number = 1, .type = 9}, "no name has"},
  };
  for (size_t i = 0; i < LENGTH_OF(cases); i++) {
    cleanup(text_out_deinit) struct text_out set = TEXT_OUT_INIT;
    make_bad(&set, "bad.proto", cases[i].field);
    assert_refused(&set, cases[i].reason);
  }
}

static void test_refuses_what_is_no_set(void **state) {
  cleanup(text_out_deinit) struct text_out set = TEXT_OUT_INIT;
  assert_refused(&set, "empty");
  text_out_string(&set, "#!/bin/sh\n");
  assert_refused(&set, "not a protobuf FileDescriptorSet");
  text_out_clear(&set);
  make_set(&set, false);
  for (size_t length = 1; length < set.length; length += 13) {
    struct text_out cut = {.data = set.data, .length = length};
    assert_refused(&cut, "FileDescriptorSet");
  }
}

static void test_refuses_names_that_are_taken(void **state) {
  cleanup(text_out_deinit) struct text_out set = TEXT_OUT_INIT, file = TEXT_OUT_INIT;
  put_file_head(&file, "another.proto", "test.v1");
  put_inner(&file, false);
  put_built(&set, 1, &file);
  assert_refused(&set, "test.v1.Inner is defined twice");
}

static void test_tells_why_a_file_is_not_read(void **state) {
  cleanup(schema_freep) struct schema *schema = small_schema();
  const char *reason = NULL;
  assert_int_equal(schema_add_file(schema, "/nonexistent/x.binpb", &reason), SCHEMA_E_INVALID);
  assert_string_equal(reason, "No such file or directory");
  assert_int_equal(schema_add_file(schema, "/", &reason), SCHEMA_E_INVALID);
  assert_string_equal(reason, "not a regular file");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_reads_types_fields_and_tags),
      cmocka_unit_test(test_sorts_enum_values_and_keeps_the_first_alias),
      cmocka_unit_test(test_reads_comments),
      cmocka_unit_test(test_leaves_known_files_out),
      cmocka_unit_test(test_finds_paths),
      cmocka_unit_test(test_refuses_recursion),
      cmocka_unit_test(test_refuses_fields_it_cannot_protect),
      cmocka_unit_test(test_refuses_what_is_no_set),
      cmocka_unit_test(test_refuses_names_that_are_taken),
      cmocka_unit_test(test_tells_why_a_file_is_not_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
