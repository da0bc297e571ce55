/*
 * The list of poisoned payloads. It is written by a process that is about to abort: adding allocates nothing
 * and opens nothing but the file.
 */
#include "core/connector/poisoned.h"

#include <fcntl.h>
#include <sys/stat.h>

enum { DIGEST_BYTES = 32, LINE_BYTES = 2 * DIGEST_BYTES + 1 };
#define READ_MAX (4 * MIB)

struct poisoned {
  int directory;
  size_t count;
  uint8_t (*digests)[DIGEST_BYTES]; /* sorted */
};

static int digest_compare(const void *a, const void *b) { return memcmp(a, b, DIGEST_BYTES); }

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

static bool line_parse(const char *line, size_t length, uint8_t ret_digest[static DIGEST_BYTES]) {
  if (length != 2 * DIGEST_BYTES) return false;
  for (size_t i = 0; i < DIGEST_BYTES; i++) {
    int high = hex_digit(line[2 * i]), low = hex_digit(line[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    ret_digest[i] = (uint8_t)(high << 4 | low);
  }
  return true;
}

static void lines_parse(struct poisoned *poisoned, const char *next, size_t left) {
  while (left > 0) {
    const char *end = memchr(next, '\n', left);
    if (end == NULL) break;
    size_t length = (size_t)(end - next);
    if (line_parse(next, length, poisoned->digests[poisoned->count])) poisoned->count++;
    next += length + 1;
    left -= length + 1;
  }
  qsort(poisoned->digests, poisoned->count, DIGEST_BYTES, digest_compare);
}

static int list_read(struct poisoned *poisoned, int fd) {
  struct stat stat;
  if (fstat(fd, &stat) < 0) return -errno;
  size_t length = MIN((size_t)stat.st_size, READ_MAX), done = 0;
  off_t start = stat.st_size - (off_t)length;
  cleanup(freep) char *text = malloc(length + 1);
  poisoned->digests = calloc(length / LINE_BYTES + 1, DIGEST_BYTES);
  if (text == NULL || poisoned->digests == NULL) return -ENOMEM;
  while (done < length) {
    ssize_t n = pread(fd, text + done, length - done, start + (off_t)done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -errno;
    if (n == 0) break;
    done += (size_t)n;
  }
  lines_parse(poisoned, text, done);
  return 0;
}

int poisoned_open(const char *state_dir, struct poisoned **ret_poisoned) {
  struct poisoned *poisoned = calloc(1, sizeof *poisoned);
  if (poisoned == NULL) return -ENOMEM;
  int r = 0;
  poisoned->directory = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (poisoned->directory < 0) r = -errno;
  cleanup(closep) int fd =
      r < 0 ? -1 : openat(poisoned->directory, "poisoned", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (r == 0 && fd < 0 && errno != ENOENT) r = -errno;
  if (fd >= 0) r = list_read(poisoned, fd);
  if (r < 0) {
    poisoned_close(poisoned);
    return r;
  }
  *ret_poisoned = poisoned;
  return 0;
}

void poisoned_close(struct poisoned *poisoned) {
  if (poisoned == NULL) return;
  closep(&poisoned->directory);
  free(poisoned->digests);
  free(poisoned);
}

bool poisoned_has(const struct poisoned *poisoned, const uint8_t digest[static 32]) {
  return poisoned->count > 0 &&
         bsearch(digest, poisoned->digests, poisoned->count, DIGEST_BYTES, digest_compare) != NULL;
}

/* Whether a line can begin where the file ends: not when a former write was cut. */
static bool ends_a_line(int fd) {
  struct stat stat;
  char last;
  if (fstat(fd, &stat) < 0 || stat.st_size == 0) return true;
  return pread(fd, &last, 1, stat.st_size - 1) == 1 && last == '\n';
}

int poisoned_add(const struct poisoned *poisoned, const uint8_t digest[static 32]) {
  static const char digits[] = "0123456789abcdef";
  cleanup(closep) int fd =
      openat(poisoned->directory, "poisoned", O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return -errno;
  char line[1 + LINE_BYTES];
  size_t length = 0;
  if (!ends_a_line(fd)) line[length++] = '\n';
  for (size_t i = 0; i < DIGEST_BYTES; i++) {
    line[length++] = digits[digest[i] >> 4];
    line[length++] = digits[digest[i] & 15];
  }
  line[length++] = '\n';
  ssize_t written = write(fd, line, length);
  if (written < 0) return -errno;
  if ((size_t)written != length) return -ENOSPC;
  return fsync(fd) < 0 || fsync(poisoned->directory) < 0 ? -errno : 0;
}
