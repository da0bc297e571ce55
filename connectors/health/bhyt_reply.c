/*
 * bhyt_reply.c: answers of the doors: {maKetQua, maGiaoDich, …} of VSS, {logId, metadata} of the health data
 * gateway, {trangThai, maLoi} of the provincial style.
 *
 * Programs look at the code in the body, whatever stands between them and the hub at the HTTP status; so both
 * say the same, and a code is the status's number, since no list of the doors' own codes is public. Part of a
 * file refused is 207, so that no program takes it for success. The provincial style alone answers 201 with
 * trangThai 2 for what it refuses: its senders know no other refusal, and what was refused is kept here.
 */
#include "connectors/format/time.h"
#include "connectors/health/answer.h"
#include "connectors/health/bhyt.h"

#include <stdio.h>
#include <time.h>

#define TAKEN "Thành công"
#define PARTLY "Một phần hồ sơ không được tiếp nhận"
#define NOT_TAKEN "Hồ sơ không được tiếp nhận"
#define AGAIN "Hệ thống đang bận, đề nghị gửi lại"
#define REFUSED "Yêu cầu bị từ chối"

enum { REJECTS_MAX = 100, STATUS_PARTLY = 207 };

struct verdict {
  int code;  /* 200, 207, or the HTTP status of the failure */
  bool kept; /* the hub has it, published or as dead letters */
  const char *message, *detail;
};

static struct verdict judge(const struct hub_exchange *exchange) {
  const struct hub_outcome *first = NULL;
  size_t rejected = 0;
  if (exchange->stage == HUB_REFUSED) {
    int status = exchange->refusal == NULL ? 503 : exchange->refusal->http_status;
    bool again = status == 503 || status == 429;
    return (struct verdict){status, false, again ? AGAIN : REFUSED,
                            exchange->refusal == NULL ? NULL : exchange->refusal->detail};
  }
  for (size_t i = 0; i < exchange->outcomes_count; i++) {
    if (exchange->outcomes[i]->result != HUB_REJECTED) continue;
    if (rejected++ == 0) first = exchange->outcomes[i];
  }
  if (first == NULL) return (struct verdict){200, true, TAKEN, NULL};
  bool partly = rejected < exchange->outcomes_count;
  return (struct verdict){partly ? STATUS_PARTLY : hub_reject_status(first->code), true,
                          partly ? PARTLY : NOT_TAKEN, first->detail};
}

static void put_member(struct answer *a, const char *name, const char *text) {
  answer_put(a, name);
  answer_string(a, text_of(text == NULL ? "" : text));
}

/* yyyyMMddHHmmss in the source's zone */
static void put_time(struct answer *a, int64_t us, int32_t zone_offset_s) {
  char digits[64];
  int64_t seconds;
  int32_t nanos;
  struct tm tm;
  time_split(us, &seconds, &nanos);
  time_t local = (time_t)(seconds + zone_offset_s);
  if (gmtime_r(&local, &tm) == NULL) memset(&tm, 0, sizeof(tm));
  snprintf(digits, sizeof(digits), "%04d%02d%02d%02d%02d%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
           tm.tm_hour, tm.tm_min, tm.tm_sec);
  answer_string(a, text_of(digits));
}

/* ,"danhSachLoi":[…] where something was refused */
static void put_rejects(struct answer *a, const struct hub_exchange *exchange) {
  size_t written = 0;
  for (size_t i = 0; i < exchange->outcomes_count && written < REJECTS_MAX; i++) {
    const struct hub_outcome *outcome = exchange->outcomes[i];
    if (outcome->result != HUB_REJECTED) continue;
    answer_put(a, written++ == 0 ? ",\"danhSachLoi\":[{\"stt\":" : ",{\"stt\":");
    answer_number(a, i);
    put_member(a, ",\"maLoi\":", outcome->code_name);
    put_member(a, ",\"moTaLoi\":", outcome->detail);
    put_member(a, ",\"viTri\":", outcome->at);
    answer_put(a, ",\"maLK\":");
    answer_string(a, (struct text){outcome->key, outcome->key == NULL ? 0 : outcome->key_length});
    answer_put(a, "}");
  }
  if (written != 0) answer_put(a, "]");
}

static void put_sentence(struct answer *a, const char *name, const struct verdict *verdict) {
  answer_put(a, name);
  answer_sentence(a, verdict->message, verdict->detail);
}

/* ---- The doors ---- */

static void write_vss(struct answer *a, const struct health *health, const struct hub_exchange *exchange,
                      const struct verdict *verdict) {
  answer_put(a, "{\"maKetQua\":");
  answer_text_number(a, (uint64_t)verdict->code);
  put_member(a, ",\"maGiaoDich\":", exchange->receipt);
  answer_put(a, ",\"thoiGianTiepNhan\":");
  put_time(a, exchange->answered_us, health->zone_offset_s);
  if (verdict->code == 200) answer_put(a, ",\"thongDiep\":\"\"");
  else put_sentence(a, ",\"thongDiep\":", verdict);
  put_rejects(a, exchange);
  answer_put(a, "}");
}

static void write_gateway(struct answer *a, const struct hub_exchange *exchange,
                          const struct verdict *verdict) {
  if (verdict->code <= STATUS_PARTLY) {
    put_member(a, "{\"logId\":", exchange->receipt);
    put_member(a, ",\"metadata\":{\"status\":", verdict->code == 200 ? "success" : "partial");
    if (verdict->code == 200) answer_put(a, ",\"message\":\"\"");
    else put_sentence(a, ",\"message\":", verdict);
    answer_put(a, ",\"code\":");
    answer_text_number(a, (uint64_t)verdict->code);
    answer_put(a, "}");
  } else {
    answer_put(a, "{\"status\":");
    answer_number(a, (uint64_t)verdict->code);
    put_member(a, ",\"error\":", verdict->message);
    put_member(a, ",\"message\":", verdict->detail);
    put_member(a, ",\"logId\":", exchange->receipt);
  }
  put_rejects(a, exchange);
  answer_put(a, "}");
}

static void write_province(struct answer *a, const struct hub_exchange *exchange,
                           const struct verdict *verdict) {
  answer_put(a, verdict->code == 200 ? "{\"trangThai\":1,\"maLoi\":" : "{\"trangThai\":2,\"maLoi\":");
  if (verdict->code == 200) answer_put(a, "\"\"");
  else answer_text_number(a, (uint64_t)verdict->code);
  if (verdict->code == 200) answer_put(a, ",\"moTaLoi\":\"\"");
  else put_sentence(a, ",\"moTaLoi\":", verdict);
  put_member(a, ",\"maGiaoDich\":", exchange->receipt);
  put_rejects(a, exchange);
  answer_put(a, "}");
}

int bhyt_reply(const struct health *health, const struct hub_exchange *exchange, struct hub_writer *writer) {
  enum health_door door = health->door;
  if (door == HEALTH_DOOR_AUTO)
    door = exchange->payload == NULL ? HEALTH_DOOR_PLAIN : bhyt_door_of(exchange->payload);
  if (door == HEALTH_DOOR_PLAIN || exchange->stage == HUB_STORED) return 0;
  struct answer a = {.writer = writer};
  struct verdict verdict = judge(exchange);
  int status = verdict.code == STATUS_PARTLY ? 200 : verdict.code;
  if (door == HEALTH_DOOR_PROVINCE && verdict.kept && verdict.code != 200) status = 201;
  int r = writer->ops->begin(writer, status, "application/json; charset=utf-8");
  if (r != 0) return r;
  if (door == HEALTH_DOOR_VSS) write_vss(&a, health, exchange, &verdict);
  else if (door == HEALTH_DOOR_GATEWAY) write_gateway(&a, exchange, &verdict);
  else write_province(&a, exchange, &verdict);
  return answer_end(&a);
}
