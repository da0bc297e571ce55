/*
 * nth_call_files: every allocation and file call of a file in batches fails in turn: translating thread,
 * cursor, batches, dead letters. The connector and the publisher are played by this file.
 *
 * The oracle: the file is answered once; when the answer says that its records are safe they were all
 * acknowledged before. Then calls work again and the file comes again with its cursor: now all is there, and
 * no event twice, unless memory had run out for good.
 */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/clock.h"
#include "core/intake.h"
#include "core/log.h"
#include "ioc/hub/v1/dead_letter.pb-c.h"
#include "tests/fault/nth_call.h"
#include "tests/lib/scratch.h"

enum { ROWS = 7, ROW_BYTES = 400000, WAITING_MAX = 64, WAIT_MAX_S = 20 };

static char body[ROWS * ROW_BYTES + 64];
static char folder[64], state_dir[96];
static unsigned runs;

/* ---- The connector: a row is ROW_BYTES long, and rejected when it begins with '!' ---- */

static int translate(const void *self, const struct hub_payload *payload, struct hub_sink *sink) {
  int r = sink->ops->independent(sink);
  for (size_t at = 0; r == 0 && at < payload->length; at += ROW_BYTES) {
    const char *row = payload->data + at;
    Ioc__Hub__V1__DeadLetter message = IOC__HUB__V1__DEAD_LETTER__INIT;
    const struct hub_meta meta = {.size = sizeof meta,
                                  .key = row,
                                  .key_length = 4,
                                  .occurred_us = HUB_NONE,
                                  .bytes = row,
                                  .length = ROW_BYTES};
    const struct hub_rejection refusal = {
        .size = sizeof refusal, .code = HUB_MISSING, .at = "1:1", .bytes = row, .length = ROW_BYTES};
    if (row[0] == '!') {
      r = hub_reject(sink, &refusal);
    } else {
      r = hub_string(sink, row, ROW_BYTES, &message.detail);
      if (r == 0) r = hub_emit(sink, &meta, &message.base);
    }
    hub_release(sink);
  }
  return r;
}

static const char *const messages[] = {"ioc.hub.v1.DeadLetter", NULL};
static const struct hub_connector api = {
    .size = sizeof api, .name = "rows", .version = "1", .messages = messages, .translate = translate};
static struct connector connector = {.api = &api};
static struct instance instance = {.connector = &connector};
static struct hub_config config = {.hub = "test"};
static struct config_source source_config = {.name = "files",
                                             .domain = "test",
                                             .connector = "rows",
                                             .repeats = true,
                                             .originals_quota = 1 << 30,
                                             .limits = {.answer_timeout_ms = 1000}};
static struct setup_source source = {.config = &source_config, .instance = &instance};
static struct setup setup = {.config = &config, .sources = &source, .sources_count = 1};

int routes_match(const struct routes *routes, const char *name, const struct schema_message *type,
                 struct text message, struct arena *arena, struct route_target **ret_targets,
                 size_t *ret_count) {
  struct route_target *target = arena_alloc(arena, sizeof *target);
  if (target == NULL) return -ENOMEM;
  *target = (struct route_target){.route = "r", .topic = "t"};
  *ret_targets = target;
  *ret_count = 1;
  return 0;
}

/* ---- The publisher ---- */

static struct publication *waiting[WAITING_MAX];
static size_t waiting_count, delivered_count;
static struct event_id delivered[WAITING_MAX];
static bool is_letter[WAITING_MAX];

int publisher_send(struct publisher *publisher, struct publication *publication) {
  void *item = malloc(64); /* where the real one needs memory */
  free(item);
  if (item == NULL || waiting_count == WAITING_MAX) return -ENOMEM;
  waiting[waiting_count++] = publication;
  return 0;
}

bool publisher_withdraw(struct publisher *publisher, struct publication *publication) {
  for (size_t i = 0; i < waiting_count; i++) {
    if (waiting[i] != publication) continue;
    waiting[i] = waiting[--waiting_count];
    return true;
  }
  return false;
}

bool publisher_has_room(const struct publisher *publisher) { return true; }
void publisher_on_room(struct publisher *publisher, void (*room)(void *), void *context) {}

static bool is_there(const struct event_id *id) {
  for (size_t i = 0; i < delivered_count; i++) {
    if (memcmp(delivered[i].bytes, id->bytes, sizeof id->bytes) == 0) return true;
  }
  return false;
}

/* What may be there already is found there, as the tail would tell. */
static void report_all(void) {
  while (waiting_count > 0) {
    struct publication *publication = waiting[0];
    const struct bus_event *event = publication->event;
    memmove(waiting, waiting + 1, --waiting_count * sizeof waiting[0]);
    bool letter = strcmp(event->topic, "t") != 0, there = is_there(&event->id);
    if (there && !letter && !publication->perhaps && !nth_lasts()) nth_wrong("an event came twice");
    if (!there && delivered_count == WAITING_MAX) nth_wrong("more events than can be");
    else if (!there) is_letter[delivered_count] = letter, delivered[delivered_count++] = event->id;
    publication->done(publication, PUBLISH_DONE, NULL);
  }
}

static size_t rows_there(void) {
  size_t count = 0;
  for (size_t i = 0; i < delivered_count; i++) count += !is_letter[i];
  return count;
}

/* ---- One run ---- */

static struct event_base *base;
static struct metrics *metrics;
static struct originals *originals;
static struct translators *translators;
static struct dedupe *dedupe;
static struct pipeline *pipeline;
static struct cursors *cursors;
static struct cursor *cursor;
static int answers;
static const char *refusal;

static void on_answered(struct intake *intake, const struct answer *answer, int retry_after_s) {
  answers++;
  refusal = intake->file_result.refusal;
  if (refusal != NULL) return;
  if (rows_there() != ROWS - 1) nth_wrong("done with %zu rows", rows_there());
  if (delivered_count < ROWS) nth_wrong("done without the dead letter");
  if (intake->file_result.records != ROWS) nth_wrong("%u records", (unsigned)intake->file_result.records);
}

static int post(void) {
  static const uint8_t digest[32] = "of the data", key[32] = "of the file";
  struct intake *intake = NULL;
  struct cursor_file *file = NULL;
  answers = 0;
  int r = cursor_file(cursor, key, &file);
  if (r == 0) r = intake_new(pipeline_source(pipeline, "files"), &intake);
  if (r < 0) return r;
  intake->payload.data = body;
  intake->payload.length = ROWS * ROW_BYTES;
  intake->body = (struct text){body, ROWS * ROW_BYTES};
  intake->data_digest = digest;
  intake->cursor = file;
  intake->received_us = clock_now_us();
  intake->answered = on_answered;
  pipeline_take(pipeline, intake);
  int64_t end_us = clock_monotonic_us() + WAIT_MAX_S * SECOND_US;
  int64_t memory_us = clock_monotonic_us() + SECOND_US / 5;
  while (answers == 0 || waiting_count > 0) {
    event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    report_all();
    if (nth_lasts() && clock_monotonic_us() > memory_us) nth_stop(); /* a file waits for better times */
    if (clock_monotonic_us() > end_us) return nth_wrong("the file is not answered"), -ETIME;
    usleep(50);
  }
  if (answers != 1) nth_wrong("the file is answered %d times", answers);
  return refusal == NULL ? 0 : -EAGAIN;
}

static int open_parts(void) {
  static const struct secret_key secret = {{1}};
  int r = metrics_new(&metrics);
  if (r == 0) r = originals_open(base, metrics, state_dir, &secret, &originals);
  if (r == 0) r = translators_new(base, state_dir, 1, 60000, NULL, NULL, &translators);
  if (r == 0) r = dedupe_new(&secret, 1000, 3600000, &dedupe);
  if (r == 0) r = cursors_open(base, state_dir, &cursors);
  if (r == 0) r = cursors_source(cursors, "files", &cursor);
  if (r != 0) return r;
  const struct pipeline_options options = {base, metrics, &setup, NULL, originals, translators, dedupe};
  return pipeline_new(&options, &pipeline);
}

static void close_parts(void) {
  if (pipeline != NULL) pipeline_stop_files(pipeline);
  translators_free(TAKE(translators));
  originals_close(TAKE(originals));
  pipeline_free(TAKE(pipeline));
  cursors_close(TAKE(cursors));
  dedupe_free(TAKE(dedupe));
  metrics_free(TAKE(metrics));
}

static int run(void *context) {
  nth_pause();
  waiting_count = delivered_count = 0;
  snprintf(state_dir, sizeof state_dir, "%s/%u", folder, ++runs);
  base = event_base_new();
  if (base == NULL || mkdir(state_dir, 0700) < 0) abort();
  nth_resume();
  int r = open_parts();
  if (r == 0) r = post();
  bool again = pipeline != NULL && r != 0 && r != -ETIME;
  nth_stop();
  if (again && post() != 0) nth_wrong("the file is refused when nothing fails any more");
  close_parts();
  event_base_free(base);
  return r;
}

static void tidy_up(void *context) {
  if (scratch_remove(state_dir) != 0) nth_wrong("its folder cannot be removed");
}

int main(void) {
  const char *reason = NULL;
  struct schema *schema = NULL;
  log_set_level((enum log_level)0);
  snprintf(folder, sizeof folder, "%s/nth-files-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
  if (mkdtemp(folder) == NULL || schema_new(&schema) < 0) return 2;
  if (schema_add_file(schema, getenv("IOCHUB_BINPB"), &reason) != 0) return 2;
  connector.schema = schema;
  for (size_t i = 0; i < ROWS; i++) {
    memset(body + i * ROW_BYTES, 'a' + (int)i, ROW_BYTES);
  }
  body[4 * ROW_BYTES] = '!';
  nth_table_head();
  size_t wrong = nth_sweep(&(struct nth_script){.name = "file", .run = run, .look = tidy_up});
  schema_free(schema);
  scratch_remove(folder);
  printf("%s: %zu wrong\n", wrong == 0 ? "passed" : "FAILED", wrong);
  return wrong != 0;
}
