/*
 * http_body.h: the bytes of one body: in memory up to 1 MiB, beyond that in an unlinked file of the state
 * directory, so that anonymous memory does not grow with what a sender sends.
 */
#ifndef CORE_NET_HTTP_BODY_H
#define CORE_NET_HTTP_BODY_H

#include "core/base.h"

enum { HTTP_BODY_MEMORY_MAX = 1024 * 1024, HTTP_BODY_TAIL = 64 };

struct http_body {
  char *memory; /* NULL while nothing came, and once the file took over */
  size_t length, capacity;
  int fd; /* -1: no file */
  char *map;
  size_t map_bytes;
  const char *folder; /* borrowed */
};

/* expected: Content-Length, or -1. Returns 0 or -errno (-ENOSPC …). Whatever it returns, deinit is due. */
int http_body_init(struct http_body *, const char *folder, int64_t expected) must_use;
/* Where the next bytes may be read to directly, at most *ret_room; NULL: use http_body_append(). */
char *http_body_room(struct http_body *, size_t *ret_room);
/* length bytes were written to http_body_room(). */
void http_body_added(struct http_body *, size_t length);
int http_body_append(struct http_body *, const char *data, size_t length) must_use;
/* The whole body with 64 zero bytes behind it, writable, until deinit. */
int http_body_finish(struct http_body *, struct text *ret_body) must_use;
void http_body_deinit(struct http_body *);

#endif
