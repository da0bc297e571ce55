/*
 * originals.h: the sender's bytes of payloads that gave a dead letter, sealed on disk.
 *
 * Append-only AES-256-GCM files under a key per day, in STATE/originals, once per source and digest, with a
 * quota per source. A day's key is made at first use and stored wrapped by the master key; erasing it erases
 * the day. One writer thread does every write, fsync and rename; done is called on the loop. The files are
 * drawn in file.h.
 *
 * Which originals are there is found out at the start and remembered for 1,000,000 of them. A day that is
 * erased while the hub runs gives its room back at the next start; until then a payload of that day is not
 * kept anew.
 */
#ifndef CORE_ORIGINALS_H
#define CORE_ORIGINALS_H

#include "core/config/secret.h"
#include "core/metrics.h"

struct event_base;
struct originals;

struct original_value { /* what a rejection's `value` said: for repair, never in clear anywhere else */
  uint32_t record;
  struct text value;
};

struct original {
  const char *source, *connector;
  uint8_t digest[32]; /* SHA-256 of the payload's identity, as the pipeline computes it */
  int64_t received_us;
  struct text content_type, method, path, query, name;
  struct text body; /* the whole request body, also when a part of it was the payload */
  const struct original_value *values;
  size_t values_count;
};

/* -EKEYREJECTED: the master key does not open the key that today already has. metrics may be NULL. */
int originals_open(struct event_base *, struct metrics *, const char *state_dir,
                   const struct secret_key *master, struct originals **ret_originals) must_use;
void originals_close(struct originals *); /* waits for the writer; done is called for what was written */

/* Keeps it durably. done(context, 0) means it is on disk (also when it already was); ORIGINALS_E_FULL: the
 * source's quota is reached; negative errno: the disk's trouble. done comes later, never from inside this
 * call. The original is borrowed until done. Returns 0, or -ENOMEM or -ESHUTDOWN, then done does not come. */
#define ORIGINALS_E_FULL 1
int originals_keep(struct originals *, const struct original *, int64_t quota_bytes,
                   void (*done)(void *context, int result), void *context) must_use;

/* For `dead-letters show`: opens the one with this source and digest from a state directory, also of a
 * running hub. ORIGINALS_E_MISSING: not there (or its day was erased); ORIGINALS_E_KEY: the key does not open
 * it; -EBADMSG: it is damaged. */
#define ORIGINALS_E_MISSING 2
#define ORIGINALS_E_KEY 3
struct arena;
int originals_read(const char *state_dir, const struct secret_key *master, const char *source,
                   const uint8_t digest[static 32], struct arena *, struct original *ret_original) must_use;

#endif
