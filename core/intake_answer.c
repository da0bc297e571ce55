/*
 * What a sender is told of its payload: the fate of each record for the connector's reply().
 *
 * It only reads what is known; when an answer is due is the pipeline's business.
 */
#include "core/clock.h"
#include "core/intake.h"

static const struct hub_outcome *outcome_of(struct item *item) {
  struct arena *arena = item->passage->intake.arena;
  struct hub_outcome *outcome = arena_alloc(arena, sizeof *outcome);
  if (outcome == NULL) return NULL;
  const struct record *record = item->record;
  bool rejected = item->result == ITEM_REJECTED;
  *outcome = (struct hub_outcome){
      .size = sizeof *outcome,
      .result = rejected                        ? HUB_REJECTED
                : item->result == ITEM_REPEATED ? HUB_REPEATED
                                                : HUB_ACCEPTED,
      .type = rejected || record->type == NULL ? NULL : record->type->full_name,
      .key = record->key.length == 0 ? NULL : record->key.data,
      .key_length = record->key.length,
  };
  if (rejected) {
    outcome->code = item->code;
    outcome->code_name = reject_code_name(item->code);
    outcome->at = record->at;
    outcome->detail = item->detail != NULL ? item->detail : reject_code_sentence(item->code);
    outcome->value = record->reject_value.length == 0 ? NULL : record->reject_value.data;
    outcome->value_length = record->reject_value.length;
  } else if (record->code == 0) {
    char id[EVENT_ID_TEXT];
    outcome->event_id = arena_text(arena, text_of(event_id_text(item->claim.id, id)));
    if (outcome->event_id == NULL) return NULL;
  }
  return outcome;
}

static int make_outcomes(struct passage *passage, const struct hub_outcome *const **ret_outcomes) {
  const struct hub_outcome **outcomes =
      arena_alloc(passage->intake.arena, (passage->items_count + 1) * sizeof(struct hub_outcome *));
  if (outcomes == NULL) return -ENOMEM;
  for (size_t i = 0; i < passage->items_count; i++) {
    outcomes[i] = outcome_of(&passage->items[i]);
    if (outcomes[i] == NULL) return -ENOMEM;
  }
  *ret_outcomes = outcomes;
  return 0;
}

/* The first half of the identity in hexadecimal. */
static const char *make_receipt(const struct passage *passage) {
  static const char digits[] = "0123456789abcdef";
  char *receipt = arena_alloc(passage->intake.arena, 33);
  for (size_t i = 0; receipt != NULL && i < 16; i++) {
    receipt[i * 2] = digits[passage->identity.digest[i] >> 4];
    receipt[i * 2 + 1] = digits[passage->identity.digest[i] & 15];
  }
  return receipt;
}

int passage_make_answer(struct passage *passage, enum hub_stage stage, const struct hub_refusal *refusal,
                        struct answer *ret_answer) {
  const struct intake *intake = &passage->intake;
  struct hub_exchange exchange = {
      .size = sizeof exchange,
      .stage = stage,
      .payload = &intake->payload,
      .answered_us = clock_now_us(),
      .refusal = refusal,
      .answers_twice = intake->stored != NULL,
      .remembered = passage->job.translation.remembered.data,
      .remembered_length = passage->job.translation.remembered.length,
  };
  if (refusal == NULL) {
    int r = make_outcomes(passage, &exchange.outcomes);
    if (r < 0) return r;
    exchange.outcomes_count = passage->items_count;
    exchange.receipt = make_receipt(passage);
    if (exchange.receipt == NULL) return -ENOMEM;
  }
  const struct instance *instance = intake->source->setup->instance;
  return intake->stored != NULL ? answer_by_connector(instance, &exchange, intake->arena, ret_answer)
                                : answer_make(instance, &exchange, intake->arena, ret_answer);
}

/* With `ack: broker` what is safe is also known: both answers of one payload leave at once. */
int passage_answer_stored(struct passage *passage) {
  cleanup(answer_deinit) struct answer made = {0};
  if (passage->intake.stored == NULL) return 0;
  int r = passage_make_answer(passage, HUB_STORED, NULL, &made);
  if (r == 0) passage->intake.stored(&passage->intake, &made);
  return r;
}
