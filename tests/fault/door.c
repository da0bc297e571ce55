/*
 * nth_call_door: every allocation and file call of the HTTP door fails in turn, from listening to closing.
 *
 * The oracle: a request is answered as without the failure, or 503, or its connection is closed; afterwards
 * the same door answers everything again.
 */
#include <stdio.h>
#include <sys/socket.h>

#include "tests/fault/nth_call.h"
#include "tests/lib/http_rig.h"

#define CLOSE "Host: h\r\nConnection: close\r\n"

static char body[1500000];

static const struct {
  struct text head;
  size_t body;
  int status;
} asks[] = {
    {TEXT("GET /a%20b?x HTTP/1.1\r\n" CLOSE "\r\n"), 0, 200},
    {TEXT("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" CLOSE "\r\n3\r\nabc\r\n0\r\n\r\n"), 0, 200},
    {TEXT("POST / HTTP/1.1\r\nContent-Length: 1500000\r\n" CLOSE "\r\n"), sizeof body, 200},
    {TEXT("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" CLOSE "\r\n16E361\r\n"), sizeof body,
     400}, /* ends early */
    {TEXT("GET / HTTP/1.1\nHost: h\r\n\r\n"), 0, 400},
};

/* Status of the answer, 0: none. Takes no memory of its own. */
static int ask(struct http_rig *rig, struct text head, size_t body_length) {
  char answer[4096] = "";
  size_t length = 0;
  int fd = http_rig_connect(rig);
  http_rig_send(rig, fd, head);
  http_rig_send(rig, fd, (struct text){body, body_length});
  shutdown(fd, SHUT_WR);
  for (ssize_t n = 1; n != 0 && length < sizeof answer - 1;) {
    n = recv(fd, answer + length, sizeof answer - 1 - length, MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN) break;
    if (n > 0) length += (size_t)n;
    http_rig_turn(rig);
  }
  close(fd);
  http_rig_turn(rig);
  return length < 12 ? 0 : (int)strtol(answer + 9, NULL, 10);
}

static int ask_all(struct http_rig *rig, bool failing) {
  int differing = 0;
  for (size_t i = 0; i < LENGTH_OF(asks); i++) {
    int status = ask(rig, asks[i].head, asks[i].body);
    bool excused = failing && nth_failed() && (status == 0 || status == 503);
    if (status != asks[i].status && !excused) nth_wrong("request %zu is answered %d", i, status);
    differing += status != asks[i].status;
  }
  return differing;
}

static int run(void *context) {
  struct http_rig *rig = context;
  const char *reason;
  int r = listener_new(rig->base, rig->metrics, "test", "127.0.0.1:0", &rig->limits, "/tmp", &rig->service,
                       &rig->listener, &reason);
  if (r != 0) return r < 0 ? r : -EADDRINUSE;
  int differing = ask_all(rig, true);
  nth_stop();
  ask_all(rig, false);
  if (listener_connections(rig->listener) != 0) nth_wrong("connections are left");
  listener_free(TAKE(rig->listener));
  return differing == 0 ? 0 : -ENOMEM;
}

int main(void) {
  struct http_rig rig = {.max_body = 4 << 20};
  http_rig_open(&rig);
  listener_free(TAKE(rig.listener));
  nth_table_head();
  size_t wrong = nth_sweep(&(struct nth_script){.name = "HTTP door", .run = run, .context = &rig});
  http_rig_close(&rig);
  printf("%s: %zu wrong\n", wrong == 0 ? "passed" : "FAILED", wrong);
  return wrong != 0;
}
