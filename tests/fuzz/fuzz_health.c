/* The connector for health: any bytes, bare or in the fields of a door, become the same records twice, and no
 * answer that says all is well where a record was refused. */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/lib/connector_rig.h"

extern const struct hub_connector hub_connector;

static void must(int condition) {
  if (!condition) abort();
}

static size_t run(void *self, const struct hub_payload *payload, size_t *ret_rejected) {
  struct rig rig;
  rig_init(&rig, payload);
  must(hub_connector.translate(self, payload, &rig.sink) == 0);
  must(rig_reply(&rig, &hub_connector, self) == 0);
  bool json = rig.answer_length != 0 && rig.answer[0] == '{';
  must(!json || rig.records == 0 || rig.rejected < rig.records || rig.answer_status != 200);
  size_t records = rig.records;
  *ret_rejected = rig.rejected;
  rig_deinit(&rig);
  return records;
}

static void run_twice(void *self, const struct hub_payload *payload) {
  size_t rejected = 0, again = 0;
  size_t records = run(self, payload, &rejected);
  must(run(self, payload, &again) == records && again == rejected);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
  static void *self;
  if (self == NULL) must(rig_open(&hub_connector, &self) == 0);
  char *data = calloc(1, size + 64);
  if (data == NULL) return 0;
  if (size != 0) memcpy(data, input, size);
  struct hub_field file = {.size = sizeof(file), .name = "fileHSBase64", .data = data, .length = size};
  struct hub_field kind = {.size = sizeof(kind), .name = "loaiHoSo", .data = "130", .length = 3};
  const struct hub_field *fields[] = {&file, &kind};
  struct hub_part part = {
      .size = sizeof(part), .name = "files", .file_name = "a.xml", .data = data, .length = size};
  const struct hub_part *parts[] = {&part};
  struct hub_payload bare = rig_payload(data, size), form = bare, multipart = bare;
  form.fields = fields;
  form.fields_count = 1 + size % 2;
  form.content_type = "application/x-www-form-urlencoded";
  multipart.parts = parts;
  multipart.parts_count = 1;
  run_twice(self, &bare);
  if (size != 0 && data[0] != '{') {
    run_twice(self, &form);
    run_twice(self, &multipart);
  }
  free(data);
  return 0;
}
