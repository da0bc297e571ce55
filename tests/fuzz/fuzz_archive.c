/*
 * fuzz_archive.c: any bytes as an archive. What is taken has sound, sorted names, and keeps its bounds.
 */
#include <stdlib.h>
#include <string.h>

#include "connectors/format/archive.h"
#include "connectors/format/inflate.h"
#include "tests/fuzz/fuzz.h"

static void *last; /* of the files only one is kept at a time */

static void *take_memory(void *context, size_t bytes) {
  free(last);
  return last = calloc(1, bytes);
}

static void check_name(const struct archive *archive, size_t i) {
  struct text name = archive_name(archive, i);
  size_t found;
  if (name.length == 0 || name.data[0] == '/' || memchr(name.data, 0, name.length) != NULL) abort();
  if (text_find_bad_utf8(name) != SIZE_MAX || memmem(name.data, name.length, "/../", 4) != NULL) abort();
  if (!archive_find(archive, name, &found) || found != i) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct allocator allocator = {take_memory, NULL};
  struct archive *archive = NULL;
  const char *detail = NULL;
  uint64_t total = 0;
  int r = archive_open(&allocator, (struct text){(const char *)data, size}, &archive, &detail);
  if (r != 0) {
    if (r > 0 && detail == NULL) abort();
    return 0;
  }
  for (size_t i = 0; i < archive_count(archive); i++) {
    struct text file = TEXT_NONE;
    check_name(archive, i);
    if (archive_read(archive, i, &file, &detail) != 0) continue;
    total += file.length;
    for (size_t j = 0; j < ARCHIVE_PADDING; j++)
      if (file.data[file.length + j] != 0) abort();
    if (file.length > INFLATE_RATIO_FREE && file.length / INFLATE_RATIO_MAX > size) abort();
  }
  if (total > INFLATE_BYTES_MAX) abort();
  archive_close(archive);
  free(last);
  last = NULL;
  return 0;
}
