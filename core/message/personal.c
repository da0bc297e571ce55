/*
 * Personal data made safe. Each kind is first brought to one form, so that the same person written in two
 * ways gives one pseudonym, and then hashed together with the kind's name, so that a telephone number and an
 * account of the same digits do not meet. A name is a name, whether of a citizen or of an official. What has
 * nothing left after normalising ("---", "không có" as a number) says nothing and becomes empty.
 */
#include "core/message/personal.h"

#include <unictype.h>
#include <unistr.h>

#include "core/message/communes.h"
#include "core/message/hmac.h"
#include "core/message/mask.h"

enum { PSEUDONYM_LETTERS = 26, PREFIX_MAX = 16 };

static const char *label_of(enum hub_personal_kind kind) {
  switch (kind) {
    case HUB_CITIZEN_ID: return "citizen-id\n";
    case HUB_INSURANCE_CARD: return "insurance-card\n";
    case HUB_PHONE: return "phone\n";
    case HUB_EMAIL: return "email\n";
    case HUB_PLATE: return "plate\n";
    case HUB_PERSON_NAME:
    case HUB_OFFICIAL_NAME: return "name\n";
    default: return "account\n";
  }
}

/* Letters and digits of folded text, in place of the folded copy. */
static int letters_and_digits(struct arena *arena, struct text folded, struct text *ret_text) {
  char *kept = arena_alloc(arena, folded.length + 1);
  if (kept == NULL) return -ENOMEM;
  size_t length = 0;
  const uint8_t *next = (const uint8_t *)folded.data, *end = next + folded.length;
  while (next < end) {
    ucs4_t code;
    int bytes = *next < 0x80 ? 1 : u8_mbtoucr(&code, next, (size_t)(end - next));
    if (bytes < 1) return -EILSEQ;
    bool keep =
        *next < 0x80 ? (*next >= '0' && *next <= '9') || (*next >= 'A' && *next <= 'Z') : uc_is_alnum(code);
    if (keep) {
      memcpy(kept + length, next, (size_t)bytes);
      length += (size_t)bytes;
    }
    next += bytes;
  }
  *ret_text = (struct text){kept, length};
  return 0;
}

/* Vietnamese numbers from 0: +84 912…, 0084912…, 84912…, 912… are all 0912…. */
static int phone_digits(struct arena *arena, struct text text, struct text *ret_text) {
  char *digits = arena_alloc(arena, text.length + 2);
  if (digits == NULL) return -ENOMEM;
  size_t length = 1; /* room for the 0 in front */
  for (size_t i = 0; i < text.length; i++) {
    if (text.data[i] >= '0' && text.data[i] <= '9') digits[length++] = text.data[i];
  }
  struct text number = {digits + 1, length - 1};
  bool international = text_trim(text).length != 0 && text_trim(text).data[0] == '+';
  if (number.length > 4 && memcmp(number.data, "0084", 4) == 0) {
    number = (struct text){number.data + 2, number.length - 2};
    international = true;
  }
  if (number.length > 2 && memcmp(number.data, "84", 2) == 0 && (international || number.length >= 11)) {
    number = (struct text){number.data + 2, number.length - 2};
    international = false;
  }
  if (number.length != 0 && number.data[0] != '0' && !international) {
    char *front = (char *)number.data - 1;
    *front = '0';
    number = (struct text){front, number.length + 1};
  }
  *ret_text = number;
  return 0;
}

static int normalise(struct arena *arena, enum hub_personal_kind kind, struct text text,
                     struct text *ret_text) {
  struct allocator allocator = arena_allocator(arena);
  if (kind == HUB_PHONE) return phone_digits(arena, text, ret_text);
  struct text folded;
  int r = text_fold(&allocator, text, &folded);
  if (r < 0) return r;
  if (kind == HUB_CITIZEN_ID || kind == HUB_INSURANCE_CARD || kind == HUB_PLATE) {
    return letters_and_digits(arena, folded, ret_text);
  }
  *ret_text = folded;
  return 0;
}

static void write_base32(const uint8_t *bytes, char *out, size_t letters) {
  static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
  uint32_t bits = 0;
  unsigned have = 0;
  for (size_t i = 0; i < letters; i++) {
    if (have < 5) {
      bits = bits << 8 | *bytes++;
      have += 8;
    }
    have -= 5;
    out[i] = alphabet[bits >> have & 31];
  }
}

static int pseudonym(const struct personal *personal, struct arena *arena, enum hub_personal_kind kind,
                     struct text text, struct text *ret_text) {
  struct text normal;
  int r = normalise(arena, kind, text, &normal);
  if (r < 0) return r;
  *ret_text = TEXT("");
  if (normal.length == 0) return 0;
  uint8_t mac[32];
  const struct text parts[] = {text_of(label_of(kind)), normal};
  hmac_sha256(&personal->key, parts, LENGTH_OF(parts), mac);
  char *out = arena_alloc(arena, PREFIX_MAX + PSEUDONYM_LETTERS);
  if (out == NULL) return -ENOMEM;
  char number[PREFIX_MAX];
  size_t at = sizeof number;
  number[--at] = '.';
  unsigned rest = personal->key_number;
  do number[--at] = (char)('0' + rest % 10);
  while ((rest /= 10) != 0);
  number[--at] = 'p';
  size_t prefix = sizeof number - at;
  memcpy(out, number + at, prefix);
  write_base32(mac, out + prefix, PSEUDONYM_LETTERS);
  *ret_text = (struct text){out, prefix + PSEUDONYM_LETTERS};
  return 0;
}

static int commune(const struct personal *personal, struct arena *arena, struct text text,
                   struct text *ret_text) {
  struct allocator allocator = arena_allocator(arena);
  const char *code = NULL;
  cleanup(communes_freep) struct communes *own = NULL;
  const struct communes *communes = personal->communes;
  int r = 0;
  if (communes == NULL) r = communes_new(personal->tables, &own);
  if (communes == NULL) communes = own;
  if (r == 0) r = communes_find(communes, &allocator, text, &code);
  if (r < 0) return r;
  char *copy = code == NULL ? "" : arena_text(arena, text_of(code));
  if (copy == NULL) return -ENOMEM;
  *ret_text = text_of(copy);
  return 0;
}

static int keep(struct arena *arena, struct text text, struct text *ret_text) {
  char *copy = arena_text(arena, text);
  if (copy == NULL) return -ENOMEM;
  *ret_text = (struct text){copy, text.length};
  return 0;
}

int personal_text(const struct personal *personal, struct arena *arena, enum hub_personal_kind kind,
                  struct text text, struct text *ret_text) {
  *ret_text = TEXT("");
  if (text.length == 0) return 0;
  if (text_find_bad_utf8(text) != SIZE_MAX) return -EILSEQ;
  if ((unsigned)kind >= LENGTH_OF(personal->modes)) return 0;
  if (personal->modes[kind] == CONFIG_PRIVACY_DROP) return 0;
  if (personal->modes[kind] == CONFIG_PRIVACY_CLEAR) return keep(arena, text, ret_text);
  switch (kind) {
    case HUB_BIRTH_DATE: return mask_birth_date(arena, text, ret_text);
    case HUB_ADDRESS: return commune(personal, arena, text, ret_text);
    case HUB_FREE_TEXT: return mask_free_text(arena, text, ret_text);
    default: return pseudonym(personal, arena, kind, text, ret_text);
  }
}
