/*
 * charset.h: text of the character sets that senders still use, as UTF-8.
 *
 * The tables are our own: iconv() loads its tables at run time, and a translation does no I/O. A byte that
 * the character set does not define is an error with its offset, never a question mark.
 */
#ifndef FORMAT_CHARSET_H
#define FORMAT_CHARSET_H

#include "connectors/format/text.h"

enum charset {
  CHARSET_UNKNOWN,
  CHARSET_ASCII,
  CHARSET_UTF_8,
  CHARSET_UTF_16, /* byte order by its mark; without one little-endian */
  CHARSET_ISO_8859_1,
  CHARSET_ISO_8859_2,
  CHARSET_ISO_8859_5,
  CHARSET_ISO_8859_7,
  CHARSET_ISO_8859_15,
  CHARSET_WINDOWS_1252,
  CHARSET_WINDOWS_1258, /* combining marks are composed (NFC) */
  CHARSET_TCVN3,        /* TCVN 5712 VN3, the bytes of ABC fonts */
  CHARSET_VNI,          /* VNI Windows: a base letter and the byte of its marks */
};

/* By the names of IANA, HL7 table 0211 and what Vietnamese systems write, without regard to case ("utf-8",
 * "UNICODE UTF-8", "8859/1", "windows-1258", "tcvn3", "abc", "vni"). */
enum charset charset_by_name(struct text name);

/* The value of charset= in a media type, quotes removed; TEXT_NONE when there is none. */
struct text charset_parameter(const char *content_type);

#define CHARSET_E_BYTES 1 /* bytes that the character set does not define */

/* NFC-normalised only for WINDOWS_1258 and VNI; a byte order mark in front is dropped. Returns the input
 * itself where its bytes already are UTF-8. Returns 0, -ENOMEM, or CHARSET_E_BYTES with *reterr_offset. */
int charset_decode(const struct allocator *, enum charset, struct text, struct text *ret,
                   size_t *reterr_offset);

#endif
