/* Unit tests of connectors/format/time.c. */
#include "connectors/format/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define VIETNAM_S (7 * 3600)

struct good {
  const char *text;
  int64_t us;
  enum time_precision precision;
  bool has_zone;
};

static const struct good good[] = {
    {"2026/07/12", INT64_C(1783789200000000), TIME_DAY, false},
    {"2026/07/12 08:00:00", INT64_C(1783818000000000), TIME_SECOND, false},
    {"2026/07/12 08:01", INT64_C(1783818060000000), TIME_MINUTE, false},
    {"20260712081500", INT64_C(1783818900000000), TIME_SECOND, false},
    {"202607120815", INT64_C(1783818900000000), TIME_MINUTE, false},
    {"20260712", INT64_C(1783789200000000), TIME_DAY, false},
    {"2026-07-12", INT64_C(1783789200000000), TIME_DAY, false},
    {"2026-07-12T13:15", INT64_C(1783836900000000), TIME_MINUTE, false},
    {"2026-07-12T13:15:21.972699", INT64_C(1783836921972699), TIME_FRACTION, false},
    {"2026-07-12T13:15:21.9726999", INT64_C(1783836921972699), TIME_FRACTION, false},
    {"2026-07-12T13:15:21,5", INT64_C(1783836921500000), TIME_FRACTION, false},
    {"2026-07-12 13:15:21", INT64_C(1783836921000000), TIME_SECOND, false},
    {"2026-07-11T14:30:00.000+0000", INT64_C(1783780200000000), TIME_FRACTION, true},
    {"2026-07-11T14:30:00Z", INT64_C(1783780200000000), TIME_SECOND, true},
    {"2026-07-11T14:30:00+07:00", INT64_C(1783755000000000), TIME_SECOND, true},
    {"2026-07-11T14:30+08", INT64_C(1783751400000000), TIME_MINUTE, true},
    {"2026-07-11T14:30:00-05:30", INT64_C(1783800000000000), TIME_SECOND, true},
    {"12/07/2026", INT64_C(1783789200000000), TIME_DAY, false},
    {"12/07/2026 23:59", INT64_C(1783875540000000), TIME_MINUTE, false},
    {"12/07/2026 23:59:59", INT64_C(1783875599000000), TIME_SECOND, false},
    {"1783839548454", INT64_C(1783839548454000), TIME_FRACTION, true},
    {"29/02/2024", INT64_C(1709139600000000), TIME_DAY, false},
    {"20000229", INT64_C(951757200000000), TIME_DAY, false},
    {"20260722240000", INT64_C(1784739600000000), TIME_SECOND, false},
    {"2026/12/31 24:00", INT64_C(1798736400000000), TIME_MINUTE, false},
    {"2026-07-12T24:00:00.000Z", INT64_C(1783900800000000), TIME_FRACTION, true},
    {"9999-12-31T23:59:59.999999Z", INT64_C(253402300799999999), TIME_FRACTION, true},
    {"0001-01-01T00:00:00Z", INT64_C(-62135596800000000), TIME_SECOND, true},
    {"1969-12-31T23:59:59.5Z", INT64_C(-500000), TIME_FRACTION, true},
};

static const char *const impossible[] = {
    "20260230",
    "20260229",
    "19000229",
    "20261301",
    "20260700",
    "20260732",
    "20260431120000",
    "2026/02/30",
    "31/04/2026",
    "00/01/2026",
    "2026-00-10",
    "00000101",
    "20260712250000",
    "20260712240001",
    "202607122401",
    "2026-07-12T24:00:00.1",
    "2026-07-12T12:60:00",
    "2026-12-31T23:59:60Z",
    "20260712126000",
    "20260712120060",
    "2026-07-12T12:00:00+15:00",
    "2026-07-12T12:00:00-13:00",
    "2026-07-12T12:00:00+07:60",
    "0001-01-01T00:00:00",
    "9999-12-31T23:00:00-05:00",
};

static const char *const formless[] = {
    "",
    "-",
    "-1",
    "0",
    "999999999999999",
    " ",
    "null",
    "2026",
    "2026-7-12",
    "2026-07-12T",
    "2026-07-12T1:00",
    "2026-07-12T13",
    "2026-07-12T13:15:2",
    "2026-07-12T13:15:21.",
    "2026-07-12T13:15:21.1234567891",
    "2026-07-12T13:15:21+7",
    "2026-07-12T13:15:21+07:",
    "2026-07-12T13:15:21Zx",
    "2026-07-12Z",
    "2026-07-12  13:15",
    "2026-07-12T13:15:21 +07:00",
    "2026/07/12T08:00",
    "2026/07/12 08:00:00.5",
    "2026/07/12 08:00:00Z",
    "2026/7/12",
    "2026/07-12",
    "1/7/2026",
    "12/07/26",
    "12-07-2026",
    "12/07/2026 8:00",
    "20260712 0815",
    "20260712T081500",
    "17838395.5",
    "1e12",
    "+1",
    "2026-07-12x",
    "２０２６",
    "2026-07-12T13:15:21+0a:00",
    "--1",
    "12/07/2026x",
};

static void test_good(void **state) {
  for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
    struct time_point point = {0};
    print_message("%s\n", good[i].text);
    assert_int_equal(time_read(text_of(good[i].text), TIME_ANY, VIETNAM_S, &point), 0);
    assert_int_equal(point.us, good[i].us);
    assert_int_equal(point.precision, good[i].precision);
    assert_int_equal(point.has_zone, good[i].has_zone);
  }
}

static void test_nanoseconds(void **state) {
  struct time_point point = {.rest_ns = -1};
  assert_int_equal(time_read(TEXT("2026-07-12T13:15:21.1234567"), TIME_ANY, 0, &point), 0);
  assert_int_equal(point.us % 1000000, 123456);
  assert_int_equal(point.rest_ns, 700);
  assert_int_equal(time_read(TEXT("2026-07-12T13:15:21.000000009Z"), TIME_ANY, 0, &point), 0);
  assert_int_equal(point.rest_ns, 9);
  assert_int_equal(time_read(TEXT("2026-07-12T13:15:21.123456Z"), TIME_ANY, 0, &point), 0);
  assert_int_equal(point.rest_ns, 0);
  assert_int_equal(time_read(TEXT("2026-07-12T24:00:00.0000001"), TIME_ANY, 0, &point), TIME_E_IMPOSSIBLE);
}

static void check_all(const char *const *texts, size_t count, int wanted) {
  for (size_t i = 0; i < count; i++) {
    struct time_point point = {.us = 7};
    print_message("%s\n", texts[i]);
    assert_int_equal(time_read(text_of(texts[i]), TIME_ANY, VIETNAM_S, &point), wanted);
    assert_int_equal(point.us, 7);
  }
}

static void test_impossible(void **state) {
  check_all(impossible, sizeof(impossible) / sizeof(impossible[0]), TIME_E_IMPOSSIBLE);
}

static void test_formless(void **state) {
  check_all(formless, sizeof(formless) / sizeof(formless[0]), TIME_E_FORM);
}

/* A form that was not asked for is not read. */
static void test_forms(void **state) {
  static const struct {
    const char *text;
    unsigned form;
  } cases[] = {{"2026-07-12", TIME_ISO},
               {"20260712", TIME_COMPACT},
               {"2026/07/12", TIME_SLASHED},
               {"12/07/2026", TIME_DAY_FIRST},
               {"1783839548454", TIME_EPOCH_MS}};
  struct time_point point;
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    assert_int_equal(time_read(text_of(cases[i].text), cases[i].form, 0, &point), 0);
    assert_int_equal(time_read(text_of(cases[i].text), TIME_ANY & ~cases[i].form, 0, &point), TIME_E_FORM);
  }
}

static void test_epoch(void **state) {
  static const struct {
    const char *text;
    int result;
    int64_t us;
  } cases[] = {{"0", 0, 0},
               {"-1", 0, -1000},
               {"20260712", 0, INT64_C(20260712000)},
               {"253402300799999", 0, INT64_C(253402300799999000)},
               {"253402300800000", TIME_E_IMPOSSIBLE, 7},
               {"-62135596800001", TIME_E_IMPOSSIBLE, 7},
               {"99999999999999999999999999", TIME_E_IMPOSSIBLE, 7},
               {"", TIME_E_FORM, 7},
               {"-", TIME_E_FORM, 7},
               {"--1", TIME_E_FORM, 7},
               {"1.5", TIME_E_FORM, 7}};
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    struct time_point point = {.us = 7};
    assert_int_equal(time_read(text_of(cases[i].text), TIME_EPOCH_MS, VIETNAM_S, &point), cases[i].result);
    assert_int_equal(point.us, cases[i].us);
  }
}

static const struct good hl7[] = {
    {"2026", INT64_C(1767200400000000), TIME_YEAR, false},
    {"202607", INT64_C(1782838800000000), TIME_MONTH, false},
    {"20260712", INT64_C(1783789200000000), TIME_DAY, false},
    {"2026071208", INT64_C(1783818000000000), TIME_HOUR, false},
    {"202607120815", INT64_C(1783818900000000), TIME_MINUTE, false},
    {"20260712081500", INT64_C(1783818900000000), TIME_SECOND, false},
    {"20260712081500.5", INT64_C(1783818900500000), TIME_FRACTION, false},
    {"20260712081500.1234", INT64_C(1783818900123400), TIME_FRACTION, false},
    {"20260712081500.1234+0900", INT64_C(1783811700123400), TIME_FRACTION, true},
    {"20260712081500-0500", INT64_C(1783862100000000), TIME_SECOND, true},
    {"202607120815+0700", INT64_C(1783818900000000), TIME_MINUTE, true},
    {"2026+0000", INT64_C(1767225600000000), TIME_YEAR, true},
    {"20260712081500Z", INT64_C(1783844100000000), TIME_SECOND, true},
    {"202607122400", INT64_C(1783875600000000), TIME_MINUTE, false},
};

static void test_hl7(void **state) {
  static const struct {
    const char *text;
    int result;
  } bad[] = {{"", TIME_E_FORM},
             {"202", TIME_E_FORM},
             {"20260", TIME_E_FORM},
             {"2014121914001", TIME_E_FORM},
             {"2015122112301234", TIME_E_FORM},
             {"2026.5", TIME_E_FORM},
             {"20260712081500.", TIME_E_FORM},
             {"20260712081500.5x", TIME_E_FORM},
             {"20260712081500 ", TIME_E_FORM},
             {"2026-07-12", TIME_E_FORM},
             {"0000", TIME_E_IMPOSSIBLE},
             {"202613", TIME_E_IMPOSSIBLE},
             {"20260230", TIME_E_IMPOSSIBLE},
             {"2026071225", TIME_E_IMPOSSIBLE},
             {"20260712081560", TIME_E_IMPOSSIBLE},
             {"20260712+1500", TIME_E_IMPOSSIBLE}};
  struct time_point point = {0};
  for (size_t i = 0; i < sizeof(hl7) / sizeof(hl7[0]); i++) {
    print_message("%s\n", hl7[i].text);
    assert_int_equal(time_read(text_of(hl7[i].text), TIME_HL7, VIETNAM_S, &point), 0);
    assert_int_equal(point.us, hl7[i].us);
    assert_int_equal(point.precision, hl7[i].precision);
    assert_int_equal(point.has_zone, hl7[i].has_zone);
  }
  for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    print_message("%s\n", bad[i].text);
    assert_int_equal(time_read(text_of(bad[i].text), TIME_HL7, VIETNAM_S, &point), bad[i].result);
  }
  assert_int_equal(time_read(TEXT("2026"), TIME_ANY, VIETNAM_S, &point), TIME_E_FORM);
}

/* The whole calendar against a day-by-day count. */
static void test_calendar(void **state) {
  static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int64_t us = 0;
  for (int year = 1970; year < 2110; year++)
    for (int month = 1; month <= 12; month++) {
      int last = days[month - 1] + (month == 2 && year % 4 == 0 && year != 2100);
      for (int day = 1; day <= 31; day++) {
        char text[9] = {
            (char)('0' + year / 1000), (char)('0' + year / 100 % 10), (char)('0' + year / 10 % 10),
            (char)('0' + year % 10),   (char)('0' + month / 10),      (char)('0' + month % 10),
            (char)('0' + day / 10),    (char)('0' + day % 10),        0};
        struct time_point point = {0};
        int r = time_read(text_of(text), TIME_COMPACT, 0, &point);
        assert_int_equal(r, day <= last ? 0 : TIME_E_IMPOSSIBLE);
        if (r != 0) continue;
        assert_int_equal(point.us, us);
        us += TIME_DAY_US;
      }
    }
}

static void test_split(void **state) {
  int64_t seconds;
  int32_t nanos;
  time_split(INT64_C(1500001), &seconds, &nanos);
  assert_int_equal(seconds, 1);
  assert_int_equal(nanos, 500001000);
  time_split(-1, &seconds, &nanos);
  assert_int_equal(seconds, -1);
  assert_int_equal(nanos, 999999000);
  time_split(-2000000, &seconds, &nanos);
  assert_int_equal(seconds, -2);
  assert_int_equal(nanos, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_good),     cmocka_unit_test(test_nanoseconds), cmocka_unit_test(test_impossible),
      cmocka_unit_test(test_formless), cmocka_unit_test(test_forms),       cmocka_unit_test(test_calendar),
      cmocka_unit_test(test_split),    cmocka_unit_test(test_epoch),       cmocka_unit_test(test_hl7),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
