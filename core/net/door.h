/*
 * door.h: a listening socket and who came through it: how many there may be, altogether and from one peer,
 * and a look at each one's time. HTTP listeners and MLLP sources stand on it. Private to core/net.
 */
#ifndef CORE_NET_DOOR_H
#define CORE_NET_DOOR_H

#include <event2/event.h>

#include "core/config/hub_config.h"
#include "core/net/peer.h"

enum {
  DOOR_BUCKETS = 256,
  DOOR_OVER_LIMIT = 64, /* connections beyond the limit that may be told so; more are closed without a word */
  DOOR_LINGER_BYTES =
      4 * 1024 * 1024, /* read and thrown away behind a last answer, so that no reset overtakes it */
  DOOR_LINGER_MS = 2000,
  DOOR_BYTES_A_SECOND =
      64 * 1024, /* a peer at least this fast is never cut for the length of what it sends or takes */
};

struct door;

struct guest { /* one connection; a member of its owner's struct */
  struct guest *next, *previous;
  struct guest *bucket_next, **bucket_link;
  struct net_peer peer;
};

struct door_owner {
  /* A connection came. within_limits: else it may be told why, and closed. NULL: it could not be served, and
   * the door closes fd. What it does with the guest before it returns must not close it. */
  struct guest *(*arrived)(struct door *, int fd, const struct net_peer *, bool within_limits);
  /* The guest is counted: go on with it. May close it. */
  void (*entered)(struct guest *, bool within_limits);
  void (*over_limits)(struct door *); /* counts */
  void (*look)(struct guest *, int64_t now_us);
  void (*bury)(struct guest *); /* frees it if it was closed while the door was walking */
};

struct door {
  const struct door_owner *owner;
  struct event_base *base;
  char *name, *address;
  struct config_limits limits;
  int fd; /* -1: not listening any more */
  struct event *acceptable, *sweep;
  struct guest *guests;
  struct guest *buckets[DOOR_BUCKETS];
  size_t guests_count;
  bool paused, draining;
  bool walking; /* over guests: nobody is freed */
  bool starved; /* the last accept4() found no descriptor */
  struct metric *connections, *accepted;
};

/* Binds and listens; connections and accepted are the owner's series. DOOR_E_ADDRESS:
 * *reterr_reason. Whatever it returns, deinit is due. */
#define DOOR_E_ADDRESS 1
int door_init(struct door *, const struct door_owner *, struct event_base *, const char *name,
              const char *address, const struct config_limits *, const char **reterr_reason) must_use;
void door_deinit(struct door *); /* nobody is left */

/* Stops accepting, and takes it up again. */
void door_pause(struct door *, bool pause);
/* Stops accepting for good. */
void door_shut(struct door *);
/* Calls visit for each guest. None is freed meanwhile. */
void door_walk(struct door *, void (*visit)(struct guest *, int64_t), int64_t argument);
void door_leave(struct door *, struct guest *); /* takes it out of the lists */

#endif
