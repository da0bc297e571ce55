/*
 * Heads as structures: what was read of a lawful one. What is refused, form by form, is
 * tests/scenario/http_framing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/net/http_frame.h"
#include "core/text_out.h"

static int read_all(struct arena *arena, struct text bytes, struct http_head *head,
                    struct http_refusal *refusal) {
  struct http_head_scan scan = {0};
  int r = http_head_find(&scan, bytes.data, bytes.length, refusal);
  if (r != 0) return r;
  assert_int_equal(scan.seen, bytes.length);
  return http_head_read(arena, (struct text){bytes.data + scan.start, scan.seen - scan.start}, head, refusal);
}

static void test_reads_a_head(void **state) {
  struct arena *arena cleanup(arena_freep) = NULL;
  struct http_head head;
  struct http_refusal refusal = {0};
  bool many;
  assert_int_equal(arena_new(&arena), 0);
  struct text bytes = TEXT(
      "POST /v1/send%20Edoc?a=%2F&b HTTP/1.1\r\nHost: hub.example:8080\r\nX-API-Key:\t k 1 \t\r\n"
      "Content-Length: 1234567890123\r\nTwice: 1\r\ntwice: 2\r\nEmpty:\r\nExpect: 100-Continue\r\n\r\n");
  assert_int_equal(read_all(arena, bytes, &head, &refusal), 0);
  assert_true(text_is(head.method, "POST"));
  assert_true(text_is(head.target, "/v1/send%20Edoc?a=%2F&b"));
  assert_true(text_is(head.path, "/v1/send Edoc"));
  assert_true(text_is(head.query, "a=%2F&b"));
  assert_int_equal(head.minor, 1);
  assert_int_equal(head.headers_count, 7);
  assert_true(head.content_length == INT64_C(1234567890123));
  assert_true(head.keep_alive && head.expect_continue && !head.chunked);
  assert_true(text_is(*http_header(&head, "x-api-key", &many), "k 1"));
  assert_false(many);
  assert_true(text_is(*http_header(&head, "twice", &many), "1"));
  assert_true(many);
  assert_int_equal(http_header(&head, "empty", NULL)->length, 0);
  assert_null(http_header(&head, "x-api", NULL));
}

static void test_every_split_finds_the_same_end(void **state) {
  static const char bytes[] = "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\nGET ";
  struct http_refusal refusal = {0};
  for (size_t first = 0; first < sizeof bytes; first++) {
    struct http_head_scan scan = {0};
    int r = http_head_find(&scan, bytes, first, &refusal);
    assert_int_equal(r, first < sizeof bytes - 5 ? HTTP_HEAD_E_MORE : 0);
    if (r == HTTP_HEAD_E_MORE) assert_int_equal(http_head_find(&scan, bytes, sizeof bytes - 1, &refusal), 0);
    assert_int_equal(scan.start, 2);
    assert_int_equal(scan.seen, sizeof bytes - 5);
  }
}

static void test_limits_are_exact(void **state) {
  static char bytes[HTTP_HEAD_BYTES_MAX + 8];
  struct http_refusal refusal = {0};
  for (size_t over = 0; over < 2; over++) {
    size_t length = HTTP_HEAD_BYTES_MAX + over;
    struct http_head_scan scan = {0};
    memset(bytes, 'a', length);
    memcpy(bytes, "GET / HTTP/1.1\r\nX: ", 19);
    memcpy(bytes + length - 4, "\r\n\r\n", 4);
    int r = http_head_find(&scan, bytes, length, &refusal);
    assert_int_equal(r, over == 0 ? 0 : HTTP_HEAD_E_REFUSED);
  }
  assert_int_equal(refusal.status, 431);
}

static void test_two_readers_that_disagree_refuse(void **state) {
  struct http_frame frame;
  struct arena *arena cleanup(arena_freep) = NULL;
  struct http_head head;
  struct http_refusal refusal = {0};
  assert_int_equal(arena_new(&arena), 0);
  struct text bytes = TEXT("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n");
  assert_int_equal(read_all(arena, bytes, &head, &refusal), 0);
  assert_int_equal(http_frame_begin(&frame, bytes, &head, &refusal), 0);
  head.content_length = 6;
  assert_int_equal(http_frame_begin(&frame, bytes, &head, &refusal), HTTP_FRAME_E_REFUSED);
  assert_string_equal(refusal.code, "two_readings");
  head.content_length = -1;
  head.chunked = true;
  assert_int_equal(http_frame_begin(&frame, bytes, &head, &refusal), HTTP_FRAME_E_REFUSED);
}

/* What our reader takes llhttp must take too; else lawful requests would be refused as having two readings.
 */
static void test_the_second_reader_takes_every_character(void **state) {
  struct arena *arena cleanup(arena_freep) = NULL;
  assert_int_equal(arena_new(&arena), 0);
  for (unsigned c = 0x21; c < 0x100; c++) {
    const char high[] = {(char)(c < 0x80 ? c : 0xc0 | c >> 6), (char)(c < 0x80 ? '\0' : 0x80 | (c & 0x3f)),
                         '\0'};
    const char *const places[] = {"/%s", "/a?%s", "/ HTTP/1.1\r\nHost: h\r\nX%s: 1",
                                  "/ HTTP/1.1\r\nHost: h\r\nX: a %s"};
    for (size_t i = 0; i < LENGTH_OF(places); i++) {
      struct text_out bytes = TEXT_OUT_INIT;
      struct http_frame frame;
      struct http_head head;
      struct http_refusal refusal = {0};
      text_out_string(&bytes, "PUT ");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
      text_out_format(&bytes, places[i], high);
#pragma GCC diagnostic pop
      text_out_string(&bytes, i < 2 ? " HTTP/1.1\r\nHost: h\r\n\r\n" : "\r\n\r\n");
      struct text all = {bytes.data, bytes.length};
      bool taken = read_all(arena, all, &head, &refusal) == 0;
      if (taken && http_frame_begin(&frame, all, &head, &refusal) != 0) fail_msg("%s", bytes.data);
      text_out_deinit(&bytes);
    }
  }
}

/* Feeds a chunked body cut in two; returns the last result and the bytes read. */
static int decode(const char *bytes, size_t cut, char *out, struct http_refusal *refusal) {
  struct text head_bytes = TEXT("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"), body;
  struct http_head head = {.method = {head_bytes.data, 4}, .minor = 1, .chunked = true, .content_length = -1};
  struct http_frame frame;
  size_t at = 0, length = strlen(bytes), used, total = 0;
  int r = http_frame_begin(&frame, head_bytes, &head, refusal);
  frame.max_body = 16;
  if (r == 0) r = HTTP_FRAME_E_MORE;
  while (r == HTTP_FRAME_E_MORE && at < length) {
    size_t end = at < cut ? cut : length;
    r = http_frame_chunked(&frame, bytes + at, end - at, &used, &body, refusal);
    if (body.length != 0) memcpy(out + total, body.data, body.length);
    total += body.length;
    at += used;
  }
  out[total] = '\0';
  return r;
}

static void test_chunks(void **state) {
  static const char bytes[] = "3\r\nabc\r\n00D\r\n0123456789\r\n-\r\n0\r\n\r\n";
  struct http_refusal refusal = {0};
  char out[64];
  for (size_t cut = 0; cut < sizeof bytes - 1; cut++) {
    assert_int_equal(decode(bytes, cut, out, &refusal), 0);
    assert_string_equal(out, "abc0123456789\r\n-");
  }
  assert_int_equal(decode("11\r\n", 1, out, &refusal), HTTP_FRAME_E_REFUSED);
  assert_int_equal(refusal.status, 413);
  assert_int_equal(decode("8\r\n12345678\r\n9\r\n", 1, out, &refusal), HTTP_FRAME_E_REFUSED);
  assert_int_equal(refusal.status, 413);
  assert_int_equal(decode("8000000000000000\r\n", 1, out, &refusal), HTTP_FRAME_E_REFUSED);
  assert_int_equal(decode("0\r\n", 1, out, &refusal), HTTP_FRAME_E_MORE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_reads_a_head),
      cmocka_unit_test(test_every_split_finds_the_same_end),
      cmocka_unit_test(test_limits_are_exact),
      cmocka_unit_test(test_two_readers_that_disagree_refuse),
      cmocka_unit_test(test_the_second_reader_takes_every_character),
      cmocka_unit_test(test_chunks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
