/*
 * mllp_frame.h: where messages begin and end in a stream of MLLP (HL7, Transport Specification: MLLP,
 * Release 1): VT message FS CR. Bytes in, messages out; no sockets and no memory.
 */
#ifndef CORE_NET_MLLP_FRAME_H
#define CORE_NET_MLLP_FRAME_H

#include "core/base.h"

enum { MLLP_VT = 0x0b, MLLP_FS = 0x1c, MLLP_CR = 0x0d };

enum mllp_place {
  MLLP_START,     /* of the connection: a frame must begin */
  MLLP_BETWEEN,   /* right behind a frame: a single LF may stand here */
  MLLP_BEHIND_LF, /* a frame must begin */
  MLLP_INSIDE,
  MLLP_ENDING, /* the FS has come, its CR has not */
};

struct mllp_frame { /* zero: a new connection */
  enum mllp_place place;
  uint64_t length; /* of the message so far */
};

#define MLLP_FRAME_E_MORE 1    /* all bytes are used, and the message is not whole */
#define MLLP_FRAME_E_REFUSED 2 /* *reterr_code: what follows could be read two ways; close */

/* Takes bytes until a message is whole, they are used up, or they are refused. *ret_used of them were looked
 * at; *ret_message is what of the message stands among them, and may be empty. Returns 0 when the message is
 * whole with it. Codes: no_vt, vt_inside, no_cr, empty, too_large; constants. */
int mllp_frame_take(struct mllp_frame *, const char *data, size_t length, uint64_t max_bytes,
                    size_t *ret_used, struct text *ret_message, const char **reterr_code) must_use;

/* A message has begun and is not whole. */
bool mllp_frame_is_open(const struct mllp_frame *);

#endif
