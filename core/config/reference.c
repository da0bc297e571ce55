/*
 * The reference of all options, made from the tables that the reader itself walks: it cannot be out of date.
 */
#include "core/config/sections.h"

static void sections_write(struct text_out *out, const struct section *section) {
  for (; section->title != NULL; section++) {
    text_out_format(out, "\n## %s\n", section->title);
    if (section->text[0] != '\0') text_out_format(out, "%s\n", section->text);
    text_out_string(out, "\n");
    options_reference(out, section->table);
  }
}

void hub_config_reference(struct text_out *out) {
  text_out_string(
      out,
      "# Reference of the configuration\n\n"
      "Made by `iochub check --reference`; do not edit. Every file begins with `version: 1`. Sizes are "
      "written "
      "`64 MiB`, durations `30 s` (ms, s, min, h, d), zones `+07:00`. Paths are relative to hub.yaml's "
      "folder. Names are made of a-z, 0-9 and '-'.\n");
  sections_write(out, hub_sections);
  sections_write(out, source_sections);
  sections_write(out, route_sections);
  sections_write(out, topic_sections);
}
