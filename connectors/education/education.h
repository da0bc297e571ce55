/*
 * education.h: what one source of the connector is told, and what one call of translate carries.
 */
#ifndef EDUCATION_EDUCATION_H
#define EDUCATION_EDUCATION_H

#include "connectors/format/charset.h"
#include "connectors/format/json.h"
#include "connectors/iochub_connector.h"
#include "ioc/education/v1/types.pb-c.h"

enum education_format { EDUCATION_AUTO, EDUCATION_CSV, EDUCATION_XLSX, EDUCATION_JSON, EDUCATION_PACKAGE };

struct education { /* an opened source; never written to after open */
  int32_t zone_offset_s;
  enum education_format format;
  enum charset charset; /* CHARSET_UNKNOWN: by content type, mark, else UTF-8 */
  bool open_marks;      /* marks of pupils are published beside the counts */
  char *school, *school_year;
};

struct job { /* one call of translate */
  const struct education *education;
  const struct hub_payload *payload;
  struct hub_sink *sink;
  struct allocator allocator; /* the sink's: its memory ends at hub_release() */
  struct json_places places;  /* of payload.data, for JSON */
  Ioc__Education__V1__Form form;
  struct text school_year;        /* of a title above the records; empty: none */
  struct hub_rejection rejection; /* filled in by what returns RECORD_E_REJECTED */
};

struct job job_of(const struct education *, const struct hub_payload *, struct hub_sink *);

/* Refuses the payload whole, as one record. at, detail: see hub_rejection. */
int job_refuse(struct job *, enum hub_reject_code, const char *at, const char *detail);

#endif
