/*
 * iochub_connector.h: the connector contract, the one header a connector needs.
 *
 * A connector is a shared object NAME.so that turns the payloads of one domain into protobuf messages. It
 * exports one symbol, `hub_connector`, and brings NAME.binpb (a FileDescriptorSet with its imports) beside
 * it. It links to nothing of the hub: all that the hub does for it comes through struct hub_sink and struct
 * hub_host.
 *
 * Rules that hold for the whole contract
 *  - Every struct starts with its size and only ever grows at its end. Whoever reads a struct that the other
 * side made looks at its size first. Lists are lists of pointers, so that their members can grow too.
 *  - Results are int: 0, or a negative errno that means trouble of the *host* (no memory). It is forwarded at
 * once: `if (r < 0) return r;`. Bad input is never an error, it is a rejected record. Positive results are
 * named where they are returned.
 *  - Text is data + length and not terminated, unless it is a plain `const char *`.
 *  - What a call borrows it does not keep. What the sink allocates lives until translate() and reply() are
 * over.
 *
 * Version history
 *  1.0  first version
 *  1.1  hub_sink_ops.release: a payload of any length in the memory of one record;
 *       hub_reject_status(): the status of a code;
 *       hub_exchange.answers_twice: whether the way in hears HUB_STORED before HUB_DONE
 */
#ifndef IOCHUB_CONNECTOR_H
#define IOCHUB_CONNECTOR_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HUB_ABI_MAJOR 1 /* equal on both sides, else the connector is refused */
#define HUB_ABI_MINOR 1 /* the connector's is not above the hub's, else it is refused */

#define HUB_EXPORT __attribute__((visibility("default")))
#define HUB_NONE INT64_MIN /* "no time" wherever a time in microseconds since 1970 UTC is expected */

/* ---- Options: what an admin may write under `options:` of a source ---- */

enum hub_option_type {
  HUB_OPTION_TEXT = 1, /* const char *, NULL when absent and without default */
  HUB_OPTION_BOOL,     /* bool: true or false, nothing else */
  HUB_OPTION_INT,      /* int64_t within [min, max] */
  HUB_OPTION_CHOICE,   /* int: index into choices */
  HUB_OPTION_SIZE,     /* int64_t bytes within [min, max]: 4096, 64 KiB, 1 MiB, 2 GiB */
  HUB_OPTION_DURATION, /* int64_t milliseconds within [min, max]: 250 ms, 30 s, 5 min, 24 h, 7 d */
  HUB_OPTION_ZONE,     /* int32_t seconds east of UTC: "+07:00" */
  HUB_OPTION_LIST,     /* struct hub_list *: list of texts */
};

struct hub_list {
  size_t count;
  const char *const *items;
};

struct hub_option {
  uint32_t size;
  const char *key; /* lower_snake_case */
  enum hub_option_type type;
  const char *fallback; /* default in the form an admin would write, NULL: none */
  bool required;
  int64_t min, max;           /* INT, SIZE, DURATION; both 0: unbounded */
  const char *const *choices; /* CHOICE: NULL-terminated */
  const char *help;           /* one sentence for the reference */
  size_t offset;              /* offsetof(settings, member) */
  const char *old_key;        /* former name, still read with a warning; NULL: none */
};

/* ---- What the host hands to open() ---- */

enum hub_level { HUB_LOG_ERROR = 3, HUB_LOG_WARNING = 4, HUB_LOG_INFO = 6, HUB_LOG_DEBUG = 7 };

struct hub_host {
  uint32_t size;
  uint16_t abi_major, abi_minor;
  const char *source;    /* name of the source that this instance serves */
  int32_t zone_offset_s; /* zone of times that carry none, seconds east of UTC (25200) */
  void *context;
  void (*log)(void *context, enum hub_level level, const char *constant_text);
};

/* ---- What comes in ---- */

struct hub_part { /* one part of a multipart/form-data body */
  uint32_t size;
  const char *name, *file_name, *content_type; /* file_name and content_type may be NULL */
  const char *data;
  size_t length;
};

struct hub_field { /* one form field or query parameter, decoded */
  uint32_t size;
  const char *name;
  const char *data;
  size_t length;
};

struct hub_payload {
  uint32_t size;
  const char *data; /* the whole payload; 64 zero bytes of the host's stand behind data[length - 1] */
  size_t length;
  /* Each may be NULL. path is without query; name is a file's name. */
  const char *content_type, *method, *path, *name;
  const struct hub_part *const *parts; /* all parts of the body, the chosen one too */
  size_t parts_count;
  const struct hub_field *const *fields;
  size_t fields_count;
};

/* ---- What goes out ---- */

/* Why a record is refused, and the HTTP status beside each. */
enum hub_reject_code {
  HUB_MALFORMED = 1, /* 400 not well-formed */
  HUB_UNSUPPORTED,   /* 415 a format or version not known here */
  HUB_MISSING,       /* 422 what identifies the record is absent */
  HUB_INVALID,       /* 422 a value outside its domain */
  HUB_INCOMPLETE,    /* 422 announced parts are not there (counts, segments) */
  HUB_CONFLICT,      /* 409 contradicts itself or an earlier fact */
  HUB_FORBIDDEN,     /* 403 claims another sender than its credential, or content that may not pass */
  HUB_TOO_LARGE,     /* 413 */
  /* The host's own, which a connector never uses: kept, alarmed, and accepted towards the sender. */
  HUB_NO_ROUTE = 100,
  HUB_UNPROTECTED,
  HUB_POISON,
};

/* The HTTP status of a payload of which nothing was taken for this reason. */
static inline int hub_reject_status(enum hub_reject_code code) {
  switch (code) {
    case HUB_MALFORMED: return 400;
    case HUB_UNSUPPORTED: return 415;
    case HUB_CONFLICT: return 409;
    case HUB_FORBIDDEN: return 403;
    case HUB_TOO_LARGE: return 413;
    default: return 422;
  }
}

/* Kinds of personal data, equal to ioc.hub.v1.Personal. */
enum hub_personal_kind {
  HUB_CITIZEN_ID = 1,
  HUB_INSURANCE_CARD,
  HUB_PHONE,
  HUB_EMAIL,
  HUB_PLATE,
  HUB_PERSON_NAME,
  HUB_OFFICIAL_NAME,
  HUB_ACCOUNT,
  HUB_BIRTH_DATE,
  HUB_ADDRESS,
  HUB_FREE_TEXT,
};

struct hub_meta { /* what the host wants to know of a message beside the message; all but size may be absent
                   */
  uint32_t size;
  const char *key; /* native key: what identifies the thing in its own system (DocumentId, MaHoSo) */
  size_t key_length;
  const char *version; /* the sender's own version or time of change; absent: SHA-256 of bytes */
  size_t version_length;
  int64_t occurred_us; /* HUB_NONE: not known */
  const char *at;      /* place of the record, as in hub_rejection */
  const char *bytes;   /* slice of the input that this record was made of; NULL: the whole payload */
  size_t length;
};

struct hub_rejection {
  uint32_t size;
  enum hub_reject_code code;
  const char
      *at; /* "line:col" and, after a space, the path in the format's own terms; NULL: the whole payload */
  const char *detail; /* a constant text of the connector; NULL: the code's own sentence */
  const char *value;  /* what varies; reaches the sender and the sealed dead letter only. NULL: none */
  size_t value_length;
  const char *key; /* native key of the rejected record, for reply(); NULL: not known */
  size_t key_length;
  const char *bytes; /* slice of the input, as in hub_meta */
  size_t length;
};

struct hub_sink;

struct hub_sink_ops {
  uint32_t size;
  /* Zeroed memory, aligned to 16, freed by the host after reply(). NULL: no memory, return -ENOMEM. */
  void *(*alloc)(struct hub_sink *, size_t bytes);
  /* Takes the next record number, packs the message at once. A message that breaks the rules of its schema
   * (UTF-8, enum range, size, a tagged field that personal() did not make) becomes a rejected record here. */
  int (*emit)(struct hub_sink *, const struct hub_meta *, const ProtobufCMessage *);
  /* Takes the next record number for a record that is refused. */
  int (*reject)(struct hub_sink *, const struct hub_rejection *);
  /* Before the first emit: records may be published while the rest is still being read. */
  int (*independent)(struct hub_sink *);
  /* Before the first emit: one rejected record refuses all. */
  int (*all_or_nothing)(struct hub_sink *);
  /* The text that may stand in a field tagged `kind`: pseudonym, year, code or masked text, by the admin's
   * privacy settings. Empty text gives empty text. *ret_text is terminated and lives as long as alloc's
   * memory. */
  int (*personal)(struct hub_sink *, enum hub_personal_kind kind, const char *text, size_t length,
                  char **ret_text);
  /* Value of `column` in the row of broker-config/tables/TABLE.csv whose first column is key; NULL: no such
   * row. */
  const char *(*lookup)(struct hub_sink *, const char *table, const char *key, size_t length,
                        const char *column);
  /* Up to 1 KiB that reply() will be given; a second call replaces the first. */
  int (*remember)(struct hub_sink *, const void *data, size_t length);
  void (*count)(struct hub_sink *, const char *counter, uint64_t n); /* counter: constant, lower_snake_case */
  void (*log)(struct hub_sink *, enum hub_level, const char *constant_text);
  /* Since 1.1. After independent(), between two records: what alloc and personal gave since independent() or
   * the last release may be used again by the host. Whoever reads a long payload calls it after each record;
   * where the host keeps all records anyway it does nothing. What a reader needs longer than a record it
   * takes before independent(), or elsewhere. */
  void (*release)(struct hub_sink *);
};

struct hub_sink {
  const struct hub_sink_ops *ops;
};

static inline void *hub_alloc(struct hub_sink *sink, size_t bytes) { return sink->ops->alloc(sink, bytes); }

/* hub_alloc() with the signature that connectors/format wants of an allocator. */
static inline void *hub_alloc_for_format(void *sink, size_t bytes) {
  return hub_alloc((struct hub_sink *)sink, bytes);
}

static inline int hub_emit(struct hub_sink *sink, const struct hub_meta *meta,
                           const ProtobufCMessage *message) {
  return sink->ops->emit(sink, meta, message);
}

static inline int hub_reject(struct hub_sink *sink, const struct hub_rejection *rejection) {
  return sink->ops->reject(sink, rejection);
}

static inline int hub_personal(struct hub_sink *sink, enum hub_personal_kind kind, const char *text,
                               size_t length, char **ret_text) {
  return sink->ops->personal(sink, kind, text, length, ret_text);
}

static inline void hub_release(struct hub_sink *sink) {
  if (sink->ops->size > offsetof(struct hub_sink_ops, release)) sink->ops->release(sink);
}

#define HUB_E_NUL 1 /* the text holds a NUL byte; reject the record as HUB_INVALID with its place */

/* A terminated copy of text for a string field of a message. protobuf-c would cut a NUL silently, so it is
 * refused. Returns 0, -ENOMEM or HUB_E_NUL. */
static inline int hub_string(struct hub_sink *sink, const char *text, size_t length, char **ret_string) {
  if (length != 0 && __builtin_memchr(text, 0, length) != NULL) return HUB_E_NUL;
  char *copy = (char *)hub_alloc(sink, length + 1);
  if (copy == NULL) return -12 /* -ENOMEM */;
  if (length != 0) __builtin_memcpy(copy, text, length);
  *ret_string = copy;
  return 0;
}

/* ---- Answering in the sender's own protocol ---- */

enum hub_stage {
  HUB_REFUSED = 1, /* never became ours: framing, identity, limits, busy; look at `refusal` */
  HUB_STORED,      /* safe; only where the way in answers twice. Outcomes tell what is known by then */
  HUB_DONE,        /* all outcomes known */
};

enum hub_result { HUB_ACCEPTED = 1, HUB_REPEATED, HUB_REJECTED };

struct hub_outcome { /* of one record */
  uint32_t size;
  enum hub_result result;
  const char *type;     /* full name of the message; NULL for a rejection */
  const char *event_id; /* NULL for a rejection */
  const char *key;      /* native key, NULL when not known */
  size_t key_length;
  enum hub_reject_code code; /* the rest only for HUB_REJECTED */
  const char *code_name;     /* "malformed" … */
  const char *at, *detail;
  const char *value;
  size_t value_length;
};

struct hub_refusal {
  uint32_t size;
  int http_status;
  const char *code;   /* "unauthorized", "busy", "too_large" … */
  const char *detail; /* one sentence, constant */
  int retry_after_s;  /* 0: do not say */
};

struct hub_exchange {
  uint32_t size;
  enum hub_stage stage;
  const struct hub_payload *payload; /* only when the sender was proven and its bytes are whole; else NULL */
  const struct hub_outcome *const *outcomes; /* in record order */
  size_t outcomes_count;
  const void *remembered;
  size_t remembered_length;
  const char *receipt; /* id of this answer, for the sender's files; NULL when refused */
  int64_t answered_us;
  const struct hub_refusal *refusal; /* HUB_REFUSED only */
  bool answers_twice; /* since 1.1: HUB_STORED comes, then HUB_DONE, and either may write nothing (MLLP) */
};

static inline bool hub_answers_twice(const struct hub_exchange *exchange) {
  return exchange->size > offsetof(struct hub_exchange, answers_twice) && exchange->answers_twice;
}

struct hub_writer;

struct hub_writer_ops {
  uint32_t size;
  void *(*alloc)(struct hub_writer *, size_t bytes);
  int (*begin)(struct hub_writer *, int http_status,
               const char *content_type); /* once, before the first write */
  int (*write)(struct hub_writer *, const char *data, size_t length);
};

struct hub_writer {
  const struct hub_writer_ops *ops;
};

/* ---- The connector ---- */

struct hub_connector {
  uint32_t size;
  uint16_t abi_major, abi_minor;
  const char *name, *version, *summary;
  const char *const *messages; /* full names of what it may emit, NULL-terminated; schema in NAME.binpb */
  const struct hub_option *const *options; /* NULL-terminated, or NULL */
  uint32_t settings_size;                  /* bytes of the block that options' offsets point into */
  /* Once per source. *ret_self is handed to the others; it is never written to after open. */
  int (*open)(const struct hub_host *, const void *settings, void **ret_self);
  /* Pure: no I/O, threads, globals, clock, environment. Runs on any thread, several at once, and again for
   * the same bytes, which then gives the same records. */
  int (*translate)(const void *self, const struct hub_payload *, struct hub_sink *);
  /* Optional; NULL: the host answers in JSON. Writing nothing leaves the answer to the host. Pure as well. */
  int (*reply)(const void *self, const struct hub_exchange *, struct hub_writer *);
  void (*close)(void *self);
};

/* What a connector's file ends with. The size, the versions and the symbol's visibility are the macro's
 * business. */
#define HUB_CONNECTOR(...)                                                          \
  HUB_EXPORT extern const struct hub_connector hub_connector;                       \
  const struct hub_connector hub_connector = {.size = sizeof(struct hub_connector), \
                                              .abi_major = HUB_ABI_MAJOR,           \
                                              .abi_minor = HUB_ABI_MINOR,           \
                                              __VA_ARGS__}

#endif
