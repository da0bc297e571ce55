/*
 * Payloads on their whole way, with a publisher of this file that reports everything as acknowledged.
 *
 * The oracle: each payload that was taken is answered once. An answer that is not "try again" is the one that
 * is given when nothing fails, and all that belongs to it was acknowledged before; an original that belongs
 * to a dead letter is readable. Then calls work again and the sender repeats what was refused: now all is
 * there, and no event twice. Only where memory had run out for good may an event be there twice, with one id:
 * what was published could not be noted.
 */
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "core/clock.h"
#include "core/originals/files.h"
#include "core/pipeline.h"
#include "tests/fault/scripts.h"
#include "tests/lib/scratch.h"

enum { BODY_MAX = 64 * 1024, DELIVERED_MAX = 512, WAIT_MAX_S = 10, PAYLOADS = 4 };

struct delivered {             /* one acknowledged event; hashes, so that remembering allocates nothing */
  uint8_t topic_key_value[32]; /* of a dead letter without its value: attempts and time differ */
  uint8_t topic_id[32];
  bool letter;
};

struct posted {
  const char *source, *file;
  char body[BODY_MAX];
  size_t length;
  /* when nothing fails */
  int wanted_status;
  size_t wanted_count;
  struct delivered wanted[64];
  bool wants_original;
  /* in the present run */
  int answers, status;
  bool taken;
};

static struct posted payloads[PAYLOADS] = {
    {.source = "dvc-sync", .file = "public-services/samples/partial-session.json"},
    {.source = "edoc-raw", .file = "e-documents/samples/document.edxml"},
    {.source = "edoc-raw", .file = "e-documents/samples/bad-cut-off.edxml"},
    {.source = "dvc-sync", .file = "public-services/samples/dossier-array.json"},
};

struct way {
  const struct stage *stage;
  char state_dir[96];
  unsigned runs;
  bool learning;
  struct event_base *base;
  struct metrics *metrics;
  struct originals *originals;
  struct translators *translators;
  struct dedupe *dedupe;
  struct pipeline *pipeline;
  struct publication *waiting[DELIVERED_MAX];
  size_t waiting_count;
  struct delivered delivered[DELIVERED_MAX];
  size_t delivered_count;
};

static struct way way;

/* ---- The publisher ------------------------------------------------------------------------------------- */

int publisher_send(struct publisher *publisher, struct publication *publication) {
  void *item = malloc(64); /* where the real one needs memory */
  if (item == NULL) return -ENOMEM;
  free(item);
  if (way.waiting_count == DELIVERED_MAX) return -ENOMEM;
  way.waiting[way.waiting_count++] = publication;
  return 0;
}

bool publisher_withdraw(struct publisher *publisher, struct publication *publication) {
  for (size_t i = 0; i < way.waiting_count; i++) {
    if (way.waiting[i] != publication) continue;
    way.waiting[i] = way.waiting[--way.waiting_count];
    return true;
  }
  return false;
}

bool publisher_has_room(const struct publisher *publisher) { return true; }
void publisher_on_room(struct publisher *publisher, void (*room)(void *), void *context) {}

static void hash(const struct text *parts, size_t count, uint8_t ret_digest[static 32]) {
  cleanup(text_out_deinit) struct text_out out = TEXT_OUT_INIT;
  for (size_t i = 0; i < count; i++) {
    text_out_format(&out, "%zu:", parts[i].length);
    text_out_bytes(&out, parts[i]);
  }
  if (sha256((struct text){out.data, out.length}, ret_digest) < 0) abort();
}

static void note_delivered(const struct bus_event *event) {
  if (way.delivered_count == DELIVERED_MAX) return nth_wrong("more events than can be");
  struct delivered *delivered = &way.delivered[way.delivered_count++];
  delivered->letter = strcmp(event->type, "ioc.hub.v1.DeadLetter") == 0;
  const struct text parts[] = {text_of(event->topic), event->key,
                               delivered->letter ? TEXT_NONE : event->value};
  const struct text id[] = {text_of(event->topic), {(const char *)event->id.bytes, sizeof event->id.bytes}};
  hash(parts, LENGTH_OF(parts), delivered->topic_key_value);
  hash(id, LENGTH_OF(id), delivered->topic_id);
}

static void report_all(void) {
  while (way.waiting_count > 0) {
    struct publication *publication = way.waiting[0];
    memmove(way.waiting, way.waiting + 1, --way.waiting_count * sizeof(struct publication *));
    nth_pause();
    note_delivered(publication->event);
    nth_resume();
    publication->done(publication, PUBLISH_DONE, NULL);
  }
}

/* ---- Posting ------------------------------------------------------------------------------------------- */

static bool is_delivered(const struct delivered *wanted) {
  for (size_t i = 0; i < way.delivered_count; i++) {
    if (memcmp(way.delivered[i].topic_key_value, wanted->topic_key_value, 32) == 0) return true;
  }
  return false;
}

static void check_promise(const struct posted *posted) {
  if (posted->status != posted->wanted_status) {
    nth_wrong("%s is answered %d instead of %d or try again", posted->file, posted->status,
              posted->wanted_status);
  }
  for (size_t i = 0; i < posted->wanted_count; i++) {
    if (!is_delivered(&posted->wanted[i])) {
      nth_wrong("%s is answered %d, but %s %zu is not acknowledged", posted->file, posted->status,
                posted->wanted[i].letter ? "dead letter" : "event", i);
    }
  }
}

static void on_answered(struct intake *intake, const struct answer *answer, int retry_after_s) {
  struct posted *posted = intake->owner;
  nth_pause();
  posted->answers++;
  posted->status = answer->status;
  if (posted->answers > 1) nth_wrong("%s is answered twice", posted->file);
  if (!way.learning && answer->status < 500) check_promise(posted);
  nth_resume();
}

static bool post(struct posted *posted) {
  struct intake *intake = NULL;
  posted->answers = 0;
  posted->taken = false;
  if (intake_new(pipeline_source(way.pipeline, posted->source), &intake) < 0) return false;
  intake->payload = (struct hub_payload){.size = sizeof intake->payload,
                                         .data = posted->body,
                                         .length = posted->length,
                                         .method = "POST",
                                         .path = "/"};
  intake->body = (struct text){posted->body, posted->length};
  intake->received_us = clock_now_us();
  intake->owner = posted;
  intake->answered = on_answered;
  posted->taken = true;
  pipeline_take(way.pipeline, intake);
  return true;
}

/* Until the payload is answered and nothing of it is under way. */
static void turn(const struct posted *posted) {
  int64_t end_us = clock_monotonic_us() + WAIT_MAX_S * SECOND_US;
  while (posted->answers == 0 || pipeline_in_flight(way.pipeline) > 0 || way.waiting_count > 0) {
    event_base_loop(way.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    report_all();
    if (clock_monotonic_us() > end_us) return nth_wrong("%s is not answered", posted->file);
    usleep(50);
  }
}

static int post_all(void) {
  int result = 0;
  for (size_t i = 0; i < PAYLOADS; i++) {
    struct posted *posted = &payloads[i];
    size_t before = way.delivered_count;
    if (post(posted)) turn(posted);
    if (!posted->taken || posted->status >= 500) result = -EAGAIN;
    if (!way.learning) continue;
    posted->wanted_status = posted->status;
    posted->wanted_count = way.delivered_count - before;
    if (posted->wanted_count > LENGTH_OF(posted->wanted)) abort();
    memcpy(posted->wanted, way.delivered + before, posted->wanted_count * sizeof *posted->wanted);
    for (size_t k = 0; k < posted->wanted_count; k++) posted->wants_original |= posted->wanted[k].letter;
  }
  return result;
}

/* ---- The sender comes again ---------------------------------------------------------------------------- */

static void repeat_refused(void) {
  for (size_t i = 0; i < PAYLOADS; i++) {
    struct posted *posted = &payloads[i];
    if (posted->taken && posted->status < 500) continue;
    if (!post(posted)) return nth_wrong("%s cannot be posted again", posted->file);
    turn(posted);
    if (posted->status >= 500)
      nth_wrong("%s is answered %d when nothing fails any more", posted->file, posted->status);
  }
}

static void find_repeated_events(void) {
  if (nth_lasts()) return;
  for (size_t i = 0; i < way.delivered_count; i++) {
    for (size_t k = 0; k < i && !way.delivered[i].letter; k++) {
      if (memcmp(way.delivered[i].topic_id, way.delivered[k].topic_id, 32) == 0)
        nth_wrong("event %zu came again as %zu of %zu", k, i, way.delivered_count);
    }
  }
}

static int count_record(void *context, const struct originals_head *head) {
  *(size_t *)context += 1;
  return 0;
}

static size_t count_originals(void) {
  char path[160];
  snprintf(path, sizeof path, "%s/originals", way.state_dir);
  cleanup(closep) int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  cleanup(freep) struct originals_file *files = NULL;
  size_t count = 0, records = 0;
  if (directory < 0 || originals_files_list(directory, &files, &count) < 0) return 0;
  for (size_t i = 0; i < count; i++) {
    char name[ORIGINALS_NAME_TEXT];
    uint64_t left;
    originals_file_name(&files[i], name);
    cleanup(closep) int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || originals_file_walk(fd, count_record, &records, &left) < 0) return 0;
  }
  return records;
}

static void find_missing_originals(void) {
  size_t wanted = 0, found = count_originals();
  for (size_t i = 0; i < PAYLOADS; i++) wanted += payloads[i].wants_original;
  if (found < wanted) nth_wrong("%zu originals of %zu are there", found, wanted);
}

/* ---- The run ------------------------------------------------------------------------------------------- */

static int open_parts(void) {
  const struct setup *setup = way.stage->setup;
  int r = metrics_new(&way.metrics);
  if (r == 0) r = originals_open(way.base, way.metrics, way.state_dir, &setup->originals, &way.originals);
  if (r == 0) r = translators_new(way.base, way.state_dir, 1, 60000, NULL, NULL, &way.translators);
  if (r == 0) r = dedupe_new(&setup->event_ids, 1000, 3600000, &way.dedupe);
  if (r != 0) return r;
  const struct pipeline_options options = {way.base,      way.metrics,     setup,     NULL,
                                           way.originals, way.translators, way.dedupe};
  return pipeline_new(&options, &way.pipeline);
}

static void close_parts(void) {
  translators_free(way.translators);
  originals_close(way.originals);
  pipeline_free(way.pipeline);
  dedupe_free(way.dedupe);
  metrics_free(way.metrics);
}

static int run_payloads(void *context) {
  nth_pause();
  const struct stage *stage = way.stage;
  unsigned runs = way.runs + 1;
  bool learning = way.learning;
  way = (struct way){.stage = stage, .runs = runs, .learning = learning};
  snprintf(way.state_dir, sizeof way.state_dir, "%s/way-%u", stage->folder, runs);
  way.base = event_base_new();
  if (way.base == NULL || mkdir(way.state_dir, 0700) < 0) abort();
  nth_resume();
  int r = open_parts();
  if (r == 0) r = post_all();
  if (way.pipeline != NULL && !way.learning) {
    nth_stop();
    repeat_refused();
    find_repeated_events();
    find_missing_originals();
  }
  close_parts();
  event_base_free(way.base);
  return r;
}

static void tidy_up(void *context) {
  if (scratch_remove(way.state_dir) != 0) nth_wrong("its folder cannot be removed");
}

static bool body_read(const struct stage *stage, struct posted *posted) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s", stage->samples, posted->file);
  FILE *file = fopen(path, "r");
  if (file == NULL) return false;
  posted->length = fread(posted->body, 1, BODY_MAX - 64, file);
  fclose(file);
  return posted->length > 0;
}

size_t sweep_payloads(const struct stage *stage) {
  for (size_t i = 0; i < PAYLOADS; i++) {
    if (body_read(stage, &payloads[i])) continue;
    printf("WRONG: %s cannot be read\n", payloads[i].file);
    return 1;
  }
  way.stage = stage;
  way.learning = true;
  int r = run_payloads(NULL);
  tidy_up(NULL);
  way.learning = false;
  size_t events = 0, letters = 0;
  for (size_t i = 0; i < PAYLOADS; i++) {
    events += payloads[i].wanted_count;
    letters += payloads[i].wants_original;
  }
  if (r != 0 || events < PAYLOADS || letters == 0) {
    printf("WRONG: the payloads give %zu events, %zu of them dead letters (%d)\n", events, letters, r);
    return 1;
  }
  return nth_sweep(&(struct nth_script){"payloads, to their answers", run_payloads, tidy_up, NULL});
}
