/* YAML: what the tree holds, and that each thing that could be read in two ways is refused at its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/config/yaml.h"

struct parsed {
  struct arena *arena;
  struct config_errors errors;
  struct yaml_node *root;
  int result;
};

static struct parsed parse_text(struct text content) {
  struct parsed parsed = {0};
  assert_int_equal(arena_new(&parsed.arena), 0);
  parsed.result = yaml_parse(parsed.arena, "f.yaml", content, &parsed.errors, &parsed.root);
  return parsed;
}

static struct parsed parse(const char *content) { return parse_text(text_of(content)); }

static void done(struct parsed *parsed) {
  config_errors_deinit(&parsed->errors);
  arena_free(parsed->arena);
}

static void test_tree(void **state) {
  struct parsed p = parse("# c\na: 1\nlist:\n  - x\n  - {k: \"no\"}\nblock: |\n  two\n  lines\n");
  assert_int_equal(p.result, 0);
  assert_int_equal(p.root->kind, YAML_MAP);
  assert_int_equal(p.root->count, 3);
  struct yaml_node *list = yaml_get(p.root, "list");
  assert_true(list->used);
  assert_int_equal(list->kind, YAML_LIST);
  assert_int_equal(list->count, 2);
  assert_true(text_is(list->first->text, "x"));
  assert_int_equal(list->first->mark.line, 4);
  assert_int_equal(list->first->mark.column, 5);
  struct yaml_node *k = yaml_get(list->first->next, "k");
  assert_true(k->quoted);
  assert_true(text_is(k->text, "no"));
  assert_int_equal(k->key_mark.column, 6);
  assert_false(yaml_peek(p.root, "a")->used);
  assert_true(text_is(yaml_peek(p.root, "block")->text, "two\nlines\n"));
  assert_null(yaml_get(p.root, "b"));
  assert_null(yaml_get(NULL, "b"));
  done(&p);
}

static void test_empty_and_traps_are_texts(void **state) {
  struct parsed p = parse("");
  assert_int_equal(p.result, 0);
  assert_null(p.root);
  done(&p);
  p = parse(
      "\xef\xbb\xbf"
      "a: no\nb: 0123\nc: 08:30\nd: 1e3\ne: ~\nf: Lạng Sơn\n");
  assert_int_equal(p.result, 0);
  assert_true(text_is(yaml_peek(p.root, "a")->text, "no"));
  assert_true(text_is(yaml_peek(p.root, "b")->text, "0123"));
  assert_true(text_is(yaml_peek(p.root, "c")->text, "08:30"));
  assert_true(text_is(yaml_peek(p.root, "f")->text, "Lạng Sơn"));
  done(&p);
}

static const struct {
  const char *content, *error;
} wrong[] = {
    {"a: 1\nb: 2\na: 3\n", "f.yaml:3:1: error: the key \"a\" stands twice in this map, first in line 1"},
    {"a: &x 1\n", "f.yaml:1:4: error: anchors"},
    {"a: &x 1\nb: *x\n", "f.yaml:2:4: error: aliases"},
    {"a: !!str 1\n", "f.yaml:1:4: error: tags"},
    {"a: !local {b: 1}\n", "f.yaml:1:4: error: tags"},
    {"a: 1\n---\nb: 2\n", "f.yaml:2:1: error: a second document"},
    {"%YAML 1.1\n---\na: 1\n", "error: directives"},
    {"a:\n\tb: 1\n", "f.yaml:2:1: error: a tab"},
    {"a: 1\nb: \xff\n", "f.yaml:2:4: error: bytes that are not UTF-8"},
    {"a: \"x\\0y\"\n", "f.yaml:1:4: error: a NUL"},
    {"a: {<<: {b: 1}}\n", "f.yaml:1:5: error: merge keys"},
    {"? [a, b]\n: 1\n", "f.yaml:1:3: error: a list as a key"},
    {"\"\": 1\n", "error: a value without a key"},
    {"a: b: c\n", "f.yaml:1:5: error: a \": \" where no key may stand"},
    {"a: 'x\nb: 2\n", "error: the file ends inside a quoted text"},
    {"a: [1, 2\n", "error:"},
    {"a: @x\n", "f.yaml:1:4: error: no text may begin with this character"},
    {"a: \"\\q\"\n", "error: an unknown \\ escape"},
    {"a: 1\n  b: 2\n", "f.yaml:2:4: error:"},
    {"a: \x01\n", "error: a control character"},
};

static void test_wrong(void **state) {
  for (size_t i = 0; i < LENGTH_OF(wrong); i++) {
    struct parsed p = parse(wrong[i].content);
    if (p.result != CONFIG_E_INVALID || p.errors.errors == 0 ||
        strstr(p.errors.text.data, wrong[i].error) == NULL) {
      fail_msg("%s gave %d: %s", wrong[i].content, p.result,
               p.errors.text.data == NULL ? "-" : p.errors.text.data);
    }
    done(&p);
  }
}

static void test_walk_goes_on(void **state) {
  struct parsed p = parse("a: &x 1\nb: *x\nc: !t 2\nc: 3\n");
  assert_int_equal(p.errors.errors, 4);
  assert_non_null(p.root);
  done(&p);
}

static void test_depth(void **state) {
  char content[80];
  for (size_t depth = 31; depth <= 34; depth++) {
    memset(content, '[', depth);
    memset(content + depth, ']', depth);
    content[2 * depth] = '\0';
    struct parsed p = parse(content);
    assert_int_equal(p.result, depth <= 32 ? 0 : CONFIG_E_INVALID);
    if (depth > 32) assert_non_null(strstr(p.errors.text.data, "f.yaml:1:33: error: nested deeper than 32"));
    done(&p);
  }
}

static void test_size(void **state) {
  char *content = malloc(MIB + 2);
  assert_non_null(content);
  memset(content, '#', MIB + 1);
  struct parsed p = parse_text((struct text){content, MIB});
  assert_int_equal(p.result, 0);
  done(&p);
  p = parse_text((struct text){content, MIB + 1});
  assert_int_equal(p.result, CONFIG_E_INVALID);
  assert_non_null(strstr(p.errors.text.data, "larger than 1 MiB"));
  done(&p);
  free(content);
}

static void test_files(void **state) {
  struct parsed p = {0};
  assert_int_equal(arena_new(&p.arena), 0);
  assert_int_equal(yaml_load(p.arena, "/nonexistent/x.yaml", &p.errors, &p.root), CONFIG_E_INVALID);
  assert_non_null(strstr(p.errors.text.data, "/nonexistent/x.yaml:1:1: error: cannot be read"));
  assert_int_equal(yaml_load(p.arena, "/tmp", &p.errors, &p.root), CONFIG_E_INVALID);
  assert_int_equal(yaml_load(p.arena, "/dev/zero", &p.errors, &p.root), CONFIG_E_INVALID);
  assert_int_equal(p.errors.errors, 3);
  done(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_tree),  cmocka_unit_test(test_empty_and_traps_are_texts),
      cmocka_unit_test(test_wrong), cmocka_unit_test(test_walk_goes_on),
      cmocka_unit_test(test_depth), cmocka_unit_test(test_size),
      cmocka_unit_test(test_files),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
