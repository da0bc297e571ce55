/*
 * traceparent.h: the sender's trace context, as W3C Trace Context writes it.
 */
#ifndef CORE_NET_TRACEPARENT_H
#define CORE_NET_TRACEPARENT_H

#include "core/base.h"

enum { TRACEPARENT_TEXT = 56 }; /* with its NUL */

/* Reads the value of a traceparent header. false: it is not one, and nothing of it may be passed on. */
bool traceparent_read(struct text value, char ret_text[static TRACEPARENT_TEXT]) must_use;

#endif
