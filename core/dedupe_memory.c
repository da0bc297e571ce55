/*
 * The table behind the memory of ids. Buckets are chains of ring indexes; the number of buckets doubles with
 * the entries. Pieces of the ring are made when they are first reached and never given back: the bound is the
 * bound.
 */
#include "core/dedupe_memory.h"

#include "core/clock.h"

enum { PIECE = 4096, FIRST_BUCKETS = 1024 };

struct memory {
  struct memory_entry **pieces;
  size_t max_entries, pieces_made;
  size_t head, used; /* oldest index, number of slots in use (live or dead) */
  size_t live;
  uint32_t *buckets;
  size_t buckets_count; /* a power of two */
  int64_t started_us;
  uint32_t max_age_s;
};

int memory_new(size_t max_entries, int64_t max_age_ms, struct memory **ret_memory) {
  struct memory *memory = calloc(1, sizeof *memory);
  if (memory == NULL) return -ENOMEM;
  memory->max_entries = (MAX(max_entries, (size_t)PIECE) + PIECE - 1) / PIECE * PIECE;
  memory->pieces = calloc(memory->max_entries / PIECE, sizeof(struct memory_entry *));
  memory->buckets = calloc(FIRST_BUCKETS, sizeof *memory->buckets);
  memory->buckets_count = FIRST_BUCKETS;
  memory->started_us = clock_monotonic_us();
  memory->max_age_s = (uint32_t)MIN(MAX(max_age_ms / 1000, INT64_C(1)), (int64_t)UINT32_MAX);
  if (memory->pieces == NULL || memory->buckets == NULL) {
    memory_free(memory);
    return -ENOMEM;
  }
  *ret_memory = memory;
  return 0;
}

static struct memory_entry *at(const struct memory *memory, size_t index) {
  return &memory->pieces[index / PIECE][index % PIECE];
}

void memory_free(struct memory *memory) {
  if (memory == NULL) return;
  for (size_t i = 0; i < memory->used; i++) {
    struct memory_entry *entry = at(memory, (memory->head + i) % memory->max_entries);
    if (entry->live && entry->owns) free(entry->owned);
  }
  for (size_t i = 0; i < memory->pieces_made; i++) free(memory->pieces[i]);
  free(memory->pieces);
  free(memory->buckets);
  free(memory);
}

static uint32_t now_s(const struct memory *memory) {
  return (uint32_t)((clock_monotonic_us() - memory->started_us) / SECOND_US);
}

static uint32_t *bucket_of(const struct memory *memory, struct memory_key key) {
  return &memory->buckets[key.low & (memory->buckets_count - 1)];
}

static uint32_t find(const struct memory *memory, struct memory_key key) {
  uint32_t link = *bucket_of(memory, key);
  while (link != 0) {
    const struct memory_entry *entry = at(memory, link - 1);
    if (entry->key.low == key.low && entry->key.high == key.high) break;
    link = entry->next;
  }
  return link;
}

const struct memory_entry *memory_get(const struct memory *memory, struct memory_key key) {
  uint32_t link = find(memory, key);
  if (link == 0) return NULL;
  const struct memory_entry *entry = at(memory, link - 1);
  return now_s(memory) - entry->second > memory->max_age_s ? NULL : entry;
}

static void forget(struct memory *memory, size_t index) {
  struct memory_entry *entry = at(memory, index);
  if (!entry->live) return;
  uint32_t *link = bucket_of(memory, entry->key);
  while (*link != index + 1) link = &at(memory, *link - 1)->next;
  *link = entry->next;
  if (entry->owns) free(entry->owned);
  entry->live = entry->owns = 0;
  memory->live--;
}

void memory_forget(struct memory *memory, uint32_t payload) {
  for (size_t i = 0; i < memory->used; i++) {
    size_t index = (memory->head + i) % memory->max_entries;
    if (at(memory, index)->payload == payload) forget(memory, index);
  }
}

static void drop_oldest(struct memory *memory) {
  forget(memory, memory->head);
  memory->head = (memory->head + 1) % memory->max_entries;
  memory->used--;
}

/* More buckets when chains grow long. Without memory for them the chains simply stay longer. */
static void grow_buckets(struct memory *memory) {
  size_t count = memory->buckets_count * 2;
  uint32_t *buckets = calloc(count, sizeof *buckets);
  if (buckets == NULL) return;
  free(memory->buckets);
  memory->buckets = buckets;
  memory->buckets_count = count;
  for (size_t i = 0; i < memory->used; i++) {
    size_t index = (memory->head + i) % memory->max_entries;
    struct memory_entry *entry = at(memory, index);
    if (!entry->live) continue;
    uint32_t *bucket = bucket_of(memory, entry->key);
    entry->next = *bucket;
    *bucket = (uint32_t)index + 1;
  }
}

int memory_put(struct memory *memory, const struct memory_entry *entry) {
  size_t index = (memory->head + memory->used) % memory->max_entries;
  if (memory->used == memory->max_entries) index = memory->head;
  if (memory->pieces[index / PIECE] == NULL) {
    memory->pieces[index / PIECE] = calloc(PIECE, sizeof(struct memory_entry));
    if (memory->pieces[index / PIECE] == NULL) return -ENOMEM;
    memory->pieces_made = index / PIECE + 1;
  }
  uint32_t old = find(memory, entry->key);
  if (old != 0) forget(memory, old - 1);
  if (memory->used == memory->max_entries) drop_oldest(memory);
  uint32_t now = now_s(memory);
  while (memory->used != 0) { /* the dead and the too old at the front make room */
    const struct memory_entry *front = at(memory, memory->head);
    if (front->live && now - front->second <= memory->max_age_s) break;
    drop_oldest(memory);
  }
  if (memory->live >= memory->buckets_count) grow_buckets(memory);
  index = (memory->head + memory->used) % memory->max_entries;
  struct memory_entry *slot = at(memory, index);
  *slot = *entry;
  uint32_t *bucket = bucket_of(memory, entry->key);
  slot->next = *bucket;
  slot->second = now;
  slot->live = 1;
  *bucket = (uint32_t)index + 1;
  memory->used++;
  memory->live++;
  return 0;
}

size_t memory_count(const struct memory *memory) { return memory->live; }

size_t memory_bytes(const struct memory *memory) {
  return memory->pieces_made * PIECE * sizeof(struct memory_entry) + memory->buckets_count * sizeof(uint32_t);
}
