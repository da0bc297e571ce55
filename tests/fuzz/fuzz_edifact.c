/*
 * fuzz_edifact.c: the EDIFACT reader on any bytes.
 *
 * Besides not crashing: events nest, every segment lies in the data and behind the one before, its pieces
 * joined by separators are its bytes, values are UTF-8, places are set, and every interchange gets further.
 */
#include <stdlib.h>
#include <string.h>

#include "connectors/format/edifact.h"
#include "tests/fuzz/fuzz.h"

static void must(bool condition) {
  if (!condition) abort();
}

struct pool {
  void *blocks[64];
  size_t count;
};

static void *give(void *context, size_t bytes) {
  struct pool *pool = context;
  must(pool->count < 64);
  return pool->blocks[pool->count++] = calloc(1, bytes + 1);
}

static void check_value(const struct edifact *e, struct text raw) {
  struct pool pool = {.count = 0};
  struct allocator allocator = {give, &pool};
  struct text value = TEXT_NONE;
  int r = edifact_value(e, &allocator, raw, &value);
  must(r == 0 || r == EDIFACT_E_BYTES);
  must(r != 0 || text_find_bad_utf8(value) == SIZE_MAX);
  must(edifact_equal(e, raw, raw));
  while (pool.count != 0) free(pool.blocks[--pool.count]);
}

/* All pieces, each with its separator, are the segment. */
static void check_pieces(const struct edifact *e) {
  const char *p = e->segment.data;
  for (unsigned i = 0; i <= e->elements; i++) {
    unsigned repetitions = edifact_repetitions(e, i);
    must(repetitions != 0);
    for (unsigned j = 0; j < repetitions; j++) {
      unsigned components = edifact_components(e, i, j);
      must(components != 0);
      for (unsigned k = 1; k <= components; k++) {
        struct text raw = edifact_raw(e, i, j, k);
        must(raw.data == p);
        check_value(e, raw);
        p += raw.length + 1;
      }
    }
  }
  must(p == e->segment.data + e->segment.length + 1);
}

static void check_problem(struct edifact *e, const struct edifact_problem *problem) {
  char at[EDIFACT_PLACE_SIZE] = "";
  must(problem->detail != NULL && problem->code != 0 && problem->where.offset <= e->length);
  edifact_place(e, &problem->where, at);
  must(at[0] >= '1' && at[0] <= '9' && strlen(at) < sizeof(at));
}

static void read_messages(struct edifact *e) {
  bool in_group = false, in_message = false;
  size_t offset = e->start;
  for (;;) {
    enum edifact_event event = edifact_next(e);
    must(e->offset >= offset && e->offset <= e->length);
    offset = e->offset;
    switch (event) {
      case EDIFACT_GROUP: must(!in_group && !in_message), in_group = true; break;
      case EDIFACT_GROUP_END: must(in_group && !in_message), in_group = false; break;
      case EDIFACT_MESSAGE: must(!in_message), in_message = true; break;
      case EDIFACT_SEGMENT:
        must(in_message && e->message.problem.kind == 0 && e->segment.length >= 3);
        check_pieces(e);
        break;
      case EDIFACT_MESSAGE_END:
        must(in_message), in_message = false;
        must(e->message.offset + e->message.length <= e->length);
        if (e->message.problem.kind != 0) check_problem(e, &e->message.problem);
        break;
      case EDIFACT_END: must(!in_group && !in_message); return;
      default: abort();
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
  static struct edifact e;
  char *data = calloc(1, size + 1);
  if (data == NULL) return 0;
  if (size != 0) memcpy(data, input, size);
  edifact_init(&e, data, size);
  do {
    size_t before = e.end;
    int r = edifact_open(&e);
    must(e.end <= size && (e.end > before || e.end == size));
    if (r == 0) read_messages(&e);
    else check_problem(&e, &e.problem);
  } while (e.end < size);
  free(data);
  return 0;
}
