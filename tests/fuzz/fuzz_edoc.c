/*
 * fuzz_edoc.c: the e-documents connector on any bytes: one record whatever comes, the same one again, and an
 * answer that fits it.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/lib/connector_rig.h"

extern const struct hub_connector hub_connector;

static void must(bool condition) {
  if (!condition) abort();
}

static void run(struct rig *rig, void *self, const struct hub_payload *payload) {
  rig_init(rig, payload);
  must(hub_connector.translate(self, payload, &rig->sink) == 0 && rig->records == 1);
  must(rig_reply(rig, &hub_connector, self) == 0 && rig->answer_length != 0);
  must((rig->rejected == 1) == (rig->answer_status >= 400));
}

static bool is_same_text(const char *a, const char *b) {
  return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
  static void *self;
  struct rig first, second;
  if (self == NULL) must(rig_open(&hub_connector, &self) == 0);
  char *data = calloc(1, size + 64);
  if (data == NULL) return 0;
  if (size != 0) memcpy(data, input, size);
  struct hub_payload payload = rig_payload(data, size);
  run(&first, self, &payload);
  run(&second, self, &payload);
  const struct hub_outcome *a = &first.outcomes[0], *b = &second.outcomes[0];
  must(a->code == b->code && is_same_text(a->type, b->type) && is_same_text(a->key, b->key));
  must(is_same_text(a->at, b->at) && is_same_text(first.answer, second.answer));
  rig_deinit(&first);
  rig_deinit(&second);
  free(data);
  return 0;
}
