/*
 * The bytes are written into a header by the build (embed.py), from the same .proto files as the generated
 * code.
 */
#include "core/connector/hub_schema.h"

static const unsigned char bytes[] = {
#include "core/connector/hub_schema_bytes.h"
};

struct text hub_schema(void) {
  return (struct text){(const char *)bytes, sizeof bytes};
}
