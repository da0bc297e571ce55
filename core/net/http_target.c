/*
 * Request targets. Only the origin form is taken; the path is decoded once, and whatever could name another
 * resource to somebody who decodes twice, merges slashes or walks dots is refused instead of being repaired.
 *
 * The absolute form is refused although RFC 9112 would have it: beside Host it says twice where the request
 * goes, and only proxies are sent it.
 */
#include "core/net/http_head.h"

static int refuse(struct http_refusal *reterr_refusal, const char *detail) {
  *reterr_refusal = (struct http_refusal){.status = 400, .code = "bad_target", .detail = detail};
  return HTTP_HEAD_E_REFUSED;
}

static bool is_path_character(char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '/' && c <= '9')) return true;
  return c != '\0' && strchr("-._~!$&'()*+,;=:@%", c) != NULL;
}

static bool is_query_character(char c) { return c > ' ' && c < 0x7f && c != '#'; }

static int decode_path(char *out, struct text raw, size_t *ret_length, struct http_refusal *reterr_refusal) {
  size_t length = 0;
  for (size_t i = 0; i < raw.length; i++) {
    char c = raw.data[i];
    if (!is_path_character(c)) return refuse(reterr_refusal, "a character that a path cannot hold unencoded");
    if (c == '%') {
      bool room = raw.length - i > 2;
      int high = room ? http_hex_digit(raw.data[i + 1]) : -1;
      int low = room ? http_hex_digit(raw.data[i + 2]) : -1;
      if (high < 0 || low < 0) return refuse(reterr_refusal, "a percent sign without two hexadecimal digits");
      c = (char)(high << 4 | low);
      if (c == '/' || c == '\\') return refuse(reterr_refusal, "an encoded slash or backslash in the path");
      if ((unsigned char)c < 0x20 || c == 0x7f)
        return refuse(reterr_refusal, "an encoded control byte in the path");
      i += 2;
    }
    out[length++] = c;
  }
  *ret_length = length;
  return 0;
}

/* Segments are judged without their ";parameters", because some servers walk "..;" like "..". */
static bool is_dot_segment(struct text segment) {
  const char *parameters = segment.length == 0 ? NULL : memchr(segment.data, ';', segment.length);
  if (parameters != NULL) segment.length = (size_t)(parameters - segment.data);
  return text_is(segment, ".") || text_is(segment, "..");
}

static int check_segments(struct text path, struct http_refusal *reterr_refusal) {
  size_t at = 1;
  while (at < path.length) {
    const char *slash = memchr(path.data + at, '/', path.length - at);
    size_t end = slash == NULL ? path.length : (size_t)(slash - path.data);
    if (end == at) return refuse(reterr_refusal, "an empty segment in the path");
    if (is_dot_segment((struct text){path.data + at, end - at}))
      return refuse(reterr_refusal, "a dot segment in the path");
    at = end + 1;
  }
  return 0;
}

static int check_query(struct text query, struct http_refusal *reterr_refusal) {
  for (size_t i = 0; i < query.length; i++)
    if (!is_query_character(query.data[i]))
      return refuse(reterr_refusal, "a character that a query cannot hold unencoded");
  return 0;
}

int http_target_read(struct arena *arena, struct text target, struct text *ret_path, struct text *ret_query,
                     struct http_refusal *reterr_refusal) {
  if (target.length == 0 || target.data[0] != '/') return refuse(reterr_refusal, "the target is not a path");
  if (memchr(target.data, '#', target.length) != NULL)
    return refuse(reterr_refusal, "a fragment in the target");
  const char *mark = memchr(target.data, '?', target.length);
  struct text raw = {target.data, mark == NULL ? target.length : (size_t)(mark - target.data)};
  struct text query = TEXT_NONE;
  if (mark != NULL) query = (struct text){mark + 1, target.length - raw.length - 1};
  char *out = arena_alloc(arena, raw.length + 1);
  if (out == NULL) return -ENOMEM;
  struct text path = {out, 0};
  int r = decode_path(out, raw, &path.length, reterr_refusal);
  if (r == 0) r = check_segments(path, reterr_refusal);
  if (r == 0) r = check_query(query, reterr_refusal);
  if (r != 0) return r;
  if (text_find_bad_utf8(path) != SIZE_MAX) return refuse(reterr_refusal, "the path is not UTF-8");
  *ret_path = path;
  *ret_query = query;
  return 0;
}
