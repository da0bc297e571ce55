/*
 * hl7_result.c: an OBX, with what its OBR, PID and PV1 say, as a LabResult.
 *
 * A result is known by its order number, its code and its sub-id; its version is the message that it came in,
 * so that a correction of only the patient or the order is an event and not a repeat. The bytes that it was
 * made of are the OBX and its NTE: hashing the whole message for each of ten thousand OBX would be quadratic.
 */
#include "connectors/health/hl7_result.h"

typedef Ioc__Health__V1__LabResult LabResult;

#define STATUS(name) IOC__HEALTH__V1__RESULT_STATUS__RESULT_STATUS_##name
#define FLAG(name) IOC__HEALTH__V1__FLAG__FLAG_##name

/* Table 0085 */
static const struct value_code result_statuses[] = {
    {TEXT("F"), STATUS(FINAL)},       {TEXT("P"), STATUS(PRELIMINARY)},
    {TEXT("C"), STATUS(CORRECTED)},   {TEXT("R"), STATUS(PRELIMINARY)},
    {TEXT("S"), STATUS(PRELIMINARY)}, {TEXT("I"), STATUS(PENDING)},
    {TEXT("N"), STATUS(PENDING)},     {TEXT("O"), STATUS(PENDING)},
    {TEXT("U"), STATUS(FINAL)},       {TEXT("V"), STATUS(FINAL)},
    {TEXT("A"), STATUS(AMENDED)},     {TEXT("B"), STATUS(AMENDED)},
    {TEXT("D"), STATUS(WITHDRAWN)},   {TEXT("W"), STATUS(WITHDRAWN)},
    {TEXT("X"), STATUS(CANCELLED)},   {TEXT(""), 0},
};

/* Table 0123 */
static const struct value_code order_statuses[] = {
    {TEXT("F"), STATUS(FINAL)},
    {TEXT("P"), STATUS(PRELIMINARY)},
    {TEXT("C"), STATUS(CORRECTED)},
    {TEXT("R"), STATUS(PRELIMINARY)},
    {TEXT("A"), STATUS(PRELIMINARY)},
    {TEXT("M"), STATUS(CORRECTED)},
    {TEXT("I"), STATUS(PENDING)},
    {TEXT("O"), STATUS(PENDING)},
    {TEXT("S"), STATUS(PENDING)},
    {TEXT("X"), STATUS(CANCELLED)},
    {TEXT("Y"), STATUS(UNKNOWN)},
    {TEXT("Z"), STATUS(UNKNOWN)},
    {TEXT(""), 0},
};

/* Table 0078 */
static const struct value_code flags[] = {
    {TEXT("N"), FLAG(NORMAL)},
    {TEXT("A"), FLAG(ABNORMAL)},
    {TEXT("AA"), FLAG(CRITICALLY_ABNORMAL)},
    {TEXT("L"), FLAG(LOW)},
    {TEXT("LL"), FLAG(CRITICALLY_LOW)},
    {TEXT("H"), FLAG(HIGH)},
    {TEXT("HH"), FLAG(CRITICALLY_HIGH)},
    {TEXT("<"), FLAG(BELOW_SCALE)},
    {TEXT(">"), FLAG(ABOVE_SCALE)},
    {TEXT("POS"), FLAG(POSITIVE)},
    {TEXT("NEG"), FLAG(NEGATIVE)},
    {TEXT("R"), FLAG(RESISTANT)},
    {TEXT("S"), FLAG(SUSCEPTIBLE)},
    {TEXT("I"), FLAG(INTERMEDIATE)},
    {TEXT("U"), FLAG(RISING)},
    {TEXT("D"), FLAG(FALLING)},
    {TEXT("B"), FLAG(BETTER)},
    {TEXT("W"), FLAG(WORSE)},
    {TEXT(""), 0},
};

static void read_header(struct hl7_maker *m, LabResult *r) {
  const struct hl7v2_segment *msh = m->message->segments;
  r->form = IOC__HEALTH__V1__LAB_RESULT_FORM__LAB_RESULT_FORM_HL7_ORU;
  r->facility = hl7_facility(m, NULL);
  r->sending_application = hl7_string(m, msh, HL7_FIELD(3, 1, 1, 1));
  r->message_id = hl7_string(m, msh, HL7_FIELD(10));
  r->processing =
      (Ioc__Health__V1__Processing)hl7_enum(m, msh, HL7_FIELD(11, 1, 1), hl7_processing, &r->processing_code);
  r->format_version = hl7_string(m, msh, HL7_FIELD(12, 1, 1));
  (void)hl7_put_time(m, msh, HL7_FIELD(7), HL7_TIME(r, sent_at));
}

static void read_patient(struct hl7_maker *m, const struct hl7_result *result, LabResult *r) {
  r->patient = hl7_patient(m, result->pid);
  r->visit_id = hl7_string(m, result->pv1, HL7_FIELD(19, 1, 1));
  r->patient_class = (Ioc__Health__V1__PatientClass)hl7_enum(m, result->pv1, HL7_FIELD(2, 1, 1), hl7_classes,
                                                             &r->patient_class_code);
  if (result->pv1 != NULL) r->place = hl7_place(m, result->pv1, 3);
}

/* Of the order's number: OBR, else ORC. */
static char *read_number(struct hl7_maker *m, const struct hl7_result *result, unsigned field) {
  char *number = hl7_string(m, result->obr, HL7_FIELD(field, 1, 1));
  return number[0] != 0 ? number : hl7_string(m, result->orc, HL7_FIELD(field, 1, 1));
}

static void read_reasons(struct hl7_maker *m, const struct hl7v2_segment *obr, LabResult *r) {
  unsigned count = hl7_repetitions(m, obr, 31);
  if (count == 0) return;
  r->reasons = value_alloc(&m->maker, count * sizeof(*r->reasons));
  for (unsigned i = 1; i <= count && r->reasons != NULL; i++) {
    Ioc__Health__V1__Code *code = hl7_code(m, obr, HL7_FIELD(31, i, 1));
    if (code != NULL) r->reasons[r->n_reasons++] = code;
  }
}

/* SPM-4, else OBR-15, whose first component is a code of its own in older versions. */
static Ioc__Health__V1__Code *read_specimen(struct hl7_maker *m, const struct hl7_result *result) {
  if (result->spm != NULL) return hl7_code(m, result->spm, HL7_FIELD(4, 1, 1));
  struct text source = hl7_text(m, result->obr, HL7_FIELD(15, 1, 1, 1));
  Ioc__Health__V1__Code *code = source.length == 0 ? NULL : value_alloc(&m->maker, sizeof(*code));
  if (code == NULL) return NULL;
  ioc__health__v1__code__init(code);
  code->code = value_string(&m->maker, source);
  code->text = hl7_string(m, result->obr, HL7_FIELD(15, 1, 1, 2));
  code->system = hl7_string(m, result->obr, HL7_FIELD(15, 1, 1, 3));
  return code;
}

static void read_order(struct hl7_maker *m, const struct hl7_result *result, LabResult *r) {
  const struct hl7v2_segment *obr = result->obr;
  r->placer_order_id = read_number(m, result, 2);
  r->filler_order_id = read_number(m, result, 3);
  r->order = hl7_code(m, obr, HL7_FIELD(4, 1, 1));
  r->order_status = (Ioc__Health__V1__ResultStatus)hl7_enum(m, obr, HL7_FIELD(25, 1, 1), order_statuses,
                                                            &r->order_status_code);
  r->category_code = hl7_string(m, obr, HL7_FIELD(24, 1, 1));
  r->specimen = read_specimen(m, result);
  read_reasons(m, obr, r);
  (void)hl7_put_time(m, obr, HL7_FIELD(7), HL7_TIME(r, observed_at));
  (void)hl7_put_time(m, obr, HL7_FIELD(14), HL7_TIME(r, received_at));
  (void)hl7_put_time(m, obr, HL7_FIELD(22), HL7_TIME(r, reported_at));
}

static void read_flags(struct hl7_maker *m, const struct hl7v2_segment *obx, LabResult *r) {
  unsigned count = hl7_repetitions(m, obx, 8);
  if (count == 0) return;
  Ioc__Health__V1__Interpretation *made = value_alloc(&m->maker, count * sizeof(*made));
  r->interpretations = value_alloc(&m->maker, count * sizeof(*r->interpretations));
  if (made == NULL || r->interpretations == NULL) return;
  for (unsigned i = 1; i <= count; i++, made++) {
    ioc__health__v1__interpretation__init(made);
    made->flag = (Ioc__Health__V1__Flag)hl7_enum(m, obx, HL7_FIELD(8, i, 1), flags, &made->code);
    if (made->code[0] != 0) r->interpretations[r->n_interpretations++] = made;
  }
}

/* The name of an organization: component 1, as a producer's second component. */
static char *read_performer(struct hl7_maker *m, const struct hl7v2_segment *obx) {
  static const struct hl7v2_path paths[] = {{23, 1, 1, 1}, {15, 1, 2, 0}, {15, 1, 1, 0}};
  char *name = (char *)protobuf_c_empty_string;
  for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]) && name[0] == 0; i++)
    name = hl7_string(m, obx, paths[i]);
  return name;
}

static void read_result(struct hl7_maker *m, const struct hl7v2_segment *obx, LabResult *r) {
  r->result_id = hl7_string(m, obx, HL7_FIELD(21, 1, 1));
  r->test = hl7_code(m, obx, HL7_FIELD(3, 1, 1));
  r->test_alternate = hl7_code(m, obx, HL7_FIELD(3, 1, 4));
  r->sub_id = hl7_string(m, obx, HL7_FIELD(4));
  hl7_read_values(m, obx, r);
  r->unit = hl7_code(m, obx, HL7_FIELD(6, 1, 1));
  r->reference_range = hl7_string(m, obx, HL7_FIELD(7));
  read_flags(m, obx, r);
  r->status =
      (Ioc__Health__V1__ResultStatus)hl7_enum(m, obx, HL7_FIELD(11, 1, 1), result_statuses, &r->status_code);
  r->method = hl7_code(m, obx, HL7_FIELD(17, 1, 1));
  r->performer_name = read_performer(m, obx);
  (void)hl7_put_time(m, obx, HL7_FIELD(14), HL7_TIME(r, observed_at));
}

/* NTE-3 of the segments behind one. */
static void read_notes(struct hl7_maker *m, const struct hl7v2_segment *behind, char ***list, size_t *count) {
  const struct hl7v2_segment *end = m->message->segments + m->message->count, *first = behind + 1, *s = first;
  while (s < end && hl7v2_is_segment(s, "NTE")) s++;
  if (s == first) return;
  *list = value_alloc(&m->maker, (size_t)(s - first) * sizeof(**list));
  for (end = s, s = first; s < end && *list != NULL; s++) {
    char *note = hl7_personal(m, HUB_FREE_TEXT, s, HL7_FIELD(3));
    if (note[0] != 0) (*list)[(*count)++] = note;
  }
}

/* The order's number, the code and the sub-id; empty without a number. */
static struct text key_of(struct hl7_maker *m, const LabResult *r) {
  const char *parts[] = {r->filler_order_id[0] != 0 ? r->filler_order_id : r->placer_order_id,
                         r->test != NULL ? r->test->code : "", r->sub_id};
  size_t length = 2, used = 0;
  if (parts[0][0] == 0) return TEXT_NONE;
  for (size_t i = 0; i < 3; i++) length += strlen(parts[i]);
  char *key = value_alloc(&m->maker, length);
  if (key == NULL) return TEXT_NONE;
  for (size_t i = 0; i < 3; i++) {
    size_t part = strlen(parts[i]);
    if (i != 0) key[used++] = '/';
    memcpy(key + used, parts[i], part);
    used += part;
  }
  return (struct text){key, used};
}

/* The message that the result came in: its number and its time, as sent. */
static struct text version_of(struct hl7_maker *m) {
  struct text id = hl7v2_field(m->message, m->message->segments, 10),
              time = hl7v2_field(m->message, m->message->segments, 7);
  char *version = value_alloc(&m->maker, id.length + time.length + 1);
  if (version == NULL) return TEXT_NONE;
  memcpy(version, id.data, id.length);
  version[id.length] = '/';
  memcpy(version + id.length + 1, time.data, time.length);
  return (struct text){version, id.length + time.length + 1};
}

static struct text slice_of(const struct hl7_result *result) {
  const struct hl7v2_segment *first = result->obx != NULL ? result->obx : result->obr,
                             *last = result->end - 1;
  return (struct text){first->bytes.data,
                       (size_t)(last->bytes.data + last->bytes.length - first->bytes.data)};
}

static int emit(struct hl7_maker *m, const struct hl7_result *result, struct text version, LabResult *r) {
  char at[HL7V2_PLACE_SIZE];
  struct text key = key_of(m, r), slice = slice_of(result);
  if (m->maker.error != 0) return m->maker.error;
  hl7v2_place(m->message, result->obx != NULL ? result->obx : result->obr, (struct hl7v2_path){0}, at);
  const Google__Protobuf__Timestamp *when = r->observed_at != NULL ? r->observed_at : r->reported_at;
  struct hub_meta meta = {
      .size = sizeof(meta),
      .key = key.data,
      .key_length = key.length,
      .version = version.data,
      .version_length = version.length,
      .occurred_us = hl7_microseconds(when != NULL ? when : r->sent_at),
      .at = at,
      .bytes = slice.data,
      .length = slice.length,
  };
  return hub_emit(m->maker.sink, &meta, &r->base);
}

/* ---- The walk ---- */

struct state { /* what a message says once, what a patient's segments say, what an order's say */
  struct hl7_maker message_maker, patient_maker, order_maker;
  LabResult message, patient, order;
  struct hl7_result last;
  struct text version;
};

/* Each segment is read once, however many results share it. */
static void prepare(struct state *s, const struct hl7_result *result) {
  bool other_patient = result->pid != s->last.pid || result->pv1 != s->last.pv1;
  if (other_patient) {
    s->patient_maker = s->message_maker;
    s->patient = s->message;
    read_patient(&s->patient_maker, result, &s->patient);
  }
  if (other_patient || result->obr != s->last.obr || s->last.end == NULL) {
    s->order_maker = s->patient_maker;
    s->order = s->patient;
    read_order(&s->order_maker, result, &s->order);
    if (result->obr != NULL)
      read_notes(&s->order_maker, result->obr, &s->order.order_notes, &s->order.n_order_notes);
  }
  s->last = *result;
}

static int emit_result(const struct state *s, const struct hl7_result *result) {
  struct hl7_maker m = s->order_maker;
  LabResult r = s->order;
  if (result->obr == NULL)
    hl7_refuse(&m, HUB_MISSING, result->obx, (struct hl7v2_path){0},
               "a result stands outside of any order (OBR)");
  read_result(&m, result->obx, &r);
  if (result->obx != NULL) read_notes(&m, result->obx, &r.notes, &r.n_notes);
  r.cleared_fields = m.cleared;
  r.n_cleared_fields = m.cleared_count;
  r.unread_times = m.unread;
  r.n_unread_times = m.unread_count;
  if (m.maker.error < 0) return m.maker.error;
  return m.maker.error == 0 ? emit(&m, result, s->version, &r) : hl7_reject(&m, slice_of(result));
}

int hl7_results_emit(struct hl7_maker *m) {
  struct hl7_results walk = {.message = m->message};
  struct hl7_result result;
  struct state *s = value_alloc(&m->maker, sizeof(*s));
  if (s == NULL) return m->maker.error;
  ioc__health__v1__lab_result__init(&s->message);
  s->version = version_of(m);
  read_header(m, &s->message);
  s->message_maker = s->patient_maker = *m;
  s->patient = s->message;
  while (hl7_results_next(&walk, &result)) {
    prepare(s, &result);
    int r = emit_result(s, &result);
    if (r != 0) return r;
  }
  return 0;
}
