/*
 * bhyt_door.c: finds the files in what a door was sent, and takes each.
 *
 * A door's fields arrive as fields (urlencoded) or parts (multipart), and the hub may have picked one as the
 * payload; the same field is found either way. VSS and the gateway share their paths, so the fields that only
 * VSS asks for tell them apart.
 */
#include "connectors/health/bhyt.h"

#include "connectors/health/bhyt_content.h"
#include "connectors/health/bhyt_file.h"

#include <errno.h>
#include <strings.h>

#define FILE_FIELD "fileHSBase64"
#define FILE_PART "files"
#define FILE_FIELD_AT "1:1 " FILE_FIELD
#define FILE_PART_AT "1:1 " FILE_PART

/* ---- Fields and parts ---- */

struct found {
  struct text value;
  size_t count;
  bool is_field; /* urlencoded */
};

static struct found find(const struct hub_payload *payload, const char *name) {
  struct found found = {TEXT_NONE, 0, false};
  for (size_t i = 0; i < payload->parts_count; i++) {
    const struct hub_part *part = payload->parts[i];
    if (strcasecmp(part->name, name) != 0) continue;
    found.value = (struct text){part->data, part->length};
    found.count++;
  }
  if (found.count != 0) return found;
  for (size_t i = 0; i < payload->fields_count; i++) {
    const struct hub_field *field = payload->fields[i];
    if (strcasecmp(field->name, name) != 0) continue;
    found = (struct found){{field->data, field->length}, found.count + 1, true};
  }
  return found;
}

static bool is_form(const struct hub_payload *payload) {
  static const char *const forms[] = {"application/x-www-form-urlencoded", "multipart/form-data"};
  for (size_t i = 0; payload->content_type != NULL && i < 2; i++)
    if (strncasecmp(payload->content_type, forms[i], strlen(forms[i])) == 0) return true;
  return false;
}

static bool has_word(const char *path, const char *word) {
  return path != NULL && strcasestr(path, word) != NULL;
}

enum health_door bhyt_door_of(const struct hub_payload *payload) {
  if (find(payload, "loaiHoSo").count != 0 || find(payload, "maCSKCB").count != 0) return HEALTH_DOOR_VSS;
  if (find(payload, FILE_FIELD).count != 0) return HEALTH_DOOR_GATEWAY;
  if (find(payload, FILE_PART).count != 0 || has_word(payload->path, "/Cong130/"))
    return HEALTH_DOOR_PROVINCE;
  return has_word(payload->path, "/api/qd130/") ? HEALTH_DOOR_GATEWAY : HEALTH_DOOR_PLAIN;
}

/* ---- Bytes ---- */

static struct text window_of(const struct hub_payload *payload) {
  return (struct text){payload->data, payload->length < 1024 ? payload->length : 1024};
}

/* `<`, `<` behind a byte order mark, each as base64. */
static bool begins_as_base64(struct text text) {
  static const char *const begins[] = {"PD", "PE", "PF", "PG", "PH", "77u/PD", "77u/PE", "77u/PF", "77u/PG"};
  text = text_trim(text);
  for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
    size_t length = strlen(begins[i]);
    if (text.length > length && memcmp(text.data, begins[i], length) == 0) return true;
  }
  return false;
}

bool bhyt_looks_like(const struct hub_payload *payload) {
  struct text window = window_of(payload);
  if (is_form(payload) || find(payload, FILE_FIELD).count != 0 || find(payload, FILE_PART).count != 0)
    return true;
  struct text text = text_trim(window);
  if (text.length != 0 && text.data[0] == '<') return true;
  if (window.length != 0 && memmem(window.data, window.length, "<?xml", 5) != NULL) return true;
  return begins_as_base64(window);
}

/* ---- Taking ---- */

static int refuse(struct hub_sink *sink, enum hub_reject_code code, const char *at, const char *detail) {
  struct hub_rejection rejection = {.size = sizeof(rejection), .code = code, .at = at, .detail = detail};
  return hub_reject(sink, &rejection);
}

/* Base64 of a file, or the file itself. */
static int take(const struct health *health, struct hub_sink *sink, struct text value, const char *outer,
                bool blank_is_plus) {
  const char *at = outer == NULL ? "1:1" : strcmp(outer, FILE_PART) == 0 ? FILE_PART_AT : FILE_FIELD_AT;
  struct bhyt_source source = {health, sink, value, outer};
  size_t window = value.length < 1024 ? value.length : 1024;
  bool plain = window != 0 && memchr(value.data, '<', window) != NULL;
  struct bhyt_content content = {.blank_is_plus = blank_is_plus};
  if (plain) return bhyt_file_translate(&source);
  bhyt_content_begin(&content);
  int r = bhyt_content_take(&content, sink, text_trim(value));
  if (r != 0) return r;
  bhyt_content_end(&content);
  if (content.form == BHYT_EMPTY) return refuse(sink, HUB_MISSING, at, "there is no file");
  if (content.too_large) return refuse(sink, HUB_TOO_LARGE, at, "a file over 32 MiB");
  if (content.invalid) return refuse(sink, HUB_MALFORMED, at, "neither XML nor base64");
  source.xml = (struct text){content.data, content.length};
  return bhyt_file_translate(&source);
}

static int take_parts(const struct health *health, const struct hub_payload *payload, struct hub_sink *sink) {
  for (size_t i = 0; i < payload->parts_count; i++) {
    const struct hub_part *part = payload->parts[i];
    if (strcasecmp(part->name, FILE_PART) != 0) continue;
    int r = take(health, sink, (struct text){part->data, part->length}, FILE_PART, false);
    if (r != 0) return r;
  }
  return 0;
}

int bhyt_translate(const struct health *health, const struct hub_payload *payload, struct hub_sink *sink) {
  struct found file = find(payload, FILE_FIELD), files = find(payload, FILE_PART);
  if (file.count > 1) return refuse(sink, HUB_CONFLICT, FILE_FIELD_AT, "the field is given more than once");
  if (file.count == 1) return take(health, sink, file.value, FILE_FIELD, file.is_field);
  if (files.is_field) return take(health, sink, files.value, FILE_PART, true);
  if (files.count != 0) return take_parts(health, payload, sink);
  if (is_form(payload))
    return refuse(sink, HUB_MISSING, FILE_FIELD_AT, "the form has none of the fields that hold a file");
  return take(health, sink, (struct text){payload->data, payload->length}, NULL, false);
}
