/*
 * flight.h: the messages under way: their memory, their order of arrival, and the gate that lets at most one
 * message of a key pass at a time.
 */
#ifndef CORE_PUBLISH_FLIGHT_H
#define CORE_PUBLISH_FLIGHT_H

#include "core/publish/lane.h"
#include "core/publish/publisher.h"

struct partition; /* the publisher's */
struct topic;

struct publish_item {
  struct lane_item lane; /* first: the lane's items are ours */
  struct publication *publication;
  struct topic *topic;
  struct partition *partition; /* NULL while it waits for its key */
  struct publish_item *older, *younger; /* all under way, by arrival */
  struct publish_item *next;            /* finished ones, or free ones */
  struct publish_item *bucket_next;     /* key gate: the one that owns its key */
  struct publish_item *behind, *behind_last; /* key gate: those that wait for it, by arrival */
  uint32_t hash;
  int64_t taken_us;     /* monotonic */
  int64_t after_offset; /* if it is in Kafka, then behind this offset; -1: not known */
  size_t bytes;
  bool gated;     /* takes part in the key gate */
  bool tried;     /* was handed to librdkafka once */
  bool withdrawn; /* its owner waits no longer */
  bool finished;
  enum publish_outcome outcome;
  const char *reason;
};

enum { FLIGHT_BUCKETS = 4096, FLIGHT_FREE_MAX = 4096 };

struct flight {
  struct publish_item *oldest, *youngest;
  size_t messages, bytes;
  uint64_t sequence;
  uint32_t seed; /* so that nobody can choose keys that meet */
  struct publish_item *buckets[FLIGHT_BUCKETS];
  struct publish_item *free;
  size_t free_count;
};

int flight_init(struct flight *) must_use;
void flight_deinit(struct flight *); /* with all that is under way */

/* A new item at the end. NULL: no memory. */
struct publish_item *flight_begin(struct flight *, struct publication *, struct topic *, int64_t now_us);

/* true: it owns its key (or needs none) and may go to its lane. false: it waits behind another one. */
bool flight_gate(struct flight *, struct publish_item *);

/* The item is over. Returns the next of its key, which owns it now and may go to its lane; NULL: none. */
struct publish_item *flight_end(struct flight *, struct publish_item *);

/* Takes the next one that waits behind item out of the gate (to be finished as well); NULL: none. */
struct publish_item *flight_behind(struct flight *, struct publish_item *);

/* An item that waits behind another one leaves. */
void flight_leave(struct flight *, struct publish_item *);

void flight_release(struct flight *, struct publish_item *);

#endif
