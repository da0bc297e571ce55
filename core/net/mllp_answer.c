/*
 * Answers of MLLP: framed, put into the order of the messages, and written in as few calls as there are turns
 * of the loop.
 *
 * Only the oldest message of a connection writes to it; what others say waits in their own buffers. Nothing
 * is written, and no connection closed, inside mllp_answer() and mllp_end(): the `writable` event is made
 * active, so that all answers of one turn leave together and nobody loses the connection he stands on.
 */
#include <sys/socket.h>

#include "core/clock.h"
#include "core/net/mllp_conn.h"

void mllp_visit_free(struct mllp_visit *visit) {
  http_body_deinit(&visit->body);
  text_out_deinit(&visit->out);
  free(visit);
}

size_t mllp_conn_unsent(const struct mllp_conn *conn) { return conn->out.length - conn->out_start; }

static struct mllp_visit *take_first(struct mllp_conn *conn) {
  struct mllp_visit *visit = conn->first;
  conn->first = visit->next;
  if (conn->first == NULL) conn->last = NULL;
  conn->visits_count--;
  conn->visits_bytes -= visit->message.data.length;
  return visit;
}

void mllp_conn_desert(struct mllp_conn *conn) {
  while (conn->first != NULL) {
    struct mllp_visit *visit = take_first(conn);
    visit->conn = NULL;
    if (visit->out.length != 0) metric_add(visit->undelivered, 1);
    if (visit->ended) mllp_visit_free(visit);
  }
}

/* ---- In their order ---- */

/* What the first message said so far goes out. */
static void promote(struct mllp_conn *conn, struct mllp_visit *visit) {
  if (text_out_result(&visit->out) < 0) visit->lost = true;
  if (visit->lost || visit->out.length == 0) return;
  text_out_bytes(&conn->out, (struct text){visit->out.data, visit->out.length});
  if (text_out_result(&conn->out) < 0) visit->lost = true;
  text_out_clear(&visit->out);
}

static void advance(struct mllp_conn *conn) {
  while (conn->first != NULL && conn->state != MLLP_CONN_CLOSED) {
    struct mllp_visit *visit = conn->first;
    promote(conn, visit);
    if (!visit->ended && !visit->lost) break;
    if (visit->lost) { /* whatever followed would be taken for its answer */
      conn->state = MLLP_CONN_ENDING;
      mllp_conn_desert(conn);
      break;
    }
    mllp_visit_free(take_first(conn));
  }
  event_active(&conn->writable, EV_WRITE, 1);
}

static bool can_be_framed(struct text answer) {
  return memchr(answer.data, MLLP_VT, answer.length) == NULL &&
         memchr(answer.data, MLLP_FS, answer.length) == NULL;
}

void mllp_answer(struct mllp_message *message, struct text answer) {
  struct mllp_visit *visit = CONTAINER_OF(message, struct mllp_visit, message);
  if (answer.length == 0) return;
  if (visit->conn == NULL) {
    metric_add(visit->undelivered, 1);
    return;
  }
  if (!can_be_framed(answer)) {
    visit->lost = true;
    return;
  }
  text_out_string(&visit->out, "\x0b");
  text_out_bytes(&visit->out, answer);
  text_out_string(&visit->out, "\x1c\r");
  metric_add(visit->conn->listener->answers, 1);
  if (visit->conn->first == visit) advance(visit->conn);
}

void mllp_end(struct mllp_message *message, bool lost) {
  struct mllp_visit *visit = CONTAINER_OF(message, struct mllp_visit, message);
  struct mllp_conn *conn = visit->conn;
  visit->ended = true;
  visit->lost |= lost;
  if (conn == NULL) mllp_visit_free(visit);
  else if (conn->first == visit) advance(conn);
}

/* ---- To the peer ---- */

/* A peer that never takes all of it must not make the buffer grow. */
static void forget_sent(struct mllp_conn *conn) {
  if (conn->out_start < MLLP_UNREAD_ANSWER_BYTES) return;
  conn->out.length -= conn->out_start;
  memmove(conn->out.data, conn->out.data + conn->out_start, conn->out.length);
  conn->out_start = 0;
}

/* Bytes that moved buy time, so that only a peer below 64 KiB a second can be overdue. */
static void earn_time(struct mllp_conn *conn, size_t sent) {
  int64_t now_us = clock_monotonic_us();
  if (conn->write_deadline_us == INT64_MAX)
    conn->write_deadline_us = now_us + conn->listener->door.limits.write_timeout_ms * 1000;
  else conn->write_deadline_us += (int64_t)sent * SECOND_US / DOOR_BYTES_A_SECOND;
}

int mllp_conn_flush(struct mllp_conn *conn) {
  size_t unsent = mllp_conn_unsent(conn), sent = 0;
  if (unsent != 0) {
    ssize_t n = send(conn->fd, conn->out.data + conn->out_start, unsent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN && errno != EINTR) return -errno;
    if (n > 0) sent = (size_t)n;
  }
  conn->out_start += sent;
  if (sent == unsent) {
    text_out_clear(&conn->out);
    conn->out_start = 0;
    conn->write_deadline_us = INT64_MAX;
    if (conn->writing) event_del(&conn->writable);
    conn->writing = false;
    return 0;
  }
  forget_sent(conn);
  earn_time(conn, sent);
  if (!conn->writing && event_add(&conn->writable, NULL) < 0) return -ENOMEM;
  conn->writing = true;
  return 0;
}
