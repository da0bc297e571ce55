/*
 * properties.h: which librdkafka properties an admin may set (hub.yaml, kafka.properties), and setting them.
 *
 * What the promise rests on (acks, idempotence, in-flight, timeouts of messages) is not among them. Passwords
 * come from files: `sasl.password.file=PATH` and `ssl.key.password.file=PATH`, relative to hub.yaml.
 */
#ifndef CORE_PUBLISH_PROPERTIES_H
#define CORE_PUBLISH_PROPERTIES_H

#include <librdkafka/rdkafka.h>

#include "core/config/hub_config.h"

/* Checks all of them, and that the files they name can be read, without reading them. Mistakes go to errors
 * as item "kafka.properties". */
void properties_check(const struct hub_config *, struct config_errors *);

/* Sets bootstrap.servers and the admin's properties. 0, or -EINVAL / -ENOENT / -EACCES / -ENOMEM after the
 * reason was appended (never a value). */
int properties_apply(const struct hub_config *, rd_kafka_conf_t *, struct text_out *reterr_reason) must_use;

/* Sets one property that the hub itself chose. */
int properties_set(rd_kafka_conf_t *, const char *key, const char *value,
                   struct text_out *reterr_reason) must_use;

#endif
