/*
 * axis.h: answers in the form of the province's document axis.
 */
#ifndef E_DOCUMENTS_AXIS_H
#define E_DOCUMENTS_AXIS_H

#include "connectors/iochub_connector.h"

/* Writes {"success":…}. Returns 0 or a negative errno. */
int axis_reply(const struct hub_exchange *, struct hub_writer *);

#endif
