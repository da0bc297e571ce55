/*
 * http_frame.h: where a body ends, told by two readers that must agree: our own and llhttp.
 *
 * Pure: bytes in, body bytes or a refusal out.
 */
#ifndef CORE_NET_HTTP_FRAME_H
#define CORE_NET_HTTP_FRAME_H

#include <llhttp.h>

#include "core/net/http_head.h"

struct http_frame {
  llhttp_t second; /* the second reader; second.data is this frame */
  int64_t max_body;
  int64_t total;         /* body bytes so far, by our reader */
  int64_t second_total;  /* and by llhttp */
  uint64_t second_chunk; /* size that llhttp read in the last chunk header */
  uint64_t size;         /* of the chunk, by our reader */
  uint64_t left;         /* bytes of it to come */
  uint8_t state, digits;
  bool second_head, second_whole;
};

#define HTTP_FRAME_E_MORE 1
#define HTTP_FRAME_E_REFUSED 2

/* Gives the head to llhttp and compares what both read. Returns 0 or HTTP_FRAME_E_REFUSED. */
int http_frame_begin(struct http_frame *, struct text head_bytes, const struct http_head *,
                     struct http_refusal *reterr_refusal) must_use;

/* Body bytes of a chunked message, at most one span of *ret_body a call. Chunk extensions and trailer fields
 * are refused; a chunk that would pass max_body is refused at its header. *ret_used: bytes taken. Returns 0
 * when the message is whole (bytes behind it stay), HTTP_FRAME_E_MORE or HTTP_FRAME_E_REFUSED. */
int http_frame_chunked(struct http_frame *, const char *data, size_t length, size_t *ret_used,
                       struct text *ret_body, struct http_refusal *reterr_refusal) must_use;

#endif
