/*
 * form_payload.h: the part of a form that a source reads as its payload.
 */
#ifndef CORE_NET_FORM_PAYLOAD_H
#define CORE_NET_FORM_PAYLOAD_H

#include "core/net/multipart.h"

enum { FORM_PAYLOAD_BEHIND = 64 }; /* zero bytes behind every payload */

/* Bytes of the body that a payload's zero bytes stand on while the connector reads it. */
struct form_cover {
  char *at; /* NULL: none are covered */
  char bytes[FORM_PAYLOAD_BEHIND];
};

/* Sets data, length, content_type and name of *payload to the only part or body field of this name. The body
 * is writable, with 64 bytes behind it. FORM_E_INVALID: absent, or more than one; *reterr_detail. -ENOMEM. */
int form_choose_payload(struct arena *, const struct form *, const char *name, struct hub_payload *payload,
                        struct form_cover *ret_cover, const char **reterr_detail) must_use;

void form_uncover(struct form_cover *); /* the body as it was sent */
void form_cover(struct form_cover *);   /* zero bytes behind the payload again */

#endif
