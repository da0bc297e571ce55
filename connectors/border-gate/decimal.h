/*
 * decimal.h: weights in kilograms.
 */
#ifndef BORDER_GATE_DECIMAL_H
#define BORDER_GATE_DECIMAL_H

#include "connectors/format/decimal.h"

/* decimal_scale() to kilograms by a unit's code in UN recommendation 20 or as Vietnamese systems write it;
 * without a unit it is kilograms. An unknown unit gives an empty text. */
int decimal_kilograms(const struct allocator *, struct text, struct text unit, char **ret);

#endif
