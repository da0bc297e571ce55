/*
 * Routes, grouped by message type. A message costs one walk over its fields, whatever the number of routes of
 * its type: their keys and conditions read the slots that the walk filled.
 */
#include "core/route/route.h"

#include <stdio.h>

#include "core/route/condition.h"

struct rule {
  struct rule *next;
  const struct config_route *route;
  int key;                /* slot; -1: the event id */
  struct condition *when; /* NULL: always */
};

struct group {
  struct group *next;
  struct route_slots slots;
  struct rule *first, **tail;
  size_t count;
};

struct routes {
  struct arena *arena;
  struct group *groups;
};

void routes_free(struct routes *routes) {
  if (routes == NULL) return;
  arena_free(routes->arena);
  free(routes);
}

/* ---- Compiling ---- */

enum { KNOWN_MAX = 500, ITEM_SIZE = 96 };

static void unknown_type(const struct schema *schema, const struct config_route *route, const char *item,
                         struct config_errors *errors) {
  const struct schema_message **messages = NULL;
  const char *known[KNOWN_MAX + 1];
  size_t count = schema_messages(schema, &messages), kept = 0;
  for (size_t i = 0; i < count && kept < KNOWN_MAX; i++) {
    bool ours = strncmp(messages[i]->full_name, "ioc.", 4) == 0 &&
                strncmp(messages[i]->full_name, "ioc.hub.", 8) != 0;
    if (ours) known[kept++] = messages[i]->full_name;
  }
  known[kept] = NULL;
  char quoted[CONFIG_QUOTED_SIZE];
  const char *nearest = config_nearest(text_of(route->type), known);
  config_error(errors, route->type_mark, item, "no connector of the sources knows the message %s; %s%s%s",
               config_quoted(text_of(route->type), quoted),
               nearest == NULL ? "`iochub connectors messages` lists them" : "did you mean \"",
               nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\"?");
}

static int group_find(struct routes *routes, const struct schema_message *message, struct group **ret_group) {
  struct group **end = &routes->groups;
  for (; *end != NULL; end = &(*end)->next) {
    if ((*end)->slots.message == message) {
      *ret_group = *end;
      return 0;
    }
  }
  struct group *group = arena_alloc(routes->arena, sizeof *group);
  if (group == NULL) return -ENOMEM;
  group->slots.message = message;
  group->tail = &group->first;
  *end = group;
  *ret_group = group;
  return 0;
}

/* Slot of the key field; -1: none was named, or it is no key. */
static int key_compile(struct group *group, const struct config_route *route, const char *item,
                       struct config_errors *errors) {
  if (route->key == NULL) return -1;
  char key_item[ITEM_SIZE + 8];
  snprintf(key_item, sizeof key_item, "%s.key", item);
  int slot = route_slot(&group->slots, route->key, route->key_mark, key_item, errors);
  if (slot < 0) return -1;
  const struct schema_field *field = route_path_field(&group->slots.paths[slot]);
  bool fraction = field->type == SCHEMA_DOUBLE || field->type == SCHEMA_FLOAT;
  bool composed = field->type == SCHEMA_MESSAGE && !wire_is_timestamp(field->message);
  if (fraction || composed || field->type == SCHEMA_BYTES) {
    config_error(errors, route->key_mark, key_item,
                 "\"%s\" is %s and cannot be a key; name a text, number, enum or time", route->key,
                 composed   ? "a message"
                 : fraction ? "a fraction"
                            : "bytes");
    return -1;
  }
  return slot;
}

/* That the topic exists was checked with the catalogue. */
static void topic_check(const struct hub_config *config, const struct config_route *route, const char *item,
                        struct config_errors *errors) {
  const struct config_topic *topic = hub_config_topic(config, route->topic);
  if (topic == NULL || topic->type == NULL || strcmp(route->type, topic->type) == 0) return;
  config_error(errors, route->topic_mark, item,
               "takes %s, but the topic %s holds %s (%s:%u); write another topic", route->type, route->topic,
               topic->type, topic->type_mark.file->path, topic->type_mark.line);
}

/* Two routes into one topic publish a message once there, so they must agree on what it is published as. */
static void same_topic_check(const struct group *group, const struct rule *rule, const char *item,
                             struct config_errors *errors) {
  for (const struct rule *other = group->first; other != NULL; other = other->next) {
    if (strcmp(other->route->topic, rule->route->topic) != 0) continue;
    if (other->key == rule->key && other->route->ordered == rule->route->ordered) continue;
    config_error(errors, rule->route->topic_mark, item,
                 "publishes to %s with another key or order than route \"%s\"; write the same in both",
                 rule->route->topic, other->route->name);
    return;
  }
}

static int route_compile(struct routes *routes, const struct hub_config *config, const struct schema *schema,
                         const struct config_route *route, struct config_errors *errors) {
  char item[ITEM_SIZE], when_item[ITEM_SIZE + 8];
  snprintf(item, sizeof item, "route %s", route->name);
  snprintf(when_item, sizeof when_item, "%s.when", item);
  if (route->type == NULL || route->topic == NULL) return 0; /* told already */
  const struct schema_message *message = schema_message(schema, route->type);
  if (message == NULL || strncmp(route->type, "ioc.hub.", 8) == 0) {
    unknown_type(schema, route, item, errors);
    return 0;
  }
  topic_check(config, route, item, errors);
  struct group *group = NULL;
  int r = group_find(routes, message, &group);
  struct rule *rule = r < 0 ? NULL : arena_alloc(routes->arena, sizeof *rule);
  if (rule == NULL) return r < 0 ? r : -ENOMEM;
  unsigned before = errors->errors;
  rule->route = route;
  rule->key = key_compile(group, route, item, errors);
  if (route->when != NULL) {
    r = condition_compile(routes->arena, &group->slots, route->when, when_item, errors, &rule->when);
    if (r < 0) return r;
  }
  same_topic_check(group, rule, item, errors);
  if (errors->errors != before) return 0;
  *group->tail = rule;
  group->tail = &rule->next;
  group->count++;
  return 0;
}

int routes_compile(const struct hub_config *config, const struct schema *schema, struct config_errors *errors,
                   struct routes **ret_routes) {
  cleanup(routes_freep) struct routes *routes = calloc(1, sizeof *routes);
  if (routes == NULL) return -ENOMEM;
  int r = arena_new(&routes->arena);
  if (r < 0) return r;
  for (const struct config_route *route = config->routes; route != NULL; route = route->next) {
    r = route_compile(routes, config, schema, route, errors);
    if (r < 0) return r;
  }
  *ret_routes = TAKE(routes);
  return 0;
}

/* ---- Matching ---- */

static bool from_source(const struct config_route *route, const char *source) {
  if (route->sources == NULL) return true;
  for (size_t i = 0; i < route->sources->count; i++) {
    if (strcmp(route->sources->items[i], source) == 0) return true;
  }
  return false;
}

static int key_text(const struct group *group, const struct rule *rule, const struct route_slot_value *values,
                    struct arena *arena, struct text *ret_key) {
  *ret_key = TEXT_NONE;
  if (rule->key < 0 || !values[rule->key].present) return 0;
  char buffer[WIRE_TEXT_SIZE];
  struct text text =
      wire_text(route_path_field(&group->slots.paths[rule->key]), &values[rule->key].value, buffer);
  if (text.data != buffer) {
    *ret_key = text;
    return 0;
  }
  char *copy = arena_text(arena, text);
  if (copy == NULL) return -ENOMEM;
  *ret_key = (struct text){copy, text.length};
  return 0;
}

static bool has_topic(const struct route_target *targets, size_t count, const char *topic) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(targets[i].topic, topic) == 0) return true;
  }
  return false;
}

int routes_match(const struct routes *routes, const char *source, const struct schema_message *message,
                 struct text bytes, struct arena *arena, struct route_target **ret_targets,
                 size_t *ret_count) {
  *ret_targets = NULL;
  *ret_count = 0;
  const struct group *group = routes->groups;
  while (group != NULL && group->slots.message != message) group = group->next;
  if (group == NULL || group->count == 0) return 0;
  struct route_slot_value values[ROUTE_SLOTS_MAX];
  int r = route_slots_fill(&group->slots, bytes, values);
  if (r < 0) return r;
  struct route_target *targets = arena_alloc(arena, group->count * sizeof *targets);
  if (targets == NULL) return -ENOMEM;
  size_t count = 0;
  for (const struct rule *rule = group->first; rule != NULL; rule = rule->next) {
    if (!from_source(rule->route, source)) continue;
    if (rule->when != NULL && !condition_holds(rule->when, values)) continue;
    if (has_topic(targets, count, rule->route->topic)) continue;
    struct route_target *target = &targets[count++];
    *target = (struct route_target){.route = rule->route->name,
                                    .topic = rule->route->topic,
                                    .keyed = rule->route->key != NULL && !rule->route->key_optional,
                                    .ordered = rule->route->ordered};
    r = key_text(group, rule, values, arena, &target->key);
    if (r < 0) return r;
  }
  *ret_targets = targets;
  *ret_count = count;
  return 0;
}
