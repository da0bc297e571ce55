/*
 * The allow-list, and librdkafka's own check of each value.
 *
 * SCRAM is refused with librdkafka below 2.6.1: it sends the nonce of the client twice, which Kafka 4.x takes
 * for wrong credentials, and an admin would look for a wrong password for ever.
 */
#include "core/publish/properties.h"

#include <fcntl.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SCRAM_WORKS_FROM = 0x020601ff, KEY_MAX = 64, VALUE_MAX = 1024, SECRET_MAX = 512 };

static const char *const allowed[] = {
    "broker.address.family",
    "broker.address.ttl",
    "client.dns.lookup",
    "client.id",
    "client.rack",
    "connections.max.idle.ms",
    "enable.ssl.certificate.verification",
    "metadata.max.age.ms",
    "reconnect.backoff.max.ms",
    "reconnect.backoff.ms",
    "request.timeout.ms",
    "retry.backoff.ms",
    "sasl.mechanism",
    "sasl.mechanisms",
    "sasl.password.file",
    "sasl.username",
    "security.protocol",
    "socket.connection.setup.timeout.ms",
    "socket.keepalive.enable",
    "socket.receive.buffer.bytes",
    "socket.send.buffer.bytes",
    "socket.timeout.ms",
    "ssl.ca.location",
    "ssl.certificate.location",
    "ssl.cipher.suites",
    "ssl.crl.location",
    "ssl.curves.list",
    "ssl.endpoint.identification.algorithm",
    "ssl.key.location",
    "ssl.key.password.file",
    "ssl.sigalgs.list",
    "topic.metadata.refresh.fast.interval.ms",
    "topic.metadata.refresh.interval.ms",
    NULL,
};

static const char *const paths[] = {
    "ssl.ca.location", "ssl.certificate.location", "ssl.crl.location", "ssl.key.location", NULL,
};

static bool listed(const char *const *list, const char *name) {
  for (; *list != NULL; list++) {
    if (strcmp(*list, name) == 0) return true;
  }
  return false;
}

struct property {
  char key[KEY_MAX];
  const char *value;
};

static bool property_split(const char *pair, struct property *ret_property) {
  const char *equals = strchr(pair, '=');
  if (equals == NULL || equals == pair || equals - pair >= KEY_MAX) return false;
  memcpy(ret_property->key, pair, (size_t)(equals - pair));
  ret_property->key[equals - pair] = '\0';
  ret_property->value = equals + 1;
  return true;
}

static bool is_mechanism(const char *key) {
  return strcmp(key, "sasl.mechanism") == 0 || strcmp(key, "sasl.mechanisms") == 0;
}

static bool scram_fails(const struct property *property) {
  return is_mechanism(property->key) && strncasecmp(property->value, "SCRAM", 5) == 0 &&
         rd_kafka_version() < SCRAM_WORKS_FROM;
}

/* A path beside hub.yaml. */
static const char *locate(const char *folder, const char *path, char buffer[static VALUE_MAX]) {
  if (path[0] == '/' || folder == NULL || folder[0] == '\0') return path;
  size_t base = strlen(folder), length = strlen(path);
  if (base + length + 2 > VALUE_MAX) return path;
  memcpy(buffer, folder, base);
  buffer[base] = '/';
  memcpy(buffer + base + 1, path, length + 1);
  return buffer;
}

static const char item[] = "kafka.properties";

static void check_file(const struct hub_config *config, const struct property *property,
                       struct config_errors *errors) {
  char buffer[VALUE_MAX];
  const char *path = locate(config->folder, property->value, buffer);
  bool secret = !listed(paths, property->key);
  struct stat status;
  if (stat(path, &status) < 0 || access(path, R_OK) < 0) {
    config_error(errors, config->kafka.properties_mark, item,
                 "the file of %s cannot be read: %s; name one that the hub's user may read", property->key,
                 strerrordesc_np(errno));
  } else if (secret && !S_ISREG(status.st_mode)) {
    config_error(errors, config->kafka.properties_mark, item,
                 "the file of %s is not a regular file; name one", property->key);
  } else if (secret && (status.st_mode & 077) != 0) {
    config_error(errors, config->kafka.properties_mark, item,
                 "the file of %s is open to others; run chmod 600 on it", property->key);
  }
}

static void check_known(const struct hub_config *config, const struct property *property,
                        struct config_errors *errors) {
  struct config_mark mark = config->kafka.properties_mark;
  if (strcmp(property->key, "sasl.password") == 0 || strcmp(property->key, "ssl.key.password") == 0) {
    config_error(errors, mark, item, "secrets come from files: write %s.file=PATH", property->key);
    return;
  }
  if (!listed(allowed, property->key)) {
    const char *nearest = config_nearest(text_of(property->key), allowed);
    config_error(errors, mark, item, "%s is not a property that may be set here%s%s%s", property->key,
                 nearest == NULL ? "" : ", did you mean ", nearest == NULL ? "" : nearest,
                 nearest == NULL ? "" : "?");
    return;
  }
  if (scram_fails(property)) {
    config_error(
        errors, mark, item,
        "%s: SCRAM fails between librdkafka %s and Kafka 4.x (right passwords are refused; mended in 2.6.1): "
        "use mutual TLS, or PLAIN over TLS",
        property->key, rd_kafka_version_str());
    return;
  }
  size_t length = strlen(property->key);
  bool secret = length > 5 && strcmp(property->key + length - 5, ".file") == 0;
  if (secret || listed(paths, property->key)) {
    check_file(config, property, errors);
    return;
  }
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  char text[256];
  if (conf != NULL &&
      rd_kafka_conf_set(conf, property->key, property->value, text, sizeof text) != RD_KAFKA_CONF_OK) {
    config_error(errors, mark, item,
                 "librdkafka %s does not take this value of %s; write one that its CONFIGURATION.md lists",
                 rd_kafka_version_str(), property->key);
  }
  if (conf != NULL) rd_kafka_conf_destroy(conf);
}

void properties_check(const struct hub_config *config, struct config_errors *errors) {
  const struct hub_list *list = config->kafka.properties;
  for (size_t i = 0; list != NULL && i < list->count; i++) {
    struct property property;
    if (property_split(list->items[i], &property)) {
      check_known(config, &property, errors);
    } else {
      config_error(errors, config->kafka.properties_mark, item, "entry %zu is not written as key=value",
                   i + 1);
    }
  }
}

static int refuse(struct text_out *reason, int error, const char *key, const char *why) {
  text_out_format(reason, "kafka.properties: %s: %s", key, why);
  return error;
}

int properties_set(rd_kafka_conf_t *conf, const char *key, const char *value,
                   struct text_out *reterr_reason) {
  char text[256]; /* repeats the value, which may be a password: not shown */
  if (rd_kafka_conf_set(conf, key, value, text, sizeof text) == RD_KAFKA_CONF_OK) return 0;
  return refuse(reterr_reason, -EINVAL, key, "librdkafka does not take this value");
}

static int secret_read(const char *key, const char *path, char ret_secret[static SECRET_MAX],
                       struct text_out *reterr_reason) {
  cleanup(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0) return refuse(reterr_reason, -errno, key, "the file cannot be opened");
  struct stat status;
  if (fstat(fd, &status) < 0) return -errno;
  if (!S_ISREG(status.st_mode)) return refuse(reterr_reason, -EINVAL, key, "not a regular file");
  if ((status.st_mode & 077) != 0) {
    return refuse(reterr_reason, -EACCES, key, "the file is open to others: chmod 600");
  }
  ssize_t n = read(fd, ret_secret, SECRET_MAX);
  if (n < 0) return -errno;
  if (n == SECRET_MAX) return refuse(reterr_reason, -EINVAL, key, "the file is too long");
  while (n > 0 && (ret_secret[n - 1] == '\n' || ret_secret[n - 1] == '\r')) n--;
  ret_secret[n] = '\0';
  return n > 0 ? 0 : refuse(reterr_reason, -EINVAL, key, "the file is empty");
}

static int apply_secret(const struct hub_config *config, rd_kafka_conf_t *conf, struct property *property,
                        struct text_out *reterr_reason) {
  char path[VALUE_MAX], secret[SECRET_MAX];
  int r = secret_read(property->key, locate(config->folder, property->value, path), secret, reterr_reason);
  if (r == 0) {
    property->key[strlen(property->key) - strlen(".file")] = '\0';
    r = properties_set(conf, property->key, secret, reterr_reason);
  }
  explicit_bzero(secret, sizeof secret);
  return r;
}

static int apply(const struct hub_config *config, rd_kafka_conf_t *conf, struct property *property,
                 struct text_out *reterr_reason) {
  if (!listed(allowed, property->key)) return refuse(reterr_reason, -EINVAL, property->key, "may not be set");
  if (scram_fails(property)) {
    return refuse(
        reterr_reason, -EINVAL, property->key,
        "SCRAM fails between this librdkafka (below 2.6.1) and Kafka 4.x: use mutual TLS, or PLAIN over TLS");
  }
  if (strstr(property->key, ".password.file") != NULL)
    return apply_secret(config, conf, property, reterr_reason);
  char path[VALUE_MAX];
  const char *value =
      listed(paths, property->key) ? locate(config->folder, property->value, path) : property->value;
  return properties_set(conf, property->key, value, reterr_reason);
}

int properties_apply(const struct hub_config *config, rd_kafka_conf_t *conf, struct text_out *reterr_reason) {
  int r = properties_set(conf, "bootstrap.servers", config->kafka.bootstrap, reterr_reason);
  const struct hub_list *list = config->kafka.properties;
  for (size_t i = 0; r == 0 && list != NULL && i < list->count; i++) {
    struct property property;
    if (!property_split(list->items[i], &property)) {
      return refuse(reterr_reason, -EINVAL, "an entry", "is not written as key=value");
    }
    r = apply(config, conf, &property, reterr_reason);
  }
  return r;
}
