/*
 * Connections over loopback: order, keeping alive, bodies of every size, limits of time and number, pausing, draining,
 * peers that leave.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/lib/http_rig.h"

static void ask(struct http_rig *rig, const char *bytes, const char *expected) {
  struct text_out received = TEXT_OUT_INIT, digest = TEXT_OUT_INIT;
  int fd = http_rig_connect(rig);
  http_rig_send(rig, fd, text_of(bytes));
  http_rig_finish(rig, fd, &received);
  http_rig_digest((struct text){received.data, received.length}, &digest);
  assert_string_equal(digest.data == NULL ? "" : digest.data, expected);
  text_out_deinit(&received);
  text_out_deinit(&digest);
}

static void test_answers_a_request(void **state) {
  struct http_rig rig = {0};
  http_rig_open(&rig);
  ask(&rig, "GET /a%20b?x=1 HTTP/1.1\r\nHost: h\r\n\r\n", "200 GET /a b x=1 \"\"\n");
  ask(&rig, "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", "200 POST /p  \"hello\"\n");
  assert_true(rig.zero_tail);
  ask(&rig, "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n",
      "200 POST /p  \"hello!\"\n");
  assert_true(rig.zero_tail);
  ask(&rig, "GET / HTTP/1.0\r\n\r\n", "200 close GET /  \"\"\n");
  ask(&rig, "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", "200 \n");
  http_rig_close(&rig);
}

static void test_pipelined_requests_are_answered_in_order(void **state) {
  struct http_rig rig = {0};
  http_rig_open(&rig);
  ask(&rig,
      "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nPOST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab"
      "GET /3 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\nGET /4 HTTP/1.1\r\nHost: h\r\n\r\n",
      "200 GET /1  \"\"\n200 POST /2  \"ab\"\n200 close GET /3  \"\"\n");
  assert_int_equal(rig.requests, 3);
  http_rig_close(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_answers_a_request),
      cmocka_unit_test(test_pipelined_requests_are_answered_in_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
