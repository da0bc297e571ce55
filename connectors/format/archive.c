/*
 * archive.c: ZIP archives of several files, on libzip.
 *
 * libzip checks each local header against the central directory and each file against its CRC. What it does
 * not do is done first: it searches the last 64 KiB for an end record and takes the likeliest of several (two
 * faces of one archive), believes a count of files that is far from the directory's, hands names out as C
 * strings (a NUL cuts them), and unpacks without bounds. So the directory is walked here, names are views
 * into it, and libzip is only asked for files by their place in it.
 */
#include "connectors/format/archive.h"

#include "connectors/format/inflate.h"

#include <errno.h>
#include <stdlib.h>
#include <zip.h>

enum { CENTRAL_SIZE = 46, END_SIZE = 22, LOCATOR_SIZE = 20, COMMENT_MAX = UINT16_MAX };
enum { CENTRAL = 0x02014b50, END = 0x06054b50, LOCATOR = 0x07064b50 };
enum { FLAGS_REFUSED = 1 | 1 << 5 | 1 << 6 | 1 << 13 }; /* encrypted, patched, strongly encrypted, masked */
enum { STORED = 0, DEFLATED = 8 };

struct file {
  struct text name;
  zip_uint64_t index; /* in the central directory */
  uint64_t packed, size;
};

struct archive {
  const struct allocator *allocator;
  zip_t *zip;
  struct text bytes;
  uint64_t made; /* bytes that came out so far */
  size_t entries, count;
  const char *detail;
  struct file files[ARCHIVE_ENTRIES_MAX];
};

static unsigned u16(const unsigned char *p) { return p[0] | (unsigned)p[1] << 8; }
static uint32_t u32(const unsigned char *p) { return u16(p) | (uint32_t)u16(p + 2) << 16; }

static int refuse(struct archive *archive, int result, const char *detail) {
  archive->detail = detail;
  return result;
}

/* ---- The directory ------------------------------------------------------------------------------------- */

/* The one end record whose comment reaches to the end of the input; NULL: none, or several. */
static const unsigned char *find_end(struct text bytes) {
  const unsigned char *data = (const unsigned char *)bytes.data, *found = NULL;
  if (bytes.length < END_SIZE) return NULL;
  size_t last = bytes.length - END_SIZE, first = last > COMMENT_MAX ? last - COMMENT_MAX : 0;
  for (size_t at = first; at <= last; at++) {
    if (u32(data + at) != END || at + END_SIZE + u16(data + at + 20) != bytes.length) continue;
    if (found != NULL) return NULL;
    found = data + at;
  }
  return found;
}

static bool is_folder(struct text name) { return name.data[name.length - 1] == '/'; }

/* Whether the name is a path below the place where somebody might unpack it. */
static bool is_sound_name(struct text name) {
  if (name.length == 0 || name.data[0] == '/' || text_find_bad_utf8(name) != SIZE_MAX) return false;
  for (size_t i = 0, start = 0; i <= name.length; i++) {
    unsigned char c = i == name.length ? '/' : (unsigned char)name.data[i];
    if (c < 0x20 || c == '\\') return false;
    if (c != '/') continue;
    if (text_is((struct text){name.data + start, i - start}, "..")) return false;
    start = i + 1;
  }
  return true;
}

/* Takes the directory's entry at p, of which `left` bytes are there, and says how long it is. */
static int take_entry(struct archive *archive, const unsigned char *p, size_t left, size_t *ret_length) {
  if (left < CENTRAL_SIZE || u32(p) != CENTRAL)
    return refuse(archive, ARCHIVE_E_MALFORMED, "the directory of the archive is broken");
  struct text name = {(const char *)p + CENTRAL_SIZE, u16(p + 28)};
  *ret_length = CENTRAL_SIZE + name.length + u16(p + 30) + u16(p + 32);
  if (*ret_length > left)
    return refuse(archive, ARCHIVE_E_MALFORMED, "the directory of the archive is broken");
  if ((u16(p + 8) & FLAGS_REFUSED) != 0)
    return refuse(archive, ARCHIVE_E_UNSUPPORTED, "an encrypted file in the archive");
  if (u16(p + 10) != STORED && u16(p + 10) != DEFLATED)
    return refuse(archive, ARCHIVE_E_UNSUPPORTED, "a file packed by another method than deflate");
  if (name.length > ARCHIVE_NAME_MAX)
    return refuse(archive, ARCHIVE_E_TOO_LARGE, "a name over 1024 bytes in the archive");
  if (!is_sound_name(name))
    return refuse(archive, ARCHIVE_E_MALFORMED, "a name in the archive that is no plain path of UTF-8");
  if (archive->entries == ARCHIVE_ENTRIES_MAX)
    return refuse(archive, ARCHIVE_E_TOO_LARGE, "more than 4096 files in the archive");
  struct file file = {name, archive->entries++, u32(p + 20), u32(p + 24)};
  if (file.packed == UINT32_MAX || file.size == UINT32_MAX)
    return refuse(archive, ARCHIVE_E_UNSUPPORTED, "a zip64 archive");
  if (!is_folder(name)) archive->files[archive->count++] = file;
  return 0;
}

static int compare_names(const void *a, const void *b) {
  struct text x = ((const struct file *)a)->name, y = ((const struct file *)b)->name;
  int order = memcmp(x.data, y.data, x.length < y.length ? x.length : y.length);
  return order != 0 ? order : (x.length > y.length) - (x.length < y.length);
}

static int sort_files(struct archive *archive) {
  qsort(archive->files, archive->count, sizeof(archive->files[0]), compare_names);
  for (size_t i = 1; i < archive->count; i++)
    if (compare_names(&archive->files[i - 1], &archive->files[i]) == 0)
      return refuse(archive, ARCHIVE_E_MALFORMED, "two files of one name in the archive");
  return 0;
}

static int read_directory(struct archive *archive) {
  const unsigned char *data = (const unsigned char *)archive->bytes.data, *end = find_end(archive->bytes);
  if (end == NULL) return refuse(archive, ARCHIVE_E_MALFORMED, "this is no ZIP archive, or it is cut off");
  size_t end_at = (size_t)(end - data), at = u32(end + 16), length = u32(end + 12);
  bool wide = end_at >= LOCATOR_SIZE && u32(end - LOCATOR_SIZE) == LOCATOR;
  if (wide || length == UINT32_MAX || at == UINT32_MAX || u16(end + 10) == UINT16_MAX)
    return refuse(archive, ARCHIVE_E_UNSUPPORTED, "a zip64 archive");
  if (u16(end + 4) != 0 || u16(end + 6) != 0 || u16(end + 8) != u16(end + 10))
    return refuse(archive, ARCHIVE_E_UNSUPPORTED, "an archive in several parts");
  if (at > end_at || length != end_at - at)
    return refuse(archive, ARCHIVE_E_MALFORMED, "the directory of the archive is not where its end says");
  for (size_t one; at < end_at; at += one) {
    int r = take_entry(archive, data + at, end_at - at, &one);
    if (r != 0) return r;
  }
  if (archive->entries != u16(end + 10))
    return refuse(archive, ARCHIVE_E_MALFORMED, "the archive holds another number of files than it says");
  return sort_files(archive);
}

/* ---- libzip -------------------------------------------------------------------------------------------- */

static int open_zip(struct archive *archive) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t *source = zip_source_buffer_create(archive->bytes.data, archive->bytes.length, 0, &error);
  if (source != NULL) archive->zip = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error);
  int code = zip_error_code_zip(&error);
  if (archive->zip == NULL) zip_source_free(source);
  zip_error_fini(&error);
  if (archive->zip == NULL && code == ZIP_ER_MEMORY) return -ENOMEM;
  if (archive->zip == NULL || zip_get_num_entries(archive->zip, 0) != (zip_int64_t)archive->entries)
    return refuse(archive, ARCHIVE_E_MALFORMED, "the records of the archive contradict each other");
  return 0;
}

int archive_open(const struct allocator *allocator, struct text bytes, struct archive **ret,
                 const char **reterr_detail) {
  struct archive *archive = calloc(1, sizeof(*archive));
  if (archive == NULL) return -ENOMEM;
  archive->allocator = allocator;
  archive->bytes = bytes;
  int r = read_directory(archive);
  if (r == 0) r = open_zip(archive);
  if (r == 0) {
    *ret = archive;
    return 0;
  }
  *reterr_detail = archive->detail;
  archive_close(archive);
  return r;
}

void archive_close(struct archive *archive) {
  if (archive == NULL) return;
  if (archive->zip != NULL) zip_discard(archive->zip);
  free(archive);
}

size_t archive_count(const struct archive *archive) { return archive->count; }

struct text archive_name(const struct archive *archive, size_t file) {
  return archive->files[file].name;
}

bool archive_find(const struct archive *archive, struct text name, size_t *ret_file) {
  const struct file key = {.name = name};
  if (name.length == 0) return false;
  const struct file *found =
      bsearch(&key, archive->files, archive->count, sizeof(archive->files[0]), compare_names);
  if (found == NULL) return false;
  *ret_file = (size_t)(found - archive->files);
  return true;
}

/* ---- Files --------------------------------------------------------------------------------------------- */

static bool is_too_large(const struct archive *archive, const struct file *file) {
  if (file->size > INFLATE_BYTES_MAX - archive->made) return true;
  uint64_t packed = file->packed < archive->bytes.length ? file->packed : archive->bytes.length;
  return file->size > INFLATE_RATIO_FREE && file->size / INFLATE_RATIO_MAX > packed;
}

/* Reads exactly `size` bytes and the end behind them, where libzip compares the CRC. */
static int read_whole(zip_file_t *stream, char *out, uint64_t size) {
  zip_int64_t n = 1;
  char more;
  for (uint64_t at = 0; at < size && n > 0; at += (uint64_t)n) n = zip_fread(stream, out + at, size - at);
  if (n > 0) n = zip_fread(stream, &more, 1) == 0 ? 1 : -1;
  if (n > 0) return 0;
  return zip_error_code_zip(zip_file_get_error(stream)) == ZIP_ER_MEMORY ? -ENOMEM : ARCHIVE_E_MALFORMED;
}

int archive_read(struct archive *archive, size_t file, struct text *ret, const char **reterr_detail) {
  const struct file *one = &archive->files[file];
  *reterr_detail = "a file in the archive that grows beyond 256 MiB, or 100 times";
  if (is_too_large(archive, one)) return ARCHIVE_E_TOO_LARGE;
  archive->made += one->size;
  char *out = allocate(archive->allocator, one->size + ARCHIVE_PADDING);
  if (out == NULL) return -ENOMEM;
  *reterr_detail = "a broken file in the archive";
  zip_file_t *stream = zip_fopen_index(archive->zip, one->index, 0);
  if (stream == NULL)
    return zip_error_code_zip(zip_get_error(archive->zip)) == ZIP_ER_MEMORY ? -ENOMEM : ARCHIVE_E_MALFORMED;
  int r = read_whole(stream, out, one->size);
  zip_fclose(stream);
  if (r == 0) *ret = (struct text){out, one->size};
  return r;
}
