/*
 * Personal texts of every kind: what comes out is UTF-8, terminated, and holds neither a long number nor an
 * address that could be mailed to.
 */
#include <stdlib.h>

#include "core/message/communes.h"
#include "core/message/personal.h"
#include "tests/fuzz/fuzz.h"

static const char *const cells[] = {"code", "name", "00700", "Xã Đồng Văn", "00710", "Phường Tân An"};
static const struct config_table table = {.name = "communes", .columns = 2, .rows = 2, .cells = cells};

static void check_masked(struct text text) {
  size_t digits = 0;
  for (size_t i = 0; i < text.length; i++) {
    char c = text.data[i];
    if (c >= '0' && c <= '9') digits++;
    else if (c != ' ' && c != '.' && c != '-') digits = 0;
    if (digits >= 9) abort();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct personal personal = {.tables = &table, .key_number = 1};
  static struct communes *communes;
  if (communes == NULL && communes_new(&table, &communes) != 0) abort();
  personal.communes = communes;
  if (size == 0) return 0;
  enum hub_personal_kind kind = (enum hub_personal_kind)(data[0] % (HUB_FREE_TEXT + 1));
  cleanup(arena_freep) struct arena *arena = NULL;
  if (arena_new(&arena) < 0) return 0;
  struct text result = TEXT_NONE, text = {(const char *)data + 1, size - 1};
  if (personal_text(&personal, arena, kind, text, &result) < 0) return 0;
  if (text_find_bad_utf8(result) != SIZE_MAX || result.data[result.length] != '\0') abort();
  if (kind == HUB_FREE_TEXT) check_masked(result);
  if (kind != HUB_FREE_TEXT && result.length > 40) abort();
  return 0;
}
