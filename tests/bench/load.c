/*
 * load.c: a load generator that knows each payload by its number.
 *
 * The kind of a payload (edXML or dossier, good, broken, under a wrong key, sent again) follows from its
 * number alone, so that a run can be reckoned up from the brokers' side. A connection carries one payload
 * at a time and repeats it, with the same bytes, until it is answered by anything but 503; a connection
 * that breaks repeats it too. What became of each payload is written to the log: `number kind status
 * tries`.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/template.h"

enum kind { GOOD, CUT, NAMELESS, STRANGER };
static const char *const kind_names[] = {"good", "cut", "nameless", "stranger"};

struct door { /* where payloads of one form go */
  struct template template;
  const char *path, *header, *type, *key_name; /* key_name: the element without which it is nothing */
};

struct payload {
  unsigned number;
  enum kind kind;
  bool again; /* the second, deliberate sending */
};

struct peer { /* one connection */
  int fd;
  struct payload payload;
  bool busy;
  unsigned tries;
  int64_t wake_ms; /* when to send (again); 0: in flight */
  char *request, answer[65536];
  size_t request_length, sent, got;
};

static struct {
  struct sockaddr_in address;
  const char *host, *run;
  struct door doors[2];
  size_t doors_count;
  unsigned connections, payloads, broken, strangers, repeats; /* the last three: in a thousand */
  unsigned next, answered, unanswered, busy_answers, again, statuses[600];
  struct payload *pending; /* deliberate repeats that wait for their turn */
  size_t pending_count;
  FILE *log;
  int epoll;
} load = {.connections = 32, .payloads = 1000, .run = "LD"};

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void die(const char *what) {
  fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
  exit(3);
}

/* A number's dice: the same in every run, without patterns against the connections. */
static unsigned dice(unsigned number, unsigned salt) {
  uint64_t x = number * UINT64_C(0x9E3779B97F4A7C15) + salt * UINT64_C(0xD1B54A32D192ED03);
  x ^= x >> 31;
  x *= UINT64_C(0xBF58476D1CE4E5B9);
  return (unsigned)((x ^ x >> 29) % 1000);
}

static enum kind kind_of(unsigned number) {
  unsigned roll = dice(number, 1);
  if (roll < load.broken)
    return dice(number, 2) % 2 ? CUT : NAMELESS;
  return roll < load.broken + load.strangers ? STRANGER : GOOD;
}

static struct door *door_of(unsigned number) {
  return &load.doors[number % load.doors_count];
}

static size_t body_make(const struct payload *payload, char *body) {
  const struct door *door = door_of(payload->number);
  size_t length = template_fill(&door->template, payload->number, load.run, body);
  if (payload->kind == CUT)
    return length / 2 + payload->number % 100;
  size_t name_length = strlen(door->key_name);
  for (char *at = body; payload->kind == NAMELESS && (at = strstr(at, door->key_name)); at += name_length)
    at[name_length - 1] = '_';
  return length;
}

static void request_make(struct peer *peer) {
  const struct door *door = door_of(peer->payload.number);
  static char body[TEMPLATE_ROOM];
  size_t length = body_make(&peer->payload, body);
  const char *header = peer->payload.kind == STRANGER ? "X-Api-Key: nobody" : door->header;
  int head = snprintf(peer->request, TEMPLATE_ROOM + 1024,
                      "POST %s HTTP/1.1\r\nHost: %s\r\n%s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n",
                      door->path, load.host, header, door->type, length);
  memcpy(peer->request + head, body, length);
  peer->request_length = (size_t)head + length;
}

static void watch(struct peer *peer, uint32_t events, int operation) {
  struct epoll_event event = {.events = events, .data.ptr = peer};
  if (epoll_ctl(load.epoll, operation, peer->fd, &event) < 0)
    die("epoll_ctl");
}

static void peer_close(struct peer *peer) {
  if (peer->fd >= 0)
    close(peer->fd);
  peer->fd = -1;
}

static void peer_later(struct peer *peer, int64_t delay_ms) {
  peer->wake_ms = now_ms() + delay_ms;
}

static bool peer_connect(struct peer *peer) {
  int on = 1;
  peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (peer->fd < 0)
    die("socket");
  if (connect(peer->fd, (struct sockaddr *)&load.address, sizeof(load.address)) < 0) {
    peer_close(peer);
    return false;
  }
  setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  fcntl(peer->fd, F_SETFL, O_NONBLOCK);
  watch(peer, EPOLLIN, EPOLL_CTL_ADD);
  return true;
}

/* The connection broke before the answer: the payload's fate is unknown to us, so it is sent again. */
static void peer_broke(struct peer *peer) {
  peer_close(peer);
  if (peer->busy) {
    load.unanswered++;
    peer_later(peer, 100);
  }
}

static void peer_write(struct peer *peer) {
  while (peer->sent < peer->request_length) {
    ssize_t n = send(peer->fd, peer->request + peer->sent, peer->request_length - peer->sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN) {
      watch(peer, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
      return;
    }
    if (n < 0) {
      peer_broke(peer);
      return;
    }
    peer->sent += (size_t)n;
  }
  watch(peer, EPOLLIN, EPOLL_CTL_MOD);
}

static void peer_send(struct peer *peer) {
  peer->wake_ms = 0;
  peer->sent = peer->got = 0;
  if (peer->fd < 0 && !peer_connect(peer)) {
    peer_later(peer, 100);
    return;
  }
  peer->tries++;
  peer_write(peer);
}

/* Gives the connection its next payload, if there is one. */
static void peer_next(struct peer *peer) {
  peer->busy = load.pending_count > 0 || load.next < load.payloads;
  if (!peer->busy)
    return;
  if (load.pending_count > 0)
    peer->payload = load.pending[--load.pending_count];
  else
    peer->payload = (struct payload){.number = load.next, .kind = kind_of(load.next)}, load.next++;
  peer->tries = 0;
  request_make(peer);
  peer_send(peer);
}

static void payload_done(struct peer *peer, int status) {
  struct payload *payload = &peer->payload;
  if (load.log)
    fprintf(load.log, "%u %s%s %s %d %u\n", payload->number, kind_names[payload->kind],
            payload->again ? "-again" : "", door_of(payload->number)->key_name, status, peer->tries);
  load.statuses[status < 600 ? status : 0]++;
  if (payload->again) {
    load.again++;
  } else {
    load.answered++;
    if (payload->kind != STRANGER && dice(payload->number, 3) < load.repeats)
      load.pending[load.pending_count++] = (struct payload){payload->number, payload->kind, true};
    if (load.answered % 500 == 0) {
      printf("answered %u\n", load.answered);
      fflush(stdout);
    }
  }
}

/* Length of the whole answer, 0 while its head is not there. */
static size_t answer_length(struct peer *peer) {
  peer->answer[peer->got] = 0;
  char *end = strstr(peer->answer, "\r\n\r\n");
  if (!end)
    return 0;
  char *length = strcasestr(peer->answer, "\r\nContent-Length:");
  return (size_t)(end + 4 - peer->answer) + (length && length < end ? strtoul(length + 17, NULL, 10) : 0);
}

static void peer_answered(struct peer *peer) {
  int status = (int)strtol(peer->answer + 9, NULL, 10);
  bool closes = strcasestr(peer->answer, "\r\nConnection: close") != NULL;
  if (closes)
    peer_close(peer);
  if (status == 503) {
    load.busy_answers++;
    peer_later(peer, 200);
    return;
  }
  payload_done(peer, status);
  peer_next(peer);
}

static void peer_read(struct peer *peer) {
  ssize_t n = recv(peer->fd, peer->answer + peer->got, sizeof(peer->answer) - 1 - peer->got, 0);
  if (n < 0 && errno == EAGAIN)
    return;
  if (n <= 0) {
    peer_broke(peer);
    return;
  }
  peer->got += (size_t)n;
  size_t length = answer_length(peer);
  if (length && peer->got >= length && peer->busy)
    peer_answered(peer);
}

static bool peers_wake(struct peer *peers) {
  bool busy = false;
  int64_t now = now_ms();
  for (unsigned i = 0; i < load.connections; i++) {
    busy |= peers[i].busy;
    if (peers[i].busy && peers[i].wake_ms && peers[i].wake_ms <= now)
      peer_send(&peers[i]);
    else if (!peers[i].busy && load.pending_count > 0)
      peer_next(&peers[i]);
  }
  return busy || load.pending_count > 0;
}

static void run(struct peer *peers) {
  for (unsigned i = 0; i < load.connections; i++)
    peer_next(&peers[i]);
  while (peers_wake(peers)) {
    struct epoll_event events[64];
    int n = epoll_wait(load.epoll, events, 64, 20);
    for (int i = 0; i < n; i++) {
      struct peer *peer = events[i].data.ptr;
      if (peer->fd >= 0 && (events[i].events & EPOLLOUT))
        peer_write(peer);
      if (peer->fd >= 0 && (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
        peer_read(peer);
    }
  }
}

static void report(int64_t duration_ms) {
  printf("sent %u distinct payloads in %.1f s over %u connections; deliberate repeats %u; 503 answers %u; "
         "unanswered %u;", load.answered, (double)duration_ms / 1000, load.connections, load.again,
         load.busy_answers, load.unanswered);
  for (unsigned status = 0; status < 600; status++)
    if (load.statuses[status])
      printf(" %u: %u", status, load.statuses[status]);
  printf("\n");
}

static void take_address(const char *text) {
  const char *colon = strrchr(text, ':');
  char host[64];
  if (!colon || (size_t)(colon - text) >= sizeof(host))
    die("--address HOST:PORT");
  memcpy(host, text, (size_t)(colon - text));
  host[colon - text] = 0;
  load.host = text;
  load.address.sin_family = AF_INET;
  load.address.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
  if (inet_pton(AF_INET, host, &load.address.sin_addr) != 1)
    die("--address");
}

/* --xml|--json TEMPLATE PATH HEADER */
static void take_door(char **argv, const char *type, const char *key_name) {
  struct door *door = &load.doors[load.doors_count++];
  *door = (struct door){.path = argv[2], .header = argv[3], .type = type, .key_name = key_name};
  if (template_read(argv[1], &door->template) < 0)
    die(argv[1]);
}

static void take_arguments(int argc, char **argv) {
  for (int i = 1; i + 1 < argc; i += 2) {
    unsigned number = (unsigned)strtoul(argv[i + 1], NULL, 10);
    if (strcmp(argv[i], "--address") == 0)
      take_address(argv[i + 1]);
    else if (strcmp(argv[i], "--connections") == 0)
      load.connections = number;
    else if (strcmp(argv[i], "--payloads") == 0)
      load.payloads = number;
    else if (strcmp(argv[i], "--broken") == 0)
      load.broken = number;
    else if (strcmp(argv[i], "--strangers") == 0)
      load.strangers = number;
    else if (strcmp(argv[i], "--repeats") == 0)
      load.repeats = number;
    else if (strcmp(argv[i], "--run") == 0)
      load.run = argv[i + 1];
    else if (strcmp(argv[i], "--log") == 0)
      load.log = fopen(argv[i + 1], "w");
    else if (i + 3 < argc && load.doors_count < 2 && strcmp(argv[i], "--xml") == 0)
      take_door(argv + i, "application/xml", "MessageHeader"), i += 2;
    else if (i + 3 < argc && load.doors_count < 2 && strcmp(argv[i], "--json") == 0)
      take_door(argv + i, "application/json", "MaHoSo"), i += 2;
    else
      errno = EINVAL, die(argv[i]);
  }
  if (!load.host || load.doors_count == 0)
    errno = EINVAL, die("--address HOST:PORT and --xml or --json TEMPLATE PATH HEADER");
}

int main(int argc, char **argv) {
  take_arguments(argc, argv);
  load.epoll = epoll_create1(EPOLL_CLOEXEC);
  load.pending = calloc(load.payloads + 1, sizeof(*load.pending));
  struct peer *peers = calloc(load.connections, sizeof(*peers));
  if (load.epoll < 0 || !peers || !load.pending)
    die("start");
  for (unsigned i = 0; i < load.connections; i++) {
    peers[i].fd = -1;
    peers[i].request = malloc(TEMPLATE_ROOM + 1024);
    if (!peers[i].request)
      die("start");
  }
  int64_t begin = now_ms();
  run(peers);
  report(now_ms() - begin);
  if (load.log && fclose(load.log) != 0)
    die("--log");
  for (unsigned i = 0; i < load.connections; i++) {
    peer_close(&peers[i]);
    free(peers[i].request);
  }
  free(peers);
  free(load.pending);
  for (size_t i = 0; i < load.doors_count; i++)
    template_deinit(&load.doors[i].template);
  close(load.epoll);
  return 0;
}
