/*
 * bhyt_records.h: records of a file that wait until it was read whole.
 */
#ifndef HEALTH_BHYT_RECORDS_H
#define HEALTH_BHYT_RECORDS_H

#include "connectors/format/json.h"
#include "connectors/health/bhyt_file.h"
#include "connectors/health/values.h"
#include "ioc/health/v1/insurance_claim.pb-c.h"

enum { BHYT_RECORDS_MAX = 20000 };

struct bhyt_record {
  ProtobufCMessage *message;   /* NULL: refused, see problem */
  struct bhyt_problem problem; /* its offset and path also of a message */
  struct text key, slice;
  int64_t occurred_us;
};

struct bhyt_records {
  struct bhyt_record *items;
  size_t count, room;
};

/* An empty record, or NULL: no memory. */
struct bhyt_record *bhyt_records_add(struct hub_sink *, struct bhyt_records *);

/* Hands all of them to the sink. */
int bhyt_records_emit(const struct bhyt_source *, const struct bhyt_records *);

/* One reject for the file. at: NULL with problem's offset and path. */
int bhyt_refuse(const struct bhyt_source *, const struct bhyt_problem *);

/* ---- A record of a row ---- */

struct bhyt_around {       /* what stands around the visits of a file, before or behind them */
  struct text sender_code; /* terminated */
  struct time_point made_at;
};

struct bhyt_part {
  enum bhyt_kind kind;
  int32_t rows;
};

/* Each fills in message, key and occurred_us, or problem. Returns 0 or a negative errno. */
int bhyt_claim_make(struct maker *, const struct bhyt_row *, const struct bhyt_part *, size_t parts_count,
                    struct bhyt_record *);
int bhyt_check_in_make(struct maker *, const struct bhyt_row *, struct bhyt_record *);

/* At the end of the file: what stands around the visits, for a record that is a claim. */
int bhyt_claim_complete(struct maker *, const struct bhyt_around *, struct bhyt_record *);

/* What both have: whom it is about, and the native key. */
Ioc__Health__V1__Patient *bhyt_patient(struct maker *, const struct bhyt_row *);
struct text bhyt_key(struct maker *, struct text facility_code, struct text visit_id);

/* Notes a missing MA_LK. */
bool bhyt_check_visit(struct maker *, const struct bhyt_row *, struct bhyt_record *);

#endif
