/*
 * edifact_time.c: times with the format that code list 2379 gives them.
 *
 * A format is a pattern; the digits found by it are written anew as ISO 8601 and read by the one reader of
 * times, which knows what exists. What does not exist, or has a format that is not in the table, stays text.
 * A period (718, 711, 719, 713) is the moment at which it begins, with the whole of it as text beside.
 */
#include "connectors/border-gate/edifact_read.h"

/* C: century, Y: year, M: month, D: day, h, m, s: time of day, two digits each; Z: sign and hhmm; N: name of
 * a zone; -: the end of the period, not read. */
static const struct {
  struct text format;
  const char *pattern;
} formats[] = {
    {TEXT("2"), "DMY"},           {TEXT("3"), "MDY"},         {TEXT("4"), "DMCY"},
    {TEXT("101"), "YMD"},         {TEXT("102"), "CYMD"},      {TEXT("201"), "YMDhm"},
    {TEXT("202"), "YMDhms"},      {TEXT("203"), "CYMDhm"},    {TEXT("204"), "CYMDhms"},
    {TEXT("205"), "CYMDhmZ"},     {TEXT("301"), "YMDhmN"},    {TEXT("302"), "YMDhmsN"},
    {TEXT("303"), "CYMDhmN"},     {TEXT("304"), "CYMDhmsN"},  {TEXT("711"), "CYMD-CYMD"},
    {TEXT("713"), "YMDhm-YMDhm"}, {TEXT("718"), "CYMD-CYMD"}, {TEXT("719"), "CYMDhm-CYMDhm"},
};

struct digits {
  const char *century, *year, *month, *day, *hour, *minute, *second, *zone; /* NULL: not given */
  bool period;
};

static bool are_digits(const char *p, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (p[i] < '0' || p[i] > '9') return false;
  return true;
}

static size_t width_of(char letter) { return letter == 'Z' ? 5 : letter == 'N' ? 3 : letter == '-' ? 1 : 2; }

/* Without a dash in the text a period is as long as both its halves. */
static bool has_width(const char *pattern, struct text text) {
  size_t width = 0, dashes = 0;
  for (const char *p = pattern; *p != 0; p++) width += width_of(*p), dashes += *p == '-';
  return text.length == width || (dashes != 0 && text.length == width - dashes);
}

static bool take_zone(const char *text, char letter, const char **ret_zone) {
  *ret_zone = text;
  if (letter == 'Z') return (text[0] == '+' || text[0] == '-') && are_digits(text + 1, 4);
  *ret_zone = "+0000";
  return memcmp(text, "UTC", 3) == 0 || memcmp(text, "GMT", 3) == 0;
}

static bool split(const char *pattern, struct text text, struct digits *d) {
  const char *p = text.data;
  *d = (struct digits){.century = NULL};
  if (!has_width(pattern, text)) return false;
  for (; *pattern != 0; p += width_of(*pattern++)) {
    switch (*pattern) {
      case 'C': d->century = p; break;
      case 'Y': d->year = p; break;
      case 'M': d->month = p; break;
      case 'D': d->day = p; break;
      case 'h': d->hour = p; break;
      case 'm': d->minute = p; break;
      case 's': d->second = p; break;
      case '-': d->period = true; return true;
      default:
        if (!take_zone(p, *pattern, &d->zone)) return false;
        continue;
    }
    if (!are_digits(p, 2)) return false;
  }
  return true;
}

static void add(char *out, size_t *used, char before, const char *digits, size_t count) {
  if (before != 0) out[(*used)++] = before;
  memcpy(out + *used, digits, count);
  *used += count;
}

/* Years of two digits: 70 to 99 are of the last century. */
static struct text iso_of(const struct digits *d, char out[32]) {
  size_t used = 0;
  add(out, &used, 0, d->century != NULL ? d->century : d->year[0] >= '7' ? "19" : "20", 2);
  add(out, &used, 0, d->year, 2);
  add(out, &used, '-', d->month, 2);
  add(out, &used, '-', d->day, 2);
  if (d->hour != NULL) {
    add(out, &used, 'T', d->hour, 2);
    add(out, &used, ':', d->minute, 2);
  }
  if (d->second != NULL) add(out, &used, ':', d->second, 2);
  if (d->zone != NULL) add(out, &used, 0, d->zone, 5);
  return (struct text){out, used};
}

/* Senders leave the format out; then the length tells. */
static const char *pattern_of(struct text value, struct text format) {
  if (format.length == 0) {
    switch (value.length) {
      case 6: return "YMD";
      case 8: return "CYMD";
      case 10: return "YMDhm";
      case 12: return "CYMDhm";
      case 14: return "CYMDhms";
      default: return NULL;
    }
  }
  for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
    if (text_equal(formats[i].format, format)) return formats[i].pattern;
  return NULL;
}

struct edi_time edi_time(struct edi *job, struct text value, struct text format) {
  struct edi_time made = {.text = (char *)(uintptr_t)protobuf_c_empty_string};
  const char *pattern = pattern_of(value, format);
  struct digits digits;
  struct time_point point;
  char iso[32];
  bool known = pattern != NULL && split(pattern, value, &digits) &&
               time_read(iso_of(&digits, iso), TIME_ISO, job->gate->zone_offset_s, &point) == 0;
  if (!known || digits.period) made.text = edi_copy(job, value);
  if (known && job->result == 0) job->result = fact_time(job->sink, &point, &made.at, &made.precision);
  return made;
}

struct edi_time edi_prepared(struct edi *job, struct text date, struct text time) {
  char both[12];
  size_t length = date.length + time.length;
  if (length > sizeof(both)) return edi_time(job, TEXT_NONE, TEXT_NONE);
  memcpy(both, date.data, date.length);
  if (time.length != 0) memcpy(both + date.length, time.data, time.length);
  return edi_time(job, (struct text){both, length}, TEXT_NONE);
}
