/*
 * Masking. Both passes over a free text are linear: an address is found by its '@' and taken back to where
 * its word began; a run of digits is measured once, to its end. A date that happens to be followed by a time
 * of day counts as a long number and is masked as well: rather too much than a telephone number too little.
 */
#include "core/message/mask.h"

enum { DIGITS_MIN = 9, YEAR_MIN = 1850, YEAR_MAX = 2199 };

static const struct text stars = TEXT("***");

/* ---- Birth dates ---- */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static int number(const char *digits, size_t count) {
  int value = 0;
  for (size_t i = 0; i < count; i++) value = value * 10 + (digits[i] - '0');
  return value;
}

static bool is_year(const char *digits) {
  int year = number(digits, 4);
  return year >= YEAR_MIN && year <= YEAR_MAX;
}

/* Month and day as they stand in digits; 00 is written for "not known". */
static bool is_month_day(const char *month, const char *day) {
  return number(month, 2) <= 12 && number(day, 2) <= 31;
}

/* The year inside one run of digits, or NULL. */
static const char *year_in_run(const char *run, size_t length) {
  if (length == 4) return is_year(run) ? run : NULL;
  if (length == 6) return is_year(run) && number(run + 4, 2) <= 12 ? run : NULL;
  if (length != 8 && length != 10 && length != 12 && length != 14) return NULL;
  if (is_year(run) && is_month_day(run + 4, run + 6)) return run;
  return is_year(run + 4) && is_month_day(run + 2, run) ? run + 4 : NULL;
}

int mask_birth_date(struct arena *arena, struct text text, struct text *ret_year) {
  *ret_year = TEXT("");
  const char *year = NULL;
  for (size_t i = 0; i < text.length && year == NULL;) {
    size_t start = i;
    while (i < text.length && is_digit(text.data[i])) i++;
    if (i - start >= 4) year = year_in_run(text.data + start, i - start);
    if (i == start) i++;
  }
  if (year == NULL) return 0;
  char *copy = arena_text(arena, (struct text){year, 4});
  if (copy == NULL) return -ENOMEM;
  *ret_year = (struct text){copy, 4};
  return 0;
}

/* ---- Free text ---- */

static bool is_alnum(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/* Bytes of other scripts may stand before the '@'. */
static bool is_local(char c) {
  return is_alnum(c) || (c != '\0' && strchr("._%+-'", c) != NULL) || (c & 0x80) != 0;
}

static bool is_domain(char c) { return is_alnum(c) || c == '.' || c == '-' || (c & 0x80) != 0; }

/* Writes text with its addresses masked to out, which has room for it; "***" is never longer than "a@b". */
static size_t mask_addresses(struct text text, char *out) {
  if (text.length == 0 || memchr(text.data, '@', text.length) == NULL) { /* nearly always */
    if (text.length != 0) memcpy(out, text.data, text.length);
    return text.length;
  }
  size_t length = 0, word = 0; /* word: where in out the run of local characters began */
  for (size_t i = 0; i < text.length; i++) {
    char c = text.data[i];
    if (c == '@' && length > word && i + 1 < text.length && is_domain(text.data[i + 1])) {
      length = word;
      memcpy(out + length, stars.data, stars.length);
      length += stars.length;
      while (i + 1 < text.length && is_domain(text.data[i + 1])) i++;
      word = length;
      continue;
    }
    out[length++] = c;
    if (!is_local(c)) word = length;
  }
  return length;
}

/* Bytes of the digit at the start of text: ASCII, or full-width (U+FF10 to U+FF19); 0 when there is none. */
static size_t digit_length(const char *text, size_t left) {
  if (is_digit(*text)) return 1;
  const unsigned char *u = (const unsigned char *)text;
  return left >= 3 && u[0] == 0xef && u[1] == 0xbc && u[2] >= 0x90 && u[2] <= 0x99 ? 3 : 0;
}

/* Bytes of what may stand between two digits of one number; 0 when it is something else. Blanks and dashes of
 * Unicode count: U+00A0, U+2000 to U+2015, U+202F, U+2212. */
static size_t gap_length(const char *text, size_t left) {
  if (*text == ' ' || *text == '.' || *text == '-' || (*text >= '\t' && *text <= '\r')) return 1;
  const unsigned char *u = (const unsigned char *)text;
  if (left >= 2 && u[0] == 0xc2 && (u[1] == 0xa0 || u[1] == 0xad)) return 2;
  if (left < 3 || u[0] != 0xe2) return 0;
  return (u[1] == 0x80 && (u[2] <= 0x95 || u[2] == 0xaf)) || (u[1] == 0x88 && u[2] == 0x92) ? 3 : 0;
}

/* Length from the first digit to behind the last one of the run at the start of text. */
static size_t digits_run(const char *text, size_t left, size_t *ret_digits) {
  size_t at = 0, end = 0;
  *ret_digits = 0;
  while (at < left) {
    size_t digit = digit_length(text + at, left - at);
    size_t step = digit != 0 ? digit : gap_length(text + at, left - at);
    if (step == 0) break;
    at += step;
    if (digit != 0) {
      end = at;
      ++*ret_digits;
    }
  }
  return end;
}

static size_t mask_digits(char *text, size_t length) {
  size_t out = 0;
  for (size_t i = 0; i < length;) {
    if (digit_length(text + i, length - i) == 0) {
      text[out++] = text[i++];
      continue;
    }
    size_t digits, run = digits_run(text + i, length - i, &digits);
    if (digits >= DIGITS_MIN) memcpy(text + out, stars.data, stars.length);
    else memmove(text + out, text + i, run);
    out += digits >= DIGITS_MIN ? stars.length : run;
    i += run;
  }
  return out;
}

int mask_free_text(struct arena *arena, struct text text, struct text *ret_text) {
  char *out = arena_alloc(arena, text.length + 1);
  if (out == NULL) return -ENOMEM;
  size_t length = mask_addresses(text, out);
  length = mask_digits(out, length);
  out[length] = '\0';
  *ret_text = (struct text){out, length};
  return 0;
}
