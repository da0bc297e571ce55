/*
 * The whole configuration: the shipped example loads, tables are looked up. What is wrong with wrong ones is
 * the business of tests/scenario/config.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "core/config/hub_config.h"
#include "core/config/sections.h"

static struct hub_config *load_example(struct config_errors *errors) {
  struct hub_config *config = NULL;
  assert_int_equal(hub_config_load(IOCHUB_BROKER_CONFIG "/hub.yaml", errors, &config), 0);
  if (errors->errors != 0 || errors->warnings != 0) fail_msg("%s", errors->text.data);
  return config;
}

static void test_example(void **state) {
  cleanup(config_errors_deinit) struct config_errors errors = CONFIG_ERRORS_INIT;
  cleanup(hub_config_freep) struct hub_config *config = load_example(&errors);
  assert_string_equal(config->hub, "langson");
  assert_int_equal(config->listeners_count, 1);
  assert_int_equal(config->limits.max_body, 64 << 20);
  const struct config_source *source = config->sources;
  while (source != NULL && strcmp(source->name, "edoc-axis") != 0) source = source->next;
  assert_non_null(source);
  assert_string_equal(source->part, "edocFile");
  assert_int_equal(source->methods->count, 1);
  assert_int_equal(source->zone_offset_s, 25200);
  assert_true(source->repeats);
  assert_int_equal(source->auth->kind, CONFIG_AUTH_API_KEY);
  assert_string_equal(source->auth->header, "X-SecretKey");
  assert_string_equal(source->auth->file, IOCHUB_BROKER_CONFIG "/secrets/edoc-axis.keys");
  assert_int_equal(source->limits.max_body, config->limits.max_body);
  assert_string_equal(config->state_dir, IOCHUB_BROKER_CONFIG "/state");
  const struct config_topic *topic = hub_config_topic(config, "ioc.publicservice.dossier.v1");
  assert_true(topic->compacted);
  assert_int_equal(topic->retention_ms, -1);
  assert_string_equal(topic->compression, "zstd");
  assert_null(hub_config_topic(config, "ioc.no.such.v1"));
  assert_true(config->routes->ordered);
}

static void test_topics_alone(void **state) {
  cleanup(config_errors_deinit) struct config_errors errors = CONFIG_ERRORS_INIT;
  cleanup(hub_config_freep) struct hub_config *config = NULL;
  assert_int_equal(hub_config_load_topics(IOCHUB_BROKER_CONFIG "/topics.yaml", &errors, &config), 0);
  assert_int_equal(errors.errors, 0);
  assert_non_null(hub_config_topic(config, "ioc.edoc.document.v1"));
  assert_null(config->sources);
}

static void test_tables(void **state) {
  cleanup(config_errors_deinit) struct config_errors errors = CONFIG_ERRORS_INIT;
  cleanup(hub_config_freep) struct hub_config *config = load_example(&errors);
  const struct config_table *tables = config->tables;
  assert_string_equal(config_table_lookup(tables, "communes", text_of("06184"), "name"), "Đồng Đăng");
  assert_string_equal(config_table_lookup(tables, "communes", text_of("05977"), "kind"), "phường");
  assert_string_equal(config_table_lookup(tables, "communes", text_of("06613"), "code"), "06613");
  assert_null(config_table_lookup(tables, "communes", text_of("0618"), "name"));
  assert_null(config_table_lookup(tables, "communes", text_of("061840"), "name"));
  assert_null(config_table_lookup(tables, "communes", text_of(""), "name"));
  assert_null(config_table_lookup(tables, "communes", (struct text){"06184\0", 6}, "name"));
  assert_null(config_table_lookup(tables, "communes", text_of("06184"), "colour"));
  assert_null(config_table_lookup(tables, "provinces", text_of("06184"), "name"));
}

static const struct {
  const char *content, *error; /* NULL: good */
} csvs[] = {
    {"code,name\n2,\"a \"\"b\"\", c\"\n1,\"two\nlines\"\r\n\n", NULL},
    {"\xef\xbb\xbf"
     "code,name\n1,x",
     NULL},
    {"", "is empty"},
    {"code,,x\n", "a column without a name"},
    {"code,name\n1\n", ":2:1: error: table: has another number of cells"},
    {"code,name\n1,2,3\n", "another number of cells"},
    {"code,name\n1,\"x\n", ":2:1: error: table: a quote is not closed"},
    {"code,name\n1,\"x\"y\n", "text behind a closing quote"},
    {"code,name\n1,x\n1,y\n", "two rows have the key \"1\""},
    {"code,name\n1,\xff\n", "not a UTF-8 text"},
};

static void check_csv(const char *folder, const char *content, const char *error) {
  char path[96];
  snprintf(path, sizeof path, "%s/tables/t.csv", folder);
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, content, strlen(content)), strlen(content));
  close(fd);
  struct hub_config config = {.folder = folder};
  struct config_errors errors = CONFIG_ERRORS_INIT;
  assert_int_equal(arena_new(&config.arena), 0);
  struct reading reading = {&config, &errors};
  assert_int_equal(tables_read(&reading), 0);
  if (error == NULL) {
    assert_int_equal(errors.errors, 0);
    assert_non_null(config_table_lookup(config.tables, "t", text_of("1"), "name"));
  } else {
    if (errors.errors == 0 || strstr(errors.text.data, error) == NULL)
      fail_msg("%s: %s", content, errors.text.data);
  }
  config_errors_deinit(&errors);
  arena_free(config.arena);
}

static void test_csv(void **state) {
  char folder[] = "/tmp/test_hub_config.XXXXXX", path[96];
  assert_non_null(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/tables", folder);
  assert_int_equal(mkdir(path, 0700), 0);
  for (size_t i = 0; i < LENGTH_OF(csvs); i++) check_csv(folder, csvs[i].content, csvs[i].error);
  snprintf(path, sizeof path, "%s/tables/t.csv", folder);
  unlink(path);
  snprintf(path, sizeof path, "%s/tables", folder);
  rmdir(path);
  rmdir(folder);
}

static void test_names(void **state) {
  assert_true(name_is_good(text_of("edoc-axis2")));
  assert_false(name_is_good(text_of("Edoc")));
  assert_false(name_is_good(text_of("a_b")));
  assert_false(name_is_good(text_of("-a")));
  assert_false(name_is_good(text_of("a-")));
  assert_false(name_is_good(text_of("")));
  assert_true(topic_name_is_good(text_of("ioc.dead-letter.edoc.v1")));
  assert_false(topic_name_is_good(text_of("ioc.edoc.document")));
  assert_false(topic_name_is_good(text_of("ioc.edoc.doc_ument.v1")));
  assert_false(topic_name_is_good(text_of("ioc.edoc..v1")));
  assert_false(topic_name_is_good(text_of("ioc.edoc.document.v0")));
  assert_false(topic_name_is_good(text_of("ioc.edoc.document.v01")));
  assert_false(topic_name_is_good(text_of("x.edoc.document.v1")));
}

static void test_addresses(void **state) {
  unsigned port = 0;
  assert_int_equal(address_parse("127.0.0.1:8080", &port), ADDRESS_LOOPBACK);
  assert_int_equal(port, 8080);
  assert_int_equal(address_parse("[::1]:0", &port), ADDRESS_LOOPBACK);
  assert_int_equal(address_parse("0.0.0.0:80", &port), ADDRESS_OTHER);
  assert_int_equal(address_parse("[::]:80", &port), ADDRESS_OTHER);
  static const char *const bad[] = {
      "localhost:80", "127.0.0.1",     "127.0.0.1:", "127.0.0.1:65536", "::1:80", "[::1]",
      ":80",          "127.0.0.1:080", "127.1:80",   "[127.0.0.1]:80",  ""};
  for (size_t i = 0; i < LENGTH_OF(bad); i++) assert_int_equal(address_parse(bad[i], &port), ADDRESS_BAD);
  assert_null(bootstrap_mistake("a:1,b.example:9092,[::1]:9092"));
  static const char *const wrong[] = {"", "a", "a:", "a:0", "a:1,", "a:1, b:2", ":1", "a:70000", "user@a:1"};
  for (size_t i = 0; i < LENGTH_OF(wrong); i++) assert_non_null(bootstrap_mistake(wrong[i]));
}

static void test_reference(void **state) {
  struct text_out out = TEXT_OUT_INIT;
  hub_config_reference(&out);
  cleanup(closep) int fd = open(IOCHUB_BROKER_CONFIG "/reference.md", O_RDONLY | O_CLOEXEC);
  assert_true(fd >= 0);
  cleanup(freep) char *committed = calloc(1, out.length + 2);
  assert_non_null(committed);
  ssize_t length = read(fd, committed, out.length + 1);
  if (length != (ssize_t)out.length || memcmp(committed, out.data, out.length) != 0) {
    fail_msg(
        "broker-config/reference.md is out of date: iochub check --reference > broker-config/reference.md");
  }
  text_out_deinit(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_example),   cmocka_unit_test(test_topics_alone), cmocka_unit_test(test_tables),
      cmocka_unit_test(test_csv),       cmocka_unit_test(test_names),        cmocka_unit_test(test_addresses),
      cmocka_unit_test(test_reference),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
