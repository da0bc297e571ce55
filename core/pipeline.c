/*
 * The way of a payload. Read this file first:
 *
 *   pipeline_take()   a source hands a payload over; it waits here while the publisher is full
 *   flight_start()    its identity is digested; small ones are translated here, large ones on a thread
 *   translated()      records are judged (intake_judge.c) and delivered (intake_deliver.c)
 *   item_close()      a record's fate is known on all its topics: its id becomes known, or is taken back
 *   flight_close()    every record's fate is known: the answer
 *
 * Invariant: a positive answer is made only from fates that the brokers or the disk reported. When the time for the
 * answer is over, what librdkafka does not hold is withdrawn and the sender is told to try again; what it does hold
 * stays here until its report comes, so that the sender's retry meets its own id under way.
 */
#include "core/pipeline.h"

#include <event2/event.h>
#include <stdio.h>

#include "core/clock.h"
#include "core/intake.h"
#include "core/log.h"

enum { SWEEP_MS = 250, RETRY_AFTER_S = 5 };

struct pipeline {
  struct pipeline_options options;
  struct pipeline_source *sources;
  struct flight *first, *last;       /* under way, in order of arrival */
  struct flight *queue, *queue_last; /* wait for room */
  struct dead_letter_counts *attempts;
  struct event *sweep;
  size_t in_flight;
  bool draining_queue;
  void (*room)(void *context);
  void *room_context;
};

static const struct metric_family
    received_family = {"iochub_received_payloads_total", "Payloads that a source brought, whole and proven.",
                       METRIC_COUNTER, {"source"}},
    published_family = {"iochub_published_messages_total", "Messages acknowledged by the brokers, once per topic.",
                        METRIC_COUNTER, {"source"}},
    repeated_family = {"iochub_repeated_records_total", "Records that were known already and not published again.",
                       METRIC_COUNTER, {"source"}},
    dead_letter_family = {"iochub_dead_lettered_records_total", "Records kept as dead letters, once per topic.",
                          METRIC_COUNTER, {"source"}},
    rejected_family = {"iochub_rejected_records_total", "Records that the connector or a route rejected.",
                       METRIC_COUNTER, {"source"}},
    refused_family = {"iochub_refused_requests_total", "Requests that were refused and not kept, by reason.",
                      METRIC_COUNTER, {"source", "code"}},
    latency_family = {"iochub_answer_seconds", "Time from the whole payload to its answer.", METRIC_HISTOGRAM,
                      {"source"}};

struct pipeline_options *pipeline_options(struct pipeline *pipeline) { return &pipeline->options; }

uint32_t pipeline_attempt(struct pipeline *pipeline, const char *dead_letter_id) {
  return dead_letter_attempt(pipeline->attempts, dead_letter_id);
}

/* ---- Sources --------------------------------------------------------------------------------------------------- */

static int source_add(struct pipeline *pipeline, const struct setup_source *setup) {
  struct metrics *metrics = pipeline->options.metrics;
  struct pipeline_source *source = calloc(1, sizeof *source);
  char *urn = NULL;
  if (source == NULL) return -ENOMEM;
  if (asprintf(&urn, "urn:iochub:%s:%s", pipeline->options.setup->config->hub, setup->config->name) < 0) {
    free(source);
    return -ENOMEM;
  }
  const char *const *label = &setup->config->name;
  *source = (struct pipeline_source){
      .next = pipeline->sources,
      .setup = setup,
      .urn = urn,
      .received = metrics_series(metrics, &received_family, label),
      .published = metrics_series(metrics, &published_family, label),
      .repeated = metrics_series(metrics, &repeated_family, label),
      .dead_lettered = metrics_series(metrics, &dead_letter_family, label),
      .rejected = metrics_series(metrics, &rejected_family, label),
      .latency = metrics_series(metrics, &latency_family, label),
      .metrics = metrics,
  };
  pipeline->sources = source;
  return 0;
}

struct pipeline_source *pipeline_source(struct pipeline *pipeline, const char *name) {
  struct pipeline_source *source = pipeline->sources;
  while (source != NULL && strcmp(source->setup->config->name, name) != 0) source = source->next;
  return source;
}

const struct setup_source *pipeline_source_setup(const struct pipeline_source *source) { return source->setup; }

void pipeline_count_refused(struct pipeline_source *source, const char *code) {
  const char *labels[] = {source->setup->config->name, code};
  metric_add(metrics_series(source->metrics, &refused_family, labels), 1);
}

/* ---- The list of what is under way ----------------------------------------------------------------------------- */

int intake_new(struct pipeline_source *source, struct intake **ret_intake) {
  cleanup(arena_freep) struct arena *arena = NULL;
  int r = arena_new(&arena);
  if (r < 0) return r;
  struct flight *flight = arena_alloc(arena, sizeof *flight);
  if (flight == NULL) return -ENOMEM;
  flight->intake = (struct intake){.arena = TAKE(arena), .source = source};
  flight->intake.payload.size = sizeof flight->intake.payload;
  *ret_intake = &flight->intake;
  return 0;
}

void intake_free(struct intake *intake) {
  if (intake != NULL) arena_free(intake->arena); /* the intake stands in its own arena */
}

static void list_add(struct pipeline *pipeline, struct flight *flight) {
  flight->before = pipeline->last;
  if (pipeline->last != NULL) pipeline->last->next = flight;
  else pipeline->first = flight;
  pipeline->last = flight;
}

static void list_remove(struct pipeline *pipeline, struct flight *flight) {
  if (flight->before != NULL) flight->before->next = flight->next;
  else pipeline->first = flight->next;
  if (flight->next != NULL) flight->next->before = flight->before;
  else pipeline->last = flight->before;
}

/* ---- The answer ------------------------------------------------------------------------------------------------- */

static const struct hub_refusal try_again = {
    .size = sizeof(struct hub_refusal),
    .http_status = 503,
    .code = "busy",
    .detail = "not everything of this payload could be made safe in time; send the same bytes again",
    .retry_after_s = RETRY_AFTER_S,
};

static const struct hub_refusal host_trouble = {
    .size = sizeof(struct hub_refusal),
    .http_status = 503,
    .code = "trouble",
    .detail = "the hub is in trouble and did not look at this payload; send the same bytes again",
    .retry_after_s = RETRY_AFTER_S,
};

static const struct hub_outcome *outcome_of(struct item *item) {
  struct arena *arena = item->flight->intake.arena;
  struct hub_outcome *outcome = arena_alloc(arena, sizeof *outcome);
  if (outcome == NULL) return NULL;
  const struct record *record = item->record;
  bool rejected = item->result == ITEM_REJECTED;
  *outcome = (struct hub_outcome){
      .size = sizeof *outcome,
      .result = rejected ? HUB_REJECTED : item->result == ITEM_REPEATED ? HUB_REPEATED : HUB_ACCEPTED,
      .type = rejected || record->type == NULL ? NULL : record->type->full_name,
      .key = record->key.length == 0 ? NULL : record->key.data,
      .key_length = record->key.length,
  };
  if (rejected) {
    outcome->code = item->code;
    outcome->code_name = reject_code_name(item->code);
    outcome->at = record->at;
    outcome->detail = item->detail != NULL ? item->detail : reject_code_sentence(item->code);
    outcome->value = record->reject_value.length == 0 ? NULL : record->reject_value.data;
    outcome->value_length = record->reject_value.length;
  } else if (record->code == 0) {
    char id[EVENT_ID_TEXT];
    outcome->event_id = arena_text(arena, text_of(event_id_text(item->claim.id, id)));
    if (outcome->event_id == NULL) return NULL;
  }
  return outcome;
}

static int make_outcomes(struct flight *flight, const struct hub_outcome *const **ret_outcomes) {
  const struct hub_outcome **outcomes =
      arena_alloc(flight->intake.arena, (flight->items_count + 1) * sizeof(struct hub_outcome *));
  if (outcomes == NULL) return -ENOMEM;
  for (size_t i = 0; i < flight->items_count; i++) {
    outcomes[i] = outcome_of(&flight->items[i]);
    if (outcomes[i] == NULL) return -ENOMEM;
  }
  *ret_outcomes = outcomes;
  return 0;
}

static int make_answer(struct flight *flight, const struct hub_refusal *refusal, struct answer *ret_answer) {
  struct hub_exchange exchange = {
      .size = sizeof exchange,
      .stage = refusal != NULL ? HUB_REFUSED : HUB_DONE,
      .payload = &flight->intake.payload,
      .answered_us = clock_now_us(),
      .refusal = refusal,
      .remembered = flight->job.translation.remembered.data,
      .remembered_length = flight->job.translation.remembered.length,
  };
  if (refusal == NULL) {
    int r = make_outcomes(flight, &exchange.outcomes);
    if (r < 0) return r;
    exchange.outcomes_count = flight->items_count;
    char *receipt = arena_alloc(flight->intake.arena, 33);
    if (receipt == NULL) return -ENOMEM;
    for (size_t i = 0; i < 16; i++) snprintf(receipt + i * 2, 3, "%02x", flight->identity.digest[i]);
    exchange.receipt = receipt;
  }
  return answer_make(flight->intake.source->setup->instance, &exchange, flight->intake.arena, ret_answer);
}

static void count_outcomes(struct flight *flight) {
  struct pipeline_source *source = flight->intake.source;
  for (size_t i = 0; i < flight->items_count; i++) {
    if (flight->items[i].result == ITEM_REPEATED) metric_add(source->repeated, 1);
    if (flight->items[i].result == ITEM_REJECTED) metric_add(source->rejected, 1);
  }
}

static void answer(struct flight *flight, const struct hub_refusal *refusal) {
  cleanup(answer_deinit) struct answer made = {0};
  if (refusal != NULL) pipeline_count_refused(flight->intake.source, refusal->code);
  else count_outcomes(flight);
  if (make_answer(flight, refusal, &made) < 0) {
    answer_deinit(&made);
    made = (struct answer){.status = 503}; /* no memory for more words */
    refusal = &host_trouble;
  }
  flight->answered = true;
  flight->pipeline->in_flight--;
  metric_observe_us(flight->intake.source->latency, clock_now_us() - flight->intake.received_us);
  flight->intake.answered(&flight->intake, &made, refusal == NULL ? 0 : refusal->retry_after_s);
}

/* ---- Fates ------------------------------------------------------------------------------------------------------ */

/* The record's fate: its id is known from now on, or taken back. A rejected record is judged anew when it comes again. */
static void item_settle(struct item *item) {
  if (!item->claimed) return;
  item->claimed = false;
  bool durable = !item->busy && item->result != ITEM_REJECTED;
  dedupe_settle(item->flight->pipeline->options.dedupe, &item->claim, durable, item->done_topics);
}

void item_close(struct item *item) {
  if (--item->open != 0) return;
  struct flight *flight = item->flight;
  item_settle(item);
  flight_close(flight);
}

static bool all_safe(const struct flight *flight) {
  for (size_t i = 0; i < flight->items_count; i++) {
    if (flight->items[i].busy) return false;
  }
  return true;
}

static void remember_payload(struct flight *flight) {
  if (flight->repeated || !flight->intake.source->setup->config->repeats) return;
  struct event_id *ids = arena_alloc(flight->intake.arena, flight->messages_count * sizeof *ids);
  if (ids == NULL) return;
  for (size_t i = 0; i < flight->messages_count; i++) ids[i] = flight->messages[i]->claim.id;
  dedupe_payload_remember(flight->pipeline->options.dedupe, &flight->identity, flight->payload_number, ids,
                          flight->messages_count, flight->keys_differ);
}

void flight_close(struct flight *flight) {
  if (--flight->open != 0) return;
  if (!flight->answered) {
    bool safe = flight->refusal == NULL && all_safe(flight);
    if (safe) remember_payload(flight);
    answer(flight, flight->refusal != NULL ? flight->refusal : safe ? NULL : &try_again);
  }
  list_remove(flight->pipeline, flight);
  arena_free(flight->intake.arena);
}

/* ---- From the source to the publisher ------------------------------------------------------------------------- */

static void deliver_all(struct flight *flight) {
  for (size_t i = 0; i < flight->items_count && !flight->repeated; i++) {
    struct item *item = &flight->items[i];
    if (item_deliver(item) < 0) item->busy = true;
    if (item->open == 0) item_settle(item);
  }
  for (size_t i = 0; i < flight->items_count && flight->repeated; i++) { /* the same bad records once more */
    if (flight->items[i].result != ITEM_REPEATED && item_deliver(&flight->items[i]) < 0) flight->items[i].busy = true;
  }
  if (flight_keep_original(flight) < 0) flight->refusal = &host_trouble;
}

static void translated(struct translation_job *job) {
  struct flight *flight = CONTAINER_OF(job, struct flight, job);
  flight->translating = false;
  if (job->error < 0) {
    log_event(LOG_ERROR, "pipeline", "a payload could not be translated",
              log_text("source", flight->intake.source->setup->config->name), log_errno(job->error));
    flight->refusal = &host_trouble;
  } else if (flight_judge(flight) < 0) {
    flight->refusal = &host_trouble;
  }
  if (flight->refusal == NULL) {
    deliver_all(flight);
  } else {
    for (size_t i = 0; i < flight->items_count; i++) { /* ids that were taken before the trouble */
      flight->items[i].busy = true;
      if (flight->items[i].open == 0) item_settle(&flight->items[i]);
    }
    flight->open++;
    flight_withdraw(flight);
    flight->open--;
  }
  flight_close(flight);
}

/* A payload that once made the process abort is not shown to its connector again. */
static void refuse_poisoned(struct flight *flight) {
  static const char detail[] = "this payload made its connector hang before; it is kept untranslated";
  struct record *record = arena_alloc(flight->intake.arena, sizeof *record);
  if (record == NULL) {
    flight->job.error = -ENOMEM;
  } else {
    *record = (struct record){.occurred_us = HUB_NONE, .code = HUB_POISON, .detail = detail};
    record->slice = (struct text){flight->intake.payload.data, flight->intake.payload.length};
    flight->job.translation = (struct translation){.count = 1, .rejected = 1, .records = record};
  }
  translated(&flight->job);
}

static void flight_start(struct flight *flight) {
  struct pipeline *pipeline = flight->pipeline;
  const struct setup_source *setup = flight->intake.source->setup;
  flight->open = 1;
  flight->job = (struct translation_job){
      .instance = setup->instance,
      .personal = &setup->personal,
      .tables = pipeline->options.setup->config->tables,
      .payload = &flight->intake.payload,
      .arena = flight->intake.arena,
      .source = setup->config->name,
      .digest = flight->identity.digest,
      .done = translated,
  };
  if (flight_digest_payload(flight) < 0) {
    flight->refusal = &host_trouble;
    flight_close(flight);
  } else if (translators_poisoned(pipeline->options.translators, flight->identity.digest)) {
    refuse_poisoned(flight);
  } else if (flight->intake.payload.length <= TRANSLATE_ON_LOOP_MAX) {
    translators_run(pipeline->options.translators, &flight->job);
    translated(&flight->job);
  } else {
    flight->translating = true;
    translators_submit(pipeline->options.translators, &flight->job);
  }
}

/* Starts what waited for room, oldest first; the first of them always when nothing else is under way, so that one
 * payload larger than the bounds passes alone. */
static void start_waiting(void *context) {
  struct pipeline *pipeline = context;
  if (pipeline->draining_queue) return;
  pipeline->draining_queue = true;
  while (pipeline->queue != NULL && (publisher_has_room(pipeline->options.publisher) || pipeline->first == NULL)) {
    struct flight *flight = pipeline->queue;
    pipeline->queue = flight->next;
    if (pipeline->queue == NULL) pipeline->queue_last = NULL;
    flight->next = NULL;
    list_add(pipeline, flight);
    flight_start(flight);
  }
  pipeline->draining_queue = false;
  if (pipeline->queue == NULL && pipeline->room != NULL) pipeline->room(pipeline->room_context);
}

void pipeline_take(struct pipeline *pipeline, struct intake *intake) {
  struct flight *flight = CONTAINER_OF(intake, struct flight, intake);
  flight->pipeline = pipeline;
  pipeline->in_flight++;
  metric_add(intake->source->received, 1);
  if (pipeline->queue_last != NULL) pipeline->queue_last->next = flight;
  else pipeline->queue = flight;
  pipeline->queue_last = flight;
  if (pipeline_has_room(pipeline) || pipeline->queue == flight) start_waiting(pipeline);
}

bool pipeline_has_room(const struct pipeline *pipeline) { return publisher_has_room(pipeline->options.publisher); }

void pipeline_on_room(struct pipeline *pipeline, void (*room)(void *context), void *context) {
  pipeline->room = room;
  pipeline->room_context = context;
}

size_t pipeline_in_flight(const struct pipeline *pipeline) { return pipeline->in_flight; }

/* ---- The time for an answer ------------------------------------------------------------------------------------- */

static bool too_old(const struct flight *flight, int64_t now_us) {
  int64_t timeout_ms = flight->intake.source->setup->config->limits.answer_timeout_ms;
  return now_us - flight->intake.received_us > timeout_ms * 1000;
}

/* The sender has waited long enough. */
static void give_up(struct flight *flight) {
  flight->open++;
  flight_withdraw(flight);
  if (flight->open > 1 && !flight->answered) answer(flight, &try_again);
  flight_close(flight);
}

/* The oldest that still wants an answer and whose time is over. Originals being written are always waited for: the
 * writer borrows the body. */
static struct flight *oldest_late(struct pipeline *pipeline) {
  int64_t now = clock_now_us();
  for (struct flight *flight = pipeline->first; flight != NULL; flight = flight->next) {
    bool can_leave = !flight->answered && !flight->translating && flight->original_state != ORIGINAL_WRITING;
    if (can_leave && too_old(flight, now)) return flight;
  }
  return NULL;
}

static void refuse_late_queue(struct pipeline *pipeline) {
  int64_t now = clock_now_us();
  while (pipeline->queue != NULL && too_old(pipeline->queue, now)) {
    struct flight *flight = pipeline->queue;
    pipeline->queue = flight->next;
    if (pipeline->queue == NULL) pipeline->queue_last = NULL;
    answer(flight, &try_again);
    arena_free(flight->intake.arena);
  }
}

static void sweep(evutil_socket_t fd, short what, void *context) {
  struct pipeline *pipeline = context;
  struct flight *late;
  while ((late = oldest_late(pipeline)) != NULL) give_up(late);
  refuse_late_queue(pipeline);
  start_waiting(pipeline);
}

/* ---- Life ------------------------------------------------------------------------------------------------------- */

int pipeline_new(const struct pipeline_options *options, struct pipeline **ret_pipeline) {
  struct pipeline *pipeline = calloc(1, sizeof *pipeline);
  if (pipeline == NULL) return -ENOMEM;
  pipeline->options = *options;
  int r = dead_letter_counts_new(&pipeline->attempts);
  for (size_t i = 0; i < options->setup->sources_count && r == 0; i++) {
    r = source_add(pipeline, &options->setup->sources[i]);
  }
  struct timeval period = {.tv_usec = SWEEP_MS * 1000};
  if (r == 0) pipeline->sweep = event_new(options->base, -1, EV_PERSIST, sweep, pipeline);
  if (r == 0 && (pipeline->sweep == NULL || event_add(pipeline->sweep, &period) < 0)) r = -ENOMEM;
  if (r < 0) {
    pipeline_free(pipeline);
    return r;
  }
  publisher_on_room(options->publisher, start_waiting, pipeline);
  *ret_pipeline = pipeline;
  return 0;
}

static void flights_free(struct flight *flight) {
  while (flight != NULL) {
    struct flight *next = flight->next;
    arena_free(flight->intake.arena);
    flight = next;
  }
}

void pipeline_free(struct pipeline *pipeline) {
  if (pipeline == NULL) return;
  if (pipeline->sweep != NULL) event_free(pipeline->sweep);
  flights_free(pipeline->first);
  flights_free(pipeline->queue);
  while (pipeline->sources != NULL) {
    struct pipeline_source *next = pipeline->sources->next;
    free((char *)pipeline->sources->urn);
    free(pipeline->sources);
    pipeline->sources = next;
  }
  dead_letter_counts_free(pipeline->attempts);
  free(pipeline);
}
