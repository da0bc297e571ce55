/*
 * decimal.h: decimal numbers as exact text.
 */
#ifndef FORMAT_DECIMAL_H
#define FORMAT_DECIMAL_H

#include "connectors/format/text.h"

#define DECIMAL_E_FORM 1 /* not a number of at most 40 characters, or below zero */

/* The number times ten to the power of shift (-9 to 9), exact: "3.2545" with shift 3 is "3254.5", "123.40"
 * with shift 0 stays "123.40". An exponent as JSON writes it is taken in. Returns 0, -ENOMEM or
 * DECIMAL_E_FORM. */
int decimal_scale(const struct allocator *, struct text, int shift, char **ret);

#endif
