/*
 * hl7_message.h: which messages of HL7 v2 are taken, and how many records each one gives.
 *
 * Translating and answering both go by what stands here, so that an answer counts the same records as the
 * translation made.
 */
#ifndef HEALTH_HL7_MESSAGE_H
#define HEALTH_HL7_MESSAGE_H

#include "connectors/format/hl7v2.h"
#include "connectors/iochub_connector.h"

enum hl7_type { HL7_ADT = 1, HL7_ORU };

struct hl7_event { /* of an ADT */
  char trigger[4];
  int event, status; /* EncounterEvent, EncounterStatus */
  bool is_merge;
};

struct hl7_fault { /* why a payload, message or record is refused */
  enum hub_reject_code code;
  const char *detail; /* constant */
  char at[HL7V2_PLACE_SIZE];
};

struct hl7_message {
  struct hl7v2_message message;
  enum hl7_type type;
  const struct hl7_event *event; /* of an ADT, else NULL */
};

#define HL7_E_FAULT 1

/* The frame of the payload: as hl7v2_open(). Returns 0 or HL7_E_FAULT. */
int hl7_open(struct hl7v2 *, const struct hub_payload *, struct hl7_fault *);

/* Returns 0, HL7_E_FAULT (the message is one rejected record) or -ENOMEM. */
int hl7_message_read(const struct allocator *, const struct hl7v2_unit *, struct hl7_message *,
                     struct hl7_fault *);

struct hl7_result { /* a result of an ORU: an OBX, or an OBR that has none */
  const struct hl7v2_segment *pid, *pv1, *orc, *obr, *spm,
      *obx;                        /* each may be NULL, but not obr and obx both */
  const struct hl7v2_segment *end; /* behind the NTE that follow the OBX */
};

struct hl7_results { /* a walk over an ORU; begins as zero, with `message` */
  const struct hl7v2_message *message;
  size_t index;
  struct hl7_result current;
};

/* The next result; false: there is none. One without OBR is to be refused. */
bool hl7_results_next(struct hl7_results *, struct hl7_result *ret);

/* Records that a message gives that was read without fault. */
size_t hl7_message_records(const struct hl7_message *);

#endif
