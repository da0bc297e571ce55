/*
 * `iochub dead-letters list | show ID`: what could not be published, and why.
 */
#include "core/cli/dead_letters.h"

#include <stdio.h>

#include "core/arena.h"
#include "core/cli/command.h"
#include "core/clock.h"
#include "core/connector/hub_schema.h"
#include "core/message/json.h"

enum {
  OPTION_CONFIG,
  OPTION_BOOTSTRAP,
  OPTION_TOPICS,
  OPTION_SOURCE,
  OPTION_CODE,
  OPTION_JSON,
  OPTION_STATE_DIR,
  OPTION_RAW
};
enum { COLUMNS = 8, CELL_MAX = 40, TOPICS_MAX = 64, ID_PREFIX_MIN = 6 };

static const char default_config[] = "broker-config/hub.yaml";
static const char letter_type[] = "ioc.hub.v1.DeadLetter";

static const struct command_option letter_options[] = {
    [OPTION_CONFIG] = {"--config", "FILE",
                       "hub.yaml: brokers, topics, key; broker-config/hub.yaml without it"},
    [OPTION_BOOTSTRAP] = {"--bootstrap", "HOST:PORT", "these brokers, whatever hub.yaml says"},
    [OPTION_TOPICS] = {"--topics", "TOPIC",
                       "these topics instead of the catalogue's; more with ',' or given again"},
    [OPTION_SOURCE] = {"--source", "NAME", "list: only those of this source"},
    [OPTION_CODE] = {"--code", "CODE", "list: only those with this code (malformed, no_route …)"},
    [OPTION_JSON] = {"--json", NULL, "list: one JSON object a line"},
    [OPTION_STATE_DIR] = {"--state-dir", "DIR", "show: the hub's state directory, whatever hub.yaml says"},
    [OPTION_RAW] = {"--raw", "FILE|-", "show: write the sender's bytes there"},
    {NULL, NULL, NULL},
};

struct asked {
  struct command_values values;
  struct arena *arena;
  struct hub_config *config;
  const char *topics[TOPICS_MAX];
  size_t topics_count;
  struct letters letters;
};

static void asked_deinit(struct asked *asked) {
  letters_deinit(&asked->letters);
  hub_config_free(asked->config);
  arena_free(asked->arena);
}

/* ---- Where from ---------------------------------------------------------------------------------------- */

static int config_read(struct asked *asked) {
  const char *path = asked->values.value[OPTION_CONFIG];
  if (path == NULL && asked->values.value[OPTION_BOOTSTRAP] != NULL) return EXIT_OK;
  if (path == NULL) path = default_config;
  cleanup(config_errors_deinit) struct config_errors errors = CONFIG_ERRORS_INIT;
  int r = hub_config_load(path, &errors, &asked->config);
  if (errors.text.length != 0) fputs(errors.text.data, stderr);
  if (r == 0 && errors.errors == 0) return EXIT_OK;
  fprintf(stderr, "iochub dead-letters: error: %s: %s\n", path,
          r < 0 ? strerrordesc_np(-r) : "the configuration has mistakes");
  return r < 0 ? EXIT_TROUBLE : EXIT_NO;
}

static int topic_add(struct asked *asked, const char *name) {
  if (asked->topics_count == TOPICS_MAX) {
    return command_usage(&command_dead_letters, "more than %d topics", TOPICS_MAX);
  }
  asked->topics[asked->topics_count++] = name;
  return EXIT_OK;
}

static int topics_add_list(struct asked *asked, const char *list) {
  for (const char *next = list;; next++) {
    size_t length = strcspn(next, ",");
    char *name = arena_text(asked->arena, (struct text){next, length});
    if (name == NULL) return EXIT_TROUBLE;
    int result = length == 0 ? EXIT_OK : topic_add(asked, name);
    next += length;
    if (result != EXIT_OK || *next == '\0') return result;
  }
}

static int topics_choose(struct asked *asked) {
  int result = EXIT_OK;
  for (size_t i = 0; i < asked->values.count[OPTION_TOPICS] && result == EXIT_OK; i++) {
    result = topics_add_list(asked, asked->values.many[OPTION_TOPICS][i]);
  }
  if (result != EXIT_OK || asked->topics_count != 0) return result;
  if (asked->config == NULL) {
    return command_usage(&command_dead_letters, "--bootstrap without --config wants --topics");
  }
  for (const struct config_topic *topic = asked->config->topics; topic != NULL && result == EXIT_OK;
       topic = topic->next) {
    if (topic->type != NULL && strcmp(topic->type, letter_type) == 0) result = topic_add(asked, topic->name);
  }
  if (asked->topics_count == 0) {
    fprintf(stderr, "iochub dead-letters: error: no topic of the catalogue has the type %s\n", letter_type);
    return EXIT_NO;
  }
  return result;
}

static int letters_get(struct asked *asked) {
  int result = config_read(asked);
  if (result == EXIT_OK) result = topics_choose(asked);
  if (result != EXIT_OK) return result;
  const char *bootstrap = asked->values.value[OPTION_BOOTSTRAP];
  struct letters_source source = {
      .bootstrap = bootstrap != NULL ? bootstrap : asked->config->kafka.bootstrap,
      .properties = asked->config == NULL ? NULL : asked->config->kafka.properties,
      .topics = asked->topics,
      .topics_count = asked->topics_count,
  };
  cleanup(text_out_deinit) struct text_out reason = TEXT_OUT_INIT;
  int r = letters_read(&source, &asked->letters, &reason);
  if (r < 0) {
    fprintf(stderr, "iochub dead-letters: error: %s\n",
            reason.length != 0 ? reason.data : strerrordesc_np(-r));
    return EXIT_TROUBLE;
  }
  if (asked->letters.unreadable != 0) {
    fprintf(stderr, "%zu message(s) in these topics are no dead letters\n", asked->letters.unreadable);
  }
  return EXIT_OK;
}

/* ---- list ---------------------------------------------------------------------------------------------- */

static bool is_wanted(const struct asked *asked, const struct letter *letter) {
  const char *source = asked->values.value[OPTION_SOURCE], *code = asked->values.value[OPTION_CODE];
  if (source != NULL && strcmp(source, letter->message->source) != 0) return false;
  return code == NULL || strcmp(code, letter->message->code) == 0;
}

static const char *cell(struct arena *arena, struct text text) {
  cleanup(text_out_deinit) struct text_out out = TEXT_OUT_INIT;
  if (text.length == 0) return "-";
  text_out_visible(&out, text, CELL_MAX);
  return text_out_result(&out) < 0 ? NULL : arena_text(arena, (struct text){out.data, out.length});
}

static bool row_fill(struct arena *arena, const struct letter *letter, const char *row[static COLUMNS]) {
  const Ioc__Hub__V1__DeadLetter *message = letter->message;
  char time[CLOCK_TEXT_SIZE];
  row[0] = arena_text(arena, text_of(clock_text(letter_time_us(message), time)));
  row[1] = cell(arena, letter->key);
  row[2] = cell(arena, text_of(message->source));
  row[3] = arena_printf(arena, "%u", message->record);
  row[4] = cell(arena, text_of(message->code));
  row[5] = cell(arena, text_of(message->at));
  row[6] = arena_printf(arena, "%u", message->attempts);
  row[7] = letter_state(message);
  for (size_t i = 0; i < COLUMNS; i++) {
    if (row[i] == NULL) return false;
  }
  return true;
}

static size_t width_of(const char *text) { /* in characters */
  size_t width = 0;
  for (; *text != '\0'; text++) width += (*text & 0xC0) != 0x80;
  return width;
}

static void table_print(const char *const (*rows)[COLUMNS], size_t count) {
  size_t widths[COLUMNS] = {0};
  for (size_t i = 0; i < count; i++) {
    for (size_t k = 0; k < COLUMNS; k++) widths[k] = MAX(widths[k], width_of(rows[i][k]));
  }
  for (size_t i = 0; i < count; i++) {
    for (size_t k = 0; k + 1 < COLUMNS; k++) {
      printf("%s%*s", rows[i][k], (int)(widths[k] - width_of(rows[i][k]) + 2), "");
    }
    printf("%s\n", rows[i][COLUMNS - 1]);
  }
}

static int list_table(const struct asked *asked) {
  static const char *const head[COLUMNS] = {"TIME", "ID", "SOURCE",   "RECORD",
                                            "CODE", "AT", "ATTEMPTS", "STATE"};
  cleanup(freep) const char *(*rows)[COLUMNS] = calloc(asked->letters.count + 1, sizeof *rows);
  if (rows == NULL) return EXIT_TROUBLE;
  memcpy(rows[0], head, sizeof head);
  size_t count = 1;
  for (size_t i = 0; i < asked->letters.count; i++) {
    const struct letter *letter = &asked->letters.list[i];
    if (!is_wanted(asked, letter)) continue;
    if (!row_fill(asked->arena, letter, rows[count++])) return EXIT_TROUBLE;
  }
  if (count == 1) {
    fputs("no dead letters\n", stderr);
  } else {
    table_print((const char *const(*)[COLUMNS])rows, count);
  }
  return EXIT_OK;
}

static int list_json(const struct asked *asked) {
  cleanup(schema_freep) struct schema *schema = NULL;
  cleanup(text_out_deinit) struct text_out out = TEXT_OUT_INIT;
  const char *reason = NULL;
  if (schema_new(&schema) < 0 || schema_add(schema, hub_schema(), &reason) != 0) return EXIT_TROUBLE;
  const struct schema_message *type = schema_message(schema, letter_type);
  if (type == NULL) return EXIT_TROUBLE;
  for (size_t i = 0; i < asked->letters.count; i++) {
    if (!is_wanted(asked, &asked->letters.list[i])) continue;
    text_out_clear(&out);
    if (message_json(&out, type, asked->letters.list[i].value) < 0) return EXIT_TROUBLE;
    printf("%s\n", out.data);
  }
  return EXIT_OK;
}

static int list_run(struct asked *asked) {
  int result = letters_get(asked);
  if (result != EXIT_OK) return result;
  return asked->values.value[OPTION_JSON] != NULL ? list_json(asked) : list_table(asked);
}

/* ---- show ---------------------------------------------------------------------------------------------- */

/* The beginning of an id suffices when it belongs to one only. */
static const struct letter *letter_named(const struct letters *letters, const char *id, size_t *ret_count) {
  const struct letter *found = NULL;
  size_t length = strlen(id);
  *ret_count = 0;
  for (size_t i = 0; i < letters->count; i++) {
    const struct letter *letter = &letters->list[i];
    if (letter->key.length < length || memcmp(letter->key.data, id, length) != 0) continue;
    found = letter;
    *ret_count += 1;
  }
  return found;
}

static int show_run(struct asked *asked, const char *id) {
  if (strlen(id) < ID_PREFIX_MIN) {
    return command_usage(&command_dead_letters, "an ID has 26 letters; at least its first %d", ID_PREFIX_MIN);
  }
  int result = letters_get(asked);
  if (result != EXIT_OK) return result;
  size_t count;
  const struct letter *letter = letter_named(&asked->letters, id, &count);
  if (count != 1) {
    fprintf(stderr, count == 0 ? "no dead letter has this id\n" : "several dead letters begin so\n");
    return EXIT_NO;
  }
  struct letter_show show = {
      .config = asked->config,
      .state_dir = asked->values.value[OPTION_STATE_DIR],
      .raw = asked->values.value[OPTION_RAW],
  };
  return letter_show(letter, &show);
}

static int dead_letters_run(int argc, char **argv) {
  cleanup(asked_deinit) struct asked asked = {0};
  int rest = command_parse(&command_dead_letters, argc, argv, &asked.values);
  if (rest < 0) return rest == -2 ? EXIT_OK : EXIT_USAGE;
  if (arena_new(&asked.arena) < 0) return EXIT_TROUBLE;
  if (rest == 1 && strcmp(argv[1], "list") == 0) return list_run(&asked);
  if (rest == 2 && strcmp(argv[1], "show") == 0) return show_run(&asked, argv[2]);
  return command_usage(&command_dead_letters, "it wants `list` or `show ID`");
}

const struct command command_dead_letters = {
    .name = "dead-letters",
    .arguments = "list [--source S] [--code C] [--json] | show ID [--raw FILE|-]",
    .summary = "list what could not be published, or show one with its reason",
    .help =
        "Reads the dead-letter topics of the catalogue and shows the latest state of each dead letter.\n"
        "`show` also opens the sender's bytes, which are sealed in the hub's state directory: that works on "
        "the\n"
        "hub's machine, for a user who may read the key file in keys.originals. Otherwise it says what is "
        "missing.\n"
        "\n"
        "examples:\n"
        "  iochub dead-letters list --config broker-config/hub.yaml\n"
        "  iochub dead-letters list --source edoc-axis --code malformed --json\n"
        "  iochub dead-letters list --bootstrap 127.0.0.1:9092 --topics ioc.dead-letter.edoc.v1\n"
        "  iochub dead-letters show k7c2mq --config broker-config/hub.yaml\n"
        "  iochub dead-letters show k7c2mq --config broker-config/hub.yaml --raw payload.xml",
    .options = letter_options,
    .run = dead_letters_run,
};
