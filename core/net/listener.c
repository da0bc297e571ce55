/*
 * A listening socket of HTTP and its connections: pausing, draining, metrics.
 *
 * Connections over the limits are told 503 by the same code as every other refusal, up to a reserve; beyond
 * it they are closed without a word.
 */
#include "core/clock.h"
#include "core/net/http_conn.h"

static const struct metric_family connections_family = {
    "iochub_http_connections", "Open connections of a listener.", METRIC_GAUGE, {"listener"}};
static const struct metric_family accepted_family = {
    "iochub_http_accepted_total", "Connections that a listener took.", METRIC_COUNTER, {"listener"}};
static const struct metric_family answers_family = {
    "iochub_http_answers_total", "Answers by class of their status.", METRIC_COUNTER, {"listener", "class"}};
static const struct metric_family refusals_family = {
    "iochub_http_refusals_total",
    "Requests refused before their body was whole, by reason.",
    METRIC_COUNTER,
    {"listener", "code"}};

static const struct http_refusal too_many = {
    .status = 503,
    .code = "connections",
    .detail = "more connections than this door or this peer may have",
    .retry_after_s = 5};

void listener_refused(struct listener *listener, const char *code) {
  const char *labels[] = {listener->door.name, code == NULL ? "refused" : code};
  metric_add(metrics_series(listener->metrics, &refusals_family, labels), 1);
}

static struct listener *listener_of(struct door *door) { return CONTAINER_OF(door, struct listener, door); }

static struct http_conn *conn_of(struct guest *guest) { return CONTAINER_OF(guest, struct http_conn, guest); }

static struct guest *on_arrived(struct door *door, int fd, const struct net_peer *peer, bool within_limits) {
  struct http_conn *conn = NULL;
  return http_conn_new(listener_of(door), fd, &conn) == 0 ? &conn->guest : NULL;
}

static void on_entered(struct guest *guest, bool within_limits) {
  if (!within_limits) http_conn_refuse(conn_of(guest), &too_many);
}

static void on_over_limits(struct door *door) { listener_refused(listener_of(door), too_many.code); }

static void on_look(struct guest *guest, int64_t now_us) { http_conn_overdue(conn_of(guest), now_us); }

static void on_bury(struct guest *guest) {
  struct http_conn *conn = conn_of(guest);
  if (conn->state == CONN_CLOSED) http_conn_close(conn);
}

static const struct door_owner owner = {.arrived = on_arrived,
                                        .entered = on_entered,
                                        .over_limits = on_over_limits,
                                        .look = on_look,
                                        .bury = on_bury};

static void open_metrics(struct listener *listener) {
  static const char *const classes[] = {"1xx", "1xx", "2xx", "3xx", "4xx", "5xx"};
  const char *labels[] = {listener->door.name, NULL};
  listener->door.connections = metrics_series(listener->metrics, &connections_family, labels);
  listener->door.accepted = metrics_series(listener->metrics, &accepted_family, labels);
  for (size_t i = 2; i < LENGTH_OF(classes); i++) {
    labels[1] = classes[i];
    listener->answers[i] = metrics_series(listener->metrics, &answers_family, labels);
  }
}

DEFINE_CLEANUP(struct listener *, listener_free)

int listener_new(struct event_base *base, struct metrics *metrics, const char *name, const char *address,
                 const struct config_limits *limits, const char *state_dir,
                 const struct http_service *service, struct listener **ret_listener,
                 const char **reterr_reason) {
  struct listener *listener cleanup(listener_freep) = calloc(1, sizeof *listener);
  if (listener == NULL) return -ENOMEM;
  *listener = (struct listener){.metrics = metrics, .service = *service, .date_s = -1};
  int r = door_init(&listener->door, &owner, base, name, address, limits, reterr_reason);
  if (r != 0) return r;
  listener->state_dir = strdup(state_dir);
  listener->scratch = malloc(CONN_SCRATCH_BYTES);
  if (listener->state_dir == NULL || listener->scratch == NULL) return -ENOMEM;
  open_metrics(listener);
  *ret_listener = TAKE(listener);
  return 0;
}

const char *listener_address(const struct listener *listener) { return listener->door.address; }

size_t listener_connections(const struct listener *listener) { return listener->door.guests_count; }

void listener_pause(struct listener *listener, bool pause) {
  if (listener->door.paused == pause) return;
  door_pause(&listener->door, pause);
  if (pause) return;
  for (struct guest *guest = listener->door.guests; guest != NULL; guest = guest->next)
    http_conn_resume(conn_of(guest));
}

static void visit_drain(struct guest *guest, int64_t unused_argument) {
  if (conn_of(guest)->state == CONN_IDLE) http_conn_close(conn_of(guest));
}

void listener_drain(struct listener *listener) {
  listener->door.draining = true;
  door_shut(&listener->door);
  door_walk(&listener->door, visit_drain, 0);
}

static void visit_close(struct guest *guest, int64_t unused_argument) { http_conn_close(conn_of(guest)); }

void listener_free(struct listener *listener) {
  if (listener == NULL) return;
  if (listener->door.guests != NULL) door_walk(&listener->door, visit_close, 0);
  door_deinit(&listener->door);
  arena_pool_deinit(&listener->arenas);
  text_out_deinit(&listener->answer_head);
  free(listener->scratch);
  free(listener->state_dir);
  free(listener);
}
