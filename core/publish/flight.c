/*
 * The items and the key gate. The gate spans all partitions of a topic, so that a key keeps its order also
 * when the number of partitions grows and the key moves.
 */
#include "core/publish/flight.h"

#include <sys/random.h>

#include "core/publish/envelope.h"

int flight_init(struct flight *flight) {
  *flight = (struct flight){0};
  return getrandom(&flight->seed, sizeof flight->seed, 0) == sizeof flight->seed ? 0 : -EIO;
}

static void free_list(struct publish_item *item, bool by_age) {
  while (item != NULL) {
    struct publish_item *next = by_age ? item->younger : item->next;
    if (by_age) item->publication->item = NULL;
    free(item);
    item = next;
  }
}

void flight_deinit(struct flight *flight) {
  free_list(flight->oldest, true);
  free_list(flight->free, false);
  *flight = (struct flight){0};
}

struct publish_item *flight_begin(struct flight *flight, struct publication *publication, struct topic *topic,
                                  int64_t now_us) {
  struct publish_item *item = flight->free;
  if (item != NULL) {
    flight->free = item->next;
    flight->free_count--;
  } else {
    item = malloc(sizeof *item);
    if (item == NULL) return NULL;
  }
  *item = (struct publish_item){
      .publication = publication, .topic = topic, .taken_us = now_us, .after_offset = -1};
  item->lane.sequence = ++flight->sequence;
  item->bytes = envelope_size_bytes(publication->event);
  item->older = flight->youngest;
  *(item->older == NULL ? &flight->oldest : &item->older->younger) = item;
  flight->youngest = item;
  flight->messages++;
  flight->bytes += item->bytes;
  publication->item = item;
  return item;
}

static uint32_t key_hash(const struct flight *flight, struct text key) {
  uint32_t hash = flight->seed;
  for (size_t i = 0; i < key.length; i++) {
    hash = (hash ^ (uint8_t)key.data[i]) * 0x01000193u;
    hash ^= hash >> 15;
  }
  return hash;
}

static struct publish_item **find_owner(struct flight *flight, const struct publish_item *item) {
  struct text key = item->publication->event->key;
  struct publish_item **at = &flight->buckets[item->hash % FLIGHT_BUCKETS];
  for (; *at != NULL; at = &(*at)->bucket_next) {
    if ((*at)->hash == item->hash && (*at)->topic == item->topic &&
        text_equal((*at)->publication->event->key, key)) {
      return at;
    }
  }
  return at;
}

bool flight_gate(struct flight *flight, struct publish_item *item) {
  if (!item->publication->event->ordered) return true;
  item->gated = true;
  item->hash = key_hash(flight, item->publication->event->key);
  struct publish_item **owner = find_owner(flight, item);
  if (*owner == NULL) {
    *owner = item;
    return true;
  }
  struct publish_item *last = (*owner)->behind_last;
  *(last == NULL ? &(*owner)->behind : &last->behind) = item;
  (*owner)->behind_last = item;
  return false;
}

struct publish_item *flight_end(struct flight *flight, struct publish_item *item) {
  *(item->older == NULL ? &flight->oldest : &item->older->younger) = item->younger;
  *(item->younger == NULL ? &flight->youngest : &item->younger->older) = item->older;
  item->older = item->younger = NULL;
  flight->messages--;
  flight->bytes -= item->bytes;
  if (!item->gated) return NULL;
  item->gated = false;
  struct publish_item **owner = find_owner(flight, item);
  if (*owner != item) return NULL;
  struct publish_item *heir = item->behind;
  *owner = heir == NULL ? item->bucket_next : heir;
  if (heir != NULL) {
    heir->bucket_next = item->bucket_next;
    heir->behind_last = heir->behind == NULL ? NULL : item->behind_last;
  }
  item->behind = item->behind_last = NULL;
  return heir;
}

struct publish_item *flight_behind(struct flight *flight, struct publish_item *item) {
  struct publish_item *first = item->behind;
  if (first == NULL) return NULL;
  item->behind = first->behind;
  if (item->behind == NULL) item->behind_last = NULL;
  first->behind = NULL;
  first->gated = false;
  return first;
}

void flight_leave(struct flight *flight, struct publish_item *item) {
  struct publish_item *owner = *find_owner(flight, item);
  if (owner == NULL || owner == item) return;
  struct publish_item *before = owner;
  while (before->behind != NULL && before->behind != item) before = before->behind;
  if (before->behind != item) return;
  before->behind = item->behind;
  if (owner->behind_last == item) owner->behind_last = before == owner ? NULL : before;
  item->behind = NULL;
  item->gated = false;
}

void flight_release(struct flight *flight, struct publish_item *item) {
  if (flight->free_count >= FLIGHT_FREE_MAX) {
    free(item);
    return;
  }
  item->next = flight->free;
  flight->free = item;
  flight->free_count++;
}
