/*
 * What stands in the folder. Looking through it is the truth; what the kernel tells only says when to look.
 *
 * The table knows each name's size, times and inode, and since when they have not changed, by the clock that
 * never jumps: a file with an old time of its own is not whole for that. The cost of a look is one stat a
 * name, and one sort of what is complete.
 */
#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>

#include "core/clock.h"
#include "core/source/folder_parts.h"

enum { FIRST_BUCKETS = 256, ENTRIES_MAX = 1000000, DEFER_FIRST_MS = 60 * 1000, DEFER_MAX_MS = 3600 * 1000 };

static const char marker_suffix[] = ".done";

struct folder_stamp folder_stamp_of(const struct stat *status) {
  return (struct folder_stamp){
      .inode = status->st_ino,
      .size = status->st_size,
      .modified_ns = status->st_mtim.tv_sec * INT64_C(1000000000) + status->st_mtim.tv_nsec,
      .changed_ns = status->st_ctim.tv_sec * INT64_C(1000000000) + status->st_ctim.tv_nsec,
  };
}

bool folder_stamp_equal(const struct folder_stamp *a, const struct folder_stamp *b) {
  return a->inode == b->inode && a->size == b->size && a->modified_ns == b->modified_ns &&
         a->changed_ns == b->changed_ns;
}

/* ---- The table ---- */

static size_t hash(const char *name) {
  uint64_t hash = UINT64_C(14695981039346656037);
  for (; *name != '\0'; name++) hash = (hash ^ (uint8_t)*name) * UINT64_C(1099511628211);
  return (size_t)(hash ^ hash >> 32);
}

/* Without memory the chains simply stay longer. */
static void grow(struct folder_list *list) {
  size_t count = MAX(list->buckets_count * 2, (size_t)FIRST_BUCKETS);
  struct folder_entry **buckets = calloc(count, sizeof *buckets);
  if (buckets == NULL) return;
  for (size_t i = 0; i < list->buckets_count; i++) {
    while (list->buckets[i] != NULL) {
      struct folder_entry *entry = list->buckets[i];
      list->buckets[i] = entry->next;
      size_t at = hash(entry->name) & (count - 1);
      entry->next = buckets[at];
      buckets[at] = entry;
    }
  }
  free(list->buckets);
  list->buckets = buckets;
  list->buckets_count = count;
}

struct folder_entry *folder_list_entry(struct folder_list *list, const char *name) {
  if (list->count >= list->buckets_count) grow(list);
  if (list->buckets_count == 0) return NULL;
  struct folder_entry **bucket = &list->buckets[hash(name) & (list->buckets_count - 1)];
  struct folder_entry *entry = *bucket;
  while (entry != NULL && strcmp(entry->name, name) != 0) entry = entry->next;
  if (entry != NULL || list->count == ENTRIES_MAX) return entry;
  size_t length = strlen(name) + 1;
  entry = calloc(1, sizeof *entry + length);
  if (entry == NULL) return NULL;
  memcpy(entry->name, name, length);
  entry->first_us = clock_monotonic_us();
  entry->next = *bucket;
  *bucket = entry;
  list->count++;
  return entry;
}

/* Those that were not seen are gone. */
static void forget_unseen(struct folder_list *list) {
  for (size_t i = 0; i < list->buckets_count; i++) {
    struct folder_entry **link = &list->buckets[i];
    while (*link != NULL) {
      struct folder_entry *entry = *link;
      if (entry->round == list->round || entry->under_way) {
        link = &entry->next;
        continue;
      }
      *link = entry->next;
      free(entry);
      list->count--;
    }
  }
}

void folder_list_deinit(struct folder_list *list) {
  for (size_t i = 0; i < list->buckets_count; i++) {
    while (list->buckets[i] != NULL) {
      struct folder_entry *next = list->buckets[i]->next;
      free(list->buckets[i]);
      list->buckets[i] = next;
    }
  }
  free(list->buckets);
  free(list->ready);
  *list = (struct folder_list){0};
}

/* ---- What is complete ---- */

static bool has_suffix(const char *name, const char *suffix) {
  size_t length = strlen(name), suffix_length = strlen(suffix);
  return length > suffix_length && strcmp(name + length - suffix_length, suffix) == 0;
}

static bool is_wanted(const struct config_folder *config, const char *name) {
  if (name[0] == '.') return false;
  if (config->complete == CONFIG_COMPLETE_MARKER && has_suffix(name, marker_suffix)) return false;
  for (size_t i = 0; config->files != NULL && i < config->files->count; i++) {
    if (fnmatch(config->files->items[i], name, FNM_PERIOD) == 0) return true;
  }
  return config->files == NULL;
}

/* A marker that is older than the file belongs to another one of that name. */
static bool has_marker(int folder_fd, const struct folder_entry *entry) {
  char marker[NAME_MAX + 1];
  struct stat status;
  int n = snprintf(marker, sizeof marker, "%s%s", entry->name, marker_suffix);
  if (n < 0 || (size_t)n >= sizeof marker) return false;
  if (fstatat(folder_fd, marker, &status, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(status.st_mode)) return false;
  return folder_stamp_of(&status).modified_ns >= entry->stamp.modified_ns;
}

static bool is_complete(struct folder_list *list, int folder_fd, const struct config_folder *config,
                        const struct folder_entry *entry, bool all) {
  if (config->complete == CONFIG_COMPLETE_RENAME && !all && !entry->moved_in) return false;
  if (config->complete == CONFIG_COMPLETE_MARKER && !has_marker(folder_fd, entry)) return false;
  if (config->complete != CONFIG_COMPLETE_QUIET && !entry->unsteady) return true;
  int64_t quiet_us = entry->since_us + config->quiet_ms * 1000;
  if (clock_monotonic_us() >= quiet_us) return true;
  list->due_us = MIN(list->due_us, quiet_us);
  return false;
}

static int add_ready(struct folder_list *list, struct folder_entry *entry) {
  if (list->ready_count == list->ready_capacity) {
    size_t capacity = MAX(list->ready_capacity * 2, (size_t)64);
    struct folder_entry **ready = realloc(list->ready, capacity * sizeof *ready);
    if (ready == NULL) return -ENOMEM;
    list->ready = ready;
    list->ready_capacity = capacity;
  }
  list->ready[list->ready_count++] = entry;
  return 0;
}

static int by_age(const void *a, const void *b) {
  const struct folder_entry *x = *(struct folder_entry *const *)a, *y = *(struct folder_entry *const *)b;
  if (x->stamp.modified_ns != y->stamp.modified_ns)
    return x->stamp.modified_ns < y->stamp.modified_ns ? -1 : 1;
  return strcmp(x->name, y->name);
}

/* ---- Looking ---- */

static int look_at(struct folder_list *list, int folder_fd, const struct config_folder *config,
                   const char *name, bool all) {
  struct stat status;
  if (!is_wanted(config, name)) return 0;
  if (fstatat(folder_fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0) return 0; /* gone already */
  if (S_ISDIR(status.st_mode) && (strcmp(name, "done") == 0 || strcmp(name, "failed") == 0)) return 0;
  if (!S_ISREG(status.st_mode)) {
    list->ignored++;
    return 0;
  }
  struct folder_entry *entry = folder_list_entry(list, name);
  if (entry == NULL) return list->count == ENTRIES_MAX ? 0 : -ENOMEM;
  struct folder_stamp stamp = folder_stamp_of(&status);
  if (!folder_stamp_equal(&entry->stamp, &stamp)) {
    entry->stamp = stamp;
    entry->since_us = clock_monotonic_us();
    entry->not_before_us = entry->wait_ms = 0;
  }
  entry->round = list->round;
  if (entry->under_way) return 0;
  list->waiting++;
  if (list->first_us == 0 || entry->first_us < list->first_us) list->first_us = entry->first_us;
  if (clock_monotonic_us() < entry->not_before_us) {
    list->due_us = MIN(list->due_us, entry->not_before_us);
    return 0;
  }
  return is_complete(list, folder_fd, config, entry, all) ? add_ready(list, entry) : 0;
}

int folder_list_look(struct folder_list *list, int folder_fd, const struct config_folder *config, bool all) {
  int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *directory = fd < 0 ? NULL : fdopendir(fd);
  if (directory == NULL) {
    int r = -errno;
    closep(&fd);
    return r;
  }
  folder_list_restart(list);
  list->round++;
  list->due_us = INT64_MAX;
  list->first_us = 0;
  list->waiting = list->ignored = 0;
  int r = 0;
  errno = 0;
  for (struct dirent *one; r == 0 && (one = readdir(directory)) != NULL; errno = 0) {
    r = look_at(list, folder_fd, config, one->d_name, all);
  }
  if (r == 0 && errno != 0) r = -errno;
  closedir(directory);
  if (r < 0) return r;
  forget_unseen(list);
  if (list->ready_count > 1) qsort(list->ready, list->ready_count, sizeof *list->ready, by_age);
  return 0;
}

struct folder_entry *folder_list_peek(const struct folder_list *list) {
  return list->next < list->ready_count ? list->ready[list->next] : NULL;
}

void folder_list_restart(struct folder_list *list) { list->ready_count = list->next = 0; }

void folder_entry_defer(struct folder_entry *entry) {
  entry->wait_ms = MIN(MAX(entry->wait_ms * 2, (int64_t)DEFER_FIRST_MS), (int64_t)DEFER_MAX_MS);
  entry->not_before_us = clock_monotonic_us() + entry->wait_ms * 1000;
}
