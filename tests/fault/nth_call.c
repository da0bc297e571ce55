/*
 * The wrapped calls, and the sweep.
 *
 * Calls are counted over all threads. A failing call has the error that it would have on a full or broken
 * disk, and does nothing; an alarm ends a run that hangs. Two more sweeps follow the plain one: all calls
 * from the n-th on fail, as when memory or disk stay full, and writes and reads take only a part, which must
 * change nothing.
 */
#include "tests/fault/nth_call.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#define FIND_LEAKS() __lsan_do_recoverable_leak_check()
#else
#define FIND_LEAKS() 0
#endif

enum { RUN_MAX_S = 30, LEAK_EVERY = 64, WRONG_MAX = 20 };
enum mode { ONE, ALL_FROM, PARTIAL, MODES };
static const char *const mode_names[] = {"n-th fails", "from n-th on", "n-th partial"};

static atomic_ullong counted;
static atomic_bool armed;
static _Thread_local bool paused;
static unsigned long long failing;
static enum mode mode;
static const char *_Atomic failed_name;
static const char *script_name;
static size_t wrong;

static bool is_hit(const char *name) {
  if (!atomic_load(&armed) || paused) return false;
  unsigned long long number = atomic_fetch_add(&counted, 1) + 1;
  if (mode == ALL_FROM ? number < failing : number != failing) return false;
  const char *none = NULL;
  atomic_compare_exchange_strong(&failed_name, &none, name);
  return true;
}

static bool fails(const char *name) { return is_hit(name) && mode != PARTIAL; }

bool nth_failed(void) { return atomic_load(&failed_name) != NULL && mode != PARTIAL; }
bool nth_lasts(void) { return mode == ALL_FROM; }
void nth_pause(void) { paused = true; }
void nth_resume(void) { paused = false; }
void nth_stop(void) { atomic_store(&armed, false); }

/* ---- Wrapped calls ------------------------------------------------------------------------------------- */

#define REAL(result, name, ...)      \
  result __real_##name(__VA_ARGS__); \
  result __wrap_##name(__VA_ARGS__); \
  result __wrap_##name(__VA_ARGS__)

REAL(void *, malloc, size_t bytes) {
  if (!fails("malloc")) return __real_malloc(bytes);
  errno = ENOMEM;
  return NULL;
}

REAL(void *, calloc, size_t count, size_t bytes) {
  if (!fails("calloc")) return __real_calloc(count, bytes);
  errno = ENOMEM;
  return NULL;
}

REAL(void *, realloc, void *memory, size_t bytes) {
  if (!fails("realloc")) return __real_realloc(memory, bytes);
  errno = ENOMEM;
  return NULL;
}

struct arena; /* its pieces fail one by one too, not only when it takes another chunk */
REAL(void *, arena_alloc, struct arena *arena, size_t bytes) {
  return fails("arena_alloc") ? NULL : __real_arena_alloc(arena, bytes);
}

REAL(char *, strdup, const char *string) {
  if (!fails("strdup")) return __real_strdup(string);
  errno = ENOMEM;
  return NULL;
}

REAL(char *, strndup, const char *string, size_t length) {
  if (!fails("strndup")) return __real_strndup(string, length);
  errno = ENOMEM;
  return NULL;
}

int __wrap_asprintf(char **ret_text, const char *format, ...);
int __wrap_asprintf(char **ret_text, const char *format, ...) {
  if (fails("asprintf")) {
    errno = ENOMEM;
    return -1;
  }
  va_list arguments;
  va_start(arguments, format);
  int length = vasprintf(ret_text, format, arguments);
  va_end(arguments);
  return length;
}

static mode_t mode_argument(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

#define WRAP_OPEN(name)                                   \
  int __real_##name(const char *path, int flags, ...);    \
  int __wrap_##name(const char *path, int flags, ...);    \
  int __wrap_##name(const char *path, int flags, ...) {   \
    if (fails(#name)) {                                   \
      errno = (flags & O_CREAT) != 0 ? ENOSPC : EMFILE;   \
      return -1;                                          \
    }                                                     \
    va_list arguments;                                    \
    va_start(arguments, flags);                           \
    mode_t permissions = mode_argument(flags, arguments); \
    va_end(arguments);                                    \
    return __real_##name(path, flags, permissions);       \
  }
WRAP_OPEN(open)
WRAP_OPEN(open64)

#define WRAP_OPENAT(name)                                              \
  int __real_##name(int directory, const char *path, int flags, ...);  \
  int __wrap_##name(int directory, const char *path, int flags, ...);  \
  int __wrap_##name(int directory, const char *path, int flags, ...) { \
    if (fails(#name)) {                                                \
      errno = (flags & O_CREAT) != 0 ? ENOSPC : EMFILE;                \
      return -1;                                                       \
    }                                                                  \
    va_list arguments;                                                 \
    va_start(arguments, flags);                                        \
    mode_t permissions = mode_argument(flags, arguments);              \
    va_end(arguments);                                                 \
    return __real_##name(directory, path, flags, permissions);         \
  }
WRAP_OPENAT(openat)
WRAP_OPENAT(openat64)

static size_t part_of(const char *name, size_t length, bool *ret_fails) {
  bool hit = is_hit(name);
  *ret_fails = hit && mode != PARTIAL;
  return hit && mode == PARTIAL && length > 1 ? length / 2 : length;
}

REAL(ssize_t, read, int fd, void *data, size_t length) {
  bool fail;
  length = part_of("read", length, &fail);
  if (!fail) return __real_read(fd, data, length);
  errno = EIO;
  return -1;
}

REAL(ssize_t, write, int fd, const void *data, size_t length) {
  if (fd == STDOUT_FILENO || fd == STDERR_FILENO) return __real_write(fd, data, length);
  bool fail;
  length = part_of("write", length, &fail);
  if (!fail) return __real_write(fd, data, length);
  errno = ENOSPC;
  return -1;
}

#define WRAP_AT(name, pointer, error)                                      \
  REAL(ssize_t, name, int fd, pointer data, size_t length, off_t offset) { \
    bool fail;                                                             \
    length = part_of(#name, length, &fail);                                \
    if (!fail) return __real_##name(fd, data, length, offset);             \
    errno = error;                                                         \
    return -1;                                                             \
  }
WRAP_AT(pread, void *, EIO)
WRAP_AT(pread64, void *, EIO)
WRAP_AT(pwrite, const void *, ENOSPC)
WRAP_AT(pwrite64, const void *, ENOSPC)

#define WRAP_PLAIN(name, error, parameters, ...)          \
  int __real_##name parameters;                           \
  int __wrap_##name parameters;                           \
  int __wrap_##name parameters {                          \
    if (!fails(#name)) return __real_##name(__VA_ARGS__); \
    errno = error;                                        \
    return -1;                                            \
  }
WRAP_PLAIN(fsync, EIO, (int fd), fd)
WRAP_PLAIN(fdatasync, EIO, (int fd), fd)
WRAP_PLAIN(rename, EIO, (const char *from, const char *to), from, to)
WRAP_PLAIN(renameat, EIO, (int from_fd, const char *from, int to_fd, const char *to), from_fd, from, to_fd,
           to)
WRAP_PLAIN(mkdirat, ENOSPC, (int fd, const char *path, mode_t permissions), fd, path, permissions)
WRAP_PLAIN(ftruncate, EIO, (int fd, off_t length), fd, length)
WRAP_PLAIN(ftruncate64, EIO, (int fd, off_t length), fd, length)
WRAP_PLAIN(eventfd, EMFILE, (unsigned int value, int flags), value, flags)

#define WRAP_MMAP(name)                                                                               \
  REAL(void *, name, void *address, size_t length, int protection, int flags, int fd, off_t offset) { \
    if (!fails(#name)) return __real_##name(address, length, protection, flags, fd, offset);          \
    errno = ENOMEM;                                                                                   \
    return MAP_FAILED;                                                                                \
  }
WRAP_MMAP(mmap)
WRAP_MMAP(mmap64)

/* ---- The sweep ----------------------------------------------------------------------------------------- */

void nth_wrong(const char *format, ...) {
  wrong++;
  if (wrong > WRONG_MAX) return;
  bool was_paused = paused;
  paused = true;
  const char *name = atomic_load(&failed_name);
  printf("WRONG: %s, %s, n %llu (%s): ", script_name, mode_names[mode], failing,
         name == NULL ? "none" : name);
  va_list arguments;
  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
  printf("\n");
  fflush(stdout);
  paused = was_paused;
}

/* Crashes and hangs end the program: then the place is what is wanted. */
static void tell_place(int number) {
  char text[200];
  const char *name = atomic_load(&failed_name);
  int length = snprintf(text, sizeof text, "WRONG: %s, %s, n %llu (%s): %s\n", script_name, mode_names[mode],
                        failing, name == NULL ? "none" : name, number == SIGALRM ? "it hangs" : "it crashes");
  atomic_store(&armed, false);
  if (write(STDOUT_FILENO, text, (size_t)length) < 0) _exit(3);
  if (number == SIGALRM) _exit(2);
  signal(number, SIG_DFL);
  raise(number);
}

static void run_once(const struct nth_script *script, unsigned long long n, int *ret_result, bool *ret_hit) {
  failing = n;
  atomic_store(&counted, 0);
  atomic_store(&failed_name, NULL);
  alarm(RUN_MAX_S);
  atomic_store(&armed, true);
  int result = script->run(script->context);
  atomic_store(&armed, false);
  paused = false;
  alarm(0);
  *ret_hit = atomic_load(&failed_name) != NULL;
  if (result > 0) nth_wrong("the script ends with %d", result);
  if (result < 0 && !nth_failed())
    nth_wrong("it fails with %s although no call did", strerrordesc_np(-result));
  if (script->look != NULL) script->look(script->context);
  *ret_result = result;
}

static void find_leaks(const struct nth_script *script, unsigned long long from, unsigned long long to) {
  if (FIND_LEAKS() == 0) return;
  for (unsigned long long n = from; n <= to; n++) { /* which of them it was */
    int result;
    bool hit;
    run_once(script, n, &result, &hit);
    if (FIND_LEAKS() != 0) {
      nth_wrong("it leaks");
      return;
    }
  }
  failing = from;
  nth_wrong("it leaks, at this n or one of the %llu after it", to - from);
}

static void sweep_mode(const struct nth_script *script, enum mode present) {
  unsigned long long n = 1, checked = 0, errors = 0, fine = 0;
  mode = present;
  for (;; n++) {
    int result;
    bool hit;
    run_once(script, n, &result, &hit);
    if (!hit) break;
    errors += result < 0;
    fine += result >= 0;
    if (n % LEAK_EVERY == 0) {
      find_leaks(script, checked + 1, n);
      checked = n;
    }
    if (wrong > WRONG_MAX) break;
  }
  find_leaks(script, checked + 1, n);
  printf("%-34s %-13s %7llu %9llu %9llu\n", script->name, mode_names[present], n - 1, errors, fine);
  fflush(stdout);
}

void nth_table_head(void) {
  printf("%-34s %-13s %7s %9s %9s\n", "script", "what", "calls", "refused", "worked");
}

size_t nth_sweep(const struct nth_script *script) {
  static const int signals[] = {SIGALRM, SIGSEGV, SIGABRT, SIGBUS, SIGFPE};
  for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) signal(signals[i], tell_place);
  size_t before = wrong;
  int result;
  bool hit;
  script_name = script->name;
  mode = ONE;
  run_once(script, 0, &result, &hit); /* what is made once in a process is made here, and no call fails */
  if (result != 0)
    nth_wrong("it does not work at all: %s", result < 0 ? strerrordesc_np(-result) : "positive");
  if (wrong != before) return wrong - before;
  for (int present = 0; present < MODES; present++) sweep_mode(script, (enum mode)present);
  return wrong - before;
}
