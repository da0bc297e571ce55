/*
 * MLLP framing, strict: what can be read two ways is refused, because a frame that lost its end would
 * otherwise swallow the next message, and both would get one answer.
 *
 * One thing beside the letter of the specification is taken, since senders in the field do it and it has one
 * reading only: a single LF behind FS CR. A second one, or any other byte between frames, is refused. The
 * three bytes of the frame never stand inside a message: HL7 escapes them.
 */
#include "core/net/mllp_frame.h"

static int refuse(const char *code, const char **reterr_code) {
  *reterr_code = code;
  return MLLP_FRAME_E_REFUSED;
}

/* The byte outside of a message: the first of a frame, or an LF. */
static int take_outside(struct mllp_frame *frame, char byte, const char **reterr_code) {
  if (byte == MLLP_VT) {
    *frame = (struct mllp_frame){.place = MLLP_INSIDE};
    return MLLP_FRAME_E_MORE;
  }
  if (byte != '\n' || frame->place != MLLP_BETWEEN) return refuse("no_vt", reterr_code);
  frame->place = MLLP_BEHIND_LF;
  return MLLP_FRAME_E_MORE;
}

/* The byte behind FS. */
static int take_ending(struct mllp_frame *frame, char byte, const char **reterr_code) {
  if (byte != MLLP_CR) return refuse("no_cr", reterr_code);
  if (frame->length == 0) return refuse("empty", reterr_code);
  *frame = (struct mllp_frame){.place = MLLP_BETWEEN};
  return 0;
}

/* Bytes of the message up to its FS. The first wrong byte decides, so that a split changes nothing. */
static int take_inside(struct mllp_frame *frame, struct text bytes, uint64_t max_bytes, size_t *ret_used,
                       struct text *ret_message, const char **reterr_code) {
  const char *end = memchr(bytes.data, MLLP_FS, bytes.length);
  size_t length = end == NULL ? bytes.length : (size_t)(end - bytes.data);
  *ret_used = length + (end != NULL);
  const char *start = memchr(bytes.data, MLLP_VT, length);
  uint64_t room = max_bytes - frame->length;
  if (start != NULL && (uint64_t)(start - bytes.data) <= room) return refuse("vt_inside", reterr_code);
  if (length > room) return refuse("too_large", reterr_code);
  frame->length += length;
  if (end != NULL) frame->place = MLLP_ENDING;
  *ret_message = (struct text){bytes.data, length};
  return MLLP_FRAME_E_MORE;
}

int mllp_frame_take(struct mllp_frame *frame, const char *data, size_t length, uint64_t max_bytes,
                    size_t *ret_used, struct text *ret_message, const char **reterr_code) {
  size_t at = 0;
  int r = MLLP_FRAME_E_MORE;
  *ret_message = TEXT_NONE;
  while (at < length && r == MLLP_FRAME_E_MORE) {
    size_t used = 1;
    switch (frame->place) {
      case MLLP_START:
      case MLLP_BETWEEN:
      case MLLP_BEHIND_LF: r = take_outside(frame, data[at], reterr_code); break;
      case MLLP_ENDING: r = take_ending(frame, data[at], reterr_code); break;
      case MLLP_INSIDE:
        r = take_inside(frame, (struct text){data + at, length - at}, max_bytes, &used, ret_message,
                        reterr_code);
        break;
    }
    at += used;
  }
  *ret_used = at;
  return r;
}

bool mllp_frame_is_open(const struct mllp_frame *frame) {
  return frame->place == MLLP_INSIDE || frame->place == MLLP_ENDING;
}
