/*
 * options.h: one walk that reads a YAML map into a struct by an option table.
 *
 * The table type is the contract's struct hub_option, so that the hub's own options and a connector's are
 * read, defaulted, checked and documented by the same code. The reference is generated from the same tables.
 */
#ifndef CORE_CONFIG_OPTIONS_H
#define CORE_CONFIG_OPTIONS_H

#include "connectors/iochub_connector.h"
#include "core/config/yaml.h"

/* Reads map (NULL: empty) into settings. An option that is absent and has no default leaves its member
 * untouched. `item` is the name in front of each key in errors ("source edoc.http"). Members without an
 * option in the table are errors unless `others` is true (their reader comes later and options_unknown() is
 * called at the end). Returns 0 or -ENOMEM; mistakes are counted in errors. */
int options_read(struct arena *, const struct hub_option *const *table, struct yaml_node *map,
                 const char *item, bool others, void *settings, struct config_errors *) must_use;

/* One error for each member of map that nobody used; `also`: names known beside the table's
 * (NULL-terminated). */
void options_unknown(const struct hub_option *const *table, const char *const *also,
                     const struct yaml_node *map, const char *item, struct config_errors *);

/* Reads KEY=VALUE as the command line gives it; the same checks. */
int options_read_pairs(struct arena *, const struct hub_option *const *table, const char *const *pairs,
                       size_t count, void *settings, struct config_errors *) must_use;

/* The forms of values, for those who read a text themselves. false: not of that form. */
bool options_parse_size(struct text, int64_t *ret_bytes);
bool options_parse_duration(struct text, int64_t *ret_ms);
bool options_parse_zone(struct text, int32_t *ret_offset_s);

/* The table as Markdown rows: key, type, default, range, help. */
void options_reference(struct text_out *, const struct hub_option *const *table);

#endif
