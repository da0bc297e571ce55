/*
 * Accepting. One timer looks at all deadlines while there are connections; a deadline is a number in the
 * connection, so that setting one costs no call. IPv6 peers are counted by their /64, which one sender owns.
 */
#include "core/net/door.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/metrics.h"
#include "core/text_out.h"

enum { ACCEPT_BATCH = 64, BACKLOG = 1024, SWEEP_US = 50 * 1000 };

static const uint8_t v4_mapped[12] = {[10] = 0xff, [11] = 0xff};

static size_t peer_bytes(const struct net_peer *peer) {
  return memcmp(peer->address, v4_mapped, sizeof v4_mapped) == 0 ? 16 : 8;
}

static struct guest **peer_bucket(struct door *door, const struct net_peer *peer) {
  uint32_t hash = 2166136261u;
  for (size_t i = 0, n = peer_bytes(peer); i < n; i++) hash = (hash ^ peer->address[i]) * 16777619u;
  return &door->buckets[(hash ^ hash >> 16) % DOOR_BUCKETS];
}

static bool peer_has_room(struct door *door, const struct net_peer *peer) {
  int64_t count = 0;
  size_t n = peer_bytes(peer);
  for (struct guest *guest = *peer_bucket(door, peer); guest != NULL; guest = guest->bucket_next) {
    if (memcmp(guest->peer.address, peer->address, n) != 0) continue;
    if (++count >= door->limits.connections_per_peer) return false;
  }
  return true;
}

static void remember(struct door *door, struct guest *guest) {
  guest->next = door->guests;
  guest->previous = NULL;
  if (guest->next != NULL) guest->next->previous = guest;
  door->guests = guest;
  guest->bucket_link = peer_bucket(door, &guest->peer);
  guest->bucket_next = *guest->bucket_link;
  if (guest->bucket_next != NULL) guest->bucket_next->bucket_link = &guest->bucket_next;
  *guest->bucket_link = guest;
  door->guests_count++;
  metric_add(door->accepted, 1);
  metric_set(door->connections, (int64_t)door->guests_count);
}

void door_leave(struct door *door, struct guest *guest) {
  if (guest->next != NULL) guest->next->previous = guest->previous;
  if (guest->previous != NULL) guest->previous->next = guest->next;
  else door->guests = guest->next;
  if (guest->bucket_next != NULL) guest->bucket_next->bucket_link = guest->bucket_link;
  *guest->bucket_link = guest->bucket_next;
  door->guests_count--;
  metric_set(door->connections, (int64_t)door->guests_count);
}

void door_walk(struct door *door, void (*visit)(struct guest *, int64_t), int64_t argument) {
  door->walking = true;
  for (struct guest *guest = door->guests; guest != NULL; guest = guest->next) visit(guest, argument);
  door->walking = false;
  for (struct guest *guest = door->guests, *next; guest != NULL; guest = next) {
    next = guest->next;
    door->owner->bury(guest);
  }
}

static void arm_sweep(struct door *door) {
  struct timeval interval = {.tv_usec = SWEEP_US};
  if (!evtimer_pending(door->sweep, NULL)) evtimer_add(door->sweep, &interval);
}

static void on_sweep(evutil_socket_t fd, short events, void *context) {
  struct door *door = context;
  door_walk(door, door->owner->look, clock_monotonic_us());
  /* also takes accepting up again after it ran out of descriptors */
  if (door->fd >= 0 && !door->paused) event_add(door->acceptable, NULL);
  if (door->guests != NULL) arm_sweep(door);
}

static void peer_of(const struct sockaddr_storage *address, struct net_peer *ret_peer) {
  *ret_peer = (struct net_peer){0};
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

static void welcome(struct door *door, int fd, const struct net_peer *peer) {
  int64_t limit = door->limits.connections, open = (int64_t)door->guests_count;
  bool room = open < limit && peer_has_room(door, peer);
  if (!room) door->owner->over_limits(door);
  struct guest *guest =
      !room && open >= limit + DOOR_OVER_LIMIT ? NULL : door->owner->arrived(door, fd, peer, room);
  if (guest == NULL) {
    close(fd);
    return;
  }
  guest->peer = *peer;
  remember(door, guest);
  arm_sweep(door);
  door->owner->entered(guest, room);
}

/* No descriptors or no memory: the sweep tries again; it is said once. */
static void starve(struct door *door, int error) {
  if (!door->starved)
    log_event(LOG_WARNING, "net", "cannot accept connections", log_text("listener", door->name),
              log_errno(error));
  door->starved = true;
  event_del(door->acceptable);
  arm_sweep(door);
}

static void on_acceptable(evutil_socket_t fd, short events, void *context) {
  struct door *door = context;
  for (int i = 0; i < ACCEPT_BATCH; i++) {
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof address;
    int peer_fd = accept4(fd, (struct sockaddr *)&address, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (peer_fd < 0) {
      if (errno == EAGAIN) return;
      if (errno == EINTR || errno == ECONNABORTED) continue;
      starve(door, errno);
      return;
    }
    door->starved = false;
    struct net_peer peer;
    peer_of(&address, &peer);
    welcome(door, peer_fd, &peer);
  }
}

static int parse_address(const char *text, struct sockaddr_storage *ret, socklen_t *ret_length) {
  char host[INET6_ADDRSTRLEN];
  const char *colon = strrchr(text, ':');
  bool six = text[0] == '[';
  if (colon == NULL || colon == text || (six && colon[-1] != ']')) return DOOR_E_ADDRESS;
  size_t length = (size_t)(colon - text) - (six ? 2 : 0);
  char *end;
  unsigned long port = strtoul(colon + 1, &end, 10);
  if (length >= sizeof host || colon[1] < '0' || colon[1] > '9' || *end != '\0' || port > 65535)
    return DOOR_E_ADDRESS;
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
             : DOOR_E_ADDRESS;
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
    return DOOR_E_ADDRESS;
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
    return DOOR_E_ADDRESS;
  }
  *ret_fd = fd;
  return 0;
}

int door_init(struct door *door, const struct door_owner *owner, struct event_base *base, const char *name,
              const char *address, const struct config_limits *limits, const char **reterr_reason) {
  *door = (struct door){.owner = owner, .base = base, .limits = *limits, .fd = -1};
  int r = open_socket(address, &door->fd, reterr_reason);
  if (r != 0) return r;
  door->name = strdup(name);
  door->address = address_text(door->fd);
  door->sweep = evtimer_new(base, on_sweep, door);
  door->acceptable = event_new(base, door->fd, EV_READ | EV_PERSIST, on_acceptable, door);
  bool whole = door->name != NULL && door->address != NULL && door->sweep != NULL && door->acceptable != NULL;
  return !whole || event_add(door->acceptable, NULL) < 0 ? -ENOMEM : 0;
}

void door_pause(struct door *door, bool pause) {
  door->paused = pause;
  if (door->fd < 0) return;
  if (pause) event_del(door->acceptable);
  else event_add(door->acceptable, NULL);
}

void door_shut(struct door *door) {
  if (door->acceptable != NULL) event_free(TAKE(door->acceptable));
  if (door->fd >= 0) close(door->fd);
  door->fd = -1;
}

void door_deinit(struct door *door) {
  door_shut(door);
  if (door->sweep != NULL) event_free(TAKE(door->sweep));
  metric_set(door->connections, 0);
  free(TAKE(door->name));
  free(TAKE(door->address));
}
