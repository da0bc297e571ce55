/*
 * One file: copied before anything looks at it, because whoever wrote it may still hold it. The copy has no
 * name; beyond 1 MiB it is on disk. A file whose size or times changed while it was copied is not whole.
 *
 * It is opened so that nothing but a regular file in this very folder can be read: no link is followed, and a
 * FIFO does not make the thread wait.
 */
#include <fcntl.h>
#include <openssl/evp.h>

#include "core/source/folder_parts.h"

enum { STEP_BYTES = 1024 * 1024 };

static void free_digest(EVP_MD_CTX **context) { EVP_MD_CTX_free(*context); }

static int open_it(const struct folder *folder, const char *name, struct stat *ret_status) {
  int fd = openat(folder->inbox, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return -errno;
  if (fstat(fd, ret_status) == 0) return fd;
  int r = -errno;
  close(fd);
  return r;
}

static int refusal_of(int error) {
  switch (error) {
    case -ENOENT: return FOLDER_GONE;
    case -ELOOP:
    case -EACCES:
    case -EPERM:
    case -ENXIO: return FOLDER_UNREADABLE;
    default: return error;
  }
}

/* The next bytes; at the end 0. */
static ssize_t step(int fd, char *buffer, struct folder_file *file, EVP_MD_CTX *digest) {
  ssize_t n = read(fd, buffer, STEP_BYTES);
  if (n < 0) return errno == EINTR || errno == EAGAIN ? 1 : -errno;
  if (n == 0) return 0;
  if (EVP_DigestUpdate(digest, buffer, (size_t)n) != 1) return -ENOMEM;
  int r = http_body_append(&file->body, buffer, (size_t)n);
  return r < 0 ? r : n;
}

static int copy(struct folder_file *file, int fd) {
  cleanup(freep) char *buffer = malloc(STEP_BYTES);
  cleanup(free_digest) EVP_MD_CTX *digest = EVP_MD_CTX_new();
  if (buffer == NULL || digest == NULL || EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1) return -ENOMEM;
  int r = http_body_init(&file->body, file->folder->state_dir, file->stamp.size);
  ssize_t n = 1;
  while (r == 0 && n > 0) {
    n = step(fd, buffer, file, digest);
    if (n < 0) r = (int)n;
    if (file->body.length > (size_t)file->stamp.size) return FOLDER_CHANGED;
    if (file->folder->stopping) return FOLDER_STOPPED;
  }
  if (r == 0 && EVP_DigestFinal_ex(digest, file->digest, NULL) != 1) r = -ENOMEM;
  return r < 0 ? r : http_body_finish(&file->body, &file->text);
}

/* By what a file is found again after a restart: the same bytes in the same file, not another one like it. */
static int make_key(struct folder_file *file) {
  const struct text parts[] = {{(const char *)file->digest, sizeof file->digest},
                               text_of(file->name),
                               {(const char *)&file->stamp.inode, sizeof file->stamp.inode},
                               {(const char *)&file->stamp.modified_ns, sizeof file->stamp.modified_ns}};
  return digest_parts(parts, LENGTH_OF(parts), file->key);
}

static int take(struct folder_file *file, int fd) {
  struct stat after;
  int r = copy(file, fd);
  if (r != 0) return r;
  if (fstat(fd, &after) < 0) return -errno;
  struct folder_stamp stamp = folder_stamp_of(&after);
  if (!folder_stamp_equal(&stamp, &file->stamp) || file->text.length != (size_t)stamp.size)
    return FOLDER_CHANGED;
  r = make_key(file);
  return r < 0 ? r : FOLDER_TAKEN;
}

int folder_file_take(struct folder *folder, struct folder_entry *entry, struct folder_file **ret_file) {
  struct stat status;
  cleanup(closep) int fd = open_it(folder, entry->name, &status);
  if (fd < 0) return refusal_of(fd);
  if (!S_ISREG(status.st_mode)) return FOLDER_UNREADABLE;
  struct folder_stamp stamp = folder_stamp_of(&status);
  if (!folder_stamp_equal(&stamp, &entry->stamp)) return FOLDER_CHANGED;
  struct folder_file *file = calloc(1, sizeof *file);
  if (file == NULL) return -ENOMEM;
  file->folder = folder;
  file->entry = entry;
  file->stamp = stamp;
  file->body.fd = -1;
  file->large = stamp.size > (int64_t)TRANSLATE_ON_LOOP_MAX;
  memcpy(file->name, entry->name, MIN(strlen(entry->name), sizeof file->name - 1));
  int r = stamp.size > folder->config->max_file ? FOLDER_TOO_LARGE : take(file, fd);
  if (r == FOLDER_TAKEN || r == FOLDER_TOO_LARGE) *ret_file = TAKE(file);
  folder_file_free(file);
  return r;
}

void folder_file_free(struct folder_file *file) {
  if (file == NULL) return;
  http_body_deinit(&file->body);
  free(file);
}
