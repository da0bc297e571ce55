/*
 * A configuration file as an enemy would write it: YAML, the option walk, every section, and conditions.
 * Nothing may crash, hang or leak; what is not told as a mistake is a configuration.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

#include "core/config/sections.h"

/* The first byte chooses the section that the rest is read as. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  struct hub_config config = {.path = "hub.yaml", .folder = "/nonexistent"};
  struct config_errors errors = CONFIG_ERRORS_INIT;
  struct reading reading = {&config, &errors};
  struct yaml_node *root = NULL;
  if (arena_new(&config.arena) < 0) return 0;
  struct text content = {(const char *)data + 1, size - 1};
  int r = yaml_parse(config.arena, "f.yaml", content, &errors, &root);
  if (r >= 0 && root != NULL) {
    static int (*const readers[])(struct reading *, struct yaml_node *) = {sources_read, routes_read,
                                                                           topics_read};
    size_t section = data[0] % 4;
    if (section == 3) r = hub_read(&reading, root);
    else if (root->kind == YAML_LIST) r = readers[section](&reading, root);
    if (r == 0) {
      sources_check(&reading);
      routes_check(&reading);
      topics_check(&reading);
    }
  }
  if (r == CONFIG_E_INVALID && errors.errors == 0) abort();
  config_errors_deinit(&errors);
  arena_free(config.arena);
  return 0;
}
