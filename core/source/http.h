/*
 * http.h: sources that senders push to over HTTP.
 */
#ifndef CORE_SOURCE_HTTP_H
#define CORE_SOURCE_HTTP_H

#include "core/net/http.h"
#include "core/pipeline.h"

struct http_sources; /* all HTTP sources of the hub, and the listeners they share */

/* Loads credentials and opens the listeners. Mistakes go to errors (CONFIG_E_INVALID): a bad key file, an
 * address that cannot be bound. */
int http_sources_new(struct event_base *, struct metrics *, const struct setup *, struct pipeline *,
                     struct config_errors *, struct http_sources **ret_sources) must_use;
void http_sources_free(struct http_sources *);

/* One line "NAME ADDRESS" a listener; the same to the log. */
void http_sources_addresses(const struct http_sources *, struct text_out *);
void http_sources_log(const struct http_sources *);

/* No new connections; idle when none is left. */
void http_sources_drain(struct http_sources *);
bool http_sources_idle(const struct http_sources *);

#endif
