/*
 * `iochub consume`: messages of topics as JSON lines.
 *
 * What a message is, its ce_type header says; where it has none, the catalogue. The message is decoded by the
 * schema alone: no connector code runs here. A message that cannot be decoded is shown with the reason
 * instead of it, so that one bad message hides no other.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/clock.h"
#include "core/cli/command.h"
#include "core/connector/load.h"
#include "core/message/json.h"
#include "core/publish/reader.h"

enum { OPTION_CONFIG, OPTION_BOOTSTRAP, OPTION_FROM_START, OPTION_COUNT, OPTION_FOLLOW };

static const struct command_option consume_options[] = {
    [OPTION_CONFIG] = {"--config", "FILE",
                       "hub.yaml: brokers, catalogue, connectors; broker-config/hub.yaml without it"},
    [OPTION_BOOTSTRAP] = {"--bootstrap", "HOST:PORT", "these brokers, whatever hub.yaml says"},
    [OPTION_FROM_START] = {"--from-start", NULL,
                           "from the oldest message on; without it only what comes from now on"},
    [OPTION_COUNT] = {"--count", "N", "end after N messages"},
    [OPTION_FOLLOW] = {"--follow", NULL,
                       "go on for ever; without it, it ends at the end that the topics have now"},
    {0},
};

static const char default_config[] = "broker-config/hub.yaml";
static volatile sig_atomic_t ended;

static void on_signal(int number) { ended = 1; }

struct consuming {
  const struct hub_config *config; /* NULL: only --bootstrap was given */
  struct connectors *connectors;
  struct text_out line;
  uint64_t left; /* messages still wanted */
};

static int printf_like(1, 2) trouble(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "iochub consume: error: ");
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  return EXIT_TROUBLE;
}

static struct text header_find(const struct reader_message *message, const char *name) {
  for (size_t i = 0; i < message->headers_count; i++) {
    if (strcmp(message->headers[i].name, name) == 0) return message->headers[i].value;
  }
  return TEXT_NONE;
}

static void write_headers(struct text_out *out, const struct reader_message *message) {
  text_out_string(out, ",\"headers\":{");
  for (size_t i = 0; i < message->headers_count; i++) {
    if (i > 0) text_out_string(out, ",");
    text_out_json(out, text_of(message->headers[i].name));
    text_out_string(out, ":");
    text_out_json(out, message->headers[i].value);
  }
  text_out_string(out, "}");
}

static const struct schema_message *type_find(const struct consuming *consuming,
                                              const struct reader_message *message, struct text *ret_name) {
  const struct config_topic *topic =
      consuming->config == NULL ? NULL : hub_config_topic(consuming->config, message->topic);
  struct text name = header_find(message, "ce_type");
  if (name.length == 0 && topic != NULL) name = text_of(topic->type);
  *ret_name = name;
  char full_name[256];
  if (name.length == 0 || name.length >= sizeof full_name) return NULL;
  memcpy(full_name, name.data, name.length);
  full_name[name.length] = '\0';
  return schema_message(connectors_schema(consuming->connectors), full_name);
}

/* {"type":…,"message":{…}}, or the reason why there is none. */
static int write_value(const struct consuming *consuming, struct text_out *out,
                       const struct reader_message *message) {
  struct text name;
  const struct schema_message *type = type_find(consuming, message, &name);
  text_out_string(out, ",\"type\":");
  if (name.length == 0) text_out_string(out, "null");
  else text_out_json(out, name);
  text_out_string(out, ",\"message\":");
  if (message->value.data == NULL) {
    text_out_string(out, "null");
    return 0;
  }
  if (type == NULL) {
    text_out_string(out, "null,\"error\":\"no loaded connector knows this type\"");
    return 0;
  }
  size_t length = out->length;
  int r = message_json(out, type, message->value);
  if (r != -EBADMSG) return r;
  out->length = length;
  text_out_string(out, "null,\"error\":\"the bytes are not a message of this type\"");
  return 0;
}

static int on_message(void *context, const struct reader_message *message) {
  struct consuming *consuming = context;
  struct text_out *out = &consuming->line;
  char time[CLOCK_TEXT_SIZE];
  text_out_clear(out);
  text_out_string(out, "{\"topic\":");
  text_out_json(out, text_of(message->topic));
  text_out_format(out, ",\"partition\":%d,\"offset\":%lld,\"timestamp\":", message->partition,
                  (long long)message->offset);
  if (message->timestamp_ms < 0) text_out_string(out, "null");
  else text_out_format(out, "\"%s\"", clock_text(message->timestamp_ms * 1000, time));
  text_out_string(out, ",\"key\":");
  if (message->key.data == NULL) text_out_string(out, "null");
  else text_out_json(out, message->key);
  write_headers(out, message);
  int r = write_value(consuming, out, message);
  text_out_string(out, "}\n");
  if (r == 0) r = text_out_result(out);
  if (r < 0) return r;
  if (fwrite(out->data, 1, out->length, stdout) != out->length || fflush(stdout) != 0) return -EPIPE;
  return --consuming->left == 0 ? READER_STOP : 0;
}

static int config_open(const struct command_values *values, struct hub_config **ret_config) {
  const char *path = values->value[OPTION_CONFIG];
  bool optional = path == NULL && values->value[OPTION_BOOTSTRAP] != NULL;
  if (path == NULL) path = default_config;
  if (optional && access(path, R_OK) < 0) return EXIT_OK;
  struct config_errors errors = CONFIG_ERRORS_INIT;
  int r = hub_config_load(path, &errors, ret_config);
  bool wrong = errors.errors > 0;
  if (wrong) fputs(errors.text.data, stderr);
  config_errors_deinit(&errors);
  if (r < 0) return trouble("%s cannot be read: %s", path, strerror(-r));
  return wrong ? EXIT_NO : EXIT_OK;
}

static int topics_check(const struct hub_config *config, const char *const *topics, size_t count) {
  for (size_t i = 0; config != NULL && i < count; i++) {
    if (hub_config_topic(config, topics[i]) != NULL) continue;
    size_t known = 0;
    for (const struct config_topic *at = config->topics; at != NULL; at = at->next) known++;
    cleanup(freep) const char **names = calloc(known + 1, sizeof *names);
    if (names == NULL) return EXIT_TROUBLE;
    known = 0;
    for (const struct config_topic *at = config->topics; at != NULL; at = at->next) names[known++] = at->name;
    const char *nearest = config_nearest(text_of(topics[i]), names);
    trouble("topic %s is not in the catalogue%s%s%s", topics[i], nearest == NULL ? "" : ", did you mean ",
            nearest == NULL ? "" : nearest, nearest == NULL ? "" : "?");
    return EXIT_NO;
  }
  return EXIT_OK;
}

static int connectors_all(struct consuming *consuming) {
  int r = connectors_open(consuming->config == NULL ? NULL : consuming->config->connectors_dir,
                          &consuming->connectors);
  if (r < 0) return trouble("the connectors' folder cannot be opened: %s", strerror(-r));
  struct text_out reasons = TEXT_OUT_INIT;
  r = connectors_load_all(consuming->connectors, &reasons);
  if (reasons.length > 0) fprintf(stderr, "%s\n", reasons.data);
  text_out_deinit(&reasons);
  return r < 0 ? trouble("the connectors cannot be loaded: %s", strerror(-r)) : EXIT_OK;
}

static int consume(struct consuming *consuming, const struct command_values *values,
                   const char *const *topics, size_t count) {
  int exit_code = topics_check(consuming->config, topics, count);
  if (exit_code == EXIT_OK) exit_code = connectors_all(consuming);
  if (exit_code != EXIT_OK) return exit_code;
  const char *bootstrap = values->value[OPTION_BOOTSTRAP];
  struct reader_options options = {
      .bootstrap = bootstrap != NULL ? bootstrap : consuming->config->kafka.bootstrap,
      .properties = consuming->config == NULL ? NULL : consuming->config->kafka.properties,
      .folder = consuming->config == NULL ? NULL : consuming->config->folder,
      .topics = topics,
      .topics_count = count,
      .from_start = values->value[OPTION_FROM_START] != NULL,
      .follow = values->value[OPTION_FOLLOW] != NULL,
      .stop = &ended,
  };
  struct text_out reason = TEXT_OUT_INIT;
  int r = reader_run(&options, on_message, consuming, &reason);
  if (r < 0) trouble("%s", reason.length > 0 ? reason.data : strerror(-r));
  text_out_deinit(&reason);
  if (r == 0) return EXIT_OK;
  return r == -ENOENT ? EXIT_NO : EXIT_TROUBLE;
}

static bool count_parse(const char *text, uint64_t *ret_count) {
  if (text == NULL) {
    *ret_count = UINT64_MAX;
    return true;
  }
  char *end = NULL;
  errno = 0;
  *ret_count = strtoull(text, &end, 10);
  return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && *ret_count > 0;
}

static int consume_run(int argc, char **argv) {
  struct command_values values;
  int rest = command_parse(&command_consume, argc, argv, &values);
  if (rest < 0) return rest == -2 ? EXIT_OK : EXIT_USAGE;
  if (rest == 0) return command_usage(&command_consume, "it wants at least one topic");
  struct consuming consuming = {.line = TEXT_OUT_INIT};
  if (!count_parse(values.value[OPTION_COUNT], &consuming.left)) {
    return command_usage(&command_consume, "--count wants a number from 1 on");
  }
  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  cleanup(hub_config_freep) struct hub_config *config = NULL;
  int exit_code = config_open(&values, &config);
  consuming.config = config;
  if (exit_code == EXIT_OK) {
    exit_code = consume(&consuming, &values, (const char *const *)argv + 1, (size_t)rest);
  }
  connectors_close(consuming.connectors);
  text_out_deinit(&consuming.line);
  return exit_code;
}

const struct command command_consume = {
    .name = "consume",
    .arguments = "TOPIC… [--config FILE] [--bootstrap HOST:PORT] [--from-start] [--count N] [--follow]",
    .summary = "print the messages of topics as JSON lines",
    .help =
        "Prints one JSON line for each message: topic, partition, offset, timestamp, key, headers, type and "
        "the message\n"
        "itself by the proto3 JSON mapping. It joins no consumer group and changes nothing.\n\n"
        "examples:\n"
        "  iochub consume ioc.edoc.document.v1 --from-start\n"
        "  iochub consume ioc.publicservice.dossier.v1 ioc.dead-letter.publicservice.v1 --follow\n"
        "  iochub consume ioc.edoc.document.v1 --bootstrap 127.0.0.1:9092 --from-start --count 1",
    .options = consume_options,
    .run = consume_run,
};
