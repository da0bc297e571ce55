/*
 * decimal.h: decimal numbers as exact text, and weights in kilograms.
 */
#ifndef BORDER_GATE_DECIMAL_H
#define BORDER_GATE_DECIMAL_H

#include "connectors/format/text.h"

#define DECIMAL_E_FORM 1 /* not a number of at most 40 characters, or below zero */

/* The number times ten to the power of shift (-9 to 9), exact: "3.2545" with shift 3 is "3254.5", "123.40"
 * with shift 0 stays "123.40". An exponent as JSON writes it is taken in. Returns 0, -ENOMEM or
 * DECIMAL_E_FORM. */
int decimal_scale(const struct allocator *, struct text, int shift, char **ret);

/* The same in kilograms by a unit's code in UN recommendation 20 or as Vietnamese systems write it; without a
 * unit it is kilograms. An unknown unit gives an empty text. */
int decimal_kilograms(const struct allocator *, struct text, struct text unit, char **ret);

#endif
