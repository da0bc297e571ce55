/*
 * reply.c: the answer in the sender's own protocol: {error_code, message, result} for the national portal's
 * forms, {code, message, data} for the central system's.
 *
 * The list names each dossier that was not taken, by its number, its record and its place. The HTTP status
 * is 200 only when something was taken or there was nothing to take: a positive answer is a promise.
 */
#include "connectors/public-services/records.h"

#define TAKEN "Thành công"
#define PARTLY "Một phần hồ sơ không được tiếp nhận, xem danh sách"
#define NOT_TAKEN "Hồ sơ không được tiếp nhận, xem danh sách"
#define AGAIN "Hệ thống đang bận, đề nghị gửi lại"
#define REFUSED "Yêu cầu bị từ chối"

struct answer {
  struct hub_writer *writer;
  int error; /* of a write; the rest is then not written */
  char buffer[512];
  size_t used;
};

static void flush(struct answer *a) {
  if (a->error == 0 && a->used != 0) a->error = a->writer->ops->write(a->writer, a->buffer, a->used);
  a->used = 0;
}

static void put_char(struct answer *a, char c) {
  if (a->used == sizeof(a->buffer)) flush(a);
  a->buffer[a->used++] = c;
}

static void put(struct answer *a, const char *text) {
  while (*text != 0) put_char(a, *text++);
}

static void put_number(struct answer *a, uint64_t number) {
  char digits[20];
  size_t count = 0;
  do digits[count++] = (char)('0' + number % 10);
  while ((number /= 10) != 0);
  while (count != 0) put_char(a, digits[--count]);
}

/* A quoted text. Foreign bytes: what is not UTF-8 becomes a question mark. */
static void put_text(struct answer *a, struct text text) {
  bool valid = text_find_bad_utf8(text) == SIZE_MAX;
  put_char(a, '"');
  for (size_t i = 0; i < text.length; i++) {
    unsigned char c = (unsigned char)text.data[i];
    if (c < 0x20 || c == 0x7F) {
      put(a, "\\u00");
      put_char(a, (char)('0' + (c >> 4)));
      put_char(a, "0123456789abcdef"[c & 15]);
      continue;
    }
    if (c == '"' || c == '\\') put_char(a, '\\');
    put_char(a, c >= 0x80 && !valid ? '?' : (char)c);
  }
  put_char(a, '"');
}

static void put_member(struct answer *a, const char *name, const char *text) {
  if (text == NULL) return;
  put_char(a, ',');
  put_text(a, text_of(name));
  put_char(a, ':');
  put_text(a, text_of(text));
}

static void put_failure(struct answer *a, const struct hub_outcome *outcome, size_t record) {
  put(a, "{\"MaHoSo\":");
  put_text(a, (struct text){outcome->key, outcome->key == NULL ? 0 : outcome->key_length});
  put(a, ",\"record\":");
  put_number(a, record);
  put_member(a, "error_code", outcome->code_name);
  put_member(a, "message", outcome->detail);
  put_member(a, "at", outcome->at);
  put_char(a, '}');
}

static void put_failures(struct answer *a, const struct hub_exchange *exchange) {
  bool first = true;
  put_char(a, '[');
  for (size_t i = 0; i < exchange->outcomes_count; i++) {
    if (exchange->outcomes[i]->result != HUB_REJECTED) continue;
    if (!first) put_char(a, ',');
    first = false;
    put_failure(a, exchange->outcomes[i], i);
  }
  put_char(a, ']');
}

struct verdict {
  int status;
  int central_code; /* 207 beside status 200: `code` must not tell a sender that all is well */
  const char *portal_code, *message;
};

static struct verdict judge(const struct hub_exchange *exchange) {
  size_t refused = 0;
  enum hub_reject_code first = 0;
  if (exchange->stage == HUB_REFUSED) {
    int status = exchange->refusal != NULL ? exchange->refusal->http_status : 503;
    bool again = status == 503 || status == 429;
    return (struct verdict){status, status, again ? "-2" : "-1", again ? AGAIN : REFUSED};
  }
  for (size_t i = 0; i < exchange->outcomes_count; i++) {
    if (exchange->outcomes[i]->result != HUB_REJECTED) continue;
    if (refused++ == 0) first = exchange->outcomes[i]->code;
  }
  if (refused == 0) return (struct verdict){200, 200, "0", TAKEN};
  if (refused < exchange->outcomes_count) return (struct verdict){200, 207, "-1", PARTLY};
  int status = hub_reject_status(first);
  return (struct verdict){status, status, "-1", NOT_TAKEN};
}

int public_services_reply(const void *self, const struct hub_exchange *exchange, struct hub_writer *writer) {
  struct answer a = {.writer = writer};
  struct verdict verdict = judge(exchange);
  bool central = exchange->remembered_length == 1 && *(const char *)exchange->remembered == PROTOCOL_CENTRAL;
  if (exchange->stage == HUB_STORED) return 0;
  int r = writer->ops->begin(writer, verdict.status, "application/json; charset=utf-8");
  if (r != 0) return r;
  put(&a, central ? "{\"code\":" : "{\"error_code\":");
  if (central) put_number(&a, (uint64_t)verdict.central_code);
  else put_text(&a, text_of(verdict.portal_code));
  put_member(&a, "message", verdict.message);
  put_member(&a, "detail", exchange->refusal != NULL ? exchange->refusal->detail : NULL);
  put_member(&a, "receipt", exchange->receipt);
  put(&a, central ? ",\"data\":" : ",\"result\":");
  put_failures(&a, exchange);
  put_char(&a, '}');
  flush(&a);
  return a.error;
}
