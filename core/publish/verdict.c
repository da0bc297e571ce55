/*
 * The meaning of each error code.
 *
 * The status counts before the code: a message that was possibly persisted is AMBIGUOUS whatever the last
 * attempt was answered, because an earlier attempt may have been appended. The one surprise is success
 * without an offset: librdkafka infers it from later requests, and it was a lost message every time it was
 * measured; so it is AMBIGUOUS.
 */
#include "core/publish/verdict.h"

/* Codes of messages that are not in Kafka. What is not listed is TRANSIENT. */
static enum verdict verdict_of_code(rd_kafka_resp_err_t code) {
  switch ((int)code) {
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
      return VERDICT_POISON;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_SECURITY_DISABLED:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR_INVALID_REQUIRED_ACKS:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_COMPRESSION_TYPE:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR__DESTROY:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
      return VERDICT_BLOCKED;
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER:
    case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
      return VERDICT_FATAL;
    case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
    case RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER:
      return VERDICT_AMBIGUOUS;
    default: return VERDICT_TRANSIENT;
  }
}

enum verdict verdict_of_report(rd_kafka_resp_err_t code, rd_kafka_msg_status_t status, int64_t offset) {
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return offset < 0 ? VERDICT_AMBIGUOUS : VERDICT_DONE;
  enum verdict verdict = verdict_of_code(code);
  if (verdict == VERDICT_FATAL || status == RD_KAFKA_MSG_STATUS_NOT_PERSISTED) return verdict;
  return VERDICT_AMBIGUOUS;
}

enum verdict verdict_of_refusal(rd_kafka_resp_err_t code) {
  enum verdict verdict = verdict_of_code(code);
  return verdict == VERDICT_AMBIGUOUS ? VERDICT_TRANSIENT : verdict;
}

bool verdict_blocks_all(rd_kafka_resp_err_t code) {
  switch ((int)code) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
      return true;
    default: return false;
  }
}

const char *verdict_reason(rd_kafka_resp_err_t code) {
  switch ((int)code) {
    case RD_KAFKA_RESP_ERR_NO_ERROR: return "reported as delivered, but without an offset";
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE: return "larger than the topic takes";
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED: return "the brokers deny writing to the topic";
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return "the brokers deny writing: the hub's principal has no right to write";
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION: return "the brokers refuse the hub's credentials";
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC: return "the topic does not exist";
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR__DESTROY: return "the topic lost its partition: it was deleted or made again";
    default: return rd_kafka_err2str(code); /* constant texts of the library */
  }
}

const char *verdict_name(enum verdict verdict) {
  static const char *const names[VERDICTS] = {"done", "poison", "blocked", "transient", "ambiguous", "fatal"};
  return verdict < VERDICTS ? names[verdict] : "unknown";
}
