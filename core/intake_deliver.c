/*
 * Delivering: each message of a payload to the topics that its routes give it; what cannot be published to
 * the dead letters. A dead letter is sent only after the payload's original is safe on disk, so letters wait
 * in a list until then; the original itself is written once, after the whole payload was looked at.
 */
#include "core/intake.h"
#include "core/log.h"

static void letter_over(struct delivery *letter, bool durable) {
  struct item *item = letter->item;
  letter->state = DELIVERY_OVER;
  letter->settled = durable;
  if (durable) metric_add(item->passage->intake.source->dead_lettered, 1);
  else item->busy = true;
  item_close(item);
}

static void letter_done(struct publication *publication, enum publish_outcome outcome, const char *reason) {
  struct delivery *letter = CONTAINER_OF(publication, struct delivery, publication);
  if (outcome == PUBLISH_POISON) {
    log_event(LOG_ERROR, "pipeline", "the brokers refuse a dead letter",
              log_text("topic", letter->event.topic), log_text("reason", reason));
  }
  letter_over(letter, outcome == PUBLISH_DONE);
}

static void message_done(struct publication *publication, enum publish_outcome outcome, const char *reason) {
  struct delivery *delivery = CONTAINER_OF(publication, struct delivery, publication);
  struct item *item = delivery->item;
  delivery->state = DELIVERY_OVER;
  delivery->settled = outcome == PUBLISH_DONE;
  if (outcome == PUBLISH_DONE) {
    item->done_topics |= delivery->bit;
    metric_add(item->passage->intake.source->published, 1);
  } else if (outcome == PUBLISH_BUSY || item->passage->answered ||
             pipeline_has_ended(item->passage->pipeline) ||
             item_dead_letter(item, delivery->event.topic, HUB_POISON, "the brokers refuse this message") <
                 0) {
    item->busy =
        true; /* after the answer the body is gone and no original can be kept: the sender sends again */
  } else {
    log_event(LOG_ERROR, "pipeline", "the brokers refuse a message", log_text("topic", delivery->event.topic),
              log_text("reason", reason));
    item->result = ITEM_KEPT;
    item->code = HUB_POISON;
    delivery->settled = true;
    passage_keep_original(item->passage);
  }
  item_close(item);
}

static int delivery_send(struct delivery *delivery) {
  delivery->publication = (struct publication){
      .event = &delivery->event,
      .done = delivery->letter != NULL ? letter_done : message_done,
      .perhaps = delivery->item->perhaps,
  };
  delivery->state = DELIVERY_SENT;
  int r =
      publisher_send(pipeline_options(delivery->item->passage->pipeline)->publisher, &delivery->publication);
  if (r < 0) delivery->state = DELIVERY_READY;
  return r;
}

static struct delivery *delivery_new(struct item *item) {
  struct delivery *delivery = arena_alloc(item->passage->intake.arena, sizeof *delivery);
  if (delivery != NULL) delivery->item = item;
  return delivery;
}

/* Letters whose original is safe, or cannot be kept. */
static void letters_go(struct passage *passage) {
  struct delivery *letter = TAKE(passage->letters);
  while (letter != NULL) {
    struct delivery *next = letter->next;
    letter->next = letter->item->deliveries;
    letter->item->deliveries = letter;
    if (passage->original_state != ORIGINAL_SAFE || delivery_send(letter) < 0) letter_over(letter, false);
    letter = next;
  }
}

static const struct hub_refusal originals_full = {
    .size = sizeof(struct hub_refusal),
    .http_status = 503,
    .code = "originals_full",
    .detail = "the space for refused payloads of this source is full; its dead letters want looking after",
    .retry_after_s = 60,
};

static void show_body(struct passage *passage, bool as_sent) {
  if (passage->intake.show_body != NULL) passage->intake.show_body(&passage->intake, as_sent);
}

/* A file waits until there is space again. */
static void refuse_for_originals(struct passage *passage) {
  if (passage->intake.cursor == NULL) passage->refusal = &originals_full;
  else
    log_event(LOG_WARNING, "pipeline", "the space for refused payloads is full; a file waits for it",
              log_text("source", passage->intake.source->setup->config->name));
}

static void original_kept(void *context, int result) {
  struct passage *passage = context;
  show_body(passage, false);
  passage->original_state = result == 0 ? ORIGINAL_SAFE : ORIGINAL_FAILED;
  if (result == ORIGINALS_E_FULL) {
    refuse_for_originals(passage);
  } else if (result < 0) {
    log_event(LOG_ERROR, "pipeline", "an original could not be kept", log_errno(result),
              log_text("source", passage->intake.source->setup->config->name));
  }
  letters_go(passage);
  passage_close(passage);
}

static int collect_values(struct passage *passage, struct original *original) {
  const struct translation *translation = &passage->job.translation;
  struct original_value *values =
      arena_alloc(passage->intake.arena, (translation->rejected + 1) * sizeof *values);
  if (values == NULL) return -ENOMEM;
  for (size_t i = 0; i < translation->count; i++) {
    const struct record *record = &translation->records[i];
    if (record->code == 0 || record->reject_value.length == 0) continue;
    if (original->values_count == translation->rejected) break;
    values[original->values_count++] =
        (struct original_value){(uint32_t)(passage->first + i), record->reject_value};
  }
  original->values = values;
  return 0;
}

enum { PIECE_BYTES_MAX = 64 * 1024, PIECES_BYTES_MAX = 4 * 1024 * 1024, WHOLE_FILE_MAX = 1024 * 1024 };

static size_t piece_of(const struct delivery *letter) {
  return MIN(letter->item->record->slice.length, (size_t)PIECE_BYTES_MAX) + 1;
}

/* Of a large file the refused records only, a line each; the file itself is in done/ or failed/. */
static int original_body(const struct passage *passage, struct text *ret_body) {
  size_t length = 0;
  *ret_body = passage->intake.body;
  if (passage->intake.cursor == NULL || passage->intake.body.length <= WHOLE_FILE_MAX) return 0;
  for (const struct delivery *letter = passage->letters; letter != NULL; letter = letter->next) {
    if (length + piece_of(letter) <= PIECES_BYTES_MAX) length += piece_of(letter);
  }
  char *body = arena_alloc(passage->intake.arena, length);
  if (body == NULL) return -ENOMEM;
  size_t used = 0;
  for (const struct delivery *letter = passage->letters; letter != NULL; letter = letter->next) {
    size_t piece = piece_of(letter);
    if (used + piece > length) continue;
    memcpy(body + used, letter->item->record->slice.data, piece - 1);
    body[used + piece - 1] = '\n';
    used += piece;
  }
  *ret_body = (struct text){body, used};
  return 0;
}

void passage_keep_original(struct passage *passage) {
  if (passage->letters == NULL || passage->original_state == ORIGINAL_WRITING) return;
  if (passage->original_state != ORIGINAL_NONE) {
    letters_go(passage);
    return;
  }
  const struct hub_payload *payload = &passage->intake.payload;
  const struct setup_source *setup = passage->intake.source->setup;
  struct original *original = &passage->original;
  *original = (struct original){
      .source = setup->config->name,
      .connector = setup->config->connector,
      .received_us = passage->intake.received_us,
      .content_type = text_of(payload->content_type),
      .method = text_of(payload->method),
      .path = text_of(payload->path),
      .query = passage->intake.query,
      .name = text_of(payload->name),
  };
  memcpy(original->digest, passage->identity.digest, sizeof original->digest);
  int r = original_body(passage, &original->body);
  if (r == 0) r = collect_values(passage, original);
  if (r == 0) {
    passage->original_state = ORIGINAL_WRITING;
    passage->open++;
    show_body(passage, true);
    r = originals_keep(pipeline_options(passage->pipeline)->originals, original,
                       setup->config->originals_quota, original_kept, passage);
    if (r == 0) return;
    show_body(passage, false);
    passage->open--;
  }
  passage->original_state = ORIGINAL_FAILED;
  if (r == ORIGINALS_E_FULL) refuse_for_originals(passage);
  letters_go(passage);
}

int item_dead_letter(struct item *item, const char *topic, enum hub_reject_code code, const char *detail) {
  struct passage *passage = item->passage;
  const struct setup_source *setup = passage->intake.source->setup;
  struct pipeline_options *options = pipeline_options(passage->pipeline);
  struct delivery *delivery = delivery_new(item);
  struct dead_letter *letter = arena_alloc(passage->intake.arena, sizeof *letter);
  if (delivery == NULL || letter == NULL) return -ENOMEM;
  *letter = (struct dead_letter){
      .hub = options->setup->config->hub,
      .source = setup->config->name,
      .domain = setup->config->domain,
      .connector = setup->config->connector,
      .connector_version = setup->instance->connector->api->version,
      .record = item->number,
      .topic = topic,
      .type = item->record->type == NULL ? NULL : item->record->type->full_name,
      .code = code,
      .at = item->record->at,
      .detail = detail != NULL ? detail : reject_code_sentence(code),
      .told_sender = code < HUB_NO_ROUTE,
      .received_us = passage->intake.received_us,
  };
  memcpy(letter->digest, passage->identity.digest, sizeof letter->digest);
  char id[DEAD_LETTER_ID_TEXT];
  int r = dead_letter_id(&options->setup->dead_letters, letter, id);
  if (r < 0) return r;
  letter->attempts = pipeline_attempt(passage->pipeline, id);
  r = dead_letter_event(&options->setup->dead_letters, letter, passage->intake.arena, &delivery->event);
  if (r < 0) return r;
  delivery->letter = letter;
  delivery->event.source = passage->intake.source->urn;
  delivery->event.accepted_us = passage->intake.received_us;
  delivery->next = passage->letters;
  passage->letters = delivery;
  item->open++;
  passage->open += item->open == 1;
  return 0;
}

static int send_to(struct item *item, const struct route_target *target, uint64_t bit) {
  struct passage *passage = item->passage;
  struct delivery *delivery = delivery_new(item);
  if (delivery == NULL) return -ENOMEM;
  char id[EVENT_ID_TEXT];
  struct text key = target->key;
  if (key.length == 0) {
    const char *copy = arena_text(passage->intake.arena, text_of(event_id_text(item->claim.id, id)));
    if (copy == NULL) return -ENOMEM;
    key = text_of(copy);
  }
  delivery->bit = bit;
  delivery->event = (struct bus_event){
      .topic = target->topic,
      .type = item->record->type->full_name,
      .source = passage->intake.source->urn,
      .traceparent = passage->intake.traceparent,
      .id = item->claim.id,
      .occurred_us = item->record->occurred_us,
      .accepted_us = passage->intake.received_us,
      .key = key,
      .value = item->record->value,
      .ordered = target->ordered,
  };
  delivery->next = item->deliveries;
  item->deliveries = delivery;
  int r = delivery_send(delivery);
  if (r == 0) item->open++;
  return r;
}

static int deliver_message(struct item *item) {
  struct passage *passage = item->passage;
  const struct setup *setup = pipeline_options(passage->pipeline)->setup;
  const struct config_source *config = passage->intake.source->setup->config;
  struct route_target *targets = NULL;
  size_t count = 0;
  int r = routes_match(setup->routes, config->name, item->record->type, item->record->value,
                       passage->intake.arena, &targets, &count);
  if (r < 0) return r;
  if (count == 0 && config->unrouted == CONFIG_UNROUTED_DROP) return 0;
  if (count == 0) {
    item->result = ITEM_KEPT;
    item->code = HUB_NO_ROUTE;
    return item_dead_letter(item, NULL, HUB_NO_ROUTE, NULL);
  }
  for (size_t i = 0; i < count; i++) {
    if (!targets[i].keyed || targets[i].key.length != 0 || !targets[i].ordered) continue;
    item->result = ITEM_REJECTED;
    item->code = HUB_MISSING;
    item->detail = "the field that the route names as the key is empty, and the route keeps order by key";
    return item_dead_letter(item, targets[i].topic, HUB_MISSING, item->detail);
  }
  passage
      ->open++; /* the item's hold: a report comes from the loop, but an error below must not end it early */
  item->open++;
  for (size_t i = 0; i < count && r == 0; i++) {
    uint64_t bit = UINT64_C(1) << MIN(i, (size_t)63);
    if ((item->done_topics & bit) == 0) r = send_to(item, &targets[i], bit);
  }
  if (r < 0) item->busy = item->undelivered = true;
  item_close(item);
  return 0;
}

int item_deliver(struct item *item) {
  if (item->result == ITEM_PUBLISHED) return deliver_message(item);
  if (item->result == ITEM_REPEATED) return 0;
  return item_dead_letter(item, NULL, item->code, item->detail);
}

/* ---- A file's records once more ---- */

/* The letter waits for the original again. */
static void letter_again(struct item *item, struct delivery **link) {
  struct delivery *letter = *link;
  *link = letter->next;
  letter->next = item->passage->letters;
  item->passage->letters = letter;
  letter->state = DELIVERY_READY;
  item->open++;
}

static void send_again(struct item *item) {
  struct delivery **link = &item->deliveries;
  while (*link != NULL) {
    struct delivery *delivery = *link;
    if (delivery->state == DELIVERY_OVER && !delivery->settled && delivery->letter != NULL) {
      letter_again(item, link);
      continue;
    }
    link = &delivery->next;
    if (delivery->settled || delivery->state == DELIVERY_SENT) continue;
    if (delivery_send(delivery) == 0) item->open++;
    else item->busy = true;
  }
}

static void item_deliver_again(struct item *item) {
  bool afresh = item->undelivered || item->deliveries == NULL;
  item->busy = item->undelivered = false;
  if (afresh) {
    if (item_deliver(item) < 0) item->busy = item->undelivered = true;
    if (item->open == 0) item_settle(item);
    return;
  }
  item->passage->open++;
  item->open++;
  send_again(item);
  item_close(item);
}

void passage_deliver_again(struct passage *passage) {
  if (passage->original_state == ORIGINAL_FAILED) passage->original_state = ORIGINAL_NONE;
  passage->open++;
  if (passage_claim_again(passage) == 0) {
    for (size_t i = 0; i < passage->items_count; i++) {
      if (passage->items[i].busy) item_deliver_again(&passage->items[i]);
    }
  }
  passage_keep_original(passage);
  passage_close(passage);
}

void passage_withdraw(struct passage *passage) {
  struct publisher *publisher = pipeline_options(passage->pipeline)->publisher;
  for (size_t i = 0; i < passage->items_count; i++) {
    struct item *item = &passage->items[i];
    if (item->claim.waiting) {
      dedupe_leave(&item->claim);
      item->busy = true;
      item_close(item);
    }
    for (struct delivery *delivery = item->deliveries, *next; delivery != NULL; delivery = next) {
      next = delivery->next;
      if (delivery->state != DELIVERY_SENT || !publisher_withdraw(publisher, &delivery->publication))
        continue;
      delivery->state = DELIVERY_OVER;
      item->busy = true;
      item_close(item);
    }
  }
}
