/*
 * notifiable_rows.h: reports as they stand in JSON and in CSV.
 */
#ifndef HEALTH_NOTIFIABLE_ROWS_H
#define HEALTH_NOTIFIABLE_ROWS_H

#include "connectors/health/health.h"
#include "connectors/health/notifiable_report.h"

int notifiable_json_translate(const struct health *, const struct hub_payload *, struct hub_sink *);
int notifiable_csv_translate(const struct health *, const struct hub_payload *, struct hub_sink *);

#endif
