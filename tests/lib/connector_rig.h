/*
 * connector_rig.h: a sink and a writer for tests of connectors without the hub.
 *
 * It counts what comes, checks what every connector owes (slices inside the payload, terminated texts,
 * places, messages that pack and unpack), aborts where one is broken, and lets the n-th allocation fail.
 */
#ifndef TESTS_LIB_CONNECTOR_RIG_H
#define TESTS_LIB_CONNECTOR_RIG_H

#include "connectors/iochub_connector.h"

struct rig {
  struct hub_sink sink;
  struct hub_writer writer;
  const struct hub_payload *payload;
  void **blocks;
  size_t blocks_count, blocks_capacity, allocations;
  size_t fail_at; /* number of the allocation that fails, from 1; 0: none */
  struct hub_outcome *outcomes;
  const struct hub_outcome **outcome_list;
  size_t records, rejected;
  size_t rejected_bytes; /* of the slices that rejections show */
  char remembered[1024];
  size_t remembered_length;
  char *answer; /* what reply wrote, terminated */
  size_t answer_length;
  int answer_status;
};

void rig_init(struct rig *, const struct hub_payload *);
void rig_deinit(struct rig *);

/* The payload of data, which must have 64 zero bytes behind it. */
struct hub_payload rig_payload(const char *data, size_t length);

/* Runs reply() over what translate left. Returns reply's result. */
int rig_reply(struct rig *, const struct hub_connector *, void *self);

/* An instance of the connector in the zone +07:00, opened with the fallbacks of no option. */
int rig_open(const struct hub_connector *, void **ret_self);

#endif
