/*
 * Identity: keys by their hashes, networks by their bits, and all that proves nobody.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "core/net/auth.h"

/* SHA-256 of "open sesame" */
#define KEY_HASH "41ef4bb0b23661e66301aac36066912dac037827b4ae63a7b1165a5aa93ed4eb"

static char key_path[] = "/tmp/test_auth-XXXXXX";

static int write_keys(void **state) {
  static const char keys[] =
      "# keys\nsha256:0000000000000000000000000000000000000000000000000000000000000000 old\n"
      "sha256:" KEY_HASH " new\n";
  int fd = mkstemp(key_path);
  if (fd < 0 || fchmod(fd, 0600) < 0 || write(fd, keys, sizeof keys - 1) != (ssize_t)sizeof keys - 1)
    return -1;
  return close(fd);
}

static int remove_keys(void **state) { return unlink(key_path); }

static struct auth *make(const struct config_auth *config, unsigned errors_expected) {
  struct config_errors errors = CONFIG_ERRORS_INIT;
  struct auth *auth = NULL;
  assert_int_equal(auth_new(config, "source test", &errors, &auth), 0);
  if (errors.errors != errors_expected) fail_msg("%u errors: %s", errors.errors, errors.text.data);
  config_errors_deinit(&errors);
  return auth;
}

static struct auth *make_key_auth(void) {
  struct config_auth config = {.kind = CONFIG_AUTH_API_KEY, .header = "X-Api-Key", .file = key_path};
  return make(&config, 0);
}

static bool proves(const struct auth *auth, const struct http_header *headers, size_t count,
                   struct http_refusal *refusal) {
  struct http_head head = {.headers = headers, .headers_count = count};
  struct http_request request = {.head = &head, .peer = {.address = {[10] = 0xff, [11] = 0xff, [12] = 10}}};
  return auth_check(auth, &request, refusal);
}

static void test_api_key(void **state) {
  struct auth *auth cleanup(auth_freep) = make_key_auth();
  struct http_refusal refusal = {0};
  struct http_header good = {TEXT("x-api-key"), TEXT("open sesame")},
                     bad = {TEXT("x-api-key"), TEXT("open sesamf")};
  struct http_header empty = {TEXT("x-api-key"), TEXT("")}, other = {TEXT("x-api-kez"), TEXT("open sesame")};
  assert_true(proves(auth, &good, 1, &refusal));
  assert_false(auth_knows_peer(auth, &(struct net_peer){.address = {[15] = 1}}));
  assert_false(proves(auth, &bad, 1, &refusal));
  assert_int_equal(refusal.status, 401);
  assert_non_null(refusal.authenticate);
  assert_false(proves(auth, &empty, 1, &refusal));
  assert_false(proves(auth, &other, 1, &refusal));
  assert_false(proves(auth, NULL, 0, &refusal));
  assert_false(proves(auth, (struct http_header[]){good, good}, 2, &refusal));
  assert_false(proves(auth, (struct http_header[]){good, bad}, 2, &refusal));
  assert_true(proves(auth, (struct http_header[]){other, good}, 2, &refusal));
}

static bool network_proves(const char *network, const uint8_t address[16]) {
  const char *items[] = {network};
  struct hub_list list = {1, items};
  struct config_auth config = {.kind = CONFIG_AUTH_NETWORK, .networks = &list};
  struct auth *auth cleanup(auth_freep) = make(&config, 0);
  struct http_head head = {0};
  struct http_request request = {.head = &head};
  struct http_refusal refusal = {0};
  memcpy(request.peer.address, address, 16);
  bool proven = auth_check(auth, &request, &refusal);
  assert_int_equal(refusal.status, proven ? 0 : 403);
  assert_int_equal(auth_knows_peer(auth, &request.peer), proven);
  return proven;
}

static void test_network(void **state) {
  const uint8_t v4[16] = {[10] = 0xff, [11] = 0xff, 10, 1, 130, 7},
                v6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
  assert_true(network_proves("10.0.0.0/8", v4));
  assert_true(network_proves("10.1.128.0/17", v4));
  assert_false(network_proves("10.1.0.0/17", v4));
  assert_true(network_proves("10.1.130.7", v4));
  assert_true(network_proves("10.1.130.7/32", v4));
  assert_false(network_proves("10.1.130.6", v4));
  assert_true(network_proves("0.0.0.0/0", v4));
  assert_true(network_proves("::ffff:10.1.130.0/120", v4));
  assert_false(network_proves("::/0", v4));
  assert_false(network_proves("0.0.0.0/0", v6));
  assert_true(network_proves("::/0", v6));
  assert_true(network_proves("2001:db8::/32", v6));
  assert_true(network_proves("2001:db8::1", v6));
  assert_false(network_proves("2001:db8::2", v6));
  assert_false(network_proves("2001:db9::/32", v6));
}

static void test_mistakes_are_errors(void **state) {
  static const char *const wrong[] = {"10.0.0.0/33",
                                      "10.0.0.1/8",
                                      "10.0.0",
                                      "",
                                      "::/129",
                                      "10.0.0.0/",
                                      "10.0.0.0/8x",
                                      "10.0.0.0/-1",
                                      "localhost",
                                      "2001:db8::1/64",
                                      "1111:2222:3333:4444:5555:6666:7777:8888:9999:0000:1111"};
  struct hub_list list = {LENGTH_OF(wrong), wrong}, none = {0, NULL};
  struct config_auth networks = {.kind = CONFIG_AUTH_NETWORK, .networks = &list};
  struct config_auth no_network = {.kind = CONFIG_AUTH_NETWORK, .networks = &none};
  struct config_auth no_file = {
      .kind = CONFIG_AUTH_API_KEY, .header = "X-Api-Key", .file = "/nonexistent/keys"};
  struct config_auth bad_header = {.kind = CONFIG_AUTH_API_KEY, .header = "X Api", .file = key_path};
  auth_free(make(&networks, LENGTH_OF(wrong)));
  auth_free(make(&no_network, 1));
  auth_free(make(&no_file, 1));
  auth_free(make(&bad_header, 1));
}

static void test_any_way_suffices_and_none_proves_nobody(void **state) {
  const char *items[] = {"10.0.0.0/8"};
  struct hub_list list = {1, items};
  struct config_auth network = {.kind = CONFIG_AUTH_NETWORK, .networks = &list};
  struct config_auth key = {
      .next = &network, .kind = CONFIG_AUTH_API_KEY, .header = "X-Api-Key", .file = key_path};
  struct auth *both cleanup(auth_freep) = make(&key, 0);
  struct auth *none cleanup(auth_freep) = make(NULL, 0);
  struct http_refusal refusal = {0};
  assert_true(proves(both, NULL, 0, &refusal));
  assert_false(proves(none, NULL, 0, &refusal));
  assert_int_equal(refusal.status, 403);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_api_key),
      cmocka_unit_test(test_network),
      cmocka_unit_test(test_mistakes_are_errors),
      cmocka_unit_test(test_any_way_suffices_and_none_proves_nobody),
  };
  return cmocka_run_group_tests(tests, write_keys, remove_keys);
}
