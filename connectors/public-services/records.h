/*
 * records.h: one object of a payload as one record.
 */
#ifndef PUBLIC_SERVICES_RECORDS_H
#define PUBLIC_SERVICES_RECORDS_H

#include "connectors/members/members.h"
#include "ioc/publicservice/v1/types.pb-c.h"

/* Tables that more than one record uses. */
extern const struct code dossier_states[];
extern const struct member_list fee_list, result_list;

/* Sum of the fees in VND. False: there is none, or one is not a whole number of VND. */
bool fees_total(Ioc__Publicservice__V1__Fee *const *, size_t count, int64_t *ret_total);

struct session {           /* what the session form says of all its dossiers: job.own */
  struct text sender_code; /* madonvi */
};

static inline struct text sender_code_of(const struct job *job) {
  return ((const struct session *)job->own)->sender_code;
}

/* Each emits one record or leaves job.rejection and returns MEMBER_E_REJECTED. id: MaHoSo, not empty. */
int dossier_emit(struct job *, const struct crumb *, const struct json *object, struct text id);
int row_emit(struct job *, const struct crumb *, const struct json *object, struct text id);
int progress_emit(struct job *, const struct crumb *, const struct json *object, struct text id);

/* What the exchange has to remember between translate and reply: which protocol its sender speaks. */
enum protocol { PROTOCOL_PORTAL = 'p', PROTOCOL_CENTRAL = 'c' };

int public_services_reply(const void *self, const struct hub_exchange *, struct hub_writer *);

#endif
