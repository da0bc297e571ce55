/*
 * Keeping originals: a queue from the loop to one writer thread, and a list of results back.
 *
 * The writer takes all that waits, writes it, syncs once, and only then are the results told: an original is
 * durable when done(0) is called. It owns the files, the keys and the index. A file belongs to one process
 * and one day. After any failed write or sync the file is never touched again: the whole batch is refused
 * with that error, and the next batch begins a new file. What such a batch left behind may be found by a
 * reader, but nobody was promised it.
 */
#include "core/originals/originals.h"

#include <event2/event.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/originals/files.h"
#include "core/originals/index.h"

enum { INDEX_MAX = 1000000, FILES_A_DAY_MAX = 100000 };

struct keep { /* one original on its way through the writer */
  struct keep *next;
  const struct original *original;
  int64_t quota_bytes, record_bytes, source_bytes;
  struct originals_mark mark;
  bool written; /* to the present file, not yet synced */
  int result;
  void (*done)(void *context, int result);
  void *context;
};

struct keep_list {
  struct keep *first, **end;
};

struct originals {
  struct metrics *metrics;
  struct event *event;
  int wake_fd;
  pthread_t thread;
  bool thread_runs;
  pthread_mutex_t lock; /* over the three that follow */
  pthread_cond_t work;
  struct keep_list queue, finished;
  bool closing;
  /* the writer's own */
  int directory, fd;
  uint64_t end;
  bool name_durable;
  struct originals_file file;
  struct secret_key master, day_key;
  struct originals_sealer *sealer;
  struct originals_index *index;
};

static const struct metric_family kept_bytes = {
    "iochub_originals_bytes", "Sealed originals on disk, by source.", METRIC_GAUGE, {"source", NULL}};
static const struct metric_family refused_total = {
    "iochub_originals_refused_total",
    "Originals that could not be kept: quota full, or trouble with the disk.",
    METRIC_COUNTER,
    {"source", NULL}};

static void list_init(struct keep_list *list) {
  list->first = NULL;
  list->end = &list->first;
}

static void list_push(struct keep_list *list, struct keep *keep) {
  keep->next = NULL;
  *list->end = keep;
  list->end = &keep->next;
}

static struct keep *list_take(struct keep_list *list) {
  struct keep *first = list->first;
  list_init(list);
  return first;
}

/* ---- The writer's file --------------------------------------------------------------------------------- */

static void file_leave(struct originals *originals) {
  if (originals->fd >= 0) close(originals->fd);
  originals->fd = -1;
  secret_wipe(&originals->day_key, sizeof originals->day_key);
}

/* Of a file that holds nothing durable nothing is left, else a full disk would fill the folder with empty
 * files. */
static void file_give_up(struct originals *originals) {
  if (originals->fd >= 0 && !originals->name_durable) {
    char name[ORIGINALS_NAME_TEXT];
    originals_file_name(&originals->file, name);
    unlinkat(originals->directory, name, 0);
  }
  file_leave(originals);
}

static int day_key_open(struct originals *originals) {
  const char *day = originals->file.day;
  int r = originals_key_load(originals->directory, day, &originals->master, &originals->day_key);
  if (r == ORIGINALS_E_MISSING) {
    r = originals_key_make(originals->directory, day, &originals->master, &originals->day_key);
  }
  return r > 0 ? -EKEYREJECTED : r;
}

static int file_create(struct originals *originals) {
  char name[ORIGINALS_NAME_TEXT];
  for (; originals->file.number < FILES_A_DAY_MAX; originals->file.number++) {
    originals_file_name(&originals->file, name);
    originals->fd =
        openat(originals->directory, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (originals->fd >= 0) break;
    if (errno != EEXIST) return -errno;
  }
  if (originals->fd < 0) return -EMFILE;
  originals->name_durable = false;
  originals->end = ORIGINALS_HEADER_BYTES;
  return originals_header_write(originals->fd);
}

static bool day_erased(const struct originals *originals) {
  char name[ORIGINALS_NAME_TEXT];
  snprintf(name, sizeof name, "%s.key", originals->file.day);
  return faccessat(originals->directory, name, F_OK, 0) < 0;
}

/* A file of today with today's key; the one at hand when it still is that. */
static int file_ready(struct originals *originals) {
  char now[CLOCK_TEXT_SIZE];
  clock_text(clock_now_us(), now);
  bool same_day = memcmp(originals->file.day, now, ORIGINALS_DAY_TEXT - 1) == 0;
  if (originals->fd >= 0 && same_day && !day_erased(originals)) return 0;
  file_leave(originals);
  if (!same_day) {
    memcpy(originals->file.day, now, ORIGINALS_DAY_TEXT - 1);
    originals->file.day[ORIGINALS_DAY_TEXT - 1] = '\0';
    originals->file.number = 0;
  }
  int r = day_key_open(originals);
  return r < 0 ? r : file_create(originals);
}

static int file_sync(struct originals *originals) {
  if (fdatasync(originals->fd) < 0) return -errno;
  if (originals->name_durable) return 0;
  if (fsync(originals->directory) < 0) return -errno;
  originals->name_durable = true;
  return 0;
}

/* ---- The writer ---------------------------------------------------------------------------------------- */

static bool in_batch(const struct keep *batch, const struct keep *keep) {
  for (const struct keep *other = batch; other != keep; other = other->next) {
    if (other->written && memcmp(&other->mark, &keep->mark, sizeof keep->mark) == 0) return true;
  }
  return false;
}

/* The file is chosen once a batch: it is synced as a whole, also over midnight. */
static int keep_write(struct originals *originals, const struct keep *batch, bool ready, struct keep *keep) {
  int r = originals_mark_make(keep->original->source, keep->original->digest, &keep->mark);
  if (r < 0) return r;
  int64_t *used = originals_index_bytes(originals->index, keep->original->source);
  if (used == NULL) return -ENOMEM;
  keep->source_bytes = *used;
  if (originals_index_has(originals->index, keep->mark) || in_batch(batch, keep)) return 0;
  keep->record_bytes = (int64_t)originals_record_bytes(keep->original);
  if (keep->record_bytes > keep->quota_bytes - *used) return ORIGINALS_E_FULL;
  r = ready ? 0 : file_ready(originals);
  if (r < 0) return r;
  r = originals_record_write(originals->sealer, originals->fd, originals->end, &originals->day_key,
                             keep->original);
  if (r < 0) return r;
  originals->end += (uint64_t)keep->record_bytes;
  *used += keep->record_bytes;
  keep->source_bytes = *used;
  keep->written = true;
  return 0;
}

/* The bytes of what was written count from now on, or no more. */
static void batch_settle(struct originals *originals, struct keep *batch, int r) {
  for (struct keep *keep = batch; keep != NULL; keep = keep->next) {
    if (r < 0 && keep->result == 0) keep->result = r;
    if (!keep->written) continue;
    if (r == 0) {
      int known = originals_index_add(originals->index, keep->mark);
      (void)known; /* without memory for it, it may be kept twice */
      continue;
    }
    int64_t *used = originals_index_bytes(originals->index, keep->original->source);
    if (used != NULL) *used -= keep->record_bytes;
  }
}

static bool is_own_trouble(int r) { return r == ORIGINALS_E_FULL || r == -ENAMETOOLONG || r == -EMSGSIZE; }

static void batch_write(struct originals *originals, struct keep *batch) {
  int r = 0;
  bool any = false;
  for (struct keep *keep = batch; keep != NULL && r == 0; keep = keep->next) {
    keep->result = keep_write(originals, batch, any, keep);
    any = any || keep->written;
    if (keep->result != 0 && !is_own_trouble(keep->result)) r = keep->result;
  }
  if (r == 0 && any) r = file_sync(originals);
  if (r < 0) {
    log_event(LOG_ERROR, "originals", "cannot keep originals", log_errno(r),
              log_text("day", originals->file.day));
    file_give_up(originals);
  }
  batch_settle(originals, batch, r);
}

static void *writer(void *context) {
  struct originals *originals = context;
  pthread_mutex_lock(&originals->lock);
  for (;;) {
    while (originals->queue.first == NULL && !originals->closing) {
      pthread_cond_wait(&originals->work, &originals->lock);
    }
    struct keep *batch = list_take(&originals->queue);
    if (batch == NULL) break;
    pthread_mutex_unlock(&originals->lock);
    batch_write(originals, batch);
    pthread_mutex_lock(&originals->lock);
    while (batch != NULL) {
      struct keep *next = batch->next;
      list_push(&originals->finished, batch);
      batch = next;
    }
    eventfd_write(originals->wake_fd, 1);
  }
  pthread_mutex_unlock(&originals->lock);
  return NULL;
}

/* ---- The loop's side ----------------------------------------------------------------------------------- */

static void tell_metrics(struct originals *originals, const struct keep *keep) {
  if (originals->metrics == NULL) return;
  const char *labels[] = {keep->original->source};
  metric_set(metrics_series(originals->metrics, &kept_bytes, labels), keep->source_bytes);
  if (keep->result != 0) metric_add(metrics_series(originals->metrics, &refused_total, labels), 1);
}

static void deliver(struct originals *originals) {
  pthread_mutex_lock(&originals->lock);
  struct keep *keep = list_take(&originals->finished);
  pthread_mutex_unlock(&originals->lock);
  while (keep != NULL) {
    struct keep *next = keep->next;
    tell_metrics(originals, keep);
    keep->done(keep->context, keep->result);
    free(keep);
    keep = next;
  }
}

static void on_wake(evutil_socket_t fd, short what, void *context) {
  eventfd_t count;
  if (eventfd_read(fd, &count) == 0) deliver(context);
}

int originals_keep(struct originals *originals, const struct original *original, int64_t quota_bytes,
                   void (*done)(void *context, int result), void *context) {
  struct keep *keep = calloc(1, sizeof *keep);
  if (keep == NULL) return -ENOMEM;
  keep->original = original;
  keep->quota_bytes = quota_bytes;
  keep->done = done;
  keep->context = context;
  pthread_mutex_lock(&originals->lock);
  bool closing = originals->closing;
  if (!closing) list_push(&originals->queue, keep);
  pthread_cond_signal(&originals->work);
  pthread_mutex_unlock(&originals->lock);
  if (closing) free(keep);
  return closing ? -ESHUTDOWN : 0;
}

/* ---- Opening and closing ------------------------------------------------------------------------------- */

static int index_record(void *context, const struct originals_head *head) {
  struct originals *originals = context;
  struct originals_mark mark;
  int r = originals_mark_make(head->source, head->digest, &mark);
  if (r < 0) return r;
  int64_t *used = originals_index_bytes(originals->index, head->source);
  if (used == NULL) return -ENOMEM;
  *used += (int64_t)(head->raw_bytes + head->sealed_bytes);
  return originals_index_add(originals->index, mark);
}

static int index_file(struct originals *originals, const struct originals_file *file) {
  struct secret_key key;
  int r = originals_key_load(originals->directory, file->day, &originals->master, &key);
  secret_wipe(&key, sizeof key);
  char name[ORIGINALS_NAME_TEXT];
  originals_file_name(file, name);
  if (r > 0) { /* erased, or of another master key: nothing in it can be opened, so nothing in it is kept */
    log_event(LOG_WARNING, "originals", "a file has no key that opens it", log_text("file", name));
    return 0;
  }
  cleanup(closep) int fd = r < 0 ? -1 : openat(originals->directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return r < 0 ? r : -errno;
  uint64_t left = 0;
  r = originals_file_walk(fd, index_record, originals, &left);
  if (r == -EBADMSG || (r == 0 && left != 0)) {
    log_event(LOG_WARNING, "originals", "a file's end holds no whole record", log_text("file", name),
              log_int("bytes", (int64_t)left));
    return 0;
  }
  return r;
}

static int index_load(struct originals *originals) {
  int r = originals_index_new(INDEX_MAX, &originals->index);
  if (r < 0) return r;
  cleanup(freep) struct originals_file *files = NULL;
  size_t count = 0;
  r = originals_files_list(originals->directory, &files, &count);
  for (size_t i = 0; i < count && r == 0; i++) r = index_file(originals, &files[i]);
  return r;
}

/* A master key that does not open today's key would be noticed at the first dead letter: too late. */
static int master_check(struct originals *originals) {
  char now[CLOCK_TEXT_SIZE], day[ORIGINALS_DAY_TEXT];
  snprintf(day, sizeof day, "%.10s", clock_text(clock_now_us(), now));
  struct secret_key key;
  int r = originals_key_load(originals->directory, day, &originals->master, &key);
  secret_wipe(&key, sizeof key);
  if (r != ORIGINALS_E_KEY) return r < 0 ? r : 0;
  log_event(LOG_ERROR, "originals", "the master key does not open today's key", log_text("day", day));
  return -EKEYREJECTED;
}

static int directory_open(const char *state_dir, int *ret_directory) {
  cleanup(closep) int state = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (state < 0) return -errno;
  if (mkdirat(state, "originals", 0700) < 0 && errno != EEXIST) return -errno;
  if (fsync(state) < 0) return -errno;
  *ret_directory = openat(state, "originals", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return *ret_directory < 0 ? -errno : 0;
}

static int wake_open(struct originals *originals, struct event_base *base) {
  originals->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (originals->wake_fd < 0) return -errno;
  originals->event = event_new(base, originals->wake_fd, EV_READ | EV_PERSIST, on_wake, originals);
  return originals->event == NULL || event_add(originals->event, NULL) < 0 ? -ENOMEM : 0;
}

/* Signals are the loop's. */
static int thread_start(struct originals *originals) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int r = pthread_create(&originals->thread, NULL, writer, originals);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  originals->thread_runs = r == 0;
  return -r;
}

int originals_open(struct event_base *base, struct metrics *metrics, const char *state_dir,
                   const struct secret_key *master, struct originals **ret_originals) {
  struct originals *originals = calloc(1, sizeof *originals);
  if (originals == NULL) return -ENOMEM;
  originals->metrics = metrics;
  originals->master = *master;
  originals->directory = originals->fd = originals->wake_fd = -1;
  list_init(&originals->queue);
  list_init(&originals->finished);
  pthread_mutex_init(&originals->lock, NULL);
  pthread_cond_init(&originals->work, NULL);
  int r = directory_open(state_dir, &originals->directory);
  if (r == 0) r = master_check(originals);
  if (r == 0) r = index_load(originals);
  if (r == 0) r = originals_sealer_new(&originals->sealer);
  if (r == 0) r = wake_open(originals, base);
  if (r == 0) r = thread_start(originals);
  if (r < 0) {
    originals_close(originals);
    return r;
  }
  *ret_originals = originals;
  return 0;
}

void originals_close(struct originals *originals) {
  if (originals == NULL) return;
  if (originals->thread_runs) {
    pthread_mutex_lock(&originals->lock);
    originals->closing = true;
    pthread_cond_signal(&originals->work);
    pthread_mutex_unlock(&originals->lock);
    pthread_join(originals->thread, NULL);
    deliver(originals);
  }
  if (originals->event != NULL) event_free(originals->event);
  closep(&originals->wake_fd);
  file_leave(originals);
  closep(&originals->directory);
  originals_sealer_free(originals->sealer);
  originals_index_free(originals->index);
  pthread_cond_destroy(&originals->work);
  pthread_mutex_destroy(&originals->lock);
  secret_wipe(originals, sizeof *originals);
  free(originals);
}
