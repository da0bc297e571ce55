/*
 * Chunked bodies, and the second opinion on every head.
 *
 * The invariant: what is handed on was read alike by our reader and by llhttp, byte for byte. Ours is the
 * stricter one: llhttp takes blanks behind a chunk size, extensions, trailers with bare LF, and sizes up to
 * 2^64. llhttp never sees the method (it is given POST instead), because framing must not depend on it and
 * llhttp knows only a list.
 */
#include "core/net/http_frame.h"

enum { SIZE, SIZE_LF, DATA, DATA_CR, DATA_LF, END_CR, END_LF, WHOLE };
enum { SIZE_DIGITS_MAX = 16 };

static int refuse(struct http_refusal *reterr_refusal, const char *detail) {
  *reterr_refusal = (struct http_refusal){.status = 400, .code = "bad_chunk", .detail = detail};
  return HTTP_FRAME_E_REFUSED;
}

static int refuse_twofold(struct http_refusal *reterr_refusal) {
  *reterr_refusal = (struct http_refusal){
      .status = 400, .code = "two_readings", .detail = "two readers of HTTP do not agree on this message"};
  return HTTP_FRAME_E_REFUSED;
}

static int on_headers_complete(llhttp_t *second) {
  struct http_frame *frame = second->data;
  frame->second_head = true;
  second->upgrade = 0; /* Upgrade is ignored: what follows is HTTP/1.1 all the same */
  return 0;
}

static int on_chunk_header(llhttp_t *second) {
  struct http_frame *frame = second->data;
  frame->second_chunk = second->content_length;
  return 0;
}

static int on_body(llhttp_t *second, const char *data, size_t length) {
  struct http_frame *frame = second->data;
  frame->second_total += (int64_t)length;
  return 0;
}

static int on_message_complete(llhttp_t *second) {
  struct http_frame *frame = second->data;
  frame->second_whole = true;
  return 0;
}

static const llhttp_settings_t settings = {
    .on_headers_complete = on_headers_complete,
    .on_chunk_header = on_chunk_header,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

static bool second_takes(struct http_frame *frame, const char *data, size_t length) {
  return length == 0 || llhttp_execute(&frame->second, data, length) == HPE_OK;
}

int http_frame_begin(struct http_frame *frame, struct text bytes, const struct http_head *head,
                     struct http_refusal *reterr_refusal) {
  *frame = (struct http_frame){.state = SIZE};
  llhttp_init(&frame->second, HTTP_REQUEST, &settings);
  frame->second.data = frame;
  size_t method = head->method.length;
  bool body = head->chunked || head->content_length > 0;
  bool agreed = second_takes(frame, "POST", 4) &&
                second_takes(frame, bytes.data + method, bytes.length - method) && frame->second_head &&
                frame->second_whole == !body && frame->second.http_minor == head->minor &&
                ((frame->second.flags & F_CHUNKED) != 0) == head->chunked;
  if (agreed && body && !head->chunked)
    agreed = frame->second.content_length == (uint64_t)head->content_length;
  return agreed ? 0 : refuse_twofold(reterr_refusal);
}

static int read_size_byte(struct http_frame *frame, char c, struct http_refusal *reterr_refusal) {
  int digit = http_hex_digit(c);
  if (digit >= 0) {
    if (++frame->digits > SIZE_DIGITS_MAX)
      return refuse(reterr_refusal, "a chunk size of more than 16 digits");
    frame->size = frame->size << 4 | (unsigned)digit;
    return HTTP_FRAME_E_MORE;
  }
  if (frame->digits == 0) return refuse(reterr_refusal, "a chunk without a size");
  if (c == ';') return refuse(reterr_refusal, "a chunk extension");
  if (c != '\r') return refuse(reterr_refusal, "a chunk size that is not hexadecimal digits and CRLF");
  if (frame->size > (uint64_t)(frame->max_body - frame->total)) {
    *reterr_refusal = (struct http_refusal){
        .status = 413, .code = "too_large", .detail = "the body is larger than this door takes"};
    return HTTP_FRAME_E_REFUSED;
  }
  frame->left = frame->size;
  frame->state = SIZE_LF;
  return HTTP_FRAME_E_MORE;
}

static int expect(struct http_frame *frame, char c, char wanted, unsigned next,
                  struct http_refusal *reterr_refusal) {
  if (c != wanted) {
    bool trailer = frame->state == END_CR;
    return refuse(reterr_refusal, trailer ? "a trailer field" : "chunk framing that is not CRLF");
  }
  frame->state = (uint8_t)next;
  return HTTP_FRAME_E_MORE;
}

/* A framing byte: all but the data of chunks. */
static int read_byte(struct http_frame *frame, char c, struct http_refusal *reterr_refusal) {
  switch (frame->state) {
    case SIZE: return read_size_byte(frame, c, reterr_refusal);
    case SIZE_LF: return expect(frame, c, '\n', frame->size == 0 ? END_CR : DATA, reterr_refusal);
    case DATA_CR: return expect(frame, c, '\r', DATA_LF, reterr_refusal);
    case DATA_LF: frame->size = frame->digits = 0; return expect(frame, c, '\n', SIZE, reterr_refusal);
    case END_CR: return expect(frame, c, '\r', END_LF, reterr_refusal);
    default: return expect(frame, c, '\n', WHOLE, reterr_refusal);
  }
}

static bool both_agree(const struct http_frame *frame) {
  bool in_chunk = frame->state == DATA || frame->state == DATA_CR;
  if (frame->total != frame->second_total || (in_chunk && frame->size != frame->second_chunk)) return false;
  return frame->second_whole == (frame->state == WHOLE);
}

/* Gives llhttp what our reader took and compares where both stand. */
static int confirm(struct http_frame *frame, const char *data, size_t used, int r,
                   struct http_refusal *reterr_refusal) {
  if (!second_takes(frame, data, used) || !both_agree(frame)) return refuse_twofold(reterr_refusal);
  return r;
}

int http_frame_chunked(struct http_frame *frame, const char *data, size_t length, size_t *ret_used,
                       struct text *ret_body, struct http_refusal *reterr_refusal) {
  size_t used = 0;
  int r = HTTP_FRAME_E_MORE;
  *ret_body = TEXT_NONE;
  while (used < length && r == HTTP_FRAME_E_MORE && frame->state != DATA && frame->state != WHOLE)
    r = read_byte(frame, data[used++], reterr_refusal);
  if (r == HTTP_FRAME_E_MORE && frame->state == DATA && used < length) {
    *ret_body = (struct text){data + used, (size_t)MIN(frame->left, (uint64_t)(length - used))};
    used += ret_body->length;
    frame->left -= ret_body->length;
    frame->total += (int64_t)ret_body->length;
    if (frame->left == 0) frame->state = DATA_CR;
  }
  *ret_used = used;
  if (r == HTTP_FRAME_E_REFUSED) return r;
  return confirm(frame, data, used, frame->state == WHOLE ? 0 : HTTP_FRAME_E_MORE, reterr_refusal);
}
