/*
 * secret.h: secrets come from files, and leave memory wiped.
 *
 * A secret's file is a regular file, not readable or writable by group or others, owned by root or the hub's
 * user.
 */
#ifndef CORE_CONFIG_SECRET_H
#define CORE_CONFIG_SECRET_H

#include "core/config/errors.h"

enum { SECRET_KEY_BYTES = 32 };

struct secret_key {
  uint8_t bytes[SECRET_KEY_BYTES];
};

/* Reads a key file: 64 hex digits, a line end allowed. Mistakes go to errors at mark/item (never the
 * content). */
#define SECRET_E_INVALID 1
int secret_key_load(const char *path, struct config_mark, const char *item, struct config_errors *,
                    struct secret_key *ret_key) must_use;

/* An API key file: one line a valid key, "sha256:HEX [name]", '#' comments; two keys may be valid at once. */
struct secret_hash {
  uint8_t sha256[32];
};
int secret_hashes_load(const char *path, struct config_mark, const char *item, struct config_errors *,
                       struct secret_hash **ret_hashes, size_t *ret_count) must_use;

/* key = HMAC-SHA-256(master, label): a key for one use or one domain. */
int secret_derive(const struct secret_key *master, const char *label, struct secret_key *ret_key) must_use;

void secret_wipe(void *memory, size_t bytes);

#endif
