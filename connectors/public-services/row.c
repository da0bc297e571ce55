/*
 * row.c: a row of the one-stop shop's dossier search (VNPT iGate).
 *
 * Its numbers of states are not settled, so the state is taken from its name; the number stays beside it.
 * Any name may be a text or a list by language. The form that the applicant filled in (eForm) is in no
 * table.
 */
#include "connectors/public-services/dossier.h"

typedef Ioc__Publicservice__V1__Dossier Dossier;

#define AT(member) offsetof(Dossier, member)
#define AT_TIME(member) offsetof(Dossier, member), offsetof(Dossier, member##_precision)
#define STATE(name) IOC__PUBLICSERVICE__V1__DOSSIER_STATE__DOSSIER_STATE_##name

struct row { /* a dossier and what decides about its fields once all are read */
  Dossier dossier;
  char *method_name, *address;
};

static const struct code method_names[] = {
    {TEXT("TRỰC TUYẾN"), IOC__PUBLICSERVICE__V1__CHANNEL__CHANNEL_ONLINE},
    {TEXT("TRỰC TIẾP"), IOC__PUBLICSERVICE__V1__CHANNEL__CHANNEL_COUNTER},
    {TEXT("BƯU CHÍNH"), IOC__PUBLICSERVICE__V1__CHANNEL__CHANNEL_POST},
    {TEXT("BƯU CHÍNH CÔNG ÍCH"), IOC__PUBLICSERVICE__V1__CHANNEL__CHANNEL_POST},
    {TEXT(""), 0},
};

static const struct code state_names[] = {
    {TEXT("ĐANG XỬ LÝ"), STATE(PROCESSING)},
    {TEXT("MỚI ĐĂNG KÝ"), STATE(SUBMITTED)},
    {TEXT("CHỜ TIẾP NHẬN"), STATE(SUBMITTED)},
    {TEXT("MỚI ĐĂNG KÝ / CHỜ TIẾP NHẬN"), STATE(SUBMITTED)},
    {TEXT("ĐƯỢC TIẾP NHẬN"), STATE(RECEIVED)},
    {TEXT("ĐÃ TIẾP NHẬN"), STATE(RECEIVED)},
    {TEXT("KHÔNG ĐƯỢC TIẾP NHẬN"), STATE(NOT_ACCEPTED)},
    {TEXT("TỪ CHỐI TIẾP NHẬN"), STATE(NOT_ACCEPTED)},
    {TEXT("YÊU CẦU BỔ SUNG"), STATE(PAPERS_REQUESTED)},
    {TEXT("YÊU CẦU BỔ SUNG GIẤY TỜ"), STATE(PAPERS_REQUESTED)},
    {TEXT("CHỜ BỔ SUNG"), STATE(PAPERS_REQUESTED)},
    {TEXT("YÊU CẦU THỰC HIỆN NGHĨA VỤ TÀI CHÍNH"), STATE(PAYMENT_REQUESTED)},
    {TEXT("CÔNG DÂN YÊU CẦU RÚT HỒ SƠ"), STATE(WITHDRAWN)},
    {TEXT("ĐÃ RÚT HỒ SƠ"), STATE(WITHDRAWN)},
    {TEXT("DỪNG XỬ LÝ"), STATE(STOPPED)},
    {TEXT("TẠM DỪNG"), STATE(SUSPENDED)},
    {TEXT("TẠM DỪNG XỬ LÝ"), STATE(SUSPENDED)},
    {TEXT("CÓ KẾT QUẢ"), STATE(FINISHED)},
    {TEXT("ĐÃ CÓ KẾT QUẢ"), STATE(FINISHED)},
    {TEXT("ĐÃ XỬ LÝ XONG"), STATE(FINISHED)},
    {TEXT("ĐÃ TRẢ"), STATE(RETURNED)},
    {TEXT("ĐÃ TRẢ KẾT QUẢ"), STATE(RETURNED)},
    {TEXT("ĐÃ HỦY"), STATE(CANCELLED)},
    {TEXT("ĐÃ HUỶ"), STATE(CANCELLED)},
    {TEXT(""), 0},
};

static const struct field status_fields[] = {
    {TEXT("id"), FIELD_TEXT, .offset = AT(state_code)},
    {TEXT("name"), FIELD_NAME, .offset = AT(state_name)},
};
static const struct field_table status_table = FIELD_TABLE(status_fields);

static const struct field task_status_fields[] = {{TEXT("name"), FIELD_NAME, .offset = AT(task_state_name)}};
static const struct field_table task_status_table = FIELD_TABLE(task_status_fields);

static const struct field village_fields[] = {
    {TEXT("label"), FIELD_PERSONAL, HUB_ADDRESS, AT(owner_address)}};
static const struct field_table village_table = FIELD_TABLE(village_fields);

static const struct field applicant_data_fields[] = {
    {TEXT("fullname"), FIELD_PERSONAL, HUB_PERSON_NAME, AT(submitter_name)},
    {TEXT("ownerFullname"), FIELD_PERSONAL, HUB_PERSON_NAME, AT(owner_name)},
    {TEXT("identityNumber"), FIELD_PERSONAL, HUB_CITIZEN_ID, AT(owner_id_number)},
    {TEXT("birthday"), FIELD_PERSONAL, HUB_BIRTH_DATE, AT(owner_birth_date)},
    {TEXT("phoneNumber"), FIELD_PERSONAL, HUB_PHONE, AT(owner_phone)},
    {TEXT("email"), FIELD_PERSONAL, HUB_EMAIL, AT(owner_email)},
    {TEXT("fax"), FIELD_PERSONAL, HUB_PHONE, AT(owner_fax)},
    {TEXT("address"), FIELD_PERSONAL_NAME, HUB_ADDRESS, offsetof(struct row, address)},
    {TEXT("village"), FIELD_NESTED, 0, 0, .nested = &village_table},
};
static const struct field_table applicant_data_table = FIELD_TABLE(applicant_data_fields);

static const struct field applicant_fields[] = {
    {TEXT("data"), FIELD_NESTED, 0, 0, .nested = &applicant_data_table}};
static const struct field_table applicant_table = FIELD_TABLE(applicant_fields);

static const struct field sector_fields[] = {
    {TEXT("code"), FIELD_TEXT, .offset = AT(field_code)},
    {TEXT("name"), FIELD_NAME, .offset = AT(field_name)},
};
static const struct field_table sector_table = FIELD_TABLE(sector_fields);

static const struct field procedure_fields[] = {
    {TEXT("code"), FIELD_TEXT, .offset = AT(procedure_code)},
    {TEXT("translate"), FIELD_NAME, .offset = AT(procedure_name)},
    {TEXT("sector"), FIELD_NESTED, 0, 0, .nested = &sector_table},
};
static const struct field_table procedure_table = FIELD_TABLE(procedure_fields);

static const struct field agency_fields[] = {
    {TEXT("name"), FIELD_PERSONAL_NAME, HUB_FREE_TEXT, AT(unit_name)},
    {TEXT("code"), FIELD_TEXT, .offset = AT(unit_code)},
};
static const struct field_table agency_table = FIELD_TABLE(agency_fields);

static const struct field method_fields[] = {
    {TEXT("id"), FIELD_TEXT, .offset = AT(channel_code)},
    {TEXT("name"), FIELD_NAME, .offset = offsetof(struct row, method_name)},
};
static const struct field_table method_table = FIELD_TABLE(method_fields);

static const struct field row_fields[] = {
    {TEXT("id"), FIELD_TEXT, .offset = AT(system_id)},
    {TEXT("code"), FIELD_TEXT, .offset = AT(local_id)},
    {TEXT("nationCode"), FIELD_TEXT, .offset = AT(dossier_id)},
    {TEXT("dossierStatus"), FIELD_NESTED, 0, 0, .nested = &status_table},
    {TEXT("dossierTaskStatus"), FIELD_NESTED, 0, 0, .nested = &task_status_table},
    {TEXT("applicant"), FIELD_NESTED, 0, 0, .nested = &applicant_table},
    {TEXT("procedure"), FIELD_NESTED, 0, 0, .nested = &procedure_table},
    {TEXT("agency"), FIELD_NESTED, 0, 0, .nested = &agency_table},
    {TEXT("applyMethod"), FIELD_NESTED, 0, 0, .nested = &method_table},
    {TEXT("appliedDate"), FIELD_TIME, 0, AT_TIME(submitted_at)},
    {TEXT("acceptedDate"), FIELD_TIME, 0, AT_TIME(received_at)},
    {TEXT("appointmentDate"), FIELD_TIME, 0, AT_TIME(appointment_at)},
    {TEXT("dueDate"), FIELD_TIME, 0, AT_TIME(due_at)},
    {TEXT("completedDate"), FIELD_TIME, 0, AT_TIME(finished_at)},
    {TEXT("returnedDate"), FIELD_TIME, 0, AT_TIME(returned_at)},
    {TEXT("updatedDate"), FIELD_TIME, 0, AT_TIME(as_of)},
    {TEXT("processingTime"), FIELD_TEXT, .offset = AT(processing_time)},
    {TEXT("processingTimeUnit"), FIELD_TEXT, .offset = AT(processing_time_unit)},
};
static const struct field_table row_table = FIELD_TABLE(row_fields);

static int code_of_name(struct job *job, const struct code *codes, const char *name, int *ret_value) {
  struct text folded;
  int r = text_fold(&job->allocator, text_of(name), &folded);
  if (r < 0) return r;
  for (const struct code *code = codes; code->text.length != 0; code++)
    if (text_equal(code->text, folded)) *ret_value = code->value;
  return 0;
}

static int settle(struct job *job, struct row *row) {
  Dossier *d = &row->dossier;
  int state = 0, channel = 0;
  int r = code_of_name(job, state_names, d->state_name, &state);
  if (r == 0) r = code_of_name(job, method_names, row->method_name, &channel);
  if (r != 0) return r;
  d->state = (Ioc__Publicservice__V1__DossierState)state;
  d->channel = (Ioc__Publicservice__V1__Channel)channel;
  if (d->owner_address[0] == 0) d->owner_address = row->address;
  if (d->owner_name[0] == 0) {
    d->owner_name = d->submitter_name;
    d->submitter_name = (char *)protobuf_c_empty_string;
  }
  return 0;
}

int row_emit(struct job *job, const struct crumb *crumb, const struct json *object, struct text id) {
  struct row row = {.dossier = IOC__PUBLICSERVICE__V1__DOSSIER__INIT};
  struct text version = TEXT_NONE;
  row.method_name = row.address = (char *)protobuf_c_empty_string;
  row.dossier.form = IOC__PUBLICSERVICE__V1__DOSSIER_FORM__DOSSIER_FORM_ONE_STOP_SHOP;
  int r = fields_read(job, crumb, object, &row_table, &row);
  if (r == 0) r = settle(job, &row);
  if (r != 0) return r;
  const struct json *updated = json_get(object, "updatedDate");
  if (updated != NULL) r = fields_text(job, crumb, updated, &version);
  return r != 0 ? r : dossier_finish(job, crumb, object, id, version, &row.dossier);
}
