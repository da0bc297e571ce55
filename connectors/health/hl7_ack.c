/*
 * hl7_ack.c: see hl7_ack.h.
 *
 * ERR has two forms: up to 2.4 one segment with a repetition of ERR-1 for each error, from 2.5 a segment for
 * each with place, code, severity and a sentence. Which one counts is the version that the sender wrote.
 */
#include "connectors/health/hl7_ack.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const struct hl7v2_delimiters usual = {'|', '^', '~', '\\', '&', 0};

/* ---- Bytes ---- */

static void flush(struct hl7_ack *a) {
  if (a->error == 0 && a->used != 0) a->error = a->writer->ops->write(a->writer, a->buffer, a->used);
  a->used = 0;
}

static void put_char(struct hl7_ack *a, char c) {
  if (a->used == sizeof(a->buffer)) flush(a);
  a->buffer[a->used++] = c;
}

static void put(struct hl7_ack *a, struct text text) {
  for (size_t i = 0; i < text.length; i++) put_char(a, text.data[i]);
}

static void put_number(struct hl7_ack *a, uint64_t number) {
  char digits[24];
  put(a, (struct text){digits, (size_t)snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number)});
}

/* Field separators in front of the next field. */
static void skip(struct hl7_ack *a, unsigned fields) {
  while (fields-- != 0) put_char(a, a->delimiters.field);
}

/* A component separator, or a blank where the message has none. */
static void put_component(struct hl7_ack *a) { put_char(a, a->delimiters.component); }

static bool is_delimiter(const struct hl7v2_delimiters *d, char c) {
  return c == d->field || c == d->component || c == d->repetition || c == d->escape || c == d->subcomponent ||
         c == d->truncation;
}

/* Text of ours, in which a delimiter of the sender's may stand: then a blank does. */
static void put_plain(struct hl7_ack *a, const char *text) {
  for (; *text != 0; text++) put_char(a, is_delimiter(&a->delimiters, *text) ? ' ' : *text);
}

static void begin(struct hl7_ack *a) {
  const struct hub_refusal *refusal = a->exchange->refusal;
  int status = a->exchange->stage == HUB_REFUSED ? (refusal != NULL ? refusal->http_status : 503) : 200;
  if (!a->begun && a->error == 0) a->error = a->writer->ops->begin(a->writer, status, HL7_CONTENT_TYPE);
  a->begun = true;
}

/* ---- Headers ---- */

void hl7_ack_init(struct hl7_ack *a, struct hub_writer *writer, const struct hub_exchange *exchange,
                  int32_t zone_offset_s) {
  *a = (struct hl7_ack){
      .writer = writer, .exchange = exchange, .zone_offset_s = zone_offset_s, .delimiters = usual};
}

void hl7_ack_header(const struct hl7v2_unit *unit, struct hl7v2_segment *ret_segment,
                    struct hl7v2_message *ret_header) {
  struct hl7v2_problem problem;
  struct text line = unit->bytes;
  size_t length = 0;
  while (length < line.length && line.data[length] != '\r' && line.data[length] != '\n') length++;
  line.length = length;
  *ret_header = (struct hl7v2_message){.segments = ret_segment, .count = 1};
  if (hl7v2_read_delimiters(unit, &ret_header->delimiters, &problem) != 0) {
    ret_header->delimiters = usual;
    line = TEXT(HL7_ACK_UNKNOWN);
  }
  *ret_segment = (struct hl7v2_segment){line, line, unit->line, 1};
}

static struct text raw(const struct hl7v2_message *header, unsigned field) {
  return hl7v2_field(header, header->segments, field);
}

/* A field of the message as it stands, behind its separator. A control character would end the frame of MLLP
 * and becomes a blank. */
static void copy(struct hl7_ack *a, const struct hl7v2_message *header, unsigned field) {
  struct text text = raw(header, field);
  skip(a, 1);
  for (size_t i = 0; i < text.length; i++)
    put_char(a, (unsigned char)text.data[i] < ' ' ? ' ' : text.data[i]);
}

/* In the source's zone, which is left out where its sign is a delimiter. */
static void put_time(struct hl7_ack *a) {
  char text[40];
  int32_t zone = a->zone_offset_s, minutes = (zone < 0 ? -zone : zone) / 60;
  time_t seconds = (time_t)(a->exchange->answered_us / 1000000 + zone);
  struct tm tm;
  if (gmtime_r(&seconds, &tm) == NULL) return;
  put(a, (struct text){text, strftime(text, sizeof(text), "%Y%m%d%H%M%S", &tm)});
  char sign = zone < 0 ? '-' : '+';
  if (is_delimiter(&a->delimiters, sign)) return;
  snprintf(text, sizeof(text), "%c%02d%02d", sign, (int)(minutes / 60), (int)(minutes % 60));
  put(a, text_of(text));
}

/* At most 20 characters, which is what versions before 2.7 take: the kind, twelve digits of the receipt (of
 * the moment, where nothing was received) and the number of the message. */
static void put_control_id(struct hl7_ack *a, char kind) {
  char moment[24];
  const char *from = a->exchange->receipt;
  size_t digits = 0;
  if (from == NULL) {
    snprintf(moment, sizeof(moment), "%012llx", (unsigned long long)a->exchange->answered_us);
    from = moment + strlen(moment) - 12;
  }
  put_char(a, kind);
  for (; *from != 0 && digits < 12; from++)
    if (*from != '-') put_char(a, *from), digits++;
  if (a->messages == 0) return;
  put_char(a, '-');
  put_number(a, a->messages % 1000000);
}

/* MSH-1 to MSH-8 or BHS-1 to BHS-8: the way back. */
static void put_way_back(struct hl7_ack *a, const char *name, const struct hl7v2_message *header) {
  a->delimiters = header->delimiters;
  put(a, text_of(name));
  skip(a, 1);
  put(a, raw(header, 2));
  copy(a, header, 5);
  copy(a, header, 6);
  copy(a, header, 3);
  copy(a, header, 4);
  skip(a, 1);
  put_time(a);
  skip(a, 1);
}

/* Up to 2.4; what is no version is taken for a new one. */
static bool is_old(struct text version) {
  return version.length >= 3 && memcmp(version.data, "2.", 2) == 0 && version.data[2] <= '4';
}

static void put_batch_header(struct hl7_ack *a) {
  if (a->batch.count == 0) return;
  put_way_back(a, "BHS", &a->batch);
  skip(a, 3);
  put_control_id(a, 'B');
  copy(a, &a->batch, 11);
  put_char(a, '\r');
  a->batch.count = 0;
  a->in_batch = true;
  a->batch_messages = 0;
}

/* ACK^A01^ACK */
static void put_type(struct hl7_ack *a, const struct hl7v2_message *header) {
  struct text trigger = hl7v2_get(header, header->segments, (struct hl7v2_path){9, 1, 2, 0});
  put(a, TEXT("ACK"));
  if (trigger.length == 0) return;
  put_component(a);
  put(a, trigger);
  put_component(a);
  put(a, TEXT("ACK"));
}

void hl7_ack_begin(struct hl7_ack *a, const struct hl7v2_message *header, char kind, enum hl7_verdict verdict,
                   const char *detail) {
  struct text version = raw(header, 12), charset = raw(header, 18);
  begin(a);
  put_batch_header(a);
  put_way_back(a, "MSH", header);
  skip(a, 1);
  put_type(a, header);
  skip(a, 1);
  put_control_id(a, kind);
  copy(a, header, 11);
  copy(a, header, 12);
  if (charset.length != 0) {
    skip(a, 5);
    copy(a, header, 18);
  }
  put(a, TEXT("\rMSA"));
  skip(a, 1);
  put_char(a, kind);
  put_char(a, "AER"[verdict]);
  copy(a, header, 10);
  a->old_errors = is_old(version);
  if (a->old_errors && detail != NULL) {
    skip(a, 1);
    put_plain(a, detail);
  }
  put_char(a, '\r');
  a->errors = 0;
  a->messages++;
  a->batch_messages++;
}

/* ---- Errors ---- */

struct location { /* of "3:17 PID[2]-3[2].1.1" */
  char segment[4];
  unsigned sequence, field, repetition, component, subcomponent;
};

static unsigned take_number(const char **at, char before) {
  char *end;
  if (**at != before) return 0;
  unsigned long number = strtoul(*at + 1, &end, 10);
  *at = *end == ']' ? end + 1 : end;
  return (unsigned)number;
}

static struct location location_of(const char *at) {
  struct location l = {.sequence = 0};
  const char *path = at == NULL ? NULL : strchr(at, ' ');
  if (path == NULL || strlen(path) < 4) return l;
  memcpy(l.segment, path + 1, 3);
  path += 4;
  l.sequence = take_number(&path, '[');
  l.field = take_number(&path, '-');
  l.repetition = take_number(&path, '[');
  l.component = take_number(&path, '.');
  l.subcomponent = take_number(&path, '.');
  if (l.sequence == 0) l.sequence = 1;
  return l;
}

struct condition { /* of table 0357 */
  const char *code, *text;
};

static const struct condition sequence_error = {"100", "Segment sequence error"},
                              field_missing = {"101", "Required field missing"},
                              type_error = {"102", "Data type error"},
                              not_in_table = {"103", "Table value not found"},
                              bad_type = {"200", "Unsupported message type"},
                              bad_event = {"201", "Unsupported event code"},
                              bad_version = {"203", "Unsupported version id"},
                              internal = {"207", "Application internal error"};

static const struct condition *condition_of(const struct hub_outcome *outcome, const struct location *l) {
  if (outcome == NULL) return &internal;
  switch (outcome->code) {
    case HUB_UNSUPPORTED:
      if (l->field == 12) return &bad_version;
      return l->field != 9 ? &not_in_table : l->component == 2 ? &bad_event : &bad_type;
    case HUB_MISSING: return l->field != 0 ? &field_missing : &sequence_error;
    case HUB_MALFORMED: return l->field != 0 ? &type_error : &sequence_error;
    case HUB_INVALID: return &type_error;
    case HUB_INCOMPLETE: return &sequence_error;
    default: return &internal;
  }
}

static void put_optional(struct hl7_ack *a, unsigned number) {
  put_component(a);
  if (number != 0) put_number(a, number);
}

/* ERR-2: segment, its number, field, repetition, component, subcomponent; as far as they are known. */
static void put_location(struct hl7_ack *a, const struct location *l) {
  if (l->sequence == 0) return;
  put_plain(a, l->segment);
  put_optional(a, l->sequence);
  if (l->field == 0) return;
  put_optional(a, l->field);
  if (l->component == 0 && l->repetition == 0) return;
  put_optional(a, l->repetition == 0 ? 1 : l->repetition);
  if (l->component == 0) return;
  put_optional(a, l->component);
  if (l->subcomponent != 0) put_optional(a, l->subcomponent);
}

static void put_condition(struct hl7_ack *a, const struct condition *c, char separator) {
  put_plain(a, c->code);
  put_char(a, separator);
  put_plain(a, c->text);
  put_char(a, separator);
  put_plain(a, "HL70357");
}

/* ERR-1: segment, its number, field, and the code as one component. */
static void put_old_error(struct hl7_ack *a, const struct location *l, const struct condition *c) {
  char separator = a->delimiters.subcomponent != 0 ? a->delimiters.subcomponent : ' ';
  if (l->sequence != 0) put_plain(a, l->segment);
  put_optional(a, l->sequence);
  put_optional(a, l->field);
  put_component(a);
  put_condition(a, c, separator);
}

static void put_new_error(struct hl7_ack *a, const struct hub_outcome *outcome, const struct location *l,
                          const struct condition *c, const char *detail) {
  put(a, TEXT("ERR"));
  skip(a, 2);
  put_location(a, l);
  skip(a, 1);
  put_condition(a, c, a->delimiters.component);
  skip(a, 1);
  put_char(a, 'E');
  skip(a, 3);
  if (outcome != NULL && outcome->at != NULL) put_plain(a, outcome->at);
  skip(a, 1);
  if (detail != NULL) put_plain(a, detail);
  put_char(a, '\r');
}

void hl7_ack_error(struct hl7_ack *a, const struct hub_outcome *outcome, const char *detail) {
  struct location l = location_of(outcome != NULL ? outcome->at : NULL);
  const struct condition *c = condition_of(outcome, &l);
  if (a->errors == HL7_ERRORS_MAX) return;
  a->errors++;
  if (!a->old_errors) {
    put_new_error(a, outcome, &l, c, detail);
    return;
  }
  if (a->errors > 1 && a->delimiters.repetition == 0) return;
  if (a->errors > 1) a->used--; /* the end of the segment that goes on */
  if (a->errors > 1) put_char(a, a->delimiters.repetition);
  else put(a, TEXT("ERR")), skip(a, 1);
  put_old_error(a, &l, c);
  put_char(a, '\r');
}

/* ---- Batches ---- */

int hl7_ack_batch(struct hl7_ack *a, const struct hl7v2_message *header) {
  a->batch_segment = header->segments[0];
  a->batch = *header;
  a->batch.segments = &a->batch_segment;
  return a->error;
}

int hl7_ack_batch_end(struct hl7_ack *a) {
  a->batch.count = 0;
  if (!a->in_batch) return a->error;
  put(a, TEXT("BTS"));
  skip(a, 1);
  put_number(a, a->batch_messages);
  put_char(a, '\r');
  a->in_batch = false;
  return a->error;
}

int hl7_ack_finish(struct hl7_ack *a) {
  int r = hl7_ack_batch_end(a);
  flush(a);
  return r != 0 ? r : a->error;
}
