/*
 * Reading a file of the configuration. It is opened without waiting, so that a FIFO in its place is an error
 * and not a hub that hangs.
 */
#include "core/config/file.h"

#include <fcntl.h>
#include <sys/stat.h>

int config_file_read(struct arena *arena, const char *path, size_t max_bytes, struct text *ret_content) {
  cleanup(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return -errno;
  struct stat status;
  if (fstat(fd, &status) < 0) return -errno;
  if (!S_ISREG(status.st_mode)) return S_ISDIR(status.st_mode) ? -EISDIR : -EINVAL;
  size_t capacity = (size_t)MIN(status.st_size, (off_t)max_bytes) + 1, length = 0;
  char *data = arena_alloc(arena, capacity + 1);
  if (data == NULL) return -ENOMEM;
  while (length < capacity) {
    ssize_t n = read(fd, data + length, capacity - length);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -errno;
    if (n == 0) break;
    length += (size_t)n;
  }
  *ret_content = (struct text){data, length};
  return 0;
}
