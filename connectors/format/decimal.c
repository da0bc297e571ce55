/*
 * decimal.c: moves the point of a decimal number.
 *
 * Nothing is computed in binary: 3.2545 tonnes are 3254.5 kilograms to the digit, and a zero that the sender
 * wrote behind the point stays as long as it stays behind the point.
 */
#include "connectors/format/decimal.h"

#include <errno.h>

enum { LENGTH_MAX = 40, EXPONENT_MAX = 30 };

struct decimal {
  char digits[LENGTH_MAX];
  int count, fraction; /* of the digits, how many stand behind the point */
};

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* [+-]digits behind e. */
static bool read_exponent(struct text text, int *ret_exponent) {
  size_t i = text.length != 0 && (text.data[0] == '-' || text.data[0] == '+');
  int value = 0;
  if (i == text.length) return false;
  for (size_t at = i; at < text.length; at++) {
    if (!is_digit(text.data[at])) return false;
    value = value * 10 + (text.data[at] - '0');
    if (value > EXPONENT_MAX) return false;
  }
  *ret_exponent = i != 0 && text.data[0] == '-' ? -value : value;
  return true;
}

static bool read_number(struct text text, struct decimal *ret) {
  bool point = false;
  int exponent = 0;
  size_t i = text.length != 0 && text.data[0] == '+';
  *ret = (struct decimal){.count = 0};
  if (text.length > LENGTH_MAX) return false;
  for (; i < text.length; i++) {
    char c = text.data[i];
    if (c == '.' && !point && ret->count != 0) {
      point = true;
      continue;
    }
    if ((c == 'e' || c == 'E') && ret->count != 0) break;
    if (!is_digit(c)) return false;
    ret->digits[ret->count++] = c;
    ret->fraction += point;
  }
  if (ret->count == 0 || (point && ret->fraction == 0)) return false;
  if (i < text.length && !read_exponent((struct text){text.data + i + 1, text.length - i - 1}, &exponent))
    return false;
  ret->fraction -= exponent;
  return true;
}

static void write_number(const struct decimal *number, char *out) {
  int whole = number->count - number->fraction, first = 0;
  while (first < number->count && first < whole - 1 && number->digits[first] == '0') first++;
  if (whole <= 0 || first == number->count) *out++ = '0';
  if (first == number->count) return; /* nothing but zeros */
  for (int i = first; i < whole; i++) *out++ = i < number->count ? number->digits[i] : '0';
  if (number->fraction <= 0) return;
  *out++ = '.';
  for (int i = whole; i < number->count; i++) *out++ = i < 0 ? '0' : number->digits[i];
}

int decimal_scale(const struct allocator *allocator, struct text text, int shift, char **ret) {
  struct decimal number;
  if (!read_number(text, &number)) return DECIMAL_E_FORM;
  number.fraction -= shift;
  char *made = allocate(allocator, 2 * LENGTH_MAX + EXPONENT_MAX);
  if (made == NULL) return -ENOMEM;
  write_number(&number, made);
  *ret = made;
  return 0;
}
