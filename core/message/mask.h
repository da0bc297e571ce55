/*
 * mask.h: what remains of a date of birth and of a text that a person wrote.
 */
#ifndef CORE_MESSAGE_MASK_H
#define CORE_MESSAGE_MASK_H

#include "core/arena.h"

/* The year as four digits, from any of the usual forms; empty when it is not plain which year is meant. */
int mask_birth_date(struct arena *, struct text, struct text *ret_year) must_use;

/* E-mail addresses and runs of 9 or more digits (spaces, dots and dashes between them do not break a run)
 * become
 * "***". text must be UTF-8. */
int mask_free_text(struct arena *, struct text, struct text *ret_text) must_use;

#endif
