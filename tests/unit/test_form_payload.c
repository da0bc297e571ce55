/*
 * The payload of a form: the only part of its name, with zero bytes behind it, and the body as it was sent
 * afterwards.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/net/form_payload.h"
#include "core/text_out.h"

#define MULTIPART "multipart/form-data; boundary=b"
#define URLENCODED "application/x-www-form-urlencoded"
#define FILE_PART "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\"\r\n\r\n"
#define TEXT_PART "--b\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\n"
#define OTHER_PART "--b\r\nContent-Disposition: form-data; name=\"g\"; filename=\"b\"\r\n\r\n"

static int choose(struct arena *arena, const char *type, const char *query, struct text body,
                  struct hub_payload *payload, struct form_cover *cover, const char **detail) {
  struct form form = {0};
  *payload = (struct hub_payload){.size = sizeof *payload};
  int r = form_read(arena, text_of(type), text_of(query), body, &form, detail);
  return r != 0 ? r : form_choose_payload(arena, &form, "f", payload, cover, detail);
}

static void expect(const char *type, const char *query, const char *body, const char *wanted) {
  struct arena *arena cleanup(arena_freep) = NULL;
  struct hub_payload payload;
  struct form_cover cover;
  const char *detail = NULL;
  assert_int_equal(arena_new(&arena), 0);
  int r = choose(arena, type, query, text_of(body), &payload, &cover, &detail);
  if (wanted == NULL) {
    assert_int_equal(r, FORM_E_INVALID);
    assert_non_null(detail);
    return;
  }
  assert_int_equal(r, 0);
  assert_int_equal(payload.length, strlen(wanted));
  assert_memory_equal(payload.data, wanted, payload.length);
  for (size_t i = 0; i < FORM_PAYLOAD_BEHIND; i++) assert_int_equal(payload.data[payload.length + i], 0);
}

static void test_chosen(void **state) {
  expect(MULTIPART, "", FILE_PART "<a/>\r\n--b--\r\n", "<a/>");
  expect(MULTIPART, "", TEXT_PART "<a/>\r\n--b--\r\n", "<a/>");
  expect(MULTIPART, "", OTHER_PART "x\r\n" FILE_PART "\r\n--b--\r\n", "");
  expect(URLENCODED, "", "g=1&f=%3Ca/%3E", "<a/>");
  expect(MULTIPART, "f=z", FILE_PART "<a/>\r\n--b--\r\n", "<a/>");
}

static void test_refused(void **state) {
  expect(MULTIPART, "", OTHER_PART "x\r\n--b--\r\n", NULL);
  expect(MULTIPART, "f=z", OTHER_PART "x\r\n--b--\r\n", NULL);
  expect("application/xml", "f=z", "<a/>", NULL);
  expect(MULTIPART, "", FILE_PART "1\r\n" FILE_PART "2\r\n--b--\r\n", NULL);
  expect(MULTIPART, "", FILE_PART "1\r\n" TEXT_PART "2\r\n--b--\r\n", NULL);
  expect(URLENCODED, "", "f=1&f=2", NULL);
}

/* Behind a large part: zero bytes, and then again what the sender sent. */
static void test_large_is_not_copied(void **state) {
  static const char tail[] = "\r\n" OTHER_PART "a part of its own, far enough away to be left alone"
                             "\r\n--b--\r\n";
  struct arena *arena cleanup(arena_freep) = NULL;
  struct hub_payload payload;
  struct form_cover cover;
  const char *detail = NULL;
  size_t head = strlen(FILE_PART), large = 2 * MIB, length = head + large + strlen(tail);
  char *body cleanup(freep) = calloc(1, length + FORM_PAYLOAD_BEHIND);
  char *sent cleanup(freep) = malloc(length);
  assert_non_null(body);
  assert_non_null(sent);
  memcpy(body, FILE_PART, head);
  memset(body + head, 'x', large);
  memcpy(body + head + large, tail, strlen(tail));
  memcpy(sent, body, length);
  assert_int_equal(arena_new(&arena), 0);
  assert_int_equal(choose(arena, MULTIPART, "", (struct text){body, length}, &payload, &cover, &detail), 0);
  assert_ptr_equal(payload.data, body + head);
  assert_int_equal(payload.length, large);
  for (size_t i = 0; i < FORM_PAYLOAD_BEHIND; i++) assert_int_equal(payload.data[large + i], 0);
  form_uncover(&cover);
  assert_memory_equal(body, sent, length);
  form_cover(&cover);
  assert_int_equal(payload.data[large], 0);
}

/* Many quoted parameters in a part's head take memory like the head, not its square. */
static void test_quoted_memory(void **state) {
  struct arena *arena cleanup(arena_freep) = NULL;
  struct text_out body cleanup(text_out_deinit) = TEXT_OUT_INIT;
  struct hub_payload payload;
  struct form_cover cover;
  const char *detail = NULL;
  text_out_string(&body, "--b\r\nContent-Disposition: form-data; name=\"f\"");
  for (int i = 0; i < 1300; i++) text_out_string(&body, ";a=\"\"");
  text_out_string(&body, "\r\n\r\nx\r\n--b--\r\n");
  assert_int_equal(text_out_result(&body), 0);
  assert_int_equal(arena_new(&arena), 0);
  struct text bytes = {body.data, body.length};
  assert_int_equal(choose(arena, MULTIPART, "", bytes, &payload, &cover, &detail), 0);
  assert_true(arena_size_bytes(arena) < 256 * 1024);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_chosen),
      cmocka_unit_test(test_refused),
      cmocka_unit_test(test_large_is_not_copied),
      cmocka_unit_test(test_quoted_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
