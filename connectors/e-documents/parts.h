/*
 * parts.h: the pieces that messages are made of, each from its texts.
 *
 * Functions that make something return NULL (text: "") after an error, which stands in maker.result.
 */
#ifndef E_DOCUMENTS_PARTS_H
#define E_DOCUMENTS_PARTS_H

#include "connectors/e-documents/document.h"
#include "ioc/edoc/v1/document.pb-c.h"
#include "ioc/edoc/v1/document_status.pb-c.h"

struct maker {
  const struct document_rules *rules;
  struct text payload;
  const struct edxml *edxml;
  struct hub_sink *sink;
  int result; /* the first error; everything after it does nothing */
};

/* Zeroed memory of the sink's. */
void *part_make(struct maker *, size_t bytes);

#define MAKE(m, type, init)                   \
  ({                                          \
    type *made_ = part_make(m, sizeof(type)); \
    if (made_ != NULL) init(made_);           \
    made_;                                    \
  })

/* A text of the edXML message (these are terminated) as it is. */
char *part_plain(struct text);
char *part_plain_item(struct maker *, const struct text *);
/* What may stand in a field of that kind. */
char *part_personal(struct maker *, enum hub_personal_kind, struct text);
char *part_free_text_item(struct maker *, const struct text *);
char *part_join(struct maker *, const struct text *parts, size_t count);
bool part_number(struct text, uint32_t *ret_number);

struct moment {
  Google__Protobuf__Timestamp *at;
  Ioc__Edoc__V1__TimePrecision precision;
  char *raw;
  int64_t us;
};

/* A time that does not exist stays text in `raw`. */
struct moment part_moment(struct maker *, struct text);

#define SET_MOMENT(m, message, field, text)           \
  do {                                                \
    struct moment moment_ = part_moment(m, text);     \
    (message)->field = moment_.at;                    \
    (message)->field##_precision = moment_.precision; \
    (message)->field##_raw = moment_.raw;             \
  } while (0)

/* A list of the message from a list of the edXML; `make_one` makes an item, or NULL of one that
 * says nothing. */
#define SET_LIST(m, message, field, list, make_one)                              \
  do {                                                                           \
    (message)->n_##field = 0;                                                    \
    if ((list).count == 0) break;                                                \
    (message)->field = part_make(m, (list).count * sizeof((message)->field[0])); \
    for (size_t i_ = 0; (m)->result == 0 && i_ < (list).count; i_++) {           \
      __typeof__((message)->field[0]) item_ = make_one(m, (list).items[i_]);     \
      if (item_ != NULL) (message)->field[(message)->n_##field++] = item_;       \
    }                                                                            \
  } while (0)

/* OrganId,yyyy/MM/dd,number/notation: the exchange's own form of an id. Empty without the last part. */
char *part_document_id(struct maker *, struct text organ_id, struct text date, struct text code);

/* `sha256:` and the digest of the payload. */
char *part_digest_id(struct maker *);

/* These are NULL when nothing is said of it. */
Ioc__Edoc__V1__Organization *part_organization(struct maker *, const struct edxml_organ *);
Ioc__Edoc__V1__Staff *part_staff(struct maker *, const struct edxml_staff *);
Ioc__Edoc__V1__Signer *part_signer(struct maker *);

Ioc__Edoc__V1__DocumentReference *part_reference(struct maker *, const struct edxml_reference *);
Ioc__Edoc__V1__Trace *part_trace(struct maker *, const struct edxml_trace *);
Ioc__Edoc__V1__Receiver *part_receiver(struct maker *, const struct edxml_receiver *);
Ioc__Edoc__V1__Replacement *part_replacement(struct maker *, const struct edxml_replacement *);
Ioc__Edoc__V1__Attachment *part_attachment(struct maker *, const struct edxml_attachment *);

#endif
