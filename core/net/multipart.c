/*
 * The body of a multipart/form-data request, strictly: it starts with the first delimiter, every delimiter is
 * a line of its own, nothing follows the last one but a line end. Parts are views into the body.
 *
 * `filename*` beside `filename` is ignored (some clients send both, RFC 7578 wants only the latter); alone it
 * is the file name. A transfer encoding that would have to be undone is refused: RFC 7578 has none.
 */
#include "core/net/form.h"
#include "core/net/http_head.h"

enum { PART_HEAD_BYTES_MAX = 8 * 1024, PART_HEADERS_MAX = 16 };

struct part_head {
  struct text disposition, content_type;
  bool has_disposition, has_content_type;
};

static bool starts_with(struct text text, const char *prefix) {
  size_t length = strlen(prefix);
  return text.length >= length && memcmp(text.data, prefix, length) == 0;
}

static void skip(struct text *text, size_t bytes) {
  text->data += bytes;
  text->length -= bytes;
}

static bool is_clean(struct text line) {
  for (size_t i = 0; i < line.length; i++) {
    unsigned char c = (unsigned char)line.data[i];
    if ((c < ' ' && c != '\t') || c == 0x7f) return false;
  }
  return text_find_bad_utf8(line) == SIZE_MAX;
}

static int set_once(struct form_builder *form, bool *has, struct text *to, struct text value) {
  if (*has) return form_refuse(form, "a part with a header twice");
  *has = true;
  *to = value;
  return 0;
}

static int read_part_header(struct form_builder *form, struct text line, struct part_head *head) {
  const char *colon = memchr(line.data, ':', line.length);
  if (!is_clean(line)) return form_refuse(form, "a part's header line with a control byte or not in UTF-8");
  if (line.data[0] == ' ' || line.data[0] == '\t') return form_refuse(form, "a folded header line in a part");
  struct text name = {line.data, colon == NULL ? 0 : (size_t)(colon - line.data)};
  if (!http_text_is_token(name)) return form_refuse(form, "a part's header line that is not NAME: VALUE");
  struct text value = text_trim((struct text){colon + 1, line.length - name.length - 1});
  if (form_is(name, "content-disposition"))
    return set_once(form, &head->has_disposition, &head->disposition, value);
  if (form_is(name, "content-type"))
    return set_once(form, &head->has_content_type, &head->content_type, value);
  bool encoded = form_is(name, "content-transfer-encoding") && !form_is(value, "binary") &&
                 !form_is(value, "8bit") && !form_is(value, "7bit");
  return encoded ? form_refuse(form, "a part with a transfer encoding") : 0;
}

/* Takes the header lines and the empty line off *rest. */
static int read_part_head(struct form_builder *form, struct text *rest, struct part_head *head) {
  size_t used = 0;
  for (int lines = 0;; lines++) {
    size_t window = MIN(rest->length, PART_HEAD_BYTES_MAX - used);
    const char *end = memmem(rest->data, window, "\r\n", 2);
    if (end == NULL) return form_refuse(form, "a part whose header does not end within 8 KiB");
    struct text line = {rest->data, (size_t)(end - rest->data)};
    skip(rest, line.length + 2);
    used += line.length + 2;
    if (line.length == 0) return 0;
    if (lines == PART_HEADERS_MAX) return form_refuse(form, "a part with more than 16 header lines");
    int r = read_part_header(form, line, head);
    if (r != 0) return r;
  }
}

/* RFC 8187: utf-8''PERCENT-ENCODED. */
static int read_extended(struct form_builder *form, struct text value, struct text *ret) {
  if (value.length < 7 || !form_is((struct text){value.data, 5}, "utf-8") || value.data[5] != '\'')
    return form_refuse(form, "a filename* that is not utf-8''NAME");
  const char *quote = memchr(value.data + 6, '\'', value.length - 6);
  if (quote == NULL) return form_refuse(form, "a filename* that is not utf-8''NAME");
  struct text raw = {quote + 1, value.length - (size_t)(quote + 1 - value.data)};
  return form_decode(form, raw, false, ret);
}

struct disposition {
  struct text name, file_name, extended;
  bool has_name, has_file_name, has_extended;
};

static int read_parameters(struct form_builder *form, struct text rest, struct disposition *ret) {
  struct form_parameter parameter;
  int r, taken = 0;
  while (taken == 0 && (r = form_next_parameter(form->arena, &rest, &parameter)) == 1) {
    if (form_is(parameter.name, "name")) taken = set_once(form, &ret->has_name, &ret->name, parameter.value);
    else if (form_is(parameter.name, "filename"))
      taken = set_once(form, &ret->has_file_name, &ret->file_name, parameter.value);
    else if (form_is(parameter.name, "filename*"))
      taken = set_once(form, &ret->has_extended, &ret->extended, parameter.value);
  }
  if (taken != 0) return taken;
  if (r == -EBADMSG) return form_refuse(form, "a Content-Disposition that cannot be read");
  return r;
}

static int read_disposition(struct form_builder *form, const struct part_head *head,
                            struct disposition *ret) {
  const char *end =
      head->has_disposition ? memchr(head->disposition.data, ';', head->disposition.length) : NULL;
  if (end == NULL) return form_refuse(form, "a part without a name");
  struct text kind = {head->disposition.data, (size_t)(end - head->disposition.data)};
  if (!form_is(text_trim(kind), "form-data")) return form_refuse(form, "a part that is not form-data");
  struct text rest = {end, head->disposition.length - kind.length};
  int r = read_parameters(form, rest, ret);
  if (r != 0) return r;
  if (!ret->has_name || ret->name.length == 0) return form_refuse(form, "a part without a name");
  if (ret->has_file_name || !ret->has_extended) return 0;
  ret->has_file_name = true;
  return read_extended(form, ret->extended, &ret->file_name);
}

static int add_part(struct form_builder *form, const struct part_head *head, struct text content) {
  struct disposition disposition = {0};
  if (form->parts_count == FORM_PARTS_MAX) return form_refuse(form, "more than 64 parts");
  struct hub_part *part = arena_alloc(form->arena, sizeof *part);
  if (part == NULL) return -ENOMEM;
  *part = (struct hub_part){.size = sizeof *part, .data = content.data, .length = content.length};
  int r = read_disposition(form, head, &disposition);
  if (r == 0) r = form_string(form, disposition.name, &part->name);
  if (r == 0 && disposition.has_file_name) r = form_string(form, disposition.file_name, &part->file_name);
  if (r == 0 && head->has_content_type) r = form_string(form, head->content_type, &part->content_type);
  if (r == 0 && !disposition.has_file_name) r = form_add_field(form, part->name, content);
  if (r == 0) form->parts[form->parts_count++] = part;
  return r;
}

/* Length of the content up to the next delimiter line. A boundary behind a lone CR or LF, or right behind the
 * header, is one to lenient readers only. */
static int find_delimiter(struct form_builder *form, struct text rest, struct text dashes,
                          size_t *ret_length) {
  const char *from = rest.data, *end = rest.data + rest.length, *at;
  while ((at = memmem(from, (size_t)(end - from), dashes.data, dashes.length)) != NULL) {
    size_t before = (size_t)(at - rest.data);
    if (before >= 2 && at[-2] == '\r' && at[-1] == '\n') {
      *ret_length = before - 2;
      return 0;
    }
    if (before == 0 || at[-1] == '\n' || at[-1] == '\r')
      return form_refuse(form, "a boundary without CRLF before it");
    from = at + 1;
  }
  return form_refuse(form, "a part that its boundary does not end");
}

/* Takes the end of a delimiter line, the part's header and content, and the next delimiter off *rest. */
static int read_part(struct form_builder *form, struct text *rest, struct text dashes) {
  struct part_head head = {0};
  size_t length;
  if (!starts_with(*rest, "\r\n")) return form_refuse(form, "a boundary that does not end its line");
  skip(rest, 2);
  int r = read_part_head(form, rest, &head);
  if (r == 0) r = find_delimiter(form, *rest, dashes, &length);
  if (r == 0) r = add_part(form, &head, (struct text){rest->data, length});
  if (r == 0) skip(rest, length + 2 + dashes.length);
  return r;
}

int form_read_multipart(struct form_builder *form, struct text boundary, struct text body) {
  char delimiter[73] = "--";
  struct text rest = body, dashes = {delimiter, boundary.length + 2};
  memcpy(delimiter + 2, boundary.data, boundary.length);
  if (!starts_with(rest, delimiter)) return form_refuse(form, "the body does not start with its boundary");
  skip(&rest, dashes.length);
  while (!starts_with(rest, "--")) {
    int r = read_part(form, &rest, dashes);
    if (r != 0) return r;
  }
  skip(&rest, 2);
  if (form->parts_count == 0) return form_refuse(form, "a multipart body without parts");
  bool ended = rest.length == 0 || text_is(rest, "\r\n");
  return ended ? 0 : form_refuse(form, "bytes after the last boundary");
}
