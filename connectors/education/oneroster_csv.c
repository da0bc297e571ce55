/*
 * oneroster_csv.c: a OneRoster CSV package, from the archive to its records.
 *
 * All of it is unpacked and its ids are known before the first record, so that whatever refuses a package
 * whole is found before anything of it is published.
 */
#include "connectors/education/oneroster_csv.h"

#include <errno.h>
#include <stdio.h>

#include "connectors/education/heap.h"
#include "connectors/education/oneroster_csv_parts.h"

static enum hub_reject_code code_of(int result) {
  if (result == ARCHIVE_E_UNSUPPORTED) return HUB_UNSUPPORTED;
  return result == ARCHIVE_E_TOO_LARGE ? HUB_TOO_LARGE : HUB_MALFORMED;
}

static int take(struct package *package) {
  struct hub_sink *sink = package->job->sink;
  for (size_t i = 0; i < PACKAGE_FILES; i++) {
    struct roster_file *file = &package->files[i];
    file->rules = &package_rules[i];
    file->list = oneroster_find(text_of(file->rules->name), false);
    snprintf(file->name, sizeof(file->name), "%s.csv", file->rules->name);
  }
  int r = package_read_manifest(package);
  if (r == 0) r = package_load(package);
  if (r == 0) r = sink->ops->independent(sink);
  if (r == 0) r = package_take(package);
  return r == PACKAGE_E_REFUSED ? 0 : r;
}

int oneroster_csv_translate(const struct education *education, const struct hub_payload *payload,
                            struct hub_sink *sink) {
  struct job job = job_of(education, payload, sink);
  __attribute__((cleanup(heap_deinit))) struct heap heap = {NULL};
  struct allocator allocator = heap_allocator(&heap);
  const char *detail = NULL;
  struct package *package = allocate(&allocator, sizeof(*package));
  if (package == NULL) return -ENOMEM;
  package->job = &job;
  package->heap = &allocator;
  struct text bytes = {payload->data, payload->length};
  int r = archive_open(&allocator, bytes, &package->archive, &detail);
  if (r > 0) r = job_refuse(&job, code_of(r), "1:1", detail);
  else if (r == 0) r = take(package);
  archive_close(package->archive);
  return r;
}
