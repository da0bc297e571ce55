/*
 * fuzz_hl7.c: visits and results of HL7 v2 from any bytes: the same records again, and at each stage an
 * answer that ends its segments and says the same again.
 */
#include <stdlib.h>
#include <string.h>

#include "connectors/health/hl7.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/connector_rig.h"

static const struct health health = {.zone_offset_s = 7 * 3600, .source = "fuzz"};

static void must(bool condition) {
  if (!condition) abort();
}

static int translate(const void *self, const struct hub_payload *payload, struct hub_sink *sink) {
  return hl7_translate(self, payload, sink);
}

static int reply(const void *self, const struct hub_exchange *exchange, struct hub_writer *writer) {
  return hl7_reply(self, exchange, writer);
}

static const struct hub_connector connector = {.translate = translate, .reply = reply};

static void run(struct rig *rig, const struct hub_payload *payload) {
  rig_init(rig, payload);
  must(connector.translate(&health, payload, &rig->sink) == 0);
  must(rig_reply(rig, &connector, (void *)&health) == 0);
  must(rig->answer_length == 0 || rig->answer[rig->answer_length - 1] == '\r');
}

static void refuse(const struct hub_payload *payload) {
  struct rig rig;
  struct hub_exchange exchange = {
      .size = sizeof(exchange), .stage = HUB_REFUSED, .payload = payload, .answered_us = 1};
  rig_init(&rig, payload);
  must(hl7_reply(&health, &exchange, &rig.writer) == 0);
  must(rig.answer_length == 0 || rig.answer_status == 503);
  rig_deinit(&rig);
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
       (first.answer_length == 0 || memcmp(first.answer, second.answer, first.answer_length) == 0));
  rig_deinit(&first);
  rig_deinit(&second);
  refuse(&payload);
  free(data);
  return 0;
}
