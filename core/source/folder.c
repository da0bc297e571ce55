/*
 * Folder sources, the loop's side: what the threads copied is handed to the pipeline, and goes back to them
 * when its fate is known. A file that was moved is forgotten by its cursor, in that order, so that a crash at
 * any moment finds either the file and its cursor or neither.
 */
#include "core/source/folder.h"

#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/source/folder_parts.h"

enum { SHOW_MS = 250, JOIN_S = 1 };

struct folder_sources {
  struct pipeline *pipeline;
  struct event *wake, *show;
  int wake_fd;
  struct folder *folders;
};

/* ---- What is shown ---- */

static const struct metric_family
    files_family = {"iochub_folder_files_total",
                    "Files that were moved to done/ or failed/, or have to come again.",
                    METRIC_COUNTER,
                    {"source", "result"}},
    bytes_family = {"iochub_folder_bytes_total",
                    "Bytes of files that were read.",
                    METRIC_COUNTER,
                    {"source"}},
    troubles_family = {"iochub_folder_troubles_total",
                       "What kept a file from being taken or moved.",
                       METRIC_COUNTER,
                       {"source", "reason"}},
    waiting_family = {"iochub_folder_waiting_files",
                      "Files that stand in the folder and are not taken yet.",
                      METRIC_GAUGE,
                      {"source"}},
    ignored_family = {"iochub_folder_ignored_entries",
                      "Links, FIFOs, folders and devices under names that would be taken.",
                      METRIC_GAUGE,
                      {"source"}},
    oldest_family = {"iochub_folder_oldest_waiting_seconds",
                     "How long the oldest file has been waiting; 0: none waits.",
                     METRIC_GAUGE,
                     {"source"}},
    position_family = {"iochub_folder_file_position_bytes",
                       "Of the oldest file under way: bytes whose records are safe.",
                       METRIC_GAUGE,
                       {"source"}},
    size_family = {
        "iochub_folder_file_size_bytes", "Its size; 0: no file is under way.", METRIC_GAUGE, {"source"}};

static void make_metrics(struct metrics *metrics, struct folder *folder) {
  const char *name = folder->source->name;
  const struct {
    const struct metric_family *family;
    const char *what;
  } counters[FOLDER_COUNTERS] = {{&files_family, "done"},        {&files_family, "failed"},
                                 {&files_family, "again"},       {&bytes_family, NULL},
                                 {&troubles_family, "vanished"}, {&troubles_family, "unreadable"},
                                 {&troubles_family, "changed"},  {&troubles_family, "trouble"}};
  for (size_t i = 0; i < FOLDER_COUNTERS; i++) {
    folder->counters[i] =
        metrics_series(metrics, counters[i].family, (const char *[]){name, counters[i].what});
  }
  folder->waiting = metrics_series(metrics, &waiting_family, &name);
  folder->ignored = metrics_series(metrics, &ignored_family, &name);
  folder->oldest = metrics_series(metrics, &oldest_family, &name);
  folder->position = metrics_series(metrics, &position_family, &name);
  folder->size = metrics_series(metrics, &size_family, &name);
}

static void show(struct folder *folder) {
  pthread_mutex_lock(&folder->lock);
  struct folder_counts now = folder->shown;
  pthread_mutex_unlock(&folder->lock);
  const struct folder_counts *old = &folder->told;
  const uint64_t grown[FOLDER_COUNTERS] = {now.done - old->done,       now.failed - old->failed,
                                           now.again - old->again,     now.bytes - old->bytes,
                                           now.gone - old->gone,       now.unreadable - old->unreadable,
                                           now.changed - old->changed, now.troubles - old->troubles};
  for (size_t i = 0; i < FOLDER_COUNTERS; i++) metric_add(folder->counters[i], grown[i]);
  folder->told = now;
  metric_set(folder->waiting, (int64_t)now.waiting);
  metric_set(folder->ignored, (int64_t)now.ignored);
  metric_set(folder->oldest, now.oldest_us == 0 ? 0 : (clock_monotonic_us() - now.oldest_us) / SECOND_US);
  const struct folder_file *file = folder->current;
  metric_set(folder->position, file == NULL ? 0 : (int64_t)file->intake->file_position);
  metric_set(folder->size, file == NULL ? 0 : file->stamp.size);
}

void folder_show(struct folder *folder) {
  pthread_mutex_lock(&folder->lock);
  folder->shown = folder->counts;
  pthread_mutex_unlock(&folder->lock);
}

void folder_sources_show(struct folder_sources *sources) {
  if (sources == NULL) return;
  for (struct folder *folder = sources->folders; folder != NULL; folder = folder->next) show(folder);
}

static void on_show(evutil_socket_t fd, short what, void *context) { folder_sources_show(context); }

void folder_sources_status(const struct folder_sources *sources, struct text_out *out) {
  if (sources == NULL) return;
  for (struct folder *folder = sources->folders; folder != NULL; folder = folder->next) {
    show(folder);
    const struct folder_counts *told = &folder->told;
    text_out_format(out, "folder %s done %llu, failed %llu, waiting %llu", folder->source->name,
                    (unsigned long long)told->done, (unsigned long long)told->failed,
                    (unsigned long long)told->waiting);
    if (folder->current != NULL) {
      text_out_format(out, ", under way: byte %llu of %lld",
                      (unsigned long long)folder->current->intake->file_position,
                      (long long)folder->current->stamp.size);
    }
    if (told->trouble != NULL) {
      text_out_format(out, ", trouble: %s: %s", told->trouble, strerrordesc_np(told->trouble_errno));
    }
    text_out_string(out, "\n");
  }
}

/* ---- Between thread and loop ---- */

void folder_give(struct folder *folder, struct folder_file *file, bool moved) {
  pthread_mutex_lock(&folder->lock);
  if (moved) {
    file->next = folder->moved;
    folder->moved = file;
  } else {
    file->next = NULL;
    *folder->ready_end = file;
    folder->ready_end = &file->next;
  }
  pthread_mutex_unlock(&folder->lock);
  eventfd_write(folder->sources->wake_fd, 1);
}

struct folder_file *folder_answered(struct folder *folder) {
  pthread_mutex_lock(&folder->lock);
  struct folder_file *files = TAKE(folder->answered);
  folder->answered_end = &folder->answered;
  pthread_mutex_unlock(&folder->lock);
  return files;
}

static void give_back(struct folder_file *file) {
  struct folder *folder = file->folder;
  struct folder_file **link = &folder->current;
  while (*link != NULL && *link != file) link = &(*link)->next;
  if (*link == file) {
    *link = file->next;
    if (folder->current_end == &file->next) folder->current_end = link;
  }
  file->next = NULL;
  file->intake = NULL;
  pthread_mutex_lock(&folder->lock);
  *folder->answered_end = file;
  folder->answered_end = &file->next;
  pthread_mutex_unlock(&folder->lock);
  eventfd_write(folder->wake_fd, 1);
}

static void on_answered(struct intake *intake, const struct answer *answer, int retry_after_s) {
  struct folder_file *file = intake->owner;
  file->result = intake->file_result;
  file->again = file->result.refusal != NULL;
  if (file->result.at != NULL) snprintf(file->at, sizeof file->at, "%s", file->result.at);
  if (file->result.detail != NULL) snprintf(file->detail, sizeof file->detail, "%s", file->result.detail);
  give_back(file);
}

static int fill_intake(struct folder_file *file, struct intake *intake) {
  struct folder *folder = file->folder;
  int r = cursor_file(folder->cursor, file->key, &file->cursor);
  intake->payload.name = arena_text(intake->arena, text_of(file->name));
  if (r < 0 || intake->payload.name == NULL) return -ENOMEM;
  intake->payload.data = file->text.data;
  intake->payload.length = file->text.length;
  intake->payload.content_type = folder->config->content_type;
  intake->body = file->text;
  intake->data_digest = file->digest;
  intake->cursor = file->cursor;
  intake->received_us = clock_now_us();
  intake->owner = file;
  intake->answered = on_answered;
  return 0;
}

static void begin(struct folder_file *file) {
  struct folder *folder = file->folder;
  struct intake *intake = NULL;
  int r = intake_new(folder->pipeline_source, &intake);
  if (r == 0) r = fill_intake(file, intake);
  if (r < 0) {
    intake_free(intake);
    file->result.refusal = "trouble";
    file->again = true;
    give_back(file);
    return;
  }
  file->intake = intake;
  file->next = NULL;
  *folder->current_end = file;
  folder->current_end = &file->next;
  pipeline_take(folder->sources->pipeline, intake);
}

static void forget(struct folder_file *file) {
  if (file->cursor != NULL && !file->again) cursor_forget(file->cursor);
  folder_file_free(file);
}

static void take_from(struct folder *folder) {
  pthread_mutex_lock(&folder->lock);
  struct folder_file *ready = TAKE(folder->ready), *moved = TAKE(folder->moved);
  folder->ready_end = &folder->ready;
  pthread_mutex_unlock(&folder->lock);
  while (moved != NULL) {
    struct folder_file *next = moved->next;
    forget(moved);
    moved = next;
  }
  while (ready != NULL) {
    struct folder_file *next = ready->next;
    begin(ready);
    ready = next;
  }
}

static void on_wake(evutil_socket_t fd, short what, void *context) {
  struct folder_sources *sources = context;
  eventfd_t count;
  if (eventfd_read(fd, &count) != 0) return;
  for (struct folder *folder = sources->folders; folder != NULL; folder = folder->next) take_from(folder);
}

/* ---- Life ---- */

static const char *trouble_with(const char *path) {
  struct stat status;
  if (stat(path, &status) < 0) return errno == ENOENT ? "does not exist" : strerrordesc_np(errno);
  if (!S_ISDIR(status.st_mode)) return "is not a folder";
  return access(path, R_OK | W_OK | X_OK) < 0 ? strerrordesc_np(errno) : NULL;
}

static bool is_other_name(const char *a, const char *b) {
  struct stat one, other;
  if (a == NULL || b == NULL || strcmp(a, b) == 0) return false; /* equal paths were refused already */
  return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev &&
         one.st_ino == other.st_ino;
}

/* The source before this one that takes files from the same folder; NULL: none. */
static const struct config_source *rival(const struct hub_config *config,
                                         const struct config_source *source) {
  for (const struct config_source *one = config->sources; one != source; one = one->next) {
    if (one->way == CONFIG_FOLDER && is_other_name(one->folder.path, source->folder.path)) return one;
  }
  return NULL;
}

static bool is_usable(const struct hub_config *config, const struct config_source *source,
                      struct config_errors *errors) {
  char item[96];
  const char *trouble = source->folder.path == NULL ? NULL : trouble_with(source->folder.path);
  const struct config_source *other = trouble == NULL ? rival(config, source) : NULL;
  snprintf(item, sizeof item, "source %s.folder", source->name);
  if (trouble != NULL) {
    config_error(errors, source->folder.mark, item, "%s: %s; make it, and give it to the hub's user",
                 source->folder.path, trouble);
  } else if (other != NULL) {
    config_error(errors, source->folder.mark, item,
                 "%s is the folder of source %s too; each file is taken once, so give each its own",
                 source->folder.path, other->name);
  }
  return trouble == NULL && other == NULL;
}

void folder_check(const struct hub_config *config, struct config_errors *errors) {
  for (const struct config_source *source = config->sources; source != NULL; source = source->next) {
    if (source->way == CONFIG_FOLDER) (void)is_usable(config, source, errors);
  }
}

static int thread_start(struct folder *folder) {
  sigset_t all, before;
  sigfillset(&all); /* signals are the loop's */
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int r = pthread_create(&folder->thread, NULL, folder_run, folder);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  folder->runs = r == 0;
  return -r;
}

static int folder_open(struct folder_sources *sources, const struct config_source *source,
                       const char *state_dir, struct cursors *cursors) {
  struct folder *folder = calloc(1, sizeof *folder);
  if (folder == NULL) return -ENOMEM;
  folder->next = sources->folders;
  sources->folders = folder;
  folder->sources = sources;
  folder->source = source;
  folder->config = &source->folder;
  folder->state_dir = state_dir;
  folder->pipeline_source = pipeline_source(sources->pipeline, source->name);
  folder->inbox = folder->done = folder->failed = folder->inotify = folder->wake_fd = -1;
  folder->current_end = &folder->current;
  folder->ready_end = &folder->ready;
  folder->answered_end = &folder->answered;
  pthread_mutex_init(&folder->lock, NULL);
  folder->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (folder->wake_fd < 0) return -errno;
  int r = folder_places_open(folder);
  return r < 0 ? r : cursors_source(cursors, source->name, &folder->cursor);
}

static int folders_open(struct folder_sources *sources, struct metrics *metrics, const struct setup *setup,
                        struct cursors *cursors, struct config_errors *errors) {
  const struct hub_config *config = setup->config;
  for (const struct config_source *source = config->sources; source != NULL; source = source->next) {
    if (source->way != CONFIG_FOLDER) continue;
    if (!is_usable(config, source, errors)) return CONFIG_E_INVALID;
    int r = folder_open(sources, source, config->state_dir, cursors);
    if (r == -ENOMEM) return r;
    if (r < 0) {
      config_error(errors, source->folder.mark, source->name, "%s cannot be used: %s", source->folder.path,
                   strerrordesc_np(-r));
      return CONFIG_E_INVALID;
    }
    make_metrics(metrics, sources->folders);
  }
  return 0;
}

static int events_open(struct folder_sources *sources, struct event_base *base) {
  struct timeval period = {.tv_usec = SHOW_MS * 1000};
  sources->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (sources->wake_fd < 0) return -errno;
  sources->wake = event_new(base, sources->wake_fd, EV_READ | EV_PERSIST, on_wake, sources);
  sources->show = event_new(base, -1, EV_PERSIST, on_show, sources);
  if (sources->wake == NULL || sources->show == NULL) return -ENOMEM;
  return event_add(sources->wake, NULL) < 0 || event_add(sources->show, &period) < 0 ? -ENOMEM : 0;
}

int folder_sources_new(struct event_base *base, struct metrics *metrics, const struct setup *setup,
                       struct pipeline *pipeline, struct cursors *cursors, struct config_errors *errors,
                       struct folder_sources **ret_sources) {
  struct folder_sources *sources = calloc(1, sizeof *sources);
  if (sources == NULL) return -ENOMEM;
  sources->pipeline = pipeline;
  sources->wake_fd = -1;
  int r = folders_open(sources, metrics, setup, cursors, errors);
  if (r == 0) r = events_open(sources, base);
  for (struct folder *folder = sources->folders; r == 0 && folder != NULL; folder = folder->next) {
    r = thread_start(folder);
  }
  if (r != 0) {
    folder_sources_free(sources);
    return r;
  }
  *ret_sources = sources;
  return 0;
}

void folder_sources_drain(struct folder_sources *sources) {
  if (sources == NULL) return;
  for (struct folder *folder = sources->folders; folder != NULL; folder = folder->next) {
    folder->stopping = true;
    eventfd_write(folder->wake_fd, 1);
  }
  pipeline_stop_files(sources->pipeline);
}

bool folder_sources_idle(struct folder_sources *sources) {
  for (struct folder *folder = sources->folders; folder != NULL; folder = folder->next) {
    pthread_mutex_lock(&folder->lock);
    bool idle = folder->current == NULL && folder->ready == NULL;
    pthread_mutex_unlock(&folder->lock);
    if (!idle) return false;
  }
  return true;
}

static void files_free(struct folder_file *file) {
  while (file != NULL) {
    struct folder_file *next = file->next;
    folder_file_free(file);
    file = next;
  }
}

/* false: the thread hangs in the folder (a server that is away), and keeps what it uses. */
static bool folder_end(struct folder *folder) {
  struct timespec until;
  if (!folder->runs) return true;
  folder->stopping = folder->ended = true;
  eventfd_write(folder->wake_fd, 1);
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += JOIN_S;
  if (pthread_timedjoin_np(folder->thread, NULL, &until) == 0) return true;
  log_event(LOG_ERROR, "folder", "a folder does not answer; its thread is left behind",
            log_text("source", folder->source->name));
  return false;
}

static void folder_free(struct folder *folder) {
  const int fds[] = {folder->inbox, folder->done, folder->failed, folder->inotify, folder->wake_fd};
  files_free(folder->ready);
  files_free(folder->current);
  files_free(folder->answered);
  files_free(folder->moved);
  folder_list_deinit(&folder->list);
  for (size_t i = 0; i < LENGTH_OF(fds); i++) closep(&fds[i]);
  pthread_mutex_destroy(&folder->lock);
  free(folder);
}

void folder_sources_free(struct folder_sources *sources) {
  bool left_behind = false;
  if (sources == NULL) return;
  while (sources->folders != NULL) {
    struct folder *next = sources->folders->next;
    if (folder_end(sources->folders)) folder_free(sources->folders);
    else left_behind = true;
    sources->folders = next;
  }
  if (sources->wake != NULL) event_free(sources->wake);
  if (sources->show != NULL) event_free(sources->show);
  if (left_behind) return;
  closep(&sources->wake_fd);
  free(sources);
}

void folder_sources_log(const struct folder_sources *sources) {
  for (const struct folder *folder = sources->folders; folder != NULL; folder = folder->next) {
    log_event(LOG_INFO, "hub", "watching", log_text("source", folder->source->name),
              log_text("folder", folder->config->path));
  }
}
