/*
 * admin.h: the loopback listener for those who watch the hub: /metrics, /livez, /readyz.
 */
#ifndef CORE_ADMIN_H
#define CORE_ADMIN_H

#include "core/net/http.h"
#include "core/pipeline.h"
#include "core/source/folder.h"

struct admin;

struct admin_options { /* all borrowed */
  struct event_base *base;
  struct metrics *metrics;
  const struct setup *setup;
  struct publisher *publisher;
  struct pipeline *pipeline;
  struct dedupe *dedupe;
  struct folder_sources *folders;
};

/* LISTENER_E_ADDRESS: *reterr_reason. */
int admin_new(const struct admin_options *, struct admin **ret_admin, const char **reterr_reason) must_use;
void admin_free(struct admin *);
const char *admin_address(const struct admin *);

/* The hub takes nothing any more: /readyz says so. */
void admin_stopping(struct admin *);

#endif
