/*
 * bhyt_content.c: decodes as the text comes, so that it is held once.
 *
 * The first character that is no blank and no byte order mark tells the form: base64 never begins with `<`.
 */
#include "connectors/health/bhyt_content.h"

#include <errno.h>

enum { ROOM_MIN = 16 * 1024, STEP = 4096 };

void bhyt_content_begin(struct bhyt_content *c) {
  c->form = BHYT_EMPTY;
  c->invalid = c->too_large = false;
  c->base64 = (struct base64){.held_count = 0};
  c->length = 0;
}

static bool is_ahead(unsigned char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == 0xEF || c == 0xBB || c == 0xBF;
}

static int make_room(struct bhyt_content *c, struct hub_sink *sink, size_t more) {
  if (c->length + more > BHYT_CONTENT_MAX) {
    c->too_large = true;
    return 0;
  }
  if (c->length + more <= c->room) return 0;
  size_t room = c->room == 0 ? ROOM_MIN : 2 * c->room;
  while (room < c->length + more) room *= 2;
  char *data = hub_alloc(sink, room);
  if (data == NULL) return -ENOMEM;
  if (c->length != 0) memcpy(data, c->data, c->length);
  c->data = data;
  c->room = room;
  return 0;
}

static int decode(struct bhyt_content *c, struct text piece) {
  size_t taken = 0, made = 0;
  int r = base64_decode(&c->base64, piece, c->data + c->length, c->room - c->length, &taken, &made);
  c->length += made;
  if (r != 0) c->invalid = true;
  return r;
}

/* With blanks turned into the plus signs that they were. */
static void decode_mended(struct bhyt_content *c, struct text piece) {
  char mended[STEP];
  while (piece.length != 0 && !c->invalid) {
    size_t length = piece.length < sizeof(mended) ? piece.length : sizeof(mended);
    for (size_t i = 0; i < length; i++) mended[i] = piece.data[i] == ' ' ? '+' : piece.data[i];
    decode(c, (struct text){mended, length});
    piece.data += length, piece.length -= length;
  }
}

int bhyt_content_take(struct bhyt_content *c, struct hub_sink *sink, struct text piece) {
  if (c->form == BHYT_EMPTY) {
    while (piece.length != 0 && is_ahead((unsigned char)*piece.data)) piece.data++, piece.length--;
    if (piece.length == 0) return 0;
    c->form = *piece.data == '<' ? BHYT_PLAIN : BHYT_BASE64;
  }
  if (c->invalid || c->too_large) return 0;
  int r = make_room(c, sink, piece.length + 3);
  if (r != 0 || c->too_large) return r;
  if (c->form == BHYT_PLAIN) {
    memcpy(c->data + c->length, piece.data, piece.length);
    c->length += piece.length;
  } else if (c->blank_is_plus) {
    decode_mended(c, piece);
  } else {
    decode(c, piece);
  }
  return 0;
}

void bhyt_content_end(struct bhyt_content *c) {
  if (c->form == BHYT_BASE64 && !c->invalid && base64_finish(&c->base64) != 0) c->invalid = true;
}
