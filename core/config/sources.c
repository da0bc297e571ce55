/*
 * sources/: who may send what, where it comes in, and how its personal data are treated.
 *
 * `limits:` starts from hub.yaml's, so a source says only what differs. The connector's own options stay
 * unread here.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <strings.h>

#include "core/config/sections.h"

struct source_text { /* what is text in the file and something else in the configuration */
  int ack, unrouted;
};

static const char *const ack_choices[] = {"broker", "spool", NULL};
static const char *const unrouted_choices[] = {"dead-letter", "drop", NULL};

static const struct hub_option *const source_options[] = {
    OPTION("connector", HUB_OPTION_TEXT, NULL, struct config_source, connector,
           "connector that reads its payloads; `iochub connectors list` names them", .required = true),
    OPTION("domain", HUB_OPTION_TEXT, NULL, struct config_source, domain,
           "short name of the domain, for dead letters and pseudonyms: edoc, publicservice …",
           .required = true),
    OPTION("id_scope", HUB_OPTION_TEXT, NULL, struct config_source, id_scope,
           "shared by sources that bring the same events, so that repeats are seen across them; else the "
           "source's name"),
    OPTION("zone", HUB_OPTION_ZONE, "+07:00", struct config_source, zone_offset_s,
           "zone of times that carry none"),
    OPTION("repeats", HUB_OPTION_BOOL, "true", struct config_source, repeats,
           "false: nothing is remembered, a repeat is published again"),
    OPTION("originals_quota", HUB_OPTION_SIZE, "1 GiB", struct config_source, originals_quota,
           "room for sealed originals of its dead letters; full: the sender is told to try again",
           .min = 1 << 20, .max = INT64_C(1) << 40),
    NULL,
};

static const struct hub_option *const choice_options[] = {
    OPTION("ack", HUB_OPTION_CHOICE, "broker", struct source_text, ack,
           "when a sender is answered: broker, once all in-sync brokers have it", .choices = ack_choices),
    OPTION("unrouted", HUB_OPTION_CHOICE, "dead-letter", struct source_text, unrouted,
           "what becomes of a message that no route takes", .choices = unrouted_choices),
    NULL,
};

static const struct hub_option *const api_key_options[] = {
    OPTION("header", HUB_OPTION_TEXT, "X-Api-Key", struct config_auth, header, "header that carries the key"),
    OPTION("file", HUB_OPTION_TEXT, NULL, struct config_auth, file,
           "file with a line \"sha256:HEX name\" for each valid key, mode 0600", .required = true),
    NULL,
};

static const struct hub_option *const network_options[] = {
    OPTION("allow", HUB_OPTION_LIST, NULL, struct config_auth, networks,
           "networks that are taken, such as 10.20.0.0/16 or fd00::/8", .required = true),
    NULL,
};

struct privacy {
  int mode;
  const char *purpose;
};

static const char *const privacy_choices[] = {"protect", "drop", "clear", NULL};
static const struct hub_option *const privacy_options[] = {
    OPTION("mode", HUB_OPTION_CHOICE, NULL, struct privacy, mode,
           "protect: pseudonym, year, commune code or masked text; drop: empty; clear: as it came",
           .choices = privacy_choices, .required = true),
    OPTION("purpose", HUB_OPTION_TEXT, NULL, struct privacy, purpose,
           "why it may pass in clear; required by `mode: clear`"),
    NULL,
};

const struct section source_sections[] = {
    {"sources/*.yaml: sources",
     "A list; each source has a `name`. `options` holds the connector's own options, which "
     "`iochub connectors options NAME` prints.",
     source_options},
    {"sources/*.yaml: sources (continued)", "", choice_options},
    {"sources/*.yaml: http",
     "One way in: `http`, `mllp` or `folder`. This one takes requests at a path of a listener.",
     http_options},
    {"sources/*.yaml: http.payload", "", http_payload_options},
    {"sources/*.yaml: mllp",
     "HL7 v2 messages in MLLP frames, on a port of its own. `auth` can be `network` only. Of the limits, "
     "`max_body`, `body_timeout` (of one frame), `idle_timeout`, `write_timeout` (of answers that are not "
     "read), `connections`, `connections_per_peer` and `answer_timeout` hold for it. Answers leave in the "
     "order of the messages, when these are safe; AR when the hub is in trouble. Bytes that are not framed "
     "VT message FS CR (one LF may follow) end the connection without an answer; "
     "`iochub_refused_requests_total` counts the reasons. The connector must answer in HL7, as health does.",
     mllp_options},
    {"sources/*.yaml: folder",
     "Files that are dropped into a folder of this machine. Who may write there is the folder's own "
     "business, so "
     "`auth` is left out. A file is moved to `done/` or `failed/` below it, the latter with a reason beside "
     "it.",
     folder_options},
    {"sources/*.yaml: folder (continued)", "", folder_choice_options},
    {"sources/*.yaml: auth, `- api_key`", "`auth` is a list; any one that proves the sender suffices.",
     api_key_options},
    {"sources/*.yaml: auth, `- network`", "", network_options},
    {"sources/*.yaml: privacy",
     "By kind: citizen_id, insurance_card, phone, email, plate, person_name, official_name, "
     "account, birth_date, address, free_text. What is not named is protected.",
     privacy_options},
    {"sources/*.yaml: limits", "What differs from hub.yaml's `limits`.", limits_override_options},
    {0},
};

/* ---- auth ---- */

static bool network_is_good(const char *text) {
  const char *slash = strchr(text, '/');
  char host[INET6_ADDRSTRLEN];
  if (slash == NULL || (size_t)(slash - text) >= sizeof host) return false;
  memcpy(host, text, (size_t)(slash - text));
  host[slash - text] = '\0';
  uint8_t address[16] = {0};
  int bits = inet_pton(AF_INET, host, address) == 1 ? 32 : inet_pton(AF_INET6, host, address) == 1 ? 128 : 0;
  size_t digits = strspn(slash + 1, "0123456789");
  if (bits == 0 || digits == 0 || digits > 3 || slash[1 + digits] != '\0') return false;
  int length = 0;
  for (size_t i = 0; i < digits; i++) length = length * 10 + (slash[1 + i] - '0');
  if (length > bits) return false;
  for (int bit = length; bit < bits; bit++) { /* 10.20.0.1/16 is a slip of the pen: which is meant? */
    if (address[bit / 8] & (0x80 >> (bit % 8))) return false;
  }
  return true;
}

static void network_check(struct reading *reading, const struct yaml_node *map, const char *item) {
  const struct yaml_node *list = yaml_peek(map, "allow");
  char quoted[CONFIG_QUOTED_SIZE];
  for (const struct yaml_node *node = list == NULL ? NULL : list->first; node != NULL; node = node->next) {
    if (node->kind != YAML_TEXT || network_is_good(node->text.data)) continue;
    config_error(reading->errors, node->mark, item,
                 "%s is not a network; write its first address and the prefix length, such as 10.20.0.0/16",
                 config_quoted(node->text, quoted));
  }
}

/* What HTTP itself says with a header cannot be a key. */
static bool header_is_taken(const char *header) {
  static const char *const taken[] = {"host",       "content-length",    "content-type",
                                      "connection", "transfer-encoding", "content-encoding",
                                      "expect",     "idempotency-key",   "traceparent"};
  for (size_t i = 0; i < LENGTH_OF(taken); i++) {
    if (strcasecmp(header, taken[i]) == 0) return true;
  }
  return false;
}

static int api_key_check(struct reading *reading, const struct yaml_node *map, const char *item,
                         struct config_auth *auth) {
  char quoted[CONFIG_QUOTED_SIZE];
  size_t good = auth->header == NULL
                    ? 0
                    : strspn(auth->header, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
  if (auth->header != NULL && (good == 0 || auth->header[good] != '\0')) {
    config_error(reading->errors, yaml_mark(map, "header"), item,
                 "%s is not the name of a header; write letters, digits and '-', such as X-Api-Key",
                 config_quoted(text_of(auth->header), quoted));
  } else if (auth->header != NULL && header_is_taken(auth->header)) {
    config_error(reading->errors, yaml_mark(map, "header"), item,
                 "%s has a meaning of its own in HTTP; write another, such as X-Api-Key",
                 config_quoted(text_of(auth->header), quoted));
  }
  if (auth->file == NULL) return 0;
  if (!path_is_good(reading, auth->file, yaml_mark(map, "file"), item)) {
    auth->file = NULL;
    return 0;
  }
  auth->file = path_beside(reading, auth->file);
  return auth->file == NULL ? -ENOMEM : 0;
}

/* The one key of a list's member such as `- api_key: {…}`; NULL after an error. */
static struct yaml_node *auth_way(struct reading *reading, struct yaml_node *node, const char *item) {
  static const char *const ways[] = {"api_key", "network", NULL};
  char quoted[CONFIG_QUOTED_SIZE];
  if (node->kind != YAML_MAP || node->count != 1) {
    config_error(reading->errors, node->mark, item,
                 "is not one way to prove a sender; write `- api_key: {…}` or `- network: {…}`");
    return NULL;
  }
  struct yaml_node *way = node->first;
  way->used = true;
  if (text_is(way->key, ways[0]) || text_is(way->key, ways[1])) return way;
  const char *nearest = config_nearest(way->key, ways);
  config_error(reading->errors, way->key_mark, item, "unknown way %s; write api_key or network%s%s%s",
               config_quoted(way->key, quoted), nearest == NULL ? "" : " (did you mean \"",
               nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\"?)");
  return NULL;
}

static int auth_one(struct reading *reading, struct yaml_node *node, const char *item,
                    struct config_auth **ret_auth) {
  struct arena *arena = reading->config->arena;
  struct yaml_node *way = auth_way(reading, node, item);
  if (way == NULL) return 0;
  struct config_auth *auth = arena_alloc(arena, sizeof *auth);
  if (auth == NULL) return -ENOMEM;
  auth->mark = way->key_mark;
  bool key = text_is(way->key, "api_key");
  auth->kind = key ? CONFIG_AUTH_API_KEY : CONFIG_AUTH_NETWORK;
  const char *name = arena_printf(arena, "%s.%s", item, key ? "api_key" : "network");
  if (name == NULL) return -ENOMEM;
  int r =
      options_read(arena, key ? api_key_options : network_options, way, name, false, auth, reading->errors);
  if (r < 0) return r;
  if (key) {
    auth->mark = yaml_mark(way, "file");
    r = api_key_check(reading, way, name, auth);
  } else {
    network_check(reading, way, name);
  }
  *ret_auth = auth;
  return r;
}

static int auth_read(struct reading *reading, struct yaml_node *node, struct config_source *source,
                     const char *item) {
  struct yaml_node *list = yaml_get(node, "auth");
  if (list == NULL || list->kind != YAML_LIST || list->count == 0) {
    config_error(
        reading->errors, list == NULL ? node->mark : list->mark, item,
        "%s; write `auth:` with %s`- network: {allow: [10.20.0.0/16]}`",
        list == NULL ? "says nowhere how a sender is proven" : "is not a list of ways to prove a sender",
        source->way == CONFIG_MLLP ? "" : "`- api_key: {file: secrets/NAME.keys}` or ");
    return 0;
  }
  struct config_auth **tail = &source->auth;
  for (struct yaml_node *one = list->first; one != NULL; one = one->next) {
    unsigned before = reading->errors->errors;
    int r = auth_one(reading, one, item, tail);
    if (r < 0) return r;
    if (reading->errors->errors != before) *tail = NULL; /* told; nobody need look at it again */
    if (*tail != NULL) tail = &(*tail)->next;
  }
  return 0;
}

/* ---- privacy ---- */

static const char *const kind_names[] = {
    [HUB_CITIZEN_ID] = "citizen_id",
    [HUB_INSURANCE_CARD] = "insurance_card",
    [HUB_PHONE] = "phone",
    [HUB_EMAIL] = "email",
    [HUB_PLATE] = "plate",
    [HUB_PERSON_NAME] = "person_name",
    [HUB_OFFICIAL_NAME] = "official_name",
    [HUB_ACCOUNT] = "account",
    [HUB_BIRTH_DATE] = "birth_date",
    [HUB_ADDRESS] = "address",
    [HUB_FREE_TEXT] = "free_text",
};

static int privacy_kind(struct reading *reading, struct yaml_node *map, size_t kind,
                        struct config_source *source, const char *item) {
  struct yaml_node *node = yaml_get(map, kind_names[kind]);
  if (node == NULL) return 0;
  const char *name = arena_printf(reading->config->arena, "%s.%s", item, kind_names[kind]);
  if (name == NULL) return -ENOMEM;
  struct privacy privacy = {0};
  int r = options_read(reading->config->arena, privacy_options, node, name, false, &privacy, reading->errors);
  if (r < 0) return r;
  source->privacy[kind] = (enum config_privacy_mode)privacy.mode;
  source->privacy_purpose[kind] = privacy.purpose;
  bool purpose = privacy.purpose != NULL && privacy.purpose[0] != '\0';
  if (privacy.mode == CONFIG_PRIVACY_CLEAR && !purpose) {
    config_error(reading->errors, node->mark, name,
                 "passes personal data in clear without a purpose; write `purpose: …`, or `mode: protect`");
  }
  return 0;
}

static int privacy_read(struct reading *reading, struct yaml_node *node, struct config_source *source,
                        const char *name) {
  struct yaml_node *map = yaml_get(node, "privacy");
  const char *item = arena_printf(reading->config->arena, "%s.privacy", name);
  if (item == NULL) return -ENOMEM;
  if (map == NULL) return 0;
  int r = options_read(reading->config->arena, NULL, map, item, true, NULL, reading->errors);
  for (size_t kind = 1; kind < LENGTH_OF(kind_names) && r == 0; kind++) {
    r = privacy_kind(reading, map, kind, source, item);
  }
  const char *also[LENGTH_OF(kind_names)] = {0};
  for (size_t kind = 1; kind < LENGTH_OF(kind_names); kind++) also[kind - 1] = kind_names[kind];
  options_unknown(NULL, also, map, item, reading->errors);
  return r;
}

/* ---- The source ---- */

static int choices_read(struct reading *reading, struct yaml_node *node, struct config_source *source,
                        const char *item) {
  struct source_text text = {0};
  int r = options_read(reading->config->arena, choice_options, node, item, true, &text, reading->errors);
  if (r < 0) return r;
  source->ack = CONFIG_ACK_BROKER;
  source->unrouted = (enum config_unrouted)text.unrouted;
  if (text.ack != CONFIG_ACK_BROKER) {
    config_error(reading->errors, yaml_mark(node, "ack"), item,
                 "`ack: spool` is not available in this version; write ack: broker");
  }
  return 0;
}

static int limits_read(struct reading *reading, struct yaml_node *node, struct config_source *source,
                       const char *name) {
  source->limits = reading->config->limits;
  struct yaml_node *map = yaml_get(node, "limits");
  if (map == NULL) return 0;
  const char *item = arena_printf(reading->config->arena, "%s.limits", name);
  if (item == NULL) return -ENOMEM;
  int r = options_read(reading->config->arena, limits_override_options, map, item, false, &source->limits,
                       reading->errors);
  if (r == 0) limits_check(reading, &source->limits, map, item);
  return r;
}

static void names_check(struct reading *reading, const struct yaml_node *node,
                        const struct config_source *source, const char *item) {
  char quoted[CONFIG_QUOTED_SIZE];
  const char *const keys[] = {"domain", "id_scope"};
  const char *const values[] = {source->domain, source->id_scope};
  for (size_t i = 0; i < LENGTH_OF(keys); i++) {
    if (values[i] == NULL || name_is_good(text_of(values[i]))) continue;
    config_error(reading->errors, yaml_mark(node, keys[i]), item,
                 "%s: %s is not a name; write a-z, 0-9 and '-'", keys[i],
                 config_quoted(text_of(values[i]), quoted));
  }
}

static struct config_mark source_taken(const struct hub_config *config, const char *name) {
  for (const struct config_source *source = config->sources; source != NULL; source = source->next) {
    if (strcmp(source->name, name) == 0) return source->mark;
  }
  return (struct config_mark){0};
}

static int source_fill(struct reading *reading, struct yaml_node *node, struct config_source *source) {
  struct arena *arena = reading->config->arena;
  const char *item = arena_printf(arena, "source %s", source->name);
  const char *auth = arena_printf(arena, "source %s.auth", source->name);
  if (item == NULL || auth == NULL) return -ENOMEM;
  int r = options_read(arena, source_options, node, item, true, source, reading->errors);
  source->connector_mark = yaml_mark(node, "connector");
  source->domain_mark = yaml_mark(node, "domain");
  if (r == 0) r = choices_read(reading, node, source, item);
  if (r == 0) r = way_read(reading, node, source, item);
  if (r == 0 && source->way != CONFIG_FOLDER) r = auth_read(reading, node, source, auth);
  if (r == 0) r = limits_read(reading, node, source, item);
  if (r == 0) r = privacy_read(reading, node, source, item);
  if (r < 0) return r;
  source->options = yaml_get(node, "options");
  names_check(reading, node, source, item);
  static const char *const also[] = {"name", "ack",    "unrouted", "http",    "mllp", "folder",
                                     "auth", "limits", "privacy",  "options", NULL};
  options_unknown(source_options, also, node, item, reading->errors);
  return 0;
}

int sources_read(struct reading *reading, struct yaml_node *list) {
  struct config_source **tail = &reading->config->sources;
  while (*tail != NULL) tail = &(*tail)->next;
  for (struct yaml_node *node = list->first; node != NULL; node = node->next) {
    const char *name = member_name(reading, node, "source", source_taken);
    if (name == NULL) continue;
    struct config_source *source = arena_alloc(reading->config->arena, sizeof *source);
    if (source == NULL) return -ENOMEM;
    source->name = name;
    source->mark = yaml_mark(node, "name");
    int r = source_fill(reading, node, source);
    if (r < 0) return r;
    *tail = source;
    tail = &source->next;
  }
  return 0;
}

/* ---- Across files ---- */

static void scope_check(struct reading *reading, const struct config_source *source) {
  for (const struct config_source *other = reading->config->sources; other != source; other = other->next) {
    bool same =
        source->id_scope != NULL && other->id_scope != NULL && strcmp(source->id_scope, other->id_scope) == 0;
    if (!same || source->connector == NULL || other->connector == NULL) continue;
    if (strcmp(source->connector, other->connector) == 0) continue;
    char item[96];
    snprintf(item, sizeof item, "source %s", source->name);
    config_error(
        reading->errors, source->mark, item,
        "shares the id_scope \"%s\" with source \"%s\", which has another connector; write another id_scope",
        source->id_scope, other->name);
    return;
  }
}

static void dead_letter_check(struct reading *reading, const struct config_source *source) {
  const struct hub_config *config = reading->config;
  for (const struct config_source *other = config->sources; other != source; other = other->next) {
    if (other->domain != NULL && strcmp(other->domain, source->domain) == 0) return; /* told there */
  }
  char item[96], name[128];
  snprintf(item, sizeof item, "source %s.domain", source->name);
  snprintf(name, sizeof name, "ioc.dead-letter.%s.v1", source->domain);
  const struct config_topic *topic = hub_config_topic(config, name);
  if (topic == NULL) {
    config_error(
        reading->errors, source->domain_mark, item,
        "needs the topic %s; write it in topics.yaml with type ioc.hub.v1.DeadLetter and compacted: true",
        name);
  } else if (topic->type != NULL && strcmp(topic->type, "ioc.hub.v1.DeadLetter") != 0) {
    config_error(reading->errors, topic->type_mark, name,
                 "takes dead letters; write type: ioc.hub.v1.DeadLetter");
  } else if (!topic->compacted) {
    config_error(reading->errors, topic->mark, name,
                 "takes dead letters, of which the latest state counts; write compacted: true");
  }
}

void sources_check(struct reading *reading) {
  for (const struct config_source *source = reading->config->sources; source != NULL; source = source->next) {
    way_check(reading, source);
    scope_check(reading, source);
    if (source->domain != NULL && name_is_good(text_of(source->domain))) dead_letter_check(reading, source);
  }
}
