/*
 * `iochub run`: the hub itself, in the foreground.
 */
#include <stdio.h>

#include "core/cli/command.h"
#include "core/config/sections.h"
#include "core/hub.h"
#include "core/log.h"

enum { OPTION_BOOTSTRAP, OPTION_STATE_DIR, OPTION_LOG_LEVEL };

static const struct command_option options[] = {
    [OPTION_BOOTSTRAP] = {"--bootstrap", "HOST:PORT", "brokers to use instead of kafka.bootstrap"},
    [OPTION_STATE_DIR] = {"--state-dir", "DIR", "state directory to use instead of state_dir"},
    [OPTION_LOG_LEVEL] = {"--log-level", "LEVEL", "error, warning, info (default) or debug"},
    {NULL, NULL, NULL},
};

static int run_with(const char *path, const struct command_values *values) {
  cleanup(config_errors_deinit) struct config_errors errors = CONFIG_ERRORS_INIT;
  cleanup(setup_freep) struct setup *setup = NULL;
  int r = setup_load(path, &errors, &setup);
  if (setup != NULL && values->value[OPTION_BOOTSTRAP] != NULL) {
    setup->config->kafka.bootstrap = values->value[OPTION_BOOTSTRAP];
  }
  if (setup != NULL && values->value[OPTION_STATE_DIR] != NULL) {
    setup->config->state_dir = values->value[OPTION_STATE_DIR];
    setup->config->state_dir_mark = (struct config_mark){0};
  }
  if (r == 0) r = hub_check(setup, &errors);
  bool checked = r == 0 && errors.errors == 0;
  if (checked) {
    if (errors.text.length != 0) fputs(errors.text.data, stderr); /* warnings, before the log begins */
    text_out_clear(&errors.text);
    r = hub_run(setup, &errors);
  }
  if (errors.text.length != 0) fputs(errors.text.data, stderr);
  if (errors.errors != 0) {
    fprintf(stderr, "iochub run: %u mistake%s in %s, nothing was started%s\n", errors.errors,
            errors.errors == 1 ? "" : "s", path, checked ? "" : "; `iochub check` says the same");
    return EXIT_NO;
  }
  if (r < 0) {
    fprintf(stderr, "iochub run: error: %s: %s\n", path, strerrordesc_np(-r));
    return EXIT_TROUBLE;
  }
  return EXIT_OK;
}

static int run_run(int argc, char **argv) {
  struct command_values values;
  enum log_level level;
  int rest = command_parse(&command_run, argc, argv, &values);
  if (rest < 0) return rest == -2 ? EXIT_OK : EXIT_USAGE;
  if (rest != 1) return command_usage(&command_run, "it wants one CONFIG/hub.yaml");
  if (values.value[OPTION_LOG_LEVEL] != NULL) {
    if (!log_level_parse(values.value[OPTION_LOG_LEVEL], &level)) {
      return command_usage(&command_run, "--log-level wants error, warning, info or debug");
    }
    log_set_level(level);
  }
  const char *bootstrap = values.value[OPTION_BOOTSTRAP];
  const char *mistake = bootstrap == NULL ? NULL : bootstrap_mistake(bootstrap);
  if (mistake != NULL) return command_usage(&command_run, "--bootstrap: %s", mistake);
  return run_with(argv[1], &values);
}

const struct command command_run = {
    .name = "run",
    .arguments = "[--bootstrap HOST:PORT] [--state-dir DIR] [--log-level LEVEL] CONFIG/hub.yaml",
    .summary = "run the hub",
    .help =
        "Reads hub.yaml and the folders beside it, opens everything and runs in the foreground until "
        "SIGTERM.\n"
        "With a mistake in the configuration nothing is started. Logs go to standard error, one event a "
        "line.\n"
        "When it is ready it writes STATE/addresses, one line \"NAME ADDRESS\" a listener, and tells "
        "systemd.\n"
        "SIGTERM: no new connections, payloads in flight get their answer, it ends within 10 seconds.\n\n"
        "examples:\n"
        "  iochub run /etc/iochub/hub.yaml\n"
        "  iochub run --bootstrap 127.0.0.1:9092 --state-dir /tmp/iochub broker-config/hub.yaml",
    .options = options,
    .run = run_run,
};
