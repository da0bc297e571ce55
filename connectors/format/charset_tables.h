/*
 * charset_tables.h: code points of the bytes 80 to FF of single-byte character sets; 0: not defined. Internal
 * to charset.c.
 */
#ifndef FORMAT_CHARSET_TABLES_H
#define FORMAT_CHARSET_TABLES_H

#include <stdint.h>

extern const uint16_t charset_iso_8859_2[128], charset_iso_8859_5[128], charset_iso_8859_7[128],
    charset_iso_8859_15[128], charset_windows_1252[128], charset_windows_1258[128], charset_tcvn3[128];

#endif
