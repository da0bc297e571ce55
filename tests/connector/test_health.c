/*
 * test_health.c: doors of health insurance: their forms, their answers, what no file can show. What becomes
 * of whole files stands in connectors/health/samples.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/connector_rig.h"

extern const struct hub_connector hub_connector;

/* The connector's settings: an int for each option, in their order. */
enum { FORMAT_AUTO, FORMAT_BHYT, FORMAT_HL7, FORMAT_FHIR, FORMAT_NOTIFIABLE };
enum { REPLY_AUTO, REPLY_VSS, REPLY_GATEWAY, REPLY_PROVINCE, REPLY_PLAIN };

#define ROW(id) "<TRANG_THAI_KCB><MA_LK>" id "</MA_LK></TRANG_THAI_KCB>"
#define LIST(rows) "<CHI_TIEU_TRANG_THAI_KCB>" rows "</CHI_TIEU_TRANG_THAI_KCB>"
#define FORM "application/x-www-form-urlencoded"

static void *self;

static void *open_with(int format, int reply) {
  static const struct hub_host host = {.size = sizeof(host), .source = "test", .zone_offset_s = 7 * 3600};
  max_align_t block[8] = {0};
  int settings[] = {format, reply};
  void *made = NULL;
  memcpy(block, settings, sizeof(settings));
  assert_int_equal(hub_connector.open(&host, block, &made), 0);
  return made;
}

static int open_connector(void **state) {
  (void)state;
  self = open_with(FORMAT_AUTO, REPLY_AUTO);
  return 0;
}

static int close_connector(void **state) {
  (void)state;
  hub_connector.close(self);
  return 0;
}

/* ---- Asking ---- */

struct request {
  const char *data, *path, *content_type;
  const struct hub_field *fields[4];
  const struct hub_part *parts[4];
  size_t fields_count, parts_count;
};

static struct hub_field field_of(const char *name, const char *data) {
  return (struct hub_field){
      .size = sizeof(struct hub_field), .name = name, .data = data, .length = strlen(data)};
}

static struct hub_payload payload_of(const struct request *request, char **ret_data) {
  size_t length = strlen(request->data);
  *ret_data = calloc(1, length + 64);
  assert_non_null(*ret_data);
  memcpy(*ret_data, request->data, length);
  struct hub_payload payload = rig_payload(*ret_data, length);
  payload.path = request->path;
  payload.content_type = request->content_type;
  payload.fields = request->fields;
  payload.fields_count = request->fields_count;
  payload.parts = request->parts;
  payload.parts_count = request->parts_count;
  return payload;
}

static void ask(void *connector, const struct request *request, size_t records, int status,
                const char *answer) {
  struct rig rig;
  char *data;
  struct hub_payload payload = payload_of(request, &data);
  rig_init(&rig, &payload);
  assert_int_equal(hub_connector.translate(connector, &payload, &rig.sink), 0);
  assert_int_equal(rig.records, records);
  assert_int_equal(rig_reply(&rig, &hub_connector, connector), 0);
  assert_int_equal(rig.answer_status, status);
  if (answer == NULL) assert_int_equal(rig.answer_length, 0);
  else assert_string_equal(rig.answer, answer);
  rig_deinit(&rig);
  free(data);
}

static void ask_field(const char *name, const char *value, const char *more, size_t records, int status,
                      const char *answer) {
  struct hub_field file = field_of(name, value), other = field_of(more == NULL ? "" : more, "1");
  struct request request = {.data = "", .content_type = FORM, .fields = {&file, &other}};
  request.fields_count = more == NULL ? 1 : 2;
  ask(self, &request, records, status, answer);
}

/* ---- Doors ---- */

#define VSS_OK                                                                                              \
  "{\"maKetQua\":\"200\",\"maGiaoDich\":\"receipt\",\"thoiGianTiepNhan\":\"19700101070000\",\"thongDiep\":" \
  "\"\"}"
#define GATEWAY_OK \
  "{\"logId\":\"receipt\",\"metadata\":{\"status\":\"success\",\"message\":\"\",\"code\":\"200\"}}"
#define PROVINCE_OK "{\"trangThai\":1,\"maLoi\":\"\",\"moTaLoi\":\"\",\"maGiaoDich\":\"receipt\"}"

static void fields_tell_the_door(void **state) {
  (void)state;
  ask_field("fileHSBase64", LIST(ROW("1")), "loaiHoSo", 1, 200, VSS_OK);
  ask_field("fileHSBase64", LIST(ROW("1")), "maCSKCB", 1, 200, VSS_OK);
  ask_field("filehsbase64", LIST(ROW("1")), "other", 1, 200, GATEWAY_OK);
  ask_field("files", LIST(ROW("1")), NULL, 1, 200, PROVINCE_OK);
}

static void paths_tell_the_door_where_fields_do_not(void **state) {
  struct request request = {.data = LIST(ROW("1"))};
  (void)state;
  ask(self, &request, 1, 0, NULL);
  request.path = "/api/qd130/checkInKcbQd3176";
  ask(self, &request, 1, 200, GATEWAY_OK);
  request.path = "/api/Cong130/CheckIn";
  ask(self, &request, 1, 200, PROVINCE_OK);
}

#define REJECT(detail, at)                                                                    \
  "\"danhSachLoi\":[{\"stt\":0,\"maLoi\":\"code\",\"moTaLoi\":\"" detail "\",\"viTri\":\"" at \
  "\",\"maLK\":\"\"}]"

static void each_door_refuses_in_its_own_words(void **state) {
  (void)state;
  ask_field("fileHSBase64", "", "loaiHoSo", 1, 422,
            "{\"maKetQua\":\"422\",\"maGiaoDich\":\"receipt\",\"thoiGianTiepNhan\":\"19700101070000\","
            "\"thongDiep\":\"Hồ sơ không được tiếp nhận: there is no file\"," REJECT("there is no file",
                                                                                     "1:1 fileHSBase64") "}");
  ask_field("fileHSBase64", "?", NULL, 1, 400,
            "{\"status\":400,\"error\":\"Hồ sơ không được tiếp nhận\",\"message\":\"neither XML nor base64\","
            "\"logId\":\"receipt\"," REJECT("neither XML nor base64", "1:1 fileHSBase64") "}");
  ask_field("files", "\n", NULL, 1, 201,
            "{\"trangThai\":2,\"maLoi\":\"422\",\"moTaLoi\":\"Hồ sơ không được tiếp nhận: there is no file\","
            "\"maGiaoDich\":\"receipt\"," REJECT("there is no file", "1:1 files") "}");
}

static void what_a_sender_wrote_is_quoted(void **state) {
  (void)state;
  ask_field(
      "fileHSBase64", LIST("<TRANG_THAI_KCB><MA_LK>a\"\\\tb</MA_LK><NGAY_VAO>x</NGAY_VAO></TRANG_THAI_KCB>"),
      NULL, 1, 422,
      "{\"status\":422,\"error\":\"Hồ sơ không được tiếp nhận\",\"message\":\"not a time in a known form\","
      "\"logId\":\"receipt\",\"danhSachLoi\":[{\"stt\":0,\"maLoi\":\"code\",\"moTaLoi\":\"not a time in a "
      "known form\",\"viTri\":\"1:62 fileHSBase64/CHI_TIEU_TRANG_THAI_KCB/TRANG_THAI_KCB/NGAY_VAO\","
      "\"maLK\":\"a\\\"\\\\\\u0009b\"}]}");
}

static void a_code_has_its_status(void **state) {
  static const struct {
    const char *file;
    int status;
  } cases[] = {
      {"<CHI_TIEU_TRANG_THAI_KCB><B></A>", 400},
      {"<A/>", 415},
      {"<CHI_TIEU_HO_SO_BENH_AN_CHAM_SOC_VA_DIEU_TRI_HIV_AIDS/>", 403},
      {LIST("<TRANG_THAI_KCB><MA_LK>1</MA_LK><MA_LK>2</MA_LK></TRANG_THAI_KCB>"), 409},
      {"<GIAMDINHHS><THONGTINHOSO><SOLUONGHOSO>"
       "0000000000000000000000000000000000000000000000000000000000000000"
       "0</SOLUONGHOSO></THONGTINHOSO></GIAMDINHHS>",
       413},
      {LIST(""), 422},
  };
  void *connector = open_with(FORMAT_AUTO, REPLY_GATEWAY);
  (void)state;
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    struct rig rig;
    char *data;
    struct hub_payload payload = payload_of(&(struct request){.data = cases[i].file}, &data);
    rig_init(&rig, &payload);
    assert_int_equal(hub_connector.translate(connector, &payload, &rig.sink), 0);
    assert_int_equal(rig_reply(&rig, &hub_connector, connector), 0);
    assert_int_equal(rig.answer_status, cases[i].status);
    rig_deinit(&rig);
    free(data);
  }
  hub_connector.close(connector);
}

static void a_form_without_a_file_is_refused(void **state) {
  (void)state;
  ask_field("username", "x", NULL, 1, 0, NULL);
  ask_field("username", "x", "loaiHoSo", 1, 422,
            "{\"maKetQua\":\"422\",\"maGiaoDich\":\"receipt\",\"thoiGianTiepNhan\":\"19700101070000\","
            "\"thongDiep\":\"Hồ sơ không được tiếp nhận: the form has none of the fields that hold a "
            "file\"," REJECT("the form has none of the fields that hold a file", "1:1 fileHSBase64") "}");
}

static void every_file_of_a_multipart_form_is_taken(void **state) {
  struct hub_part a = {.size = sizeof(a), .name = "files", .file_name = "a.xml"}, b = a, c = a;
  struct request request = {.data = "", .parts = {&a, &c, &b}, .parts_count = 3};
  (void)state;
  a.data = LIST(ROW("1") ROW("2")), a.length = strlen(a.data);
  b.data = LIST(ROW("3")), b.length = strlen(b.data);
  c.name = "note", c.data = "x", c.length = 1;
  ask(self, &request, 3, 200, PROVINCE_OK);
}

static void urlencoded_files_are_all_taken(void **state) {
  struct hub_field a = field_of("files", LIST(ROW("1"))), b = field_of("FILES", LIST(ROW("2")));
  struct request request = {.data = "", .content_type = FORM, .fields = {&a, &b}, .fields_count = 2};
  (void)state;
  ask(self, &request, 2, 200, PROVINCE_OK);
}

static void no_file_of_a_form_goes_unseen(void **state) {
  struct hub_field a = field_of("fileHSBase64", LIST(ROW("1"))), b = field_of("files", LIST(ROW("2")));
  struct request request = {.data = "", .content_type = FORM, .fields = {&a, &b}, .fields_count = 2};
  (void)state;
  ask(self, &request, 1, 409,
      "{\"status\":409,\"error\":\"Hồ sơ không được tiếp nhận\",\"message\":\"the form has both fileHSBase64 "
      "and files\",\"logId\":\"receipt\"," REJECT("the form has both fileHSBase64 and files",
                                                  "1:1 fileHSBase64") "}");
}

/* ---- Refused before it was ours ---- */

static void refuse(int format, int reply, int http_status, const char *answer) {
  struct rig rig;
  struct hub_refusal refusal = {.size = sizeof(refusal), .http_status = http_status, .detail = "detail"};
  struct hub_exchange exchange = {
      .size = sizeof(exchange), .stage = HUB_REFUSED, .refusal = http_status == 0 ? NULL : &refusal};
  void *connector = open_with(format, reply);
  rig_init(&rig, NULL);
  assert_int_equal(hub_connector.reply(connector, &exchange, &rig.writer), 0);
  if (answer == NULL) assert_int_equal(rig.answer_length, 0);
  else assert_string_equal(rig.answer, answer);
  assert_int_equal(rig.answer_status, answer == NULL ? 0 : http_status == 0 ? 503 : http_status);
  rig_deinit(&rig);
  hub_connector.close(connector);
}

static void the_option_answers_where_nothing_else_is_known(void **state) {
  (void)state;
  refuse(FORMAT_AUTO, REPLY_AUTO, 401, NULL);
#define OUTCOME(issue, words)                                                                   \
  "{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":\"error\",\"code\":\"" issue \
  "\",\"diagnostics\":\"" words "\"}]}\n"
  refuse(FORMAT_FHIR, REPLY_AUTO, 401, OUTCOME("login", "detail"));
  refuse(FORMAT_FHIR, REPLY_AUTO, 403, OUTCOME("forbidden", "detail"));
  refuse(FORMAT_FHIR, REPLY_AUTO, 413, OUTCOME("too-long", "detail"));
  refuse(FORMAT_FHIR, REPLY_AUTO, 429, OUTCOME("throttled", "detail"));
  refuse(FORMAT_FHIR, REPLY_AUTO, 503, OUTCOME("transient", "detail"));
  refuse(FORMAT_FHIR, REPLY_AUTO, 400, OUTCOME("processing", "detail"));
  refuse(FORMAT_FHIR, REPLY_AUTO, 0, OUTCOME("transient", "not now"));
  refuse(FORMAT_BHYT, REPLY_AUTO, 401, NULL);
  refuse(FORMAT_BHYT, REPLY_PLAIN, 401, NULL);
  refuse(FORMAT_AUTO, REPLY_GATEWAY, 401,
         "{\"status\":401,\"error\":\"Yêu cầu bị từ chối\",\"message\":\"detail\",\"logId\":\"\"}");
  refuse(FORMAT_AUTO, REPLY_PROVINCE, 503,
         "{\"trangThai\":2,\"maLoi\":\"503\",\"moTaLoi\":\"Hệ thống đang bận, đề nghị gửi lại: detail\","
         "\"maGiaoDich\":\"\"}");
  refuse(FORMAT_AUTO, REPLY_VSS, 0,
         "{\"maKetQua\":\"503\",\"maGiaoDich\":\"\",\"thoiGianTiepNhan\":\"19700101070000\","
         "\"thongDiep\":\"Hệ thống đang bận, đề nghị gửi lại\"}");
}

static void nothing_is_said_before_the_outcome_is_known(void **state) {
  struct rig rig;
  struct hub_exchange exchange = {.size = sizeof(exchange), .stage = HUB_STORED};
  void *connector = open_with(FORMAT_AUTO, REPLY_VSS);
  (void)state;
  rig_init(&rig, NULL);
  assert_int_equal(hub_connector.reply(connector, &exchange, &rig.writer), 0);
  assert_int_equal(rig.answer_length, 0);
  rig_deinit(&rig);
  hub_connector.close(connector);
}

/* ---- Options and limits ---- */

static void the_format_option_goes_before_the_bytes(void **state) {
  struct request request = {.data = LIST(ROW("1"))};
  void *connector = open_with(FORMAT_NOTIFIABLE, REPLY_PLAIN);
  (void)state;
  ask(connector, &request, 1, 0, NULL);
  hub_connector.close(connector);
}

static char *repeat(const char *head, const char *piece, size_t count, const char *tail) {
  size_t length = strlen(piece), at = strlen(head);
  char *made = malloc(at + count * length + strlen(tail) + 1);
  assert_non_null(made);
  memcpy(made, head, at);
  for (size_t i = 0; i < count; i++, at += length) memcpy(made + at, piece, length);
  memcpy(made + at, tail, strlen(tail) + 1);
  return made;
}

static void ask_one_reject(const char *type, const char *data, enum hub_reject_code code) {
  struct rig rig;
  char *copy;
  struct hub_payload payload = payload_of(&(struct request){.data = data, .content_type = type}, &copy);
  rig_init(&rig, &payload);
  assert_int_equal(hub_connector.translate(self, &payload, &rig.sink), 0);
  assert_int_equal(rig.records, 1);
  assert_int_equal(rig.outcomes[0].result, HUB_REJECTED);
  assert_int_equal(rig.outcomes[0].code, code);
  rig_deinit(&rig);
  free(copy);
}

#define HIV "CHI_TIEU_HO_SO_BENH_AN_CHAM_SOC_VA_DIEU_TRI_HIV_AIDS"

static void a_record_of_hiv_is_repeated_nowhere(void **state) {
  static const char *const files[] = {
      "<" HIV "><MA_LK>1</MA_LK></" HIV ">",
      "<GIAMDINHHS><THONGTINHOSO><DANHSACHHOSO><HOSO><FILEHOSO><LOAIHOSO>XML6</LOAIHOSO><NOIDUNGFILE><A/>"
      "</NOIDUNGFILE></FILEHOSO></HOSO></DANHSACHHOSO></THONGTINHOSO></GIAMDINHHS>",
  };
  (void)state;
  for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
    struct rig rig;
    char *data;
    struct hub_payload payload = payload_of(&(struct request){.data = files[i]}, &data);
    rig_init(&rig, &payload);
    assert_int_equal(hub_connector.translate(self, &payload, &rig.sink), 0);
    assert_int_equal(rig.rejected, 1);
    assert_int_equal(rig.outcomes[0].code, HUB_FORBIDDEN);
    assert_int_equal(rig.rejected_bytes + rig.outcomes[0].value_length + rig.outcomes[0].key_length, 0);
    rig_deinit(&rig);
    free(data);
  }
}

static void what_is_too_much_is_refused(void **state) {
  static const struct {
    const char *head, *piece, *tail;
    size_t count;
  } cases[] = {
      {"<CHI_TIEU_TRANG_THAI_KCB>", ROW("1"), "</CHI_TIEU_TRANG_THAI_KCB>", 20001},
      {"<GIAMDINHHS><THONGTINHOSO><DANHSACHHOSO>", "<HOSO/>", "</DANHSACHHOSO></THONGTINHOSO></GIAMDINHHS>",
       20001},
      {"<TONG_HOP><MA_LK>", "x", "</MA_LK></TONG_HOP>", 4096},
      {"<GIAMDINHHS><THONGTINHOSO><SOLUONGHOSO>", "1", "</SOLUONGHOSO></THONGTINHOSO></GIAMDINHHS>", 65},
      {"<GIAMDINHHS><THONGTINHOSO><DANHSACHHOSO><HOSO>",
       "<FILEHOSO><NOIDUNGFILE>&lt;TONG_HOP2/></NOIDUNGFILE></FILEHOSO>",
       "</HOSO></DANHSACHHOSO></THONGTINHOSO></GIAMDINHHS>", 201},
      {"<GIAMDINHHS><THONGTINHOSO><DANHSACHHOSO><HOSO><FILEHOSO><NOIDUNGFILE>&lt;a>", "                ",
       "&lt;/a></NOIDUNGFILE></FILEHOSO></HOSO></DANHSACHHOSO></THONGTINHOSO></GIAMDINHHS>", 2 * 1024 * 1024},
  };
  (void)state;
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    char *data = repeat(cases[i].head, cases[i].piece, cases[i].count, cases[i].tail);
    ask_one_reject(NULL, data, HUB_TOO_LARGE);
    free(data);
  }
}

static void a_table_of_strangers_is_refused_whole(void **state) {
  (void)state;
  ask_one_reject("text/csv", "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\nmaBaoCao\n1\n", HUB_UNSUPPORTED);
  ask_one_reject("text/csv", "maBao\n1\n", HUB_UNSUPPORTED);
  ask_one_reject("text/csv; charset=klingon", "maBaoCao\n1\n", HUB_UNSUPPORTED);
  ask_one_reject("text/csv", "maBaoCao\n\xFF\n", HUB_MALFORMED);
}

static void a_field_fails_at_every_allocation_alike(void **state) {
  struct hub_field file = field_of("fileHSBase64", "PFRPTkdfSE9QPjxNQV9MSz4yMDwvTUFfTEs+PC9UT05HX0hPUD4=");
  struct request request = {.data = "", .content_type = FORM, .fields = {&file}, .fields_count = 1};
  char *data;
  struct hub_payload payload = payload_of(&request, &data);
  int r = -12;
  (void)state;
  for (size_t n = 1; r == -12; n++) {
    struct rig rig;
    rig_init(&rig, &payload);
    rig.fail_at = n;
    r = hub_connector.translate(self, &payload, &rig.sink);
    if (r == 0) assert_int_equal(rig.rejected, 0);
    rig_deinit(&rig);
  }
  assert_int_equal(r, 0);
  free(data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fields_tell_the_door),
      cmocka_unit_test(paths_tell_the_door_where_fields_do_not),
      cmocka_unit_test(each_door_refuses_in_its_own_words),
      cmocka_unit_test(what_a_sender_wrote_is_quoted),
      cmocka_unit_test(a_code_has_its_status),
      cmocka_unit_test(a_form_without_a_file_is_refused),
      cmocka_unit_test(every_file_of_a_multipart_form_is_taken),
      cmocka_unit_test(urlencoded_files_are_all_taken),
      cmocka_unit_test(no_file_of_a_form_goes_unseen),
      cmocka_unit_test(a_record_of_hiv_is_repeated_nowhere),
      cmocka_unit_test(the_option_answers_where_nothing_else_is_known),
      cmocka_unit_test(nothing_is_said_before_the_outcome_is_known),
      cmocka_unit_test(the_format_option_goes_before_the_bytes),
      cmocka_unit_test(what_is_too_much_is_refused),
      cmocka_unit_test(a_table_of_strangers_is_refused_whole),
      cmocka_unit_test(a_field_fails_at_every_allocation_alike),
  };
  return cmocka_run_group_tests(tests, open_connector, close_connector);
}
