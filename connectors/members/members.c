/*
 * members.c: walks objects and lists by the tables of members.h.
 *
 * Members mostly come in the order of the table, so the row behind the last one found is tried first. Where
 * that fails, a table with many rows gets an index, which the job keeps for the next object.
 */
#include "connectors/members/members.h"

#include <errno.h>

#define LIST_ELEMENTS_MAX 400000
#define TEXTS_MAX 1000
#define SCANNED_ROWS 12

/* ---- Lists of texts ------------------------------------------------------------------------------------ */

struct texts {
  char ***list; /* in the message */
  size_t *count;
  enum hub_personal_kind personal;
};

static int add_text(struct job *job, const struct crumb *crumb, const struct json *value, struct text text,
                    const struct texts *texts) {
  size_t count = *texts->count;
  text = text_trim(text);
  if (text.length == 0) return 0;
  if (count == TEXTS_MAX) return member_reject(job, HUB_TOO_LARGE, crumb, value, "too many texts");
  if ((count & (count - 1)) == 0) { /* full: it grows by doubling */
    char **grown = job_alloc(job, 2 * (count + 1) * sizeof(*grown));
    if (grown == NULL) return -ENOMEM;
    if (count != 0) memcpy(grown, *texts->list, count * sizeof(*grown));
    *texts->list = grown;
  }
  char **place = &(*texts->list)[count];
  int r = texts->personal != 0 ? member_personal(job, crumb, value, text, texts->personal, place)
                               : member_string(job, crumb, value, text, place);
  if (r == 0) ++*texts->count;
  return r;
}

static int split_text(struct job *job, const struct crumb *crumb, const struct json *value, struct text text,
                      const struct texts *texts) {
  size_t start = 0;
  for (size_t i = 0; i <= text.length; i++) {
    if (i < text.length && strchr(",;/\n", text.data[i]) == NULL) continue;
    int r = add_text(job, crumb, value, (struct text){text.data + start, i - start}, texts);
    if (r != 0) return r;
    start = i + 1;
  }
  return 0;
}

static int reject_no_list(struct job *job, const struct crumb *crumb, const struct json *value) {
  return member_reject(job, HUB_INVALID, crumb, value, "a list must stand here");
}

/* Null, or a text of nothing: what some write for an empty list. */
static bool is_empty(const struct json *value) {
  return value->type == JSON_NULL || (value->type == JSON_STRING && text_trim(json_text(value)).length == 0);
}

static int read_texts(struct job *job, const struct crumb *crumb, const struct json *value,
                      const struct member *row, char *message) {
  struct texts texts = {(char ***)(message + row->offset), (size_t *)(message + row->second), row->personal};
  struct crumb element = {crumb, NULL, 0}, inside = {&element, row->member, 0};
  struct text text;
  if (value->type != JSON_ARRAY) {
    if (row->member != NULL) return is_empty(value) ? 0 : reject_no_list(job, crumb, value);
    int r = member_text(job, crumb, value, &text);
    return r != 0 ? r : split_text(job, crumb, value, text, &texts);
  }
  const struct crumb *at = row->member != NULL ? &inside : &element;
  for (const struct json *m = value->first; m != NULL; m = m->next, element.index++) {
    const struct json *one = row->member != NULL ? json_get(m, row->member) : m;
    if (one == NULL) continue;
    int r = member_text(job, at, one, &text);
    if (r == 0) r = add_text(job, at, one, text, &texts);
    if (r != 0) return r;
  }
  return 0;
}

/* ---- Lists of messages --------------------------------------------------------------------------------- */

static int read_element(struct job *job, const struct crumb *crumb, const struct json *value,
                        const struct member_list *list, void *message) {
  if (value->type == JSON_STRING && list->text_member != NULL) {
    struct json copy = *value, object = {.type = JSON_OBJECT, .start = value->start, .end = value->end};
    copy.key = list->text_member;
    copy.key_length = (uint32_t)strlen(copy.key);
    copy.next = NULL;
    object.first = &copy;
    return members_read(job, crumb, &object, &list->table, message);
  }
  if (value->type != JSON_OBJECT)
    return member_reject(job, HUB_INVALID, crumb, value, "an object must stand here");
  int r = members_read(job, crumb, value, &list->table, message);
  return r != 0 || list->finish == NULL ? r : list->finish(job, crumb, value, message);
}

/* Room for as many more elements as the list has, behind those that another name brought. */
static int make_room(struct job *job, const struct json *value, const struct member *row, char *message,
                     void ***ret_made, char **ret_block) {
  size_t had = row->other_name ? *(size_t *)(message + row->second) : 0;
  void **made = job_alloc(job, (had + value->length) * sizeof(*made));
  *ret_block = job_alloc(job, value->length * row->list->message_size);
  if (made == NULL || *ret_block == NULL) return -ENOMEM;
  if (had != 0) memcpy(made, *(void ***)(message + row->offset), had * sizeof(*made));
  *ret_made = made + had;
  memcpy(message + row->offset, &made, sizeof(made));
  *(size_t *)(message + row->second) = had + value->length;
  return 0;
}

static int read_list(struct job *job, const struct crumb *crumb, const struct json *value,
                     const struct member *row, char *message) {
  struct crumb at = {crumb, NULL, 0};
  void **made;
  char *block;
  if (is_empty(value)) return 0;
  if (value->type != JSON_ARRAY) return reject_no_list(job, crumb, value);
  job->list_elements += value->length;
  if (job->list_elements > LIST_ELEMENTS_MAX)
    return member_reject(job, HUB_TOO_LARGE, crumb, value, "too many elements in lists");
  if (value->length == 0) return 0;
  int r = make_room(job, value, row, message, &made, &block);
  for (const struct json *m = value->first; m != NULL && r == 0; m = m->next, at.index++) {
    made[at.index] = block + at.index * row->list->message_size;
    row->list->init(made[at.index]);
    r = read_element(job, &at, m, row->list, made[at.index]);
  }
  return r;
}

/* ---- Tables -------------------------------------------------------------------------------------------- */

static int read_member(struct job *job, const struct crumb *up, const struct json *value,
                       const struct member *row, char *message) {
  struct crumb crumb = {up, row->name.data, 0};
  switch (row->kind) {
    case MEMBER_LIST: return read_list(job, &crumb, value, row, message);
    case MEMBER_TEXTS: return read_texts(job, &crumb, value, row, message);
    case MEMBER_NESTED: return members_read(job, &crumb, value, row->nested, message);
    case MEMBER_MARK: *(int *)(message + row->offset) = row->value; return 0;
    default: return member_read_scalar(job, &crumb, value, row, message);
  }
}

static inline bool is_row(const struct member *row, const struct json *m) {
  return text_equal(row->name, (struct text){m->key, m->key_length});
}

static inline size_t slot_of(struct text name) {
  const unsigned char *c = (const unsigned char *)name.data;
  if (name.length == 0) return 0;
  return (name.length * 5 + c[0] * 3U + c[name.length / 2] * 7U + c[name.length - 1] * 11U) % INDEX_SLOTS;
}

static void make_index(struct member_index *index, const struct member_table *table) {
  *index = (struct member_index){.table = table};
  for (size_t i = table->count; i-- != 0;) {
    uint8_t *first = &index->first[slot_of(table->members[i].name)];
    index->next[i] = *first;
    *first = (uint8_t)(i + 1);
  }
}

/* The job's indexes take turns: a text has few kinds of large objects. */
static const struct member_index *index_of(struct job *job, const struct member_table *table) {
  for (size_t i = 0; i < INDEXES && i < job->indexes_made; i++)
    if (job->indexes[i].table == table) return &job->indexes[i];
  struct member_index *index = &job->indexes[job->indexes_made++ % INDEXES];
  make_index(index, table);
  return index;
}

/* The row of a member; NULL: none. */
static const struct member *find_row(struct job *job, const struct member_table *table,
                                     const struct json *m) {
  if (table->count <= SCANNED_ROWS || table->count > INDEX_ROWS_MAX) {
    for (size_t i = 0; i < table->count; i++)
      if (is_row(&table->members[i], m)) return &table->members[i];
    return NULL;
  }
  const struct member_index *index = index_of(job, table);
  size_t at = index->first[slot_of((struct text){m->key, m->key_length})];
  while (at != 0 && !is_row(&table->members[at - 1], m)) at = index->next[at - 1];
  return at == 0 ? NULL : &table->members[at - 1];
}

int members_read(struct job *job, const struct crumb *crumb, const struct json *object,
                 const struct member_table *table, void *message) {
  const struct member *expected = table->members, *end = expected + table->count;
  if (object->type != JSON_OBJECT) return 0;
  for (const struct json *m = object->first; m != NULL; m = m->next) {
    const struct member *row = expected != end && is_row(expected, m) ? expected : find_row(job, table, m);
    if (row == NULL) continue;
    int r = read_member(job, crumb, m, row, message);
    if (r != 0) return r;
    expected = row + 1;
  }
  return 0;
}

int members_tell(const struct json *object, const struct member_sign *signs, size_t count) {
  size_t surest = count;
  for (const struct json *m = json_first(object); m != NULL && surest != 0; m = m->next)
    for (size_t i = 0; i < surest; i++)
      if (text_equal(signs[i].name, (struct text){m->key, m->key_length})) surest = i;
  return surest < count ? signs[surest].shape : 0;
}
