/*
 * dedupe_memory.h: a bounded table of 64-byte entries, the oldest forgotten first.
 *
 * Entries stand in a ring in the order in which they came; a changed entry is put in anew and the old one
 * dies in its place. The ring is taken from the system piece by piece, so that a quiet hub stays small.
 */
#ifndef CORE_DEDUPE_MEMORY_H
#define CORE_DEDUPE_MEMORY_H

#include "core/base.h"

struct memory_key {
  uint64_t low, high; /* 128 bits of a SHA-256: equal keys are the same thing */
};

struct memory_entry {
  struct memory_key key;
  uint8_t content[16]; /* what is compared */
  union {
    uint8_t id[16];
    void *owned; /* freed with free() when the entry is forgotten, if `owns` */
  };
  uint32_t second;  /* time of entry, seconds since the memory was made */
  uint32_t next;    /* in its bucket, 1 + index; 0: last */
  uint32_t payload; /* payload that brought it */
  uint8_t live, owns;
};

struct memory;

int memory_new(size_t max_entries, int64_t max_age_ms, struct memory **ret_memory) must_use;
void memory_free(struct memory *);

/* NULL: not known, or too old. Valid until the next memory_put(). */
const struct memory_entry *memory_get(const struct memory *, struct memory_key);

/* Puts it in, instead of one with the same key. key, content, id or owned, payload, owns are taken from
 * *entry. -ENOMEM: nothing was changed (and entry->owned stays the caller's). */
int memory_put(struct memory *, const struct memory_entry *entry) must_use;

/* Looks at every entry: for what is rare. */
void memory_forget(struct memory *, uint32_t payload);

size_t memory_count(const struct memory *);
size_t memory_bytes(const struct memory *);

#endif
