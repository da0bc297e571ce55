/*
 * Sealing by OpenSSL's AES-256-GCM. EVP takes lengths as int, so a piece is at most INT_MAX bytes.
 */
#include "core/message/seal.h"

#include <limits.h>
#include <openssl/evp.h>
#include <sys/random.h>

static void cipher_freep(EVP_CIPHER_CTX **context) { EVP_CIPHER_CTX_free(*context); }

/* One direction of it all but the tag; out takes as many bytes as come in. */
static int run(EVP_CIPHER_CTX *context, const struct secret_key *key, const uint8_t *nonce,
               struct text associated, struct text in, uint8_t *out, int encrypt) {
  if (in.length > INT_MAX || associated.length > INT_MAX) return -EFBIG;
  int length;
  if (EVP_CipherInit_ex(context, EVP_aes_256_gcm(), NULL, key->bytes, nonce, encrypt) != 1) return -EIO;
  if (associated.length != 0 && EVP_CipherUpdate(context, NULL, &length, (const uint8_t *)associated.data,
                                                 (int)associated.length) != 1) {
    return -EIO;
  }
  if (in.length != 0 &&
      EVP_CipherUpdate(context, out, &length, (const uint8_t *)in.data, (int)in.length) != 1) {
    return -EIO;
  }
  return 0;
}

int seal(const struct secret_key *key, const uint8_t nonce[static SEAL_NONCE_BYTES], struct text associated,
         struct text plain, uint8_t *out, uint8_t ret_tag[static SEAL_TAG_BYTES]) {
  cleanup(cipher_freep) EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
  if (context == NULL) return -ENOMEM;
  int r = run(context, key, nonce, associated, plain, out, 1);
  if (r < 0) return r;
  uint8_t none[16];
  int length;
  if (EVP_CipherFinal_ex(context, none, &length) != 1) return -EIO;
  return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, SEAL_TAG_BYTES, ret_tag) == 1 ? 0 : -EIO;
}

int seal_open(const struct secret_key *key, const uint8_t nonce[static SEAL_NONCE_BYTES],
              struct text associated, struct text sealed, const uint8_t tag[static SEAL_TAG_BYTES],
              uint8_t *out) {
  cleanup(cipher_freep) EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
  if (context == NULL) return -ENOMEM;
  int r = run(context, key, nonce, associated, sealed, out, 0);
  if (r < 0) return r;
  uint8_t expected[SEAL_TAG_BYTES], none[16];
  memcpy(expected, tag, sizeof expected);
  int length;
  if (EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, SEAL_TAG_BYTES, expected) != 1) return -EIO;
  if (EVP_CipherFinal_ex(context, none, &length) == 1) return 0;
  secret_wipe(out, sealed.length); /* what does not belong together is nobody's plain text */
  return -EBADMSG;
}

int random_bytes(void *out, size_t length) {
  for (size_t done = 0; done < length;) {
    ssize_t n = getrandom((char *)out + done, length - done, 0);
    if (n < 0 && errno != EINTR) return -errno;
    if (n > 0) done += (size_t)n;
  }
  return 0;
}
