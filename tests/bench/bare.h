/*
 * bare.h: what a bare loop does with one body. `value` and `key` stay valid until the next call; 0 when it
 * is no payload of the kind.
 */
#ifndef TESTS_BENCH_BARE_H
#define TESTS_BENCH_BARE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bare_message {
  const char *type;
  uint8_t value[32768];
  size_t value_length;
  char key[128];
};

int bare_xml(char *body, size_t length, struct bare_message *ret_message);
int bare_json(char *body, size_t length, struct bare_message *ret_message);

#ifdef __cplusplus
}
#endif

#endif
