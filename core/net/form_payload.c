/*
 * A connector reads its payload with zero bytes behind it. A small part is copied; behind a large one the
 * zero bytes are written in place, into the body's private mapping, so that it costs no memory of its own.
 * What stood there is kept: the original of a payload is the body as the sender sent it.
 *
 * A name that comes twice is refused: to take one would be a positive answer for the other as well. Query
 * parameters are never a payload.
 */
#include "core/net/form_payload.h"

static void take(struct hub_payload *payload, const struct hub_part *part, size_t *count) {
  payload->data = part->data;
  payload->length = part->length;
  payload->content_type = part->content_type;
  payload->name = part->file_name;
  ++*count;
}

static size_t find(const struct form *form, const char *name, struct hub_payload *payload) {
  size_t count = 0;
  for (size_t i = 0; i < form->parts_count; i++) {
    if (strcmp(form->parts[i]->name, name) == 0) take(payload, form->parts[i], &count);
  }
  for (size_t i = 0; i < form->body_fields_count && form->parts_count == 0; i++) {
    const struct hub_field *field = form->fields[i];
    const struct hub_part part = {.data = field->data, .length = field->length};
    if (strcmp(field->name, name) == 0) take(payload, &part, &count);
  }
  return count;
}

/* Whether nobody needs the bytes behind a part: they are the next delimiter and header. */
static bool nothing_near(const struct form *form, const char *end) {
  for (size_t i = 0; i < form->parts_count; i++) {
    if (form->parts[i]->data >= end && form->parts[i]->data < end + FORM_PAYLOAD_BEHIND) return false;
  }
  return true;
}

static int copy(struct arena *arena, struct hub_payload *payload) {
  char *bytes = arena_alloc(arena, payload->length + FORM_PAYLOAD_BEHIND);
  if (bytes == NULL) return -ENOMEM;
  if (payload->length != 0) memcpy(bytes, payload->data, payload->length);
  payload->data = bytes;
  return 0;
}

int form_choose_payload(struct arena *arena, const struct form *form, const char *name,
                        struct hub_payload *payload, struct form_cover *ret_cover,
                        const char **reterr_detail) {
  size_t count = find(form, name, payload);
  ret_cover->at = NULL;
  if (count != 1) {
    *reterr_detail = count == 0 ? "the body is not a form with the part that this source reads"
                                : "the part that this source reads comes more than once; send one a request";
    return FORM_E_INVALID;
  }
  const char *end = payload->data + payload->length;
  if (payload->length <= MIB || form->parts_count == 0 || !nothing_near(form, end))
    return copy(arena, payload);
  ret_cover->at = (char *)end;
  memcpy(ret_cover->bytes, end, sizeof ret_cover->bytes);
  form_cover(ret_cover);
  return 0;
}

void form_uncover(struct form_cover *cover) {
  if (cover->at != NULL) memcpy(cover->at, cover->bytes, sizeof cover->bytes);
}

void form_cover(struct form_cover *cover) {
  if (cover->at != NULL) memset(cover->at, 0, sizeof cover->bytes);
}
