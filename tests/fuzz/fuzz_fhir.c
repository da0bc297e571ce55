/*
 * fuzz_fhir.c: FHIR from any bytes: the same records again, a place with each reject, and an answer that is a
 * JSON object and never 200 where all was refused.
 */
#include <stdlib.h>
#include <string.h>

#include "connectors/health/fhir.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/connector_rig.h"

static const struct health health = {.zone_offset_s = 7 * 3600, .source = "fuzz"};

static void must(bool condition) {
  if (!condition) abort();
}

static int translate(const void *self, const struct hub_payload *payload, struct hub_sink *sink) {
  return fhir_translate(self, payload, sink);
}

static int reply(const void *self, const struct hub_exchange *exchange, struct hub_writer *writer) {
  return fhir_reply(self, exchange, writer);
}

static const struct hub_connector connector = {.translate = translate, .reply = reply};

static void run(struct rig *rig, const struct hub_payload *payload) {
  rig_init(rig, payload);
  must(connector.translate(&health, payload, &rig->sink) == 0);
  must(rig_reply(rig, &connector, (void *)&health) == 0);
  must(rig->answer_length > 2 && rig->answer[0] == '{');
  must(rig->records == 0 || rig->rejected < rig->records || rig->answer_status != 200);
  for (size_t i = 0; i < rig->records; i++)
    must(rig->outcomes[i].result != HUB_REJECTED || rig->outcomes[i].at != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
  struct rig first, second;
  char *data = calloc(1, size + 64);
  if (data == NULL) return 0;
  if (size != 0) memcpy(data, input, size);
  struct hub_payload payload = rig_payload(data, size);
  run(&first, &payload);
  run(&second, &payload);
  must(first.records == second.records && first.rejected == second.rejected);
  must(first.answer_length == second.answer_length &&
       memcmp(first.answer, second.answer, first.answer_length) == 0);
  rig_deinit(&first);
  rig_deinit(&second);
  free(data);
  return 0;
}
