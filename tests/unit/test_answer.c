/* Answers: the connector's own, the hub's JSON, problems. */
#include "core/connector/answer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct arena *arena;
static struct hub_connector api = {.size = sizeof api, .name = "sample"};
static const struct connector connector = {.api = &api};
static const struct instance instance = {.connector = &connector};

static int setup(void **state) {
  api.reply = NULL;
  return arena_new(&arena);
}

static int teardown(void **state) {
  arena_free(arena);
  return 0;
}

static void assert_answer(const struct hub_exchange *exchange, int status, const char *type,
                          const char *body) {
  cleanup(answer_deinit) struct answer answer = {0};
  assert_int_equal(answer_make(&instance, exchange, arena, &answer), 0);
  assert_int_equal(answer.status, status);
  assert_string_equal(answer.content_type, type);
  assert_string_equal(answer.body.data == NULL ? "" : answer.body.data, body);
}

static const struct hub_outcome accepted = {
    .size = sizeof accepted, .result = HUB_ACCEPTED, .event_id = "id-1"};
static const struct hub_outcome repeated = {
    .size = sizeof repeated, .result = HUB_REPEATED, .event_id = "id-2"};
static const struct hub_outcome missing = {.size = sizeof missing,
                                           .result = HUB_REJECTED,
                                           .code = HUB_MISSING,
                                           .code_name = "missing",
                                           .at = "1:2 /a",
                                           .detail = "no \"a\"",
                                           .value = "v",
                                           .value_length = 1};
static const struct hub_outcome unrouted = {
    .size = sizeof unrouted, .result = HUB_REJECTED, .code = HUB_NO_ROUTE};

static void assert_json(const struct hub_outcome *const *outcomes, size_t count, int status,
                        const char *body) {
  const struct hub_exchange exchange = {.size = sizeof exchange,
                                        .stage = HUB_DONE,
                                        .outcomes = outcomes,
                                        .outcomes_count = count,
                                        .receipt = "r1"};
  assert_answer(&exchange, status, "application/json", body);
}

static void test_tells_each_outcome(void **state) {
  assert_json(
      (const struct hub_outcome *[]){&accepted, &missing, &repeated, &unrouted}, 4, 200,
      "{\"receipt\":\"r1\",\"accepted\":2,\"repeated\":1,\"rejected\":[{\"record\":1,\"code\":\"missing\","
      "\"at\":\"1:2 /a\",\"detail\":\"no \\\"a\\\"\",\"value\":\"v\"}],\"ids\":[\"id-1\",\"id-2\"]}\n");
}

static void test_the_status_is_of_the_first_rejection_when_nothing_was_taken(void **state) {
  assert_json(
      (const struct hub_outcome *[]){&missing}, 1, 422,
      "{\"receipt\":\"r1\",\"accepted\":0,\"repeated\":0,\"rejected\":[{\"record\":0,\"code\":\"missing\","
      "\"at\":\"1:2 /a\",\"detail\":\"no \\\"a\\\"\",\"value\":\"v\"}],\"ids\":[]}\n");
  assert_json((const struct hub_outcome *[]){&unrouted}, 1, 200,
              "{\"receipt\":\"r1\",\"accepted\":1,\"repeated\":0,\"rejected\":[],\"ids\":[]}\n");
  assert_json(NULL, 0, 200,
              "{\"receipt\":\"r1\",\"accepted\":0,\"repeated\":0,\"rejected\":[],\"ids\":[]}\n");
}

static void test_a_refusal_is_a_problem(void **state) {
  const struct hub_refusal refusal = {
      .size = sizeof refusal, .http_status = 503, .code = "busy", .detail = "Come back later."};
  const struct hub_exchange exchange = {.size = sizeof exchange, .stage = HUB_REFUSED, .refusal = &refusal};
  assert_answer(&exchange, 503, "application/problem+json",
                "{\"type\":\"about:blank\",\"title\":\"Service Unavailable\",\"status\":503,"
                "\"code\":\"busy\",\"detail\":\"Come back later.\"}\n");
}

static int reply_well(const void *self, const struct hub_exchange *exchange, struct hub_writer *writer) {
  char *text = writer->ops->alloc(writer, 4);
  char type[] = "text/plain";
  if (text == NULL) return -ENOMEM;
  memcpy(text, "o", 1);
  int r = writer->ops->begin(writer, 202, type);
  memset(type, 'x', 4); /* borrowed for the call only */
  if (r == 0) r = writer->ops->write(writer, text, 1);
  return r < 0 ? r : writer->ops->write(writer, "k", 1);
}

static int reply_nothing(const void *self, const struct hub_exchange *exchange, struct hub_writer *writer) {
  return 0;
}

static int reply_half(const void *self, const struct hub_exchange *exchange, struct hub_writer *writer) {
  int r = writer->ops->begin(writer, 200, "text/plain");
  if (r == 0) r = writer->ops->write(writer, "half", 4);
  return r < 0 ? r : -ENOMEM;
}

static int reply_wrongly(const void *self, const struct hub_exchange *exchange, struct hub_writer *writer) {
  assert_int_equal(writer->ops->write(writer, "early", 5), -EINVAL);
  assert_int_equal(writer->ops->begin(writer, 200, "text/plain\r\nX-Other: y"), -EINVAL);
  assert_int_equal(writer->ops->begin(writer, 99, "text/plain"), -EINVAL);
  assert_int_equal(writer->ops->begin(writer, 200, "text/plain"), 0);
  return writer->ops->begin(writer, 200, "text/plain") == -EINVAL ? 0 : -EPROTO;
}

static void test_the_connector_speaks_first(void **state) {
  const struct hub_exchange exchange = {.size = sizeof exchange, .stage = HUB_DONE, .receipt = "r1"};
  api.reply = reply_well;
  assert_answer(&exchange, 202, "text/plain", "ok");
  api.reply = reply_nothing;
  assert_answer(&exchange, 200, "application/json",
                "{\"receipt\":\"r1\",\"accepted\":0,\"repeated\":0,\"rejected\":[],\"ids\":[]}\n");
  api.reply = reply_wrongly;
  assert_answer(&exchange, 200, "text/plain", "");
}

static void test_half_an_answer_is_none(void **state) {
  const struct hub_exchange exchange = {.size = sizeof exchange, .stage = HUB_DONE, .receipt = "r1"};
  struct answer answer = {0};
  api.reply = reply_half;
  assert_int_equal(answer_make(&instance, &exchange, arena, &answer), -ENOMEM);
  assert_null(answer.body.data);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_tells_each_outcome),
      TEST(test_the_status_is_of_the_first_rejection_when_nothing_was_taken),
      TEST(test_a_refusal_is_a_problem),
      TEST(test_the_connector_speaks_first),
      TEST(test_half_an_answer_is_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
