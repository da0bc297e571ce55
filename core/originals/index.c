/*
 * A hash table with open addressing over 16 bytes of a SHA-256. Marks are uniformly distributed and nobody
 * outside can aim at a slot without searching for it, so their first word is the hash.
 */
#include "core/originals/index.h"

#include "core/message/event.h"
#include "core/text_out.h"

struct counted_source {
  struct counted_source *next;
  int64_t bytes;
  char name[];
};

struct originals_index {
  struct originals_mark *slots; /* both words 0: free */
  size_t capacity, count, max;
  struct counted_source *sources;
};

int originals_index_new(size_t max, struct originals_index **ret_index) {
  struct originals_index *index = calloc(1, sizeof *index);
  if (index == NULL) return -ENOMEM;
  index->max = max;
  *ret_index = index;
  return 0;
}

void originals_index_free(struct originals_index *index) {
  if (index == NULL) return;
  for (struct counted_source *source = index->sources; source != NULL;) {
    struct counted_source *next = source->next;
    free(source);
    source = next;
  }
  free(index->slots);
  free(index);
}

int originals_mark_make(const char *source, const uint8_t digest[static 32],
                        struct originals_mark *ret_mark) {
  cleanup(text_out_deinit) struct text_out input = TEXT_OUT_INIT;
  text_out_bytes(&input, (struct text){(const char *)digest, 32});
  text_out_string(&input, source);
  int r = text_out_result(&input);
  uint8_t hash[32];
  if (r == 0) r = sha256((struct text){input.data, input.length}, hash);
  if (r < 0) return r;
  memcpy(ret_mark, hash, sizeof *ret_mark);
  if (ret_mark->words[0] == 0 && ret_mark->words[1] == 0) ret_mark->words[0] = 1;
  return 0;
}

static bool mark_free(const struct originals_mark *mark) {
  return mark->words[0] == 0 && mark->words[1] == 0;
}

static struct originals_mark *slot_find(const struct originals_index *index, struct originals_mark mark) {
  size_t at = (size_t)mark.words[0] & (index->capacity - 1);
  for (;; at = (at + 1) & (index->capacity - 1)) {
    struct originals_mark *slot = &index->slots[at];
    if (mark_free(slot) || memcmp(slot, &mark, sizeof mark) == 0) return slot;
  }
}

bool originals_index_has(const struct originals_index *index, struct originals_mark mark) {
  return index->capacity != 0 && !mark_free(slot_find(index, mark));
}

static int index_grow(struct originals_index *index) {
  struct originals_index bigger = *index;
  bigger.capacity = index->capacity == 0 ? 256 : 2 * index->capacity;
  bigger.slots = calloc(bigger.capacity, sizeof *bigger.slots);
  if (bigger.slots == NULL) return -ENOMEM;
  for (size_t i = 0; i < index->capacity; i++) {
    if (!mark_free(&index->slots[i])) *slot_find(&bigger, index->slots[i]) = index->slots[i];
  }
  free(index->slots);
  *index = bigger;
  return 0;
}

int originals_index_add(struct originals_index *index, struct originals_mark mark) {
  if (originals_index_has(index, mark)) return 0;
  if (index->count >= index->max) {
    memset(index->slots, 0, index->capacity * sizeof *index->slots);
    index->count = 0;
  }
  if (2 * (index->count + 1) > index->capacity) {
    int r = index_grow(index);
    if (r < 0) return r;
  }
  *slot_find(index, mark) = mark;
  index->count++;
  return 0;
}

int64_t *originals_index_bytes(struct originals_index *index, const char *name) {
  for (struct counted_source *source = index->sources; source != NULL; source = source->next) {
    if (strcmp(source->name, name) == 0) return &source->bytes;
  }
  size_t length = strlen(name);
  struct counted_source *source = calloc(1, sizeof *source + length + 1);
  if (source == NULL) return NULL;
  memcpy(source->name, name, length);
  source->next = index->sources;
  index->sources = source;
  return &source->bytes;
}
