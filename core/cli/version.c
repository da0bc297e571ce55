/*
 * `iochub version`: what this is and what it is linked with.
 */
#include <librdkafka/rdkafka.h>
#include <openssl/crypto.h>
#include <stdio.h>

#include "connectors/iochub_connector.h"
#include "core/cli/command.h"

static int version_run(int argc, char **argv) {
  struct command_values values;
  int rest = command_parse(&command_version, argc, argv, &values);
  if (rest < 0) return rest == -2 ? EXIT_OK : EXIT_USAGE;
  if (rest > 0) return command_usage(&command_version, "it takes no arguments");
  printf("iochub %s\nconnector contract %d.%d\nlibrdkafka %s\n%s\n", IOCHUB_VERSION, HUB_ABI_MAJOR,
         HUB_ABI_MINOR, rd_kafka_version_str(), OpenSSL_version(OPENSSL_VERSION));
  return EXIT_OK;
}

const struct command command_version = {
    .name = "version",
    .arguments = "",
    .summary = "print the version and what it is linked with",
    .help = "Prints the version of iochub, of its connector contract, of librdkafka and of OpenSSL.",
    .run = version_run,
};
