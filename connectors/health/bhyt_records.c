/*
 * bhyt_records.c: keeps records until their file is known to be whole, then hands them over in order.
 *
 * A file that breaks off, or that holds fewer files than it says, publishes nothing; the sink could not take
 * back what it was given. Lines are counted once for all places, since offsets only grow.
 */
#include "connectors/health/bhyt_records.h"

#include <errno.h>

struct bhyt_record *bhyt_records_add(struct hub_sink *sink, struct bhyt_records *records) {
  if (records->count == records->room) {
    size_t room = records->room == 0 ? 16 : 2 * records->room;
    struct bhyt_record *items = hub_alloc(sink, room * sizeof(*items));
    if (items == NULL) return NULL;
    if (records->count != 0) memcpy(items, records->items, records->count * sizeof(*items));
    records->items = items;
    records->room = room;
  }
  struct bhyt_record *record = &records->items[records->count++];
  *record = (struct bhyt_record){.occurred_us = HUB_NONE}; /* a slot may be used again */
  return record;
}

/* "line:col field/path" */
static const char *at_of(const struct bhyt_source *source, struct json_places *places,
                         const struct bhyt_problem *problem) {
  struct allocator allocator = {hub_alloc_for_format, source->sink};
  const char *path = problem->path;
  if (source->outer != NULL) path = bhyt_path(source->sink, source->outer, path);
  return path == NULL ? NULL : json_at(places, &allocator, problem->offset, path, NULL);
}

static int give(const struct bhyt_source *source, struct json_places *places,
                const struct bhyt_record *record) {
  const char *at = at_of(source, places, &record->problem);
  if (at == NULL) return -ENOMEM;
  if (record->message != NULL) {
    struct hub_meta meta = {.size = sizeof(meta),
                            .key = record->key.data,
                            .key_length = record->key.length,
                            .occurred_us = record->occurred_us,
                            .at = at,
                            .bytes = record->slice.data,
                            .length = record->slice.length};
    return hub_emit(source->sink, &meta, record->message);
  }
  struct hub_rejection rejection = {.size = sizeof(rejection),
                                    .code = record->problem.code,
                                    .at = at,
                                    .detail = record->problem.detail,
                                    .bytes = record->slice.data,
                                    .length = record->slice.length};
  if (record->problem.code == HUB_FORBIDDEN) { /* nothing of it is repeated */
    rejection.bytes = source->xml.data;
    rejection.length = 0;
  } else if (record->key.length != 0) {
    rejection.key = rejection.value = record->key.data;
    rejection.key_length = rejection.value_length = record->key.length;
  }
  return hub_reject(source->sink, &rejection);
}

int bhyt_records_emit(const struct bhyt_source *source, const struct bhyt_records *records) {
  struct json_places places = json_places_of(source->xml.data, source->xml.length);
  for (size_t i = 0; i < records->count; i++) {
    int r = give(source, &places, &records->items[i]);
    if (r != 0) return r;
  }
  return 0;
}

int bhyt_refuse(const struct bhyt_source *source, const struct bhyt_problem *problem) {
  struct bhyt_record record = {.problem = *problem};
  struct json_places places = json_places_of(source->xml.data, source->xml.length);
  return give(source, &places, &record);
}
