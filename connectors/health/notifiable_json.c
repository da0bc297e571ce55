/*
 * notifiable_json.c: reports in JSON: one object, a list of them, or either under a member of an envelope.
 */
#include "connectors/format/json.h"
#include "connectors/health/notifiable_rows.h"

#include <errno.h>
#include <stdio.h>

struct job {
  struct maker maker;
  const struct hub_payload *payload;
  struct allocator allocator;
  struct json_places places;
};

static const char *const envelopes[] = {"data", "danhSach", "baoCao", NULL};

enum { PATH_SIZE = 128 };

static int refuse(struct job *job, enum hub_reject_code code, size_t offset, const char *path,
                  const char *detail, const struct json *record, struct text key) {
  struct hub_rejection rejection = {.size = sizeof(rejection), .code = code, .detail = detail};
  rejection.at = json_at(&job->places, &job->allocator, offset, path, NULL);
  if (rejection.at == NULL) return -ENOMEM;
  if (record != NULL) {
    rejection.bytes = job->payload->data + record->start;
    rejection.length = record->end - record->start;
  }
  if (key.length != 0) {
    rejection.key = rejection.value = key.data;
    rejection.key_length = rejection.value_length = key.length;
  }
  return hub_reject(job->maker.sink, &rejection);
}

/* A scalar as text; false: another thing stands there, or a NUL in it. */
static bool read_scalar(const struct json *value, struct text *ret) {
  *ret = TEXT_NONE;
  if (value->type == JSON_NULL) return true;
  if (value->type != JSON_STRING && value->type != JSON_NUMBER) return false;
  *ret = value_given(json_text(value));
  return ret->length == 0 || memchr(ret->data, 0, ret->length) == NULL;
}

static const struct json *member_of(const struct json *object, enum report_field field) {
  size_t hint = 0;
  for (const struct json *m = json_first(object); m != NULL; m = m->next)
    if (report_field_of((struct text){m->key, m->key_length}, &hint) == field) return m;
  return NULL;
}

static void read_report(const struct json *object, struct report *report, struct report_problem *problem) {
  size_t hint = 0;
  for (const struct json *m = json_first(object); m != NULL; m = m->next) {
    enum report_field field = report_field_of((struct text){m->key, m->key_length}, &hint);
    struct text text;
    if (field == REPORT_FIELDS) continue;
    if (!read_scalar(m, &text))
      *problem = (struct report_problem){HUB_INVALID, "a text or number must stand here", field};
    if (report->values[field].length == 0) report->values[field] = text;
  }
}

static int take(struct job *job, const struct json *object, const char *path) {
  struct report report = {0};
  struct report_problem problem = {0};
  char field_path[PATH_SIZE];
  if (object->type != JSON_OBJECT)
    return refuse(job, HUB_INVALID, object->start, path, "an object must stand here", object, TEXT_NONE);
  struct hub_meta meta = {.size = sizeof(meta),
                          .at = json_at(&job->places, &job->allocator, object->start, path, NULL),
                          .bytes = job->payload->data + object->start,
                          .length = object->end - object->start};
  if (meta.at == NULL) return -ENOMEM;
  read_report(object, &report, &problem);
  int r = problem.code == 0 ? report_emit(&job->maker, &report, &meta, &problem) : 0;
  if (r != 0 || problem.code == 0) return r;
  const struct json *member = member_of(object, problem.field);
  snprintf(field_path, sizeof(field_path), "%s/%s", path, report_field_name(problem.field));
  return refuse(job, problem.code, member == NULL ? object->start : member->start, field_path, problem.detail,
                object, report.values[REPORT_MA_BAO_CAO]);
}

static int take_list(struct job *job, const struct json *list, const char *path) {
  size_t i = 0;
  for (const struct json *m = json_first(list); m != NULL; m = m->next) {
    char at[PATH_SIZE];
    snprintf(at, sizeof(at), "%s/%zu", path, i++);
    int r = take(job, m, at);
    if (r != 0) return r;
  }
  return 0;
}

static int take_root(struct job *job, const struct json *root) {
  if (root->type == JSON_ARRAY) return take_list(job, root, "");
  if (member_of(root, REPORT_MA_BAO_CAO) != NULL || member_of(root, REPORT_MA_BENH) != NULL)
    return take(job, root, "");
  for (const char *const *name = envelopes; *name != NULL; name++) {
    char path[PATH_SIZE];
    const struct json *inside = json_get(root, *name);
    snprintf(path, sizeof(path), "/%s", *name);
    if (json_is(inside, JSON_ARRAY)) return take_list(job, inside, path);
    if (json_is(inside, JSON_OBJECT)) return take(job, inside, path);
  }
  return refuse(job, HUB_UNSUPPORTED, root->start, NULL, "no report of a disease in a form known here", root,
                TEXT_NONE);
}

int notifiable_json_translate(const struct health *health, const struct hub_payload *payload,
                              struct hub_sink *sink) {
  struct job job = {
      .maker = {sink, health->zone_offset_s, 0},
      .payload = payload,
      .allocator = {hub_alloc_for_format, sink},
      .places = json_places_of(payload->data, payload->length),
  };
  struct json_error where;
  const struct json *root = NULL;
  int r = json_read(&job.allocator, payload->data, payload->length, &root, &where);
  if (r < 0) return r;
  if (r == 0) return take_root(&job, root);
  enum hub_reject_code code = r == JSON_E_DUPLICATE   ? HUB_CONFLICT
                              : r == JSON_E_TOO_LARGE ? HUB_TOO_LARGE
                                                      : HUB_MALFORMED;
  return refuse(&job, code, where.offset, NULL, where.reason, NULL, TEXT_NONE);
}
