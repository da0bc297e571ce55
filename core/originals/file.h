/*
 * file.h: the files that hold originals, one record after the other, and the days' keys.
 *
 * A FILE `DAY[-n].orig`, numbers little-endian:
 *
 *   0  8  "IOCHORIG"                           each record:
 *   8  4  version, 1                            0  4  "orec"
 *  12  4  zero                                  4  4  CRC-32 of the rest of the head with the source
 *  16     records                               8  8  length of what follows the source
 *                                              16 32  digest of the payload
 *   plain text of a record:                    48 16  salt
 *   0  4  length of the meta data              64  2  length of the source's name
 *   4     meta data: received_us (8), then     66  2  zero
 *         connector, content type, method,     68     source
 *         path, query, name (each length 4           chunks: at most 64 KiB sealed, and 16 of tag
 *         and bytes), count of values (4),
 *         each value: record (4), length (4), bytes
 *         body, to the end
 *
 * Key of a record = HMAC(key of the day, "original" and salt); nonce of a chunk = its number; associated data
 * = the whole head, the number, and whether it is the last. So a record cannot be cut, mixed or moved to
 * another source.
 *
 * A KEY `DAY.key`: "IOCHOKEY", version (4), nonce (12), the day's key sealed by the master key (32), tag
 * (16); associated data = the first 12 bytes and the day. What is torn at a file's end is no record: readers
 * stop there.
 */
#ifndef CORE_ORIGINALS_FILE_H
#define CORE_ORIGINALS_FILE_H

#include "core/arena.h"
#include "core/originals/originals.h"

enum {
  ORIGINALS_HEADER_BYTES = 16,
  ORIGINALS_HEAD_BYTES = 68,
  ORIGINALS_SALT_BYTES = 16,
  ORIGINALS_SOURCE_MAX = 255,
  ORIGINALS_CHUNK_BYTES = 64 * 1024,
  ORIGINALS_DAY_TEXT = 11, /* "2026-07-12" */
};

struct originals_head { /* of one record, as a scan finds it */
  uint64_t offset, sealed_offset, sealed_bytes;
  uint8_t digest[32], salt[ORIGINALS_SALT_BYTES];
  char source[ORIGINALS_SOURCE_MAX + 1];
  uint8_t raw[ORIGINALS_HEAD_BYTES + ORIGINALS_SOURCE_MAX]; /* as associated data */
  size_t raw_bytes;
};

/* ORIGINALS_E_MISSING: no such key (never made, or erased). ORIGINALS_E_KEY: the master key does not open it.
 * */
int originals_key_load(int directory, const char *day, const struct secret_key *master,
                       struct secret_key *ret_key) must_use;
/* Makes a key and puts it into place atomically and durably. */
int originals_key_make(int directory, const char *day, const struct secret_key *master,
                       struct secret_key *ret_key) must_use;

/* Length that a record of this original has in a file; what a quota counts. */
uint64_t originals_record_bytes(const struct original *);

struct originals_sealer; /* memory for one chunk; one a writer */
int originals_sealer_new(struct originals_sealer **ret_sealer) must_use;
void originals_sealer_free(struct originals_sealer *);

int originals_header_write(int fd) must_use;

/* Writes one record at offset. -ENAMETOOLONG, -EMSGSIZE: it does not fit the format. Nothing is synced. */
int originals_record_write(struct originals_sealer *, int fd, uint64_t offset,
                           const struct secret_key *day_key, const struct original *) must_use;

/* 0 when fd starts like a file of originals, else -EBADMSG or the read's error. */
int originals_header_check(int fd) must_use;

/* The record at offset: 1, *ret_head is filled and the next one is at sealed_offset + sealed_bytes; 0: the
 * end, or what follows is not a whole record; or -errno. */
int originals_head_read(int fd, uint64_t offset, uint64_t file_bytes,
                        struct originals_head *ret_head) must_use;

/* Opens a record into the arena. -EBADMSG: it is damaged or not sealed under this key. */
int originals_record_read(int fd, const struct originals_head *, const struct secret_key *day_key,
                          struct arena *, struct original *ret_original) must_use;

#endif
