/*
 * decimal.c: units of weight, and how far each moves the point of a number of kilograms.
 */
#include "connectors/border-gate/decimal.h"

#include <errno.h>

enum { UNIT_LENGTH_MAX = 40 };

static const struct {
  struct text unit;
  int shift;
} units[] = {
    {TEXT(""), 0},        {TEXT("KGM"), 0},      {TEXT("KG"), 0},  {TEXT("KGS"), 0},
    {TEXT("KILOGAM"), 0}, {TEXT("KILOGRAM"), 0}, {TEXT("TNE"), 3}, {TEXT("TAN"), 3},
    {TEXT("MTO"), 3},     {TEXT("GRM"), -3},     {TEXT("TẤN"), 3},
};

int decimal_kilograms(const struct allocator *allocator, struct text text, struct text unit, char **ret) {
  struct text folded;
  if (unit.length > UNIT_LENGTH_MAX) return 0;
  int r = text_fold(allocator, unit, &folded);
  if (r == -EILSEQ) return 0;
  if (r < 0) return r;
  for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
    if (text_equal(units[i].unit, folded)) return decimal_scale(allocator, text, units[i].shift, ret);
  return 0;
}
