/*
 * base64.c: base64 by four tables, one for each place in a group, whose entries are or-ed to three bytes.
 *
 * Every entry of a character outside the alphabet has bit 24 set, so that one test a group finds it; such a
 * group is then read again character by character, where white space and padding have their meaning. The
 * tables are made at build time by macros: nothing is initialised, nothing is shared.
 */
#include "connectors/format/base64.h"

enum { BAD = 1 << 24 };

#define IS(c, low, high) ((c) >= (low) && (c) <= (high))
#define SIX(c)                                    \
  (IS(c, 'A', 'Z')   ? (uint32_t)((c) - 'A')      \
   : IS(c, 'a', 'z') ? (uint32_t)((c) - 'a' + 26) \
   : IS(c, '0', '9') ? (uint32_t)((c) - '0' + 52) \
   : (c) == '+'      ? 62u                        \
   : (c) == '/'      ? 63u                        \
                     : (uint32_t)BAD)

/* The six bits of place n in the three bytes as they lie in memory, lowest byte first. */
#define AT_0(v) ((v) << 2)
#define AT_1(v) ((v) >> 4 | ((v)&15) << 12)
#define AT_2(v) ((v) >> 2 << 8 | ((v)&3) << 22)
#define AT_3(v) ((v) << 16)
#define ENTRY(at, c) (SIX(c) == (uint32_t)BAD ? (uint32_t)BAD : at(SIX(c)))
#define ROW_4(at, c) ENTRY(at, c), ENTRY(at, (c) + 1), ENTRY(at, (c) + 2), ENTRY(at, (c) + 3)
#define ROW_16(at, c) ROW_4(at, c), ROW_4(at, (c) + 4), ROW_4(at, (c) + 8), ROW_4(at, (c) + 12)
#define ROW_64(at, c) ROW_16(at, c), ROW_16(at, (c) + 16), ROW_16(at, (c) + 32), ROW_16(at, (c) + 48)
#define ROWS(at) ROW_64(at, 0), ROW_64(at, 64), ROW_64(at, 128), ROW_64(at, 192)

static const uint32_t table[4][256] = {{ROWS(AT_0)}, {ROWS(AT_1)}, {ROWS(AT_2)}, {ROWS(AT_3)}};

static uint32_t group(const unsigned char *s) {
  return table[0][s[0]] | table[1][s[1]] | table[2][s[2]] | table[3][s[3]];
}

static bool is_space(unsigned char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

static void put(unsigned char *out, uint32_t three, size_t count) {
  for (size_t i = 0; i < count; i++) out[i] = (unsigned char)(three >> (8 * i));
}

/* One character that is no white space. Returns the bytes that it completed, or -1. */
static int take_one(struct base64 *b, unsigned char c, unsigned char *out) {
  if (c != '=' && (b->closed || table[0][c] == (uint32_t)BAD)) return -1;
  if (c == '=' && (b->held_count < 2 || (b->closed && b->held_count != 3))) return -1;
  if (c == '=') b->closed = true;
  b->held[b->held_count++] = c;
  if (b->held_count < 4) return 0;
  b->held_count = 0;
  unsigned padding = (b->held[2] == '=') + (b->held[3] == '=');
  unsigned char whole[4];
  for (unsigned i = 0; i < 4; i++) whole[i] = b->held[i] == '=' ? 'A' : b->held[i];
  put(out, group(whole), 3 - padding);
  return 3 - (int)padding;
}

/* Whole groups at s, as many as there are without a character that needs thought. Returns the groups. */
static size_t decode_groups(const unsigned char *s, size_t groups, unsigned char *out) {
  size_t i = 0;
  for (; i < groups; i++) {
    uint32_t three = group(s + 4 * i);
    if (three & BAD) break;
    put(out + 3 * i, three, 3);
  }
  return i;
}

int base64_decode(struct base64 *b, struct text in, void *out, size_t size, size_t *ret_taken,
                  size_t *ret_made) {
  const unsigned char *s = (const unsigned char *)in.data;
  unsigned char *o = out;
  size_t taken = 0, made = 0;
  int result = 0;
  while (taken < in.length && size - made >= 3) {
    if (b->held_count == 0 && !b->closed) {
      size_t groups = (in.length - taken) / 4, room = (size - made) / 3;
      groups = decode_groups(s + taken, groups < room ? groups : room, o + made);
      taken += 4 * groups, made += 3 * groups;
      if (taken == in.length || size - made < 3) break;
    }
    if (!is_space(s[taken])) {
      int n = take_one(b, s[taken], o + made);
      if (n < 0) {
        result = BASE64_E_INVALID;
        break;
      }
      made += (size_t)n;
    }
    taken++;
  }
  *ret_taken = taken;
  *ret_made = made;
  return result;
}

int base64_finish(const struct base64 *b) { return b->held_count == 0 ? 0 : BASE64_E_INVALID; }
