/*
 * Conditions: compiled into a tree whose leaves compare one slot with constants of the field's own type. All
 * texts, enum names and times are resolved when the configuration is read; what remains for a message are
 * comparisons.
 *
 * An absent field has its type's default (proto3 sends no defaults), so `equals: false` holds for a bool that
 * is not there; `exists` asks whether it differs from the default. A time or a message that is absent equals
 * nothing.
 */
#include "core/route/condition.h"

#include <math.h>
#include <stdio.h>

#include "connectors/format/time.h"
#include "core/config/values.h"

enum condition_kind {
  CONDITION_ALL,
  CONDITION_ANY,
  CONDITION_NOT,
  CONDITION_IN,
  CONDITION_PREFIX,
  CONDITION_RANGE,
  CONDITION_EXISTS
};

/* How the values of a field compare. */
enum comparable { AS_NONE, AS_TEXT, AS_BOOL, AS_WHOLE, AS_REAL, AS_ENUM, AS_TIME };

struct constant {
  struct text text;
  __int128 whole; /* bool, integers, enum number, time in microseconds */
  double real;
};

struct bound {
  bool set, open;
  struct constant value;
};

struct condition {
  enum condition_kind kind;
  struct condition *first, *next; /* ALL, ANY, NOT */
  size_t slot;
  const struct schema_field *field;
  enum comparable as;
  struct constant *constants; /* IN, PREFIX: any of them */
  size_t constants_count;
  struct bound low, high;
  bool exists;
};

struct compiling {
  struct arena *arena;
  struct route_slots *slots;
  const char *item;
  struct config_errors *errors;
};

static enum comparable comparable_of(const struct schema_field *field) {
  switch (field->type) {
    case SCHEMA_STRING: return AS_TEXT;
    case SCHEMA_BOOL: return AS_BOOL;
    case SCHEMA_ENUM: return AS_ENUM;
    case SCHEMA_DOUBLE:
    case SCHEMA_FLOAT: return AS_REAL;
    case SCHEMA_MESSAGE: return wire_is_timestamp(field->message) ? AS_TIME : AS_NONE;
    case SCHEMA_GROUP:
    case SCHEMA_BYTES: return AS_NONE;
    default: return AS_WHOLE;
  }
}

/* ---- Values of a message ---- */

static __int128 whole_of(const struct schema_field *field, uint64_t scalar) {
  switch (field->type) {
    case SCHEMA_UINT64:
    case SCHEMA_FIXED64: return (__int128)scalar;
    case SCHEMA_UINT32:
    case SCHEMA_FIXED32: return (__int128)(uint32_t)scalar;
    case SCHEMA_SFIXED32:
    case SCHEMA_INT32:
    case SCHEMA_ENUM: return (__int128)(int32_t)(uint32_t)scalar;
    case SCHEMA_SINT32:
    case SCHEMA_SINT64: return (__int128)((int64_t)(scalar >> 1) ^ -(int64_t)(scalar & 1));
    case SCHEMA_BOOL: return scalar != 0;
    default: return (__int128)(int64_t)scalar;
  }
}

static double real_of(const struct schema_field *field, uint64_t scalar) {
  if (field->type == SCHEMA_FLOAT) {
    uint32_t bits = (uint32_t)scalar;
    float value;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
  }
  double value;
  memcpy(&value, &scalar, sizeof value);
  return value;
}

static __int128 time_of(struct text timestamp) {
  int64_t seconds = 0, nanos = 0;
  struct wire wire = wire_of(timestamp);
  struct wire_value value;
  while (wire_next(&wire, &value) > 0) {
    if (value.number == 1) seconds = (int64_t)value.scalar;
    if (value.number == 2) nanos = (int32_t)value.scalar;
  }
  return (__int128)seconds * 1000000 + nanos / 1000;
}

/* false: it has no value to compare. */
static bool value_of(const struct condition *condition, const struct route_slot_value *slot,
                     struct constant *ret) {
  *ret = (struct constant){.text = {"", 0}};
  if (!slot->present) return condition->as != AS_TIME && condition->as != AS_NONE;
  switch (condition->as) {
    case AS_TEXT: ret->text = slot->value.bytes; return true;
    case AS_REAL: ret->real = real_of(condition->field, slot->value.scalar); return !isnan(ret->real);
    case AS_TIME: ret->whole = time_of(slot->value.bytes); return true;
    case AS_NONE: return false;
    default: ret->whole = whole_of(condition->field, slot->value.scalar); return true;
  }
}

static bool is_default(const struct condition *condition, const struct route_slot_value *slot) {
  if (!slot->present) return true;
  if (condition->field->in_oneof || condition->field->type == SCHEMA_MESSAGE) return false;
  if (slot->value.kind == WIRE_BYTES) return slot->value.bytes.length == 0;
  return slot->value.scalar == 0;
}

static int compare(enum comparable as, const struct constant *a, const struct constant *b) {
  if (as == AS_TEXT) return text_equal(a->text, b->text) ? 0 : 1;
  if (as == AS_REAL) return a->real < b->real ? -1 : a->real > b->real;
  return a->whole < b->whole ? -1 : a->whole > b->whole;
}

static bool is_in(const struct condition *condition, const struct constant *value) {
  for (size_t i = 0; i < condition->constants_count; i++) {
    const struct constant *constant = &condition->constants[i];
    if (condition->kind == CONDITION_IN) {
      if (compare(condition->as, value, constant) == 0) return true;
    } else if (value->text.length >= constant->text.length &&
               memcmp(value->text.data, constant->text.data, constant->text.length) == 0) {
      return true;
    }
  }
  return false;
}

static bool in_range(const struct condition *condition, const struct constant *value) {
  const struct bound *low = &condition->low, *high = &condition->high;
  int below = low->set ? compare(condition->as, value, &low->value) : 1;
  int above = high->set ? compare(condition->as, value, &high->value) : -1;
  return (below > 0 || (below == 0 && !low->open)) && (above < 0 || (above == 0 && !high->open));
}

bool condition_holds(const struct condition *condition, const struct route_slot_value *values) {
  if (condition->kind <= CONDITION_NOT) {
    for (const struct condition *one = condition->first; one != NULL; one = one->next) {
      bool holds = condition_holds(one, values);
      if (condition->kind == CONDITION_NOT) return !holds;
      if (holds == (condition->kind == CONDITION_ANY)) return holds;
    }
    return condition->kind == CONDITION_ALL;
  }
  const struct route_slot_value *slot = &values[condition->slot];
  if (condition->kind == CONDITION_EXISTS) return is_default(condition, slot) != condition->exists;
  struct constant value;
  if (!value_of(condition, slot, &value)) return false;
  return condition->kind == CONDITION_RANGE ? in_range(condition, &value) : is_in(condition, &value);
}

/* ---- Constants ---- */

static bool enum_constant(const struct compiling *compiling, const struct condition *condition,
                          const struct yaml_node *node, struct constant *ret) {
  const struct schema_enum *values = condition->field->enumeration;
  const char *known[257];
  size_t count = 0;
  for (size_t i = 0; i < values->count; i++) {
    if (text_is(node->text, values->values[i].name)) {
      ret->whole = values->values[i].number;
      return true;
    }
    if (count < LENGTH_OF(known) - 1) known[count++] = values->values[i].name;
  }
  known[count] = NULL;
  char quoted[CONFIG_QUOTED_SIZE];
  const char *nearest = config_nearest(node->text, known);
  for (size_t i = 0; i < count && nearest == NULL; i++) { /* URGENT for PRIORITY_URGENT */
    size_t length = strlen(known[i]);
    if (length > node->text.length && node->text.length > 2 &&
        strcmp(known[i] + length - node->text.length, node->text.data) == 0) {
      nearest = known[i];
    }
  }
  config_error(compiling->errors, node->mark, compiling->item, "%s is not a value of %s; %s%s%s",
               config_quoted(node->text, quoted), values->full_name,
               nearest == NULL ? "its first is \"" : "did you mean \"",
               nearest != NULL ? nearest
               : count != 0    ? known[0]
                               : "",
               nearest == NULL ? "\"" : "\"?");
  return false;
}

static bool real_parse(struct text text, double *ret) {
  static const char digits[] = "0123456789";
  char copy[48];
  if (text.length == 0 || text.length >= sizeof copy) return false;
  memcpy(copy, text.data, text.length);
  copy[text.length] = '\0';
  const char *c = copy + (copy[0] == '-');
  size_t whole = strspn(c, digits);
  c += whole;
  if (whole == 0) return false;
  if (c[0] == '.') {
    size_t part = strspn(c + 1, digits);
    if (part == 0) return false;
    c += 1 + part;
  }
  if (c[0] != '\0') return false;
  *ret = strtod(copy, NULL);
  return true;
}

static const char *wanted(enum comparable as) {
  switch (as) {
    case AS_BOOL: return "true or false";
    case AS_WHOLE: return "a whole number";
    case AS_REAL: return "a number such as 12.5";
    case AS_TIME: return "a time with its zone, such as 2026-07-12T00:00:00+07:00";
    default: return "a text";
  }
}

static bool constant_read(const struct compiling *compiling, const struct condition *condition,
                          const struct yaml_node *node, struct constant *ret) {
  char quoted[CONFIG_QUOTED_SIZE];
  if (node->kind != YAML_TEXT) {
    config_error(compiling->errors, node->mark, compiling->item,
                 "%s where a single value is expected; write %s", yaml_kind_name(node->kind),
                 wanted(condition->as));
    return false;
  }
  struct time_point time;
  int64_t whole = 0;
  bool good = false;
  switch (condition->as) {
    case AS_TEXT: ret->text = node->text; return true;
    case AS_ENUM: return enum_constant(compiling, condition, node, ret);
    case AS_BOOL:
      good = !node->quoted && (text_is(node->text, "true") || text_is(node->text, "false"));
      ret->whole = text_is(node->text, "true");
      break;
    case AS_WHOLE:
      good = !node->quoted && value_parse_int(node->text, &whole);
      ret->whole = whole;
      break;
    case AS_REAL: good = !node->quoted && real_parse(node->text, &ret->real); break;
    case AS_TIME:
      good = time_read(node->text, TIME_ISO, 0, &time) == 0 && time.has_zone;
      if (good) ret->whole = time.us;
      break;
    case AS_NONE: break;
  }
  if (!good) {
    config_error(compiling->errors, node->mark, compiling->item, "%s does not fit the field \"%s\"; write %s",
                 config_quoted(node->text, quoted), condition->field->name, wanted(condition->as));
  }
  return good;
}

/* ---- Compiling ---- */

static int compile(const struct compiling *, const struct yaml_node *, struct condition **ret_condition);

static int compile_list(const struct compiling *compiling, const struct yaml_node *list,
                        enum condition_kind kind, struct condition **ret_condition) {
  if (list->kind != YAML_LIST || list->count == 0) {
    config_error(compiling->errors, list->mark, compiling->item,
                 "is not a list of conditions; write `- {field: …, equals: …}` lines");
    return 0;
  }
  struct condition *condition = arena_alloc(compiling->arena, sizeof *condition);
  if (condition == NULL) return -ENOMEM;
  condition->kind = kind;
  struct condition **tail = &condition->first;
  bool whole = true;
  for (const struct yaml_node *node = list->first; node != NULL; node = node->next) {
    int r = compile(compiling, node, tail);
    if (r < 0) return r;
    if (*tail == NULL) whole = false;
    else tail = &(*tail)->next;
  }
  if (whole) *ret_condition = condition;
  return 0;
}

static int compile_not(const struct compiling *compiling, const struct yaml_node *node,
                       struct condition **ret_condition) {
  struct condition *condition = arena_alloc(compiling->arena, sizeof *condition);
  if (condition == NULL) return -ENOMEM;
  condition->kind = CONDITION_NOT;
  int r = compile(compiling, node, &condition->first);
  if (r == 0 && condition->first != NULL) *ret_condition = condition;
  return r;
}

/* equals (one), in and prefix (one or a list). */
static int constants_read(const struct compiling *compiling, const struct yaml_node *node,
                          struct condition *condition, bool list, bool *ret_good) {
  bool many = list && node->kind == YAML_LIST;
  size_t count = many ? node->count : 1;
  *ret_good = count != 0;
  condition->constants = arena_alloc(compiling->arena, MAX(count, (size_t)1) * sizeof *condition->constants);
  if (condition->constants == NULL) return -ENOMEM;
  if (count == 0)
    config_error(compiling->errors, node->mark, compiling->item,
                 "is an empty list, which nothing can match; write a value");
  for (const struct yaml_node *one = many ? node->first : node; one != NULL; one = many ? one->next : NULL) {
    if (!constant_read(compiling, condition, one, &condition->constants[condition->constants_count++]))
      *ret_good = false;
  }
  return 0;
}

static bool range_read(const struct compiling *compiling, const struct yaml_node *node,
                       struct condition *condition) {
  static const char *const keys[] = {"from", "above", "to", "below", NULL};
  if (node->kind != YAML_MAP || node->count == 0) {
    config_error(compiling->errors, node->mark, compiling->item,
                 "is not a range; write {from: 1, below: 10}");
    return false;
  }
  bool good = true;
  for (struct yaml_node *one = node->first; one != NULL; one = one->next) {
    size_t key = 0;
    while (keys[key] != NULL && !text_is(one->key, keys[key])) key++;
    if (keys[key] == NULL) {
      good = false;
      continue;
    }
    one->used = true;
    struct bound *bound = key < 2 ? &condition->low : &condition->high;
    if (bound->set) {
      config_error(compiling->errors, one->key_mark, compiling->item, "has two bounds on one side; write %s",
                   key < 2 ? "from or above" : "to or below");
      good = false;
    }
    bound->set = true;
    bound->open = key % 2 == 1;
    if (!constant_read(compiling, condition, one, &bound->value)) good = false;
  }
  options_unknown(NULL, keys, node, compiling->item, compiling->errors);
  bool both = good && condition->low.set && condition->high.set;
  if (both && compare(condition->as, &condition->low.value, &condition->high.value) > 0) {
    config_error(compiling->errors, node->mark, compiling->item,
                 "is a range that holds nothing; write the smaller bound as from or above");
    return false;
  }
  return good;
}

static int operator_read(const struct compiling *compiling, struct yaml_node *node,
                         struct condition *condition, bool *ret_good) {
  struct config_errors *errors = compiling->errors;
  enum comparable as = condition->as;
  const char *field = condition->field->name;
  *ret_good = false;
  if (text_is(node->key, "exists")) {
    condition->kind = CONDITION_EXISTS;
    condition->exists = text_is(node->text, "true");
    *ret_good =
        node->kind == YAML_TEXT && !node->quoted && (condition->exists || text_is(node->text, "false"));
    if (!*ret_good)
      config_error(errors, node->mark, compiling->item, "exists is true or false; write exists: true");
    return 0;
  }
  if (as == AS_NONE) {
    config_error(errors, node->key_mark, compiling->item,
                 "the field \"%s\" holds %s, which cannot be compared; %s", field,
                 condition->field->type == SCHEMA_MESSAGE ? "a message" : "bytes",
                 condition->field->type == SCHEMA_MESSAGE ? "name a field of it, or write exists: true"
                                                          : "write exists: true");
    return 0;
  }
  if (text_is(node->key, "range")) {
    condition->kind = CONDITION_RANGE;
    bool ordered = as == AS_WHOLE || as == AS_REAL || as == AS_TIME;
    if (!ordered) {
      config_error(errors, node->key_mark, compiling->item,
                   "range needs a number or a time, and \"%s\" is neither; write equals or in", field);
      return 0;
    }
    *ret_good = range_read(compiling, node, condition);
    return 0;
  }
  bool prefix = text_is(node->key, "prefix");
  condition->kind = prefix ? CONDITION_PREFIX : CONDITION_IN;
  if (prefix && as != AS_TEXT) {
    config_error(errors, node->key_mark, compiling->item,
                 "prefix needs a text, and \"%s\" is none; write equals or in", field);
    return 0;
  }
  if (!prefix && as == AS_REAL) {
    config_error(errors, node->key_mark, compiling->item,
                 "\"%s\" is a fraction, which is never quite equal; write range", field);
    return 0;
  }
  if (text_is(node->key, "in") && node->kind != YAML_LIST) {
    config_error(errors, node->mark, compiling->item, "in wants a list; write in: [a, b], or equals: a");
    return 0;
  }
  return constants_read(compiling, node, condition, !text_is(node->key, "equals"), ret_good);
}

static void warn_of_pseudonym(const struct compiling *compiling, const struct condition *condition,
                              const struct yaml_node *node) {
  enum hub_personal_kind kind = condition->field->personal;
  if (kind == 0 || kind > HUB_ACCOUNT || condition->kind == CONDITION_EXISTS) return;
  config_warning(compiling->errors, node->mark, compiling->item,
                 "\"%s\" is personal and holds a pseudonym by default; compare another field, or ask exists",
                 condition->field->name);
}

static const char *const operators[] = {"equals", "in", "prefix", "range", "exists", NULL};

static struct yaml_node *operator_find(const struct compiling *compiling, const struct yaml_node *map) {
  struct yaml_node *found = NULL;
  for (size_t i = 0; operators[i] != NULL; i++) {
    struct yaml_node *node = yaml_peek(map, operators[i]);
    if (node == NULL) continue;
    node->used = true;
    if (found != NULL) {
      config_error(compiling->errors, node->key_mark, compiling->item,
                   "has %s beside %s; write one a condition, and all: for both", operators[i],
                   found->key.data);
      return NULL;
    }
    found = node;
  }
  if (found == NULL) {
    config_error(compiling->errors, map->mark, compiling->item,
                 "has no comparison; write equals, in, prefix, range or exists");
  }
  return found;
}

static int compile_leaf(const struct compiling *compiling, const struct yaml_node *map,
                        struct condition **ret_condition) {
  static const char *const known[] = {"field",  "equals", "in",  "prefix", "range",
                                      "exists", "all",    "any", "not",    NULL};
  struct yaml_node *field = yaml_peek(map, "field");
  if (field != NULL) field->used = true;
  struct yaml_node *comparison = field == NULL ? NULL : operator_find(compiling, map);
  options_unknown(NULL, known, map, compiling->item, compiling->errors);
  if (field == NULL || field->kind != YAML_TEXT) {
    config_error(compiling->errors, field == NULL ? map->mark : field->mark, compiling->item,
                 "names no field; write {field: NAME, equals: VALUE}, or all, any, not");
    return 0;
  }
  int slot = route_slot(compiling->slots, field->text.data, field->mark, compiling->item, compiling->errors);
  if (slot < 0 || comparison == NULL) return 0;
  struct condition *condition = arena_alloc(compiling->arena, sizeof *condition);
  if (condition == NULL) return -ENOMEM;
  condition->slot = (size_t)slot;
  condition->field = route_path_field(&compiling->slots->paths[slot]);
  condition->as = comparable_of(condition->field);
  bool good = false;
  int r = operator_read(compiling, comparison, condition, &good);
  if (r < 0) return r;
  warn_of_pseudonym(compiling, condition, comparison);
  if (good) *ret_condition = condition;
  return 0;
}

static int compile(const struct compiling *compiling, const struct yaml_node *node,
                   struct condition **ret_condition) {
  *ret_condition = NULL;
  if (node->kind == YAML_LIST) return compile_list(compiling, node, CONDITION_ALL, ret_condition);
  if (node->kind != YAML_MAP) {
    config_error(compiling->errors, node->mark, compiling->item,
                 "is not a condition; write {field: NAME, equals: VALUE}");
    return 0;
  }
  struct yaml_node *only = node->count == 1 ? node->first : NULL;
  static const char *const groups[] = {"all", "any", "not"};
  for (size_t i = 0; i < LENGTH_OF(groups); i++) {
    struct yaml_node *group = yaml_peek(node, groups[i]);
    if (group == NULL) continue;
    group->used = true;
    if (only == NULL) {
      config_error(compiling->errors, group->key_mark, compiling->item,
                   "%s stands beside other keys; write each condition as an entry of all:", groups[i]);
      return 0;
    }
    if (i == 2) return compile_not(compiling, group, ret_condition);
    return compile_list(compiling, group, i == 0 ? CONDITION_ALL : CONDITION_ANY, ret_condition);
  }
  return compile_leaf(compiling, node, ret_condition);
}

int condition_compile(struct arena *arena, struct route_slots *slots, const struct yaml_node *when,
                      const char *item, struct config_errors *errors, struct condition **ret_condition) {
  struct compiling compiling = {arena, slots, item, errors};
  return compile(&compiling, when, ret_condition);
}
