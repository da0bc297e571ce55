/*
 * dead_letters.h: dead letters as the command line has them: read from their topics, the latest of each id.
 */
#ifndef CORE_CLI_DEAD_LETTERS_H
#define CORE_CLI_DEAD_LETTERS_H

#include "core/config/hub_config.h"
#include "core/text_out.h"
#include "ioc/hub/v1/dead_letter.pb-c.h"

struct letter {
  struct text key, value; /* of the Kafka message; value.data NULL: deleted */
  Ioc__Hub__V1__DeadLetter *message;
};

struct letters {
  struct letter *list; /* by time of the payload, then by id */
  size_t count;
  size_t unreadable; /* messages that are no dead letters */
};

struct letters_source {
  const char *bootstrap;
  const struct hub_list *properties;
  const char *const *topics;
  size_t topics_count;
};

/* Reads all topics to their end. Negative: as reader_run(), with its sentence. */
int letters_read(const struct letters_source *, struct letters *ret_letters,
                 struct text_out *reterr_reason) must_use;
void letters_deinit(struct letters *);

const char *letter_state(const Ioc__Hub__V1__DeadLetter *); /* "open", "retried" … */
int64_t letter_time_us(const Ioc__Hub__V1__DeadLetter *);

struct letter_show {
  const struct hub_config *config; /* NULL: no key, no state directory */
  const char *state_dir;           /* NULL: the configuration's */
  const char *raw;                 /* file for the body, "-": standard output, NULL: not wanted */
};

/* Prints one with all that can be opened of its original. Returns an exit_code. */
int letter_show(const struct letter *, const struct letter_show *) must_use;

#endif
