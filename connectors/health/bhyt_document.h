/*
 * bhyt_document.h: one document of an insurance file (XML0 to XML15), element by element.
 *
 * It may stand as elements in the file itself, or be read out of a text of the file; so it takes events from
 * whoever reads, and every place it gives is one in the file.
 */
#ifndef HEALTH_BHYT_DOCUMENT_H
#define HEALTH_BHYT_DOCUMENT_H

#include "connectors/format/time.h"
#include "connectors/format/xml.h"
#include "connectors/health/bhyt_elements.h"
#include "connectors/iochub_connector.h"

enum { BHYT_VALUE_MAX = 4096 };

struct bhyt_problem { /* why a record cannot be taken; code 0: nothing is wrong */
  enum hub_reject_code code;
  const char *detail; /* constant */
  size_t offset;      /* in the file */
  const char *path;
};

struct bhyt_row {    /* a summary, or a row of the check-in list */
  size_t begin, end; /* in the text that the document is read from */
  size_t offset;     /* in the file */
  const char *path;
  bool old;                        /* an element of QĐ 4210 was there */
  struct text values[BHYT_FIELDS]; /* trimmed, terminated; absent: empty */
  struct time_point times[BHYT_TIMES];
  bool has_days;
  int32_t days; /* SO_NGAY_DTRI */
  struct bhyt_problem problem;
};

struct bhyt_document {
  /* Set by the owner: */
  struct hub_sink *sink;
  int32_t zone_offset_s;
  void *context; /* of take_row */
  int (*take_row)(void *context, struct bhyt_document *);
  const char *outer_path; /* of the element whose text the document is; NULL: it stands in the file */
  size_t outer_offset;    /* of that element */
  /* What was found: */
  const struct bhyt_root *root; /* NULL: there is none yet */
  int32_t rows;
  struct text visit_id;        /* MA_LK, the first */
  struct bhyt_problem problem; /* of the document */
  struct bhyt_row row;         /* while take_row() runs: the row that ended */
  /* Reading: */
  unsigned level, row_level, skipped;
  bool in_list, in_row;
  const struct bhyt_element *element; /* whose text is collected */
  size_t hint, value_length;
  char value[BHYT_VALUE_MAX];
};

/* The events of the document's elements, its root included. Return 0, what take_row returned, or a
 * negative errno; what is wrong with the document or a row is noted there and reading goes on. take_row is
 * called at the end of each summary and each check-in row, with row->problem set where it cannot be taken. */
int bhyt_document_start(struct bhyt_document *, struct xml_reader *, struct text name);
void bhyt_document_text(struct bhyt_document *, const struct xml_reader *, struct text piece);
int bhyt_document_end(struct bhyt_document *, const struct xml_reader *);

/* Reads a document out of a text of the file. Returns as those above. */
int bhyt_document_read(struct bhyt_document *, struct text);

/* Notes a problem unless there is one; a forbidden one goes before all others. place: NULL for none. Returns
 * 0 or -ENOMEM. */
int bhyt_note(struct hub_sink *, struct bhyt_problem *, enum hub_reject_code, const char *detail,
              size_t offset, const char *path);

/* A path that lives as long as the sink's memory; NULL: no memory. */
const char *bhyt_path(struct hub_sink *, const char *outer, const char *inner);

#define BHYT_HIV_DETAIL "records of the care and treatment of HIV are not taken here"

#endif
