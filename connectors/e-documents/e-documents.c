/*
 * e-documents.c: connector for official documents in edXML (QCVN 102:2016/BTTTT) and their status messages.
 *
 * A payload is one edXML message and becomes one record: the message is read whole, as a stream, before
 * anything is emitted, so that a document that breaks off publishes nothing. Reading is edxml.c, judging
 * document.c, answering axis.c.
 */
#include "connectors/e-documents/axis.h"
#include "connectors/e-documents/document.h"
#include "connectors/e-documents/edxml.h"
#include "connectors/e-documents/direction.h"

#include <errno.h>
#include <stdlib.h>

enum reply_form { REPLY_AXIS, REPLY_PLAIN };

struct settings {
  const char *organization;
  int reply;
};

struct e_documents {
  struct document_rules rules;
  enum reply_form reply;
  EVP_MD *sha256;      /* also in rules */
  char organization[]; /* rules.province points into it */
};

static const char *const reply_forms[] = {"axis", "plain", NULL};
static const struct hub_option option_organization = {
    .size = sizeof(struct hub_option),
    .key = "organization",
    .type = HUB_OPTION_TEXT,
    .fallback = "H37",
    .help =
        "Code of an organization of the own province, in either form; its province part decides what is "
        "incoming "
        "and what is outgoing.",
    .offset = offsetof(struct settings, organization),
};
static const struct hub_option option_reply = {
    .size = sizeof(struct hub_option),
    .key = "reply",
    .type = HUB_OPTION_CHOICE,
    .fallback = "axis",
    .choices = reply_forms,
    .help =
        "How senders are answered: axis = the document axis's JSON with its error codes, plain = the hub's "
        "own JSON.",
    .offset = offsetof(struct settings, reply),
};
static const struct hub_option *const options[] = {&option_organization, &option_reply, NULL};

static const char *const messages[] = {"ioc.edoc.v1.Document", "ioc.edoc.v1.DocumentStatus", NULL};

static void close_connector(void *self) {
  struct e_documents *e = self;
  if (e == NULL) return;
  EVP_MD_free(e->sha256);
  free(e);
}

static int open_connector(const struct hub_host *host, const void *block, void **ret_self) {
  const struct settings *settings = block;
  struct text organization = text_of(settings->organization);
  struct e_documents *e = calloc(1, sizeof(*e) + organization.length + 1);
  if (e == NULL) return -ENOMEM;
  if (organization.length != 0) memcpy(e->organization, organization.data, organization.length);
  e->rules.province = direction_province((struct text){e->organization, organization.length});
  e->rules.zone_offset_s = host->zone_offset_s;
  e->reply = (enum reply_form)settings->reply;
  e->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
  if (e->sha256 == NULL) {
    close_connector(e);
    return -ENOMEM;
  }
  e->rules.sha256 = e->sha256;
  *ret_self = e;
  return 0;
}

static int translate(const void *self, const struct hub_payload *payload, struct hub_sink *sink) {
  const struct e_documents *e = self;
  struct edxml *edxml = hub_alloc(sink, sizeof(*edxml));
  if (edxml == NULL) return -ENOMEM;
  struct text whole = {payload->data, payload->length};
  int r = edxml_read(whole, e->sha256, sink, edxml);
  if (r != 0) return r < 0 ? r : 0;
  return document_emit(&e->rules, whole, edxml, sink);
}

static int reply(const void *self, const struct hub_exchange *exchange, struct hub_writer *writer) {
  const struct e_documents *e = self;
  return e->reply == REPLY_AXIS ? axis_reply(exchange, writer) : 0;
}

HUB_CONNECTOR(.name = "e-documents", .version = IOCHUB_VERSION,
              .summary = "Official documents and status messages in edXML (QCVN 102:2016)",
              .messages = messages, .options = options, .settings_size = sizeof(struct settings),
              .open = open_connector, .translate = translate, .reply = reply, .close = close_connector);
