/*
 * fhir_reply.c: an OperationOutcome: what became of a FHIR payload.
 *
 * It names the place of each rejected record as `expression` and never repeats a value of the payload.
 */
#include "connectors/health/answer.h"
#include "connectors/health/fhir.h"

enum { ISSUES_MAX = 200 };

/* IssueType of FHIR R4. */
static const char *issue_of(enum hub_reject_code code) {
  switch (code) {
    case HUB_MALFORMED: return "structure";
    case HUB_UNSUPPORTED: return "not-supported";
    case HUB_MISSING: return "required";
    case HUB_INCOMPLETE: return "incomplete";
    case HUB_CONFLICT: return "conflict";
    case HUB_FORBIDDEN: return "forbidden";
    case HUB_TOO_LARGE: return "too-long";
    default: return "value";
  }
}

static void put_issue(struct answer *a, const char *severity, const char *issue, const char *words,
                      const char *at) {
  answer_put(a, "{\"severity\":");
  answer_string(a, text_of(severity));
  answer_put(a, ",\"code\":");
  answer_string(a, text_of(issue));
  answer_put(a, ",\"diagnostics\":");
  answer_string(a, text_of(words));
  if (at != NULL) {
    answer_put(a, ",\"expression\":[");
    answer_string(a, text_of(at));
    answer_put(a, "]");
  }
  answer_put(a, "}");
}

/* The hub's own codes are its own trouble: the record is kept. */
static bool is_refused(const struct hub_outcome *outcome) {
  return outcome->result == HUB_REJECTED && outcome->code < HUB_NO_ROUTE;
}

static size_t put_rejected(struct answer *a, const struct hub_exchange *exchange) {
  size_t issues = 0;
  for (size_t i = 0; i < exchange->outcomes_count && issues <= ISSUES_MAX; i++) {
    const struct hub_outcome *one = exchange->outcomes[i];
    if (!is_refused(one)) continue;
    if (issues++ != 0) answer_put(a, ",");
    if (issues <= ISSUES_MAX)
      put_issue(a, "error", issue_of(one->code), one->detail == NULL ? one->code_name : one->detail, one->at);
    else put_issue(a, "error", "incomplete", "more records were rejected than are named here", NULL);
  }
  return issues;
}

static const char *refusal_issue(int status) {
  switch (status) {
    case 401: return "login";
    case 403: return "forbidden";
    case 413: return "too-long";
    case 429: return "throttled";
    case 503: return "transient";
    default: return "processing";
  }
}

/* Without a reason it is the hub's own trouble. */
static const struct hub_refusal nameless = {.http_status = 503, .detail = "not now"};

/* 200 when anything was taken, else the status of the first rejection. */
static int status_of(const struct hub_exchange *exchange) {
  for (size_t i = 0; i < exchange->outcomes_count; i++)
    if (!is_refused(exchange->outcomes[i])) return 200;
  return exchange->outcomes_count == 0 ? 200 : hub_reject_status(exchange->outcomes[0]->code);
}

int fhir_reply(const struct health *health, const struct hub_exchange *exchange, struct hub_writer *writer) {
  (void)health;
  struct answer a = {.writer = writer};
  const struct hub_refusal *refusal = exchange->stage == HUB_REFUSED ? exchange->refusal : NULL;
  if (exchange->stage == HUB_REFUSED && refusal == NULL) refusal = &nameless;
  if (exchange->stage == HUB_STORED) return 0;
  int r = writer->ops->begin(writer, refusal != NULL ? refusal->http_status : status_of(exchange),
                             "application/fhir+json");
  if (r < 0) return r;
  answer_put(&a, "{\"resourceType\":\"OperationOutcome\"");
  if (exchange->receipt != NULL) {
    answer_put(&a, ",\"id\":");
    answer_string(&a, text_of(exchange->receipt));
  }
  answer_put(&a, ",\"issue\":[");
  if (refusal != NULL) put_issue(&a, "error", refusal_issue(refusal->http_status), refusal->detail, NULL);
  else if (put_rejected(&a, exchange) == 0) put_issue(&a, "information", "informational", "taken", NULL);
  answer_put(&a, "]}\n");
  return answer_end(&a);
}
