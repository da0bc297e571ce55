/* Routes: conditions hold for what they say, mistakes are told at their place, keys are taken from the
 * message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/route/route.h"

struct rig {
  struct arena *arena;
  struct schema *schema;
  struct config_errors errors;
  struct hub_config config;
  struct config_route route, second;
  struct routes *routes;
  const struct schema_message *thing;
};

static struct rig rig_new(void) {
  struct rig rig = {0};
  const char *reason = NULL;
  assert_int_equal(arena_new(&rig.arena), 0);
  assert_int_equal(schema_new(&rig.schema), 0);
  if (schema_add_file(rig.schema, getenv("IOCHUB_ROUTE_BINPB"), &reason) != 0) fail_msg("%s", reason);
  rig.thing = schema_message(rig.schema, "ioc.test.v1.Thing");
  assert_non_null(rig.thing);
  rig.route = (struct config_route){.name = "r", .type = "ioc.test.v1.Thing", .topic = "ioc.test.thing.v1"};
  return rig;
}

static void rig_free(struct rig *rig) {
  routes_free(rig->routes);
  schema_free(rig->schema);
  config_errors_deinit(&rig->errors);
  arena_free(rig->arena);
}

static void compile(struct rig *rig, const char *when) {
  struct yaml_node *root = NULL;
  if (when != NULL) assert_int_equal(yaml_parse(rig->arena, "f", text_of(when), &rig->errors, &root), 0);
  rig->route.when = root;
  rig->config.routes = &rig->route;
  assert_int_equal(routes_compile(&rig->config, rig->schema, &rig->errors, &rig->routes), 0);
}

static size_t match(struct rig *rig, struct text message, struct route_target **targets) {
  size_t count = 0;
  assert_int_equal(routes_match(rig->routes, "s1", rig->thing, message, rig->arena, targets, &count), 0);
  return count;
}

/* id "H37.14", small -3, large 2^63, share 0.5, urgent, GREEN, due 2026-07-12T00:00:00.5Z, part {K1, -4},
 * owner p1.x, pages 0 (present) */
static const char full_bytes[] =
    "\x0a\x06H37.14"
    "\x10\xfd\xff\xff\xff\xff\xff\xff\xff\xff\x01"
    "\x18\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"
    "\x21\x00\x00\x00\x00\x00\x00\xe0\x3f"
    "\x28\x01"
    "\x30\x02"
    "\x3a\x0c\x08\x80\xb2\xcb\xd2\x06\x10\x80\xca\xb5\xee\x01"
    "\x42\x06\x0a\x02K1\x10\x07"
    "\x4a\x01t"
    "\x5a\x04p1.x"
    "\x60\x00";
static const struct text full = {full_bytes, sizeof full_bytes - 1};
static const struct text empty = {"", 0};

static const struct {
  const char *when;
  bool full, empty;
} conditions[] = {
    {"{field: id, equals: H37.14}", true, false},
    {"{field: id, equals: \"\"}", false, true},
    {"{field: id, in: [a, H37.14]}", true, false},
    {"{field: id, prefix: H37.}", true, false},
    {"{field: id, prefix: [X, H37]}", true, false},
    {"{field: id, prefix: H37.14.1}", false, false},
    {"{field: id, exists: true}", true, false},
    {"{field: id, exists: false}", false, true},
    {"{field: small, equals: -3}", true, false},
    {"{field: small, equals: 0}", false, true},
    {"{field: small, range: {from: -3, to: -3}}", true, false},
    {"{field: small, range: {above: -3}}", false, true},
    {"{field: small, range: {below: -2}}", true, false},
    {"{field: large, range: {above: 9223372036854775807}}", true, false},
    {"{field: share, range: {from: 0.5, below: 0.51}}", true, false},
    {"{field: share, range: {above: 0.5}}", false, false},
    {"{field: urgent, equals: true}", true, false},
    {"{field: urgent, equals: false}", false, true},
    {"{field: colour, equals: COLOUR_GREEN}", true, false},
    {"{field: colour, in: [COLOUR_RED, COLOUR_UNSPECIFIED]}", false, true},
    {"{field: due_at, range: {from: 2026-07-12T07:00:00+07:00, below: 2026-07-13T00:00:00Z}}", true, false},
    {"{field: due_at, range: {to: 2026-07-12T00:00:00Z}}", false, false},
    {"{field: due_at, equals: 2026-07-12T00:00:00.500Z}", true, false},
    {"{field: due_at, exists: false}", false, true},
    {"{field: part, exists: true}", true, false},
    {"{field: part.code, equals: K1}", true, false},
    {"{field: part.weight, equals: -4}", true, false},
    {"{field: part.weight, range: {from: 0}}", false, true},
    {"{field: pages, exists: true}", true, false},
    {"{all: [{field: urgent, equals: true}, {field: small, equals: 0}]}", false, false},
    {"{any: [{field: urgent, equals: true}, {field: small, equals: 0}]}", true, true},
    {"{not: {field: urgent, equals: true}}", false, true},
    {"[{field: urgent, equals: true}, {not: {any: [{field: id, equals: a}, {field: id, equals: b}]}}]", true,
     false},
};

static void test_conditions(void **state) {
  for (size_t i = 0; i < LENGTH_OF(conditions); i++) {
    struct rig rig = rig_new();
    struct route_target *targets = NULL;
    compile(&rig, conditions[i].when);
    if (rig.errors.errors != 0 || rig.errors.warnings != 0) fail_msg("%s", rig.errors.text.data);
    bool with_full = match(&rig, full, &targets) == 1, with_empty = match(&rig, empty, &targets) == 1;
    if (with_full != conditions[i].full || with_empty != conditions[i].empty) {
      fail_msg("%s: %d and %d", conditions[i].when, with_full, with_empty);
    }
    rig_free(&rig);
  }
}

static const struct {
  const char *when, *error;
} wrong[] = {
    {"{field: idd, equals: x}",
     "f:1:9: error: route r.when: ioc.test.v1.Thing has no field \"idd\"; did you mean \"id\"?"},
    {"{field: part.cod, equals: x}", "ioc.test.v1.Part has no field \"cod\"; did you mean \"code\"?"},
    {"{field: id.x, equals: x}", "\"x\" stands behind a field that holds no message"},
    {"{field: tags, equals: x}", "\"tags\" is repeated"},
    {"{field: id}", "has no comparison"},
    {"{equals: 1}", "names no field"},
    {"{field: id, equals: a, prefix: b}", "has prefix beside equals"},
    {"{field: id, equls: a}", "unknown key \"equls\"; did you mean \"equals\"?"},
    {"{field: id, range: {from: 1}}", "range needs a number or a time"},
    {"{field: small, prefix: x}", "prefix needs a text"},
    {"{field: small, equals: 1e3}", "\"1e3\" does not fit the field \"small\"; write a whole number"},
    {"{field: small, equals: \"1\"}", "write a whole number"},
    {"{field: small, in: 1}", "in wants a list"},
    {"{field: small, in: []}", "is an empty list"},
    {"{field: small, in: [[1]]}", "a list where a single value is expected"},
    {"{field: urgent, equals: yes}", "write true or false"},
    {"{field: colour, equals: RED}",
     "\"RED\" is not a value of ioc.test.v1.Colour; did you mean \"COLOUR_RED\"?"},
    {"{field: colour, equals: COLOUR_GREN}", "did you mean \"COLOUR_GREEN\"?"},
    {"{field: share, equals: 0.5}", "is a fraction"},
    {"{field: share, range: {from: 1e3}}", "write a number such as 12.5"},
    {"{field: due_at, equals: 2026-07-12}", "write a time with its zone"},
    {"{field: due_at, range: {from: 2026-02-30T00:00:00Z}}", "write a time with its zone"},
    {"{field: part, equals: x}", "holds a message, which cannot be compared"},
    {"{field: raw, equals: x}", "holds bytes, which cannot be compared"},
    {"{field: id, exists: yes}", "exists is true or false"},
    {"{field: small, range: {from: 5, to: 1}}", "is a range that holds nothing"},
    {"{field: small, range: {from: 1, above: 1}}", "has two bounds on one side"},
    {"{field: small, range: {at: 1}}", "unknown key \"at\""},
    {"{field: small, range: 5}", "is not a range"},
    {"{all: []}", "is not a list of conditions"},
    {"{all: [{field: id, exists: true}], not: {field: id, exists: true}}", "stands beside other keys"},
    {"text", "is not a condition"},
};

static void test_wrong_conditions(void **state) {
  for (size_t i = 0; i < LENGTH_OF(wrong); i++) {
    struct rig rig = rig_new();
    compile(&rig, wrong[i].when);
    if (rig.errors.errors == 0 || strstr(rig.errors.text.data, wrong[i].error) == NULL) {
      fail_msg("%s gave %s", wrong[i].when, rig.errors.text.data == NULL ? "nothing" : rig.errors.text.data);
    }
    struct route_target *targets = NULL;
    assert_int_equal(match(&rig, full, &targets), 0);
    rig_free(&rig);
  }
}

static const struct {
  const char *key, *full; /* NULL: an error */
} keys[] = {
    {"id", "H37.14"},
    {"small", "-3"},
    {"large", "9223372036854775808"},
    {"colour", "COLOUR_GREEN"},
    {"part.code", "K1"},
    {"part.weight", "-4"},
    {"due_at", "2026-07-12T00:00:00.500Z"},
    {"owner", "p1.x"},
    {"share", NULL},
    {"part", NULL},
    {"tags", NULL},
    {"raw", NULL},
    {"nothing", NULL},
};

static void test_keys(void **state) {
  for (size_t i = 0; i < LENGTH_OF(keys); i++) {
    struct rig rig = rig_new();
    rig.route.key = keys[i].key;
    compile(&rig, NULL);
    assert_int_equal(rig.errors.errors, keys[i].full == NULL);
    struct route_target *targets = NULL;
    size_t count = match(&rig, full, &targets);
    assert_int_equal(count, keys[i].full != NULL);
    if (count == 1) {
      assert_true(targets[0].keyed);
      if (!text_is(targets[0].key, keys[i].full))
        fail_msg("%s gave %.*s", keys[i].key, (int)targets[0].key.length, targets[0].key.data);
      assert_int_equal(match(&rig, empty, &targets), 1);
      assert_int_equal(targets[0].key.length, 0);
    }
    rig_free(&rig);
  }
}

static void test_without_key(void **state) {
  struct rig rig = rig_new();
  struct route_target *targets = NULL;
  rig.route.key = "id";
  rig.route.key_optional = true;
  compile(&rig, NULL);
  assert_int_equal(match(&rig, full, &targets), 1);
  assert_false(targets[0].keyed); /* nobody has to refuse it … */
  assert_int_not_equal(targets[0].key.length, 0);
  assert_int_equal(match(&rig, empty, &targets), 1);
  assert_int_equal(targets[0].key.length, 0); /* … when it is empty: the event id */
  rig_free(&rig);
}

static void test_sources_and_order(void **state) {
  struct rig rig = rig_new();
  static const char *const names[] = {"s2", "s3"};
  static const struct hub_list others = {2, names};
  rig.second = rig.route;
  rig.route.next = &rig.second;
  rig.second.name = "second";
  rig.second.topic = "ioc.test.second.v1";
  rig.second.sources = &others;
  compile(&rig, NULL);
  struct route_target *targets = NULL;
  assert_int_equal(match(&rig, full, &targets), 1);
  assert_string_equal(targets[0].route, "r");
  size_t count = 0;
  assert_int_equal(routes_match(rig.routes, "s3", rig.thing, full, rig.arena, &targets, &count), 0);
  assert_int_equal(count, 2);
  assert_string_equal(targets[1].route, "second");
  const struct schema_message *other = schema_message(rig.schema, "ioc.test.v1.Other");
  assert_int_equal(routes_match(rig.routes, "s1", other, empty, rig.arena, &targets, &count), 0);
  assert_int_equal(count, 0);
  rig_free(&rig);
}

static void test_one_topic_once(void **state) {
  struct rig rig = rig_new();
  rig.second = rig.route;
  rig.route.next = &rig.second;
  rig.second.name = "second";
  compile(&rig, NULL);
  assert_int_equal(rig.errors.errors, 0);
  struct route_target *targets = NULL;
  assert_int_equal(match(&rig, full, &targets), 1);
  assert_string_equal(targets[0].route, "r");
  routes_free(rig.routes);
  rig.second.key = "id";
  compile(&rig, NULL);
  assert_int_equal(rig.errors.errors, 1);
  assert_non_null(strstr(rig.errors.text.data, "with another key or order than route \"r\""));
  rig_free(&rig);
}

static void test_unknown_type(void **state) {
  struct rig rig = rig_new();
  rig.route.type = "ioc.test.v1.Thin";
  compile(&rig, NULL);
  assert_int_equal(rig.errors.errors, 1);
  assert_non_null(strstr(rig.errors.text.data, "did you mean \"ioc.test.v1.Thing\"?"));
  rig_free(&rig);
}

static void test_broken_message(void **state) {
  struct rig rig = rig_new();
  compile(&rig, "{field: part.code, equals: K1}");
  static const struct text broken[] = {{"\x0a\x06H3", 4}, {"\x40\x01", 2}, {"\x42\x02\x0a\x09", 4}};
  for (size_t i = 0; i < LENGTH_OF(broken); i++) {
    struct route_target *targets = NULL;
    size_t count = 0;
    assert_int_equal(routes_match(rig.routes, "s1", rig.thing, broken[i], rig.arena, &targets, &count),
                     -EBADMSG);
  }
  rig_free(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_conditions),
      cmocka_unit_test(test_wrong_conditions),
      cmocka_unit_test(test_keys),
      cmocka_unit_test(test_without_key),
      cmocka_unit_test(test_sources_and_order),
      cmocka_unit_test(test_unknown_type),
      cmocka_unit_test(test_broken_message),
      cmocka_unit_test(test_one_topic_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
