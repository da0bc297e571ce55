/*
 * axis.c: `{"success":true,"message":"OK","docId":…}`, or false with the axis's error codes.
 *
 * Senders of the axis read `success`; whatever stands between them and the hub reads the HTTP status. So a
 * refusal never has status 200, and both say the same. Texts are in Vietnamese first, then in English.
 */
#include "connectors/e-documents/axis.h"

#include <stdio.h>
#include <string.h>

enum axis_code {
  AXIS_BAD_FILE = 10,
  AXIS_BAD_SECRET = 15,
  AXIS_UNKNOWN_SENDER = 19,
  AXIS_SYSTEM = 20,
  AXIS_FILE_PROCESSING = 21,
  AXIS_BAD_EDXML = 22
};

static const char *message_of(enum axis_code code) {
  switch (code) {
    case AXIS_BAD_FILE: return "Tệp gửi lên không hợp lệ / The file is not one that is taken here";
    case AXIS_BAD_SECRET: return "Không xác thực được hệ thống gửi / The sending system was not recognised";
    case AXIS_UNKNOWN_SENDER: return "Đơn vị gửi không được phép / The sender may not send this";
    case AXIS_FILE_PROCESSING:
      return "Không xử lý được tệp đính kèm / An attached file could not be processed";
    case AXIS_BAD_EDXML: return "Gói tin edXML không hợp lệ / The edXML message is not valid";
    case AXIS_SYSTEM: break;
  }
  return "Hệ thống chưa tiếp nhận được, đề nghị gửi lại / Not taken for now, please send it again";
}

static enum axis_code code_of_reject(const struct hub_outcome *outcome) {
  bool attachment = outcome->at != NULL && strstr(outcome->at, "/ContentTransferEncoded") != NULL;
  switch (outcome->code) {
    case HUB_UNSUPPORTED: return AXIS_BAD_FILE;
    case HUB_FORBIDDEN: return AXIS_UNKNOWN_SENDER;
    case HUB_TOO_LARGE: return AXIS_FILE_PROCESSING;
    case HUB_INVALID: return attachment ? AXIS_FILE_PROCESSING : AXIS_BAD_EDXML;
    default: return AXIS_BAD_EDXML;
  }
}

static enum axis_code code_of_refusal(int http_status) {
  if (http_status == 401 || http_status == 403) return AXIS_BAD_SECRET;
  return http_status >= 400 && http_status < 500 && http_status != 408 && http_status != 429 ? AXIS_BAD_FILE
                                                                                             : AXIS_SYSTEM;
}

/* ---- JSON ---------------------------------------------------------------------------------------------- */

static int write_plain(struct hub_writer *writer, const char *text) {
  return writer->ops->write(writer, text, strlen(text));
}

static int write_escaped(struct hub_writer *writer, const char *text, size_t length) {
  size_t done = 0;
  for (size_t i = 0; i < length; i++) {
    unsigned char c = (unsigned char)text[i];
    if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7F) continue;
    char escape[8];
    int n = snprintf(escape, sizeof(escape), "\\u%04x", c);
    int r = done == i ? 0 : writer->ops->write(writer, text + done, i - done);
    if (r == 0) r = writer->ops->write(writer, escape, (size_t)n);
    if (r < 0) return r;
    done = i + 1;
  }
  return done == length ? 0 : writer->ops->write(writer, text + done, length - done);
}

/* `"name":"text"` after `lead`. */
static int write_member(struct hub_writer *writer, const char *lead, const char *name, const char *text,
                        size_t length) {
  int r = write_plain(writer, lead);
  if (r == 0) r = write_plain(writer, "\"");
  if (r == 0) r = write_plain(writer, name);
  if (r == 0) r = write_plain(writer, "\":\"");
  if (r == 0) r = write_escaped(writer, text, length);
  return r == 0 ? write_plain(writer, "\"") : r;
}

/* ---- Answers ------------------------------------------------------------------------------------------- */

struct failure {
  int status;
  enum axis_code code;
  const char *detail, *at;
  const char *document_id;
  size_t document_id_length;
};

static int write_failure(struct hub_writer *writer, const struct failure *failure) {
  const char *message = message_of(failure->code);
  char code[8], description[1024];
  snprintf(code, sizeof(code), "%d", (int)failure->code);
  int n = snprintf(description, sizeof(description), "%s%s%s%s",
                   failure->detail == NULL ? "" : failure->detail, failure->at == NULL ? "" : " (",
                   failure->at == NULL ? "" : failure->at, failure->at == NULL ? "" : ")");
  size_t length = n < 0 ? 0 : (size_t)n < sizeof(description) ? (size_t)n : sizeof(description) - 1;
  int r = writer->ops->begin(writer, failure->status, "application/json");
  if (r == 0) r = write_member(writer, "{\"success\":false,", "message", message, strlen(message));
  if (r == 0)
    r = write_member(writer, ",\"data\":{", "docId", failure->document_id, failure->document_id_length);
  if (r == 0) r = write_member(writer, ",", "status", "fail", 4);
  if (r == 0) r = write_member(writer, ",", "errorCode", code, strlen(code));
  if (r == 0) r = write_member(writer, ",", "errorDesc", description, length);
  return r == 0 ? write_plain(writer, "}}") : r;
}

static int write_refusal(const struct hub_refusal *refusal, struct hub_writer *writer) {
  int status = refusal == NULL ? 503 : refusal->http_status;
  return write_failure(writer, &(struct failure){.status = status,
                                                 .code = code_of_refusal(status),
                                                 .detail = refusal == NULL ? NULL : refusal->detail,
                                                 .document_id = ""});
}

static int write_success(const struct hub_exchange *exchange, const struct hub_outcome *outcome,
                         struct hub_writer *writer) {
  const char *id = exchange->remembered;
  size_t length = exchange->remembered_length;
  if (length == 0 && outcome != NULL && outcome->event_id != NULL)
    id = outcome->event_id, length = strlen(id);
  int r = writer->ops->begin(writer, 200, "application/json");
  if (r == 0) r = write_member(writer, "{\"success\":true,", "message", "OK", 2);
  if (r == 0) r = write_member(writer, ",", "docId", id == NULL ? "" : id, length);
  return r == 0 ? write_plain(writer, "}") : r;
}

int axis_reply(const struct hub_exchange *exchange, struct hub_writer *writer) {
  if (exchange->stage == HUB_REFUSED) return write_refusal(exchange->refusal, writer);
  const struct hub_outcome *outcome = exchange->outcomes_count == 0 ? NULL : exchange->outcomes[0];
  if (outcome == NULL || outcome->result != HUB_REJECTED) return write_success(exchange, outcome, writer);
  struct failure failure = {
      .status = hub_reject_status(outcome->code),
      .code = code_of_reject(outcome),
      .detail = outcome->detail,
      .at = outcome->at,
      .document_id = outcome->key == NULL ? "" : outcome->key,
      .document_id_length = outcome->key == NULL ? 0 : outcome->key_length,
  };
  return write_failure(writer, &failure);
}
