/*
 * documents.c: what a JSON payload is, and the records of the sector database in it.
 *
 * What an object is, its members say, the surest first. An envelope {StatusCode, Message, Result} that tells
 * of a failure is one rejection.
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
  int r = sector->tally == NULL ? tally_new(sector->job, &sector->tally) : 0;
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

static bool is_success(const struct json *status) {
  static const char *const words[] = {"", "0", "200", "201", "1", "OK", "true"};
  struct text text = text_trim(json_text(status));
  for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
    if (text_is(text, words[i])) return true;
  return false;
}

/* {TRUONG: […], LOP: […], HOC_SINH: […]} beside each other: each is taken. */
static int take_groups(struct sector *sector, const struct json *root) {
  static const char *const names[] = {"TRUONG", "LOP", "HOC_SINH", "KET_QUA", "DANH_GIA"};
  size_t found = 0;
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    const struct json *list = json_get(root, names[i]);
    struct crumb crumb = {NULL, names[i], 0};
    if (list == NULL) continue;
    found++;
    int r = take_list(sector, list, &crumb);
    if (r != 0) return r;
  }
  if (found != 0) return 0;
  return element_refuse(sector->job, HUB_UNSUPPORTED, root, NULL,
                        "neither lists of OneRoster nor records of the sector database");
}

static int take_root(struct sector *sector, const struct json *root) {
  static const char *const statuses[] = {"StatusCode", "statusCode", NULL};
  static const char *const results[] = {"Result", "result", "data", NULL};
  const char *name = NULL;
  if (root->type == JSON_ARRAY) return take_list(sector, root, NULL);
  if (shape_of(root) != SHAPE_UNKNOWN) return take_object(sector, root, NULL);
  const struct json *status = first_of(root, statuses, &name);
  struct crumb crumb = {NULL, name, 0};
  if (status != NULL && !is_success(status))
    return element_refuse(sector->job, HUB_INVALID, status, &crumb, "the answer reports a failure");
  const struct json *list = first_of(root, results, &name);
  crumb.name = name;
  if (list == NULL && status == NULL) return take_groups(sector, root);
  if (list == NULL || list->type == JSON_NULL)
    return element_refuse(sector->job, HUB_MISSING, root, NULL, "the list of records is absent");
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
