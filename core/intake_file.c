/*
 * Files: payloads whose records are committed through a cursor, so that a crash in the middle neither loses a
 * record nor sends one twice.
 *
 * Records go the way of every payload, with three differences. Before anything is sent, the ids of its
 * records are on disk (file_deliver). What could not be sent is sent again, with the same ids, until it is
 * safe; nobody waits for an answer. And a file that calls independent() passes in batches: the translating
 * thread fills one, and waits while BATCHES_MAX are under way; they are committed in the order of the file.
 *
 * After a crash the file is translated from its start. Records before the cursor are only made known again
 * (file_recall), so that ids that cover the id before them come out alike. Those that had ids get the same
 * ones and are looked for in their partitions before they are sent. Surprising: a trace over all records is
 * compared where the cursor stands; when it differs (another connector, other options) the numbers of the
 * cursor mean nothing, and the file begins anew.
 */
#include <event2/event.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>

#include "core/clock.h"
#include "core/intake.h"
#include "core/log.h"
#include "core/nth.h"

enum { BATCHES_MAX = 2, BATCH_RECORDS = 1000, RETRY_FIRST_MS = 500, RETRY_MAX_MS = 30000 };
#define BATCH_BYTES MIB

struct stream { /* of a file on a thread of its own; in its arena */
  struct translation_taker taker;
  struct passage *whole;
  struct nth *nth;             /* the translating thread's, as the next three */
  uint64_t records, trace;     /* handed over so far */
  uint64_t known, known_trace; /* where the cursor stands */
  struct event *event;         /* batches are ready */
  int wake_fd;
  uint32_t payload_number;           /* under which known records are claimed */
  struct passage *oldest, *youngest; /* batches under way */
  bool failed;
  atomic_bool stopped;
  pthread_mutex_t lock; /* over the rest */
  pthread_cond_t room;
  struct passage *ready, **ready_end;
  size_t under_way; /* handed over, not committed */
};

static bool in_batches(const struct passage *passage) {
  return passage->stream != NULL && passage->job.translation.independent;
}

/* ---- The trace ---- */

static uint64_t mix(uint64_t trace, uint64_t value) {
  unsigned __int128 product =
      (unsigned __int128)(trace ^ UINT64_C(0xa0761d6478bd642f)) * (value ^ UINT64_C(0xe7037ed1a0b428db));
  return (uint64_t)product ^ (uint64_t)(product >> 64) ^ value;
}

static uint64_t first_word(const uint8_t *digest) {
  uint64_t word;
  memcpy(&word, digest, sizeof word);
  return word;
}

/* Adds the passage's records. -ESTALE: where the cursor stands the trace is another one. */
static int trace_records(struct passage *passage, uint64_t known, uint64_t known_trace) {
  size_t message = 0;
  for (size_t i = 0; i < passage->items_count; i++) {
    const struct record *record = passage->items[i].record;
    if (passage->first + i == known && known != 0 && passage->trace != known_trace) return -ESTALE;
    uint64_t what = (uint64_t)(uintptr_t)(record->slice.data - passage->intake.payload.data);
    if (record->code == 0) what = first_word(passage->claims[message++].slice_digest);
    passage->trace = mix(passage->trace, what ^ (uint64_t)record->code << 32 ^ record->slice.length);
  }
  return 0;
}

/* ---- Batches, on the translating thread ---- */

int stream_number(struct passage *whole, struct claim_record *claim) {
  if (claim->native_key.length != 0) return 0;
  return nth_next(whole->stream->nth, mix(first_word(claim->slice_digest), claim->type.length), &claim->nth);
}

static int batch_new(struct stream *stream, struct arena **arena, const struct translation *translation,
                     struct passage **ret_batch) {
  const struct passage *whole = stream->whole;
  struct passage *batch = arena_alloc(*arena, sizeof *batch);
  if (batch == NULL) {
    arena_free(TAKE(*arena));
    return -ENOMEM;
  }
  batch->intake = (struct intake){
      .arena = TAKE(*arena),
      .source = whole->intake.source,
      .payload = whole->intake.payload,
      .body = whole->intake.body,
      .cursor = whole->intake.cursor,
      .received_us = clock_now_us(),
  };
  batch->pipeline = whole->pipeline;
  batch->taken_us = clock_monotonic_us();
  batch->late_us = INT64_MAX;
  batch->stream = stream;
  batch->whole = stream->whole;
  batch->first = stream->records;
  batch->trace = stream->trace;
  batch->job.translation = *translation;
  int r = passage_digest_piece(batch, whole);
  if (r == 0) r = passage_make_items(batch);
  if (r == 0) r = trace_records(batch, stream->known, stream->known_trace);
  if (r < 0) {
    arena_free(batch->intake.arena);
    return r;
  }
  stream->records += batch->items_count;
  stream->trace = batch->trace;
  *ret_batch = batch;
  return 0;
}

static void batch_give(struct stream *stream, struct passage *batch) {
  struct translators *translators = pipeline_options(batch->pipeline)->translators;
  pthread_mutex_lock(&stream->lock);
  if (stream->under_way >= BATCHES_MAX) translators_waits(translators, &stream->whole->job);
  while (stream->under_way >= BATCHES_MAX && !stream->stopped) {
    pthread_cond_wait(&stream->room, &stream->lock);
  }
  translators_goes_on(translators, &stream->whole->job); /* a batch is progress */
  stream->under_way++;
  *stream->ready_end = batch;
  stream->ready_end = &batch->next;
  pthread_mutex_unlock(&stream->lock);
  eventfd_write(stream->wake_fd, 1);
}

static int take(struct translation_taker *taker, struct arena **arena,
                const struct translation *translation) {
  struct stream *stream = CONTAINER_OF(taker, struct stream, taker);
  struct passage *batch = NULL;
  int r = batch_new(stream, arena, translation, &batch);
  if (r < 0) return r;
  batch_give(stream, batch);
  return stream->stopped ? -ECANCELED : 0;
}

static bool is_stopped(const struct translation_taker *taker) {
  return CONTAINER_OF(taker, struct stream, taker)->stopped;
}

/* The file ends where its cursor stands, or behind it. */
static int check_end(uint64_t records, uint64_t trace, uint64_t known, uint64_t known_trace) {
  return records < known || (records == known && trace != known_trace) ? -ESTALE : 0;
}

int file_finish(struct passage *passage) {
  const struct cursor_file *cursor = passage->intake.cursor;
  struct stream *stream = passage->stream;
  if (in_batches(passage)) {
    return check_end(stream->records, stream->trace, stream->known, stream->known_trace);
  }
  /* No batch of this file is under way, so that the cursor stands still. */
  int r = trace_records(passage, cursor->durable, cursor->trace);
  if (r < 0) return r;
  return check_end(passage->items_count, passage->trace, cursor->durable, cursor->trace);
}

/* ---- Batches, on the loop ---- */

static void collect(struct stream *stream) {
  pthread_mutex_lock(&stream->lock);
  struct passage *batch = TAKE(stream->ready);
  stream->ready_end = &stream->ready;
  pthread_mutex_unlock(&stream->lock);
  while (batch != NULL) {
    struct passage *next = TAKE(batch->next);
    if (stream->youngest != NULL) stream->youngest->behind = batch;
    else stream->oldest = batch;
    stream->youngest = batch;
    stream->whole->open++;
    passage_begin(batch);
    batch = next;
  }
}

static void on_ready(evutil_socket_t fd, short what, void *context) {
  eventfd_t count;
  if (eventfd_read(fd, &count) == 0) collect(context);
}

static void stream_stop(struct stream *stream) {
  pthread_mutex_lock(&stream->lock);
  stream->stopped = true;
  pthread_cond_broadcast(&stream->room);
  pthread_mutex_unlock(&stream->lock);
}

void file_stop(struct passage *passage) {
  if (passage->stream != NULL) stream_stop(passage->stream);
}

static int stream_new(struct passage *passage) {
  struct event_base *base = pipeline_options(passage->pipeline)->base;
  struct stream *stream = arena_alloc(passage->intake.arena, sizeof *stream);
  if (stream == NULL) return -ENOMEM;
  *stream =
      (struct stream){.whole = passage,
                      .taker = {BATCH_RECORDS, BATCH_BYTES, take, is_stopped},
                      .known = passage->intake.cursor->durable,
                      .known_trace = passage->intake.cursor->trace,
                      .payload_number = dedupe_payload_begin(pipeline_options(passage->pipeline)->dedupe),
                      .wake_fd = -1};
  stream->ready_end = &stream->ready;
  pthread_mutex_init(&stream->lock, NULL);
  pthread_cond_init(&stream->room, NULL);
  passage->stream = stream;
  int r = nth_new(&stream->nth);
  if (r < 0) return r;
  stream->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (stream->wake_fd < 0) return -errno;
  stream->event = event_new(base, stream->wake_fd, EV_READ | EV_PERSIST, on_ready, stream);
  return stream->event == NULL || event_add(stream->event, NULL) < 0 ? -ENOMEM : 0;
}

void file_free(struct passage *passage) {
  struct stream *stream = passage->stream;
  if (stream == NULL || passage->whole != NULL) return;
  passage->stream = NULL;
  if (stream->event != NULL) event_free(stream->event);
  closep(&stream->wake_fd);
  while (stream->ready != NULL) { /* handed over, and the pipeline ended */
    struct passage *next = stream->ready->next;
    arena_free(stream->ready->intake.arena);
    stream->ready = next;
  }
  nth_free(stream->nth);
  pthread_cond_destroy(&stream->room);
  pthread_mutex_destroy(&stream->lock);
}

int file_start(struct passage *passage) {
  if (passage->intake.payload.length <= TRANSLATE_ON_LOOP_MAX) return 0;
  int r = stream_new(passage);
  if (r == 0) passage->job.taker = &passage->stream->taker;
  return r;
}

/* ---- Records and the cursor ---- */

static bool is_zero(const struct event_id *id) {
  static const struct event_id zero;
  return memcmp(id, &zero, sizeof zero) == 0;
}

static void recall_item(struct passage *passage, struct item *item, struct claim_record *claim) {
  const struct cursor_file *cursor = passage->intake.cursor;
  uint64_t number = passage->first + (uint64_t)(item - passage->items);
  item->known = number < cursor->durable;
  size_t place = 0;
  const struct cursor_batch *batch = item->known ? NULL : cursor_batch_of(cursor, number, &place);
  if (batch == NULL) return;
  passage->intake.received_us = MIN(passage->intake.received_us, batch->accepted_us);
  item->perhaps = true;
  if (claim == NULL) return;
  if (is_zero(&batch->ids[place])) item->known = true; /* it was known already then */
  else claim->id = &batch->ids[place];
}

int file_recall(struct passage *passage) {
  size_t message = 0;
  if (passage->intake.cursor->durable == 0 && passage->intake.cursor->batches == NULL) return 0;
  for (size_t i = 0; i < passage->items_count; i++) {
    struct item *item = &passage->items[i];
    bool has_claim = item->record->code == 0;
    recall_item(passage, item, has_claim ? &passage->claims[message] : NULL);
    message += has_claim;
  }
  if (passage->stream != NULL) passage->payload_number = passage->stream->payload_number;
  return 0;
}

/* What is written down before it is sent. */
static int intend(struct passage *passage) {
  struct cursor_batch *batch = NULL;
  int r = cursor_batch_new(passage->first, (uint32_t)passage->items_count, &batch);
  if (r < 0) return r;
  batch->accepted_us = passage->intake.received_us;
  for (size_t i = 0; i < passage->items_count; i++) {
    const struct item *item = &passage->items[i];
    bool sends =
        item->record->code == 0 && !item->known && (item->result != ITEM_REPEATED || item->claim.waiting);
    if (sends) batch->ids[i] = item->claim.id;
  }
  cursor_intend(passage->intake.cursor, &batch);
  return 0;
}

static bool has_to_send(const struct passage *passage) {
  for (size_t i = 0; i < passage->items_count; i++) {
    const struct item *item = &passage->items[i];
    if (!item->known && (item->result != ITEM_REPEATED || item->claim.waiting)) return true;
  }
  return false;
}

static void on_saved(struct cursor_save *save, int result) {
  struct passage *passage = CONTAINER_OF(save, struct passage, save);
  if (result < 0) {
    passage->refusal = &passage_host_trouble;
    passage_drop(passage);
  } else {
    passage_deliver(passage);
  }
  passage_close(passage);
}

void file_deliver(struct passage *passage) {
  if (!has_to_send(passage)) {
    passage_deliver(passage);
    return;
  }
  passage->save.done = on_saved;
  passage->open++;
  int r = intend(passage);
  if (r == 0) r = cursor_save(passage->intake.cursor->cursor, &passage->save);
  if (r == 0) return;
  passage->open--;
  passage->refusal = &passage_host_trouble;
  passage_drop(passage);
}

/* ---- The end of a batch and of a file ---- */

static void add_rejected(struct passage *whole, const struct item *item) {
  struct file_result *result = &whole->intake.file_result;
  if (result->rejected++ != 0) return;
  const char *at = item->record->at, *detail = item->detail;
  result->code = item->code;
  result->at = at == NULL ? NULL : arena_text(whole->intake.arena, text_of(at));
  result->detail =
      arena_text(whole->intake.arena, text_of(detail != NULL ? detail : reject_code_sentence(item->code)));
}

static void add_result(struct passage *whole, const struct passage *passage) {
  struct file_result *result = &whole->intake.file_result;
  for (size_t i = 0; i < passage->items_count; i++) {
    const struct item *item = &passage->items[i];
    result->records++;
    result->poisoned |= item->record->code == HUB_POISON;
    if (item->result == ITEM_REJECTED) add_rejected(whole, item);
    else if (item->result == ITEM_REPEATED && !item->known) result->repeated++;
    else result->accepted++;
  }
}

static uint64_t position_of(const struct passage *passage) {
  const struct hub_payload *payload = &passage->intake.payload;
  const struct text slice = passage->job.translation.records[passage->items_count - 1].slice;
  uintptr_t end = (uintptr_t)slice.data + slice.length, start = (uintptr_t)payload->data;
  return end >= start && end - start <= payload->length ? end - start : 0;
}

static void batch_leave(struct stream *stream, struct passage *batch) {
  stream->oldest = batch->behind;
  if (stream->oldest == NULL) stream->youngest = NULL;
  passage_end(batch);
  pthread_mutex_lock(&stream->lock);
  stream->under_way--;
  pthread_cond_signal(&stream->room);
  pthread_mutex_unlock(&stream->lock);
}

/* In the file's order; behind a batch that failed nothing is committed any more. */
static void commit_batches(struct stream *stream) {
  struct passage *whole = stream->whole;
  for (bool last = false; !last && stream->oldest != NULL && stream->oldest->committable;) {
    struct passage *batch = stream->oldest;
    if (batch->refusal != NULL) stream->failed = true;
    if (!stream->failed) {
      uint64_t durable = batch->first + batch->items_count;
      if (durable > whole->intake.cursor->durable) cursor_commit(whole->intake.cursor, durable, batch->trace);
      whole->intake.file_position = MAX(position_of(batch), whole->intake.file_position);
      add_result(whole, batch);
      passage_count(batch);
    }
    batch_leave(stream, batch);
    last = stream->oldest == NULL; /* then the file may be over, and the stream with it */
    passage_close(whole);
  }
}

static const struct hub_refusal stopping = {
    .size = sizeof(struct hub_refusal), .http_status = 503, .code = "stopping", .retry_after_s = 1};

/* Sends again what is busy, after a while; the records keep their ids meanwhile. */
static void retry_later(struct passage *passage) {
  passage->retry_ms = passage->retry_ms == 0 ? RETRY_FIRST_MS : MIN(passage->retry_ms * 2, RETRY_MAX_MS);
  passage->retry_at_us = clock_monotonic_us() + passage->retry_ms * 1000;
  if (passage->retry_ms < RETRY_MAX_MS) return;
  log_event(LOG_WARNING, "pipeline", "records of a file cannot be made safe; they are sent again",
            log_text("source", passage->intake.source->setup->config->name));
}

static void whole_close(struct passage *passage) {
  const struct stream *stream = passage->stream;
  if (in_batches(passage) && passage->refusal == NULL && stream->failed)
    passage->refusal = &passage_host_trouble;
  if (passage->refusal == NULL && !in_batches(passage)) {
    cursor_commit(passage->intake.cursor, passage->items_count, passage->trace);
    add_result(passage, passage);
    passage_count(passage);
  }
  if (passage->refusal == NULL) passage->intake.file_position = passage->intake.payload.length;
  passage_answer(passage, passage->refusal);
  passage_end(passage);
}

void file_close(struct passage *passage) {
  if (passage->refusal == NULL && !passage_all_safe(passage)) {
    if (!pipeline_files_stop(passage->pipeline)) {
      retry_later(passage);
      return;
    }
    passage->refusal = &stopping;
    passage_drop(passage);
  }
  if (passage->whole == NULL) {
    whole_close(passage);
    return;
  }
  passage->committable = true;
  if (passage->refusal != NULL) stream_stop(passage->stream);
  commit_batches(passage->stream);
}

void file_refuse(struct passage *passage) {
  passage->refusal = &stopping;
  passage_close(passage);
}

static void stale(struct passage *passage) {
  log_event(LOG_WARNING, "pipeline", "a file reads otherwise than before the restart and begins anew",
            log_text("source", passage->intake.source->setup->config->name));
  cursor_reset(passage->intake.cursor);
  if (passage->stream != NULL) {
    passage->stream->failed = true;
    dedupe_disown(pipeline_options(passage->pipeline)->dedupe, passage->stream->payload_number);
  }
}

void file_translated(struct passage *passage, int error) {
  if (!in_batches(passage)) {
    if (error == -ESTALE) stale(passage);
    passage_take_records(passage, error);
    return;
  }
  collect(passage->stream);
  if (error == -ESTALE) stale(passage);
  if (error < 0)
    passage->refusal = pipeline_files_stop(passage->pipeline) ? &stopping : &passage_host_trouble;
  passage_close(passage);
}
