/*
 * template.h: a payload with holes: @NUMBER@ (eight digits) and @RUN@.
 */
#ifndef TESTS_BENCH_TEMPLATE_H
#define TESTS_BENCH_TEMPLATE_H

#include <stddef.h>

#define TEMPLATE_ROOM (256 * 1024) /* the longest payload made from one */

struct template {
  char *text; /* the file, with a NUL behind */
};

/* 0 or -errno. */
int template_read(const char *path, struct template *ret_template);
void template_deinit(struct template *);

/* Writes the payload with a NUL behind and returns its length. room: TEMPLATE_ROOM bytes. */
size_t template_fill(const struct template *, unsigned number, const char *run, char *room);

#endif
