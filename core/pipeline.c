/*
 * The way of a payload. Read this file first:
 *
 *   pipeline_take()   a source hands a payload over; it waits here while the publisher is full
 *   passage_start()    its identity is digested; small ones are translated here, large ones on a thread
 *   translated()      records are judged (intake_judge.c) and delivered (intake_deliver.c)
 *   item_close()      a record's fate is known on all its topics: its id becomes known, or is taken back
 *   passage_close()    every record's fate is known: the answer
 *
 * Invariant: a positive answer is made only from fates that the brokers or the disk reported. When the time
 * for the answer is over, what librdkafka does not hold is withdrawn and the sender is told to try again;
 * what it does hold stays here until its report comes, so that the sender's retry meets its own id under way.
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
  struct passage *first, *last;       /* under way, in order of arrival */
  struct passage *queue, *queue_last; /* wait for room */
  struct dead_letter_counts *attempts;
  struct event *sweep;
  struct arena_pool arenas;
  size_t in_flight;
  bool draining_queue, ended, files_stop;
  struct room {
    void (*call)(void *context);
    void *context;
  } rooms[PIPELINE_ROOMS_MAX];
  size_t rooms_count;
};

static const struct metric_family
    received_family = {"iochub_received_payloads_total",
                       "Payloads that a source brought, whole and proven.",
                       METRIC_COUNTER,
                       {"source"}},
    published_family = {"iochub_published_messages_total",
                        "Messages acknowledged by the brokers, once per topic.",
                        METRIC_COUNTER,
                        {"source"}},
    repeated_family = {"iochub_repeated_records_total",
                       "Records that were known already and not published again.",
                       METRIC_COUNTER,
                       {"source"}},
    dead_letter_family = {"iochub_dead_lettered_records_total",
                          "Records kept as dead letters, once per topic.",
                          METRIC_COUNTER,
                          {"source"}},
    rejected_family = {"iochub_rejected_records_total",
                       "Records that the connector or a route rejected.",
                       METRIC_COUNTER,
                       {"source"}},
    refused_family = {"iochub_refused_requests_total",
                      "Requests that were refused and not kept, by reason.",
                      METRIC_COUNTER,
                      {"source", "code"}},
    counts_family = {"iochub_connector_counts_total",
                     "What the connectors themselves counted.",
                     METRIC_COUNTER,
                     {"source", "counter"}},
    latency_family = {
        "iochub_answer_seconds", "Time from the whole payload to its answer.", METRIC_HISTOGRAM, {"source"}};

struct pipeline_options *pipeline_options(struct pipeline *pipeline) {
  return &pipeline->options;
}

void pipeline_end(struct pipeline *pipeline) {
  if (pipeline != NULL) pipeline->ended = true;
}

bool pipeline_has_ended(const struct pipeline *pipeline) { return pipeline->ended; }

bool pipeline_files_stop(const struct pipeline *pipeline) { return pipeline->files_stop; }

uint32_t pipeline_attempt(struct pipeline *pipeline, const char *dead_letter_id) {
  return dead_letter_attempt(pipeline->attempts, dead_letter_id);
}

/* ---- Sources ---- */

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
      .arenas = &pipeline->arenas,
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

const struct setup_source *pipeline_source_setup(const struct pipeline_source *source) {
  return source->setup;
}

void pipeline_count_refused(struct pipeline_source *source, const char *code) {
  const char *labels[] = {source->setup->config->name, code};
  metric_add(metrics_series(source->metrics, &refused_family, labels), 1);
}

/* ---- The list of what is under way ---- */

int intake_new(struct pipeline_source *source, struct intake **ret_intake) {
  struct arena *arena = arena_pool_take(source->arenas);
  struct passage *passage = arena == NULL ? NULL : arena_alloc(arena, sizeof *passage);
  if (passage == NULL) {
    arena_free(arena);
    return -ENOMEM;
  }
  passage->intake = (struct intake){.arena = arena, .source = source};
  passage->intake.payload.size = sizeof passage->intake.payload;
  *ret_intake = &passage->intake;
  return 0;
}

void intake_free(struct intake *intake) {
  /* the intake stands in its own arena */
  if (intake != NULL) arena_pool_give(intake->source->arenas, intake->arena);
}

static void list_add(struct pipeline *pipeline, struct passage *passage) {
  passage->before = pipeline->last;
  if (pipeline->last != NULL) pipeline->last->next = passage;
  else pipeline->first = passage;
  pipeline->last = passage;
}

static void list_remove(struct pipeline *pipeline, struct passage *passage) {
  if (passage->before != NULL) passage->before->next = passage->next;
  else pipeline->first = passage->next;
  if (passage->next != NULL) passage->next->before = passage->before;
  else pipeline->last = passage->before;
}

/* ---- The answer ---- */

static const struct hub_refusal try_again = {
    .size = sizeof(struct hub_refusal),
    .http_status = 503,
    .code = "busy",
    .detail = "not everything of this payload could be made safe in time; send the same bytes again",
    .retry_after_s = RETRY_AFTER_S,
};

const struct hub_refusal passage_host_trouble = {
    .size = sizeof(struct hub_refusal),
    .http_status = 503,
    .code = "trouble",
    .detail = "the hub is in trouble and did not look at this payload; send the same bytes again",
    .retry_after_s = RETRY_AFTER_S,
};

void passage_count(struct passage *passage) {
  struct pipeline_source *source = passage->intake.source;
  for (size_t i = 0; i < passage->items_count; i++) {
    if (passage->items[i].known) continue;
    if (passage->items[i].result == ITEM_REPEATED) metric_add(source->repeated, 1);
    if (passage->items[i].result == ITEM_REJECTED) metric_add(source->rejected, 1);
  }
}

void passage_answer(struct passage *passage, const struct hub_refusal *refusal) {
  cleanup(answer_deinit) struct answer made = {0};
  bool file = passage->intake.cursor != NULL; /* which was counted, and has no answer */
  if (refusal != NULL) pipeline_count_refused(passage->intake.source, refusal->code);
  else if (!file) passage_count(passage);
  if (file) passage->intake.file_result.refusal = refusal == NULL ? NULL : refusal->code;
  int r = refusal == NULL && !file ? passage_answer_stored(passage) : 0;
  if (r == 0 && !file)
    r = passage_make_answer(passage, refusal == NULL ? HUB_DONE : HUB_REFUSED, refusal, &made);
  if (r < 0) {
    answer_deinit(&made);
    made = (struct answer){.status = 503}; /* no memory for more words */
    refusal = &passage_host_trouble;
  }
  passage->answered = true;
  passage->pipeline->in_flight--;
  metric_observe_us(passage->intake.source->latency, clock_monotonic_us() - passage->taken_us);
  passage->intake.answered(&passage->intake, &made, refusal == NULL ? 0 : refusal->retry_after_s);
}

/* ---- Fates ---- */

bool passage_holds(const struct passage *passage) {
  return passage->intake.cursor != NULL && passage->refusal == NULL;
}

/* The record's fate: its id is known from now on, or taken back. A rejected record is judged anew when it
 * comes again. */
void item_settle(struct item *item) {
  if (!item->claimed || (item->busy && passage_holds(item->passage))) return;
  item->claimed = false;
  bool durable = !item->busy && item->result != ITEM_REJECTED;
  dedupe_settle(item->passage->pipeline->options.dedupe, &item->claim, durable, item->done_topics);
}

void item_close(struct item *item) {
  if (--item->open != 0) return;
  struct passage *passage = item->passage;
  item_settle(item);
  passage_close(passage);
}

bool passage_all_safe(const struct passage *passage) {
  for (size_t i = 0; i < passage->items_count; i++) {
    if (passage->items[i].busy) return false;
  }
  return true;
}

static void remember_payload(struct passage *passage) {
  if (passage->repeated || !passage->intake.source->setup->config->repeats) return;
  struct event_id *ids = arena_alloc(passage->intake.arena, passage->messages_count * sizeof *ids);
  if (ids == NULL) return;
  for (size_t i = 0; i < passage->messages_count; i++) ids[i] = passage->messages[i]->claim.id;
  dedupe_payload_remember(passage->pipeline->options.dedupe, &passage->identity, passage->payload_number, ids,
                          passage->messages_count, passage->keys_differ);
}

void passage_end(struct passage *passage) {
  list_remove(passage->pipeline, passage);
  file_free(passage);
  intake_free(&passage->intake);
}

void passage_close(struct passage *passage) {
  if (--passage->open != 0) return;
  if (passage->intake.cursor != NULL) {
    file_close(passage);
    return;
  }
  /* Even if its sender was told to come back: when it does, this payload is known. */
  bool safe = passage->refusal == NULL && passage_all_safe(passage);
  if (safe) remember_payload(passage);
  if (!passage->answered) {
    passage_answer(passage, passage->refusal != NULL ? passage->refusal : safe ? NULL : &try_again);
  }
  passage_end(passage);
}

/* ---- From the source to the publisher ---- */

void passage_deliver(struct passage *passage) {
  for (size_t i = 0; i < passage->items_count && !passage->repeated; i++) {
    struct item *item = &passage->items[i];
    if (item->known) continue;
    if (item_deliver(item) < 0) item->busy = true;
    if (item->open == 0) item_settle(item);
  }
  for (size_t i = 0; i < passage->items_count && passage->repeated;
       i++) { /* the same bad records once more */
    if (passage->items[i].result != ITEM_REPEATED && item_deliver(&passage->items[i]) < 0)
      passage->items[i].busy = true;
  }
  passage_keep_original(passage);
}

static void count_for_connector(const struct pipeline_source *source, const struct translation *translation) {
  for (size_t i = 0; i < TRANSLATION_COUNTERS_MAX && translation->counters[i].name != NULL; i++) {
    const char *labels[] = {source->setup->config->name, translation->counters[i].name};
    metric_add(metrics_series(source->metrics, &counts_family, labels), translation->counters[i].n);
  }
}

/* Gives back the ids that were taken before the trouble. */
void passage_drop(struct passage *passage) {
  for (size_t i = 0; i < passage->items_count; i++) {
    passage->items[i].busy = true;
    if (passage->items[i].open == 0) item_settle(&passage->items[i]);
  }
  passage->open++;
  passage_withdraw(passage);
  passage->open--;
}

void passage_take_records(struct passage *passage, int error) {
  bool file = passage->intake.cursor != NULL;
  if (error < 0 || (file && file_recall(passage) < 0) || passage_judge(passage) < 0) {
    passage->refusal = &passage_host_trouble;
  }
  if (passage->refusal != NULL) passage_drop(passage);
  else if (file) file_deliver(passage);
  else passage_deliver(passage);
  passage_close(passage);
}

static void translated(struct translation_job *job) {
  struct passage *passage = CONTAINER_OF(job, struct passage, job);
  bool stopped = job->error == -ECANCELED && passage->pipeline->files_stop;
  passage->translating = false;
  if (job->error == 0) count_for_connector(passage->intake.source, &job->translation);
  if (job->error < 0 && !stopped) {
    log_event(LOG_ERROR, "pipeline", "a payload could not be translated",
              log_text("source", passage->intake.source->setup->config->name), log_errno(job->error));
  }
  if (passage->intake.cursor != NULL) file_translated(passage, job->error);
  else passage_take_records(passage, job->error);
}

/* A payload that once made the process abort is not shown to its connector again. */
static int make_poisoned(struct translation_job *job) {
  static const char detail[] = "this payload made its connector hang before; it is kept untranslated";
  struct record *record = arena_alloc(job->arena, sizeof *record);
  if (record == NULL) return -ENOMEM;
  *record = (struct record){.occurred_us = HUB_NONE, .code = HUB_POISON, .detail = detail};
  record->slice = (struct text){job->payload->data, job->payload->length};
  job->translation = (struct translation){.count = 1, .rejected = 1, .records = record};
  return TRANSLATION_MADE;
}

static int prepare(struct translation_job *job) {
  struct passage *passage = CONTAINER_OF(job, struct passage, job);
  int r = passage_digest_payload(passage);
  if (r < 0) return r;
  bool poisoned = translators_poisoned(passage->pipeline->options.translators, passage->identity.digest);
  return poisoned ? make_poisoned(job) : 0;
}

static int finish(struct translation_job *job) {
  struct passage *passage = CONTAINER_OF(job, struct passage, job);
  int r = passage_make_items(passage);
  return r < 0 || passage->intake.cursor == NULL ? r : file_finish(passage);
}

static void passage_start(struct passage *passage) {
  struct pipeline *pipeline = passage->pipeline;
  const struct setup_source *setup = passage->intake.source->setup;
  passage->open = 1;
  if (passage->whole != NULL) { /* a batch, translated already */
    passage_take_records(passage, 0);
    return;
  }
  if (passage->intake.cursor != NULL && pipeline->files_stop) {
    file_refuse(passage);
    return;
  }
  passage->job = (struct translation_job){
      .instance = setup->instance,
      .personal = &setup->personal,
      .tables = pipeline->options.setup->config->tables,
      .payload = &passage->intake.payload,
      .arena = passage->intake.arena,
      .source = setup->config->name,
      .digest = passage->identity.digest,
      .prepare = prepare,
      .finish = finish,
      .done = translated,
  };
  if (passage->intake.payload.length <= TRANSLATE_ON_LOOP_MAX) {
    translators_run(pipeline->options.translators, &passage->job);
    translated(&passage->job);
    return;
  }
  passage->translating = true;
  if (passage->intake.cursor == NULL) {
    translators_submit(pipeline->options.translators, &passage->job);
  } else if (file_start(passage) == 0) {
    translators_submit_alone(pipeline->options.translators, &passage->job);
  } else {
    passage->job.error = -ENOMEM;
    translated(&passage->job);
  }
}

/* Starts what waited for room, oldest first; the first of them always when nothing else is under way, so that
 * one payload larger than the bounds passes alone. */
static void start_waiting(void *context) {
  struct pipeline *pipeline = context;
  if (pipeline->draining_queue) return;
  pipeline->draining_queue = true;
  while (pipeline->queue != NULL &&
         (publisher_has_room(pipeline->options.publisher) || pipeline->first == NULL)) {
    struct passage *passage = pipeline->queue;
    pipeline->queue = passage->next;
    if (pipeline->queue == NULL) pipeline->queue_last = NULL;
    passage->next = NULL;
    list_add(pipeline, passage);
    passage_start(passage);
  }
  pipeline->draining_queue = false;
  for (size_t i = 0; i < pipeline->rooms_count && pipeline->queue == NULL && !pipeline->ended; i++)
    pipeline->rooms[i].call(pipeline->rooms[i].context);
}

static void queue_add(struct pipeline *pipeline, struct passage *passage) {
  if (pipeline->queue_last != NULL) pipeline->queue_last->next = passage;
  else pipeline->queue = passage;
  pipeline->queue_last = passage;
}

void pipeline_take(struct pipeline *pipeline, struct intake *intake) {
  struct passage *passage = CONTAINER_OF(intake, struct passage, intake);
  passage->pipeline = pipeline;
  passage->taken_us = clock_monotonic_us();
  passage->late_us = passage->taken_us + intake->source->setup->config->limits.answer_timeout_ms * 1000;
  if (intake->cursor != NULL) passage->late_us = INT64_MAX;
  pipeline->in_flight++;
  metric_add(intake->source->received, 1);
  queue_add(pipeline, passage);
  if (pipeline_has_room(pipeline) || pipeline->queue == passage) start_waiting(pipeline);
}

bool pipeline_has_room(const struct pipeline *pipeline) {
  return publisher_has_room(pipeline->options.publisher);
}

void pipeline_on_room(struct pipeline *pipeline, void (*room)(void *context), void *context) {
  pipeline->rooms[pipeline->rooms_count++] = (struct room){room, context};
}

void passage_begin(struct passage *batch) {
  queue_add(batch->pipeline, batch);
  if (pipeline_has_room(batch->pipeline) || batch->pipeline->queue == batch) start_waiting(batch->pipeline);
}

size_t pipeline_in_flight(const struct pipeline *pipeline) { return pipeline->in_flight; }

/* ---- The time for an answer ---- */

/* The sender has waited long enough. */
static void give_up(struct passage *passage) {
  passage->open++;
  passage_withdraw(passage);
  if (passage->open > 1 && !passage->answered) passage_answer(passage, &try_again);
  passage_close(passage);
}

/* The oldest that still wants an answer and whose time is over. Originals being written are always waited
 * for: the writer borrows the body. */
static struct passage *oldest_late(struct pipeline *pipeline) {
  int64_t now_us = clock_monotonic_us();
  for (struct passage *passage = pipeline->first; passage != NULL; passage = passage->next) {
    bool can_leave =
        !passage->answered && !passage->translating && passage->original_state != ORIGINAL_WRITING;
    if (can_leave && now_us > passage->late_us) return passage;
  }
  return NULL;
}

static void refuse_late_queue(struct pipeline *pipeline) {
  int64_t now_us = clock_monotonic_us();
  struct passage *queue = TAKE(pipeline->queue);
  pipeline->queue_last = NULL;
  while (queue != NULL) {
    struct passage *passage = queue;
    queue = passage->next;
    passage->next = NULL;
    if (now_us <= passage->late_us) {
      queue_add(pipeline, passage);
    } else {
      passage_answer(passage, &try_again);
      intake_free(&passage->intake);
    }
  }
}

/* A file's passage whose time has come to send again, or whose file stops. */
static struct passage *next_retry(struct pipeline *pipeline) {
  int64_t now_us = clock_monotonic_us();
  for (struct passage *passage = pipeline->first; passage != NULL; passage = passage->next) {
    bool due = passage->retry_at_us != 0 && (now_us >= passage->retry_at_us || pipeline->files_stop);
    if (due) return passage;
  }
  return NULL;
}

static void send_again(struct pipeline *pipeline) {
  struct passage *passage;
  while ((passage = next_retry(pipeline)) != NULL) {
    passage->retry_at_us = 0;
    passage->open++;
    if (!pipeline->files_stop) passage_deliver_again(passage);
    passage_close(passage);
  }
}

void pipeline_stop_files(struct pipeline *pipeline) {
  pipeline->files_stop = true;
  for (struct passage *passage = pipeline->first; passage != NULL; passage = passage->next) {
    if (passage->whole == NULL) file_stop(passage);
  }
}

static void sweep(evutil_socket_t fd, short what, void *context) {
  struct pipeline *pipeline = context;
  struct passage *late;
  while ((late = oldest_late(pipeline)) != NULL) give_up(late);
  send_again(pipeline);
  refuse_late_queue(pipeline);
  start_waiting(pipeline);
}

/* ---- Life ---- */

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

static void passages_free(struct passage *passage) {
  while (passage != NULL) {
    struct passage *next = passage->next;
    file_free(passage);
    intake_free(&passage->intake);
    passage = next;
  }
}

void pipeline_free(struct pipeline *pipeline) {
  if (pipeline == NULL) return;
  if (pipeline->sweep != NULL) event_free(pipeline->sweep);
  passages_free(pipeline->first);
  passages_free(pipeline->queue);
  while (pipeline->sources != NULL) {
    struct pipeline_source *next = pipeline->sources->next;
    free((char *)pipeline->sources->urn);
    free(pipeline->sources);
    pipeline->sources = next;
  }
  arena_pool_deinit(&pipeline->arenas);
  dead_letter_counts_free(pipeline->attempts);
  free(pipeline);
}
