/*
 * bhyt_file.h: an insurance file (GIAMDINHHS), a check-in list (XML0) or a bare summary, as records.
 */
#ifndef HEALTH_BHYT_FILE_H
#define HEALTH_BHYT_FILE_H

#include "connectors/format/text.h"
#include "connectors/health/bhyt_document.h"
#include "connectors/health/health.h"

struct bhyt_source { /* a file and how it came */
  const struct health *health;
  struct hub_sink *sink;
  struct text xml;   /* lives as long as the sink's memory */
  const char *outer; /* name of the form's field, stands in front of places; NULL: none */
};

/* Records are given to the sink in the order of the file, once it was read whole; what refuses it whole is
 * one record. Returns 0 or a negative errno. */
int bhyt_file_translate(const struct bhyt_source *);

#endif
