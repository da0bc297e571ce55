/*
 * heap.h: memory of the readers of sheets. The sink's is given back after each record, what a reader holds
 * has to outlive that; so it comes from here and is freed when the payload was read.
 */
#ifndef EDUCATION_HEAP_H
#define EDUCATION_HEAP_H

#include <stdlib.h>

#include "connectors/format/text.h"

enum { HEAP_CHUNK = 16 * 1024 };

struct heap_block {
  struct heap_block *next;
  size_t room, used;
  max_align_t data[];
};

struct heap {
  struct heap_block *blocks;
};

/* Zeroed, as an allocator's memory is. */
static inline void *heap_alloc(void *context, size_t bytes) {
  struct heap *heap = context;
  struct heap_block *block = heap->blocks;
  size_t wanted = (bytes + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
  if (block == NULL || wanted > block->room - block->used) {
    size_t room = wanted > HEAP_CHUNK ? wanted : HEAP_CHUNK;
    block = calloc(1, sizeof(*block) + room);
    if (block == NULL) return NULL;
    *block = (struct heap_block){.next = heap->blocks, .room = room};
    heap->blocks = block;
  }
  block->used += wanted;
  return (char *)block->data + block->used - wanted;
}

static inline struct allocator heap_allocator(struct heap *heap) {
  return (struct allocator){heap_alloc, heap};
}

/* For cleanup(). */
static inline void heap_deinit(struct heap *heap) {
  while (heap->blocks != NULL) {
    struct heap_block *block = heap->blocks;
    heap->blocks = block->next;
    free(block);
  }
}

#endif
