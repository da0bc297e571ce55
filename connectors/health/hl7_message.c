/*
 * hl7_message.c: judges a message by its header and by the segments that it cannot be without.
 *
 * Only what identifies or carries the fact is demanded. EVN and most fields are mandatory in the standard and
 * missing in real traffic; their absence loses a detail, refusing them would lose the visit.
 */
#include "connectors/health/hl7_message.h"

#include "ioc/health/v1/encounter.pb-c.h"

#include <stdio.h>

#define EVENT(name) IOC__HEALTH__V1__ENCOUNTER_EVENT__ENCOUNTER_EVENT_##name
#define STATUS(name) IOC__HEALTH__V1__ENCOUNTER_STATUS__ENCOUNTER_STATUS_##name

static const struct hl7_event events[] = {
    {"A01", EVENT(ADMITTED), STATUS(IN_PROGRESS), false},
    {"A02", EVENT(TRANSFERRED), STATUS(IN_PROGRESS), false},
    {"A03", EVENT(DISCHARGED), STATUS(FINISHED), false},
    {"A04", EVENT(REGISTERED), STATUS(ARRIVED), false},
    {"A06", EVENT(MADE_INPATIENT), STATUS(IN_PROGRESS), false},
    {"A07", EVENT(MADE_OUTPATIENT), STATUS(IN_PROGRESS), false},
    {"A08", EVENT(UPDATED), STATUS(UNSPECIFIED), false},
    {"A11", EVENT(ADMISSION_CANCELLED), STATUS(CANCELLED), false},
    {"A12", EVENT(TRANSFER_CANCELLED), STATUS(IN_PROGRESS), false},
    {"A13", EVENT(DISCHARGE_CANCELLED), STATUS(IN_PROGRESS), false},
    {"A40", EVENT(PATIENTS_MERGED), STATUS(UNSPECIFIED), true},
};

/* ---- Faults ---- */

static enum hub_reject_code code_of(int error) {
  switch (error) {
    case HL7V2_E_INCOMPLETE: return HUB_INCOMPLETE;
    case HL7V2_E_TOO_LARGE: return HUB_TOO_LARGE;
    case HL7V2_E_UNSUPPORTED: return HUB_UNSUPPORTED;
    default: return HUB_MALFORMED;
  }
}

static int fault_of(struct hl7_fault *fault, int error, const struct hl7v2_problem *problem) {
  fault->code = code_of(error);
  fault->detail = problem->detail;
  memcpy(fault->at, problem->at, sizeof(fault->at));
  return HL7_E_FAULT;
}

static int fault_at(struct hl7_fault *fault, enum hub_reject_code code, const struct hl7_message *read,
                    const struct hl7v2_segment *segment, struct hl7v2_path path, const char *detail) {
  fault->code = code;
  fault->detail = detail;
  hl7v2_place(&read->message, segment, path, fault->at);
  return HL7_E_FAULT;
}

/* Of a segment that is not there: the message begins where it should have been. */
static int fault_missing(struct hl7_fault *fault, const struct hl7_message *read, const char *name,
                         const char *detail) {
  fault->code = HUB_MISSING;
  fault->detail = detail;
  snprintf(fault->at, sizeof(fault->at), "%zu:1 %s", read->message.segments[0].line, name);
  return HL7_E_FAULT;
}

int hl7_open(struct hl7v2 *hl7v2, const struct hub_payload *payload, struct hl7_fault *fault) {
  struct hl7v2_problem problem;
  int r = hl7v2_open(hl7v2, (struct text){payload->data, payload->length}, &problem);
  return r == 0 ? 0 : fault_of(fault, r, &problem);
}

/* ---- The header ---- */

static struct text header(const struct hl7_message *read, unsigned field, unsigned component) {
  return text_trim(
      hl7v2_get(&read->message, read->message.segments, (struct hl7v2_path){field, 1, component, 0}));
}

static const struct hl7_event *event_of(struct text trigger) {
  for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
    if (text_is(trigger, events[i].trigger)) return &events[i];
  return NULL;
}

/* 2.3 to 2.8 by the beginning: 2.3.1, 2.5.1, 2.3.z. */
static bool is_known_version(struct text version) {
  return version.length >= 3 && memcmp(version.data, "2.", 2) == 0 && version.data[2] >= '3' &&
         version.data[2] <= '8';
}

static int read_header(struct hl7_message *read, struct hl7_fault *fault) {
  const struct hl7v2_segment *msh = read->message.segments;
  struct text type = header(read, 9, 1), trigger = header(read, 9, 2);
  if (!is_known_version(header(read, 12, 1)))
    return fault_at(fault, HUB_UNSUPPORTED, read, msh, (struct hl7v2_path){.field = 12},
                    "a version of HL7 that is not taken here: 2.3 to 2.8 are");
  if (text_is(type, "ORU")) read->type = HL7_ORU;
  else if (text_is(type, "ADT")) read->type = HL7_ADT;
  else
    return fault_at(fault, HUB_UNSUPPORTED, read, msh, (struct hl7v2_path){.field = 9, .component = 1},
                    "a type of message that is not taken here: ADT and ORU are");
  read->event = read->type == HL7_ADT ? event_of(trigger) : NULL;
  if (read->type == HL7_ADT ? read->event == NULL : !text_is(trigger, "R01"))
    return fault_at(fault, HUB_UNSUPPORTED, read, msh, (struct hl7v2_path){.field = 9, .component = 2},
                    "an event that is not taken here");
  struct text id = header(read, 10, 0);
  if (id.length == 0 || hl7v2_is_null(id))
    return fault_at(fault, HUB_MISSING, read, msh, (struct hl7v2_path){.field = 10},
                    "the number of the message is absent");
  return 0;
}

/* ---- The segments ---- */

static int check_visit(const struct hl7_message *read, struct hl7_fault *fault) {
  const struct hl7v2_segment *pid = hl7v2_find(&read->message, "PID");
  if (pid == NULL) return fault_missing(fault, read, "PID", "the segment of the patient is absent");
  if (!read->event->is_merge && hl7v2_find(&read->message, "PV1") == NULL)
    return fault_missing(fault, read, "PV1", "the segment of the visit is absent");
  for (size_t i = 0; i < read->message.count; i++)
    if (&read->message.segments[i] > pid && hl7v2_is_segment(&read->message.segments[i], "PID"))
      return fault_at(fault, HUB_INVALID, read, &read->message.segments[i], (struct hl7v2_path){0},
                      "a message about a visit speaks of one patient");
  return 0;
}

int hl7_message_read(const struct allocator *allocator, const struct hl7v2_unit *unit,
                     struct hl7_message *read, struct hl7_fault *fault) {
  struct hl7v2_problem problem;
  *read = (struct hl7_message){.type = 0};
  int r = hl7v2_read(allocator, unit, &read->message, &problem);
  if (r != 0) return r < 0 ? r : fault_of(fault, r, &problem);
  r = read_header(read, fault);
  if (r != 0) return r;
  if (read->type == HL7_ADT) return check_visit(read, fault);
  if (hl7v2_find(&read->message, "OBR") == NULL && hl7v2_find(&read->message, "OBX") == NULL)
    return fault_missing(fault, read, "OBR", "the message holds no result and no order");
  return 0;
}

/* ---- Results ---- */

static const struct hl7v2_segment *find_specimen(const struct hl7_results *walk) {
  for (size_t i = walk->index; i < walk->message->count; i++) {
    const struct hl7v2_segment *s = &walk->message->segments[i];
    if (hl7v2_is_segment(s, "SPM")) return s;
    if (hl7v2_is_segment(s, "OBR") || hl7v2_is_segment(s, "PID")) return NULL;
  }
  return NULL;
}

/* Notes what later results belong to. */
static void enter(struct hl7_results *walk, const struct hl7v2_segment *s) {
  struct hl7_result *c = &walk->current;
  if (hl7v2_is_segment(s, "PID")) *c = (struct hl7_result){.pid = s};
  else if (hl7v2_is_segment(s, "PV1")) c->pv1 = s;
  else if (hl7v2_is_segment(s, "ORC")) c->orc = s, c->obr = NULL;
  else if (hl7v2_is_segment(s, "OBR")) {
    if (c->obr != NULL) c->orc = NULL; /* an ORC is of one OBR */
    c->obr = s;
    c->spm = find_specimen(walk);
  }
}

static const struct hl7v2_segment *end_of_notes(const struct hl7_results *walk) {
  size_t i = walk->index;
  while (i < walk->message->count && hl7v2_is_segment(&walk->message->segments[i], "NTE")) i++;
  return &walk->message->segments[i];
}

/* Whether the OBR that was just entered has an OBX of its own. */
static bool has_results(const struct hl7_results *walk) {
  for (size_t i = walk->index; i < walk->message->count; i++) {
    const struct hl7v2_segment *s = &walk->message->segments[i];
    if (hl7v2_is_segment(s, "OBX")) return true;
    if (hl7v2_is_segment(s, "OBR") || hl7v2_is_segment(s, "ORC") || hl7v2_is_segment(s, "PID")) return false;
  }
  return false;
}

bool hl7_results_next(struct hl7_results *walk, struct hl7_result *ret) {
  while (walk->index < walk->message->count) {
    const struct hl7v2_segment *s = &walk->message->segments[walk->index++];
    bool is_result = hl7v2_is_segment(s, "OBX"), is_order = hl7v2_is_segment(s, "OBR");
    enter(walk, s);
    if (!is_result && (!is_order || has_results(walk))) continue;
    walk->current.obx = is_result ? s : NULL;
    walk->current.end = end_of_notes(walk);
    *ret = walk->current;
    return true;
  }
  return false;
}

size_t hl7_message_records(const struct hl7_message *read) {
  struct hl7_results walk = {.message = &read->message};
  struct hl7_result result;
  size_t count = 0;
  if (read->type == HL7_ADT) return 1;
  while (hl7_results_next(&walk, &result)) count++;
  return count;
}
