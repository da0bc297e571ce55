/*
 * edifact_cargo.c: CUSCAR, CUSREP, IFTMIN and CODECO as CargoReport.
 *
 * Which part a segment belongs to follows from the segments before it: what equipment or goods can say is
 * theirs while they are open, the rest is the consignment's, and without one the report's.
 */
#include "connectors/border-gate/edifact_messages.h"

typedef Ioc__Bordergate__V1__CargoReport CargoReport;
typedef Ioc__Bordergate__V1__Consignment Consignment;
typedef Ioc__Bordergate__V1__Total Total;

void edi_cargo_begin(struct edi *job, struct edi_cargo *at, int form) {
  *at = (struct edi_cargo){.report = EDI_MAKE(job, CargoReport, ioc__bordergate__v1__cargo_report__init)};
  if (at->report == NULL) return;
  at->report->form = (Ioc__Bordergate__V1__CargoForm)form;
  EDI_SET_ENVELOPE(job, at->report);
  struct edi_time prepared = edi_prepared(job, job->reader->header.date, job->reader->header.time);
  at->report->prepared_at = prepared.at;
  at->report->prepared_at_precision = prepared.precision;
}

static void take_document(struct edi *job, struct edi_cargo *at) {
  CargoReport *report = at->report;
  struct text function = edi_text(job, 3, 1);
  at->has_document = true;
  report->document_type_code = edi_string(job, 1, 1);
  report->document_number = edi_string(job, 2, 1);
  if (*report->document_number == 0) edi_refuse(job, &edi_no_number, 2, 1);
  report->function = (Ioc__Bordergate__V1__MessageFunction)code_value(message_functions, function);
  report->function_code = edi_copy(job, function);
}

/* The time of a reference (DTM behind RFF) is not the document's. */
static void take_time(struct edi *job, struct edi_cargo *at) {
  Ioc__Bordergate__V1__EventTime *time = part_time(job);
  if (time == NULL) return;
  if (text_is(text_of(time->role_code), "137") && time->at != NULL && at->report->as_of == NULL &&
      !at->in_reference) {
    at->report->as_of = time->at;
    at->report->as_of_precision = time->at_precision;
  } else {
    EDI_APPEND(job, at->report, times, time);
  }
}

static void take_consignment(struct edi *job, struct edi_cargo *at) {
  Consignment *made = EDI_MAKE(job, Consignment, ioc__bordergate__v1__consignment__init);
  part_goods_end(job, &at->goods);
  part_equipment_end(job, &at->equipment);
  at->consignment = made;
  if (made == NULL) return;
  made->number = edi_string(job, 1, 1);
  made->document_number = edi_string(job, 2, 1);
  EDI_APPEND(job, at->report, consignments, made);
}

/* Totals of a consignment stand right behind its CNI; any other CNT is the report's. */
static void take_total(struct edi *job, struct edi_cargo *at) {
  Total *total = EDI_MAKE(job, Total, ioc__bordergate__v1__total__init);
  if (total == NULL) return;
  struct text type = edi_text(job, 1, 1);
  total->type_code = edi_copy(job, type);
  total->value = edi_number_text(job, 1, 2);
  total->unit = edi_string(job, 1, 3);
  if (at->in_consignment_totals) {
    EDI_APPEND(job, at->consignment, totals, total);
    return;
  }
  EDI_APPEND(job, at->report, totals, total);
  if (text_is(type, "7")) at->report->gross_weight_kg = edi_kilograms(job, 1, 2, text_of(total->unit));
}

static void take_measure(struct edi *job, struct edi_cargo *at) {
  struct edi_weight weight = part_weight(job);
  if (weight.kind == WEIGHT_GROSS && at->consignment == NULL) at->report->gross_weight_kg = weight.kilograms;
}

static void take_goods(struct edi *job, struct edi_cargo *at) {
  part_equipment_end(job, &at->equipment);
  part_goods_begin_gid(job, &at->goods);
  if (at->consignment != NULL) EDI_APPEND(job, at->consignment, goods_items, at->goods.item);
  else EDI_APPEND(job, at->report, goods_items, at->goods.item);
}

static void take_equipment(struct edi *job, struct edi_cargo *at) {
  part_goods_end(job, &at->goods);
  part_equipment_begin(job, &at->equipment);
  EDI_APPEND(job, at->report, equipment, at->equipment.item);
}

/* What a consignment has in common with the report. */
static void take_shared(struct edi *job, struct edi_cargo *at) {
  const struct edifact *e = job->reader;
  CargoReport *report = at->report;
  Consignment *consignment = at->consignment;
  if (edifact_is_tag(e, "LOC")) {
    if (consignment != NULL) EDI_APPEND(job, consignment, locations, part_location(job));
    else EDI_APPEND(job, report, locations, part_location(job));
  } else if (edifact_is_tag(e, "TDT")) {
    if (consignment != NULL) EDI_APPEND(job, consignment, transport_means, part_transport(job));
    else EDI_APPEND(job, report, transport_means, part_transport(job));
  } else if (edifact_is_tag(e, "NAD")) {
    if (consignment != NULL) EDI_APPEND(job, consignment, parties, part_party(job));
    else EDI_APPEND(job, report, parties, part_party(job));
  } else if (edifact_is_tag(e, "RFF")) {
    if (consignment != NULL) EDI_APPEND(job, consignment, references, part_reference(job));
    else EDI_APPEND(job, report, references, part_reference(job));
  }
}

void edi_cargo_take(struct edi *job, struct edi_cargo *at) {
  const struct edifact *e = job->reader;
  bool reference = edifact_is_tag(e, "RFF"), total = edifact_is_tag(e, "CNT");
  at->in_consignment_totals = at->in_consignment_totals && total;
  if (edifact_is_tag(e, "TDT")) part_equipment_end(job, &at->equipment);
  if (edifact_is_tag(e, "BGM")) take_document(job, at);
  else if (edifact_is_tag(e, "EQD")) take_equipment(job, at);
  else if (edifact_is_tag(e, "GID")) take_goods(job, at);
  else if (edifact_is_tag(e, "CNI")) take_consignment(job, at);
  else if (total) take_total(job, at);
  else if (part_equipment_take(job, &at->equipment) || part_goods_take(job, &at->goods)) return;
  else if (edifact_is_tag(e, "DTM")) take_time(job, at);
  else if (edifact_is_tag(e, "MEA")) take_measure(job, at);
  else take_shared(job, at);
  if (edifact_is_tag(e, "CNI")) at->in_consignment_totals = true;
  at->in_reference = reference || (at->in_reference && edifact_is_tag(e, "DTM"));
}

void edi_cargo_end(struct edi *job, struct edi_cargo *at) {
  part_goods_end(job, &at->goods);
  part_equipment_end(job, &at->equipment);
}
