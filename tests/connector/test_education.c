/*
 * test_education.c: options, names of files, limits, and memory that is given back row by row. What becomes
 * of whole payloads stands in connectors/education/samples.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ioc/education/v1/assessment_summary.pb-c.h"
#include "ioc/education/v1/enrollment.pb-c.h"
#include "tests/lib/connector_rig.h"

extern const struct hub_connector hub_connector;

typedef Ioc__Education__V1__Enrollment Enrollment;
typedef Ioc__Education__V1__AssessmentSummary Summary;

static max_align_t settings[64];
static int logged;

static void host_log(void *context, enum hub_level level, const char *text) { logged++; }

static void *option(const char *key) {
  for (const struct hub_option *const *o = hub_connector.options; *o != NULL; o++)
    if (strcmp((*o)->key, key) == 0) return (char *)settings + (*o)->offset;
  fail_msg("no option %s", key);
  return NULL;
}

static void choose(const char *key, int value) { memcpy(option(key), &value, sizeof(value)); }
static void say(const char *key, const char *value) { memcpy(option(key), &value, sizeof(value)); }

static int open_source(void **ret_self) {
  static const struct hub_host host = {.size = sizeof(host),
                                       .abi_major = HUB_ABI_MAJOR,
                                       .abi_minor = HUB_ABI_MINOR,
                                       .source = "test",
                                       .zone_offset_s = 7 * 3600,
                                       .log = host_log};
  assert_true(hub_connector.settings_size <= sizeof(settings));
  return hub_connector.open(&host, settings, ret_self);
}

/* ---- A sink that remembers and gives memory back ---- */

static struct seen {
  Ioc__Education__V1__Role roles[8];
  char school[64], school_year[64], class_code[64], summary_id[256];
  uint32_t pupils, n_marks;
  char score[16];
  size_t messages, rejected, kept_at, most_blocks;
  bool independent;
} seen;

/* Of many records the rig judges the first; the rest is only counted. */
enum { JUDGED = 64 };

static struct hub_sink_ops ops;
static const struct hub_sink_ops *original;

static void note_summary(const Summary *s) {
  seen.pupils = s->pupils;
  seen.n_marks = (uint32_t)s->n_marks;
  if (s->n_marks != 0) snprintf(seen.score, sizeof(seen.score), "%s", s->marks[0]->score);
  snprintf(seen.summary_id, sizeof(seen.summary_id), "%s", s->summary_id);
}

static void note_enrollment(const Enrollment *e) {
  if (seen.messages < 8) seen.roles[seen.messages] = e->role;
  snprintf(seen.school, sizeof(seen.school), "%s", e->school_code);
  snprintf(seen.school_year, sizeof(seen.school_year), "%s", e->school_year);
  snprintf(seen.class_code, sizeof(seen.class_code), "%s", e->class_code);
}

static int emit(struct hub_sink *sink, const struct hub_meta *meta, const ProtobufCMessage *message) {
  if (message->descriptor == &ioc__education__v1__enrollment__descriptor)
    note_enrollment((const Enrollment *)message);
  if (message->descriptor == &ioc__education__v1__assessment_summary__descriptor)
    note_summary((const Summary *)message);
  return seen.messages++ < JUDGED ? original->emit(sink, meta, message) : 0;
}

static int reject(struct hub_sink *sink, const struct hub_rejection *rejection) {
  return seen.rejected++ < JUDGED ? original->reject(sink, rejection) : 0;
}

static int independent(struct hub_sink *sink) {
  assert_false(seen.independent);
  assert_int_equal(seen.messages, 0);
  seen.independent = true;
  seen.kept_at = ((struct rig *)sink)->blocks_count;
  return 0;
}

static void release(struct hub_sink *sink) {
  struct rig *rig = (struct rig *)sink;
  assert_true(seen.independent);
  if (rig->blocks_count > seen.most_blocks) seen.most_blocks = rig->blocks_count;
  while (rig->blocks_count > seen.kept_at) free(rig->blocks[--rig->blocks_count]);
}

static void translate(struct rig *rig, struct hub_payload *payload, const char *type, const char *name) {
  void *self = NULL;
  assert_int_equal(open_source(&self), 0);
  payload->content_type = type;
  payload->name = name;
  seen = (struct seen){0};
  rig_init(rig, payload);
  original = rig->sink.ops;
  ops = *original;
  ops.emit = emit;
  ops.reject = reject;
  ops.independent = independent;
  ops.release = release;
  rig->sink.ops = &ops;
  assert_int_equal(hub_connector.translate(self, payload, &rig->sink), 0);
  hub_connector.close(self);
}

/* Records and, of these, rejected ones. */
static void expect(const char *data, const char *type, const char *name, size_t records, size_t rejected) {
  struct rig rig;
  char *copy = calloc(1, strlen(data) + 64);
  assert_non_null(copy);
  memcpy(copy, data, strlen(data));
  struct hub_payload payload = rig_payload(copy, strlen(data));
  translate(&rig, &payload, type, name);
  assert_int_equal(seen.messages + seen.rejected, records);
  assert_int_equal(seen.rejected, rejected);
  rig_deinit(&rig);
  free(copy);
}

static void expect_code(const char *data, const char *type, enum hub_reject_code code) {
  struct rig rig;
  char *copy = calloc(1, strlen(data) + 64);
  assert_non_null(copy);
  memcpy(copy, data, strlen(data));
  struct hub_payload payload = rig_payload(copy, strlen(data));
  translate(&rig, &payload, type, NULL);
  assert_int_equal(rig.records, 1);
  assert_int_equal(rig.outcomes[0].result, HUB_REJECTED);
  assert_int_equal(rig.outcomes[0].code, code);
  rig_deinit(&rig);
  free(copy);
}

static int no_options(void **state) {
  memset(settings, 0, sizeof(settings));
  return 0;
}

/* ---- Options ---- */

#define RESULTS                                                                                              \
  "Mã lớp,Mã học sinh,Môn học,\n,,Toán,\n,,Mức đạt được,Điểm KTĐK\n1A,1,T,\"9,25\"\n" \
  "1A,2,C,4\n"

static void marks_need_a_purpose(void **state) {
  void *self = NULL;
  choose("marks", 1);
  logged = 0;
  assert_int_equal(open_source(&self), -EINVAL);
  assert_int_equal(logged, 1);
  say("marks_purpose", "");
  assert_int_equal(open_source(&self), -EINVAL);
  say("marks_purpose", "support of pupils at risk, decision 12/QD");
  expect(RESULTS, NULL, NULL, 1, 0);
  assert_int_equal(seen.pupils, 2);
  assert_int_equal(seen.n_marks, 2);
  assert_string_equal(seen.score, "9,25");
}

static void marks_are_counts(void **state) {
  expect(RESULTS, NULL, NULL, 1, 0);
  assert_int_equal(seen.pupils, 2);
  assert_int_equal(seen.n_marks, 0);
  assert_false(seen.independent);
}

static void many_marks_are_kept(void **state) {
  char *data = calloc(1, 8192);
  size_t length = (size_t)snprintf(data, 8192, "Mã lớp,Mã học sinh,Toán\n,,Điểm\n");
  for (int i = 0; i < 100; i++) length += (size_t)snprintf(data + length, 8192 - length, "1A,%d,7\n", i);
  choose("marks", 1);
  say("marks_purpose", "a reason");
  expect(data, NULL, NULL, 1, 0);
  assert_int_equal(seen.n_marks, 100);
  free(data);
}

static void options_name_the_school(void **state) {
  say("school", "20000118");
  say("school_year", "2026-2027");
  expect("Mã lớp,Mã học sinh\n1A,1\n", NULL, NULL, 1, 0);
  assert_string_equal(seen.school, "20000118");
  assert_string_equal(seen.school_year, "2026-2027");
  expect("NĂM HỌC 2025-2026,\nMã lớp,Mã học sinh\n1A,1\n", NULL, NULL, 1, 0);
  assert_string_equal(seen.school_year, "2025-2026");
  expect("Mã lớp,Mã học sinh,Mã trường,Năm học\n1A,1,7,2024\n", NULL, NULL, 1, 0);
  assert_string_equal(seen.school, "7");
  assert_string_equal(seen.school_year, "2024");
  expect(RESULTS, NULL, NULL, 1, 0);
  assert_string_equal(seen.summary_id, "20000118/2026-2027//1A/Môn học/Toán/");
  expect("{\"ID_HOC_SINH\":1,\"ID_LOP\":2,\"TT22X_NL_A\":\"T\"}", NULL, NULL, 1, 0);
  assert_string_equal(seen.summary_id, "20000118/2026-2027//2/Năng lực/TT22X_NL_A/");
  expect("{\"results\":[{\"lineItem\":{\"sourcedId\":\"l\"},\"student\":{\"sourcedId\":\"s\"}}]}", NULL, NULL,
         1, 0);
  assert_string_equal(seen.summary_id, "20000118/2026-2027/////l");
}

static void character_sets(void **state) {
  static const char tcvn3[] =
      "M\xb7 l\xedp,M\xb7 h\xe4"
      "c sinh\n5\xb9,1\n";
  expect(tcvn3, "text/csv; charset=tcvn3", NULL, 1, 0);
  assert_string_equal(seen.class_code, "5ạ");
  choose("charset", 3);
  expect(tcvn3, NULL, NULL, 1, 0);
  choose("charset", 1);
  expect_code(tcvn3, "text/csv; charset=tcvn3", HUB_MALFORMED);
  choose("charset", 0);
  expect_code(tcvn3, "text/csv; charset=klingon", HUB_UNSUPPORTED);
}

static void formats(void **state) {
  expect("[]", NULL, NULL, 0, 0);
  expect("\xef\xbb\xbf {\"Result\":[]}", NULL, NULL, 0, 0);
  expect_code("", NULL, HUB_UNSUPPORTED);
  expect_code("", "application/json", HUB_MALFORMED);
  expect_code("[]", "text/csv", HUB_UNSUPPORTED);
  choose("format", 1);
  expect_code("[]", NULL, HUB_UNSUPPORTED);
  choose("format", 2);
  expect_code("Mã lớp,Mã học sinh\n1A,1\n", NULL, HUB_UNSUPPORTED);
  choose("format", 3);
  expect_code("Mã lớp,Mã học sinh\n1A,1\n", NULL, HUB_MALFORMED);
  choose("format", 4);
  expect_code("Mã lớp,Mã học sinh\n1A,1\n", NULL, HUB_UNSUPPORTED);
}

/* ---- What columns leave open ---- */

#define ROLE(name) IOC__EDUCATION__V1__ROLE__ROLE_##name

static void names_of_files_decide(void **state) {
  static const struct {
    const char *header, *name;
    Ioc__Education__V1__Role role;
  } cases[] = {{"SIS ID,School SIS ID,Username\n1,2,x\n", NULL, ROLE(UNSPECIFIED)},
               {"SIS ID,School SIS ID,Username\n1,2,x\n", "Student.csv", ROLE(PUPIL)},
               {"SIS ID,School SIS ID,Username\n1,2,x\n", "in/teacher.csv", ROLE(TEACHER)},
               {"SIS ID,School SIS ID,Username,Teacher Number\n1,2,x,3\n", NULL, ROLE(TEACHER)},
               {"SIS ID,School SIS ID,Username,Student Number\n1,2,x,3\n", "list.csv", ROLE(PUPIL)},
               {"Section SIS ID,SIS ID\n1,2\n", NULL, ROLE(UNSPECIFIED)},
               {"Section SIS ID,SIS ID\n1,2\n", "StudentEnrollment.csv", ROLE(PUPIL)},
               {"Section ID,ID\n1,2\n", "TeacherRoster.csv", ROLE(TEACHER)},
               {"userSourcedId,orgSourcedId,role\n1,2,aide\n", NULL, ROLE(AIDE)},
               {"classSourcedId,userSourcedId,role\n1,2,Student\n", NULL, ROLE(PUPIL)},
               {"sourcedId,orgSourcedIds,role,userIds\n1,2,staff,\"{A:1},{2},\"\n", NULL, ROLE(STAFF)}};
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    expect(cases[i].header, NULL, cases[i].name, 1, 0);
    assert_int_equal(seen.roles[0], cases[i].role);
  }
}

static void lists_of_each_kind(void **state) {
  expect("sourcedId,name,type\n1,Trường,school\n", NULL, NULL, 1, 0);
  expect("sourcedId,title,schoolSourcedId\n1,5A,2\n", NULL, NULL, 1, 0);
  expect("MA_LOP,TEN_LOP,MA_TRUONG\n5A,Lớp 5A,2\n", NULL, NULL, 1, 0);
  expect("MA_TRUONG,TEN,IS_CAP_TH\n1,Trường,TRUE\n2,Trường,0\n", NULL, NULL, 2, 0);
  expect("sourcedId,title,type,schoolYear\n1,2,3,4\n", NULL, NULL, 1, 1);
  expect("userSourcedId,sex,birthDate\n1,male,2015-01-01\n", NULL, NULL, 1, 1);
  expect("userSourcedId,flag\n1,iep\n", NULL, NULL, 1, 1);
  expect("sourcedId,username,givenName\n1,a,b\n", NULL, NULL, 1, 1);
}

static void days_as_people_write_them(void **state) {
  static const struct {
    const char *day;
    size_t rejected;
  } cases[] = {{"5/9/2015", 0},   {"05-09-2015", 0}, {"5.9.2015", 0},  {"2015-09-05", 0}, {"20150905", 0},
               {"2015", 0},       {"null", 0},       {"5/9/15", 1},    {"005/9/2015", 1}, {"5/009/2015", 1},
               {"5/9-2015", 1},   {"0/9/2015", 1},   {"5/0/2015", 1},  {"5/13/2015", 1},  {"31/4/2015", 1},
               {"5/9/20155", 1},  {"3015", 1},       {"20a5", 1},      {"5/", 1},         {"29/2/2016", 0},
               {"2015/09/05", 0}, {"29/2/2015", 1},  {"5/9/2015 x", 1}};
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    char data[128];
    snprintf(data, sizeof(data), "Mã học sinh,Ngày sinh\n1,%s\n", cases[i].day);
    expect(data, NULL, NULL, 1, cases[i].rejected);
  }
}

static void scores_as_people_write_them(void **state) {
  static const struct {
    const char *score;
    size_t rejected;
  } cases[] = {{"10", 0},  {"10.0", 0}, {"10.01", 1}, {"0", 0},       {"9.", 1},         {".5", 1}, {"-1", 1},
               {"7,5", 0}, {"7,5,", 1}, {"1000", 1},  {"8.12345", 0}, {"10.0000001", 0}, {"", 0}};
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    char data[160];
    snprintf(data, sizeof(data), "Mã lớp,Mã học sinh,Toán\n,,Điểm\n1A,1,\"%s\"\n", cases[i].score);
    expect(data, NULL, NULL, 1, cases[i].rejected);
  }
}

/* ---- Documents ---- */

static void documents(void **state) {
  expect("{\"StatusCode\":200,\"result\":{\"MA_TRUONG\":\"1\",\"TEN\":\"A\"}}", NULL, NULL, 1, 0);
  expect("{\"result\":{\"MA_TRUONG\":\"1\",\"TEN\":\"A\"},\"StatusCode\":\"OK\"}", NULL, NULL, 1, 1);
  expect("{\"data\":[{\"MA_TRUONG\":\"1\"},null]}", NULL, NULL, 2, 1);
  expect("{\"StatusCode\":200,\"Result\":null}", NULL, NULL, 1, 1);
  expect("7", "application/json", NULL, 1, 1);
  expect("{\"orgs\":[]}", NULL, NULL, 0, 0);
  expect("{\"orgs\":7}", NULL, NULL, 1, 1);
  expect("{\"imsx_StatusInfo\":{},\"orgs\":null}", NULL, NULL, 1, 1);
  expect("{\"imsx_CodeMajor\":\"failure\"}", NULL, NULL, 1, 1);
  expect("{\"results\":[{\"sourcedId\":\"r\",\"status\":\"tobedeleted\"}]}", NULL, NULL, 0, 0);
  expect("{\"user\":{\"sourcedId\":\"u\",\"roles\":[{\"role\":\"teacher\"}]}}", NULL, NULL, 1, 0);
  assert_int_equal(seen.roles[0], ROLE(TEACHER));
  expect("{\"users\":[{\"sourcedId\":\"u\",\"roles\":[7]},{\"sourcedId\":\"v\",\"roles\":{}}]}", NULL, NULL,
         2, 0);
  expect("[{\"ID_HOC_SINH\":1,\"ID_LOP\":2,\"TT22X_\":\"T\",\"TT22X_a\":\"T\",\"TT27_B\":\"T\"}]", NULL, NULL,
         2, 0);
  assert_string_equal(seen.summary_id, "///2//TT27_B/");
}

/* An answer that says failure is one rejection, in whichever words and whatever list it brings. */
static void answers_that_report_a_failure(void **state) {
  static const char *const failures[] = {
      "\"StatusCode\":201", "\"StatusCode\":null",    "\"StatusCode\":[200]", "\"statusCode\":\"\"",
      "\"success\":false",  "\"success\":\"no\"",     "\"error_code\":5",     "\"result\":0",
      "\"result\":false",   "\"imsx_codeMajor\":null"};
  static const char *const well[] = {"\"StatusCode\":\"200\"", "\"success\":true", "\"success\":\"True\"",
                                     "\"error_code\":0",       "\"result\":\"1\"", "\"result\":true"};
  char data[160];
  for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
    snprintf(data, sizeof(data), "{%s,\"data\":[{\"MA_TRUONG\":\"1\"},{\"MA_TRUONG\":\"2\"}]}", failures[i]);
    expect(data, NULL, NULL, 1, 1);
  }
  for (size_t i = 0; i < sizeof(well) / sizeof(well[0]); i++) {
    snprintf(data, sizeof(data), "{%s,\"data\":[{\"MA_TRUONG\":\"1\"},{\"MA_TRUONG\":\"2\"}]}", well[i]);
    expect(data, NULL, NULL, 2, 0);
  }
  expect("{\"success\":true}", NULL, NULL, 1, 1);
  expect("{\"Data\":{\"LOP\":[{\"MA_LOP\":\"1A\"}],\"x\":{}}}", NULL, NULL, 2, 1);
}

/* What users say is found by id, whatever their order; a broken one is refused with its enrolment. */
static void persons_are_looked_up(void **state) {
  expect(
      "{\"enrollments\":[{\"user\":{\"sourcedId\":\"b\"},\"class\":{\"sourcedId\":\"c\"}},"
      "{\"user\":{\"sourcedId\":\"zz\"},\"class\":{\"sourcedId\":\"c\"}},"
      "{\"user\":{\"sourcedId\":\"ab\"},\"class\":{\"sourcedId\":\"c\"}}],"
      "\"users\":[{\"sourcedId\":\"ab\",\"username\":{\"x\":1}},{\"sourcedId\":\"b\",\"username\":\"n\"},"
      "{\"sourcedId\":\"a\"},{\"username\":\"q\"}],"
      "\"demographics\":[{\"sourcedId\":\"b\",\"birthDate\":\"2015-02-30\"}]}",
      NULL, NULL, 3, 2);
}

/* ---- Limits ---- */

static char *repeat(const char *head, const char *piece, size_t count) {
  size_t h = strlen(head), p = strlen(piece);
  char *data = calloc(1, h + p * count + 64);
  assert_non_null(data);
  memcpy(data, head, h);
  for (size_t i = 0; i < count; i++) memcpy(data + h + i * p, piece, p);
  return data;
}

static void a_long_list_costs_one_row(void **state) {
  char *data =
      repeat("Mã lớp,Mã học sinh,Ngày sinh,Giới tính\n", "1A,1,05/09/2015,Nữ\n1A,\"2\"\"\",x,Nam\n", 5000);
  expect(data, NULL, NULL, 10000, 5000);
  assert_true(seen.independent);
  assert_true(seen.most_blocks < 100);
  free(data);
}

static void what_is_kept_is_bounded(void **state) {
  char *data = calloc(1, 1 << 20);
  size_t length = (size_t)snprintf(data, 1 << 20, "Mã lớp,Mã học sinh,Toán\n,,Điểm\n");
  for (int i = 0; i < 20001; i++)
    length += (size_t)snprintf(data + length, (1 << 20) - length, "%d,1,7\n", i);
  expect(data, NULL, NULL, 20001, 1);
  free(data);
  data = repeat("{\"classes\":[{\"sourcedId\":\"c\",\"grades\":[1", ",1", 64);
  memcpy(data + strlen(data), "]}]}", 4);
  expect_code(data, NULL, HUB_TOO_LARGE);
  free(data);
  data = repeat("{\"MA_TRUONG\":\"", "x", 513);
  memcpy(data + strlen(data), "\"}", 2);
  expect_code(data, NULL, HUB_INVALID);
  free(data);
}

static void levels_not_known_are_listed_once(void **state) {
  char data[2048] = "Mã lớp,Mã học sinh,Toán\n,,Mức đạt\n";
  for (int i = 0; i < 40; i++) {
    size_t length = strlen(data);
    snprintf(data + length, sizeof(data) - length, "1A,%d,L%d\n", i, i / 2);
  }
  expect(data, NULL, NULL, 1, 0);
  assert_int_equal(seen.pupils, 40);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(marks_need_a_purpose, no_options),
      cmocka_unit_test_setup(marks_are_counts, no_options),
      cmocka_unit_test_setup(many_marks_are_kept, no_options),
      cmocka_unit_test_setup(options_name_the_school, no_options),
      cmocka_unit_test_setup(character_sets, no_options),
      cmocka_unit_test_setup(formats, no_options),
      cmocka_unit_test_setup(names_of_files_decide, no_options),
      cmocka_unit_test_setup(lists_of_each_kind, no_options),
      cmocka_unit_test_setup(days_as_people_write_them, no_options),
      cmocka_unit_test_setup(scores_as_people_write_them, no_options),
      cmocka_unit_test_setup(documents, no_options),
      cmocka_unit_test_setup(answers_that_report_a_failure, no_options),
      cmocka_unit_test_setup(persons_are_looked_up, no_options),
      cmocka_unit_test_setup(a_long_list_costs_one_row, no_options),
      cmocka_unit_test_setup(what_is_kept_is_bounded, no_options),
      cmocka_unit_test_setup(levels_not_known_are_listed_once, no_options),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
