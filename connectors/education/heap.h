/*
 * heap.h: memory of the readers of sheets. The sink's is given back after each record, what a reader holds
 * has to outlive that; so it comes from here and is freed when the payload was read.
 */
#ifndef EDUCATION_HEAP_H
#define EDUCATION_HEAP_H

#include <stdlib.h>

#include "connectors/format/text.h"

struct heap_block {
  struct heap_block *next;
  max_align_t data[];
};

struct heap {
  struct heap_block *blocks;
};

static inline void *heap_alloc(void *context, size_t bytes) {
  struct heap *heap = context;
  struct heap_block *block = calloc(1, sizeof(*block) + bytes);
  if (block == NULL) return NULL;
  block->next = heap->blocks;
  heap->blocks = block;
  return block->data;
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
