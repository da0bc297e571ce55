/*
 * The whole configuration: hub.yaml first, then the folders beside it, then the checks that need all of it.
 *
 * Each file is `version: 1` and one section; sources/ and routes/ are read in the order of their file names,
 * so that the same folder always gives the same configuration.
 */
#include "core/config/hub_config.h"

#include <dirent.h>
#include <stdio.h>

#include "core/config/sections.h"

enum { FILES_MAX = 500 };

struct top { /* what stands on top of every file */
  int64_t version;
};

static const struct hub_option *const top_options[] = {
    OPTION("version", HUB_OPTION_INT, NULL, struct top, version, "version of the file's form: 1",
           .required = true, .min = 1, .max = 1),
    NULL,
};

const char *path_beside(struct reading *reading, const char *path) {
  if (path[0] == '/' || strcmp(reading->config->folder, ".") == 0) return path;
  return arena_printf(reading->config->arena, "%s/%s", reading->config->folder, path);
}

bool path_is_good(struct reading *reading, const char *path, struct config_mark mark, const char *item) {
  size_t hex = strspn(path, "0123456789abcdefABCDEF");
  bool secret = hex >= 32 || strncmp(path, "sha256:", 7) == 0;
  if (!secret) return true;
  mark.column = 1;
  struct config_file *hidden = arena_alloc(reading->config->arena, sizeof *hidden);
  if (hidden != NULL && mark.file != NULL) {
    hidden->path = mark.file->path; /* without content: the line that holds the secret is not shown */
    mark.file = hidden;
  }
  config_error(
      reading->errors, mark, item,
      "a secret stands here; write it into a file of mode 0600, name that file here, and make a new secret");
  return false;
}

/* Reads one file and its top. *ret_root is NULL when nothing can be read from it. */
static int file_read(struct reading *reading, const char *path, struct yaml_node **ret_root) {
  struct yaml_node *root = NULL;
  *ret_root = NULL;
  int r = yaml_load(reading->config->arena, path, reading->errors, &root);
  if (r < 0) return r;
  if (root == NULL && r == 0) {
    config_error(reading->errors, yaml_path_mark(reading->config->arena, path), NULL,
                 "is empty; write `version: 1` and what the file is for");
  }
  if (root == NULL || root->kind != YAML_MAP) reading->config->incomplete = true;
  if (root == NULL) return 0;
  struct top top = {0};
  r = options_read(reading->config->arena, top_options, root, "", true, &top, reading->errors);
  if (r < 0) return r;
  if (root->kind == YAML_MAP) *ret_root = root;
  return 0;
}

/* A file that holds one list. */
static int list_file_read(struct reading *reading, const char *path, const char *key,
                          int (*read)(struct reading *, struct yaml_node *)) {
  struct yaml_node *root = NULL;
  int r = file_read(reading, path, &root);
  if (r < 0 || root == NULL) return r;
  struct yaml_node *list = yaml_get(root, key);
  const char *const also[] = {key, NULL};
  options_unknown(top_options, also, root, "", reading->errors);
  if (list == NULL || list->kind != YAML_LIST) reading->config->incomplete = true;
  if (list == NULL) {
    config_error(reading->errors, root->mark, key, "is missing; write `%s:` and a list", key);
    return 0;
  }
  if (list->kind != YAML_LIST) {
    config_error(reading->errors, list->mark, key, "%s where a list is expected; write `- name: …` lines",
                 list->text.length == 0 && list->kind == YAML_TEXT ? "nothing" : yaml_kind_name(list->kind));
    return 0;
  }
  return read(reading, list);
}

static int is_yaml(const struct dirent *entry) {
  size_t length = strlen(entry->d_name);
  return entry->d_name[0] != '.' && length > 5 && strcmp(entry->d_name + length - 5, ".yaml") == 0;
}

static int is_misnamed(const struct dirent *entry) {
  size_t length = strlen(entry->d_name);
  return entry->d_name[0] != '.' && length > 4 && strcmp(entry->d_name + length - 4, ".yml") == 0;
}

static void misnamed_say(struct reading *reading, const char *folder) {
  struct dirent **entries = NULL;
  int count = scandir(folder, &entries, is_misnamed, alphasort);
  for (int i = 0; i < count; i++) {
    const char *path = arena_printf(reading->config->arena, "%s/%s", folder, entries[i]->d_name);
    config_warning(reading->errors, yaml_path_mark(reading->config->arena, path), NULL,
                   "this file is not read; rename it to end in .yaml");
    free(entries[i]);
  }
  if (count >= 0) free(entries);
}

static int folder_read(struct reading *reading, const char *name,
                       int (*read)(struct reading *, struct yaml_node *)) {
  const char *folder = path_beside(reading, name);
  if (folder == NULL) return -ENOMEM;
  misnamed_say(reading, folder);
  struct dirent **entries = NULL;
  int count = scandir(folder, &entries, is_yaml, alphasort), r = 0;
  if (count <= 0) {
    if (count < 0 && errno == ENOMEM) return -ENOMEM;
    const char *path = arena_printf(reading->config->arena, "%s/%s.yaml", folder, name);
    config_error(reading->errors, yaml_path_mark(reading->config->arena, path), NULL,
                 "there is no .yaml file in this folder; write one with `%s:`", name);
    reading->config->incomplete = true;
  }
  for (int i = 0; i < count; i++) {
    const char *path = arena_printf(reading->config->arena, "%s/%s", folder, entries[i]->d_name);
    free(entries[i]);
    if (r == 0 && path == NULL) r = -ENOMEM;
    if (r == 0 && i < FILES_MAX) r = list_file_read(reading, path, name, read);
  }
  if (count >= 0) free(entries);
  return r;
}

static int all_read(struct reading *reading) {
  struct yaml_node *root = NULL;
  int r = file_read(reading, reading->config->path, &root);
  if (r < 0 || root == NULL) return r;
  r = hub_read(reading, root);
  const char *topics = r < 0 ? NULL : path_beside(reading, "topics.yaml");
  if (topics == NULL) return r < 0 ? r : -ENOMEM;
  r = list_file_read(reading, topics, "topics", topics_read);
  if (r == 0) r = folder_read(reading, "sources", sources_read);
  if (r == 0) r = folder_read(reading, "routes", routes_read);
  if (r == 0) r = tables_read(reading);
  if (r < 0 || reading->config->incomplete) return r;
  sources_check(reading);
  routes_check(reading);
  if (reading->errors->errors == 0) topics_check(reading);
  return 0;
}

static int config_new(const char *path, struct hub_config **ret_config) {
  cleanup(hub_config_freep) struct hub_config *config = calloc(1, sizeof *config);
  if (config == NULL) return -ENOMEM;
  int r = arena_new(&config->arena);
  if (r < 0) return r;
  const char *slash = strrchr(path, '/');
  struct text folder = slash == NULL   ? TEXT(".")
                       : slash == path ? TEXT("/")
                                       : (struct text){path, (size_t)(slash - path)};
  config->path = arena_text(config->arena, text_of(path));
  config->folder = arena_text(config->arena, folder);
  if (config->path == NULL || config->folder == NULL) return -ENOMEM;
  *ret_config = TAKE(config);
  return 0;
}

int hub_config_load(const char *path, struct config_errors *errors, struct hub_config **ret_config) {
  cleanup(hub_config_freep) struct hub_config *config = NULL;
  int r = config_new(path, &config);
  if (r < 0) return r;
  struct reading reading = {config, errors};
  r = all_read(&reading);
  if (r < 0) return r;
  *ret_config = TAKE(config);
  return 0;
}

int hub_config_load_topics(const char *path, struct config_errors *errors, struct hub_config **ret_config) {
  cleanup(hub_config_freep) struct hub_config *config = NULL;
  int r = config_new(path, &config);
  if (r < 0) return r;
  struct reading reading = {config, errors};
  r = list_file_read(&reading, config->path, "topics", topics_read);
  if (r < 0) return r;
  *ret_config = TAKE(config);
  return 0;
}

void hub_config_free(struct hub_config *config) {
  if (config == NULL) return;
  arena_free(config->arena);
  free(config);
}

const struct config_topic *hub_config_topic(const struct hub_config *config, const char *name) {
  const struct config_topic *topic = config->topics;
  while (topic != NULL && strcmp(topic->name, name) != 0) topic = topic->next;
  return topic;
}
