/*
 * test_e_documents.c: answers to senders, limits, and attachments longer than a step of the reader. What
 * becomes of whole messages stands in connectors/e-documents/samples.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "connectors/e-documents/attachment.h"
#include "connectors/e-documents/direction.h"
#include "connectors/e-documents/edxml.h"
#include "tests/lib/connector_rig.h"

extern const struct hub_connector hub_connector;

#define HEADER \
  "<MessageHeader><From><OrganId>H37.14</OrganId></From><DocumentId>D1</DocumentId></MessageHeader>"

static void *self;

static int open_connector(void **state) { return rig_open(&hub_connector, &self); }

static int close_connector(void **state) {
  hub_connector.close(self);
  return 0;
}

static void translate(struct rig *rig, struct hub_payload *payload, const char *data) {
  *payload = rig_payload(data, strlen(data));
  rig_init(rig, payload);
  assert_int_equal(hub_connector.translate(self, payload, &rig->sink), 0);
  assert_int_equal(rig->records, 1);
}

static void assert_answer(const char *data, int status, const char *answer) {
  struct rig rig;
  struct hub_payload payload;
  translate(&rig, &payload, data);
  assert_int_equal(rig_reply(&rig, &hub_connector, self), 0);
  assert_int_equal(rig.answer_status, status);
  assert_string_equal(rig.answer, answer);
  rig_deinit(&rig);
}

#define FAILURE(message, id, code, description)                              \
  "{\"success\":false,\"message\":\"" message "\",\"data\":{\"docId\":\"" id \
  "\",\"status\":\"fail\","                                                  \
  "\"errorCode\":\"" code "\",\"errorDesc\":\"" description "\"}}"

static void senders_read_the_axis_form(void **state) {
  assert_answer("<edXML>" HEADER "</edXML>", 200, "{\"success\":true,\"message\":\"OK\",\"docId\":\"D1\"}");
  assert_answer("<edXML><MessageHeader><DocumentId>a\"\\&#9;b</DocumentId></MessageHeader></edXML>", 200,
                "{\"success\":true,\"message\":\"OK\",\"docId\":\"a\\u0022\\u005c\\u0009b\"}");
  assert_answer("<edXML/>", 422,
                FAILURE("Gói tin edXML không hợp lệ / The edXML message is not valid", "", "22",
                        "there is no MessageHeader (1:1 edXML)"));
  assert_answer("<other/>", 415,
                FAILURE("Tệp gửi lên không hợp lệ / The file is not one that is taken here", "", "10",
                        "the root element is neither edXML nor a SOAP Envelope (1:1 *)"));
}

static void answer_refusal(int http_status, struct rig *rig) {
  struct hub_refusal refusal = {.size = sizeof(refusal), .http_status = http_status, .detail = "reason"};
  struct hub_exchange exchange = {.size = sizeof(exchange), .stage = HUB_REFUSED, .refusal = &refusal};
  rig_init(rig, NULL);
  assert_int_equal(hub_connector.reply(self, &exchange, &rig->writer), 0);
  assert_int_equal(rig->answer_status, http_status);
}

static void refusals_have_axis_codes(void **state) {
  static const struct {
    int status;
    const char *code;
  } cases[] = {{401, "15"}, {403, "15"}, {400, "10"}, {413, "10"},
               {415, "10"}, {408, "20"}, {429, "20"}, {503, "20"}};
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    struct rig rig;
    char wanted[64];
    answer_refusal(cases[i].status, &rig);
    snprintf(wanted, sizeof(wanted), "\"errorCode\":\"%s\",\"errorDesc\":\"reason\"", cases[i].code);
    assert_non_null(strstr(rig.answer, wanted));
    rig_deinit(&rig);
  }
}

static void assert_rejected(const char *data, enum hub_reject_code code, const char *at) {
  struct rig rig;
  struct hub_payload payload;
  translate(&rig, &payload, data);
  assert_int_equal(rig.outcomes[0].code, code);
  if (at != NULL) assert_string_equal(rig.outcomes[0].at, at);
  rig_deinit(&rig);
}

static void contradictions_are_located(void **state) {
  assert_rejected("<edXML>" HEADER HEADER "</edXML>", HUB_CONFLICT, "1:104 edXML/MessageHeader");
  assert_rejected(
      "<edXML><MessageHeader><From><OrganId>A</OrganId><OrganId>B</OrganId></From></MessageHeader></edXML>",
      HUB_CONFLICT, "1:49 edXML/MessageHeader/From/OrganId");
  assert_rejected(
      "<edXML>" HEADER
      "<AttachmentEncoded><Attachment><ContentTransferEncoded>QQ==</ContentTransferEncoded>"
      "<ContentTransferEncoded>QQ==</ContentTransferEncoded></Attachment></AttachmentEncoded></edXML>",
      HUB_CONFLICT, NULL);
}

/* `count` times `piece` between `head` and `tail`. */
static char *repeat(const char *head, const char *piece, size_t count, const char *tail) {
  size_t h = strlen(head), p = strlen(piece), t = strlen(tail);
  char *data = calloc(1, h + p * count + t + 64);
  assert_non_null(data);
  memcpy(data, head, h);
  for (size_t i = 0; i < count; i++) memcpy(data + h + i * p, piece, p);
  memcpy(data + h + p * count, tail, t);
  return data;
}

static void what_is_kept_is_bounded(void **state) {
  char *data =
      repeat("<edXML><MessageHeader><Subject>", "x", 256 * 1024 + 1, "</Subject></MessageHeader></edXML>");
  assert_rejected(data, HUB_TOO_LARGE, "1:23 edXML/MessageHeader/Subject");
  free(data);
  data = repeat("<edXML><MessageHeader>", "<To><OrganId>A</OrganId></To>", 10001, "</MessageHeader></edXML>");
  assert_rejected(data, HUB_TOO_LARGE, NULL);
  free(data);
  data =
      repeat("<edXML>" HEADER "<AttachmentEncoded>", "<Attachment/>", 1001, "</AttachmentEncoded></edXML>");
  assert_rejected(data, HUB_TOO_LARGE, NULL);
  free(data);
}

/* 3,000,000 zero bytes: SHA-256 by sha256sum. */
static void long_attachments_flow_by(void **state) {
  static const char *const heads[] = {"", "<![CDATA[", " \n"}, *const tails[] = {"", "]]>", "\n "};
  static const char *const pieces[] = {"AAAA", "AA\nAA", "A A<!-- -->AA"};
  EVP_MD *sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
  for (size_t i = 0; i < 9; i++) {
    if (i / 3 == 1 && i % 3 == 2) continue; /* a comment in CDATA is text */
    char head[512], tail[256];
    snprintf(head, sizeof(head), "<edXML>" HEADER "<AttachmentEncoded><Attachment><ContentTransferEncoded>%s",
             heads[i / 3]);
    snprintf(tail, sizeof(tail), "%s</ContentTransferEncoded></Attachment></AttachmentEncoded></edXML>",
             tails[i / 3]);
    char *data = repeat(head, pieces[i % 3], 1000000, tail);
    struct rig rig;
    struct edxml edxml;
    struct hub_payload payload = rig_payload(data, strlen(data));
    rig_init(&rig, &payload);
    assert_int_equal(edxml_read(text_of(data), sha256, &rig.sink, &edxml), 0);
    const struct edxml_attachment *attachment = edxml.attachments.items[0];
    assert_int_equal(attachment->file.size, 3000000);
    assert_string_equal(attachment->file.sha256,
                        "35bce4eae54ec8e6cc2868baa8d157914d6ae2858811b4cc0c078c94460fa26f");
    rig_deinit(&rig);
    free(data);
  }
  EVP_MD_free(sha256);
}

static void provinces_are_found_in_both_forms(void **state) {
  static const char *const cases[][2] = {{"H37", "H37"},
                                         {"H37.14", "H37"},
                                         {"H37.14.02", "H37"},
                                         {"000.00.14.H37", "H37"},
                                         {"H37.DN.001", "H37"},
                                         {"000.00.00", ""},
                                         {"", ""},
                                         {".", ""},
                                         {"14.", ""},
                                         {"1.2.h37", "h37"},
                                         {"A05.000.H37", "A05"}};
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
    assert_true(text_is(direction_province(text_of(cases[i][0])), cases[i][1]));
}

static Ioc__Edoc__V1__Direction direction(const char *from, const char *to, const char *to_too) {
  struct edxml_organ first = {.id = text_of(to)}, second = {.id = text_of(to_too)};
  void *items[] = {&first, &second};
  struct edxml edxml = {.from = {.id = text_of(from)},
                        .to = {.count = to_too == NULL ? 1 : 2, .items = items}};
  return direction_find(&edxml, TEXT("H37"));
}

static void directions(void **state) {
  assert_int_equal(direction("H37.1", "000.00.02.H37", NULL), IOC__EDOC__V1__DIRECTION__DIRECTION_INTERNAL);
  assert_int_equal(direction("h37.1", "H37.2", "G22"), IOC__EDOC__V1__DIRECTION__DIRECTION_OUTGOING);
  assert_int_equal(direction("G22", "H41", "000.00.00.H37"), IOC__EDOC__V1__DIRECTION__DIRECTION_INCOMING);
  assert_int_equal(direction("G22", "H41", NULL), IOC__EDOC__V1__DIRECTION__DIRECTION_FOREIGN);
  assert_int_equal(direction("", "H37", NULL), IOC__EDOC__V1__DIRECTION__DIRECTION_UNSPECIFIED);
  assert_int_equal(direction("H37", "12", NULL), IOC__EDOC__V1__DIRECTION__DIRECTION_UNSPECIFIED);
}

static void zip_is_a_media_type(void **state) {
  assert_true(attachment_is_zip(TEXT("application/zip")));
  assert_true(attachment_is_zip(TEXT("Application/ZIP ; x=1")));
  assert_false(attachment_is_zip(TEXT("application/zipx")));
  assert_false(attachment_is_zip(TEXT("application/x-zip-compressed")));
  assert_false(attachment_is_zip(TEXT("")));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(senders_read_the_axis_form),
      cmocka_unit_test(refusals_have_axis_codes),
      cmocka_unit_test(contradictions_are_located),
      cmocka_unit_test(what_is_kept_is_bounded),
      cmocka_unit_test(long_attachments_flow_by),
      cmocka_unit_test(provinces_are_found_in_both_forms),
      cmocka_unit_test(directions),
      cmocka_unit_test(zip_is_a_media_type),
  };
  return cmocka_run_group_tests(tests, open_connector, close_connector);
}
