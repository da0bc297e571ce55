/*
 * The one walk from a YAML map to a struct. An option's value is read by its type; defaults go through the
 * same reader, so that a table whose default is wrong cannot pass its first test.
 *
 * Invariant: after the walk every member of the struct holds its value, its default, or what it held before;
 * a wrong value leaves it as before and counts an error, so that the walk always goes on to the next option.
 */
#include "core/config/options.h"

#include <stdio.h>

#include "core/config/values.h"

enum { NAMES_MAX = 128 };

struct place { /* of one value in a walk */
  struct arena *arena;
  const struct hub_option *option;
  const struct yaml_node *node;
  const char *item;
  struct config_errors *errors;
  void *member;
};

static const char *shown(const struct place *place, char buffer[static CONFIG_QUOTED_SIZE]) {
  return config_quoted(place->node->text, buffer);
}

static void say_range(const struct place *place, const char *low, const char *high) {
  char quoted[CONFIG_QUOTED_SIZE];
  bool one = strcmp(low, high) == 0;
  config_error(place->errors, place->node->mark, place->item, "%s is out of range; write %s%s%s",
               shown(place, quoted), low, one ? "" : " to ", one ? "" : high);
}

static bool in_range(const struct hub_option *option, int64_t value) {
  return (option->min == 0 && option->max == 0) || (value >= option->min && value <= option->max);
}

static void read_bool(const struct place *place) {
  struct text text = place->node->text;
  char quoted[CONFIG_QUOTED_SIZE];
  if (!place->node->quoted && (text_is(text, "true") || text_is(text, "false"))) {
    *(bool *)place->member = text_is(text, "true");
    return;
  }
  static const char *const yes[] = {"true", "True", "TRUE", "yes", "Yes", "YES",
                                    "on",   "On",   "ON",   "y",   "Y",   "1"};
  static const char *const no[] = {"false", "False", "FALSE", "no", "No", "NO",
                                   "off",   "Off",   "OFF",   "n",  "N",  "0"};
  const char *remedy = "write true or false";
  for (size_t i = 0; i < LENGTH_OF(yes); i++) {
    if (text_is(text, yes[i])) remedy = place->node->quoted ? "write true without quotes" : "write true";
    if (text_is(text, no[i])) remedy = place->node->quoted ? "write false without quotes" : "write false";
  }
  config_error(place->errors, place->node->mark, place->item, "%s is not true or false; %s",
               shown(place, quoted), remedy);
}

static void read_int(const struct place *place) {
  int64_t value = 0;
  char quoted[CONFIG_QUOTED_SIZE], low[VALUE_TEXT_SIZE], high[VALUE_TEXT_SIZE];
  bool number = value_parse_int(place->node->text, &value);
  if (!number || place->node->quoted) {
    config_error(place->errors, place->node->mark, place->item, "%s is not a whole number; write %s",
                 shown(place, quoted), number ? "it without quotes" : "decimal digits only, such as 10");
    return;
  }
  if (in_range(place->option, value)) {
    *(int64_t *)place->member = value;
    return;
  }
  snprintf(low, sizeof low, "%lld", (long long)place->option->min);
  snprintf(high, sizeof high, "%lld", (long long)place->option->max);
  say_range(place, low, high);
}

static void read_choice(const struct place *place) {
  const char *const *choices = place->option->choices;
  for (int i = 0; choices[i] != NULL; i++) {
    if (!text_is(place->node->text, choices[i])) continue;
    *(int *)place->member = i;
    return;
  }
  char quoted[CONFIG_QUOTED_SIZE];
  cleanup(text_out_deinit) struct text_out list = TEXT_OUT_INIT;
  for (size_t i = 0; choices[i] != NULL; i++) {
    text_out_format(&list, "%s%s", i == 0 ? "" : choices[i + 1] == NULL ? " or " : ", ", choices[i]);
  }
  const char *nearest = config_nearest(place->node->text, choices);
  config_error(place->errors, place->node->mark, place->item, "%s is not known here; write %s%s%s%s",
               shown(place, quoted), list.failed ? "a known one" : list.data,
               nearest == NULL ? "" : " (did you mean \"", nearest == NULL ? "" : nearest,
               nearest == NULL ? "" : "\"?)");
}

static void read_size(const struct place *place) {
  int64_t value = 0;
  char quoted[CONFIG_QUOTED_SIZE], low[VALUE_TEXT_SIZE], high[VALUE_TEXT_SIZE];
  if (!options_parse_size(place->node->text, &value)) {
    config_error(place->errors, place->node->mark, place->item,
                 "%s is not a size; write bytes or a number with KiB, MiB or GiB, such as 64 MiB",
                 shown(place, quoted));
  } else if (in_range(place->option, value)) {
    *(int64_t *)place->member = value;
  } else {
    say_range(place, value_size_text(place->option->min, low), value_size_text(place->option->max, high));
  }
}

static void read_duration(const struct place *place) {
  int64_t value = 0;
  char quoted[CONFIG_QUOTED_SIZE], low[VALUE_TEXT_SIZE], high[VALUE_TEXT_SIZE];
  if (!options_parse_duration(place->node->text, &value)) {
    config_error(place->errors, place->node->mark, place->item,
                 "%s is not a duration; write a number with ms, s, min, h or d, such as 30 s",
                 shown(place, quoted));
  } else if (in_range(place->option, value)) {
    *(int64_t *)place->member = value;
  } else {
    say_range(place, value_duration_text(place->option->min, low),
              value_duration_text(place->option->max, high));
  }
}

static void read_zone(const struct place *place) {
  char quoted[CONFIG_QUOTED_SIZE];
  if (options_parse_zone(place->node->text, place->member)) return;
  config_error(place->errors, place->node->mark, place->item,
               "%s is not a time zone; write the hours east of UTC, such as \"+07:00\"",
               shown(place, quoted));
}

static int read_list(const struct place *place) {
  struct hub_list *list = arena_alloc(place->arena, sizeof *list);
  const char **items = arena_alloc(place->arena, (place->node->count + 1) * sizeof *items);
  if (list == NULL || items == NULL) return -ENOMEM;
  *list = (struct hub_list){0, items};
  for (const struct yaml_node *node = place->node->first; node != NULL; node = node->next) {
    if (node->kind != YAML_TEXT || node->text.length == 0) {
      config_error(place->errors, node->mark, place->item, "%s in a list of texts; write a text",
                   node->kind == YAML_TEXT ? "an empty text" : yaml_kind_name(node->kind));
    } else {
      items[list->count++] = node->text.data;
    }
  }
  *(struct hub_list **)place->member = list;
  return 0;
}

/* What YAML would take for "nothing". */
static bool is_nothing(const struct yaml_node *node) {
  static const char *const words[] = {"", "~", "null", "Null", "NULL"};
  for (size_t i = 0; i < LENGTH_OF(words) && !node->quoted; i++) {
    if (text_is(node->text, words[i])) return true;
  }
  return false;
}

static bool kind_fits(const struct place *place) {
  const struct yaml_node *node = place->node;
  bool list = place->option->type == HUB_OPTION_LIST;
  char quoted[CONFIG_QUOTED_SIZE];
  if (node->kind == YAML_TEXT && is_nothing(node)) {
    config_error(place->errors, node->key.length != 0 && node->text.length == 0 ? node->key_mark : node->mark,
                 place->item, "has no value; write one, or remove the line");
  } else if (list && node->kind == YAML_TEXT) {
    config_error(place->errors, node->mark, place->item, "is a list; write [%s]",
                 node->text.length > 40 ? "…" : node->text.data);
  } else if (node->kind != (list ? YAML_LIST : YAML_TEXT)) {
    config_error(place->errors, node->mark, place->item, "%s where %s is expected; write %s",
                 yaml_kind_name(node->kind), list ? "a list" : "a single value",
                 list                              ? "[a, b]"
                 : place->option->fallback != NULL ? config_quoted(text_of(place->option->fallback), quoted)
                                                   : "one value");
  } else {
    return true;
  }
  return false;
}

static int value_read(const struct place *place) {
  if (!kind_fits(place)) return 0;
  switch (place->option->type) {
    case HUB_OPTION_TEXT: *(const char **)place->member = place->node->text.data; return 0;
    case HUB_OPTION_BOOL: read_bool(place); return 0;
    case HUB_OPTION_INT: read_int(place); return 0;
    case HUB_OPTION_CHOICE: read_choice(place); return 0;
    case HUB_OPTION_SIZE: read_size(place); return 0;
    case HUB_OPTION_DURATION: read_duration(place); return 0;
    case HUB_OPTION_ZONE: read_zone(place); return 0;
    case HUB_OPTION_LIST: return read_list(place);
  }
  config_error(place->errors, place->node->mark, place->item, "has a type that this hub does not know");
  return 0;
}

/* ---- Nodes that no file wrote: defaults and the command line ---- */

/* A list is written with commas where there is no YAML. */
static int plain_node(struct arena *arena, const struct hub_option *option, const char *value,
                      struct yaml_node **ret_node) {
  struct yaml_node *node = arena_alloc(arena, sizeof *node);
  if (node == NULL) return -ENOMEM;
  *node = (struct yaml_node){.kind = YAML_TEXT, .text = text_of(value), .quoted = value[0] == '\0'};
  *ret_node = node;
  if (option == NULL || option->type != HUB_OPTION_LIST) return 0;
  *node = (struct yaml_node){.kind = YAML_LIST};
  struct yaml_node **tail = &node->first;
  for (const char *next = value; next[0] != '\0';) {
    size_t length = strcspn(next, ",");
    struct yaml_node *item = arena_alloc(arena, sizeof *item);
    char *copy = item == NULL ? NULL : arena_text(arena, (struct text){next, length});
    if (copy == NULL) return -ENOMEM;
    *item = (struct yaml_node){.kind = YAML_TEXT, .text = {copy, length}, .quoted = true};
    *tail = item;
    tail = &item->next;
    node->count++;
    next += length + (next[length] == ',');
  }
  return 0;
}

/* ---- The walk ---- */

/* The option's node under its name or its former name. */
static struct yaml_node *option_node(const struct hub_option *option, struct yaml_node *map, const char *item,
                                     struct config_errors *errors) {
  struct yaml_node *node = yaml_get(map, option->key);
  struct yaml_node *old = option->old_key == NULL ? NULL : yaml_get(map, option->old_key);
  if (old == NULL) return node;
  if (node != NULL) {
    config_error(errors, old->key_mark, item,
                 "is the former name of \"%s\", which stands here too; remove one", option->key);
    return node;
  }
  config_warning(errors, old->key_mark, item, "is called \"%s\" now; write that name", option->key);
  return old;
}

static const char *item_of(struct arena *arena, const char *item, const char *key) {
  if (item == NULL || item[0] == '\0') return key;
  const char *name = arena_printf(arena, "%s.%s", item, key);
  return name == NULL ? key : name;
}

static void say_missing(const struct hub_option *option, struct config_mark mark, const char *item,
                        struct config_errors *errors) {
  bool one = option->type == HUB_OPTION_INT && option->min == option->max && option->min != 0;
  if (one)
    config_error(errors, mark, item, "is missing; write `%s: %lld`", option->key, (long long)option->min);
  else config_error(errors, mark, item, "is missing; write `%s: …` (%s)", option->key, option->help);
}

static int option_read(struct arena *arena, const struct hub_option *option, struct yaml_node *map,
                       const char *item, void *settings, struct config_errors *errors) {
  const char *name = item_of(arena, item, option->key);
  struct yaml_node *node = option_node(option, map, name, errors);
  if (node == NULL && option->required) {
    bool told = map != NULL && map->kind != YAML_MAP;
    if (!told) say_missing(option, map == NULL ? (struct config_mark){0} : map->mark, name, errors);
    return 0;
  }
  struct place place = {arena, option, node, name, errors, (char *)settings + option->offset};
  struct yaml_node *written = node;
  if (option->fallback != NULL) {
    int r = plain_node(arena, option, option->fallback, &node);
    if (r < 0) return r;
    place.node = node;
    r = value_read(&place);
    if (r < 0 || written == NULL) return r;
  }
  if (written == NULL) return 0;
  place.node = written;
  return value_read(&place);
}

int options_read(struct arena *arena, const struct hub_option *const *table, struct yaml_node *map,
                 const char *item, bool others, void *settings, struct config_errors *errors) {
  if (map != NULL && map->kind != YAML_MAP) {
    bool nothing = map->kind == YAML_TEXT && is_nothing(map);
    config_error(errors, map->mark, item, "%s where a map is expected; write `key: value` lines",
                 nothing ? "nothing" : yaml_kind_name(map->kind));
  }
  for (size_t i = 0; table != NULL && table[i] != NULL; i++) {
    int r = option_read(arena, table[i], map, item, settings, errors);
    if (r < 0) return r;
  }
  if (!others) options_unknown(table, NULL, map, item, errors);
  return 0;
}

static void unknown_say(const struct yaml_node *node, const char *const *known, const char *item,
                        struct config_errors *errors) {
  char quoted[CONFIG_QUOTED_SIZE];
  config_quoted(node->key, quoted);
  const char *nearest = config_nearest(node->key, known);
  if (nearest == NULL && config_secret_name(node->key)) {
    config_error(errors, node->key_mark, item,
                 "%s: a secret does not stand in a configuration file; write it into a file of mode 0600 and "
                 "name that",
                 quoted);
  } else if (nearest != NULL) {
    config_error(errors, node->key_mark, item, "unknown key %s; did you mean \"%s\"?", quoted, nearest);
  } else {
    cleanup(text_out_deinit) struct text_out list = TEXT_OUT_INIT;
    for (size_t i = 0; known[i] != NULL; i++) text_out_format(&list, "%s%s", i == 0 ? "" : ", ", known[i]);
    config_error(errors, node->key_mark, item, "unknown key %s; %s%s", quoted,
                 known[0] == NULL ? "remove it, nothing can be set here" : "known here: ",
                 list.failed || list.data == NULL ? "" : list.data);
  }
}

void options_unknown(const struct hub_option *const *table, const char *const *also,
                     const struct yaml_node *map, const char *item, struct config_errors *errors) {
  const char *known[NAMES_MAX + 1];
  size_t count = 0;
  for (size_t i = 0; table != NULL && table[i] != NULL && count < NAMES_MAX; i++)
    known[count++] = table[i]->key;
  for (size_t i = 0; also != NULL && also[i] != NULL && count < NAMES_MAX; i++) known[count++] = also[i];
  known[count] = NULL;
  if (map == NULL || map->kind != YAML_MAP) return;
  for (const struct yaml_node *node = map->first; node != NULL; node = node->next) {
    if (!node->used) unknown_say(node, known, item, errors);
  }
}

static const struct hub_option *option_find(const struct hub_option *const *table, struct text key) {
  for (size_t i = 0; table != NULL && table[i] != NULL; i++) {
    if (text_is(key, table[i]->key) || (table[i]->old_key != NULL && text_is(key, table[i]->old_key)))
      return table[i];
  }
  return NULL;
}

int options_read_pairs(struct arena *arena, const struct hub_option *const *table, const char *const *pairs,
                       size_t count, void *settings, struct config_errors *errors) {
  struct yaml_node map = {.kind = YAML_MAP};
  struct yaml_node **tail = &map.first;
  for (size_t i = 0; i < count; i++) {
    char quoted[CONFIG_QUOTED_SIZE];
    size_t length = strcspn(pairs[i], "=");
    if (pairs[i][length] != '=' || length == 0) {
      config_error(errors, (struct config_mark){0}, "option", "%s is not KEY=VALUE",
                   config_quoted(text_of(pairs[i]), quoted));
      continue;
    }
    char *key = arena_text(arena, (struct text){pairs[i], length});
    if (key == NULL) return -ENOMEM;
    if (yaml_peek(&map, key) != NULL) {
      config_error(errors, (struct config_mark){0}, key, "is given twice; remove one");
      continue;
    }
    struct yaml_node *node = NULL;
    int r = plain_node(arena, option_find(table, text_of(key)), pairs[i] + length + 1, &node);
    if (r < 0) return r;
    node->key = (struct text){key, length};
    *tail = node;
    tail = &node->next;
    map.count++;
  }
  return options_read(arena, table, &map, NULL, false, settings, errors);
}

/* ---- Reference ---- */

static void reference_type(struct text_out *out, const struct hub_option *option) {
  char low[VALUE_TEXT_SIZE], high[VALUE_TEXT_SIZE];
  bool bounded = option->min != 0 || option->max != 0;
  switch (option->type) {
    case HUB_OPTION_TEXT: text_out_string(out, "text"); return;
    case HUB_OPTION_BOOL: text_out_string(out, "true, false"); return;
    case HUB_OPTION_ZONE: text_out_string(out, "zone"); return;
    case HUB_OPTION_LIST: text_out_string(out, "list of texts"); return;
    case HUB_OPTION_INT:
      text_out_string(out, "number");
      if (bounded) text_out_format(out, ", %lld to %lld", (long long)option->min, (long long)option->max);
      return;
    case HUB_OPTION_SIZE:
      text_out_string(out, "size");
      if (!bounded) return;
      text_out_format(out, ", %s to %s", value_size_text(option->min, low),
                      value_size_text(option->max, high));
      return;
    case HUB_OPTION_DURATION:
      text_out_string(out, "duration");
      if (!bounded) return;
      text_out_format(out, ", %s to %s", value_duration_text(option->min, low),
                      value_duration_text(option->max, high));
      return;
    case HUB_OPTION_CHOICE:
      for (size_t i = 0; option->choices[i] != NULL; i++) {
        text_out_format(out, "%s`%s`", i == 0 ? "" : ", ", option->choices[i]);
      }
      return;
  }
}

void options_reference(struct text_out *out, const struct hub_option *const *table) {
  text_out_string(out, "| key | value | default | meaning |\n|---|---|---|---|\n");
  for (size_t i = 0; table != NULL && table[i] != NULL; i++) {
    text_out_format(out, "| `%s` | ", table[i]->key);
    reference_type(out, table[i]);
    if (table[i]->required) text_out_string(out, " | required");
    else if (table[i]->fallback == NULL) text_out_string(out, " | none");
    else text_out_format(out, " | `%s`", table[i]->fallback);
    text_out_format(out, " | %s", table[i]->help == NULL ? "" : table[i]->help);
    if (table[i]->old_key != NULL) text_out_format(out, " Formerly `%s`.", table[i]->old_key);
    text_out_string(out, " |\n");
  }
}
