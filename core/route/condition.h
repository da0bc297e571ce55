/*
 * condition.h: the `when` of a route, compiled against the schema of its message.
 *
 * A group of routes with one message type shares its slots: each field path that a key or a condition names
 * is one slot, and all slots are filled by one walk over the message.
 */
#ifndef CORE_ROUTE_CONDITION_H
#define CORE_ROUTE_CONDITION_H

#include "core/config/hub_config.h"
#include "core/message/schema.h"
#include "core/message/wire.h"

enum { ROUTE_SLOTS_MAX = 64 };

struct route_slots {
  const struct schema_message *message;
  size_t count;
  struct schema_path paths[ROUTE_SLOTS_MAX];
};

struct route_slot_value {
  bool present;
  struct wire_value value;
};

/* Index of the slot for a path, made when it is new; mistakes (no such field, repeated, too many) go to
 * errors and give -1. */
int route_slot(struct route_slots *, const char *path, struct config_mark, const char *item,
               struct config_errors *);

/* Fills values[slots->count] in one walk. 0 or -EBADMSG. */
int route_slots_fill(const struct route_slots *, struct text message,
                     struct route_slot_value *values) must_use;

struct condition;

/* Compiles `when` (not NULL). *ret_condition is NULL after a mistake. Returns 0 or -ENOMEM. */
int condition_compile(struct arena *, struct route_slots *, const struct yaml_node *when, const char *item,
                      struct config_errors *, struct condition **ret_condition) must_use;

bool condition_holds(const struct condition *, const struct route_slot_value *values);

const struct schema_field *route_path_field(const struct schema_path *); /* the last one */

#endif
