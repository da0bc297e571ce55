/*
 * Counters by mark in open addressing, young ones and old ones: when the young table is full it becomes the
 * old one, and what is met again moves over. Two different records may share a mark; then they are counted
 * together, which gives each another number and so another id, the same one every time.
 */
#include "core/nth.h"

enum { FIRST_SLOTS = 1024 };
#define SLOTS_MAX ((size_t)2 * 1024 * 1024)

struct slot {
  uint64_t mark; /* 0: free */
  uint32_t count;
};

struct table {
  struct slot *slots;
  size_t size, used;
};

struct nth {
  struct table young, old;
};

static int table_init(struct table *table, size_t size) {
  table->slots = calloc(size, sizeof *table->slots);
  if (table->slots == NULL) return -ENOMEM;
  table->size = size;
  table->used = 0;
  return 0;
}

int nth_new(struct nth **ret_nth) {
  struct nth *nth = calloc(1, sizeof *nth);
  if (nth == NULL) return -ENOMEM;
  int r = table_init(&nth->young, FIRST_SLOTS);
  if (r < 0) {
    free(nth);
    return r;
  }
  *ret_nth = nth;
  return 0;
}

void nth_free(struct nth *nth) {
  if (nth == NULL) return;
  free(nth->young.slots);
  free(nth->old.slots);
  free(nth);
}

static struct slot *find(const struct table *table, uint64_t mark) {
  size_t at = (size_t)(mark * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (table->size - 1);
  while (table->slots[at].mark != 0 && table->slots[at].mark != mark) at = (at + 1) & (table->size - 1);
  return &table->slots[at];
}

/* Room for one more in the young table. */
static int make_room(struct nth *nth) {
  struct table larger;
  if (nth->young.used * 2 < nth->young.size) return 0;
  int r = table_init(&larger, MIN(nth->young.size * 2, SLOTS_MAX));
  if (r < 0) return r;
  if (nth->young.size == SLOTS_MAX) {
    free(nth->old.slots);
    nth->old = nth->young;
  } else {
    for (size_t i = 0; i < nth->young.size; i++) {
      if (nth->young.slots[i].mark != 0) *find(&larger, nth->young.slots[i].mark) = nth->young.slots[i];
    }
    larger.used = nth->young.used;
    free(nth->young.slots);
  }
  nth->young = larger;
  return 0;
}

int nth_next(struct nth *nth, uint64_t mark, uint32_t *ret_number) {
  if (mark == 0) mark = 1;
  struct slot *slot = find(&nth->young, mark);
  if (slot->mark == 0) {
    int r = make_room(nth);
    if (r < 0) return r;
    slot = find(&nth->young, mark);
    slot->count = nth->old.size == 0 ? 0 : find(&nth->old, mark)->count;
    slot->mark = mark;
    nth->young.used++;
  }
  *ret_number = slot->count++;
  return 0;
}
