/*
 * documents.c: what a JSON payload is, and the records of the sector database in it.
 *
 * What an object is, its members say, the surest first. An envelope that tells of a failure is one rejection,
 * whatever list it brings.
 */
#include "connectors/education/documents.h"

#include <errno.h>

#include "connectors/education/sector.h"
#include "connectors/education/sector_results.h"

enum shape { SHAPE_UNKNOWN, SHAPE_SCHOOL, SHAPE_CLASS, SHAPE_PUPIL, SHAPE_RESULT };

struct sector { /* one document of the sector database */
  struct job *job;
  struct tally *tally; /* NULL until a result comes */
};

static bool begins(const struct json *member, const char *beginning) {
  size_t length = strlen(beginning);
  return member->key_length >= length && memcmp(member->key, beginning, length) == 0;
}

/* The surest sign counts, in whatever order the members stand. */
static enum shape shape_of(const struct json *object) {
  static const struct {
    const char *name;
    enum shape shape;
  } signs[] = {{"DOT_DANH_GIA", SHAPE_RESULT}, {"MA_HS_BGD", SHAPE_PUPIL},    {"ID_HOC_SINH", SHAPE_PUPIL},
               {"MA_HOC_SINH", SHAPE_PUPIL},   {"SO_DINH_DANH", SHAPE_PUPIL}, {"MA_LOP", SHAPE_CLASS},
               {"ID_LOP", SHAPE_CLASS},        {"MA_TRUONG", SHAPE_SCHOOL}};
  for (const struct json *m = json_first(object); m != NULL; m = m->next)
    if (begins(m, "TT22X_") || begins(m, "TT27_")) return SHAPE_RESULT;
  for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
    if (json_get(object, signs[i].name) != NULL) return signs[i].shape;
  return SHAPE_UNKNOWN;
}

static int count_result(struct sector *sector, const struct element *element) {
  int r = sector->tally == NULL ? tally_new(sector->job, &sector->job->allocator, &sector->tally) : 0;
  return r != 0 ? r : sector_result(sector->job, sector->tally, element);
}

static int take_object(struct sector *sector, const struct json *object, const struct crumb *crumb) {
  struct element element = {object, crumb};
  struct job *job = sector->job;
  struct record record = element_record(job, &sector_school_table, &element);
  int r;
  if (object->type != JSON_OBJECT)
    return element_refuse(job, HUB_INVALID, object, crumb, "an object must stand here");
  switch (shape_of(object)) {
    case SHAPE_SCHOOL: r = sector_school(&record); break;
    case SHAPE_CLASS:
      record.table = &sector_class_table;
      r = sector_class(&record);
      break;
    case SHAPE_PUPIL:
      record.table = &sector_pupil_table;
      r = sector_pupil(&record, true);
      break;
    case SHAPE_RESULT: return count_result(sector, &element);
    default:
      return element_refuse(job, HUB_UNSUPPORTED, object, crumb,
                            "neither a school nor a class, pupil or assessment in a known form");
  }
  return r == RECORD_E_REJECTED ? record_refuse(&record, TEXT_NONE) : r;
}

static int take_list(struct sector *sector, const struct json *list, const struct crumb *crumb) {
  size_t i = 0;
  if (list->type != JSON_ARRAY) return take_object(sector, list, crumb);
  for (const struct json *m = list->first; m != NULL; m = m->next) {
    struct crumb element = {crumb, NULL, i++};
    int r = take_object(sector, m, &element);
    if (r != 0) return r;
  }
  return 0;
}

/* ---- Envelopes ---- */

static const struct json *first_of(const struct json *root, const char *const *names, const char **ret_name) {
  for (; *names != NULL; names++) {
    const struct json *value = json_get(root, *names);
    if (value != NULL) *ret_name = *names;
    if (value != NULL) return value;
  }
  return NULL;
}

/* What tells in an envelope how a request went, and the words for well. */
static const struct sign {
  const char *name, *words[5];
} signs_of_success[] = {
    {"StatusCode", {"200"}}, {"statusCode", {"200"}},   {"success", {"true", "True", "TRUE", "1"}},
    {"error_code", {"0"}},   {"result", {"1", "true"}},
};

static bool is_success(const struct sign *sign, const struct json *value) {
  struct text text = value->type == JSON_TRUE ? TEXT("true") : text_trim(json_text(value));
  for (const char *const *word = sign->words; *word != NULL; word++)
    if (text_is(text, *word)) return true;
  return false;
}

/* The member that tells of a failure; NULL: none does. `result` may be the list itself. */
static const struct json *find_failure(const struct json *root, const char **ret_name, bool *ret_any) {
  for (size_t i = 0; i < sizeof(signs_of_success) / sizeof(signs_of_success[0]); i++) {
    const struct sign *sign = &signs_of_success[i];
    const struct json *value = json_get(root, sign->name);
    bool list = value != NULL && (value->type == JSON_ARRAY || value->type == JSON_OBJECT);
    if (value == NULL || (list && strcmp(sign->name, "result") == 0)) continue;
    *ret_any = true;
    *ret_name = sign->name;
    if (!is_success(sign, value)) return value;
  }
  return NULL;
}

static bool is_nested(const struct json *value) {
  return value->type == JSON_ARRAY || value->type == JSON_OBJECT;
}

/* {TRUONG: […], LOP: […], HOC_SINH: […]} beside each other: each is taken, other lists are told of. */
static int take_groups(struct sector *sector, const struct json *root, const struct crumb *up) {
  static const char *const names[] = {"TRUONG", "LOP", "HOC_SINH", "KET_QUA", "DANH_GIA", NULL};
  const char *name = NULL;
  if (first_of(root, names, &name) == NULL)
    return element_refuse(sector->job, HUB_UNSUPPORTED, root, up,
                          "neither lists of OneRoster nor records of the sector database");
  int r = 0;
  for (const struct json *m = root->first; r == 0 && m != NULL; m = m->next) {
    const char *const *known = names;
    while (*known != NULL && !text_is((struct text){m->key, m->key_length}, *known)) known++;
    struct crumb crumb = {up, *known, 0};
    if (*known != NULL) r = take_list(sector, m, &crumb);
    else if (is_nested(m))
      r = element_refuse(sector->job, HUB_UNSUPPORTED, m, up, "a list of a kind that is not known here");
  }
  return r;
}

static int take_root(struct sector *sector, const struct json *root) {
  static const char *const results[] = {"Result", "result", "Data", "data", NULL};
  const char *name = NULL, *failed = NULL;
  bool answer = false;
  if (root->type == JSON_ARRAY) return take_list(sector, root, NULL);
  if (shape_of(root) != SHAPE_UNKNOWN) return take_object(sector, root, NULL);
  const struct json *failure = find_failure(root, &failed, &answer);
  if (failure != NULL)
    return element_refuse(sector->job, HUB_INVALID, failure, &(struct crumb){NULL, failed, 0},
                          "the answer reports a failure");
  const struct json *list = NULL;
  for (const char *const *one = results; list == NULL && *one != NULL; one++) {
    name = *one;
    list = json_get(root, name);
    if (list != NULL && !is_nested(list)) list = NULL;
  }
  if (list == NULL && answer)
    return element_refuse(sector->job, HUB_MISSING, root, NULL, "the list of records is absent");
  if (list == NULL) return take_groups(sector, root, NULL);
  struct crumb crumb = {NULL, name, 0};
  if (list->type == JSON_OBJECT && shape_of(list) == SHAPE_UNKNOWN) return take_groups(sector, list, &crumb);
  return take_list(sector, list, &crumb);
}

static int refuse_text(struct job *job, int error, const struct json_error *where) {
  enum hub_reject_code code = error == JSON_E_DUPLICATE   ? HUB_CONFLICT
                              : error == JSON_E_TOO_LARGE ? HUB_TOO_LARGE
                                                          : HUB_MALFORMED;
  const char *at = json_at(&job->places, &job->allocator, where->offset, NULL, NULL);
  return at == NULL ? -ENOMEM : job_refuse(job, code, at, where->reason);
}

int documents_translate(const struct education *education, const struct hub_payload *payload,
                        struct hub_sink *sink) {
  struct job job = job_of(education, payload, sink);
  struct sector sector = {&job, NULL};
  struct json_error where;
  const struct json *root = NULL;
  int r = json_read(&job.allocator, payload->data, payload->length, &root, &where);
  if (r < 0) return r;
  if (r > 0) return refuse_text(&job, r, &where);
  if (document_is_oneroster(root)) return document_take_oneroster(&job, root);
  job.form = IOC__EDUCATION__V1__FORM__FORM_SECTOR;
  r = take_root(&sector, root);
  return r != 0 || sector.tally == NULL ? r : tally_emit(sector.tally);
}
