/*
 * A connector opened for one source: its settings, read by its own option table, and what open() made of
 * them.
 */
#include "core/connector/load.h"

#include "core/log.h"

static void host_log(void *context, enum hub_level level, const char *constant_text) {
  const struct instance *instance = context;
  log_event((enum log_level)level, "connector", constant_text, log_text("source", instance->host.source),
            log_text("connector", instance->connector->api->name));
}

static const struct hub_option *const no_options[] = {NULL};

static const struct hub_option *const *options_of(const struct connector *connector) {
  return connector->api->options == NULL ? no_options : connector->api->options;
}

static int open_with(const struct connector *connector, const char *source, int32_t zone_offset_s,
                     const void *settings, struct config_errors *errors, struct instance **ret_instance) {
  cleanup(instance_closep) struct instance *instance = calloc(1, sizeof *instance);
  if (instance == NULL) return -ENOMEM;
  instance->host = (struct hub_host){.size = sizeof instance->host,
                                     .abi_major = HUB_ABI_MAJOR,
                                     .abi_minor = HUB_ABI_MINOR,
                                     .source = source,
                                     .zone_offset_s = zone_offset_s,
                                     .context = instance,
                                     .log = host_log};
  void *self = NULL;
  instance->connector = connector;
  int r = connector->api->open(&instance->host, settings, &self);
  if (r != 0) {
    instance->connector = NULL; /* nothing to close */
    if (r == -ENOMEM) return r;
    config_error(errors, (struct config_mark){0}, source, "connector %s does not open: %s",
                 connector->api->name, r < 0 ? strerrordesc_np(-r) : "it does not say why");
    return CONFIG_E_INVALID;
  }
  instance->self = self;
  *ret_instance = TAKE(instance);
  return 0;
}

int instance_open(const struct connector *connector, const char *source, int32_t zone_offset_s,
                  struct yaml_node *options, struct arena *arena, struct config_errors *errors,
                  struct instance **ret_instance) {
  void *settings = arena_alloc(arena, connector->api->settings_size);
  char *item = arena_printf(arena, "source %s: options", source);
  if (settings == NULL || item == NULL) return -ENOMEM;
  unsigned before = errors->errors;
  int r = options_read(arena, options_of(connector), options, item, false, settings, errors);
  if (r < 0) return r;
  if (errors->errors != before) return CONFIG_E_INVALID;
  return open_with(connector, source, zone_offset_s, settings, errors, ret_instance);
}

int instance_open_pairs(const struct connector *connector, const char *source, int32_t zone_offset_s,
                        const char *const *pairs, size_t count, struct arena *arena,
                        struct config_errors *errors, struct instance **ret_instance) {
  void *settings = arena_alloc(arena, connector->api->settings_size);
  if (settings == NULL) return -ENOMEM;
  unsigned before = errors->errors;
  int r = options_read_pairs(arena, options_of(connector), pairs, count, settings, errors);
  if (r < 0) return r;
  if (errors->errors != before) return CONFIG_E_INVALID;
  return open_with(connector, source, zone_offset_s, settings, errors, ret_instance);
}

void instance_close(struct instance *instance) {
  if (instance == NULL) return;
  if (instance->connector != NULL) instance->connector->api->close(instance->self);
  free(instance);
}
