/*
 * fhir_reply.c: an OperationOutcome: what became of a FHIR payload.
 *
 * It names the place of each rejected record as `expression` and never repeats a value of the payload.
 */
#include "connectors/health/fhir.h"

#include "connectors/format/text.h"

#include <errno.h>
#include <stdio.h>

enum { ISSUES_MAX = 200 };

struct outcome {
  struct hub_writer *writer;
  int error;
};

static void put(struct outcome *out, const char *text) {
  if (out->error == 0) out->error = out->writer->ops->write(out->writer, text, strlen(text));
}

/* Constant sentences and places: of what JSON escapes only quotes and backslashes can stand in them. */
static void put_string(struct outcome *out, const char *text) {
  put(out, "\"");
  for (const char *c = text; *c != 0; c++) {
    char plain[2] = {*c, 0};
    if (*c == '"' || *c == '\\') put(out, "\\");
    put(out, plain);
  }
  put(out, "\"");
}

/* IssueType of FHIR R4. */
static const char *issue_of(enum hub_reject_code code) {
  switch (code) {
    case HUB_MALFORMED: return "structure";
    case HUB_UNSUPPORTED: return "not-supported";
    case HUB_MISSING: return "required";
    case HUB_INVALID: return "value";
    case HUB_INCOMPLETE: return "incomplete";
    case HUB_CONFLICT: return "conflict";
    case HUB_FORBIDDEN: return "forbidden";
    case HUB_TOO_LARGE: return "too-long";
    default: return "processing";
  }
}

static void put_issue(struct outcome *out, const char *severity, const char *issue, const char *words,
                      const char *at) {
  put(out, "{\"severity\":");
  put_string(out, severity);
  put(out, ",\"code\":");
  put_string(out, issue);
  put(out, ",\"diagnostics\":");
  put_string(out, words);
  if (at != NULL) {
    put(out, ",\"expression\":[");
    put_string(out, at);
    put(out, "]");
  }
  put(out, "}");
}

static int status_of(enum hub_reject_code code) {
  switch (code) {
    case HUB_MALFORMED: return 400;
    case HUB_UNSUPPORTED: return 415;
    case HUB_CONFLICT: return 409;
    case HUB_FORBIDDEN: return 403;
    case HUB_TOO_LARGE: return 413;
    default: return 422;
  }
}

static size_t put_rejected(struct outcome *out, const struct hub_exchange *exchange) {
  size_t issues = 0;
  for (size_t i = 0; i < exchange->outcomes_count && issues < ISSUES_MAX; i++) {
    const struct hub_outcome *one = exchange->outcomes[i];
    if (one->result != HUB_REJECTED) continue;
    if (issues++ != 0) put(out, ",");
    put_issue(out, "error", issue_of(one->code), one->detail == NULL ? one->code_name : one->detail, one->at);
  }
  return issues;
}

static const char *refusal_issue(const struct hub_refusal *refusal) {
  if (refusal->http_status == 401) return "login";
  return refusal->http_status == 503 ? "transient" : "processing";
}

/* 200 when anything was taken, else the status of the first rejection. */
static int answer_status(const struct hub_exchange *exchange) {
  if (exchange->stage == HUB_REFUSED) return exchange->refusal->http_status;
  for (size_t i = 0; i < exchange->outcomes_count; i++)
    if (exchange->outcomes[i]->result != HUB_REJECTED) return 200;
  return exchange->outcomes_count == 0 ? 200 : status_of(exchange->outcomes[0]->code);
}

int fhir_reply(const struct health *health, const struct hub_exchange *exchange, struct hub_writer *writer) {
  (void)health;
  struct outcome out = {.writer = writer};
  if (exchange->stage == HUB_STORED) return 0;
  int r = writer->ops->begin(writer, answer_status(exchange), "application/fhir+json");
  if (r < 0) return r;
  put(&out, "{\"resourceType\":\"OperationOutcome\"");
  if (exchange->receipt != NULL) {
    put(&out, ",\"id\":");
    put_string(&out, exchange->receipt);
  }
  put(&out, ",\"issue\":[");
  if (exchange->stage == HUB_REFUSED)
    put_issue(&out, "error", refusal_issue(exchange->refusal), exchange->refusal->detail, NULL);
  else if (put_rejected(&out, exchange) == 0) put_issue(&out, "information", "informational", "taken", NULL);
  put(&out, "]}\n");
  return out.error;
}
