/*
 * Escapes and columns of case files.
 */
#include "tests/lib/case_file.h"

static bool read_number(const char **at, unsigned *ret_value) {
  char *end;
  *ret_value = (unsigned)strtoul(*at, &end, 10);
  bool read = end != *at && *end == '}';
  *at = end + 1;
  return read;
}

static bool read_repeat(const char **at, struct text_out *out) {
  const char *text = *at, *star = strchr(text, '*');
  unsigned times;
  if (star == NULL) return false;
  struct text_out piece = TEXT_OUT_INIT;
  for (const char *c = text; c < star; c++) {
    bool escaped = *c == '\\' && c + 1 < star;
    char byte = !escaped ? *c : *++c == 'r' ? '\r' : *c == 'n' ? '\n' : *c;
    text_out_bytes(&piece, (struct text){&byte, 1});
  }
  *at = star + 1;
  bool read = read_number(at, &times);
  for (unsigned i = 0; read && i < times; i++) text_out_bytes(out, (struct text){piece.data, piece.length});
  text_out_deinit(&piece);
  return read;
}

static bool read_escape(const char **at, struct text_out *out) {
  char byte = *(*at)++;
  switch (byte) {
    case 'r': byte = '\r'; break;
    case 'n': byte = '\n'; break;
    case 't': byte = '\t'; break;
    case '\\': break;
    case '{': return read_repeat(at, out);
    case 'x': {
      char hex[3] = {(*at)[0], (*at)[0] == '\0' ? '\0' : (*at)[1], '\0'};
      char *end;
      byte = (char)strtoul(hex, &end, 16);
      if (end != hex + 2) return false;
      *at += 2;
      break;
    }
    default: return false;
  }
  text_out_bytes(out, (struct text){&byte, 1});
  return true;
}

bool case_read_bytes(const char *at, struct text_out *out) {
  while (*at != '\0') {
    if (*at != '\\') text_out_bytes(out, (struct text){at++, 1});
    else if (at++, !read_escape(&at, out)) return false;
  }
  return !out->failed;
}

char *case_next_column(char **line) {
  char *start = *line, *bar = strstr(start, " | ");
  if (bar == NULL) return NULL;
  *line = bar + 3;
  while (bar > start && bar[-1] == ' ') bar--;
  *bar = '\0';
  while (**line == ' ') (*line)++;
  return start;
}
