/*
 * hl7.h: HL7 v2 messages, one, several, or batches: visits (ADT) and results (ORU), and their
 * acknowledgement.
 */
#ifndef HEALTH_HL7_H
#define HEALTH_HL7_H

#include "connectors/health/health.h"

#define HL7_CONTENT_TYPE "x-application/hl7-v2+er7"

/* By the media type, or bytes that begin with MSH, FHS or BHS, also within the bytes of MLLP. */
bool hl7_looks_like(const struct hub_payload *);

int hl7_translate(const struct health *, const struct hub_payload *, struct hub_sink *);

/* One ACK for each message, within BHS and BTS when they came so. Writes nothing where the sender wants no
 * answer at this stage (MSH-15, MSH-16) or nothing is known of the message. */
int hl7_reply(const struct health *, const struct hub_exchange *, struct hub_writer *);

#endif
