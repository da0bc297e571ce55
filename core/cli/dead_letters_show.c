/*
 * One dead letter in full. What the sender sent is personal data in general: it is shown only to who can read
 * the master key, and then as a short excerpt without control bytes; the whole goes to a file that only its
 * owner reads.
 */
#include <fcntl.h>
#include <stdio.h>

#include "core/clock.h"
#include "core/cli/command.h"
#include "core/cli/dead_letters.h"
#include "core/originals/originals.h"

enum { EXCERPT_BYTES = 800, VALUE_BYTES = 400, LINE_BYTES = 200 };

static void put(struct text_out *out, const char *name, struct text value, size_t limit) {
  text_out_format(out, "%-16s ", name);
  if (value.length == 0) {
    text_out_string(out, "-");
  } else {
    text_out_visible(out, value, limit);
  }
  text_out_string(out, "\n");
}

static void put_string(struct text_out *out, const char *name, const char *value) {
  put(out, name, text_of(value), LINE_BYTES);
}

static void put_letter(struct text_out *out, const struct letter *letter) {
  const Ioc__Hub__V1__DeadLetter *message = letter->message;
  char time[CLOCK_TEXT_SIZE];
  put(out, "id", letter->key, LINE_BYTES);
  put_string(out, "state", letter_state(message));
  put_string(out, "received", clock_text(letter_time_us(message), time));
  text_out_format(out, "%-16s %u\n", "attempts", message->attempts);
  put_string(out, "hub", message->hub);
  put_string(out, "source", message->source);
  text_out_format(out, "%-16s ", "connector");
  text_out_visible(out, text_of(message->connector), LINE_BYTES);
  text_out_string(out, " ");
  text_out_visible(out, text_of(message->connector_version), LINE_BYTES);
  text_out_format(out, "\n%-16s %u\n", "record", message->record);
  put_string(out, "code", message->code);
  put_string(out, "at", message->at);
  put_string(out, "detail", message->detail);
  put_string(out, "for topic", message->topic);
  put_string(out, "message type", message->message_type);
  put_string(out, "told the sender", message->told_sender ? "yes" : "no");
  put_string(out, "payload digest", message->payload_digest);
}

static void put_original(struct text_out *out, const struct original *original, uint32_t record) {
  text_out_string(out, "\noriginal\n");
  put(out, "method", original->method, LINE_BYTES);
  put(out, "path", original->path, LINE_BYTES);
  put(out, "query", original->query, LINE_BYTES);
  put(out, "content type", original->content_type, LINE_BYTES);
  put(out, "file name", original->name, LINE_BYTES);
  for (size_t i = 0; i < original->values_count; i++) {
    if (original->values[i].record == record)
      put(out, "refused value", original->values[i].value, VALUE_BYTES);
  }
  text_out_format(out, "%-16s %zu bytes%s\n", "body", original->body.length,
                  original->body.length > EXCERPT_BYTES ? ", its beginning:" : ":");
  text_out_visible(out, original->body, EXCERPT_BYTES);
  text_out_string(out, "\n");
}

static int digest_parse(const char *hex, uint8_t ret_digest[static 32]) {
  if (strlen(hex) != 64 || strspn(hex, "0123456789abcdef") != 64) return -EBADMSG;
  for (size_t i = 0; i < 32; i++) {
    const char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
    ret_digest[i] = (uint8_t)strtoul(pair, NULL, 16);
  }
  return 0;
}

static int write_raw(const char *path, struct text body) {
  bool standard = strcmp(path, "-") == 0;
  int fd = standard ? STDOUT_FILENO : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return -errno;
  int r = 0;
  while (body.length > 0 && r == 0) {
    ssize_t n = write(fd, body.data, body.length);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      r = -errno;
    } else {
      body.data += n;
      body.length -= (size_t)n;
    }
  }
  if (!standard && close(fd) < 0 && r == 0) r = -errno;
  return r;
}

/* Where nothing can be opened, the remedy. */
static const char *refusal(int r) {
  switch (r) {
    case ORIGINALS_E_MISSING:
      return "the original is not in this state directory: it is on another machine, or its day was erased";
    case ORIGINALS_E_KEY:
      return "the key in keys.originals does not open the original: it was sealed under another one";
    case -EBADMSG: return "the original is damaged on disk";
    case -EACCES: return "this user may not read the state directory: run as the hub's user";
    default: return NULL;
  }
}

static int master_load(const struct letter_show *show, struct secret_key *ret_key) {
  if (show->config == NULL || show->config->keys.originals == NULL) {
    fputs(
        "the original is sealed: give --config CONFIG/hub.yaml on the hub's machine, as a user who may read "
        "the file"
        " in its keys.originals\n",
        stderr);
    return EXIT_NO;
  }
  cleanup(config_errors_deinit) struct config_errors errors = CONFIG_ERRORS_INIT;
  int r = secret_key_load(show->config->keys.originals, (struct config_mark){0}, "keys.originals", &errors,
                          ret_key);
  if (r == 0) return EXIT_OK;
  fputs("the original is sealed, and the key that opens it cannot be read here:\n", stderr);
  if (errors.text.length != 0) fputs(errors.text.data, stderr);
  return EXIT_NO;
}

static int original_open(const struct letter *letter, const struct letter_show *show, struct arena *arena,
                         struct original *ret_original) {
  uint8_t digest[32];
  struct secret_key master;
  if (digest_parse(letter->message->payload_digest, digest) < 0) {
    fputs("the dead letter names no payload\n", stderr);
    return EXIT_NO;
  }
  int result = master_load(show, &master);
  if (result != EXIT_OK) return result;
  const char *state_dir = show->state_dir != NULL ? show->state_dir : show->config->state_dir;
  int r = originals_read(state_dir, &master, letter->message->source, digest, arena, ret_original);
  secret_wipe(&master, sizeof master);
  if (r == 0) return EXIT_OK;
  const char *reason = refusal(r);
  if (reason == NULL) reason = strerrordesc_np(-r);
  fprintf(stderr, "%s (state directory %s)\n", reason, state_dir);
  return EXIT_NO;
}

int letter_show(const struct letter *letter, const struct letter_show *show) {
  cleanup(arena_freep) struct arena *arena = NULL;
  cleanup(text_out_deinit) struct text_out out = TEXT_OUT_INIT;
  if (arena_new(&arena) < 0) return EXIT_TROUBLE;
  struct original original;
  int result = original_open(letter, show, arena, &original);
  bool body_on_output = show->raw != NULL && strcmp(show->raw, "-") == 0;
  if (!body_on_output) put_letter(&out, letter);
  if (result == EXIT_OK && show->raw == NULL) put_original(&out, &original, letter->message->record);
  if (text_out_result(&out) < 0) return EXIT_TROUBLE;
  if (out.length != 0) fwrite(out.data, 1, out.length, stdout);
  if (show->raw == NULL) return EXIT_OK; /* the dead letter itself was shown */
  if (result != EXIT_OK) return result;
  fflush(stdout);
  int r = write_raw(show->raw, original.body);
  if (r < 0) fprintf(stderr, "iochub dead-letters: error: %s: %s\n", show->raw, strerrordesc_np(-r));
  return r < 0 ? EXIT_TROUBLE : EXIT_OK;
}
