/*
 * The reject codes: a word and a sentence each.
 */
#include "core/connector/sink.h"

static const struct code {
  enum hub_reject_code code;
  const char *name, *sentence;
} codes[] = {
    {HUB_MALFORMED, "malformed", "the payload is not well-formed"},
    {HUB_UNSUPPORTED, "unsupported", "this format or version is not known here"},
    {HUB_MISSING, "missing", "what identifies the record is absent"},
    {HUB_INVALID, "invalid", "a value is outside of its domain"},
    {HUB_INCOMPLETE, "incomplete", "announced parts are not there"},
    {HUB_CONFLICT, "conflict", "it contradicts itself or an earlier fact"},
    {HUB_FORBIDDEN, "forbidden", "it may not come from this sender, or may not pass at all"},
    {HUB_TOO_LARGE, "too_large", "more than one payload may hold"},
    {HUB_NO_ROUTE, "no_route", "no route takes this message"},
    {HUB_UNPROTECTED, "unprotected", "a personal field was not protected by the connector"},
    {HUB_POISON, "poison", "the brokers refuse this message for what it is"},
};

static const struct code *find(enum hub_reject_code code) {
  static const struct code unknown = {0, "invalid", "refused for a reason that is not known here"};
  for (size_t i = 0; i < LENGTH_OF(codes); i++) {
    if (codes[i].code == code) return &codes[i];
  }
  return &unknown;
}

const char *reject_code_name(enum hub_reject_code code) { return find(code)->name; }
int reject_code_status(enum hub_reject_code code) { return hub_reject_status(code); }
const char *reject_code_sentence(enum hub_reject_code code) { return find(code)->sentence; }
