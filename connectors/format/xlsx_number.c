/*
 * xlsx_number.c: numbers that are dates, and numbers with more digits than they have.
 *
 * Serial day 60 of the 1900 system is 29 February 1900, a day that never was; it and whatever lies outside of
 * the calendar stay numbers. A number is written with up to 17 digits (8.1999999999999993): where 15 digits
 * name the same binary number, they are what the sheet shows and what is handed out.
 */
#include "connectors/format/xlsx_parts.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- Formats ------------------------------------------------------------------------------------------- */

enum xlsx_style xlsx_style_builtin(uint32_t id) {
  if ((id >= 18 && id <= 21) || id == 32 || id == 33 || id == 45 || id == 47) return XLSX_TIME;
  if ((id >= 14 && id <= 17) || (id >= 27 && id <= 36) || (id >= 50 && id <= 58)) return XLSX_DATE;
  return id == 22 ? XLSX_DATE_TIME : XLSX_NUMBER;
}

/* Bytes of a format that say nothing of the kind: quoted, escaped, or in brackets; 0: none begins here. */
static size_t literal_length(struct text code) {
  char c = code.data[0];
  if (c == '\\' || c == '_' || c == '*') return code.length < 2 ? 1 : 2;
  if (c != '"' && c != '[') return 0;
  const char *end = code.length < 2 ? NULL : memchr(code.data + 1, c == '"' ? '"' : ']', code.length - 1);
  return end == NULL ? code.length : (size_t)(end - code.data) + 1;
}

/* [h], [mm], [s]: a duration, which is no time of day. */
static bool is_duration(struct text literal) {
  return literal.length >= 3 && literal.data[0] == '[' && strchr("hHmMsS", literal.data[1]) != NULL &&
         (literal.data[2] == ']' || literal.data[2] == literal.data[1]);
}

enum xlsx_style xlsx_style_of_code(struct text code) {
  bool day = false, time = false, month = false;
  while (code.length != 0 && code.data[0] != ';') {
    size_t skipped = literal_length(code);
    if (is_duration((struct text){code.data, skipped})) return XLSX_NUMBER;
    char c = code.data[0];
    if (skipped == 0) {
      day |= c == 'y' || c == 'Y' || c == 'd' || c == 'D';
      time |= c == 'h' || c == 'H' || c == 's' || c == 'S';
      month |= c == 'm' || c == 'M';
      skipped = 1;
    }
    code.data += skipped, code.length -= skipped;
  }
  if (month && !time) day = true;
  return (enum xlsx_style)((day ? XLSX_DATE : 0) | (time ? XLSX_TIME : 0));
}

/* ---- Days ---------------------------------------------------------------------------------------------- */

/* Year, month and day of a day since 1 March 0000 (proleptic Gregorian). */
static void civil_of(int64_t days, int *ret_year, int *ret_month, int *ret_day) {
  int64_t era = days / 146097, of_era = days % 146097;
  int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  int64_t of_year = of_era - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
  *ret_day = (int)(of_year - (153 * month + 2) / 5 + 1);
  *ret_month = (int)(month < 10 ? month + 3 : month - 9);
  *ret_year = (int)(year + 400 * era + (*ret_month <= 2));
}

enum { DAYS_TO_1899_12_30 = 693899, DAYS_TO_1904 = 695361, LAST_1900 = 2958465, LAST_1904 = 2957003 };

/* The serial day as a day since 1 March 0000; false: there is none. */
static bool day_of_serial(int64_t serial, bool since_1904, int64_t *ret) {
  if (serial < (since_1904 ? 0 : 1) || serial > (since_1904 ? LAST_1904 : LAST_1900)) return false;
  if (!since_1904 && serial == 60) return false;
  *ret = since_1904 ? serial + DAYS_TO_1904 : serial + DAYS_TO_1899_12_30 + (serial < 60);
  return true;
}

static size_t moment_text(double serial, enum xlsx_style style, bool since_1904, char out[XLSX_NUMBER_SIZE]) {
  if (!(serial >= 0 && serial < 3e6)) return 0;
  int64_t seconds = (int64_t)(serial * 86400 + 0.5), day;
  int of_day = (int)(seconds % 86400), hour = of_day / 3600, minute = of_day / 60 % 60, second = of_day % 60;
  int year, month, date, n;
  if (style == XLSX_DATE) seconds = (int64_t)serial * 86400;
  if (style == XLSX_TIME && seconds < 86400)
    return (size_t)snprintf(out, XLSX_NUMBER_SIZE, "%02d:%02d:%02d", hour, minute, second);
  if (!day_of_serial(seconds / 86400, since_1904, &day)) return 0;
  civil_of(day, &year, &month, &date);
  if (style == XLSX_DATE) n = snprintf(out, XLSX_NUMBER_SIZE, "%04d-%02d-%02d", year, month, date);
  else
    n = snprintf(out, XLSX_NUMBER_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d", year, month, date, hour, minute,
                 second);
  return (size_t)n;
}

/* ---- Numbers ------------------------------------------------------------------------------------------- */

static size_t count_digits(struct text number) {
  size_t digits = 0;
  for (size_t i = 0; i < number.length && number.data[i] != 'e' && number.data[i] != 'E'; i++)
    if (number.data[i] >= '0' && number.data[i] <= '9' && (digits != 0 || number.data[i] != '0')) digits++;
  return digits;
}

static size_t shorter_text(double value, char out[XLSX_NUMBER_SIZE]) {
  int n = snprintf(out, XLSX_NUMBER_SIZE, "%.15g", value);
  return strtod(out, NULL) == value && strchr(out, 'e') == NULL ? (size_t)n : 0;
}

size_t xlsx_number_text(struct text number, enum xlsx_style style, bool days_since_1904,
                        char out[XLSX_NUMBER_SIZE]) {
  char copy[64], *end;
  bool many = number.length > 15 && count_digits(number) > 15;
  if (style == XLSX_NUMBER && !many) return 0;
  if (number.length == 0 || number.length >= sizeof(copy)) return 0;
  memcpy(copy, number.data, number.length);
  copy[number.length] = '\0';
  if (strspn(copy, "0123456789.eE+-") < number.length) return 0;
  double value = strtod(copy, &end);
  if (end != copy + number.length) return 0;
  size_t length = style == XLSX_NUMBER ? 0 : moment_text(value, style, days_since_1904, out);
  return length == 0 && many ? shorter_text(value, out) : length;
}
