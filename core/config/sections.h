/*
 * sections.h: the parts of a configuration, each read by its own file into one struct hub_config.
 *
 * A reader takes the members that it knows out of the YAML tree, checks what can be checked without a
 * connector, and goes on after a mistake.
 */
#ifndef CORE_CONFIG_SECTIONS_H
#define CORE_CONFIG_SECTIONS_H

#include "core/config/hub_config.h"

struct reading {
  struct hub_config *config;
  struct config_errors *errors;
};

/* A row of an option table. */
#define OPTION(name, kind, default_text, type_of_struct, member, sentence, ...)                   \
  &(const struct hub_option) {                                                                    \
    .size = sizeof(struct hub_option), .key = (name), .type = (kind), .fallback = (default_text), \
    .help = (sentence), .offset = offsetof(type_of_struct, member) __VA_OPT__(, ) __VA_ARGS__     \
  }

/* Readers: 0 or -errno. `list` is the value of the file's one list. */
int hub_read(struct reading *, struct yaml_node *map);
int sources_read(struct reading *, struct yaml_node *list);
int routes_read(struct reading *, struct yaml_node *list);
int topics_read(struct reading *, struct yaml_node *list);
int tables_read(struct reading *); /* the folder tables/ */

/* Checks across files, once all is read. */
void sources_check(struct reading *);
void routes_check(struct reading *);
void topics_check(struct reading *);

/* ways.c: how the payloads of a source come in. */
extern const struct hub_option *const http_options[],
    *const http_payload_options[], *const mllp_options[], *const folder_options[],
                                                              *const folder_choice_options[];
int way_read(struct reading *, struct yaml_node *source_map, struct config_source *, const char *name);
void way_check(struct reading *, const struct config_source *);

/* One section of the reference. */
struct section {
  const char *title, *text;
  const struct hub_option *const *table;
};
extern const struct section hub_sections[], source_sections[], route_sections[],
    topic_sections[]; /* title NULL ends */

/* Limits appear twice: in hub.yaml with defaults, in a source without. */
extern const struct hub_option *const limits_options[], *const limits_override_options[];
void limits_check(struct reading *, const struct config_limits *, const struct yaml_node *map,
                  const char *item);

/* Path relative to hub.yaml's folder; NULL when there is no memory. */
const char *path_beside(struct reading *, const char *path);

/* A path that is a secret itself is a mistake of its own. */
bool path_is_good(struct reading *, const char *path, struct config_mark, const char *item);

/* ---- Names and addresses (names.c) ---- */

/* "[a-z0-9-]", begins and ends with a letter or digit, at most 63. */
bool name_is_good(struct text);
/* ioc.<domain>.<entity>.v<n>, each part a name. */
bool topic_name_is_good(struct text);

enum address_kind { ADDRESS_BAD, ADDRESS_LOOPBACK, ADDRESS_OTHER };
/* "127.0.0.1:8080", "[::1]:0". */
enum address_kind address_parse(const char *text, unsigned *ret_port);
/* "host:port,host:port": NULL when good, else what is wrong with it. */
const char *bootstrap_mistake(const char *text);

/* Reads `name:` of a list's member and complains when it is missing, badly made or taken: `taken` returns the
 * place of the earlier one. Returns the name, or NULL. */
const char *member_name(struct reading *, struct yaml_node *member, const char *kind,
                        struct config_mark (*taken)(const struct hub_config *, const char *name));

#endif
