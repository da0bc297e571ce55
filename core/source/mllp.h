/*
 * mllp.h: sources that hospitals push HL7 to over MLLP, each at an address of its own.
 */
#ifndef CORE_SOURCE_MLLP_H
#define CORE_SOURCE_MLLP_H

#include "core/pipeline.h"

struct mllp_sources; /* all MLLP sources of the hub */

/* Parses networks and listens. Mistakes go to errors (CONFIG_E_INVALID): an address that cannot be bound. */
int mllp_sources_new(struct event_base *, struct metrics *, const struct setup *, struct pipeline *,
                     struct config_errors *, struct mllp_sources **ret_sources) must_use;
void mllp_sources_free(struct mllp_sources *);

/* One line "mllp-SOURCE ADDRESS" a source; the same to the log. */
void mllp_sources_addresses(const struct mllp_sources *, struct text_out *);
void mllp_sources_log(const struct mllp_sources *);

/* No new connections and messages; what is under way is answered. Idle when no connection is left. */
void mllp_sources_drain(struct mllp_sources *);
bool mllp_sources_idle(const struct mllp_sources *);

#endif
