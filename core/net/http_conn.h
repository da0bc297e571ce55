/*
 * http_conn.h: one connection, and what it needs of its listener. Private to core/net.
 */
#ifndef CORE_NET_HTTP_CONN_H
#define CORE_NET_HTTP_CONN_H

#include <event2/event.h>
#include <event2/event_struct.h>

#include "core/net/door.h"
#include "core/net/http_body.h"
#include "core/net/http_frame.h"
#include "core/net/http_head.h"
#include "core/text_out.h"

enum {
  CONN_IN_BYTES = HTTP_HEAD_BYTES_MAX + 4096,
  CONN_SCRATCH_BYTES = 64 * 1024,
};

enum conn_state {
  CONN_IDLE, /* between requests */
  CONN_HEAD, /* a head has begun */
  CONN_BODY,
  CONN_BUSY,   /* the service has the request */
  CONN_WRITE,  /* the answer waits for the peer */
  CONN_LINGER, /* all is said; waiting for the peer's end */
  CONN_CLOSED, /* fd closed; freed once nobody stands on it */
};

struct http_conn;

/* A request from its head to its answer. It lives in its own arena and outlives the connection when it must.
 */
struct http_exchange {
  struct http_request request;
  struct http_head head;
  struct http_conn *conn; /* NULL: the peer has left */
  struct http_body body;
  bool head_only, keep_alive;
};

struct http_conn {
  struct guest guest;
  struct listener *listener;
  struct event readable, writable;
  int fd;
  enum conn_state state;
  int64_t deadline_us; /* INT64_MAX: none */
  char *in;            /* bytes read and not used: [in_start, in_end) */
  size_t in_start, in_end;
  struct http_head_scan scan;
  struct http_frame frame;
  struct http_exchange *exchange; /* until the service has it answered */
  int64_t body_left;              /* of a Content-Length body */
  char *out;                      /* bytes the peer did not take yet: [out_start, out_end) */
  size_t out_start, out_end;
  size_t lingered;
  bool reading; /* `readable` is armed */
  bool working; /* http_conn_work() stands on it */
  bool closing; /* nothing follows what is being written */
};

struct listener {
  struct door door;
  struct metrics *metrics;
  char *state_dir;
  struct http_service service;
  char *scratch;
  struct text_out answer_head;
  struct arena_pool arenas;
  int64_t date_s;
  char date[40];
  struct metric *answers[6];
};

/* listener.c */
void listener_refused(struct listener *, const char *code); /* counts */

/* http_conn.c */
int http_conn_new(struct listener *, int fd, struct http_conn **ret_conn) must_use;
void http_conn_work(struct http_conn *); /* goes on with what is buffered; may free it */
void http_conn_resume(struct http_conn *);
void http_conn_refuse(struct http_conn *, const struct http_refusal *);
/* state, and how long it may last: limit_ms, longer as bytes come or go; 0: without limit. */
void http_conn_set_phase(struct http_conn *, enum conn_state, int64_t limit_ms);
void http_conn_overdue(struct http_conn *, int64_t now_us);
void http_conn_close(struct http_conn *);    /* closes; frees it unless somebody stands on it */
void http_conn_answered(struct http_conn *); /* the answer has left */

/* http_answer.c */
int http_conn_send(struct http_conn *, struct text head, struct text body) must_use;
int http_conn_flush(struct http_conn *) must_use;
/* Writes status line, headers and body; sets closing unless keep. Returns 0 or -errno. */
int http_conn_answer(struct http_conn *, const struct http_answer *, bool keep, bool head_only,
                     unsigned minor) must_use;
void http_exchange_free(struct http_exchange *, struct listener *);

#endif
