/*
 * Finding the commune in an address. Names are looked up in a hash table, so that an address costs a bounded
 * number of lookups (its words times the words of the longest name), whatever the table holds.
 *
 * Addresses are full of names that are also communes' names: streets, provinces, former districts. So a name
 * counts for more when its kind ("xã", "phường") stands before it, for nothing as the name of a street, a
 * district or a province, and of equals the longest wins; two different winners are no answer.
 */
#include "core/message/communes.h"

#include "core/arena.h"

enum { WORDS_MAX = 64, NAME_WORDS_MAX = 8, ADDRESS_MAX = 2048 };

struct entry {
  struct text name; /* folded, words with single blanks */
  const char *code; /* "": several communes have this name */
};

struct communes {
  struct arena *arena;
  struct entry *entries; /* open addressing */
  size_t mask, used;
  const struct config_table *table;
};

struct words {
  size_t count;
  struct text list[WORDS_MAX];
  bool ends_part[WORDS_MAX]; /* a comma or the like stands behind it */
};

/* Words of kinds as people write them, folded. `kind` words before a name are part of what is written, not of
 * what is searched; those that are not of a commune forbid the match. */
static const struct {
  const char *written;
  bool commune;
} kinds[] = {
    {"XÃ", true},   {"X", true},     {"PHƯỜNG", true}, {"P", true},   {"TRẤN", true},
    {"TT", true},   {"KHU", true},   {"ĐƯỜNG", false}, {"Đ", false},  {"PHỐ", false},
    {"NGÕ", false}, {"HẺM", false},  {"HUYỆN", false}, {"H", false},  {"QUẬN", false},
    {"Q", false},   {"TỈNH", false}, {"T", false},     {"TP", false}, {"THÔN", false},
    {"BẢN", false}, {"ẤP", false},   {"XÓM", false},   {"TỔ", false}, {"XÃ/PHƯỜNG", true},
};

static uint64_t hash_of(struct text text) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (size_t i = 0; i < text.length; i++)
    hash = (hash ^ (unsigned char)text.data[i]) * UINT64_C(0x100000001b3);
  return hash ^ hash >> 29;
}

static struct entry *entry_at(const struct communes *communes, struct text name) {
  size_t at = hash_of(name) & communes->mask;
  while (communes->entries[at].code != NULL && !text_equal(communes->entries[at].name, name)) {
    at = (at + 1) & communes->mask;
  }
  return &communes->entries[at];
}

static bool separator(char c) { return c == ',' || c == ';' || c == '(' || c == ')' || c == '\n'; }

/* Words of folded text; dots end a word ("P.BẾN NGHÉ") as blanks do. */
static void split(struct text folded, struct words *ret_words) {
  ret_words->count = 0;
  size_t i = 0;
  while (i < folded.length && ret_words->count < WORDS_MAX) {
    size_t start = i;
    while (i < folded.length && folded.data[i] != ' ' && folded.data[i] != '.' && !separator(folded.data[i]))
      i++;
    if (i > start) {
      ret_words->list[ret_words->count] = (struct text){folded.data + start, i - start};
      ret_words->ends_part[ret_words->count++] = false;
    }
    for (; i < folded.length && (folded.data[i] == ' ' || folded.data[i] == '.' || separator(folded.data[i]));
         i++) {
      if (separator(folded.data[i]) && ret_words->count != 0)
        ret_words->ends_part[ret_words->count - 1] = true;
    }
  }
}

/* -1: not a kind; 0: of something else; 1: of a commune. */
static int kind_of(struct text word) {
  for (size_t i = 0; i < LENGTH_OF(kinds); i++) {
    if (text_is(word, kinds[i].written)) return kinds[i].commune;
  }
  return -1;
}

static struct text join(const struct words *words, size_t first, size_t count, char *buffer, size_t size) {
  size_t used = 0;
  for (size_t i = first; i < first + count; i++) {
    if (used + words->list[i].length + 1 > size) return TEXT_NONE;
    if (i != first) buffer[used++] = ' ';
    memcpy(buffer + used, words->list[i].data, words->list[i].length);
    used += words->list[i].length;
  }
  return (struct text){buffer, used};
}

/* Number of words in front that only say the kind: "THỊ TRẤN", "ĐẶC KHU", "XÃ". */
static size_t kind_words(const struct words *words) {
  if (words->count > 2 && (text_is(words->list[0], "THỊ") || text_is(words->list[0], "ĐẶC")) &&
      kind_of(words->list[1]) == 1) {
    return 2;
  }
  return words->count > 1 && kind_of(words->list[0]) == 1 ? 1 : 0;
}

static int add_name(struct communes *communes, struct text name, const char *code) {
  if (name.length == 0 || communes->used * 2 > communes->mask) return 0;
  struct entry *entry = entry_at(communes, name);
  if (entry->code != NULL) {
    if (strcmp(entry->code, code) != 0) entry->code = "";
    return 0;
  }
  char *copy = arena_text(communes->arena, name);
  if (copy == NULL) return -ENOMEM;
  *entry = (struct entry){{copy, name.length}, code};
  communes->used++;
  return 0;
}

/* Under its name with the kind and without. */
static int add_names(struct communes *communes, struct text cell, const char *code) {
  struct allocator allocator = arena_allocator(communes->arena);
  while (cell.length != 0) {
    const char *end = memchr(cell.data, ';', cell.length);
    struct text name = {cell.data, end == NULL ? cell.length : (size_t)(end - cell.data)};
    cell = end == NULL ? TEXT_NONE : (struct text){end + 1, cell.length - name.length - 1};
    struct text folded;
    int r = text_fold(&allocator, name, &folded);
    if (r == -EILSEQ) continue;
    if (r < 0) return r;
    struct words words;
    split(folded, &words);
    if (words.count > NAME_WORDS_MAX) continue;
    char buffer[ADDRESS_MAX];
    size_t kind = kind_words(&words);
    r = add_name(communes, join(&words, 0, words.count, buffer, sizeof buffer), code);
    if (r == 0 && kind != 0) {
      r = add_name(communes, join(&words, kind, words.count - kind, buffer, sizeof buffer), code);
    }
    if (r < 0) return r;
  }
  return 0;
}

static bool names_column(const char *title) {
  return strncmp(title, "name", 4) == 0 || strncmp(title, "former", 6) == 0;
}

static size_t count_names(const struct config_table *table) {
  size_t count = 0;
  for (size_t i = table->columns; i < (table->rows + 1) * table->columns; i++) {
    count += 2;
    for (const char *c = table->cells[i]; *c != '\0'; c++) count += *c == ';' ? 2 : 0;
  }
  return count;
}

static int fill(struct communes *communes) {
  const struct config_table *table = communes->table;
  for (size_t row = 1; row <= table->rows; row++) {
    const char *const *cells = table->cells + row * table->columns;
    for (size_t column = 1; column < table->columns; column++) {
      if (!names_column(table->cells[column])) continue;
      int r = add_names(communes, text_of(cells[column]), cells[0]);
      if (r < 0) return r;
    }
  }
  return 0;
}

int communes_new(const struct config_table *tables, struct communes **ret_communes) {
  *ret_communes = NULL;
  while (tables != NULL && strcmp(tables->name, "communes") != 0) tables = tables->next;
  if (tables == NULL) return 0;
  cleanup(communes_freep) struct communes *communes = calloc(1, sizeof *communes);
  if (communes == NULL) return -ENOMEM;
  int r = arena_new(&communes->arena);
  if (r < 0) return r;
  communes->table = tables;
  size_t size = 16;
  while (size < count_names(tables) * 2 + 2) size *= 2;
  communes->mask = size - 1;
  communes->entries = calloc(size, sizeof *communes->entries);
  if (communes->entries == NULL) return -ENOMEM;
  r = fill(communes);
  if (r < 0) return r;
  *ret_communes = TAKE(communes);
  return 0;
}

void communes_free(struct communes *communes) {
  if (communes == NULL) return;
  arena_free(communes->arena);
  free(communes->entries);
  free(communes);
}

struct best {
  const char *code; /* "": two different ones are equally good */
  size_t weight;
};

/* Names that start at this word, longest first; a name never reaches over a comma. with_kind: a commune's
 * kind stands right before it. */
static void try_names(const struct communes *communes, const struct words *words, size_t first,
                      bool with_kind, struct best *best) {
  size_t reach = 1;
  while (reach < NAME_WORDS_MAX && first + reach < words->count && !words->ends_part[first + reach - 1])
    reach++;
  for (size_t count = reach; count > 0; count--) {
    char buffer[ADDRESS_MAX];
    struct text name = join(words, first, count, buffer, sizeof buffer);
    if (name.length == 0) continue;
    const struct entry *entry = entry_at(communes, name);
    if (entry->code == NULL) continue;
    bool kind = with_kind || kind_of(words->list[first]) == 1;
    size_t weight = name.length + (kind ? ADDRESS_MAX : 0);
    if (weight > best->weight) *best = (struct best){entry->code, weight};
    else if (weight == best->weight && strcmp(best->code, entry->code) != 0) best->code = "";
    return;
  }
}

/* What follows the word of a street or a district is its name, up to the comma or to a commune's kind. */
static struct best best_name(const struct communes *communes, const struct words *words) {
  struct best best = {"", 0};
  bool other = false, with_kind = false;
  for (size_t i = 0; i < words->count; i++) {
    int kind = kind_of(words->list[i]);
    if (kind == 1) other = false;
    if (!other && kind != 0) try_names(communes, words, i, with_kind, &best);
    if (kind == 0) other = true;
    with_kind = kind == 1;
    if (words->ends_part[i]) other = with_kind = false;
  }
  return best;
}

static const char *by_code(const struct config_table *table, struct text code) {
  size_t low = 1, high = table->rows + 1;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    const char *cell = table->cells[middle * table->columns];
    size_t length = strlen(cell);
    int order = memcmp(code.data, cell, MIN(code.length, length));
    if (order == 0) order = code.length < length ? -1 : code.length > length;
    if (order == 0) return cell;
    if (order < 0) high = middle;
    else low = middle + 1;
  }
  return NULL;
}

int communes_find(const struct communes *communes, const struct allocator *allocator, struct text address,
                  const char **ret_code) {
  *ret_code = NULL;
  if (communes == NULL || address.length > ADDRESS_MAX / 2) return 0;
  address = text_trim(address);
  if (address.length == 0) return 0;
  *ret_code = by_code(communes->table, address);
  if (*ret_code != NULL) return 0;
  struct text folded;
  int r = text_fold(allocator, address, &folded);
  if (r < 0) return r;
  struct words words;
  split(folded, &words);
  struct best best = best_name(communes, &words);
  *ret_code = *best.code == '\0' ? NULL : best.code;
  return 0;
}
