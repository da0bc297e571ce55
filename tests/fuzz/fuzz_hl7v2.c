/* The reader of HL7 v2: every part is a view into its segment, every value is UTF-8 when it was, every place
   is terminated, and the messages that were counted are the messages that come. */
#include <stdlib.h>

#include "connectors/format/hl7v2.h"
#include "tests/fuzz/fuzz.h"

static void must(int condition) {
  if (!condition) abort();
}

struct pool {
  struct block {
    struct block *next, *align;
  } * first;
};

static void *pool_alloc(void *context, size_t bytes) {
  struct pool *pool = context;
  struct block *block = calloc(1, sizeof(*block) + bytes);
  if (block == NULL) abort();
  block->next = pool->first;
  pool->first = block;
  return block + 1;
}

static void pool_drop(struct pool *pool) {
  while (pool->first != NULL) {
    struct block *block = pool->first;
    pool->first = block->next;
    free(block);
  }
}

static void check_part(const struct hl7v2_message *message, const struct hl7v2_segment *segment,
                       struct hl7v2_path path, const struct allocator *allocator) {
  char at[HL7V2_PLACE_SIZE];
  struct text part = hl7v2_get(message, segment, path), value;
  if (part.data != NULL)
    must(part.data >= segment->text.data &&
         part.data + part.length <= segment->text.data + segment->text.length);
  must(hl7v2_value(message, allocator, part, &value) == 0);
  must(text_find_bad_utf8(value) == SIZE_MAX || text_find_bad_utf8(part) != SIZE_MAX);
  hl7v2_place(message, segment, path, at);
  must(memchr(at, 0, sizeof(at)) != NULL);
}

static void check_message(const struct hl7v2_unit *unit, const struct allocator *allocator) {
  struct hl7v2_message message;
  struct hl7v2_problem problem = {0};
  int r = hl7v2_read(allocator, unit, &message, &problem);
  must(r >= 0 && (r == 0) == (problem.detail == NULL));
  if (r != 0) return;
  for (size_t i = 0; i < message.count && i < 20; i++)
    for (unsigned n = 1; n < 12; n++) {
      check_part(&message, &message.segments[i], (struct hl7v2_path){n, n / 4, n / 2, n / 3}, allocator);
      check_part(&message, &message.segments[i], (struct hl7v2_path){n, 0, 0, 0}, allocator);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct pool pool = {NULL};
  struct allocator allocator = {pool_alloc, &pool};
  struct hl7v2 payload;
  struct hl7v2_problem problem = {0};
  struct hl7v2_unit unit;
  size_t messages = 0;
  int r = hl7v2_open(&payload, (struct text){(const char *)data, size}, &problem);
  must((r == 0) == (problem.detail == NULL));
  if (r == 0) {
    must(hl7v2_is((struct text){(const char *)data, size}));
    for (; hl7v2_next(&payload, &unit) == 0; pool_drop(&pool)) {
      if (unit.kind != HL7V2_MESSAGE) continue;
      messages++;
      check_message(&unit, &allocator);
    }
    must(messages == payload.messages);
  }
  return 0;
}
