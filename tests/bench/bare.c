/*
 * bare.c: the loop that the hub is measured against. epoll, the least of HTTP, the same libraries, six
 * headers, one idempotent producer set up as the hub's; a request is answered at its delivery report.
 */
#include "tests/bench/bare.h"

#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

struct peer {
  int fd;
  size_t length;
  char room[131072];
};

static struct {
  int (*read)(char *body, size_t length, struct bare_message *);
  rd_kafka_t *kafka;
  rd_kafka_topic_t *topic;
  int epoll, listener, wake;
  unsigned long taken, failed;
} bare;
static volatile sig_atomic_t ended;

static void on_signal(int number) {
  ended = 1;
}

static void die(const char *what) {
  fprintf(stderr, "bare: %s: %s\n", what, strerror(errno));
  exit(3);
}

static void answer(struct peer *peer, int status) {
  char text[96];
  int length = snprintf(text, sizeof(text), "HTTP/1.1 %d X\r\nContent-Length: 2\r\n\r\n{}", status);
  if (peer->fd >= 0 && send(peer->fd, text, (size_t)length, MSG_NOSIGNAL) != length)
    bare.failed++;
}

static void on_report(rd_kafka_t *kafka, const rd_kafka_message_t *message, void *opaque) {
  answer(message->_private, message->err || message->offset < 0 ? 503 : 200);
}

static void publish(struct peer *peer, const struct bare_message *message) {
  static const char *const names[] = {"ce_specversion", "ce_source", "ce_time", "content-type"};
  static const char *const values[] = {"1.0", "urn:iochub:bare:bare", "2026-07-12T01:00:00Z",
                                       "application/protobuf"};
  char id[40];
  snprintf(id, sizeof(id), "00000000-0000-8000-8000-%012lu", bare.taken);
  rd_kafka_headers_t *headers = rd_kafka_headers_new(6);
  for (int i = 0; i < 4; i++)
    rd_kafka_header_add(headers, names[i], -1, values[i], -1);
  rd_kafka_header_add(headers, "ce_id", -1, id, -1);
  rd_kafka_header_add(headers, "ce_type", -1, message->type, -1);
  if (rd_kafka_producev(bare.kafka, RD_KAFKA_V_RKT(bare.topic),
                        RD_KAFKA_V_KEY(message->key, strlen(message->key)),
                        RD_KAFKA_V_VALUE((void *)message->value, message->value_length),
                        RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(peer),
                        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END) == 0)
    return;
  rd_kafka_headers_destroy(headers);
  answer(peer, 503);
}

static void request(struct peer *peer) {
  static struct bare_message message;
  char *end = strstr(peer->room, "\r\n\r\n"), *length = strcasestr(peer->room, "\r\nContent-Length:");
  if (!end || !length || length > end)
    return;
  size_t head = (size_t)(end + 4 - peer->room), body = strtoul(length + 17, NULL, 10);
  if (peer->length < head + body || head + body + 64 > sizeof(peer->room))
    return;
  bare.taken++;
  peer->length = 0;
  if (bare.read(peer->room + head, body, &message))
    publish(peer, &message);
  else
    answer(peer, 400);
}

static void peer_read(struct peer *peer) {
  ssize_t n = recv(peer->fd, peer->room + peer->length, sizeof(peer->room) - 65 - peer->length, 0);
  if (n <= 0) {
    close(peer->fd);
    peer->fd = -1; /* its block stays: a report may still name it */
    return;
  }
  peer->length += (size_t)n;
  peer->room[peer->length] = 0;
  request(peer);
}

static void watch(int fd, void *owner) {
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = owner};
  if (epoll_ctl(bare.epoll, EPOLL_CTL_ADD, fd, &event) < 0)
    die("epoll_ctl");
}

static void accept_peer(void) {
  int on = 1;
  struct peer *peer = calloc(1, sizeof(*peer));
  if (!peer || (peer->fd = accept4(bare.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) < 0)
    die("accept");
  setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  watch(peer->fd, peer);
}

static void listen_anywhere(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof(address);
  bare.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bare.listener < 0 || bind(bare.listener, (struct sockaddr *)&address, length) < 0 ||
      listen(bare.listener, 128) < 0 || getsockname(bare.listener, (struct sockaddr *)&address, &length) < 0)
    die("listen");
  watch(bare.listener, &bare.listener);
  printf("127.0.0.1:%d\n", ntohs(address.sin_port));
  fflush(stdout);
}

static void kafka_open(const char *bootstrap, const char *topic) {
  static const char *const properties[][2] = {{"enable.idempotence", "true"}, {"acks", "all"},
    {"max.in.flight.requests.per.connection", "1"}, {"linger.ms", "2"}, {"compression.codec", "zstd"},
    {"compression.level", "1"}};
  char text[256];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap, text, sizeof(text));
  for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
    if (rd_kafka_conf_set(conf, properties[i][0], properties[i][1], text, sizeof(text)) != RD_KAFKA_CONF_OK)
      die(text);
  rd_kafka_conf_set_dr_msg_cb(conf, on_report);
  bare.kafka = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
  if (!bare.kafka)
    die(text);
  rd_kafka_topic_conf_t *topic_conf = rd_kafka_topic_conf_new();
  rd_kafka_topic_conf_set(topic_conf, "partitioner", "murmur2_random", text, sizeof(text));
  bare.topic = rd_kafka_topic_new(bare.kafka, topic, topic_conf);
  bare.wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  rd_kafka_queue_t *queue = rd_kafka_queue_get_main(bare.kafka);
  uint64_t one = 1;
  rd_kafka_queue_io_event_enable(queue, bare.wake, &one, sizeof(one));
  rd_kafka_queue_destroy(queue);
  watch(bare.wake, &bare.wake);
}

static void dispatch(void *owner) {
  uint64_t count;
  if (owner == &bare.listener)
    accept_peer();
  else if (owner != &bare.wake)
    peer_read(owner);
  else if (read(bare.wake, &count, sizeof(count)) == sizeof(count))
    while (rd_kafka_poll(bare.kafka, 0) > 0)
      ;
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: bare xml|json BOOTSTRAP TOPIC\n");
    return 2;
  }
  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGTERM, &action, NULL);
  bare.read = strcmp(argv[1], "xml") == 0 ? bare_xml : bare_json;
  bare.epoll = epoll_create1(EPOLL_CLOEXEC);
  kafka_open(argv[2], argv[3]);
  listen_anywhere();
  while (!ended) {
    struct epoll_event events[64];
    int n = epoll_wait(bare.epoll, events, 64, 200);
    for (int i = 0; i < n; i++)
      dispatch(events[i].data.ptr);
  }
  rd_kafka_flush(bare.kafka, 5000);
  return bare.failed != 0;
}
