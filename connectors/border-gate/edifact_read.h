/*
 * edifact_read.h: elements of the current segment as texts of a message.
 *
 * Functions that make something return "" or NULL after an error, which stands in job.result: nothing has to
 * be checked between two of them.
 */
#ifndef BORDER_GATE_EDIFACT_READ_H
#define BORDER_GATE_EDIFACT_READ_H

#include "connectors/border-gate/facts.h"
#include "connectors/format/edifact.h"

enum {
  EDI_PARTS_MAX = 400000,       /* lists' elements of one message; bounds what short segments cost */
  EDI_INTERCHANGES_MAX = 10000, /* of one request; bounds how long the answer to empty ones gets */
};

struct edi_reason { /* why a message is refused, and the same in code list 0085 of CONTRL */
  enum hub_reject_code code;
  unsigned contrl;
  const char *detail;
};

extern const struct edi_reason edi_unnamed, edi_version, edi_no_document, edi_no_number, edi_bytes, edi_nul,
    edi_number, edi_section, edi_parts;

/* The code of a reason by its sentence: what an answer knows of a refused record. */
unsigned edi_contrl_code(const char *detail);

#define EDI_REFUSED 1 /* job.result: see job.reason and job.where */

struct edi {
  const struct border_gate *gate;
  const struct hub_payload *payload;
  struct hub_sink *sink;
  struct allocator allocator;
  struct edifact *reader;
  int result; /* the first error; everything after it does nothing */
  const struct edi_reason *reason;
  struct edifact_where where;
  size_t parts;
};

void edi_refuse(struct edi *, const struct edi_reason *, unsigned element, unsigned component);

/* Zeroed memory of the sink's, or NULL. */
void *edi_alloc(struct edi *, size_t bytes);

/* A component of the current segment: without release characters, in UTF-8, without blanks around it. */
struct text edi_text(struct edi *, unsigned element, unsigned component);
/* Such a text of the envelope; code of the refusal: edi_bytes without a place in the segment. */
struct text edi_plain(struct edi *, struct text raw);
/* Terminated. */
char *edi_string(struct edi *, unsigned element, unsigned component);
char *edi_copy(struct edi *, struct text);
/* What may stand in a field of that kind. */
char *edi_personal(struct edi *, enum hub_personal_kind, struct text);
/* The components from `first` to `last` of an element, those that are empty left out, one blank between. */
struct text edi_joined(struct edi *, unsigned element, unsigned first, unsigned last);
/* The two with a blank between, where neither is empty. */
struct text edi_both(struct edi *, struct text, struct text);

/* Words that come in several segments, one blank between them: collected, so that they are masked as a whole.
 */
struct edi_words {
  char *data;
  size_t length, capacity;
};

void edi_words_add(struct edi *, struct edi_words *, struct text);

/* A number as the sender wrote it, its decimal mark a point; it may be negative. */
char *edi_number_text(struct edi *, unsigned element, unsigned component);
/* A weight in kilograms by its unit; empty when the unit is not known. */
char *edi_kilograms(struct edi *, unsigned element, unsigned component, struct text unit);

/* Room for one more element of a list whose elements are pointers. */
void edi_append(struct edi *, void *list, size_t *count, void *item);

#define EDI_MAKE(job, type, init)               \
  ({                                            \
    type *made_ = edi_alloc(job, sizeof(type)); \
    if (made_ != NULL) init(made_);             \
    made_;                                      \
  })

/* ---- Times: DTM with its format ---- */

struct edi_time {
  Google__Protobuf__Timestamp *at; /* NULL: none, or none that exists */
  Ioc__Bordergate__V1__TimePrecision precision;
  char *text; /* as given, where there is no time, or where it says more than the time does */
};

/* A value and its format of code list 2379. */
struct edi_time edi_time(struct edi *, struct text value, struct text format);
/* UNB's date and time: YYMMDD or CCYYMMDD, HHMM. */
struct edi_time edi_prepared(struct edi *, struct text date, struct text time);

#endif
