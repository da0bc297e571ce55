/*
 * clock.h: the time, which tests may set.
 */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include "core/base.h"

/* Microseconds since 1970-01-01 UTC. */
int64_t clock_now_us(void);

/* Microseconds of a clock that never jumps, for time limits. */
int64_t clock_monotonic_us(void);

/* For tests: clock_monotonic_us() is this much further on from now on. */
void clock_advance_us(int64_t duration_us);

/* clock_now_us() stands still at this moment from now on; HUB_NONE (INT64_MIN) sets it free again. */
void clock_freeze_us(int64_t now_us);

/* "2026-07-12T01:15:00.000Z", with as many of the six digits as the moment has, in threes. */
#define CLOCK_TEXT_SIZE 32
const char *clock_text(int64_t moment_us, char buffer[static CLOCK_TEXT_SIZE]);

#endif
