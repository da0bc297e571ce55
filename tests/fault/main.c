/*
 * nth_call BROKER_CONFIG CONNECTORS: fails every allocation and file call of the way of a payload in turn, and prints
 * calls and outcomes. Exits 1 when anything was wrong: a crash, a leak, a hang, an error without a failed call, a
 * promise that was not kept, a record that a failing call changed.
 */
#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/log.h"
#include "tests/fault/scripts.h"

/* The shipped configuration with secrets of its own. */
static int stage_open(const char *broker_config, struct stage *stage) {
  char command[600], path[128];
  snprintf(stage->folder, sizeof stage->folder, "/tmp/nth-call-XXXXXX");
  if (mkdtemp(stage->folder) == NULL) return -errno;
  snprintf(command, sizeof command, "cp -r '%s' '%s/config' && '%s/config/make-secrets' > '%s/keys'", broker_config,
           stage->folder, stage->folder, stage->folder);
  if (system(command) != 0) return -EIO;
  cleanup(config_errors_deinit) struct config_errors errors = CONFIG_ERRORS_INIT;
  snprintf(path, sizeof path, "%s/config/hub.yaml", stage->folder);
  int r = setup_load(path, &errors, &stage->setup);
  if (errors.text.length != 0) fputs(errors.text.data, stderr);
  return r == 0 && errors.errors != 0 ? -EINVAL : r;
}

static void stage_close(struct stage *stage) {
  char command[128];
  setup_free(stage->setup);
  snprintf(command, sizeof command, "rm -rf '%s'", stage->folder);
  if (system(command) != 0) fprintf(stderr, "%s is left behind\n", stage->folder);
}

static void say_nothing(void *context, const char *format, ...) {}

/* libxml2 takes its memory through these, so its calls are counted too. */
static void count_xml(void) {
  xmlMemSetup(free, malloc, realloc, strdup);
  xmlSetGenericErrorFunc(NULL, say_nothing);
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: nth_call BROKER_CONFIG CONNECTORS\n");
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
  size_t wrong = sweep_base(&stage) + sweep_kept(&stage) + sweep_translations(&stage);
  stage_close(&stage);
  printf("%s: %zu wrong\n", wrong == 0 ? "passed" : "FAILED", wrong);
  return wrong != 0;
}
