/*
 * Answers. A connector speaks first; where it is silent the hub answers in JSON, and refusals are problem
 * documents (RFC 9457). What reply() wrote before it failed is thrown away: half an answer is worse than
 * none.
 */
#include "core/connector/answer.h"

#include "core/problem.h"

struct writer {
  struct hub_writer public;
  struct arena *arena;
  struct answer *answer;
  bool begun;
};

static struct writer *writer_of(struct hub_writer *public) {
  return CONTAINER_OF(public, struct writer, public);
}

static void *writer_alloc(struct hub_writer *public, size_t bytes) {
  return arena_alloc(writer_of(public)->arena, bytes);
}

static bool good_content_type(const char *type) {
  size_t length = strlen(type);
  for (size_t i = 0; i < length; i++) {
    if ((unsigned char)type[i] < ' ' || (unsigned char)type[i] >= 0x7f) return false;
  }
  return length != 0 && length < 256;
}

static int writer_begin(struct hub_writer *public, int http_status, const char *content_type) {
  struct writer *writer = writer_of(public);
  if (writer->begun || http_status < 200 || http_status > 599 || !good_content_type(content_type))
    return -EINVAL;
  writer->answer->content_type = arena_text(writer->arena, text_of(content_type));
  if (writer->answer->content_type == NULL) return -ENOMEM;
  writer->answer->status = http_status;
  writer->begun = true;
  return 0;
}

static int writer_write(struct hub_writer *public, const char *data, size_t length) {
  struct writer *writer = writer_of(public);
  if (!writer->begun) return -EINVAL;
  text_out_bytes(&writer->answer->body, (struct text){data, length});
  return text_out_result(&writer->answer->body);
}

static const struct hub_writer_ops writer_ops = {
    .size = sizeof writer_ops, .alloc = writer_alloc, .begin = writer_begin, .write = writer_write};

void answer_deinit(struct answer *answer) {
  text_out_deinit(&answer->body);
  *answer = (struct answer){0};
}

/* ---- Problems ---- */

int answer_problem(int status, const char *code, const char *detail, const char *at,
                   struct answer *ret_answer) {
  struct answer answer = {.status = status, .content_type = PROBLEM_CONTENT_TYPE};
  problem_write(&answer.body, status, code, detail, at);
  int r = text_out_result(&answer.body);
  if (r < 0) {
    answer_deinit(&answer);
    return r;
  }
  *ret_answer = answer;
  return 0;
}

/* ---- The hub's own JSON ---- */

/* The host's own reasons are for the province's staff; the sender did nothing wrong. */
static bool told_as_accepted(const struct hub_outcome *outcome) {
  return outcome->result == HUB_ACCEPTED ||
         (outcome->result == HUB_REJECTED && outcome->code >= HUB_NO_ROUTE);
}

static void write_rejected(struct text_out *out, size_t record, const struct hub_outcome *outcome) {
  text_out_format(out, "{\"record\":%zu,\"code\":", record);
  text_out_json(out,
                text_of(outcome->code_name != NULL ? outcome->code_name : reject_code_name(outcome->code)));
  if (outcome->at != NULL) {
    text_out_string(out, ",\"at\":");
    text_out_json(out, text_of(outcome->at));
  }
  if (outcome->detail != NULL) {
    text_out_string(out, ",\"detail\":");
    text_out_json(out, text_of(outcome->detail));
  }
  if (outcome->value != NULL) {
    text_out_string(out, ",\"value\":");
    text_out_json(out, (struct text){outcome->value, outcome->value_length});
  }
  text_out_string(out, "}");
}

static void write_outcomes(struct text_out *out, const struct hub_exchange *exchange, size_t accepted,
                           size_t repeated) {
  text_out_string(out, "{\"receipt\":");
  text_out_json(out, text_of(exchange->receipt == NULL ? "" : exchange->receipt));
  text_out_format(out, ",\"accepted\":%zu,\"repeated\":%zu,\"rejected\":[", accepted, repeated);
  const char *separator = "";
  for (size_t i = 0; i < exchange->outcomes_count; i++) {
    const struct hub_outcome *outcome = exchange->outcomes[i];
    if (outcome->result != HUB_REJECTED || told_as_accepted(outcome)) continue;
    text_out_string(out, separator);
    separator = ",";
    write_rejected(out, i, outcome);
  }
  text_out_string(out, "],\"ids\":[");
  separator = "";
  for (size_t i = 0; i < exchange->outcomes_count; i++) {
    const struct hub_outcome *outcome = exchange->outcomes[i];
    if (outcome->result == HUB_REJECTED || outcome->event_id == NULL) continue;
    text_out_string(out, separator);
    separator = ",";
    text_out_json(out, text_of(outcome->event_id));
  }
  text_out_string(out, "]}\n");
}

static int answer_json(const struct hub_exchange *exchange, struct answer *ret_answer) {
  size_t accepted = 0, repeated = 0;
  int first_status = 0;
  for (size_t i = 0; i < exchange->outcomes_count; i++) {
    const struct hub_outcome *outcome = exchange->outcomes[i];
    if (told_as_accepted(outcome)) accepted++;
    else if (outcome->result == HUB_REPEATED) repeated++;
    else if (first_status == 0) first_status = reject_code_status(outcome->code);
  }
  struct answer answer = {.status = accepted + repeated != 0 || first_status == 0 ? 200 : first_status,
                          .content_type = "application/json"};
  write_outcomes(&answer.body, exchange, accepted, repeated);
  int r = text_out_result(&answer.body);
  if (r < 0) {
    answer_deinit(&answer);
    return r;
  }
  *ret_answer = answer;
  return 0;
}

int answer_by_connector(const struct instance *instance, const struct hub_exchange *exchange,
                        struct arena *arena, struct answer *ret_answer) {
  const struct hub_connector *api = instance->connector->api;
  struct answer answer = {0};
  struct writer writer = {.public = {&writer_ops}, .arena = arena, .answer = &answer};
  int r = api->reply == NULL ? 0 : api->reply(instance->self, exchange, &writer.public);
  if (r != 0) {
    answer_deinit(&answer);
    return r < 0 ? r : -EPROTO;
  }
  *ret_answer = answer;
  return 0;
}

int answer_make(const struct instance *instance, const struct hub_exchange *exchange, struct arena *arena,
                struct answer *ret_answer) {
  int r = answer_by_connector(instance, exchange, arena, ret_answer);
  if (r < 0 || ret_answer->status != 0) return r;
  const struct hub_refusal *refusal = exchange->refusal;
  if (exchange->stage != HUB_REFUSED || refusal == NULL) return answer_json(exchange, ret_answer);
  return answer_problem(refusal->http_status, refusal->code, refusal->detail, NULL, ret_answer);
}
