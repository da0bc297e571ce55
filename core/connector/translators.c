/*
 * Threads that translate, and one that watches.
 *
 * Each place where a translation runs (the loop, each thread) is a seat: the job on it and when it sat down.
 * The watchdog looks at the seats under the same lock under which a job leaves its seat, so a job that it
 * reads is alive. It is a thread, because the loop itself may be what hangs. Aborting is the remedy on
 * purpose: C code that loops cannot be stopped in any other way, and the payload's digest is on disk before,
 * so that it is not translated again.
 */
#include "core/connector/translators.h"

#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <time.h>

#include "core/clock.h"
#include "core/connector/poisoned.h"
#include "core/log.h"

enum { THREADS_MAX = 64, ABORT_FACTOR = 6, LOOKS_A_TIMEOUT = 8, NAME_MAX_BYTES = 128 };

struct seat {
  struct translators *owner;
  pthread_t thread;
  struct translation_job *job; /* NULL: empty */
  int64_t started_us;
  bool told, waits;
  struct seat *next; /* of those for one job */
};

struct slow_note { /* on its way from the watchdog to the loop */
  struct slow_note *next;
  char source[NAME_MAX_BYTES];
};

struct translators {
  struct poisoned *poisoned;
  int64_t timeout_us;
  void (*slow)(void *context, const char *source);
  void *context;
  struct event *event;
  int wake_fd;
  pthread_mutex_t lock; /* over all that follows */
  pthread_cond_t work, look;
  struct translation_job *queue, **queue_end, *finished, **finished_end;
  struct slow_note *slow_notes;
  bool closing;
  pthread_t watchdog;
  bool watchdog_runs;
  struct seat *alone; /* each for one job: the job is gone from it when its thread ends */
  int threads;        /* that run; their seats are 1 … threads, the loop's is 0 */
  struct seat seats[];
};

/* ---- Translating --------------------------------------------------------------------------------------- */

static void sit_down(struct seat *seat, struct translation_job *job) {
  seat->job = job;
  seat->started_us = clock_monotonic_us();
  seat->told = seat->waits = false;
}

static void job_run(struct translation_job *job) {
  int r = job->prepare == NULL ? 0 : job->prepare(job);
  if (r == 0) {
    r = translation_run_in_batches(job->instance, job->personal, job->tables, job->payload, job->arena,
                                   job->taker, &job->translation);
  }
  job->error = r >= 0 && job->finish != NULL ? job->finish(job) : MIN(r, 0);
}

void translators_run(struct translators *translators, struct translation_job *job) {
  struct seat *seat = &translators->seats[0];
  pthread_mutex_lock(&translators->lock);
  sit_down(seat, job);
  pthread_mutex_unlock(&translators->lock);
  job_run(job);
  pthread_mutex_lock(&translators->lock);
  seat->job = NULL;
  pthread_mutex_unlock(&translators->lock);
}

static struct translation_job *queue_take(struct translators *translators) {
  struct translation_job *job = translators->queue;
  translators->queue = job->next;
  if (translators->queue == NULL) translators->queue_end = &translators->queue;
  job->next = NULL;
  return job;
}

/* With the lock, which is released while the job runs. */
static void seat_run(struct seat *seat, struct translation_job *job) {
  struct translators *translators = seat->owner;
  sit_down(seat, job);
  pthread_mutex_unlock(&translators->lock);
  job_run(job);
  pthread_mutex_lock(&translators->lock);
  seat->job = NULL;
  *translators->finished_end = job;
  translators->finished_end = &job->next;
  eventfd_write(translators->wake_fd, 1);
}

static void *translate(void *context) {
  struct seat *seat = context;
  struct translators *translators = seat->owner;
  pthread_mutex_lock(&translators->lock);
  for (;;) {
    while (translators->queue == NULL && !translators->closing) {
      pthread_cond_wait(&translators->work, &translators->lock);
    }
    if (translators->closing) break;
    seat_run(seat, queue_take(translators));
  }
  pthread_mutex_unlock(&translators->lock);
  return NULL;
}

void translators_submit(struct translators *translators, struct translation_job *job) {
  job->next = NULL;
  pthread_mutex_lock(&translators->lock);
  *translators->queue_end = job;
  translators->queue_end = &job->next;
  pthread_cond_signal(&translators->work);
  pthread_mutex_unlock(&translators->lock);
}

/* ---- Jobs with a thread of their own ------------------------------------------------------------------- */

static void *translate_one(void *context) {
  struct seat *seat = context;
  struct translators *translators = seat->owner;
  pthread_mutex_lock(&translators->lock);
  seat_run(seat, seat->job);
  pthread_mutex_unlock(&translators->lock);
  return NULL;
}

static int start_alone(struct translators *translators, struct translation_job *job) {
  cleanup(freep) struct seat *seat = calloc(1, sizeof *seat);
  if (seat == NULL) return -ENOMEM;
  seat->owner = translators;
  sit_down(seat, job);
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_mutex_lock(&translators->lock); /* the thread waits for it, so that it finds its seat in the list */
  int r = pthread_create(&seat->thread, NULL, translate_one, seat);
  if (r == 0) {
    seat->next = translators->alone;
    translators->alone = seat;
    (void)TAKE(seat);
  }
  pthread_mutex_unlock(&translators->lock);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return -r;
}

/* Without a thread it waits in the queue of the others. */
void translators_submit_alone(struct translators *translators, struct translation_job *job) {
  job->next = NULL;
  if (start_alone(translators, job) < 0) translators_submit(translators, job);
}

static struct seat *seat_of(struct translators *translators, const struct translation_job *job) {
  for (struct seat *seat = translators->alone; seat != NULL; seat = seat->next) {
    if (seat->job == job) return seat;
  }
  for (int i = 0; i <= translators->threads; i++) {
    if (translators->seats[i].job == job) return &translators->seats[i];
  }
  return NULL;
}

static void set_waits(struct translators *translators, const struct translation_job *job, bool waits) {
  pthread_mutex_lock(&translators->lock);
  struct seat *seat = seat_of(translators, job);
  if (seat != NULL) {
    seat->waits = waits;
    seat->started_us = clock_monotonic_us();
  }
  pthread_mutex_unlock(&translators->lock);
}

void translators_waits(struct translators *translators, const struct translation_job *job) {
  set_waits(translators, job, true);
}

void translators_goes_on(struct translators *translators, const struct translation_job *job) {
  set_waits(translators, job, false);
}

/* Threads whose job is over; with `all` every one, which waits. */
static void join_alone(struct translators *translators, bool all) {
  pthread_mutex_lock(&translators->lock);
  struct seat **link = &translators->alone;
  while (*link != NULL) {
    struct seat *seat = *link;
    bool runs = seat->job != NULL;
    if (runs && !all) {
      link = &seat->next;
      continue;
    }
    if (runs) pthread_mutex_unlock(&translators->lock); /* it stays in the list, where the watchdog sees it */
    pthread_join(seat->thread, NULL);
    if (runs) pthread_mutex_lock(&translators->lock);
    *link = seat->next;
    free(seat);
  }
  pthread_mutex_unlock(&translators->lock);
}

bool translators_poisoned(const struct translators *translators, const uint8_t digest[static 32]) {
  return poisoned_has(translators->poisoned, digest);
}

/* ---- The watchdog -------------------------------------------------------------------------------------- */

/* Without memory it is told at the next look. */
static void note_slow(struct translators *translators, struct seat *seat) {
  struct slow_note *note = calloc(1, sizeof *note);
  if (note == NULL) return;
  snprintf(note->source, sizeof note->source, "%s", seat->job->source);
  note->next = translators->slow_notes;
  translators->slow_notes = note;
  seat->told = true;
  eventfd_write(translators->wake_fd, 1);
}

/* The lock stays held: the job must not go away under the hands of this, nor be answered after it. */
static _Noreturn void give_up(struct translators *translators, const struct seat *seat) {
  int r = poisoned_add(translators->poisoned, seat->job->digest);
  if (r < 0) log_event(LOG_ERROR, "translate", "the payload could not be noted as poisoned", log_errno(r));
  log_event(LOG_ERROR, "translate",
            "a translation does not end; the process aborts and will not try it again",
            log_text("source", seat->job->source),
            log_int("seconds", (clock_monotonic_us() - seat->started_us) / SECOND_US));
  abort();
}

static void look_at(struct translators *translators, struct seat *seat, int64_t now_us) {
  if (seat->job == NULL || seat->waits) return;
  int64_t elapsed_us = now_us - seat->started_us;
  if (elapsed_us > ABORT_FACTOR * translators->timeout_us) give_up(translators, seat);
  if (elapsed_us > translators->timeout_us && !seat->told) note_slow(translators, seat);
}

static void look(struct translators *translators) {
  int64_t now_us = clock_monotonic_us();
  for (int i = 0; i <= translators->threads; i++) look_at(translators, &translators->seats[i], now_us);
  for (struct seat *seat = translators->alone; seat != NULL; seat = seat->next) {
    look_at(translators, seat, now_us);
  }
}

static bool busy(const struct translators *translators) {
  for (int i = 0; i <= translators->threads; i++) {
    if (translators->seats[i].job != NULL) return true;
  }
  for (const struct seat *seat = translators->alone; seat != NULL; seat = seat->next) {
    if (seat->job != NULL) return true;
  }
  return false;
}

/* Until the end: also jobs that closing waits for are watched. */
static void *watch(void *context) {
  struct translators *translators = context;
  int64_t period_us = MAX(translators->timeout_us / LOOKS_A_TIMEOUT, INT64_C(1000));
  pthread_mutex_lock(&translators->lock);
  while (!translators->closing || busy(translators)) {
    int64_t until_us = clock_monotonic_us() + period_us;
    struct timespec until = {until_us / SECOND_US, until_us % SECOND_US * 1000};
    pthread_cond_timedwait(&translators->look, &translators->lock, &until);
    look(translators);
  }
  pthread_mutex_unlock(&translators->lock);
  return NULL;
}

/* ---- The loop's side ----------------------------------------------------------------------------------- */

static void tell_slow(struct translators *translators, struct slow_note *note) {
  while (note != NULL) {
    struct slow_note *next = note->next;
    log_event(LOG_WARNING, "translate", "a translation takes long", log_text("source", note->source));
    if (translators->slow != NULL) translators->slow(translators->context, note->source);
    free(note);
    note = next;
  }
}

static void deliver(struct translators *translators) {
  pthread_mutex_lock(&translators->lock);
  struct translation_job *job = TAKE(translators->finished);
  translators->finished_end = &translators->finished;
  struct slow_note *notes = TAKE(translators->slow_notes);
  pthread_mutex_unlock(&translators->lock);
  tell_slow(translators, notes);
  join_alone(translators, false);
  while (job != NULL) {
    struct translation_job *next = job->next;
    job->next = NULL;
    job->done(job);
    job = next;
  }
}

static void on_wake(evutil_socket_t fd, short what, void *context) {
  eventfd_t count;
  if (eventfd_read(fd, &count) == 0) deliver(context);
}

/* ---- Life ---------------------------------------------------------------------------------------------- */

static int wake_open(struct translators *translators, struct event_base *base) {
  translators->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (translators->wake_fd < 0) return -errno;
  translators->event = event_new(base, translators->wake_fd, EV_READ | EV_PERSIST, on_wake, translators);
  return translators->event == NULL || event_add(translators->event, NULL) < 0 ? -ENOMEM : 0;
}

static int threads_start(struct translators *translators, int threads) {
  sigset_t all, before;
  sigfillset(&all); /* signals are the loop's */
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int r = pthread_create(&translators->watchdog, NULL, watch, translators);
  translators->watchdog_runs = r == 0;
  for (int i = 1; i <= threads && r == 0; i++) {
    struct seat *seat = &translators->seats[i];
    seat->owner = translators;
    r = pthread_create(&seat->thread, NULL, translate, seat);
    if (r != 0) break;
    pthread_mutex_lock(&translators->lock);
    translators->threads = i;
    pthread_mutex_unlock(&translators->lock);
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return -r;
}

static void conditions_init(struct translators *translators) {
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_mutex_init(&translators->lock, NULL);
  pthread_cond_init(&translators->work, &monotonic);
  pthread_cond_init(&translators->look, &monotonic);
  pthread_condattr_destroy(&monotonic);
}

int translators_new(struct event_base *base, const char *state_dir, int threads, int64_t timeout_ms,
                    void (*slow)(void *, const char *), void *context, struct translators **ret_translators) {
  if (threads < 1 || threads > THREADS_MAX || timeout_ms < 1) return -EINVAL;
  struct translators *translators =
      calloc(1, sizeof *translators + (size_t)(threads + 1) * sizeof(struct seat));
  if (translators == NULL) return -ENOMEM;
  translators->timeout_us = timeout_ms * 1000;
  translators->slow = slow;
  translators->context = context;
  translators->wake_fd = -1;
  translators->queue_end = &translators->queue;
  translators->finished_end = &translators->finished;
  conditions_init(translators);
  int r = poisoned_open(state_dir, &translators->poisoned);
  if (r == 0) r = wake_open(translators, base);
  if (r == 0) r = threads_start(translators, threads);
  if (r < 0) {
    translators_free(translators);
    return r;
  }
  *ret_translators = translators;
  return 0;
}

static void threads_join(struct translators *translators) {
  pthread_mutex_lock(&translators->lock);
  translators->closing = true;
  pthread_cond_broadcast(&translators->work);
  pthread_cond_broadcast(&translators->look);
  pthread_mutex_unlock(&translators->lock);
  for (int i = 1; i <= translators->threads; i++) pthread_join(translators->seats[i].thread, NULL);
  join_alone(translators, true);
  pthread_mutex_lock(&translators->lock);
  pthread_cond_broadcast(&translators->look);
  pthread_mutex_unlock(&translators->lock);
  if (translators->watchdog_runs) pthread_join(translators->watchdog, NULL);
}

void translators_free(struct translators *translators) {
  if (translators == NULL) return;
  threads_join(translators);
  while (translators->slow_notes != NULL) {
    struct slow_note *next = translators->slow_notes->next;
    free(translators->slow_notes);
    translators->slow_notes = next;
  }
  if (translators->event != NULL) event_free(translators->event);
  closep(&translators->wake_fd);
  poisoned_close(translators->poisoned);
  pthread_cond_destroy(&translators->look);
  pthread_cond_destroy(&translators->work);
  pthread_mutex_destroy(&translators->lock);
  free(translators);
}
