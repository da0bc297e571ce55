/*
 * dossier.h: what follows from the facts of a dossier, whatever form it came in.
 */
#ifndef PUBLIC_SERVICES_DOSSIER_H
#define PUBLIC_SERVICES_DOSSIER_H

#include "connectors/public-services/records.h"
#include "ioc/publicservice/v1/dossier.pb-c.h"

/* Sets id, sums, `finished`, timeliness and days_late, and emits. version: the sender's time of change, or
 * empty. */
int dossier_finish(struct job *, const struct crumb *, const struct json *object, struct text id,
                   struct text version, Ioc__Publicservice__V1__Dossier *);

#endif
