/*
 * mllp_load.c: HL7 pipelined over MLLP, each message known by its number.
 *
 * A connection has the numbers that are its own modulo the connections, and keeps a window of them under way.
 * An answer must be that of the oldest one (MSA-2): anything else is out of order, and counted. AR puts the
 * number back, the same bytes; a connection that breaks puts all back that have no answer and is made anew.
 * What was answered AA is written to the log, `number`, a line each, in the order of the answers.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { OUT_BYTES = 64 * 1024, IN_BYTES = 64 * 1024, MESSAGE_BYTES = 1024, RETRY_MS = 50, GIVE_UP_MS = 60000 };

struct queue { /* of numbers; a ring that holds all of a connection's */
  unsigned *numbers;
  size_t start, count, room;
};

struct peer {
  int fd;
  struct queue todo, under_way;
  char out[OUT_BYTES], in[IN_BYTES];
  size_t out_start, out_end, in_end;
  int64_t retry_ms;
  bool watching_out;
};

static struct {
  struct sockaddr_in address;
  const char *run;
  unsigned connections, messages, window;
  unsigned accepted, errors, again, strange, breaks, out_of_order;
  int64_t answered_ms;
  FILE *log;
  int epoll;
} load = {.run = "ML", .connections = 16, .messages = 1000, .window = 64};

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void die(const char *what) {
  fprintf(stderr, "mllp_load: %s: %s\n", what, strerror(errno));
  exit(3);
}

/* ---- Numbers ---- */

static void queue_make(struct queue *queue, size_t room) {
  queue->room = room + 1;
  queue->numbers = calloc(queue->room, sizeof *queue->numbers);
  if (queue->numbers == NULL) die("memory");
}

static void queue_push(struct queue *queue, unsigned number) {
  queue->numbers[(queue->start + queue->count++) % queue->room] = number;
}

static unsigned queue_first(const struct queue *queue) { return queue->numbers[queue->start]; }

static unsigned queue_pop(struct queue *queue) {
  unsigned number = queue_first(queue);
  queue->start = (queue->start + 1) % queue->room;
  queue->count--;
  return number;
}

static void queue_push_front(struct queue *queue, unsigned number) {
  queue->start = (queue->start + queue->room - 1) % queue->room;
  queue->numbers[queue->start] = number;
  queue->count++;
}

static unsigned queue_pop_last(struct queue *queue) {
  return queue->numbers[(queue->start + --queue->count) % queue->room];
}

/* ---- Messages ---- */

static size_t message_make(unsigned number, char *out) {
  int n = snprintf(out, MESSAGE_BYTES,
                   "\x0bMSH|^~\\&|HIS|20001|IOC|LS|20260105081500||ADT^A01^ADT_A01|%s%08u|P|2.5\r"
                   "EVN|A01|20260105081500\r"
                   "PID|1||BN%08u^^^20001^PI||MAU^NGUOI^BENH||19800101|M\r"
                   "PV1|1|I|NOI^101^1^20001||||||||||||||||%s%08u|||||||||||||||||||||||||20260105080000\r"
                   "\x1c\r",
                   load.run, number, number, load.run, number);
  return (size_t)n;
}

/* ---- Connections ---- */

static void watch(struct peer *peer, bool out, int operation) {
  struct epoll_event event = {.events = EPOLLIN | (out ? (uint32_t)EPOLLOUT : 0), .data.ptr = peer};
  if (epoll_ctl(load.epoll, operation, peer->fd, &event) < 0) die("epoll_ctl");
  peer->watching_out = out;
}

static void peer_open(struct peer *peer) {
  int on = 1;
  peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (peer->fd < 0) die("socket");
  if (connect(peer->fd, (struct sockaddr *)&load.address, sizeof load.address) < 0) {
    close(peer->fd);
    peer->fd = -1;
    peer->retry_ms = now_ms() + RETRY_MS;
    return;
  }
  setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(peer->fd, F_SETFL, O_NONBLOCK);
  peer->out_start = peer->out_end = peer->in_end = 0;
  watch(peer, true, EPOLL_CTL_ADD);
}

/* The fate of what was under way is unknown to us: it is sent again, oldest first. */
static void peer_broke(struct peer *peer) {
  close(peer->fd);
  peer->fd = -1;
  peer->retry_ms = now_ms() + RETRY_MS;
  load.breaks++;
  while (peer->under_way.count != 0) queue_push_front(&peer->todo, queue_pop_last(&peer->under_way));
}

static void fill(struct peer *peer) {
  if (peer->out_start == peer->out_end) peer->out_start = peer->out_end = 0;
  while (peer->todo.count != 0 && peer->under_way.count < load.window &&
         OUT_BYTES - peer->out_end > MESSAGE_BYTES) {
    unsigned number = queue_pop(&peer->todo);
    queue_push(&peer->under_way, number);
    peer->out_end += message_make(number, peer->out + peer->out_end);
  }
}

static void peer_write(struct peer *peer) {
  for (;;) {
    fill(peer);
    if (peer->out_start == peer->out_end) break;
    ssize_t n = send(peer->fd, peer->out + peer->out_start, peer->out_end - peer->out_start, MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN) break;
    if (n < 0) {
      peer_broke(peer);
      return;
    }
    peer->out_start += (size_t)n;
  }
  bool waiting = peer->out_start != peer->out_end;
  if (waiting != peer->watching_out) watch(peer, waiting, EPOLL_CTL_MOD);
}

/* ---- Answers ---- */

static void accepted(unsigned number) {
  load.accepted++;
  load.answered_ms = now_ms();
  if (load.log != NULL) fprintf(load.log, "%u\n", number);
  if (load.accepted % (load.messages / 50 + 1) == 0) {
    printf("answered %u\n", load.accepted);
    fflush(stdout);
  }
}

/* One answer without its frame, terminated. */
static void answer(struct peer *peer, const char *text) {
  char code[3] = "", id[64] = "", wanted[64];
  const char *msa = strstr(text, "\rMSA|");
  if (msa == NULL || sscanf(msa, "\rMSA|%2[A-Z]|%63[^|\r]", code, id) != 2 || peer->under_way.count == 0) {
    load.strange++;
    return;
  }
  unsigned number = queue_first(&peer->under_way);
  snprintf(wanted, sizeof wanted, "%s%08u", load.run, number);
  if (strcmp(id, wanted) != 0) load.out_of_order++;
  queue_pop(&peer->under_way);
  if (strcmp(code, "AA") == 0 || strcmp(code, "CA") == 0) {
    accepted(number);
  } else if (strcmp(code, "AR") == 0 || strcmp(code, "CR") == 0) {
    load.again++;
    queue_push(&peer->todo, number);
  } else {
    load.errors++;
  }
}

static size_t take_answer(struct peer *peer, char *at, size_t length) {
  char *end = memmem(at, length, "\x1c\r", 2);
  if (end == NULL) return 0;
  *end = '\0';
  if (*at == '\x0b') answer(peer, at + 1);
  else load.strange++;
  return (size_t)(end - at) + 2;
}

static void peer_read(struct peer *peer) {
  ssize_t n = recv(peer->fd, peer->in + peer->in_end, IN_BYTES - peer->in_end, 0);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) {
    peer_broke(peer);
    return;
  }
  peer->in_end += (size_t)n;
  size_t at = 0, used;
  while (at < peer->in_end && (used = take_answer(peer, peer->in + at, peer->in_end - at)) != 0) at += used;
  memmove(peer->in, peer->in + at, peer->in_end - at);
  peer->in_end -= at;
  peer_write(peer);
}

/* ---- The run ---- */

static unsigned answered(void) { return load.accepted + load.errors; }

static void reopen(struct peer *peers) {
  int64_t now = now_ms();
  for (unsigned i = 0; i < load.connections; i++)
    if (peers[i].fd < 0 && peers[i].retry_ms <= now) peer_open(&peers[i]);
}

static void run(struct peer *peers) {
  load.answered_ms = now_ms();
  while (answered() < load.messages) {
    struct epoll_event events[64];
    reopen(peers);
    int n = epoll_wait(load.epoll, events, 64, 20);
    for (int i = 0; i < n; i++) {
      struct peer *peer = events[i].data.ptr;
      if (peer->fd >= 0 && (events[i].events & EPOLLOUT)) peer_write(peer);
      if (peer->fd >= 0 && (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))) peer_read(peer);
    }
    errno = ETIMEDOUT;
    if (now_ms() - load.answered_ms > GIVE_UP_MS) die("no answer for a minute");
  }
}

static void take_address(const char *text) {
  const char *colon = strrchr(text, ':');
  char host[64] = "";
  if (colon == NULL || (size_t)(colon - text) >= sizeof host) die("--address HOST:PORT");
  memcpy(host, text, (size_t)(colon - text));
  load.address.sin_family = AF_INET;
  load.address.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
  if (inet_pton(AF_INET, host, &load.address.sin_addr) != 1) die("--address");
}

static void take_arguments(int argc, char **argv) {
  for (int i = 1; i + 1 < argc; i += 2) {
    unsigned number = (unsigned)strtoul(argv[i + 1], NULL, 10);
    if (strcmp(argv[i], "--address") == 0) take_address(argv[i + 1]);
    else if (strcmp(argv[i], "--connections") == 0) load.connections = number;
    else if (strcmp(argv[i], "--messages") == 0) load.messages = number;
    else if (strcmp(argv[i], "--window") == 0) load.window = number;
    else if (strcmp(argv[i], "--run") == 0) load.run = argv[i + 1];
    else if (strcmp(argv[i], "--log") == 0) load.log = fopen(argv[i + 1], "w");
    else errno = EINVAL, die(argv[i]);
  }
  errno = EINVAL;
  if (load.address.sin_port == 0 || load.connections == 0 || load.window == 0)
    die("--address HOST:PORT [--connections N] [--messages N] [--window N] [--run XX] [--log FILE]");
}

int main(int argc, char **argv) {
  take_arguments(argc, argv);
  load.epoll = epoll_create1(EPOLL_CLOEXEC);
  struct peer *peers = calloc(load.connections, sizeof *peers);
  if (load.epoll < 0 || peers == NULL) die("start");
  for (unsigned i = 0; i < load.connections; i++) {
    peers[i].fd = -1;
    queue_make(&peers[i].todo, load.messages / load.connections + 1);
    queue_make(&peers[i].under_way, load.window);
  }
  for (unsigned number = 0; number < load.messages; number++)
    queue_push(&peers[number % load.connections].todo, number);
  int64_t begin = now_ms();
  run(peers);
  double seconds = (double)(now_ms() - begin) / 1000;
  printf(
      "%u messages on %u connections, %u under way on each: %.1f s, %.0f/s; AA %u, AR and sent again %u, "
      "AE %u, broken connections %u, out of order %u, not an answer %u\n",
      load.messages, load.connections, load.window, seconds, load.messages / (seconds + 0.001), load.accepted,
      load.again, load.errors, load.breaks, load.out_of_order, load.strange);
  if (load.log != NULL && fclose(load.log) != 0) die("--log");
  for (unsigned i = 0; i < load.connections; i++) {
    if (peers[i].fd >= 0) close(peers[i].fd);
    free(peers[i].todo.numbers);
    free(peers[i].under_way.numbers);
  }
  free(peers);
  close(load.epoll);
  return load.errors != 0 || load.out_of_order != 0 || load.strange != 0;
}
