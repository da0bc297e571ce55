/*
 * archive.h: a ZIP archive of several files, whole in memory, for workbooks and packages of strangers.
 *
 * libzip unpacks; what it leaves open is decided here before it sees a byte: one end record that reaches to
 * the end of the input, a central directory that is walked entry by entry and whose count is true, names that
 * are UTF-8 without NUL, backslash, `..`, or a slash in front, none twice, nothing encrypted, stored or
 * deflated data only, no zip64. Nothing is ever written to a file.
 *
 * Bounds: ARCHIVE_ENTRIES_MAX files, names of ARCHIVE_NAME_MAX bytes, and of what comes out, of one file as
 * of all together, the bytes and the ratio of inflate.h.
 */
#ifndef FORMAT_ARCHIVE_H
#define FORMAT_ARCHIVE_H

#include "connectors/format/text.h"

enum { ARCHIVE_ENTRIES_MAX = 4096, ARCHIVE_NAME_MAX = 1024, ARCHIVE_PADDING = 64 };

#define ARCHIVE_E_MALFORMED 1   /* no archive, or a broken one */
#define ARCHIVE_E_UNSUPPORTED 2 /* encrypted, zip64, split, or packed by another method */
#define ARCHIVE_E_TOO_LARGE 3   /* one of the bounds above */

struct archive;

/* `bytes` stays the caller's and must outlive the archive. Returns 0, ARCHIVE_E_… with a constant sentence,
 * or -ENOMEM. archive_close() must follow; it takes NULL. */
int archive_open(const struct allocator *, struct text bytes, struct archive **ret,
                 const char **reterr_detail);
void archive_close(struct archive *);

/* Files in the order of their names' bytes; folders are not counted. Names live as long as `bytes`. */
size_t archive_count(const struct archive *);
struct text archive_name(const struct archive *, size_t file);
bool archive_find(const struct archive *, struct text name, size_t *ret_file);

/* The whole file, in memory of the allocator, with ARCHIVE_PADDING zero bytes behind it. Its CRC was right.
 * Returns 0, ARCHIVE_E_… with a constant sentence, or -ENOMEM. */
int archive_read(struct archive *, size_t file, struct text *ret, const char **reterr_detail);

#endif
