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

#include <stdio.h>
#include <strings.h>

#define FILE_FIELD "fileHSBase64"
#define FILE_PART "files"
#define FILE_FIELD_AT "1:1 " FILE_FIELD

enum { AT_SIZE = 48 };

/* ---- Fields and parts ---- */

struct found {
  struct text value;
  bool is_field; /* urlencoded */
};

/* The nth (from 0) part of that name; where there is no such part, field of that name. */
static bool find(const struct hub_payload *payload, const char *name, size_t nth, struct found *ret) {
  size_t seen = 0;
  for (size_t i = 0; i < payload->parts_count; i++) {
    const struct hub_part *part = payload->parts[i];
    if (strcasecmp(part->name, name) != 0 || seen++ != nth) continue;
    *ret = (struct found){{part->data, part->length}, false};
    return true;
  }
  size_t fields = seen == 0 ? payload->fields_count : 0;
  for (size_t i = 0; i < fields; i++) {
    const struct hub_field *field = payload->fields[i];
    if (strcasecmp(field->name, name) != 0 || seen++ != nth) continue;
    *ret = (struct found){{field->data, field->length}, true};
    return true;
  }
  return false;
}

static bool has(const struct hub_payload *payload, const char *name) {
  struct found found;
  return find(payload, name, 0, &found);
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
  if (has(payload, "loaiHoSo") || has(payload, "maCSKCB")) return HEALTH_DOOR_VSS;
  if (has(payload, FILE_FIELD)) return HEALTH_DOOR_GATEWAY;
  if (has(payload, FILE_PART) || has_word(payload->path, "/Cong130/")) return HEALTH_DOOR_PROVINCE;
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
  if (is_form(payload) || has(payload, FILE_FIELD) || has(payload, FILE_PART)) return true;
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
static int take(const struct health *health, struct hub_sink *sink, const struct found *file,
                const char *outer) {
  char at[AT_SIZE];
  struct text value = file->value;
  struct bhyt_source source = {health, sink, value, outer};
  size_t window = value.length < 1024 ? value.length : 1024;
  struct bhyt_content content = {.blank_is_plus = file->is_field};
  if (window != 0 && memchr(value.data, '<', window) != NULL) return bhyt_file_translate(&source);
  snprintf(at, sizeof(at), "1:1%s%s", outer == NULL ? "" : " ", outer == NULL ? "" : outer);
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

static int take_files(const struct health *health, const struct hub_payload *payload, struct hub_sink *sink) {
  char outer[AT_SIZE] = FILE_PART;
  struct found file;
  for (size_t n = 0; find(payload, FILE_PART, n, &file); n++) {
    if (n != 0) snprintf(outer, sizeof(outer), FILE_PART "[%zu]", n + 1);
    int r = take(health, sink, &file, outer);
    if (r != 0) return r;
  }
  return 0;
}

int bhyt_translate(const struct health *health, const struct hub_payload *payload, struct hub_sink *sink) {
  struct found whole = {{payload->data, payload->length}, false}, file, second;
  bool files = has(payload, FILE_PART);
  if (find(payload, FILE_FIELD, 0, &file)) {
    if (find(payload, FILE_FIELD, 1, &second))
      return refuse(sink, HUB_CONFLICT, FILE_FIELD_AT, "the field is given more than once");
    if (files)
      return refuse(sink, HUB_CONFLICT, FILE_FIELD_AT, "the form has both " FILE_FIELD " and " FILE_PART);
    return take(health, sink, &file, FILE_FIELD);
  }
  if (files) return take_files(health, payload, sink);
  if (is_form(payload))
    return refuse(sink, HUB_MISSING, FILE_FIELD_AT, "the form has none of the fields that hold a file");
  return take(health, sink, &whole, NULL);
}
