/*
 * answer.c: see answer.h.
 */
#include "connectors/health/answer.h"

static void flush(struct answer *a) {
  if (a->error == 0 && a->used != 0) a->error = a->writer->ops->write(a->writer, a->buffer, a->used);
  a->used = 0;
}

static void put(struct answer *a, char c) {
  if (a->used == sizeof(a->buffer)) flush(a);
  a->buffer[a->used++] = c;
}

void answer_put(struct answer *a, const char *json) {
  while (*json != 0) put(a, *json++);
}

void answer_number(struct answer *a, uint64_t number) {
  char digits[20];
  size_t count = 0;
  do digits[count++] = (char)('0' + number % 10);
  while ((number /= 10) != 0);
  while (count != 0) put(a, digits[--count]);
}

void answer_text_number(struct answer *a, uint64_t number) {
  put(a, '"');
  answer_number(a, number);
  put(a, '"');
}

static void put_escaped(struct answer *a, struct text text) {
  for (size_t i = 0; i < text.length; i++) {
    unsigned char c = (unsigned char)text.data[i];
    if (c < 0x20 || c == 0x7F) {
      answer_put(a, "\\u00");
      put(a, (char)('0' + (c >> 4)));
      put(a, "0123456789abcdef"[c & 15]);
      continue;
    }
    if (c == '"' || c == '\\') put(a, '\\');
    put(a, (char)c);
  }
}

void answer_string(struct answer *a, struct text text) {
  put(a, '"');
  put_escaped(a, text);
  put(a, '"');
}

void answer_sentence(struct answer *a, const char *message, const char *detail) {
  put(a, '"');
  put_escaped(a, text_of(message));
  if (detail != NULL) put_escaped(a, TEXT(": "));
  put_escaped(a, text_of(detail));
  put(a, '"');
}

int answer_end(struct answer *a) {
  flush(a);
  return a->error;
}
