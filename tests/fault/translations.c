/*
 * The samples of the connectors, translated while calls fail.
 *
 * The oracle: a translation that returns 0 gave the same records as one without failing calls. An allocation
 * failure that becomes a rejection, or a record less, would be an answer about the sender's bytes that is not
 * true.
 */
#include <dirent.h>
#include <stdio.h>

#include "core/connector/sink.h"
#include "core/message/event.h"
#include "tests/fault/scripts.h"

enum { SAMPLE_MAX = 1024 * 1024, PADDING = 64 };

struct translating {
  const struct setup_source *source;
  const struct config_table *tables;
  char *data;
  size_t length;
  char name[256];
  uint8_t wanted[32];
  bool known;
};

static void add_bytes(struct text_out *out, struct text text) {
  text_out_format(out, "%zu:", text.length);
  text_out_bytes(out, text);
}

static int records_digest(const struct translation *translation, uint8_t ret_digest[static 32]) {
  cleanup(text_out_deinit) struct text_out all = TEXT_OUT_INIT;
  for (size_t i = 0; i < translation->count; i++) {
    const struct record *record = &translation->records[i];
    text_out_format(&all, "%d %s ", record->code, record->type == NULL ? "-" : record->type->full_name);
    add_bytes(&all, record->value);
    add_bytes(&all, record->key);
    add_bytes(&all, record->version);
    add_bytes(&all, text_of(record->at));
    add_bytes(&all, text_of(record->detail));
    add_bytes(&all, record->reject_value);
  }
  int r = text_out_result(&all);
  return r < 0 ? r : sha256((struct text){all.data, all.length}, ret_digest);
}

static int run_translation(void *context) {
  struct translating *translating = context;
  cleanup(arena_freep) struct arena *arena = NULL;
  struct translation translation;
  const struct hub_payload payload = {.size = sizeof payload,
                                      .data = translating->data,
                                      .length = translating->length,
                                      .method = "POST",
                                      .path = "/"};
  int r = arena_new(&arena);
  if (r == 0) {
    r = translation_run(translating->source->instance, &translating->source->personal, translating->tables,
                        &payload, arena, &translation);
  }
  if (r != 0) return r;
  uint8_t digest[32];
  nth_pause();
  r = records_digest(&translation, digest);
  nth_resume();
  if (r == 0 && !translating->known) {
    memcpy(translating->wanted, digest, sizeof digest);
    translating->known = true;
  } else if (r == 0 && memcmp(translating->wanted, digest, sizeof digest) != 0) {
    nth_wrong(
        "a failing call changed the records (%zu of them, first code %d: %s)", translation.count,
        translation.count == 0 ? 0 : (int)translation.records[0].code,
        translation.count == 0 || translation.records[0].detail == NULL ? "" : translation.records[0].detail);
  }
  return r;
}

static int is_sample(const struct dirent *entry) {
  const char *end = strrchr(entry->d_name, '.');
  if (end == NULL || entry->d_name[0] == '.') return 0;
  return strcmp(end, ".jsonl") != 0 && strcmp(end, ".reply") != 0 && strcmp(end, ".request") != 0;
}

static size_t sweep_sample(const struct stage *stage, const struct setup_source *source, const char *folder,
                           const char *name) {
  struct translating translating = {.source = source, .tables = stage->setup->config->tables};
  char path[1024];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  snprintf(translating.name, sizeof translating.name, "%.33s", name);
  FILE *file = fopen(path, "r");
  translating.data = calloc(1, SAMPLE_MAX + PADDING);
  if (file == NULL || translating.data == NULL) {
    printf("WRONG: %s cannot be read\n", path);
    return 1;
  }
  translating.length = fread(translating.data, 1, SAMPLE_MAX, file);
  fclose(file);
  size_t wrong = nth_sweep(&(struct nth_script){translating.name, run_translation, NULL, &translating});
  free(translating.data);
  return wrong;
}

static size_t sweep_folder(const struct stage *stage, const struct setup_source *source) {
  char folder[400];
  struct dirent **entries = NULL;
  snprintf(folder, sizeof folder, "%s/%s/samples", stage->samples, source->config->connector);
  int count = scandir(folder, &entries, is_sample, alphasort);
  size_t wrong = count <= 0;
  if (count <= 0) printf("WRONG: no samples in %s\n", folder);
  for (int i = 0; i < count; i++) {
    wrong += sweep_sample(stage, source, folder, entries[i]->d_name);
    free(entries[i]);
  }
  free(entries);
  return wrong;
}

size_t sweep_translations(const struct stage *stage) {
  static const char *const sources[] = {"edoc-raw", "dvc-sync"}; /* one of each connector */
  size_t wrong = 0;
  for (size_t k = 0; k < LENGTH_OF(sources); k++) {
    const struct setup_source *found = NULL;
    for (size_t i = 0; i < stage->setup->sources_count; i++) {
      if (strcmp(stage->setup->sources[i].config->name, sources[k]) == 0) found = &stage->setup->sources[i];
    }
    if (found == NULL) {
      printf("WRONG: the shipped configuration has no source %s\n", sources[k]);
      wrong++;
    } else {
      wrong += sweep_folder(stage, found);
    }
  }
  return wrong;
}
