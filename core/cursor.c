/*
 * Cursors. The loop changes them in memory; a thread writes each state whole into the older of a source's two
 * files and syncs it. What is asked for while a write is under way waits and shares the next one.
 *
 * A file whose write or sync failed is not written to again: the kernel may have dropped the pages and call
 * the next sync a success. It is unlinked, and the next write makes a new one.
 */
#include "core/cursor.h"

#include <event2/event.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include "core/clock.h"
#include "core/cursor_state.h"
#include "core/log.h"

enum { NAME_BYTES = 128, SIDES = 2 };
#define STATE_BYTES_MAX (256 * MIB)
#define KEPT_US (30 * 86400 * SECOND_US)

struct cursor {
  struct cursor *next;
  struct cursors *cursors;
  char names[SIDES][NAME_BYTES];
  struct cursor_file *files;
  size_t files_count;
  uint64_t sequence; /* of the newest state */
  struct cursor_save *waiting, **waiting_end, *covered;
  bool writing;
  struct cursor *next_job; /* the thread's from here while `writing` */
  struct text_out state;
  int fds[SIDES]; /* -1: not open */
  int result;
};

struct cursors {
  int folder;
  struct event *event;
  int wake_fd;
  struct cursor *list;
  pthread_t thread;
  bool runs;
  pthread_mutex_t lock; /* over all that follows */
  pthread_cond_t work;
  struct cursor *jobs, **jobs_end, *done, **done_end;
  bool closing;
};

/* ---- What is known of a file ---- */

int cursor_batch_new(uint64_t first, uint32_t count, struct cursor_batch **ret_batch) {
  struct cursor_batch *batch = calloc(1, sizeof *batch + count * sizeof *batch->ids);
  if (batch == NULL) return -ENOMEM;
  batch->first = first;
  batch->count = count;
  *ret_batch = batch;
  return 0;
}

void cursor_reset(struct cursor_file *file) {
  file->durable = file->trace = 0;
  while (file->batches != NULL) {
    struct cursor_batch *next = file->batches->next;
    free(file->batches);
    file->batches = next;
  }
}

int cursor_file(struct cursor *cursor, const uint8_t key[static CURSOR_KEY_BYTES],
                struct cursor_file **ret_file) {
  struct cursor_file *file = cursor->files;
  while (file != NULL && memcmp(file->key, key, CURSOR_KEY_BYTES) != 0) file = file->next;
  if (file == NULL) {
    file = calloc(1, sizeof *file);
    if (file == NULL) return -ENOMEM;
    memcpy(file->key, key, CURSOR_KEY_BYTES);
    file->cursor = cursor;
    file->next = cursor->files;
    cursor->files = file;
    cursor->files_count++;
  }
  file->touched_us = clock_now_us();
  *ret_file = file;
  return 0;
}

void cursor_forget(struct cursor_file *file) {
  struct cursor_file **link = &file->cursor->files;
  while (*link != file) link = &(*link)->next;
  *link = file->next;
  file->cursor->files_count--;
  file->next = NULL;
  cursor_files_free(file);
}

static bool covers(const struct cursor_batch *batch, const struct cursor_batch *other) {
  return other->first >= batch->first && other->first + other->count <= batch->first + batch->count;
}

void cursor_intend(struct cursor_file *file, struct cursor_batch **batch) {
  struct cursor_batch **link = &file->batches;
  while (*link != NULL) {
    struct cursor_batch *one = *link;
    if (covers(*batch, one)) {
      *link = one->next;
      free(one);
    } else if (one->first < (*batch)->first) {
      link = &one->next;
    } else {
      break;
    }
  }
  (*batch)->next = *link;
  *link = TAKE(*batch);
}

void cursor_commit(struct cursor_file *file, uint64_t durable, uint64_t trace) {
  file->durable = durable;
  file->trace = trace;
  struct cursor_batch **link = &file->batches;
  while (*link != NULL) {
    struct cursor_batch *one = *link;
    if (one->first + one->count > durable) {
      link = &one->next;
      continue;
    }
    *link = one->next;
    free(one);
  }
}

const struct cursor_batch *cursor_batch_of(const struct cursor_file *file, uint64_t record,
                                           size_t *ret_place) {
  for (const struct cursor_batch *batch = file->batches; batch != NULL; batch = batch->next) {
    if (record < batch->first || record - batch->first >= batch->count) continue;
    *ret_place = (size_t)(record - batch->first);
    return batch;
  }
  return NULL;
}

/* ---- Writing, on the thread ---- */

static int side_open(struct cursor *cursor, int side) {
  int folder = cursor->cursors->folder;
  if (cursor->fds[side] >= 0) return 0;
  int fd = openat(folder, cursor->names[side], O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return -errno;
  cursor->fds[side] = fd;
  return fsync(folder) < 0 ? -errno : 0;
}

static int side_write(int fd, const char *data, size_t length) {
  for (size_t done = 0; done < length;) {
    ssize_t n = pwrite(fd, data + done, length - done, (off_t)done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -errno;
    done += (size_t)n;
  }
  return fdatasync(fd) < 0 ? -errno : 0;
}

static int state_write(struct cursor *cursor) {
  int side = (int)(cursor->sequence % SIDES);
  int r = side_open(cursor, side);
  if (r == 0) r = side_write(cursor->fds[side], cursor->state.data, cursor->state.length);
  if (r == 0) return 0;
  closep(&cursor->fds[side]);
  cursor->fds[side] = -1;
  unlinkat(cursor->cursors->folder, cursor->names[side], 0);
  return r;
}

static void *write_states(void *context) {
  struct cursors *cursors = context;
  pthread_mutex_lock(&cursors->lock);
  for (;;) {
    while (cursors->jobs == NULL && !cursors->closing) pthread_cond_wait(&cursors->work, &cursors->lock);
    struct cursor *cursor = cursors->jobs;
    if (cursor == NULL) break;
    cursors->jobs = cursor->next_job;
    if (cursors->jobs == NULL) cursors->jobs_end = &cursors->jobs;
    cursor->next_job = NULL;
    pthread_mutex_unlock(&cursors->lock);
    cursor->result = state_write(cursor);
    pthread_mutex_lock(&cursors->lock);
    *cursors->done_end = cursor;
    cursors->done_end = &cursor->next_job;
    eventfd_write(cursors->wake_fd, 1);
  }
  pthread_mutex_unlock(&cursors->lock);
  return NULL;
}

/* ---- Saving, on the loop ---- */

static int save_begin(struct cursor *cursor) {
  struct cursors *cursors = cursor->cursors;
  text_out_clear(&cursor->state);
  cursor->state.failed = false;
  int r = cursor_state_write(cursor->files, cursor->sequence + 1, &cursor->state);
  if (r < 0) return r;
  cursor->sequence++;
  cursor->covered = TAKE(cursor->waiting);
  cursor->waiting_end = &cursor->waiting;
  cursor->writing = true;
  pthread_mutex_lock(&cursors->lock);
  *cursors->jobs_end = cursor;
  cursors->jobs_end = &cursor->next_job;
  pthread_cond_signal(&cursors->work);
  pthread_mutex_unlock(&cursors->lock);
  return 0;
}

static void tell(struct cursor_save *save, int result) {
  while (save != NULL) {
    struct cursor_save *next = save->next;
    save->next = NULL;
    save->done(save, result);
    save = next;
  }
}

int cursor_save(struct cursor *cursor, struct cursor_save *save) {
  struct cursor_save **before = cursor->waiting_end;
  save->next = NULL;
  *before = save;
  cursor->waiting_end = &save->next;
  int r = cursor->writing ? 0 : save_begin(cursor);
  if (r < 0) {
    *before = NULL;
    cursor->waiting_end = before;
  }
  return r;
}

static void save_end(struct cursor *cursor) {
  struct cursor_save *covered = TAKE(cursor->covered);
  cursor->writing = false;
  if (cursor->result < 0) {
    cursor->sequence++; /* the next one goes to the same side: the other one is whole */
    log_event(LOG_ERROR, "cursor", "a cursor could not be written", log_text("file", cursor->names[0]),
              log_errno(cursor->result));
  }
  tell(covered, cursor->result);
  if (cursor->writing || cursor->waiting == NULL) return;
  int r = save_begin(cursor);
  if (r == 0) return;
  struct cursor_save *waiting = TAKE(cursor->waiting);
  cursor->waiting_end = &cursor->waiting;
  tell(waiting, r);
}

static void on_wake(evutil_socket_t fd, short what, void *context) {
  struct cursors *cursors = context;
  eventfd_t count;
  if (eventfd_read(fd, &count) != 0) return;
  pthread_mutex_lock(&cursors->lock);
  struct cursor *cursor = TAKE(cursors->done);
  cursors->done_end = &cursors->done;
  pthread_mutex_unlock(&cursors->lock);
  while (cursor != NULL) {
    struct cursor *next = TAKE(cursor->next_job);
    save_end(cursor);
    cursor = next;
  }
}

/* ---- Reading, at the start ---- */

static int side_read(const struct cursors *cursors, const char *name, uint64_t *ret_sequence,
                     struct cursor_file **ret_files) {
  cleanup(closep) int fd = openat(cursors->folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  struct stat status;
  if (fd < 0) return errno == ENOENT ? CURSOR_STATE_E_BAD : -errno;
  if (fstat(fd, &status) < 0) return -errno;
  if (!S_ISREG(status.st_mode) || (size_t)status.st_size > STATE_BYTES_MAX) return CURSOR_STATE_E_BAD;
  cleanup(freep) char *text = malloc((size_t)status.st_size + 1);
  if (text == NULL) return -ENOMEM;
  size_t length = 0;
  for (ssize_t n = 1; n != 0 && length < (size_t)status.st_size;) {
    n = pread(fd, text + length, (size_t)status.st_size - length, (off_t)length);
    if (n < 0 && errno != EINTR) return -errno;
    length += n > 0 ? (size_t)n : 0;
  }
  return cursor_state_read((struct text){text, length}, ret_sequence, ret_files);
}

/* The newest files, and none that nobody asked for in a month: their inbox is empty long since. */
static void keep_files(struct cursor *cursor, struct cursor_file *files) {
  struct cursor_file **end = &cursor->files;
  int64_t oldest_us = clock_now_us() - KEPT_US;
  while (files != NULL) {
    struct cursor_file *next = files->next;
    files->next = NULL;
    files->cursor = cursor;
    if (files->touched_us < oldest_us || cursor->files_count == CURSOR_FILES_MAX) {
      cursor_files_free(files);
    } else {
      *end = files;
      end = &files->next;
      cursor->files_count++;
    }
    files = next;
  }
}

static int cursor_read(struct cursor *cursor) {
  struct cursor_file *newest = NULL;
  for (int side = 0; side < SIDES; side++) {
    struct cursor_file *files = NULL;
    uint64_t sequence = 0;
    int r = side_read(cursor->cursors, cursor->names[side], &sequence, &files);
    if (r < 0) {
      cursor_files_free(newest);
      return r;
    }
    if (r == 0 && sequence > cursor->sequence) {
      cursor_files_free(newest);
      newest = TAKE(files);
      cursor->sequence = sequence;
    }
    cursor_files_free(files);
  }
  keep_files(cursor, newest);
  return 0;
}

int cursors_source(struct cursors *cursors, const char *source, struct cursor **ret_cursor) {
  struct cursor *cursor = calloc(1, sizeof *cursor);
  if (cursor == NULL) return -ENOMEM;
  cursor->cursors = cursors;
  cursor->waiting_end = &cursor->waiting;
  for (int side = 0; side < SIDES; side++) {
    cursor->fds[side] = -1;
    snprintf(cursor->names[side], NAME_BYTES, "%.100s.%c", source, 'a' + side);
  }
  cursor->next = cursors->list;
  cursors->list = cursor;
  int r = cursor_read(cursor);
  if (r == 0) *ret_cursor = cursor;
  return r;
}

/* ---- Life ---- */

static int folder_open(const char *state_dir) {
  cleanup(closep) int state = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (state < 0) return -errno;
  if (mkdirat(state, "cursors", 0700) < 0 && errno != EEXIST) return -errno;
  if (fsync(state) < 0) return -errno;
  int fd = openat(state, "cursors", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  return fd < 0 ? -errno : fd;
}

static int thread_start(struct cursors *cursors) {
  sigset_t all, before;
  sigfillset(&all); /* signals are the loop's */
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int r = pthread_create(&cursors->thread, NULL, write_states, cursors);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  cursors->runs = r == 0;
  return -r;
}

int cursors_open(struct event_base *base, const char *state_dir, struct cursors **ret_cursors) {
  struct cursors *cursors = calloc(1, sizeof *cursors);
  if (cursors == NULL) return -ENOMEM;
  cursors->jobs_end = &cursors->jobs;
  cursors->done_end = &cursors->done;
  pthread_mutex_init(&cursors->lock, NULL);
  pthread_cond_init(&cursors->work, NULL);
  cursors->wake_fd = -1;
  cursors->folder = folder_open(state_dir);
  int r = MIN(cursors->folder, 0);
  if (r == 0) cursors->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (r == 0 && cursors->wake_fd < 0) r = -errno;
  if (r == 0) cursors->event = event_new(base, cursors->wake_fd, EV_READ | EV_PERSIST, on_wake, cursors);
  if (r == 0 && (cursors->event == NULL || event_add(cursors->event, NULL) < 0)) r = -ENOMEM;
  if (r == 0) r = thread_start(cursors);
  if (r < 0) {
    cursors_close(cursors);
    return r;
  }
  *ret_cursors = cursors;
  return 0;
}

void cursors_close(struct cursors *cursors) {
  if (cursors == NULL) return;
  pthread_mutex_lock(&cursors->lock);
  cursors->closing = true;
  pthread_cond_signal(&cursors->work);
  pthread_mutex_unlock(&cursors->lock);
  if (cursors->runs) pthread_join(cursors->thread, NULL);
  while (cursors->list != NULL) {
    struct cursor *next = cursors->list->next;
    for (int side = 0; side < SIDES; side++) closep(&cursors->list->fds[side]);
    cursor_files_free(cursors->list->files);
    text_out_deinit(&cursors->list->state);
    free(cursors->list);
    cursors->list = next;
  }
  if (cursors->event != NULL) event_free(cursors->event);
  closep(&cursors->wake_fd);
  closep(&cursors->folder);
  pthread_cond_destroy(&cursors->work);
  pthread_mutex_destroy(&cursors->lock);
  free(cursors);
}
