/*
 * fhir_shape.c: the walk over a resource beside its table, see fhir_shape.h.
 */
#include "connectors/health/fhir_shape.h"

enum {
  MEMBERS_MAX = 256, /* of an object: no type of R4 has a quarter of them */
  LIST_MAX = 1000,   /* of a list that is not FHIR_LONG */
};

/* ---- Faults ---- */

int fhir_fault(struct fhir_fault *fault, enum hub_reject_code code, const struct crumb *crumb,
               const struct json *value, const char *detail) {
  fault->code = code;
  fault->value = value;
  fault->detail = detail;
  crumb_path(crumb, fault->path, sizeof(fault->path));
  return FHIR_E_FAULT;
}

struct spot { /* a value, where it stands, and where to say what is wrong with it */
  const struct crumb *crumb;
  const struct json *value;
  struct fhir_fault *fault;
};

static int wrong(const struct spot *at, const char *detail) {
  return fhir_fault(at->fault, HUB_INVALID, at->crumb, at->value, detail);
}

/* ---- Plain values ---- */

static bool in_list(const char *const *codes, struct text text) {
  for (; *codes != NULL; codes++)
    if (text_is(text, *codes)) return true;
  return false;
}

static bool is_whole(const struct json *value, bool negative) {
  if (value->type != JSON_NUMBER) return false;
  for (size_t i = 0; i < value->length; i++) {
    char c = value->chars[i];
    if (!(c >= '0' && c <= '9') && !(negative && i == 0 && c == '-')) return false;
  }
  return true;
}

int fhir_read_time(struct text text, int32_t zone_offset_s, struct time_point *ret) {
  char whole[] = "0000-01-01";
  bool is_part = text.length == 4 || text.length == 7;
  if (is_part) memcpy(whole, text.data, text.length);
  int r = time_read(is_part ? (struct text){whole, 10} : text, TIME_ISO, zone_offset_s, ret);
  if (r == 0 && is_part) ret->precision = text.length == 4 ? TIME_YEAR : TIME_MONTH;
  return r;
}

static int check_time(const struct spot *at) {
  struct time_point point;
  switch (fhir_read_time(json_text(at->value), 0, &point)) {
    case 0: return 0;
    case TIME_E_IMPOSSIBLE: return wrong(at, "no such day or time of day");
    default: return wrong(at, "not a time of the form 2026-07-12T08:15:00+07:00");
  }
}

static int check_text(const struct spot *at, const struct fhir_element *element) {
  struct text text = json_text(at->value);
  if (at->value->type != JSON_STRING) return wrong(at, "a text must stand here");
  if (text_trim(text).length == 0) return wrong(at, "an empty text");
  if (memchr(text.data, 0, text.length) != NULL) return wrong(at, "a text may not hold NUL");
  if (element->kind == FHIR_TIME) return check_time(at);
  if (element->kind == FHIR_CODE && !in_list(element->codes, text))
    return wrong(at, "not a code of the list that binds here");
  return 0;
}

static int check_plain(const struct spot *at, const struct fhir_element *element) {
  const struct json *value = at->value;
  switch (element->kind) {
    case FHIR_BOOLEAN:
      if (value->type == JSON_TRUE || value->type == JSON_FALSE) return 0;
      return wrong(at, "true or false must stand here");
    case FHIR_DECIMAL: return value->type == JSON_NUMBER ? 0 : wrong(at, "a number must stand here");
    case FHIR_INTEGER: return is_whole(value, true) ? 0 : wrong(at, "a whole number must stand here");
    case FHIR_COUNT: return is_whole(value, false) ? 0 : wrong(at, "a whole number from 0 must stand here");
    default: return check_text(at, element);
  }
}

/* ---- Objects and lists ---- */

/* Of a CodeableConcept that is bound to a list. */
static int check_codings(const struct spot *concept, const char *const *codes) {
  struct crumb list = {concept->crumb, "coding", 0}, at = {&list, NULL, 0}, code = {&at, "code", 0};
  const struct json *one = json_first(json_get(concept->value, "coding"));
  for (; one != NULL; one = one->next, at.index++) {
    struct spot spot = {&code, json_get(one, "code"), concept->fault};
    if (spot.value != NULL && !in_list(codes, json_text(spot.value)))
      return wrong(&spot, "not a code of the list that binds here");
  }
  return 0;
}

static int check_one(const struct spot *at, const struct fhir_element *element) {
  if (element->kind == FHIR_LATER) return 0;
  if (element->kind < FHIR_ANY) return check_plain(at, element);
  if (at->value->type != JSON_OBJECT) return wrong(at, "an object must stand here");
  if (element->kind == FHIR_RESOURCE) return fhir_check_resource(at->crumb, at->value, at->fault);
  int r = element->kind == FHIR_ANY ? 0 : fhir_check(at->crumb, at->value, element->shape, at->fault);
  if (r == 0 && at->value->length == 0) return wrong(at, "an empty object");
  return r != 0 || element->codes == NULL ? r : check_codings(at, element->codes);
}

/* A null in a list of texts stands for one that only its twin (_name) describes. */
static int check_list(const struct spot *list, const struct fhir_element *element) {
  struct crumb at = {list->crumb, NULL, 0};
  if (list->value->type != JSON_ARRAY) return wrong(list, "a list must stand here");
  if (list->value->length == 0) return wrong(list, "an empty list");
  if (list->value->length > LIST_MAX && !(element->flags & FHIR_LONG))
    return fhir_fault(list->fault, HUB_TOO_LARGE, list->crumb, list->value, "more than 1,000 in a list");
  for (const struct json *one = list->value->first; one != NULL; one = one->next, at.index++) {
    struct spot spot = {&at, one, list->fault};
    if (one->type == JSON_NULL && element->kind == FHIR_STRING) continue;
    int r = check_one(&spot, element);
    if (r != 0) return r;
  }
  return 0;
}

/* ---- One object ---- */

struct walk { /* over the members of an object */
  const struct fhir_shape *shape;
  size_t next;            /* element behind the last one: members mostly come in the order of the table */
  uint64_t seen;          /* elements; no shape has more than 64 */
  const char *choices[4]; /* of which a type was seen; no shape has more */
  size_t choices_count;
};

/* Most names differ in their length or first letter, which costs no call. */
static bool is_other(struct text element, struct text name) {
  return element.length != name.length || element.data[0] != name.data[0] ||
         memcmp(element.data, name.data, name.length) != 0;
}

static const struct fhir_element *find(struct walk *walk, struct text name) {
  const struct fhir_element *elements = walk->shape->elements;
  size_t i = walk->next;
  if (name.length == 0) return NULL; /* which would be found at the end of the table */
  if (is_other(elements[i].name, name))
    for (i = 0; elements[i].name.length != 0 && is_other(elements[i].name, name);) i++;
  if (elements[i].name.length == 0) return NULL;
  walk->next = i + 1;
  walk->seen |= UINT64_C(1) << i;
  return &elements[i];
}

static bool has_choice(const struct walk *walk, const char *choice) {
  for (size_t i = 0; i < walk->choices_count; i++)
    if (strcmp(walk->choices[i], choice) == 0) return true;
  return false;
}

static int check_member(struct walk *walk, const struct crumb *up, const struct json *member,
                        struct fhir_fault *fault) {
  struct text name = {member->key, member->key_length};
  const struct fhir_element *element = find(walk, name);
  if (element == NULL && !text_is(name, "modifierExtension")) return 0;
  struct crumb crumb = {up, element == NULL ? "modifierExtension" : element->name.data, 0};
  struct spot at = {&crumb, member, fault};
  if (element == NULL)
    return fhir_fault(fault, HUB_UNSUPPORTED, &crumb, member,
                      "an extension that changes the meaning is not known here");
  if (element->choice != NULL) {
    if (has_choice(walk, element->choice))
      return wrong(&at, "a second value of an element that has one of several types");
    walk->choices[walk->choices_count++] = element->choice;
  }
  return element->flags & FHIR_LIST ? check_list(&at, element) : check_one(&at, element);
}

/* What must be there and is not. */
static int check_needed(const struct walk *walk, const struct crumb *crumb, const struct json *object,
                        struct fhir_fault *fault) {
  const struct fhir_element *element = walk->shape->elements;
  for (uint64_t seen = walk->seen; element->name.length != 0; element++, seen >>= 1) {
    bool is_there = element->choice != NULL ? has_choice(walk, element->choice) : (seen & 1) != 0;
    if (!(element->flags & FHIR_NEEDED) || is_there) continue;
    struct crumb at = {crumb, element->choice != NULL ? element->choice : element->name.data, 0};
    return fhir_fault(fault, HUB_MISSING, &at, object, "an element that must be there is absent");
  }
  return 0;
}

int fhir_check(const struct crumb *crumb, const struct json *object, const struct fhir_shape *shape,
               struct fhir_fault *reterr_fault) {
  struct walk walk = {.shape = shape};
  if (object->length > MEMBERS_MAX)
    return fhir_fault(reterr_fault, HUB_TOO_LARGE, crumb, object, "more than 256 members in an object");
  for (const struct json *member = object->first; member != NULL; member = member->next) {
    int r = check_member(&walk, crumb, member, reterr_fault);
    if (r != 0) return r;
  }
  return check_needed(&walk, crumb, object, reterr_fault);
}

int fhir_check_resource(const struct crumb *crumb, const struct json *resource,
                        struct fhir_fault *reterr_fault) {
  const struct json *type = json_get(resource, "resourceType");
  struct crumb at = {crumb, "resourceType", 0};
  if (type == NULL)
    return fhir_fault(reterr_fault, HUB_MISSING, &at, resource, "the resource does not say what it is");
  const struct fhir_shape *shape = fhir_resource_shape(json_text(type));
  if (type->type != JSON_STRING)
    return fhir_fault(reterr_fault, HUB_INVALID, &at, type, "a text must stand here");
  if (shape == NULL)
    return fhir_fault(reterr_fault, HUB_UNSUPPORTED, &at, type, "no resource of R4 that may stand here");
  return fhir_check(crumb, resource, shape, reterr_fault);
}
