/*
 * Metrics: families in the order of their first use, each with a list of its series. Looking a series up is a
 * walk; callers do it once and keep the pointer, what they do often is one addition. Everything belongs to
 * the loop thread, so nothing here is atomic.
 */
#include "core/metrics.h"

enum { LABELS_MAX = 4 };

/* Upper bounds in microseconds; from a fast answer on the loop to the answer timeout. */
static const int64_t bounds_us[] = {500,    1000,   2500,    5000,    10000,   25000,    50000,   100000,
                                    250000, 500000, 1000000, 2500000, 5000000, 10000000, 30000000};

struct metric {
  struct metric *next;
  const struct metric_family *family;
  char *labels[LABELS_MAX];
  uint64_t value; /* a gauge keeps its sign in two's complement */
  uint64_t sum_us;
  uint64_t buckets[LENGTH_OF(bounds_us)];
};

struct family {
  struct family *next;
  const struct metric_family *about;
  struct metric *first, **last;
};

struct metrics {
  struct family *first, **last;
};

int metrics_new(struct metrics **ret_metrics) {
  struct metrics *metrics = calloc(1, sizeof *metrics);
  if (metrics == NULL) return -ENOMEM;
  metrics->last = &metrics->first;
  *ret_metrics = metrics;
  return 0;
}

static void metric_free(struct metric *metric) {
  for (size_t i = 0; i < LABELS_MAX; i++) free(metric->labels[i]);
  free(metric);
}

void metrics_free(struct metrics *metrics) {
  if (metrics == NULL) return;
  for (struct family *family = metrics->first, *next_family; family != NULL; family = next_family) {
    next_family = family->next;
    for (struct metric *metric = family->first, *next; metric != NULL; metric = next) {
      next = metric->next;
      metric_free(metric);
    }
    free(family);
  }
  free(metrics);
}

static size_t labels_count(const struct metric_family *about) {
  size_t count = 0;
  while (count < LABELS_MAX && about->labels[count] != NULL) count++;
  return count;
}

static struct family *family_of(struct metrics *metrics, const struct metric_family *about) {
  for (struct family *family = metrics->first; family != NULL; family = family->next) {
    if (family->about == about || strcmp(family->about->name, about->name) == 0) return family;
  }
  struct family *family = calloc(1, sizeof *family);
  if (family == NULL) return NULL;
  family->about = about;
  family->last = &family->first;
  *metrics->last = family;
  metrics->last = &family->next;
  return family;
}

static bool labels_equal(const struct metric *metric, const char *const *values, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(metric->labels[i], values[i]) != 0) return false;
  }
  return true;
}

struct metric *metrics_series(struct metrics *metrics, const struct metric_family *about,
                              const char *const *label_values) {
  struct family *family = family_of(metrics, about);
  if (family == NULL) return NULL;
  size_t count = labels_count(family->about);
  for (struct metric *metric = family->first; metric != NULL; metric = metric->next) {
    if (labels_equal(metric, label_values, count)) return metric;
  }
  struct metric *metric = calloc(1, sizeof *metric);
  if (metric == NULL) return NULL;
  metric->family = family->about;
  for (size_t i = 0; i < count; i++) {
    metric->labels[i] = strdup(label_values[i]);
    if (metric->labels[i] == NULL) {
      metric_free(metric);
      return NULL;
    }
  }
  *family->last = metric;
  family->last = &metric->next;
  return metric;
}

void metric_add(struct metric *metric, uint64_t n) {
  if (metric != NULL) metric->value += n;
}

void metric_set(struct metric *metric, int64_t value) {
  if (metric != NULL) metric->value = (uint64_t)value;
}

void metric_observe_us(struct metric *metric, int64_t duration_us) {
  if (metric == NULL) return;
  duration_us = MAX(duration_us, INT64_C(0));
  metric->value++;
  metric->sum_us += (uint64_t)duration_us;
  for (size_t i = 0; i < LENGTH_OF(bounds_us); i++) {
    if (duration_us <= bounds_us[i]) {
      metric->buckets[i]++;
      return;
    }
  }
}

uint64_t metric_value(const struct metric *metric) { return metric == NULL ? 0 : metric->value; }

/* Backslash and line end, and the quote inside a label's value. */
static void write_escaped(struct text_out *out, const char *text, bool quote) {
  for (const char *next; *text != '\0'; text = next) {
    next = text + strcspn(text, quote ? "\\\n\"" : "\\\n");
    text_out_bytes(out, (struct text){text, (size_t)(next - text)});
    if (*next == '\0') return;
    text_out_string(out, *next == '\n' ? "\\n" : *next == '"' ? "\\\"" : "\\\\");
    next++;
  }
}

/* {a="b",le="0.5"}; `le` NULL: no bound. */
static void write_labels(struct text_out *out, const struct metric *metric, const char *le) {
  const char *separator = "{";
  for (size_t i = 0; i < LABELS_MAX && metric->labels[i] != NULL; i++) {
    text_out_format(out, "%s%s=\"", separator, metric->family->labels[i]);
    write_escaped(out, metric->labels[i], true);
    text_out_string(out, "\"");
    separator = ",";
  }
  if (le != NULL) text_out_format(out, "%sle=\"%s\"", separator, le);
  if (le != NULL || metric->labels[0] != NULL) text_out_string(out, "}");
}

/* Seconds as a decimal without trailing zeros, written from whole numbers so that it is exact. */
static void write_seconds(struct text_out *out, uint64_t us) {
  text_out_format(out, "%llu", (unsigned long long)(us / 1000000));
  unsigned rest = (unsigned)(us % 1000000);
  if (rest == 0) return;
  int digits = 6;
  for (; rest % 10 == 0; rest /= 10) digits--;
  text_out_format(out, ".%0*u", digits, rest);
}

static void write_histogram(struct text_out *out, const struct metric *metric) {
  const char *name = metric->family->name;
  uint64_t total = 0;
  for (size_t i = 0; i < LENGTH_OF(bounds_us); i++) {
    cleanup(text_out_deinit) struct text_out bound = TEXT_OUT_INIT;
    write_seconds(&bound, (uint64_t)bounds_us[i]);
    total += metric->buckets[i];
    text_out_format(out, "%s_bucket", name);
    write_labels(out, metric, bound.failed ? "?" : bound.data);
    text_out_format(out, " %llu\n", (unsigned long long)total);
  }
  text_out_format(out, "%s_bucket", name);
  write_labels(out, metric, "+Inf");
  text_out_format(out, " %llu\n%s_sum", (unsigned long long)metric->value, name);
  write_labels(out, metric, NULL);
  text_out_string(out, " ");
  write_seconds(out, metric->sum_us);
  text_out_format(out, "\n%s_count", name);
  write_labels(out, metric, NULL);
  text_out_format(out, " %llu\n", (unsigned long long)metric->value);
}

static void write_series(struct text_out *out, const struct metric *metric) {
  if (metric->family->kind == METRIC_HISTOGRAM) {
    write_histogram(out, metric);
    return;
  }
  text_out_string(out, metric->family->name);
  write_labels(out, metric, NULL);
  if (metric->family->kind == METRIC_GAUGE) {
    text_out_format(out, " %lld\n", (long long)(int64_t)metric->value);
  } else {
    text_out_format(out, " %llu\n", (unsigned long long)metric->value);
  }
}

void metrics_write(const struct metrics *metrics, struct text_out *out) {
  static const char *const kinds[] = {"counter", "gauge", "histogram"};
  for (const struct family *family = metrics->first; family != NULL; family = family->next) {
    text_out_format(out, "# HELP %s ", family->about->name);
    write_escaped(out, family->about->help, false);
    text_out_format(out, "\n# TYPE %s %s\n", family->about->name, kinds[family->about->kind]);
    for (const struct metric *metric = family->first; metric != NULL; metric = metric->next) {
      write_series(out, metric);
    }
  }
}
