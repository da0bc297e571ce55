/*
 * A hash set with open addressing. The texts can be a sender's own (masked free text), so the hash is seeded
 * with a number of this process, lest somebody send texts that all meet in one place. What is answered
 * depends on the texts alone.
 */
#include "core/connector/protected.h"

#include <stdatomic.h>
#include <sys/random.h>

enum { FIRST_SIZE = 64 };

struct protected_text {
  uint64_t hash; /* 0: free */
  enum hub_personal_kind kind;
  struct text text;
};

static uint64_t seed(void) {
  static _Atomic uint64_t chosen;
  uint64_t value = atomic_load_explicit(&chosen, memory_order_relaxed);
  if (value != 0) return value;
  uint64_t fresh = 0;
  if (getrandom(&fresh, sizeof fresh, GRND_NONBLOCK) != sizeof fresh) fresh = (uint64_t)(uintptr_t)&fresh;
  fresh |= 1;
  return atomic_compare_exchange_strong(&chosen, &value, fresh) ? fresh : value;
}

static uint64_t fold(uint64_t a, uint64_t b) {
  unsigned __int128 product = (unsigned __int128)a * b;
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash_of(enum hub_personal_kind kind, struct text text) {
  const uint64_t a = UINT64_C(0xa0761d6478bd642f), b = UINT64_C(0xe7037ed1a0b428db);
  uint64_t hash = seed() ^ fold(text.length ^ a, (uint64_t)kind ^ b);
  size_t i = 0;
  for (; i + 8 <= text.length; i += 8) {
    uint64_t word;
    memcpy(&word, text.data + i, 8);
    hash = fold(hash ^ a, word ^ seed());
  }
  uint64_t rest = 0;
  if (i < text.length) memcpy(&rest, text.data + i, text.length - i);
  hash = fold(hash ^ b, rest ^ seed());
  return hash == 0 ? 1 : hash;
}

static struct protected_text *place_of(const struct protected_texts *texts, uint64_t hash,
                                       enum hub_personal_kind kind, struct text text) {
  size_t mask = texts->size - 1, at = hash & mask;
  while (texts->list[at].hash != 0 && !(texts->list[at].hash == hash && texts->list[at].kind == kind &&
                                        text_equal(texts->list[at].text, text))) {
    at = (at + 1) & mask;
  }
  return &texts->list[at];
}

static int grow(struct protected_texts *texts, struct arena *arena) {
  struct protected_texts larger = {.size = texts->size == 0 ? FIRST_SIZE : texts->size * 2,
                                   .count = texts->count};
  larger.list = arena_alloc(arena, larger.size * sizeof *larger.list);
  if (larger.list == NULL) return -ENOMEM;
  for (size_t i = 0; i < texts->size; i++) {
    const struct protected_text *one = &texts->list[i];
    if (one->hash != 0) *place_of(&larger, one->hash, one->kind, one->text) = *one;
  }
  *texts = larger;
  return 0;
}

int protected_add(struct protected_texts *texts, struct arena *arena, enum hub_personal_kind kind,
                  struct text text) {
  if (text.length == 0) return 0;
  if (texts->count * 2 >= texts->size) {
    int r = grow(texts, arena);
    if (r < 0) return r;
  }
  uint64_t hash = hash_of(kind, text);
  struct protected_text *place = place_of(texts, hash, kind, text);
  if (place->hash == 0) texts->count++;
  *place = (struct protected_text){hash, kind, text};
  return 0;
}

bool protected_has(const struct protected_texts *texts, enum hub_personal_kind kind, struct text text) {
  return texts->count != 0 && place_of(texts, hash_of(kind, text), kind, text)->hash != 0;
}
