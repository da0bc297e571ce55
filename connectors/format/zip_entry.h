/*
 * zip_entry.h: a ZIP archive that holds exactly one file, read as a stream.
 *
 * The archive is believed only when its local header, its data, its central directory and its end record
 * agree in everything: one entry, at the start, its name, method, sizes and CRC, nothing between and nothing
 * behind. Whatever disagrees, is encrypted, has another method than stored and deflated, or is stored without
 * a size in front, is not "one file". Zip64 records are understood.
 */
#ifndef FORMAT_ZIP_ENTRY_H
#define FORMAT_ZIP_ENTRY_H

#include "connectors/format/inflate.h"

enum { ZIP_HEAD_MAX = 2048, ZIP_TAIL_MAX = 8192 };

#define ZIP_E_NOT_ONE 1   /* not one file, or not a sound archive */
#define ZIP_E_TOO_LARGE 2 /* the bounds of inflate.h */

struct zip_entry {
  enum { ZIP_HEAD, ZIP_DATA, ZIP_TAIL, ZIP_OVER } state;
  int verdict; /* ZIP_E_…, once ZIP_OVER */
  struct inflate inflate;
  struct inflate_output output;
  unsigned char head[ZIP_HEAD_MAX]; /* local header, name, extra */
  unsigned char tail[ZIP_TAIL_MAX]; /* all behind the data */
  size_t head_length, head_wanted, tail_length;
  uint64_t position;     /* in the archive */
  uint64_t packed, size; /* bytes of data seen, and what came of them */
  uint64_t stored_size;
  uint32_t crc;
};

/* The bytes of the file go to `output` as they are found; they mean something only if zip_entry_finish() says
 * so. */
void zip_entry_open(struct zip_entry *, const struct inflate_output *output);
/* May be called of a zeroed one. */
void zip_entry_close(struct zip_entry *);

/* Returns 0 or a negative errno. */
int zip_entry_feed(struct zip_entry *, struct text);

/* 0: one file, whose name (in the archive's own bytes, valid until close) is given. Else ZIP_E_…. */
int zip_entry_finish(struct zip_entry *, struct text *ret_name);

#endif
