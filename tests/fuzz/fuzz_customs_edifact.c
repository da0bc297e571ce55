/*
 * fuzz_customs_edifact.c: the border-gate connector on any bytes that are called EDIFACT: the same records
 * and the same CONTRL twice, and an answer that refuses where everything was refused.
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
  must(hub_connector.translate(self, payload, &rig->sink) == 0);
  must(rig_reply(rig, &hub_connector, self) == 0);
  if (rig->answer_length == 0) return; /* there is nobody to address: the host answers */
  must(rig->answer_length > 60 && memcmp(rig->answer, "UNB+UNO", 7) == 0);
  must((rig->records != 0 && rig->rejected == rig->records) == (rig->answer_status >= 400));
}

static bool is_same(struct rig *a, struct rig *b) {
  if (a->records != b->records || a->rejected != b->rejected || a->answer_length != b->answer_length)
    return false;
  if (a->answer_length != 0 && memcmp(a->answer, b->answer, a->answer_length) != 0) return false;
  for (size_t i = 0; i < a->records; i++)
    if (a->outcomes[i].code != b->outcomes[i].code) return false;
  return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
  static void *self;
  struct rig first, second;
  if (self == NULL) must(rig_open(&hub_connector, &self) == 0);
  char *data = calloc(1, size + 64);
  if (data == NULL) return 0;
  if (size != 0) memcpy(data, input, size);
  struct hub_payload payload = rig_payload(data, size);
  payload.content_type = "application/edifact";
  run(&first, self, &payload);
  run(&second, self, &payload);
  must(is_same(&first, &second));
  rig_deinit(&first);
  rig_deinit(&second);
  free(data);
  return 0;
}
