/*
 * http_rig.h: a real listener on loopback, a service that answers with what it read, and clients that feed
 * bytes in any split. Loop and clients share one thread, so a run is the same every time.
 */
#ifndef TESTS_LIB_HTTP_RIG_H
#define TESTS_LIB_HTTP_RIG_H

#include <event2/event.h>

#include "core/net/http.h"
#include "core/text_out.h"

struct http_rig {
  struct event_base *base;
  struct metrics *metrics;
  struct listener *listener;
  struct config_limits limits;
  struct http_service service;
  const char *state_dir;
  int64_t max_body;
  int refuse_status; /* head() refuses with it; 0: no */
  bool own_words;    /* dropped() says "own CODE" instead of the problem */
  bool later;        /* request() keeps the request in `kept` */
  struct http_request *kept;
  size_t answer_bytes;          /* not 0: answers are so many bytes instead of the echo */
  int heads, requests, dropped; /* how often each was called */
  size_t body_length;           /* of the last request */
  bool zero_tail;               /* its 64 bytes behind were zero and writable */
};

/* Fills what is zero with limits that no test meets by chance, and listens. */
void http_rig_open(struct http_rig *);
void http_rig_close(struct http_rig *);

/* One turn of the loop; what is ready is done. */
void http_rig_turn(struct http_rig *);
/* Turns until `done(context)`; aborts after 20 s. */
void http_rig_until(struct http_rig *, bool (*done)(void *context), void *context);

int http_rig_connect(struct http_rig *);
/* Sends and lets the server see it before it returns. */
void http_rig_send(struct http_rig *, int fd, struct text bytes);
/* Reads what has come; true at the end of the connection. */
bool http_rig_receive(int fd, struct text_out *received);
/* Ends our side, reads to the end of the connection, closes. */
void http_rig_finish(struct http_rig *, int fd, struct text_out *received);

/* METHOD PATH QUERY "BODY": what the echo service answers, and what http_rig_respond() writes. */
void http_rig_respond(struct http_request *);

/* Without Date, interim answers and reason phrases: each answer as `STATUS[ close] BODY` and a line end. */
void http_rig_digest(struct text received, struct text_out *out);

#endif
