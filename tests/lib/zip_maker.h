/*
 * zip_maker.h: makes ZIP archives for tests, sound ones and, by their records' own numbers, others.
 */
#ifndef TESTS_LIB_ZIP_MAKER_H
#define TESTS_LIB_ZIP_MAKER_H

#include "connectors/format/text.h"

#include <stdlib.h>
#include <zlib.h>

struct zip_maker {
  unsigned char *data;
  size_t length, room;
  unsigned char *directory; /* the central directory so far */
  size_t directory_length, directory_room;
  unsigned entries;
};

struct zip_oddity { /* what one file has unlike a sound one; zeroed: nothing */
  bool stored;
  unsigned flags, method; /* or-ed to both records; method in place of deflated */
  uint32_t crc_xor;       /* into the central directory's and the local record's CRC */
  uint32_t size;          /* in place of the true one, in both records */
  uint32_t packed;
  struct text central_name; /* in place of the local one */
};

static inline void zip_put(unsigned char **data, size_t *length, size_t *room, const void *bytes, size_t n) {
  if (*length + n > *room) {
    *room = 2 * (*length + n);
    *data = realloc(*data, *room);
    if (*data == NULL) abort();
  }
  if (n != 0) memcpy(*data + *length, bytes, n);
  *length += n;
}

static inline void zip_put_bytes(struct zip_maker *zip, const void *bytes, size_t n) {
  zip_put(&zip->data, &zip->length, &zip->room, bytes, n);
}

static inline void zip_put_directory(struct zip_maker *zip, const void *bytes, size_t n) {
  zip_put(&zip->directory, &zip->directory_length, &zip->directory_room, bytes, n);
}

static inline void zip_number(unsigned char *to, uint32_t value, unsigned width) {
  for (unsigned i = 0; i < width; i++) to[i] = (unsigned char)(value >> (8 * i));
}

static inline struct text zip_deflate(struct text plain) {
  size_t room = compressBound((uLong)plain.length) + 16;
  unsigned char *out = malloc(room);
  z_stream stream = {.next_in = (z_const Bytef *)(uintptr_t)plain.data,
                     .avail_in = (uInt)plain.length,
                     .next_out = out,
                     .avail_out = (uInt)room};
  if (out == NULL || deflateInit2(&stream, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY) != Z_OK) abort();
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) abort();
  size_t length = stream.total_out;
  deflateEnd(&stream);
  return (struct text){(char *)out, length};
}

/* The 26 bytes that local record and directory share, from "version needed" on. */
static inline void zip_common(unsigned char common[26], const struct zip_oddity *odd, struct text plain,
                              size_t packed, size_t name) {
  memset(common, 0, 26);
  zip_number(common, 20, 2);
  zip_number(common + 2, odd->flags, 2);
  zip_number(common + 4, odd->stored ? 0 : odd->method != 0 ? odd->method : 8, 2);
  zip_number(common + 8, 0x21, 2);
  zip_number(common + 10, (uint32_t)crc32(0, (const Bytef *)plain.data, (uInt)plain.length) ^ odd->crc_xor,
             4);
  zip_number(common + 14, odd->packed != 0 ? odd->packed : (uint32_t)packed, 4);
  zip_number(common + 18, odd->size != 0 ? odd->size : (uint32_t)plain.length, 4);
  zip_number(common + 22, (uint32_t)name, 2);
}

static inline void zip_add_odd(struct zip_maker *zip, struct text name, struct text plain,
                               const struct zip_oddity *odd) {
  static const unsigned char none[14] = {0};
  struct text central = odd->central_name.data != NULL ? odd->central_name : name;
  struct text packed = odd->stored ? plain : zip_deflate(plain);
  unsigned char common[26], offset[4];
  zip_number(offset, (uint32_t)zip->length, 4);
  zip_common(common, odd, plain, packed.length, name.length);
  zip_put_bytes(zip, "PK\3\4", 4);
  zip_put_bytes(zip, common, 26);
  zip_put_bytes(zip, name.data, name.length);
  zip_put_bytes(zip, packed.data, packed.length);
  zip_common(common, odd, plain, packed.length, central.length);
  zip_put_directory(zip, "PK\1\2\24\0", 6);
  zip_put_directory(zip, common, 26);
  zip_put_directory(zip, none, 10);
  zip_put_directory(zip, offset, 4);
  zip_put_directory(zip, central.data, central.length);
  zip->entries++;
  if (!odd->stored) free((void *)(uintptr_t)packed.data);
}

static inline void zip_add(struct zip_maker *zip, const char *name, struct text plain) {
  zip_add_odd(zip, text_of(name), plain, &(struct zip_oddity){.stored = false});
}

/* Directory and end record; the bytes are valid until zip_free(). */
static inline struct text zip_finish(struct zip_maker *zip, struct text comment) {
  unsigned char end[22] = "PK\5\6";
  zip_number(end + 8, zip->entries, 2);
  zip_number(end + 10, zip->entries, 2);
  zip_number(end + 12, (uint32_t)zip->directory_length, 4);
  zip_number(end + 16, (uint32_t)zip->length, 4);
  zip_number(end + 20, (uint32_t)comment.length, 2);
  zip_put_bytes(zip, zip->directory, zip->directory_length);
  zip_put_bytes(zip, end, sizeof(end));
  zip_put_bytes(zip, comment.data, comment.length);
  return (struct text){(char *)zip->data, zip->length};
}

static inline void zip_free(struct zip_maker *zip) {
  free(zip->data);
  free(zip->directory);
  *zip = (struct zip_maker){NULL};
}

#endif
