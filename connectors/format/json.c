/*
 * json.c: one pass over the text that checks everything and builds the tree as it goes.
 *
 * Every byte is looked at: a value is accepted only where the grammar lets it stand, so there is no second
 * opinion to differ from. Strings are scanned sixteen bytes at a time for a quote, a backslash or a control
 * character; the zero bytes behind the input count as control characters and end every loop. Nesting is a
 * stack of our own.
 *
 * Why not simdjson: on demand it leaves number texts, duplicates, surrogates in names and places to the
 * caller, and visiting every value of a 1.4 KB dossier costs 1.5 us before any of that; this costs 1.1 us
 * with all of it. Its DOM (0.7 us) rounds numbers and gives no places.
 */
#include "connectors/format/json.h"

#include <errno.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define CHUNK_NODES_MAX 4096
#define SMALL_OBJECT 8
#define TABLE_MEMBERS 64
#define TABLE_SLOTS 128

struct reader {
  const struct allocator *allocator;
  const char *data, *at, *end;
  struct json *free; /* nodes that are allocated and not used */
  size_t free_count, chunk_nodes, nodes;
  struct json_error error;
};

struct frame { /* an object or array that is open */
  struct json *node, *last;
};

static int fail(struct reader *r, const char *at, int code, const char *reason) {
  bool ended = at >= r->end && code == JSON_E_MALFORMED;
  if (at > r->end) at = r->end;
  r->error = (struct json_error){(size_t)(at - r->data), ended ? "the text ends too early" : reason};
  return code;
}

static struct json *new_node(struct reader *r) {
  if (r->free_count == 0) {
    r->free = allocate(r->allocator, r->chunk_nodes * sizeof(struct json));
    if (r->free == NULL) return NULL;
    r->free_count = r->chunk_nodes;
    if (r->chunk_nodes < CHUNK_NODES_MAX) r->chunk_nodes *= 2;
  }
  r->free_count--;
  r->nodes++;
  return r->free++;
}

static inline void skip_space(struct reader *r) {
  const char *p = r->at;
  if ((unsigned char)*p > ' ') return;
  while (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t') p++;
  r->at = p;
}

/* Bits of the 16 bytes at p that end a plain run; *ret_high: bits of those that are not ASCII. */
static inline unsigned scan16(const char *p, unsigned *ret_high) {
#ifdef __SSE2__
  __m128i v = _mm_loadu_si128((const __m128i *)p);
  __m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
  __m128i backslash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
  __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1F)), v);
  *ret_high = (unsigned)_mm_movemask_epi8(v);
  return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, backslash), control));
#else
  unsigned special = 0, high = 0;
  for (unsigned i = 0; i < 16; i++) {
    unsigned char c = (unsigned char)p[i];
    special |= (unsigned)(c == '"' || c == '\\' || c < 0x20) << i;
    high |= (unsigned)(c >> 7) << i;
  }
  *ret_high = high;
  return special;
#endif
}

/* The end of the plain run at p; whether it holds more than ASCII is added to *high. */
static inline const char *skip_plain(const char *p, unsigned *high) {
  unsigned here, special;
  while ((special = scan16(p, &here)) == 0) {
    *high |= here;
    p += 16;
  }
  unsigned n = (unsigned)__builtin_ctz(special);
  *high |= here & ((1U << n) - 1);
  return p + n;
}

static int hex4(const char *p) {
  int value = 0;
  for (int i = 0; i < 4; i++) {
    char c = p[i];
    if (c >= '0' && c <= '9') value = value * 16 + (c - '0');
    else if (c >= 'a' && c <= 'f') value = value * 16 + (c - 'a' + 10);
    else if (c >= 'A' && c <= 'F') value = value * 16 + (c - 'A' + 10);
    else return -1;
  }
  return value;
}

static char *put_utf8(char *out, unsigned c) {
  if (c < 0x80) {
    *out++ = (char)c;
    return out;
  }
  if (c < 0x800) {
    *out++ = (char)(0xC0 | c >> 6);
  } else {
    if (c < 0x10000) {
      *out++ = (char)(0xE0 | c >> 12);
    } else {
      *out++ = (char)(0xF0 | c >> 18);
      *out++ = (char)(0x80 | (c >> 12 & 0x3F));
    }
    *out++ = (char)(0x80 | (c >> 6 & 0x3F));
  }
  *out++ = (char)(0x80 | (c & 0x3F));
  return out;
}

/* Decodes what follows "\u" at *p, with its second half where it is one of two. */
static int read_unicode_escape(struct reader *r, const char **p, char **out) {
  int c = hex4(*p);
  if (c < 0) return fail(r, *p, JSON_E_MALFORMED, "four hexadecimal digits must follow \\u");
  const char *next = *p + 4;
  if (c >= 0xD800 && c <= 0xDFFF) {
    int low = c <= 0xDBFF && next[0] == '\\' && next[1] == 'u' ? hex4(next + 2) : -1;
    if (low < 0xDC00 || low > 0xDFFF) return fail(r, *p - 2, JSON_E_SURROGATE, "half a surrogate pair");
    c = 0x10000 + (c - 0xD800) * 0x400 + (low - 0xDC00);
    next += 6;
  }
  *out = put_utf8(*out, (unsigned)c);
  *p = next;
  return 0;
}

static int read_escape(struct reader *r, const char **p, char **out) {
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
  char c = (*p)[1];
  *p += 2;
  if (c == 'u') return read_unicode_escape(r, p, out);
  const char *found = c == 0 ? NULL : strchr(from, c);
  if (found == NULL) return fail(r, *p - 1, JSON_E_MALFORMED, "no such escape");
  *(*out)++ = to[found - from];
  return 0;
}

/* The closing quote of the string that starts at p, or the first byte that cannot stand in a string. */
static const char *find_quote(const char *p, const char *end, unsigned *high) {
  for (;;) {
    p = skip_plain(p, high);
    if (*p != '\\' || end - p < 2) return p;
    p += 2;
    if ((unsigned char)p[-1] >= 0x80) *high = 1;
  }
}

static int check_utf8(struct reader *r, const char *start, const char *end) {
  size_t bad = text_find_bad_utf8((struct text){start, (size_t)(end - start)});
  if (bad == SIZE_MAX) return 0;
  return fail(r, start + bad, JSON_E_MALFORMED, "invalid UTF-8");
}

/* A string with escapes, decoded into memory of its own. Decoding never makes it longer. */
static int read_escaped(struct reader *r, const char *start, const char *end, const char **ret,
                        uint32_t *ret_length) {
  char *made = allocate(r->allocator, (size_t)(end - start) + sizeof(uint64_t)), *out = made;
  if (made == NULL) return -ENOMEM;
  for (const char *p = start; p < end;) {
    const char *run = memchr(p, '\\', (size_t)(end - p));
    if (run == NULL) run = end;
    memcpy(out, p, (size_t)(run - p));
    out += run - p;
    p = run;
    if (p == end) break;
    int e = read_escape(r, &p, &out);
    if (e != 0) return e;
  }
  *ret = made;
  *ret_length = (uint32_t)(out - made);
  return 0;
}

/* The string whose opening quote is at r->at. */
static inline int read_string(struct reader *r, const char **ret, uint32_t *ret_length) {
  const char *start = r->at + 1;
  unsigned high = 0;
  const char *end = skip_plain(start, &high);
  bool escaped = *end == '\\';
  if (escaped) end = find_quote(end, r->end, &high);
  if (*end != '"') {
    int e = high != 0 ? check_utf8(r, start, end < r->end ? end : r->end) : 0;
    if (e != 0) return e;
    return fail(r, *end == '\\' ? r->end : end, JSON_E_MALFORMED, "a control character in a string");
  }
  if (high != 0 && check_utf8(r, start, end) != 0) return JSON_E_MALFORMED;
  r->at = end + 1;
  if (escaped) return read_escaped(r, start, end, ret, ret_length);
  *ret = start;
  *ret_length = (uint32_t)(end - start);
  return 0;
}

static inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

static inline const char *skip_digits(const char *p) {
  while (is_digit(*p)) p++;
  return p;
}

static int read_number(struct reader *r, struct json *value) {
  const char *p = r->at + (*r->at == '-');
  if (!is_digit(*p)) return fail(r, p, JSON_E_MALFORMED, "a digit must follow");
  p = *p == '0' ? p + 1 : skip_digits(p);
  if (*p == '.') {
    if (!is_digit(p[1])) return fail(r, p + 1, JSON_E_MALFORMED, "a digit must follow the decimal point");
    p = skip_digits(p + 1);
  }
  if (*p == 'e' || *p == 'E') {
    p += p[1] == '+' || p[1] == '-' ? 2 : 1;
    if (!is_digit(*p)) return fail(r, p, JSON_E_MALFORMED, "a digit must follow the exponent sign");
    p = skip_digits(p);
  }
  value->type = JSON_NUMBER;
  value->chars = r->at;
  value->length = (uint32_t)(p - r->at);
  r->at = p;
  return 0;
}

static int read_word(struct reader *r, struct json *value, const char *word, size_t length,
                     enum json_type type) {
  if (memcmp(r->at, word, length) != 0) {
    const char *p = r->at;
    while (*p == *word) p++, word++;
    return fail(r, p, JSON_E_MALFORMED, "true, false or null is misspelt");
  }
  value->type = type;
  r->at += length;
  return 0;
}

/* A scalar is read whole, of an array or object the opening bracket only. */
static inline int read_value(struct reader *r, struct json *value) {
  int e = 0;
  value->start = (uint32_t)(r->at - r->data);
  switch (*r->at) {
    case '"':
      value->type = JSON_STRING;
      e = read_string(r, &value->chars, &value->length);
      break;
    case '{':
    case '[':
      value->type = *r->at == '{' ? JSON_OBJECT : JSON_ARRAY;
      r->at++;
      return 0;
    case '-':
    case '0' ... '9': e = read_number(r, value); break;
    case 't': e = read_word(r, value, "true", 4, JSON_TRUE); break;
    case 'f': e = read_word(r, value, "false", 5, JSON_FALSE); break;
    case 'n': e = read_word(r, value, "null", 4, JSON_NULL); break;
    default: e = fail(r, r->at, JSON_E_MALFORMED, "a value must stand here");
  }
  value->end = (uint32_t)(r->at - r->data);
  return e;
}

/* Appends an empty node to the open container and reads its name; r->at is then at its value. */
static inline int next_child(struct reader *r, struct frame *parent, struct json **ret) {
  if (r->nodes == JSON_NODES_MAX) return fail(r, r->at, JSON_E_TOO_LARGE, "too many values");
  struct json *child = new_node(r);
  if (child == NULL) return -ENOMEM;
  if (parent->last == NULL) parent->node->first = child;
  else parent->last->next = child;
  parent->last = child;
  parent->node->length++;
  *ret = child;
  skip_space(r);
  if (parent->node->type == JSON_ARRAY) return 0;
  if (*r->at != '"') return fail(r, r->at, JSON_E_MALFORMED, "a name in quotes must stand here");
  int e = read_string(r, &child->key, &child->key_length);
  if (e != 0) return e;
  skip_space(r);
  if (*r->at != ':') return fail(r, r->at, JSON_E_MALFORMED, "a colon must follow the name");
  r->at++;
  skip_space(r);
  return 0;
}

static bool same_key(const struct json *a, const struct json *b) {
  return a->key_length == b->key_length && memcmp(a->key, b->key, a->key_length) == 0;
}

static const struct json *find_twin_pairwise(const struct json *object) {
  for (const struct json *a = object->first->next; a != NULL; a = a->next)
    for (const struct json *b = object->first; b != a; b = b->next)
      if (same_key(a, b)) return a;
  return NULL;
}

/* Eight bytes are readable from every key on: it stands before its quote and the padding, or in a longer
 * block. */
static inline unsigned key_slot(const struct json *member) {
  uint64_t head, tail = 0;
  memcpy(&head, member->key, sizeof(head));
  if (member->key_length >= 8) memcpy(&tail, member->key + member->key_length - 8, sizeof(tail));
  else head &= (UINT64_C(1) << 8 * member->key_length) - 1;
  uint64_t mixed = (head ^ (tail << 29 | tail >> 35)) * UINT64_C(0x9E3779B97F4A7C15);
  mixed = (mixed + member->key_length) * UINT64_C(0xD6E8FEB86659FD93);
  return (unsigned)(mixed >> 57);
}

/* For up to TABLE_MEMBERS members: whoever makes all of them collide still costs at most that many
 * comparisons. */
static const struct json *find_twin_hashed(const struct json *object) {
  const struct json *members[TABLE_MEMBERS];
  uint8_t slots[TABLE_SLOTS] = {0};
  uint8_t count = 0;
  for (const struct json *m = object->first; m != NULL; m = m->next) {
    unsigned slot = key_slot(m);
    for (; slots[slot] != 0; slot = (slot + 1) % TABLE_SLOTS)
      if (same_key(members[slots[slot] - 1], m)) return m;
    members[count] = m;
    slots[slot] = ++count;
  }
  return NULL;
}

static int compare_keys(const struct json *a, const struct json *b) {
  if (a->key_length != b->key_length) return a->key_length < b->key_length ? -1 : 1;
  return memcmp(a->key, b->key, a->key_length);
}

static void sift_down(const struct json **heap, size_t at, size_t count) {
  for (size_t child; (child = 2 * at + 1) < count; at = child) {
    if (child + 1 < count && compare_keys(heap[child], heap[child + 1]) < 0) child++;
    if (compare_keys(heap[at], heap[child]) >= 0) return;
    const struct json *swap = heap[at];
    heap[at] = heap[child];
    heap[child] = swap;
  }
}

/* Sorts by heap, whose worst case nobody can provoke into a square. */
static int find_twin_sorted(struct reader *r, const struct json *object, const struct json **ret) {
  size_t count = 0;
  const struct json **heap = allocate(r->allocator, object->length * sizeof(const struct json *));
  if (heap == NULL) return -ENOMEM;
  for (const struct json *m = object->first; m != NULL; m = m->next) heap[count++] = m;
  for (size_t i = count / 2; i-- != 0;) sift_down(heap, i, count);
  const struct json *largest = NULL;
  for (*ret = NULL; count != 0; count--) {
    if (largest != NULL && same_key(largest, heap[0])) {
      *ret = largest->start > heap[0]->start ? largest : heap[0];
      return 0;
    }
    largest = heap[0];
    heap[0] = heap[count - 1];
    sift_down(heap, 0, count - 1);
  }
  return 0;
}

static int close_container(struct reader *r, struct json *node) {
  const struct json *twin = NULL;
  r->at++;
  node->end = (uint32_t)(r->at - r->data);
  if (node->type == JSON_ARRAY || node->length < 2) return 0;
  if (node->length <= SMALL_OBJECT) {
    twin = find_twin_pairwise(node);
  } else if (node->length <= TABLE_MEMBERS) {
    twin = find_twin_hashed(node);
  } else {
    int e = find_twin_sorted(r, node, &twin);
    if (e < 0) return e;
  }
  if (twin == NULL) return 0;
  return fail(r, r->data + twin->start, JSON_E_DUPLICATE,
              "a second value of a name that the object already has");
}

/* Whatever follows a value: a comma and the next child, which becomes *value, or closing brackets. */
static int follow(struct reader *r, struct frame *stack, unsigned *depth, struct json **value) {
  while (*depth != 0) {
    struct frame *top = &stack[*depth - 1];
    bool array = top->node->type == JSON_ARRAY;
    skip_space(r);
    if (*r->at == ',') {
      r->at++;
      return next_child(r, top, value);
    }
    if (*r->at != (array ? ']' : '}'))
      return fail(r, r->at, JSON_E_MALFORMED,
                  array ? "a comma or ] must stand here" : "a comma or } must stand here");
    int e = close_container(r, top->node);
    if (e != 0) return e;
    (*depth)--;
  }
  return 0;
}

static int read_tree(struct reader *r, struct json *value) {
  struct frame stack[JSON_DEPTH_MAX];
  unsigned depth = 0;
  do {
    int e = read_value(r, value);
    if (e != 0) return e;
    if (value->type >= JSON_ARRAY) {
      if (depth == JSON_DEPTH_MAX) return fail(r, r->at - 1, JSON_E_TOO_LARGE, "nested too deeply");
      stack[depth++] = (struct frame){value, NULL};
      skip_space(r);
      if (*r->at != (value->type == JSON_ARRAY ? ']' : '}')) {
        e = next_child(r, &stack[depth - 1], &value);
        if (e != 0) return e;
        continue;
      }
    }
    e = follow(r, stack, &depth, &value);
    if (e != 0) return e;
  } while (depth != 0);
  return 0;
}

int json_read(const struct allocator *allocator, const char *data, size_t length,
              const struct json **ret_root, struct json_error *ret_error) {
  struct reader r = {.allocator = allocator, .data = data, .at = data, .end = data + length};
  int e;
  if (length >= UINT32_MAX) {
    *ret_error = (struct json_error){0, "too long"};
    return JSON_E_TOO_LARGE;
  }
  r.chunk_nodes = length / 24 + 8;
  if (r.chunk_nodes > CHUNK_NODES_MAX) r.chunk_nodes = CHUNK_NODES_MAX;
  struct json *root = new_node(&r);
  if (root == NULL) return -ENOMEM;
  if (length >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0) r.at += 3;
  skip_space(&r);
  e = read_tree(&r, root);
  if (e == 0) {
    skip_space(&r);
    if (r.at != r.end) e = fail(&r, r.at, JSON_E_MALFORMED, "nothing may follow the value");
  }
  if (e == 0) *ret_root = root;
  if (e > 0) *ret_error = r.error;
  return e;
}
