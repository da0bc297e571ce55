/*
 * fuzz_xml.c: the XML reader on any bytes, and the same document shifted so that a step ends inside it.
 *
 * Besides not crashing, the reader has to hand out whole UTF-8 without NUL, close what it opened, and give
 * the same events wherever the steps end.
 */
#include <stdlib.h>
#include <string.h>

#include "connectors/format/xml.h"
#include "tests/fuzz/fuzz.h"

struct seen {
  uint64_t hash;
  unsigned open;
};

static void mix(struct seen *seen, const char *data, size_t length) {
  for (size_t i = 0; i < length; i++)
    seen->hash = (seen->hash ^ (unsigned char)data[i]) * UINT64_C(1099511628211);
}

static int on_start(void *context, struct xml_reader *reader, struct text name) {
  struct seen *seen = context;
  struct text value;
  if (xml_level(reader) != ++seen->open || name.length == 0) abort();
  mix(seen, "<", 1);
  mix(seen, name.data, name.length);
  if (xml_attribute(reader, "href", &value)) mix(seen, value.data, value.length);
  return 0;
}

static int on_text(void *context, struct xml_reader *reader, struct text piece) {
  if (text_find_bad_utf8(piece) != SIZE_MAX || memchr(piece.data, 0, piece.length) != NULL) abort();
  mix(context, piece.data, piece.length);
  return 0;
}

static int on_end(void *context, struct xml_reader *reader) {
  struct seen *seen = context;
  char place[XML_PLACE_SIZE];
  if (seen->open-- == 0) abort();
  xml_place(reader, place);
  mix(seen, ">", 1);
  return 0;
}

static int read_all(struct text input, struct seen *seen) {
  struct xml_problem problem = {.detail = NULL, .at = ""};
  struct xml_handler handler = {seen, on_start, on_text, on_end};
  *seen = (struct seen){.hash = UINT64_C(14695981039346656037)};
  int r = xml_read(input, &handler, &problem);
  if (r == 0 && seen->open != 0) abort();
  if (r > XML_STOPPED && (problem.detail == NULL || problem.at[0] == 0 || problem.offset > input.length))
    abort();
  return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct seen plain, shifted;
  int r = read_all((struct text){(const char *)data, size}, &plain);
  if (size < 2 || size > 8192 || data[0] != '<' || data[1] == '?') return 0;
  size_t front = XML_STEP - size / 2, length = front + size;
  char *copy = malloc(length);
  if (copy == NULL) return 0;
  memset(copy, '-', front);
  memcpy(copy, "<!--", 4);
  memset(copy + 4, ' ', front - 7);
  copy[front - 1] = '>';
  memcpy(copy + front, data, size);
  int again = read_all((struct text){copy, length}, &shifted);
  if ((again == 0) != (r == 0) || (r == 0 && plain.hash != shifted.hash)) abort();
  free(copy);
  return 0;
}
