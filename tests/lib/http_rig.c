/*
 * A listener of HTTP under test.
 */
#include "tests/lib/http_rig.h"

#include <stdio.h>

#include "tests/lib/net_client.h"

static void must(bool condition, const char *what) {
  if (condition) return;
  fprintf(stderr, "http_rig: %s: %s\n", what, strerror(errno));
  abort();
}

static int on_head(void *context, struct http_request *request, int64_t *ret_max_body,
                   struct http_refusal *reterr_refusal) {
  struct http_rig *rig = context;
  rig->heads++;
  request->service_data = rig;
  *ret_max_body = rig->max_body;
  *reterr_refusal = (struct http_refusal){.status = rig->refuse_status,
                                          .code = "refused",
                                          .detail = "as the test wants",
                                          .authenticate = "ApiKey"};
  return rig->refuse_status != 0;
}

static void respond_at_length(struct http_request *request, size_t bytes) {
  char *body = malloc(bytes);
  must(body != NULL, "no memory");
  memset(body, 'a', bytes);
  struct http_answer answer = {.status = 200, .content_type = "text/plain", .body = {body, bytes}};
  http_respond(request, &answer);
  free(body);
}

void http_rig_respond(struct http_request *request) {
  struct text_out body = TEXT_OUT_INIT;
  const struct http_head *head = request->head;
  text_out_bytes(&body, head->method);
  text_out_string(&body, " ");
  text_out_bytes(&body, head->path);
  text_out_string(&body, " ");
  text_out_bytes(&body, head->query);
  text_out_string(&body, " ");
  text_out_json(&body, (struct text){request->body.data, MIN(request->body.length, (size_t)256)});
  struct http_answer answer = {.status = 200, .content_type = "text/plain", .body = {body.data, body.length}};
  http_respond(request, &answer);
  text_out_deinit(&body);
}

static void on_request(void *context, struct http_request *request) {
  struct http_rig *rig = context;
  static const char zeros[64];
  char *tail = (char *)(uintptr_t)request->body.data + request->body.length;
  rig->requests++;
  rig->body_length = request->body.length;
  rig->zero_tail = memcmp(tail, zeros, sizeof zeros) == 0;
  memset(tail, 'x', sizeof zeros);
  if (rig->later) rig->kept = request;
  else if (rig->answer_bytes != 0) respond_at_length(request, rig->answer_bytes);
  else http_rig_respond(request);
}

static void on_dropped(void *context, struct http_request *request, struct http_refusal *refusal) {
  struct http_rig *rig = context;
  must(request->service_data == rig, "service_data is lost");
  rig->dropped++;
  if (refusal == NULL || !rig->own_words) return;
  refusal->content_type = "text/plain";
  refusal->body = text_of(arena_printf(request->arena, "own %s", refusal->code));
}

static void set_default(int64_t *value, int64_t fallback) {
  if (*value == 0) *value = fallback;
}

void http_rig_open(struct http_rig *rig) {
  const char *reason = "";
  struct config_limits *limits = &rig->limits;
  set_default(&limits->head_timeout_ms, 60000);
  set_default(&limits->body_timeout_ms, 60000);
  set_default(&limits->idle_timeout_ms, 60000);
  set_default(&limits->write_timeout_ms, 60000);
  set_default(&limits->connections, 1000);
  set_default(&limits->connections_per_peer, 1000);
  set_default(&rig->max_body, 1 << 20);
  rig->base = event_base_new();
  must(rig->base != NULL && metrics_new(&rig->metrics) == 0, "no memory");
  rig->service = (struct http_service){rig, on_head, on_request, on_dropped};
  int r =
      listener_new(rig->base, rig->metrics, "test", "127.0.0.1:0", limits,
                   rig->state_dir == NULL ? "/tmp" : rig->state_dir, &rig->service, &rig->listener, &reason);
  must(r == 0, reason);
}

void http_rig_close(struct http_rig *rig) {
  listener_free(TAKE(rig->listener));
  metrics_free(TAKE(rig->metrics));
  event_base_free(TAKE(rig->base));
}

void http_rig_turn(struct http_rig *rig) { net_client_turn(rig->base); }

void http_rig_until(struct http_rig *rig, bool (*done)(void *context), void *context) {
  net_client_until(rig->base, done, context);
}

int http_rig_connect(struct http_rig *rig) {
  return net_client_connect(rig->base, listener_address(rig->listener));
}

void http_rig_send(struct http_rig *rig, int fd, struct text bytes) { net_client_send(rig->base, fd, bytes); }

bool http_rig_receive(int fd, struct text_out *received) { return net_client_receive(fd, received); }

void http_rig_finish(struct http_rig *rig, int fd, struct text_out *received) {
  net_client_finish(rig->base, fd, received);
}

/* The value of a header in an answer's head, or an empty text. */
static struct text find_header(struct text head, const char *name) {
  const char *at = memmem(head.data, head.length, name, strlen(name));
  if (at == NULL) return TEXT_NONE;
  at += strlen(name);
  size_t left = head.length - (size_t)(at - head.data);
  const char *end = memchr(at, '\r', left);
  return (struct text){at, end == NULL ? left : (size_t)(end - at)};
}

static size_t digest_one(struct text rest, struct text_out *out) {
  const char *end = memmem(rest.data, rest.length, "\r\n\r\n", 4);
  if (end == NULL || rest.length < 12) {
    text_out_string(out, "no answer\n");
    return rest.length;
  }
  struct text head = {rest.data, (size_t)(end - rest.data) + 2};
  size_t used = head.length + 2;
  struct text status = {rest.data + 9, 3};
  if (text_is(status, "100")) return used;
  struct text length = find_header(head, "\r\nContent-Length: ");
  size_t body = length.length == 0 ? 0 : MIN((size_t)strtoull(length.data, NULL, 10), rest.length - used);
  /* The answer to HEAD has a length and no body; no body of the service begins like an answer. */
  if (rest.length - used >= 7 && memcmp(rest.data + used, "HTTP/1.", 7) == 0) body = 0;
  text_out_bytes(out, status);
  if (text_is(find_header(head, "\r\nConnection: "), "close")) text_out_string(out, " close");
  text_out_string(out, " ");
  text_out_bytes(out, (struct text){rest.data + used, body});
  if (body == 0 || rest.data[used + body - 1] != '\n') text_out_string(out, "\n");
  return used + body;
}

void http_rig_digest(struct text received, struct text_out *out) {
  while (received.length != 0) {
    size_t used = digest_one(received, out);
    received.data += used;
    received.length -= used;
  }
}
