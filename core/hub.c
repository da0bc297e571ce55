/*
 * The hub's life. Parts are opened in the order in which they need each other and closed the other way round;
 * every close takes NULL, so that a start that fails half-way ends by the same path as a stop.
 *
 * Stopping: no new connections, what is in flight gets its answer, and after STOP_MS at most the hub ends.
 * What has no answer by then is sent again by its sender.
 */
#include "core/hub.h"

#include <event2/event.h>
#include <event2/thread.h>
#include <fcntl.h>
#include <libgen.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#include "core/admin.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/net/auth.h"
#include "core/source/folder.h"
#include "core/source/http.h"
#include "core/source/mllp.h"

enum { STOP_MS = 8000, STOP_CHECK_MS = 20, FLUSH_MS = 1000 };

struct hub {
  const struct setup *setup;
  struct event_base *base;
  struct metrics *metrics;
  struct publisher *publisher;
  struct originals *originals;
  struct translators *translators;
  struct dedupe *dedupe;
  struct pipeline *pipeline;
  struct http_sources *sources;
  struct mllp_sources *mllp;
  struct cursors *cursors;
  struct folder_sources *folders;
  struct admin *admin;
  struct event *signals[2], *stop_check;
  int64_t stop_started_us;
};

/* ---- Stopping ---- */

static void on_stop_check(evutil_socket_t fd, short what, void *context) {
  struct hub *hub = context;
  bool done = pipeline_in_flight(hub->pipeline) == 0 && http_sources_idle(hub->sources) &&
              mllp_sources_idle(hub->mllp) && folder_sources_idle(hub->folders);
  if (done || clock_monotonic_us() - hub->stop_started_us > STOP_MS * INT64_C(1000))
    event_base_loopbreak(hub->base);
}

static void on_signal(evutil_socket_t number, short what, void *context) {
  struct hub *hub = context;
  if (hub->stop_started_us != 0) return;
  log_event(LOG_INFO, "hub", "stopping", log_text("signal", sigabbrev_np((int)number)),
            log_int("in_flight", (int64_t)pipeline_in_flight(hub->pipeline)));
  sd_notify(0, "STOPPING=1");
  hub->stop_started_us = clock_monotonic_us();
  admin_stopping(hub->admin);
  http_sources_drain(hub->sources);
  mllp_sources_drain(hub->mllp);
  folder_sources_drain(hub->folders);
  struct timeval period = {.tv_usec = STOP_CHECK_MS * 1000};
  hub->stop_check = event_new(hub->base, -1, EV_PERSIST, on_stop_check, hub);
  if (hub->stop_check == NULL || event_add(hub->stop_check, &period) < 0) event_base_loopbreak(hub->base);
}

static int watch_signals(struct hub *hub) {
  static const int numbers[] = {SIGTERM, SIGINT};
  signal(SIGPIPE, SIG_IGN);
  for (size_t i = 0; i < LENGTH_OF(numbers); i++) {
    hub->signals[i] = evsignal_new(hub->base, numbers[i], on_signal, hub);
    if (hub->signals[i] == NULL || event_add(hub->signals[i], NULL) < 0) return -ENOMEM;
  }
  return 0;
}

/* ---- Checking ---- */

static void check_state_dir(const struct hub_config *config, struct config_errors *errors) {
  struct stat status;
  cleanup(freep) char *path = strdup(config->state_dir);
  if (path == NULL) return;
  if (stat(path, &status) == 0) {
    if (S_ISDIR(status.st_mode)) return;
    config_error(errors, config->state_dir_mark, "state_dir", "%s is not a directory; name another",
                 config->state_dir);
    return;
  }
  bool missing = errno == ENOENT;
  if (missing && stat(dirname(path), &status) == 0 && S_ISDIR(status.st_mode)) return;
  config_error(errors, config->state_dir_mark, "state_dir", "%s cannot be made: %s; make the folder above it",
               config->state_dir, strerrordesc_np(errno));
}

/* The key files and networks of every source. */
static int check_doors(const struct setup *setup, struct config_errors *errors) {
  for (const struct config_source *source = setup->config->sources; source != NULL; source = source->next) {
    char item[96];
    snprintf(item, sizeof item, "source %s.auth", source->name);
    cleanup(auth_freep) struct auth *auth = NULL;
    int r = auth_new(source->auth, item, errors, &auth);
    if (r < 0) return r;
  }
  return 0;
}

int hub_check(const struct setup *setup, struct config_errors *errors) {
  if (setup->config->state_dir != NULL) check_state_dir(setup->config, errors);
  publisher_check(setup->config, errors);
  folder_check(setup->config, errors);
  return check_doors(setup, errors);
}

/* ---- Opening ---- */

static void on_slow(void *context, const char *source) {
  log_event(LOG_WARNING, "hub", "a payload takes long to translate: the source is degraded",
            log_text("source", source));
}

static int open_state_dir(const struct hub_config *config, struct config_errors *errors) {
  if (mkdir(config->state_dir, 0700) < 0 && errno != EEXIST) {
    config_error(errors, config->state_dir_mark, "state_dir", "%s cannot be made: %s", config->state_dir,
                 strerrordesc_np(errno));
    return CONFIG_E_INVALID;
  }
  if (access(config->state_dir, W_OK | X_OK) < 0) {
    config_error(errors, config->state_dir_mark, "state_dir",
                 "%s cannot be written to: %s; give it to the hub's user", config->state_dir,
                 strerrordesc_np(errno));
    return CONFIG_E_INVALID;
  }
  return 0;
}

static int open_originals(struct hub *hub, struct config_errors *errors) {
  const struct hub_config *config = hub->setup->config;
  int r = originals_open(hub->base, hub->metrics, config->state_dir, &hub->setup->originals, &hub->originals);
  if (r == 0 || r == -ENOMEM) return r;
  config_error(errors, config->state_dir_mark, "state_dir",
               "the originals in %s cannot be opened: %s; give the folder to the hub's user and bring back "
               "the key that it was made with",
               config->state_dir, strerrordesc_np(-r));
  return CONFIG_E_INVALID;
}

static int open_admin(struct hub *hub, struct config_errors *errors) {
  const struct admin_options options = {hub->base,      hub->metrics,  hub->setup,
                                        hub->publisher, hub->pipeline, hub->dedupe,
                                        hub->folders};
  const char *reason = NULL;
  int r = admin_new(&options, &hub->admin, &reason);
  if (r != LISTENER_E_ADDRESS) return r;
  config_error(errors, (struct config_mark){0}, "admin", "cannot listen on %s: %s", hub->setup->config->admin,
               reason);
  return CONFIG_E_INVALID;
}

static int open_parts(struct hub *hub, struct config_errors *errors) {
  const struct setup *setup = hub->setup;
  const struct hub_config *config = setup->config;
  int r = open_state_dir(config, errors);
  if (r == 0) r = metrics_new(&hub->metrics);
  if (r == 0) r = publisher_new(hub->base, hub->metrics, config, &hub->publisher);
  if (r == 0) r = open_originals(hub, errors);
  if (r == 0) {
    r = translators_new(hub->base, config->state_dir, (int)config->translators, config->translate_timeout_ms,
                        on_slow, NULL, &hub->translators);
  }
  if (r == 0) r = dedupe_new(&setup->event_ids, config->ids_max, config->ids_age_ms, &hub->dedupe);
  if (r != 0) return r;
  const struct pipeline_options options = {hub->base,      hub->metrics,     setup,      hub->publisher,
                                           hub->originals, hub->translators, hub->dedupe};
  r = pipeline_new(&options, &hub->pipeline);
  if (r == 0) r = http_sources_new(hub->base, hub->metrics, setup, hub->pipeline, errors, &hub->sources);
  if (r == 0) r = mllp_sources_new(hub->base, hub->metrics, setup, hub->pipeline, errors, &hub->mllp);
  if (r == 0) r = cursors_open(hub->base, config->state_dir, &hub->cursors);
  if (r == 0) {
    r = folder_sources_new(hub->base, hub->metrics, setup, hub->pipeline, hub->cursors, errors,
                           &hub->folders);
  }
  if (r == 0) r = open_admin(hub, errors);
  if (r == 0) r = watch_signals(hub);
  return r;
}

/* Where the hub listens, for scripts that let it choose ports: written whole, then renamed. */
static int write_addresses(struct hub *hub) {
  cleanup(text_out_deinit) struct text_out lines = TEXT_OUT_INIT;
  http_sources_addresses(hub->sources, &lines);
  mllp_sources_addresses(hub->mllp, &lines);
  text_out_format(&lines, "admin %s\n", admin_address(hub->admin));
  cleanup(freep) char *path = NULL, *temporary = NULL;
  if (text_out_result(&lines) < 0 || asprintf(&path, "%s/addresses", hub->setup->config->state_dir) < 0 ||
      asprintf(&temporary, "%s.new", path) < 0) {
    return -ENOMEM;
  }
  cleanup(closep) int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return -errno;
  if (write(fd, lines.data, lines.length) != (ssize_t)lines.length) return -EIO;
  return rename(temporary, path) < 0 ? -errno : 0;
}

/* ---- Life ---- */

static void close_parts(struct hub *hub) {
  if (hub->stop_check != NULL) event_free(hub->stop_check);
  for (size_t i = 0; i < LENGTH_OF(hub->signals); i++) {
    if (hub->signals[i] != NULL) event_free(hub->signals[i]);
  }
  folder_sources_drain(hub->folders); /* a translator may wait for its file's batches */
  translators_free(hub->translators); /* these two still read bodies, which the connections own */
  originals_close(hub->originals);
  pipeline_end(hub->pipeline);
  admin_free(hub->admin);
  http_sources_free(hub->sources);
  mllp_sources_free(hub->mllp);
  publisher_free(hub->publisher, FLUSH_MS);
  pipeline_free(hub->pipeline);
  cursors_close(hub->cursors);
  folder_sources_free(hub->folders);
  dedupe_free(hub->dedupe);
  metrics_free(hub->metrics);
  if (hub->base != NULL) event_base_free(hub->base);
}

static void ready(struct hub *hub) {
  const struct hub_config *config = hub->setup->config;
  http_sources_log(hub->sources);
  mllp_sources_log(hub->mllp);
  folder_sources_log(hub->folders);
  log_event(LOG_INFO, "hub", "ready", log_text("hub", config->hub),
            log_text("admin", admin_address(hub->admin)), log_text("kafka", config->kafka.bootstrap),
            log_int("sources", (int64_t)hub->setup->sources_count), log_text("version", IOCHUB_VERSION));
  sd_notify(0, "READY=1");
}

int hub_run(const struct setup *setup, struct config_errors *errors) {
  struct hub hub = {.setup = setup};
  /* Each batch that librdkafka compresses takes and frees megabytes: keep them instead of mapping them anew.
   */
  mallopt(M_MMAP_THRESHOLD, 8 * 1024 * 1024);
  mallopt(M_TRIM_THRESHOLD, 64 * 1024 * 1024);
  if (evthread_use_pthreads() < 0) return -ENOMEM;
  hub.base = event_base_new();
  int r = hub.base == NULL ? -ENOMEM : open_parts(&hub, errors);
  if (r == 0) r = write_addresses(&hub);
  if (r == 0) {
    ready(&hub);
    if (event_base_dispatch(hub.base) < 0) r = -EIO;
    size_t left = pipeline_in_flight(hub.pipeline);
    log_event(left == 0 ? LOG_INFO : LOG_WARNING, "hub", "stopped", log_int("without_answer", (int64_t)left));
  }
  close_parts(&hub);
  return r;
}
