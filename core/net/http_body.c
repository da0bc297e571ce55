/*
 * A body on its way in. Memory first; a file when it is announced or grows beyond 1 MiB. The file has no
 * name, so nothing is left behind whatever happens. It is mapped privately once it is whole: its pages are
 * the page cache's and not ours, and the 64 bytes behind the end come from making the file longer.
 */
#include "core/net/http_body.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mman.h>

enum { MEMORY_FIRST = 16 * 1024 };

static int open_file(const char *folder) {
  int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0) return fd;
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) return -errno;
  char path[PATH_MAX];
  int n = snprintf(path, sizeof path, "%s/.body-XXXXXX", folder);
  if (n < 0 || (size_t)n >= sizeof path) return -ENAMETOOLONG;
  fd = mkostemp(path, O_CLOEXEC);
  if (fd < 0) return -errno;
  unlink(path);
  return fd;
}

static int write_file(int fd, const char *data, size_t length) {
  while (length != 0) {
    ssize_t n = write(fd, data, length);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -errno;
    data += n;
    length -= (size_t)n;
  }
  return 0;
}

static int make_memory(struct http_body *body, size_t capacity) {
  char *memory = realloc(body->memory, capacity + HTTP_BODY_TAIL);
  if (memory == NULL) return -ENOMEM;
  body->memory = memory;
  body->capacity = capacity;
  return 0;
}

static int move_to_file(struct http_body *body) {
  body->fd = open_file(body->folder);
  if (body->fd < 0) {
    int r = body->fd;
    body->fd = -1;
    return r;
  }
  int r = write_file(body->fd, body->memory, body->length);
  free(TAKE(body->memory));
  return r;
}

int http_body_init(struct http_body *body, const char *folder, int64_t expected) {
  *body = (struct http_body){.fd = -1, .folder = folder};
  if (expected > HTTP_BODY_MEMORY_MAX) return move_to_file(body);
  return make_memory(body, expected < 0 ? MEMORY_FIRST : (size_t)expected);
}

char *http_body_room(struct http_body *body, size_t *ret_room) {
  if (body->fd >= 0 || body->length == body->capacity) return NULL;
  *ret_room = body->capacity - body->length;
  return body->memory + body->length;
}

void http_body_added(struct http_body *body, size_t length) { body->length += length; }

int http_body_append(struct http_body *body, const char *data, size_t length) {
  int r = 0;
  if (length == 0) return 0;
  if (body->fd < 0 && length > body->capacity - body->length) {
    size_t wanted = MAX(body->capacity * 2, body->length + length);
    if (wanted <= HTTP_BODY_MEMORY_MAX) r = make_memory(body, wanted);
    else r = move_to_file(body);
  }
  if (r != 0) return r;
  if (body->fd >= 0) r = write_file(body->fd, data, length);
  else memcpy(body->memory + body->length, data, length);
  if (r == 0) body->length += length;
  return r;
}

int http_body_finish(struct http_body *body, struct text *ret_body) {
  if (body->fd < 0) {
    memset(body->memory + body->length, 0, HTTP_BODY_TAIL);
    *ret_body = (struct text){body->memory, body->length};
    return 0;
  }
  size_t bytes = body->length + HTTP_BODY_TAIL;
  if (ftruncate(body->fd, (off_t)bytes) < 0) return -errno;
  char *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, body->fd, 0);
  if (map == MAP_FAILED) return -errno;
  body->map = map;
  body->map_bytes = bytes;
  *ret_body = (struct text){map, body->length};
  return 0;
}

void http_body_deinit(struct http_body *body) {
  if (body->map != NULL) munmap(body->map, body->map_bytes);
  closep(&body->fd);
  free(body->memory);
  *body = (struct http_body){.fd = -1};
}
