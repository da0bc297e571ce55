/*
 * nth_call.h: fails the n-th of all allocation and file calls, for every n.
 *
 * The program and the connectors it loads are linked with --wrap for the calls in nth_call.c, so each of them
 * is counted while a script runs. A script is run again and again, with another call failing each time, until
 * it runs to its end without meeting the failure.
 */
#ifndef TESTS_FAULT_NTH_CALL_H
#define TESTS_FAULT_NTH_CALL_H

#include <stdbool.h>
#include <stddef.h>

struct nth_script {
  const char *name;
  /* Runs the whole once, from opening to closing. 0: it worked; negative: it said that it did not, which is
   * right only when a call failed. What it finds wrong otherwise it tells by nth_wrong(). */
  int (*run)(void *context);
  /* After the run, without failing calls: looks at what it left behind. May be NULL. */
  void (*look)(void *context);
  void *context;
};

/* Runs all of it; prints a line for the table. Returns the number of things that were wrong. */
size_t nth_sweep(const struct nth_script *);

/* Something is wrong with the present run; printed with the failing call. */
void nth_wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Whether a call failed in the present run. */
bool nth_failed(void);

/* Whether not one call fails but all from the n-th on. */
bool nth_lasts(void);

/* This thread's calls until nth_resume() are neither counted nor failed: work that belongs to the test. */
void nth_pause(void);
void nth_resume(void);

/* From here to the end of the run no call fails any more, in no thread. */
void nth_stop(void);

void nth_table_head(void);

#endif
