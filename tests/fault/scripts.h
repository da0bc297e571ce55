/*
 * scripts.h: what is swept.
 */
#ifndef TESTS_FAULT_SCRIPTS_H
#define TESTS_FAULT_SCRIPTS_H

#include "core/setup.h"
#include "tests/fault/nth_call.h"

struct stage {     /* shared by the scripts */
  char folder[64]; /* for files; gone at the end */
  struct setup *setup;
  const char *samples; /* the folder connectors/ of the source tree */
};

size_t sweep_base(const struct stage *);
size_t sweep_kept(const struct stage *);
size_t sweep_translations(const struct stage *);
size_t sweep_payloads(const struct stage *);

#endif
