/*
 * Descriptor sets and packed messages: input is a set, or (first byte 0xff) a message of the hub's own
 * DeadLetter. What the schema takes must be safe to check and to print; what the check lets pass must be
 * printable.
 */
#include <stdlib.h>

#include "core/connector/hub_schema.h"
#include "core/message/json.h"
#include "tests/fuzz/fuzz.h"

static bool everything_is_protected(void *context, enum hub_personal_kind kind, struct text text) {
  return true;
}

/* Prints and checks bytes as a message of this type. */
static void use_message(const struct schema_message *type, struct text bytes) {
  cleanup(text_out_deinit) struct text_out out = TEXT_OUT_INIT;
  char field[WIRE_FIELD_SIZE] = "";
  int checked = wire_check(type, bytes, everything_is_protected, NULL, field);
  int printed = message_json(&out, type, bytes);
  if (checked == 0 && printed != 0) abort();
}

static void use_set(struct text bytes) {
  cleanup(schema_freep) struct schema *schema = NULL;
  const char *reason = NULL;
  if (schema_new(&schema) < 0) return;
  int r = schema_add(schema, bytes, &reason);
  if (r == SCHEMA_E_INVALID && reason == NULL) abort();
  const struct schema_message **list;
  size_t count = schema_messages(schema, &list);
  if (r != 0 && count != 0) abort();
  for (size_t i = 0; i < count && i < 16; i++) use_message(list[i], bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct schema *hub;
  const char *reason = NULL;
  if (hub == NULL && (schema_new(&hub) < 0 || schema_add(hub, hub_schema(), &reason) != 0)) abort();
  if (size != 0 && data[0] == 0xff) {
    use_message(schema_message(hub, "ioc.hub.v1.DeadLetter"),
                (struct text){(const char *)data + 1, size - 1});
  } else {
    use_set((struct text){(const char *)data, size});
  }
  return 0;
}
