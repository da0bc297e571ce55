/*
 * Connections over loopback: order, keeping alive, bodies of every size, limits of time and number, pausing,
 * draining, peers that leave.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>

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
  ask(&rig,
      "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n",
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

#define GET "GET / HTTP/1.1\r\nHost: h\r\n\r\n"

static bool has_kept(void *context) { return ((struct http_rig *)context)->kept != NULL; }
static bool is_alone(void *context) {
  return listener_connections(((struct http_rig *)context)->listener) == 0;
}

struct reading {
  int fd;
  struct text_out text;
};

static bool has_ended(void *context) {
  struct reading *reading = context;
  return http_rig_receive(reading->fd, &reading->text);
}

static bool has_text(void *context) {
  struct reading *reading = context;
  http_rig_receive(reading->fd, &reading->text);
  return reading->text.length != 0;
}

/* Reads to the end that the server makes. */
static void expect_end(struct http_rig *rig, int fd, const char *expected) {
  struct reading reading = {fd, TEXT_OUT_INIT};
  struct text_out digest = TEXT_OUT_INIT;
  http_rig_until(rig, has_ended, &reading);
  http_rig_digest((struct text){reading.text.data, reading.text.length}, &digest);
  struct text start = {digest.data, MIN(digest.length, strlen(expected))};
  if (!text_is(start, expected) || (expected[0] == '\0' && digest.length != 0))
    fail_msg("answered %s", digest.data);
  close(fd);
  text_out_deinit(&reading.text);
  text_out_deinit(&digest);
}

static void expect_answer(struct http_rig *rig, int fd, const char *expected) {
  struct reading reading = {fd, TEXT_OUT_INIT};
  http_rig_until(rig, has_text, &reading);
  if (strncmp(reading.text.data, expected, strlen(expected)) != 0) fail_msg("answered %s", reading.text.data);
  text_out_deinit(&reading.text);
}

static void test_the_next_request_waits_for_the_answer(void **state) {
  struct http_rig rig = {.later = true};
  http_rig_open(&rig);
  int fd = http_rig_connect(&rig);
  http_rig_send(
      &rig, fd,
      TEXT("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
  http_rig_until(&rig, has_kept, &rig);
  http_rig_turn(&rig);
  assert_int_equal(rig.requests, 1);
  http_rig_send(&rig, fd, TEXT("more"));
  rig.later = false;
  http_rig_respond(rig.kept);
  assert_int_equal(rig.requests, 2);
  expect_end(&rig, fd, "200 GET /1  \"\"\n200 close GET /2  \"\"\n");
  http_rig_close(&rig);
}

static void test_an_answer_to_a_peer_that_left(void **state) {
  struct http_rig rig = {.later = true};
  http_rig_open(&rig);
  for (int listening = 1; listening >= 0; listening--) {
    int fd = http_rig_connect(&rig);
    rig.kept = NULL;
    http_rig_send(&rig, fd, TEXT(GET));
    http_rig_until(&rig, has_kept, &rig);
    close(fd);
    http_rig_turn(&rig);
    if (!listening) listener_free(TAKE(rig.listener));
    http_rig_respond(rig.kept);
    if (listening) http_rig_until(&rig, is_alone, &rig);
  }
  assert_int_equal(rig.dropped, 0);
  http_rig_close(&rig);
}

static size_t anonymous_kib(void) {
  char line[256];
  size_t kib = 0;
  FILE *file = fopen("/proc/self/status", "re");
  assert_non_null(file);
  while (fgets(line, sizeof line, file) != NULL)
    if (strncmp(line, "RssAnon:", 8) == 0) kib = strtoul(line + 8, NULL, 10);
  fclose(file);
  return kib;
}

/* Sends `total` bytes of body in pieces, as they are or as chunks. */
static void send_body(struct http_rig *rig, int fd, size_t total, bool chunked, bool end) {
  static char piece[65536 + 32];
  size_t data = 65536, front = chunked ? 7 : 0, back = chunked ? 2 : 0;
  memset(piece, 'x', sizeof piece);
  if (chunked) memcpy(piece, "10000\r\n", 7), memcpy(piece + 7 + data, "\r\n", 2);
  for (size_t sent = 0; sent < total; sent += data)
    http_rig_send(rig, fd, (struct text){piece, front + data + back});
  if (chunked && end) http_rig_send(rig, fd, TEXT("0\r\n\r\n"));
}

static void test_large_bodies_cost_no_memory(void **state) {
  enum { TOTAL = 48 << 20 };
  struct http_rig rig = {.max_body = TOTAL};
  http_rig_open(&rig);
  for (int chunked = 0; chunked < 2; chunked++) {
    char head[256];
    rig.kept = NULL;
    rig.later = true;
    snprintf(head, sizeof head, "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n%s\r\n\r\n",
             chunked ? "Transfer-Encoding: chunked" : "Content-Length: 50331648");
    int fd = http_rig_connect(&rig);
    http_rig_send(&rig, fd, text_of(head));
    send_body(&rig, fd, 2 << 20, chunked, false); /* buffers of client and server exist now */
    size_t before_kib = anonymous_kib();
    send_body(&rig, fd, TOTAL - (2 << 20), chunked, true);
    http_rig_until(&rig, has_kept, &rig);
    assert_int_equal(rig.body_length, TOTAL);
    assert_true(rig.zero_tail);
    assert_true(rig.kept->body.data[TOTAL - 1] == 'x');
    assert_true(anonymous_kib() < before_kib + 1024);
    http_rig_respond(rig.kept);
    expect_end(&rig, fd, "200 close POST");
  }
  http_rig_close(&rig);
}

static void test_bodies_around_the_limit_of_memory(void **state) {
  struct http_rig rig = {.max_body = 4 << 20};
  http_rig_open(&rig);
  for (int chunked = 0; chunked < 2; chunked++) {
    for (size_t total = 1 << 20; total <= (1 << 20) + 65536; total += 65536) {
      char head[256];
      snprintf(head, sizeof head, "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n%s%zu\r\n\r\n",
               chunked ? "Transfer-Encoding: chunked\r\nX: " : "Content-Length: ", total);
      int fd = http_rig_connect(&rig);
      http_rig_send(&rig, fd, text_of(head));
      send_body(&rig, fd, total, chunked, true);
      expect_end(&rig, fd, "200 close POST");
      assert_int_equal(rig.body_length, total);
      assert_true(rig.zero_tail);
    }
  }
  http_rig_close(&rig);
}

static void test_no_room_for_a_body(void **state) {
  struct http_rig rig = {.max_body = 4 << 20, .state_dir = "/nonexistent"};
  http_rig_open(&rig);
  int fd = http_rig_connect(&rig);
  http_rig_send(&rig, fd, TEXT("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2000000\r\n\r\nabc"));
  expect_end(&rig, fd,
             "503 close {\"type\":\"about:blank\",\"title\":\"Service "
             "Unavailable\",\"status\":503,\"code\":\"busy\"");
  assert_int_equal(rig.dropped, 1);
  http_rig_close(&rig);
}

static void test_a_full_disk(void **state) {
  struct http_rig rig = {.max_body = 4 << 20};
  struct rlimit before, small = {1200 << 10, RLIM_INFINITY};
  http_rig_open(&rig);
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  signal(SIGXFSZ, SIG_IGN);
  small.rlim_max = before.rlim_max;
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
  int fd = http_rig_connect(&rig);
  http_rig_send(&rig, fd, TEXT("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2097152\r\n\r\n"));
  send_body(&rig, fd, 2 << 20, false, true);
  setrlimit(RLIMIT_FSIZE, &before);
  expect_end(&rig, fd, "503 close {\"type\"");
  assert_int_equal(rig.dropped, 1);
  http_rig_close(&rig);
}

static void test_refusals_by_the_service(void **state) {
  struct http_rig rig = {.refuse_status = 401};
  http_rig_open(&rig);
  int fd = http_rig_connect(&rig);
  http_rig_send(&rig, fd, TEXT(GET));
  expect_answer(&rig, fd, "HTTP/1.1 401 Unauthorized\r\n");
  http_rig_send(&rig, fd, TEXT("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc"));
  expect_end(
      &rig, fd,
      "401 close {\"type\":\"about:blank\",\"title\":\"Unauthorized\",\"status\":401,\"code\":\"refused\","
      "\"detail\":\"as the test wants\"}\n");
  assert_int_equal(rig.heads, 2);
  assert_int_equal(rig.requests + rig.dropped, 0);
  http_rig_close(&rig);
}

static void test_too_large_is_told_behind_the_body(void **state) {
  struct http_rig rig = {.max_body = 1000};
  http_rig_open(&rig);
  int fd = http_rig_connect(&rig);
  http_rig_send(&rig, fd, TEXT("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n"));
  send_body(&rig, fd, 1000000, false, true);
  expect_end(&rig, fd, "413 close {\"type\"");
  assert_int_equal(rig.dropped, 1);
  http_rig_close(&rig);
}

static void test_a_refused_body_is_told_in_the_services_words(void **state) {
  struct http_rig rig = {.max_body = 1000, .own_words = true};
  http_rig_open(&rig);
  int fd = http_rig_connect(&rig);
  http_rig_send(&rig, fd, TEXT("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n"));
  expect_end(&rig, fd, "413 close own too_large");
  fd = http_rig_connect(&rig);
  http_rig_send(&rig, fd, TEXT("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"));
  expect_end(&rig, fd, "400 close own bad_chunk");
  assert_int_equal(rig.dropped, 2);
  http_rig_close(&rig);
}

static void test_continue_is_said_when_the_head_was_accepted(void **state) {
  struct http_rig rig = {0};
  http_rig_open(&rig);
  const char head[] =
      "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\nConnection: close\r\n\r\n";
  int fd = http_rig_connect(&rig);
  http_rig_send(&rig, fd, text_of(head));
  expect_answer(&rig, fd, "HTTP/1.1 100 Continue\r\n\r\n");
  http_rig_send(&rig, fd, TEXT("abc"));
  expect_end(&rig, fd, "200 close POST /  \"abc\"");
  rig.refuse_status = 403;
  fd = http_rig_connect(&rig);
  http_rig_send(&rig, fd, text_of(head));
  expect_answer(&rig, fd, "HTTP/1.1 403 Forbidden\r\n");
  close(fd);
  http_rig_close(&rig);
}

static void test_time_limits(void **state) {
  struct http_rig rig = {.limits = {.head_timeout_ms = 400, .body_timeout_ms = 400, .idle_timeout_ms = 400}};
  http_rig_open(&rig);
  int fd = http_rig_connect(&rig);
  expect_end(&rig, fd, "");
  fd = http_rig_connect(&rig);
  http_rig_send(&rig, fd, TEXT("GET / HT"));
  expect_end(&rig, fd, "408 close");
  fd = http_rig_connect(&rig);
  http_rig_send(&rig, fd, TEXT("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\na"));
  expect_end(&rig, fd, "408 close");
  assert_int_equal(rig.dropped, 1);
  fd = http_rig_connect(&rig);
  http_rig_send(&rig, fd, TEXT(GET));
  expect_end(&rig, fd, "200 GET");
  http_rig_until(&rig, is_alone, &rig);
  http_rig_close(&rig);
}

static void test_large_answers(void **state) {
  struct http_rig rig = {.answer_bytes = 8 << 20};
  http_rig_open(&rig);
  int fd = http_rig_connect(&rig);
  http_rig_send(&rig, fd, TEXT("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
  struct reading reading = {fd, TEXT_OUT_INIT};
  http_rig_until(&rig, has_ended, &reading);
  assert_true(reading.text.length > 8 << 20);
  assert_true(reading.text.data[reading.text.length - 1] == 'a');
  text_out_deinit(&reading.text);
  close(fd);
  http_rig_close(&rig);
}

static void test_a_peer_that_does_not_read_is_cut(void **state) {
  struct http_rig rig = {.answer_bytes = 32 << 20, .limits = {.write_timeout_ms = 1}};
  http_rig_open(&rig);
  int fd = http_rig_connect(&rig);
  http_rig_send(&rig, fd, TEXT(GET));
  http_rig_until(&rig, is_alone, &rig);
  close(fd);
  http_rig_close(&rig);
}

static void test_numbers_of_connections(void **state) {
  struct http_rig rig = {.limits = {.connections = 3, .connections_per_peer = 2}};
  http_rig_open(&rig);
  int first = http_rig_connect(&rig), second = http_rig_connect(&rig), third = http_rig_connect(&rig);
  expect_end(&rig, third, "503 close");
  close(second);
  http_rig_turn(&rig);
  third = http_rig_connect(&rig);
  http_rig_send(&rig, third, TEXT(GET));
  expect_answer(&rig, third, "HTTP/1.1 200");
  close(first);
  close(third);
  http_rig_until(&rig, is_alone, &rig);
  http_rig_close(&rig);
}

static void test_pause(void **state) {
  struct http_rig rig = {0};
  http_rig_open(&rig);
  int fd = http_rig_connect(&rig);
  listener_pause(rig.listener, true);
  http_rig_send(&rig, fd, TEXT(GET GET));
  http_rig_turn(&rig);
  assert_int_equal(rig.heads, 0);
  listener_pause(rig.listener, false);
  http_rig_turn(&rig);
  http_rig_turn(&rig);
  assert_int_equal(rig.requests, 2);
  close(fd);
  http_rig_close(&rig);
}

static void test_pause_keeps_what_was_read(void **state) {
  struct http_rig rig = {.later = true};
  http_rig_open(&rig);
  int fd = http_rig_connect(&rig);
  http_rig_send(&rig, fd, TEXT(GET GET));
  listener_pause(rig.listener, true);
  http_rig_respond(rig.kept);
  http_rig_turn(&rig);
  assert_int_equal(rig.requests, 1);
  listener_pause(rig.listener, false);
  http_rig_turn(&rig);
  assert_int_equal(rig.requests, 2);
  http_rig_respond(rig.kept);
  close(fd);
  http_rig_close(&rig);
}

static void test_drain(void **state) {
  struct http_rig rig = {.later = true};
  http_rig_open(&rig);
  int idle = http_rig_connect(&rig), busy = http_rig_connect(&rig);
  http_rig_send(&rig, busy, TEXT(GET));
  http_rig_until(&rig, has_kept, &rig);
  listener_drain(rig.listener);
  expect_end(&rig, idle, "");
  assert_int_equal(listener_connections(rig.listener), 1);
  http_rig_respond(rig.kept);
  expect_end(&rig, busy, "200 close GET");
  http_rig_until(&rig, is_alone, &rig);
  http_rig_close(&rig);
}

static void test_addresses(void **state) {
  static const char *const wrong[] = {
      "",       "localhost:80", "127.0.0.1", "127.0.0.1:",    "127.0.0.1:65536", "127.0.0.1:x",
      "::1:80", "[::1]",        "[::1:80",   "127.0.0.1:80 ", "999.0.0.1:80"};
  struct http_rig rig = {0};
  http_rig_open(&rig);
  for (size_t i = 0; i < LENGTH_OF(wrong); i++) {
    struct listener *listener = NULL;
    const char *reason = NULL;
    int r = listener_new(rig.base, rig.metrics, "wrong", wrong[i], &rig.limits, "/tmp", &rig.service,
                         &listener, &reason);
    assert_int_equal(r, LISTENER_E_ADDRESS);
    assert_non_null(reason);
  }
  http_rig_close(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_answers_a_request),
      cmocka_unit_test(test_pipelined_requests_are_answered_in_order),
      cmocka_unit_test(test_the_next_request_waits_for_the_answer),
      cmocka_unit_test(test_an_answer_to_a_peer_that_left),
      cmocka_unit_test(test_large_bodies_cost_no_memory),
      cmocka_unit_test(test_bodies_around_the_limit_of_memory),
      cmocka_unit_test(test_no_room_for_a_body),
      cmocka_unit_test(test_a_full_disk),
      cmocka_unit_test(test_refusals_by_the_service),
      cmocka_unit_test(test_too_large_is_told_behind_the_body),
      cmocka_unit_test(test_a_refused_body_is_told_in_the_services_words),
      cmocka_unit_test(test_continue_is_said_when_the_head_was_accepted),
      cmocka_unit_test(test_time_limits),
      cmocka_unit_test(test_large_answers),
      cmocka_unit_test(test_a_peer_that_does_not_read_is_cut),
      cmocka_unit_test(test_numbers_of_connections),
      cmocka_unit_test(test_pause),
      cmocka_unit_test(test_pause_keeps_what_was_read),
      cmocka_unit_test(test_drain),
      cmocka_unit_test(test_addresses),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
