/*
 * descriptors.h: protobuf bytes by hand, for tests of the schema and the wire walker.
 */
#ifndef TESTS_UNIT_DESCRIPTORS_H
#define TESTS_UNIT_DESCRIPTORS_H

#include "core/text_out.h"

static inline struct text bytes_of(const struct text_out *out) {
  return (struct text){out->data, out->length};
}

static inline void put_varint(struct text_out *out, uint64_t value) {
  do {
    char byte = (char)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
    text_out_bytes(out, (struct text){&byte, 1});
  } while ((value >>= 7) != 0);
}

static inline void put_number(struct text_out *out, uint32_t field, uint64_t value) {
  put_varint(out, (uint64_t)field << 3);
  put_varint(out, value);
}

static inline void put_bytes(struct text_out *out, uint32_t field, struct text bytes) {
  put_varint(out, (uint64_t)field << 3 | 2);
  put_varint(out, bytes.length);
  text_out_bytes(out, bytes);
}

static inline void put_string(struct text_out *out, uint32_t field, const char *string) {
  put_bytes(out, field, text_of(string));
}

/* Puts a message that was built apart, and empties it for the next. */
static inline void put_built(struct text_out *out, uint32_t field, struct text_out *built) {
  put_bytes(out, field, bytes_of(built));
  text_out_clear(built);
}

struct field_about {
  const char *name;
  uint32_t number;
  int type; /* FieldDescriptorProto.Type */
  bool repeated, oneof;
  const char *type_name;
  int personal;
};

/* Appends a FieldDescriptorProto to a DescriptorProto. */
static inline void put_field(struct text_out *message, struct field_about about) {
  cleanup(text_out_deinit) struct text_out field = TEXT_OUT_INIT, options = TEXT_OUT_INIT;
  put_string(&field, 1, about.name);
  put_number(&field, 3, about.number);
  put_number(&field, 4, about.repeated ? 3 : 1);
  put_number(&field, 5, (uint64_t)about.type);
  if (about.type_name != NULL) put_string(&field, 6, about.type_name);
  if (about.personal != 0) {
    put_number(&options, 50811, (uint64_t)about.personal);
    put_built(&field, 8, &options);
  }
  if (about.oneof) put_number(&field, 9, 0);
  put_built(message, 2, &field);
}

/* Starts a FileDescriptorProto: name, package, syntax. */
static inline void put_file_head(struct text_out *file, const char *name, const char *package) {
  put_string(file, 1, name);
  put_string(file, 2, package);
  put_string(file, 12, "proto3");
}

#endif
