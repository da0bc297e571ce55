/*
 * Forms: which kind a body is, urlencoded members, query parameters.
 *
 * Members are decoded once, as UTF-8; a percent sign without two digits is refused, because readers differ in
 * what they make of it. A member without '=' is a name with an empty value, an empty member is none.
 */
#include "core/net/form.h"

#include <strings.h>

#include "core/net/http_head.h"

bool form_is(struct text text, const char *lower) {
  size_t length = strlen(lower);
  return text.length == length && strncasecmp(text.data, lower, length) == 0;
}

int form_string(struct form_builder *form, struct text text, const char **ret_string) {
  if (text.length != 0 && memchr(text.data, '\0', text.length) != NULL)
    return form_refuse(form, "a form name with a NUL byte");
  if (text_find_bad_utf8(text) != SIZE_MAX) return form_refuse(form, "a form name that is not UTF-8");
  *ret_string = arena_text(form->arena, text);
  return *ret_string == NULL ? -ENOMEM : 0;
}

int form_add_field(struct form_builder *form, const char *name, struct text value) {
  if (form->fields_count == FORM_FIELDS_MAX) return form_refuse(form, "more than 256 form fields");
  struct hub_field *field = arena_alloc(form->arena, sizeof *field);
  if (field == NULL) return -ENOMEM;
  *field = (struct hub_field){sizeof *field, name, value.length == 0 ? "" : value.data, value.length};
  form->fields[form->fields_count++] = field;
  return 0;
}

static int decode_into(struct form_builder *form, struct text raw, bool plus, char *out, size_t *ret_length) {
  size_t length = 0;
  for (size_t i = 0; i < raw.length; i++) {
    char c = plus && raw.data[i] == '+' ? ' ' : raw.data[i];
    if (c == '%') {
      bool room = raw.length - i > 2;
      int high = room ? http_hex_digit(raw.data[i + 1]) : -1;
      int low = room ? http_hex_digit(raw.data[i + 2]) : -1;
      if (high < 0 || low < 0) return form_refuse(form, "a percent sign without two hexadecimal digits");
      c = (char)(high << 4 | low);
      i += 2;
    }
    out[length++] = c;
  }
  *ret_length = length;
  return 0;
}

int form_decode(struct form_builder *form, struct text raw, bool plus, struct text *ret) {
  bool coded = raw.length != 0 && (memchr(raw.data, '%', raw.length) != NULL ||
                                   (plus && memchr(raw.data, '+', raw.length) != NULL));
  *ret = raw;
  if (coded) {
    char *out = arena_alloc(form->arena, raw.length);
    if (out == NULL) return -ENOMEM;
    ret->data = out;
    int r = decode_into(form, raw, plus, out, &ret->length);
    if (r != 0) return r;
  }
  return text_find_bad_utf8(*ret) == SIZE_MAX ? 0 : form_refuse(form, "a form field that is not UTF-8");
}

static int read_member(struct form_builder *form, struct text member) {
  const char *equals = memchr(member.data, '=', member.length), *string;
  struct text name = {member.data, equals == NULL ? member.length : (size_t)(equals - member.data)},
              value = TEXT_NONE;
  if (equals != NULL) value = (struct text){equals + 1, member.length - name.length - 1};
  int r = form_decode(form, name, true, &name);
  if (r == 0) r = form_decode(form, value, true, &value);
  if (r == 0) r = form_string(form, name, &string);
  if (r == 0) r = form_add_field(form, string, value);
  return r;
}

static int read_urlencoded(struct form_builder *form, struct text rest) {
  int r = 0;
  while (r == 0 && rest.length != 0) {
    const char *ampersand = memchr(rest.data, '&', rest.length);
    size_t length = ampersand == NULL ? rest.length : (size_t)(ampersand - rest.data);
    if (length != 0) r = read_member(form, (struct text){rest.data, length});
    size_t used = MIN(length + 1, rest.length);
    rest.data += used;
    rest.length -= used;
  }
  return r;
}

static void skip_blanks(struct text *rest) {
  while (rest->length != 0 && (rest->data[0] == ' ' || rest->data[0] == '\t')) rest->data++, rest->length--;
}

static bool skip_byte(struct text *rest, char byte) {
  if (rest->length == 0 || rest->data[0] != byte) return false;
  rest->data++;
  rest->length--;
  return true;
}

static struct text take_token(struct text *rest) {
  size_t length = 0;
  while (length < rest->length && http_is_token(rest->data[length])) length++;
  struct text token = {rest->data, length};
  rest->data += length;
  rest->length -= length;
  return token;
}

/* Behind the opening quote. Only \" and \\ are escapes; a backslash before anything else is refused. */
static int take_quoted(struct arena *arena, struct text *rest, struct text *ret) {
  size_t end = 0, length = 0;
  while (end < rest->length && rest->data[end] != '"') end += rest->data[end] == '\\' ? 2 : 1;
  if (end >= rest->length) return -EBADMSG;
  char *out = arena_alloc(arena, end);
  if (out == NULL) return -ENOMEM;
  for (size_t i = 0; i < end; i++) {
    char c = rest->data[i];
    if (c == '\\') {
      c = rest->data[++i];
      if (c != '"' && c != '\\') return -EBADMSG;
    }
    out[length++] = c;
  }
  *ret = (struct text){out, length};
  rest->data += end + 1;
  rest->length -= end + 1;
  return 0;
}

int form_next_parameter(struct arena *arena, struct text *rest, struct form_parameter *ret) {
  skip_blanks(rest);
  if (rest->length == 0) return 0;
  if (!skip_byte(rest, ';')) return -EBADMSG;
  skip_blanks(rest);
  if (rest->length == 0) return 0; /* a semicolon at the end says nothing */
  ret->name = take_token(rest);
  if (ret->name.length == 0 || !skip_byte(rest, '=')) return -EBADMSG;
  if (skip_byte(rest, '"')) {
    int r = take_quoted(arena, rest, &ret->value);
    return r < 0 ? r : 1;
  }
  ret->value = take_token(rest);
  return ret->value.length == 0 ? -EBADMSG : 1;
}

static bool is_boundary(struct text boundary) {
  if (boundary.length == 0 || boundary.length > 70 || boundary.data[boundary.length - 1] == ' ') return false;
  for (size_t i = 0; i < boundary.length; i++) {
    char c = boundary.data[i];
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && (c == '\0' || strchr("'()+_,-./:=? ", c) == NULL)) return false;
  }
  return true;
}

static int find_boundary(struct form_builder *form, struct text rest, struct text *ret_boundary) {
  struct form_parameter parameter;
  int found = 0, r;
  while ((r = form_next_parameter(form->arena, &rest, &parameter)) == 1) {
    if (!form_is(parameter.name, "boundary")) continue;
    *ret_boundary = parameter.value;
    found++;
  }
  if (r == -EBADMSG) return form_refuse(form, "Content-Type has parameters that cannot be read");
  if (r < 0) return r;
  if (found != 1) return form_refuse(form, "multipart/form-data without exactly one boundary");
  return is_boundary(*ret_boundary) ? 0 : form_refuse(form, "a boundary that RFC 2046 does not allow");
}

/* "multipart/form-data, boundary=b": a form to lenient readers only. */
static bool is_nearly(struct text type, const char *lower) {
  size_t length = strlen(lower);
  return type.length > length && form_is((struct text){type.data, length}, lower) &&
         !http_is_token(type.data[length]);
}

static int read_body(struct form_builder *form, struct text content_type, struct text body) {
  struct text boundary;
  const char *end = content_type.length == 0 ? NULL : memchr(content_type.data, ';', content_type.length);
  struct text type = {content_type.data,
                      end == NULL ? content_type.length : (size_t)(end - content_type.data)};
  struct text rest = {content_type.data + type.length, content_type.length - type.length};
  type = text_trim(type);
  if (form_is(type, "application/x-www-form-urlencoded")) return read_urlencoded(form, body);
  if (is_nearly(type, "multipart/form-data") || is_nearly(type, "application/x-www-form-urlencoded"))
    return form_refuse(form, "a Content-Type that only begins like a form's");
  if (!form_is(type, "multipart/form-data")) return 0;
  int r = find_boundary(form, rest, &boundary);
  return r == 0 ? form_read_multipart(form, boundary, body) : r;
}

static int keep(struct form_builder *form, struct form *ret_form) {
  const struct hub_part **parts = arena_alloc(form->arena, form->parts_count * sizeof *parts);
  const struct hub_field **fields = arena_alloc(form->arena, form->fields_count * sizeof *fields);
  if (parts == NULL || fields == NULL) return -ENOMEM;
  memcpy(parts, form->parts, form->parts_count * sizeof *parts);
  memcpy(fields, form->fields, form->fields_count * sizeof *fields);
  *ret_form = (struct form){parts, form->parts_count, fields, form->fields_count, form->body_fields_count};
  return 0;
}

int form_read(struct arena *arena, struct text content_type, struct text query, struct text body,
              struct form *ret_form, const char **reterr_detail) {
  struct form_builder form;
  form.arena = arena;
  form.parts_count = form.fields_count = 0;
  int r = read_body(&form, content_type, body);
  form.body_fields_count = form.fields_count;
  if (r == 0) r = read_urlencoded(&form, query);
  if (r == 0) r = keep(&form, ret_form);
  if (r == FORM_E_INVALID) *reterr_detail = form.detail;
  return r;
}
