/*
 * The value travels on to every consumer as a header, so only what is a trace context may: anything else
 * would be a way to put text of one's own, personal data included, beside the messages. A version that is not
 * known here is read as far as version 00 goes and passed on as 00, with the one flag that both know.
 */
#include "core/net/traceparent.h"

enum { TRACE_AT = 3, PARENT_AT = 36, FLAGS_AT = 53, LENGTH = TRACEPARENT_TEXT - 1 };

/* Lower-case hexadecimal digits; *ret_zero: nothing but zeros. */
static bool is_hex(const char *digits, size_t count, bool *ret_zero) {
  *ret_zero = true;
  for (size_t i = 0; i < count; i++) {
    if (digits[i] != '0') *ret_zero = false;
    if ((digits[i] < '0' || digits[i] > '9') && (digits[i] < 'a' || digits[i] > 'f')) return false;
  }
  return true;
}

static bool is_sampled(char digit) { return ((digit <= '9' ? digit - '0' : digit - 'a' + 10) & 1) != 0; }

bool traceparent_read(struct text value, char ret_text[static TRACEPARENT_TEXT]) {
  bool version, trace, parent, flags;
  if (value.length < LENGTH) return false;
  const char *at = value.data;
  if (at[TRACE_AT - 1] != '-' || at[PARENT_AT - 1] != '-' || at[FLAGS_AT - 1] != '-') return false;
  if (!is_hex(at, 2, &version) || !is_hex(at + TRACE_AT, 32, &trace) ||
      !is_hex(at + PARENT_AT, 16, &parent) || !is_hex(at + FLAGS_AT, 2, &flags) || trace || parent)
    return false;
  if (at[0] == 'f' && at[1] == 'f') return false;
  if (value.length > LENGTH && (version || at[LENGTH] != '-')) return false;
  memcpy(ret_text, at, LENGTH);
  ret_text[LENGTH] = '\0';
  if (!version) {
    memcpy(ret_text, "00", 2);
    memcpy(ret_text + FLAGS_AT, is_sampled(at[LENGTH - 1]) ? "01" : "00", 2);
  }
  return true;
}
