/*
 * `iochub dev-broker`: librdkafka's mock cluster as a process of its own, for trying things out.
 *
 * It keeps everything in memory and nothing afterwards. The mock answers neither CreateTopics nor
 * DescribeConfigs, so the catalogue's topics are made through its own call.
 */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <signal.h>
#include <stdio.h>

#include "core/cli/command.h"
#include "core/config/hub_config.h"
#include "core/log.h"

enum { OPTION_TOPICS, OPTION_BROKERS, OPTION_ADDRESS_FILE };

static const struct command_option dev_broker_options[] = {
    [OPTION_TOPICS] = {"--topics", "FILE", "a catalogue (topics.yaml): its topics are made"},
    [OPTION_BROKERS] = {"--brokers", "N", "how many brokers, 1 to 9; 1 without it"},
    [OPTION_ADDRESS_FILE] = {"--address-file", "FILE",
                             "where to write the line `bootstrap HOST:PORT` as well"},
    {0},
};

static void on_log(const rd_kafka_t *kafka, int level, const char *facility, const char *text) {
  if (strcmp(facility, "CONFWARN") == 0) return; /* it has no brokers of its own: true, and meant so */
  log_event(LOG_DEBUG, "dev-broker", "librdkafka", log_text("facility", facility), log_text("text", text));
}

static int catalogue_load(const char *path, struct hub_config **ret_config) {
  struct config_errors errors = CONFIG_ERRORS_INIT;
  int r = hub_config_load_topics(path, &errors, ret_config);
  if (errors.text.length > 0) fputs(errors.text.data, stderr);
  bool wrong = errors.errors > 0;
  config_errors_deinit(&errors);
  if (r < 0) fprintf(stderr, "iochub dev-broker: error: %s cannot be read: %s\n", path, strerror(-r));
  if (r < 0) return EXIT_TROUBLE;
  return wrong ? EXIT_NO : EXIT_OK;
}

static int topics_make(rd_kafka_mock_cluster_t *cluster, const struct hub_config *config, int brokers) {
  for (const struct config_topic *topic = config->topics; topic != NULL; topic = topic->next) {
    int replication = (int)MIN(topic->replication, brokers);
    rd_kafka_resp_err_t code =
        rd_kafka_mock_topic_create(cluster, topic->name, (int)topic->partitions, MAX(replication, 1));
    if (code == 0) continue;
    fprintf(stderr, "iochub dev-broker: error: topic %s: %s\n", topic->name, rd_kafka_err2str(code));
    return EXIT_TROUBLE;
  }
  return EXIT_OK;
}

/* Whole or not at all: whoever waits for the file may read it at once. */
static int address_write(const char *path, const char *line) {
  cleanup(freep) char *fresh = malloc(strlen(path) + 5);
  if (fresh == NULL) return -ENOMEM;
  memcpy(fresh, path, strlen(path));
  memcpy(fresh + strlen(path), ".new", 5);
  FILE *file = fopen(fresh, "we");
  if (file == NULL) return -errno;
  int r = fputs(line, file) < 0 ? -EIO : 0;
  if (fclose(file) != 0 && r == 0) r = -errno;
  if (r == 0 && rename(fresh, path) < 0) r = -errno;
  return r;
}

static int serve(rd_kafka_mock_cluster_t *cluster, const char *address_file) {
  char line[512];
  int n = snprintf(line, sizeof line, "bootstrap %s\n", rd_kafka_mock_cluster_bootstraps(cluster));
  if (n < 0 || (size_t)n >= sizeof line) return EXIT_TROUBLE;
  int r = address_file == NULL ? 0 : address_write(address_file, line);
  if (r < 0) {
    fprintf(stderr, "iochub dev-broker: error: %s cannot be written: %s\n", address_file, strerror(-r));
    return EXIT_TROUBLE;
  }
  fputs(line, stdout);
  fflush(stdout);
  sigset_t ends;
  int signal_number;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  while (sigwait(&ends, &signal_number) == EINTR) continue;
  return EXIT_OK;
}

static rd_kafka_t *host_new(void) {
  char text[256];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  if (conf == NULL) return NULL;
  rd_kafka_conf_set_log_cb(conf, on_log);
  rd_kafka_t *host = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
  if (host == NULL) rd_kafka_conf_destroy(conf);
  return host;
}

static int cluster_run(const struct hub_config *config, int brokers, const char *address_file) {
  sigset_t ends; /* before librdkafka makes its threads, so that only sigwait() takes them */
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, NULL);
  rd_kafka_t *host = host_new();
  rd_kafka_mock_cluster_t *cluster = host == NULL ? NULL : rd_kafka_mock_cluster_new(host, brokers);
  int exit_code = EXIT_TROUBLE;
  if (cluster != NULL) {
    exit_code = config == NULL ? EXIT_OK : topics_make(cluster, config, brokers);
    if (exit_code == EXIT_OK) exit_code = serve(cluster, address_file);
    rd_kafka_mock_cluster_destroy(cluster);
  } else {
    fprintf(stderr, "iochub dev-broker: error: the mock cluster does not start\n");
  }
  if (host != NULL) rd_kafka_destroy(host);
  return exit_code;
}

static int dev_broker_run(int argc, char **argv) {
  struct command_values values;
  int rest = command_parse(&command_dev_broker, argc, argv, &values);
  if (rest < 0) return rest == -2 ? EXIT_OK : EXIT_USAGE;
  if (rest > 0) return command_usage(&command_dev_broker, "it takes no arguments beside its options");
  const char *brokers = values.value[OPTION_BROKERS] == NULL ? "1" : values.value[OPTION_BROKERS];
  if (brokers[0] < '1' || brokers[0] > '9' || brokers[1] != '\0') {
    return command_usage(&command_dev_broker, "--brokers wants a number from 1 to 9");
  }
  cleanup(hub_config_freep) struct hub_config *config = NULL;
  if (values.value[OPTION_TOPICS] != NULL) {
    int exit_code = catalogue_load(values.value[OPTION_TOPICS], &config);
    if (exit_code != EXIT_OK) return exit_code;
  }
  return cluster_run(config, brokers[0] - '0', values.value[OPTION_ADDRESS_FILE]);
}

const struct command command_dev_broker = {
    .name = "dev-broker",
    .arguments = "[--topics FILE] [--brokers N] [--address-file FILE]",
    .summary = "run a small Kafka in memory, for trying things out",
    .help =
        "Runs librdkafka's mock cluster and prints `bootstrap HOST:PORT`; SIGTERM or Ctrl-C ends it, and "
        "with\n"
        "it all messages. Any librdkafka client can use it (kcat, confluent-kafka); it knows no rights, no\n"
        "retention and no topic administration, so that it proves nothing about durability.\n\n"
        "examples:\n"
        "  iochub dev-broker --topics broker-config/topics.yaml\n"
        "  iochub dev-broker --topics broker-config/topics.yaml --brokers 3 --address-file addresses",
    .options = dev_broker_options,
    .run = dev_broker_run,
};
