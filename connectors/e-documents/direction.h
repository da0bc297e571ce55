/*
 * direction.h: which way a message goes, seen from one province.
 */
#ifndef E_DOCUMENTS_DIRECTION_H
#define E_DOCUMENTS_DIRECTION_H

#include "connectors/e-documents/document.h"
#include "ioc/edoc/v1/types.pb-c.h"

/* The part of an organization's code that names its province or ministry: H37 of both 000.00.14.H37 and
 * H37.14. Empty when there is none. */
struct text direction_province(struct text organ_id);

Ioc__Edoc__V1__Direction direction_find(const struct edxml *, struct text our_province);

#endif
