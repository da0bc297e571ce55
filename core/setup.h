/*
 * setup.h: a configuration made ready to work: files read, connectors loaded and opened for each source,
 * routes compiled against their schemas, keys in memory.
 *
 * `iochub check` and `iochub run` use the same function, so what passes the one starts with the other. Who
 * may send (core/net/auth.h) is not here: the doors know that.
 */
#ifndef CORE_SETUP_H
#define CORE_SETUP_H

#include "core/config/hub_config.h"
#include "core/connector/load.h"
#include "core/message/personal.h"
#include "core/route/route.h"

struct setup_source {
  const struct config_source *config;
  struct instance *instance; /* NULL when there were errors */
  struct personal personal;
  bool schema_known; /* its connector could be loaded */
};

struct setup {
  struct hub_config *config;
  struct connectors *connectors;
  struct routes *routes;
  struct communes *communes;
  struct setup_source *sources; /* in the order of the configuration */
  size_t sources_count;
  struct secret_key event_ids;    /* ids of events */
  struct secret_key dead_letters; /* ids of dead letters, derived from it */
  struct secret_key originals;    /* master key of kept originals */
};

/* Loads and checks everything. Mistakes go to errors; *ret_setup is set as far as things could be read, and
 * may be used only when errors counts none. Returns 0 or -errno. */
int setup_load(const char *path, struct config_errors *, struct setup **ret_setup) must_use;
void setup_free(struct setup *); /* wipes the keys */
DEFINE_CLEANUP(struct setup *, setup_free)

/* The key under which a domain's pseudonyms are made. */
int setup_personal_key(const struct secret_key *personal, const char *domain,
                       struct secret_key *ret_key) must_use;

/* What of a configuration works as a text: sources, routes and topics, the promise. For `check`. */
void setup_overview(const struct setup *, struct text_out *);

#endif
