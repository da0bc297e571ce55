/*
 * hub_schema.h: the hub's own messages (ioc/hub/v1) as a descriptor set, part of the binary.
 */
#ifndef CORE_CONNECTOR_HUB_SCHEMA_H
#define CORE_CONNECTOR_HUB_SCHEMA_H

#include "core/base.h"

struct text hub_schema(void);

#endif
