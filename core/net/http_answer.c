/*
 * Answers: one sendmsg() with head and body, and a buffer for what the peer does not take at once.
 *
 * The write event is armed only when the kernel did not take everything, so an answer usually costs one call.
 */
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>

#include "core/clock.h"
#include "core/net/http_conn.h"
#include "core/problem.h"

static int keep_rest(struct http_conn *conn, struct text rest) {
  if (rest.length == 0) return 0;
  size_t waiting = conn->out_end - conn->out_start;
  char *out = malloc(waiting + rest.length);
  if (out == NULL) return -ENOMEM;
  if (waiting != 0) memcpy(out, conn->out + conn->out_start, waiting);
  memcpy(out + waiting, rest.data, rest.length);
  free(conn->out);
  conn->out = out;
  conn->out_start = 0;
  conn->out_end = waiting + rest.length;
  return 0;
}

static struct text without_front(struct text text, size_t *front) {
  size_t n = MIN(*front, text.length);
  *front -= n;
  return (struct text){n == 0 ? text.data : text.data + n, text.length - n};
}

int http_conn_send(struct http_conn *conn, struct text head, struct text body) {
  size_t sent = 0;
  if (conn->out_end == conn->out_start) {
    struct iovec parts[2] = {{(char *)(uintptr_t)head.data, head.length},
                             {(char *)(uintptr_t)body.data, body.length}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = body.length == 0 ? 1 : 2};
    ssize_t n = sendmsg(conn->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN && errno != EINTR) return -errno;
    sent = n < 0 ? 0 : (size_t)n;
    if (sent == head.length + body.length) return 0;
  }
  struct text head_rest = without_front(head, &sent), body_rest = without_front(body, &sent);
  int r = keep_rest(conn, head_rest);
  if (r == 0) r = keep_rest(conn, body_rest);
  if (r == 0 && event_add(&conn->writable, NULL) < 0) r = -ENOMEM;
  return r;
}

int http_conn_flush(struct http_conn *conn) {
  size_t waiting = conn->out_end - conn->out_start;
  if (waiting != 0) {
    ssize_t n = send(conn->fd, conn->out + conn->out_start, waiting, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN && errno != EINTR) return -errno;
    if (n > 0) conn->out_start += (size_t)n;
  }
  if (conn->out_start != conn->out_end) return 0;
  free(TAKE(conn->out));
  conn->out_start = conn->out_end = 0;
  event_del(&conn->writable);
  return 0;
}

static const char *date_text(struct listener *listener) {
  int64_t now_s = clock_now_us() / SECOND_US;
  if (now_s == listener->date_s) return listener->date;
  time_t t = (time_t)now_s;
  struct tm tm;
  static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (gmtime_r(&t, &tm) == NULL) return listener->date;
  snprintf(listener->date, sizeof listener->date, "%s, %02u %s %04u %02u:%02u:%02u GMT", days[tm.tm_wday],
           (unsigned)tm.tm_mday % 100, months[tm.tm_mon], (unsigned)(tm.tm_year + 1900) % 10000,
           (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
  listener->date_s = now_s;
  return listener->date;
}

/* A value that others supplied must not be able to end its line. */
static void write_header(struct text_out *out, const char *name, const char *value) {
  if (value == NULL) return;
  for (const char *c = value; *c != '\0'; c++)
    if ((unsigned char)*c < ' ' || *c == 0x7f) return;
  text_out_string(out, name);
  text_out_string(out, value);
  text_out_string(out, "\r\n");
}

static void write_head(struct listener *listener, const struct http_answer *answer, bool keep,
                       unsigned minor) {
  struct text_out *out = &listener->answer_head;
  bool body = answer->content_type != NULL && answer->status != 204;
  text_out_clear(out);
  text_out_format(out, "HTTP/1.1 %d ", answer->status);
  text_out_string(out, http_status_title(answer->status));
  write_header(out, "\r\nDate: ", date_text(listener));
  if (body) write_header(out, "Content-Type: ", answer->content_type);
  if (answer->status != 204) text_out_format(out, "Content-Length: %zu\r\n", body ? answer->body.length : 0);
  if (answer->retry_after_s > 0) text_out_format(out, "Retry-After: %d\r\n", answer->retry_after_s);
  write_header(out, "Allow: ", answer->allow);
  write_header(out, "WWW-Authenticate: ", answer->authenticate);
  if (!keep) text_out_string(out, "Connection: close\r\n");
  else if (minor == 0) text_out_string(out, "Connection: keep-alive\r\n");
  text_out_string(out, "\r\n");
}

int http_conn_answer(struct http_conn *conn, const struct http_answer *answer, bool keep, bool head_only,
                     unsigned minor) {
  struct listener *listener = conn->listener;
  write_head(listener, answer, keep, minor);
  int r = text_out_result(&listener->answer_head);
  if (r != 0) return r;
  conn->closing = !keep;
  metric_add(listener->answers[MIN((unsigned)answer->status / 100, 5U)], 1);
  bool body = answer->content_type != NULL && answer->status != 204 && !head_only;
  struct text head = {listener->answer_head.data, listener->answer_head.length};
  return http_conn_send(conn, head, body ? answer->body : TEXT_NONE);
}

void http_exchange_free(struct http_exchange *exchange, struct listener *listener) {
  struct arena *arena = exchange->request.arena;
  http_body_deinit(&exchange->body);
  if (exchange->conn != NULL) exchange->conn->exchange = NULL;
  if (listener != NULL) arena_pool_give(&listener->arenas, arena);
  else arena_free(arena);
}

void http_respond(struct http_request *request, const struct http_answer *answer) {
  struct http_exchange *exchange = CONTAINER_OF(request, struct http_exchange, request);
  struct http_conn *conn = exchange->conn;
  if (conn == NULL) {
    http_exchange_free(exchange, NULL);
    return;
  }
  bool keep = exchange->keep_alive && !answer->close && !conn->listener->door.draining;
  int r = http_conn_answer(conn, answer, keep, exchange->head_only, exchange->head.minor);
  http_exchange_free(exchange, conn->listener);
  if (r != 0) {
    http_conn_close(conn);
    return;
  }
  if (conn->out_end == conn->out_start) http_conn_answered(conn);
  else http_conn_set_phase(conn, CONN_WRITE, conn->listener->door.limits.write_timeout_ms);
  http_conn_work(conn);
}
