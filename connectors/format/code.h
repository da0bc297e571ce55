/*
 * code.h: what senders' codes mean, as tables from text to a number (of an enum).
 */
#ifndef FORMAT_CODE_H
#define FORMAT_CODE_H

#include "connectors/format/text.h"

struct code { /* a table of codes ends with one without text */
  struct text text;
  int value;
};

/* The code's value, 0 when it is not in the table. */
static inline int code_value(const struct code *codes, struct text text) {
  for (; codes->text.length != 0; codes++)
    if (text_equal(codes->text, text)) return codes->value;
  return 0;
}

#endif
