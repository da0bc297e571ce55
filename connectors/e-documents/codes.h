/*
 * codes.h: the exchange's codes as the enums of ioc.edoc.v1. What is not known is 0.
 */
#ifndef E_DOCUMENTS_CODES_H
#define E_DOCUMENTS_CODES_H

#include "connectors/format/text.h"
#include "ioc/edoc/v1/document.pb-c.h"
#include "ioc/edoc/v1/document_status.pb-c.h"

Ioc__Edoc__V1__Priority code_priority(struct text);
Ioc__Edoc__V1__Steering code_steering(struct text);
Ioc__Edoc__V1__BusinessType code_business_type(struct text);
Ioc__Edoc__V1__ReceiverChange code_receiver_change(struct text);
Ioc__Edoc__V1__ProcessingStatus code_processing_status(struct text); /* 03 and 3 are the same */

/* By name, in any case and Unicode form. 0 or -ENOMEM. */
int code_document_type(const struct allocator *, struct text name, Ioc__Edoc__V1__DocumentType *ret_type);

#endif
