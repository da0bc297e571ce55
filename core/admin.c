/*
 * The admin listener. /livez says that the loop turns; /readyz says, part by part, whether payloads would be
 * taken; /metrics is written when it is asked for, with the gauges read at that moment. Nothing here changes
 * anything, so it asks for no credentials and listens on loopback only (the configuration refuses other
 * addresses).
 */
#include "core/admin.h"

#include <event2/event.h>
#include <sys/resource.h>

#include "core/clock.h"

struct admin {
  struct admin_options options;
  struct listener *listener;
  bool stopping;
  struct {
    struct metric *connected, *ids, *ids_bytes, *payloads, *cpu;
  } gauges;
};

static const struct metric_family
    connected_family = {"iochub_kafka_connected", "1 when a broker answered lately.", METRIC_GAUGE, {NULL}},
    ids_family = {"iochub_known_ids", "Entries in the memory of ids.", METRIC_GAUGE, {NULL}},
    ids_bytes_family = {"iochub_known_ids_bytes", "Bytes of that memory.", METRIC_GAUGE, {NULL}},
    payloads_family = {"iochub_payloads_in_flight", "Payloads without an answer yet.", METRIC_GAUGE, {NULL}},
    cpu_family = {"iochub_process_cpu_milliseconds_total",
                  "Processor time of the hub, user and system.",
                  METRIC_COUNTER,
                  {NULL}};

static void read_gauges(struct admin *admin) {
  struct publisher_state state;
  struct dedupe_state ids;
  struct rusage usage;
  publisher_state(admin->options.publisher, &state);
  dedupe_state(admin->options.dedupe, &ids);
  getrusage(RUSAGE_SELF, &usage);
  folder_sources_show(admin->options.folders);
  metric_set(admin->gauges.connected, state.connected);
  metric_set(admin->gauges.ids, (int64_t)ids.known);
  metric_set(admin->gauges.ids_bytes, (int64_t)ids.bytes);
  metric_set(admin->gauges.payloads, (int64_t)pipeline_in_flight(admin->options.pipeline));
  metric_set(admin->gauges.cpu, (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
                                    (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000);
}

static void write_part(struct text_out *out, const char *part, bool ready, const char *why) {
  text_out_format(out, "%s %s%s%s\n", part, ready ? "ready" : "not ready", why == NULL ? "" : ": ",
                  why == NULL ? "" : why);
}

/* One line a part; what is ready may still be said to be worth less than the best. */
static int write_ready(struct admin *admin, struct text_out *out) {
  struct publisher_state state;
  struct topic_promise topics[DEDUPE_TOPICS_MAX];
  publisher_state(admin->options.publisher, &state);
  write_part(out, "hub", !admin->stopping, admin->stopping ? "it is stopping" : NULL);
  write_part(out, "kafka", state.connected && !state.fatal, state.trouble);
  bool room = pipeline_has_room(admin->options.pipeline);
  write_part(out, "room", room,
             room ? NULL : "too many messages wait for the brokers; senders are told to wait");
  size_t count = publisher_topics(admin->options.publisher, topics, LENGTH_OF(topics));
  for (size_t i = 0; i < count; i++) {
    text_out_format(
        out, "topic %s %s (partitions %d, replication %d, min.insync.replicas %d, max.message.bytes %lld)\n",
        topics[i].topic, topics[i].promise, topics[i].partitions, topics[i].replication, topics[i].min_insync,
        (long long)topics[i].max_message_bytes);
  }
  folder_sources_status(admin->options.folders, out);
  return !admin->stopping && state.connected && !state.fatal ? 200 : 503;
}

static int on_head(void *context, struct http_request *request, int64_t *ret_max_body,
                   struct http_refusal *reterr_refusal) {
  static const char *const paths[] = {"/metrics", "/livez", "/readyz"};
  *ret_max_body = 0;
  bool known = false;
  for (size_t i = 0; i < LENGTH_OF(paths); i++) known = known || text_is(request->head->path, paths[i]);
  if (!known) {
    *reterr_refusal = (struct http_refusal){
        .status = 404, .code = "not_found", .detail = "there are /metrics, /livez and /readyz here"};
  } else if (!text_is(request->head->method, "GET")) {
    *reterr_refusal = (struct http_refusal){
        .status = 405, .code = "method_not_allowed", .detail = "only GET is taken here", .allow = "GET"};
  }
  return reterr_refusal->status != 0;
}

static void on_request(void *context, struct http_request *request) {
  struct admin *admin = context;
  cleanup(text_out_deinit) struct text_out body = TEXT_OUT_INIT;
  struct http_answer answer = {.status = 200, .content_type = "text/plain; charset=utf-8"};
  if (text_is(request->head->path, "/metrics")) {
    read_gauges(admin);
    metrics_write(admin->options.metrics, &body);
    answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
  } else if (text_is(request->head->path, "/readyz")) {
    answer.status = write_ready(admin, &body);
  } else {
    text_out_string(&body, "alive\n");
  }
  if (text_out_result(&body) < 0) answer.status = 503;
  answer.body = (struct text){body.data, body.length};
  http_respond(request, &answer);
}

static void make_gauges(struct admin *admin) {
  struct metrics *metrics = admin->options.metrics;
  admin->gauges.connected = metrics_series(metrics, &connected_family, NULL);
  admin->gauges.ids = metrics_series(metrics, &ids_family, NULL);
  admin->gauges.ids_bytes = metrics_series(metrics, &ids_bytes_family, NULL);
  admin->gauges.payloads = metrics_series(metrics, &payloads_family, NULL);
  admin->gauges.cpu = metrics_series(metrics, &cpu_family, NULL);
}

int admin_new(const struct admin_options *options, struct admin **ret_admin, const char **reterr_reason) {
  struct admin *admin = calloc(1, sizeof *admin);
  if (admin == NULL) return -ENOMEM;
  admin->options = *options;
  make_gauges(admin);
  const struct hub_config *config = options->setup->config;
  const struct http_service service = {.context = admin, .head = on_head, .request = on_request};
  int r = listener_new(options->base, options->metrics, "admin", config->admin, &config->limits,
                       config->state_dir, &service, &admin->listener, reterr_reason);
  if (r != 0) {
    free(admin);
    return r;
  }
  *ret_admin = admin;
  return 0;
}

void admin_free(struct admin *admin) {
  if (admin == NULL) return;
  listener_free(admin->listener);
  free(admin);
}

const char *admin_address(const struct admin *admin) { return listener_address(admin->listener); }

void admin_stopping(struct admin *admin) { admin->stopping = true; }
