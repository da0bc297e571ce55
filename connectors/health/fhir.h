/*
 * fhir.h: FHIR R4 JSON: a resource, or a Bundle of the types batch, transaction, message or collection.
 */
#ifndef HEALTH_FHIR_H
#define HEALTH_FHIR_H

#include "connectors/health/health.h"

/* Whether JSON begins like a FHIR resource: it names its resourceType. */
bool fhir_looks_like(const struct hub_payload *);

int fhir_translate(const struct health *, const struct hub_payload *, struct hub_sink *);

/* An OperationOutcome: of success when nothing was rejected, else one issue for each rejected record. */
int fhir_reply(const struct health *, const struct hub_exchange *, struct hub_writer *);

#endif
