/* Metrics: series, escaping, histograms in the Prometheus text format. */
#include "core/metrics.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct metric_family plain = {"iochub_things_total", "Things.", METRIC_COUNTER, {NULL}};
static const struct metric_family gauge = {
    "iochub_level", "A\nlevel \\ of \"it\".", METRIC_GAUGE, {"source"}};
static const struct metric_family times = {"iochub_answer_seconds", "Answers.", METRIC_HISTOGRAM, {"source"}};

static char *written(const struct metrics *metrics) {
  struct text_out out = TEXT_OUT_INIT;
  metrics_write(metrics, &out);
  assert_int_equal(text_out_result(&out), 0);
  return out.data;
}

static void test_counts(void **state) {
  cleanup(metrics_freep) struct metrics *metrics = NULL;
  assert_int_equal(metrics_new(&metrics), 0);
  struct metric *one = metrics_series(metrics, &plain, NULL);
  metric_add(one, 2);
  metric_add(metrics_series(metrics, &plain, NULL), 3);
  assert_int_equal(metric_value(one), 5);
  cleanup(freep) char *text = written(metrics);
  assert_string_equal(text,
                      "# HELP iochub_things_total Things.\n"
                      "# TYPE iochub_things_total counter\n"
                      "iochub_things_total 5\n");
}

static void test_escapes_labels_and_help(void **state) {
  cleanup(metrics_freep) struct metrics *metrics = NULL;
  assert_int_equal(metrics_new(&metrics), 0);
  metric_set(metrics_series(metrics, &gauge, (const char *const[]){"a\"b\\c\nd"}), -4);
  metric_set(metrics_series(metrics, &gauge, (const char *const[]){""}), 1);
  cleanup(freep) char *text = written(metrics);
  assert_string_equal(text,
                      "# HELP iochub_level A\\nlevel \\\\ of \"it\".\n"
                      "# TYPE iochub_level gauge\n"
                      "iochub_level{source=\"a\\\"b\\\\c\\nd\"} -4\n"
                      "iochub_level{source=\"\"} 1\n");
}

static void assert_line(const char *text, const char *line) {
  if (strstr(text, line) == NULL) fail_msg("no line %s in\n%s", line, text);
}

static void test_histograms_add_up(void **state) {
  cleanup(metrics_freep) struct metrics *metrics = NULL;
  assert_int_equal(metrics_new(&metrics), 0);
  struct metric *metric = metrics_series(metrics, &times, (const char *const[]){"s"});
  const int64_t observed[] = {-5, 500, 501, 1000000, 70000000};
  for (size_t i = 0; i < LENGTH_OF(observed); i++) metric_observe_us(metric, observed[i]);
  cleanup(freep) char *text = written(metrics);
  assert_line(text, "# TYPE iochub_answer_seconds histogram\n");
  assert_line(text, "iochub_answer_seconds_bucket{source=\"s\",le=\"0.0005\"} 2\n");
  assert_line(text, "iochub_answer_seconds_bucket{source=\"s\",le=\"0.001\"} 3\n");
  assert_line(text, "iochub_answer_seconds_bucket{source=\"s\",le=\"1\"} 4\n");
  assert_line(text, "iochub_answer_seconds_bucket{source=\"s\",le=\"30\"} 4\n");
  assert_line(text, "iochub_answer_seconds_bucket{source=\"s\",le=\"+Inf\"} 5\n");
  assert_line(text, "iochub_answer_seconds_sum{source=\"s\"} 71.001001\n");
  assert_line(text, "iochub_answer_seconds_count{source=\"s\"} 5\n");
}

static void test_nothing_is_ignored(void **state) {
  metric_add(NULL, 1);
  metric_set(NULL, 1);
  metric_observe_us(NULL, 1);
  assert_int_equal(metric_value(NULL), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_counts),
      cmocka_unit_test(test_escapes_labels_and_help),
      cmocka_unit_test(test_histograms_add_up),
      cmocka_unit_test(test_nothing_is_ignored),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
