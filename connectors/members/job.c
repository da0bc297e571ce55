/*
 * job.c: memory, places and rejections of one JSON text.
 *
 * A text of the tree that stands in the input holds no NUL, since JSON writes it as an escape; only decoded
 * texts, which stand elsewhere, are looked through.
 */
#include "connectors/members/job.h"

#include <errno.h>

enum { BLOCK_LEAST = 256, BLOCK_MOST = 2048, ALIGNMENT = 16 };

static void *alloc_for_format(void *context, size_t bytes) { return job_alloc(context, bytes); }

void job_init(struct job *job, struct hub_sink *sink, struct text text, const char *origin) {
  memset(job, 0, offsetof(struct job, indexes));
  job->sink = sink;
  job->allocator = (struct allocator){alloc_for_format, job};
  job->origin = origin;
  job->places = json_places_of(text.data, text.length);
}

/* ---- Memory -------------------------------------------------------------------------------------------- */

static char *cut(struct job *job, size_t bytes) {
  char *made = job->block;
  job->block += bytes;
  job->block_left -= bytes;
  return made;
}

char *job_alloc_bytes(struct job *job, size_t bytes) {
  size_t size = job->places.length;
  size = size < BLOCK_LEAST ? BLOCK_LEAST : size > BLOCK_MOST ? BLOCK_MOST : size;
  if (bytes <= job->block_left) return cut(job, bytes);
  if (bytes > size / 4) return hub_alloc(job->sink, bytes);
  char *block = hub_alloc(job->sink, size);
  if (block == NULL) return NULL;
  job->block = block;
  job->block_left = size;
  return cut(job, bytes);
}

void *job_alloc(struct job *job, size_t bytes) {
  size_t gap = -(uintptr_t)job->block & (ALIGNMENT - 1);
  if (gap < job->block_left) cut(job, gap);
  else job->block_left = 0;
  return job_alloc_bytes(job, bytes);
}

bool job_has_nul(const struct job *job, struct text text) {
  uintptr_t from = (uintptr_t)job->places.data, at = (uintptr_t)text.data;
  if (at - from < job->places.length || text.length == 0) return false;
  return memchr(text.data, 0, text.length) != NULL;
}

/* ---- Places -------------------------------------------------------------------------------------------- */

/* "1:col …" of a text that is line n: "n:col …". */
static const char *place_in_line(struct job *job, const char *at) {
  char digits[20];
  size_t first = sizeof(digits), number = job->line, rest = strlen(at + 1) + 1;
  do digits[--first] = (char)('0' + number % 10);
  while ((number /= 10) != 0);
  size_t length = sizeof(digits) - first;
  char *made = job_alloc_bytes(job, length + rest);
  if (made == NULL) return NULL;
  memcpy(made, digits + first, length);
  memcpy(made + length, at + 1, rest);
  return made;
}

const char *job_place(struct job *job, const struct crumb *crumb, size_t offset) {
  char path[CRUMB_PATH_SIZE];
  crumb_path(crumb, path, sizeof(path));
  const char *at = json_at(&job->places, &job->allocator, offset, path, NULL);
  return at == NULL || job->line == 0 ? at : place_in_line(job, at);
}

struct hub_meta job_meta(const struct job *job, const struct json *value, const char *at) {
  return (struct hub_meta){
      .size = sizeof(struct hub_meta),
      .occurred_us = HUB_NONE,
      .at = at,
      .bytes = job->origin + value->start,
      .length = value->end - value->start,
  };
}

/* ---- Rejections ---------------------------------------------------------------------------------------- */

int member_reject(struct job *job, enum hub_reject_code code, const struct crumb *crumb,
                  const struct json *value, const char *detail) {
  const char *at = job_place(job, crumb, value->start);
  if (at == NULL) return -ENOMEM;
  job->rejection =
      (struct hub_rejection){.size = sizeof(struct hub_rejection), .code = code, .at = at, .detail = detail};
  return MEMBER_E_REJECTED;
}

int job_refuse(struct job *job, const struct json *value, struct text key) {
  struct hub_rejection *rejection = &job->rejection;
  rejection->key = rejection->value = key.length != 0 ? key.data : NULL;
  rejection->key_length = rejection->value_length = key.length;
  rejection->bytes = job->origin + value->start;
  rejection->length = value->end - value->start;
  return hub_reject(job->sink, rejection);
}

int job_refuse_whole(struct job *job, enum hub_reject_code code, const struct crumb *crumb,
                     const struct json *value, const char *detail) {
  int r = member_reject(job, code, crumb, value, detail);
  return r == MEMBER_E_REJECTED ? hub_reject(job->sink, &job->rejection) : r;
}

int job_refuse_text(struct job *job, int error, const struct json_error *where) {
  struct hub_rejection rejection = {
      .size = sizeof(rejection),
      .code = error == JSON_E_DUPLICATE   ? HUB_CONFLICT
              : error == JSON_E_TOO_LARGE ? HUB_TOO_LARGE
                                          : HUB_MALFORMED,
      .at = job_place(job, NULL, where->offset),
      .detail = where->reason,
  };
  if (job->line != 0) rejection.bytes = job->origin, rejection.length = job->places.length;
  return rejection.at == NULL ? -ENOMEM : hub_reject(job->sink, &rejection);
}
