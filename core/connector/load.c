/*
 * Loading connectors. All that can be looked at without running a connector's code is looked at first (its
 * symbols); what it says about itself is believed only as far as its struct's size reaches. A connector that
 * is refused stays mapped until the end: its text may already be part of a reason.
 */
#include "core/connector/load.h"

#include <dirent.h>
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/connector/elf_symbols.h"
#include "core/connector/hub_schema.h"

enum { NAME_BYTES_MAX = 64 };

struct entry { /* a connector's file */
  char *name;
  struct connector connector;
  bool loaded;
};

struct connectors {
  struct entry *entries; /* by name */
  size_t count;
  const char **names;
  struct schema *schema;
};

/* ---- The folders ---- */

static bool good_name(const char *name, size_t length) {
  for (size_t i = 0; i < length; i++) {
    if (!((name[i] >= 'a' && name[i] <= 'z') || (name[i] >= '0' && name[i] <= '9') || name[i] == '-'))
      return false;
  }
  return length != 0 && length < NAME_BYTES_MAX;
}

static struct entry *find(const struct connectors *connectors, const char *name) {
  for (size_t i = 0; i < connectors->count; i++) {
    if (strcmp(connectors->entries[i].name, name) == 0) return &connectors->entries[i];
  }
  return NULL;
}

static int add_entry(struct connectors *connectors, const char *folder, const char *file) {
  size_t length = strlen(file);
  if (length < 4 || strcmp(file + length - 3, ".so") != 0 || !good_name(file, length - 3)) return 0;
  cleanup(freep) char *name = strndup(file, length - 3);
  cleanup(freep) char *path = NULL;
  if (name == NULL || asprintf(&path, "%s/%s", folder, file) < 0) return -ENOMEM;
  if (find(connectors, name) != NULL) return 0; /* of the folder named first */
  struct entry *entries = reallocarray(connectors->entries, connectors->count + 1, sizeof *entries);
  if (entries == NULL) return -ENOMEM;
  connectors->entries = entries;
  entries[connectors->count++] = (struct entry){.name = TAKE(name), .connector = {.path = TAKE(path)}};
  return 0;
}

static void dirp(DIR **dir) {
  if (*dir != NULL) closedir(*dir);
}

static int add_folder(struct connectors *connectors, const char *folder) {
  cleanup(dirp) DIR *dir = opendir(folder);
  if (dir == NULL) return errno == ENOENT ? 0 : -errno;
  for (;;) {
    errno = 0;
    const struct dirent *file = readdir(dir);
    if (file == NULL) return -errno;
    int r = add_entry(connectors, folder, file->d_name);
    if (r < 0) return r;
  }
}

static int add_folders(struct connectors *connectors, const char *list) {
  while (*list != '\0') {
    size_t length = strcspn(list, ":");
    cleanup(freep) char *folder = strndup(list, length);
    if (folder == NULL) return -ENOMEM;
    int r = length == 0 ? 0 : add_folder(connectors, folder);
    if (r < 0) return r;
    list += length + (list[length] == ':');
  }
  return 0;
}

static int compare_entries(const void *a, const void *b) {
  return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

static int list_names(struct connectors *connectors) {
  if (connectors->count != 0) {
    qsort(connectors->entries, connectors->count, sizeof *connectors->entries, compare_entries);
  }
  connectors->names = calloc(connectors->count + 1, sizeof *connectors->names);
  if (connectors->names == NULL) return -ENOMEM;
  for (size_t i = 0; i < connectors->count; i++) connectors->names[i] = connectors->entries[i].name;
  return 0;
}

int connectors_open(const char *dir, struct connectors **ret_connectors) {
  cleanup(connectors_closep) struct connectors *connectors = calloc(1, sizeof *connectors);
  if (connectors == NULL) return -ENOMEM;
  int r = schema_new(&connectors->schema);
  if (r < 0) return r;
  const char *reason = NULL;
  r = schema_add(connectors->schema, hub_schema(), &reason);
  if (r != 0) return r < 0 ? r : -EINVAL;
  const char *environment = getenv("IOCHUB_CONNECTORS");
  const char *folders = dir != NULL                                   ? dir
                        : environment != NULL && *environment != '\0' ? environment
                                                                      : CONNECTORS_DIR;
  r = dir != NULL ? add_folder(connectors, dir) : add_folders(connectors, folders);
  if (r == 0) r = list_names(connectors);
  if (r < 0) return r;
  *ret_connectors = TAKE(connectors);
  return 0;
}

void connectors_close(struct connectors *connectors) {
  if (connectors == NULL) return;
  for (size_t i = 0; i < connectors->count; i++) {
    struct entry *entry = &connectors->entries[i];
    if (entry->connector.handle != NULL) dlclose(entry->connector.handle);
    free(entry->connector.path);
    free(entry->name);
  }
  free(connectors->entries);
  free(connectors->names);
  schema_free(connectors->schema);
  free(connectors);
}

int connectors_names(struct connectors *connectors, const char *const **ret_names) {
  *ret_names = connectors->names;
  return 0;
}

const struct schema *connectors_schema(const struct connectors *connectors) { return connectors->schema; }

/* ---- What a connector says about itself ---- */

static int refuse(struct text_out *reason, const char *format, ...) printf_like(2, 3);

static int refuse(struct text_out *reason, const char *format, ...) {
  cleanup(freep) char *text = NULL;
  va_list arguments;
  va_start(arguments, format);
  int length = vasprintf(&text, format, arguments);
  va_end(arguments);
  if (length < 0) return -ENOMEM;
  text_out_string(reason, text);
  return CONNECTOR_E_REFUSED;
}

static int check_versions(const struct hub_connector *api, struct text_out *reason) {
  if (api->abi_major != HUB_ABI_MAJOR) {
    return refuse(reason,
                  "it was built for contract %u.%u, this hub has %u.%u: the first numbers must be equal",
                  api->abi_major, api->abi_minor, HUB_ABI_MAJOR, HUB_ABI_MINOR);
  }
  if (api->abi_minor > HUB_ABI_MINOR) {
    return refuse(reason, "it was built for contract %u.%u, this hub has only %u.%u: update the hub",
                  api->abi_major, api->abi_minor, HUB_ABI_MAJOR, HUB_ABI_MINOR);
  }
  if (api->size > sizeof *api) {
    return refuse(reason, "its struct hub_connector has %u bytes, this hub knows %zu: update the hub",
                  api->size, sizeof *api);
  }
  if (api->size < sizeof *api) {
    return refuse(reason, "its struct hub_connector has %u bytes, contract 1.0 has %zu", api->size,
                  sizeof *api);
  }
  return 0;
}

static int check_parts(const struct hub_connector *api, const char *name, struct text_out *reason) {
  const struct {
    const char *name;
    bool there;
  } parts[] = {{"name", api->name != NULL},       {"version", api->version != NULL},
               {"summary", api->summary != NULL}, {"messages", api->messages != NULL},
               {"open", api->open != NULL},       {"translate", api->translate != NULL},
               {"close", api->close != NULL}};
  for (size_t i = 0; i < LENGTH_OF(parts); i++) {
    if (!parts[i].there) {
      return refuse(
          reason, "it has no %s; the contract wants name, version, summary, messages, open, translate, close",
          parts[i].name);
    }
  }
  if (strcmp(api->name, name) == 0) return 0;
  return refuse(reason, "it calls itself \"%s\", its file \"%s\"", api->name, name);
}

static size_t option_bytes(enum hub_option_type type) {
  switch (type) {
    case HUB_OPTION_BOOL: return sizeof(bool);
    case HUB_OPTION_CHOICE: return sizeof(int);
    case HUB_OPTION_ZONE: return sizeof(int32_t);
    case HUB_OPTION_TEXT:
    case HUB_OPTION_LIST: return sizeof(void *);
    case HUB_OPTION_INT:
    case HUB_OPTION_SIZE:
    case HUB_OPTION_DURATION: return sizeof(int64_t);
  }
  return 0;
}

static int check_options(const struct hub_connector *api, struct text_out *reason) {
  for (size_t i = 0; api->options != NULL && api->options[i] != NULL; i++) {
    const struct hub_option *option = api->options[i];
    if (option->size != sizeof *option) {
      return refuse(reason, "its option %zu has %u bytes, this hub knows %zu", i, option->size,
                    sizeof *option);
    }
    if (option->key == NULL || option->help == NULL)
      return refuse(reason, "its option %zu has no key or no help", i);
    size_t bytes = option_bytes(option->type);
    if (bytes == 0)
      return refuse(reason, "the type of its option \"%s\" is %d, not known here", option->key, option->type);
    if (option->offset > api->settings_size || bytes > api->settings_size - option->offset) {
      return refuse(reason, "its option \"%s\" ends at byte %zu of a settings block of %u", option->key,
                    option->offset + bytes, api->settings_size);
    }
    if (option->type == HUB_OPTION_CHOICE && option->choices == NULL) {
      return refuse(reason, "its option \"%s\" is a choice without choices", option->key);
    }
  }
  return 0;
}

/* ---- Loading ---- */

static int load_schema(struct connectors *connectors, const struct entry *entry, struct text_out *reason) {
  const char *path = entry->connector.path, *why = "";
  cleanup(freep) char *binpb = NULL;
  if (asprintf(&binpb, "%.*s.binpb", (int)strlen(path) - 3, path) < 0) return -ENOMEM;
  int r = schema_add_file(connectors->schema, binpb, &why);
  if (r < 0) return r;
  if (r != 0) return refuse(reason, "its schema %s: %s", binpb, why);
  const struct hub_connector *api = entry->connector.api;
  for (size_t i = 0; api->messages[i] != NULL; i++) {
    if (schema_message(connectors->schema, api->messages[i]) == NULL) {
      return refuse(reason, "it emits %s, which is not in its schema %s", api->messages[i], binpb);
    }
  }
  return api->messages[0] != NULL ? 0 : refuse(reason, "it names no message");
}

static int load_entry(struct connectors *connectors, struct entry *entry, struct text_out *reason) {
  int r = elf_exports_only(entry->connector.path, "hub_connector", reason);
  if (r != 0) return r < 0 ? r : CONNECTOR_E_REFUSED;
  if (entry->connector.handle == NULL) {
    entry->connector.handle = dlopen(entry->connector.path, RTLD_NOW | RTLD_LOCAL);
    if (entry->connector.handle == NULL) return refuse(reason, "%s", dlerror());
  }
  const struct hub_connector *api = dlsym(entry->connector.handle, "hub_connector");
  if (api == NULL) return refuse(reason, "it does not export hub_connector");
  r = check_versions(api, reason);
  if (r == 0) r = check_parts(api, entry->name, reason);
  if (r == 0) r = check_options(api, reason);
  if (r != 0) return r;
  entry->connector.api = api;
  r = load_schema(connectors, entry, reason);
  if (r != 0) return r;
  entry->connector.schema = connectors->schema;
  entry->loaded = true;
  return 0;
}

static int refuse_unknown(const struct connectors *connectors, const char *name, struct text_out *reason) {
  text_out_string(reason, "connector ");
  text_out_visible(reason, text_of(name), NAME_BYTES_MAX);
  const char *nearest = config_nearest(text_of(name), connectors->names);
  if (nearest != NULL) {
    text_out_format(reason, ": there is no such connector, did you mean %s?", nearest);
  } else if (connectors->count == 0) {
    text_out_string(reason, ": no connectors are installed (see IOCHUB_CONNECTORS)");
  } else {
    text_out_string(reason, ": there is no such connector, there are:");
    for (size_t i = 0; i < connectors->count; i++) text_out_format(reason, " %s", connectors->names[i]);
  }
  return text_out_result(reason) < 0 ? -ENOMEM : CONNECTOR_E_REFUSED;
}

int connectors_load(struct connectors *connectors, const char *name, const struct connector **ret_connector,
                    struct text_out *reterr_reason) {
  struct entry *entry = find(connectors, name);
  if (entry == NULL) return refuse_unknown(connectors, name, reterr_reason);
  if (!entry->loaded) {
    cleanup(text_out_deinit) struct text_out why = TEXT_OUT_INIT;
    int r = load_entry(connectors, entry, &why);
    if (r == CONNECTOR_E_REFUSED) {
      text_out_format(reterr_reason, "connector %s (%s): %s", name, entry->connector.path,
                      why.failed ? "" : why.data);
    }
    if (r != 0) return r;
  }
  *ret_connector = &entry->connector;
  return 0;
}

int connectors_load_all(struct connectors *connectors, struct text_out *reterr_reasons) {
  int result = 0;
  for (size_t i = 0; i < connectors->count; i++) {
    const struct connector *connector;
    int r = connectors_load(connectors, connectors->entries[i].name, &connector, reterr_reasons);
    if (r < 0) return r;
    if (r != 0) {
      text_out_string(reterr_reasons, "\n");
      result = r;
    }
  }
  return result;
}
