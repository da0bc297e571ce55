/*
 * elements.c: the elements of an edXML message as tables, one a state, by local name and in any order.
 *
 * The envelopes around the header (edXML's own, SOAP's, or both) are one state that may nest. Some elements
 * are listed in two places because senders put them in either.
 */
#include "connectors/e-documents/elements.h"

#define ROW(name, kind, next, offset, size) \
  { name, sizeof(name) - 1, kind, next, offset, size }
#define OUTER_ROW(name) ROW(name, PASS, OUTER, 0, 0)
#define PASS_ROW(name, next) ROW(name, PASS, next, 0, 0)
#define INTO_ROW(name, next, type, member) ROW(name, INTO, next, offsetof(struct type, member), 0)
#define EACH_ROW(name, next, type, member, item) \
  ROW(name, EACH, next, offsetof(struct type, member), sizeof(struct item))
#define FILES_ROW(name, next, member) \
  ROW(name, FILES, next, offsetof(struct edxml, member), sizeof(struct edxml_attachment))
#define TEXT_ROW(name, type, member) ROW(name, TEXT_OF, VALUE, offsetof(struct type, member), 0)
#define IDENTITY_ROW(name, type, member) ROW(name, IDENTITY, VALUE, offsetof(struct type, member), 0)
#define TEXTS_ROW(name, type, member) \
  ROW(name, TEXTS_OF, VALUE, offsetof(struct type, member), sizeof(struct text))
#define END_ROW \
  { NULL, 0, 0, 0, 0, 0 }

static const struct row root_rows[] = {
    OUTER_ROW("edXML"),
    OUTER_ROW("edXMLEnvelope"),
    OUTER_ROW("Envelope"),
    END_ROW,
};
static const struct row outer_rows[] = {
    OUTER_ROW("edXML"),
    OUTER_ROW("edXMLEnvelope"),
    OUTER_ROW("edXMLHeader"),
    OUTER_ROW("edXMLBody"),
    OUTER_ROW("Envelope"),
    OUTER_ROW("Header"),
    OUTER_ROW("Body"),
    ROW("MessageHeader", ONCE, HEADER, 0, 0),
    PASS_ROW("TraceHeaderList", TRACES),
    INTO_ROW("Bussiness", BUSINESS, edxml, business),
    PASS_ROW("edXMLManifest", MANIFEST),
    PASS_ROW("Manifest", MANIFEST),
    PASS_ROW("AttachmentEncoded", ATTACHMENTS),
    ROW("Signature", IGNORE, 0, 0, 0),
    ROW("DigitalSignature", IGNORE, 0, 0, 0),
    END_ROW,
};
static const struct row header_rows[] = {
    INTO_ROW("From", ORGAN, edxml, from),
    EACH_ROW("To", ORGAN, edxml, to, edxml_organ),
    IDENTITY_ROW("DocumentId", edxml, document_id),
    PASS_ROW("Code", CODE),
    PASS_ROW("PromulgationInfo", PROMULGATION),
    PASS_ROW("DocumentType", TYPE),
    TEXT_ROW("Subject", edxml, subject),
    TEXT_ROW("Content", edxml, content),
    PASS_ROW("SignerInfo", SIGNER),
    TEXT_ROW("DueDate", edxml, due_date),
    PASS_ROW("OtherInfo", OTHER),
    EACH_ROW("ResponseFor", RESPONSE, edxml, response_for, edxml_reference),
    TEXT_ROW("SteeringType", edxml, steering),
    PASS_ROW("ToPlaces", PLACES),
    PASS_ROW("ResponseForTask", TASK),
    TEXT_ROW("ApplicationType", edxml, application_type),
    INTO_ROW("StaffInfo", STAFF, edxml, staff),
    IDENTITY_ROW("StatusCode", edxml, status_code),
    TEXT_ROW("Description", edxml, description),
    IDENTITY_ROW("Timestamp", edxml, timestamp),
    PASS_ROW("TraceHeaderList", TRACES),
    INTO_ROW("Bussiness", BUSINESS, edxml, business),
    END_ROW,
};
static const struct row organ_rows[] = {
    IDENTITY_ROW("OrganId", edxml_organ, id),
    TEXT_ROW("OrganizationInCharge", edxml_organ, in_charge),
    TEXT_ROW("OrganName", edxml_organ, name),
    TEXT_ROW("OrganAdd", edxml_organ, address),
    TEXT_ROW("Email", edxml_organ, email),
    TEXT_ROW("Telephone", edxml_organ, telephone),
    TEXT_ROW("Fax", edxml_organ, fax),
    TEXT_ROW("Website", edxml_organ, website),
    END_ROW,
};
static const struct row code_rows[] = {
    IDENTITY_ROW("CodeNumber", edxml, code_number),
    IDENTITY_ROW("CodeNotation", edxml, code_notation),
    END_ROW,
};
static const struct row promulgation_rows[] = {
    TEXT_ROW("Place", edxml, place),
    TEXT_ROW("PromulgationDate", edxml, promulgation_date),
    END_ROW,
};
static const struct row type_rows[] = {
    TEXT_ROW("Type", edxml, type),
    TEXT_ROW("TypeDetail", edxml, type_detail),
    TEXT_ROW("TypeName", edxml, type_name),
    END_ROW,
};
static const struct row signer_rows[] = {
    TEXT_ROW("Competence", edxml, competence),
    TEXT_ROW("Position", edxml, position),
    TEXT_ROW("FullName", edxml, full_name),
    END_ROW,
};
static const struct row other_rows[] = {
    TEXT_ROW("Priority", edxml, priority),      TEXT_ROW("SphereOfPromulgation", edxml, sphere),
    TEXT_ROW("TyperNotation", edxml, typist),   TEXT_ROW("PromulgationAmount", edxml, promulgation_amount),
    TEXT_ROW("PageAmount", edxml, page_amount), TEXT_ROW("Direction", edxml, direction_flag),
    PASS_ROW("Appendixes", APPENDIXES),         END_ROW,
};
static const struct row appendixes_rows[] = {TEXTS_ROW("Appendix", edxml, appendixes), END_ROW};
static const struct row response_rows[] = {
    TEXT_ROW("OrganId", edxml_reference, organ_id),
    TEXT_ROW("Code", edxml_reference, code),
    TEXT_ROW("PromulgationDate", edxml_reference, promulgation_date),
    IDENTITY_ROW("DocumentId", edxml_reference, document_id),
    END_ROW,
};
static const struct row task_rows[] = {TEXTS_ROW("TaskCode", edxml, task_codes), END_ROW};
static const struct row places_rows[] = {TEXTS_ROW("Place", edxml, places), END_ROW};
static const struct row traces_rows[] = {
    EACH_ROW("TraceHeader", TRACE, edxml, trace, edxml_trace),
    INTO_ROW("Bussiness", BUSINESS, edxml, business),
    END_ROW,
};
static const struct row trace_rows[] = {
    TEXT_ROW("OrganId", edxml_trace, organ_id),
    TEXT_ROW("Timestamp", edxml_trace, timestamp),
    END_ROW,
};
static const struct row business_rows[] = {
    TEXT_ROW("DocumentId", edxml_business, document_id),
    IDENTITY_ROW("BussinessDocType", edxml_business, type),
    TEXT_ROW("BussinessDocReason", edxml_business, reason),
    TEXT_ROW("Paper", edxml_business, paper),
    PASS_ROW("BussinessDocumentInfo", CHANGES),
    PASS_ROW("ReceiverList", RECEIVERS),
    PASS_ROW("ReplacementInfoList", REPLACEMENTS),
    INTO_ROW("StaffInfo", STAFF, edxml_business, staff),
    END_ROW,
};
static const struct row changes_rows[] = {
    TEXT_ROW("DocumentInfo", edxml_business, document_info),
    TEXT_ROW("DocumentReceiver", edxml_business, document_receiver),
    PASS_ROW("ReceiverList", RECEIVERS),
    END_ROW,
};
static const struct row receivers_rows[] = {
    EACH_ROW("Receiver", RECEIVER, edxml_business, receivers, edxml_receiver),
    END_ROW,
};
static const struct row receiver_rows[] = {
    TEXT_ROW("OrganId", edxml_receiver, organ_id),
    TEXT_ROW("ReceiverType", edxml_receiver, type),
    END_ROW,
};
static const struct row replacements_rows[] = {
    EACH_ROW("ReplacementInfo", REPLACEMENT, edxml_business, replacements, edxml_replacement),
    END_ROW,
};
static const struct row replacement_rows[] = {
    TEXT_ROW("DocumentId", edxml_replacement, document_id),
    PASS_ROW("OrganIdList", REPLACED_FOR),
    END_ROW,
};
static const struct row replaced_for_rows[] = {TEXTS_ROW("OrganId", edxml_replacement, organ_ids), END_ROW};
static const struct row staff_rows[] = {
    TEXT_ROW("Department", edxml_staff, department),
    TEXT_ROW("DepartmentId", edxml_staff, department_id),
    TEXT_ROW("Staff", edxml_staff, name),
    TEXT_ROW("StaffId", edxml_staff, id),
    TEXT_ROW("Email", edxml_staff, email),
    TEXT_ROW("Mobile", edxml_staff, mobile),
    END_ROW,
};
static const struct row manifest_rows[] = {FILES_ROW("Reference", REFERENCE, references), END_ROW};
static const struct row reference_rows[] = {
    TEXT_ROW("ContentId", edxml_attachment, content_id),
    TEXT_ROW("ContentType", edxml_attachment, content_type),
    TEXT_ROW("Description", edxml_attachment, description),
    TEXT_ROW("AttachmentName", edxml_attachment, name),
    END_ROW,
};
static const struct row attachments_rows[] = {FILES_ROW("Attachment", ATTACHMENT, attachments), END_ROW};
static const struct row attachment_rows[] = {
    TEXT_ROW("ContentId", edxml_attachment, content_id),
    TEXT_ROW("AttachmentName", edxml_attachment, name),
    TEXT_ROW("Description", edxml_attachment, description),
    TEXT_ROW("ContentType", edxml_attachment, content_type),
    ROW("ContentTransferEncoded", BYTES, VALUE, 0, 0),
    END_ROW,
};
static const struct row no_rows[] = {END_ROW};

static const struct row *const rows_of[] = {
    [ROOT] = root_rows,
    [OUTER] = outer_rows,
    [HEADER] = header_rows,
    [ORGAN] = organ_rows,
    [CODE] = code_rows,
    [PROMULGATION] = promulgation_rows,
    [TYPE] = type_rows,
    [SIGNER] = signer_rows,
    [OTHER] = other_rows,
    [APPENDIXES] = appendixes_rows,
    [RESPONSE] = response_rows,
    [TASK] = task_rows,
    [PLACES] = places_rows,
    [TRACES] = traces_rows,
    [TRACE] = trace_rows,
    [BUSINESS] = business_rows,
    [CHANGES] = changes_rows,
    [RECEIVERS] = receivers_rows,
    [RECEIVER] = receiver_rows,
    [REPLACEMENTS] = replacements_rows,
    [REPLACEMENT] = replacement_rows,
    [REPLACED_FOR] = replaced_for_rows,
    [STAFF] = staff_rows,
    [MANIFEST] = manifest_rows,
    [REFERENCE] = reference_rows,
    [ATTACHMENTS] = attachments_rows,
    [ATTACHMENT] = attachment_rows,
    [VALUE] = no_rows,
};

const struct row *element_find(enum state state, struct text name) {
  for (const struct row *row = rows_of[state]; row->name != NULL; row++)
    if (row->length == name.length && memcmp(row->name, name.data, name.length) == 0) return row;
  return NULL;
}
