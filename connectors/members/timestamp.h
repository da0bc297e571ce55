/*
 * timestamp.h: times that format/time.h read, as google.protobuf.Timestamp and back.
 */
#ifndef MEMBERS_TIMESTAMP_H
#define MEMBERS_TIMESTAMP_H

#include "connectors/format/time.h"
#include "connectors/iochub_connector.h"
#include "google/protobuf/timestamp.pb-c.h"

static inline void timestamp_set(Google__Protobuf__Timestamp *timestamp, const struct time_point *point) {
  google__protobuf__timestamp__init(timestamp);
  time_split(point->us, &timestamp->seconds, &timestamp->nanos);
  timestamp->nanos += point->rest_ns;
}

/* Microseconds since 1970 UTC, the rest of nanoseconds dropped; HUB_NONE for NULL. */
static inline int64_t timestamp_us(const Google__Protobuf__Timestamp *timestamp) {
  return timestamp == NULL ? HUB_NONE : timestamp->seconds * 1000000 + timestamp->nanos / 1000;
}

#endif
