/*
 * One connection of MLLP: reads, cuts messages out, hands them over, and stops reading while too many of them
 * wait for their answers, the peer does not take what it was told, or the sources are full.
 *
 * A refusal ends the reading, never the answering: what came whole before it is answered first. The end is a
 * half-closed connection whose bytes are thrown away for a moment, since closing with bytes unread would make
 * the kernel send a reset that overtakes the answers.
 */
#include "core/net/mllp_conn.h"

#include <sys/socket.h>

#include "core/clock.h"

static size_t buffered(const struct mllp_conn *conn) { return conn->in_end - conn->in_start; }

static void read_on(struct mllp_conn *conn) {
  if (!conn->reading && event_add(&conn->readable, NULL) == 0) conn->reading = true;
}

static void read_no_more(struct mllp_conn *conn) {
  if (conn->reading) event_del(&conn->readable);
  conn->reading = false;
}

/* Whether a further message may come in. */
static bool wants_bytes(const struct mllp_conn *conn) {
  return conn->state == MLLP_CONN_OPEN && !conn->listener->door.paused &&
         conn->visits_count < MLLP_PIPELINED_MESSAGES && conn->visits_bytes < MLLP_PIPELINED_BYTES &&
         mllp_conn_unsent(conn) < MLLP_UNREAD_ANSWER_BYTES;
}

static void drop_body(struct mllp_conn *conn) {
  if (conn->body_begun) http_body_deinit(&conn->body);
  conn->body_begun = false;
}

/* ---- The end ---- */

static void conn_free(struct mllp_conn *conn) {
  door_leave(&conn->listener->door, &conn->guest);
  free(conn->in);
  text_out_deinit(&conn->out);
  free(conn);
}

void mllp_conn_close(struct mllp_conn *conn) {
  if (conn->state != MLLP_CONN_CLOSED) {
    if (mllp_conn_unsent(conn) != 0) metric_add(conn->listener->undelivered, 1);
    conn->state = MLLP_CONN_CLOSED;
    drop_body(conn);
    mllp_conn_desert(conn);
    event_del(&conn->readable);
    event_del(&conn->writable);
    close(conn->fd);
  }
  if (!conn->working && !conn->listener->door.walking) conn_free(conn);
}

/* Everything is said, once it is. */
static void end_when_answered(struct mllp_conn *conn) {
  if (conn->state != MLLP_CONN_ENDING || conn->first != NULL || mllp_conn_unsent(conn) != 0) return;
  if (conn->peer_ended) {
    mllp_conn_close(conn);
    return;
  }
  shutdown(conn->fd, SHUT_WR);
  conn->state = MLLP_CONN_LINGER;
  conn->in_start = conn->in_end = 0;
  conn->read_deadline_us = clock_monotonic_us() + DOOR_LINGER_MS * 1000;
  read_on(conn);
}

static void stop_reading(struct mllp_conn *conn) {
  if (conn->state != MLLP_CONN_OPEN) return;
  conn->state = MLLP_CONN_ENDING;
  conn->read_deadline_us = INT64_MAX;
  drop_body(conn);
  read_no_more(conn);
  end_when_answered(conn);
}

void mllp_conn_end(struct mllp_conn *conn) { stop_reading(conn); }

static void refuse(struct mllp_conn *conn, const char *code) {
  const struct mllp_service *service = &conn->listener->service;
  service->refused(service->context, code);
  stop_reading(conn);
}

/* ---- Messages ---- */

static int keep(struct mllp_conn *conn, struct text piece, bool whole) {
  if (!conn->body_begun) {
    int64_t expected = whole ? (int64_t)piece.length : -1;
    conn->body_begun = true;
    int r = http_body_init(&conn->body, conn->listener->state_dir, expected);
    if (r < 0) return r;
  }
  return http_body_append(&conn->body, piece.data, piece.length);
}

static void append(struct mllp_conn *conn, struct mllp_visit *visit) {
  if (conn->last != NULL) conn->last->next = visit;
  else conn->first = visit;
  conn->last = visit;
  conn->visits_count++;
  conn->visits_bytes += visit->message.data.length;
}

static void hand_over(struct mllp_conn *conn) {
  struct mllp_listener *listener = conn->listener;
  struct mllp_visit *visit = calloc(1, sizeof *visit);
  if (visit == NULL || http_body_finish(&conn->body, &visit->message.data) < 0) {
    free(visit);
    refuse(conn, "no_room");
    return;
  }
  visit->body = conn->body;
  visit->conn = conn;
  visit->undelivered = listener->undelivered;
  visit->message.peer = conn->guest.peer;
  conn->body_begun = false;
  conn->messages++;
  append(conn, visit);
  metric_add(listener->messages, 1);
  listener->service.message(listener->service.context, &visit->message);
}

/* The bytes up to the end of a message, or all that are there. */
static void take_bytes(struct mllp_conn *conn) {
  const char *code = NULL;
  struct text piece;
  size_t used;
  uint64_t max_bytes = (uint64_t)conn->listener->door.limits.max_body;
  int r = mllp_frame_take(&conn->frame, conn->in + conn->in_start, buffered(conn), max_bytes, &used, &piece,
                          &code);
  conn->in_start += used;
  if (r == MLLP_FRAME_E_REFUSED) refuse(conn, code);
  else if (piece.length != 0 && keep(conn, piece, r == 0) < 0) refuse(conn, "no_room");
  else if (r == 0) hand_over(conn);
}

/* A frame has its own time, a connection without frames another, and while we do not read there is none. */
static void set_deadline(struct mllp_conn *conn, size_t came) {
  const struct config_limits *limits = &conn->listener->door.limits;
  bool same = conn->timing == MLLP_TIMED_FRAME && conn->timed_message == conn->messages;
  if (conn->state != MLLP_CONN_OPEN) return;
  if (wants_bytes(conn) && mllp_frame_is_open(&conn->frame)) {
    if (same) conn->read_deadline_us += (int64_t)came * SECOND_US / DOOR_BYTES_A_SECOND;
    else conn->read_deadline_us = clock_monotonic_us() + limits->body_timeout_ms * 1000;
    conn->timing = MLLP_TIMED_FRAME;
    conn->timed_message = conn->messages;
  } else if (wants_bytes(conn) && conn->first == NULL && mllp_conn_unsent(conn) == 0) {
    conn->read_deadline_us = clock_monotonic_us() + limits->idle_timeout_ms * 1000;
    conn->timing = MLLP_TIMED_IDLE;
  } else {
    conn->read_deadline_us = INT64_MAX;
    conn->timing = MLLP_UNTIMED;
  }
}

static void take_buffered(struct mllp_conn *conn, size_t came) {
  while (wants_bytes(conn) && buffered(conn) != 0) take_bytes(conn);
  if (conn->in_start == conn->in_end) conn->in_start = conn->in_end = 0;
  set_deadline(conn, came);
  if (wants_bytes(conn)) read_on(conn);
  else if (conn->state != MLLP_CONN_LINGER) read_no_more(conn);
}

/* ---- Events ---- */

static void leave(struct mllp_conn *conn) {
  conn->working = false;
  if (conn->state == MLLP_CONN_CLOSED) mllp_conn_close(conn);
}

static void on_peer_end(struct mllp_conn *conn) {
  conn->peer_ended = true;
  if (mllp_frame_is_open(&conn->frame)) refuse(conn, "broken_off");
  else stop_reading(conn);
}

static void receive(struct mllp_conn *conn) {
  ssize_t n = recv(conn->fd, conn->in, MLLP_IN_BYTES, 0);
  if (n > 0) {
    conn->in_end = (size_t)n;
    take_buffered(conn, (size_t)n);
  } else if (n == 0) {
    on_peer_end(conn);
  } else if (errno != EAGAIN && errno != EINTR) {
    mllp_conn_close(conn);
  }
}

static void throw_away(struct mllp_conn *conn) {
  ssize_t n = recv(conn->fd, conn->listener->scratch, MLLP_SCRATCH_BYTES, 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n > 0) conn->lingered += (size_t)n;
  if (n <= 0 || conn->lingered > DOOR_LINGER_BYTES) mllp_conn_close(conn);
}

static void on_readable(evutil_socket_t fd, short events, void *context) {
  struct mllp_conn *conn = context;
  conn->working = true;
  if (conn->state == MLLP_CONN_LINGER) {
    throw_away(conn);
  } else {
    if (buffered(conn) != 0 || !wants_bytes(conn)) take_buffered(conn, 0);
    if (wants_bytes(conn) && buffered(conn) == 0) receive(conn);
  }
  leave(conn);
}

/* Answers are to be written, or the kernel has room for more of them. */
static void on_writable(evutil_socket_t fd, short events, void *context) {
  struct mllp_conn *conn = context;
  conn->working = true;
  if (mllp_conn_flush(conn) != 0) {
    mllp_conn_close(conn);
  } else {
    end_when_answered(conn);
    if (conn->state == MLLP_CONN_OPEN) take_buffered(conn, 0);
    else if (conn->state == MLLP_CONN_ENDING) read_no_more(conn);
  }
  leave(conn);
}

void mllp_conn_resume(struct mllp_conn *conn) {
  if (conn->state != MLLP_CONN_OPEN) return;
  conn->timing = MLLP_UNTIMED; /* the pause was not the peer's */
  /* not `readable`: event_add() does nothing to an event that is active already */
  event_active(&conn->writable, EV_WRITE, 1);
}

void mllp_conn_overdue(struct mllp_conn *conn, int64_t now_us) {
  bool held_up = conn->state == MLLP_CONN_OPEN && !wants_bytes(conn);
  if (conn->state == MLLP_CONN_CLOSED) return;
  if (now_us >= conn->write_deadline_us) {
    conn->listener->service.refused(conn->listener->service.context, "unread_answers");
    mllp_conn_close(conn);
  } else if (now_us >= conn->read_deadline_us && !held_up) {
    if (conn->state == MLLP_CONN_OPEN && conn->timing == MLLP_TIMED_FRAME) refuse(conn, "timeout");
    else mllp_conn_close(conn);
  }
}

int mllp_conn_new(struct mllp_listener *listener, int fd, struct mllp_conn **ret_conn) {
  struct mllp_conn *conn = calloc(1, sizeof *conn);
  if (conn == NULL) return -ENOMEM;
  conn->in = malloc(MLLP_IN_BYTES);
  int r = conn->in == NULL ? -ENOMEM : 0;
  if (r == 0 &&
      event_assign(&conn->readable, listener->door.base, fd, EV_READ | EV_PERSIST, on_readable, conn) < 0)
    r = -EINVAL;
  if (r == 0 &&
      event_assign(&conn->writable, listener->door.base, fd, EV_WRITE | EV_PERSIST, on_writable, conn) < 0)
    r = -EINVAL;
  if (r == 0 && event_add(&conn->readable, NULL) < 0) r = -ENOMEM;
  if (r != 0) {
    free(conn->in);
    free(conn);
    return r;
  }
  conn->listener = listener;
  conn->fd = fd;
  conn->reading = true;
  conn->write_deadline_us = INT64_MAX;
  conn->read_deadline_us = clock_monotonic_us() + listener->door.limits.idle_timeout_ms * 1000;
  conn->timing = MLLP_TIMED_IDLE;
  *ret_conn = conn;
  return 0;
}
