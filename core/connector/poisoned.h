/*
 * poisoned.h: payloads whose translation made the process abort, by digest, in STATE/poisoned.
 *
 * One digest a line, in hex. A line that is something else is left alone, so an admin may write comments, and
 * takes a payload off the list by deleting its line and starting the hub again.
 */
#ifndef CORE_CONNECTOR_POISONED_H
#define CORE_CONNECTOR_POISONED_H

#include "core/base.h"

struct poisoned;

/* Reads the list; of a very long one (more than 4 MiB) the end. */
int poisoned_open(const char *state_dir, struct poisoned **ret_poisoned) must_use;
void poisoned_close(struct poisoned *);

bool poisoned_has(const struct poisoned *, const uint8_t digest[static 32]);

/* Durable when it returns 0; poisoned_has() does not know it before the next start. */
int poisoned_add(const struct poisoned *, const uint8_t digest[static 32]) must_use;

#endif
