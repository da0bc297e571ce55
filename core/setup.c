/*
 * From files to something that can run, in the order of dependence: configuration, keys, connectors,
 * instances, routes. A step that fails for one source leaves the others to be checked, so that one run shows
 * all mistakes.
 */
#include "core/setup.h"

#include <stdio.h>

#include "core/message/communes.h"

enum { ITEM_SIZE = 96 };

int setup_personal_key(const struct secret_key *personal, const char *domain, struct secret_key *ret_key) {
  char label[ITEM_SIZE];
  snprintf(label, sizeof label, "personal:%s", domain);
  return secret_derive(personal, label, ret_key);
}

static int key_load(const char *path, struct config_mark mark, const char *item, struct config_errors *errors,
                    struct secret_key *key) {
  if (path == NULL) return 0; /* told already */
  int r = secret_key_load(path, mark, item, errors, key);
  return r < 0 ? r : 0;
}

static int keys_load(struct setup *setup, struct config_errors *errors, struct secret_key *personal) {
  const struct config_keys *keys = &setup->config->keys;
  int r = key_load(keys->event_ids, keys->event_ids_mark, "keys.event_ids", errors, &setup->event_ids);
  if (r == 0) r = key_load(keys->personal, keys->personal_mark, "keys.personal", errors, personal);
  if (r == 0)
    r = key_load(keys->originals, keys->originals_mark, "keys.originals", errors, &setup->originals);
  if (r == 0) r = secret_derive(&setup->event_ids, "dead-letters", &setup->dead_letters);
  return r;
}

/* ---- Connectors ---- */

/* Whether an earlier source had the same trouble: it is told once. */
static bool told_before(const struct setup *setup, const struct config_source *source) {
  for (const struct config_source *other = setup->config->sources; other != source; other = other->next) {
    if (other->connector != NULL && strcmp(other->connector, source->connector) == 0) return true;
  }
  return false;
}

static void connector_refused(const struct config_source *source, const struct text_out *reason,
                              struct config_errors *errors) {
  char item[ITEM_SIZE];
  snprintf(item, sizeof item, "source %s.connector", source->name);
  config_error(errors, source->connector_mark, item, "%s",
               reason->data == NULL ? "cannot be loaded" : reason->data);
}

/* MLLP has no words but those of an HL7 acknowledgement, which only a connector can write. */
static void answers_check(const struct config_source *source, const struct connector *connector,
                          struct config_errors *errors) {
  char item[ITEM_SIZE];
  if (source->way != CONFIG_MLLP || connector->api->reply != NULL) return;
  snprintf(item, sizeof item, "source %s.connector", source->name);
  config_error(errors, source->connector_mark, item,
               "%s cannot answer over MLLP; write a connector that answers in HL7, such as health",
               source->connector);
}

static int source_open(struct setup *setup, const struct config_source *source, struct config_errors *errors,
                       struct setup_source *opened) {
  if (source->connector == NULL) return 0;
  cleanup(text_out_deinit) struct text_out reason = TEXT_OUT_INIT;
  const struct connector *connector = NULL;
  int r = connectors_load(setup->connectors, source->connector, &connector, &reason);
  if (r < 0) return r;
  if (r > 0 && !told_before(setup, source)) connector_refused(source, &reason, errors);
  if (r > 0) return 0;
  opened->schema_known = true;
  answers_check(source, connector, errors);
  r = instance_open(connector, source->name, source->zone_offset_s, source->options, setup->config->arena,
                    errors, &opened->instance);
  return r < 0 ? r : 0;
}

static int personal_fill(struct setup *setup, const struct secret_key *personal,
                         struct setup_source *opened) {
  opened->personal.key_number = (unsigned)setup->config->keys.personal_number;
  opened->personal.tables = setup->config->tables;
  opened->personal.communes = setup->communes;
  memcpy(opened->personal.modes, opened->config->privacy, sizeof opened->personal.modes);
  if (opened->config->domain == NULL) return 0;
  return setup_personal_key(personal, opened->config->domain, &opened->personal.key);
}

static int sources_open(struct setup *setup, const struct secret_key *personal,
                        struct config_errors *errors) {
  size_t count = 0;
  for (const struct config_source *source = setup->config->sources; source != NULL; source = source->next)
    count++;
  setup->sources = calloc(MAX(count, (size_t)1), sizeof *setup->sources);
  if (setup->sources == NULL) return -ENOMEM;
  for (const struct config_source *source = setup->config->sources; source != NULL; source = source->next) {
    struct setup_source *opened = &setup->sources[setup->sources_count++];
    opened->config = source;
    int r = source_open(setup, source, errors, opened);
    if (r == 0) r = personal_fill(setup, personal, opened);
    if (r < 0) return r;
  }
  return 0;
}

/* ---- Routes ---- */

static bool is_routed(const struct hub_config *config, const char *source, const char *type) {
  for (const struct config_route *route = config->routes; route != NULL; route = route->next) {
    if (route->type == NULL || strcmp(route->type, type) != 0) continue;
    if (route->sources == NULL) return true;
    for (size_t i = 0; i < route->sources->count; i++) {
      if (strcmp(route->sources->items[i], source) == 0) return true;
    }
  }
  return false;
}

/* Whether an earlier source with the same connector lacks that route too. */
static bool unrouted_before(const struct setup *setup, size_t place, const char *type) {
  const char *connector = setup->sources[place].config->connector;
  for (size_t i = 0; i < place; i++) {
    const struct config_source *other = setup->sources[i].config;
    bool same = other->connector != NULL && strcmp(other->connector, connector) == 0;
    if (same && other->unrouted != CONFIG_UNROUTED_DROP && !is_routed(setup->config, other->name, type))
      return true;
  }
  return false;
}

/* Messages that would all become dead letters. */
static void unrouted_say(const struct setup *setup, struct config_errors *errors) {
  for (size_t i = 0; i < setup->sources_count; i++) {
    const struct setup_source *source = &setup->sources[i];
    if (source->instance == NULL || source->config->unrouted == CONFIG_UNROUTED_DROP) continue;
    const char *const *types = source->instance->connector->api->messages;
    for (; *types != NULL; types++) {
      if (is_routed(setup->config, source->config->name, *types) || unrouted_before(setup, i, *types))
        continue;
      char item[ITEM_SIZE];
      snprintf(item, sizeof item, "source %s", source->config->name);
      config_warning(errors, source->config->mark, item,
                     "no route takes its %s, which become dead letters; add a route, or write unrouted: drop",
                     *types);
    }
  }
}

static int setup_fill(struct setup *setup, struct config_errors *errors) {
  struct secret_key personal = {0};
  int r = keys_load(setup, errors, &personal);
  if (r == 0) r = communes_new(setup->config->tables, &setup->communes);
  if (r == 0) r = connectors_open(setup->config->connectors_dir, &setup->connectors);
  if (r < 0 && r != -ENOMEM && setup->connectors == NULL) {
    config_error(
        errors, (struct config_mark){0}, "connectors_dir",
        "the folder of the connectors cannot be opened: %s; name it in hub.yaml or in $IOCHUB_CONNECTORS",
        strerrordesc_np(-r));
    secret_wipe(&personal, sizeof personal);
    return 0;
  }
  if (r == 0) r = sources_open(setup, &personal, errors);
  secret_wipe(&personal, sizeof personal);
  bool complete = !setup->config->incomplete; /* without a connector its types would seem unknown, which was
                                                 not the admin's mistake */
  for (size_t i = 0; i < setup->sources_count; i++) complete = complete && setup->sources[i].schema_known;
  if (r < 0 || !complete) return r < 0 ? r : 0;
  r = routes_compile(setup->config, connectors_schema(setup->connectors), errors, &setup->routes);
  if (r == 0 && errors->errors == 0) unrouted_say(setup, errors);
  return r < 0 ? r : 0;
}

int setup_load(const char *path, struct config_errors *errors, struct setup **ret_setup) {
  cleanup(setup_freep) struct setup *setup = calloc(1, sizeof *setup);
  if (setup == NULL) return -ENOMEM;
  int r = hub_config_load(path, errors, &setup->config);
  if (r < 0) return r;
  r = setup_fill(setup, errors);
  if (r < 0) return r;
  *ret_setup = TAKE(setup);
  return 0;
}

void setup_free(struct setup *setup) {
  if (setup == NULL) return;
  routes_free(setup->routes);
  for (size_t i = 0; i < setup->sources_count; i++) {
    instance_close(setup->sources[i].instance);
    secret_wipe(&setup->sources[i].personal.key, sizeof setup->sources[i].personal.key);
  }
  free(setup->sources);
  if (setup->connectors != NULL) connectors_close(setup->connectors);
  communes_free(setup->communes);
  hub_config_free(setup->config);
  secret_wipe(setup, sizeof *setup);
  free(setup);
}

/* ---- Overview ---- */

static void way_overview(const struct config_source *source, struct text_out *out) {
  switch (source->way) {
    case CONFIG_HTTP:
      text_out_format(out, "%s %s at %s", source->methods->items[0], source->path, source->listener);
      break;
    case CONFIG_MLLP: text_out_format(out, "MLLP at %s", source->mllp.address); break;
    case CONFIG_FOLDER: text_out_format(out, "files of %s", source->folder.path); break;
  }
}

void setup_overview(const struct setup *setup, struct text_out *out) {
  const struct hub_config *config = setup->config;
  text_out_format(out, "hub %s, brokers %s\n\nsources\n", config->hub, config->kafka.bootstrap);
  for (size_t i = 0; i < setup->sources_count; i++) {
    const struct setup_source *source = &setup->sources[i];
    const struct hub_connector *connector =
        source->instance == NULL ? NULL : source->instance->connector->api;
    text_out_format(out, "  %-20s ", source->config->name);
    way_overview(source->config, out);
    text_out_format(out, ", connector %s %s\n", source->config->connector,
                    connector == NULL ? "?" : connector->version);
  }
  text_out_string(out, "\nroutes\n");
  for (const struct config_route *route = config->routes; route != NULL; route = route->next) {
    text_out_format(out, "  %-20s %s%s -> %s, key %s\n", route->name, route->type,
                    route->when == NULL ? "" : " (some)", route->topic,
                    route->key == NULL ? "event id" : route->key);
  }
  text_out_string(
      out,
      "\npromise\n  ack: broker. A positive answer means that all in-sync replicas of the brokers have the "
      "message,\n  or that its dead letter is kept. Deliveries are at least once with a stable event id.\n");
}
