/*
 * auth.h: who sent a request, proven from connection and head only.
 */
#ifndef CORE_NET_AUTH_H
#define CORE_NET_AUTH_H

#include "core/net/http.h"

struct auth; /* the ways of one source, ready to use */

/* Loads key files and parses networks; mistakes go to errors. An empty list proves nobody. */
int auth_new(const struct config_auth *, const char *item, struct config_errors *,
             struct auth **ret_auth) must_use;
void auth_free(struct auth *);
DEFINE_CLEANUP(struct auth *, auth_free)

/* true: one of the ways proves the sender. Keys are compared in constant time; a header that came twice
 * proves nobody. Otherwise *reterr_refusal says 401 or 403. */
bool auth_check(const struct auth *, const struct http_request *, struct http_refusal *reterr_refusal);

/* true: the peer's address alone proves it (`network`). For protocols without a head. */
bool auth_knows_peer(const struct auth *, const struct net_peer *);

#endif
