/*
 * The folder of originals. Names are parsed strictly: whatever else lies in the folder is not touched.
 */
#include "core/originals/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

void originals_file_name(const struct originals_file *file, char ret_name[static ORIGINALS_NAME_TEXT]) {
  if (file->number == 0) {
    snprintf(ret_name, ORIGINALS_NAME_TEXT, "%s.orig", file->day);
  } else {
    snprintf(ret_name, ORIGINALS_NAME_TEXT, "%s-%u.orig", file->day, file->number);
  }
}

static bool day_valid(const char *name) {
  static const char pattern[] = "0000-00-00";
  for (size_t i = 0; i < sizeof pattern - 1; i++) {
    bool digit = name[i] >= '0' && name[i] <= '9';
    if (pattern[i] == '0' ? !digit : name[i] != '-') return false;
  }
  return true;
}

static bool name_parse(const char *name, struct originals_file *ret_file) {
  if (!day_valid(name)) return false;
  memcpy(ret_file->day, name, ORIGINALS_DAY_TEXT - 1);
  ret_file->day[ORIGINALS_DAY_TEXT - 1] = '\0';
  const char *rest = name + ORIGINALS_DAY_TEXT - 1;
  ret_file->number = 0;
  if (*rest == '-') {
    for (rest++; *rest >= '0' && *rest <= '9'; rest++) {
      if (ret_file->number > 100000000) return false;
      ret_file->number = ret_file->number * 10 + (unsigned)(*rest - '0');
    }
    if (ret_file->number == 0) return false;
  }
  return strcmp(rest, ".orig") == 0;
}

static int newest_first(const void *a, const void *b) {
  const struct originals_file *left = a, *right = b;
  int order = strcmp(right->day, left->day);
  if (order != 0) return order;
  return (left->number < right->number) - (left->number > right->number);
}

static void closedirp(DIR **directory) {
  if (*directory != NULL) closedir(*directory);
}

static int files_collect(DIR *listing, struct originals_file **files, size_t *ret_count) {
  size_t capacity = 0, count = 0;
  struct dirent *entry;
  while (errno = 0, (entry = readdir(listing)) != NULL) {
    struct originals_file file;
    if (!name_parse(entry->d_name, &file)) continue;
    if (count == capacity) {
      capacity = capacity == 0 ? 16 : 2 * capacity;
      struct originals_file *more = realloc(*files, capacity * sizeof *more);
      if (more == NULL) return -ENOMEM;
      *files = more;
    }
    (*files)[count++] = file;
  }
  *ret_count = count;
  return -errno;
}

int originals_files_list(int directory, struct originals_file **ret_files, size_t *ret_count) {
  int again = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (again < 0) return -errno;
  cleanup(closedirp) DIR *listing = fdopendir(again);
  if (listing == NULL) {
    int error = errno;
    close(again);
    return -error;
  }
  cleanup(freep) struct originals_file *files = NULL;
  size_t count = 0;
  int r = files_collect(listing, &files, &count);
  if (r < 0) return r;
  if (count > 1) qsort(files, count, sizeof *files, newest_first);
  *ret_files = TAKE(files);
  *ret_count = count;
  return 0;
}

int originals_file_walk(int fd, int (*found)(void *, const struct originals_head *), void *context,
                        uint64_t *ret_left) {
  struct stat stat;
  if (fstat(fd, &stat) < 0) return -errno;
  uint64_t bytes = (uint64_t)stat.st_size, offset = ORIGINALS_HEADER_BYTES;
  *ret_left = bytes;
  int r = originals_header_check(fd);
  if (r < 0) return r;
  struct originals_head head;
  while ((r = originals_head_read(fd, offset, bytes, &head)) == 1) {
    offset = head.sealed_offset + head.sealed_bytes;
    *ret_left = bytes - offset;
    r = found(context, &head);
    if (r != 0) return r;
  }
  if (r == 0) *ret_left = bytes - offset;
  return r;
}
