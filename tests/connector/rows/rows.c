/*
 * rows.c: for tests of files: each line "KEY TEXT" becomes a Row, "!…" is rejected, an empty line is nothing.
 * A first line "#whole" keeps the records together; "#hang" never ends; else they are independent.
 */
#include <errno.h>
#include <stdlib.h>

#include "connectors/iochub_connector.h"
#include "row.pb-c.h"

static int rows_open(const struct hub_host *host, const void *settings, void **ret_self) {
  *ret_self = NULL;
  return 0;
}

static void rows_close(void *self) {}

static int reject_line(struct hub_sink *sink, const char *line, size_t length, unsigned number) {
  char at[32], *digits = at + sizeof at - 1;
  *digits = '\0';
  *--digits = '1';
  *--digits = ':';
  do *--digits = (char)('0' + number % 10);
  while ((number /= 10) != 0);
  const struct hub_rejection rejection = {.size = sizeof rejection,
                                          .code = HUB_MISSING,
                                          .at = digits,
                                          .detail = "the row has no key",
                                          .bytes = line,
                                          .length = length};
  return hub_reject(sink, &rejection);
}

static int translate_line(struct hub_sink *sink, const char *line, size_t length, unsigned number) {
  const char *blank = __builtin_memchr(line, ' ', length);
  size_t key = blank == NULL ? length : (size_t)(blank - line);
  Test__Rows__V1__Row row = TEST__ROWS__V1__ROW__INIT;
  if (length == 0) return 0;
  if (line[0] == '!') return reject_line(sink, line, length, number);
  int r = hub_string(sink, line, key, &row.key);
  if (r == 0 && blank != NULL) r = hub_string(sink, blank + 1, length - key - 1, &row.text);
  if (r != 0) return r < 0 ? r : reject_line(sink, line, length, number);
  const struct hub_meta meta = {.size = sizeof meta,
                                .key = line,
                                .key_length = line[0] == '-' ? 0 : key,
                                .occurred_us = HUB_NONE,
                                .bytes = line,
                                .length = length};
  return hub_emit(sink, &meta, &row.base);
}

static int rows_translate(const void *self, const struct hub_payload *payload, struct hub_sink *sink) {
  const char *at = payload->data, *end = payload->data + payload->length;
  if (payload->length >= 5 && __builtin_memcmp(at, "#hang", 5) == 0) {
    for (volatile int forever = 1; forever;) continue;
  }
  bool whole = payload->length >= 6 && __builtin_memcmp(at, "#whole", 6) == 0;
  int r = whole ? 0 : sink->ops->independent(sink);
  for (unsigned number = 1; at < end && r == 0; number++) {
    const char *stop = __builtin_memchr(at, '\n', (size_t)(end - at));
    if (stop == NULL) stop = end;
    if (at[0] != '#') r = translate_line(sink, at, (size_t)(stop - at), number);
    hub_release(sink);
    at = stop + 1;
  }
  return r;
}

static const char *const messages[] = {"test.rows.v1.Row", NULL};

HUB_CONNECTOR(.name = "rows", .version = "1", .summary = "rows of text, for tests", .messages = messages,
              .open = rows_open, .translate = rows_translate, .close = rows_close);
