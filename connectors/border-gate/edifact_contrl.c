/*
 * edifact_contrl.c: CONTRL as the answer to an interchange.
 *
 * The interchange is read once more, beside the outcomes of its messages: the n-th message has the n-th
 * outcome. What the reader itself found is said with its own code and place, the rest by the reason's code.
 * Several interchanges of one payload are answered by as many of ours. A payload whose UNB cannot be read is
 * left to the host, since there is nobody to address.
 */
#include "connectors/border-gate/edifact_door.h"
#include "connectors/border-gate/edifact_read.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

enum {
  ACTION_REJECTED = 4,
  ACTION_ACKNOWLEDGED = 7,
  ACTION_RECEIVED = 8,
  CODE_UNSPECIFIED = 18,
  REFERENCE_MAX = 14,
  NUMBER_SIZE = 24,
};

struct answer {
  struct hub_writer *writer;
  const struct border_gate *gate;
  const struct hub_exchange *exchange;
  struct edifact *reader;
  size_t outcome;    /* of the next message */
  unsigned segments; /* of the CONTRL so far */
  int error;         /* of a write; the rest is then not written */
  char reference[REFERENCE_MAX + 1];
  char buffer[512];
  size_t used;
};

static void flush(struct answer *a) {
  if (a->error == 0 && a->used != 0) a->error = a->writer->ops->write(a->writer, a->buffer, a->used);
  a->used = 0;
}

static void put_char(struct answer *a, char c) {
  if (a->used == sizeof(a->buffer)) flush(a);
  a->buffer[a->used++] = c;
}

static void put(struct answer *a, const char *text) {
  while (*text != 0) put_char(a, *text++);
}

static void put_number(struct answer *a, uint64_t number) {
  char digits[NUMBER_SIZE];
  snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number);
  put(a, digits);
}

static void end_segment(struct answer *a) {
  put(a, "'\r\n");
  a->segments++;
}

/* The sender's text with our release characters in place of its own. */
static void put_raw(struct answer *a, struct text raw) {
  const struct edifact *e = a->reader;
  for (size_t i = 0; i < raw.length; i++) {
    if (e->release != 0 && raw.data[i] == e->release) i++;
    char c = raw.data[i];
    if (c == ':' || c == '+' || c == '\'' || c == '?' || (c == '*' && e->syntax == 4)) put_char(a, '?');
    put_char(a, c);
  }
}

/* A composite without its empty components at the end. */
static void put_composite(struct answer *a, const struct text *pieces, size_t count) {
  while (count != 0 && pieces[count - 1].length == 0) count--;
  for (size_t i = 0; i < count; i++) {
    if (i != 0) put_char(a, ':');
    put_raw(a, pieces[i]);
  }
}

static void put_party(struct answer *a, const struct text *party) {
  put_composite(a, party, EDIFACT_PARTY_PIECES);
}

/* Letters and digits from the end of the receipt; behind the first interchange with its number. */
static void make_reference(struct answer *a) {
  const char *receipt = a->exchange->receipt != NULL ? a->exchange->receipt : "0";
  char number[NUMBER_SIZE] = "", taken[REFERENCE_MAX];
  if (a->reader->number > 1) snprintf(number, sizeof(number), "%u", a->reader->number);
  size_t count = 0, room = REFERENCE_MAX - strlen(number);
  for (size_t i = strlen(receipt); i-- > 0 && count < room;) {
    char c = receipt[i];
    if (c >= 'a' && c <= 'z') c = (char)(c - 'a' + 'A');
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')) taken[count++] = c;
  }
  size_t used = 0;
  while (count != 0) a->reference[used++] = taken[--count];
  memcpy(a->reference + used, number, strlen(number) + 1);
}

/* ---- Our envelope ---- */

static void put_time(struct answer *a) {
  time_t seconds = (time_t)(a->exchange->answered_us / 1000000) + a->gate->zone_offset_s;
  struct tm day = {.tm_mday = 1};
  char text[32] = "";
  gmtime_r(&seconds, &day);
  strftime(text, sizeof(text), a->reader->syntax == 4 ? "%Y%m%d:%H%M" : "%y%m%d:%H%M", &day);
  put(a, text);
}

static void begin_contrl(struct answer *a) {
  const struct edifact *e = a->reader;
  put(a, "UNB+UNO");
  put_char(a, e->level != 0 ? e->level : 'A');
  put_char(a, ':');
  put_number(a, e->syntax != 0 ? e->syntax : 3);
  put_char(a, '+');
  put_party(a, e->header.recipient);
  put_char(a, '+');
  put_party(a, e->header.sender);
  put_char(a, '+');
  put_time(a);
  put_char(a, '+');
  put(a, a->reference);
  if (e->test) put(a, "++++++1");
  end_segment(a);
  a->segments = 0;
  put(a, e->syntax == 4 ? "UNH+1+CONTRL:4:1:UN" : "UNH+1+CONTRL:D:3:UN");
  end_segment(a);
}

static void end_contrl(struct answer *a) {
  put(a, "UNT+");
  put_number(a, a->segments + 1);
  put(a, "+1");
  end_segment(a);
  put(a, "UNZ+1+");
  put(a, a->reference);
  end_segment(a);
}

/* ---- What is said ---- */

/* Action, and for a rejection: code, service segment, element and component. Elements count from the tag. */
static void put_action(struct answer *a, unsigned action, unsigned code, const struct edifact_where *where) {
  put_char(a, '+');
  put_number(a, action);
  if (code != 0) {
    put_char(a, '+');
    put_number(a, code);
  }
  if (where == NULL || where->tag[0] != 'U' || where->tag[1] != 'N') return;
  put_char(a, '+');
  put(a, where->tag);
  if (where->element == 0) return;
  put_char(a, '+');
  put_number(a, where->element + 1);
  if (where->component == 0) return;
  put_char(a, ':');
  put_number(a, where->component);
}

static void put_uci(struct answer *a, unsigned action, unsigned code, const struct edifact_where *where) {
  const struct edifact_header *header = &a->reader->header;
  put(a, "UCI+");
  put_raw(a, header->reference);
  put_char(a, '+');
  put_party(a, header->sender);
  put_char(a, '+');
  put_party(a, header->recipient);
  put_action(a, action, code, where);
  end_segment(a);
}

static void put_ucf(struct answer *a) {
  const struct edifact_header *group = &a->reader->group;
  put(a, "UCF+");
  put_raw(a, group->reference);
  put_char(a, '+');
  put_party(a, group->sender);
  put_char(a, '+');
  put_party(a, group->recipient);
  put_action(a, ACTION_ACKNOWLEDGED, 0, NULL);
  end_segment(a);
}

static void put_ucm(struct answer *a, const struct hub_outcome *outcome) {
  const struct edifact_message *message = &a->reader->message;
  const struct edifact_problem *problem = &message->problem;
  put(a, "UCM+");
  put_raw(a, message->reference);
  put_char(a, '+');
  put_composite(a, message->type, EDIFACT_TYPE_PIECES);
  if (problem->kind != 0) put_action(a, ACTION_REJECTED, problem->code, &problem->where);
  else put_action(a, ACTION_REJECTED, edi_contrl_code(outcome->detail), NULL);
  end_segment(a);
}

/* The hub's own reasons count as accepted. */
static bool is_refused(const struct hub_outcome *outcome) {
  return outcome->result == HUB_REJECTED && outcome->code < HUB_NO_ROUTE;
}

static const struct hub_outcome *next_outcome(struct answer *a) {
  static const struct hub_outcome none = {.result = HUB_ACCEPTED};
  size_t index = a->outcome++;
  return index < a->exchange->outcomes_count ? a->exchange->outcomes[index] : &none;
}

/* Messages that are not named are acknowledged; a group is named before the first message of it that is. */
static void put_messages(struct answer *a) {
  bool named = false;
  for (;;) {
    switch (edifact_next(a->reader)) {
      case EDIFACT_END: return;
      case EDIFACT_GROUP: named = false; break;
      case EDIFACT_MESSAGE_END: {
        const struct hub_outcome *outcome = next_outcome(a);
        if (!is_refused(outcome)) break;
        if (a->reader->in_group && !named) put_ucf(a);
        named = true;
        put_ucm(a, outcome);
        break;
      }
      default: break;
    }
  }
}

/* The host took nothing of a payload that holds more than it may: its one outcome stands in no segment. */
static bool is_too_large(const struct hub_exchange *exchange) {
  const struct hub_outcome *only = exchange->outcomes_count == 1 ? exchange->outcomes[0] : NULL;
  return only != NULL && only->result == HUB_REJECTED && only->code == HUB_TOO_LARGE && only->at != NULL &&
         strchr(only->at, ' ') == NULL;
}

static void put_interchange(struct answer *a) {
  put_uci(a, a->exchange->stage == HUB_STORED ? ACTION_RECEIVED : ACTION_ACKNOWLEDGED, 0, NULL);
  put_messages(a);
}

static void put_contrl(struct answer *a, bool refused) {
  const struct edifact_problem *problem = &a->reader->problem;
  make_reference(a);
  begin_contrl(a);
  if (refused) put_uci(a, ACTION_REJECTED, problem->code, &problem->where);
  else if (is_too_large(a->exchange)) put_uci(a, ACTION_REJECTED, CODE_UNSPECIFIED, NULL);
  else put_interchange(a);
  if (refused) next_outcome(a);
  end_contrl(a);
}

/* As the host answers: 200 when something was taken or there was nothing, else the first refusal's. */
static int status_of(const struct hub_exchange *exchange) {
  static const int statuses[] = {
      [HUB_MALFORMED] = 400,  [HUB_UNSUPPORTED] = 415, [HUB_MISSING] = 422,   [HUB_INVALID] = 422,
      [HUB_INCOMPLETE] = 422, [HUB_CONFLICT] = 409,    [HUB_FORBIDDEN] = 403, [HUB_TOO_LARGE] = 413};
  for (size_t i = 0; i < exchange->outcomes_count; i++)
    if (!is_refused(exchange->outcomes[i])) return 200;
  return exchange->outcomes_count == 0 ? 200 : statuses[exchange->outcomes[0]->code];
}

int edifact_reply(const struct border_gate *gate, const struct hub_exchange *exchange,
                  struct hub_writer *writer) {
  struct edifact reader;
  struct answer a = {.writer = writer, .gate = gate, .exchange = exchange, .reader = &reader};
  bool begun = false;
  if (exchange->stage == HUB_REFUSED) return 0;
  edifact_init(&reader, exchange->payload->data, exchange->payload->length);
  do {
    bool refused = edifact_open(&reader) != 0;
    if (refused && !reader.has_header) {
      next_outcome(&a);
      continue;
    }
    if (!begun) a.error = writer->ops->begin(writer, status_of(exchange), "application/EDIFACT");
    begun = true;
    put_contrl(&a, refused);
  } while (a.error == 0 && reader.end < reader.length && reader.number < EDI_INTERCHANGES_MAX);
  flush(&a);
  return a.error;
}
