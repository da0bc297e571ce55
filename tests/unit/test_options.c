/* Options: every type, its defaults, its traps, and the command line's way in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/config/options.h"

struct settings {
  const char *text;
  bool flag;
  int64_t number, size, time;
  int choice;
  int32_t zone;
  struct hub_list *list;
};

static const char *const choices[] = {"red", "green", NULL};

#define ROW(name, kind, text, member, ...)                                                             \
  &(const struct hub_option) {                                                                         \
    .size = sizeof(struct hub_option), .key = name, .type = kind, .fallback = text, .help = "a " name, \
    .offset = offsetof(struct settings, member) __VA_OPT__(, ) __VA_ARGS__                             \
  }

static const struct hub_option *const table[] = {
    ROW("text", HUB_OPTION_TEXT, NULL, text),
    ROW("flag", HUB_OPTION_BOOL, "true", flag),
    ROW("number", HUB_OPTION_INT, "7", number, .min = -5, .max = 100, .old_key = "count"),
    ROW("size", HUB_OPTION_SIZE, "4 KiB", size, .min = 1024, .max = 1 << 20),
    ROW("time", HUB_OPTION_DURATION, "1 min", time),
    ROW("choice", HUB_OPTION_CHOICE, "green", choice, .choices = choices),
    ROW("zone", HUB_OPTION_ZONE, "+07:00", zone),
    ROW("list", HUB_OPTION_LIST, "a,b", list),
    NULL,
};
static const struct hub_option *const demanding[] = {
    ROW("text", HUB_OPTION_TEXT, NULL, text, .required = true),
    NULL,
};

static const struct hub_option *const bare[] = {ROW("number", HUB_OPTION_INT, NULL, number), NULL};

struct run {
  struct arena *arena;
  struct config_errors errors;
  struct settings settings;
};

static struct run run_table(const struct hub_option *const *options, const char *content) {
  struct run run = {0};
  struct yaml_node *root = NULL;
  assert_int_equal(arena_new(&run.arena), 0);
  assert_int_equal(yaml_parse(run.arena, "f", text_of(content), &run.errors, &root), 0);
  assert_int_equal(options_read(run.arena, options, root, "it", false, &run.settings, &run.errors), 0);
  return run;
}

static struct run run(const char *content) { return run_table(table, content); }

static void done(struct run *run) {
  config_errors_deinit(&run->errors);
  arena_free(run->arena);
}

static void test_defaults(void **state) {
  struct run r = run("");
  assert_int_equal(r.errors.errors, 0);
  assert_null(r.settings.text);
  assert_true(r.settings.flag);
  assert_int_equal(r.settings.number, 7);
  assert_int_equal(r.settings.size, 4096);
  assert_int_equal(r.settings.time, 60000);
  assert_int_equal(r.settings.choice, 1);
  assert_int_equal(r.settings.zone, 25200);
  assert_int_equal(r.settings.list->count, 2);
  assert_string_equal(r.settings.list->items[1], "b");
  done(&r);
}

static void test_values(void **state) {
  struct run r =
      run("{text: 0123, flag: false, number: -5, size: 1 MiB, time: 250 ms, choice: red, zone: -03:30, list: "
          "[x]}");
  assert_int_equal(r.errors.errors, 0);
  assert_string_equal(r.settings.text, "0123");
  assert_false(r.settings.flag);
  assert_int_equal(r.settings.number, -5);
  assert_int_equal(r.settings.size, 1 << 20);
  assert_int_equal(r.settings.time, 250);
  assert_int_equal(r.settings.choice, 0);
  assert_int_equal(r.settings.zone, -12600);
  assert_int_equal(r.settings.list->count, 1);
  done(&r);
}

static const struct {
  const char *content, *error;
} wrong[] = {
    {"flag: yes", "f:1:7: error: it.flag: \"yes\" is not true or false; write true"},
    {"flag: off", "write false"},
    {"flag: \"true\"", "write true without quotes"},
    {"flag: 1", "write true"},
    {"number: 010", "f:1:9: error: it.number: \"010\" is not a whole number"},
    {"number: 0x10", "decimal digits only"},
    {"number: 1e1", "decimal digits only"},
    {"number: 1_0", "decimal digits only"},
    {"number: 01:30", "decimal digits only"},
    {"number: 1.0", "decimal digits only"},
    {"number: +1", "decimal digits only"},
    {"number: \"1\"", "write it without quotes"},
    {"number: 99999999999999999999", "decimal digits only"},
    {"number: 101", "\"101\" is out of range; write -5 to 100"},
    {"number:", "f:1:1: error: it.number: has no value"},
    {"number: ~", "has no value"},
    {"number: null", "has no value"},
    {"number: [1]", "a list where a single value is expected"},
    {"text: {a: 1}", "a map where a single value is expected"},
    {"size: 1 MB", "\"1 MB\" is not a size"},
    {"size: 1 KiB2", "is not a size"},
    {"size: 100", "is out of range; write 1 KiB to 1 MiB"},
    {"size: 9999999999 GiB", "is not a size"},
    {"time: 30", "\"30\" is not a duration"},
    {"time: 5 minutes", "is not a duration"},
    {"choice: gren", "\"gren\" is not known here; write red or green (did you mean \"green\"?)"},
    {"zone: 7", "is not a time zone"},
    {"zone: +15:00", "is not a time zone"},
    {"list: a", "is a list; write [a]"},
    {"list: [[a]]", "a list in a list of texts"},
    {"list: [\"\"]", "an empty text"},
    {"nunber: 1", "f:1:1: error: it: unknown key \"nunber\"; did you mean \"number\"?"},
    {"other: 1", "unknown key \"other\"; known here: text, flag"},
    {"password: x", "a secret does not stand in a configuration file"},
    {"{count: 1, number: 2}", "is the former name of \"number\""},
    {"[a]", "a list where a map is expected"},
    {"a", "a text where a map is expected"},
};

static void test_wrong(void **state) {
  for (size_t i = 0; i < LENGTH_OF(wrong); i++) {
    struct run r = run(wrong[i].content);
    if (r.errors.errors != 1 || strstr(r.errors.text.data, wrong[i].error) == NULL) {
      fail_msg("%s gave %u: %s", wrong[i].content, r.errors.errors, r.errors.text.data);
    }
    done(&r);
  }
}

static void test_old_name(void **state) {
  struct run r = run("count: 12");
  assert_int_equal(r.errors.errors, 0);
  assert_int_equal(r.errors.warnings, 1);
  assert_int_equal(r.settings.number, 12);
  assert_non_null(strstr(r.errors.text.data, "f:1:1: warning: it.number: is called \"number\" now"));
  done(&r);
}

static void test_required(void **state) {
  struct run r = run_table(demanding, "{}");
  assert_int_equal(r.errors.errors, 1);
  assert_non_null(strstr(r.errors.text.data, "it.text: is missing; write `text: …`"));
  done(&r);
  r = run_table(demanding, "text: no");
  assert_int_equal(r.errors.errors, 0);
  assert_string_equal(r.settings.text, "no");
  done(&r);
}

static void test_untouched_without_default(void **state) {
  struct run r = {.settings.number = 42};
  assert_int_equal(arena_new(&r.arena), 0);
  assert_int_equal(options_read(r.arena, bare, NULL, "", false, &r.settings, &r.errors), 0);
  assert_int_equal(r.settings.number, 42);
  done(&r);
}

static void test_pairs(void **state) {
  struct run r = {0};
  assert_int_equal(arena_new(&r.arena), 0);
  static const char *const good[] = {"number=3", "list=x,y,z", "text=a=b", "flag=false"};
  assert_int_equal(options_read_pairs(r.arena, table, good, 4, &r.settings, &r.errors), 0);
  assert_int_equal(r.errors.errors, 0);
  assert_int_equal(r.settings.number, 3);
  assert_int_equal(r.settings.list->count, 3);
  assert_string_equal(r.settings.text, "a=b");
  assert_false(r.settings.flag);
  static const char *const bad[] = {"number=x", "nonsense", "=1", "number=4", "zzz=1"};
  assert_int_equal(options_read_pairs(r.arena, table, bad, 5, &r.settings, &r.errors), 0);
  assert_int_equal(r.errors.errors, 5);
  done(&r);
}

static void test_reference(void **state) {
  struct text_out out = TEXT_OUT_INIT;
  options_reference(&out, table);
  assert_non_null(strstr(out.data, "| `number` | number, -5 to 100 | `7` | a number Formerly `count`. |"));
  assert_non_null(strstr(out.data, "| `choice` | `red`, `green` | `green` |"));
  assert_non_null(strstr(out.data, "| `size` | size, 1 KiB to 1 MiB | `4 KiB` |"));
  text_out_deinit(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_defaults), cmocka_unit_test(test_values),
      cmocka_unit_test(test_wrong),    cmocka_unit_test(test_old_name),
      cmocka_unit_test(test_required), cmocka_unit_test(test_untouched_without_default),
      cmocka_unit_test(test_pairs),    cmocka_unit_test(test_reference),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
