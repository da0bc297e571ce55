/*
 * mllp_rig.h: a real MLLP listener on loopback and a service that notes what it is handed and answers when
 * and in the order that the test wants.
 */
#ifndef TESTS_LIB_MLLP_RIG_H
#define TESTS_LIB_MLLP_RIG_H

#include <event2/event.h>

#include "core/net/mllp.h"
#include "core/text_out.h"

enum { MLLP_RIG_KEPT_MAX = 512 };

struct mllp_rig {
  struct event_base *base;
  struct metrics *metrics;
  struct mllp_listener *listener;
  struct config_limits limits;
  struct mllp_service service;
  const char *state_dir;
  bool refuse_peers;
  bool later;                                   /* messages are kept instead of being answered at once */
  size_t answer_bytes;                          /* not 0: answers are so many bytes */
  struct mllp_message *kept[MLLP_RIG_KEPT_MAX]; /* in order of arrival */
  size_t kept_count, messages;
  size_t message_length; /* of the last one */
  bool zero_tail;        /* its 64 bytes behind were zero */
  const char *refused;   /* the last code; NULL: none */
  unsigned refusals;
};

/* Fills what is zero with limits that no test meets by chance, and listens. */
void mllp_rig_open(struct mllp_rig *);
void mllp_rig_close(struct mllp_rig *);
int mllp_rig_connect(struct mllp_rig *);

/* Answers `A` and the first 200 bytes of the message, and ends it. */
void mllp_rig_respond(struct mllp_rig *, struct mllp_message *);

/* What came back: each answer's text in quotes, ` !` and the bytes from where they are not frames. */
void mllp_rig_digest(struct text received, struct text_out *out);

#endif
