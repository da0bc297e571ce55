/* Event ids and the hashes they are made of. */
#include "core/message/event.h"

#include <openssl/hmac.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/message/hmac.h"

static const struct secret_key key = {"0123456789abcdef0123456789abcdef"};

static void test_hmac_agrees_with_openssl(void **state) {
  char text[300];
  memset(text, 'x', sizeof text);
  struct secret_key other = key;
  for (size_t length = 0; length < sizeof text; length += 13) {
    uint8_t ours[32], theirs[32];
    unsigned theirs_length = sizeof theirs;
    other.bytes[length % SECRET_KEY_BYTES]++;
    const struct text parts[] = {{text, length / 3}, {text, length - length / 3}};
    hmac_sha256(&other, parts, 2, ours);
    assert_non_null(
        HMAC(EVP_sha256(), other.bytes, sizeof other.bytes, (uint8_t *)text, length, theirs, &theirs_length));
    assert_memory_equal(ours, theirs, 32);
    hmac_sha256(&key, parts, 2, ours);
    HMAC(EVP_sha256(), key.bytes, sizeof key.bytes, (uint8_t *)text, length, theirs, &theirs_length);
    assert_memory_equal(ours, theirs, 32);
  }
}

static void test_sha256_of_the_standard_example(void **state) {
  static const uint8_t expected[] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
                                     0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
                                     0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
  uint8_t digest[32];
  assert_int_equal(sha256(TEXT("abc"), digest), 0);
  assert_memory_equal(digest, expected, 32);
}

static struct event_id make(const struct event_identity *identity) {
  struct event_id id;
  assert_int_equal(event_id_make(&key, identity, &id), 0);
  return id;
}

static bool same(struct event_id a, struct event_id b) {
  return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}

static void test_the_id_covers_every_part(void **state) {
  const struct event_identity identity = {TEXT("scope"), TEXT("type"), TEXT("key"), TEXT("version"), NULL};
  struct event_id id = make(&identity), previous = {{1}};
  assert_true(same(id, make(&identity)));
  struct event_identity other = identity;
  other.scope = TEXT("scop"), other.type = TEXT("etype");
  assert_false(same(id, make(&other)));
  other = identity, other.native_key = TEXT("keyv"), other.version = TEXT("ersion");
  assert_false(same(id, make(&other)));
  other = identity, other.version = TEXT("");
  assert_false(same(id, make(&other)));
  other = identity, other.previous = &previous;
  assert_false(same(id, make(&other)));
}

static void test_the_id_is_a_uuid_of_version_8(void **state) {
  for (char c = 'a'; c <= 'z'; c++) {
    struct event_id id = make(&(struct event_identity){.native_key = {&c, 1}}), back;
    assert_int_equal(id.bytes[6] >> 4, 8);
    assert_int_equal(id.bytes[8] >> 6, 2);
    char text[EVENT_ID_TEXT];
    event_id_text(id, text);
    assert_int_equal(strlen(text), 36);
    assert_true(event_id_parse(text_of(text), &back));
    assert_true(same(id, back));
  }
}

static void test_refuses_texts_that_are_no_id(void **state) {
  static const char *const texts[] = {
      "",
      "608828ef-36b5-87f3-81c1-dfa9580e0ea",
      "608828ef-36b5-87f3-81c1-dfa9580e0eaz",
      "608828ef036b5-87f3-81c1-dfa9580e0ea2",
      "608828ef-36b5-87f3-81c1-dfa9580e0ea22",
  };
  struct event_id id;
  for (size_t i = 0; i < LENGTH_OF(texts); i++) assert_false(event_id_parse(text_of(texts[i]), &id));
  assert_true(event_id_parse(TEXT("608828EF-36b5-87f3-81c1-dfa9580e0ea2"), &id));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_hmac_agrees_with_openssl),
      cmocka_unit_test(test_sha256_of_the_standard_example),
      cmocka_unit_test(test_the_id_covers_every_part),
      cmocka_unit_test(test_the_id_is_a_uuid_of_version_8),
      cmocka_unit_test(test_refuses_texts_that_are_no_id),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
