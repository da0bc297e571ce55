/*
 * hmac.h: HMAC-SHA-256 of short texts under a key that is used again and again.
 */
#ifndef CORE_MESSAGE_HMAC_H
#define CORE_MESSAGE_HMAC_H

#include "core/config/secret.h"

/* HMAC over the concatenation of the parts. */
void hmac_sha256(const struct secret_key *, const struct text *parts, size_t count,
                 uint8_t ret_mac[static 32]);

#endif
