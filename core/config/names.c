/*
 * Names and addresses. A name goes into paths, metrics labels, Kafka's client ids and log lines, so its
 * alphabet is the one that is safe in all of them; '_' is left out because Kafka takes "a.b" and "a_b" for
 * the same metric.
 */
#include <arpa/inet.h>
#include <stdio.h>

#include "core/config/sections.h"
#include "core/config/values.h"

enum { NAME_MAX_LENGTH = 63 };

bool name_is_good(struct text name) {
  if (name.length == 0 || name.length > NAME_MAX_LENGTH) return false;
  if (name.data[0] == '-' || name.data[name.length - 1] == '-') return false;
  for (size_t i = 0; i < name.length; i++) {
    char c = name.data[i];
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) return false;
  }
  return true;
}

bool topic_name_is_good(struct text name) {
  size_t parts = 0;
  struct text part = {name.data, 0};
  for (size_t i = 0; i <= name.length; i++) {
    if (i < name.length && name.data[i] != '.') continue;
    part.length = (size_t)(name.data + i - part.data);
    if (!name_is_good(part)) return false;
    if (parts == 0 && !text_is(part, "ioc")) return false;
    parts++;
    if (i < name.length) part.data = name.data + i + 1;
  }
  int64_t version = 0;
  bool versioned = part.length >= 2 && part.data[0] == 'v' &&
                   value_parse_int((struct text){part.data + 1, part.length - 1}, &version) && version > 0;
  return parts == 4 && versioned;
}

static bool port_parse(struct text text, unsigned *ret_port) {
  int64_t port = 0;
  if (!value_parse_int(text, &port) || port < 0 || port > 65535) return false;
  *ret_port = (unsigned)port;
  return true;
}

enum address_kind address_parse(const char *text, unsigned *ret_port) {
  const char *colon = strrchr(text, ':');
  if (colon == NULL || !port_parse(text_of(colon + 1), ret_port)) return ADDRESS_BAD;
  char host[INET6_ADDRSTRLEN + 2];
  size_t length = (size_t)(colon - text);
  if (length == 0 || length >= sizeof host) return ADDRESS_BAD;
  memcpy(host, text, length);
  host[length] = '\0';
  struct in_addr four;
  if (inet_pton(AF_INET, host, &four) == 1) {
    return ntohl(four.s_addr) >> 24 == 127 ? ADDRESS_LOOPBACK : ADDRESS_OTHER;
  }
  struct in6_addr six;
  if (host[0] != '[' || host[length - 1] != ']') return ADDRESS_BAD;
  host[length - 1] = '\0';
  if (inet_pton(AF_INET6, host + 1, &six) != 1) return ADDRESS_BAD;
  return IN6_IS_ADDR_LOOPBACK(&six) ? ADDRESS_LOOPBACK : ADDRESS_OTHER;
}

static const char *broker_mistake(struct text broker) {
  size_t colon = broker.length;
  while (colon > 0 && broker.data[colon - 1] != ':') colon--;
  unsigned port = 0;
  if (colon == 0) return "a broker has no port; write host:port";
  if (!port_parse((struct text){broker.data + colon, broker.length - colon}, &port) || port == 0) {
    return "a broker's port is not 1 to 65535; write host:port";
  }
  if (colon == 1) return "a broker has no host; write host:port";
  for (size_t i = 0; i + 1 < colon; i++) {
    char c = broker.data[i];
    bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                strchr(".-_[]:", c) != NULL;
    if (!good)
      return "a broker's host holds a character that no host name has; write host:port,host:port without "
             "blanks";
  }
  return NULL;
}

const char *bootstrap_mistake(const char *text) {
  for (const char *next = text;; next++) {
    size_t length = strcspn(next, ",");
    const char *mistake = broker_mistake((struct text){next, length});
    if (mistake != NULL) return mistake;
    next += length;
    if (next[0] == '\0') return NULL;
  }
}

const char *member_name(struct reading *reading, struct yaml_node *member, const char *kind,
                        struct config_mark (*taken)(const struct hub_config *, const char *name)) {
  char quoted[CONFIG_QUOTED_SIZE];
  if (member->kind != YAML_MAP) {
    config_error(reading->errors, member->mark, kind,
                 "%s where a map is expected; write `- name: …` and its keys", yaml_kind_name(member->kind));
    return NULL;
  }
  struct yaml_node *name = yaml_get(member, "name");
  if (name == NULL || name->kind != YAML_TEXT) {
    config_error(reading->errors, name == NULL ? member->mark : name->mark, kind,
                 "has no name; write `name: …` with a-z, 0-9 and '-'");
    return NULL;
  }
  bool topic = strcmp(kind, "topic") == 0;
  if (topic ? !topic_name_is_good(name->text) : !name_is_good(name->text)) {
    config_error(reading->errors, name->mark, kind, "%s is not a name; write %s",
                 config_quoted(name->text, quoted),
                 topic ? "ioc.<domain>.<entity>.v1 with a-z, 0-9, '-' and '.' (never '_')"
                       : "at most 63 of a-z, 0-9 and '-', '-' neither first nor last");
  }
  struct config_mark before = taken(reading->config, name->text.data);
  if (before.file != NULL) {
    config_error(reading->errors, name->mark, kind, "%s stands twice, first at %s:%u; rename or remove one",
                 config_quoted(name->text, quoted), before.file->path, before.line);
  }
  return name->text.data;
}
