/*
 * MLLP sources. Every message is an intake; every answer is the connector's: at HUB_STORED and HUB_DONE, and
 * at HUB_REFUSED when the brokers or the time for the answer are the trouble. The connection stays open then.
 *
 * The hub has no words of its own here. Where the connector is silent nothing is sent, and if a message was
 * refused in silence the connection is closed instead: a sender must never take the next answer for this
 * message's.
 */
#include "core/source/mllp.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/net/auth.h"
#include "core/net/mllp.h"

static const char content_type[] = "x-application/hl7-v2+er7";

struct ward { /* one source at its address */
  struct ward *next;
  struct mllp_sources *sources;
  const struct config_source *config;
  struct pipeline_source *source;
  struct auth *auth;
  struct mllp_listener *listener;
};

struct mllp_sources {
  struct pipeline *pipeline;
  struct ward *wards;
  bool paused;
};

static void pause_when_full(struct mllp_sources *sources) {
  bool pause = !pipeline_has_room(sources->pipeline);
  if (pause == sources->paused) return;
  sources->paused = pause;
  for (struct ward *ward = sources->wards; ward != NULL; ward = ward->next)
    mllp_listener_pause(ward->listener, pause);
}

static void on_room(void *context) { pause_when_full(context); }

/* ---- Answers ---- */

static void on_stored(struct intake *intake, const struct answer *answer) {
  mllp_answer(intake->owner, (struct text){answer->body.data, answer->body.length});
}

static void on_answered(struct intake *intake, const struct answer *answer, int retry_after_s) {
  struct mllp_message *message = intake->owner;
  bool refused = retry_after_s != 0 || answer->status == 503, silent = answer->body.length == 0;
  mllp_answer(message, (struct text){answer->body.data, answer->body.length});
  mllp_end(message, refused && silent);
}

/* ---- The service ---- */

static bool on_admits(void *context, const struct net_peer *peer) {
  const struct ward *ward = context;
  return auth_knows_peer(ward->auth, peer);
}

static void on_message(void *context, struct mllp_message *message) {
  struct ward *ward = context;
  struct intake *intake = NULL;
  if (intake_new(ward->source, &intake) < 0) {
    pipeline_count_refused(ward->source, "trouble");
    mllp_end(message, true);
    return;
  }
  intake->payload.data = message->data.data;
  intake->payload.length = message->data.length;
  intake->payload.content_type = content_type;
  intake->body = message->data;
  intake->received_us = clock_now_us();
  intake->owner = message;
  intake->stored = on_stored;
  intake->answered = on_answered;
  pipeline_take(ward->sources->pipeline, intake);
  pause_when_full(ward->sources);
}

static void on_refused(void *context, const char *code) {
  const struct ward *ward = context;
  pipeline_count_refused(ward->source, code);
}

/* ---- Life ---- */

static int ward_open(struct ward *ward, struct event_base *base, struct metrics *metrics,
                     const char *state_dir, struct config_errors *errors) {
  const struct config_source *config = ward->config;
  const struct mllp_service service = {ward, on_admits, on_message, on_refused};
  const char *reason = NULL;
  int r = auth_new(config->auth, config->name, errors, &ward->auth);
  if (r == 0) {
    r = mllp_listener_new(base, metrics, config->name, config->mllp.address, &config->limits, state_dir,
                          &service, &ward->listener, &reason);
  }
  if (r != MLLP_E_ADDRESS) return r;
  config_error(errors, config->mllp.mark, config->name, "cannot listen on %s: %s", config->mllp.address,
               reason);
  return CONFIG_E_INVALID;
}

static int wards_open(struct mllp_sources *sources, struct event_base *base, struct metrics *metrics,
                      const struct setup *setup, struct config_errors *errors) {
  const struct hub_config *hub = setup->config;
  for (const struct config_source *config = hub->sources; config != NULL; config = config->next) {
    if (config->way != CONFIG_MLLP) continue;
    struct ward *ward = calloc(1, sizeof *ward);
    if (ward == NULL) return -ENOMEM;
    *ward = (struct ward){.next = sources->wards,
                          .sources = sources,
                          .config = config,
                          .source = pipeline_source(sources->pipeline, config->name)};
    sources->wards = ward;
    int r = ward_open(ward, base, metrics, hub->state_dir, errors);
    if (r != 0) return r;
  }
  return errors->errors == 0 ? 0 : CONFIG_E_INVALID;
}

int mllp_sources_new(struct event_base *base, struct metrics *metrics, const struct setup *setup,
                     struct pipeline *pipeline, struct config_errors *errors,
                     struct mllp_sources **ret_sources) {
  struct mllp_sources *sources = calloc(1, sizeof *sources);
  if (sources == NULL) return -ENOMEM;
  sources->pipeline = pipeline;
  int r = wards_open(sources, base, metrics, setup, errors);
  if (r != 0) {
    mllp_sources_free(sources);
    return r;
  }
  pipeline_on_room(pipeline, on_room, sources);
  *ret_sources = sources;
  return 0;
}

void mllp_sources_free(struct mllp_sources *sources) {
  if (sources == NULL) return;
  while (sources->wards != NULL) {
    struct ward *next = sources->wards->next;
    mllp_listener_free(sources->wards->listener);
    auth_free(sources->wards->auth);
    free(sources->wards);
    sources->wards = next;
  }
  free(sources);
}

void mllp_sources_addresses(const struct mllp_sources *sources, struct text_out *out) {
  for (const struct ward *ward = sources->wards; ward != NULL; ward = ward->next)
    text_out_format(out, "mllp-%s %s\n", ward->config->name, mllp_listener_address(ward->listener));
}

void mllp_sources_log(const struct mllp_sources *sources) {
  for (const struct ward *ward = sources->wards; ward != NULL; ward = ward->next) {
    log_event(LOG_INFO, "hub", "listening", log_text("mllp", ward->config->name),
              log_text("address", mllp_listener_address(ward->listener)));
  }
}

void mllp_sources_drain(struct mllp_sources *sources) {
  for (struct ward *ward = sources->wards; ward != NULL; ward = ward->next)
    mllp_listener_drain(ward->listener);
}

bool mllp_sources_idle(const struct mllp_sources *sources) {
  for (const struct ward *ward = sources->wards; ward != NULL; ward = ward->next) {
    if (mllp_listener_connections(ward->listener) != 0) return false;
  }
  return true;
}
