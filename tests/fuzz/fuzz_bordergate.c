/* The border-gate connector on JSON, lines of JSON and XML: any bytes become the same records twice. */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/lib/connector_rig.h"

extern const struct hub_connector hub_connector;

static void must(int condition) {
  if (!condition) abort();
}

static void run(void *self, const struct hub_payload *payload, size_t *ret_records, size_t *ret_rejected) {
  struct rig rig;
  rig_init(&rig, payload);
  must(hub_connector.translate(self, payload, &rig.sink) == 0);
  *ret_records = rig.records;
  *ret_rejected = rig.rejected;
  rig_deinit(&rig);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
  static void *self;
  size_t records, rejected, records_again, rejected_again;
  if (self == NULL) must(rig_open(&hub_connector, &self) == 0);
  char *data = calloc(1, size + 64);
  if (data == NULL) return 0;
  if (size != 0) memcpy(data, input, size);
  struct hub_payload payload = rig_payload(data, size);
  run(self, &payload, &records, &rejected);
  run(self, &payload, &records_again, &rejected_again);
  must(records == records_again && rejected == rejected_again);
  free(data);
  return 0;
}
