/*
 * oneroster_json.c: lists of OneRoster in one JSON document, {"orgs": […], "enrollments": […]} or one object
 * {"org": {…}}.
 *
 * What users, demographics and line items say is looked up by sourcedId while enrolments and results are
 * taken, so the order of the lists means nothing. An element that tells of nothing to publish is passed over
 * beside others; a document of nothing else is one rejection.
 */
#include <errno.h>
#include <stdlib.h>

#include "connectors/education/documents.h"
#include "connectors/education/oneroster.h"

struct entry {
  struct text id;
  struct element element;
};

struct index { /* elements by sourcedId; of equal ids any */
  struct entry *entries;
  size_t count;
};

struct roster {
  struct job *job;
  const struct json *root;
  struct index users, demographics, line_items;
  struct tally *tally;
  bool has_enrollments;
  size_t taken; /* lists of which something is published */
};

static const struct oneroster_list *list_of(const struct json *member) {
  bool object = member->type == JSON_OBJECT;
  return oneroster_find((struct text){member->key, member->key_length}, object);
}

/* The member that says how a request went; NULL: there is none. */
static const struct json *find_status(const struct json *root) {
  static const char *const names[] = {"imsx_codeMajor", "imsx_CodeMajor"};
  const struct json *info = json_get(root, "imsx_StatusInfo"), *found = NULL;
  for (size_t i = 0; i < 2 && found == NULL; i++) {
    found = json_get(root, names[i]);
    if (found == NULL && info != NULL) found = json_get(info, names[i]);
  }
  return found != NULL ? found : info;
}

bool document_is_oneroster(const struct json *root) {
  if (!json_is(root, JSON_OBJECT) || json_get(root, "StatusCode") != NULL) return false;
  for (const struct json *m = root->first; m != NULL; m = m->next) {
    bool nested = m->type == JSON_ARRAY || m->type == JSON_OBJECT;
    if (nested && list_of(m) != NULL) return true;
  }
  return find_status(root) != NULL;
}

/* ---- Context ---- */

static int compare(const void *a, const void *b) {
  const struct text x = ((const struct entry *)a)->id, y = ((const struct entry *)b)->id;
  int order = memcmp(x.data, y.data, x.length < y.length ? x.length : y.length);
  return order != 0 ? order : (x.length > y.length) - (x.length < y.length);
}

static const struct json *first_element(const struct json *list) {
  return list->type == JSON_ARRAY ? list->first : list;
}

static int add_all(struct roster *roster, enum oneroster_kind kind, struct index *index, bool count_only) {
  size_t count = 0;
  for (const struct json *m = roster->root->first; m != NULL; m = m->next) {
    const struct oneroster_list *list = list_of(m);
    if (list == NULL || list->kind != kind || (m->type != JSON_ARRAY && m->type != JSON_OBJECT)) continue;
    const struct json *element = first_element(m);
    for (; element != NULL; element = m->type == JSON_ARRAY ? element->next : NULL) {
      struct text id = text_trim(json_text(json_get(element, "sourcedId")));
      if (id.length == 0) continue;
      if (!count_only) index->entries[count] = (struct entry){id, {element, NULL}};
      count++;
    }
  }
  index->count = count;
  return 0;
}

static int make_index(struct roster *roster, enum oneroster_kind kind, struct index *index) {
  add_all(roster, kind, index, true);
  if (index->count == 0) return 0;
  index->entries = hub_alloc(roster->job->sink, index->count * sizeof(*index->entries));
  if (index->entries == NULL) return -ENOMEM;
  add_all(roster, kind, index, false);
  qsort(index->entries, index->count, sizeof(*index->entries), compare);
  return 0;
}

/* The record of that id, NULL when there is none. */
static const struct record *look_up(struct roster *roster, const struct index *index, struct text id,
                                    const struct field_table *table, struct record *ret) {
  struct entry key = {.id = id};
  if (id.length == 0 || index->count == 0) return NULL;
  const struct entry *found = bsearch(&key, index->entries, index->count, sizeof(key), compare);
  if (found == NULL) return NULL;
  *ret = element_record(roster->job, table, &found->element);
  return ret;
}

/* ---- Records ---- */

/* The text of a field; of one that cannot be read none, since its record is refused in its turn. */
static int peek(const struct record *record, size_t field, struct text *ret) {
  int r = record->get(record, field, 0, ret);
  if (r == RECORD_E_REJECTED) *ret = TEXT_NONE;
  return r < 0 ? r : 0;
}

static int take_result(struct roster *roster, const struct record *record) {
  struct record item;
  struct text id;
  int r = peek(record, RESULT_LINE_ITEM, &id);
  if (r == 0 && roster->tally == NULL) r = tally_new(roster->job, &roster->job->allocator, &roster->tally);
  if (r != 0) return r;
  const struct field_table *table = oneroster_find(TEXT("lineItems"), false)->table;
  return oneroster_count(roster->job, roster->tally, record,
                         look_up(roster, &roster->line_items, id, table, &item));
}

/* The primary one of a user's roles, else the first; NULL: none. */
static const struct json *role_of(const struct json *user) {
  const struct json *roles = json_get(user, "roles"), *first = json_first(roles);
  for (const struct json *m = first; m != NULL; m = m->next)
    if (text_is(json_text(json_get(m, "roleType")), "primary")) return m;
  return json_is(roles, JSON_ARRAY) && json_is(first, JSON_OBJECT) ? first : NULL;
}

static int take_element(struct roster *roster, const struct oneroster_list *list,
                        const struct element *element) {
  struct record record = element_record(roster->job, list->table, element), user, demographics;
  const struct record *of_user = NULL, *of_demographics = NULL;
  struct text id;
  if (element->object->type != JSON_OBJECT)
    return element_refuse(roster->job, HUB_INVALID, element->object, element->crumb,
                          "an object must stand here");
  if (list->kind == ONEROSTER_RESULT) return take_result(roster, &record);
  struct element role = {role_of(element->object), element->crumb};
  if (list->kind == ONEROSTER_ENROLLMENT || list->kind == ONEROSTER_USER) {
    int r = peek(&record, list->kind == ONEROSTER_USER ? 0 : ENROLLMENT_USER, &id);
    if (r != 0) return r;
    of_demographics =
        look_up(roster, &roster->demographics, id, &oneroster_demographics_table, &demographics);
  }
  if (list->kind == ONEROSTER_ENROLLMENT)
    of_user = look_up(roster, &roster->users, id, &oneroster_user_table, &user);
  if (list->kind == ONEROSTER_USER && role.object != NULL) {
    user = element_record(roster->job, &oneroster_role_table, &role);
    of_user = &user;
  }
  return oneroster_emit(roster->job, list->kind, &record, of_user, of_demographics);
}

static bool is_published(const struct roster *roster, enum oneroster_kind kind) {
  if (kind == ONEROSTER_USER) return !roster->has_enrollments;
  return kind == ONEROSTER_ORG || kind == ONEROSTER_CLASS || kind == ONEROSTER_ENROLLMENT ||
         kind == ONEROSTER_RESULT;
}

static int take_list(struct roster *roster, const struct oneroster_list *list, const struct json *value) {
  bool many = value->type == JSON_ARRAY;
  struct crumb at = {NULL, many ? list->name : list->singular, 0}, crumb = {&at, NULL, 0};
  if (!many && value->type != JSON_OBJECT)
    return element_refuse(roster->job, HUB_INVALID, value, &(struct crumb){NULL, list->name, 0},
                          "a list must stand here");
  if (!many) return take_element(roster, list, &(struct element){value, &at});
  for (const struct json *m = value->first; m != NULL; m = m->next) {
    int r = take_element(roster, list, &(struct element){m, &crumb});
    if (r != 0) return r;
    crumb.index++;
  }
  return 0;
}

static int take_lists(struct roster *roster) {
  for (const struct json *m = roster->root->first; m != NULL; m = m->next) {
    const struct oneroster_list *list = list_of(m);
    if (list == NULL || m->type == JSON_NULL || !is_published(roster, list->kind)) continue;
    roster->taken++;
    int r = take_list(roster, list, m);
    if (r != 0) return r;
  }
  return roster->tally == NULL ? 0 : tally_emit(roster->tally);
}

int document_take_oneroster(struct job *job, const struct json *root) {
  struct roster roster = {.job = job, .root = root};
  const struct json *status = find_status(root), *enrollments = json_get(root, "enrollments");
  roster.has_enrollments = enrollments != NULL || json_get(root, "enrollment") != NULL;
  if (status != NULL && !text_is(text_trim(json_text(status)), "success"))
    return element_refuse(job, HUB_INVALID, root, NULL, "the answer reports a failure");
  int r = make_index(&roster, ONEROSTER_USER, &roster.users);
  if (r == 0) r = make_index(&roster, ONEROSTER_DEMOGRAPHICS, &roster.demographics);
  if (r == 0) r = make_index(&roster, ONEROSTER_LINE_ITEM, &roster.line_items);
  if (r == 0) r = take_lists(&roster);
  if (r != 0 || roster.taken != 0) return r;
  return element_refuse(job, HUB_UNSUPPORTED, root, NULL, "lists from which nothing is published");
}
