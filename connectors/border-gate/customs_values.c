/*
 * customs_values.c: puts the text of an element where its row says.
 *
 * Everything is checked here, while the element is still open and its place is known; what is made of scraps
 * later cannot fail any more but for memory.
 */
#include "connectors/border-gate/customs_values.h"

#include "connectors/border-gate/decimal.h"

#include <errno.h>

static int refuse(struct value_refusal *refusal, enum hub_reject_code code, const char *detail) {
  *refusal = (struct value_refusal){code, detail};
  return VALUE_E_REFUSED;
}

static char **string_at(void *message, size_t offset) { return (char **)((char *)message + offset); }

static int put_text(const struct value_place *place, struct text text, size_t offset) {
  char **string = string_at(place->message, offset);
  return (*string)[0] != 0 ? 0 : hub_string(place->sink, text.data, text.length, string);
}

static size_t digits_of(struct text text) {
  size_t count = 0;
  while (count < text.length && text.data[count] >= '0' && text.data[count] <= '9') count++;
  return count;
}

/* 304: 20210719153248Z, 20250326112200+01. Writes it with a zone of four digits. */
static bool is_zoned(struct text text, char ret_text[static 20], size_t *ret_length) {
  static const char zone[] = "+0000";
  size_t digits = digits_of(text), rest = text.length - digits;
  if (digits != 14 || rest == 0 || rest > 5) return false;
  memcpy(ret_text, text.data, digits);
  memcpy(ret_text + digits, zone, 5);
  if (rest != 1 || text.data[digits] != 'Z') memcpy(ret_text + digits, text.data + digits, rest);
  *ret_length = digits + 5;
  return true;
}

static int put_time(const struct value_place *place, const struct element *row, struct text text,
                    struct value_refusal *refusal) {
  struct time_point point;
  char zoned[20];
  unsigned forms = TIME_ISO | TIME_COMPACT | TIME_SLASHED | TIME_DAY_FIRST;
  if (text.length >= 10 && memcmp(text.data, "0001-01-01", 10) == 0) return 0; /* how .NET writes no time */
  if (is_zoned(text, zoned, &text.length)) text.data = zoned, forms = TIME_HL7;
  int r = time_read(text, forms, place->zone_offset_s, &point);
  if (r == TIME_E_FORM) return refuse(refusal, HUB_INVALID, "not a time in a known form");
  if (r != 0) return refuse(refusal, HUB_INVALID, "no such day or time of day");
  char *message = place->message;
  return fact_time(place->sink, &point, (Google__Protobuf__Timestamp **)(message + row->offset),
                   (Ioc__Bordergate__V1__TimePrecision *)(message + row->second));
}

static int put_number(const struct value_place *place, struct text text, char **ret,
                      struct value_refusal *refusal) {
  int r = decimal_scale(place->allocator, text, 0, ret);
  return r <= 0 ? r : refuse(refusal, HUB_INVALID, "a number that is not below zero must stand here");
}

static int put_weight(const struct value_place *place, const struct element *row, struct text text,
                      struct value_refusal *refusal) {
  int r = decimal_kilograms(place->allocator, text, place->unit, string_at(place->message, row->offset));
  if (r > 0) return refuse(refusal, HUB_INVALID, "a number that is not below zero must stand here");
  if (r != 0 || row->second == 0) return r;
  r = put_text(place, text, row->second);
  if (r != 0 || place->unit.length == 0) return r;
  return put_text(place, place->unit, row->second + sizeof(char *));
}

/* Room for one more in a list of pointers that doubles. */
static int grow(const struct value_place *place, const struct element *row, void ***ret_slot,
                struct value_refusal *refusal) {
  void ***list = (void ***)((char *)place->message + row->offset);
  size_t count = *(size_t *)((char *)place->message + row->second);
  if (++*place->list_items > LIST_ITEMS_MAX)
    return refuse(refusal, HUB_TOO_LARGE, "too many elements of lists");
  if ((count & (count - 1)) == 0) {
    void **grown = hub_alloc(place->sink, 2 * (count + 1) * sizeof(*grown));
    if (grown == NULL) return -ENOMEM;
    if (count != 0) memcpy(grown, *list, count * sizeof(*grown));
    *list = grown;
  }
  *ret_slot = &(*list)[count];
  return 0;
}

static void grown(const struct value_place *place, const struct element *row) {
  ++*(size_t *)((char *)place->message + row->second);
}

static int add_text(const struct value_place *place, const struct element *row, struct text text,
                    struct value_refusal *refusal) {
  void **slot = NULL;
  int r = grow(place, row, &slot, refusal);
  if (r == 0) r = hub_string(place->sink, text.data, text.length, (char **)slot);
  if (r == 0) grown(place, row);
  return r;
}

static int put_money(const struct value_place *place, struct text text, char **amount, char **currency,
                     struct value_refusal *refusal) {
  int r = put_number(place, text, amount, refusal);
  if (r != 0 || place->currency.length == 0) return r;
  return hub_string(place->sink, place->currency.data, place->currency.length, currency);
}

static int add_value(const struct value_place *place, const struct element *row, struct text text,
                     struct value_refusal *refusal) {
  void **slot = NULL;
  int r = grow(place, row, &slot, refusal);
  if (r != 0) return r;
  Ioc__Bordergate__V1__Amount *made = hub_alloc(place->sink, sizeof(*made));
  if (made == NULL) return -ENOMEM;
  ioc__bordergate__v1__amount__init(made);
  made->type_code = (char *)row->word;
  r = put_money(place, text, &made->amount, &made->currency, refusal);
  if (r != 0) return r;
  *slot = made;
  grown(place, row);
  return 0;
}

static int join(const struct value_place *place, const struct element *row, struct text text) {
  char **string = string_at(place->message, row->offset);
  size_t had = strlen(*string), sign = had != 0 && row->separator != 0;
  if (had > 4096) return 0;
  char *made = hub_alloc(place->sink, had + sign + text.length + 1);
  if (made == NULL) return -ENOMEM;
  memcpy(made, *string, had);
  if (sign != 0) made[had] = row->separator;
  memcpy(made + had + sign, text.data, text.length);
  *string = made;
  return 0;
}

static int keep(const struct value_place *place, const struct element *row, struct text text) {
  struct text *kept = (struct text *)((char *)place->scrap + row->offset);
  char *copy = NULL;
  if (kept->length != 0) return 0;
  int r = hub_string(place->sink, text.data, text.length, &copy);
  if (r == 0) *kept = (struct text){copy, text.length};
  return r;
}

int value_put(const struct value_place *place, const struct element *row, struct text text,
              struct value_refusal *refusal) {
  char **string = string_at(place->message, row->offset);
  switch ((enum element_kind)row->kind) {
    case ELEMENT_SCRAP: return keep(place, row, text);
    case ELEMENT_PERSONAL:
      if ((*string)[0] != 0) return 0;
      return hub_personal(place->sink, (enum hub_personal_kind)row->personal, text.data, text.length, string);
    case ELEMENT_CODE:
      *(int *)((char *)place->message + row->offset) = code_value(row->codes, text);
      return hub_string(place->sink, text.data, text.length, string_at(place->message, row->second));
    case ELEMENT_TIME: return put_time(place, row, text, refusal);
    case ELEMENT_NUMBER: return put_number(place, text, string, refusal);
    case ELEMENT_WEIGHT: return put_weight(place, row, text, refusal);
    case ELEMENT_MONEY:
      return put_money(place, text, string, string_at(place->message, row->second), refusal);
    case ELEMENT_VALUE: return add_value(place, row, text, refusal);
    case ELEMENT_JOIN: return join(place, row, text);
    case ELEMENT_TEXTS: return add_text(place, row, text, refusal);
    case ELEMENT_IDENTITY:
      if ((*string)[0] != 0 && !text_is(text, *string))
        return refuse(refusal, HUB_CONFLICT, "the element is given twice with different values");
      return put_text(place, text, row->offset);
    default: return put_text(place, text, row->offset);
  }
}

int value_add_part(const struct value_place *place, const struct element *row, void **ret_part,
                   struct value_refusal *refusal) {
  const struct part *part = row->part;
  void **slot = NULL;
  int r = grow(place, row, &slot, refusal);
  if (r != 0) return r;
  char *made = hub_alloc(place->sink, part->size);
  if (made == NULL) return -ENOMEM;
  part->init(made);
  if (part->role_offset != 0) *(int *)(made + part->role_offset) = part->role;
  if (part->word_offset != 0) *string_at(made, part->word_offset) = (char *)part->word;
  *ret_part = *slot = made;
  grown(place, row);
  return 0;
}
