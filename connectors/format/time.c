/*
 * time.c: reads the time forms named in time.h.
 *
 * A form is chosen by the text's shape alone, so one text has one reading: four digits and '-' are ISO, four
 * digits and '/' are edXML, two digits and '/' are day first, digits only are compact or milliseconds by
 * their count. HL7's form is read alone.
 */
#include "connectors/format/time.h"

#define SECOND_US INT64_C(1000000)
#define ZONE_EAST_MAX_S (14 * 3600)
#define ZONE_WEST_MAX_S (12 * 3600)

struct cursor {
  const char *at, *end;
};

struct civil {
  int year, month, day, hour, minute, second;
  int32_t fraction_us, zone_s;
  struct time_point point;
};

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Exactly `count` digits. */
static bool take_number(struct cursor *c, int count, int *ret) {
  int value = 0;
  if (c->end - c->at < count) return false;
  for (int i = 0; i < count; i++) {
    if (!is_digit(c->at[i])) return false;
    value = value * 10 + (c->at[i] - '0');
  }
  c->at += count;
  *ret = value;
  return true;
}

static bool take_char(struct cursor *c, char wanted) {
  if (c->at == c->end || *c->at != wanted) return false;
  c->at++;
  return true;
}

static bool at_end(const struct cursor *c) { return c->at == c->end; }

static bool is_leap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

static bool day_exists(int year, int month, int day) {
  static const signed char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  return day <= days[month - 1] + (month == 2 && is_leap(year));
}

static bool time_of_day_exists(const struct civil *t) {
  if (t->hour == 24) return t->minute == 0 && t->second == 0 && t->fraction_us == 0 && t->point.rest_ns == 0;
  return t->hour < 24 && t->minute < 60 && t->second < 60;
}

/* Days from 1970-01-01; years are counted from March so that the leap day ends them. */
static int64_t days_from_epoch(int year, int month, int day) {
  int64_t y = year - (month <= 2);
  int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return y * 365 + y / 4 - y / 100 + y / 400 + day_of_year - 719468;
}

#define FIRST_US (INT64_C(-62135596800) * SECOND_US)
#define LAST_US (INT64_C(253402300800) * SECOND_US - 1)

static int finish(struct civil *t, struct time_point *ret) {
  if (!day_exists(t->year, t->month, t->day) || !time_of_day_exists(t)) return TIME_E_IMPOSSIBLE;
  int64_t seconds = days_from_epoch(t->year, t->month, t->day) * 86400;
  seconds += t->hour * 3600 + t->minute * 60 + t->second - t->zone_s;
  t->point.us = seconds * SECOND_US + t->fraction_us;
  if (t->point.us < FIRST_US || t->point.us > LAST_US) return TIME_E_IMPOSSIBLE;
  *ret = t->point;
  return 0;
}

/* ".5", ".123456", ".1234567": one to nine digits. */
static bool take_fraction(struct cursor *c, struct civil *t) {
  int digits = 0;
  for (; c->at < c->end && is_digit(*c->at); c->at++, digits++)
    if (digits < 6) t->fraction_us = t->fraction_us * 10 + (*c->at - '0');
    else if (digits < 9) t->point.rest_ns = t->point.rest_ns * 10 + (*c->at - '0');
  for (int i = digits; i < 6; i++) t->fraction_us *= 10;
  for (int i = digits < 6 ? 9 : digits; i < 9; i++) t->point.rest_ns *= 10;
  t->point.precision = TIME_FRACTION;
  return digits >= 1 && digits <= 9;
}

/* HH:mm[:ss[.f]]; the fraction only where the form has one. */
static bool take_time_of_day(struct cursor *c, bool with_fraction, struct civil *t) {
  if (!take_number(c, 2, &t->hour) || !take_char(c, ':') || !take_number(c, 2, &t->minute)) return false;
  t->point.precision = TIME_MINUTE;
  if (!take_char(c, ':')) return true;
  if (!take_number(c, 2, &t->second)) return false;
  t->point.precision = TIME_SECOND;
  if (with_fraction && (take_char(c, '.') || take_char(c, ','))) return take_fraction(c, t);
  return true;
}

/* Nothing, Z, +07:00, +0700 or +07. 1: there is no such zone. */
static int take_zone(struct cursor *c, struct civil *t) {
  int hours = 0, minutes = 0;
  if (at_end(c)) return 0;
  t->point.has_zone = true;
  t->zone_s = 0;
  if (take_char(c, 'Z') || take_char(c, 'z')) return at_end(c) ? 0 : TIME_E_FORM;
  bool west = take_char(c, '-');
  if (!west && !take_char(c, '+')) return TIME_E_FORM;
  if (!take_number(c, 2, &hours)) return TIME_E_FORM;
  if (!at_end(c)) {
    (void)take_char(c, ':');
    if (!take_number(c, 2, &minutes) || !at_end(c)) return TIME_E_FORM;
  }
  t->zone_s = hours * 3600 + minutes * 60;
  if (minutes > 59 || t->zone_s > (west ? ZONE_WEST_MAX_S : ZONE_EAST_MAX_S)) return TIME_E_IMPOSSIBLE;
  if (west) t->zone_s = -t->zone_s;
  return 0;
}

static int read_iso(struct cursor c, struct civil *t, struct time_point *ret) {
  if (!take_number(&c, 4, &t->year) || !take_char(&c, '-') || !take_number(&c, 2, &t->month) ||
      !take_char(&c, '-') || !take_number(&c, 2, &t->day))
    return TIME_E_FORM;
  if (at_end(&c)) return finish(t, ret);
  if (!take_char(&c, 'T') && !take_char(&c, ' ') && !take_char(&c, 't')) return TIME_E_FORM;
  if (!take_time_of_day(&c, true, t)) return TIME_E_FORM;
  int r = take_zone(&c, t);
  return r != 0 ? r : finish(t, ret);
}

static int read_slashed(struct cursor c, bool day_first, struct civil *t, struct time_point *ret) {
  bool well = day_first
                  ? take_number(&c, 2, &t->day) && take_char(&c, '/') && take_number(&c, 2, &t->month) &&
                        take_char(&c, '/') && take_number(&c, 4, &t->year)
                  : take_number(&c, 4, &t->year) && take_char(&c, '/') && take_number(&c, 2, &t->month) &&
                        take_char(&c, '/') && take_number(&c, 2, &t->day);
  if (!well) return TIME_E_FORM;
  if (!at_end(&c) && (!take_char(&c, ' ') || !take_time_of_day(&c, false, t) || !at_end(&c)))
    return TIME_E_FORM;
  return finish(t, ret);
}

static int read_compact(struct cursor c, struct civil *t, struct time_point *ret) {
  if (!take_number(&c, 4, &t->year) || !take_number(&c, 2, &t->month) || !take_number(&c, 2, &t->day))
    return TIME_E_FORM;
  if (!at_end(&c)) {
    if (!take_number(&c, 2, &t->hour) || !take_number(&c, 2, &t->minute)) return TIME_E_FORM;
    t->point.precision = TIME_MINUTE;
  }
  if (!at_end(&c)) {
    if (!take_number(&c, 2, &t->second)) return TIME_E_FORM;
    t->point.precision = TIME_SECOND;
  }
  return finish(t, ret);
}

/* Digits from the year on, two for each step but the first; a fraction only behind the second. */
static int read_hl7(struct cursor c, size_t digits, struct civil *t, struct time_point *ret) {
  static const enum time_precision precisions[] = {TIME_YEAR, TIME_MONTH,  TIME_DAY,
                                                   TIME_HOUR, TIME_MINUTE, TIME_SECOND};
  int *const steps[] = {&t->month, &t->day, &t->hour, &t->minute, &t->second};
  if (digits < 4 || digits > 14 || digits % 2 != 0) return TIME_E_FORM;
  t->month = t->day = 1;
  t->point.precision = precisions[digits / 2 - 2];
  (void)take_number(&c, 4, &t->year);
  for (size_t i = 0; i < digits / 2 - 2; i++) (void)take_number(&c, 2, steps[i]);
  if (digits == 14 && take_char(&c, '.') && !take_fraction(&c, t)) return TIME_E_FORM;
  int r = take_zone(&c, t);
  return r != 0 ? r : finish(t, ret);
}

static int read_epoch_ms(struct cursor c, struct time_point *ret) {
  int64_t ms = 0;
  bool negative = take_char(&c, '-');
  if (at_end(&c)) return TIME_E_FORM;
  for (; !at_end(&c); c.at++) {
    if (!is_digit(*c.at)) return TIME_E_FORM;
    if (ms > LAST_US / 1000) return TIME_E_IMPOSSIBLE;
    ms = ms * 10 + (*c.at - '0');
  }
  if (negative) ms = -ms;
  if (ms > LAST_US / 1000 || ms < FIRST_US / 1000) return TIME_E_IMPOSSIBLE;
  *ret = (struct time_point){.us = ms * 1000, .precision = TIME_FRACTION, .has_zone = true};
  return 0;
}

int time_read(struct text text, unsigned forms, int32_t zone_offset_s, struct time_point *ret) {
  struct cursor c = {text.data, text.data + text.length};
  struct civil t = {.zone_s = zone_offset_s, .point.precision = TIME_DAY};
  size_t digits = 0;
  while (digits < text.length && is_digit(text.data[digits])) digits++;
  if (forms == TIME_HL7) return read_hl7(c, digits, &t, ret);
  bool all = digits == text.length;
  if (all && (digits == 8 || digits == 12 || digits == 14) && (forms & TIME_COMPACT) != 0)
    return read_compact(c, &t, ret);
  if (forms == TIME_EPOCH_MS || (all && digits == 13 && (forms & TIME_EPOCH_MS) != 0))
    return read_epoch_ms(c, ret);
  if (all) return TIME_E_FORM;
  char separator = text.data[digits];
  if (digits == 4 && separator == '-' && (forms & TIME_ISO) != 0) return read_iso(c, &t, ret);
  if (digits == 4 && separator == '/' && (forms & TIME_SLASHED) != 0) return read_slashed(c, false, &t, ret);
  if (digits == 2 && separator == '/' && (forms & TIME_DAY_FIRST) != 0) return read_slashed(c, true, &t, ret);
  return TIME_E_FORM;
}
