/*
 * `iochub connectors`: what is installed, which options each takes, which messages each emits. All of it
 * comes from the connectors themselves and their descriptor sets, so that it cannot be out of date.
 */
#include <stdio.h>

#include "core/cli/command.h"
#include "core/config/options.h"
#include "core/connector/load.h"

static const struct command_option options[] = {
    {"--connectors-dir", "FOLDER", "where the connectors are, instead of where they were installed"},
    {NULL, NULL, NULL},
};

static const char help[] =
    "`list` prints name, version and summary of each connector; `options` the options that a source may give "
    "to one;\n"
    "`messages` its messages with their fields, types, personal kinds and comments. Without a NAME all are "
    "shown.\n"
    "\n"
    "  iochub connectors list\n"
    "  iochub connectors options e-documents\n"
    "  iochub connectors messages public-services";

static const char *const type_names[] = {
    [SCHEMA_DOUBLE] = "double",     [SCHEMA_FLOAT] = "float",     [SCHEMA_INT64] = "int64",
    [SCHEMA_UINT64] = "uint64",     [SCHEMA_INT32] = "int32",     [SCHEMA_FIXED64] = "fixed64",
    [SCHEMA_FIXED32] = "fixed32",   [SCHEMA_BOOL] = "bool",       [SCHEMA_STRING] = "string",
    [SCHEMA_GROUP] = "group",       [SCHEMA_MESSAGE] = "message", [SCHEMA_BYTES] = "bytes",
    [SCHEMA_UINT32] = "uint32",     [SCHEMA_ENUM] = "enum",       [SCHEMA_SFIXED32] = "sfixed32",
    [SCHEMA_SFIXED64] = "sfixed64", [SCHEMA_SINT32] = "sint32",   [SCHEMA_SINT64] = "sint64",
};

static const char *const kind_names[] = {
    [HUB_CITIZEN_ID] = "citizen id",
    [HUB_INSURANCE_CARD] = "insurance card",
    [HUB_PHONE] = "phone",
    [HUB_EMAIL] = "e-mail",
    [HUB_PLATE] = "plate",
    [HUB_PERSON_NAME] = "person name",
    [HUB_OFFICIAL_NAME] = "official's name",
    [HUB_ACCOUNT] = "account",
    [HUB_BIRTH_DATE] = "birth date",
    [HUB_ADDRESS] = "address",
    [HUB_FREE_TEXT] = "free text",
};

static const char *type_name(const struct schema_field *field) {
  if (field->message != NULL) return field->message->full_name;
  return field->enumeration != NULL ? field->enumeration->full_name : type_names[field->type];
}

static void print_list(const struct connector *connector) {
  printf("%-24s %-10s %s\n", connector->api->name, connector->api->version, connector->api->summary);
}

static int print_options(const struct connector *connector) {
  printf("%s: %s\n\n", connector->api->name, connector->api->summary);
  if (connector->api->options == NULL || connector->api->options[0] == NULL) {
    printf("It takes no options.\n\n");
    return 0;
  }
  cleanup(text_out_deinit) struct text_out table = TEXT_OUT_INIT;
  options_reference(&table, connector->api->options);
  int r = text_out_result(&table);
  if (r == 0) printf("%s\n", table.data);
  return r;
}

static void print_fields(const struct schema_message *message) {
  printf("\n%s\n", message->full_name);
  if (message->comment != NULL) printf("  %s\n", message->comment);
  for (size_t i = 0; i < message->count; i++) {
    const struct schema_field *field = &message->fields[i];
    printf("  %3u %-28s %s%s", field->number, field->name, field->repeated ? "repeated " : "",
           type_name(field));
    if (field->personal != 0) printf(" [personal: %s]", kind_names[field->personal]);
    printf("\n");
    if (field->comment != NULL) printf("      %s\n", field->comment);
  }
}

enum { SHOWN_MAX = 256 };

struct shown { /* each message once, those held by others after them */
  const struct schema_message *list[SHOWN_MAX];
  size_t count;
};

static void show_later(struct shown *shown, const struct schema_message *message) {
  if (strncmp(message->full_name, "google.protobuf.", 16) == 0) return;
  for (size_t i = 0; i < shown->count; i++) {
    if (shown->list[i] == message) return;
  }
  if (shown->count < SHOWN_MAX) shown->list[shown->count++] = message;
}

static void print_messages(const struct connector *connector) {
  struct shown shown = {.count = 0};
  for (size_t i = 0; connector->api->messages[i] != NULL; i++) {
    show_later(&shown, schema_message(connector->schema, connector->api->messages[i]));
  }
  for (size_t i = 0; i < shown.count; i++) {
    print_fields(shown.list[i]);
    for (size_t j = 0; j < shown.list[i]->count; j++) {
      if (shown.list[i]->fields[j].message != NULL) show_later(&shown, shown.list[i]->fields[j].message);
    }
  }
}

static int print_one(const char *what, const struct connector *connector) {
  if (strcmp(what, "list") == 0) print_list(connector);
  else if (strcmp(what, "options") == 0) return print_options(connector);
  else print_messages(connector);
  return 0;
}

/* All that are asked for; a connector that is refused is told on standard error and the others still come. */
static int print_all(struct connectors *connectors, const char *what, const char *only) {
  const char *const *names;
  int code = EXIT_OK, r = connectors_names(connectors, &names);
  const char *const one[] = {only, NULL};
  for (const char *const *name = only != NULL ? one : names; r == 0 && *name != NULL; name++) {
    cleanup(text_out_deinit) struct text_out reason = TEXT_OUT_INIT;
    const struct connector *connector;
    r = connectors_load(connectors, *name, &connector, &reason);
    if (r == 0) {
      r = print_one(what, connector);
    } else if (r == CONNECTOR_E_REFUSED) {
      fprintf(stderr, "iochub connectors: error: %s\n", reason.data == NULL ? *name : reason.data);
      code = EXIT_NO;
      r = 0;
    }
  }
  if (r == 0 && only == NULL && names[0] == NULL) {
    fprintf(stderr, "iochub connectors: error: no connector was found; name their folder with "
                    "--connectors-dir or $IOCHUB_CONNECTORS\n");
    return EXIT_NO;
  }
  if (r == 0 && fflush(stdout) == 0) return code;
  fprintf(stderr, "iochub connectors: error: %s\n", strerrordesc_np(r < 0 ? -r : errno));
  return EXIT_TROUBLE;
}

static int run(int argc, char **argv) {
  struct command_values values;
  int count = command_parse(&command_connectors, argc, argv, &values);
  if (count < 0) return count == -2 ? EXIT_OK : EXIT_USAGE;
  static const char *const known[] = {"list", "options", "messages", NULL};
  bool good = false;
  for (size_t i = 0; count > 0 && known[i] != NULL; i++) good = good || strcmp(argv[1], known[i]) == 0;
  if (!good) return command_usage(&command_connectors, "list, options or messages is wanted");
  if (count > 2) return command_usage(&command_connectors, "at most one NAME is wanted");
  cleanup(connectors_closep) struct connectors *connectors = NULL;
  int r = connectors_open(values.value[0], &connectors);
  if (r == 0) return print_all(connectors, argv[1], count == 2 ? argv[2] : NULL);
  fprintf(stderr, "iochub connectors: error: %s\n", strerrordesc_np(-r));
  return EXIT_TROUBLE;
}

const struct command command_connectors = {
    .name = "connectors",
    .arguments = "list|options|messages [NAME]",
    .summary = "show the installed connectors, their options and their messages",
    .help = help,
    .options = options,
    .run = run,
};
