/*
 * cursor.h: how far each file of a source has come, on disk.
 *
 * A file's records are committed in order. `durable` counts those from the start whose fate is known to the
 * brokers or the dead letters. Behind it stand batches: records that got their event ids and may be on their
 * way. A batch is written down before anything of it is sent, so whoever finds the file again after a crash
 * gives the same records the same ids, and asks the brokers for these and no others.
 *
 * Everything but the writing is the loop's. Each source has two files, STATE/cursors/NAME.a and .b, written
 * in turn: a write that is cut leaves the other one.
 */
#ifndef CORE_CURSOR_H
#define CORE_CURSOR_H

#include "core/message/event.h"

struct event_base;
struct cursors;
struct cursor; /* of one source */

enum { CURSOR_KEY_BYTES = 32, CURSOR_FILES_MAX = 256 };

struct cursor_batch {
  struct cursor_batch *next; /* by first record */
  uint64_t first;
  uint32_t count;
  int64_t accepted_us;   /* Kafka's timestamp of all its messages */
  struct event_id ids[]; /* count of them; zero: nothing of this record is to be published */
};

struct cursor_file {
  struct cursor_file *next;
  struct cursor *cursor;
  uint8_t key[CURSOR_KEY_BYTES]; /* what the file is known by */
  uint64_t durable;
  uint64_t trace; /* of the durable records: the same file read in another way has another one */
  int64_t touched_us;
  struct cursor_batch *batches;
};

int cursors_open(struct event_base *, const char *state_dir, struct cursors **ret_cursors) must_use;
void cursors_close(struct cursors *); /* waits for a write that is under way; done of others is not called */

/* The cursor of a source, with what stood on disk. What cannot be read there is as if it were not. */
int cursors_source(struct cursors *, const char *source, struct cursor **ret_cursor) must_use;

/* A file of it, known or new. Stays until it is forgotten. */
int cursor_file(struct cursor *, const uint8_t key[static CURSOR_KEY_BYTES],
                struct cursor_file **ret_file) must_use;

/* The file is done with; on disk with the next save. */
void cursor_forget(struct cursor_file *);

/* Begins the file anew. */
void cursor_reset(struct cursor_file *);

int cursor_batch_new(uint64_t first, uint32_t count, struct cursor_batch **ret_batch) must_use;

/* Takes the batch; those that it covers are gone. */
void cursor_intend(struct cursor_file *, struct cursor_batch **batch);

/* All records before `durable` are; batches before it are gone. */
void cursor_commit(struct cursor_file *, uint64_t durable, uint64_t trace);

/* The batch that a record belongs to and its place there; NULL: none. */
const struct cursor_batch *cursor_batch_of(const struct cursor_file *, uint64_t record, size_t *ret_place);

/* Everything said so far is on disk when done is called (from the loop, never from inside this call) with 0.
 * Negative: it is not, and whoever asks again writes a new file. Saves that come together are one write. */
struct cursor_save {
  struct cursor_save *next;
  void (*done)(struct cursor_save *, int result);
};
int cursor_save(struct cursor *, struct cursor_save *) must_use;

#endif
