/*
 * hl7_result.h: values of an OBX.
 */
#ifndef HEALTH_HL7_RESULT_H
#define HEALTH_HL7_RESULT_H

#include "connectors/health/hl7_fields.h"

/* OBX-2 and OBX-5 of a segment that may be NULL. */
void hl7_read_values(struct hl7_maker *, const struct hl7v2_segment *obx, Ioc__Health__V1__LabResult *);

#endif
