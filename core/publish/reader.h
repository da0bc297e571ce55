/*
 * reader.h: reads topics of Kafka, for the command line: from their start or from now on, to the end that
 * they had when reading began, or for ever.
 *
 * No consumer group is used and no offset is stored: reading changes nothing, the right to read is enough.
 */
#ifndef CORE_PUBLISH_READER_H
#define CORE_PUBLISH_READER_H

#include <signal.h>

#include "connectors/iochub_connector.h"
#include "core/text_out.h"

struct reader_options {
  const char *bootstrap; /* "host:port,host:port" */
  const struct hub_list
      *properties;    /* further properties "key=value", as core/publish/properties.h takes them */
  const char *folder; /* of hub.yaml: files named in properties are relative to it; NULL: to here */
  const char *const *topics;
  size_t topics_count;
  bool skip_missing;                 /* a topic that does not exist is left out; false: it is an error */
  bool from_start;                   /* false: only what comes after now */
  bool follow;                       /* false: ends at the ends seen at the start */
  int timeout_ms;                    /* without any answer from a broker; 0: 15 s */
  const volatile sig_atomic_t *stop; /* ends the reading when it becomes non-zero; NULL: never */
};

struct reader_header {
  const char *name;
  struct text value;
};

struct reader_message { /* valid inside the callback */
  const char *topic;
  int32_t partition;
  int64_t offset;
  int64_t timestamp_ms; /* -1: none */
  struct text key;      /* data NULL: none */
  struct text value;    /* data NULL: none, a deletion */
  const struct reader_header *headers;
  size_t headers_count;
};

#define READER_STOP 1 /* of the callback: enough */

/* Calls `message` for each message, in offset order within a partition. 0: the end was reached, or the
 * callback or `stop` ended it. Negative: the callback's own error, -ENOMEM, -EINVAL (a property), -ENOENT (a
 * topic), -ETIMEDOUT, -EACCES (the brokers refuse the reader) or -EIO; then a sentence for a person is
 * appended to reterr_reason, except for errors of the callback. */
int reader_run(const struct reader_options *, int (*message)(void *context, const struct reader_message *),
               void *context, struct text_out *reterr_reason) must_use;

#endif
