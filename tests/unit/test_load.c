/* Loading: what is refused, with the reason that names both sides, and what an instance takes. */
#include "core/connector/load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define TEXT_OF(number) #number
#define TEXT_OF_VALUE(macro) TEXT_OF(macro)
#define MINOR TEXT_OF_VALUE(HUB_ABI_MINOR)

static struct connectors *connectors;

static int setup(void **state) { return connectors_open(getenv("IOCHUB_TEST_CONNECTORS"), &connectors); }

static int teardown(void **state) {
  connectors_close(connectors);
  return 0;
}

static void assert_refused(const char *name, const char *const *parts) {
  cleanup(text_out_deinit) struct text_out reason = TEXT_OUT_INIT;
  const struct connector *connector = NULL;
  assert_int_equal(connectors_load(connectors, name, &connector, &reason), CONNECTOR_E_REFUSED);
  assert_null(connector);
  if (strstr(reason.data, name) == NULL) fail_msg("\"%s\" does not name %s", reason.data, name);
  for (; *parts != NULL; parts++) {
    if (strstr(reason.data, *parts) == NULL) fail_msg("\"%s\" does not say \"%s\"", reason.data, *parts);
  }
}

static void test_refuses_with_both_sides(void **state) {
  char larger[64], smaller[64], ours[64];
  snprintf(larger, sizeof larger, "has %zu bytes", sizeof(struct hub_connector) + 8);
  snprintf(smaller, sizeof smaller, "has %zu bytes", sizeof(struct hub_connector) - 8);
  snprintf(ours, sizeof ours, "this hub knows %zu", sizeof(struct hub_connector));
  const struct {
    const char *name, *parts[4];
  } cases[] = {
      {"other-major", {"contract 9." MINOR, "this hub has 1." MINOR}},
      {"newer-minor", {"contract 1.77", "only 1." MINOR}},
      {"larger-struct", {larger, ours}},
      {"smaller-struct", {smaller}},
      {"no-translate", {"no translate"}},
      {"no-open", {"no open"}},
      {"second-symbol", {"more than one symbol", "hub_connector alone", "second_symbol"}},
      {"no-connector", {"more than one symbol", "second_symbol"}},
      {"wrong-name", {"\"another\"", "\"wrong-name\""}},
      {"small-settings", {"\"limit\" ends at byte 8", "block of 4"}},
      {"unlisted-message", {"test.v1.Other", "not in its schema", "unlisted-message.binpb"}},
      {"recursive-message", {"test.recursive.v1.Sample is recursive"}},
      {"personal-number", {"test.number.v1.Sample.born", "string and repeated string"}},
      {"missing-set", {"missing-set.binpb", "No such file or directory"}},
      {"broken-set", {"broken-set.binpb", "not a protobuf FileDescriptorSet"}},
      {"no-elf", {"not a shared object"}},
  };
  for (size_t i = 0; i < LENGTH_OF(cases); i++) {
    assert_refused(cases[i].name, cases[i].parts);
    assert_refused(cases[i].name, cases[i].parts); /* and again when asked again */
  }
}

static void test_names_the_nearest(void **state) {
  assert_refused("god", (const char *const[]){"no such connector", "good", NULL});
}

static void test_loads_the_good_one_once(void **state) {
  cleanup(text_out_deinit) struct text_out reason = TEXT_OUT_INIT;
  const struct connector *first = NULL, *again = NULL;
  assert_int_equal(connectors_load(connectors, "good", &first, &reason), 0);
  assert_int_equal(connectors_load(connectors, "good", &again, &reason), 0);
  assert_int_equal(reason.length, 0);
  assert_ptr_equal(first, again);
  assert_string_equal(first->api->name, "good");
  const struct schema_message *sample = schema_message(connectors_schema(connectors), "test.v1.Sample");
  assert_non_null(sample);
  assert_int_equal(schema_field(sample, 2)->personal, HUB_PERSON_NAME);
  assert_int_equal(schema_field(sample, 3)->personal, HUB_PHONE);
}

static void test_knows_the_hubs_own_messages(void **state) {
  cleanup(connectors_closep) struct connectors *none = NULL;
  assert_int_equal(connectors_open("/nonexistent", &none), 0);
  assert_non_null(schema_message(connectors_schema(none), "ioc.hub.v1.DeadLetter"));
  const char *const *names;
  assert_int_equal(connectors_names(none, &names), 0);
  assert_null(names[0]);
}

static void test_lists_names_and_goes_on_after_bad_ones(void **state) {
  const char *const *names;
  assert_int_equal(connectors_names(connectors, &names), 0);
  size_t count = 0;
  for (; names[count] != NULL; count++) assert_true(count == 0 || strcmp(names[count - 1], names[count]) < 0);
  assert_int_equal(count, 17);
  cleanup(text_out_deinit) struct text_out reasons = TEXT_OUT_INIT;
  assert_int_equal(connectors_load_all(connectors, &reasons), CONNECTOR_E_REFUSED);
  size_t lines = 0;
  for (const char *c = reasons.data; *c != '\0'; c++) lines += *c == '\n';
  assert_int_equal(lines, 16);
}

static void test_several_folders_by_the_environment(void **state) {
  cleanup(freep) char *folders = NULL;
  assert_true(asprintf(&folders, "/nonexistent::%s", getenv("IOCHUB_TEST_CONNECTORS")) > 0);
  setenv("IOCHUB_CONNECTORS", folders, 1);
  cleanup(connectors_closep) struct connectors *others = NULL;
  assert_int_equal(connectors_open(NULL, &others), 0);
  const char *const *names;
  assert_int_equal(connectors_names(others, &names), 0);
  assert_non_null(names[0]);
}

static int open_pairs(const char *const *pairs, size_t count, struct arena *arena,
                      struct config_errors *errors, struct instance **ret_instance) {
  cleanup(text_out_deinit) struct text_out reason = TEXT_OUT_INIT;
  const struct connector *good = NULL;
  assert_int_equal(connectors_load(connectors, "good", &good, &reason), 0);
  return instance_open_pairs(good, "source", 25200, pairs, count, arena, errors, ret_instance);
}

static void test_an_instance_reads_its_options(void **state) {
  cleanup(arena_freep) struct arena *arena = NULL;
  cleanup(config_errors_deinit) struct config_errors errors = CONFIG_ERRORS_INIT;
  assert_int_equal(arena_new(&arena), 0);
  cleanup(instance_closep) struct instance *instance = NULL;
  assert_int_equal(open_pairs((const char *const[]){"limit=7"}, 1, arena, &errors, &instance), 0);
  assert_int_equal(*(int64_t *)instance->self, 7);
  assert_string_equal(instance->host.source, "source");
  cleanup(instance_closep) struct instance *plain = NULL;
  assert_int_equal(open_pairs(NULL, 0, arena, &errors, &plain), 0);
  assert_int_equal(*(int64_t *)plain->self, 5);
  struct instance *none = NULL;
  assert_int_equal(open_pairs((const char *const[]){"limit=11"}, 1, arena, &errors, &none), CONFIG_E_INVALID);
  assert_int_equal(open_pairs((const char *const[]){"limits=1"}, 1, arena, &errors, &none), CONFIG_E_INVALID);
  assert_int_equal(open_pairs((const char *const[]){"word=refuse"}, 1, arena, &errors, &none),
                   CONFIG_E_INVALID);
  assert_null(none);
  assert_non_null(strstr(errors.text.data, "does not open"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_refuses_with_both_sides),
      cmocka_unit_test(test_names_the_nearest),
      cmocka_unit_test(test_loads_the_good_one_once),
      cmocka_unit_test(test_knows_the_hubs_own_messages),
      cmocka_unit_test(test_lists_names_and_goes_on_after_bad_ones),
      cmocka_unit_test(test_several_folders_by_the_environment),
      cmocka_unit_test(test_an_instance_reads_its_options),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
