/*
 * command.h: the command table. One file a subcommand, one entry here; main.c only looks the name up.
 */
#ifndef CORE_CLI_COMMAND_H
#define CORE_CLI_COMMAND_H

#include "core/base.h"

enum exit_code { /* documented in --help */
                 EXIT_OK = 0,
                 EXIT_NO = 1,      /* the answer is no: mistakes found, a record rejected, nothing there */
                 EXIT_USAGE = 2,   /* wrong arguments */
                 EXIT_TROUBLE = 3, /* files, network, memory */
};

struct command_option { /* for --help and parsing */
  const char *name;     /* "--connector" */
  const char *value;    /* "NAME"; NULL: a switch */
  const char *help;
};

struct command {
  const char *name;
  const char *arguments;                /* "[--now T] FILE|-" */
  const char *summary;                  /* one line */
  const char *help;                     /* paragraphs with examples */
  const struct command_option *options; /* ended by a NULL name */
  int (*run)(int argc, char **argv);    /* argv[0] is the subcommand; returns an exit_code */
};

extern const struct command *const commands[]; /* NULL-terminated */

/* Parses argv by the command's options: *ret_value per option in table order (a switch gives "" when present;
 * an option given again must be in `many`). Leaves the rest in argv[1…]; returns their count, or -1 after it
 * printed a usage error, or -2 when --help was asked for and printed. */
struct command_values {
  const char *value[16];       /* by index in options; NULL: absent */
  const char *const *many[16]; /* all values of an option given several times */
  size_t count[16];
};
int command_parse(const struct command *, int argc, char **argv, struct command_values *ret_values);

/* "error: …" on stderr with a pointer to --help; returns EXIT_USAGE. */
int command_usage(const struct command *, const char *format, ...) printf_like(2, 3);

extern const struct command command_run, command_check, command_translate, command_consume,
    command_dead_letters, command_connectors, command_dev_broker, command_version;

#endif
