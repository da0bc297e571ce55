/*
 * Errors of a configuration as text for the terminal. Every error is counted, the first 20 are kept, and
 * warnings have 20 places of their own so that they never push an error out.
 *
 * The source line is shown, but what follows a key like `password:` and every long run of hex digits in it is
 * masked: somebody who wrote a secret into the wrong file must not find it in a terminal's log as well.
 */
#include "core/config/errors.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

enum { LINE_SHOWN = 150, HEX_RUN_MASKED = 24, NEAREST_LENGTH_MAX = 64, VALUE_SHOWN = 60, REASON_MAX = 1024 };

void config_errors_deinit(struct config_errors *errors) { text_out_deinit(&errors->text); }

static const char *const secret_words[] = {"password", "passwd",     "passphrase",  "secret",
                                           "token",    "credential", "private_key", "mat_khau"};

bool config_secret_name(struct text name) {
  for (size_t word = 0; word < LENGTH_OF(secret_words); word++) {
    size_t length = strlen(secret_words[word]);
    for (size_t i = 0; i + length <= name.length; i++) {
      if (strncasecmp(name.data + i, secret_words[word], length) == 0) return true;
    }
  }
  return false;
}

/* Offset behind the ':' or '=' of the first secret-like key of the line; its length when there is none. */
static size_t secret_start(struct text line) {
  for (size_t i = 0; i < line.length; i++) {
    if (line.data[i] != ':' && line.data[i] != '=') continue;
    size_t start = i;
    while (start > 0 &&
           (isalnum((unsigned char)line.data[start - 1]) || strchr("_-.\"'", line.data[start - 1])))
      start--;
    if (config_secret_name((struct text){line.data + start, i - start})) return i + 1;
  }
  return line.length;
}

static void mask_hex_runs(char *data, size_t length) {
  size_t run = 0;
  for (size_t i = 0; i <= length; i++) {
    if (i < length && isxdigit((unsigned char)data[i])) {
      run++;
      continue;
    }
    if (run >= HEX_RUN_MASKED) memset(data + i - run, '*', run);
    run = 0;
  }
}

static struct text line_of(struct config_mark mark) {
  struct text rest = mark.file->content;
  for (unsigned line = 1; line < mark.line; line++) {
    const char *end = rest.length == 0 ? NULL : memchr(rest.data, '\n', rest.length);
    if (end == NULL) return TEXT_NONE;
    rest.length -= (size_t)(end + 1 - rest.data);
    rest.data = end + 1;
  }
  const char *end = rest.length == 0 ? NULL : memchr(rest.data, '\n', rest.length);
  if (end != NULL) rest.length = (size_t)(end - rest.data);
  if (rest.length != 0 && rest.data[rest.length - 1] == '\r') rest.length--;
  return rest;
}

static bool inside_character(char c) { return ((unsigned char)c & 0xc0) == 0x80; }

/* Byte offset of a column, which counts characters from 1. */
static size_t column_offset(struct text line, unsigned column) {
  size_t offset = 0;
  while (column > 1 && offset < line.length) {
    offset++;
    while (offset < line.length && inside_character(line.data[offset])) offset++;
    column--;
  }
  return offset;
}

static void show_line(struct text_out *out, struct config_mark mark) {
  struct text line = line_of(mark);
  if (line.length == 0) return;
  unsigned from = mark.column > LINE_SHOWN / 2 && line.length > LINE_SHOWN ? mark.column - LINE_SHOWN / 2 : 1;
  size_t start = column_offset(line, from), end = column_offset(line, from + LINE_SHOWN);
  size_t masked = secret_start(line);
  char shown[LINE_SHOWN * 4 + 1];
  size_t length = MIN(end - start, sizeof shown - 1);
  for (size_t i = 0; i < length; i++) {
    unsigned char c = (unsigned char)line.data[start + i];
    bool hide = start + i >= masked && c != ' ' && !inside_character((char)c);
    shown[i] = hide ? '*' : (char)(c < 0x20 || c == 0x7f ? ' ' : c);
    if (start + i >= masked && c >= 0x80) shown[i] = '*';
  }
  mask_hex_runs(shown, length);
  text_out_string(out, "  ");
  for (struct text rest = {shown, length}; rest.length != 0;) {
    size_t bad = text_find_bad_utf8(rest);
    if (bad == SIZE_MAX) {
      text_out_bytes(out, rest);
      break;
    }
    text_out_bytes(out, (struct text){rest.data, bad});
    text_out_string(out, "?");
    rest = (struct text){rest.data + bad + 1, rest.length - bad - 1};
  }
  text_out_format(out, "\n  %*s^\n", (int)(mark.column - from), "");
}

static void say(struct config_errors *errors, struct config_mark mark, const char *kind, const char *item,
                const char *format, va_list arguments) {
  char reason[REASON_MAX];
  int length = vsnprintf(reason, sizeof reason, format, arguments);
  if (length < 0) return;
  mask_hex_runs(reason, MIN((size_t)length, sizeof reason - 1));
  struct text_out *out = &errors->text;
  if (mark.file != NULL) {
    text_out_string(out, mark.file->path);
    text_out_format(out, ":%u:%u: ", mark.line, mark.column);
  }
  text_out_format(out, "%s: ", kind);
  if (item != NULL && item[0] != '\0') text_out_format(out, "%s: ", item);
  text_out_format(out, "%s\n", reason);
  if (mark.file != NULL && mark.line != 0) show_line(out, mark);
}

void config_error(struct config_errors *errors, struct config_mark mark, const char *item, const char *format,
                  ...) {
  if (errors->errors++ >= CONFIG_ERRORS_MAX) return;
  va_list arguments;
  va_start(arguments, format);
  say(errors, mark, "error", item, format, arguments);
  va_end(arguments);
}

void config_warning(struct config_errors *errors, struct config_mark mark, const char *item,
                    const char *format, ...) {
  if (errors->warnings++ >= CONFIG_ERRORS_MAX) return;
  va_list arguments;
  va_start(arguments, format);
  say(errors, mark, "warning", item, format, arguments);
  va_end(arguments);
}

const char *config_quoted(struct text value, char buffer[static CONFIG_QUOTED_SIZE]) {
  cleanup(text_out_deinit) struct text_out out = TEXT_OUT_INIT;
  bool quoted = value.length == 0 || memchr(value.data, ' ', value.length) != NULL ||
                memchr(value.data, '"', value.length) != NULL ||
                memchr(value.data, '=', value.length) != NULL;
  if (!quoted) text_out_string(&out, "\"");
  text_out_visible(&out, value, VALUE_SHOWN);
  if (!quoted) text_out_string(&out, "\"");
  size_t length = out.failed ? 0 : MIN(out.length, (size_t)CONFIG_QUOTED_SIZE - 1);
  if (length != 0) memcpy(buffer, out.data, length);
  buffer[length] = '\0';
  mask_hex_runs(buffer, length);
  return buffer;
}

/* Levenshtein distance with neighbours swapped counted once, by three rows. */
static size_t distance(struct text a, struct text b) {
  size_t rows[3][NEAREST_LENGTH_MAX + 1];
  size_t *before = rows[0], *last = rows[1], *row = rows[2];
  for (size_t j = 0; j <= b.length; j++) last[j] = before[j] = j;
  for (size_t i = 1; i <= a.length; i++) {
    row[0] = i;
    for (size_t j = 1; j <= b.length; j++) {
      bool same = tolower((unsigned char)a.data[i - 1]) == tolower((unsigned char)b.data[j - 1]);
      row[j] = MIN(MIN(last[j], row[j - 1]) + 1, last[j - 1] + !same);
      bool swapped = i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] && a.data[i - 2] == b.data[j - 1];
      if (swapped) row[j] = MIN(row[j], before[j - 2] + 1);
    }
    size_t *oldest = before;
    before = last;
    last = row;
    row = oldest;
  }
  return last[b.length];
}

const char *config_nearest(struct text name, const char *const *known) {
  if (name.length == 0 || name.length > NEAREST_LENGTH_MAX) return NULL;
  const char *nearest = NULL;
  size_t best = MAX(name.length / 3, (size_t)1) + 1;
  for (; known != NULL && *known != NULL; known++) {
    struct text candidate = text_of(*known);
    if (candidate.length > NEAREST_LENGTH_MAX) continue;
    size_t far = distance(name, candidate);
    if (far < best && far < candidate.length) {
      best = far;
      nearest = *known;
    }
  }
  return nearest;
}
