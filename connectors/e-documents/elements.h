/*
 * elements.h: which elements of an edXML message mean something, and where.
 */
#ifndef E_DOCUMENTS_ELEMENTS_H
#define E_DOCUMENTS_ELEMENTS_H

#include "connectors/e-documents/edxml.h"

enum state {
  ROOT,
  OUTER,
  HEADER,
  ORGAN,
  CODE,
  PROMULGATION,
  TYPE,
  SIGNER,
  OTHER,
  APPENDIXES,
  RESPONSE,
  TASK,
  PLACES,
  TRACES,
  TRACE,
  BUSINESS,
  CHANGES,
  RECEIVERS,
  RECEIVER,
  REPLACEMENTS,
  REPLACEMENT,
  REPLACED_FOR,
  STAFF,
  MANIFEST,
  REFERENCE,
  ATTACHMENTS,
  ATTACHMENT,
  VALUE,
};

enum kind {
  PASS,     /* same object, next state */
  INTO,     /* the part of the object at offset, next state */
  ONCE,     /* as INTO; a second one contradicts the first */
  EACH,     /* a new item of the list at offset, next state */
  FILES,    /* as EACH, but fewer */
  TEXT_OF,  /* the text at offset */
  IDENTITY, /* as TEXT_OF; another text contradicts the first */
  TEXTS_OF, /* a new text of the list at offset */
  BYTES,    /* base64 of the attachment */
  IGNORE,   /* skipped even where strangers are looked into */
};

struct row {
  const char *name;
  uint8_t length, kind, next;
  uint16_t offset, size;
};

/* The row of an element by its local name, or NULL. */
const struct row *element_find(enum state, struct text name);

#endif
