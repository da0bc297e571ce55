/*
 * parts.c: the pieces that messages are made of.
 *
 * Texts are carried over without a copy. Personal fields only ever receive what the hub's personal() made.
 */
#include "connectors/e-documents/parts.h"

#include "connectors/e-documents/attachment.h"
#include "connectors/e-documents/codes.h"
#include "connectors/e-documents/direction.h"
#include "connectors/format/time.h"

#include <errno.h>

void *part_make(struct maker *m, size_t bytes) {
  void *memory = m->result == 0 ? hub_alloc(m->sink, bytes) : NULL;
  if (memory == NULL && m->result == 0) m->result = -ENOMEM;
  return memory;
}

/* The texts of an edXML message are terminated. */
char *part_plain(struct text text) {
  return text.length == 0 ? (char *)(uintptr_t)protobuf_c_empty_string : (char *)(uintptr_t)text.data;
}

char *part_personal(struct maker *m, enum hub_personal_kind kind, struct text text) {
  char *safe = NULL;
  if (text.length == 0 || m->result != 0) return part_plain(TEXT_NONE);
  m->result = hub_personal(m->sink, kind, text.data, text.length, &safe);
  return m->result == 0 ? safe : part_plain(TEXT_NONE);
}

char *part_join(struct maker *m, const struct text *parts, size_t count) {
  size_t length = 0;
  for (size_t i = 0; i < count; i++) length += parts[i].length;
  char *joined = part_make(m, length + 1), *p = joined;
  for (size_t i = 0; joined != NULL && i < count; i++) {
    if (parts[i].length != 0) memcpy(p, parts[i].data, parts[i].length);
    p += parts[i].length;
  }
  return joined == NULL ? part_plain(TEXT_NONE) : joined;
}

bool part_number(struct text text, uint32_t *ret_number) {
  uint64_t value = 0;
  if (text.length == 0 || text.length > 10) return false;
  for (size_t i = 0; i < text.length; i++) {
    if (text.data[i] < '0' || text.data[i] > '9') return false;
    value = 10 * value + (uint64_t)(text.data[i] - '0');
  }
  if (value > UINT32_MAX) return false;
  *ret_number = (uint32_t)value;
  return true;
}

/* A time that does not exist stays text. */
struct moment part_moment(struct maker *m, struct text text) {
  static const Ioc__Edoc__V1__TimePrecision precisions[] = {
      [TIME_DAY] = IOC__EDOC__V1__TIME_PRECISION__TIME_PRECISION_DAY,
      [TIME_MINUTE] = IOC__EDOC__V1__TIME_PRECISION__TIME_PRECISION_MINUTE,
      [TIME_SECOND] = IOC__EDOC__V1__TIME_PRECISION__TIME_PRECISION_SECOND,
      [TIME_FRACTION] = IOC__EDOC__V1__TIME_PRECISION__TIME_PRECISION_SECOND,
  };
  struct moment moment = {.raw = part_plain(TEXT_NONE), .us = HUB_NONE};
  struct time_point point;
  if (text.length == 0) return moment;
  if (time_read(text, TIME_SLASHED | TIME_ISO | TIME_DAY_FIRST, m->rules->zone_offset_s, &point) != 0) {
    moment.raw = part_personal(m, HUB_FREE_TEXT, text);
    return moment;
  }
  moment.at = MAKE(m, Google__Protobuf__Timestamp, google__protobuf__timestamp__init);
  if (moment.at == NULL) return moment;
  time_split(point.us, &moment.at->seconds, &moment.at->nanos);
  moment.at->nanos += point.rest_ns;
  moment.precision = precisions[point.precision];
  moment.us = point.us;
  return moment;
}

static char *province_of(struct maker *m, struct text organ_id) {
  struct text province = direction_province(organ_id);
  if (province.length == 0) return part_plain(TEXT_NONE);
  char *upper = part_join(m, &province, 1);
  for (size_t i = 0; m->result == 0 && i < province.length; i++)
    if (upper[i] >= 'a' && upper[i] <= 'z') upper[i] = (char)(upper[i] - 'a' + 'A');
  return upper;
}

static bool has_organ(const struct edxml_organ *organ) {
  return organ->id.length + organ->in_charge.length + organ->name.length + organ->address.length +
             organ->email.length + organ->telephone.length + organ->fax.length + organ->website.length !=
         0;
}

Ioc__Edoc__V1__Organization *part_organization(struct maker *m, const struct edxml_organ *organ) {
  if (!has_organ(organ)) return NULL;
  Ioc__Edoc__V1__Organization *made = MAKE(m, Ioc__Edoc__V1__Organization, ioc__edoc__v1__organization__init);
  if (made == NULL) return NULL;
  made->id = part_plain(organ->id);
  made->province = province_of(m, organ->id);
  made->name = part_plain(organ->name);
  made->in_charge = part_plain(organ->in_charge);
  made->address = part_personal(m, HUB_ADDRESS, organ->address);
  made->email = part_personal(m, HUB_EMAIL, organ->email);
  made->telephone = part_personal(m, HUB_PHONE, organ->telephone);
  made->fax = part_personal(m, HUB_PHONE, organ->fax);
  made->website = part_personal(m, HUB_FREE_TEXT, organ->website);
  return made;
}

static bool has_staff(const struct edxml_staff *staff) {
  return staff->department.length + staff->department_id.length + staff->name.length + staff->id.length +
             staff->email.length + staff->mobile.length !=
         0;
}

Ioc__Edoc__V1__Staff *part_staff(struct maker *m, const struct edxml_staff *staff) {
  if (!has_staff(staff)) return NULL;
  Ioc__Edoc__V1__Staff *made = MAKE(m, Ioc__Edoc__V1__Staff, ioc__edoc__v1__staff__init);
  if (made == NULL) return NULL;
  made->department = part_personal(m, HUB_FREE_TEXT, staff->department);
  made->department_id = part_plain(staff->department_id);
  made->name = part_personal(m, HUB_OFFICIAL_NAME, staff->name);
  made->staff_id = part_personal(m, HUB_ACCOUNT, staff->id);
  made->email = part_personal(m, HUB_EMAIL, staff->email);
  made->mobile = part_personal(m, HUB_PHONE, staff->mobile);
  return made;
}

Ioc__Edoc__V1__Signer *part_signer(struct maker *m) {
  const struct edxml *edxml = m->edxml;
  if (edxml->competence.length + edxml->position.length + edxml->full_name.length == 0) return NULL;
  Ioc__Edoc__V1__Signer *made = MAKE(m, Ioc__Edoc__V1__Signer, ioc__edoc__v1__signer__init);
  if (made == NULL) return NULL;
  made->competence = part_personal(m, HUB_FREE_TEXT, edxml->competence);
  made->position = part_personal(m, HUB_FREE_TEXT, edxml->position);
  made->name = part_personal(m, HUB_OFFICIAL_NAME, edxml->full_name);
  return made;
}

char *part_document_id(struct maker *m, struct text organ_id, struct text date, struct text code) {
  const struct text parts[] = {organ_id, TEXT(","), date, TEXT(","), code};
  return code.length == 0 ? part_plain(TEXT_NONE) : part_join(m, parts, 5);
}

char *part_digest_id(struct maker *m) {
  char hex[65];
  if (m->result == 0) m->result = attachment_digest(m->rules->sha256, m->payload, hex);
  const struct text parts[] = {TEXT("sha256:"), {hex, 64}};
  return m->result == 0 ? part_join(m, parts, 2) : part_plain(TEXT_NONE);
}

Ioc__Edoc__V1__DocumentReference *part_reference(struct maker *m, const struct edxml_reference *reference) {
  Ioc__Edoc__V1__DocumentReference *made =
      MAKE(m, Ioc__Edoc__V1__DocumentReference, ioc__edoc__v1__document_reference__init);
  if (made == NULL) return NULL;
  made->organization_id = part_plain(reference->organ_id);
  made->code = part_plain(reference->code);
  made->document_id =
      reference->document_id.length != 0
          ? part_plain(reference->document_id)
          : part_document_id(m, reference->organ_id, reference->promulgation_date, reference->code);
  SET_MOMENT(m, made, promulgated_at, reference->promulgation_date);
  return made;
}

Ioc__Edoc__V1__Trace *part_trace(struct maker *m, const struct edxml_trace *trace) {
  Ioc__Edoc__V1__Trace *made = MAKE(m, Ioc__Edoc__V1__Trace, ioc__edoc__v1__trace__init);
  if (made == NULL) return NULL;
  made->organization_id = part_plain(trace->organ_id);
  SET_MOMENT(m, made, at, trace->timestamp);
  return made;
}

Ioc__Edoc__V1__Receiver *part_receiver(struct maker *m, const struct edxml_receiver *receiver) {
  Ioc__Edoc__V1__Receiver *made = MAKE(m, Ioc__Edoc__V1__Receiver, ioc__edoc__v1__receiver__init);
  if (made == NULL) return NULL;
  made->organization_id = part_plain(receiver->organ_id);
  made->change = code_receiver_change(receiver->type);
  made->change_code = part_plain(receiver->type);
  return made;
}

char *part_plain_item(struct maker *m, const struct text *text) { return part_plain(*text); }
char *part_free_text_item(struct maker *m, const struct text *text) {
  return part_personal(m, HUB_FREE_TEXT, *text);
}

Ioc__Edoc__V1__Replacement *part_replacement(struct maker *m, const struct edxml_replacement *replacement) {
  Ioc__Edoc__V1__Replacement *made = MAKE(m, Ioc__Edoc__V1__Replacement, ioc__edoc__v1__replacement__init);
  if (made == NULL) return NULL;
  made->document_id = part_plain(replacement->document_id);
  SET_LIST(m, made, organization_ids, replacement->organ_ids, part_plain_item);
  return made;
}

Ioc__Edoc__V1__Attachment *part_attachment(struct maker *m, const struct edxml_attachment *attachment) {
  Ioc__Edoc__V1__Attachment *made = MAKE(m, Ioc__Edoc__V1__Attachment, ioc__edoc__v1__attachment__init);
  if (made == NULL) return NULL;
  made->content_id = part_plain(attachment->content_id);
  made->name = part_personal(m, HUB_FREE_TEXT, attachment->name);
  made->description = part_personal(m, HUB_FREE_TEXT, attachment->description);
  made->media_type = part_plain(attachment->content_type);
  made->present = attachment->present;
  if (!attachment->present) return made;
  made->unpacked = attachment->zip == 0 && attachment_is_zip(attachment->content_type);
  const struct edxml_file *file = made->unpacked ? &attachment->entry : &attachment->file;
  made->size_bytes = file->size;
  made->sha256 = part_join(m, &(struct text){file->sha256, 64}, 1);
  if (made->unpacked) made->entry_name = part_personal(m, HUB_FREE_TEXT, attachment->entry_name);
  return made;
}
