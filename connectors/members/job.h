/*
 * job.h: one JSON text on its way to records: its memory, its places, and why a record of it is refused.
 *
 * Memory is cut from blocks of the sink's, since a message is made of dozens of small texts and each call of
 * the sink costs more than copying one of them.
 */
#ifndef MEMBERS_JOB_H
#define MEMBERS_JOB_H

#include "connectors/format/json.h"
#include "connectors/format/json_path.h"
#include "connectors/iochub_connector.h"

struct member_table;

enum { INDEX_SLOTS = 128, INDEX_ROWS_MAX = 64, INDEXES = 8 };

struct member_index { /* of a table with many rows, made when it is first needed */
  const struct member_table *table;
  uint8_t first[INDEX_SLOTS];   /* by a name's slot: number of a row from 1; 0: none */
  uint8_t next[INDEX_ROWS_MAX]; /* by a row: number of another one of its slot */
};

struct job {
  struct hub_sink *sink;
  struct allocator allocator; /* what readers of connectors/format get their memory of */
  const char *origin;         /* where in the payload the text begins; offsets of values count from here */
  size_t line;                /* of a text that is a line of the payload, from 1; 0: it is the payload */
  struct json_places places;
  unsigned time_forms; /* enum time_form: in which times may come; milliseconds only as numbers */
  int32_t zone_offset_s;
  size_t list_elements;           /* made so far; bounds what many empty elements cost */
  struct hub_rejection rejection; /* filled in by what returns MEMBER_E_REJECTED */
  char *block;                    /* what is left of the block that memory is cut from */
  size_t block_left;
  const void *own; /* the connector's */
  size_t indexes_made;
  struct member_index indexes[INDEXES]; /* not set beyond those that are made: last for that reason */
};

#define MEMBER_E_REJECTED 1 /* the record cannot be taken: see job.rejection */

/* Makes a job of a text that has JSON_PADDING zero bytes behind it. The caller sets what differs from zero of
 * line, time_forms, zone_offset_s and own. The job may not be moved. */
void job_init(struct job *, struct hub_sink *, struct text, const char *origin);

/* Zeroed memory aligned to 16, or NULL. */
void *job_alloc(struct job *, size_t bytes);

/* The same for bytes, at any address. */
char *job_alloc_bytes(struct job *, size_t bytes);

/* Whether a NUL is in a text that a value of the job's text gave. */
bool job_has_nul(const struct job *, struct text);

/* "line:col /data/0/id"; NULL: no memory. */
const char *job_place(struct job *, const struct crumb *, size_t offset);

/* Notes why the record at hand is refused. Returns MEMBER_E_REJECTED or -ENOMEM. */
int member_reject(struct job *, enum hub_reject_code, const struct crumb *, const struct json *value,
                  const char *detail);

/* Hands what was noted to the sink, as what became of `value`; key may be empty. 0 or a negative errno. */
int job_refuse(struct job *, const struct json *value, struct text key);

/* Notes and hands over at once, for a payload that is refused whole. 0 or a negative errno. */
int job_refuse_whole(struct job *, enum hub_reject_code, const struct crumb *, const struct json *value,
                     const char *detail);

/* Refuses a text for what json_read() returned above 0. 0 or a negative errno. */
int job_refuse_text(struct job *, int error, const struct json_error *where);

/* meta of a record that was made of `value`; at: from job_place(). */
struct hub_meta job_meta(const struct job *, const struct json *value, const char *at);

#endif
