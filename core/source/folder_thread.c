/*
 * A folder's thread: it waits for the kernel's word or the time, looks, takes what is complete, oldest first,
 * and moves what was worked off.
 *
 * The kernel's events ring the bell and no more, so that losing some (their queue is bounded) costs nothing
 * but a look. Looks are spaced so that at most a tenth of the time goes to them, however many files wait and
 * however often the bell rings. Small files are under way together, in order; a large one is alone.
 */
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/source/folder_parts.h"

enum {
  UNDER_WAY_MAX = 32,
  LOOK_FACTOR = 10,
  LOOK_MIN_US = 50000,
  PAUSE_FIRST_MS = 500,
  PAUSE_MAX_MS = 60000
};
enum { WAIT_MAX_MS = 1000 };

static const char *name_of(const struct folder *folder) { return folder->source->name; }

/* ---- The bell ---- */

static void take_event(struct folder *folder, const struct inotify_event *event) {
  folder->rung = true;
  if ((event->mask & IN_Q_OVERFLOW) != 0) folder->ask_all = true;
  if ((event->mask & IN_MOVED_TO) == 0 || event->len == 0 || event->name[0] == '.') return;
  if (folder->config->complete != CONFIG_COMPLETE_RENAME) return;
  struct folder_entry *entry = folder_list_entry(&folder->list, event->name);
  if (entry == NULL) folder->ask_all = true;
  else entry->moved_in = true;
}

static void read_events(struct folder *folder) {
  _Alignas(struct inotify_event) char buffer[16384];
  ssize_t n;
  while ((n = read(folder->inotify, buffer, sizeof buffer)) > 0) {
    for (ssize_t at = 0; at < n;) {
      const struct inotify_event *event = (const struct inotify_event *)(buffer + at);
      take_event(folder, event);
      at += (ssize_t)(sizeof *event + event->len);
    }
  }
}

static int64_t next_look_us(const struct folder *folder) {
  int64_t at_us = folder->look_all_us;
  if (folder->rung) at_us = MIN(at_us, folder->look_after_us);
  return MIN(at_us, MAX(folder->list.due_us, folder->look_after_us));
}

static void pause_for_trouble(struct folder *folder, const char *what, int error) {
  folder->pause_ms = MIN(MAX(folder->pause_ms * 2, PAUSE_FIRST_MS), PAUSE_MAX_MS);
  folder->pause_until_us = clock_monotonic_us() + folder->pause_ms * 1000;
  folder->counts.troubles++;
  folder->counts.trouble = what;
  folder->counts.trouble_errno = -error;
  folder_list_restart(&folder->list);
  folder->rung = true;
  log_event(LOG_WARNING, "folder", what, log_text("source", name_of(folder)), log_errno(error),
            log_int("again_in_ms", folder->pause_ms));
}

static int open_places(struct folder *folder) {
  int inotify = folder->inotify, r = folder_places_open(folder);
  if (folder->inotify != inotify) folder->ask_all = true; /* it is another folder */
  return r;
}

static void look(struct folder *folder) {
  int64_t begun_us = clock_monotonic_us();
  int r = open_places(folder);
  if (r < 0) {
    pause_for_trouble(folder, "the folder, or done/ or failed/ in it, is missing or cannot be moved to", r);
    return;
  }
  bool all = folder->ask_all || begun_us >= folder->look_all_us;
  r = folder_list_look(&folder->list, folder->inbox, folder->config, all);
  int64_t ended_us = clock_monotonic_us();
  folder->look_after_us = ended_us + MAX((ended_us - begun_us) * LOOK_FACTOR, LOOK_MIN_US);
  if (r < 0) {
    pause_for_trouble(folder, "the folder cannot be read", r);
    return;
  }
  folder->rung = false;
  folder->counts.trouble = NULL;
  if (all) folder->look_all_us = ended_us + folder->config->rescan_ms * 1000;
  if (all) folder->ask_all = false;
  if (folder->list.ignored > folder->counts.ignored) {
    log_event(LOG_WARNING, "folder", "what is not a regular file is left alone",
              log_text("source", name_of(folder)), log_int("entries", (int64_t)folder->list.ignored));
  }
}

/* ---- Taking ---- */

static bool may_take(const struct folder *folder, const struct folder_entry *entry) {
  if (folder->under_way == 0) return true;
  bool large = entry->stamp.size > (int64_t)TRANSLATE_ON_LOOP_MAX;
  return !large && !folder->large_under_way && folder->under_way < UNDER_WAY_MAX;
}

static void too_large(struct folder_file *file) {
  static const char detail[] = "the file is larger than max_file of its source";
  file->result = (struct file_result){.records = 1, .rejected = 1, .code = HUB_TOO_LARGE};
  memcpy(file->detail, detail, sizeof detail);
}

static void settle(struct folder *, struct folder_file *);

static void not_taken(struct folder *folder, struct folder_entry *entry, int why) {
  if (why == FOLDER_GONE) folder->counts.gone++;
  if (why == FOLDER_UNREADABLE) {
    folder->counts.unreadable++;
    folder_entry_defer(entry);
    log_event(LOG_WARNING, "folder", "a file may not be read; give it to the hub's user",
              log_text("source", name_of(folder)), log_int("inode", (int64_t)entry->stamp.inode));
  }
  if (why != FOLDER_CHANGED) return;
  folder->counts.changed++;
  entry->unsteady = true;
  folder->rung = true;
}

static void take(struct folder *folder, struct folder_entry *entry) {
  struct folder_file *file = NULL;
  folder->list.next++;
  int r = folder_file_take(folder, entry, &file);
  entry->moved_in = false;
  if (r < 0) {
    entry->moved_in = true;
    pause_for_trouble(folder, "a file cannot be copied to the state directory", r);
    return;
  }
  if (file == NULL) {
    entry->moved_in = r == FOLDER_CHANGED;
    not_taken(folder, entry, r);
    return;
  }
  entry->under_way = true;
  folder->under_way++;
  if (r == FOLDER_TOO_LARGE) {
    too_large(file);
    settle(folder, file);
    file->again = fsync(folder->failed) < 0;
    folder_give(folder, file, true);
    return;
  }
  folder->large_under_way = file->large;
  folder->counts.bytes += file->text.length;
  folder_give(folder, file, false);
}

static void take_ready(struct folder *folder) {
  struct folder_entry *entry;
  while (!folder->stopping && clock_monotonic_us() >= folder->pause_until_us &&
         (entry = folder_list_peek(&folder->list)) != NULL && may_take(folder, entry)) {
    take(folder, entry);
  }
}

/* ---- Afterwards ---- */

static void count_moved(struct folder *folder, const struct folder_file *file, int r) {
  if (r == FOLDER_MOVED && folder_file_failed(file)) folder->counts.failed++;
  else if (r == FOLDER_MOVED) folder->counts.done++;
  if (r == FOLDER_MOVE_GONE) folder->counts.gone++;
  if (r == FOLDER_MOVE_CHANGED) {
    folder->counts.changed++;
    log_event(LOG_WARNING, "folder", "a file changed after it was read; it is read again",
              log_text("source", name_of(folder)), log_int("inode", (int64_t)file->stamp.inode));
  }
}

/* It was worked off and stays where it is. When it is read again its cursor knows every record. */
static void cannot_move(struct folder *folder, struct folder_file *file, int error) {
  folder->counts.troubles++;
  file->entry->moved_in = true;
  folder_entry_defer(file->entry);
  file->again = true; /* keeps the cursor */
  log_event(LOG_ERROR, "folder", "a file was worked off and cannot be moved; it stays until it can",
            log_text("source", name_of(folder)), log_int("inode", (int64_t)file->stamp.inode),
            log_errno(error));
}

static void again(struct folder *folder, const struct folder_file *file) {
  folder->counts.again++;
  file->entry->moved_in = true;
  if (folder->stopping) return;
  folder->pause_ms = MIN(MAX(folder->pause_ms * 2, PAUSE_FIRST_MS), PAUSE_MAX_MS);
  folder->pause_until_us = clock_monotonic_us() + folder->pause_ms * 1000;
  folder_list_restart(&folder->list);
  folder->rung = true;
  log_event(LOG_WARNING, "folder", "a file has to come again", log_text("source", name_of(folder)),
            log_text("reason", file->result.refusal));
}

static void settle(struct folder *folder, struct folder_file *file) {
  file->entry->under_way = false;
  folder->under_way--;
  if (file->large) folder->large_under_way = false;
  if (file->again) {
    again(folder, file);
  } else {
    int r = folder_file_move(file);
    if (r < 0) cannot_move(folder, file, r);
    else folder->pause_ms = 0;
    count_moved(folder, file, r);
  }
}

/* All that came back is moved, then the folders are synced once, then the cursor may forget it. */
static void settle_answered(struct folder *folder) {
  struct folder_file *files = folder_answered(folder);
  if (files == NULL) return;
  int r = open_places(folder);
  if (r < 0) {
    log_event(LOG_WARNING, "folder", "done/ or failed/ cannot be opened", log_text("source", name_of(folder)),
              log_errno(r));
  }
  for (struct folder_file *file = files; file != NULL; file = file->next) settle(folder, file);
  int fds[] = {folder->done, folder->failed, folder->inbox};
  bool synced = true;
  for (size_t i = 0; i < LENGTH_OF(fds); i++) synced = fsync(fds[i]) == 0 && synced;
  while (files != NULL) {
    struct folder_file *next = files->next;
    if (!synced) files->again = true;
    folder_give(folder, files, true);
    files = next;
  }
}

/* ---- Life ---- */

static void wait_for_work(struct folder *folder) {
  int64_t until_us = next_look_us(folder);
  bool full = folder_list_peek(&folder->list) != NULL;
  if (full) until_us = folder->under_way != 0 ? INT64_MAX : folder->pause_until_us;
  else until_us = MAX(until_us, folder->pause_until_us);
  int64_t wait_ms =
      (MIN(until_us, clock_monotonic_us() + WAIT_MAX_MS * 1000) - clock_monotonic_us()) / 1000 + 1;
  struct pollfd fds[] = {{.fd = folder->wake_fd, .events = POLLIN},
                         {.fd = folder->inotify, .events = POLLIN}};
  int n = poll(fds, LENGTH_OF(fds), (int)MAX(wait_ms, INT64_C(0)));
  eventfd_t count;
  if (n > 0 && (fds[0].revents & POLLIN) != 0) eventfd_read(folder->wake_fd, &count);
  if (n > 0 && (fds[1].revents & POLLIN) != 0) read_events(folder);
}

static void show_counts(struct folder *folder) {
  struct folder_list *list = &folder->list;
  folder->counts.waiting = list->waiting - MIN(list->next, list->waiting);
  folder->counts.ignored = list->ignored;
  folder->counts.oldest_us = folder->counts.waiting + folder->under_way == 0 ? 0 : list->first_us;
  folder_show(folder);
}

void *folder_run(void *context) {
  struct folder *folder = context;
  folder->ask_all = folder->rung = true;
  while (!folder->ended && (!folder->stopping || folder->under_way != 0)) {
    settle_answered(folder);
    bool looks = folder_list_peek(&folder->list) == NULL && !folder->stopping;
    int64_t now_us = clock_monotonic_us();
    if (looks && now_us >= next_look_us(folder) && now_us >= folder->pause_until_us) look(folder);
    take_ready(folder);
    show_counts(folder);
    if (!folder->stopping || folder->under_way != 0) wait_for_work(folder);
  }
  settle_answered(folder);
  return NULL;
}
