/*
 * cursor_state.h: a source's cursor as bytes (private to cursor.c, cursor_state.c).
 */
#ifndef CORE_CURSOR_STATE_H
#define CORE_CURSOR_STATE_H

#include "core/cursor.h"
#include "core/text_out.h"

/* Appends one state; sequence tells which of two is newer. */
int cursor_state_write(const struct cursor_file *files, uint64_t sequence, struct text_out *) must_use;

#define CURSOR_STATE_E_BAD 1
/* *ret_files is made of malloc()ed files without their cursor. CURSOR_STATE_E_BAD: cut, damaged or of
 * another version. */
int cursor_state_read(struct text, uint64_t *ret_sequence, struct cursor_file **ret_files) must_use;

void cursor_files_free(struct cursor_file *);

#endif
