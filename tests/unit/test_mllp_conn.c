/*
 * Connections of MLLP over loopback: answers in order whatever order the service has, bounds, limits of time
 * and number, pausing, draining, peers that leave or do not read.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "core/net/mllp_conn.h"
#include "tests/lib/mllp_rig.h"
#include "tests/lib/net_client.h"

#define FRAME(text) "\x0b" text "\x1c\r"

static void expect(const struct text_out *received, const char *expected) {
  struct text_out digest = TEXT_OUT_INIT;
  mllp_rig_digest((struct text){received->data, received->length}, &digest);
  assert_string_equal(digest.data == NULL ? "" : digest.data, expected);
  text_out_deinit(&digest);
}

static void finish(struct mllp_rig *rig, int fd, const char *expected) {
  struct text_out received = TEXT_OUT_INIT;
  net_client_finish(rig->base, fd, &received);
  expect(&received, expected);
  text_out_deinit(&received);
}

struct reading {
  int fd;
  struct text_out text;
  size_t wanted;
};

static bool has_ended(void *context) {
  struct reading *reading = context;
  return net_client_receive(reading->fd, &reading->text);
}

static bool has_bytes(void *context) {
  struct reading *reading = context;
  net_client_receive(reading->fd, &reading->text);
  return reading->text.length >= reading->wanted;
}

/* Reads to the end that the server makes. */
static void expect_end(struct mllp_rig *rig, int fd, const char *expected) {
  struct reading reading = {.fd = fd};
  net_client_until(rig->base, has_ended, &reading);
  expect(&reading.text, expected);
  text_out_deinit(&reading.text);
  close(fd);
}

static void expect_bytes(struct mllp_rig *rig, int fd, size_t bytes, const char *expected) {
  struct reading reading = {.fd = fd, .wanted = bytes};
  net_client_until(rig->base, has_bytes, &reading);
  expect(&reading.text, expected);
  text_out_deinit(&reading.text);
}

static bool is_alone(void *context) {
  return mllp_listener_connections(((struct mllp_rig *)context)->listener) == 0;
}

static bool is_refused(void *context) { return ((struct mllp_rig *)context)->refused != NULL; }

static void send_numbered(struct mllp_rig *rig, int fd, unsigned count) {
  struct text_out bytes = TEXT_OUT_INIT;
  for (unsigned i = 0; i < count; i++) text_out_format(&bytes, FRAME("%03u"), i);
  net_client_send(rig->base, fd, (struct text){bytes.data, bytes.length});
  text_out_deinit(&bytes);
}

static void numbered(unsigned count, struct text_out *out) {
  for (unsigned i = 0; i < count; i++) text_out_format(out, "%s\"A%03u\"", i == 0 ? "" : " ", i);
}

static void test_fifty_in_one_read(void **state) {
  struct mllp_rig rig = {0};
  struct text_out expected = TEXT_OUT_INIT;
  mllp_rig_open(&rig);
  int fd = mllp_rig_connect(&rig);
  send_numbered(&rig, fd, 50);
  numbered(50, &expected);
  finish(&rig, fd, expected.data);
  assert_int_equal(rig.messages, 50);
  assert_true(rig.zero_tail);
  text_out_deinit(&expected);
  mllp_rig_close(&rig);
}

static void test_answers_keep_the_order_of_arrival(void **state) {
  struct mllp_rig rig = {.later = true};
  mllp_rig_open(&rig);
  int fd = mllp_rig_connect(&rig);
  net_client_send(rig.base, fd, TEXT(FRAME("a") FRAME("b") FRAME("c")));
  assert_int_equal(rig.kept_count, 3);
  mllp_rig_respond(&rig, rig.kept[2]);
  mllp_rig_respond(&rig, rig.kept[1]);
  mllp_rig_respond(&rig, rig.kept[0]);
  expect_bytes(&rig, fd, 15, "\"Aa\" \"Ab\" \"Ac\"");
  finish(&rig, fd, "");
  mllp_rig_close(&rig);
}

static void test_two_answers_of_one_message(void **state) {
  struct mllp_rig rig = {.later = true};
  mllp_rig_open(&rig);
  int fd = mllp_rig_connect(&rig);
  net_client_send(rig.base, fd, TEXT(FRAME("a") FRAME("b")));
  mllp_answer(rig.kept[1], TEXT("CA b"));
  mllp_answer(rig.kept[0], TEXT("CA a"));
  expect_bytes(&rig, fd, 7, "\"CA a\""); /* at once; b's waits for a's last one */
  mllp_answer(rig.kept[1], TEXT("AA b"));
  mllp_end(rig.kept[1], false);
  mllp_answer(rig.kept[0], TEXT("AA a"));
  mllp_end(rig.kept[0], false);
  expect_bytes(&rig, fd, 21, "\"AA a\" \"CA b\" \"AA b\"");
  finish(&rig, fd, "");
  mllp_rig_close(&rig);
}

static void test_silence_is_nothing(void **state) {
  struct mllp_rig rig = {.later = true};
  mllp_rig_open(&rig);
  int fd = mllp_rig_connect(&rig);
  net_client_send(rig.base, fd, TEXT(FRAME("a") FRAME("b")));
  mllp_answer(rig.kept[0], TEXT_NONE);
  mllp_end(rig.kept[0], false);
  mllp_rig_respond(&rig, rig.kept[1]);
  finish(&rig, fd, "\"Ab\"");
  mllp_rig_close(&rig);
}

/* A later answer must never be taken for that of a message without one. */
static void test_a_lost_answer_ends_the_connection(void **state) {
  struct mllp_rig rig = {.later = true};
  mllp_rig_open(&rig);
  int fd = mllp_rig_connect(&rig);
  net_client_send(rig.base, fd, TEXT(FRAME("a") FRAME("b") FRAME("c")));
  mllp_rig_respond(&rig, rig.kept[2]);
  mllp_end(rig.kept[1], true);
  mllp_rig_respond(&rig, rig.kept[0]);
  expect_end(&rig, fd, "\"Aa\"");
  net_client_until(rig.base, is_alone, &rig);
  mllp_rig_close(&rig);
}

static void test_an_answer_that_would_break_the_frame(void **state) {
  static const struct text answers[] = {TEXT("a\x1c"), TEXT("\x0b"),
                                        TEXT("a\x1c\r\x0b"
                                             "b")};
  for (size_t i = 0; i < LENGTH_OF(answers); i++) {
    struct mllp_rig rig = {.later = true};
    mllp_rig_open(&rig);
    int fd = mllp_rig_connect(&rig);
    net_client_send(rig.base, fd, TEXT(FRAME("a")));
    mllp_answer(rig.kept[0], answers[i]);
    mllp_end(rig.kept[0], false);
    expect_end(&rig, fd, "");
    mllp_rig_close(&rig);
  }
}

static void test_messages_of_every_size(void **state) {
  static const size_t sizes[] = {1, 16383, 16384, 32767, 32768, 1 << 20, (1 << 20) + 1, 3000000};
  struct mllp_rig rig = {.limits.max_body = 3000000};
  char *bytes = malloc(3000003);
  assert_non_null(bytes);
  memset(bytes, 'm', 3000003);
  mllp_rig_open(&rig);
  for (size_t i = 0; i < LENGTH_OF(sizes); i++) {
    int fd = mllp_rig_connect(&rig);
    bytes[0] = MLLP_VT;
    bytes[1 + sizes[i]] = MLLP_FS;
    bytes[2 + sizes[i]] = MLLP_CR;
    net_client_send(rig.base, fd, (struct text){bytes, sizes[i] + 3});
    memset(bytes, 'm', 3000003);
    struct text_out received = TEXT_OUT_INIT;
    net_client_finish(rig.base, fd, &received);
    assert_int_equal(received.length, MIN(sizes[i], (size_t)200) + 4);
    assert_int_equal(rig.message_length, sizes[i]);
    assert_true(rig.zero_tail);
    text_out_deinit(&received);
  }
  free(bytes);
  mllp_rig_close(&rig);
}

static void test_no_more_than_the_bound_at_once(void **state) {
  struct mllp_rig rig = {.later = true};
  struct text_out expected = TEXT_OUT_INIT;
  mllp_rig_open(&rig);
  int fd = mllp_rig_connect(&rig);
  send_numbered(&rig, fd, MLLP_PIPELINED_MESSAGES + 20);
  assert_int_equal(rig.kept_count, MLLP_PIPELINED_MESSAGES);
  for (unsigned i = 0; i < MLLP_PIPELINED_MESSAGES + 20; i++) {
    mllp_rig_respond(&rig, rig.kept[i]);
    net_client_turn(rig.base);
  }
  numbered(MLLP_PIPELINED_MESSAGES + 20, &expected);
  finish(&rig, fd, expected.data);
  text_out_deinit(&expected);
  mllp_rig_close(&rig);
}

static void test_no_more_bytes_than_the_bound_at_once(void **state) {
  struct mllp_rig rig = {.later = true, .limits.max_body = MLLP_PIPELINED_BYTES};
  size_t length = MLLP_PIPELINED_BYTES / 2;
  char *bytes = malloc(length);
  assert_non_null(bytes);
  memset(bytes, 'm', length);
  mllp_rig_open(&rig);
  int fd = mllp_rig_connect(&rig);
  for (size_t i = 0; i < 2; i++) {
    net_client_send(rig.base, fd, TEXT("\x0b"));
    net_client_send(rig.base, fd, (struct text){bytes, length});
    net_client_send(rig.base, fd, TEXT("\x1c\r"));
  }
  assert_int_equal(rig.kept_count, 2);
  net_client_send(rig.base, fd, TEXT(FRAME("a")));
  assert_int_equal(rig.kept_count, 2);
  mllp_end(rig.kept[0], false);
  net_client_turn(rig.base);
  assert_int_equal(rig.kept_count, 3);
  mllp_end(rig.kept[1], false);
  mllp_rig_respond(&rig, rig.kept[2]);
  finish(&rig, fd, "\"Aa\"");
  free(bytes);
  mllp_rig_close(&rig);
}

static void test_half_closed_peers_are_answered(void **state) {
  struct mllp_rig rig = {.later = true};
  mllp_rig_open(&rig);
  int fd = mllp_rig_connect(&rig);
  net_client_send(rig.base, fd, TEXT(FRAME("a") FRAME("b")));
  shutdown(fd, SHUT_WR);
  net_client_turn(rig.base);
  mllp_rig_respond(&rig, rig.kept[0]);
  mllp_rig_respond(&rig, rig.kept[1]);
  expect_end(&rig, fd, "\"Aa\" \"Ab\"");
  assert_null(rig.refused);
  mllp_rig_close(&rig);
}

static void test_a_broken_frame_leaves_the_earlier_answer(void **state) {
  struct mllp_rig rig = {.later = true};
  mllp_rig_open(&rig);
  int fd = mllp_rig_connect(&rig);
  net_client_send(rig.base, fd, TEXT(FRAME("a") "x" FRAME("b")));
  assert_string_equal(rig.refused, "no_vt");
  mllp_rig_respond(&rig, rig.kept[0]);
  expect_end(&rig, fd, "\"Aa\"");
  assert_int_equal(rig.kept_count, 1);
  mllp_rig_close(&rig);
}

static void test_broken_off(void **state) {
  struct mllp_rig rig = {0};
  mllp_rig_open(&rig);
  int fd = mllp_rig_connect(&rig);
  net_client_send(rig.base, fd, TEXT(FRAME("a") "\x0bhalf a mess"));
  finish(&rig, fd, "\"Aa\"");
  assert_string_equal(rig.refused, "broken_off");
  assert_int_equal(rig.messages, 1);
  mllp_rig_close(&rig);
}

static void reset(int fd) {
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1}, sizeof(struct linger));
  close(fd);
}

static void test_a_peer_that_leaves(void **state) {
  struct mllp_rig rig = {.later = true};
  mllp_rig_open(&rig);
  int fd = mllp_rig_connect(&rig);
  net_client_send(rig.base, fd, TEXT(FRAME("a") FRAME("b") FRAME("c")));
  mllp_answer(rig.kept[1], TEXT("early"));
  reset(fd);
  net_client_until(rig.base, is_alone, &rig);
  for (size_t i = 0; i < 3; i++) mllp_rig_respond(&rig, rig.kept[i]);
  struct text_out metrics = TEXT_OUT_INIT;
  metrics_write(rig.metrics, &metrics);
  assert_non_null(strstr(metrics.data, "iochub_mllp_undelivered_answers_total{source=\"test\"} 4\n"));
  text_out_deinit(&metrics);
  mllp_rig_close(&rig);
}

static void test_listener_goes_before_the_answer(void **state) {
  struct mllp_rig rig = {.later = true};
  mllp_rig_open(&rig);
  int fd = mllp_rig_connect(&rig);
  net_client_send(rig.base, fd, TEXT(FRAME("a") "\x0bhalf"));
  mllp_listener_free(TAKE(rig.listener));
  mllp_rig_respond(&rig, rig.kept[0]);
  close(fd);
  mllp_rig_close(&rig);
}

/* ---- Time ---- */

static void test_idle_connections_end(void **state) {
  struct mllp_rig rig = {.limits.idle_timeout_ms = 60};
  mllp_rig_open(&rig);
  expect_end(&rig, mllp_rig_connect(&rig), "");
  int fd = mllp_rig_connect(&rig);
  net_client_send(rig.base, fd, TEXT(FRAME("a")));
  expect_end(&rig, fd, "\"Aa\"");
  assert_null(rig.refused);
  mllp_rig_close(&rig);
}

static void test_slow_frames_end(void **state) {
  struct mllp_rig rig = {.limits.body_timeout_ms = 60};
  mllp_rig_open(&rig);
  int fd = mllp_rig_connect(&rig);
  net_client_send(rig.base, fd, TEXT(FRAME("a") "\x0bslow"));
  expect_end(&rig, fd, "\"Aa\"");
  assert_string_equal(rig.refused, "timeout");
  mllp_rig_close(&rig);
}

static void test_waiting_for_an_answer_is_not_idle(void **state) {
  struct mllp_rig rig = {.later = true, .limits.idle_timeout_ms = 60};
  mllp_rig_open(&rig);
  int waits = mllp_rig_connect(&rig), idles = mllp_rig_connect(&rig);
  net_client_send(rig.base, waits, TEXT(FRAME("a")));
  expect_end(&rig, idles, "");
  assert_int_equal(mllp_listener_connections(rig.listener), 1);
  mllp_rig_respond(&rig, rig.kept[0]);
  expect_end(&rig, waits, "\"Aa\"");
  mllp_rig_close(&rig);
}

static void test_peers_that_do_not_read(void **state) {
  struct mllp_rig rig = {.answer_bytes = 4000000, .limits.write_timeout_ms = 60};
  int small = 4096;
  mllp_rig_open(&rig);
  int fd = mllp_rig_connect(&rig);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  for (int i = 0; i < 4; i++) net_client_send(rig.base, fd, TEXT(FRAME("a")));
  net_client_until(rig.base, is_refused, &rig);
  assert_string_equal(rig.refused, "unread_answers");
  net_client_until(rig.base, is_alone, &rig);
  close(fd);
  mllp_rig_close(&rig);
}

static void test_slow_readers_get_all(void **state) {
  struct mllp_rig rig = {.answer_bytes = 1000000};
  mllp_rig_open(&rig);
  int fd = mllp_rig_connect(&rig);
  send_numbered(&rig, fd, 20);
  assert_in_range(rig.messages, 1, 19); /* the rest waits until it reads */
  struct text_out received = TEXT_OUT_INIT;
  net_client_finish(rig.base, fd, &received);
  assert_int_equal(received.length, 20 * 1000003);
  assert_int_equal(rig.messages, 20);
  text_out_deinit(&received);
  mllp_rig_close(&rig);
}

/* ---- Number ---- */

static void test_too_many_connections(void **state) {
  struct mllp_rig rig = {.limits = {.connections = 2, .connections_per_peer = 2}};
  mllp_rig_open(&rig);
  int first = mllp_rig_connect(&rig), second = mllp_rig_connect(&rig);
  expect_end(&rig, mllp_rig_connect(&rig), "");
  assert_string_equal(rig.refused, "connections");
  finish(&rig, first, "");
  int third = mllp_rig_connect(&rig);
  net_client_send(rig.base, third, TEXT(FRAME("a")));
  finish(&rig, third, "\"Aa\"");
  finish(&rig, second, "");
  mllp_rig_close(&rig);
}

static void test_strangers(void **state) {
  struct mllp_rig rig = {.refuse_peers = true};
  mllp_rig_open(&rig);
  int fd = mllp_rig_connect(&rig);
  expect_end(&rig, fd, "");
  assert_string_equal(rig.refused, "forbidden");
  assert_int_equal(mllp_listener_connections(rig.listener), 0);
  mllp_rig_close(&rig);
}

/* ---- Pausing and draining ---- */

static void test_pausing(void **state) {
  struct mllp_rig rig = {.limits.body_timeout_ms = 60};
  mllp_rig_open(&rig);
  int fd = mllp_rig_connect(&rig);
  net_client_send(rig.base, fd,
                  TEXT("\x0b"
                       "a"));
  mllp_listener_pause(rig.listener, true);
  net_client_send(rig.base, fd, TEXT("\x1c\r"));
  int other = mllp_rig_connect(&rig);
  net_client_send(rig.base, other, TEXT(FRAME("b")));
  for (int i = 0; i < 10; i++) event_base_loop(rig.base, EVLOOP_ONCE); /* the sweep turns, past the limit */
  assert_int_equal(rig.messages, 0);
  mllp_listener_pause(rig.listener, false);
  finish(&rig, fd, "\"Aa\"");
  finish(&rig, other, "\"Ab\"");
  assert_null(rig.refused);
  mllp_rig_close(&rig);
}

/* Taken up again in the turn in which an answer leaves: both want to read on. */
static void test_resumed_with_an_answer(void **state) {
  struct mllp_rig rig = {.later = true};
  mllp_rig_open(&rig);
  int fd = mllp_rig_connect(&rig);
  net_client_send(rig.base, fd, TEXT(FRAME("a")));
  mllp_listener_pause(rig.listener, true);
  net_client_send(rig.base, fd, TEXT(FRAME("b")));
  mllp_rig_respond(&rig, rig.kept[0]);
  mllp_listener_pause(rig.listener, false);
  net_client_turn(rig.base);
  net_client_send(rig.base, fd, TEXT(FRAME("c")));
  assert_int_equal(rig.kept_count, 3);
  mllp_rig_respond(&rig, rig.kept[1]);
  mllp_rig_respond(&rig, rig.kept[2]);
  finish(&rig, fd, "\"Aa\" \"Ab\" \"Ac\"");
  mllp_rig_close(&rig);
}

static void test_draining(void **state) {
  struct mllp_rig rig = {.later = true};
  mllp_rig_open(&rig);
  int waits = mllp_rig_connect(&rig), idles = mllp_rig_connect(&rig), half = mllp_rig_connect(&rig);
  net_client_send(rig.base, waits, TEXT(FRAME("a")));
  net_client_send(rig.base, half, TEXT("\x0bhal"));
  mllp_listener_drain(rig.listener);
  net_client_send(rig.base, waits, TEXT(FRAME("b"))); /* is not taken, and no reset overtakes a's answer */
  mllp_rig_respond(&rig, rig.kept[0]);
  expect_end(&rig, waits, "\"Aa\"");
  expect_end(&rig, idles, "");
  expect_end(&rig, half, "");
  net_client_until(rig.base, is_alone, &rig);
  assert_int_equal(rig.messages, 1);
  mllp_rig_close(&rig);
}

static void test_bad_addresses(void **state) {
  static const char *const bad[] = {"127.0.0.1", "nowhere:1", "127.0.0.1:70000", "192.0.2.1:1", "[::1:2"};
  struct mllp_rig rig = {0};
  mllp_rig_open(&rig);
  for (size_t i = 0; i < LENGTH_OF(bad); i++) {
    struct mllp_listener *listener = NULL;
    const char *reason = NULL;
    int r = mllp_listener_new(rig.base, rig.metrics, "bad", bad[i], &rig.limits, "/tmp", &rig.service,
                              &listener, &reason);
    assert_int_equal(r, MLLP_E_ADDRESS);
    assert_non_null(reason);
  }
  mllp_rig_close(&rig);
}

int main(void) {
  signal(SIGPIPE, SIG_IGN);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_fifty_in_one_read),
      cmocka_unit_test(test_answers_keep_the_order_of_arrival),
      cmocka_unit_test(test_two_answers_of_one_message),
      cmocka_unit_test(test_silence_is_nothing),
      cmocka_unit_test(test_a_lost_answer_ends_the_connection),
      cmocka_unit_test(test_an_answer_that_would_break_the_frame),
      cmocka_unit_test(test_messages_of_every_size),
      cmocka_unit_test(test_no_more_than_the_bound_at_once),
      cmocka_unit_test(test_no_more_bytes_than_the_bound_at_once),
      cmocka_unit_test(test_half_closed_peers_are_answered),
      cmocka_unit_test(test_a_broken_frame_leaves_the_earlier_answer),
      cmocka_unit_test(test_broken_off),
      cmocka_unit_test(test_a_peer_that_leaves),
      cmocka_unit_test(test_listener_goes_before_the_answer),
      cmocka_unit_test(test_idle_connections_end),
      cmocka_unit_test(test_slow_frames_end),
      cmocka_unit_test(test_waiting_for_an_answer_is_not_idle),
      cmocka_unit_test(test_peers_that_do_not_read),
      cmocka_unit_test(test_slow_readers_get_all),
      cmocka_unit_test(test_too_many_connections),
      cmocka_unit_test(test_strangers),
      cmocka_unit_test(test_pausing),
      cmocka_unit_test(test_resumed_with_an_answer),
      cmocka_unit_test(test_draining),
      cmocka_unit_test(test_bad_addresses),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
