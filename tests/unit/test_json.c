/* Unit tests of connectors/format/json.c and json_walk.c. What is JSON and what is not:
   tests/connector/json. */
#include "connectors/format/json.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct pool {
  void **blocks;
  size_t count, capacity, fail_at; /* fail_at: number of the call that finds no memory, from 1; 0: none */
};

static void *pool_alloc(void *context, size_t bytes) {
  struct pool *pool = context;
  if (pool->fail_at != 0 && pool->count + 1 >= pool->fail_at) return NULL;
  if (pool->count == pool->capacity) {
    pool->capacity = pool->capacity * 2 + 16;
    pool->blocks = realloc(pool->blocks, pool->capacity * sizeof(void *));
    assert_non_null(pool->blocks);
  }
  return pool->blocks[pool->count++] = calloc(1, bytes);
}

static void pool_free(struct pool *pool) {
  while (pool->count != 0) free(pool->blocks[--pool->count]);
  free(pool->blocks);
  *pool = (struct pool){0};
}

static struct pool pool;
static char *copy;

/* Reads text from a block that ends right behind its padding, so that reading further is seen. */
static int read_text(struct text text, const struct json **ret, struct json_error *error) {
  struct allocator allocator = {pool_alloc, &pool};
  free(copy);
  copy = calloc(1, text.length + JSON_PADDING);
  assert_non_null(copy);
  memcpy(copy, text.data, text.length);
  return json_read(&allocator, copy, text.length, ret, error);
}

static const struct json *read_good(const char *text) {
  const struct json *root = NULL;
  struct json_error error;
  assert_int_equal(read_text(text_of(text), &root, &error), 0);
  return root;
}

static int teardown(void **state) {
  pool_free(&pool);
  free(copy);
  copy = NULL;
  return 0;
}

static void check_text(const struct json *value, struct text wanted) {
  assert_int_equal(json_text(value).length, wanted.length);
  assert_true(text_equal(json_text(value), wanted));
}

static void test_tree(void **state) {
  const struct json *root = read_good(" {\"a\":[1,\"x\",null,true,false,{}],\"b\":{\"c\":[]}} ");
  assert_int_equal(root->type, JSON_OBJECT);
  assert_int_equal(root->length, 2);
  const struct json *a = json_get(root, "a");
  assert_int_equal(a->length, 6);
  static const enum json_type types[] = {JSON_NUMBER, JSON_STRING, JSON_NULL,
                                         JSON_TRUE,   JSON_FALSE,  JSON_OBJECT};
  size_t i = 0;
  for (const struct json *m = json_first(a); m != NULL; m = m->next) assert_int_equal(m->type, types[i++]);
  assert_int_equal(i, 6);
  const struct json *c = json_get(json_get(root, "b"), "c");
  assert_int_equal(c->type, JSON_ARRAY);
  assert_null(json_first(c));
  assert_null(json_get(root, "c"));
  assert_null(json_get(a, "a"));
  assert_null(json_get(NULL, "a"));
  assert_null(json_first(NULL));
  assert_int_equal(json_text(c).length, 0);
}

static void test_slices(void **state) {
  const char *text = "[ {\"a\": 1 } , \"x\\n\" ,-2.50 ]";
  const struct json *root = read_good(text);
  static const char *const slices[] = {"{\"a\": 1 }", "\"x\\n\"", "-2.50"};
  size_t i = 0;
  assert_int_equal(root->start, 0);
  assert_int_equal(root->end, strlen(text));
  for (const struct json *m = root->first; m != NULL; m = m->next, i++) {
    assert_int_equal(m->end - m->start, strlen(slices[i]));
    assert_memory_equal(text + m->start, slices[i], strlen(slices[i]));
  }
}

static void test_strings(void **state) {
  const struct json *root = read_good(
      "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\",\"\\u0041\\u00e9\\u1eA1\\uFFFF\",\"\\ud83d\\uDE00\","
      "\"a\\u0000b\",\"\",\"0123456789abcdef\\n0123456789abcdefg\"]");
  static const struct text wanted[] = {TEXT("\"\\/\b\f\n\r\t"),
                                       TEXT("A\xC3\xA9\xE1\xBA\xA1\xEF\xBF\xBF"),
                                       TEXT("\xF0\x9F\x98\x80"),
                                       TEXT("a\0b"),
                                       TEXT(""),
                                       TEXT("0123456789abcdef\n0123456789abcdefg")};
  size_t i = 0;
  for (const struct json *m = root->first; m != NULL; m = m->next) check_text(m, wanted[i++]);
}

static void test_names(void **state) {
  const struct json *root = read_good("{\"a\\u0062\":1,\"\":2,\"n\\u0000\":3}");
  check_text(json_get(root, "ab"), TEXT("1"));
  check_text(json_get(root, ""), TEXT("2"));
  assert_null(json_get(root, "n"));
}

static void test_numbers(void **state) {
  const struct json *root = read_good(
      "[0,-0,9223372036854775807,-9223372036854775808,9223372036854775808,"
      "-9223372036854775809,123.40,1e2,123456789012345678901234567890]");
  static const struct {
    const char *text;
    bool fits;
    int64_t value;
  } wanted[] = {{"0", true, 0},
                {"-0", true, 0},
                {"9223372036854775807", true, INT64_MAX},
                {"-9223372036854775808", true, INT64_MIN},
                {"9223372036854775808", false, 0},
                {"-9223372036854775809", false, 0},
                {"123.40", false, 0},
                {"1e2", false, 0},
                {"123456789012345678901234567890", false, 0}};
  size_t i = 0;
  for (const struct json *m = root->first; m != NULL; m = m->next, i++) {
    int64_t value = 0;
    check_text(m, text_of(wanted[i].text));
    assert_int_equal(json_to_int64(m, &value), wanted[i].fits);
    assert_int_equal(value, wanted[i].value);
  }
  int64_t value;
  assert_false(json_to_int64(read_good("\"1\""), &value));
  assert_false(json_to_int64(NULL, &value));
}

static void check_error(struct text text, int code, size_t offset) {
  const struct json *root = NULL;
  struct json_error error = {.offset = SIZE_MAX};
  assert_int_equal(read_text(text, &root, &error), code);
  assert_null(root);
  assert_int_equal(error.offset, offset);
  assert_non_null(error.reason);
}

static void test_errors(void **state) {
  check_error(TEXT(""), JSON_E_MALFORMED, 0);
  check_error(TEXT("[1,2"), JSON_E_MALFORMED, 4);
  check_error(TEXT("[1,x]"), JSON_E_MALFORMED, 3);
  check_error(TEXT("{\"a\":\"\xFF\"}"), JSON_E_MALFORMED, 6);
  check_error(TEXT("[\"ab\\q\"]"), JSON_E_MALFORMED, 5);
  check_error(TEXT("[\"\\ud800\"]"), JSON_E_SURROGATE, 2);
  check_error(TEXT("{\"a\":1,\"a\":2}"), JSON_E_DUPLICATE, 11);
  check_error(TEXT("[1]\0"), JSON_E_MALFORMED, 3);
  check_error(TEXT("[\"abc\\"), JSON_E_MALFORMED, 6);
}

/* Every beginning of a text is refused, and read no further than it goes. */
static void test_cut(void **state) {
  static const char text[] =
      "{\"name\":\"Nguy\xE1\xBB\x85n "
      "\\ud83d\\ude00\\n\",\"list\":[1.5e+10,true,false,null,{}],\"0123456789abcdefgh\":-0}";
  for (size_t length = 0; length < sizeof(text) - 1; length++) {
    const struct json *root = NULL;
    struct json_error error;
    assert_int_equal(read_text((struct text){text, length}, &root, &error) > 0, true);
    assert_true(error.offset <= length);
    pool_free(&pool);
  }
}

/* Duplicates of all sizes of objects, at all positions of the second. */
static void test_duplicates(void **state) {
  static char text[200 * 16];
  for (int members = 2; members <= 140; members += members < 12 ? 1 : 23)
    for (int twin = 1; twin < members; twin++) {
      size_t length = 0;
      for (int i = 0; i < members; i++)
        length += (size_t)snprintf(text + length, sizeof(text) - length, "%c\"key%d\":0", i == 0 ? '{' : ',',
                                   i == twin ? twin / 2 : i);
      text[length++] = '}';
      const struct json *root = NULL;
      struct json_error error;
      assert_int_equal(read_text((struct text){text, length}, &root, &error), JSON_E_DUPLICATE);
      pool_free(&pool);
    }
}

static char *repeat(const char *part, size_t times, size_t *ret_length) {
  size_t length = strlen(part);
  char *made = malloc(length * times + JSON_PADDING);
  assert_non_null(made);
  for (size_t i = 0; i < times; i++) memcpy(made + i * length, part, length);
  memset(made + length * times, 0, JSON_PADDING);
  *ret_length = length * times;
  return made;
}

static void test_bounds(void **state) {
  struct allocator allocator = {pool_alloc, &pool};
  const struct json *root = NULL;
  struct json_error error;
  size_t length;
  char *many = repeat("0,", JSON_NODES_MAX + 1, &length);
  many[0] = '[';
  many[1] = ' ';
  assert_int_equal(json_read(&allocator, many, length, &root, &error), JSON_E_TOO_LARGE);
  free(many);
  char *deep = repeat("[", 100000, &length);
  assert_int_equal(json_read(&allocator, deep, length, &root, &error), JSON_E_TOO_LARGE);
  assert_int_equal(error.offset, JSON_DEPTH_MAX);
  free(deep);
}

static void test_memory(void **state) {
  for (size_t n = 1; n < 20; n++) {
    const struct json *root = NULL;
    struct json_error error;
    pool.fail_at = n;
    int r = read_text(TEXT("{\"a\\n\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20],\"b\":\"\\n\"}"),
                      &root, &error);
    pool_free(&pool);
    if (r == 0) return;
    assert_int_equal(r, -ENOMEM);
  }
  fail();
}

static void check_at(struct json_places *places, size_t offset, const char *path, const char *field,
                     const char *wanted) {
  struct allocator allocator = {pool_alloc, &pool};
  assert_string_equal(json_at(places, &allocator, offset, path, field), wanted);
}

static void test_places(void **state) {
  const char *text = "\xEF\xBB\xBF[\n \"Đồng\",\n1]";
  struct json_places places = json_places_of(text, strlen(text));
  check_at(&places, 3, NULL, NULL, "1:1");
  check_at(&places, 6, "/0", NULL, "2:2 /0");
  check_at(&places, strlen(text) - 2, "/1", "/x", "3:1 /1/x");
  check_at(&places, 6, "/0", NULL, "2:2 /0");
  check_at(&places, strlen(text) + 5, NULL, NULL, "3:3");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_teardown(test_tree, teardown),    cmocka_unit_test_teardown(test_slices, teardown),
      cmocka_unit_test_teardown(test_strings, teardown), cmocka_unit_test_teardown(test_names, teardown),
      cmocka_unit_test_teardown(test_numbers, teardown), cmocka_unit_test_teardown(test_errors, teardown),
      cmocka_unit_test_teardown(test_cut, teardown),     cmocka_unit_test_teardown(test_duplicates, teardown),
      cmocka_unit_test_teardown(test_bounds, teardown),  cmocka_unit_test_teardown(test_memory, teardown),
      cmocka_unit_test_teardown(test_places, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
