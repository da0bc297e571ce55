/*
 * document.h: from the texts of an edXML message to the message that is published.
 */
#ifndef E_DOCUMENTS_DOCUMENT_H
#define E_DOCUMENTS_DOCUMENT_H

#include "connectors/e-documents/edxml.h"

struct document_rules { /* of one source */
  int32_t zone_offset_s;
  const EVP_MD *sha256;
  struct text province; /* of the organization that the directions are seen from, upper case; empty: none */
};

/* Emits the one record of the message that `payload` was read as. Returns 0 or a negative errno. */
int document_emit(const struct document_rules *, struct text payload, const struct edxml *,
                  struct hub_sink *);

#endif
