/*
 * nth_call_mllp: every allocation and file call of the MLLP door fails in turn, from listening to closing.
 *
 * The oracle: the answers to a connection's messages are those without the failure, or the first of them and
 * then the end of the connection; never an answer at another's place. Afterwards the same door answers
 * everything again.
 */
#include <stdio.h>
#include <sys/socket.h>

#include "tests/fault/nth_call.h"
#include "tests/lib/mllp_rig.h"
#include "tests/lib/net_client.h"

enum { LARGE = 1500000 };

static char large[LARGE + 3];

static const struct {
  struct text bytes, answers;
} asks[] = {
    {TEXT("\x0b"
          "a"
          "\x1c\r"),
     TEXT("\x0b"
          "Aa"
          "\x1c\r")},
    {TEXT("\x0b"
          "a"
          "\x1c\r\n\x0b"
          "b"
          "\x1c\r\x0b"
          "c"
          "\x1c\r"),
     TEXT("\x0b"
          "Aa"
          "\x1c\r\x0b"
          "Ab"
          "\x1c\r\x0b"
          "Ac"
          "\x1c\r")},
    {TEXT("\x0b"
          "a"
          "\x1c\rx"),
     TEXT("\x0b"
          "Aa"
          "\x1c\r")},
    {TEXT("\x0b"
          "half"),
     TEXT("")},
    {{large, sizeof large},
     TEXT("\x0b"
          "ALLL")},
};

/* Reads to the end of the connection. Takes no memory of its own. */
static size_t ask(struct mllp_rig *rig, struct text bytes, char *answers, size_t room) {
  size_t length = 0;
  int fd = mllp_rig_connect(rig);
  net_client_send(rig->base, fd, bytes);
  shutdown(fd, SHUT_WR);
  for (ssize_t n = 1; n != 0 && length < room;) {
    n = recv(fd, answers + length, room - length, MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN) break;
    if (n > 0) length += (size_t)n;
    net_client_turn(rig->base);
  }
  close(fd);
  net_client_turn(rig->base);
  return length;
}

static int ask_all(struct mllp_rig *rig, bool failing) {
  int differing = 0;
  for (size_t i = 0; i < LENGTH_OF(asks); i++) {
    char answers[4096];
    struct text wanted = asks[i].answers;
    size_t came = ask(rig, asks[i].bytes, answers, sizeof answers), length = MIN(came, wanted.length);
    bool excused = failing && nth_failed();
    if (memcmp(answers, wanted.data, length) != 0) nth_wrong("answers to %zu are others", i);
    if (length != wanted.length && !excused) nth_wrong("connection %zu lacks answers", i);
    differing += length != wanted.length;
  }
  return differing;
}

static int run(void *context) {
  struct mllp_rig *rig = context;
  const char *reason;
  int r = mllp_listener_new(rig->base, rig->metrics, "test", "127.0.0.1:0", &rig->limits, "/tmp",
                            &rig->service, &rig->listener, &reason);
  if (r != 0) return r < 0 ? r : -EADDRINUSE;
  int differing = ask_all(rig, true);
  nth_stop();
  ask_all(rig, false);
  if (mllp_listener_connections(rig->listener) != 0) nth_wrong("connections are left");
  mllp_listener_free(TAKE(rig->listener));
  return differing == 0 ? 0 : -ENOMEM;
}

int main(void) {
  struct mllp_rig rig = {.limits.max_body = 4 << 20};
  memset(large, 'L', sizeof large);
  large[0] = '\x0b';
  large[LARGE + 1] = '\x1c';
  large[LARGE + 2] = '\r';
  mllp_rig_open(&rig);
  mllp_listener_free(TAKE(rig.listener));
  nth_table_head();
  size_t wrong = nth_sweep(&(struct nth_script){.name = "MLLP door", .run = run, .context = &rig});
  mllp_rig_close(&rig);
  printf("%s: %zu wrong\n", wrong == 0 ? "passed" : "FAILED", wrong);
  return wrong != 0;
}
