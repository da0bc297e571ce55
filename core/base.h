/*
 * base.h: the few words that every file of core uses.
 *
 * Errors are told by sign: 0 is success; a negative errno is unexpected and forwarded; a positive value is
 * named in the header of the function that returns it and handled by its direct caller. Ownership is told by
 * type: `const T *` is borrowed, `T **` is taken and cleared, `T **ret_x` becomes the caller's. Locals that
 * own something carry cleanup(); handing over is written TAKE(x).
 */
#ifndef CORE_BASE_H
#define CORE_BASE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "connectors/format/text.h"

#define must_use __attribute__((warn_unused_result))
#define printf_like(text, first) __attribute__((format(printf, text, first)))
#define cleanup(function) __attribute__((cleanup(function)))

#define LENGTH_OF(array) (sizeof(array) / sizeof((array)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* The value of a pointer variable, which is NULL afterwards. */
#define TAKE(pointer)                     \
  ({                                      \
    __typeof__(pointer) *p_ = &(pointer); \
    __typeof__(pointer) v_ = *p_;         \
    *p_ = NULL;                           \
    v_;                                   \
  })

/* The struct that holds `member` at `pointer`. */
#define CONTAINER_OF(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

/* static void T_freep(T **): for cleanup(T_freep). */
#define DEFINE_CLEANUP(type, free_function)      \
  static inline void free_function##p(type *p) { \
    if (*p != NULL) free_function(*p);           \
  }

static inline void freep(void *p) {
  int saved = errno;
  free(*(void **)p);
  errno = saved;
}

static inline void closep(const int *fd) {
  int saved = errno;
  if (*fd >= 0) close(*fd);
  errno = saved;
}

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)

#define SECOND_US INT64_C(1000000)

#endif
