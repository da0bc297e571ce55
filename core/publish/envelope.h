/*
 * envelope.h: an event as a Kafka message: CloudEvents 1.0 headers in binary mode, key, partition, timestamp.
 */
#ifndef CORE_PUBLISH_ENVELOPE_H
#define CORE_PUBLISH_ENVELOPE_H

#include <librdkafka/rdkafka.h>

#include "core/message/event.h"

/* The partition that Kafka's own default partitioner gives the key (murmur2, as the Java client). */
uint32_t envelope_murmur2(struct text key);
int32_t envelope_partition(struct text key, int partitions);

/* What the message takes of the bounds. */
size_t envelope_size_bytes(const struct bus_event *);

/* Hands it to librdkafka, which copies it; opaque comes back with the report. */
rd_kafka_resp_err_t envelope_produce(rd_kafka_t *, rd_kafka_topic_t *, int32_t partition,
                                     const struct bus_event *, void *opaque);

#endif
