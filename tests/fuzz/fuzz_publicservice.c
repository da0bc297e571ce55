/* The connector for public services: any bytes become the same records twice, and an answer to each. */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/lib/connector_rig.h"

extern const struct hub_connector hub_connector;

static void must(int condition) {
  if (!condition) abort();
}

static size_t run(void *self, const struct hub_payload *payload, size_t *ret_rejected) {
  struct rig fake;
  rig_init(&fake, payload);
  must(hub_connector.translate(self, payload, &fake.sink) == 0);
  must(rig_reply(&fake, &hub_connector, self) == 0 && fake.answer_length > 2);
  must(fake.records == 0 || fake.rejected < fake.records || fake.answer_status >= 400);
  size_t records = fake.records;
  *ret_rejected = fake.rejected;
  rig_deinit(&fake);
  return records;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
  static void *self;
  size_t rejected = 0, again = 0;
  if (self == NULL) must(rig_open(&hub_connector, &self) == 0);
  char *data = calloc(1, size + 64);
  if (data == NULL) return 0;
  if (size != 0) memcpy(data, input, size);
  struct hub_payload payload = rig_payload(data, size);
  size_t records = run(self, &payload, &rejected);
  must(run(self, &payload, &again) == records && again == rejected);
  free(data);
  return 0;
}
