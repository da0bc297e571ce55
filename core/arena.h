/*
 * arena.h: memory of one payload, given out piece by piece and freed at once.
 */
#ifndef CORE_ARENA_H
#define CORE_ARENA_H

#include "core/base.h"

struct arena;

int arena_new(struct arena **ret_arena) must_use;
void arena_free(struct arena *); /* NULL is fine */
DEFINE_CLEANUP(struct arena *, arena_free)

/* Zeroed, aligned to 16. NULL when there is no memory; what was given out before stays valid. */
void *arena_alloc(struct arena *, size_t bytes);

/* A terminated copy; NULL when there is no memory. */
char *arena_text(struct arena *, struct text);
char *arena_printf(struct arena *, const char *format, ...) printf_like(2, 3);

/* The arena as the allocator that connectors/format takes. */
struct allocator arena_allocator(struct arena *);

/* Bytes taken from the system. */
size_t arena_size_bytes(const struct arena *);

/* Forgets all that was given out, keeps one chunk for the next payload. */
void arena_reset(struct arena *);

/* Arenas that one thread uses again, the last one first: its memory is still in the cache, and at the size
 * that a payload takes. Large ones are not kept. */
enum { ARENA_POOL_MAX = 64, ARENA_POOLED_BYTES = 64 * 1024 };

struct arena_pool {
  struct arena *arenas[ARENA_POOL_MAX];
  size_t count;
};

struct arena *arena_pool_take(struct arena_pool *); /* empty; NULL when there is no memory */
void arena_pool_give(struct arena_pool *, struct arena *);
void arena_pool_deinit(struct arena_pool *);

#endif
