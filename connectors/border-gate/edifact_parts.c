/*
 * edifact_parts.c: parts of messages, each from one segment.
 *
 * Segments mean the same wherever they stand and in every directory from D.95B on: elements that later
 * directories added stand behind those that are read here. Which part of a message they belong to is decided
 * by whoever calls.
 */
#include "connectors/border-gate/edifact_parts.h"

#define NAMED(prefix, name) IOC__BORDERGATE__V1__##prefix##_##name
#define ROLE(name) NAMED(PARTY_ROLE__PARTY_ROLE, name)
#define STAGE(name) NAMED(TRANSPORT_STAGE__TRANSPORT_STAGE, name)
#define KIND(name) NAMED(EQUIPMENT_KIND__EQUIPMENT_KIND, name)

static const struct code party_roles[] = {
    {TEXT("DT"), ROLE(DECLARANT)},   {TEXT("IM"), ROLE(IMPORTER)},  {TEXT("EX"), ROLE(EXPORTER)},
    {TEXT("CN"), ROLE(CONSIGNEE)},   {TEXT("CZ"), ROLE(CONSIGNOR)}, {TEXT("CA"), ROLE(CARRIER)},
    {TEXT("AG"), ROLE(AGENT)},       {TEXT("AE"), ROLE(AGENT)},     {TEXT("FW"), ROLE(AGENT)},
    {TEXT("CB"), ROLE(AGENT)},       {TEXT("BY"), ROLE(BUYER)},     {TEXT("SE"), ROLE(SELLER)},
    {TEXT("GO"), ROLE(GOODS_OWNER)}, {TEXT("PR"), ROLE(PAYER)},     {TEXT("NI"), ROLE(NOTIFIED)},
    {TEXT("N1"), ROLE(NOTIFIED)},    {TEXT("CM"), ROLE(AUTHORITY)}, {TEXT(""), 0},
};

static const struct code stages[] = {
    {TEXT("1"), STAGE(INLAND)},
    {TEXT("10"), STAGE(PRE_CARRIAGE)},
    {TEXT("11"), STAGE(BORDER)},
    {TEXT("12"), STAGE(DEPARTURE)},
    {TEXT("20"), STAGE(MAIN)},
    {TEXT("30"), STAGE(ON_CARRIAGE)},
    {TEXT(""), 0},
};

static const struct code equipment_kinds[] = {
    {TEXT("CN"), KIND(CONTAINER)},
    {TEXT("TE"), KIND(TRAILER)},
    {TEXT("RR"), KIND(WAGON)},
    {TEXT("UL"), KIND(OTHER)},
    {TEXT("SW"), KIND(OTHER)},
    {TEXT("CH"), KIND(OTHER)},
    {TEXT(""), 0},
};

Ioc__Bordergate__V1__Location *part_location(struct edi *job) {
  Ioc__Bordergate__V1__Location *made =
      EDI_MAKE(job, Ioc__Bordergate__V1__Location, ioc__bordergate__v1__location__init);
  if (made == NULL) return NULL;
  made->role_code = edi_string(job, 1, 1);
  made->code = edi_string(job, 2, 1);
  made->name = edi_string(job, 2, 4);
  return made;
}

/* Name by C080, else the first line of the name and address as one block (C058). */
Ioc__Bordergate__V1__Party *part_party(struct edi *job) {
  Ioc__Bordergate__V1__Party *made =
      EDI_MAKE(job, Ioc__Bordergate__V1__Party, ioc__bordergate__v1__party__init);
  struct text role = edi_text(job, 1, 1), id = edi_text(job, 2, 1), name = edi_joined(job, 4, 1, 5);
  struct text address = edi_joined(job, 5, 1, 4);
  if (name.length == 0) name = edi_text(job, 3, 1);
  if (address.length == 0) address = edi_joined(job, 3, 2, 5);
  if (made == NULL) return NULL;
  made->role = (Ioc__Bordergate__V1__PartyRole)code_value(party_roles, role);
  made->role_code = edi_copy(job, role);
  made->address = edi_personal(job, HUB_ADDRESS, address);
  made->city = edi_string(job, 6, 1);
  made->country_code = edi_string(job, 9, 1);
  if (job->result == 0) job->result = fact_party(job->sink, made, id, name);
  return made;
}

static Ioc__Bordergate__V1__Reference *reference_of(struct edi *job, struct text type, struct text number) {
  Ioc__Bordergate__V1__Reference *made =
      EDI_MAKE(job, Ioc__Bordergate__V1__Reference, ioc__bordergate__v1__reference__init);
  if (made == NULL) return NULL;
  made->type_code = edi_copy(job, type);
  made->number = edi_copy(job, number);
  return made;
}

Ioc__Bordergate__V1__Reference *part_reference(struct edi *job) {
  return reference_of(job, edi_text(job, 1, 1), edi_text(job, 1, 2));
}

Ioc__Bordergate__V1__Reference *part_document(struct edi *job) {
  return reference_of(job, edi_text(job, 1, 1), edi_text(job, 2, 1));
}

/* A name of a road vehicle is a plate as well. */
Ioc__Bordergate__V1__TransportMeans *part_transport(struct edi *job) {
  Ioc__Bordergate__V1__TransportMeans *made =
      EDI_MAKE(job, Ioc__Bordergate__V1__TransportMeans, ioc__bordergate__v1__transport_means__init);
  struct text stage = edi_text(job, 1, 1), mode = edi_text(job, 3, 1), id = edi_text(job, 8, 1);
  struct text name = edi_text(job, 8, 4), type = edi_text(job, 4, 1);
  if (made == NULL) return NULL;
  made->stage = (Ioc__Bordergate__V1__TransportStage)code_value(stages, stage);
  made->stage_code = edi_copy(job, stage);
  made->journey = edi_string(job, 2, 1);
  made->carrier_code = edi_string(job, 5, 1);
  made->carrier_name = edi_personal(job, HUB_PERSON_NAME, edi_text(job, 5, 4));
  made->nationality_code = edi_string(job, 8, 5);
  /* Of code list 8179 only 31, a truck, means what it means in the WCO data model. */
  if (text_is(type, "31")) made->id_type_code = edi_copy(job, type);
  if (job->result == 0) job->result = fact_transport(job->sink, made, mode, id.length != 0 ? id : name);
  made->id_type_code = edi_copy(job, type);
  if (*made->plate == 0 && id.length != 0) made->name = edi_copy(job, name);
  return made;
}

/* A trailer or chassis is known by its plate. */
static Ioc__Bordergate__V1__Equipment *part_equipment(struct edi *job) {
  Ioc__Bordergate__V1__Equipment *made =
      EDI_MAKE(job, Ioc__Bordergate__V1__Equipment, ioc__bordergate__v1__equipment__init);
  struct text kind = edi_text(job, 1, 1), number = edi_text(job, 2, 1);
  if (made == NULL) return NULL;
  made->kind = (Ioc__Bordergate__V1__EquipmentKind)code_value(equipment_kinds, kind);
  made->kind_code = edi_copy(job, kind);
  if (text_is(kind, "TE") || text_is(kind, "CH")) made->plate = edi_personal(job, HUB_PLATE, number);
  else made->number = edi_copy(job, number);
  made->size_type_code = edi_string(job, 3, 1);
  made->movement_code = edi_string(job, 5, 1);
  made->fullness_code = edi_string(job, 6, 1);
  return made;
}

static Ioc__Bordergate__V1__Seal *part_seal(struct edi *job) {
  Ioc__Bordergate__V1__Seal *made = EDI_MAKE(job, Ioc__Bordergate__V1__Seal, ioc__bordergate__v1__seal__init);
  if (made == NULL) return NULL;
  made->number = edi_string(job, 1, 1);
  made->sealer_code = edi_string(job, 2, 1);
  return made;
}

Ioc__Bordergate__V1__Amount *part_amount(struct edi *job) {
  Ioc__Bordergate__V1__Amount *made =
      EDI_MAKE(job, Ioc__Bordergate__V1__Amount, ioc__bordergate__v1__amount__init);
  if (made == NULL) return NULL;
  made->type_code = edi_string(job, 1, 1);
  made->amount = edi_number_text(job, 1, 2);
  made->currency = edi_string(job, 1, 3);
  return made;
}

Ioc__Bordergate__V1__EventTime *part_time(struct edi *job) {
  Ioc__Bordergate__V1__EventTime *made =
      EDI_MAKE(job, Ioc__Bordergate__V1__EventTime, ioc__bordergate__v1__event_time__init);
  if (made == NULL) return NULL;
  struct edi_time time = edi_time(job, edi_text(job, 1, 2), edi_text(job, 1, 3));
  made->role_code = edi_string(job, 1, 1);
  made->at = time.at;
  made->at_precision = time.precision;
  made->text = time.text;
  return made;
}

struct text part_words(struct edi *job) {
  return edi_joined(job, 4, 1, 5);
}

/* Code list 6313. The unit stands before the value. */
struct edi_weight part_weight(struct edi *job) {
  static const struct code kinds[] = {
      {TEXT("G"), WEIGHT_GROSS},   {TEXT("AAB"), WEIGHT_GROSS},
      {TEXT("AAD"), WEIGHT_GROSS}, {TEXT("VGM"), WEIGHT_GROSS},
      {TEXT("N"), WEIGHT_NET},     {TEXT("AAA"), WEIGHT_NET},
      {TEXT("AAC"), WEIGHT_NET},   {TEXT("AAF"), WEIGHT_NET},
      {TEXT("AAL"), WEIGHT_NET},   {TEXT(""), 0},
  };
  struct edi_weight weight = {.kind = (enum part_weight)code_value(kinds, edi_text(job, 2, 1))};
  if (weight.kind == WEIGHT_OTHER) return weight;
  struct text unit = edi_text(job, 3, 1);
  weight.kilograms = edi_kilograms(job, 3, 2, unit);
  weight.given = edi_number_text(job, 3, 2);
  weight.unit = edi_copy(job, unit);
  return weight;
}

void part_equipment_end(struct edi *job, struct edi_equipment *at) {
  struct text words = {at->note.data, at->note.length};
  if (at->item != NULL && words.length != 0) at->item->note = edi_personal(job, HUB_FREE_TEXT, words);
  *at = (struct edi_equipment){.item = NULL};
}

void part_equipment_begin(struct edi *job, struct edi_equipment *at) {
  part_equipment_end(job, at);
  at->item = part_equipment(job);
}

bool part_equipment_take(struct edi *job, struct edi_equipment *at) {
  Ioc__Bordergate__V1__Equipment *item = at->item;
  if (item == NULL) return false;
  if (edifact_is_tag(job->reader, "SEL")) EDI_APPEND(job, item, seals, part_seal(job));
  else if (edifact_is_tag(job->reader, "DTM")) EDI_APPEND(job, item, times, part_time(job));
  else if (edifact_is_tag(job->reader, "LOC")) EDI_APPEND(job, item, locations, part_location(job));
  else if (edifact_is_tag(job->reader, "MEA")) {
    struct edi_weight weight = part_weight(job);
    if (weight.kind == WEIGHT_GROSS) item->gross_weight_kg = weight.kilograms;
  } else if (edifact_is_tag(job->reader, "FTX")) {
    edi_words_add(job, &at->note, part_words(job));
  } else return false;
  return true;
}

char *edi_envelope(struct edi *job, enum edi_envelope which) {
  const struct edifact *reader = job->reader;
  const struct edifact_message *message = &reader->message;
  switch (which) {
    case ENVELOPE_INTERCHANGE: return edi_copy(job, edi_plain(job, reader->header.reference));
    case ENVELOPE_MESSAGE: return edi_copy(job, edi_plain(job, message->reference));
    case ENVELOPE_SENDER: return edi_copy(job, edi_plain(job, reader->header.sender[0]));
    case ENVELOPE_RECIPIENT: return edi_copy(job, edi_plain(job, reader->header.recipient[0]));
    case ENVELOPE_VERSION: break;
  }
  char *version = edi_copy(job, edi_both(job, message->type[1], message->type[2]));
  if (job->result == 0) version[message->type[1].length] = ':'; /* D:95B; neither is empty */
  return version;
}
