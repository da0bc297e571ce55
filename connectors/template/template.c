/*
 * template.c: the smallest honest connector: one JSON object becomes one Reading.
 *
 * What identifies a record (tram) is missing: rejected. A value that cannot be read (thoiDiem): rejected
 * with its place. Everything else may be absent. README.md tells how to make a connector of it.
 */
#include "connectors/format/json.h"
#include "connectors/format/time.h"
#include "connectors/iochub_connector.h"
#include "connectors/template/reading.pb-c.h"

#include <errno.h>
#include <stdlib.h>

#define ZONE_OF(self) (*(const int32_t *)(self))

struct job {
  struct hub_sink *sink;
  const struct hub_payload *payload;
  struct json_places places;
};

static int reject(struct job *job, enum hub_reject_code code, size_t offset, const char *path,
                  const char *detail) {
  struct allocator allocator = {hub_alloc_for_format, job->sink};
  struct hub_rejection rejection = {.size = sizeof(rejection), .code = code, .detail = detail};
  rejection.at = json_at(&job->places, &allocator, offset, path, NULL);
  return rejection.at == NULL ? -ENOMEM : hub_reject(job->sink, &rejection);
}

static int translate_object(struct job *job, const struct json *root, int32_t zone_offset_s) {
  struct text station = json_text(json_get(root, "tram")), level = json_text(json_get(root, "mucNuocCm"));
  struct text reader = json_text(json_get(root, "nguoiDo")), time = json_text(json_get(root, "thoiDiem"));
  struct time_point point = {.us = HUB_NONE};
  Google__Protobuf__Timestamp read_at = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
  Ioc__Template__V1__Reading reading = IOC__TEMPLATE__V1__READING__INIT;
  if (station.length == 0) return reject(job, HUB_MISSING, root->start, "/tram", "the station is absent");
  if (time.length != 0) {
    if (time_read(time, TIME_ANY, zone_offset_s, &point) != 0)
      return reject(job, HUB_INVALID, json_get(root, "thoiDiem")->start, "/thoiDiem", "not a time");
    time_split(point.us, &read_at.seconds, &read_at.nanos);
    reading.read_at = &read_at;
  }
  int r = hub_string(job->sink, station.data, station.length, &reading.station);
  if (r == 0) r = hub_string(job->sink, level.data, level.length, &reading.level_cm);
  if (r == 0 && reader.length != 0 && memchr(reader.data, 0, reader.length) != NULL) r = HUB_E_NUL;
  if (r == 0) r = hub_personal(job->sink, HUB_OFFICIAL_NAME, reader.data, reader.length, &reading.reader);
  if (r == HUB_E_NUL) return reject(job, HUB_INVALID, root->start, NULL, "a text may not hold NUL");
  if (r < 0) return r;
  struct hub_meta meta = {.size = sizeof(meta), .key = station.data, .key_length = station.length};
  meta.occurred_us = point.us;
  return hub_emit(job->sink, &meta, &reading.base);
}

static int template_translate(const void *self, const struct hub_payload *payload, struct hub_sink *sink) {
  struct job job = {sink, payload, json_places_of(payload->data, payload->length)};
  struct allocator allocator = {hub_alloc_for_format, sink};
  const struct json *root;
  struct json_error error;
  int r = json_read(&allocator, payload->data, payload->length, &root, &error);
  if (r < 0) return r;
  if (r > 0) return reject(&job, HUB_MALFORMED, error.offset, NULL, error.reason);
  if (root->type != JSON_OBJECT) return reject(&job, HUB_UNSUPPORTED, root->start, NULL, "not an object");
  return translate_object(&job, root, ZONE_OF(self));
}

static int template_open(const struct hub_host *host, const void *settings, void **ret_self) {
  int32_t *zone_offset_s = malloc(sizeof(*zone_offset_s));
  if (zone_offset_s == NULL) return -ENOMEM;
  *zone_offset_s = host->zone_offset_s;
  *ret_self = zone_offset_s;
  return 0;
}

static const char *const messages[] = {"ioc.template.v1.Reading", NULL};

HUB_CONNECTOR(.name = "template", .version = "1", .summary = "One reading of a measuring station a payload",
              .messages = messages, .open = template_open, .translate = template_translate, .close = free);
