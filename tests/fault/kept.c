/*
 * What is written or made without a connector: texts, originals, dead letters.
 *
 * The oracle for originals: an original for which done(0) was called can be read afterwards, whatever failed.
 */
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "core/dead_letter.h"
#include "core/originals/originals.h"
#include "tests/fault/scripts.h"
#include "tests/lib/scratch.h"

static const struct secret_key key = {{5, 6, 7}};

/* ---- Texts --------------------------------------------------------------------------------------------- */

static int run_texts(void *context) {
  cleanup(arena_freep) struct arena *arena = NULL;
  cleanup(text_out_deinit) struct text_out out = TEXT_OUT_INIT;
  int r = arena_new(&arena);
  if (r < 0) return r;
  for (int i = 0; i < 300; i++) {
    const char *text = arena_printf(arena, "%d: %200s", i, "x");
    if (text == NULL) return -ENOMEM;
    text_out_json(&out, text_of(text));
    text_out_visible(&out, text_of(text), 40);
  }
  if (arena_alloc(arena, MIB) == NULL) return -ENOMEM;
  arena_reset(arena);
  if (arena_alloc(arena, 100) == NULL) return -ENOMEM;
  return text_out_result(&out);
}

size_t sweep_base(const struct stage *stage) {
  return nth_sweep(&(struct nth_script){.name = "arena and texts", .run = run_texts});
}

/* ---- Originals ----------------------------------------------------------------------------------------- */

enum { KEPT = 3 };

struct keeping {
  const struct stage *stage;
  char state_dir[96];
  unsigned runs;
  struct original originals[KEPT];
  int results[KEPT];
  int waiting;
};

static struct keeping keeping;

static void on_kept(void *context, int result) {
  *(int *)context = result;
  keeping.waiting--;
}

/* Calls fail in the hub's code; the loop of the test itself must go on. */
static void wait_for_all(struct event_base *base) {
  while (keeping.waiting > 0) {
    nth_pause();
    event_base_loop(base, EVLOOP_NONBLOCK);
    nth_resume();
  }
}

static int keep_all(struct originals *originals, struct event_base *base) {
  int r = 0;
  for (size_t i = 0; i < KEPT && r == 0; i++) {
    keeping.waiting++;
    r = originals_keep(originals, &keeping.originals[i], (int64_t)MIB, on_kept, &keeping.results[i]);
    if (r < 0) keeping.waiting--;
    if (i == 0) wait_for_all(base); /* one alone, then a group */
  }
  wait_for_all(base);
  for (size_t i = 0; i < KEPT && r == 0; i++) r = keeping.results[i];
  return r;
}

static int run_originals(void *context) {
  nth_pause();
  snprintf(keeping.state_dir, sizeof keeping.state_dir, "%s/kept-%u", keeping.stage->folder, keeping.runs++);
  if (mkdir(keeping.state_dir, 0700) < 0) nth_wrong("mkdir");
  for (size_t i = 0; i < KEPT; i++) keeping.results[i] = -ECANCELED;
  struct event_base *base = event_base_new();
  if (base == NULL) abort();
  nth_resume();
  struct originals *originals = NULL;
  int r = originals_open(base, NULL, keeping.state_dir, &key, &originals);
  if (r == 0) r = keep_all(originals, base);
  if (originals != NULL) originals_close(originals);
  nth_pause();
  event_base_free(base);
  nth_resume();
  return r;
}

static void look_at_originals(void *context) {
  for (size_t i = 0; i < KEPT; i++) {
    cleanup(arena_freep) struct arena *arena = NULL;
    const struct original *original = &keeping.originals[i];
    struct original back;
    if (arena_new(&arena) < 0) abort();
    int r = originals_read(keeping.state_dir, &key, original->source, original->digest, arena, &back);
    if (keeping.results[i] == 0 && r != 0) nth_wrong("original %zu was promised, reading it gives %d", i, r);
    if (r == 0 && !text_equal(back.body, original->body)) nth_wrong("original %zu has another body", i);
  }
  struct event_base *base = event_base_new(); /* and the next process starts on what is left */
  struct originals *originals = NULL;
  if (base == NULL) abort();
  int r = originals_open(base, NULL, keeping.state_dir, &key, &originals);
  if (r < 0) nth_wrong("the next start fails: %s", strerrordesc_np(-r));
  if (originals != NULL) originals_close(originals);
  event_base_free(base);
  if (scratch_remove(keeping.state_dir) != 0) nth_wrong("its folder cannot be removed");
}

static int run_originals_read(void *context) {
  cleanup(arena_freep) struct arena *arena = NULL;
  int r = arena_new(&arena);
  for (size_t i = 0; i < KEPT && r == 0; i++) {
    const struct original *original = &keeping.originals[i];
    struct original back;
    r = originals_read(keeping.state_dir, &key, original->source, original->digest, arena, &back);
    if (r > 0) { /* a file that cannot be opened is told as an error, not as absent */
      nth_wrong("an original that is there is told to be absent (%d)", r);
      r = 0;
    }
    if (r == 0 && !text_equal(back.body, original->body)) nth_wrong("it reads another body");
  }
  return r;
}

/* ---- Dead letters -------------------------------------------------------------------------------------- */

static int run_dead_letter(void *context) {
  cleanup(arena_freep) struct arena *arena = NULL;
  struct dead_letter_counts *counts = NULL;
  struct dead_letter letter = {.hub = "h",
                               .source = "s",
                               .domain = "d",
                               .connector = "c",
                               .connector_version = "1",
                               .code = HUB_INVALID,
                               .at = "1:1",
                               .detail = "wrong",
                               .attempts = 1};
  struct bus_event event;
  char id[DEAD_LETTER_ID_TEXT];
  int r = arena_new(&arena);
  if (r == 0) r = dead_letter_counts_new(&counts);
  if (r == 0) r = dead_letter_id(&key, &letter, id);
  if (r == 0) letter.attempts = dead_letter_attempt(counts, id);
  if (r == 0) r = dead_letter_event(&key, &letter, arena, &event);
  dead_letter_counts_free(counts);
  return r;
}

size_t sweep_kept(const struct stage *stage) {
  static char large[3 * 64 * 1024];
  static const struct original_value values[] = {{0, {"079", 3}}};
  memset(large, 'b', sizeof large);
  keeping.stage = stage;
  for (size_t i = 0; i < KEPT; i++) {
    struct original *original = &keeping.originals[i];
    *original = (struct original){
        .source = i == 2 ? "t" : "s", .connector = "c", .values = values, .values_count = 1};
    original->digest[0] = (uint8_t)i;
    original->body = i == 1 ? (struct text){large, sizeof large} : TEXT("small");
  }
  size_t wrong = nth_sweep(&(struct nth_script){"originals kept", run_originals, look_at_originals, NULL});
  int r = run_originals(NULL);
  if (r != 0) nth_wrong("keeping for the readers fails");
  wrong += nth_sweep(&(struct nth_script){.name = "originals read", .run = run_originals_read});
  return wrong + nth_sweep(&(struct nth_script){.name = "dead letter", .run = run_dead_letter});
}
