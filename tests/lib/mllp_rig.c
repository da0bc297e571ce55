/*
 * An MLLP listener under test.
 */
#include "tests/lib/mllp_rig.h"

#include <stdio.h>

#include "core/net/mllp_frame.h"
#include "tests/lib/net_client.h"

static void must(bool condition, const char *what) {
  if (condition) return;
  fprintf(stderr, "mllp_rig: %s: %s\n", what, strerror(errno));
  abort();
}

static bool on_admits(void *context, const struct net_peer *peer) {
  const struct mllp_rig *rig = context;
  must(peer->address[12] == 127 && peer->port != 0, "the peer is not known");
  return !rig->refuse_peers;
}

static void respond_at_length(struct mllp_message *message, size_t bytes) {
  char *answer = malloc(bytes);
  must(answer != NULL, "no memory");
  memset(answer, 'a', bytes);
  mllp_answer(message, (struct text){answer, bytes});
  free(answer);
}

void mllp_rig_respond(struct mllp_rig *rig, struct mllp_message *message) {
  struct text_out answer = TEXT_OUT_INIT;
  text_out_string(&answer, "A");
  text_out_bytes(&answer, (struct text){message->data.data, MIN(message->data.length, (size_t)200)});
  bool lost = text_out_result(&answer) < 0;
  if (rig->answer_bytes != 0) respond_at_length(message, rig->answer_bytes);
  else if (!lost) mllp_answer(message, (struct text){answer.data, answer.length});
  text_out_deinit(&answer);
  mllp_end(message, lost);
}

static void on_message(void *context, struct mllp_message *message) {
  struct mllp_rig *rig = context;
  static const char zeros[64];
  rig->messages++;
  rig->message_length = message->data.length;
  rig->zero_tail = memcmp(message->data.data + message->data.length, zeros, sizeof zeros) == 0;
  if (!rig->later) {
    mllp_rig_respond(rig, message);
    return;
  }
  must(rig->kept_count < MLLP_RIG_KEPT_MAX, "too many messages are kept");
  rig->kept[rig->kept_count++] = message;
}

static void on_refused(void *context, const char *code) {
  struct mllp_rig *rig = context;
  rig->refused = code;
  rig->refusals++;
}

static void set_default(int64_t *value, int64_t fallback) {
  if (*value == 0) *value = fallback;
}

void mllp_rig_open(struct mllp_rig *rig) {
  const char *reason = "";
  struct config_limits *limits = &rig->limits;
  set_default(&limits->body_timeout_ms, 60000);
  set_default(&limits->idle_timeout_ms, 60000);
  set_default(&limits->write_timeout_ms, 60000);
  set_default(&limits->connections, 1000);
  set_default(&limits->connections_per_peer, 1000);
  set_default(&limits->max_body, 1 << 20);
  rig->base = event_base_new();
  must(rig->base != NULL && metrics_new(&rig->metrics) == 0, "no memory");
  rig->service = (struct mllp_service){rig, on_admits, on_message, on_refused};
  int r = mllp_listener_new(rig->base, rig->metrics, "test", "127.0.0.1:0", limits,
                            rig->state_dir == NULL ? "/tmp" : rig->state_dir, &rig->service, &rig->listener,
                            &reason);
  must(r == 0, reason);
}

void mllp_rig_close(struct mllp_rig *rig) {
  mllp_listener_free(TAKE(rig->listener));
  metrics_free(TAKE(rig->metrics));
  event_base_free(TAKE(rig->base));
}

int mllp_rig_connect(struct mllp_rig *rig) {
  return net_client_connect(rig->base, mllp_listener_address(rig->listener));
}

void mllp_rig_digest(struct text received, struct text_out *out) {
  while (received.length != 0) {
    const char *end = memchr(received.data, MLLP_FS, received.length);
    size_t length = end == NULL ? 0 : (size_t)(end - received.data);
    bool framed =
        length > 1 && received.data[0] == MLLP_VT && length + 1 < received.length && end[1] == MLLP_CR;
    if (out->length != 0) text_out_string(out, " ");
    if (!framed) {
      text_out_string(out, "!");
      text_out_json(out, received);
      return;
    }
    text_out_json(out, (struct text){received.data + 1, length - 1});
    received.data += length + 2;
    received.length -= length + 2;
  }
}
