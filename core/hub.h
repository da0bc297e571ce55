/*
 * hub.h: one hub, from its configuration to its end.
 */
#ifndef CORE_HUB_H
#define CORE_HUB_H

#include "core/setup.h"

/* Opens everything, runs until SIGTERM or SIGINT, answers what is in flight, closes everything. Writes
 * STATE/addresses once it is ready. Mistakes that show only now (an address in use, a bad key file) go to
 * errors and give CONFIG_E_INVALID. */
int hub_run(const struct setup *, struct config_errors *) must_use;

#endif
