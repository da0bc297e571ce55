/*
 * http_framing CASES: prints a table of HTTP framing cases with the answer to each, from a real listener.
 *
 * Each case is fed whole, byte by byte, and cut in two at every place; each time an innocent probe request
 * follows on the same connection. A case has two readings when any of these runs is answered differently from
 * another, and it deviates when the answer is not the one in the file. A refusal must end the connection: the
 * probe stays unanswered.
 *
 * A line of the file is `NAME | ANSWERS | BYTES`. ANSWERS: `STATUS close` (refused, the probe unanswered), or
 * what the service read of each request, `METHOD PATH QUERY "BODY"`, separated by ` ; `, with ` ; closed`
 * when the last answer ends the connection. BYTES: \r \n \t \\ \xHH, and \{TEXT*N} for TEXT N times.
 */
#include <stdio.h>

#include "tests/lib/case_file.h"
#include "tests/lib/http_rig.h"

/* Longer cases are cut in two at every 41st place only; byte by byte they are fed like all others. */
enum { NAME_WIDTH = 44, TWO_CUTS_MAX = 1500, WIDE_STEP = 41 };

static const struct text probe = {"GET /probe HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", 52};

struct tally {
  unsigned cases, feeds, deviations, twofold;
};

/* Feeds bytes in pieces of `piece` bytes after a first one of `first`, then the probe. */
static void feed(struct http_rig *rig, struct text bytes, size_t first, size_t piece,
                 struct text_out *digest) {
  struct text_out received = TEXT_OUT_INIT;
  int fd = http_rig_connect(rig);
  for (size_t at = 0, n = first; at < bytes.length; at += n, n = piece) {
    n = MIN(MAX(n, (size_t)1), bytes.length - at);
    http_rig_send(rig, fd, (struct text){bytes.data + at, n});
  }
  http_rig_send(rig, fd, probe);
  http_rig_finish(rig, fd, &received);
  http_rig_digest((struct text){received.data, received.length}, digest);
  text_out_deinit(&received);
}

/* `200 GET / "" …` lines as the file writes them. */
static void summarise(struct text digest, struct text_out *out) {
  static const char probe_answer[] = "200 close GET /probe  \"\"\n";
  size_t probe_length = sizeof probe_answer - 1;
  bool kept = digest.length >= probe_length &&
              memcmp(digest.data + digest.length - probe_length, probe_answer, probe_length) == 0;
  if (kept) digest.length -= probe_length;
  bool closed = false;
  while (digest.length != 0) {
    const char *end = memchr(digest.data, '\n', digest.length);
    struct text line = {digest.data, end == NULL ? digest.length : (size_t)(end - digest.data)};
    digest.data += MIN(line.length + 1, digest.length);
    digest.length -= MIN(line.length + 1, digest.length);
    closed = line.length > 9 && memcmp(line.data + 3, " close", 6) == 0;
    bool good = line.length > 4 && memcmp(line.data, "200 ", 4) == 0;
    if (out->length != 0) text_out_string(out, " ; ");
    size_t skip = closed ? 10 : 4;
    if (good) text_out_bytes(out, (struct text){line.data + skip, line.length - skip});
    else text_out_bytes(out, (struct text){line.data, MIN(line.length, (size_t)(closed ? 9 : 3))});
    if (good && closed) text_out_string(out, " ; closed");
  }
  if (!kept && !closed) text_out_string(out, " ; lost");
  if (kept && closed) text_out_string(out, " ; PROBE ANSWERED");
}

static bool same(struct http_rig *rig, struct text bytes, size_t first, size_t piece,
                 const struct text_out *whole, struct tally *tally) {
  struct text_out digest = TEXT_OUT_INIT;
  feed(rig, bytes, first, piece, &digest);
  bool equal = digest.length == whole->length && memcmp(digest.data, whole->data, whole->length) == 0;
  if (!equal)
    fprintf(stderr, "first piece %zu: %s\n", first, digest.data == NULL ? "(nothing)" : digest.data);
  text_out_deinit(&digest);
  tally->feeds++;
  return equal;
}

static bool one_reading(struct http_rig *rig, struct text bytes, const struct text_out *whole,
                        struct tally *tally) {
  size_t step = bytes.length > TWO_CUTS_MAX ? WIDE_STEP : 1;
  if (!same(rig, bytes, 1, 1, whole, tally)) return false;
  for (size_t cut = 1; cut < bytes.length; cut += step)
    if (!same(rig, bytes, cut, bytes.length, whole, tally)) return false;
  return true;
}

static void run_case(struct http_rig *rig, const char *name, const char *expected, struct text bytes,
                     struct tally *tally) {
  struct text_out whole = TEXT_OUT_INIT, answer = TEXT_OUT_INIT;
  feed(rig, bytes, bytes.length, bytes.length, &whole);
  summarise((struct text){whole.data, whole.length}, &answer);
  bool single = one_reading(rig, bytes, &whole, tally);
  bool right = strcmp(answer.data == NULL ? "" : answer.data, expected) == 0;
  tally->cases++;
  tally->feeds++;
  tally->twofold += !single;
  tally->deviations += !right;
  printf("%-*s %s%s\n", NAME_WIDTH, name, answer.data == NULL ? "-" : answer.data,
         !single  ? "   TWO READINGS"
         : !right ? "   DEVIATES"
                  : "");
  if (!right) printf("%-*s expected: %s\n", NAME_WIDTH, "", expected);
  text_out_deinit(&whole);
  text_out_deinit(&answer);
}

static bool run_line(struct http_rig *rig, char *line, struct tally *tally) {
  struct text_out bytes = TEXT_OUT_INIT;
  line[strcspn(line, "\n")] = '\0';
  if (line[0] == '#' || line[0] == '\0') return true;
  char *name = case_next_column(&line), *expected = name == NULL ? NULL : case_next_column(&line);
  bool readable = expected != NULL && case_read_bytes(line, &bytes);
  if (readable) run_case(rig, name, expected, (struct text){bytes.data, bytes.length}, tally);
  else fprintf(stderr, "http_framing: a line that is not NAME | ANSWERS | BYTES: %s\n", line);
  text_out_deinit(&bytes);
  return readable;
}

int main(int argc, char **argv) {
  struct http_rig rig = {.max_body = 1000};
  struct tally tally = {0};
  char *line = NULL;
  size_t capacity = 0;
  bool readable = true;
  FILE *file = argc == 2 ? fopen(argv[1], "re") : NULL;
  if (file == NULL) {
    fprintf(stderr, "usage: http_framing CASES\n");
    return 2;
  }
  http_rig_open(&rig);
  while (readable && getline(&line, &capacity, file) > 0) readable = run_line(&rig, line, &tally);
  http_rig_close(&rig);
  free(line);
  fclose(file);
  printf(
      "\n%u cases fed whole, byte by byte and cut at every place (over 1500 bytes: at every 41st) (%u "
      "connections): %u with two readings, "
      "%u not as decided\n",
      tally.cases, tally.feeds, tally.twofold, tally.deviations);
  return !readable || tally.cases < 60 || tally.twofold != 0 || tally.deviations != 0;
}
