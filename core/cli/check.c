/*
 * `iochub check`: reads a configuration the way `run` does, without opening a port or asking a broker, and
 * says what is wrong with it. What passes here is what `run` takes.
 */
#include <stdio.h>

#include "core/cli/command.h"
#include "core/hub.h"

enum { OPTION_REFERENCE };

static const struct command_option options[] = {
    [OPTION_REFERENCE] = {"--reference", NULL, "print the reference of all keys instead (Markdown)"},
    {NULL, NULL, NULL},
};

static int reference_print(void) {
  cleanup(text_out_deinit) struct text_out out = TEXT_OUT_INIT;
  hub_config_reference(&out);
  if (text_out_result(&out) < 0 || fwrite(out.data, 1, out.length, stdout) != out.length) return EXIT_TROUBLE;
  return EXIT_OK;
}

static const char *plural(unsigned count) { return count == 1 ? "" : "s"; }

static int say(const char *path, const struct setup *setup, const struct config_errors *errors) {
  if (errors->text.length != 0) fputs(errors->text.data, stderr);
  unsigned shown = MIN(errors->errors, (unsigned)CONFIG_ERRORS_MAX);
  if (errors->errors > shown) fprintf(stderr, "… and %u more\n", errors->errors - shown);
  if (errors->errors != 0 || setup == NULL) {
    fprintf(stderr, "%s: %u error%s, %u warning%s\n", path, errors->errors, plural(errors->errors),
            errors->warnings, plural(errors->warnings));
    return EXIT_NO;
  }
  cleanup(text_out_deinit) struct text_out out = TEXT_OUT_INIT;
  setup_overview(setup, &out);
  if (text_out_result(&out) < 0) return EXIT_TROUBLE;
  printf("%s\n%s: good, %u warning%s\n", out.data, path, errors->warnings, plural(errors->warnings));
  return EXIT_OK;
}

static int check_run(int argc, char **argv) {
  struct command_values values;
  int rest = command_parse(&command_check, argc, argv, &values);
  if (rest < 0) return rest == -2 ? EXIT_OK : EXIT_USAGE;
  bool reference = values.value[OPTION_REFERENCE] != NULL;
  if (reference && rest == 0) return reference_print();
  if (reference || rest != 1)
    return command_usage(&command_check, "it wants one CONFIG/hub.yaml, or --reference");
  cleanup(config_errors_deinit) struct config_errors errors = CONFIG_ERRORS_INIT;
  cleanup(setup_freep) struct setup *setup = NULL;
  int r = setup_load(argv[1], &errors, &setup);
  if (r == 0) r = hub_check(setup, &errors);
  if (r < 0) {
    fprintf(stderr, "iochub check: error: %s: %s\n", argv[1], strerrordesc_np(-r));
    return EXIT_TROUBLE;
  }
  return say(argv[1], setup, &errors);
}

const struct command command_check = {
    .name = "check",
    .arguments = "CONFIG/hub.yaml | --reference",
    .summary = "find mistakes in a configuration",
    .help =
        "Reads hub.yaml and the folders beside it (sources, routes, topics.yaml, tables), the secret files "
        "that they\n"
        "name and the connectors, and checks routes against the connectors' messages. It opens no port and "
        "asks no\n"
        "broker. Up to 20 mistakes are shown at once, each with its place and what to write instead.\n\n"
        "examples:\n"
        "  iochub check /etc/iochub/hub.yaml\n"
        "  iochub check --reference > reference.md",
    .options = options,
    .run = check_run,
};
