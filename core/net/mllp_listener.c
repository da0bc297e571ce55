/*
 * A listening address of MLLP: who may come, pausing, draining, metrics.
 *
 * A peer that may not send, or is one too many, is closed without a byte read or written: MLLP has no words
 * outside of an answer to a message. Where the hub will speak TLS, the handshake belongs between on_entered()
 * and the first byte that mllp_conn.c reads; it calls recv() and send() at three places.
 */
#include "core/clock.h"
#include "core/net/mllp_conn.h"

static const struct metric_family
    connections_family = {"iochub_mllp_connections",
                          "Open connections of an MLLP source.",
                          METRIC_GAUGE,
                          {"source"}},
    accepted_family = {"iochub_mllp_accepted_total",
                       "Connections that an MLLP source took.",
                       METRIC_COUNTER,
                       {"source"}},
    messages_family = {"iochub_mllp_messages_total",
                       "Messages that came whole in a frame.",
                       METRIC_COUNTER,
                       {"source"}},
    answers_family = {"iochub_mllp_answers_total", "Answers written.", METRIC_COUNTER, {"source"}},
    undelivered_family = {"iochub_mllp_undelivered_answers_total",
                          "Times that a sender left before it took an answer; it sends the message again.",
                          METRIC_COUNTER,
                          {"source"}};

static struct mllp_listener *listener_of(struct door *door) {
  return CONTAINER_OF(door, struct mllp_listener, door);
}

static struct mllp_conn *conn_of(struct guest *guest) { return CONTAINER_OF(guest, struct mllp_conn, guest); }

static struct guest *on_arrived(struct door *door, int fd, const struct net_peer *peer, bool within_limits) {
  struct mllp_listener *listener = listener_of(door);
  struct mllp_conn *conn = NULL;
  if (!within_limits) return NULL;
  if (!listener->service.admits(listener->service.context, peer)) {
    listener->service.refused(listener->service.context, "forbidden");
    return NULL;
  }
  return mllp_conn_new(listener, fd, &conn) == 0 ? &conn->guest : NULL;
}

static void on_entered(struct guest *guest, bool within_limits) {}

static void on_over_limits(struct door *door) {
  const struct mllp_service *service = &listener_of(door)->service;
  service->refused(service->context, "connections");
}

static void on_look(struct guest *guest, int64_t now_us) { mllp_conn_overdue(conn_of(guest), now_us); }

static void on_bury(struct guest *guest) {
  if (conn_of(guest)->state == MLLP_CONN_CLOSED) mllp_conn_close(conn_of(guest));
}

static const struct door_owner owner = {.arrived = on_arrived,
                                        .entered = on_entered,
                                        .over_limits = on_over_limits,
                                        .look = on_look,
                                        .bury = on_bury};

DEFINE_CLEANUP(struct mllp_listener *, mllp_listener_free)

int mllp_listener_new(struct event_base *base, struct metrics *metrics, const char *name, const char *address,
                      const struct config_limits *limits, const char *state_dir,
                      const struct mllp_service *service, struct mllp_listener **ret_listener,
                      const char **reterr_reason) {
  struct mllp_listener *listener cleanup(mllp_listener_freep) = calloc(1, sizeof *listener);
  if (listener == NULL) return -ENOMEM;
  listener->service = *service;
  int r = door_init(&listener->door, &owner, base, name, address, limits, reterr_reason);
  if (r != 0) return r;
  listener->state_dir = strdup(state_dir);
  listener->scratch = malloc(MLLP_SCRATCH_BYTES);
  if (listener->state_dir == NULL || listener->scratch == NULL) return -ENOMEM;
  const char *const *label = (const char *const *)&listener->door.name;
  listener->door.connections = metrics_series(metrics, &connections_family, label);
  listener->door.accepted = metrics_series(metrics, &accepted_family, label);
  listener->messages = metrics_series(metrics, &messages_family, label);
  listener->answers = metrics_series(metrics, &answers_family, label);
  listener->undelivered = metrics_series(metrics, &undelivered_family, label);
  *ret_listener = TAKE(listener);
  return 0;
}

const char *mllp_listener_address(const struct mllp_listener *listener) { return listener->door.address; }

size_t mllp_listener_connections(const struct mllp_listener *listener) { return listener->door.guests_count; }

void mllp_listener_pause(struct mllp_listener *listener, bool pause) {
  if (listener->door.paused == pause) return;
  door_pause(&listener->door, pause);
  if (pause) return;
  for (struct guest *guest = listener->door.guests; guest != NULL; guest = guest->next)
    mllp_conn_resume(conn_of(guest));
}

static void visit_end(struct guest *guest, int64_t unused_argument) { mllp_conn_end(conn_of(guest)); }

void mllp_listener_drain(struct mllp_listener *listener) {
  listener->door.draining = true;
  door_shut(&listener->door);
  door_walk(&listener->door, visit_end, 0);
}

static void visit_close(struct guest *guest, int64_t unused_argument) { mllp_conn_close(conn_of(guest)); }

void mllp_listener_free(struct mllp_listener *listener) {
  if (listener == NULL) return;
  if (listener->door.guests != NULL) door_walk(&listener->door, visit_close, 0);
  door_deinit(&listener->door);
  free(listener->scratch);
  free(listener->state_dir);
  free(listener);
}
