/*
 * mllp_conn.h: one connection of MLLP, and what it needs of its listener. Private to core/net.
 */
#ifndef CORE_NET_MLLP_CONN_H
#define CORE_NET_MLLP_CONN_H

#include <event2/event_struct.h>

#include "core/net/door.h"
#include "core/net/http_body.h"
#include "core/net/mllp.h"
#include "core/net/mllp_frame.h"
#include "core/text_out.h"

enum {
  MLLP_IN_BYTES = 32 * 1024,
  MLLP_SCRATCH_BYTES = 64 * 1024,
  /* Of one connection, taken and without their answers; then it is not read. */
  MLLP_PIPELINED_MESSAGES = 128,
  MLLP_PIPELINED_BYTES = 8 * 1024 * 1024, /* one larger message passes alone */
  MLLP_UNREAD_ANSWER_BYTES = 64 * 1024,   /* answers that the peer did not take: it is not read */
};

struct mllp_conn;

/* A message from its arrival to its answers. It outlives the connection when it must. */
struct mllp_visit {
  struct mllp_message message;
  struct mllp_conn *conn; /* NULL: the peer has left */
  struct mllp_visit *next;
  struct http_body body;
  struct text_out out; /* answers that wait for those of earlier messages, framed */
  struct metric *undelivered;
  bool ended, lost;
};

enum mllp_conn_state {
  MLLP_CONN_OPEN,
  MLLP_CONN_ENDING, /* nothing more is read; it ends when all is answered */
  MLLP_CONN_LINGER, /* all is said; waiting for the peer's end */
  MLLP_CONN_CLOSED, /* fd closed; freed once nobody stands on it */
};

enum mllp_timing { MLLP_UNTIMED, MLLP_TIMED_IDLE, MLLP_TIMED_FRAME };

struct mllp_conn {
  struct guest guest;
  struct mllp_listener *listener;
  struct event readable, writable;
  int fd;
  enum mllp_conn_state state;
  struct mllp_frame frame;
  struct http_body body; /* of the message being read, once body_begun */
  bool body_begun;
  char *in; /* bytes read and not used: [in_start, in_end) */
  size_t in_start, in_end;
  struct mllp_visit *first, *last; /* in order of arrival */
  size_t visits_count, visits_bytes;
  struct text_out out; /* bytes that the peer did not take yet, from out_start on */
  size_t out_start;
  enum mllp_timing timing;
  uint64_t messages, timed_message;            /* taken so far; the one that the deadline is for */
  int64_t read_deadline_us, write_deadline_us; /* INT64_MAX: none */
  size_t lingered;
  bool reading;    /* `readable` is armed */
  bool writing;    /* `writable` is armed: the kernel has no room */
  bool working;    /* a callback stands on it */
  bool peer_ended; /* it sends nothing more */
};

struct mllp_listener {
  struct door door;
  char *state_dir, *scratch;
  struct mllp_service service;
  struct metric *messages, *answers, *undelivered;
};

/* mllp_conn.c */
int mllp_conn_new(struct mllp_listener *, int fd, struct mllp_conn **ret_conn) must_use;
void mllp_conn_resume(struct mllp_conn *); /* takes up reading, if it may; from any callback */
void mllp_conn_end(struct mllp_conn *);    /* reads nothing more; may free it */
void mllp_conn_overdue(struct mllp_conn *, int64_t now_us);
void mllp_conn_close(struct mllp_conn *); /* closes; frees it unless somebody stands on it */

/* mllp_answer.c */
void mllp_visit_free(struct mllp_visit *);
void mllp_conn_desert(struct mllp_conn *); /* its messages are answered to nobody */
int mllp_conn_flush(struct mllp_conn *) must_use;
size_t mllp_conn_unsent(const struct mllp_conn *);

#endif
