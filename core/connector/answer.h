/*
 * answer.h: what the sender is told: by the connector in its own protocol, else by the hub in JSON.
 */
#ifndef CORE_CONNECTOR_ANSWER_H
#define CORE_CONNECTOR_ANSWER_H

#include "core/connector/sink.h"
#include "core/text_out.h"

struct answer {
  int status;
  const char *content_type;
  struct text_out body;
};

void answer_deinit(struct answer *);

/* By reply(), or, when the connector has none or wrote nothing, `{"receipt":…,"accepted":n,…}`. Refusals
 * without reply() are RFC 9457 problem+json. */
int answer_make(const struct instance *, const struct hub_exchange *, struct arena *,
                struct answer *ret_answer) must_use;

/* By reply() alone; status 0: it has none or wrote nothing. */
int answer_by_connector(const struct instance *, const struct hub_exchange *, struct arena *,
                        struct answer *ret_answer) must_use;

/* application/problem+json: type, title, status, code, detail, at (may be NULL). */
int answer_problem(int status, const char *code, const char *detail, const char *at,
                   struct answer *ret_answer) must_use;

#endif
