/*
 * The command line's one parser. A subcommand says in a table what it takes; parsing, --help and the text of
 * usage errors follow from the table, so that they cannot disagree.
 */
#include "core/cli/command.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/config/errors.h"

const struct command *const commands[] = {
    &command_run,          &command_check,      &command_translate,
    &command_consume,      &command_connectors, &command_dev_broker,
    &command_dead_letters, &command_version,    NULL,
};

int command_usage(const struct command *command, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "iochub %s: error: ", command->name);
  vfprintf(stderr, format, arguments);
  fprintf(stderr, "\nusage: iochub %s %s\n`iochub %s --help` explains more.\n", command->name,
          command->arguments, command->name);
  va_end(arguments);
  return EXIT_USAGE;
}

static void print_help(const struct command *command) {
  printf("iochub %s: %s\n\nusage: iochub %s %s\n", command->name, command->summary, command->name,
         command->arguments);
  if (command->options != NULL && command->options->name != NULL) printf("\noptions:\n");
  for (const struct command_option *option = command->options; option != NULL && option->name != NULL;
       option++) {
    char left[64];
    snprintf(left, sizeof left, "%s%s%s", option->name, option->value == NULL ? "" : " ",
             option->value == NULL ? "" : option->value);
    printf("  %-26s %s\n", left, option->help);
  }
  printf(
      "\n%s\n\nexit codes: 0 done, 1 the answer is no, 2 wrong arguments, 3 trouble with files, network or "
      "memory\n",
      command->help);
}

static int option_index(const struct command *command, const char *name, size_t length) {
  for (int i = 0; command->options != NULL && command->options[i].name != NULL; i++) {
    if (strlen(command->options[i].name) == length && memcmp(command->options[i].name, name, length) == 0)
      return i;
  }
  return -1;
}

static int unknown_option(const struct command *command, const char *argument) {
  const char *names[17] = {NULL};
  for (size_t i = 0; i < 16 && command->options != NULL && command->options[i].name != NULL; i++) {
    names[i] = command->options[i].name;
  }
  const char *nearest = config_nearest(text_of(argument), names);
  if (nearest != NULL) {
    command_usage(command, "unknown option %s, did you mean %s?", argument, nearest);
  } else {
    command_usage(command, "unknown option %s", argument);
  }
  return -1;
}

/* The lists of values live as long as the process: one command is one process. Kept here they are no leak. */
static const char **lists[16] __attribute__((used));

static bool keep_value(struct command_values *values, int index, const char *value, int argc) {
  const char **many = (const char **)values->many[index];
  if (many == NULL) {
    many = calloc((size_t)argc + 1, sizeof *many);
    if (many == NULL) return false;
    lists[index] = many;
    values->many[index] = many;
  }
  many[values->count[index]++] = value;
  values->value[index] = value;
  return true;
}

int command_parse(const struct command *command, int argc, char **argv, struct command_values *ret_values) {
  *ret_values = (struct command_values){0};
  int rest = 1;
  bool only_rest = false;
  for (int i = 1; i < argc; i++) {
    char *argument = argv[i];
    if (only_rest || argument[0] != '-' || argument[1] == '\0') {
      argv[rest++] = argument;
      continue;
    }
    if (strcmp(argument, "--") == 0) {
      only_rest = true;
      continue;
    }
    if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) {
      print_help(command);
      return -2;
    }
    const char *equals = strchr(argument, '=');
    size_t length = equals == NULL ? strlen(argument) : (size_t)(equals - argument);
    int index = option_index(command, argument, length);
    if (index < 0) return unknown_option(command, argument);
    bool takes_value = command->options[index].value != NULL;
    if (!takes_value && equals != NULL) {
      command_usage(command, "%s takes no value", command->options[index].name);
      return -1;
    }
    const char *value = equals != NULL ? equals + 1 : takes_value ? argv[++i] : "";
    if (value == NULL) {
      command_usage(command, "%s wants %s", command->options[index].name, command->options[index].value);
      return -1;
    }
    if (!keep_value(ret_values, index, value, argc)) return -1;
  }
  return rest - 1;
}
