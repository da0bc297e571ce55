/*
 * nth.h: how often the same bytes came before in one payload of any length.
 *
 * What is counted is a function of the payload alone, so that the same file gives the same numbers again. The
 * memory is bounded: one that comes again after more than 1,000,000 different others may count from 0 again.
 */
#ifndef CORE_NTH_H
#define CORE_NTH_H

#include "core/base.h"

struct nth;

int nth_new(struct nth **ret_nth) must_use;
void nth_free(struct nth *);

/* How many with this mark came before this one. -ENOMEM: not counted. */
int nth_next(struct nth *, uint64_t mark, uint32_t *ret_number) must_use;

#endif
