/*
 * HTTP sources. head() finds the source by listener, path and method and proves the sender; request() makes
 * an intake of the whole body and hands it to the pipeline; answered() sends the answer. A refusal before the
 * body goes through the connector's reply() as well, so that a sender hears its own protocol even when its
 * key is wrong.
 */
#include "core/source/http.h"

#include <stdio.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/net/auth.h"
#include "core/net/form_payload.h"
#include "core/net/traceparent.h"

struct door { /* one source at one path */
  struct door *next;
  const struct config_source *config;
  struct pipeline_source *source;
  struct auth *auth;
};

struct place { /* one listener */
  struct http_sources *sources;
  const char *name;
  struct listener *listener;
};

struct http_sources {
  struct pipeline *pipeline;
  struct door *doors;
  struct place *places;
  size_t places_count;
  bool paused, draining;
};

/* ---- Finding the source ---- */

static bool has_method(const struct config_source *config, struct text method) {
  for (size_t i = 0; i < config->methods->count; i++) {
    if (text_is(method, config->methods->items[i])) return true;
  }
  return false;
}

static bool is_at_path(const struct door *door, const struct http_request *request) {
  return strcmp(door->config->listener, request->listener) == 0 &&
         text_is(request->head->path, door->config->path);
}

/* The door for this request; *ret_path: whether there is one at the path, whatever its method. */
static struct door *find_door(const struct http_sources *sources, const struct http_request *request,
                              bool *ret_path) {
  *ret_path = false;
  for (struct door *door = sources->doors; door != NULL; door = door->next) {
    if (!is_at_path(door, request)) continue;
    if (has_method(door->config, request->head->method)) return door;
    *ret_path = true;
  }
  return NULL;
}

/* The methods of all doors at the path. */
static const char *allowed_methods(const struct http_sources *sources, struct http_request *request) {
  const char *list = NULL;
  for (const struct door *door = sources->doors; door != NULL; door = door->next) {
    for (size_t i = 0; i < door->config->methods->count && is_at_path(door, request); i++) {
      const char *method = door->config->methods->items[i];
      list = list == NULL ? method : arena_printf(request->arena, "%s, %s", list, method);
    }
  }
  return list;
}

/* ---- Refusals in the sender's protocol ---- */

static int reply_to_refusal(const struct door *door, struct http_request *request,
                            const struct http_refusal *refusal, struct answer *ret_answer) {
  const struct hub_refusal said = {
      .size = sizeof said,
      .http_status = refusal->status,
      .code = refusal->code,
      .detail = refusal->detail,
      .retry_after_s = refusal->retry_after_s,
  };
  const struct hub_exchange exchange = {
      .size = sizeof exchange,
      .stage = HUB_REFUSED,
      .answered_us = clock_now_us(),
      .refusal = &said,
  };
  return answer_make(pipeline_source_setup(door->source)->instance, &exchange, request->arena, ret_answer);
}

static void refuse_in_own_words(const struct door *door, struct http_request *request,
                                struct http_refusal *refusal) {
  cleanup(answer_deinit) struct answer answer = {0};
  pipeline_count_refused(door->source, refusal->code);
  if (reply_to_refusal(door, request, refusal, &answer) < 0) return; /* then the plain problem text is sent */
  char *body = arena_text(request->arena, (struct text){answer.body.data, answer.body.length});
  if (body == NULL) return;
  refusal->status = answer.status;
  refusal->content_type = answer.content_type;
  refusal->body = (struct text){body, answer.body.length};
}

/* ---- The service ---- */

static int on_head(void *context, struct http_request *request, int64_t *ret_max_body,
                   struct http_refusal *reterr_refusal) {
  struct place *place = context;
  bool path;
  struct door *door = find_door(place->sources, request, &path);
  if (door == NULL && !path) {
    *reterr_refusal =
        (struct http_refusal){.status = 404, .code = "not_found", .detail = "no source is at this path"};
    return 1;
  }
  if (door == NULL) {
    *reterr_refusal = (struct http_refusal){
        .status = 405,
        .code = "method_not_allowed",
        .detail = "this source does not take this method",
        .allow = allowed_methods(place->sources, request),
    };
    return 1;
  }
  if (!auth_check(door->auth, request, reterr_refusal)) {
    refuse_in_own_words(door, request, reterr_refusal);
    return 1;
  }
  request->service_data = door;
  *ret_max_body = door->config->limits.max_body;
  return 0;
}

static void send_answer(struct http_request *request, const struct answer *answer, int retry_after_s) {
  const struct http_answer sent = {
      .status = answer->status,
      .content_type = answer->content_type,
      .body = {answer->body.data, answer->body.length},
      .retry_after_s = retry_after_s,
  };
  http_respond(request, &sent);
}

/* After the body was read: the connector's words, else problem+json. */
static void refuse_request(struct door *door, struct http_request *request, int status, const char *code,
                           const char *detail) {
  cleanup(answer_deinit) struct answer answer = {0};
  const struct http_refusal refusal = {.status = status, .code = code, .detail = detail};
  pipeline_count_refused(door->source, code);
  if (reply_to_refusal(door, request, &refusal, &answer) < 0) {
    answer_deinit(&answer);
    answer = (struct answer){.status = 503};
  }
  send_answer(request, &answer, 0);
}

static void pause_when_full(struct http_sources *sources) {
  bool pause = !pipeline_has_room(sources->pipeline);
  if (pause == sources->paused) return;
  sources->paused = pause;
  for (size_t i = 0; i < sources->places_count; i++) listener_pause(sources->places[i].listener, pause);
}

static void on_room(void *context) { pause_when_full(context); }

struct visit { /* a request that is an intake; in the intake's arena */
  struct http_request *request;
  struct form_cover cover;
};

static void on_answered(struct intake *intake, const struct answer *answer, int retry_after_s) {
  const struct visit *visit = intake->owner;
  send_answer(visit->request, answer, retry_after_s);
}

static void on_show_body(struct intake *intake, bool as_sent) {
  struct visit *visit = intake->owner;
  if (as_sent) form_uncover(&visit->cover);
  else form_cover(&visit->cover);
}

static const char *header_text(const struct http_request *request, struct arena *arena, const char *name) {
  const struct text *value = http_header(request->head, name, NULL);
  return value == NULL ? NULL : arena_text(arena, *value);
}

/* A header that decides something must not come twice. */
static bool comes_twice(const struct http_request *request, const char *name) {
  bool many;
  (void)http_header(request->head, name, &many);
  return many;
}

static const char *trace_of(const struct http_request *request, struct arena *arena) {
  char trace[TRACEPARENT_TEXT];
  bool many;
  const struct text *value = http_header(request->head, "traceparent", &many);
  if (value == NULL || many || !traceparent_read(*value, trace)) return NULL;
  return arena_text(arena, text_of(trace));
}

static int fill_intake(struct door *door, struct http_request *request, struct intake *intake,
                       struct form_cover *ret_cover, const char **reterr_detail) {
  const struct http_head *head = request->head;
  struct hub_payload *payload = &intake->payload;
  struct form form = {0};
  payload->data = request->body.data;
  payload->length = request->body.length;
  payload->content_type = header_text(request, intake->arena, "content-type");
  payload->method = arena_text(intake->arena, head->method);
  payload->path = arena_text(intake->arena, head->path);
  const char *query = arena_text(intake->arena, head->query);
  if (payload->method == NULL || payload->path == NULL || query == NULL) return -ENOMEM;
  intake->query = (struct text){query, head->query.length};
  if (comes_twice(request, "idempotency-key")) {
    *reterr_detail = "more than one Idempotency-Key";
    return FORM_E_INVALID;
  }
  intake->traceparent = trace_of(request, intake->arena);
  intake->idempotency_key = text_of(header_text(request, intake->arena, "idempotency-key"));
  int r = form_read(intake->arena, text_of(payload->content_type), intake->query, request->body, &form,
                    reterr_detail);
  if (r != 0) return r;
  payload->parts = form.parts;
  payload->parts_count = form.parts_count;
  payload->fields = form.fields;
  payload->fields_count = form.fields_count;
  if (door->config->part == NULL) return 0;
  return form_choose_payload(intake->arena, &form, door->config->part, payload, ret_cover, reterr_detail);
}

static void on_request(void *context, struct http_request *request) {
  struct place *place = context;
  struct door *door = request->service_data;
  struct intake *intake = NULL;
  struct visit *visit = NULL;
  const char *detail = NULL;
  int r = intake_new(door->source, &intake);
  if (r == 0) visit = arena_alloc(intake->arena, sizeof *visit);
  if (r == 0) r = visit == NULL ? -ENOMEM : fill_intake(door, request, intake, &visit->cover, &detail);
  if (r != 0) {
    intake_free(intake);
    if (r > 0) refuse_request(door, request, 400, "bad_form", detail);
    else refuse_request(door, request, 503, "trouble", "the hub is out of memory; send the same bytes again");
    return;
  }
  visit->request = request;
  intake->body = request->body;
  intake->received_us = clock_now_us();
  intake->owner = visit;
  intake->answered = on_answered;
  intake->show_body = on_show_body;
  pipeline_take(place->sources->pipeline, intake);
  pause_when_full(place->sources);
}

/* A request that broke off, or whose body was refused, after its sender was proven. */
static void on_dropped(void *context, struct http_request *request, struct http_refusal *refusal) {
  const struct door *door = request->service_data;
  if (refusal != NULL) refuse_in_own_words(door, request, refusal);
  else pipeline_count_refused(door->source, "broken_off");
}

/* ---- Life ---- */

static int doors_open(struct http_sources *sources, const struct setup *setup, struct config_errors *errors) {
  for (const struct config_source *config = setup->config->sources; config != NULL; config = config->next) {
    if (config->way != CONFIG_HTTP) continue;
    struct door *door = calloc(1, sizeof *door);
    if (door == NULL) return -ENOMEM;
    door->next = sources->doors;
    sources->doors = door;
    door->config = config;
    door->source = pipeline_source(sources->pipeline, config->name);
    int r = auth_new(config->auth, config->name, errors, &door->auth);
    if (r != 0) return r;
  }
  return errors->errors == 0 ? 0 : CONFIG_E_INVALID; /* a key file that changed since it was checked */
}

static int places_open(struct http_sources *sources, struct event_base *base, struct metrics *metrics,
                       const struct setup *setup, struct config_errors *errors) {
  const struct hub_config *config = setup->config;
  sources->places = calloc(config->listeners_count + 1, sizeof *sources->places);
  if (sources->places == NULL) return -ENOMEM;
  for (size_t i = 0; i < config->listeners_count; i++) {
    struct place *place = &sources->places[i];
    const struct config_listener *wanted = &config->listeners[i];
    const struct http_service service = {
        .context = place, .head = on_head, .request = on_request, .dropped = on_dropped};
    const char *reason = NULL;
    *place = (struct place){.sources = sources, .name = wanted->name};
    int r = listener_new(base, metrics, wanted->name, wanted->address, &config->limits, config->state_dir,
                         &service, &place->listener, &reason);
    if (r == LISTENER_E_ADDRESS) {
      config_error(errors, wanted->mark, wanted->name, "cannot listen on %s: %s", wanted->address, reason);
      return CONFIG_E_INVALID;
    }
    if (r < 0) return r;
    sources->places_count++;
  }
  return 0;
}

int http_sources_new(struct event_base *base, struct metrics *metrics, const struct setup *setup,
                     struct pipeline *pipeline, struct config_errors *errors,
                     struct http_sources **ret_sources) {
  struct http_sources *sources = calloc(1, sizeof *sources);
  if (sources == NULL) return -ENOMEM;
  sources->pipeline = pipeline;
  int r = doors_open(sources, setup, errors);
  if (r == 0) r = places_open(sources, base, metrics, setup, errors);
  if (r != 0) {
    http_sources_free(sources);
    return r;
  }
  pipeline_on_room(pipeline, on_room, sources);
  *ret_sources = sources;
  return 0;
}

void http_sources_free(struct http_sources *sources) {
  if (sources == NULL) return;
  for (size_t i = 0; i < sources->places_count; i++) listener_free(sources->places[i].listener);
  while (sources->doors != NULL) {
    struct door *next = sources->doors->next;
    auth_free(sources->doors->auth);
    free(sources->doors);
    sources->doors = next;
  }
  free(sources->places);
  free(sources);
}

void http_sources_addresses(const struct http_sources *sources, struct text_out *out) {
  for (size_t i = 0; i < sources->places_count; i++) {
    text_out_format(out, "%s %s\n", sources->places[i].name, listener_address(sources->places[i].listener));
  }
}

void http_sources_log(const struct http_sources *sources) {
  for (size_t i = 0; i < sources->places_count; i++) {
    log_event(LOG_INFO, "hub", "listening", log_text("listener", sources->places[i].name),
              log_text("address", listener_address(sources->places[i].listener)));
  }
}

void http_sources_drain(struct http_sources *sources) {
  for (size_t i = 0; i < sources->places_count; i++) listener_drain(sources->places[i].listener);
}

bool http_sources_idle(const struct http_sources *sources) {
  for (size_t i = 0; i < sources->places_count; i++) {
    if (listener_connections(sources->places[i].listener) != 0) return false;
  }
  return true;
}
