/*
 * customs_record.c: what follows for a whole record from several of its elements: parties, kilograms, which
 * way, and whether there is a number at all.
 */
#include "connectors/border-gate/customs_record.h"

#include "connectors/border-gate/decimal.h"

#include <errno.h>

typedef Ioc__Bordergate__V1__CustomsDeclaration Declaration;
typedef Ioc__Bordergate__V1__Party Party;
typedef Ioc__Bordergate__V1__Equipment Equipment;
typedef Ioc__Bordergate__V1__Seal Seal;

#define FORM(name) IOC__BORDERGATE__V1__CUSTOMS_FORM__CUSTOMS_FORM_##name
#define ROLE(name) IOC__BORDERGATE__V1__PARTY_ROLE__PARTY_ROLE_##name
#define DIRECTION(name) IOC__BORDERGATE__V1__DIRECTION__DIRECTION_##name

static int refuse(struct customs_record *record, enum hub_reject_code code, const char *detail) {
  record->code = code;
  record->detail = detail;
  return 0;
}

/* ---- Parts --------------------------------------------------------------------------------------------- */

static int add_seal(struct hub_sink *sink, Equipment *equipment, struct text number, const char *sealer) {
  if (number.length == 0 || text_is(number, "#####")) return 0;
  Seal *seal = hub_alloc(sink, sizeof(*seal));
  if (seal == NULL) return -ENOMEM;
  ioc__bordergate__v1__seal__init(seal);
  seal->sealer_code = (char *)sealer;
  equipment->seals[equipment->n_seals++] = seal;
  return hub_string(sink, number.data, number.length, &seal->number);
}

static int make_seals(struct hub_sink *sink, Equipment *equipment, const struct scrap *scrap) {
  equipment->seals = hub_alloc(sink, 2 * sizeof(*equipment->seals));
  if (equipment->seals == NULL) return -ENOMEM;
  int r = add_seal(sink, equipment, scrap->id, "");
  return r != 0 ? r : add_seal(sink, equipment, scrap->second, "HQ");
}

static int make_means(struct hub_sink *sink, Ioc__Bordergate__V1__TransportMeans *means,
                      const struct scrap *scrap) {
  bool unnamed = scrap->id.length == 0; /* then the name may be the plate */
  int r = fact_transport(sink, means, scrap->mode, unnamed ? scrap->name : scrap->id);
  if (r != 0 || means->plate[0] != 0) return r;
  if (unnamed) means->id = (char *)(uintptr_t)protobuf_c_empty_string;
  return hub_string(sink, scrap->name.data, scrap->name.length, &means->name);
}

int customs_part_finish(struct hub_sink *sink, const struct part *part, void *message,
                        const struct scrap *scrap) {
  switch (part->end) {
    case PART_PARTY: return fact_party(sink, message, scrap->id, scrap->name);
    case PART_MEANS: return make_means(sink, message, scrap);
    case PART_SEAL_NUMBERS: return make_seals(sink, message, scrap);
    default: return 0;
  }
}

/* ---- Records ------------------------------------------------------------------------------------------- */

static int add_party(struct hub_sink *sink, Declaration *d, Ioc__Bordergate__V1__PartyRole role,
                     struct text id, struct text name, struct text address) {
  if (id.length + name.length == 0) return 0;
  Party *party = hub_alloc(sink, sizeof(*party));
  if (party == NULL) return -ENOMEM;
  ioc__bordergate__v1__party__init(party);
  party->role = role;
  d->parties[d->n_parties++] = party;
  int r = fact_party(sink, party, id, name);
  if (r != 0 || address.length == 0) return r;
  return hub_personal(sink, HUB_ADDRESS, address.data, address.length, &party->address);
}

/* Of Vietnamese declarations: the company, its partner, and which way by the number's first digit. */
static int finish_national(struct hub_sink *sink, const struct allocator *allocator,
                           struct customs_record *record, struct text partner) {
  Declaration *d = &record->message;
  if (d->direction == DIRECTION(UNSPECIFIED) && d->declaration_number[0] == '1')
    d->direction = DIRECTION(IMPORT);
  if (d->direction == DIRECTION(UNSPECIFIED) && d->declaration_number[0] == '3')
    d->direction = DIRECTION(EXPORT);
  d->parties = hub_alloc(sink, 2 * sizeof(*d->parties));
  if (d->parties == NULL) return -ENOMEM;
  int r = add_party(sink, d, d->direction == DIRECTION(EXPORT) ? ROLE(EXPORTER) : ROLE(IMPORTER),
                    record->scrap.id, record->scrap.name, record->scrap.note);
  if (r == 0) r = add_party(sink, d, ROLE(PARTNER), TEXT_NONE, partner, TEXT_NONE);
  if (r != 0 || d->gross_weight[0] == 0 || d->gross_weight_kg[0] != 0) return r;
  return decimal_kilograms(allocator, text_of(d->gross_weight), text_of(d->gross_weight_unit),
                           &d->gross_weight_kg);
}

/* Of the QR service: what it complains of beside a number is a note. */
static int finish_answer(struct hub_sink *sink, const struct allocator *allocator,
                         struct customs_record *record) {
  Declaration *d = &record->message;
  struct text complaint = record->scrap.second;
  int r = 0;
  if (d->note[0] == 0 && complaint.length != 0)
    r = hub_personal(sink, HUB_FREE_TEXT, complaint.data, complaint.length, &d->note);
  return r != 0 ? r : finish_national(sink, allocator, record, TEXT_NONE);
}

static int finish_wco(struct customs_record *record) {
  Declaration *d = &record->message;
  bool response = d->form == FORM(WCO_RESPONSE);
  if (d->declaration_number[0] == 0 && d->functional_reference[0] == 0)
    return refuse(record, HUB_MISSING, "there is neither an ID nor a FunctionalReferenceID");
  if (response) d->function = IOC__BORDERGATE__V1__MESSAGE_FUNCTION__MESSAGE_FUNCTION_RESPONSE;
  if (strncmp(d->type_code, "IM", 2) == 0) d->direction = DIRECTION(IMPORT);
  if (strncmp(d->type_code, "EX", 2) == 0) d->direction = DIRECTION(EXPORT);
  for (size_t i = d->n_transport_means; i > 0; i--)
    if (d->transport_means[i - 1]->stage == IOC__BORDERGATE__V1__TRANSPORT_STAGE__TRANSPORT_STAGE_BORDER) {
      d->transport_mode = d->transport_means[i - 1]->mode;
      d->transport_mode_code = d->transport_means[i - 1]->mode_code;
    }
  return 0;
}

int customs_record_finish(struct hub_sink *sink, const struct allocator *allocator,
                          struct customs_record *record) {
  const Declaration *d = &record->message;
  bool number = d->declaration_number[0] != 0 && strcmp(d->declaration_number, "0") != 0; /* .NET's nothing */
  if (d->form == FORM(ECUS)) {
    if (!number) return refuse(record, HUB_MISSING, "there is no number of the declaration (SOTK)");
    return finish_national(sink, allocator, record, record->scrap.second);
  }
  if (d->form != FORM(QR)) return finish_wco(record);
  if (number) return finish_answer(sink, allocator, record);
  if (record->scrap.second.length != 0) return refuse(record, HUB_INVALID, "the answer reports a failure");
  return refuse(record, HUB_MISSING, "there is no number of the declaration (SoToKhai)");
}

/* ---- Emitting ------------------------------------------------------------------------------------------ */

static int reject(struct hub_sink *sink, const struct customs_record *record) {
  struct text number = text_of(record->message.declaration_number);
  struct hub_rejection rejection = {
      .size = sizeof(rejection),
      .code = record->code,
      .at = record->at,
      .detail = record->detail,
      .value = number.length != 0 ? number.data : NULL,
      .value_length = number.length,
      .key = number.length != 0 ? number.data : NULL,
      .key_length = number.length,
      .bytes = record->bytes.data,
      .length = record->bytes.length,
  };
  return hub_reject(sink, &rejection);
}

/* Form and all numbers, joined by |. */
static int make_key(struct hub_sink *sink, const Declaration *d, struct text *ret) {
  const char form = (char)('0' + d->form);
  struct text parts[] = {{&form, 1},
                         text_of(d->declaration_number),
                         text_of(d->functional_reference),
                         text_of(d->response_reference)};
  size_t count = sizeof(parts) / sizeof(parts[0]), length = count;
  for (size_t i = 0; i < count; i++) length += parts[i].length;
  char *made = hub_alloc(sink, length), *out = made;
  if (made == NULL) return -ENOMEM;
  for (size_t i = 0; i < count; i++) {
    memcpy(out, parts[i].data, parts[i].length);
    out += parts[i].length;
    *out++ = '|';
  }
  *ret = (struct text){made, (size_t)(out - made)};
  return 0;
}

int customs_record_emit(struct hub_sink *sink, const struct customs_record *record) {
  const Declaration *d = &record->message;
  struct text key;
  if (record->code != 0) return reject(sink, record);
  int r = make_key(sink, d, &key);
  if (r != 0) return r;
  struct hub_meta meta = {
      .size = sizeof(meta),
      .key = key.data,
      .key_length = key.length,
      .occurred_us = timestamp_us(d->as_of != NULL ? d->as_of : d->registered_at),
      .at = record->at,
      .bytes = record->bytes.data,
      .length = record->bytes.length,
  };
  return hub_emit(sink, &meta, &d->base);
}
