/*
 * hl7_ack.h: writes acknowledgements: MSH, MSA and ERR, in batches as they came.
 *
 * An acknowledgement speaks with the delimiters of the message that it answers, because it repeats fields of
 * it as they are. Nothing else of the message gets into it.
 */
#ifndef HEALTH_HL7_ACK_H
#define HEALTH_HL7_ACK_H

#include "connectors/health/hl7.h"
#include "connectors/health/hl7_message.h"

enum hl7_verdict { HL7_ACCEPT, HL7_ERROR, HL7_REJECT };

/* The header of a message of which nothing is known. */
#define HL7_ACK_UNKNOWN "MSH|^~\\&|||||||||P|2.5"

enum { HL7_ERRORS_MAX = 100 }; /* that one acknowledgement names */

struct hl7_ack {
  struct hub_writer *writer;
  const struct hub_exchange *exchange;
  int32_t zone_offset_s;
  int error; /* of a write; the rest is then not written */
  bool begun;
  struct hl7v2_delimiters delimiters;
  bool old_errors; /* ERR-1, the form up to 2.4 */
  size_t messages; /* written, in all */
  size_t errors;   /* of the message under way */
  struct hl7v2_segment batch_segment;
  struct hl7v2_message batch; /* BHS that was seen and not written yet: count 1 */
  bool in_batch;
  size_t batch_messages;
  char buffer[512];
  size_t used;
};

void hl7_ack_init(struct hl7_ack *, struct hub_writer *, const struct hub_exchange *, int32_t zone_offset_s);

/* The first segment of a unit as a message of one segment, whose fields are asked as they stand. Where it has
 * no delimiters that can be used it is taken to be HL7_ACK_UNKNOWN. */
void hl7_ack_header(const struct hl7v2_unit *, struct hl7v2_segment *ret_segment,
                    struct hl7v2_message *ret_header);

/* MSH and MSA. kind: 'A' application, 'C' commit. detail: a sentence for MSA-3, which only old versions have.
 */
void hl7_ack_begin(struct hl7_ack *, const struct hl7v2_message *header, char kind, enum hl7_verdict,
                   const char *detail);

/* An error of the message that was begun; outcome NULL: the hub's own. */
void hl7_ack_error(struct hl7_ack *, const struct hub_outcome *, const char *detail);

/* A batch's header is written before its first acknowledgement only. Return the error so far. */
int hl7_ack_batch(struct hl7_ack *, const struct hl7v2_message *header);
int hl7_ack_batch_end(struct hl7_ack *);
int hl7_ack_finish(struct hl7_ack *);

#endif
