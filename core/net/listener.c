/*
 * A listening socket and its connections: how many there may be, how long each may take, pausing and
 * draining.
 *
 * One timer looks at all deadlines while there are connections; a deadline is a number in the connection, so
 * that setting one costs no call. Connections over the limits are told 503 by the same code as every other
 * refusal, up to a reserve; beyond it they are closed without a word. IPv6 peers are counted by their /64,
 * which one sender owns.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/net/http_conn.h"

enum { ACCEPT_BATCH = 64, BACKLOG = 1024, SWEEP_US = 50 * 1000 };

static const struct metric_family connections_family = {
    "iochub_http_connections", "Open connections of a listener.", METRIC_GAUGE, {"listener"}};
static const struct metric_family accepted_family = {
    "iochub_http_accepted_total", "Connections that a listener took.", METRIC_COUNTER, {"listener"}};
static const struct metric_family answers_family = {
    "iochub_http_answers_total", "Answers by class of their status.", METRIC_COUNTER, {"listener", "class"}};
static const struct metric_family refusals_family = {
    "iochub_http_refusals_total",
    "Requests refused before their body was whole, by reason.",
    METRIC_COUNTER,
    {"listener", "code"}};

static const struct http_refusal too_many = {
    .status = 503,
    .code = "connections",
    .detail = "more connections than this door or this peer may have",
    .retry_after_s = 5};

void listener_refused(struct listener *listener, const char *code) {
  const char *labels[] = {listener->name, code == NULL ? "refused" : code};
  metric_add(metrics_series(listener->metrics, &refusals_family, labels), 1);
}

static const uint8_t v4_mapped[12] = {[10] = 0xff, [11] = 0xff};

static size_t peer_bytes(const struct http_peer *peer) {
  return memcmp(peer->address, v4_mapped, sizeof v4_mapped) == 0 ? 16 : 8;
}

static struct http_conn **peer_bucket(struct listener *listener, const struct http_peer *peer) {
  uint32_t hash = 2166136261u;
  for (size_t i = 0, n = peer_bytes(peer); i < n; i++) hash = (hash ^ peer->address[i]) * 16777619u;
  return &listener->buckets[(hash ^ hash >> 16) % CONN_BUCKETS];
}

static bool peer_has_room(struct listener *listener, const struct http_peer *peer) {
  int64_t count = 0;
  size_t n = peer_bytes(peer);
  for (struct http_conn *conn = *peer_bucket(listener, peer); conn != NULL; conn = conn->bucket_next) {
    if (memcmp(conn->peer.address, peer->address, n) != 0) continue;
    if (++count >= listener->limits.connections_per_peer) return false;
  }
  return true;
}

static void remember(struct http_conn *conn) {
  struct listener *listener = conn->listener;
  conn->next = listener->conns;
  if (conn->next != NULL) conn->next->previous = conn;
  listener->conns = conn;
  conn->bucket_link = peer_bucket(listener, &conn->peer);
  conn->bucket_next = *conn->bucket_link;
  if (conn->bucket_next != NULL) conn->bucket_next->bucket_link = &conn->bucket_next;
  *conn->bucket_link = conn;
  listener->conns_count++;
  metric_add(listener->accepted, 1);
  metric_set(listener->connections, (int64_t)listener->conns_count);
}

void listener_forget(struct http_conn *conn) {
  struct listener *listener = conn->listener;
  if (conn->next != NULL) conn->next->previous = conn->previous;
  if (conn->previous != NULL) conn->previous->next = conn->next;
  else listener->conns = conn->next;
  if (conn->bucket_next != NULL) conn->bucket_next->bucket_link = conn->bucket_link;
  *conn->bucket_link = conn->bucket_next;
  listener->conns_count--;
  metric_set(listener->connections, (int64_t)listener->conns_count);
}

/* Calls visit for each connection. None is freed meanwhile; those that were closed are freed at the end. */
static void walk(struct listener *listener, void (*visit)(struct http_conn *, int64_t), int64_t argument) {
  listener->walking = true;
  for (struct http_conn *conn = listener->conns; conn != NULL; conn = conn->next) visit(conn, argument);
  listener->walking = false;
  for (struct http_conn *conn = listener->conns, *next; conn != NULL; conn = next) {
    next = conn->next;
    if (conn->state == CONN_CLOSED) http_conn_close(conn);
  }
}

static void arm_sweep(struct listener *listener) {
  struct timeval interval = {.tv_usec = SWEEP_US};
  if (!evtimer_pending(listener->sweep, NULL)) evtimer_add(listener->sweep, &interval);
}

static void on_sweep(evutil_socket_t fd, short events, void *context) {
  struct listener *listener = context;
  walk(listener, http_conn_overdue, clock_monotonic_us());
  /* also takes accepting up again after it ran out of descriptors */
  if (listener->fd >= 0 && !listener->paused) event_add(listener->acceptable, NULL);
  if (listener->conns != NULL) arm_sweep(listener);
}

static void peer_of(const struct sockaddr_storage *address, struct http_peer *ret_peer) {
  *ret_peer = (struct http_peer){0};
  if (address->ss_family == AF_INET6) {
    const struct sockaddr_in6 *in6 = (const void *)address;
    memcpy(ret_peer->address, &in6->sin6_addr, 16);
    ret_peer->port = ntohs(in6->sin6_port);
  } else if (address->ss_family == AF_INET) {
    const struct sockaddr_in *in = (const void *)address;
    memcpy(ret_peer->address, v4_mapped, sizeof v4_mapped);
    memcpy(ret_peer->address + 12, &in->sin_addr, 4);
    ret_peer->port = ntohs(in->sin_port);
  }
}

static void welcome(struct listener *listener, int fd, const struct http_peer *peer) {
  struct http_conn *conn = NULL;
  int64_t limit = listener->limits.connections, open = (int64_t)listener->conns_count;
  bool room = open < limit && peer_has_room(listener, peer);
  if (!room) listener_refused(listener, too_many.code);
  if ((!room && open >= limit + CONN_OVER_LIMIT) || http_conn_new(listener, fd, peer, &conn) != 0) {
    close(fd);
    return;
  }
  remember(conn);
  arm_sweep(listener);
  if (!room) http_conn_refuse(conn, &too_many);
}

/* No descriptors or no memory: the sweep tries again; it is said once. */
static void starve(struct listener *listener, int error) {
  if (!listener->starved)
    log_event(LOG_WARNING, "net", "cannot accept connections", log_text("listener", listener->name),
              log_errno(error));
  listener->starved = true;
  event_del(listener->acceptable);
  arm_sweep(listener);
}

static void on_acceptable(evutil_socket_t fd, short events, void *context) {
  struct listener *listener = context;
  for (int i = 0; i < ACCEPT_BATCH; i++) {
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof address;
    int peer_fd = accept4(fd, (struct sockaddr *)&address, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (peer_fd < 0) {
      if (errno == EAGAIN) return;
      if (errno == EINTR || errno == ECONNABORTED) continue;
      starve(listener, errno);
      return;
    }
    listener->starved = false;
    struct http_peer peer;
    peer_of(&address, &peer);
    welcome(listener, peer_fd, &peer);
  }
}

static int parse_address(const char *text, struct sockaddr_storage *ret, socklen_t *ret_length) {
  char host[INET6_ADDRSTRLEN];
  const char *colon = strrchr(text, ':');
  bool six = text[0] == '[';
  if (colon == NULL || colon == text || (six && colon[-1] != ']')) return LISTENER_E_ADDRESS;
  size_t length = (size_t)(colon - text) - (six ? 2 : 0);
  char *end;
  unsigned long port = strtoul(colon + 1, &end, 10);
  if (length >= sizeof host || colon[1] < '0' || colon[1] > '9' || *end != '\0' || port > 65535)
    return LISTENER_E_ADDRESS;
  memcpy(host, text + six, length);
  host[length] = '\0';
  *ret = (struct sockaddr_storage){.ss_family = six ? AF_INET6 : AF_INET};
  struct sockaddr_in6 *in6 = (void *)ret;
  struct sockaddr_in *in = (void *)ret;
  *ret_length = six ? sizeof *in6 : sizeof *in;
  if (six) in6->sin6_port = htons((uint16_t)port);
  else in->sin_port = htons((uint16_t)port);
  return inet_pton(ret->ss_family, host, six ? (void *)&in6->sin6_addr : (void *)&in->sin_addr) == 1
             ? 0
             : LISTENER_E_ADDRESS;
}

/* The address the kernel gave, as text. */
static char *address_text(int fd) {
  struct sockaddr_storage address = {0};
  socklen_t length = sizeof address;
  char host[INET6_ADDRSTRLEN], *text = NULL;
  if (getsockname(fd, (struct sockaddr *)&address, &length) < 0) return NULL;
  bool six = address.ss_family == AF_INET6;
  struct sockaddr_in6 *in6 = (void *)&address;
  struct sockaddr_in *in = (void *)&address;
  const void *bytes = six ? (const void *)&in6->sin6_addr : (const void *)&in->sin_addr;
  unsigned port = ntohs(six ? in6->sin6_port : in->sin_port);
  if (inet_ntop(address.ss_family, bytes, host, sizeof host) == NULL) return NULL;
  struct text_out out = TEXT_OUT_INIT;
  text_out_format(&out, six ? "[%s]:%u" : "%s:%u", host, port);
  if (text_out_result(&out) == 0) text = out.data;
  else text_out_deinit(&out);
  return text;
}

/* TCP_NODELAY is inherited by what is accepted. */
static int open_socket(const char *text, int *ret_fd, const char **reterr_reason) {
  struct sockaddr_storage address;
  socklen_t length;
  int one = 1;
  if (parse_address(text, &address, &length) != 0) {
    *reterr_reason = "the address is not IPV4:PORT or [IPV6]:PORT";
    return LISTENER_E_ADDRESS;
  }
  int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0 ||
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) < 0 ||
      bind(fd, (struct sockaddr *)&address, length) < 0 || listen(fd, BACKLOG) < 0) {
    bool taken = errno == EADDRINUSE;
    *reterr_reason = taken ? "it is in use; write another port, or end what listens there"
                           : "this machine cannot listen there; write an address of its own";
    close(fd);
    return LISTENER_E_ADDRESS;
  }
  *ret_fd = fd;
  return 0;
}

static void open_metrics(struct listener *listener) {
  static const char *const classes[] = {"1xx", "1xx", "2xx", "3xx", "4xx", "5xx"};
  const char *labels[] = {listener->name, NULL};
  listener->connections = metrics_series(listener->metrics, &connections_family, labels);
  listener->accepted = metrics_series(listener->metrics, &accepted_family, labels);
  for (size_t i = 2; i < LENGTH_OF(classes); i++) {
    labels[1] = classes[i];
    listener->answers[i] = metrics_series(listener->metrics, &answers_family, labels);
  }
}

DEFINE_CLEANUP(struct listener *, listener_free)

int listener_new(struct event_base *base, struct metrics *metrics, const char *name, const char *address,
                 const struct config_limits *limits, const char *state_dir,
                 const struct http_service *service, struct listener **ret_listener,
                 const char **reterr_reason) {
  struct listener *listener cleanup(listener_freep) = calloc(1, sizeof *listener);
  if (listener == NULL) return -ENOMEM;
  *listener = (struct listener){
      .base = base, .metrics = metrics, .service = *service, .limits = *limits, .fd = -1, .date_s = -1};
  int r = open_socket(address, &listener->fd, reterr_reason);
  if (r != 0) return r;
  listener->name = strdup(name);
  listener->state_dir = strdup(state_dir);
  listener->address = address_text(listener->fd);
  listener->scratch = malloc(CONN_SCRATCH_BYTES);
  listener->sweep = evtimer_new(base, on_sweep, listener);
  listener->acceptable = event_new(base, listener->fd, EV_READ | EV_PERSIST, on_acceptable, listener);
  if (listener->name == NULL || listener->state_dir == NULL || listener->address == NULL ||
      listener->scratch == NULL || listener->sweep == NULL || listener->acceptable == NULL ||
      event_add(listener->acceptable, NULL) < 0)
    return -ENOMEM;
  open_metrics(listener);
  *ret_listener = TAKE(listener);
  return 0;
}

const char *listener_address(const struct listener *listener) { return listener->address; }

size_t listener_connections(const struct listener *listener) { return listener->conns_count; }

static void visit_resume(struct http_conn *conn, int64_t unused_argument) { http_conn_resume(conn); }

void listener_pause(struct listener *listener, bool pause) {
  if (listener->paused == pause) return;
  listener->paused = pause;
  if (listener->fd >= 0 && pause) event_del(listener->acceptable);
  if (pause) return;
  if (listener->fd >= 0) event_add(listener->acceptable, NULL);
  for (struct http_conn *conn = listener->conns; conn != NULL; conn = conn->next) visit_resume(conn, 0);
}

static void visit_drain(struct http_conn *conn, int64_t unused_argument) {
  if (conn->state == CONN_IDLE) http_conn_close(conn);
}

static void stop_listening(struct listener *listener) {
  if (listener->acceptable != NULL) event_free(TAKE(listener->acceptable));
  if (listener->fd >= 0) close(listener->fd);
  listener->fd = -1;
}

void listener_drain(struct listener *listener) {
  listener->draining = true;
  stop_listening(listener);
  walk(listener, visit_drain, 0);
}

static void visit_close(struct http_conn *conn, int64_t unused_argument) { http_conn_close(conn); }

void listener_free(struct listener *listener) {
  if (listener == NULL) return;
  stop_listening(listener);
  walk(listener, visit_close, 0);
  if (listener->sweep != NULL) event_free(listener->sweep);
  arena_pool_deinit(&listener->arenas);
  metric_set(listener->connections, 0);
  text_out_deinit(&listener->answer_head);
  free(listener->scratch);
  free(listener->name);
  free(listener->state_dir);
  free(listener->address);
  free(listener);
}
