/*
 * HMAC-SHA-256 by OpenSSL's block function itself: its EVP layer costs more than the hash for texts this
 * short. What depends on the key only, the state after the padded key, is kept per thread for the key used
 * last, because a thread works on one source's payload at a time.
 */
#define OPENSSL_API_COMPAT 0x10100000L /* SHA256_Init and its fellows, without the deprecation */

#include "core/message/hmac.h"

#include <openssl/sha.h>

#include "core/message/event.h"

enum { BLOCK_BYTES = 64 };

struct key_state {
  bool ready;
  struct secret_key key;
  SHA256_CTX inner, outer;
};

static _Thread_local struct key_state cached[2]; /* ids and pseudonyms take turns */
static _Thread_local unsigned victim;

static void prepare(struct key_state *state, const struct secret_key *key) {
  uint8_t block[BLOCK_BYTES];
  memset(block, 0x36, sizeof block);
  for (size_t i = 0; i < SECRET_KEY_BYTES; i++) block[i] ^= key->bytes[i];
  SHA256_Init(&state->inner);
  SHA256_Update(&state->inner, block, sizeof block);
  for (size_t i = 0; i < sizeof block; i++) block[i] ^= 0x36 ^ 0x5c;
  SHA256_Init(&state->outer);
  SHA256_Update(&state->outer, block, sizeof block);
  state->key = *key;
  state->ready = true;
  secret_wipe(block, sizeof block);
}

static const struct key_state *state_of(const struct secret_key *key) {
  for (size_t i = 0; i < LENGTH_OF(cached); i++) {
    if (cached[i].ready && memcmp(cached[i].key.bytes, key->bytes, SECRET_KEY_BYTES) == 0) return &cached[i];
  }
  struct key_state *state = &cached[victim++ % LENGTH_OF(cached)];
  prepare(state, key);
  return state;
}

void hmac_sha256(const struct secret_key *key, const struct text *parts, size_t count,
                 uint8_t ret_mac[static 32]) {
  const struct key_state *state = state_of(key);
  SHA256_CTX hash = state->inner;
  for (size_t i = 0; i < count; i++) {
    if (parts[i].length != 0) SHA256_Update(&hash, parts[i].data, parts[i].length);
  }
  SHA256_Final(ret_mac, &hash);
  hash = state->outer;
  SHA256_Update(&hash, ret_mac, SHA256_DIGEST_LENGTH);
  SHA256_Final(ret_mac, &hash);
}

int sha256(struct text text, uint8_t ret_digest[static 32]) {
  SHA256_CTX hash;
  if (SHA256_Init(&hash) != 1) return -EIO;
  if (text.length != 0 && SHA256_Update(&hash, text.data, text.length) != 1) return -EIO;
  return SHA256_Final(ret_digest, &hash) == 1 ? 0 : -EIO;
}
