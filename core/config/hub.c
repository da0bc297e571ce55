/*
 * hub.yaml: what belongs to the hub as a whole. All listeners are here, so that one look says what is open;
 * secrets are named as files and read by those who use them.
 */
#include <stdio.h>

#include "core/config/sections.h"

static const struct hub_option *const hub_options[] = {
    OPTION("hub", HUB_OPTION_TEXT, NULL, struct hub_config, hub,
           "name of this hub, stands in every event's ce_source", .required = true),
    OPTION("state_dir", HUB_OPTION_TEXT, "state", struct hub_config, state_dir,
           "folder for what the hub keeps on disk; relative to this file"),
    OPTION("admin", HUB_OPTION_TEXT, "127.0.0.1:9090", struct hub_config, admin,
           "address of /metrics, /livez and /readyz; a loopback address, port 0 takes any"),
    OPTION("connectors_dir", HUB_OPTION_TEXT, NULL, struct hub_config, connectors_dir,
           "folder of the connectors; without it $IOCHUB_CONNECTORS, else where they were installed"),
    OPTION("translators", HUB_OPTION_INT, "1", struct hub_config, translators,
           "threads that translate payloads over 64 KiB", .min = 1, .max = 64),
    OPTION("translate_timeout", HUB_OPTION_DURATION, "10 s", struct hub_config, translate_timeout_ms,
           "a translation that takes longer degrades its source; six times longer ends the process",
           .min = 100, .max = 600000),
    NULL,
};

static const struct hub_option *const ids_options[] = {
    OPTION("max", HUB_OPTION_INT, "1000000", struct hub_config, ids_max,
           "event ids remembered to recognise repeats", .min = 1000, .max = 100000000),
    OPTION("age", HUB_OPTION_DURATION, "24 h", struct hub_config, ids_age_ms, "how long an id is remembered",
           .min = 60000, .max = INT64_C(30) * 86400000),
    NULL,
};

static const struct hub_option *const listener_options[] = {
    OPTION("name", HUB_OPTION_TEXT, NULL, struct config_listener, name, "name that sources refer to",
           .required = true),
    OPTION("address", HUB_OPTION_TEXT, NULL, struct config_listener, address,
           "IP address and port, [::1]:8080 for IPv6; port 0 takes any", .required = true),
    NULL,
};

#define LIMIT(name, kind, text, member, sentence, low, high) \
  OPTION(name, kind, text, struct config_limits, member, sentence, .min = (low), .max = (high))
#define LIMITS(text)                                                                                         \
  LIMIT("max_body", HUB_OPTION_SIZE, text("64 MiB"), max_body, "largest body of a request", 1024, 64 << 20), \
      LIMIT("head_timeout", HUB_OPTION_DURATION, text("10 s"), head_timeout_ms, "time for a request's head", \
            100, 600000),                                                                                    \
      LIMIT("body_timeout", HUB_OPTION_DURATION, text("60 s"), body_timeout_ms,                              \
            "time without a byte while a body is coming", 100, 3600000),                                     \
      LIMIT("idle_timeout", HUB_OPTION_DURATION, text("60 s"), idle_timeout_ms,                              \
            "time that an open connection may wait for its next request", 100, 3600000),                     \
      LIMIT("write_timeout", HUB_OPTION_DURATION, text("30 s"), write_timeout_ms,                            \
            "time without progress while an answer is sent", 100, 3600000),                                  \
      LIMIT("connections", HUB_OPTION_INT, text("1000"), connections, "open connections", 1, 100000),        \
      LIMIT("connections_per_peer", HUB_OPTION_INT, text("200"), connections_per_peer,                       \
            "open connections of one address", 1, 100000),                                                   \
      LIMIT("answer_timeout", HUB_OPTION_DURATION, text("30 s"), answer_timeout_ms,                          \
            "after that the sender is told to try again", 100, 600000)
#define WITH_DEFAULT(text) text
#define WITHOUT_DEFAULT(text) NULL

const struct hub_option *const limits_options[] = {LIMITS(WITH_DEFAULT), NULL};
const struct hub_option *const limits_override_options[] = {LIMITS(WITHOUT_DEFAULT), NULL};

static const struct hub_option *const kafka_options[] = {
    OPTION("bootstrap", HUB_OPTION_TEXT, NULL, struct config_kafka, bootstrap,
           "brokers to begin with, host:port,host:port", .required = true),
    OPTION("properties", HUB_OPTION_LIST, NULL, struct config_kafka, properties,
           "further librdkafka properties as \"key=value\"; never a password"),
    OPTION("linger", HUB_OPTION_DURATION, "2 ms", struct config_kafka, linger_ms,
           "how long a message waits for company in its batch", .min = 0, .max = 1000),
    OPTION("in_flight_messages", HUB_OPTION_INT, "2000", struct config_kafka, in_flight_messages,
           "unacknowledged messages at most; then sources pause", .min = 1, .max = 100000),
    OPTION("in_flight_bytes", HUB_OPTION_SIZE, "64 MiB", struct config_kafka, in_flight_bytes,
           "unacknowledged bytes at most; then sources pause", .min = 1 << 20, .max = 1 << 30),
    NULL,
};

static const struct hub_option *const keys_options[] = {
    OPTION("event_ids", HUB_OPTION_TEXT, NULL, struct config_keys, event_ids,
           "file with the key of event ids (64 hex digits, mode 0600); never change it", .required = true),
    OPTION("personal", HUB_OPTION_TEXT, NULL, struct config_keys, personal, "file with the key of pseudonyms",
           .required = true),
    OPTION("personal_number", HUB_OPTION_INT, "1", struct config_keys, personal_number,
           "number of that key, stands in pseudonyms (p1.…); raise it with each new key", .min = 1,
           .max = 9999),
    OPTION("originals", HUB_OPTION_TEXT, NULL, struct config_keys, originals,
           "file with the master key of kept originals; outside the state directory", .required = true),
    NULL,
};

const struct section hub_sections[] = {
    {"hub.yaml", "One file a hub. `version: 1` stands on top.", hub_options},
    {"hub.yaml: listeners", "A list. Sources name the listener at which they wait.", listener_options},
    {"hub.yaml: kafka", "The brokers.", kafka_options},
    {"hub.yaml: keys", "Files of secrets; `make-secrets` makes them.", keys_options},
    {"hub.yaml: limits", "For every source that does not set its own.", limits_options},
    {"hub.yaml: ids", "The memory by which repeats are recognised.", ids_options},
    {0},
};

static int listener_read(struct reading *reading, struct yaml_node *node, struct config_listener *listener) {
  struct config_errors *errors = reading->errors;
  listener->mark = node->mark;
  int r = options_read(reading->config->arena, listener_options, node, "listener", false, listener, errors);
  if (r < 0 || listener->name == NULL || listener->address == NULL) return r;
  char quoted[CONFIG_QUOTED_SIZE];
  unsigned port = 0;
  if (!name_is_good(text_of(listener->name))) {
    config_error(errors, yaml_mark(node, "name"), "listener.name", "%s is not a name; write a-z, 0-9 and '-'",
                 config_quoted(text_of(listener->name), quoted));
  }
  if (address_parse(listener->address, &port) == ADDRESS_BAD) {
    config_error(errors, yaml_mark(node, "address"), "listener.address",
                 "%s is not an IP address and port; write 127.0.0.1:8080 or [::1]:8080",
                 config_quoted(text_of(listener->address), quoted));
  }
  const struct config_listener *all = reading->config->listeners;
  for (size_t i = 0; i < reading->config->listeners_count; i++) {
    if (all[i].name == NULL || all[i].address == NULL) continue;
    if (strcmp(all[i].name, listener->name) == 0) {
      config_error(errors, yaml_mark(node, "name"), "listener.name",
                   "%s stands twice, first in line %u; rename one",
                   config_quoted(text_of(listener->name), quoted), all[i].mark.line);
    }
    if (port != 0 && strcmp(all[i].address, listener->address) == 0) {
      config_error(errors, yaml_mark(node, "address"), "listener.address",
                   "%s is the address of listener \"%s\" too; write another port", listener->address,
                   all[i].name);
    }
  }
  return 0;
}

static int listeners_read(struct reading *reading, struct yaml_node *root) {
  struct yaml_node *list = yaml_get(root, "listeners");
  struct hub_config *config = reading->config;
  if (list == NULL || list->kind != YAML_LIST || list->count == 0) {
    config->incomplete = true;
    config_error(
        reading->errors, list == NULL ? root->mark : list->mark, "listeners",
        "is not a list of listeners; write `listeners:` and `- {name: main, address: 127.0.0.1:8080}`");
    return 0;
  }
  config->listeners = arena_alloc(config->arena, list->count * sizeof *config->listeners);
  if (config->listeners == NULL) return -ENOMEM;
  for (struct yaml_node *node = list->first; node != NULL; node = node->next) {
    int r = listener_read(reading, node, &config->listeners[config->listeners_count]);
    if (r < 0) return r;
    config->listeners_count++;
  }
  return 0;
}

static void admin_check(struct reading *reading, struct yaml_node *root) {
  const struct hub_config *config = reading->config;
  char quoted[CONFIG_QUOTED_SIZE];
  unsigned port = 0;
  enum address_kind kind = config->admin == NULL ? ADDRESS_BAD : address_parse(config->admin, &port);
  if (config->admin != NULL && kind != ADDRESS_LOOPBACK) {
    config_error(reading->errors, yaml_mark(root, "admin"), "admin", "%s is not %s; write 127.0.0.1:9090",
                 config_quoted(text_of(config->admin), quoted),
                 kind == ADDRESS_BAD ? "an IP address and port"
                                     : "a loopback address, and metrics are not for the network");
  }
  for (size_t i = 0; i < config->listeners_count && config->admin != NULL && port != 0; i++) {
    const char *address = config->listeners[i].address;
    if (address == NULL || strcmp(address, config->admin) != 0) continue;
    config_error(reading->errors, yaml_mark(root, "admin"), "admin",
                 "%s is the address of listener \"%s\" too; write another port", config->admin,
                 config->listeners[i].name == NULL ? "?" : config->listeners[i].name);
  }
}

/* Settings that would take the promise away, and those that the publisher sets itself. */
static const char *property_mistake(struct text name) {
  static const char *const ours[] = {"acks",
                                     "request.required.acks",
                                     "enable.idempotence",
                                     "max.in.flight",
                                     "max.in.flight.requests.per.connection",
                                     "message.timeout.ms",
                                     "delivery.timeout.ms",
                                     "message.max.bytes",
                                     "linger.ms",
                                     "queue.buffering.max.ms",
                                     "compression.codec",
                                     "compression.type",
                                     "partitioner",
                                     "bootstrap.servers",
                                     "metadata.broker.list",
                                     "retries",
                                     "message.send.max.retries",
                                     "transactional.id",
                                     "queuing.strategy",
                                     "enable.gapless.guarantee",
                                     "debug",
                                     "log.queue"};
  for (size_t i = 0; i < LENGTH_OF(ours); i++) {
    if (text_is(name, ours[i])) return "is set by the hub itself; remove it";
  }
  if (text_is(name, "sasl.password.file") || text_is(name, "ssl.key.password.file")) return NULL;
  if (config_secret_name(name)) {
    return "is a secret, which does not stand in a configuration file; write sasl.password.file=PATH or "
           "ssl.key.password.file=PATH, and make a new secret";
  }
  return NULL;
}

static void properties_check(struct reading *reading, struct yaml_node *kafka) {
  struct yaml_node *list = yaml_peek(kafka, "properties");
  char quoted[CONFIG_QUOTED_SIZE];
  if (list == NULL || list->kind != YAML_LIST) return;
  unsigned before = reading->errors->errors;
  reading->config->kafka.properties_mark = list->mark;
  for (const struct yaml_node *node = list->first; node != NULL; node = node->next) {
    if (node->kind != YAML_TEXT) continue;
    struct text name = {node->text.data, strcspn(node->text.data, "=")};
    const char *mistake = property_mistake(name);
    if (name.length == 0 || name.length == node->text.length) {
      config_error(reading->errors, node->mark, "kafka.properties",
                   "%s is not \"key=value\"; write security.protocol=ssl", config_quoted(node->text, quoted));
    } else if (mistake != NULL) {
      config_error(reading->errors, node->mark, "kafka.properties", "%s %s", config_quoted(name, quoted),
                   mistake);
    }
  }
  /* What was refused here is not judged again by the publisher. */
  if (reading->errors->errors != before) reading->config->kafka.properties = NULL;
}

static int kafka_read(struct reading *reading, struct yaml_node *root) {
  struct yaml_node *map = yaml_get(root, "kafka");
  struct config_kafka *kafka = &reading->config->kafka;
  if (map == NULL) {
    config_error(reading->errors, root->mark, "kafka",
                 "is missing; write `kafka: {bootstrap: \"host:9092\"}`");
  }
  int r = map == NULL ? 0
                      : options_read(reading->config->arena, kafka_options, map, "kafka", false, kafka,
                                     reading->errors);
  if (r < 0 || kafka->bootstrap == NULL) return r;
  const char *mistake = bootstrap_mistake(kafka->bootstrap);
  if (mistake != NULL)
    config_error(reading->errors, yaml_mark(map, "bootstrap"), "kafka.bootstrap", "%s", mistake);
  properties_check(reading, map);
  return 0;
}

static int key_path(struct reading *reading, struct yaml_node *map, const char *key, const char **path,
                    struct config_mark *ret_mark) {
  char item[64];
  *ret_mark = yaml_mark(map, key);
  if (*path == NULL) return 0;
  snprintf(item, sizeof item, "keys.%s", key);
  if (!path_is_good(reading, *path, *ret_mark, item)) {
    *path = NULL;
    return 0;
  }
  *path = path_beside(reading, *path);
  if (*path == NULL) return -ENOMEM;
  const char *state = reading->config->state_dir;
  size_t length = state == NULL ? 0 : strlen(state);
  if (length != 0 && strncmp(*path, state, length) == 0 && (*path)[length] == '/') {
    config_error(
        reading->errors, *ret_mark, item,
        "lies in the state directory, where a copy of the data would take its key along; put it elsewhere");
  }
  return 0;
}

static void keys_differ(struct reading *reading) {
  const struct config_keys *keys = &reading->config->keys;
  const char *const paths[] = {keys->event_ids, keys->personal, keys->originals};
  const struct config_mark marks[] = {keys->event_ids_mark, keys->personal_mark, keys->originals_mark};
  for (size_t i = 1; i < LENGTH_OF(paths); i++) {
    for (size_t j = 0; j < i; j++) {
      if (paths[i] == NULL || paths[j] == NULL || strcmp(paths[i], paths[j]) != 0) continue;
      config_error(reading->errors, marks[i], "keys",
                   "one file for two keys (line %u); make a key for each use", marks[j].line);
    }
  }
}

static int keys_read(struct reading *reading, struct yaml_node *root) {
  struct yaml_node *map = yaml_get(root, "keys");
  struct config_keys *keys = &reading->config->keys;
  if (map == NULL) {
    config_error(reading->errors, root->mark, "keys",
                 "is missing; write `keys:` with event_ids, personal and originals, each the path of a file");
    return 0;
  }
  int r = options_read(reading->config->arena, keys_options, map, "keys", false, keys, reading->errors);
  if (r == 0) r = key_path(reading, map, "event_ids", &keys->event_ids, &keys->event_ids_mark);
  if (r == 0) r = key_path(reading, map, "personal", &keys->personal, &keys->personal_mark);
  if (r == 0) r = key_path(reading, map, "originals", &keys->originals, &keys->originals_mark);
  if (r == 0) keys_differ(reading);
  return r;
}

void limits_check(struct reading *reading, const struct config_limits *limits, const struct yaml_node *map,
                  const char *item) {
  if (limits->connections_per_peer > limits->connections) {
    bool written = yaml_peek(map, "connections_per_peer") != NULL;
    config_error(reading->errors, yaml_mark(map, written ? "connections_per_peer" : "connections"), item,
                 "connections_per_peer (%lld) is above connections (%lld); write the smaller one there",
                 (long long)limits->connections_per_peer, (long long)limits->connections);
  }
  if (reading->config->kafka.linger_ms >= limits->answer_timeout_ms) {
    config_error(reading->errors, yaml_mark(map, "answer_timeout"), item,
                 "answer_timeout is not above kafka.linger (%lld ms); write a longer one",
                 (long long)reading->config->kafka.linger_ms);
  }
}

int hub_read(struct reading *reading, struct yaml_node *root) {
  struct hub_config *config = reading->config;
  char quoted[CONFIG_QUOTED_SIZE];
  int r = options_read(config->arena, hub_options, root, "", true, config, reading->errors);
  if (r < 0) return r;
  if (config->hub != NULL && !name_is_good(text_of(config->hub))) {
    config_error(reading->errors, yaml_mark(root, "hub"), "hub", "%s is not a name; write a-z, 0-9 and '-'",
                 config_quoted(text_of(config->hub), quoted));
  }
  config->state_dir_mark = yaml_mark(root, "state_dir");
  if (config->state_dir != NULL) config->state_dir = path_beside(reading, config->state_dir);
  if (config->connectors_dir != NULL) config->connectors_dir = path_beside(reading, config->connectors_dir);
  if (r == 0) r = listeners_read(reading, root);
  if (r == 0) r = kafka_read(reading, root);
  if (r == 0) r = keys_read(reading, root);
  struct yaml_node *limits = yaml_get(root, "limits");
  if (r == 0)
    r = options_read(config->arena, limits_options, limits, "limits", false, &config->limits,
                     reading->errors);
  if (r == 0) {
    r = options_read(config->arena, ids_options, yaml_get(root, "ids"), "ids", false, config,
                     reading->errors);
  }
  if (r < 0) return r;
  limits_check(reading, &config->limits, limits == NULL ? root : limits, "limits");
  admin_check(reading, root);
  static const char *const also[] = {"version", "listeners", "kafka", "keys", "limits", "ids", NULL};
  options_unknown(hub_options, also, root, "", reading->errors);
  return 0;
}
