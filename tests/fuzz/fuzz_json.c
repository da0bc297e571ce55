/* The JSON reader: a tree that is made is walked whole, and the text of its root reads again the same. */
#include <stdlib.h>
#include <string.h>

#include "connectors/format/json.h"
#include "tests/fuzz/fuzz.h"

#define POOL_BYTES (8U << 20)

static char pool[POOL_BYTES] __attribute__((aligned(16)));
static size_t used;

static void *from_pool(void *context, size_t bytes) {
  bytes = (bytes + 15) & ~(size_t)15;
  if (bytes > POOL_BYTES - used) return NULL;
  used += bytes;
  return memset(pool + used - bytes, 0, bytes);
}

static void must(int condition) {
  if (!condition) abort();
}

static void walk(const char *data, size_t length, const struct json *value, int depth) {
  must(value->start < value->end && value->end <= length && depth <= JSON_DEPTH_MAX);
  must(value->type >= JSON_NULL && value->type <= JSON_OBJECT);
  if (value->type == JSON_STRING || value->type == JSON_NUMBER)
    must(text_find_bad_utf8(json_text(value)) == SIZE_MAX);
  size_t count = 0;
  for (const struct json *m = json_first(value); m != NULL; m = m->next, count++) {
    must(m->start > value->start && m->end < value->end && (m->next == NULL || m->end < m->next->start));
    must((m->key != NULL) == (value->type == JSON_OBJECT));
    walk(data, length, m, depth + 1);
  }
  if (value->type >= JSON_ARRAY) must(count == value->length);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
  const struct allocator allocator = {from_pool, NULL};
  const struct json *root = NULL, *again = NULL;
  struct json_error error = {0};
  char *data = calloc(1, size + JSON_PADDING);
  if (data == NULL) return 0;
  if (size != 0) memcpy(data, input, size);
  used = 0;
  int r = json_read(&allocator, data, size, &root, &error);
  if (r > 0) {
    must(error.offset <= size && error.reason != NULL);
  } else if (r == 0) {
    walk(data, size, root, 0);
    size_t start = root->start, length = root->end - root->start;
    memmove(data, data + start, length);
    memset(data + length, 0, size + JSON_PADDING - length);
    r = json_read(&allocator, data, length, &again, &error);
    must(r < 0 || (r == 0 && again->length == root->length && again->type == root->type));
  }
  free(data);
  return 0;
}
