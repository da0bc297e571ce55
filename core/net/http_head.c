/*
 * A request head: found byte by byte, read once when it is whole.
 *
 * The invariant: a head that is not refused has one reading. So there is no repair here: no folded lines, no
 * bare LF, no second Host, no list where one value is meant. http_frame.c then asks llhttp for a second
 * opinion on the same bytes. The one leniency is an empty line before the request line, which RFC 9112 asks
 * for and nobody reads twice.
 */
#include "core/net/http_head.h"

#include <strings.h>

static int refuse(struct http_refusal *reterr_refusal, int status, const char *code, const char *detail) {
  *reterr_refusal = (struct http_refusal){.status = status, .code = code, .detail = detail};
  return HTTP_HEAD_E_REFUSED;
}

static int refuse_head(struct http_refusal *reterr_refusal, const char *detail) {
  return refuse(reterr_refusal, 400, "bad_head", detail);
}

static int refuse_length(struct http_refusal *reterr_refusal, const char *detail) {
  return refuse(reterr_refusal, 400, "bad_length", detail);
}

/* Bytes that may stand anywhere in a line of a head: printable, blank, tab, and 0x80 up (judged later). */
static const bool in_line[256] = {['\t'] = true, [' ' ... '~'] = true, [0x80 ... 0xff] = true};

static const bool in_token[256] = {
    ['0' ... '9'] = true, ['a' ... 'z'] = true, ['A' ... 'Z'] = true, ['!'] = true,  ['#'] = true,
    ['$'] = true,         ['%'] = true,         ['&'] = true,         ['\''] = true, ['*'] = true,
    ['+'] = true,         ['-'] = true,         ['.'] = true,         ['^'] = true,  ['_'] = true,
    ['`'] = true,         ['|'] = true,         ['~'] = true,
};

bool http_is_token(char c) { return in_token[(unsigned char)c]; }

bool http_text_is_token(struct text text) {
  for (size_t i = 0; i < text.length; i++)
    if (!http_is_token(text.data[i])) return false;
  return text.length != 0;
}

/* A line has ended behind scan->seen. Returns 0 when it was the empty line that ends the head. */
static int end_line(struct http_head_scan *scan, struct http_refusal *reterr_refusal) {
  bool empty = scan->seen - scan->line == 2;
  scan->line = scan->seen;
  if (empty && scan->lines > 0) return 0;
  if (empty && scan->start > 0) return refuse_head(reterr_refusal, "empty lines before the request line");
  if (empty) {
    scan->start = scan->seen;
    return HTTP_HEAD_E_MORE;
  }
  if (++scan->lines > HTTP_HEADERS_MAX + 1)
    return refuse(reterr_refusal, 431, "head_too_large", "more than 100 header lines");
  return HTTP_HEAD_E_MORE;
}

/* Judges the byte at scan->seen, which in_line does not let through or which starts a line. */
static int judge(struct http_head_scan *scan, const char *data, struct http_refusal *reterr_refusal) {
  char c = data[scan->seen];
  bool after_cr = scan->seen > scan->line && data[scan->seen - 1] == '\r';
  if (after_cr && c != '\n') return refuse_head(reterr_refusal, "CR without LF");
  if (c == '\n' && !after_cr) return refuse_head(reterr_refusal, "LF without CR");
  if (scan->seen == scan->line && (c == ' ' || c == '\t'))
    return refuse_head(reterr_refusal,
                       scan->lines > 1 ? "a folded header line" : "white space at the start of a line");
  scan->seen++;
  if (c == '\n') return end_line(scan, reterr_refusal);
  if (c == '\r' || in_line[(unsigned char)c]) return HTTP_HEAD_E_MORE;
  return refuse_head(reterr_refusal, "a control byte in the head");
}

int http_head_find(struct http_head_scan *scan, const char *data, size_t length,
                   struct http_refusal *reterr_refusal) {
  for (;;) {
    size_t bound = scan->start + (scan->lines == 0 ? HTTP_LINE_BYTES_MAX : HTTP_HEAD_BYTES_MAX);
    size_t stop = MIN(length, bound), at = scan->seen;
    if (at > scan->line && data[at - 1] != '\r')
      while (at < stop && in_line[(unsigned char)data[at]]) at++;
    scan->seen = at;
    if (at == bound && scan->lines == 0)
      return refuse(reterr_refusal, 414, "target_too_long", "the request line is over 8 KiB");
    if (at == bound) return refuse(reterr_refusal, 431, "head_too_large", "the head is over 16 KiB");
    if (at == length) return HTTP_HEAD_E_MORE;
    int r = judge(scan, data, reterr_refusal);
    if (r != HTTP_HEAD_E_MORE) return r;
  }
}

/* "HTTP/1.1": the shape is lawful or the request is not HTTP at all; other versions are told so. */
static int read_version(struct text text, unsigned *ret_minor, struct http_refusal *reterr_refusal) {
  bool shape = text.length == 8 && memcmp(text.data, "HTTP/", 5) == 0 && text.data[5] >= '0' &&
               text.data[5] <= '9' && text.data[6] == '.' && text.data[7] >= '0' && text.data[7] <= '9';
  if (!shape) return refuse_head(reterr_refusal, "the request line does not end with a version of HTTP");
  if (text.data[5] != '1' || text.data[7] > '1')
    return refuse(reterr_refusal, 505, "http_version", "only HTTP/1.1 and HTTP/1.0 are spoken here");
  *ret_minor = (unsigned)(text.data[7] - '0');
  return 0;
}

/* METHOD SP TARGET SP VERSION, with no other white space. */
static int read_request_line(struct text line, struct http_head *head, struct http_refusal *reterr_refusal) {
  const char *first = memchr(line.data, ' ', line.length);
  if (first == NULL) return refuse_head(reterr_refusal, "the request line is not METHOD TARGET VERSION");
  head->method = (struct text){line.data, (size_t)(first - line.data)};
  struct text rest = {first + 1, line.length - head->method.length - 1};
  const char *second = memchr(rest.data, ' ', rest.length);
  if (second == NULL) return refuse_head(reterr_refusal, "the request line is not METHOD TARGET VERSION");
  head->target = (struct text){rest.data, (size_t)(second - rest.data)};
  struct text version = {second + 1, rest.length - head->target.length - 1};
  if (!http_text_is_token(head->method) || head->method.length > HTTP_METHOD_BYTES_MAX)
    return refuse_head(reterr_refusal, "the method is not a token of at most 32 characters");
  if (head->target.length == 0 || memchr(version.data, ' ', version.length) != NULL)
    return refuse_head(reterr_refusal, "more than one blank between the parts of the request line");
  return read_version(version, &head->minor, reterr_refusal);
}

static int read_header(struct text line, char *lower, struct http_header *ret,
                       struct http_refusal *reterr_refusal) {
  const char *colon = memchr(line.data, ':', line.length);
  if (colon == NULL) return refuse_head(reterr_refusal, "a header line without a colon");
  ret->name = (struct text){lower, (size_t)(colon - line.data)};
  if (!http_text_is_token((struct text){line.data, ret->name.length}))
    return refuse_head(reterr_refusal,
                       "a header name that is empty or holds a blank or another forbidden character");
  for (size_t i = 0; i < ret->name.length; i++)
    lower[i] = line.data[i] >= 'A' && line.data[i] <= 'Z' ? (char)(line.data[i] | 0x20) : line.data[i];
  struct text value = {colon + 1, line.length - ret->name.length - 1};
  while (value.length != 0 && (value.data[0] == ' ' || value.data[0] == '\t')) value.data++, value.length--;
  while (value.length != 0 && (value.data[value.length - 1] == ' ' || value.data[value.length - 1] == '\t'))
    value.length--;
  ret->value = value;
  if (text_find_bad_utf8(value) != SIZE_MAX)
    return refuse_head(reterr_refusal, "a header value that is not UTF-8");
  return 0;
}

/* The next line without its CRLF; http_head_find() has seen to it that each CR stands before an LF. */
static struct text next_line(struct text *rest) {
  const char *end = rest->length == 0 ? NULL : memchr(rest->data, '\r', rest->length);
  struct text line = {rest->data, end == NULL ? rest->length : (size_t)(end - rest->data)};
  size_t used = MIN(line.length + 2, rest->length);
  rest->data += used;
  rest->length -= used;
  return line;
}

static bool is_port(struct text port) {
  unsigned value = 0;
  if (port.length == 0 || port.length > 5) return false;
  for (size_t i = 0; i < port.length; i++) {
    if (port.data[i] < '0' || port.data[i] > '9') return false;
    value = value * 10 + (unsigned)(port.data[i] - '0');
  }
  return value <= 65535;
}

/* NAME[:PORT], IPV4[:PORT] or [IPV6][:PORT]. */
static bool is_host(struct text value) {
  size_t at = 0;
  if (value.length > 261) return false;
  if (value.length != 0 && value.data[0] == '[') {
    for (at = 1; at < value.length && value.data[at] != ']'; at++)
      if (http_hex_digit(value.data[at]) < 0 && value.data[at] != ':' && value.data[at] != '.') return false;
    if (at < 3 || at == value.length) return false;
    at++;
  } else {
    while (at < value.length && value.data[at] != ':') {
      char c = value.data[at++];
      bool name = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                  c == '.' || c == '_';
      if (!name) return false;
    }
    if (at == 0) return false;
  }
  if (at == value.length) return true;
  return value.data[at] == ':' && is_port((struct text){value.data + at + 1, value.length - at - 1});
}

static int read_host(struct http_head *head, struct http_refusal *reterr_refusal) {
  bool many;
  const struct text *host = http_header(head, "host", &many);
  if (many) return refuse(reterr_refusal, 400, "bad_host", "more than one Host");
  if (host == NULL && head->minor == 0) return 0;
  if (host == NULL) return refuse(reterr_refusal, 400, "bad_host", "no Host");
  if (!is_host(*host)) return refuse(reterr_refusal, 400, "bad_host", "Host is not NAME or NAME:PORT");
  return 0;
}

/* A tab behind the value, in front of the line's end: llhttp refuses it where it means the body's length. */
static bool tab_behind(const struct text *value) {
  const char *behind = value->data + value->length;
  return behind[strspn(behind, " ")] == '\t';
}

static int read_content_length(struct http_head *head, struct http_refusal *reterr_refusal) {
  bool many;
  const struct text *value = http_header(head, "content-length", &many);
  if (value == NULL) return 0;
  if (many) return refuse_length(reterr_refusal, "more than one Content-Length");
  if (value->length == 0) return refuse_length(reterr_refusal, "an empty Content-Length");
  if (tab_behind(value)) return refuse_length(reterr_refusal, "a tab behind Content-Length");
  for (size_t i = 0; i < value->length; i++)
    if (value->data[i] < '0' || value->data[i] > '9')
      return refuse_length(reterr_refusal, "Content-Length is not one plain number");
  if (value->length > 1 && value->data[0] == '0')
    return refuse_length(reterr_refusal, "Content-Length has a leading zero");
  if (value->length > 18)
    return refuse(reterr_refusal, 413, "too_large", "Content-Length is over every limit");
  head->content_length = 0;
  for (size_t i = 0; i < value->length; i++)
    head->content_length = head->content_length * 10 + (value->data[i] - '0');
  return 0;
}

static int read_transfer_encoding(struct http_head *head, struct http_refusal *reterr_refusal) {
  bool many;
  const struct text *value = http_header(head, "transfer-encoding", &many);
  if (value == NULL) return 0;
  if (head->minor == 0) return refuse_length(reterr_refusal, "Transfer-Encoding under HTTP/1.0");
  if (many) return refuse_length(reterr_refusal, "more than one Transfer-Encoding");
  if (http_header(head, "content-length", NULL) != NULL)
    return refuse_length(reterr_refusal, "Content-Length and Transfer-Encoding together");
  if (tab_behind(value)) return refuse_length(reterr_refusal, "a tab behind Transfer-Encoding");
  if (!text_is(*value, "chunked"))
    return refuse(reterr_refusal, 501, "transfer_encoding", "only Transfer-Encoding: chunked is understood");
  head->chunked = true;
  return 0;
}

static bool text_is_nocase(struct text text, const char *lower) {
  size_t length = strlen(lower);
  return text.length == length && strncasecmp(text.data, lower, length) == 0;
}

static bool next_member(struct text *list, struct text *ret_member) {
  if (list->length == 0) return false;
  const char *comma = memchr(list->data, ',', list->length);
  size_t length = comma == NULL ? list->length : (size_t)(comma - list->data);
  *ret_member = text_trim((struct text){list->data, length});
  size_t used = MIN(length + 1, list->length);
  list->data += used;
  list->length -= used;
  return true;
}

/* Connection may come more than once: its members are one list. */
static void read_connection(struct http_head *head) {
  bool close = false, keep = false;
  for (size_t i = 0; i < head->headers_count; i++) {
    if (!text_is(head->headers[i].name, "connection")) continue;
    struct text list = head->headers[i].value, member;
    while (next_member(&list, &member)) {
      close |= text_is_nocase(member, "close");
      keep |= text_is_nocase(member, "keep-alive");
    }
  }
  head->keep_alive = !close && (head->minor == 1 || keep);
}

static int read_encodings(struct http_head *head, struct http_refusal *reterr_refusal) {
  bool many;
  const struct text *value = http_header(head, "content-encoding", &many);
  if (value != NULL && (many || !text_is_nocase(*value, "identity")))
    return refuse(reterr_refusal, 415, "content_encoding",
                  "bodies are taken as they are, without Content-Encoding");
  value = http_header(head, "expect", &many);
  if (value == NULL || head->minor == 0) return 0;
  if (many || !text_is_nocase(*value, "100-continue"))
    return refuse(reterr_refusal, 417, "expectation", "only Expect: 100-continue is understood");
  head->expect_continue = head->chunked || head->content_length > 0;
  return 0;
}

static int read_content_type(const struct http_head *head, struct http_refusal *reterr_refusal) {
  bool many;
  http_header(head, "content-type", &many);
  return many ? refuse_head(reterr_refusal, "more than one Content-Type") : 0;
}

static int read_headers(struct arena *arena, struct text rest, char *lower, struct http_head *head,
                        struct http_refusal *reterr_refusal) {
  struct http_header headers[HTTP_HEADERS_MAX];
  size_t count = 0;
  for (;;) {
    struct text line = next_line(&rest);
    if (line.length == 0) break;
    if (count == HTTP_HEADERS_MAX)
      return refuse(reterr_refusal, 431, "head_too_large", "more than 100 header lines");
    int r = read_header(line, lower, &headers[count], reterr_refusal);
    if (r != 0) return r;
    lower += headers[count++].name.length;
  }
  struct http_header *kept = arena_alloc(arena, count * sizeof *kept);
  if (kept == NULL) return -ENOMEM;
  if (count != 0) memcpy(kept, headers, count * sizeof *kept);
  head->headers = kept;
  head->headers_count = count;
  return 0;
}

int http_head_read(struct arena *arena, struct text bytes, struct http_head *ret_head,
                   struct http_refusal *reterr_refusal) {
  char *copy = arena_text(arena, bytes), *lower = arena_alloc(arena, bytes.length);
  if (copy == NULL || lower == NULL) return -ENOMEM;
  struct http_head head = {.content_length = -1};
  struct text rest = {copy, bytes.length};
  int r = read_request_line(next_line(&rest), &head, reterr_refusal);
  if (r == 0) r = http_target_read(arena, head.target, &head.path, &head.query, reterr_refusal);
  if (r == 0) r = read_headers(arena, rest, lower, &head, reterr_refusal);
  if (r == 0) r = read_host(&head, reterr_refusal);
  if (r == 0) r = read_content_length(&head, reterr_refusal);
  if (r == 0) r = read_transfer_encoding(&head, reterr_refusal);
  if (r == 0) r = read_encodings(&head, reterr_refusal);
  if (r == 0) r = read_content_type(&head, reterr_refusal);
  if (r != 0) return r;
  read_connection(&head);
  *ret_head = head;
  return 0;
}

const struct text *http_header(const struct http_head *head, const char *name, bool *ret_many) {
  const struct text *found = NULL;
  size_t length = strlen(name);
  if (ret_many != NULL) *ret_many = false;
  for (size_t i = 0; i < head->headers_count; i++) {
    const struct http_header *header = &head->headers[i];
    if (header->name.length != length || memcmp(header->name.data, name, length) != 0) continue;
    if (found == NULL) found = &header->value;
    else if (ret_many != NULL) *ret_many = true;
  }
  return found;
}
