/*
 * Finding and opening one original in a state directory, also while a hub writes there: files only grow, and
 * a record that is not whole yet is not found yet.
 */
#include <fcntl.h>

#include "core/originals/files.h"

struct search {
  const char *source;
  const uint8_t *digest;
  struct originals_head found;
};

static int is_wanted(void *context, const struct originals_head *head) {
  struct search *search = context;
  if (memcmp(head->digest, search->digest, sizeof head->digest) != 0) return 0;
  if (strcmp(head->source, search->source) != 0) return 0;
  search->found = *head;
  return 1;
}

/* 0: opened; ORIGINALS_E_MISSING: not in this file, or its day is erased. */
static int read_from(int directory, const struct originals_file *file, const struct secret_key *master,
                     struct search *search, struct arena *arena, struct original *ret_original) {
  char name[ORIGINALS_NAME_TEXT];
  originals_file_name(file, name);
  cleanup(closep) int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return errno == ENOENT ? ORIGINALS_E_MISSING : -errno;
  uint64_t left;
  int r = originals_file_walk(fd, is_wanted, search, &left);
  if (r == 0 || r == -EBADMSG) return ORIGINALS_E_MISSING;
  if (r < 0) return r;
  struct secret_key key;
  r = originals_key_load(directory, file->day, master, &key);
  if (r == 0) r = originals_record_read(fd, &search->found, &key, arena, ret_original);
  secret_wipe(&key, sizeof key);
  return r;
}

/* What is said when no file gave the original: damage and wrong keys outweigh "not here". */
static int worse(int known, int now) {
  if (known < 0 || now == ORIGINALS_E_MISSING) return known;
  return now;
}

int originals_read(const char *state_dir, const struct secret_key *master, const char *source,
                   const uint8_t digest[static 32], struct arena *arena, struct original *ret_original) {
  cleanup(closep) int state = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (state < 0) return -errno;
  cleanup(closep) int directory = openat(state, "originals", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return errno == ENOENT ? ORIGINALS_E_MISSING : -errno;
  cleanup(freep) struct originals_file *files = NULL;
  size_t count = 0;
  int r = originals_files_list(directory, &files, &count);
  if (r < 0) return r;
  int result = ORIGINALS_E_MISSING;
  struct search search = {.source = source, .digest = digest};
  for (size_t i = 0; i < count; i++) {
    r = read_from(directory, &files[i], master, &search, arena, ret_original);
    if (r == 0 || r == -ENOMEM) return r;
    result = worse(result, r);
  }
  return result;
}
