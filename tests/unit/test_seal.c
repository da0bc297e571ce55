/* Sealing: what was sealed opens, and nothing else does. */
#include "core/message/seal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct secret_key key = {"0123456789abcdef0123456789abcdef"};
static const uint8_t nonce[SEAL_NONCE_BYTES] = {1, 2, 3};

static void test_opens_what_was_sealed(void **state) {
  char plain[100];
  for (size_t length = 0; length <= sizeof plain; length += 10) {
    uint8_t sealed[100], opened[100], tag[SEAL_TAG_BYTES];
    memset(plain, (int)length, sizeof plain);
    assert_int_equal(seal(&key, nonce, TEXT("about"), (struct text){plain, length}, sealed, tag), 0);
    assert_true(length == 0 || memcmp(sealed, plain, length) != 0);
    struct text bytes = {(const char *)sealed, length};
    assert_int_equal(seal_open(&key, nonce, TEXT("about"), bytes, tag, opened), 0);
    assert_memory_equal(opened, plain, length);
  }
}

static void test_refuses_what_does_not_belong_together(void **state) {
  uint8_t sealed[5], opened[5], tag[SEAL_TAG_BYTES];
  assert_int_equal(seal(&key, nonce, TEXT("about"), TEXT("plain"), sealed, tag), 0);
  struct text bytes = {(const char *)sealed, sizeof sealed};
  struct secret_key other = key;
  other.bytes[31] ^= 1;
  assert_int_equal(seal_open(&other, nonce, TEXT("about"), bytes, tag, opened), -EBADMSG);
  assert_int_equal(seal_open(&key, (uint8_t[SEAL_NONCE_BYTES]){9}, TEXT("about"), bytes, tag, opened),
                   -EBADMSG);
  assert_int_equal(seal_open(&key, nonce, TEXT("abouT"), bytes, tag, opened), -EBADMSG);
  assert_int_equal(seal_open(&key, nonce, TEXT("about"), (struct text){bytes.data, 4}, tag, opened),
                   -EBADMSG);
  tag[0] ^= 1;
  assert_int_equal(seal_open(&key, nonce, TEXT("about"), bytes, tag, opened), -EBADMSG);
  tag[0] ^= 1;
  sealed[0] ^= 1;
  memset(opened, 'o', sizeof opened);
  assert_int_equal(seal_open(&key, nonce, TEXT("about"), bytes, tag, opened), -EBADMSG);
  assert_memory_equal(opened, "\0\0\0\0\0", 5);
}

static void test_random_bytes_differ(void **state) {
  uint8_t a[1000] = {0}, b[1000] = {0};
  assert_int_equal(random_bytes(a, sizeof a), 0);
  assert_int_equal(random_bytes(b, sizeof b), 0);
  assert_memory_not_equal(a, b, sizeof a);
  assert_memory_not_equal(a + 968, (uint8_t[32]){0}, 32);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_opens_what_was_sealed),
      cmocka_unit_test(test_refuses_what_does_not_belong_together),
      cmocka_unit_test(test_random_bytes_differ),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
