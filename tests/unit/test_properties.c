/* What an admin may set, and how a secret gets in. */
#include "core/publish/properties.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <cmocka.h>

static struct hub_config config_with(struct hub_list *list, const char *folder) {
  return (struct hub_config){.folder = folder, .kafka = {.bootstrap = "127.0.0.1:1", .properties = list}};
}

static void assert_refused(const char *property, const char *reason) {
  struct hub_list list = {1, &property};
  struct hub_config config = config_with(&list, ".");
  struct config_errors errors = CONFIG_ERRORS_INIT;
  properties_check(&config, &errors);
  assert_int_equal(errors.errors, 1);
  if (strstr(errors.text.data, reason) == NULL) fail_msg("%s: %s", property, errors.text.data);
  config_errors_deinit(&errors);
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  struct text_out out = TEXT_OUT_INIT;
  assert_true(properties_apply(&config, conf, &out) < 0);
  text_out_deinit(&out);
  rd_kafka_conf_destroy(conf);
}

static void test_what_the_promise_rests_on_cannot_be_set(void **state) {
  assert_refused("acks=1", "acks is not a property that may be set");
  assert_refused("enable.idempotence=false", "may be set");
  assert_refused("max.in.flight.requests.per.connection=5", "may be set");
  assert_refused("message.timeout.ms=1000", "may be set");
  assert_refused("plugin.library.paths=/tmp/x.so", "may be set");
  assert_refused("socket.timeout.mss=1000", "did you mean socket.timeout.ms");
  assert_refused("socket.timeout.ms", "key=value");
  assert_refused("=1", "key=value");
  assert_refused("socket.timeout.ms=soon", "does not take this value");
}

static void test_secrets_are_not_written_inline(void **state) {
  static const char secret[] = "sasl.password=hunter2";
  assert_refused(secret, "sasl.password.file=PATH");
  const char *items[] = {secret};
  struct hub_list list = {1, items};
  struct hub_config config = config_with(&list, ".");
  struct config_errors errors = CONFIG_ERRORS_INIT;
  properties_check(&config, &errors);
  assert_null(strstr(errors.text.data, "hunter2"));
  config_errors_deinit(&errors);
}

static void test_scram_needs_a_newer_librdkafka(void **state) {
  if (rd_kafka_version() >= 0x020601ff) skip();
  assert_refused("sasl.mechanisms=SCRAM-SHA-512", "SCRAM fails between librdkafka");
  assert_refused("sasl.mechanism=scram-sha-256", "SCRAM fails between librdkafka");
}

static void write_file(const char *path, const char *content, mode_t mode) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(content, file);
  fclose(file);
  assert_int_equal(chmod(path, mode), 0);
}

static void test_a_password_comes_from_its_file(void **state) {
  char folder[] = "/tmp/test-properties-XXXXXX", path[64];
  assert_non_null(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/kafka", folder);
  static const char *const items[] = {"security.protocol=SASL_SSL", "sasl.mechanisms=PLAIN",
                                      "sasl.username=hub", "sasl.password.file=kafka"};
  struct hub_list list = {LENGTH_OF(items), items};
  struct hub_config config = config_with(&list, folder);
  struct config_errors errors = CONFIG_ERRORS_INIT;
  properties_check(&config, &errors); /* there is no file yet */
  assert_int_equal(errors.errors, 1);
  assert_non_null(strstr(errors.text.data, "the file of sasl.password.file cannot be read"));
  config_errors_deinit(&errors);
  write_file(path, "s3cret\n", 0640);
  errors = CONFIG_ERRORS_INIT;
  properties_check(&config, &errors);
  assert_non_null(strstr(errors.text.data, "is open to others"));
  config_errors_deinit(&errors);
  write_file(path, "s3cret\n", 0600);
  errors = CONFIG_ERRORS_INIT;
  properties_check(&config, &errors);
  assert_int_equal(errors.errors, 0);
  config_errors_deinit(&errors);

  struct text_out out = TEXT_OUT_INIT;
  char value[64];
  size_t size = sizeof value;
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  assert_int_equal(properties_apply(&config, conf, &out), 0);
  assert_int_equal(rd_kafka_conf_get(conf, "sasl.password", value, &size), RD_KAFKA_CONF_OK);
  assert_string_equal(value, "s3cret");

  write_file(path, "s3cret\n", 0644);
  assert_int_equal(properties_apply(&config, conf, &out), -EACCES);
  assert_non_null(strstr(out.data, "chmod 600"));
  write_file(path, "", 0600);
  assert_int_equal(properties_apply(&config, conf, &out), -EINVAL);
  unlink(path);
  assert_int_equal(properties_apply(&config, conf, &out), -ENOENT);
  assert_null(strstr(out.data, "s3cret"));
  text_out_deinit(&out);
  rd_kafka_conf_destroy(conf);
  rmdir(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_the_promise_rests_on_cannot_be_set),
      cmocka_unit_test(test_secrets_are_not_written_inline),
      cmocka_unit_test(test_scram_needs_a_newer_librdkafka),
      cmocka_unit_test(test_a_password_comes_from_its_file),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
