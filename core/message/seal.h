/*
 * seal.h: AES-256-GCM over a piece of bytes, with associated data.
 */
#ifndef CORE_MESSAGE_SEAL_H
#define CORE_MESSAGE_SEAL_H

#include "core/config/secret.h"

enum { SEAL_NONCE_BYTES = 12, SEAL_TAG_BYTES = 16 };

/* The nonce must never come twice under one key. out holds plain.length bytes, tag its 16. 0 or -errno. */
int seal(const struct secret_key *, const uint8_t nonce[static SEAL_NONCE_BYTES], struct text associated,
         struct text plain, uint8_t *out, uint8_t ret_tag[static SEAL_TAG_BYTES]) must_use;

/* -EBADMSG: key, nonce, associated data, bytes and tag do not belong together. */
int seal_open(const struct secret_key *, const uint8_t nonce[static SEAL_NONCE_BYTES], struct text associated,
              struct text sealed, const uint8_t tag[static SEAL_TAG_BYTES], uint8_t *out) must_use;

int random_bytes(void *out, size_t length) must_use;

#endif
