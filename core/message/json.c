/*
 * Wire to JSON. One walk over a message collects its fields; protobuf writers give them in rising order, so
 * that they are printed as they stand, and only bytes in another order are sorted. Of a field that is given
 * twice the last one counts, as the protobuf format wants it.
 */
#include "core/message/json.h"

enum { INLINE_FIELDS = 48 };

struct item {
  const struct schema_field *field;
  struct wire_value value;
  size_t order; /* of appearance */
};

struct items {
  struct item few[INLINE_FIELDS];
  struct item *list; /* few, or the heap */
  size_t count, capacity;
};

static void items_deinit(struct items *items) {
  if (items->list != items->few) free(items->list);
}

static int items_add(struct items *items, const struct schema_field *field, const struct wire_value *value) {
  if (items->count == items->capacity) {
    bool inlined = items->list == items->few;
    struct item *list = reallocarray(inlined ? NULL : items->list, items->capacity * 2, sizeof *list);
    if (list == NULL) return -ENOMEM;
    if (inlined) memcpy(list, items->few, sizeof items->few);
    items->list = list;
    items->capacity *= 2;
  }
  items->list[items->count] = (struct item){field, *value, items->count};
  items->count++;
  return 0;
}

static int compare(const void *a, const void *b) {
  const struct item *left = a, *right = b;
  if (left->value.number != right->value.number) return left->value.number < right->value.number ? -1 : 1;
  return left->order < right->order ? -1 : left->order > right->order;
}

static int collect(struct items *items, const struct schema_message *type, struct text message) {
  struct wire wire = wire_of(message);
  struct wire_value value;
  bool rising = true;
  int r;
  while ((r = wire_next(&wire, &value)) > 0) {
    const struct schema_field *field = schema_field(type, value.number);
    if (field == NULL) continue;
    enum wire_kind kind = wire_kind_of(field->type);
    bool packed = field->repeated && value.kind == WIRE_BYTES;
    if (value.kind != kind && !packed) return -EBADMSG;
    if (items->count != 0 && items->list[items->count - 1].value.number > value.number) rising = false;
    r = items_add(items, field, &value);
    if (r < 0) return r;
  }
  if (!rising) qsort(items->list, items->count, sizeof *items->list, compare);
  return r;
}

static void write_base64(struct text_out *out, struct text bytes) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const uint8_t *in = (const uint8_t *)bytes.data;
  text_out_string(out, "\"");
  for (size_t i = 0; i < bytes.length; i += 3) {
    size_t left = bytes.length - i;
    uint32_t group =
        (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) | (left > 2 ? in[i + 2] : 0);
    char four[4] = {letters[group >> 18], letters[group >> 12 & 63],
                    left > 1 ? letters[group >> 6 & 63] : '=', left > 2 ? letters[group & 63] : '='};
    text_out_bytes(out, (struct text){four, sizeof four});
  }
  text_out_string(out, "\"");
}

static bool quoted_number(const struct schema_field *field, struct text number) {
  switch (field->type) {
    case SCHEMA_INT64:
    case SCHEMA_UINT64:
    case SCHEMA_SINT64:
    case SCHEMA_FIXED64:
    case SCHEMA_SFIXED64: return true;
    case SCHEMA_DOUBLE:
    case SCHEMA_FLOAT: return number.data[0] == 'N' || number.data[0] == 'I' || text_is(number, "-Infinity");
    case SCHEMA_ENUM: return number.data[0] > '9';
    default: return false;
  }
}

static int write_value(struct text_out *out, const struct schema_field *field,
                       const struct wire_value *value) {
  char buffer[WIRE_TEXT_SIZE];
  if (field->type == SCHEMA_MESSAGE) {
    if (!wire_is_timestamp(field->message)) return message_json(out, field->message, value->bytes);
    int r = wire_timestamp_text(value->bytes, buffer);
    if (r < 0) return r;
    text_out_json(out, text_of(buffer));
    return 0;
  }
  struct text text = wire_text(field, value, buffer);
  if (field->type == SCHEMA_BYTES) write_base64(out, text);
  else if (field->type == SCHEMA_STRING) text_out_json(out, text);
  else if (quoted_number(field, text)) text_out_json(out, text);
  else text_out_bytes(out, text);
  return 0;
}

/* The elements of one appearance of a repeated field: one, or a packed list. */
static int write_elements(struct text_out *out, const struct item *item, bool *first) {
  if (item->value.kind == wire_kind_of(item->field->type)) {
    if (!*first) text_out_string(out, ",");
    *first = false;
    return write_value(out, item->field, &item->value);
  }
  struct wire packed = wire_of(item->value.bytes);
  struct wire_value element = {.number = item->value.number};
  int r;
  while ((r = wire_unpack_element(&packed, item->field->type, &element)) > 0) {
    if (!*first) text_out_string(out, ",");
    *first = false;
    r = write_value(out, item->field, &element);
    if (r < 0) return r;
  }
  return r;
}

static bool at_default(const struct schema_field *field, const struct wire_value *value) {
  if (field->in_oneof || field->type == SCHEMA_MESSAGE) return false;
  return value->kind == WIRE_BYTES ? value->bytes.length == 0 : value->scalar == 0;
}

/* Prints the field that starts at items->list[at]; *ret_next is where the next field starts. */
static int write_field(struct text_out *out, const struct items *items, size_t at, const char **separator,
                       size_t *ret_next) {
  const struct schema_field *field = items->list[at].field;
  size_t end = at + 1;
  while (end < items->count && items->list[end].field == field) end++;
  *ret_next = end;
  if (field->repeated ? items->list[at].value.kind != wire_kind_of(field->type) && end == at + 1 &&
                            items->list[at].value.bytes.length == 0
                      : at_default(field, &items->list[end - 1].value)) {
    return 0;
  }
  text_out_string(out, *separator);
  *separator = ",";
  text_out_json(out, text_of(field->json_name));
  text_out_string(out, ":");
  if (!field->repeated) return write_value(out, field, &items->list[end - 1].value);
  text_out_string(out, "[");
  bool first = true;
  for (size_t i = at; i < end; i++) {
    int r = write_elements(out, &items->list[i], &first);
    if (r < 0) return r;
  }
  text_out_string(out, "]");
  return 0;
}

int message_json(struct text_out *out, const struct schema_message *type, struct text message) {
  cleanup(items_deinit) struct items items;
  items.list = items.few;
  items.count = 0;
  items.capacity = INLINE_FIELDS;
  int r = collect(&items, type, message);
  if (r < 0) return r;
  text_out_string(out, "{");
  const char *separator = "";
  for (size_t i = 0; i < items.count;) {
    r = write_field(out, &items, i, &separator, &i);
    if (r < 0) return r;
  }
  text_out_string(out, "}");
  return text_out_result(out);
}
