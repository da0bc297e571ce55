/*
 * http_head.h: the bytes of a request head, and the one way to read them.
 *
 * Pure: bytes in, struct http_head or a refusal out. What two readers could read differently is refused: the
 * decisions, form by form, stand in tests/scenario/http_framing.cases.
 */
#ifndef CORE_NET_HTTP_HEAD_H
#define CORE_NET_HTTP_HEAD_H

#include "core/net/http.h"

enum {
  HTTP_HEAD_BYTES_MAX = 16 * 1024, /* with the empty line at its end */
  HTTP_LINE_BYTES_MAX = 8 * 1024,  /* request line */
  HTTP_HEADERS_MAX = 100,
  HTTP_METHOD_BYTES_MAX = 32,
};

/* Looks for the end of a head that arrives piece by piece. Every byte is judged when it is seen, in order, so
 * that the split of the pieces cannot matter. One empty line before the request line is skipped. */
struct http_head_scan {
  size_t start; /* of the request line */
  size_t seen;  /* bytes judged so far; the byte behind the head when it is whole */
  size_t line;  /* start of the line being read */
  unsigned lines;
};

#define HTTP_HEAD_E_MORE 1    /* not whole yet */
#define HTTP_HEAD_E_REFUSED 2 /* *reterr_refusal says why */

/* data: all bytes since the scan began (zeroed). Returns 0, HTTP_HEAD_E_MORE or HTTP_HEAD_E_REFUSED. */
int http_head_find(struct http_head_scan *, const char *data, size_t length,
                   struct http_refusal *reterr_refusal) must_use;

/* head: from the request line to the empty line, as http_head_find() found it. What *ret_head shows lives in
 * the arena. Returns 0, HTTP_HEAD_E_REFUSED or -ENOMEM. */
int http_head_read(struct arena *, struct text head, struct http_head *ret_head,
                   struct http_refusal *reterr_refusal) must_use;

/* Reads an origin-form target into path (decoded once) and query (as sent). Returns as http_head_read(). */
int http_target_read(struct arena *, struct text target, struct text *ret_path, struct text *ret_query,
                     struct http_refusal *reterr_refusal) must_use;

/* Value of a hexadecimal digit, or -1. */
static inline int http_hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/* A character of RFC 9110's token: methods and header names. */
bool http_is_token(char c);
/* Bytes are one token. Empty text is none. */
bool http_text_is_token(struct text);

#endif
