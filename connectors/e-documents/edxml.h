/*
 * edxml.h: an edXML message as it stands in its XML: texts by element, nothing interpreted.
 *
 * Texts are trimmed, terminated, free of NUL bytes, and live in the sink's memory; an absent element is an
 * empty text.
 */
#ifndef E_DOCUMENTS_EDXML_H
#define E_DOCUMENTS_EDXML_H

#include "connectors/format/text.h"
#include "connectors/iochub_connector.h"

#include <openssl/evp.h>

struct edxml_list {
  size_t count, room;
  void **items;
};

struct edxml_organ {
  struct text id, in_charge, name, address, email, telephone, fax, website;
};

struct edxml_reference {
  struct text organ_id, code, promulgation_date, document_id;
};

struct edxml_staff {
  struct text department, department_id, name, id, email, mobile;
};

struct edxml_trace {
  struct text organ_id, timestamp;
};

struct edxml_receiver {
  struct text organ_id, type;
};

struct edxml_replacement {
  struct text document_id;
  struct edxml_list organ_ids; /* struct text */
};

struct edxml_file { /* bytes that flowed by */
  uint64_t size;
  char sha256[65];
};

struct edxml_attachment {
  struct text content_id, name, description, content_type;
  bool present; /* its bytes came; then: */
  struct edxml_file file;
  int zip; /* 0: an archive with this one file in it; else ZIP_E_… of format/zip_entry.h */
  struct edxml_file entry;
  struct text entry_name;
};

struct edxml_business {
  struct text document_id, type, reason, paper, document_info, document_receiver;
  struct edxml_list receivers, replacements;
  struct edxml_staff staff;
};

struct edxml {
  bool has_header; /* MessageHeader was there */
  bool has_status; /* it holds StatusCode or Timestamp, as only status messages do */
  struct edxml_organ from;
  struct edxml_list to;
  struct text document_id, code_number, code_notation, place, promulgation_date;
  struct text type, type_detail, type_name, subject, content, competence, position, full_name, due_date;
  struct text priority, sphere, typist, promulgation_amount, page_amount, direction_flag;
  struct text steering, application_type, status_code, description, timestamp;
  struct edxml_list appendixes, places, task_codes; /* struct text */
  struct edxml_list response_for;
  struct edxml_staff staff;
  struct edxml_list trace;
  struct edxml_business business;
  struct edxml_list references, attachments; /* both struct edxml_attachment */
};

#define EDXML_REJECTED 1 /* the payload was refused as one record; the sink knows it */

/* Reads a whole payload. sha256: fetched by the caller. Returns 0, EDXML_REJECTED or a negative errno. */
int edxml_read(struct text payload, const EVP_MD *sha256, struct hub_sink *, struct edxml *ret_edxml);

#endif
