/*
 * bhyt.h: files of health insurance (QĐ 4210, 130, 4750, 3176) and check-in lists, bare or in the forms of
 * the doors that take them: VSS, the health data gateway, and the provincial style.
 */
#ifndef HEALTH_BHYT_H
#define HEALTH_BHYT_H

#include "connectors/health/health.h"

/* Whether there is XML, base64 of it, or a form of one of the doors. */
bool bhyt_looks_like(const struct hub_payload *);

int bhyt_translate(const struct health *, const struct hub_payload *, struct hub_sink *);

/* In the door's own JSON; writes nothing where the door is not known. */
int bhyt_reply(const struct health *, const struct hub_exchange *, struct hub_writer *);

/* What a payload was sent to: by the form's fields, then by the path. HEALTH_DOOR_PLAIN: to none of them. */
enum health_door bhyt_door_of(const struct hub_payload *);

#endif
