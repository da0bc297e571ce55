/*
 * The clock. One process-wide frozen moment serves tests and `translate --now`; it is set before threads
 * start.
 */
#include "core/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t frozen_us = INT64_MIN, advance_us;

static int64_t read_clock_us(clockid_t id) {
  struct timespec now;
  clock_gettime(id, &now);
  return (int64_t)now.tv_sec * SECOND_US + now.tv_nsec / 1000;
}

int64_t clock_now_us(void) { return frozen_us != INT64_MIN ? frozen_us : read_clock_us(CLOCK_REALTIME); }

int64_t clock_monotonic_us(void) { return read_clock_us(CLOCK_MONOTONIC) + advance_us; }

void clock_advance_us(int64_t duration_us) { advance_us += duration_us; }

void clock_freeze_us(int64_t now_us) { frozen_us = now_us; }

const char *clock_text(int64_t moment_us, char buffer[static CLOCK_TEXT_SIZE]) {
  time_t seconds = (time_t)(moment_us / SECOND_US);
  int64_t micros = moment_us % SECOND_US;
  if (micros < 0) {
    micros += SECOND_US;
    seconds--;
  }
  struct tm tm;
  if (gmtime_r(&seconds, &tm) == NULL || tm.tm_year > 9999 - 1900) return "invalid-time";
  size_t n = strftime(buffer, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
  if (micros == 0) {
    snprintf(buffer + n, CLOCK_TEXT_SIZE - n, "Z");
  } else if (micros % 1000 == 0) {
    snprintf(buffer + n, CLOCK_TEXT_SIZE - n, ".%03dZ", (int)(micros / 1000));
  } else {
    snprintf(buffer + n, CLOCK_TEXT_SIZE - n, ".%06dZ", (int)micros);
  }
  return buffer;
}
