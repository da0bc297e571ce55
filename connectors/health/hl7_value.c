/*
 * hl7_value.c: OBX-5 by its type, OBX-2.
 *
 * What names a person, a place or a telephone by its type is not published at all. What is free text by its
 * type, or of a type not known here, goes through the mask. Data and pointers (ED, RP) leave only what they
 * are: kind, size and digest.
 */
#include "connectors/health/hl7_result.h"

#include "connectors/format/base64.h"

#include <openssl/sha.h>

typedef Ioc__Health__V1__ResultValue ResultValue;
typedef Ioc__Health__V1__ResultAttachment ResultAttachment;

#define KIND(name) IOC__HEALTH__V1__VALUE_KIND__VALUE_KIND_##name
#define IS_HIDDEN (-1)
#define VALUES_MAX 10000

static const struct value_code kinds[] = {
    {TEXT("NM"), KIND(NUMBER)},     {TEXT("SN"), KIND(STRUCTURED_NUMBER)},
    {TEXT("CE"), KIND(CODE)},       {TEXT("CWE"), KIND(CODE)},
    {TEXT("CNE"), KIND(CODE)},      {TEXT("CF"), KIND(CODE)},
    {TEXT("IS"), KIND(CODE)},       {TEXT("ID"), KIND(CODE)},
    {TEXT("ST"), KIND(TEXT)},       {TEXT("TX"), KIND(TEXT)},
    {TEXT("FT"), KIND(TEXT)},       {TEXT("DT"), KIND(TIME)},
    {TEXT("TS"), KIND(TIME)},       {TEXT("DTM"), KIND(TIME)},
    {TEXT("ED"), KIND(ATTACHMENT)}, {TEXT("RP"), KIND(ATTACHMENT)},
    {TEXT("FN"), IS_HIDDEN},        {TEXT("NDL"), IS_HIDDEN},
    {TEXT("AD"), IS_HIDDEN},        {TEXT("CK"), IS_HIDDEN},
    {TEXT("CN"), IS_HIDDEN},        {TEXT("CX"), IS_HIDDEN},
    {TEXT("PN"), IS_HIDDEN},        {TEXT("PPN"), IS_HIDDEN},
    {TEXT("SAD"), IS_HIDDEN},       {TEXT("TN"), IS_HIDDEN},
    {TEXT("XAD"), IS_HIDDEN},       {TEXT("XCN"), IS_HIDDEN},
    {TEXT("XON"), IS_HIDDEN},       {TEXT("XPN"), IS_HIDDEN},
    {TEXT("XTN"), IS_HIDDEN},       {TEXT(""), 0},
};

struct obx { /* one repetition of OBX-5 */
  struct hl7_maker *m;
  const struct hl7v2_segment *segment;
  unsigned repetition;
  struct text raw;
};

static struct text text_at(const struct obx *obx, unsigned component) {
  struct text raw =
      component == 0 ? obx->raw : hl7v2_piece(obx->raw, obx->m->message->delimiters.component, component);
  return hl7_text_of(obx->m, raw, obx->segment, HL7_FIELD(5, obx->repetition, component));
}

static char *component(const struct obx *obx, unsigned n) {
  return value_string(&obx->m->maker, text_at(obx, n));
}

static char *free_text(const struct obx *obx, unsigned n) {
  return value_personal(&obx->m->maker, HUB_FREE_TEXT, text_at(obx, n));
}

/* Digits behind a nought without a point are a telephone's or an identity card's and nothing measured. */
static bool is_number(struct text text) {
  size_t i = text.length != 0 && (text.data[0] == '-' || text.data[0] == '+'), digits = 0, points = 0;
  bool has_nought = i < text.length && text.data[i] == '0';
  for (; i < text.length; i++) {
    if (text.data[i] == '.') points++;
    else if (text.data[i] < '0' || text.data[i] > '9') return false;
    else digits++;
  }
  return digits != 0 && points <= 1 && !(has_nought && points == 0 && digits >= 9);
}

/* What is no number stands under NM and SN all the same (`>1000`, `NEG`): it is a text then. */
static void read_number(const struct obx *obx, ResultValue *value) {
  struct text text = text_at(obx, 0);
  if (is_number(text)) value->number = value_string(&obx->m->maker, text);
  else value->text = value_personal(&obx->m->maker, HUB_FREE_TEXT, text);
}

static bool is_number_or_none(struct text text) { return text.length == 0 || is_number(text); }

static void read_structured(const struct obx *obx, ResultValue *value) {
  bool is_structured = text_at(obx, 1).length <= 2 && is_number_or_none(text_at(obx, 2)) &&
                       text_at(obx, 3).length <= 1 && is_number_or_none(text_at(obx, 4));
  if (!is_structured) {
    value->text = free_text(obx, 0);
    return;
  }
  value->comparator = component(obx, 1);
  value->number = component(obx, 2);
  value->separator = component(obx, 3);
  value->second_number = component(obx, 4);
}

static void read_code(const struct obx *obx, ResultValue *value) {
  value->code = component(obx, 1);
  value->text = free_text(obx, 2);
  value->code_system = component(obx, 3);
  if (value->text[0] == 0) value->text = free_text(obx, 9);
}

static void read_time(const struct obx *obx, ResultValue *value) {
  (void)hl7_put_time(obx->m, obx->segment, HL7_FIELD(5, obx->repetition), HL7_TIME(value, time));
}

/* ---- Data and pointers ---- */

/* False: it is not base64. */
static bool decode(struct maker *m, struct text *data) {
  struct base64 base64 = {.held_count = 0};
  size_t taken, made, size = data->length + 4;
  char *bytes = value_alloc(m, size);
  if (bytes == NULL) return true;
  if (base64_decode(&base64, *data, bytes, size, &taken, &made) != 0 || base64_finish(&base64) != 0)
    return false;
  *data = (struct text){bytes, made};
  return true;
}

static bool is_base64(struct text encoding) {
  static const char name[] = "base64";
  size_t i = 0;
  while (i < encoding.length && i < 6 && (encoding.data[i] | 0x20) == (name[i] | 0x20)) i++;
  return i == 6 && encoding.length == 6;
}

/* Size and digest of ED.5, decoded where ED.4 says so. */
static void measure(const struct obx *obx, ResultAttachment *attachment) {
  static const char digits[] = "0123456789abcdef";
  struct maker *m = &obx->m->maker;
  struct text data = text_at(obx, 5);
  unsigned char digest[SHA256_DIGEST_LENGTH];
  if (data.length == 0) return;
  if (is_base64(text_at(obx, 4)) && !decode(m, &data))
    hl7_refuse(obx->m, HUB_INVALID, obx->segment, HL7_FIELD(5, obx->repetition, 5), "not base64");
  char *text = value_alloc(m, sizeof(digest) * 2 + 1);
  if (text == NULL) return;
  SHA256((const unsigned char *)data.data, data.length, digest);
  for (size_t i = 0; i < sizeof(digest) * 2; i++)
    text[i] = digits[i % 2 == 0 ? digest[i / 2] >> 4 : digest[i / 2] & 15];
  attachment->sha256 = text;
  attachment->size_bytes = (int64_t)data.length;
}

/* ED is source, type, subtype, encoding, data; RP is pointer, application, type, subtype. */
static void read_attachment(const struct obx *obx, bool is_data, ResultValue *value) {
  ResultAttachment *attachment = value_alloc(&obx->m->maker, sizeof(*attachment));
  if (attachment == NULL) return;
  ioc__health__v1__result_attachment__init(attachment);
  attachment->type = component(obx, is_data ? 2 : 3);
  attachment->subtype = component(obx, is_data ? 3 : 4);
  if (is_data) measure(obx, attachment);
  value->attachment = attachment;
}

/* ---- OBX-5 ---- */

static void read_value(const struct obx *obx, int kind, bool is_data, ResultValue *value) {
  ioc__health__v1__result_value__init(value);
  switch (kind) {
    case KIND(NUMBER): read_number(obx, value); return;
    case KIND(STRUCTURED_NUMBER): read_structured(obx, value); return;
    case KIND(CODE): read_code(obx, value); return;
    case KIND(TIME): read_time(obx, value); return;
    case KIND(ATTACHMENT): read_attachment(obx, is_data, value); return;
    default: value->text = free_text(obx, 0); return;
  }
}

static size_t count_values(const struct hl7_maker *m, struct text rest) {
  size_t count = 0;
  struct text piece;
  while (hl7v2_split(&rest, m->message->delimiters.repetition, &piece)) count++;
  return count;
}

static void read_all(struct hl7_maker *m, const struct hl7v2_segment *segment, int kind,
                     Ioc__Health__V1__LabResult *r) {
  struct text rest = hl7v2_field(m->message, segment, 5);
  bool is_data = r->value_type_code[0] == 'E';
  size_t count = count_values(m, rest);
  if (count > VALUES_MAX) hl7_refuse(m, HUB_TOO_LARGE, segment, HL7_FIELD(5), "too many repetitions");
  ResultValue *value = value_alloc(&m->maker, count * sizeof(*value));
  r->values = value_alloc(&m->maker, count * sizeof(*r->values));
  if (value == NULL || r->values == NULL) return;
  struct obx obx = {m, segment, 1, TEXT_NONE};
  for (; hl7v2_split(&rest, m->message->delimiters.repetition, &obx.raw); obx.repetition++, value++) {
    if (obx.raw.length == 0) continue;
    read_value(&obx, kind, is_data, value);
    r->values[r->n_values++] = value;
  }
}

void hl7_read_values(struct hl7_maker *m, const struct hl7v2_segment *obx, Ioc__Health__V1__LabResult *r) {
  int kind = hl7_enum(m, obx, HL7_FIELD(2, 1, 1), kinds, &r->value_type_code);
  if (obx == NULL || m->maker.error != 0) return;
  struct text raw = hl7v2_field(m->message, obx, 5);
  if (hl7v2_is_null(raw)) (void)hl7_text(m, obx, HL7_FIELD(5));
  if (kind == IS_HIDDEN || raw.length == 0 || hl7v2_is_null(raw)) return;
  if (kind == 0) kind = KIND(TEXT);
  r->value_kind = (Ioc__Health__V1__ValueKind)kind;
  read_all(m, obx, kind, r);
}
