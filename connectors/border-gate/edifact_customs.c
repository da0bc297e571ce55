/*
 * edifact_customs.c: CUSDEC and CUSRES as CustomsDeclaration.
 *
 * UNS parts a CUSDEC in header, items and summary: a CST is the whole declaration's before it and begins an
 * item behind it. A CUSRES has no such parts; its errors begin with ERP.
 */
#include "connectors/border-gate/edifact_messages.h"

#define NAMED(prefix, name) IOC__BORDERGATE__V1__##prefix##_##name
#define DIRECTION(name) NAMED(DIRECTION__DIRECTION, name)
#define STATUS(name) NAMED(CUSTOMS_STATUS__CUSTOMS_STATUS, name)
#define RESPONSE NAMED(CUSTOMS_FORM__CUSTOMS_FORM, CUSRES)

typedef Ioc__Bordergate__V1__CustomsDeclaration Declaration;
typedef Ioc__Bordergate__V1__CustomsError CustomsError;

/* BGM 1001. */
static const struct code directions[] = {
    {TEXT("929"), DIRECTION(IMPORT)},  {TEXT("830"), DIRECTION(EXPORT)},  {TEXT("820"), DIRECTION(TRANSIT)},
    {TEXT("821"), DIRECTION(TRANSIT)}, {TEXT("822"), DIRECTION(TRANSIT)}, {TEXT(""), 0},
};

/* BGM 4343. */
static const struct code responses[] = {{TEXT("AP"), STATUS(ACCEPTED)},
                                        {TEXT("RE"), STATUS(REJECTED)},
                                        {TEXT("AB"), STATUS(RECEIVED)},
                                        {TEXT(""), 0}};

static bool is_one_of(struct text text, const char *const *words) {
  while (*words != NULL && !text_is(text, *words)) words++;
  return *words != NULL;
}

static void set_once(char **field, char *value) {
  if (**field == 0) *field = value;
}

void edi_customs_begin(struct edi *job, struct edi_customs *at, int form) {
  *at = (struct edi_customs){.declaration =
                                 EDI_MAKE(job, Declaration, ioc__bordergate__v1__customs_declaration__init)};
  if (at->declaration == NULL) return;
  at->declaration->form = (Ioc__Bordergate__V1__CustomsForm)form;
  EDI_SET_ENVELOPE(job, at->declaration);
}

static void take_document(struct edi *job, struct edi_customs *at) {
  Declaration *d = at->declaration;
  struct text type = edi_text(job, 1, 1), function = edi_text(job, 3, 1), response = edi_text(job, 4, 1);
  at->has_document = true;
  at->document = edifact_here(job->reader, 2, 1);
  d->type_code = edi_copy(job, type);
  d->direction = (Ioc__Bordergate__V1__Direction)code_value(directions, type);
  d->function = (Ioc__Bordergate__V1__MessageFunction)code_value(message_functions, function);
  d->function_code = edi_copy(job, function);
  if (d->form == RESPONSE) {
    d->response_reference = edi_string(job, 2, 1);
    d->status = (Ioc__Bordergate__V1__CustomsStatus)code_value(responses, response);
    d->status_code = edi_copy(job, response);
    return;
  }
  d->declaration_number = edi_string(job, 2, 1);
  if (*d->declaration_number == 0) edi_refuse(job, &edi_no_number, 2, 1);
}

static void take_time(struct edi *job, struct edi_customs *at) {
  Ioc__Bordergate__V1__EventTime *time = part_time(job);
  Declaration *d = at->declaration;
  if (time == NULL) return;
  struct text role = text_of(time->role_code);
  bool own = time->at != NULL && !at->in_reference;
  if (own && text_is(role, "137") && d->as_of == NULL) {
    d->as_of = time->at;
    d->as_of_precision = time->at_precision;
  } else if (own && text_is(role, "148") && d->registered_at == NULL) {
    d->registered_at = time->at;
    d->registered_at_precision = time->at_precision;
  } else {
    EDI_APPEND(job, d, times, time);
  }
}

static void take_location(struct edi *job, struct edi_customs *at) {
  Ioc__Bordergate__V1__Location *place = part_location(job);
  Declaration *d = at->declaration;
  if (place == NULL) return;
  struct text role = text_of(place->role_code);
  if (at->goods.item != NULL) role = TEXT_NONE; /* an item's places are not the declaration's */
  if (text_is(role, "22")) d->office_code = place->code;
  else if (text_is(role, "41")) set_once(&d->office_code, place->code);
  else if (text_is(role, "35")) d->export_country_code = place->code;
  else if (text_is(role, "36")) d->import_country_code = place->code;
  EDI_APPEND(job, d, locations, place);
}

static void take_transport(struct edi *job, struct edi_customs *at) {
  Ioc__Bordergate__V1__TransportMeans *means = part_transport(job);
  Declaration *d = at->declaration;
  if (means == NULL) return;
  if (*d->transport_mode_code == 0) {
    d->transport_mode = means->mode;
    d->transport_mode_code = means->mode_code;
  }
  EDI_APPEND(job, d, transport_means, means);
}

/* Papers: 380 an invoice, 703 to 741 transport documents. */
static void take_paper(struct edi *job, struct edi_customs *at) {
  static const char *const transports[] = {"703", "704", "705", "714", "720", "730", "740", "741", NULL};
  Ioc__Bordergate__V1__Reference *paper = part_document(job);
  if (paper == NULL) return;
  struct text type = text_of(paper->type_code);
  if (text_is(type, "380")) set_once(&at->declaration->invoice_number, paper->number);
  if (is_one_of(type, transports)) set_once(&at->declaration->transport_document_number, paper->number);
  EDI_APPEND(job, at->declaration, references, paper);
}

static void take_reference(struct edi *job, struct edi_customs *at) {
  Ioc__Bordergate__V1__Reference *reference = part_reference(job);
  Declaration *d = at->declaration;
  if (reference == NULL) return;
  struct text type = text_of(reference->type_code);
  if (text_is(type, "ABT") && d->form == RESPONSE) set_once(&d->declaration_number, reference->number);
  if (text_is(type, "ABE")) set_once(&d->functional_reference, reference->number);
  if (text_is(type, "BM")) set_once(&d->transport_document_number, reference->number);
  if (text_is(type, "IV")) set_once(&d->invoice_number, reference->number);
  EDI_APPEND(job, d, references, reference);
}

/* Behind TAX it is a duty, on goods their value; else 39, 77 and 86 name the whole document's. */
static void take_amount(struct edi *job, struct edi_customs *at) {
  static const char *const totals[] = {"39", "77", "86", NULL};
  Ioc__Bordergate__V1__Amount *amount = part_amount(job);
  Declaration *d = at->declaration;
  if (amount == NULL) return;
  if (at->tax != NULL) {
    amount->type_code = at->tax;
    EDI_APPEND(job, d, duties, amount);
    at->tax = NULL;
  } else if (at->goods.item != NULL) {
    EDI_APPEND(job, at->goods.item, values, amount);
  } else if (is_one_of(text_of(amount->type_code), totals) && *d->total_value == 0) {
    d->total_value = amount->amount;
    d->currency = amount->currency;
  } else {
    EDI_APPEND(job, d, amounts, amount);
  }
}

static void take_total(struct edi *job, struct edi_customs *at) {
  struct text type = edi_text(job, 1, 1);
  char *value = edi_number_text(job, 1, 2);
  Declaration *d = at->declaration;
  if (text_is(type, "5")) d->goods_item_count = value;
  if (text_is(type, "11")) d->package_count = value;
  if (!text_is(type, "7")) return;
  struct text unit = edi_text(job, 1, 3);
  d->gross_weight = value;
  d->gross_weight_unit = edi_copy(job, unit);
  d->gross_weight_kg = edi_kilograms(job, 1, 2, unit);
}

static void take_measure(struct edi *job, struct edi_customs *at) {
  struct edi_weight weight = part_weight(job);
  if (weight.kind != WEIGHT_GROSS) return;
  at->declaration->gross_weight = weight.given;
  at->declaration->gross_weight_unit = weight.unit;
  at->declaration->gross_weight_kg = weight.kilograms;
}

/* ---- Errors and status of a CUSRES ---- */

static void end_error(struct edi *job, struct edi_customs *at) {
  struct text words = {at->error_words.data, at->error_words.length};
  if (at->error != NULL && words.length != 0)
    at->error->description = edi_personal(job, HUB_FREE_TEXT, words);
  at->error_words = (struct edi_words){.data = NULL};
  at->error = NULL;
}

static void begin_error(struct edi *job, struct edi_customs *at, char *pointer) {
  end_error(job, at);
  CustomsError *error = EDI_MAKE(job, CustomsError, ioc__bordergate__v1__customs_error__init);
  if (error == NULL) return;
  error->pointer = pointer;
  at->error = error;
  EDI_APPEND(job, at->declaration, errors, error);
}

/* ERP: section, item, then segment and place in it. */
static void take_error_place(struct edi *job, struct edi_customs *at) {
  struct text place = edi_joined(job, 1, 1, 3);
  begin_error(job, at, edi_copy(job, edi_both(job, place, edi_joined(job, 2, 1, 3))));
}

/* Several codes may stand at one place. */
static void take_error_code(struct edi *job, struct edi_customs *at) {
  if (at->error == NULL) begin_error(job, at, edi_copy(job, TEXT_NONE));
  else if (*at->error->code != 0) begin_error(job, at, at->error->pointer);
  if (at->error != NULL) at->error->code = edi_string(job, 1, 1);
}

static void take_status(struct edi *job, struct edi_customs *at, unsigned element) {
  Declaration *d = at->declaration;
  if (d->form != RESPONSE) return;
  d->status_code = edi_string(job, element, 1);
  d->status_name = edi_string(job, element, 4);
}

static void take_words(struct edi *job, struct edi_customs *at) {
  edi_words_add(job, at->error != NULL ? &at->error_words : &at->note, part_words(job));
}

/* ---- Order ---- */

static void take_section(struct edi *job, struct edi_customs *at) {
  struct text section = edi_text(job, 1, 1);
  at->in_detail = text_is(section, "D");
  if (!at->in_detail && !text_is(section, "S")) edi_refuse(job, &edi_section, 1, 0);
  part_goods_end(job, &at->goods);
}

static void take_item(struct edi *job, struct edi_customs *at) {
  if (!at->in_detail) return;
  part_goods_begin_cst(job, &at->goods);
  EDI_APPEND(job, at->declaration, goods_items, at->goods.item);
}

static void take_equipment(struct edi *job, struct edi_customs *at) {
  part_equipment_begin(job, &at->equipment);
  EDI_APPEND(job, at->declaration, equipment, at->equipment.item);
}

static void take_tax(struct edi *job, struct edi_customs *at) { at->tax = edi_string(job, 2, 1); }

static void take_party(struct edi *job, struct edi_customs *at) {
  EDI_APPEND(job, at->declaration, parties, part_party(job));
}

static void take_simple_status(struct edi *job, struct edi_customs *at) { take_status(job, at, 1); }
static void take_full_status(struct edi *job, struct edi_customs *at) { take_status(job, at, 2); }

struct step {
  char tag[4];
  void (*take)(struct edi *, struct edi_customs *);
};

static bool take_by(const struct step *steps, size_t count, struct edi *job, struct edi_customs *at) {
  for (size_t i = 0; i < count; i++) {
    if (!edifact_is_tag(job->reader, steps[i].tag)) continue;
    steps[i].take(job, at);
    return true;
  }
  return false;
}

/* What begins something comes before what goods would take, and that before the rest. Of equipment only seals
 * are said: the other segments behind it are the declaration's. */
void edi_customs_take(struct edi *job, struct edi_customs *at) {
  static const struct step first[] = {
      {"BGM", take_document}, {"UNS", take_section},   {"CST", take_item},        {"EQD", take_equipment},
      {"TAX", take_tax},      {"MOA", take_amount},    {"ERP", take_error_place}, {"ERC", take_error_code},
      {"NAD", take_party},    {"TDT", take_transport},
  };
  static const struct step rest[] = {
      {"DTM", take_time},  {"LOC", take_location},      {"RFF", take_reference},
      {"DOC", take_paper}, {"CNT", take_total},         {"MEA", take_measure},
      {"FTX", take_words}, {"GIS", take_simple_status}, {"GEI", take_full_status},
  };
  const struct edifact *e = job->reader;
  bool seal = edifact_is_tag(e, "SEL");
  if (!seal) part_equipment_end(job, &at->equipment);
  if (seal) part_equipment_take(job, &at->equipment);
  else if (!take_by(first, sizeof(first) / sizeof(first[0]), job, at) && !part_goods_take(job, &at->goods))
    take_by(rest, sizeof(rest) / sizeof(rest[0]), job, at);
  at->in_reference =
      edifact_is_tag(e, "RFF") || edifact_is_tag(e, "DOC") || (at->in_reference && edifact_is_tag(e, "DTM"));
}

void edi_customs_end(struct edi *job, struct edi_customs *at) {
  Declaration *d = at->declaration;
  part_goods_end(job, &at->goods);
  part_equipment_end(job, &at->equipment);
  end_error(job, at);
  if (d == NULL || job->result != 0) return;
  d->note = edi_personal(job, HUB_FREE_TEXT, (struct text){at->note.data, at->note.length});
  if (d->form != RESPONSE) return;
  set_once(&d->declaration_number, d->response_reference);
  if (!at->has_document || *d->declaration_number != 0) return;
  edi_refuse(job, &edi_no_number, 2, 1);
  job->where = at->document;
}
