/*
 * json_path.c: writes chains of crumbs from the root down.
 */
#include "connectors/format/json_path.h"

#include <string.h>

struct path {
  char *out;
  size_t size, length;
};

static void add(struct path *path, const char *data, size_t length) {
  size_t room = path->size - 1 - path->length;
  if (length > room) length = room;
  memcpy(path->out + path->length, data, length);
  path->length += length;
}

static void add_number(struct path *path, size_t number) {
  char digits[20];
  size_t first = sizeof(digits);
  do digits[--first] = (char)('0' + number % 10);
  while ((number /= 10) != 0);
  add(path, digits + first, sizeof(digits) - first);
}

static void add_crumb(struct path *path, const struct crumb *crumb) {
  if (crumb == NULL) return;
  add_crumb(path, crumb->up);
  add(path, "/", 1);
  if (crumb->name != NULL) add(path, crumb->name, strlen(crumb->name));
  else add_number(path, crumb->index);
}

size_t crumb_path(const struct crumb *crumb, char *out, size_t size) {
  struct path path = {out, size, 0};
  add_crumb(&path, crumb);
  out[path.length] = 0;
  return path.length;
}
