/*
 * notifiable.h: reports of notifiable diseases (TT 54/2015/TT-BYT), as JSON or CSV with the same names.
 */
#ifndef HEALTH_NOTIFIABLE_H
#define HEALTH_NOTIFIABLE_H

#include "connectors/health/health.h"

bool notifiable_looks_like(const struct hub_payload *);

int notifiable_translate(const struct health *, const struct hub_payload *, struct hub_sink *);

#endif
