/* Secrets: which files are taken, and that their content never shows. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "core/config/secret.h"

#define HEX "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static char folder[] = "/tmp/test_secret.XXXXXX";

static const char *write_file(const char *content, mode_t mode) {
  static char path[64];
  snprintf(path, sizeof path, "%s/key", folder);
  unlink(path);
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, content, strlen(content)), strlen(content));
  assert_int_equal(fchmod(fd, mode), 0);
  close(fd);
  return path;
}

static void expect_key(const char *path, int result, const char *error) {
  struct config_errors errors = CONFIG_ERRORS_INIT;
  struct secret_key key = {0};
  assert_int_equal(secret_key_load(path, (struct config_mark){0}, "keys.it", &errors, &key), result);
  assert_int_equal(errors.errors, result == 0 ? 0 : 1);
  if (error != NULL) {
    assert_non_null(strstr(errors.text.data, error));
    assert_null(strstr(errors.text.data, "44556677"));
  } else {
    assert_int_equal(key.bytes[1], 0x11);
    assert_int_equal(key.bytes[31], 0xff);
  }
  config_errors_deinit(&errors);
}

static void test_key(void **state) {
  expect_key(write_file(HEX "\n", 0600), 0, NULL);
  expect_key(write_file(HEX, 0400), 0, NULL);
  expect_key(write_file(HEX "\r\n", 0600), 0, NULL);
  expect_key(write_file(HEX "\n", 0640), SECRET_E_INVALID, "chmod 600");
  expect_key(write_file(HEX "\n", 0602), SECRET_E_INVALID, "chmod 600");
  expect_key(write_file(HEX "0\n", 0600), SECRET_E_INVALID, "64 hex digits");
  expect_key(write_file("", 0600), SECRET_E_INVALID, "64 hex digits");
  expect_key(write_file("zz112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", 0600),
             SECRET_E_INVALID, "64 hex digits");
  expect_key(write_file("0000000000000000000000000000000000000000000000000000000000000000", 0600),
             SECRET_E_INVALID, "is no key");
  expect_key("/nonexistent/key", SECRET_E_INVALID, "cannot be read");
  expect_key("/tmp", SECRET_E_INVALID, "not a regular file");
}

static void test_fifo_and_link(void **state) {
  char path[64];
  snprintf(path, sizeof path, "%s/fifo", folder);
  assert_int_equal(mkfifo(path, 0600), 0);
  expect_key(path, SECRET_E_INVALID, "not a regular file");
  unlink(path);
  snprintf(path, sizeof path, "%s/link", folder);
  assert_int_equal(symlink(write_file(HEX, 0600), path), 0);
  expect_key(path, 0, NULL);
  assert_int_equal(chmod(write_file(HEX, 0644), 0644), 0);
  expect_key(path, SECRET_E_INVALID, "chmod 600");
  unlink(path);
}

static void expect_hashes(const char *content, int result, size_t count, const char *error) {
  struct config_errors errors = CONFIG_ERRORS_INIT;
  cleanup(freep) struct secret_hash *hashes = NULL;
  size_t got = 0;
  int r =
      secret_hashes_load(write_file(content, 0600), (struct config_mark){0}, "auth", &errors, &hashes, &got);
  assert_int_equal(r, result);
  if (r == 0) assert_int_equal(got, count);
  if (error != NULL) assert_non_null(strstr(errors.text.data, error));
  if (errors.text.data != NULL) assert_null(strstr(errors.text.data, "hunter2"));
  config_errors_deinit(&errors);
}

static void test_hashes(void **state) {
  expect_hashes("# keys\nsha256:" HEX " first\n\nsha256:" HEX "\n", 0, 2, NULL);
  expect_hashes("sha256:" HEX, 0, 1, NULL);
  expect_hashes("# none\n", SECRET_E_INVALID, 0, "holds no key");
  expect_hashes("sha256:" HEX "\nhunter2\n", SECRET_E_INVALID, 0, "line 2: not \"sha256:\"");
  expect_hashes("sha256:" HEX "00 name\n", SECRET_E_INVALID, 0, "line 1");
  expect_hashes("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 empty\n",
                SECRET_E_INVALID, 0, "hash of an empty key");
}

static void test_derive(void **state) {
  struct secret_key master = {{1, 2, 3}}, a = {0}, b = {0}, again = {0};
  assert_int_equal(secret_derive(&master, "personal:edoc", &a), 0);
  assert_int_equal(secret_derive(&master, "personal:health", &b), 0);
  assert_int_equal(secret_derive(&master, "personal:edoc", &again), 0);
  assert_memory_equal(a.bytes, again.bytes, sizeof a.bytes);
  assert_memory_not_equal(a.bytes, b.bytes, sizeof a.bytes);
  secret_wipe(&a, sizeof a);
  static const struct secret_key nothing;
  assert_memory_equal(a.bytes, nothing.bytes, sizeof a.bytes);
}

static int remove_folder(void **state) {
  char path[64];
  snprintf(path, sizeof path, "%s/key", folder);
  unlink(path);
  return rmdir(folder);
}

static int make_folder(void **state) { return mkdtemp(folder) == NULL ? -1 : 0; }

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_key), cmocka_unit_test(test_fifo_and_link),
                                     cmocka_unit_test(test_hashes), cmocka_unit_test(test_derive)};
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
