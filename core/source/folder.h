/*
 * folder.h: sources that take files from a folder of this machine.
 */
#ifndef CORE_SOURCE_FOLDER_H
#define CORE_SOURCE_FOLDER_H

#include "core/pipeline.h"

struct folder_sources; /* all folder sources of the hub */

/* Whether each folder is there and may be written to: for `check`. folder_sources_new() refuses the same. */
void folder_check(const struct hub_config *, struct config_errors *);

/* Makes done/ and failed/ where they are missing, and starts a thread for each folder. */
int folder_sources_new(struct event_base *, struct metrics *, const struct setup *, struct pipeline *,
                       struct cursors *, struct config_errors *,
                       struct folder_sources **ret_sources) must_use;
void folder_sources_free(struct folder_sources *); /* after the pipeline: it reads the files */

void folder_sources_log(const struct folder_sources *);
void folder_sources_show(struct folder_sources *); /* brings the metrics up to date */
void folder_sources_status(const struct folder_sources *, struct text_out *); /* a line a source */

/* No new files; idle when none is under way. */
void folder_sources_drain(struct folder_sources *);
bool folder_sources_idle(struct folder_sources *);

#endif
