/*
 * health.c: connector for visits, insurance files, reports of diseases, laboratory results and beds.
 *
 * It only chooses: by option `format`, else by content type, else by the bytes. What is chosen for a payload
 * is chosen again, by the same rule, when it is answered.
 */
#include "connectors/health/fhir.h"
#include "connectors/health/health.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct settings {
  int format;
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
static const struct hub_option *const options[] = {&option_format, NULL};

static const char *const messages[] = {"ioc.health.v1.Encounter",      "ioc.health.v1.InsuranceClaim",
                                       "ioc.health.v1.NotifiableCase", "ioc.health.v1.LabResult",
                                       "ioc.health.v1.BedStatus",      NULL};

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
  *ret_self = health;
  return 0;
}

static int translate(const void *self, const struct hub_payload *payload, struct hub_sink *sink) {
  const struct health *health = self;
  if (health->format == HEALTH_FHIR || (health->format == HEALTH_AUTO && fhir_looks_like(payload)))
    return fhir_translate(health, payload, sink);
  struct hub_rejection rejection = {
      .size = sizeof(rejection), .code = HUB_UNSUPPORTED, .detail = "in no form that is known here"};
  return hub_reject(sink, &rejection);
}

HUB_CONNECTOR(.name = "health", .version = IOCHUB_VERSION,
              .summary =
                  "Visits, insurance files, notifiable diseases, laboratory results and beds (BHYT, "
                  "HL7 v2, FHIR R4)",
              .messages = messages, .options = options, .settings_size = sizeof(struct settings),
              .open = open_connector, .translate = translate, .close = free);
