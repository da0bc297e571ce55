/*
 * The client sends, waits until the kernel has nothing unsent (loopback hands over at once), and lets the
 * loop turn, so that the server's reads see the split that the test chose. Waiting for acknowledgements
 * instead would cost 40 ms a piece.
 */
#include "tests/lib/net_client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "core/clock.h"

static void must(bool condition, const char *what) {
  if (condition) return;
  fprintf(stderr, "net_client: %s: %s\n", what, strerror(errno));
  abort();
}

void net_client_turn(struct event_base *base) { event_base_loop(base, EVLOOP_NONBLOCK); }

void net_client_until(struct event_base *base, bool (*done)(void *context), void *context) {
  int64_t end_us = clock_monotonic_us() + 20 * SECOND_US;
  while (!done(context)) {
    net_client_turn(base);
    errno = ETIMEDOUT;
    must(clock_monotonic_us() < end_us, "nothing happens");
  }
}

/* A signal (a fuzzer's timer) may interrupt the call: the connection goes on being made. */
static int connect_whole(int fd, const struct sockaddr_in *to) {
  if (connect(fd, (const struct sockaddr *)to, sizeof *to) == 0) return 0;
  struct pollfd writable = {.fd = fd, .events = POLLOUT};
  while (errno == EINTR) {
    if (poll(&writable, 1, 20000) != 1) continue;
    socklen_t length = sizeof errno;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &errno, &length) == 0 && errno == 0 ? 0 : -1;
  }
  return -1;
}

int net_client_connect(struct event_base *base, const char *address) {
  const char *port = strrchr(address, ':') + 1;
  struct sockaddr_in to = {.sin_family = AF_INET,
                           .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
                           .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  must(fd >= 0 && connect_whole(fd, &to) == 0, "connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  must(fcntl(fd, F_SETFL, O_NONBLOCK) == 0, "O_NONBLOCK");
  net_client_turn(base);
  return fd;
}

void net_client_send(struct event_base *base, int fd, struct text bytes) {
  int64_t end_us = clock_monotonic_us() + 20 * SECOND_US;
  int waiting = 1;
  while (bytes.length != 0 || waiting != 0) {
    ssize_t n = bytes.length == 0 ? 0 : send(fd, bytes.data, bytes.length, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
      return; /* the server has closed: the test sees it when it reads */
    if (n > 0) bytes.data += n, bytes.length -= (size_t)n;
    struct pollfd poll_fd = {.fd = fd};
    if (ioctl(fd, SIOCOUTQNSD, &waiting) < 0 || poll(&poll_fd, 1, 0) > 0) return; /* reset: never sent */
    net_client_turn(base);
    errno = ETIMEDOUT;
    must(clock_monotonic_us() < end_us, "send");
  }
}

bool net_client_receive(int fd, struct text_out *received) {
  char buffer[16384];
  for (;;) {
    ssize_t n = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) return true;
    if (n < 0) return false;
    text_out_bytes(received, (struct text){buffer, (size_t)n});
  }
}

void net_client_finish(struct event_base *base, int fd, struct text_out *received) {
  int64_t end_us = clock_monotonic_us() + 20 * SECOND_US;
  shutdown(fd, SHUT_WR);
  while (!net_client_receive(fd, received)) {
    net_client_turn(base);
    errno = ETIMEDOUT;
    must(clock_monotonic_us() < end_us, "the connection does not end");
  }
  close(fd);
  net_client_turn(base);
}
