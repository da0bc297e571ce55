/*
 * metrics.h: counters, gauges and latency histograms, written in the Prometheus text format.
 *
 * A family is declared once, as a constant with its help text; its series differ by label values. Everything
 * is owned and changed by the loop thread.
 */
#ifndef CORE_METRICS_H
#define CORE_METRICS_H

#include "core/base.h"
#include "core/text_out.h"

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct metric_family {
  const char *name; /* iochub_..., with the unit: _total, _bytes, _seconds */
  const char *help;
  enum metric_kind kind;
  const char *labels[4]; /* names, NULL-terminated */
};

struct metrics;
struct metric; /* one series */

int metrics_new(struct metrics **ret_metrics) must_use;
void metrics_free(struct metrics *);
DEFINE_CLEANUP(struct metrics *, metrics_free)

/* The series of a family with these label values (as many as the family has labels), made when it is new.
 * Both the family and what is returned live as long as the metrics. NULL: no memory; all calls below ignore
 * NULL. */
struct metric *metrics_series(struct metrics *, const struct metric_family *,
                              const char *const *label_values);

void metric_add(struct metric *, uint64_t n);
void metric_set(struct metric *, int64_t value);
void metric_observe_us(struct metric *, int64_t duration_us); /* histogram in seconds, bounds in metrics.c */
uint64_t metric_value(const struct metric *);

void metrics_write(const struct metrics *, struct text_out *);

#endif
