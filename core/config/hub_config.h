/*
 * hub_config.h: the whole configuration as the hub uses it: hub.yaml and the folders beside it.
 *
 *   hub.yaml          one hub: name, state directory, listeners, Kafka, keys
 *   sources/NAME.yaml `version: 1`, `sources:` list
 *   routes/NAME.yaml  `version: 1`, `routes:` list
 *   topics.yaml       `version: 1`, `topics:` list: the catalogue
 *   tables/NAME.csv   lookups for connectors
 *
 * This module knows no connector and no schema: options of a connector, types, key and condition fields stay
 * nodes here and are checked by those who know (core/connector, core/route). Paths inside the files are
 * relative to hub.yaml's folder. All of it lives in one arena; a reload builds another one.
 */
#ifndef CORE_CONFIG_HUB_CONFIG_H
#define CORE_CONFIG_HUB_CONFIG_H

#include "core/config/options.h"

struct config_listener { /* hub.yaml: listeners: list */
  const char *name;
  const char *address; /* "127.0.0.1:8080", "[::1]:0"; port 0: any */
  struct config_mark mark;
};

struct config_limits { /* hub.yaml: limits:, and each may be set again in a source */
  int64_t max_body;    /* bytes */
  int64_t head_timeout_ms, body_timeout_ms, idle_timeout_ms, write_timeout_ms;
  int64_t connections, connections_per_peer;
  int64_t answer_timeout_ms;
};

struct config_kafka {
  const char *bootstrap;             /* "host:port,host:port" */
  const struct hub_list *properties; /* further librdkafka properties "key=value" that the publisher allows */
  struct config_mark properties_mark;
  int64_t linger_ms;
  int64_t in_flight_messages, in_flight_bytes;
};

struct config_keys { /* paths of files outside the state directory, read with core/config/secret.h */
  const char *event_ids;
  const char *personal;
  int64_t personal_number; /* stands in pseudonyms: p1.… */
  const char *originals;   /* master key that wraps the day keys */
  struct config_mark event_ids_mark, personal_mark, originals_mark;
};

enum config_auth_kind { CONFIG_AUTH_API_KEY = 1, CONFIG_AUTH_NETWORK };

struct config_auth {
  struct config_auth *next; /* any one that proves the sender suffices */
  enum config_auth_kind kind;
  struct config_mark mark;
  const char *header;              /* API_KEY: name of the header that carries the key */
  const char *file;                /* API_KEY: lines "sha256:HEX [name]", the SHA-256 of each valid key */
  const struct hub_list *networks; /* NETWORK: CIDR texts */
};

enum config_ack { CONFIG_ACK_BROKER };
enum config_unrouted { CONFIG_UNROUTED_KEEP, CONFIG_UNROUTED_DROP };

enum config_privacy_mode { CONFIG_PRIVACY_PSEUDONYM, CONFIG_PRIVACY_DROP, CONFIG_PRIVACY_CLEAR };

enum config_way { CONFIG_HTTP, CONFIG_MLLP, CONFIG_FOLDER };

struct config_mllp { /* a source's mllp: */
  const char *address;
  struct config_mark mark;
};

enum config_complete { CONFIG_COMPLETE_QUIET, CONFIG_COMPLETE_RENAME, CONFIG_COMPLETE_MARKER };

struct config_folder {           /* a source's folder: */
  const char *path;              /* of the inbox; done/ and failed/ are below it */
  const struct hub_list *files;  /* patterns of fnmatch(3) */
  enum config_complete complete; /* when a file is whole */
  int64_t quiet_ms, rescan_ms, max_file;
  const char *content_type; /* NULL: not known */
  struct config_mark mark;
};

struct config_source {
  struct config_source *next;
  const char *name;
  struct config_mark mark;
  const char *connector;
  struct config_mark connector_mark, domain_mark;
  const char *domain;   /* short name for dead letters and pseudonym keys: edoc, publicservice … */
  const char *id_scope; /* NULL: the source's own name */
  enum config_way way;  /* http, or one of the next two, is filled in */
  struct config_mllp mllp;
  struct config_folder folder;
  struct config_mark way_mark, listener_mark, path_mark;
  const char *listener; /* http.listener */
  const char *path;     /* http.path, exact */
  const struct hub_list *methods;
  const char *part; /* http.payload.part: multipart part or form field that is the payload; NULL: the body */
  struct config_auth *auth; /* NULL for a folder */
  enum config_ack ack;
  enum config_unrouted unrouted;
  int32_t zone_offset_s;
  bool repeats; /* false: no memory of ids for this source */
  struct config_limits limits;
  enum config_privacy_mode privacy[16]; /* by enum hub_personal_kind */
  const char *privacy_purpose[16];
  int64_t originals_quota;   /* bytes; 0: nothing of it is kept */
  struct yaml_node *options; /* the connector's, unread here; NULL when absent */
};

struct config_route {
  struct config_route *next;
  const char *name;
  struct config_mark mark;
  const char *type; /* full name of the message */
  struct config_mark type_mark;
  const struct hub_list *sources; /* NULL: from every source */
  struct config_mark sources_mark;
  const char *topic;
  struct config_mark topic_mark;
  const char *key;   /* field path; NULL: the event id */
  bool key_optional; /* where the field is empty the event id is the key, instead of a rejection */
  struct config_mark key_mark;
  bool ordered;           /* order: key (true) or none */
  struct yaml_node *when; /* conditions, unread here; NULL: always */
};

struct config_topic {
  struct config_topic *next;
  const char *name;
  struct config_mark mark;
  const char *type;
  struct config_mark type_mark;
  int64_t partitions, replication, min_insync;
  int64_t max_message_bytes;
  int64_t retention_ms; /* -1: for ever */
  bool compacted;
  const char *compression; /* none gzip snappy lz4 zstd */
  const char *owner, *purpose;
};

struct config_table { /* tables/NAME.csv, first row is the header */
  struct config_table *next;
  const char *name;
  size_t columns, rows;
  const char *const *cells; /* (rows + 1) × columns, row 0 the header; rows sorted by their first cell */
};

struct hub_config {
  struct arena *arena;
  const char *path, *folder; /* of hub.yaml */
  const char *hub;           /* name, in ce_source */
  const char *state_dir;
  struct config_mark state_dir_mark;
  struct config_listener *listeners;
  size_t listeners_count;
  const char *admin;          /* address of /metrics, /livez, /readyz; loopback only */
  const char *connectors_dir; /* NULL: where they were installed, or $IOCHUB_CONNECTORS */
  int64_t translators;
  int64_t translate_timeout_ms;
  int64_t ids_max, ids_age_ms; /* memory of ids */
  struct config_limits limits;
  struct config_kafka kafka;
  struct config_keys keys;
  struct config_source *sources;
  struct config_route *routes;
  struct config_topic *topics;
  struct config_table *tables;
  bool incomplete; /* a file or list could not be read at all: what follows from that was not checked */
};

/* Reads hub.yaml and all beside it, checks all that needs no connector. Mistakes go to errors; *ret_config is
 * set when the files could be read at all, so that the checks of others can add theirs. Returns 0 or -errno.
 */
int hub_config_load(const char *path, struct config_errors *, struct hub_config **ret_config) must_use;
void hub_config_free(struct hub_config *);
DEFINE_CLEANUP(struct hub_config *, hub_config_free)

/* The catalogue alone: *ret_config has topics and else nothing. path: topics.yaml. */
int hub_config_load_topics(const char *path, struct config_errors *, struct hub_config **ret_config) must_use;

const struct config_topic *hub_config_topic(const struct hub_config *, const char *name);
const char *config_table_lookup(const struct config_table *tables, const char *table, struct text key,
                                const char *column);

/* The reference of all options, as Markdown (broker-config/reference.md is this). */
void hub_config_reference(struct text_out *);

#endif
