/*
 * Values as an admin writes them: numbers, sizes, durations, zones.
 *
 * None of YAML's guesses apply: 0123, 1e3, 0x10, 1_000 and 08:30 are not numbers here, and a size or a
 * duration says its unit.
 */
#include "core/config/values.h"

#include <stdio.h>

bool value_parse_int(struct text text, int64_t *ret_value) {
  bool negative = text.length != 0 && text.data[0] == '-';
  size_t i = negative ? 1 : 0;
  if (i == text.length) return false;
  if (text.data[i] == '0' && text.length > i + 1) return false;
  int64_t value = 0;
  for (; i < text.length; i++) {
    if (text.data[i] < '0' || text.data[i] > '9') return false;
    int digit = text.data[i] - '0';
    if (__builtin_mul_overflow(value, (int64_t)10, &value)) return false;
    if (__builtin_add_overflow(value, (int64_t)(negative ? -digit : digit), &value)) return false;
  }
  *ret_value = value;
  return true;
}

struct unit {
  const char *name;
  int64_t factor;
};

/* "30 s", "30s", or a bare number when the units hold one with an empty name. */
static bool parse_with_unit(struct text text, const struct unit *units, size_t count, int64_t *ret_value) {
  size_t digits = 0;
  while (digits < text.length && text.data[digits] >= '0' && text.data[digits] <= '9') digits++;
  size_t unit_start = digits < text.length && text.data[digits] == ' ' ? digits + 1 : digits;
  struct text unit = {text.data + unit_start, text.length - unit_start};
  int64_t value = 0;
  if (!value_parse_int((struct text){text.data, digits}, &value)) return false;
  for (size_t i = 0; i < count; i++) {
    if (text_is(unit, units[i].name)) return !__builtin_mul_overflow(value, units[i].factor, ret_value);
  }
  return false;
}

bool options_parse_size(struct text text, int64_t *ret_bytes) {
  static const struct unit units[] = {{"", 1},          {"B", 1},         {"KiB", 1 << 10},
                                      {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", INT64_C(1) << 40}};
  return parse_with_unit(text, units, LENGTH_OF(units), ret_bytes);
}

bool options_parse_duration(struct text text, int64_t *ret_ms) {
  static const struct unit units[] = {
      {"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000}, {"d", 86400000}};
  return parse_with_unit(text, units, LENGTH_OF(units), ret_ms);
}

bool options_parse_zone(struct text text, int32_t *ret_offset_s) {
  if (text.length != 6 || (text.data[0] != '+' && text.data[0] != '-') || text.data[3] != ':') return false;
  static const size_t places[] = {1, 2, 4, 5};
  int digits[4];
  for (size_t i = 0; i < LENGTH_OF(places); i++) {
    digits[i] = text.data[places[i]] - '0';
    if (digits[i] < 0 || digits[i] > 9) return false;
  }
  int hours = digits[0] * 10 + digits[1], minutes = digits[2] * 10 + digits[3];
  if (hours > 14 || minutes > 59) return false;
  int32_t seconds = hours * 3600 + minutes * 60;
  *ret_offset_s = text.data[0] == '-' ? -seconds : seconds;
  return true;
}

static const char *with_unit(int64_t value, const struct unit *units, size_t count, char *buffer,
                             size_t size) {
  size_t best = 0;
  for (size_t i = 1; i < count && value != 0; i++) {
    if (value % units[i].factor == 0) best = i;
  }
  snprintf(buffer, size, "%lld%s%s", (long long)(value / units[best].factor),
           units[best].name[0] == '\0' ? "" : " ", units[best].name);
  return buffer;
}

const char *value_size_text(int64_t bytes, char buffer[static VALUE_TEXT_SIZE]) {
  static const struct unit units[] = {
      {"", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", INT64_C(1) << 40}};
  return with_unit(bytes, units, LENGTH_OF(units), buffer, VALUE_TEXT_SIZE);
}

const char *value_duration_text(int64_t ms, char buffer[static VALUE_TEXT_SIZE]) {
  static const struct unit units[] = {
      {"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000}, {"d", 86400000}};
  return with_unit(ms, units, LENGTH_OF(units), buffer, VALUE_TEXT_SIZE);
}
