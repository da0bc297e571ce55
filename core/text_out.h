/*
 * text_out.h: growing text, and the one place where foreign bytes are escaped.
 *
 * A text_out that runs out of memory remembers it (`failed`) and ignores what follows; the one who uses the
 * text looks once, at the end.
 */
#ifndef CORE_TEXT_OUT_H
#define CORE_TEXT_OUT_H

#include "core/base.h"

struct text_out {
  char *data; /* terminated once anything was written */
  size_t length, capacity;
  bool failed;
};

#define TEXT_OUT_INIT ((struct text_out){0})

void text_out_deinit(struct text_out *);
void text_out_clear(struct text_out *); /* keeps the memory */

void text_out_bytes(struct text_out *, struct text);
void text_out_string(struct text_out *, const char *string); /* NULL writes nothing */
void text_out_format(struct text_out *, const char *format, ...) printf_like(2, 3);

/* A JSON string with its quotes (RFC 8259): only what must be is escaped; bytes that are not UTF-8 become
 * U+FFFD. */
void text_out_json(struct text_out *, struct text);

/* For logs and terminals: one line, no control bytes, no bidirectional marks, no invalid UTF-8; quoted when
 * it is empty or holds a blank, a quote or '='. At most `limit` bytes of the text, then "…". */
void text_out_visible(struct text_out *, struct text, size_t limit);

/* -ENOMEM when anything did not fit, else 0. */
int text_out_result(const struct text_out *) must_use;

#endif
