/*
 * http.h: what a service sees of an HTTP/1.1 request, and how it answers.
 *
 * Framing (http_head.c, http_conn.c) has refused everything that can be read two ways before a service is
 * called. A connection serves one request at a time, in the order of arrival.
 */
#ifndef CORE_NET_HTTP_H
#define CORE_NET_HTTP_H

#include "core/arena.h"
#include "core/config/hub_config.h"
#include "core/metrics.h"
#include "core/net/peer.h"

struct event_base;

struct http_header {
  struct text name;  /* lower case */
  struct text value; /* trimmed */
};

struct http_head {
  struct text method, target;
  struct text path;  /* percent-decoded once and without dot segments */
  struct text query; /* as sent, without '?' */
  unsigned minor;    /* HTTP/1.minor */
  const struct http_header *headers;
  size_t headers_count;
  int64_t content_length; /* -1: none */
  bool chunked, keep_alive, expect_continue;
};

/* Value of the only header of this lower-case name. NULL when absent; *ret_many (may be NULL) tells whether
 * it came more than once, which is never a credential. */
const struct text *http_header(const struct http_head *, const char *name, bool *ret_many);

struct http_request {
  const struct http_head *head;
  struct net_peer peer;
  const char *listener;
  struct arena *arena; /* of this request; gone after http_respond() */
  struct text body;    /* whole, with 64 zero bytes behind, writable in those; empty in head() */
  int64_t started_us;
  void *service_data; /* the service's own */
};

struct http_refusal { /* before the body was read; the connection is closed behind it when there is one */
  int status;
  const char *code, *detail; /* constants; no bytes of the request */
  int retry_after_s;         /* 0: none */
  const char *allow;         /* 405: value of Allow */
  const char *authenticate;  /* 401: value of WWW-Authenticate */
  const char *content_type;  /* of body; NULL: problem+json is made of status, code and detail */
  struct text body;          /* copied */
};

struct http_answer {
  int status;
  const char *content_type; /* NULL: no body */
  struct text body;         /* copied */
  int retry_after_s;
  const char *allow;
  const char *authenticate;
  bool close;
};

struct http_service {
  void *context;
  /* The head is whole and lawful. Prove the sender here: no byte of the body was looked at. Returns 0 to go
   * on with at most *ret_max_body bytes of body, or 1 with *reterr_refusal set. */
  int (*head)(void *context, struct http_request *, int64_t *ret_max_body,
              struct http_refusal *reterr_refusal);
  /* The request is whole. Exactly one http_respond() must follow, now or later. */
  void (*request)(void *context, struct http_request *);
  /* head() returned 0, but the body was refused or broke off (refusal NULL): let go of service_data. What the
   * refusal says may be changed. May be NULL. */
  void (*dropped)(void *context, struct http_request *, struct http_refusal *refusal);
};

/* Answers and ends the request, also when the peer has left; the request and its arena are gone afterwards.
 */
void http_respond(struct http_request *, const struct http_answer *);

struct listener;

/* Binds and listens; state_dir holds the unlinked files of large bodies. LISTENER_E_ADDRESS: *reterr_reason.
 */
#define LISTENER_E_ADDRESS 1 /* DOOR_E_ADDRESS of door.h */
int listener_new(struct event_base *, struct metrics *, const char *name, const char *address,
                 const struct config_limits *, const char *state_dir, const struct http_service *,
                 struct listener **ret_listener, const char **reterr_reason) must_use;
/* Where it listens, "127.0.0.1:41873". */
const char *listener_address(const struct listener *);
/* Stops reading new requests (sources are full) and takes it up again. */
void listener_pause(struct listener *, bool pause);
/* No new connections; idle ones are closed, busy ones after their answer (Connection: close). */
void listener_drain(struct listener *);
size_t listener_connections(const struct listener *);
void listener_free(struct listener *); /* closes what is left */

#endif
