/*
 * route.h: which messages go to which topic, under which key.
 *
 * Every route that matches publishes. Conditions are plain YAML on field paths, checked against the schema
 * when the configuration is read: equals, in, prefix, range, exists, combined by all, any, not.
 */
#ifndef CORE_ROUTE_H
#define CORE_ROUTE_H

#include "core/config/hub_config.h"
#include "core/message/schema.h"
#include "core/message/wire.h"

struct routes;

/* Compiles and checks all routes of a configuration: type, key and condition fields against the schema, topic
 * against the catalogue (existence and type). Mistakes go to errors; *ret_routes holds the good ones. */
int routes_compile(const struct hub_config *, const struct schema *, struct config_errors *,
                   struct routes **ret_routes) must_use;
void routes_free(struct routes *);
DEFINE_CLEANUP(struct routes *, routes_free)

struct route_target {
  const char *route, *topic;
  struct text key; /* view into the message or into the arena; empty: use the event id */
  bool keyed;      /* the route wants a key field to be filled */
  bool ordered;
};

/* Targets of one message in the order of the configuration, each topic once; *ret_count 0: no route. -EBADMSG
 * or -ENOMEM. */
int routes_match(const struct routes *, const char *source, const struct schema_message *,
                 struct text message, struct arena *, struct route_target **ret_targets,
                 size_t *ret_count) must_use;

#endif
