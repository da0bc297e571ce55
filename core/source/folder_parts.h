/*
 * folder_parts.h: the parts of a folder source (private to folder*.c).
 *
 * Each source has a thread, which does everything that touches the folder: looking, copying, moving (a folder
 * may be on a server that hangs). The loop hands the copies to the pipeline. A file goes
 *
 *   thread: listed, complete, copied ──ready──▶ loop: pipeline ──answered──▶ thread: moved ──moved──▶ loop
 */
#ifndef CORE_SOURCE_FOLDER_PARTS_H
#define CORE_SOURCE_FOLDER_PARTS_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "core/net/http_body.h"
#include "core/source/folder.h"

struct folder;

/* ---- folder_places.c: the folders themselves ---- */

/* Opens the inbox, done/ and failed/, or what stands for them by now; makes the latter two where they are
 * missing. -EACCES, -EXDEV: files could not be moved there. */
int folder_places_open(struct folder *) must_use;

/* ---- folder_list.c: what stands in the folder ---- */

struct folder_stamp { /* what changes when anything is done to a file */
  uint64_t inode;
  int64_t size, modified_ns, changed_ns;
};

struct folder_stamp folder_stamp_of(const struct stat *);
bool folder_stamp_equal(const struct folder_stamp *, const struct folder_stamp *);

struct folder_entry {
  struct folder_entry *next; /* in its bucket */
  struct folder_stamp stamp;
  int64_t since_us; /* monotonic: unchanged since */
  int64_t first_us; /* monotonic: seen first */
  uint32_t round;   /* of the look that saw it last */
  bool moved_in;    /* told by the kernel */
  bool unsteady;    /* changed while it was copied: has to be quiet, however it is told to be complete */
  bool under_way;
  int64_t not_before_us, wait_ms; /* monotonic: something is wrong with it; over as soon as it changes */
  char name[];
};

struct folder_list {
  struct folder_entry **buckets;
  size_t buckets_count, count;
  uint32_t round;
  struct folder_entry **ready; /* complete ones, oldest first; from `next` on not yet taken */
  size_t ready_count, ready_capacity, next;
  int64_t due_us;   /* monotonic: when one that was seen will have been quiet long enough; INT64_MAX: none */
  int64_t first_us; /* of the oldest that waits; 0: none waits */
  size_t waiting, ignored;
};

void folder_list_deinit(struct folder_list *);
struct folder_entry *folder_list_entry(struct folder_list *, const char *name); /* NULL: no memory */
/* Looks through the folder. `all`: also files that no event told of are whole with `complete: rename`. */
int folder_list_look(struct folder_list *, int folder_fd, const struct config_folder *, bool all) must_use;
struct folder_entry *folder_list_peek(const struct folder_list *); /* the next to be taken; NULL: none */
void folder_list_restart(struct folder_list *);                    /* nothing is ready any more */
void folder_entry_defer(struct folder_entry *); /* not ready for a while, each time a longer one */

/* ---- folder_file.c: one file ---- */

struct folder_file {
  struct folder_file *next;
  struct folder *folder;
  struct folder_entry *entry; /* the thread's */
  struct folder_stamp stamp;
  struct http_body body;
  struct text text;
  uint8_t digest[32], key[CURSOR_KEY_BYTES];
  struct intake *intake;      /* the loop's, while it is under way */
  struct cursor_file *cursor; /* the loop's; NULL: none */
  struct file_result result;
  char at[256], detail[512]; /* of the result */
  bool again, large;
  char name[256];
};

enum folder_take {
  FOLDER_TAKEN = 1,
  FOLDER_TOO_LARGE, /* the file is to go to failed/ */
  FOLDER_CHANGED,   /* it is not whole yet */
  FOLDER_GONE,
  FOLDER_UNREADABLE, /* no right to, or not a regular file */
  FOLDER_STOPPED,
};

/* Copies it. *ret_file is set for the first two. Negative: trouble here (no space …). */
int folder_file_take(struct folder *, struct folder_entry *, struct folder_file **ret_file) must_use;
void folder_file_free(struct folder_file *);

/* ---- folder_move.c: where it goes ---- */

enum folder_move {
  FOLDER_MOVED = 1,
  FOLDER_MOVE_GONE,
  FOLDER_MOVE_CHANGED, /* it is not the file that was read: stays */
};

/* To done/ or failed/, under a name that is free there, with what there is to say beside it. The folders want
 * a sync afterwards. */
int folder_file_move(struct folder_file *) must_use;
bool folder_file_failed(const struct folder_file *); /* nothing of it was accepted */

/* ---- folder.c ---- */

struct folder_counts { /* of the thread, shown by the loop */
  uint64_t done, failed, again, bytes, gone, unreadable, changed, troubles;
  uint64_t waiting, ignored;
  int64_t oldest_us;   /* monotonic, of the oldest that waits; 0: none */
  const char *trouble; /* why nothing is taken at present; NULL: nothing is wrong */
  int trouble_errno;
};

enum { FOLDER_COUNTERS = 8 };

struct folder {
  struct folder *next;
  struct folder_sources *sources;
  const struct config_source *source;
  const struct config_folder *config;
  const char *state_dir;
  struct pipeline_source *pipeline_source;
  struct cursor *cursor;
  int inbox, done, failed; /* folders */
  int inotify, wake_fd;
  pthread_t thread;
  bool runs;
  atomic_bool stopping; /* no new files */
  atomic_bool ended;    /* nor will those under way come back */
  /* the thread's */
  struct folder_list list;
  bool rung, ask_all;
  int64_t look_after_us, look_all_us, pause_until_us, pause_ms;
  size_t under_way;
  bool large_under_way;
  struct folder_counts counts;
  /* the loop's */
  struct folder_file *current, **current_end; /* under way, by arrival */
  struct folder_counts told;
  struct metric *counters[FOLDER_COUNTERS], *waiting, *ignored, *oldest, *position, *size;
  pthread_mutex_t lock; /* over the rest */
  struct folder_file *ready, **ready_end, *answered, **answered_end, *moved;
  struct folder_counts shown;
};

void *folder_run(void *folder);                                      /* folder_thread.c */
void folder_give(struct folder *, struct folder_file *, bool moved); /* thread to loop */
struct folder_file *folder_answered(struct folder *);                /* loop to thread */
void folder_show(struct folder *);                                   /* the counts */

#endif
