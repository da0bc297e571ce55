/*
 * mllp_framing CASES: prints a table of MLLP framings with what a real listener reads of each.
 *
 * Each case is fed whole, byte by byte, and cut in two at every place; each time an innocent probe message
 * follows on the same connection. A case has two readings when any of these runs is read differently from
 * another, and it deviates when the reading is not the one in the file. A refusal must end the connection:
 * the probe stays unanswered.
 *
 * A line of the file is `NAME | READING | BYTES`. READING: the messages that were answered, in quotes and in
 * order, and then the reason when the connection was ended.
 */
#include <stdio.h>

#include "tests/lib/case_file.h"
#include "tests/lib/mllp_rig.h"
#include "tests/lib/net_client.h"

/* Longer cases are cut in two at every 41st place only; byte by byte they are fed like all others. */
enum { NAME_WIDTH = 40, TWO_CUTS_MAX = 1500, WIDE_STEP = 41 };

static const struct text probe = TEXT("\x0bPROBE\x1c\r");

struct tally {
  unsigned cases, feeds, deviations, twofold;
};

/* Answers are `A` and the message; the probe's is left out, or its absence said by the reason. */
static void summarise(struct mllp_rig *rig, struct text received, struct text_out *out) {
  struct text_out digest = TEXT_OUT_INIT;
  mllp_rig_digest(received, &digest);
  const char *at = digest.data == NULL ? "" : digest.data;
  bool probed = false;
  while (*at != '\0') {
    const char *end = strstr(at, "\" \"A");
    struct text one = {at, end == NULL ? strlen(at) : (size_t)(end - at) + 1};
    at += one.length + (end != NULL);
    probed = text_is(one, "\"APROBE\"");
    if (probed) continue;
    if (out->length != 0) text_out_string(out, " ");
    bool echo = one.length > 2 && one.data[0] == '"' && one.data[1] == 'A';
    text_out_string(out, echo ? "\"" : "?");
    text_out_bytes(out, (struct text){one.data + (echo ? 2 : 0), one.length - (echo ? 2 : 0)});
  }
  if (rig->refused != NULL) text_out_format(out, "%s%s", out->length == 0 ? "" : " ", rig->refused);
  if (probed == (rig->refused != NULL)) text_out_string(out, probed ? " PROBE ANSWERED" : " PROBE LOST");
  if (rig->refusals > 1) text_out_string(out, " MORE THAN ONE REFUSAL");
  text_out_deinit(&digest);
}

/* Feeds bytes in pieces of `piece` bytes after a first one of `first`, then the probe. */
static void feed(struct mllp_rig *rig, struct text bytes, size_t first, size_t piece, struct text_out *out) {
  struct text_out received = TEXT_OUT_INIT;
  rig->refused = NULL;
  rig->refusals = 0;
  int fd = mllp_rig_connect(rig);
  for (size_t at = 0, n = first; at < bytes.length; at += n, n = piece) {
    n = MIN(MAX(n, (size_t)1), bytes.length - at);
    net_client_send(rig->base, fd, (struct text){bytes.data + at, n});
  }
  net_client_send(rig->base, fd, probe);
  net_client_finish(rig->base, fd, &received);
  summarise(rig, (struct text){received.data, received.length}, out);
  text_out_deinit(&received);
}

static bool same(struct mllp_rig *rig, struct text bytes, size_t first, size_t piece,
                 const struct text_out *whole, struct tally *tally) {
  struct text_out out = TEXT_OUT_INIT;
  feed(rig, bytes, first, piece, &out);
  bool equal = out.length == whole->length && memcmp(out.data, whole->data, whole->length) == 0;
  if (!equal) fprintf(stderr, "first piece %zu: %s\n", first, out.data == NULL ? "(nothing)" : out.data);
  text_out_deinit(&out);
  tally->feeds++;
  return equal;
}

static bool one_reading(struct mllp_rig *rig, struct text bytes, const struct text_out *whole,
                        struct tally *tally) {
  size_t step = bytes.length > TWO_CUTS_MAX ? WIDE_STEP : 1;
  if (!same(rig, bytes, 1, 1, whole, tally)) return false;
  for (size_t cut = 1; cut < bytes.length; cut += step)
    if (!same(rig, bytes, cut, bytes.length, whole, tally)) return false;
  return true;
}

static void run_case(struct mllp_rig *rig, const char *name, const char *expected, struct text bytes,
                     struct tally *tally) {
  struct text_out whole = TEXT_OUT_INIT;
  feed(rig, bytes, MAX(bytes.length, (size_t)1), 1, &whole);
  bool single = one_reading(rig, bytes, &whole, tally);
  const char *reading = whole.data == NULL ? "" : whole.data;
  bool right = strcmp(reading, expected) == 0;
  tally->cases++;
  tally->feeds++;
  tally->twofold += !single;
  tally->deviations += !right;
  printf("%-*s %s%s\n", NAME_WIDTH, name, reading, !single ? "   TWO READINGS" : !right ? "   DEVIATES" : "");
  if (!right) printf("%-*s expected: %s\n", NAME_WIDTH, "", expected);
  text_out_deinit(&whole);
}

static bool run_line(struct mllp_rig *rig, char *line, struct tally *tally) {
  struct text_out bytes = TEXT_OUT_INIT;
  line[strcspn(line, "\n")] = '\0';
  if (line[0] == '#' || line[0] == '\0') return true;
  char *name = case_next_column(&line), *expected = name == NULL ? NULL : case_next_column(&line);
  bool readable = expected != NULL && case_read_bytes(line, &bytes);
  if (readable) run_case(rig, name, expected, (struct text){bytes.data, bytes.length}, tally);
  else fprintf(stderr, "mllp_framing: a line that is not NAME | READING | BYTES: %s\n", line);
  text_out_deinit(&bytes);
  return readable;
}

int main(int argc, char **argv) {
  struct mllp_rig rig = {.limits.max_body = 1000};
  struct tally tally = {0};
  char *line = NULL;
  size_t capacity = 0;
  bool readable = true;
  FILE *file = argc == 2 ? fopen(argv[1], "re") : NULL;
  if (file == NULL) {
    fprintf(stderr, "usage: mllp_framing CASES\n");
    return 2;
  }
  mllp_rig_open(&rig);
  while (readable && getline(&line, &capacity, file) > 0) readable = run_line(&rig, line, &tally);
  mllp_rig_close(&rig);
  free(line);
  fclose(file);
  printf(
      "\n%u framings fed whole, byte by byte and cut at every place (over 1500 bytes: at every 41st) (%u "
      "connections): %u with two readings, %u not as decided\n",
      tally.cases, tally.feeds, tally.twofold, tally.deviations);
  return !readable || tally.cases < 30 || tally.twofold != 0 || tally.deviations != 0;
}
