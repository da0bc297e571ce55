/*
 * fuzz_json_lines.c: lines of any bytes: each lies in the data behind the one before, is not blank, holds no
 * line feed, and has the number that counting line feeds gives; all that lies between two of them is blank.
 */
#include <stdlib.h>
#include <string.h>

#include "connectors/format/json_lines.h"
#include "tests/fuzz/fuzz.h"

static void must(bool condition) {
  if (!condition) abort();
}

/* Returns how many lines end in it. */
static size_t look_at_gap(const char *from, const char *to) {
  size_t ends = 0;
  for (; from != to; from++) {
    must(strchr(" \t\r\n", *from) != NULL && *from != 0);
    ends += *from == '\n';
  }
  return ends;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
  char *data = malloc(size + 1);
  if (data == NULL) return 0;
  if (size != 0) memcpy(data, input, size);
  struct json_lines lines = json_lines_of((struct text){data, size});
  const char *behind = lines.rest.data, *end = data + size;
  must(behind == data || behind == data + 3);
  struct json_line line;
  for (size_t number = 1; json_lines_next(&lines, &line); behind = line.text.data + line.text.length) {
    const char *start = line.text.data;
    must(start >= behind && line.text.length != 0 && line.text.length <= (size_t)(end - start));
    number += look_at_gap(behind, start);
    must(line.number == number);
    must(memchr(start, '\n', line.text.length) == NULL);
    must(strchr(" \t\r", start[line.text.length - 1]) == NULL || start[line.text.length - 1] == 0);
  }
  look_at_gap(behind, end);
  free(data);
  return 0;
}
