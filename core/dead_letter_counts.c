/*
 * How often each dead letter came. Two tables of fixed size: when the young one is full, it becomes the old
 * one and what the old one held is forgotten. What is asked for moves to the young one, so what still comes
 * stays known.
 */
#include "core/dead_letter.h"

enum { SLOTS = 32768, ENTRIES_MAX = SLOTS / 2 };

struct count {
  char id[DEAD_LETTER_ID_TEXT]; /* empty: free */
  uint32_t attempts;
};

struct dead_letter_counts {
  struct count *young, *old;
  size_t entries; /* of the young */
};

int dead_letter_counts_new(struct dead_letter_counts **ret_counts) {
  struct dead_letter_counts *counts = calloc(1, sizeof *counts);
  if (counts == NULL) return -ENOMEM;
  counts->young = calloc(SLOTS, sizeof *counts->young);
  counts->old = calloc(SLOTS, sizeof *counts->old);
  if (counts->young == NULL || counts->old == NULL) {
    dead_letter_counts_free(counts);
    return -ENOMEM;
  }
  *ret_counts = counts;
  return 0;
}

void dead_letter_counts_free(struct dead_letter_counts *counts) {
  if (counts == NULL) return;
  free(counts->young);
  free(counts->old);
  free(counts);
}

static size_t hash(
    const char *id) { /* ids are HMACs: uniformly distributed, and nobody outside chooses them */
  uint64_t hash = UINT64_C(14695981039346656037);
  for (; *id != '\0'; id++) hash = (hash ^ (uint8_t)*id) * UINT64_C(1099511628211);
  return (size_t)(hash >> 32);
}

static struct count *find(struct count *table, const char *id) {
  for (size_t at = hash(id) & (SLOTS - 1);; at = (at + 1) & (SLOTS - 1)) {
    if (table[at].id[0] == '\0' || strcmp(table[at].id, id) == 0) return &table[at];
  }
}

static void grow_old(struct dead_letter_counts *counts) {
  struct count *forgotten = counts->old;
  counts->old = counts->young;
  counts->young = forgotten;
  memset(forgotten, 0, SLOTS * sizeof *forgotten);
  counts->entries = 0;
}

uint32_t dead_letter_attempt(struct dead_letter_counts *counts, const char *id) {
  size_t length = strlen(id);
  if (length == 0 || length >= DEAD_LETTER_ID_TEXT) return 1;
  struct count *count = find(counts->young, id);
  if (count->id[0] == '\0') {
    uint32_t before = find(counts->old, id)->attempts;
    if (counts->entries == ENTRIES_MAX) {
      grow_old(counts);
      count = find(counts->young, id);
    }
    memcpy(count->id, id, length + 1);
    count->attempts = before;
    counts->entries++;
  }
  if (count->attempts < UINT32_MAX) count->attempts++;
  return count->attempts;
}
