/* The connector for education: any bytes become the same records twice. The first byte chooses an option. */
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
  size_t records = fake.records;
  *ret_rejected = fake.rejected;
  rig_deinit(&fake);
  return records;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
  static const char *const types[] = {NULL, "text/csv; charset=tcvn3", "text/csv; charset=vni",
                                      "text/csv; charset=windows-1258", "application/json"};
  static void *self;
  size_t rejected = 0, again = 0;
  if (size == 0) return 0;
  if (self == NULL) must(rig_open(&hub_connector, &self) == 0);
  char *data = calloc(1, size + 64);
  if (data == NULL) return 0;
  memcpy(data, input + 1, size - 1);
  struct hub_payload payload = rig_payload(data, size - 1);
  payload.content_type = types[input[0] % (sizeof(types) / sizeof(types[0]))];
  size_t records = run(self, &payload, &rejected);
  must(run(self, &payload, &again) == records && again == rejected);
  free(data);
  return 0;
}
