/*
 * zip_entry.c: reads a single-file ZIP archive forwards and then has every record of it confirm the others.
 *
 * A stream is read by its local header, but readers elsewhere go by the central directory: an archive made to
 * show two faces must fail here. So the records behind the data are kept (8 KiB at most, more is no
 * single-file archive) and compared field by field when the stream ends.
 */
#include "connectors/format/zip_entry.h"

#include <errno.h>

enum { LOCAL_SIZE = 30, CENTRAL_SIZE = 46, END_SIZE = 22, END64_SIZE = 56, LOCATOR_SIZE = 20 };
enum {
  LOCAL = 0x04034b50,
  CENTRAL = 0x02014b50,
  END = 0x06054b50,
  END64 = 0x06064b50,
  LOCATOR = 0x07064b50,
  DESCRIPTOR = 0x08074b50
};
enum { FLAG_ENCRYPTED = 1, FLAG_DESCRIPTOR = 8, FLAGS_REFUSED = FLAG_ENCRYPTED | 1 << 5 | 1 << 6 | 1 << 13 };
enum { STORED = 0, DEFLATED = 8 };

static unsigned u16(const unsigned char *p) { return p[0] | (unsigned)p[1] << 8; }
static uint32_t u32(const unsigned char *p) { return u16(p) | (uint32_t)u16(p + 2) << 16; }
static uint64_t u64(const unsigned char *p) { return u32(p) | (uint64_t)u32(p + 4) << 32; }

void zip_entry_open(struct zip_entry *zip, const struct inflate_output *output) {
  memset(zip, 0, offsetof(struct zip_entry, head));
  zip->output = *output;
  zip->head_length = zip->tail_length = 0;
  zip->head_wanted = LOCAL_SIZE;
  zip->position = zip->packed = zip->size = zip->stored_size = 0;
  zip->crc = 0;
}

void zip_entry_close(struct zip_entry *zip) { inflate_close(&zip->inflate); }

static void give_up(struct zip_entry *zip, int verdict) {
  zip->state = ZIP_OVER;
  zip->verdict = verdict;
  inflate_close(&zip->inflate);
}

/* ---- Sizes, 32 or 64 bits wide ------------------------------------------------------------------------- */

struct sizes {
  uint64_t plain, packed, offset;
};

/* The zip64 field of an extra block, whose members stand only for those that are all ones in the record
 * itself. */
static bool read_zip64(struct text extra, struct sizes *sizes) {
  const unsigned char *p = (const unsigned char *)extra.data;
  size_t left = extra.length;
  uint64_t *const wanted[] = {&sizes->plain, &sizes->packed, &sizes->offset};
  while (left >= 4 && u16(p) != 1) {
    size_t length = 4 + (size_t)u16(p + 2);
    if (length > left) return false;
    p += length, left -= length;
  }
  if (left < 4) left = 0;
  else left = u16(p + 2) <= left - 4 ? u16(p + 2) : 0, p += 4;
  for (size_t i = 0; i < 3; i++) {
    if (*wanted[i] != UINT32_MAX) continue;
    if (left < 8) return false;
    *wanted[i] = u64(p);
    p += 8, left -= 8;
  }
  return true;
}

static bool read_local_sizes(const struct zip_entry *zip, struct sizes *ret_sizes) {
  size_t name_length = u16(zip->head + 26), extra_length = u16(zip->head + 28);
  *ret_sizes = (struct sizes){.packed = u32(zip->head + 18), .plain = u32(zip->head + 22)};
  return read_zip64((struct text){(const char *)zip->head + LOCAL_SIZE + name_length, extra_length},
                    ret_sizes);
}

/* ---- Forwards ------------------------------------------------------------------------------------------ */

static int begin_data(struct zip_entry *zip) {
  unsigned flags = u16(zip->head + 6), method = u16(zip->head + 8);
  size_t name_length = u16(zip->head + 26);
  struct sizes sizes;
  bool descriptor = (flags & FLAG_DESCRIPTOR) != 0;
  bool sound = (flags & FLAGS_REFUSED) == 0 && (method == DEFLATED || (method == STORED && !descriptor)) &&
               name_length != 0 && zip->head[LOCAL_SIZE + name_length - 1] != '/' &&
               read_local_sizes(zip, &sizes);
  if (!sound) {
    give_up(zip, ZIP_E_NOT_ONE);
    return 0;
  }
  zip->state = ZIP_DATA;
  zip->stored_size = sizes.packed;
  if (method == STORED && zip->stored_size == 0) zip->state = ZIP_TAIL;
  return method == DEFLATED ? inflate_open(&zip->inflate) : 0;
}

static int take_head(struct zip_entry *zip, struct text *in) {
  size_t n = zip->head_wanted - zip->head_length;
  if (n > in->length) n = in->length;
  memcpy(zip->head + zip->head_length, in->data, n);
  zip->head_length += n;
  in->data += n, in->length -= n;
  if (zip->head_length < zip->head_wanted) return 0;
  if (zip->head_length == LOCAL_SIZE) {
    zip->head_wanted = LOCAL_SIZE + (size_t)u16(zip->head + 26) + u16(zip->head + 28);
    if (u32(zip->head) != LOCAL || zip->head_wanted > ZIP_HEAD_MAX) give_up(zip, ZIP_E_NOT_ONE);
    if (zip->state == ZIP_OVER || zip->head_wanted > LOCAL_SIZE) return 0;
  }
  return begin_data(zip);
}

static int take_plain(void *context, struct text piece) {
  struct zip_entry *zip = context;
  zip->size += piece.length;
  zip->crc = (uint32_t)crc32(zip->crc, (const Bytef *)piece.data, (uInt)piece.length);
  return zip->output.take(zip->output.context, piece);
}

static int take_stored(struct zip_entry *zip, struct text *in) {
  uint64_t left = zip->stored_size - zip->packed;
  size_t n = in->length < left ? in->length : (size_t)left;
  int r = take_plain(zip, (struct text){in->data, n});
  in->data += n, in->length -= n;
  zip->packed += n;
  if (zip->packed == zip->stored_size) zip->state = ZIP_TAIL;
  return r;
}

static int take_deflated(struct zip_entry *zip, struct text *in) {
  size_t taken = 0;
  int r = inflate_feed(&zip->inflate, *in, &(struct inflate_output){zip, take_plain}, &taken);
  in->data += taken, in->length -= taken;
  zip->packed += taken;
  if (r < 0) return r;
  if (r == INFLATE_END) zip->state = ZIP_TAIL;
  else if (r == INFLATE_E_TOO_LARGE) give_up(zip, ZIP_E_TOO_LARGE);
  else if (r != 0 || in->length != 0) give_up(zip, ZIP_E_NOT_ONE);
  return 0;
}

static void take_tail(struct zip_entry *zip, struct text *in) {
  if (in->length > ZIP_TAIL_MAX - zip->tail_length) {
    give_up(zip, ZIP_E_NOT_ONE);
    return;
  }
  memcpy(zip->tail + zip->tail_length, in->data, in->length);
  zip->tail_length += in->length;
  in->length = 0;
}

int zip_entry_feed(struct zip_entry *zip, struct text in) {
  int r = 0;
  while (r == 0 && in.length != 0 && zip->state != ZIP_OVER) {
    size_t before = in.length;
    bool in_tail = zip->state == ZIP_TAIL;
    if (zip->state == ZIP_HEAD) r = take_head(zip, &in);
    else if (in_tail) take_tail(zip, &in);
    else if (u16(zip->head + 8) == STORED) r = take_stored(zip, &in);
    else r = take_deflated(zip, &in);
    if (!in_tail) zip->position += before - in.length;
  }
  return r;
}

/* ---- Backwards: do the records agree? ------------------------------------------------------------------ */

struct tail { /* what is left of the tail, and its place in the archive */
  const unsigned char *p;
  size_t left;
  uint64_t at;
};

static void skip(struct tail *tail, size_t bytes) {
  tail->p += bytes;
  tail->left -= bytes;
  tail->at += bytes;
}

static bool is_next(const struct tail *tail, uint32_t signature, size_t size) {
  return tail->left >= size && u32(tail->p) == signature;
}

/* CRC and sizes behind the data: with or without a signature, sizes of 4 or 8 bytes. The one is right that
 * the central directory follows. */
static bool skip_descriptor(const struct zip_entry *zip, struct tail *tail) {
  for (size_t width = 4; width <= 8; width += 4)
    for (size_t lead = 0; lead <= 4; lead += 4) {
      size_t length = lead + 4 + 2 * width;
      const unsigned char *p = tail->p + lead;
      if (tail->left < length + 4 || u32(tail->p + length) != CENTRAL) continue;
      if (lead != 0 && u32(tail->p) != DESCRIPTOR) continue;
      uint64_t packed = width == 4 ? u32(p + 4) : u64(p + 4), plain = width == 4 ? u32(p + 8) : u64(p + 12);
      if (u32(p) != zip->crc || packed != zip->packed || plain != zip->size) continue;
      skip(tail, length);
      return true;
    }
  return false;
}

static bool local_agrees(const struct zip_entry *zip) {
  struct sizes sizes;
  return read_local_sizes(zip, &sizes) && u32(zip->head + 14) == zip->crc && sizes.packed == zip->packed &&
         sizes.plain == zip->size;
}

/* The one entry of the central directory. */
static bool skip_central(const struct zip_entry *zip, struct tail *tail) {
  const unsigned char *p = tail->p;
  if (!is_next(tail, CENTRAL, CENTRAL_SIZE)) return false;
  size_t name = u16(p + 28), extra = u16(p + 30), length = CENTRAL_SIZE + name + extra + u16(p + 32);
  if (length > tail->left) return false;
  struct sizes sizes = {.packed = u32(p + 20), .plain = u32(p + 24), .offset = u32(p + 42)};
  bool agrees = u16(p + 8) == u16(zip->head + 6) && u16(p + 10) == u16(zip->head + 8) &&
                u32(p + 16) == zip->crc && name == u16(zip->head + 26) &&
                memcmp(p + CENTRAL_SIZE, zip->head + LOCAL_SIZE, name) == 0 &&
                read_zip64((struct text){(const char *)p + CENTRAL_SIZE + name, extra}, &sizes) &&
                sizes.packed == zip->packed && sizes.plain == zip->size && sizes.offset == 0;
  skip(tail, length);
  return agrees;
}

/* The zip64 end record and its locator, where there are any. */
static bool skip_end64(struct tail *tail, uint64_t central_at, uint64_t central_length) {
  if (!is_next(tail, END64, END64_SIZE)) return true;
  const unsigned char *p = tail->p;
  uint64_t end_at = tail->at, rest = u64(p + 4);
  if (rest < END64_SIZE - 12 || rest > tail->left - 12) return false;
  if (u64(p + 24) != 1 || u64(p + 32) != 1 || u64(p + 40) != central_length || u64(p + 48) != central_at)
    return false;
  skip(tail, 12 + (size_t)rest);
  if (!is_next(tail, LOCATOR, LOCATOR_SIZE) || u64(tail->p + 8) != end_at) return false;
  skip(tail, LOCATOR_SIZE);
  return true;
}

static bool is_end(const struct tail *tail, uint64_t central_at, uint64_t central_length) {
  const unsigned char *p = tail->p;
  if (!is_next(tail, END, END_SIZE) || tail->left != END_SIZE + (size_t)u16(p + 20)) return false;
  bool one = (u16(p + 8) == 1 || u16(p + 8) == UINT16_MAX) && (u16(p + 10) == 1 || u16(p + 10) == UINT16_MAX);
  return one && (u32(p + 12) == central_length || u32(p + 12) == UINT32_MAX) &&
         (u32(p + 16) == central_at || u32(p + 16) == UINT32_MAX);
}

static bool agrees(const struct zip_entry *zip) {
  struct tail tail = {zip->tail, zip->tail_length, zip->position};
  bool descriptor = (u16(zip->head + 6) & FLAG_DESCRIPTOR) != 0;
  if (descriptor ? !skip_descriptor(zip, &tail) : !local_agrees(zip)) return false;
  uint64_t central_at = tail.at;
  if (!skip_central(zip, &tail)) return false;
  uint64_t central_length = tail.at - central_at;
  bool wide = is_next(&tail, END64, END64_SIZE);
  if (!skip_end64(&tail, central_at, central_length) || !is_end(&tail, central_at, central_length))
    return false;
  const unsigned char *end = tail.p; /* what is all ones there must be said by a zip64 record */
  return wide || (u16(end + 8) == 1 && u16(end + 10) == 1 && u32(end + 12) == central_length &&
                  u32(end + 16) == central_at);
}

int zip_entry_finish(struct zip_entry *zip, struct text *ret_name) {
  if (zip->state != ZIP_OVER && (zip->state != ZIP_TAIL || !agrees(zip))) give_up(zip, ZIP_E_NOT_ONE);
  if (zip->state == ZIP_OVER) return zip->verdict;
  *ret_name = (struct text){(const char *)zip->head + LOCAL_SIZE, u16(zip->head + 26)};
  return 0;
}
