/*
 * ways.c: the ways in of a source: `http:`, `mllp:` or `folder:`, one of them.
 *
 * What two sources must not share is checked across the files: a door (listener, path and method), a port, a
 * folder.
 */
#include <stdio.h>

#include "core/config/sections.h"

static const char *const method_names[] = {"POST", "PUT", "PATCH", "GET", "DELETE", NULL};

enum { PATH_BYTES_MAX = 1024 }; /* of the 8 KiB that a request line may have */

const struct hub_option *const http_options[] = {
    OPTION("listener", HUB_OPTION_TEXT, NULL, struct config_source, listener,
           "name of a listener of hub.yaml", .required = true),
    OPTION("path", HUB_OPTION_TEXT, NULL, struct config_source, path,
           "path of requests, compared exactly and without the query", .required = true),
    OPTION("methods", HUB_OPTION_LIST, "POST", struct config_source, methods, "methods that are taken"),
    NULL,
};

const struct hub_option *const http_payload_options[] = {
    OPTION("part", HUB_OPTION_TEXT, NULL, struct config_source, part,
           "multipart part or form field that is the payload; without it the whole body"),
    NULL,
};

const struct hub_option *const mllp_options[] = {
    OPTION("address", HUB_OPTION_TEXT, NULL, struct config_source, mllp.address,
           "address and port that hospitals connect to, such as 10.1.0.5:2575; port 0: any",
           .required = true),
    NULL,
};

static const char *const complete_choices[] = {"quiet", "rename", "marker", NULL};

const struct hub_option *const folder_options[] = {
    OPTION("path", HUB_OPTION_TEXT, NULL, struct config_source, folder.path,
           "the folder; relative to hub.yaml's", .required = true),
    OPTION("files", HUB_OPTION_LIST, "*", struct config_source, folder.files,
           "patterns of the names that are taken, such as *.csv; names that begin with '.' never are"),
    OPTION("quiet", HUB_OPTION_DURATION, "5 s", struct config_source, folder.quiet_ms,
           "how long a file must not have changed with `complete: quiet`", .min = 100, .max = 3600000),
    OPTION("rescan", HUB_OPTION_DURATION, "30 s", struct config_source, folder.rescan_ms,
           "how often the whole folder is looked through, beside what the kernel tells", .min = 100,
           .max = 3600000),
    OPTION("max_file", HUB_OPTION_SIZE, "4 GiB", struct config_source, folder.max_file,
           "larger files are moved to failed/", .min = 1, .max = INT64_C(1) << 40),
    OPTION("content_type", HUB_OPTION_TEXT, NULL, struct config_source, folder.content_type,
           "media type that the connector is told, such as text/csv; charset=tcvn3"),
    NULL,
};

struct folder_text { /* what is text in the file and something else in the configuration */
  int complete;
};

const struct hub_option *const folder_choice_options[] = {
    OPTION("complete", HUB_OPTION_CHOICE, "quiet", struct folder_text, complete,
           "when a file is whole: quiet, unchanged for a time; rename, moved in under its name; marker, "
           "NAME.done "
           "beside it",
           .choices = complete_choices),
    NULL,
};

/* ---- http ---- */

static bool path_is_plain(const char *path) {
  size_t length = strlen(path);
  if (path[0] != '/' || strstr(path, "//") != NULL || strstr(path, "/./") != NULL ||
      strstr(path, "/../") != NULL)
    return false;
  const char *last = strrchr(path, '/');
  if (strcmp(last, "/.") == 0 || strcmp(last, "/..") == 0 || length > PATH_BYTES_MAX) return false;
  for (const char *c = path; *c != '\0'; c++) {
    bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
                 strchr("/-._~", *c) != NULL;
    if (!plain) return false;
  }
  return true;
}

static void methods_check(struct reading *reading, const struct yaml_node *map, const char *item) {
  const struct yaml_node *list = yaml_peek(map, "methods");
  char quoted[CONFIG_QUOTED_SIZE];
  if (list != NULL && list->kind == YAML_LIST && list->count == 0) {
    config_error(reading->errors, list->mark, item, "methods is empty; write [POST]");
  }
  for (const struct yaml_node *node = list == NULL ? NULL : list->first; node != NULL; node = node->next) {
    bool known = node->kind != YAML_TEXT;
    for (size_t i = 0; method_names[i] != NULL && !known; i++) known = text_is(node->text, method_names[i]);
    if (known) continue;
    const char *nearest = config_nearest(node->text, method_names);
    config_error(reading->errors, node->mark, item, "%s is not a method; write %s",
                 config_quoted(node->text, quoted), nearest == NULL ? "POST" : nearest);
  }
}

static int http_read(struct reading *reading, struct yaml_node *http, struct config_source *source,
                     const char *name) {
  struct arena *arena = reading->config->arena;
  const char *item = arena_printf(arena, "%s.http", name),
             *payload = arena_printf(arena, "%s.http.payload", name);
  if (item == NULL || payload == NULL) return -ENOMEM;
  int r = options_read(arena, http_options, http, item, true, source, reading->errors);
  if (r < 0) return r;
  source->listener_mark = yaml_mark(http, "listener");
  source->path_mark = yaml_mark(http, "path");
  char quoted[CONFIG_QUOTED_SIZE];
  if (source->path != NULL && !path_is_plain(source->path)) {
    config_error(
        reading->errors, source->path_mark, item,
        "%s is not a plain path; write / and letters, digits, '-', '.', '_', without query, '%%' and '..'",
        config_quoted(text_of(source->path), quoted));
  }
  methods_check(reading, http, item);
  struct yaml_node *part = yaml_get(http, "payload");
  if (part != NULL)
    r = options_read(arena, http_payload_options, part, payload, false, source, reading->errors);
  if (source->part != NULL && source->part[0] == '\0')
    config_error(reading->errors, yaml_mark(part, "part"), payload,
                 "part is empty, and no part has that name; write its name, or remove payload");
  static const char *const also[] = {"payload", NULL};
  options_unknown(http_options, also, http, item, reading->errors);
  return r;
}

/* ---- mllp ---- */

static int mllp_read(struct reading *reading, struct yaml_node *mllp, struct config_source *source,
                     const char *name) {
  const char *item = arena_printf(reading->config->arena, "%s.mllp", name);
  if (item == NULL) return -ENOMEM;
  int r = options_read(reading->config->arena, mllp_options, mllp, item, false, source, reading->errors);
  unsigned port;
  char quoted[CONFIG_QUOTED_SIZE];
  source->mllp.mark = yaml_mark(mllp, "address");
  if (r < 0 || source->mllp.address == NULL) return r;
  if (address_parse(source->mllp.address, &port) == ADDRESS_BAD) {
    config_error(reading->errors, source->mllp.mark, item,
                 "%s is not an address and a port; write for example 10.1.0.5:2575",
                 config_quoted(text_of(source->mllp.address), quoted));
  }
  return 0;
}

/* ---- folder ---- */

/* What would take nothing, without a word. */
static void patterns_check(struct reading *reading, const struct yaml_node *map, const char *item) {
  const struct yaml_node *list = yaml_peek(map, "files");
  if (list == NULL || list->kind != YAML_LIST) return;
  if (list->count == 0) {
    config_error(reading->errors, list->mark, item, "files is empty, and no file is taken; write [\"*\"]");
  }
  for (const struct yaml_node *one = list->first; one != NULL; one = one->next) {
    char quoted[CONFIG_QUOTED_SIZE];
    bool below = memchr(one->text.data, '/', one->text.length) != NULL;
    if (!below && (one->text.length == 0 || one->text.data[0] != '.')) continue;
    config_error(reading->errors, one->mark, item, "%s matches no file: %s; write for example *.csv",
                 config_quoted(one->text, quoted),
                 below ? "names have no '/', and folders below are not looked into"
                       : "names that begin with '.' are never taken");
  }
}

static int folder_read(struct reading *reading, struct yaml_node *map, struct config_source *source,
                       const char *name) {
  struct arena *arena = reading->config->arena;
  struct config_folder *folder = &source->folder;
  struct folder_text text = {0};
  const char *item = arena_printf(arena, "%s.folder", name);
  if (item == NULL) return -ENOMEM;
  int r = options_read(arena, folder_options, map, item, true, source, reading->errors);
  if (r == 0) r = options_read(arena, folder_choice_options, map, item, true, &text, reading->errors);
  if (r < 0) return r;
  folder->complete = (enum config_complete)text.complete;
  folder->mark = yaml_mark(map, "path");
  static const char *const also[] = {"complete", NULL};
  options_unknown(folder_options, also, map, item, reading->errors);
  patterns_check(reading, map, item);
  if (folder->path == NULL || !path_is_good(reading, folder->path, folder->mark, item)) return 0;
  folder->path = path_beside(reading, folder->path);
  return folder->path == NULL ? -ENOMEM : 0;
}

/* ---- One of them ---- */

static const struct way {
  const char *key;
  int (*read)(struct reading *, struct yaml_node *, struct config_source *, const char *name);
} ways[] = {
    [CONFIG_HTTP] = {"http", http_read},
    [CONFIG_MLLP] = {"mllp", mllp_read},
    [CONFIG_FOLDER] = {"folder", folder_read},
};

static void auth_check(struct reading *reading, struct yaml_node *node, const struct config_source *source,
                       const char *name) {
  const struct yaml_node *auth = yaml_peek(node, "auth"), *limits = yaml_peek(node, "limits");
  if (source->way == CONFIG_FOLDER && limits != NULL) {
    config_error(reading->errors, limits->key_mark, name,
                 "a folder has no `limits`: these are of connections; remove them, or write folder.max_file");
  }
  if (auth == NULL || source->way == CONFIG_HTTP) return;
  if (source->way == CONFIG_FOLDER) {
    auth = yaml_get(node, "auth"); /* told here, so nobody else need complain */
    config_error(reading->errors, auth->key_mark, name,
                 "a folder has no `auth`: who may write to it is its own business; remove it");
    return;
  }
  for (const struct yaml_node *one = auth->first; one != NULL; one = one->next) {
    if (one->kind != YAML_MAP || one->first == NULL || !text_is(one->first->key, "api_key")) continue;
    config_error(reading->errors, one->first->key_mark, name,
                 "MLLP has no place for a key; write `- network: {allow: [10.20.0.0/16]}`");
  }
}

int way_read(struct reading *reading, struct yaml_node *node, struct config_source *source,
             const char *name) {
  struct yaml_node *found = NULL;
  for (size_t i = 0; i < LENGTH_OF(ways); i++) {
    struct yaml_node *map = yaml_get(node, ways[i].key);
    if (map == NULL) continue;
    if (found != NULL) {
      config_error(
          reading->errors, map->key_mark, name,
          "has more than one way in; write one of http, mllp, folder, and another source for each other");
      return 0;
    }
    found = map;
    source->way = (enum config_way)i;
    source->way_mark = map->mark;
  }
  if (found == NULL) {
    config_error(reading->errors, node->mark, name,
                 "says no way in; write `http: {listener: main, path: /…}`, `mllp: {address: …}` or "
                 "`folder: {path: …}`");
    return 0;
  }
  int r = ways[source->way].read(reading, found, source, name);
  if (r == 0) auth_check(reading, node, source, name);
  return r;
}

/* ---- Across files ---- */

static void listener_find(struct reading *reading, const struct config_source *source) {
  const struct hub_config *config = reading->config;
  const char *known[33];
  size_t count = 0;
  for (size_t i = 0; i < config->listeners_count && count < 32; i++) {
    if (config->listeners[i].name == NULL) continue;
    if (strcmp(config->listeners[i].name, source->listener) == 0) return;
    known[count++] = config->listeners[i].name;
  }
  known[count] = NULL;
  if (config->listeners_count > 32) return; /* found later by whoever opens them */
  char quoted[CONFIG_QUOTED_SIZE], item[96];
  const char *nearest = config_nearest(text_of(source->listener), known);
  if (nearest == NULL) nearest = known[0];
  snprintf(item, sizeof item, "source %s.http.listener", source->name);
  config_error(reading->errors, source->listener_mark, item, "no listener is called %s in hub.yaml; %s%s%s",
               config_quoted(text_of(source->listener), quoted),
               nearest == NULL ? "add it there" : "did you mean \"", nearest == NULL ? "" : nearest,
               nearest == NULL ? "" : "\"?");
}

static const char *common_method(const struct config_source *a, const struct config_source *b) {
  for (size_t i = 0; a->methods != NULL && b->methods != NULL && i < a->methods->count; i++) {
    for (size_t j = 0; j < b->methods->count; j++) {
      if (strcmp(a->methods->items[i], b->methods->items[j]) == 0) return a->methods->items[i];
    }
  }
  return NULL;
}

static bool same_door(const struct config_source *a, const struct config_source *b) {
  return a->listener != NULL && b->listener != NULL && a->path != NULL && b->path != NULL &&
         strcmp(a->listener, b->listener) == 0 && strcmp(a->path, b->path) == 0;
}

static void door_check(struct reading *reading, const struct config_source *source) {
  for (const struct config_source *other = reading->config->sources; other != source; other = other->next) {
    const char *method = same_door(source, other) ? common_method(source, other) : NULL;
    if (method == NULL) continue;
    char item[96];
    snprintf(item, sizeof item, "source %s.http", source->name);
    config_error(reading->errors, source->path_mark, item,
                 "%s %s at \"%s\" is the door of source \"%s\" too (%s:%u); write another path", method,
                 source->path, source->listener, other->name, other->path_mark.file->path,
                 other->path_mark.line);
    return;
  }
}

/* The address or folder that a source has for itself; NULL: none. */
static const char *own_place(const struct config_source *source) {
  if (source->way == CONFIG_FOLDER) return source->folder.path;
  const char *address = source->way == CONFIG_MLLP ? source->mllp.address : NULL;
  unsigned port = 0;
  return address == NULL || address_parse(address, &port) == ADDRESS_BAD || port == 0 ? NULL : address;
}

static struct config_mark listener_taken(const struct hub_config *config, const char *place) {
  for (size_t i = 0; i < config->listeners_count; i++) {
    const struct config_listener *listener = &config->listeners[i];
    if (listener->address != NULL && strcmp(listener->address, place) == 0) return listener->mark;
  }
  return (struct config_mark){0};
}

static void own_place_check(struct reading *reading, const struct config_source *source) {
  const char *place = own_place(source);
  if (place == NULL) return;
  struct config_mark mark = source->way == CONFIG_MLLP ? source->mllp.mark : source->folder.mark;
  struct config_mark taken = listener_taken(reading->config, place);
  for (const struct config_source *other = reading->config->sources; other != source; other = other->next) {
    const char *others = own_place(other);
    if (others != NULL && strcmp(others, place) == 0) taken = other->way_mark;
  }
  if (taken.file == NULL) return;
  char item[96];
  snprintf(item, sizeof item, "source %s.%s", source->name, ways[source->way].key);
  config_error(reading->errors, mark, item, "%s is taken already (%s:%u); write another", place,
               taken.file->path, taken.line);
}

void way_check(struct reading *reading, const struct config_source *source) {
  if (source->listener != NULL) listener_find(reading, source);
  door_check(reading, source);
  own_place_check(reading, source);
}
