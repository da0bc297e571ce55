/*
 * Translators: jobs come back to the loop, slow ones are told, endless ones end the process and are
 * remembered.
 */
#include "core/connector/translators.h"

#include <event2/event.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "core/connector/poisoned.h"
#include "tests/lib/scratch.h"

enum { LONG_MS = 60000 };

/* A connector that waits at a gate, if there is one. */
struct gate {
  pthread_mutex_t lock;
  pthread_cond_t change;
  int entered;
  bool open;
};

static void gate_init(struct gate *gate) {
  pthread_mutex_init(&gate->lock, NULL);
  pthread_cond_init(&gate->change, NULL);
  gate->entered = 0;
  gate->open = false;
}

static void gate_deinit(struct gate *gate) {
  pthread_cond_destroy(&gate->change);
  pthread_mutex_destroy(&gate->lock);
}

static void gate_open(struct gate *gate) {
  pthread_mutex_lock(&gate->lock);
  gate->open = true;
  pthread_cond_broadcast(&gate->change);
  pthread_mutex_unlock(&gate->lock);
}

static void gate_await(struct gate *gate, int entered) {
  pthread_mutex_lock(&gate->lock);
  while (gate->entered < entered) pthread_cond_wait(&gate->change, &gate->lock);
  pthread_mutex_unlock(&gate->lock);
}

static int translate(const void *self, const struct hub_payload *payload, struct hub_sink *sink) {
  struct gate *gate = (struct gate *)self;
  if (gate != NULL) {
    pthread_mutex_lock(&gate->lock);
    gate->entered++;
    pthread_cond_broadcast(&gate->change);
    while (!gate->open) pthread_cond_wait(&gate->change, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
  }
  return payload->length == 0 ? -ENOMEM : 0;
}

static const struct hub_connector api = {.size = sizeof api,
                                         .abi_major = HUB_ABI_MAJOR,
                                         .name = "waiting",
                                         .version = "1",
                                         .translate = translate};
static const struct connector connector = {.api = &api};
static const uint8_t digest[32] = {0xAB, 0xCD};
static const struct hub_payload payload = {sizeof payload, "x", 1}, empty = {sizeof empty, "", 0};

struct fixture {
  char state_dir[64];
  struct event_base *base;
  struct translators *translators;
  struct instance instance;
  struct gate gate;
  int done;
  int slow;
  struct translation_job *order[8];
};

static struct fixture *present; /* done() has no context but the job */

static void on_done(struct translation_job *job) {
  if (present->done < (int)LENGTH_OF(present->order)) present->order[present->done] = job;
  present->done++;
}

static void on_slow(void *context, const char *source) {
  struct fixture *fixture = context;
  assert_string_equal("edoc", source);
  fixture->slow++;
  gate_open(&fixture->gate);
}

static int setup(void **state) {
  struct fixture *fixture = calloc(1, sizeof *fixture);
  assert_non_null(fixture);
  snprintf(fixture->state_dir, sizeof fixture->state_dir, "/tmp/test-translators-XXXXXX");
  assert_non_null(mkdtemp(fixture->state_dir));
  fixture->base = event_base_new();
  assert_non_null(fixture->base);
  fixture->instance.connector = &connector;
  gate_init(&fixture->gate);
  *state = present = fixture;
  return 0;
}

static int teardown(void **state) {
  struct fixture *fixture = *state;
  translators_free(fixture->translators);
  event_base_free(fixture->base);
  gate_deinit(&fixture->gate);
  assert_int_equal(0, scratch_remove(fixture->state_dir));
  free(fixture);
  return 0;
}

static void start(struct fixture *fixture, int threads, int64_t timeout_ms) {
  assert_int_equal(0, translators_new(fixture->base, fixture->state_dir, threads, timeout_ms, on_slow,
                                      fixture, &fixture->translators));
}

static struct translation_job job_of(struct fixture *fixture, const struct hub_payload *body) {
  return (struct translation_job){.instance = &fixture->instance,
                                  .payload = body,
                                  .source = "edoc",
                                  .digest = digest,
                                  .done = on_done,
                                  .error = 77};
}

static void loop_until_done(struct fixture *fixture, int count) {
  while (fixture->done < count) assert_true(event_base_loop(fixture->base, EVLOOP_ONCE) >= 0);
}

static void jobs_come_back_in_order(void **state) {
  struct fixture *fixture = *state;
  start(fixture, 1, LONG_MS);
  struct translation_job jobs[4];
  for (size_t i = 0; i < LENGTH_OF(jobs); i++) {
    jobs[i] = job_of(fixture, i == 2 ? &empty : &payload);
    translators_submit(fixture->translators, &jobs[i]);
  }
  assert_int_equal(0, fixture->done); /* never before the loop runs */
  loop_until_done(fixture, LENGTH_OF(jobs));
  for (size_t i = 0; i < LENGTH_OF(jobs); i++) {
    assert_ptr_equal(&jobs[i], fixture->order[i]);
    assert_int_equal(i == 2 ? -ENOMEM : 0, jobs[i].error);
  }
  assert_int_equal(0, fixture->slow);
}

static void on_the_loop_there_is_no_callback(void **state) {
  struct fixture *fixture = *state;
  start(fixture, 1, LONG_MS);
  struct translation_job job = job_of(fixture, &payload);
  translators_run(fixture->translators, &job);
  assert_int_equal(0, job.error);
  assert_true(event_base_loop(fixture->base, EVLOOP_NONBLOCK) >= 0);
  assert_int_equal(0, fixture->done);
}

static void threads_work_side_by_side(void **state) {
  struct fixture *fixture = *state;
  fixture->instance.self = &fixture->gate;
  start(fixture, 3, LONG_MS);
  struct translation_job jobs[3];
  for (size_t i = 0; i < LENGTH_OF(jobs); i++) {
    jobs[i] = job_of(fixture, &payload);
    translators_submit(fixture->translators, &jobs[i]);
  }
  gate_await(&fixture->gate, 3); /* all are inside at once */
  gate_open(&fixture->gate);
  loop_until_done(fixture, 3);
}

static void a_slow_one_is_told_once(void **state) {
  struct fixture *fixture = *state;
  fixture->instance.self = &fixture->gate;
  start(fixture, 1, 1000); /* a busy machine has five seconds to run the loop */
  struct translation_job job = job_of(fixture, &payload);
  translators_submit(fixture->translators, &job);
  loop_until_done(fixture, 1); /* on_slow opens the gate */
  assert_int_equal(1, fixture->slow);
  assert_int_equal(0, job.error);
  assert_false(translators_poisoned(fixture->translators, digest));
}

static void *open_later(void *context) {
  struct gate *gate = context;
  gate_await(gate, 1);
  gate_open(gate);
  return NULL;
}

static void free_waits_for_running_jobs_and_drops_queued_ones(void **state) {
  struct fixture *fixture = *state;
  fixture->instance.self = &fixture->gate;
  start(fixture, 1, LONG_MS);
  struct translation_job running = job_of(fixture, &payload), queued = job_of(fixture, &payload);
  translators_submit(fixture->translators, &running);
  gate_await(&fixture->gate, 1);
  translators_submit(fixture->translators, &queued);
  pthread_t thread;
  assert_int_equal(0, pthread_create(&thread, NULL, open_later, &fixture->gate));
  translators_free(fixture->translators);
  fixture->translators = NULL;
  assert_int_equal(0, pthread_join(thread, NULL));
  assert_int_equal(0, running.error);
  /* The gate may open before the end begins: then the queued one was translated whole, else not at all. */
  assert_int_equal(fixture->gate.entered == 2 ? 0 : 77, queued.error);
  assert_int_equal(0, fixture->done);
}

/* Hangs in a process of its own, on the loop or on a thread, and returns how that ended. */
static int hang_in_child(struct fixture *fixture, bool on_loop) {
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    int nowhere = open("/dev/null", O_WRONLY);
    dup2(nowhere, STDERR_FILENO);
    signal(SIGABRT, SIG_DFL);
    fixture->instance.self = &fixture->gate;
    struct translators *translators;
    struct event_base *base = event_base_new();
    if (base == NULL) _exit(1);
    if (translators_new(base, fixture->state_dir, 1, 5, NULL, NULL, &translators) != 0) _exit(2);
    struct translation_job job = job_of(fixture, &payload);
    if (on_loop) {
      translators_run(translators, &job);
    } else {
      translators_submit(translators, &job);
      gate_await(&fixture->gate, 1);
      translators_free(translators); /* also who waits for the end is watched */
    }
    _exit(3);
  }
  int status;
  assert_int_equal(child, waitpid(child, &status, 0));
  return status;
}

static void an_endless_one_ends_the_process_and_is_remembered(void **state) {
  struct fixture *fixture = *state;
  for (int on_loop = 0; on_loop < 2; on_loop++) {
    int status = hang_in_child(fixture, on_loop);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(SIGABRT, WTERMSIG(status));
  }
  char path[128], line[2 * 66 + 1];
  snprintf(path, sizeof path, "%s/poisoned", fixture->state_dir);
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  assert_int_equal(130, fread(line, 1, sizeof line, file));
  fclose(file);
  assert_memory_equal("abcd000000000000000000000000000000000000000000000000000000000000\nabcd", line, 69);
  start(fixture, 1, LONG_MS);
  assert_true(translators_poisoned(fixture->translators, digest));
  static const uint8_t other[32] = {0xAB};
  assert_false(translators_poisoned(fixture->translators, other));
}

static void write_list(const struct fixture *fixture, const char *text) {
  char path[128];
  snprintf(path, sizeof path, "%s/poisoned", fixture->state_dir);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  assert_int_equal(0, fclose(file));
}

static void the_list_survives_comments_and_a_cut_line(void **state) {
  struct fixture *fixture = *state;
  write_list(fixture,
             "# looked at on Monday\n"
             "ffcd000000000000000000000000000000000000000000000000000000000000\n"
             "zzcd000000000000000000000000000000000000000000000000000000000000\n\n"
             "abcd0000000000000000");
  struct poisoned *list;
  uint8_t first[32] = {0xFF, 0xCD};
  assert_int_equal(0, poisoned_open(fixture->state_dir, &list));
  assert_true(poisoned_has(list, first));
  assert_false(poisoned_has(list, digest));
  assert_int_equal(0, poisoned_add(list, digest));
  poisoned_close(list);
  assert_int_equal(0, poisoned_open(fixture->state_dir, &list));
  assert_true(poisoned_has(list, first));
  assert_true(poisoned_has(list, digest));
  poisoned_close(list);
}

static void wrong_numbers_are_refused(void **state) {
  struct fixture *fixture = *state;
  struct translators *translators = NULL;
  assert_int_equal(-EINVAL,
                   translators_new(fixture->base, fixture->state_dir, 0, 1, NULL, NULL, &translators));
  assert_int_equal(-EINVAL,
                   translators_new(fixture->base, fixture->state_dir, 1, 0, NULL, NULL, &translators));
  assert_int_equal(-ENOENT, translators_new(fixture->base, "/nowhere", 1, 1, NULL, NULL, &translators));
  assert_null(translators);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(jobs_come_back_in_order),
      TEST(on_the_loop_there_is_no_callback),
      TEST(threads_work_side_by_side),
      TEST(a_slow_one_is_told_once),
      TEST(free_waits_for_running_jobs_and_drops_queued_ones),
      TEST(an_endless_one_ends_the_process_and_is_remembered),
      TEST(the_list_survives_comments_and_a_cut_line),
      TEST(wrong_numbers_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
