/*
 * payload_file.h: a payload out of a file, as the HTTP door would hand it to a connector.
 */
#ifndef CORE_CLI_PAYLOAD_FILE_H
#define CORE_CLI_PAYLOAD_FILE_H

#include "connectors/iochub_connector.h"
#include "core/arena.h"

struct payload_file_options {
  const char *file;                                /* "-": standard input */
  const char *content_type, *method, *name, *part; /* each may be NULL */
  const char *target;                              /* path and query; NULL: none */
};

/* The content type of a form gives parts and fields. Returns 0, a negative errno, or PAYLOAD_FILE_E_FORM with
 * a constant sentence. */
#define PAYLOAD_FILE_E_FORM 1
int payload_file_read(struct arena *, const struct payload_file_options *, struct hub_payload *ret_payload,
                      const char **reterr_detail) must_use;

#endif
