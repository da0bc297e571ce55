/*
 * load.h: connectors as loaded shared objects, each with its schema, and one instance of it for each source.
 *
 * A connector is refused, with both sides in the reason, when its ABI major differs, its minor is above ours,
 * its struct is larger than ours, a function is missing, it exports a second symbol, or its .binpb is
 * missing, unreadable or without one of its messages.
 */
#ifndef CORE_CONNECTOR_LOAD_H
#define CORE_CONNECTOR_LOAD_H

#include "core/config/hub_config.h"
#include "core/message/schema.h"

struct connector {
  const struct hub_connector *api;
  const struct schema *schema; /* of all connectors together */
  char *path;
  void *handle;
};

struct connectors; /* all that a folder holds, by name */

/* Opens a folder; connectors are loaded when they are asked for. dir NULL: $IOCHUB_CONNECTORS, else where
 * they were installed. $IOCHUB_CONNECTORS may list several folders with ':' (build trees). */
int connectors_open(const char *dir, struct connectors **ret_connectors) must_use;
void connectors_close(struct connectors *);
DEFINE_CLEANUP(struct connectors *, connectors_close)

/* CONNECTOR_E_REFUSED: the reason, ready for a person, is appended to reterr_reason (it names the file). */
#define CONNECTOR_E_REFUSED 1
int connectors_load(struct connectors *, const char *name, const struct connector **ret_connector,
                    struct text_out *reterr_reason) must_use;
int connectors_load_all(struct connectors *, struct text_out *reterr_reasons) must_use;

/* Names of all connectors in the folder, sorted, NULL-terminated; lives as long as connectors. */
int connectors_names(struct connectors *, const char *const **ret_names) must_use;

const struct schema *connectors_schema(
    const struct connectors *); /* of those loaded so far and the hub's own */

/* One connector opened for one source. */
struct instance {
  const struct connector *connector;
  void *self;
  struct hub_host host;
};

/* options: the source's YAML node (may be NULL). Mistakes go to errors and give CONFIG_E_INVALID. settings
 * live in the arena, which outlives the instance. */
int instance_open(const struct connector *, const char *source, int32_t zone_offset_s,
                  struct yaml_node *options, struct arena *, struct config_errors *,
                  struct instance **ret_instance) must_use;
/* The same with KEY=VALUE pairs of a command line. */
int instance_open_pairs(const struct connector *, const char *source, int32_t zone_offset_s,
                        const char *const *pairs, size_t count, struct arena *, struct config_errors *,
                        struct instance **ret_instance) must_use;
void instance_close(struct instance *);
DEFINE_CLEANUP(struct instance *, instance_close)

#endif
