/*
 * answer.h: writes a JSON answer in few pieces. All texts are UTF-8: a reader refused what was not.
 */
#ifndef HEALTH_ANSWER_H
#define HEALTH_ANSWER_H

#include "connectors/format/text.h"
#include "connectors/iochub_connector.h"

struct answer {
  struct hub_writer *writer;
  int error; /* of a write; the rest is then not written */
  size_t used;
  char buffer[1024];
};

void answer_put(struct answer *, const char *json);
void answer_number(struct answer *, uint64_t);
void answer_string(struct answer *, struct text); /* quoted */
/* "message: detail", or the message alone where detail is NULL. */
void answer_sentence(struct answer *, const char *message, const char *detail);
void answer_text_number(struct answer *, uint64_t); /* quoted */
int answer_end(struct answer *);

#endif
