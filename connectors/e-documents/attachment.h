/*
 * attachment.h: what is published of an attachment, found while its base64 text flows by.
 */
#ifndef E_DOCUMENTS_ATTACHMENT_H
#define E_DOCUMENTS_ATTACHMENT_H

#include "connectors/e-documents/edxml.h"

struct attachment_reader; /* used again for each attachment of a payload */

#define ATTACHMENT_E_BASE64 1 /* not base64 */

/* Memory comes from the sink, but OpenSSL and zlib hold their own until attachment_reader_free(). -ENOMEM or
 * 0. */
int attachment_reader_new(struct hub_sink *, const EVP_MD *sha256, struct attachment_reader **ret_reader);
void attachment_reader_free(struct attachment_reader *);

/* may_be_zip: ContentType is application/zip or not known yet. Returns 0 or -ENOMEM. */
int attachment_begin(struct attachment_reader *, bool may_be_zip);
/* Returns 0, ATTACHMENT_E_BASE64 or a negative errno. */
int attachment_take(struct attachment_reader *, struct text base64);
/* Fills in what is known of the bytes. Returns 0, ATTACHMENT_E_BASE64 (the text stops short) or a negative
 * errno. */
int attachment_end(struct attachment_reader *, struct edxml_attachment *);

/* SHA-256 of bytes that are all there, in hex. Returns 0 or -ENOMEM. */
int attachment_digest(const EVP_MD *sha256, struct text, char ret_hex[65]);

bool attachment_is_zip(struct text content_type);

#endif
