/*
 * edifact_door.c: interchanges in UN/EDIFACT.
 *
 * One message is one record, in the order of the interchange, so that the answer finds each message's outcome
 * again by counting. What holds the interchange together was checked before the first record, so records of a
 * file are independent of each other. A request is answered as a whole; the host bounds how many it may hold.
 */
#include "connectors/border-gate/edifact_door.h"

#include "connectors/border-gate/edifact_messages.h"

#include <errno.h>

#define CARGO(name) IOC__BORDERGATE__V1__CARGO_FORM__CARGO_FORM_##name
#define CUSTOMS(name) IOC__BORDERGATE__V1__CUSTOMS_FORM__CUSTOMS_FORM_##name

static const struct kind {
  const char *type;
  int cargo, customs; /* which form it is; one of them is 0 */
} kinds[] = {
    {"CUSCAR", CARGO(CUSCAR), 0}, {"CUSREP", CARGO(CUSREP), 0},   {"IFTMIN", CARGO(IFTMIN), 0},
    {"CODECO", CARGO(CODECO), 0}, {"CUSDEC", 0, CUSTOMS(CUSDEC)}, {"CUSRES", 0, CUSTOMS(CUSRES)},
};

struct taking { /* one message; the unused half is empty */
  const struct kind *kind;
  struct edi_cargo cargo;
  struct edi_customs customs;
};

static const enum hub_reject_code reject_codes[] = {
    [EDIFACT_E_MALFORMED] = HUB_MALFORMED,   [EDIFACT_E_UNSUPPORTED] = HUB_UNSUPPORTED,
    [EDIFACT_E_MISSING] = HUB_MISSING,       [EDIFACT_E_INVALID] = HUB_INVALID,
    [EDIFACT_E_INCOMPLETE] = HUB_INCOMPLETE, [EDIFACT_E_CONFLICT] = HUB_CONFLICT,
    [EDIFACT_E_TOO_LARGE] = HUB_TOO_LARGE,
};

static int reject(struct edi *job, enum hub_reject_code code, const struct edifact_where *where,
                  const char *detail, size_t offset, size_t length, struct text key) {
  char *at = hub_alloc(job->sink, EDIFACT_PLACE_SIZE);
  if (at == NULL) return -ENOMEM;
  edifact_place(job->reader, where, at);
  struct hub_rejection rejection = {.size = sizeof(rejection),
                                    .code = code,
                                    .at = at,
                                    .detail = detail,
                                    .key = key.length != 0 ? key.data : NULL,
                                    .key_length = key.length,
                                    .bytes = job->payload->data + offset,
                                    .length = length};
  return hub_reject(job->sink, &rejection);
}

static int reject_interchange(struct edi *job) {
  const struct edifact *e = job->reader;
  return reject(job, reject_codes[e->problem.kind], &e->problem.where, e->problem.detail, e->start,
                e->end - e->start, TEXT_NONE);
}

/* What stands behind the last interchange that is looked at. */
static int reject_rest(struct edi *job) {
  struct edifact_where where = {.offset = job->reader->end};
  job->reader->message.number = 0;
  return reject(job, HUB_TOO_LARGE, &where, "more than 10,000 interchanges in one request", where.offset,
                job->reader->length - where.offset, TEXT_NONE);
}

/* D, and a release from 95B on: two digits of the year and a letter. */
static bool is_known_version(const struct text *type) {
  struct text release = type[2];
  if (!text_is(type[1], "D") || release.length != 3) return false;
  const char *p = release.data;
  if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9' || p[2] < 'A' || p[2] > 'C') return false;
  if (p[0] == '9') return p[1] > '5' || (p[1] == '5' && p[2] != 'A');
  return p[0] <= '4';
}

static void begin(struct edi *job, struct taking *taking) {
  const struct text *type = job->reader->message.type;
  *taking = (struct taking){.kind = NULL};
  for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
    if (text_is(type[0], kinds[i].type)) taking->kind = &kinds[i];
  if (taking->kind == NULL) edi_refuse(job, &edi_unnamed, 2, 1);
  else if (!is_known_version(type)) edi_refuse(job, &edi_version, 2, 3);
  else if (taking->kind->cargo != 0) edi_cargo_begin(job, &taking->cargo, taking->kind->cargo);
  else edi_customs_begin(job, &taking->customs, taking->kind->customs);
}

static void take(struct edi *job, struct taking *taking) {
  if (taking->kind->cargo != 0) edi_cargo_take(job, &taking->cargo);
  else edi_customs_take(job, &taking->customs);
}

/* The number of the document. */
static struct text number_of(const struct taking *taking) {
  if (taking->cargo.report != NULL) return text_of(taking->cargo.report->document_number);
  if (taking->customs.declaration == NULL) return TEXT_NONE;
  const Ioc__Bordergate__V1__CustomsDeclaration *d = taking->customs.declaration;
  return text_of(*d->response_reference != 0 ? d->response_reference : d->declaration_number);
}

/* SENDER/CUSCAR/number: each sender counts for itself, and so does each kind of message. */
static struct text key_of(struct edi *job, const struct taking *taking) {
  struct text number = number_of(taking);
  struct text sender = text_of(taking->cargo.report != NULL ? taking->cargo.report->sender_id
                                                            : taking->customs.declaration->sender_id);
  size_t length = sender.length + 8 + number.length;
  char *key = edi_alloc(job, length);
  if (key == NULL) return TEXT_NONE;
  if (sender.length != 0) memcpy(key, sender.data, sender.length);
  key[sender.length] = '/';
  memcpy(key + sender.length + 1, taking->kind->type, 6);
  key[sender.length + 7] = '/';
  if (number.length != 0) memcpy(key + sender.length + 8, number.data, number.length);
  return (struct text){key, length};
}

static int emit(struct edi *job, const struct taking *taking) {
  const struct edifact_message *message = &job->reader->message;
  bool cargo = taking->cargo.report != NULL;
  struct edifact_where where = {.offset = message->offset};
  struct text key = key_of(job, taking);
  char *at = edi_alloc(job, EDIFACT_PLACE_SIZE);
  if (at == NULL) return -ENOMEM;
  edifact_place(job->reader, &where, at);
  struct hub_meta meta = {
      .size = sizeof(meta),
      .key = key.data,
      .key_length = key.length,
      .occurred_us = timestamp_us(cargo ? taking->cargo.report->as_of : taking->customs.declaration->as_of),
      .at = at,
      .bytes = job->payload->data + message->offset,
      .length = message->length};
  return hub_emit(job->sink, &meta, cargo ? &taking->cargo.report->base : &taking->customs.declaration->base);
}

/* The message's last segment was read: one record. */
static int finish(struct edi *job, struct taking *taking) {
  const struct edifact_message *message = &job->reader->message;
  const struct edifact_problem *problem = &message->problem;
  if (job->result == 0 && problem->kind == 0) {
    if (taking->kind->cargo != 0) edi_cargo_end(job, &taking->cargo);
    else edi_customs_end(job, &taking->customs);
    if (!taking->cargo.has_document && !taking->customs.has_document) edi_refuse(job, &edi_no_document, 0, 0);
  }
  if (job->result < 0) return job->result;
  struct text number = number_of(taking);
  if (problem->kind != 0)
    return reject(job, reject_codes[problem->kind], &problem->where, problem->detail, message->offset,
                  message->length, number);
  if (job->result != 0)
    return reject(job, job->reason->code, &job->where, job->reason->detail, message->offset, message->length,
                  number);
  return emit(job, taking);
}

static int take_message(struct edi *job) {
  struct taking taking;
  job->result = 0;
  job->parts = 0;
  begin(job, &taking);
  while (edifact_next(job->reader) == EDIFACT_SEGMENT)
    if (job->result == 0) take(job, &taking);
  return finish(job, &taking);
}

static int take_interchange(struct edi *job) {
  for (;;) {
    switch (edifact_next(job->reader)) {
      case EDIFACT_END: return 0;
      case EDIFACT_MESSAGE: {
        int r = take_message(job);
        if (r < 0) return r;
        hub_release(job->sink);
        break;
      }
      default: break;
    }
  }
}

int edifact_translate(const struct border_gate *gate, const struct hub_payload *payload,
                      struct hub_sink *sink) {
  struct edifact reader;
  struct edi job = {.gate = gate,
                    .payload = payload,
                    .sink = sink,
                    .allocator = {hub_alloc_for_format, sink},
                    .reader = &reader};
  edifact_init(&reader, payload->data, payload->length);
  bool file = border_gate_is_file(payload);
  int r = file ? sink->ops->independent(sink) : 0;
  for (bool more = true; r == 0 && more; more = reader.end < reader.length) {
    if (!file && reader.number == EDI_INTERCHANGES_MAX) return reject_rest(&job);
    r = edifact_open(&reader) == 0 ? take_interchange(&job) : reject_interchange(&job);
  }
  return r;
}
