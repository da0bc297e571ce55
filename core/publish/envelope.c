/*
 * The envelope. The message is copied by librdkafka: its owner may let go of it as soon as its fate is known,
 * while a dying producer's threads may still read theirs.
 */
#include "core/publish/envelope.h"

#include "core/clock.h"

uint32_t envelope_murmur2(struct text key) {
  const uint32_t m = 0x5bd1e995;
  const uint8_t *data = (const uint8_t *)key.data;
  size_t length = key.length;
  uint32_t h = 0x9747b28cu ^ (uint32_t)length;
  for (; length >= 4; length -= 4, data += 4) {
    uint32_t k =
        (uint32_t)data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 | (uint32_t)data[3] << 24;
    k *= m;
    k ^= k >> 24;
    h = h * m ^ k * m;
  }
  if (length >= 3) h ^= (uint32_t)data[2] << 16;
  if (length >= 2) h ^= (uint32_t)data[1] << 8;
  if (length >= 1) h = (h ^ data[0]) * m;
  h ^= h >> 13;
  h *= m;
  return h ^ h >> 15;
}

int32_t envelope_partition(struct text key, int partitions) {
  return (int32_t)((envelope_murmur2(key) & 0x7fffffff) % (uint32_t)partitions);
}

enum { HEADERS_BYTES = 300 }; /* names and values of the six, about */

size_t envelope_size_bytes(const struct bus_event *event) {
  return event->value.length + event->key.length + HEADERS_BYTES;
}

static rd_kafka_headers_t *make_headers(const struct bus_event *event) {
  rd_kafka_headers_t *headers = rd_kafka_headers_new(8);
  if (headers == NULL) return NULL;
  char id[EVENT_ID_TEXT], time[CLOCK_TEXT_SIZE];
  int64_t moment_us = event->occurred_us == HUB_NONE ? event->accepted_us : event->occurred_us;
  const char *const pairs[][2] = {
      {"ce_specversion", "1.0"},
      {"ce_id", event_id_text(event->id, id)},
      {"ce_source", event->source},
      {"ce_type", event->type},
      {"ce_time", clock_text(moment_us, time)},
      {"content-type", "application/protobuf"},
      {"traceparent", event->traceparent},
  };
  for (size_t i = 0; i < LENGTH_OF(pairs); i++) {
    if (pairs[i][1] == NULL) continue;
    if (rd_kafka_header_add(headers, pairs[i][0], -1, pairs[i][1], -1) != 0) {
      rd_kafka_headers_destroy(headers);
      return NULL;
    }
  }
  return headers;
}

rd_kafka_resp_err_t envelope_produce(rd_kafka_t *kafka, rd_kafka_topic_t *topic, int32_t partition,
                                     const struct bus_event *event, void *opaque) {
  rd_kafka_headers_t *headers = make_headers(event);
  if (headers == NULL) return RD_KAFKA_RESP_ERR__QUEUE_FULL;
  rd_kafka_resp_err_t code = rd_kafka_producev(
      kafka, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
      RD_KAFKA_V_KEY(event->key.data == NULL ? "" : event->key.data, event->key.length),
      RD_KAFKA_V_VALUE((void *)(uintptr_t)(event->value.data == NULL ? "" : event->value.data),
                       event->value.length),
      RD_KAFKA_V_TIMESTAMP(event->accepted_us / 1000), RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(opaque),
      RD_KAFKA_V_END);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) rd_kafka_headers_destroy(headers);
  return code;
}
