/*
 * mllp.h: a listening address of MLLP, and what a service sees of its messages.
 *
 * Messages of one connection are handed over as they come, up to a bound beside each other; their answers
 * leave in the order in which the messages came, whatever order the service has. What is not framed as
 * mllp_frame.h says ends the connection without an answer: a sender takes any answer for that of its last
 * message. Whoever came before still gets theirs.
 */
#ifndef CORE_NET_MLLP_H
#define CORE_NET_MLLP_H

#include "core/config/hub_config.h"
#include "core/metrics.h"
#include "core/net/peer.h"

struct event_base;
struct mllp_listener;

struct mllp_message {
  struct text data; /* whole, with 64 zero bytes behind */
  struct net_peer peer;
  void *service_data; /* the service's own */
};

struct mllp_service {
  void *context;
  /* Whether this peer may send at all; asked before a byte is read. */
  bool (*admits)(void *context, const struct net_peer *);
  /* A whole message. Exactly one mllp_end() must follow, now or later. */
  void (*message)(void *context, struct mllp_message *);
  /* Something was refused without an answer; a constant: forbidden, connections, no_vt, vt_inside, no_cr,
   * empty, too_large, broken_off, timeout, no_room. */
  void (*refused)(void *context, const char *code);
};

/* Sends one answer in a frame of its own, in its turn; an empty text, or one that holds VT or FS, is not
 * sent. Copied. */
void mllp_answer(struct mllp_message *, struct text answer);
/* No further answer will come; the message is gone. lost: there should have been one: once the answers to
 * earlier messages have left, the connection is closed, and the sender repeats. */
void mllp_end(struct mllp_message *, bool lost);

/* Binds and listens; state_dir holds the unlinked files of large messages. MLLP_E_ADDRESS: *reterr_reason. */
#define MLLP_E_ADDRESS 1
int mllp_listener_new(struct event_base *, struct metrics *, const char *name, const char *address,
                      const struct config_limits *, const char *state_dir, const struct mllp_service *,
                      struct mllp_listener **ret_listener, const char **reterr_reason) must_use;
const char *mllp_listener_address(const struct mllp_listener *);
/* Reads no new messages (sources are full) and takes it up again. */
void mllp_listener_pause(struct mllp_listener *, bool pause);
/* No new connections and messages; each connection ends when what it sent is answered. */
void mllp_listener_drain(struct mllp_listener *);
size_t mllp_listener_connections(const struct mllp_listener *);
void mllp_listener_free(struct mllp_listener *); /* closes what is left */

#endif
