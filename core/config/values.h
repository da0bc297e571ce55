/*
 * values.h: the forms of single values, for the option walk and its messages.
 */
#ifndef CORE_CONFIG_VALUES_H
#define CORE_CONFIG_VALUES_H

#include "core/config/options.h"

/* Decimal digits with an optional '-', no leading zero. */
bool value_parse_int(struct text, int64_t *ret_value);

/* As an admin would write it: "64 MiB", "30 s". */
#define VALUE_TEXT_SIZE 40
const char *value_size_text(int64_t bytes, char buffer[static VALUE_TEXT_SIZE]);
const char *value_duration_text(int64_t ms, char buffer[static VALUE_TEXT_SIZE]);

#endif
