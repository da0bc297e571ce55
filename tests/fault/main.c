/*
 * nth_call BROKER_CONFIG CONNECTORS [SWEEP]: fails every allocation and file call of the way of a payload in
 * turn, and prints calls and outcomes. Exits 1 when anything was wrong: a crash, a leak, a hang, an error
 * without a failed call, a promise that was not kept, a record that a failing call changed.
 */
#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/log.h"
#include "tests/fault/scripts.h"
#include "tests/lib/scratch.h"

/* The shipped configuration with secrets of its own. */
static int stage_open(const char *broker_config, struct stage *stage) {
  char config[96], path[128];
  /* In memory where that is possible: thousands of runs sync their files. */
  const char *parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  snprintf(stage->folder, sizeof stage->folder, "%s/nth-call-XXXXXX", parent);
  if (mkdtemp(stage->folder) == NULL) return -errno;
  snprintf(config, sizeof config, "%s/config", stage->folder);
  snprintf(path, sizeof path, "%s/make-secrets", config);
  if (scratch_run((const char *const[]){"cp", "-r", broker_config, config, NULL}) < 0) return -EIO;
  if (scratch_run((const char *const[]){path, config, NULL}) < 0) return -EIO;
  cleanup(config_errors_deinit) struct config_errors errors = CONFIG_ERRORS_INIT;
  snprintf(path, sizeof path, "%s/hub.yaml", config);
  int r = setup_load(path, &errors, &stage->setup);
  if (errors.text.length != 0) fputs(errors.text.data, stderr);
  return r == 0 && errors.errors != 0 ? -EINVAL : r;
}

static void stage_close(struct stage *stage) {
  setup_free(stage->setup);
  if (scratch_remove(stage->folder) != 0) fprintf(stderr, "%s is left behind\n", stage->folder);
}

static void say_nothing(void *context, const char *format, ...) {}

/* libxml2 takes its memory through these, so its calls are counted too. */
static void count_xml(void) {
  xmlMemSetup(free, malloc, realloc, strdup);
  xmlSetGenericErrorFunc(NULL, say_nothing);
}

static const struct {
  const char *name;
  size_t (*run)(const struct stage *);
} sweeps[] = {{"base", sweep_base},
              {"kept", sweep_kept},
              {"translations", sweep_translations},
              {"payloads", sweep_payloads}};

int main(int argc, char **argv) {
  if (argc != 3 && argc != 4) {
    fprintf(stderr, "usage: nth_call BROKER_CONFIG CONNECTORS [base|kept|translations|payloads]\n");
    return 2;
  }
  count_xml();
  log_set_level((enum log_level)0); /* thousands of failures are told by the table */
  struct stage stage = {.samples = argv[2]};
  int r = stage_open(argv[1], &stage);
  if (r < 0) {
    fprintf(stderr, "nth_call: %s: %s\n", argv[1], strerrordesc_np(-r));
    return 2;
  }
  nth_table_head();
  size_t wrong = 0;
  for (size_t i = 0; i < LENGTH_OF(sweeps); i++) {
    if (argc == 3 || strcmp(argv[3], sweeps[i].name) == 0) wrong += sweeps[i].run(&stage);
  }
  stage_close(&stage);
  printf("%s: %zu wrong\n", wrong == 0 ? "passed" : "FAILED", wrong);
  return wrong != 0;
}
