/*
 * verdict.h: what an error of librdkafka means for the message that got it.
 */
#ifndef CORE_PUBLISH_VERDICT_H
#define CORE_PUBLISH_VERDICT_H

#include <librdkafka/rdkafka.h>

#include "core/base.h"

enum verdict {
  VERDICT_DONE,      /* acknowledged, with an offset */
  VERDICT_POISON,    /* this message, or a batch that held it, is refused for what it is */
  VERDICT_BLOCKED,   /* nothing passes here until somebody changes rights or topics; it is not in Kafka */
  VERDICT_TRANSIENT, /* it is not in Kafka; try again */
  VERDICT_AMBIGUOUS, /* perhaps it is in Kafka: look */
  VERDICT_FATAL,     /* the producer is dead; perhaps the message is in Kafka */
  VERDICTS,
};

/* Of a delivery report. */
enum verdict verdict_of_report(rd_kafka_resp_err_t, rd_kafka_msg_status_t, int64_t offset);

/* Of a message that produce() did not take: never AMBIGUOUS. POISON here is certain, sending alone changes
 * nothing. */
enum verdict verdict_of_refusal(rd_kafka_resp_err_t);

/* An error beside the reports (error events) that stops all lanes: rights and credentials. */
bool verdict_blocks_all(rd_kafka_resp_err_t);

/* A constant sentence about the code, for reasons and logs. */
const char *verdict_reason(rd_kafka_resp_err_t);

const char *verdict_name(enum verdict);

#endif
