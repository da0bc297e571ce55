/*
 * index.h: which originals are kept already, and how much each source has on disk.
 */
#ifndef CORE_ORIGINALS_INDEX_H
#define CORE_ORIGINALS_INDEX_H

#include "core/base.h"

struct originals_index;

struct originals_mark { /* stands for one source and digest */
  uint64_t words[2];
};

/* At most max marks are remembered; the next one makes the index forget all others. What is forgotten may be
 * kept a second time and then counts twice: that costs room, never an original. */
int originals_index_new(size_t max, struct originals_index **ret_index) must_use;
void originals_index_free(struct originals_index *);

int originals_mark_make(const char *source, const uint8_t digest[static 32],
                        struct originals_mark *ret_mark) must_use;
bool originals_index_has(const struct originals_index *, struct originals_mark);
int originals_index_add(struct originals_index *, struct originals_mark) must_use;

/* Where the bytes of a source are counted; lives as long as the index. NULL: no memory. */
int64_t *originals_index_bytes(struct originals_index *, const char *source);

#endif
