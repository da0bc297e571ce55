/*
 * Forms: whatever is taken lies inside the body, has names that are UTF-8, and is within the limits.
 *
 * Input: Content-Type, a NUL byte, query, a NUL byte, body.
 */
#include "tests/fuzz/fuzz.h"

#include "core/net/multipart.h"

static struct text take(const uint8_t **data, size_t *size) {
  const uint8_t *end = *size == 0 ? NULL : memchr(*data, 0, *size);
  struct text text = {(const char *)*data, end == NULL ? *size : (size_t)(end - *data)};
  size_t used = end == NULL ? *size : text.length + 1;
  *data += used;
  *size -= used;
  return text;
}

static void must(bool condition) {
  if (!condition) abort();
}

static void check(const struct form *form, struct text body) {
  must(form->parts_count <= FORM_PARTS_MAX && form->fields_count <= FORM_FIELDS_MAX);
  for (size_t i = 0; i < form->parts_count; i++) {
    const struct hub_part *part = form->parts[i];
    must(part->data >= body.data && part->data + part->length <= body.data + body.length);
    must(part->name[0] != '\0' && text_find_bad_utf8(text_of(part->name)) == SIZE_MAX);
    must(part->file_name == NULL || text_find_bad_utf8(text_of(part->file_name)) == SIZE_MAX);
  }
  for (size_t i = 0; i < form->fields_count; i++)
    must(text_find_bad_utf8(text_of(form->fields[i]->name)) == SIZE_MAX && form->fields[i]->data != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct arena *arena cleanup(arena_freep) = NULL;
  struct form form;
  const char *detail = NULL;
  struct text content_type = take(&data, &size), query = take(&data, &size),
              body = {(const char *)data, size};
  if (arena_new(&arena) != 0) return 0;
  int r = form_read(arena, content_type, query, body, &form, &detail);
  if (r == 0) check(&form, body);
  else must(r == FORM_E_INVALID && detail != NULL);
  return 0;
}
