/*
 * The program: looks the subcommand up in the table and runs it. Everything else is behind the table.
 */
#include <stdio.h>
#include <string.h>

#include "core/cli/command.h"
#include "core/config/errors.h"

static int print_commands(FILE *out, int code) {
  fprintf(out, "iochub: the message-bus integration hub of a province\n\nusage: iochub COMMAND …\n\n");
  for (const struct command *const *command = commands; *command != NULL; command++) {
    fprintf(out, "  %-14s %s\n", (*command)->name, (*command)->summary);
  }
  fprintf(out, "\n`iochub COMMAND --help` explains one with examples.\n");
  return code;
}

int main(int argc, char **argv) {
  if (argc < 2) return print_commands(stderr, EXIT_USAGE);
  const char *name = argv[1];
  bool help = strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0;
  if (help && argc < 3) return print_commands(stdout, EXIT_OK);
  char option[] = "--help";
  char *asked[] = {argv[0], argv[2], option, NULL};
  if (help) { /* `help COMMAND` is `COMMAND --help` */
    name = argv[2];
    argc = 3;
    argv = asked;
  }
  if (strcmp(name, "--version") == 0) name = "version";
  const char *names[16] = {NULL};
  for (size_t i = 0; commands[i] != NULL && i + 1 < LENGTH_OF(names); i++) {
    if (strcmp(commands[i]->name, name) == 0) exit(commands[i]->run(argc - 1, argv + 1));
    names[i] = commands[i]->name;
  }
  const char *nearest = config_nearest(text_of(name), names);
  fprintf(stderr, "iochub: error: unknown command %s", name);
  if (nearest != NULL) fprintf(stderr, ", did you mean %s?", nearest);
  fprintf(stderr, "\n\n");
  return print_commands(stderr, EXIT_USAGE);
}
