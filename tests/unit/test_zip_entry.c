/*
 * test_zip_entry.c: which archives hold exactly one file, and which only look so.
 */
#include "connectors/format/zip_entry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct recipe {        /* what to build, and what to spoil */
  const char *name;    /* NULL: a.txt */
  const char *plain;   /* NULL: a greeting */
  size_t plain_length; /* 0: strlen */
  bool stored, descriptor, signature, zip64;
  unsigned flags;     /* more flags, in both records */
  uint32_t spoil_crc; /* or-ed into both CRCs by exclusive or */
  const char *central_name;
  unsigned entries; /* in the end record; 0: 1 */
  unsigned offset;  /* of the local header, in the central directory */
  bool second, no_central, trailing;
};

static const char greeting[] = "hello hello hello hello";

static const char *name_of(const struct recipe *r) { return r->name != NULL ? r->name : "a.txt"; }

static const char *plain_of(const struct recipe *r) { return r->plain != NULL ? r->plain : greeting; }

static size_t length_of(const struct recipe *r) {
  return r->plain_length != 0 ? r->plain_length : strlen(plain_of(r));
}

struct bytes {
  unsigned char *data;
  size_t length, room;
};

static void put(struct bytes *b, const void *data, size_t length) {
  if (b->length + length > b->room) {
    b->room = 2 * (b->length + length);
    b->data = realloc(b->data, b->room);
    assert_non_null(b->data);
  }
  if (length != 0) memcpy(b->data + b->length, data, length);
  b->length += length;
}

static void put_number(struct bytes *b, uint64_t value, unsigned width) {
  unsigned char bytes[8];
  for (unsigned i = 0; i < width; i++) bytes[i] = (unsigned char)(value >> (8 * i));
  put(b, bytes, width);
}

static struct bytes deflate_text(const char *plain, size_t length) {
  struct bytes out = {malloc(length + length / 1000 + 100), 0, length + length / 1000 + 100};
  z_stream stream = {.next_in = (z_const Bytef *)(uintptr_t)plain,
                     .avail_in = (uInt)length,
                     .next_out = out.data,
                     .avail_out = (uInt)out.room};
  assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY), Z_OK);
  assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.length = stream.total_out;
  deflateEnd(&stream);
  return out;
}

struct facts {
  uint32_t crc;
  uint64_t plain, packed;
  unsigned flags, method;
};

static void put_common(struct bytes *zip, const struct facts *f, uint32_t crc, uint64_t packed,
                       uint64_t plain, size_t name, size_t extra) {
  put_number(zip, 20, 2), put_number(zip, f->flags, 2), put_number(zip, f->method, 2), put_number(zip, 0, 4);
  put_number(zip, crc, 4), put_number(zip, packed, 4), put_number(zip, plain, 4);
  put_number(zip, name, 2), put_number(zip, extra, 2);
}

static void put_local(struct bytes *zip, const struct recipe *r, const struct facts *f,
                      const struct bytes *data) {
  size_t name = strlen(name_of(r));
  bool late = r->descriptor;
  put_number(zip, 0x04034b50, 4);
  put_common(zip, f, late ? 0 : f->crc,
             r->zip64 ? UINT32_MAX
             : late   ? 0
                      : f->packed,
             r->zip64 ? UINT32_MAX
             : late   ? 0
                      : f->plain,
             name, r->zip64 ? 20 : 0);
  put(zip, name_of(r), name);
  if (r->zip64)
    put_number(zip, 1, 2), put_number(zip, 16, 2), put_number(zip, f->plain, 8),
        put_number(zip, f->packed, 8);
  put(zip, data->data, data->length);
  if (!late) return;
  if (r->signature) put_number(zip, 0x08074b50, 4);
  unsigned width = r->zip64 ? 8 : 4;
  put_number(zip, f->crc, 4), put_number(zip, f->packed, width), put_number(zip, f->plain, width);
}

static void put_central(struct bytes *zip, const struct recipe *r, const struct facts *f) {
  const char *name = r->central_name != NULL ? r->central_name : name_of(r);
  size_t start = zip->length;
  put_number(zip, 0x02014b50, 4), put_number(zip, 20, 2);
  put_common(zip, f, f->crc, f->packed, f->plain, strlen(name), 0);
  put_number(zip, 0, 2), put_number(zip, 0, 2), put_number(zip, 0, 2), put_number(zip, 0, 4);
  put_number(zip, r->offset, 4);
  put(zip, name, strlen(name));
  size_t length = zip->length - start;
  unsigned entries = r->entries != 0 ? r->entries : 1;
  if (r->zip64) {
    size_t end = zip->length;
    put_number(zip, 0x06064b50, 4), put_number(zip, 44, 8), put_number(zip, 45, 2), put_number(zip, 45, 2);
    put_number(zip, 0, 8), put_number(zip, 1, 8), put_number(zip, 1, 8), put_number(zip, length, 8);
    put_number(zip, start, 8), put_number(zip, 0x07064b50, 4), put_number(zip, 0, 4), put_number(zip, end, 8);
    put_number(zip, 1, 4);
  }
  put_number(zip, 0x06054b50, 4), put_number(zip, 0, 4), put_number(zip, entries, 2),
      put_number(zip, entries, 2);
  put_number(zip, r->zip64 ? UINT32_MAX : length, 4), put_number(zip, r->zip64 ? UINT32_MAX : start, 4);
  put_number(zip, 0, 2);
}

static struct bytes build(const struct recipe *r) {
  struct bytes zip = {NULL};
  size_t length = length_of(r);
  struct bytes data = {NULL};
  if (r->stored) put(&data, plain_of(r), length);
  else data = deflate_text(plain_of(r), length);
  struct facts facts = {.plain = length,
                        .packed = data.length,
                        .method = r->stored ? 0 : 8,
                        .flags = r->flags | (r->descriptor ? 8u : 0)};
  facts.crc = (uint32_t)crc32(0, (const Bytef *)plain_of(r), (uInt)length) ^ r->spoil_crc;
  put_local(&zip, r, &facts, &data);
  if (r->second) put_local(&zip, r, &facts, &data);
  if (!r->no_central) put_central(&zip, r, &facts);
  if (r->trailing) put_number(&zip, 0, 1);
  free(data.data);
  return zip;
}

static int keep(void *context, struct text piece) {
  put(context, piece.data, piece.length);
  return 0;
}

static int unpack(const struct bytes *zip, size_t step, struct bytes *out, struct text *ret_name) {
  static struct zip_entry entry;
  zip_entry_open(&entry, &(struct inflate_output){out, keep});
  for (size_t at = 0; at < zip->length; at += step) {
    size_t n = zip->length - at < step ? zip->length - at : step;
    assert_int_equal(zip_entry_feed(&entry, (struct text){(const char *)zip->data + at, n}), 0);
  }
  int r = zip_entry_finish(&entry, ret_name);
  zip_entry_close(&entry);
  return r;
}

static void assert_verdict(const struct recipe *recipe, int verdict) {
  static const size_t steps[] = {1, 7, 4096, SIZE_MAX / 2};
  struct bytes zip = build(recipe);
  for (size_t i = zip.length > 100000 ? 2 : 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
    struct bytes out = {NULL};
    struct text name = TEXT_NONE;
    assert_int_equal(unpack(&zip, steps[i], &out, &name), verdict);
    if (verdict == 0) {
      assert_true(text_is(name, name_of(recipe)));
      assert_int_equal(out.length, length_of(recipe));
      assert_memory_equal(out.data, plain_of(recipe), out.length);
    }
    free(out.data);
  }
  free(zip.data);
}

#define RECIPE(...) (&(struct recipe){__VA_ARGS__})

static void takes_one_file(void **state) {
  assert_verdict(RECIPE(.flags = 0), 0);
  assert_verdict(RECIPE(.stored = true), 0);
  assert_verdict(RECIPE(.stored = true, .plain = ""), 0);
  assert_verdict(RECIPE(.plain = ""), 0);
  assert_verdict(RECIPE(.descriptor = true), 0);
  assert_verdict(RECIPE(.descriptor = true, .signature = true), 0);
  assert_verdict(RECIPE(.zip64 = true), 0);
  assert_verdict(RECIPE(.zip64 = true, .descriptor = true, .signature = true), 0);
  assert_verdict(RECIPE(.flags = 1 << 11, .name = "báo cáo.txt"), 0);
}

static void refuses_what_disagrees(void **state) {
  assert_verdict(RECIPE(.spoil_crc = 1), ZIP_E_NOT_ONE);
  assert_verdict(RECIPE(.spoil_crc = 1, .descriptor = true), ZIP_E_NOT_ONE);
  assert_verdict(RECIPE(.central_name = "b.txt"), ZIP_E_NOT_ONE);
  assert_verdict(RECIPE(.central_name = "longer.txt"), ZIP_E_NOT_ONE);
  assert_verdict(RECIPE(.entries = 2), ZIP_E_NOT_ONE);
  assert_verdict(RECIPE(.entries = 65535), ZIP_E_NOT_ONE);
  assert_verdict(RECIPE(.offset = 30), ZIP_E_NOT_ONE);
  assert_verdict(RECIPE(.second = true), ZIP_E_NOT_ONE);
  assert_verdict(RECIPE(.second = true, .entries = 2), ZIP_E_NOT_ONE);
  assert_verdict(RECIPE(.no_central = true), ZIP_E_NOT_ONE);
  assert_verdict(RECIPE(.trailing = true), ZIP_E_NOT_ONE);
}

static void refuses_what_it_cannot_read(void **state) {
  assert_verdict(RECIPE(.flags = 1), ZIP_E_NOT_ONE);
  assert_verdict(RECIPE(.flags = 1 << 13), ZIP_E_NOT_ONE);
  assert_verdict(RECIPE(.stored = true, .descriptor = true), ZIP_E_NOT_ONE);
  assert_verdict(RECIPE(.name = "folder/", .plain = ""), ZIP_E_NOT_ONE);
  assert_verdict(RECIPE(.name = ""), ZIP_E_NOT_ONE);
}

static void every_cut_and_flip_is_noticed(void **state) {
  struct bytes zip = build(RECIPE(.descriptor = true, .signature = true));
  for (size_t length = 0; length < zip.length; length++) {
    struct bytes out = {NULL};
    struct text name;
    assert_int_equal(unpack(&(struct bytes){zip.data, length, 0}, 16, &out, &name), ZIP_E_NOT_ONE);
    free(out.data);
  }
  for (size_t i = 30; i < zip.length; i++) {
    struct bytes out = {NULL};
    struct text name;
    zip.data[i] ^= 0x40;
    if (unpack(&zip, 4096, &out, &name) ==
        0) { /* only what says nothing of the file: versions, times, attributes */
      assert_int_equal(out.length, sizeof(greeting) - 1);
      assert_memory_equal(out.data, greeting, out.length);
    }
    zip.data[i] ^= 0x40;
    free(out.data);
  }
  free(zip.data);
}

static void bombs_are_stopped(void **state) {
  size_t length = 8u << 20;
  char *zeros = calloc(1, length);
  assert_non_null(zeros);
  struct recipe recipe = {.name = "a", .plain = zeros, .plain_length = length};
  struct bytes zip = build(&recipe), out = {NULL};
  struct text name;
  assert_int_equal(unpack(&zip, 1024, &out, &name), ZIP_E_TOO_LARGE);
  assert_true(out.length < 400 * 1024);
  recipe.plain_length = INFLATE_RATIO_FREE;
  assert_verdict(&recipe, 0);
  free(out.data);
  free(zip.data);
  free(zeros);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(takes_one_file),
      cmocka_unit_test(refuses_what_disagrees),
      cmocka_unit_test(refuses_what_it_cannot_read),
      cmocka_unit_test(every_cut_and_flip_is_noticed),
      cmocka_unit_test(bombs_are_stopped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
