/*
 * hub.h: one hub, from its configuration to its end.
 */
#ifndef CORE_HUB_H
#define CORE_HUB_H

#include "core/setup.h"

/* What configuration files alone cannot say: whether the state directory can be one, librdkafka takes its
 * properties, key files can be read. Opens no port, asks no broker, changes nothing. */
int hub_check(const struct setup *, struct config_errors *) must_use;

/* Call hub_check() before. Opens everything, runs until SIGTERM or SIGINT, answers what is in flight, closes
 * everything. Writes STATE/addresses once it is ready. Mistakes that show only now (an address in use, a key
 * file that changed) go to errors and give CONFIG_E_INVALID. */
int hub_run(const struct setup *, struct config_errors *) must_use;

#endif
