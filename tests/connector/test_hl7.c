/*
 * Acknowledgements of HL7 v2 stage by stage, and every sample with the n-th allocation failing for every n.
 * usage: test_hl7 SAMPLE…
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "connectors/health/hl7.h"
#include "tests/lib/connector_rig.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NOW_US INT64_C(1783818900000000)

static const struct health health = {.zone_offset_s = 7 * 3600, .source = "test"};
static char **samples;
static int samples_count;

/* What reply() says at a stage about a payload that was translated into the rig. */
struct question {
  enum hub_stage stage;
  bool answers_once;
  const struct hub_refusal *refusal;
  const char *receipt;
};

static int ask(struct rig *rig, struct hub_payload *payload, const struct question *question) {
  const struct hub_outcome *outcomes[64];
  assert_true(rig->records <= COUNT(outcomes));
  for (size_t i = 0; i < rig->records; i++) outcomes[i] = &rig->outcomes[i];
  struct hub_exchange exchange = {
      .size = sizeof(exchange),
      .stage = question->stage,
      .payload = payload,
      .outcomes = outcomes,
      .outcomes_count = question->stage == HUB_REFUSED ? 0 : rig->records,
      .receipt = question->stage == HUB_REFUSED ? NULL : question->receipt,
      .answered_us = NOW_US,
      .refusal = question->refusal,
      .answers_twice = !question->answers_once,
  };
  return hl7_reply(&health, &exchange, &rig->writer);
}

static char *padded(const char *text) {
  char *copy = calloc(1, strlen(text) + 64);
  assert_non_null(copy);
  memcpy(copy, text, strlen(text));
  return copy;
}

/* ---- Stages ---- */

#define GOOD "\rPID|1||B1\rPV1|1|I"
#define BAD "\rPV1|1|I"
#define WAY "|A|B|||"
#define STATIC_ANSWER_HEAD "MSH|^~\\&|||A|B|20260712081500+0700||ACK"

static const struct {
  const char *version, *trigger, *accept, *application, *body;
  enum hub_stage stage;
  bool answers_once;
  const char *answer; /* of MSA-1; NULL: none */
} stages[] = {
    /* original mode */
    {"2.5", "ADT^A01", "", "", GOOD, HUB_STORED, false, NULL},
    {"2.5", "ADT^A01", "", "", GOOD, HUB_DONE, false, "AA"},
    {"2.5", "ADT^A01", "", "", BAD, HUB_DONE, false, "AE"},
    {"2.2", "ADT^A01", "", "", GOOD, HUB_DONE, false, "AR"},
    {"2.5", "ADT^A01", "", "", GOOD, HUB_REFUSED, false, "AR"},
    {"2.5", "ADT^A01", "", "", GOOD, HUB_DONE, true, "AA"},
    /* enhanced mode, a way that answers twice */
    {"2.5", "ADT^A01", "AL", "NE", GOOD, HUB_STORED, false, "CA"},
    {"2.5", "ADT^A01", "AL", "NE", GOOD, HUB_DONE, false, NULL},
    {"2.5", "ADT^A01", "AL", "AL", GOOD, HUB_STORED, false, "CA"},
    {"2.5", "ADT^A01", "AL", "AL", GOOD, HUB_DONE, false, "AA"},
    {"2.5", "ADT^A01", "AL", "AL", BAD, HUB_STORED, false, "CE"},
    {"2.5", "ADT^A01", "AL", "AL", BAD, HUB_DONE, false, "AE"},
    {"2.5", "SIU^S12", "AL", "AL", GOOD, HUB_STORED, false, "CR"},
    {"2.5", "SIU^S12", "AL", "AL", GOOD, HUB_DONE, false, "AR"},
    {"2.5", "ADT^A01", "NE", "AL", GOOD, HUB_STORED, false, NULL},
    {"2.5", "ADT^A01", "NE", "AL", GOOD, HUB_DONE, false, "AA"},
    {"2.5", "ADT^A01", "", "AL", GOOD, HUB_STORED, false, NULL},
    {"2.5", "ADT^A01", "", "AL", GOOD, HUB_DONE, false, "AA"},
    {"2.5", "ADT^A01", "ER", "ER", GOOD, HUB_STORED, false, NULL},
    {"2.5", "ADT^A01", "ER", "ER", GOOD, HUB_DONE, false, NULL},
    {"2.5", "ADT^A01", "ER", "ER", BAD, HUB_STORED, false, "CE"},
    {"2.5", "ADT^A01", "ER", "ER", BAD, HUB_DONE, false, "AE"},
    {"2.5", "ADT^A01", "SU", "SU", GOOD, HUB_STORED, false, "CA"},
    {"2.5", "ADT^A01", "SU", "SU", GOOD, HUB_DONE, false, "AA"},
    {"2.5", "ADT^A01", "SU", "SU", BAD, HUB_STORED, false, NULL},
    {"2.5", "ADT^A01", "SU", "SU", BAD, HUB_DONE, false, NULL},
    {"2.5", "ADT^A01", "NE", "NE", BAD, HUB_DONE, false, NULL},
    {"2.5", "ADT^A01", "AL", "NE", GOOD, HUB_REFUSED, false, "CR"},
    {"2.5", "ADT^A01", "NE", "AL", GOOD, HUB_REFUSED, false, "AR"},
    {"2.5", "ADT^A01", "NE", "NE", GOOD, HUB_REFUSED, false, NULL},
    /* enhanced mode, a way that answers once */
    {"2.5", "ADT^A01", "AL", "AL", GOOD, HUB_DONE, true, "AA"},
    {"2.5", "ADT^A01", "AL", "NE", GOOD, HUB_DONE, true, "CA"},
    {"2.5", "ADT^A01", "AL", "NE", BAD, HUB_DONE, true, "CE"},
    {"2.5", "ADT^A01", "NE", "NE", BAD, HUB_DONE, true, NULL},
};

static void test_stages(void **state) {
  static const struct hub_refusal refusal = {sizeof(refusal), 503, "busy", "the hub is busy", 5};
  for (size_t i = 0; i < COUNT(stages); i++) {
    char text[256], wanted[16];
    struct rig rig;
    snprintf(text, sizeof(text), "MSH|^~\\&" WAY "20260712||%s|M1|P|%s|||%s|%s%s", stages[i].trigger,
             stages[i].version, stages[i].accept, stages[i].application, stages[i].body);
    char *data = padded(text);
    struct hub_payload payload = rig_payload(data, strlen(data));
    struct question question = {stages[i].stage, stages[i].answers_once,
                                stages[i].stage == HUB_REFUSED ? &refusal : NULL, "0123-4567-89ab-cdef"};
    print_message("%zu\n", i);
    rig_init(&rig, &payload);
    assert_int_equal(hl7_translate(&health, &payload, &rig.sink), 0);
    assert_int_equal(ask(&rig, &payload, &question), 0);
    assert_int_equal(rig.answer_length == 0, stages[i].answer == NULL);
    if (stages[i].answer != NULL) {
      snprintf(wanted, sizeof(wanted), "\rMSA|%s|M1\r", stages[i].answer);
      if (stages[i].version[2] == '2') wanted[strlen(wanted) - 1] = '|';
      assert_non_null(strstr(rig.answer, wanted));
      assert_int_equal(strncmp(rig.answer, STATIC_ANSWER_HEAD, strlen(STATIC_ANSWER_HEAD)), 0);
      assert_int_equal(rig.answer_status, stages[i].stage == HUB_REFUSED ? 503 : 200);
      assert_non_null(strstr(rig.answer, stages[i].stage == HUB_REFUSED ? "565fb3e0cd00" : "|P|2"));
    }
    rig_deinit(&rig);
    free(data);
  }
}

/* ---- Whole answers ---- */

static const struct {
  const char *input, *answer;
} answers[] = {
    {"MSH|^~\\&|HIS|20999|IOC|H37|20260712||ADT^A01^ADT_A01|M1|P^T|2.5.1||||||8859/1" GOOD,
     "MSH|^~\\&|IOC|H37|HIS|20999|20260712081500+0700||ACK^A01^ACK|A0123456789ab|P^T|2.5.1||||||8859/1\r"
     "MSA|AA|M1\r"},
    {"PID|1",
     "MSH|^~\\&|||||20260712081500+0700||ACK|A0123456789ab|P|2.5\rMSA|AE|\r"
     "ERR|||100^Segment sequence error^HL70357|E|||1:1|MSH, FHS or BHS must stand here\r"},
    {"MSH!+-\\*!HIS!!!!!!SIU+S12!M1!P!2.5",
     "MSH!+-\\*!!!HIS!!20260712081500!!ACK+S12+ACK!A0123456789ab!P!2.5\rMSA!AR!M1\r"
     "ERR!!MSH+1+9+1+1!200+Unsupported message type+HL70357!E!!!1:19 MSH 9.1!a type of message that is not "
     "taken here: ADT and ORU are\r"},
    {"MSH|^~\\&|||||||ADT^A01||P|2.4" GOOD,
     "MSH|^~\\&|||||20260712081500+0700||ACK^A01^ACK|A0123456789ab|P|2.4\r"
     "MSA|AE||the number of the message is absent\rERR|MSH^1^10^101&Required field missing&HL70357\r"},
    {"MSH|^~|||||||ORU^R01|M1|P|2.3\rPID|\rOBX|1\rOBX|2",
     "MSH|^~|||||20260712081500+0700||ACK^R01^ACK|A0123456789ab|P|2.3\r"
     "MSA|AE|M1|a result stands outside of any order (OBR)\r"
     "ERR|OBX^1^^100 Segment sequence error HL70357~OBX^2^^100 Segment sequence error HL70357\r"},
    {"MSH|^~\\&|||||||ORU^R01|M1|P|2.5\rPID|1\rOBR|1\rOBX|1|TX|||a~\\X00\\",
     "MSH|^~\\&|||||20260712081500+0700||ACK^R01^ACK|A0123456789ab|P|2.5\rMSA|AE|M1\r"
     "ERR||OBX^1^5^2|102^Data type error^HL70357|E|||4:14 OBX-5[2]|a text may not hold NUL\r"},
    {"BHS|^~\\&|HIS|20999|IOC|H37|||||LO7\rMSH|^~\\&|||||||ADT^A01|M1|P|2.5|||NE|NE" GOOD "\rBTS|1", ""},
};

static void test_answers(void **state) {
  for (size_t i = 0; i < COUNT(answers); i++) {
    struct rig rig;
    char *data = padded(answers[i].input);
    struct hub_payload payload = rig_payload(data, strlen(data));
    print_message("%zu\n", i);
    rig_init(&rig, &payload);
    assert_int_equal(hl7_translate(&health, &payload, &rig.sink), 0);
    assert_int_equal(ask(&rig, &payload, &(struct question){HUB_DONE, true, NULL, "0123-4567-89ab-cdef"}),
                     0);
    assert_string_equal(rig.answer_length == 0 ? "" : rig.answer, answers[i].answer);
    rig_deinit(&rig);
    free(data);
  }
}

/* Of a payload that is not known there is nothing to say, and a refusal without words is still one. */
static void test_refused(void **state) {
  struct rig rig;
  char *data = padded("MSH|^~\\&|||||||ADT^A01|M1|P|2.5" GOOD);
  struct hub_payload payload = rig_payload(data, strlen(data));
  struct hub_exchange exchange = {.size = sizeof(exchange), .stage = HUB_REFUSED};
  rig_init(&rig, &payload);
  assert_int_equal(hl7_reply(&health, &exchange, &rig.writer), 0);
  assert_int_equal(rig.answer_length, 0);
  assert_int_equal(ask(&rig, &payload, &(struct question){HUB_REFUSED, NULL, NULL, NULL}), 0);
  assert_int_equal(rig.answer_status, 503);
  assert_non_null(strstr(rig.answer, "\rMSA|AR|M1\rERR|||207^Application internal error^HL70357|E||||\r"));
  rig_deinit(&rig);
  free(data);
}

/* A host that keeps fewer outcomes than there are messages, and one that counts a reject of its own. */
static void test_outcomes(void **state) {
  struct rig rig;
  char *data = padded("MSH|^~\\&|||||||ADT^A01|M1|P|2.5" GOOD "\rMSH|^~\\&|||||||ADT^A01|M2|P|2.5" GOOD);
  struct hub_payload payload = rig_payload(data, strlen(data));
  rig_init(&rig, &payload);
  assert_int_equal(hl7_translate(&health, &payload, &rig.sink), 0);
  assert_int_equal(rig.records, 2);
  rig.outcomes[0].result = HUB_REJECTED;
  rig.outcomes[0].code = HUB_NO_ROUTE;
  rig.records = 1;
  assert_int_equal(ask(&rig, &payload, &(struct question){HUB_DONE, NULL, NULL, "0"}), 0);
  assert_non_null(strstr(rig.answer, "\rMSA|AA|M1\rMSH"));
  assert_non_null(strstr(rig.answer, "|A0-1|P|2.5\rMSA|AA|M2\r"));
  rig_deinit(&rig);
  free(data);
}

/* Only so many errors are named, however many there are. */
static void test_many_errors(void **state) {
  struct rig rig;
  char *data = calloc(1, 4096);
  assert_non_null(data);
  strncat(data, "MSH|^~\\&|||||||ORU^R01|M1|P|2.5\rPID|1\r", 64);
  for (int i = 0; i < 60; i++) strncat(data, "OBX|1\r", 8);
  struct hub_payload payload = rig_payload(data, strlen(data));
  rig_init(&rig, &payload);
  assert_int_equal(hl7_translate(&health, &payload, &rig.sink), 0);
  assert_int_equal(rig.rejected, 60);
  assert_int_equal(ask(&rig, &payload, &(struct question){HUB_DONE, NULL, NULL, "0"}), 0);
  assert_non_null(strstr(rig.answer, "OBX^60|"));
  rig_deinit(&rig);
  free(data);
}

/* One result holds so many values and no more. */
static void test_many_values(void **state) {
  for (size_t count = 10000; count <= 10001; count++) {
    struct rig rig;
    char *data = calloc(1, 32768);
    assert_non_null(data);
    int length = snprintf(data, 128, "MSH|^~\\&|||||||ORU^R01|M1|P|2.5\rPID|1\rOBR|1\rOBX|1|TX|||");
    for (size_t i = 0; i < count; i++) memcpy(data + length + i * 2, "a~", 2);
    struct hub_payload payload = rig_payload(data, (size_t)length + count * 2 - 1);
    rig_init(&rig, &payload);
    assert_int_equal(hl7_translate(&health, &payload, &rig.sink), 0);
    assert_int_equal(rig.rejected, count == 10001);
    if (count == 10001) assert_string_equal(rig.outcomes[0].at, "4:12 OBX-5");
    rig_deinit(&rig);
    free(data);
  }
}

/* ---- Samples ---- */

static char *read_sample(const char *path, size_t *ret_length) {
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  char *data = calloc(1, 65536 + 64);
  assert_non_null(data);
  *ret_length = fread(data, 1, 65536, file);
  fclose(file);
  return data;
}

/* Memory for everything gives 0; a failed allocation gives -ENOMEM and never other records. */
static size_t sweep(const char *data, size_t length) {
  struct hub_payload payload = rig_payload(data, length);
  size_t whole = 0;
  for (size_t fail_at = 0; fail_at < 20000; fail_at++) {
    struct rig rig;
    rig_init(&rig, &payload);
    rig.fail_at = fail_at;
    int r = hl7_translate(&health, &payload, &rig.sink);
    size_t records = rig.records;
    if (r == 0) r = ask(&rig, &payload, &(struct question){HUB_DONE, true, NULL, "0123456789abcdef"});
    rig_deinit(&rig);
    if (fail_at == 0) whole = records;
    assert_true(r == 0 || r == -ENOMEM);
    assert_true(r == 0 ? records == whole : records <= whole);
    if (r == 0 && fail_at != 0) return whole;
  }
  fail_msg("allocations without end");
  return 0;
}

static void test_samples(void **state) {
  for (int i = 0; i < samples_count; i++) {
    size_t length;
    char *data = read_sample(samples[i], &length);
    print_message("%s\n", samples[i]);
    assert_true(sweep(data, length) > 0);
    free(data);
  }
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_stages),   cmocka_unit_test(test_answers),     cmocka_unit_test(test_refused),
      cmocka_unit_test(test_outcomes), cmocka_unit_test(test_many_errors), cmocka_unit_test(test_many_values),
      cmocka_unit_test(test_samples),
  };
  samples = argv + 1;
  samples_count = argc - 1;
  return cmocka_run_group_tests(tests, NULL, NULL);
}
