/*
 * template.c: payloads that differ by their number only.
 */
#include "tests/bench/template.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int template_read(const char *path, struct template *ret_template) {
  FILE *file = fopen(path, "rb");
  if (!file)
    return -errno;
  char *text = malloc(TEMPLATE_ROOM / 2);
  size_t length = text ? fread(text, 1, TEMPLATE_ROOM / 2 - 1, file) : 0;
  fclose(file);
  if (!text || length == 0) {
    free(text);
    errno = EIO;
    return -EIO;
  }
  text[length] = 0;
  ret_template->text = text;
  return 0;
}

void template_deinit(struct template *template) {
  free(template->text);
}

/* Length of the hole's name at `at`, and what goes there; 0: no hole. */
static size_t hole(const char *at, const char *number, const char *run, const char **ret_value) {
  if (strncmp(at, "@NUMBER@", 8) == 0) {
    *ret_value = number;
    return 8;
  }
  *ret_value = run;
  return strncmp(at, "@RUN@", 5) == 0 ? 5 : 0;
}

size_t template_fill(const struct template *template, unsigned number, const char *run, char *room) {
  char digits[16];
  size_t length = 0;
  const char *at = template->text;
  snprintf(digits, sizeof(digits), "%08u", number);
  while (*at && length < TEMPLATE_ROOM - 1) {
    const char *value;
    size_t name = *at == '@' ? hole(at, digits, run, &value) : 0;
    if (name) {
      int written = snprintf(room + length, TEMPLATE_ROOM - length, "%s", value);
      length += (size_t)written < TEMPLATE_ROOM - length ? (size_t)written : TEMPLATE_ROOM - 1 - length;
      at += name;
    } else {
      room[length++] = *at++;
    }
  }
  room[length] = 0;
  return length;
}
