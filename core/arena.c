/*
 * A list of chunks, newest first; memory is cut from the newest. Chunks double up to 256 KiB; a request over
 * a quarter of that gets a chunk of its own, put behind the newest, so that small requests go on where they
 * were. Memory is zeroed when it is given out, so that what a payload does not use costs nothing; a chunk of
 * its own comes from calloc(), which leaves that to the kernel's fresh pages.
 */
#include "core/arena.h"

#include <stdarg.h>
#include <stdio.h>

enum { FIRST_CHUNK = 4096, LARGEST_CHUNK = 256 * 1024, ALIGNMENT = 16 };

struct chunk {
  struct chunk *next;
  size_t size, used;
  _Alignas(ALIGNMENT) char bytes[];
};

struct arena {
  struct chunk *chunks;
  size_t size_bytes;
};

int arena_new(struct arena **ret_arena) {
  struct arena *arena = calloc(1, sizeof *arena);
  if (arena == NULL) return -ENOMEM;
  *ret_arena = arena;
  return 0;
}

static void chunks_free(struct chunk *chunk) {
  while (chunk != NULL) {
    struct chunk *next = chunk->next;
    free(chunk);
    chunk = next;
  }
}

void arena_free(struct arena *arena) {
  if (arena == NULL) return;
  chunks_free(arena->chunks);
  free(arena);
}

static struct chunk *chunk_add(struct arena *arena, size_t size, bool zeroed) {
  struct chunk *chunk = zeroed ? calloc(1, sizeof *chunk + size) : malloc(sizeof *chunk + size);
  if (chunk == NULL) return NULL;
  chunk->size = size;
  chunk->used = 0;
  arena->size_bytes += sizeof *chunk + size;
  return chunk;
}

void *arena_alloc(struct arena *arena, size_t bytes) {
  if (bytes > SIZE_MAX / 2) return NULL;
  bytes = (MAX(bytes, (size_t)1) + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
  struct chunk *top = arena->chunks;
  bool own = false;
  if (top == NULL || top->size - top->used < bytes) {
    own = bytes > LARGEST_CHUNK / 4;
    size_t size = top == NULL ? FIRST_CHUNK : MIN(top->size * 2, (size_t)LARGEST_CHUNK);
    struct chunk *chunk = chunk_add(arena, own ? bytes : MAX(size, bytes), own);
    if (chunk == NULL) return NULL;
    if (own && top != NULL) {
      chunk->next = top->next;
      top->next = chunk;
    } else {
      chunk->next = top;
      arena->chunks = chunk;
    }
    top = chunk;
  }
  void *memory = top->bytes + top->used;
  top->used += bytes;
  return own ? memory : memset(memory, 0, bytes);
}

char *arena_text(struct arena *arena, struct text text) {
  char *copy = arena_alloc(arena, text.length + 1);
  if (copy != NULL && text.length != 0) memcpy(copy, text.data, text.length);
  return copy;
}

char *arena_printf(struct arena *arena, const char *format, ...) {
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  int length = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  char *copy = length < 0 ? NULL : arena_alloc(arena, (size_t)length + 1);
  if (copy != NULL) vsnprintf(copy, (size_t)length + 1, format, again);
  va_end(again);
  return copy;
}

static void *alloc_for_format(void *arena, size_t bytes) { return arena_alloc(arena, bytes); }

struct allocator arena_allocator(struct arena *arena) {
  return (struct allocator){alloc_for_format, arena};
}

size_t arena_size_bytes(const struct arena *arena) { return arena->size_bytes; }

void arena_reset(struct arena *arena) {
  struct chunk *keep = arena->chunks;
  if (keep == NULL) return;
  chunks_free(keep->next);
  keep->next = NULL;
  keep->used = 0;
  arena->size_bytes = sizeof *keep + keep->size;
}

struct arena *arena_pool_take(struct arena_pool *pool) {
  struct arena *arena = NULL;
  if (pool->count != 0) return pool->arenas[--pool->count];
  return arena_new(&arena) == 0 ? arena : NULL;
}

/* Under the address sanitizer nothing is kept, so that it sees who uses an arena that was given back. */
#ifdef __SANITIZE_ADDRESS__
enum { POOLED = false };
#else
enum { POOLED = true };
#endif

void arena_pool_give(struct arena_pool *pool, struct arena *arena) {
  if (arena == NULL) return;
  arena_reset(arena);
  if (POOLED && pool->count < ARENA_POOL_MAX && arena->size_bytes <= ARENA_POOLED_BYTES) {
    pool->arenas[pool->count++] = arena;
  } else {
    arena_free(arena);
  }
}

void arena_pool_deinit(struct arena_pool *pool) {
  while (pool->count != 0) arena_free(pool->arenas[--pool->count]);
}
