/*
 * health.c: connector for visits, insurance files, reports of diseases, laboratory results and beds.
 *
 * It only chooses: by option `format`, else by content type, else by the bytes. What is chosen for a payload
 * is chosen again, by the same rule, when it is answered.
 */
#include "connectors/health/health.h"

#include "connectors/health/bhyt.h"
#include "connectors/health/fhir.h"
#include "connectors/health/hl7.h"
#include "connectors/health/notifiable.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct settings {
  int format, reply;
};

static const char *const formats[] = {"auto", "bhyt", "hl7", "fhir", "notifiable", NULL};
static const struct hub_option option_format = {
    .size = sizeof(struct hub_option),
    .key = "format",
    .type = HUB_OPTION_CHOICE,
    .fallback = "auto",
    .choices = formats,
    .help = "What the source's payloads are; auto = told by content type and bytes.",
    .offset = offsetof(struct settings, format),
};
static const char *const doors[] = {"auto", "vss", "gateway", "province", "plain", NULL};
static const struct hub_option option_reply = {
    .size = sizeof(struct hub_option),
    .key = "reply",
    .type = HUB_OPTION_CHOICE,
    .fallback = "auto",
    .choices = doors,
    .help =
        "How senders of insurance files are answered: as VSS, the health data gateway or the province's door "
        "do, or in the hub's own JSON (plain); auto = told by the form's fields and the path.",
    .offset = offsetof(struct settings, reply),
};
static const struct hub_option *const options[] = {&option_format, &option_reply, NULL};

static const char *const messages[] = {"ioc.health.v1.Encounter",      "ioc.health.v1.InsuranceClaim",
                                       "ioc.health.v1.NotifiableCase", "ioc.health.v1.LabResult",
                                       "ioc.health.v1.BedStatus",      NULL};

/* Asked in this order: what is surest comes first. */
static const struct format {
  enum health_format format;
  bool (*looks_like)(const struct hub_payload *);
  int (*translate)(const struct health *, const struct hub_payload *, struct hub_sink *);
  int (*reply)(const struct health *, const struct hub_exchange *, struct hub_writer *);
} known[] = {
    {HEALTH_HL7, hl7_looks_like, hl7_translate, hl7_reply},
    {HEALTH_FHIR, fhir_looks_like, fhir_translate, fhir_reply},
    {HEALTH_NOTIFIABLE, notifiable_looks_like, notifiable_translate, NULL},
    {HEALTH_BHYT, bhyt_looks_like, bhyt_translate, bhyt_reply},
};

/* NULL: none. payload NULL: nobody knows what it was, unless the source says so. */
static const struct format *format_of(const struct health *health, const struct hub_payload *payload) {
  for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
    if (health->format != HEALTH_AUTO ? health->format == known[i].format
                                      : payload != NULL && known[i].looks_like(payload))
      return &known[i];
  }
  return NULL;
}

static int open_connector(const struct hub_host *host, const void *block, void **ret_self) {
  const struct settings *settings = block;
  size_t length = strlen(host->source);
  struct health *health = calloc(1, sizeof(*health) + length + 1);
  if (health == NULL) return -ENOMEM;
  char *source = (char *)(health + 1);
  memcpy(source, host->source, length);
  health->source = source;
  health->zone_offset_s = host->zone_offset_s;
  health->format = (enum health_format)settings->format;
  health->door = (enum health_door)settings->reply;
  *ret_self = health;
  return 0;
}

static int translate(const void *self, const struct hub_payload *payload, struct hub_sink *sink) {
  const struct format *format = format_of(self, payload);
  if (format != NULL) return format->translate(self, payload, sink);
  struct hub_rejection rejection = {.size = sizeof(rejection),
                                    .code = HUB_UNSUPPORTED,
                                    .at = "1:1",
                                    .detail = "in no form that is known here"};
  return hub_reject(sink, &rejection);
}

/* A source that names a door answers there whatever came. */
static int reply(const void *self, const struct hub_exchange *exchange, struct hub_writer *writer) {
  const struct health *health = self;
  const struct format *format = format_of(health, exchange->payload);
  if (health->door != HEALTH_DOOR_AUTO) return bhyt_reply(health, exchange, writer);
  if (format != NULL && format->reply != NULL) return format->reply(health, exchange, writer);
  return 0;
}

HUB_CONNECTOR(.name = "health", .version = IOCHUB_VERSION,
              .summary =
                  "Visits, insurance files, notifiable diseases, laboratory results and beds (BHYT, "
                  "HL7 v2, FHIR R4)",
              .messages = messages, .options = options, .settings_size = sizeof(struct settings),
              .open = open_connector, .translate = translate, .reply = reply, .close = free);
