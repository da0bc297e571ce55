/*
 * files.h: the folder of originals: which files it holds, and a walk over the heads of their
 * records.
 */
#ifndef CORE_ORIGINALS_FILES_H
#define CORE_ORIGINALS_FILES_H

#include "core/originals/file.h"

struct originals_file {
  char day[ORIGINALS_DAY_TEXT];
  unsigned number; /* n of DAY-n.orig, 0: DAY.orig */
};

enum { ORIGINALS_NAME_TEXT = 32 };
void originals_file_name(const struct originals_file *, char ret_name[static ORIGINALS_NAME_TEXT]);

/* All files of originals in the folder, newest first. The list is the caller's, for free(). */
int originals_files_list(int directory, struct originals_file **ret_files, size_t *ret_count) must_use;

/* Calls `found` for each whole record of one file until it returns something else than 0, which is then
 * returned. *ret_left are the bytes behind the last whole record. A file that is not ours gives -EBADMSG. */
int originals_file_walk(int fd, int (*found)(void *context, const struct originals_head *), void *context,
                        uint64_t *ret_left) must_use;

#endif
