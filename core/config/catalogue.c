/*
 * topics.yaml and routes/: the catalogue, and the rules that fill it.
 *
 * The catalogue comes first: a route may only name a topic that is in it. Types, keys and conditions are
 * checked by core/route/route.c, which knows the schemas.
 */
#include <stdio.h>

#include "core/config/sections.h"

static const char *const compressions[] = {"none", "gzip", "snappy", "lz4", "zstd", NULL};
static const char *const orders[] = {"none", "key", NULL};
static const char *const without_key_choices[] = {"reject", "event-id", NULL};

struct topic_text {
  int compression;
};

static const struct hub_option *const topic_options[] = {
    OPTION("type", HUB_OPTION_TEXT, NULL, struct config_topic, type, "full name of its one message type",
           .required = true),
    OPTION("partitions", HUB_OPTION_INT, "6", struct config_topic, partitions,
           "partitions; more can be added later, but then keys move", .min = 1, .max = 1000),
    OPTION("replication", HUB_OPTION_INT, "3", struct config_topic, replication,
           "copies, each on a broker of its own", .min = 1, .max = 9),
    OPTION("min_insync", HUB_OPTION_INT, "2", struct config_topic, min_insync,
           "copies that must have a message before it counts", .min = 1, .max = 9),
    OPTION("max_message_bytes", HUB_OPTION_SIZE, "1 MiB", struct config_topic, max_message_bytes,
           "largest message", .min = 1024, .max = 64 << 20),
    OPTION("retention", HUB_OPTION_DURATION, NULL, struct config_topic, retention_ms,
           "how long messages are kept; without it 7 d, and for ever when compacted", .min = 60000,
           .max = INT64_C(36500) * 86400000),
    OPTION("compacted", HUB_OPTION_BOOL, "false", struct config_topic, compacted,
           "true: the latest message of each key is kept"),
    OPTION("owner", HUB_OPTION_TEXT, NULL, struct config_topic, owner, "who answers questions about it",
           .required = true),
    OPTION("purpose", HUB_OPTION_TEXT, NULL, struct config_topic, purpose, "what it is for, in one sentence",
           .required = true),
    NULL,
};

static const struct hub_option *const compression_options[] = {
    OPTION("compression", HUB_OPTION_CHOICE, "zstd", struct topic_text, compression,
           "gzip where a JavaScript consumer reads", .choices = compressions),
    NULL,
};

const struct section topic_sections[] = {
    {"topics.yaml: topics", "The catalogue, a list; each topic has a `name`: ioc.<domain>.<entity>.v1.",
     topic_options},
    {"topics.yaml: topics (continued)", "", compression_options},
    {0},
};

enum { WEEK_MS = 7 * 86400000 };

static struct config_mark topic_taken(const struct hub_config *config, const char *name) {
  const struct config_topic *topic = hub_config_topic(config, name);
  return topic == NULL ? (struct config_mark){0} : topic->mark;
}

static void topic_copies_check(struct reading *reading, const struct yaml_node *node,
                               const struct config_topic *topic, const char *item) {
  if (topic->min_insync > topic->replication) {
    bool written = yaml_peek(node, "min_insync") != NULL;
    config_error(reading->errors, yaml_mark(node, written ? "min_insync" : "replication"), item,
                 "min_insync (%lld) is above replication (%lld), so nothing could ever be published; write "
                 "min_insync: %lld",
                 (long long)topic->min_insync, (long long)topic->replication,
                 (long long)MAX(topic->replication - 1, 1));
  } else if (topic->replication > 1 && topic->min_insync == topic->replication) {
    config_warning(
        reading->errors, yaml_mark(node, "replication"), item,
        "min_insync equals replication, so one broker down stops this topic; write min_insync: %lld",
        (long long)(topic->replication - 1));
  }
}

static int topic_fill(struct reading *reading, struct yaml_node *node, struct config_topic *topic) {
  struct arena *arena = reading->config->arena;
  const char *item = arena_printf(arena, "topic %s", topic->name);
  if (item == NULL) return -ENOMEM;
  topic->retention_ms = INT64_MIN;
  int r = options_read(arena, topic_options, node, item, true, topic, reading->errors);
  if (r < 0) return r;
  struct topic_text text = {0};
  r = options_read(arena, compression_options, node, item, true, &text, reading->errors);
  if (r < 0) return r;
  topic->compression = compressions[text.compression];
  topic->type_mark = yaml_mark(node, "type");
  if (topic->retention_ms == INT64_MIN) topic->retention_ms = topic->compacted ? -1 : WEEK_MS;
  topic_copies_check(reading, node, topic, item);
  int64_t in_flight = reading->config->kafka.in_flight_bytes;
  if (in_flight != 0 && topic->max_message_bytes > in_flight) {
    config_error(reading->errors, yaml_mark(node, "max_message_bytes"), item,
                 "max_message_bytes is above kafka.in_flight_bytes, so such a message could never leave; "
                 "raise that or lower this");
  }
  static const char *const also[] = {"name", "compression", NULL};
  options_unknown(topic_options, also, node, item, reading->errors);
  return 0;
}

int topics_read(struct reading *reading, struct yaml_node *list) {
  struct config_topic **tail = &reading->config->topics;
  for (struct yaml_node *node = list->first; node != NULL; node = node->next) {
    const char *name = member_name(reading, node, "topic", topic_taken);
    if (name == NULL) continue;
    struct config_topic *topic = arena_alloc(reading->config->arena, sizeof *topic);
    if (topic == NULL) return -ENOMEM;
    topic->name = name;
    topic->mark = yaml_mark(node, "name");
    int r = topic_fill(reading, node, topic);
    if (r < 0) return r;
    *tail = topic;
    tail = &topic->next;
  }
  return 0;
}

/* Whether a source could fill this dead-letter topic. */
static bool domain_in_use(const struct hub_config *config, const char *topic) {
  for (const struct config_source *source = config->sources; source != NULL; source = source->next) {
    char name[128];
    if (source->domain == NULL) continue;
    snprintf(name, sizeof name, "ioc.dead-letter.%s.v1", source->domain);
    if (strcmp(name, topic) == 0) return true;
  }
  return false;
}

void topics_check(struct reading *reading) {
  const struct hub_config *config = reading->config;
  for (const struct config_topic *topic = config->topics; topic != NULL; topic = topic->next) {
    bool filled = domain_in_use(config, topic->name);
    for (const struct config_route *route = config->routes; route != NULL && !filled; route = route->next) {
      filled = route->topic != NULL && strcmp(route->topic, topic->name) == 0;
    }
    if (filled) continue;
    config_warning(reading->errors, topic->mark, topic->name,
                   "nothing is published here; add a route, or remove the topic");
  }
}

/* ---- Routes ---- */

struct route_text {
  int order, without_key;
};

static const struct hub_option *const route_options[] = {
    OPTION("type", HUB_OPTION_TEXT, NULL, struct config_route, type, "full name of the message that it takes",
           .required = true),
    OPTION("sources", HUB_OPTION_LIST, NULL, struct config_route, sources,
           "names of sources; without it messages of every source"),
    OPTION("topic", HUB_OPTION_TEXT, NULL, struct config_route, topic, "topic of the catalogue",
           .required = true),
    OPTION("key", HUB_OPTION_TEXT, NULL, struct config_route, key,
           "field that is the Kafka key, such as document_id or from.organ_id; without it the event id"),
    NULL,
};

static const struct hub_option *const order_options[] = {
    OPTION("order", HUB_OPTION_CHOICE, NULL, struct route_text, order,
           "key: messages of one key stay in order (default when `key` is given); none: they batch freely",
           .choices = orders),
    OPTION("without_key", HUB_OPTION_CHOICE, NULL, struct route_text, without_key,
           "a message whose key field is empty: reject (default), or publish it under its event id",
           .choices = without_key_choices),
    NULL,
};

const struct section route_sections[] = {
    {"routes/*.yaml: routes",
     "A list; each route has a `name`. Every route that matches publishes, to each topic once.",
     route_options},
    {"routes/*.yaml: routes (continued)",
     "`when` holds conditions on fields, all of which must hold: `{field: priority, equals: URGENT}`, `in: "
     "[a, b]`, "
     "`prefix: H37.`, `range: {from: 1, below: 10}` (also `above`, `to`; numbers, or times as "
     "2026-07-12T00:00:00Z), "
     "`exists: true`; combined by `all:`, `any:` (lists) and `not:`.",
     order_options},
    {0},
};

static struct config_mark route_taken(const struct hub_config *config, const char *name) {
  for (const struct config_route *route = config->routes; route != NULL; route = route->next) {
    if (strcmp(route->name, name) == 0) return route->mark;
  }
  return (struct config_mark){0};
}

static int route_fill(struct reading *reading, struct yaml_node *node, struct config_route *route) {
  struct arena *arena = reading->config->arena;
  const char *item = arena_printf(arena, "route %s", route->name);
  if (item == NULL) return -ENOMEM;
  int r = options_read(arena, route_options, node, item, true, route, reading->errors);
  struct route_text text = {-1, -1};
  if (r == 0) r = options_read(arena, order_options, node, item, true, &text, reading->errors);
  if (r < 0) return r;
  route->ordered = text.order < 0 ? route->key != NULL : text.order == 1;
  route->key_optional = text.without_key == 1;
  if (text.without_key >= 0 && route->key == NULL) {
    config_error(reading->errors, yaml_mark(node, "without_key"), item,
                 "without_key without a key field; write `key: FIELD`, or remove `without_key`");
  }
  route->type_mark = yaml_mark(node, "type");
  route->topic_mark = yaml_mark(node, "topic");
  route->key_mark = yaml_mark(node, "key");
  route->sources_mark = yaml_mark(node, "sources");
  route->when = yaml_get(node, "when");
  if (route->ordered && route->key == NULL) {
    config_error(reading->errors, yaml_mark(node, "order"), item,
                 "order: key without a key field; write `key: FIELD`, or remove `order`");
  }
  static const char *const also[] = {"name", "order", "without_key", "when", NULL};
  options_unknown(route_options, also, node, item, reading->errors);
  return 0;
}

int routes_read(struct reading *reading, struct yaml_node *list) {
  struct config_route **tail = &reading->config->routes;
  while (*tail != NULL) tail = &(*tail)->next;
  for (struct yaml_node *node = list->first; node != NULL; node = node->next) {
    const char *name = member_name(reading, node, "route", route_taken);
    if (name == NULL) continue;
    struct config_route *route = arena_alloc(reading->config->arena, sizeof *route);
    if (route == NULL) return -ENOMEM;
    route->name = name;
    route->mark = yaml_mark(node, "name");
    int r = route_fill(reading, node, route);
    if (r < 0) return r;
    *tail = route;
    tail = &route->next;
  }
  return 0;
}

enum { KNOWN_MAX = 500 };

static void route_topic_check(struct reading *reading, const struct config_route *route, const char *item) {
  const struct config_topic *topic = hub_config_topic(reading->config, route->topic);
  char quoted[CONFIG_QUOTED_SIZE];
  if (topic == NULL) {
    const char *known[KNOWN_MAX + 1];
    size_t count = 0;
    for (const struct config_topic *one = reading->config->topics; one != NULL && count < KNOWN_MAX;
         one = one->next) {
      known[count++] = one->name;
    }
    known[count] = NULL;
    const char *nearest = config_nearest(text_of(route->topic), known);
    config_error(reading->errors, route->topic_mark, item, "the topic %s is not in topics.yaml; %s%s%s",
                 config_quoted(text_of(route->topic), quoted),
                 nearest == NULL ? "add it there" : "did you mean \"", nearest == NULL ? "" : nearest,
                 nearest == NULL ? "" : "\"?");
  }
}

static bool is_one_of(const char *const *names, const char *name) {
  while (*names != NULL && strcmp(*names, name) != 0) names++;
  return *names != NULL;
}

static void route_sources_check(struct reading *reading, const struct config_route *route, const char *item) {
  const char *known[KNOWN_MAX + 1];
  size_t count = 0;
  for (const struct config_source *one = reading->config->sources; one != NULL && count < KNOWN_MAX;
       one = one->next) {
    known[count++] = one->name;
  }
  known[count] = NULL;
  for (size_t i = 0; i < route->sources->count && count < KNOWN_MAX; i++) {
    const char *name = route->sources->items[i];
    if (is_one_of(known, name)) continue;
    char quoted[CONFIG_QUOTED_SIZE];
    const char *nearest = config_nearest(text_of(name), known);
    config_error(reading->errors, route->sources_mark, item, "no source is called %s; %s%s%s",
                 config_quoted(text_of(name), quoted),
                 nearest == NULL ? "name one of sources/" : "did you mean \"", nearest == NULL ? "" : nearest,
                 nearest == NULL ? "" : "\"?");
  }
}

void routes_check(struct reading *reading) {
  for (const struct config_route *route = reading->config->routes; route != NULL; route = route->next) {
    char item[96];
    snprintf(item, sizeof item, "route %s", route->name);
    if (route->topic != NULL) route_topic_check(reading, route, item);
    if (route->sources != NULL) route_sources_check(reading, route, item);
  }
}
