/*
 * hl7_reply.c: which acknowledgement each message of a payload gets.
 *
 * Original mode answers once, when all is known: AA, AE or AR. Enhanced mode (MSH-15 or MSH-16 filled in)
 * answers twice: whether the message is in safe hands (CA, CE, CR), then what became of it. A way in that
 * answers only once says the second, or the first where the sender does not want the second.
 *
 * Outcomes are given to messages by counting, with the same functions that made the records.
 */
#include "connectors/health/hl7_ack.h"

#include <errno.h>

enum wish { WISH_NEVER, WISH_ALWAYS, WISH_ERROR, WISH_SUCCESS };

struct reply { /* one answer to one payload */
  const struct health *health;
  const struct hub_exchange *exchange;
  struct allocator allocator;
  struct hl7_ack ack;
  size_t next; /* outcome */
  bool whole;  /* one outcome is that of all messages */
};

/* ---- What is wanted ---- */

static struct text field(const struct hl7v2_message *header, unsigned number) {
  struct text text = text_trim(hl7v2_get(header, header->segments, (struct hl7v2_path){number, 1, 1, 0}));
  return hl7v2_is_null(text) ? TEXT_NONE : text;
}

/* A word that is not known is no wish for silence: whoever waits is answered. */
static enum wish wish_of(struct text code) {
  if (code.length == 0 || text_is(code, "NE")) return WISH_NEVER;
  if (text_is(code, "ER")) return WISH_ERROR;
  return text_is(code, "SU") ? WISH_SUCCESS : WISH_ALWAYS;
}

static bool is_wanted(enum wish wish, enum hl7_verdict verdict) {
  if (wish == WISH_ERROR) return verdict != HL7_ACCEPT;
  return wish == WISH_ALWAYS || (wish == WISH_SUCCESS && verdict == HL7_ACCEPT);
}

/* 0: no answer now; else the first letter of MSA-1: A or C. */
static char kind_of(const struct reply *reply, const struct hl7v2_message *header, enum hl7_verdict verdict) {
  struct text accept = field(header, 15), application = field(header, 16);
  enum hub_stage stage = reply->exchange->stage;
  bool wants_commit = is_wanted(wish_of(accept), verdict),
       wants_application = is_wanted(wish_of(application), verdict);
  if (accept.length == 0 && application.length == 0) return stage == HUB_STORED ? 0 : 'A';
  if (stage == HUB_STORED) return wants_commit ? 'C' : 0;
  if (stage == HUB_REFUSED && wants_commit) return 'C';
  if (wants_application) return 'A';
  bool answers_once = !hub_answers_twice(reply->exchange);
  return answers_once && wants_commit ? 'C' : 0;
}

/* ---- What became of a message ---- */

static bool is_refused(const struct hub_outcome *outcome) {
  return outcome->result == HUB_REJECTED && outcome->code < HUB_NO_ROUTE;
}

static enum hl7_verdict verdict_of(const struct reply *reply, size_t first, size_t count) {
  enum hl7_verdict verdict = HL7_ACCEPT;
  if (reply->exchange->stage == HUB_REFUSED) return HL7_REJECT;
  for (size_t i = first; i < first + count; i++) {
    const struct hub_outcome *outcome = reply->exchange->outcomes[i];
    if (!is_refused(outcome)) continue;
    if (outcome->code == HUB_UNSUPPORTED || outcome->code == HUB_FORBIDDEN) return HL7_REJECT;
    verdict = HL7_ERROR;
  }
  return verdict;
}

/* The sentence of the first error; NULL: there is none. */
static const char *first_detail(const struct reply *reply, size_t first, size_t count) {
  const struct hub_exchange *exchange = reply->exchange;
  if (exchange->stage == HUB_REFUSED) return exchange->refusal != NULL ? exchange->refusal->detail : NULL;
  for (size_t i = first; i < first + count; i++)
    if (is_refused(exchange->outcomes[i])) return exchange->outcomes[i]->detail;
  return NULL;
}

static int put_errors(struct reply *reply, size_t first, size_t count) {
  const struct hub_exchange *exchange = reply->exchange;
  if (exchange->stage == HUB_REFUSED) hl7_ack_error(&reply->ack, NULL, first_detail(reply, first, count));
  for (size_t i = first; i < first + count; i++)
    if (is_refused(exchange->outcomes[i]))
      hl7_ack_error(&reply->ack, exchange->outcomes[i], exchange->outcomes[i]->detail);
  return reply->ack.error;
}

/* Records of a message, as many outcomes are still there at most. */
static int count_records(struct reply *reply, const struct hl7v2_unit *unit, size_t *ret_count) {
  struct hl7_message read;
  struct hl7_fault fault;
  size_t left = reply->exchange->outcomes_count - reply->next;
  int r = hl7_message_read(&reply->allocator, unit, &read, &fault);
  if (r < 0) return r;
  size_t count = r != 0 ? 1 : hl7_message_records(&read);
  *ret_count = count < left ? count : left;
  return 0;
}

/* ---- Messages ---- */

static int answer_message(struct reply *reply, const struct hl7v2_unit *unit) {
  struct hl7v2_segment segment;
  struct hl7v2_message header;
  size_t first = reply->next, count = reply->whole ? reply->exchange->outcomes_count : 0;
  int r = reply->whole ? 0 : count_records(reply, unit, &count);
  if (r != 0) return r;
  if (!reply->whole) reply->next += count;
  hl7_ack_header(unit, &segment, &header);
  enum hl7_verdict verdict = verdict_of(reply, first, count);
  char kind = kind_of(reply, &header, verdict);
  if (kind == 0) return 0;
  hl7_ack_begin(&reply->ack, &header, kind, verdict, first_detail(reply, first, count));
  return put_errors(reply, first, count);
}

static int answer_unit(struct reply *reply, const struct hl7v2_unit *unit) {
  struct hl7v2_segment segment;
  struct hl7v2_message header;
  switch (unit->kind) {
    case HL7V2_MESSAGE: return answer_message(reply, unit);
    case HL7V2_BATCH_HEADER:
      hl7_ack_header(unit, &segment, &header);
      return hl7_ack_batch(&reply->ack, &header);
    case HL7V2_BATCH_TRAILER: return hl7_ack_batch_end(&reply->ack);
    default: return 0;
  }
}

static void *alloc_of_writer(void *context, size_t bytes) {
  struct hub_writer *writer = context;
  return writer->ops->alloc(writer, bytes);
}

int hl7_reply(const struct health *health, const struct hub_exchange *exchange, struct hub_writer *writer) {
  struct reply reply = {.health = health, .exchange = exchange};
  struct hl7v2 hl7v2;
  struct hl7v2_unit unit;
  struct hl7_fault fault;
  if (exchange->payload == NULL) return 0;
  reply.allocator = (struct allocator){alloc_of_writer, writer};
  reply.whole = hl7_open(&hl7v2, exchange->payload, &fault) != 0 || exchange->stage == HUB_REFUSED;
  hl7_ack_init(&reply.ack, writer, exchange, health->zone_offset_s);
  hl7v2_rewind(&hl7v2);
  int r = 0;
  while (r == 0 && hl7v2_next(&hl7v2, &unit) == 0) r = answer_unit(&reply, &unit);
  if (r == 0 && hl7v2.messages == 0 && reply.whole) {
    unit = (struct hl7v2_unit){HL7V2_MESSAGE, TEXT(HL7_ACK_UNKNOWN), 1};
    r = answer_message(&reply, &unit);
  }
  return r == 0 ? hl7_ack_finish(&reply.ack) : r;
}
