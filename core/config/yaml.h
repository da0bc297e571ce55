/*
 * yaml.h: a YAML file as a tree of nodes that know their place.
 *
 * Built from libyaml's events, so that what is hidden in its document API is seen and refused: anchors,
 * aliases, tags, several documents, duplicate keys, keys that are not plain texts, nesting over 32, files
 * over 1 MiB.
 */
#ifndef CORE_CONFIG_YAML_H
#define CORE_CONFIG_YAML_H

#include "core/arena.h"
#include "core/config/errors.h"

enum yaml_kind { YAML_TEXT = 1, YAML_MAP, YAML_LIST };

struct yaml_node {
  enum yaml_kind kind;
  struct config_mark mark;
  struct text text; /* YAML_TEXT: the value */
  bool quoted; /* YAML_TEXT: it was written with quotes or as a block, so it is a text whatever it looks like
                */
  struct text key; /* inside a map: its key, terminated */
  struct config_mark key_mark;
  struct yaml_node *first; /* YAML_MAP, YAML_LIST: members in file order */
  struct yaml_node *next;  /* next member of the same parent */
  size_t count;
  bool used; /* set by whoever read it; what stays unread is an unknown key */
};

/* Reads and parses. *ret_root is NULL for an empty file. Mistakes in the file go to errors and give
 * CONFIG_E_INVALID; *ret_root is then what can still be checked, or NULL when the syntax is broken. */
#define CONFIG_E_INVALID 1
int yaml_load(struct arena *, const char *path, struct config_errors *, struct yaml_node **ret_root) must_use;

/* The same from memory, for tests and fuzzing; path is only a name. */
int yaml_parse(struct arena *, const char *path, struct text content, struct config_errors *,
               struct yaml_node **ret_root) must_use;

/* Member of a map, marked used; NULL when absent or when node is NULL. */
struct yaml_node *yaml_get(struct yaml_node *map, const char *key);

/* The same without marking it. */
struct yaml_node *yaml_peek(const struct yaml_node *map, const char *key);

/* Where the value of a key stands, or the map itself when the key is absent. */
struct config_mark yaml_mark(const struct yaml_node *map, const char *key);

/* The beginning of a file that could not be read. */
struct config_mark yaml_path_mark(struct arena *, const char *path);

const char *yaml_kind_name(enum yaml_kind); /* "a text", "a map", "a list" */

#endif
