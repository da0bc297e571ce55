/*
 * charset.c: from the character sets that senders still use to UTF-8.
 *
 * Most text of any set is ASCII, which all of them but UTF-16 share: such text is handed back as it came. The
 * surprising one is VNI, a font's encoding more than a set: a byte of a tone stands behind its letter and
 * means nothing elsewhere, and a letter's case is the letter's, whatever case the tone was typed in.
 */
#include "connectors/format/charset.h"

#include "connectors/format/charset_tables.h"

#include <errno.h>

/* ---- Names --------------------------------------------------------------------------------------------- */

static const struct charset_name {
  const char *name; /* letters and digits only, small */
  enum charset charset;
} charset_names[] = {
    {"ascii", CHARSET_ASCII},
    {"usascii", CHARSET_ASCII},
    {"ansix341968", CHARSET_ASCII},
    {"iso646us", CHARSET_ASCII},
    {"utf8", CHARSET_UTF_8},
    {"utf8bom", CHARSET_UTF_8},
    {"unicodeutf8", CHARSET_UTF_8},
    {"utf16", CHARSET_UTF_16},
    {"utf16le", CHARSET_UTF_16},
    {"unicodeutf16", CHARSET_UTF_16},
    {"iso88591", CHARSET_ISO_8859_1},
    {"88591", CHARSET_ISO_8859_1},
    {"latin1", CHARSET_ISO_8859_1},
    {"iso88592", CHARSET_ISO_8859_2},
    {"88592", CHARSET_ISO_8859_2},
    {"latin2", CHARSET_ISO_8859_2},
    {"iso88595", CHARSET_ISO_8859_5},
    {"88595", CHARSET_ISO_8859_5},
    {"iso88597", CHARSET_ISO_8859_7},
    {"88597", CHARSET_ISO_8859_7},
    {"iso885915", CHARSET_ISO_8859_15},
    {"885915", CHARSET_ISO_8859_15},
    {"latin9", CHARSET_ISO_8859_15},
    {"windows1252", CHARSET_WINDOWS_1252},
    {"cp1252", CHARSET_WINDOWS_1252},
    {"windows1258", CHARSET_WINDOWS_1258},
    {"cp1258", CHARSET_WINDOWS_1258},
    {"tcvn3", CHARSET_TCVN3},
    {"tcvn3abc", CHARSET_TCVN3},
    {"tcvn", CHARSET_TCVN3},
    {"tcvn5712", CHARSET_TCVN3},
    {"tcvn57121993", CHARSET_TCVN3},
    {"abc", CHARSET_TCVN3},
    {"vni", CHARSET_VNI},
    {"vniwin", CHARSET_VNI},
    {"vniwindows", CHARSET_VNI},
};

static bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static char small(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

/* Whether `name` is `wanted` but for case and for whatever stands between letters and digits. */
static bool is_named(struct text name, const char *wanted) {
  size_t at = 0;
  for (size_t i = 0; i < name.length; i++) {
    if (!is_name_char(name.data[i])) continue;
    if (wanted[at] == '\0' || small(name.data[i]) != wanted[at]) return false;
    at++;
  }
  return wanted[at] == '\0';
}

enum charset charset_by_name(struct text name) {
  for (size_t i = 0; i < sizeof(charset_names) / sizeof(charset_names[0]); i++)
    if (is_named(name, charset_names[i].name)) return charset_names[i].charset;
  return CHARSET_UNKNOWN;
}

/* Where the parameter that begins at p ends: at a semicolon that no quotes hold, or at the end. */
static const char *parameter_end(const char *p) {
  bool quoted = false;
  for (; *p != '\0' && (quoted || *p != ';'); p++) {
    if (quoted && *p == '\\' && p[1] != '\0') p++;
    else if (*p == '"') quoted = !quoted;
  }
  return p;
}

struct text charset_parameter(const char *content_type) {
  const char *p = content_type == NULL ? "" : parameter_end(content_type);
  while (*p == ';') {
    const char *start = p + 1, *end = parameter_end(start);
    struct text one = text_trim((struct text){start, (size_t)(end - start)});
    const char *equals = one.length == 0 ? NULL : memchr(one.data, '=', one.length);
    size_t name = equals == NULL ? 0 : (size_t)(equals - one.data);
    if (name != 0 && is_named(text_trim((struct text){one.data, name}), "charset")) {
      struct text value = text_trim((struct text){equals + 1, one.length - name - 1});
      if (value.length >= 2 && value.data[0] == '"' && value.data[value.length - 1] == '"')
        value.data++, value.length -= 2;
      return value.length == 0 ? TEXT_NONE : value;
    }
    p = end;
  }
  return TEXT_NONE;
}

/* ---- Bytes --------------------------------------------------------------------------------------------- */

static size_t put_code(char *out, uint32_t c) {
  if (c < 0x80) {
    out[0] = (char)c;
    return 1;
  }
  if (c < 0x800) {
    out[0] = (char)(0xC0 | c >> 6);
    out[1] = (char)(0x80 | (c & 0x3F));
    return 2;
  }
  size_t lead = c < 0x10000 ? 0 : 1;
  if (lead != 0) out[0] = (char)(0xF0 | c >> 18);
  out[lead] = (char)(lead != 0 ? 0x80 | (c >> 12 & 0x3F) : 0xE0 | c >> 12);
  out[lead + 1] = (char)(0x80 | (c >> 6 & 0x3F));
  out[lead + 2] = (char)(0x80 | (c & 0x3F));
  return lead + 3;
}

static size_t ascii_length(struct text text) {
  size_t i = 0;
  for (uint64_t eight; text.length - i >= sizeof(eight); i += sizeof(eight)) {
    memcpy(&eight, text.data + i, sizeof(eight));
    if ((eight & UINT64_C(0x8080808080808080)) != 0) break;
  }
  while (i < text.length && (unsigned char)text.data[i] < 0x80) i++;
  return i;
}

static int decode_ascii(struct text text, struct text *ret, size_t *reterr_offset) {
  *reterr_offset = ascii_length(text);
  if (*reterr_offset < text.length) return CHARSET_E_BYTES;
  *ret = text;
  return 0;
}

static int decode_utf_8(struct text text, struct text *ret, size_t *reterr_offset) {
  size_t mark = text.length >= 3 && memcmp(text.data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
  struct text rest = {text.data + mark, text.length - mark};
  size_t bad = text_find_bad_utf8(rest);
  *reterr_offset = bad + mark;
  if (bad != SIZE_MAX) return CHARSET_E_BYTES;
  *ret = rest;
  return 0;
}

/* Bytes of the characters of a set with a table (NULL: the code is the byte). Vietnamese sets and euro signs
 * take three, so that three times the rest is always enough. */
static int decode_single(const struct allocator *allocator, const uint16_t *table, struct text text,
                         struct text *ret, size_t *reterr_offset) {
  size_t at = ascii_length(text), length = at;
  *ret = text;
  if (at == text.length) return 0;
  char *out = allocate(allocator, at + 3 * (text.length - at));
  if (out == NULL) return -ENOMEM;
  memcpy(out, text.data, at);
  for (; at < text.length; at++) {
    unsigned char byte = (unsigned char)text.data[at];
    uint32_t code = byte < 0x80 || table == NULL ? byte : table[byte - 0x80];
    if (code == 0 && byte != 0) {
      *reterr_offset = at;
      return CHARSET_E_BYTES;
    }
    length += put_code(out + length, code);
  }
  *ret = (struct text){out, length};
  return 0;
}

static int decode_composed(const struct allocator *allocator, struct text text, struct text *ret,
                           size_t *reterr_offset) {
  struct text loose = TEXT_NONE;
  int r = decode_single(allocator, charset_windows_1258, text, &loose, reterr_offset);
  return r != 0 ? r : text_nfc(allocator, loose, ret);
}

/* ---- UTF-16 -------------------------------------------------------------------------------------------- */

struct units {
  const unsigned char *bytes;
  size_t length, at;
  bool big;
};

static unsigned next_unit(struct units *units) {
  const unsigned char *p = units->bytes + units->at;
  units->at += 2;
  return units->big ? (unsigned)p[0] << 8 | p[1] : (unsigned)p[1] << 8 | p[0];
}

/* The next character, or UINT32_MAX: half a pair. At least two bytes are left. */
static uint32_t next_code(struct units *units) {
  uint32_t high = next_unit(units);
  if (high < 0xD800 || high > 0xDFFF) return high;
  if (high > 0xDBFF || units->length - units->at < 2) return UINT32_MAX;
  uint32_t low = next_unit(units);
  if (low < 0xDC00 || low > 0xDFFF) return UINT32_MAX;
  return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

static int decode_utf_16(const struct allocator *allocator, struct text text, struct text *ret,
                         size_t *reterr_offset) {
  struct units units = {(const unsigned char *)text.data, text.length, 0, false};
  if (text.length >= 2 && memcmp(text.data, "\xFE\xFF", 2) == 0) units.big = true, units.at = 2;
  else if (text.length >= 2 && memcmp(text.data, "\xFF\xFE", 2) == 0) units.at = 2;
  char *out = allocate(allocator, text.length / 2 * 3 + 1);
  if (out == NULL) return -ENOMEM;
  size_t length = 0;
  while (units.at < units.length) {
    *reterr_offset = units.at;
    uint32_t code = units.length - units.at < 2 ? UINT32_MAX : next_code(&units);
    if (code == UINT32_MAX) return CHARSET_E_BYTES;
    length += put_code(out + length, code);
  }
  *ret = (struct text){out, length};
  return 0;
}

/* ---- VNI ----------------------------------------------------------------------------------------------- */

enum vni_shape { VNI_PLAIN, VNI_ROUND, VNI_BREVE, VNI_SHAPES }; /* a, â, ă; of o and u without breve */
enum vni_tone { VNI_LEVEL, VNI_ACUTE, VNI_GRAVE, VNI_HOOK, VNI_TILDE, VNI_DOT, VNI_TONES };

/* What the byte of a mark (small form) adds; shape 0 with tone 0: it is no mark. */
static const struct vni_mark {
  unsigned char shape, tone;
} vni_marks[32] = {
    [0x00] = {VNI_ROUND, VNI_GRAVE}, [0x01] = {VNI_ROUND, VNI_ACUTE}, [0x02] = {VNI_ROUND, VNI_LEVEL},
    [0x03] = {VNI_ROUND, VNI_TILDE}, [0x04] = {VNI_ROUND, VNI_DOT},   [0x05] = {VNI_ROUND, VNI_HOOK},
    [0x08] = {VNI_BREVE, VNI_GRAVE}, [0x09] = {VNI_BREVE, VNI_ACUTE}, [0x0A] = {VNI_BREVE, VNI_LEVEL},
    [0x0B] = {VNI_BREVE, VNI_DOT},   [0x0F] = {VNI_PLAIN, VNI_DOT},   [0x15] = {VNI_PLAIN, VNI_TILDE},
    [0x18] = {VNI_PLAIN, VNI_GRAVE}, [0x19] = {VNI_PLAIN, VNI_ACUTE}, [0x1A] = {VNI_BREVE, VNI_HOOK},
    [0x1B] = {VNI_PLAIN, VNI_HOOK},  [0x1C] = {VNI_BREVE, VNI_TILDE},
};

/* The letter under a mark. Of a VNI byte: the byte; what marks stand behind. */
static const struct vni_base {
  unsigned char byte;                   /* small form */
  uint16_t code[VNI_SHAPES][VNI_TONES]; /* 0: there is no such letter */
} vni_bases[] = {
    {'a',
     {{'a', 0xE1, 0xE0, 0x1EA3, 0xE3, 0x1EA1},
      {0xE2, 0x1EA5, 0x1EA7, 0x1EA9, 0x1EAB, 0x1EAD},
      {0x103, 0x1EAF, 0x1EB1, 0x1EB3, 0x1EB5, 0x1EB7}}},
    {'e', {{'e', 0xE9, 0xE8, 0x1EBB, 0x1EBD, 0x1EB9}, {0xEA, 0x1EBF, 0x1EC1, 0x1EC3, 0x1EC5, 0x1EC7}}},
    {'o', {{'o', 0xF3, 0xF2, 0x1ECF, 0xF5, 0x1ECD}, {0xF4, 0x1ED1, 0x1ED3, 0x1ED5, 0x1ED7, 0x1ED9}}},
    {'u', {{'u', 0xFA, 0xF9, 0x1EE7, 0x169, 0x1EE5}}},
    {'y', {{'y', 0xFD, 0x1EF3, 0x1EF7, 0x1EF9, 0x1EF5}}},
    {0xF4, {{0x1A1, 0x1EDB, 0x1EDD, 0x1EDF, 0x1EE1, 0x1EE3}}}, /* o with a horn */
    {0xF6, {{0x1B0, 0x1EE9, 0x1EEB, 0x1EED, 0x1EEF, 0x1EF1}}}, /* u with a horn */
};

/* Bytes that are a letter by themselves, small forms. */
static uint32_t vni_letter(unsigned char byte) {
  switch (byte) {
    case 0xE6: return 0x1EC9; /* the letters i with their tones, y with a dot, and d with a bar */
    case 0xEC: return 0xEC;
    case 0xED: return 0xED;
    case 0xF2: return 0x1ECB;
    case 0xF3: return 0x129;
    case 0xEE: return 0x1EF5;
    case 0xF1: return 0x111;
    case 0xF4: return 0x1A1;
    case 0xF6: return 0x1B0;
    default: return 0;
  }
}

static uint32_t capital(uint32_t code) {
  if (code < 0x100) return code - 0x20;
  if (code == 0x1B0) return 0x1AF;
  return code & ~UINT32_C(1);
}

/* The letter that base and the byte behind it make; 0: none, the byte is no mark of it. */
static uint32_t vni_marked(unsigned char base, unsigned char byte) {
  bool large = (base >= 'A' && base <= 'Z') || base == 0xD4 || base == 0xD6;
  const struct vni_mark *mark = &vni_marks[byte & 0x1F];
  if (byte < 0xC0 || (mark->shape == 0 && mark->tone == 0)) return 0;
  for (size_t i = 0; i < sizeof(vni_bases) / sizeof(vni_bases[0]); i++)
    if (vni_bases[i].byte == (large ? base | 0x20 : base)) {
      uint32_t code = vni_bases[i].code[mark->shape][mark->tone];
      return code != 0 && large ? capital(code) : code;
    }
  return 0;
}

static uint32_t vni_alone(unsigned char byte) {
  if (byte < 0x80 || byte == 0xA0) return byte;
  if (byte < 0xC0) return 0;
  uint32_t code = vni_letter(byte | 0x20);
  return code != 0 && byte < 0xE0 ? capital(code) : code;
}

static int decode_vni(const struct allocator *allocator, struct text text, struct text *ret,
                      size_t *reterr_offset) {
  *ret = text;
  if (ascii_length(text) == text.length) return 0;
  char *out = allocate(allocator, 3 * text.length);
  if (out == NULL) return -ENOMEM;
  size_t length = 0;
  for (size_t at = 0; at < text.length; at++) {
    unsigned char byte = (unsigned char)text.data[at];
    uint32_t code = at + 1 < text.length ? vni_marked(byte, (unsigned char)text.data[at + 1]) : 0;
    if (code != 0) at++;
    else code = vni_alone(byte);
    if (code == 0 && byte != 0) {
      *reterr_offset = at;
      return CHARSET_E_BYTES;
    }
    length += put_code(out + length, code);
  }
  *ret = (struct text){out, length};
  return 0;
}

/* ---- All of them --------------------------------------------------------------------------------------- */

int charset_decode(const struct allocator *allocator, enum charset charset, struct text text,
                   struct text *ret, size_t *reterr_offset) {
  switch (charset) {
    case CHARSET_UTF_8: return decode_utf_8(text, ret, reterr_offset);
    case CHARSET_UTF_16: return decode_utf_16(allocator, text, ret, reterr_offset);
    case CHARSET_ISO_8859_1: return decode_single(allocator, NULL, text, ret, reterr_offset);
    case CHARSET_ISO_8859_2: return decode_single(allocator, charset_iso_8859_2, text, ret, reterr_offset);
    case CHARSET_ISO_8859_5: return decode_single(allocator, charset_iso_8859_5, text, ret, reterr_offset);
    case CHARSET_ISO_8859_7: return decode_single(allocator, charset_iso_8859_7, text, ret, reterr_offset);
    case CHARSET_ISO_8859_15: return decode_single(allocator, charset_iso_8859_15, text, ret, reterr_offset);
    case CHARSET_WINDOWS_1252:
      return decode_single(allocator, charset_windows_1252, text, ret, reterr_offset);
    case CHARSET_WINDOWS_1258: return decode_composed(allocator, text, ret, reterr_offset);
    case CHARSET_TCVN3: return decode_single(allocator, charset_tcvn3, text, ret, reterr_offset);
    case CHARSET_VNI: return decode_vni(allocator, text, ret, reterr_offset);
    case CHARSET_UNKNOWN:
    case CHARSET_ASCII:
    default: return decode_ascii(text, ret, reterr_offset);
  }
}
