/*
 * One connection: reads a head whole, asks the service, reads the body, hands the request over, waits for its
 * answer, and only then looks at the next bytes. Requests of one connection never overlap.
 *
 * Every step works on what is buffered and says whether another can follow (http_conn_work), so the split in
 * which bytes arrive changes nothing. Nobody frees a connection that http_conn_work() or a walk over all
 * connections stands on: it is marked closed and freed when they leave. Reading is not disarmed while the
 * service works, only once the peer does send more: that saves two system calls a request.
 */
#include "core/net/http_conn.h"

#include <sys/socket.h>

#include "core/clock.h"
#include "core/problem.h"

enum step { STEP_WAIT, STEP_AGAIN };

static const struct http_refusal too_large = {
    .status = 413, .code = "too_large", .detail = "the body is larger than this door takes"};
static const struct http_refusal no_memory = {
    .status = 503, .code = "busy", .detail = "the hub is short of memory", .retry_after_s = 5};
static const struct http_refusal no_room = {
    .status = 503, .code = "busy", .detail = "the hub has no room for the body", .retry_after_s = 30};
static const struct http_refusal truncated = {
    .status = 400, .code = "truncated", .detail = "the connection ended inside the request"};
static const struct http_refusal head_overdue = {
    .status = 408, .code = "timeout", .detail = "the head of the request took too long"};
static const struct http_refusal body_overdue = {
    .status = 408, .code = "timeout", .detail = "the body of the request took too long"};

void http_conn_set_phase(struct http_conn *conn, enum conn_state state, int64_t limit_ms) {
  conn->state = state;
  conn->deadline_us = limit_ms == 0 ? INT64_MAX : clock_monotonic_us() + limit_ms * 1000;
}

/* Bytes that moved buy time, so that only a peer below 64 KiB a second can be overdue. */
static void earn_time(struct http_conn *conn, size_t bytes) {
  conn->deadline_us += (int64_t)bytes * SECOND_US / DOOR_BYTES_A_SECOND;
}

static size_t buffered(const struct http_conn *conn) { return conn->in_end - conn->in_start; }

static void read_on(struct http_conn *conn) {
  if (!conn->reading && event_add(&conn->readable, NULL) == 0) conn->reading = true;
}

static void read_no_more(struct http_conn *conn) {
  if (conn->reading) event_del(&conn->readable);
  conn->reading = false;
}

/* The body will not become whole. refusal: what is said about it, in the service's words if it has some. */
static void tell_dropped(struct http_conn *conn, struct http_refusal *refusal) {
  const struct http_service *service = &conn->listener->service;
  if (conn->state != CONN_BODY || service->dropped == NULL) return;
  service->dropped(service->context, &conn->exchange->request, refusal);
}

/* The request never reaches the service, or its connection is gone. */
static void drop_exchange(struct http_conn *conn) {
  struct http_exchange *exchange = conn->exchange;
  if (exchange == NULL) return;
  if (conn->state == CONN_BUSY) { /* the service answers later, to nobody */
    exchange->conn = NULL;
    conn->exchange = NULL;
    return;
  }
  tell_dropped(conn, NULL);
  http_exchange_free(exchange, conn->listener);
}

static void conn_free(struct http_conn *conn) {
  door_leave(&conn->listener->door, &conn->guest);
  free(conn->in);
  free(conn->out);
  free(conn);
}

void http_conn_close(struct http_conn *conn) {
  if (conn->state != CONN_CLOSED) {
    drop_exchange(conn);
    read_no_more(conn);
    event_del(&conn->writable);
    close(conn->fd);
    conn->state = CONN_CLOSED;
  }
  if (!conn->working && !conn->listener->door.walking) conn_free(conn);
}

static void linger(struct http_conn *conn) {
  shutdown(conn->fd, SHUT_WR);
  conn->in_start = conn->in_end = 0;
  http_conn_set_phase(conn, CONN_LINGER, DOOR_LINGER_MS);
  read_on(conn);
}

void http_conn_answered(struct http_conn *conn) {
  if (conn->closing) {
    linger(conn);
    return;
  }
  http_conn_set_phase(conn, CONN_IDLE, conn->listener->door.limits.idle_timeout_ms);
  read_on(conn);
}

/* Says no and ends: what follows on this connection could be read two ways or is not wanted. */
static void refuse(struct http_conn *conn, const struct http_refusal *refusal, bool keep) {
  struct text_out body cleanup(text_out_deinit) = TEXT_OUT_INIT;
  bool head_only = conn->exchange != NULL && conn->exchange->head_only;
  unsigned minor = conn->exchange == NULL ? 1 : conn->exchange->head.minor;
  struct http_refusal said = *refusal;
  listener_refused(conn->listener, refusal->code);
  tell_dropped(conn, &said);
  conn->state = CONN_WRITE; /* the service knows */
  if (said.content_type != NULL) text_out_bytes(&body, said.body);
  else problem_write(&body, said.status, said.code == NULL ? "refused" : said.code, said.detail, NULL);
  struct http_answer answer = {
      .status = said.status,
      .content_type = said.content_type != NULL ? said.content_type : PROBLEM_CONTENT_TYPE,
      .body = {body.data, body.length},
      .retry_after_s = said.retry_after_s,
      .allow = said.allow,
      .authenticate = said.authenticate};
  int r = text_out_result(&body);
  if (r == 0) r = http_conn_answer(conn, &answer, keep, head_only, minor);
  drop_exchange(conn); /* only now: the service's words may stand in the request's arena */
  if (r != 0) {
    http_conn_close(conn);
    return;
  }
  if (conn->out_start == conn->out_end) http_conn_answered(conn);
  else http_conn_set_phase(conn, CONN_WRITE, conn->listener->door.limits.write_timeout_ms);
}

void http_conn_refuse(struct http_conn *conn, const struct http_refusal *refusal) {
  refuse(conn, refusal, false);
}

static void refuse_errno(struct http_conn *conn, int error) {
  http_conn_refuse(conn, error == -ENOMEM ? &no_memory : &no_room);
}

static enum step step_idle(struct http_conn *conn) {
  struct listener *listener = conn->listener;
  if (listener->door.draining) {
    http_conn_close(conn);
    return STEP_WAIT;
  }
  if (listener->door.paused || buffered(conn) == 0) return STEP_WAIT;
  conn->scan = (struct http_head_scan){0};
  http_conn_set_phase(conn, CONN_HEAD, listener->door.limits.head_timeout_ms);
  return STEP_AGAIN;
}

static struct http_exchange *exchange_new(struct http_conn *conn) {
  struct arena *arena = arena_pool_take(&conn->listener->arenas);
  struct http_exchange *exchange = arena == NULL ? NULL : arena_alloc(arena, sizeof *exchange);
  if (exchange == NULL) {
    arena_free(arena);
    return NULL;
  }
  exchange->conn = conn;
  exchange->body.fd = -1;
  exchange->request = (struct http_request){.head = &exchange->head,
                                            .peer = conn->guest.peer,
                                            .listener = conn->listener->door.name,
                                            .arena = arena,
                                            .started_us = clock_now_us()};
  conn->exchange = exchange;
  return exchange;
}

static enum step hand_over(struct http_conn *conn) {
  struct http_exchange *exchange = conn->exchange;
  struct listener *listener = conn->listener;
  http_conn_set_phase(conn, CONN_BUSY, 0);
  listener->service.request(listener->service.context, &exchange->request);
  return STEP_AGAIN;
}

static void send_continue(struct http_conn *conn) {
  if (http_conn_send(conn, TEXT("HTTP/1.1 100 Continue\r\n\r\n"), TEXT_NONE) != 0) http_conn_close(conn);
}

/* The service has accepted the head: makes room for the body. */
static enum step begin_body(struct http_conn *conn, int64_t max_body) {
  struct http_exchange *exchange = conn->exchange;
  const struct http_head *head = &exchange->head;
  conn->state = CONN_BODY; /* from here on a refusal tells the service */
  if (head->content_length > max_body) {
    http_conn_refuse(conn, &too_large);
    return STEP_AGAIN;
  }
  int64_t expected = head->chunked ? -1 : MAX(head->content_length, 0);
  int r = http_body_init(&exchange->body, conn->listener->state_dir, expected);
  if (r != 0) {
    refuse_errno(conn, r);
    return STEP_AGAIN;
  }
  conn->body_left = MAX(expected, 0);
  conn->frame.max_body = MAX(max_body, 0);
  http_conn_set_phase(conn, CONN_BODY, conn->listener->door.limits.body_timeout_ms);
  if (head->expect_continue && buffered(conn) == 0) send_continue(conn);
  return STEP_AGAIN;
}

static enum step ask_service(struct http_conn *conn) {
  struct http_exchange *exchange = conn->exchange;
  const struct http_service *service = &conn->listener->service;
  struct http_refusal refusal = {0};
  int64_t max_body = 0;
  bool body = exchange->head.chunked || exchange->head.content_length > 0;
  if (service->head(service->context, &exchange->request, &max_body, &refusal) == 0)
    return begin_body(conn, max_body);
  refuse(conn, &refusal, exchange->keep_alive && !body && !conn->listener->door.draining);
  return STEP_AGAIN;
}

static enum step read_head(struct http_conn *conn) {
  struct http_refusal refusal;
  struct text bytes = {conn->in + conn->in_start + conn->scan.start, conn->scan.seen - conn->scan.start};
  struct http_exchange *exchange = exchange_new(conn);
  int r = exchange == NULL ? -ENOMEM : 0;
  if (r == 0) r = http_head_read(exchange->request.arena, bytes, &exchange->head, &refusal);
  if (r == 0) {
    exchange->keep_alive = exchange->head.keep_alive;
    exchange->head_only = text_is(exchange->head.method, "HEAD");
    r = http_frame_begin(&conn->frame, bytes, &exchange->head, &refusal);
  }
  conn->in_start += conn->scan.seen;
  if (r == 0) return ask_service(conn);
  http_conn_refuse(conn, r < 0 ? &no_memory : &refusal);
  return STEP_AGAIN;
}

static enum step step_head(struct http_conn *conn) {
  struct http_refusal refusal;
  int r = http_head_find(&conn->scan, conn->in + conn->in_start, buffered(conn), &refusal);
  if (r == HTTP_HEAD_E_MORE) return STEP_WAIT;
  if (r == 0) return read_head(conn);
  http_conn_refuse(conn, &refusal);
  return STEP_AGAIN;
}

static enum step body_whole(struct http_conn *conn) {
  struct http_exchange *exchange = conn->exchange;
  int r = http_body_finish(&exchange->body, &exchange->request.body);
  if (r == 0) return hand_over(conn);
  refuse_errno(conn, r);
  return STEP_AGAIN;
}

static enum step step_length(struct http_conn *conn) {
  size_t n = (size_t)MIN((int64_t)buffered(conn), conn->body_left);
  int r = http_body_append(&conn->exchange->body, conn->in + conn->in_start, n);
  conn->in_start += n;
  conn->body_left -= (int64_t)n;
  if (r != 0) {
    refuse_errno(conn, r);
    return STEP_AGAIN;
  }
  return conn->body_left == 0 ? body_whole(conn) : STEP_WAIT;
}

static enum step step_chunked(struct http_conn *conn) {
  struct http_refusal refusal;
  struct text body;
  size_t used;
  int r = http_frame_chunked(&conn->frame, conn->in + conn->in_start, buffered(conn), &used, &body, &refusal);
  conn->in_start += used;
  if (r == HTTP_FRAME_E_REFUSED) {
    http_conn_refuse(conn, &refusal);
    return STEP_AGAIN;
  }
  int stored = http_body_append(&conn->exchange->body, body.data, body.length);
  if (stored != 0) {
    refuse_errno(conn, stored);
    return STEP_AGAIN;
  }
  if (r == 0) return body_whole(conn);
  return buffered(conn) == 0 ? STEP_WAIT : STEP_AGAIN;
}

static enum step step(struct http_conn *conn) {
  switch (conn->state) {
    case CONN_IDLE: return step_idle(conn);
    case CONN_HEAD: return step_head(conn);
    case CONN_BODY: return conn->exchange->head.chunked ? step_chunked(conn) : step_length(conn);
    default: return STEP_WAIT;
  }
}

static void run_steps(struct http_conn *conn) {
  while (step(conn) == STEP_AGAIN) continue;
  if (conn->in_start == conn->in_end) conn->in_start = conn->in_end = 0;
}

static void leave(struct http_conn *conn) {
  conn->working = false;
  if (conn->state == CONN_CLOSED) http_conn_close(conn);
}

void http_conn_work(struct http_conn *conn) {
  if (conn->working) return;
  conn->working = true;
  run_steps(conn);
  leave(conn);
}

/* Where the next bytes go: straight into the body when only body bytes can come, else into the buffer. */
static char *read_place(struct http_conn *conn, size_t *ret_room) {
  if (conn->state == CONN_LINGER) {
    *ret_room = CONN_SCRATCH_BYTES;
    return conn->listener->scratch;
  }
  if (conn->state == CONN_BODY && !conn->exchange->head.chunked && buffered(conn) == 0) {
    char *place = http_body_room(&conn->exchange->body, ret_room);
    if (place == NULL) place = conn->listener->scratch, *ret_room = CONN_SCRATCH_BYTES;
    *ret_room = (size_t)MIN((int64_t)*ret_room, conn->body_left);
    return place;
  }
  if (conn->in_start != 0 && conn->in_end == CONN_IN_BYTES) {
    memmove(conn->in, conn->in + conn->in_start, buffered(conn));
    conn->in_end -= conn->in_start;
    conn->in_start = 0;
  }
  *ret_room = CONN_IN_BYTES - conn->in_end;
  return conn->in + conn->in_end;
}

static void took(struct http_conn *conn, const char *place, size_t n) {
  if (conn->state == CONN_LINGER) {
    conn->lingered += n;
    if (conn->lingered > DOOR_LINGER_BYTES) http_conn_close(conn);
    return;
  }
  if (conn->state == CONN_BODY) earn_time(conn, n);
  if (place == conn->in + conn->in_end) {
    conn->in_end += n;
  } else {
    int r = 0;
    conn->body_left -= (int64_t)n;
    if (place == conn->listener->scratch) r = http_body_append(&conn->exchange->body, place, n);
    else http_body_added(&conn->exchange->body, n);
    if (r != 0) refuse_errno(conn, r);
  }
  run_steps(conn);
}

static void peer_ended(struct http_conn *conn) {
  if (conn->state == CONN_HEAD || conn->state == CONN_BODY) {
    http_conn_refuse(conn, &truncated);
    return;
  }
  http_conn_close(conn);
}

static void on_readable(evutil_socket_t fd, short events, void *context) {
  struct http_conn *conn = context;
  if (conn->state == CONN_BUSY || conn->state == CONN_WRITE ||
      (conn->state == CONN_IDLE && conn->listener->door.paused)) {
    read_no_more(conn); /* taken up again when the connection is idle */
    return;
  }
  conn->working = true;
  size_t room;
  char *place = read_place(conn, &room);
  ssize_t n = recv(fd, place, room, 0);
  if (n > 0) took(conn, place, (size_t)n);
  else if (n == 0) peer_ended(conn);
  else if (errno == EAGAIN || errno == EINTR) run_steps(conn);
  else http_conn_close(conn);
  leave(conn);
}

static void on_writable(evutil_socket_t fd, short events, void *context) {
  struct http_conn *conn = context;
  size_t waiting = conn->out_end - conn->out_start;
  if (http_conn_flush(conn) != 0) {
    http_conn_close(conn);
    return;
  }
  if (conn->state != CONN_WRITE) return;
  if (conn->out_start != conn->out_end) {
    earn_time(conn, waiting - (conn->out_end - conn->out_start));
    return;
  }
  http_conn_answered(conn);
  http_conn_work(conn);
}

void http_conn_resume(struct http_conn *conn) {
  if (conn->state != CONN_IDLE) return;
  http_conn_set_phase(conn, CONN_IDLE, conn->listener->door.limits.idle_timeout_ms);
  read_on(conn);
  if (buffered(conn) != 0) event_active(&conn->readable, EV_READ, 1);
}

void http_conn_overdue(struct http_conn *conn, int64_t now_us) {
  if (now_us < conn->deadline_us) return;
  if (conn->state == CONN_HEAD) http_conn_refuse(conn, &head_overdue);
  else if (conn->state == CONN_BODY) http_conn_refuse(conn, &body_overdue);
  else if (conn->state != CONN_CLOSED && !(conn->state == CONN_IDLE && conn->listener->door.paused))
    http_conn_close(conn);
}

int http_conn_new(struct listener *listener, int fd, struct http_conn **ret_conn) {
  struct http_conn *conn = calloc(1, sizeof *conn);
  if (conn == NULL) return -ENOMEM;
  conn->in = malloc(CONN_IN_BYTES);
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
  http_conn_set_phase(conn, CONN_IDLE, listener->door.limits.head_timeout_ms);
  *ret_conn = conn;
  return 0;
}
