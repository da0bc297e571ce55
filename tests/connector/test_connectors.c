/*
 * test_connectors.c: what any connector of ours owes, over payloads given as files: no record lost or
 * changed by a lack of memory, the same records again, an answer. usage: test_connectors FILE...; linked
 * with one connector.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/lib/connector_rig.h"

extern const struct hub_connector hub_connector;

static char *load(const char *path, size_t *ret_length) {
  struct stat status;
  FILE *file = fopen(path, "rb");
  if (file == NULL || fstat(fileno(file), &status) != 0) exit(2);
  char *data = calloc(1, (size_t)status.st_size + 64);
  *ret_length = data == NULL ? 0 : fread(data, 1, (size_t)status.st_size, file);
  fclose(file);
  return data;
}

/* Fails the n-th allocation for every n: translate must say -ENOMEM until it has all it needs. */
static int sweep(const char *path, void *self) {
  size_t length;
  char *data = load(path, &length);
  struct hub_payload payload = rig_payload(data, length);
  struct rig rig;
  int r = -ENOMEM;
  for (size_t n = 1; r == -ENOMEM && n < 100000; n++) {
    rig_init(&rig, &payload);
    rig.fail_at = n;
    r = hub_connector.translate(self, &payload, &rig.sink);
    if (r == 0 && hub_connector.reply != NULL) r = rig_reply(&rig, &hub_connector, self);
    rig_deinit(&rig);
  }
  free(data);
  if (r != 0) printf("FAIL %s: %d\n", path, r);
  return r;
}

int main(int argc, char **argv) {
  void *self = NULL;
  int failed = argc < 2 || rig_open(&hub_connector, &self) != 0;
  for (int i = 1; i < argc; i++) failed |= sweep(argv[i], self) != 0;
  hub_connector.close(self);
  return failed;
}
