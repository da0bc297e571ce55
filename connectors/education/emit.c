/*
 * emit.c: see emit.h.
 *
 * What a thing is known by is made of all that names it: a class code is unique within its school and year
 * only, a pupil's place within its class. Where the sender has an id of its own, that is the key.
 */
#include "connectors/education/emit.h"

#include <errno.h>
#include <openssl/evp.h>

#include "google/protobuf/timestamp.pb-c.h"

enum { KEY_MAX = 512 };

static int64_t time_of(const Google__Protobuf__Timestamp *time) {
  return time == NULL ? HUB_NONE : time->seconds * 1000000 + time->nanos / 1000;
}

int emit_digest(struct job *job, struct text text, struct text *ret) {
  static const char digits[] = "0123456789abcdef";
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  if (EVP_Digest(text.data == NULL ? "" : text.data, text.length, digest, &length, EVP_sha256(), NULL) != 1)
    return -ENOMEM;
  char *hex = hub_alloc(job->sink, length * 2);
  if (hex == NULL) return -ENOMEM;
  for (size_t i = 0; i < length; i++) {
    hex[2 * i] = digits[digest[i] >> 4];
    hex[2 * i + 1] = digits[digest[i] & 15];
  }
  *ret = (struct text){hex, length * 2};
  return 0;
}

char *emit_join(const struct allocator *allocator, const struct text *parts, size_t count) {
  size_t length = count, at = 0;
  for (size_t i = 0; i < count; i++) length += parts[i].length;
  char *made = allocate(allocator, length);
  if (made == NULL) return NULL;
  made[length - 1] = 0;
  for (size_t i = 0; i < count; i++) {
    if (i != 0) made[at++] = '/';
    if (parts[i].length != 0) memcpy(made + at, parts[i].data, parts[i].length);
    at += parts[i].length;
  }
  return made;
}

/* The version: the sender's own time of change, else the slice, else the digest of what is no slice. */
static int settle_version(const struct record *record, struct hub_meta *meta) {
  const struct hub_payload *payload = record->job->payload;
  uintptr_t from = (uintptr_t)payload->data, at = (uintptr_t)record->bytes.data;
  if (at >= from && at - from + record->bytes.length <= payload->length) {
    meta->bytes = record->bytes.data;
    meta->length = record->bytes.length;
    return 0;
  }
  struct text digest;
  int r = emit_digest(record->job, record->bytes, &digest);
  meta->version = digest.data;
  meta->version_length = digest.length;
  return r;
}

static int give(const struct record *record, const char *key, int64_t occurred_us,
                const ProtobufCMessage *message) {
  struct hub_meta meta = {.size = sizeof(meta), .key = key, .key_length = strlen(key)};
  if (meta.key_length > KEY_MAX)
    return record_reject(record, HUB_INVALID, 0, "what names the record has more than 512 bytes");
  meta.occurred_us = occurred_us;
  meta.at = record->place(record, RECORD_WHOLE);
  if (meta.at == NULL) return -ENOMEM;
  int r = settle_version(record, &meta);
  return r != 0 ? r : hub_emit(record->job->sink, &meta, message);
}

/* A title, then an option stands in where the record itself does not say. */
static int settle_school(const struct record *record, char **school, char **year) {
  const struct education *education = record->job->education;
  struct text title = record->job->school_year;
  if ((*school)[0] == 0 && education->school != NULL) *school = education->school;
  if ((*year)[0] != 0) return 0;
  if (title.length != 0) return hub_string(record->job->sink, title.data, title.length, year);
  if (education->school_year != NULL) *year = education->school_year;
  return 0;
}

#define DELETED IOC__EDUCATION__V1__RECORD_STATUS__RECORD_STATUS_TO_BE_DELETED

int school_emit(const struct record *record, School *school) {
  if (school->school_code[0] == 0)
    return record_reject(record, HUB_MISSING, 0, "the code of the school is absent");
  school->form = record->job->form;
  school->deleted = school->status == DELETED;
  return give(record, school->school_code, time_of(school->as_of), &school->base);
}

int class_room_emit(const struct record *record, ClassRoom *class) {
  int r = settle_school(record, &class->school_code, &class->school_year);
  if (r != 0) return r;
  if (class->class_id[0] == 0 && class->class_code[0] == 0)
    return record_reject(record, HUB_MISSING, 0, "the code of the class is absent");
  if (class->class_id[0] == 0) {
    const struct text parts[] = {text_of(class->school_code), text_of(class->school_year),
                                 text_of(class->class_code)};
    class->class_id = emit_join(&record->job->allocator, parts, 3);
    if (class->class_id == NULL) return -ENOMEM;
  }
  class->form = record->job->form;
  class->deleted = class->status == DELETED;
  return give(record, class->class_id, time_of(class->as_of), &class->base);
}

int enrollment_emit(const struct record *record, Enrollment *enrollment, size_t person_field,
                    struct text person) {
  int r = settle_school(record, &enrollment->school_code, &enrollment->school_year);
  if (r != 0) return r;
  if (person.length == 0)
    return record_reject(record, HUB_MISSING, person_field, "the code of the person is absent");
  enrollment->form = record->job->form;
  enrollment->deleted = enrollment->status == DELETED;
  const struct text parts[] = {text_of(enrollment->school_code), text_of(enrollment->school_year),
                               text_of(enrollment->class_code), text_of(enrollment->role_code), person};
  const char *key = enrollment->enrollment_id;
  if (key[0] == 0) key = emit_join(&record->job->allocator, parts, 5);
  if (key == NULL) return -ENOMEM;
  int64_t at = time_of(enrollment->as_of);
  return give(record, key, at != HUB_NONE ? at : time_of(enrollment->state_at), &enrollment->base);
}
