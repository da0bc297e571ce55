/*
 * net_client.h: clients that feed a server of the same thread bytes in any split, so that a run is the same
 * every time.
 */
#ifndef TESTS_LIB_NET_CLIENT_H
#define TESTS_LIB_NET_CLIENT_H

#include <event2/event.h>

#include "core/text_out.h"

/* One turn of the loop; what is ready is done. */
void net_client_turn(struct event_base *);
/* Turns until `done(context)`; aborts after 20 s. */
void net_client_until(struct event_base *, bool (*done)(void *context), void *context);

/* address: "127.0.0.1:PORT" */
int net_client_connect(struct event_base *, const char *address);
/* Sends and lets the server see it before it returns. */
void net_client_send(struct event_base *, int fd, struct text bytes);
/* Reads what has come; true at the end of the connection. */
bool net_client_receive(int fd, struct text_out *received);
/* Ends our side, reads to the end of the connection, closes. */
void net_client_finish(struct event_base *, int fd, struct text_out *received);

#endif
