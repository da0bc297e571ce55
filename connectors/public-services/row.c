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

static const struct member status_fields[] = {
    {TEXT("id"), MEMBER_TEXT, .offset = AT(state_code)},
    {TEXT("name"), MEMBER_NAME, .offset = AT(state_name)},
};
static const struct member_table status_table = MEMBER_TABLE(status_fields);

static const struct member task_status_fields[] = {
    {TEXT("name"), MEMBER_NAME, .offset = AT(task_state_name)}};
static const struct member_table task_status_table = MEMBER_TABLE(task_status_fields);

static const struct member village_fields[] = {
    {TEXT("label"), MEMBER_PERSONAL, HUB_ADDRESS, AT(owner_address)}};
static const struct member_table village_table = MEMBER_TABLE(village_fields);

static const struct member applicant_data_fields[] = {
    {TEXT("fullname"), MEMBER_PERSONAL, HUB_PERSON_NAME, AT(submitter_name)},
    {TEXT("ownerFullname"), MEMBER_PERSONAL, HUB_PERSON_NAME, AT(owner_name)},
    {TEXT("identityNumber"), MEMBER_PERSONAL, HUB_CITIZEN_ID, AT(owner_id_number)},
    {TEXT("birthday"), MEMBER_PERSONAL, HUB_BIRTH_DATE, AT(owner_birth_date)},
    {TEXT("phoneNumber"), MEMBER_PERSONAL, HUB_PHONE, AT(owner_phone)},
    {TEXT("email"), MEMBER_PERSONAL, HUB_EMAIL, AT(owner_email)},
    {TEXT("fax"), MEMBER_PERSONAL, HUB_PHONE, AT(owner_fax)},
    {TEXT("address"), MEMBER_PERSONAL_NAME, HUB_ADDRESS, offsetof(struct row, address)},
    {TEXT("village"), MEMBER_NESTED, 0, 0, .nested = &village_table},
};
static const struct member_table applicant_data_table = MEMBER_TABLE(applicant_data_fields);

static const struct member applicant_fields[] = {
    {TEXT("data"), MEMBER_NESTED, 0, 0, .nested = &applicant_data_table}};
static const struct member_table applicant_table = MEMBER_TABLE(applicant_fields);

static const struct member sector_fields[] = {
    {TEXT("code"), MEMBER_TEXT, .offset = AT(field_code)},
    {TEXT("name"), MEMBER_NAME, .offset = AT(field_name)},
};
static const struct member_table sector_table = MEMBER_TABLE(sector_fields);

static const struct member procedure_fields[] = {
    {TEXT("code"), MEMBER_TEXT, .offset = AT(procedure_code)},
    {TEXT("translate"), MEMBER_NAME, .offset = AT(procedure_name)},
    {TEXT("sector"), MEMBER_NESTED, 0, 0, .nested = &sector_table},
};
static const struct member_table procedure_table = MEMBER_TABLE(procedure_fields);

static const struct member agency_fields[] = {
    {TEXT("name"), MEMBER_PERSONAL_NAME, HUB_FREE_TEXT, AT(unit_name)},
    {TEXT("code"), MEMBER_TEXT, .offset = AT(unit_code)},
};
static const struct member_table agency_table = MEMBER_TABLE(agency_fields);

static const struct member method_fields[] = {
    {TEXT("id"), MEMBER_TEXT, .offset = AT(channel_code)},
    {TEXT("name"), MEMBER_NAME, .offset = offsetof(struct row, method_name)},
};
static const struct member_table method_table = MEMBER_TABLE(method_fields);

static const struct member row_fields[] = {
    {TEXT("id"), MEMBER_TEXT, .offset = AT(system_id)},
    {TEXT("code"), MEMBER_TEXT, .offset = AT(local_id)},
    {TEXT("nationCode"), MEMBER_TEXT, .offset = AT(dossier_id)},
    {TEXT("dossierStatus"), MEMBER_NESTED, 0, 0, .nested = &status_table},
    {TEXT("dossierTaskStatus"), MEMBER_NESTED, 0, 0, .nested = &task_status_table},
    {TEXT("applicant"), MEMBER_NESTED, 0, 0, .nested = &applicant_table},
    {TEXT("procedure"), MEMBER_NESTED, 0, 0, .nested = &procedure_table},
    {TEXT("agency"), MEMBER_NESTED, 0, 0, .nested = &agency_table},
    {TEXT("applyMethod"), MEMBER_NESTED, 0, 0, .nested = &method_table},
    {TEXT("appliedDate"), MEMBER_TIME, 0, AT_TIME(submitted_at)},
    {TEXT("acceptedDate"), MEMBER_TIME, 0, AT_TIME(received_at)},
    {TEXT("appointmentDate"), MEMBER_TIME, 0, AT_TIME(appointment_at)},
    {TEXT("dueDate"), MEMBER_TIME, 0, AT_TIME(due_at)},
    {TEXT("completedDate"), MEMBER_TIME, 0, AT_TIME(finished_at)},
    {TEXT("returnedDate"), MEMBER_TIME, 0, AT_TIME(returned_at)},
    {TEXT("updatedDate"), MEMBER_TIME, 0, AT_TIME(as_of)},
    {TEXT("processingTime"), MEMBER_TEXT, .offset = AT(processing_time)},
    {TEXT("processingTimeUnit"), MEMBER_TEXT, .offset = AT(processing_time_unit)},
};
static const struct member_table row_table = MEMBER_TABLE(row_fields);

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
  int r = members_read(job, crumb, object, &row_table, &row);
  if (r == 0) r = settle(job, &row);
  if (r != 0) return r;
  const struct json *updated = json_get(object, "updatedDate");
  if (updated != NULL) r = member_text(job, crumb, updated, &version);
  return r != 0 ? r : dossier_finish(job, crumb, object, id, version, &row.dossier);
}
