/*
 * elf_symbols.h: which symbols a shared object exports, read before any of its code runs.
 */
#ifndef CORE_CONNECTOR_ELF_SYMBOLS_H
#define CORE_CONNECTOR_ELF_SYMBOLS_H

#include "core/text_out.h"

/* Whether the file exports `expected` and nothing else. ELF_E_REFUSED: the reason is appended; negative
 * errno. */
#define ELF_E_REFUSED 1
int elf_exports_only(const char *path, const char *expected, struct text_out *reterr_reason) must_use;

#endif
