/*
 * dossier.c: a dossier as the national portal (DongBoHoSoMC) and the central system of 2025 know it.
 *
 * Both use the same names for what they share, so one table reads both. What the applicant filled in
 * (EformThongTinChiTiet) and addresses of files, which may carry tokens, are in no table.
 */
#include "connectors/public-services/dossier.h"

#include "connectors/format/time.h"

#include <errno.h>

typedef Ioc__Publicservice__V1__Dossier Dossier;
typedef Ioc__Publicservice__V1__Identity Identity;
typedef Ioc__Publicservice__V1__Attachment Attachment;
typedef Ioc__Publicservice__V1__OtherPaper OtherPaper;
typedef Ioc__Publicservice__V1__Supplement Supplement;

#define AT(member) offsetof(Dossier, member)
#define AT_PAIR(member, second) offsetof(Dossier, member), offsetof(Dossier, second)
#define AT_TIME(member) offsetof(Dossier, member), offsetof(Dossier, member##_precision)
#define AT_LIST(member) offsetof(Dossier, member), offsetof(Dossier, n_##member)
#define IN_TIME(type, member) offsetof(type, member), offsetof(type, member##_precision)

static const struct code channels[] = {
    {TEXT("1"), IOC__PUBLICSERVICE__V1__CHANNEL__CHANNEL_COUNTER},
    {TEXT("2"), IOC__PUBLICSERVICE__V1__CHANNEL__CHANNEL_ONLINE},
    {TEXT("3"), IOC__PUBLICSERVICE__V1__CHANNEL__CHANNEL_POST},
    {TEXT(""), 0},
};

static const struct code portals[] = {
    {TEXT("1"), IOC__PUBLICSERVICE__V1__PORTAL__PORTAL_NATIONAL},
    {TEXT("2"), IOC__PUBLICSERVICE__V1__PORTAL__PORTAL_PROVINCE},
    {TEXT(""), 0},
};

static const struct code owner_kinds[] = {
    {TEXT("1"), IOC__PUBLICSERVICE__V1__OWNER_KIND__OWNER_KIND_CITIZEN},
    {TEXT("2"), IOC__PUBLICSERVICE__V1__OWNER_KIND__OWNER_KIND_ENTERPRISE},
    {TEXT("3"), IOC__PUBLICSERVICE__V1__OWNER_KIND__OWNER_KIND_STATE_AGENCY},
    {TEXT("4"), IOC__PUBLICSERVICE__V1__OWNER_KIND__OWNER_KIND_OTHER},
    {TEXT(""), 0},
};

static const struct code return_methods[] = {
    {TEXT("0"), IOC__PUBLICSERVICE__V1__RETURN_METHOD__RETURN_METHOD_COUNTER},
    {TEXT("1"), IOC__PUBLICSERVICE__V1__RETURN_METHOD__RETURN_METHOD_POST},
    {TEXT(""), 0},
};

static const struct code answers[] = {
    {TEXT("0"), IOC__PUBLICSERVICE__V1__ANSWER__ANSWER_NO},
    {TEXT("1"), IOC__PUBLICSERVICE__V1__ANSWER__ANSWER_YES},
    {TEXT("false"), IOC__PUBLICSERVICE__V1__ANSWER__ANSWER_NO},
    {TEXT("true"), IOC__PUBLICSERVICE__V1__ANSWER__ANSWER_YES},
    {TEXT("False"), IOC__PUBLICSERVICE__V1__ANSWER__ANSWER_NO},
    {TEXT("True"), IOC__PUBLICSERVICE__V1__ANSWER__ANSWER_YES},
    {TEXT(""), 0},
};

static const struct code online_payments[] = {
    {TEXT("0"), IOC__PUBLICSERVICE__V1__ONLINE_PAYMENT__ONLINE_PAYMENT_NO},
    {TEXT("1"), IOC__PUBLICSERVICE__V1__ONLINE_PAYMENT__ONLINE_PAYMENT_YES},
    {TEXT("3"), IOC__PUBLICSERVICE__V1__ONLINE_PAYMENT__ONLINE_PAYMENT_OTHER},
    {TEXT(""), 0},
};

static const struct code identity_kinds[] = {
    {TEXT("1"), IOC__PUBLICSERVICE__V1__IDENTITY_KIND__IDENTITY_KIND_CITIZEN_CARD},
    {TEXT("2"), IOC__PUBLICSERVICE__V1__IDENTITY_KIND__IDENTITY_KIND_IDENTITY_CARD},
    {TEXT(""), 0},
};

static const struct member identity_fields[] = {
    {TEXT("LoaiDinhDanh"), MEMBER_CODE, 0, offsetof(Identity, kind), offsetof(Identity, kind_code),
     .codes = identity_kinds},
    {TEXT("SoDinhDanh"), MEMBER_PERSONAL, HUB_CITIZEN_ID, offsetof(Identity, number)},
};

static const struct member attachment_fields[] = {
    {TEXT("TenTepDinhKem"), MEMBER_PERSONAL, HUB_FREE_TEXT, offsetof(Attachment, name)},
    {TEXT("IsDeleted"), MEMBER_FLAG, .offset = offsetof(Attachment, deleted)},
    {TEXT("MaThanhPhanHoSo"), MEMBER_TEXT, .offset = offsetof(Attachment, component_code)},
    {TEXT("DuocSoHoa"), MEMBER_FLAG, .offset = offsetof(Attachment, digitised)},
    {TEXT("DuocTaiSuDung"), MEMBER_FLAG, .offset = offsetof(Attachment, reused)},
    {TEXT("DuocLayTuKhoDMQG"), MEMBER_FLAG, .offset = offsetof(Attachment, from_national_store)},
    {TEXT("TenThanhPhanHoSo"), MEMBER_PERSONAL, HUB_FREE_TEXT, offsetof(Attachment, name),
     .other_name = true},
    {TEXT("HashTepTin"), MEMBER_TEXT, .offset = offsetof(Attachment, file_hash)},
};

static const struct member other_paper_fields[] = {
    {TEXT("TenGiayTo"), MEMBER_PERSONAL, HUB_FREE_TEXT, offsetof(OtherPaper, name)},
    {TEXT("SoLuong"), MEMBER_TEXT, .offset = offsetof(OtherPaper, quantity)},
    {TEXT("LoaiGiayTo"), MEMBER_TEXT, .offset = offsetof(OtherPaper, kind_code)},
};

static const struct member supplement_fields[] = {
    {TEXT("HoSoBoSungId"), MEMBER_TEXT, .offset = offsetof(Supplement, id)},
    {TEXT("NguoiYeuCauBoSung"), MEMBER_PERSONAL, HUB_OFFICIAL_NAME, offsetof(Supplement, requested_by)},
    {TEXT("NoiDungBoSung"), MEMBER_PERSONAL, HUB_FREE_TEXT, offsetof(Supplement, content)},
    {TEXT("NgayBoSung"), MEMBER_TIME, 0, IN_TIME(Supplement, requested_at)},
    {TEXT("NguoiTiepNhanBoSung"), MEMBER_PERSONAL, HUB_OFFICIAL_NAME, offsetof(Supplement, received_by)},
    {TEXT("ThongTinTiepNhan"), MEMBER_PERSONAL, HUB_FREE_TEXT, offsetof(Supplement, note)},
    {TEXT("NgayTiepNhanBoSung"), MEMBER_TIME, 0, IN_TIME(Supplement, received_at)},
    {TEXT("TrangThaiBoSung"), MEMBER_TEXT, .offset = offsetof(Supplement, state_code)},
    {TEXT("NgayHenTraTruoc"), MEMBER_TIME, 0, IN_TIME(Supplement, previous_appointment_at)},
    {TEXT("NgayHenTraMoi"), MEMBER_TIME, 0, IN_TIME(Supplement, new_appointment_at)},
};

static const struct member submitter_fields[] = {
    {TEXT("HoTen"), MEMBER_PERSONAL, HUB_PERSON_NAME, AT(submitter_name)},
    {TEXT("HoVaTen"), MEMBER_PERSONAL, HUB_PERSON_NAME, AT(submitter_name), .other_name = true},
    {TEXT("TenNguoiNop"), MEMBER_PERSONAL, HUB_PERSON_NAME, AT(submitter_name), .other_name = true},
};

static void init_identity(void *message) { ioc__publicservice__v1__identity__init(message); }
static void init_attachment(void *message) { ioc__publicservice__v1__attachment__init(message); }
static void init_other_paper(void *message) { ioc__publicservice__v1__other_paper__init(message); }
static void init_supplement(void *message) { ioc__publicservice__v1__supplement__init(message); }

static const struct member_list identity_list = {sizeof(Identity), init_identity,
                                                 MEMBER_TABLE(identity_fields), NULL, NULL};
static const struct member_list attachment_list = {sizeof(Attachment), init_attachment,
                                                   MEMBER_TABLE(attachment_fields), NULL, NULL};
static const struct member_list other_paper_list = {sizeof(OtherPaper), init_other_paper,
                                                    MEMBER_TABLE(other_paper_fields), NULL, NULL};
static const struct member_list supplement_list = {sizeof(Supplement), init_supplement,
                                                   MEMBER_TABLE(supplement_fields), NULL, NULL};
static const struct member_table submitter_table = MEMBER_TABLE(submitter_fields);

#define CENTRAL IOC__PUBLICSERVICE__V1__DOSSIER_FORM__DOSSIER_FORM_CENTRAL

/* MaHoSo is read by the caller and stands here to keep the order of the members predictable. */
static const struct member dossier_fields[] = {
    {TEXT("MaHoSo"), MEMBER_TEXT, .offset = AT(dossier_id)},
    {TEXT("MaTTHC"), MEMBER_TEXT, .offset = AT(procedure_code)},
    {TEXT("TenTTHC"), MEMBER_TEXT, .offset = AT(procedure_name)},
    {TEXT("MaLinhVuc"), MEMBER_TEXT, .offset = AT(field_code)},
    {TEXT("TenLinhVuc"), MEMBER_TEXT, .offset = AT(field_name)},
    {TEXT("KenhThucHien"), MEMBER_CODE, 0, AT_PAIR(channel, channel_code), .codes = channels},
    {TEXT("SoGiayToChuHoSo"), MEMBER_PERSONAL, HUB_CITIZEN_ID, AT(owner_id_number)},
    {TEXT("ChuHoSo"), MEMBER_PERSONAL, HUB_PERSON_NAME, AT(owner_name)},
    {TEXT("LoaiDoiTuong"), MEMBER_CODE, 0, AT_PAIR(owner_kind, owner_kind_code), .codes = owner_kinds},
    {TEXT("MaDoiTuong"), MEMBER_PERSONAL, HUB_CITIZEN_ID, AT(owner_code)},
    {TEXT("ThongTinKhac"), MEMBER_PERSONAL, HUB_FREE_TEXT, AT(owner_note)},
    {TEXT("Email"), MEMBER_PERSONAL, HUB_EMAIL, AT(owner_email)},
    {TEXT("Fax"), MEMBER_PERSONAL, HUB_PHONE, AT(owner_fax)},
    {TEXT("SoDienThoai"), MEMBER_PERSONAL, HUB_PHONE, AT(owner_phone)},
    {TEXT("TrichYeuHoSo"), MEMBER_PERSONAL, HUB_FREE_TEXT, AT(subject)},
    {TEXT("NgayNopHoSo"), MEMBER_TIME, 0, AT_TIME(submitted_at)},
    {TEXT("NgayTiepNhan"), MEMBER_TIME, 0, AT_TIME(received_at)},
    {TEXT("NgayHenTra"), MEMBER_TIME, 0, AT_TIME(appointment_at)},
    {TEXT("TrangThaiHoSo"), MEMBER_CODE, 0, AT_PAIR(state, state_code), .codes = dossier_states},
    {TEXT("NgayTra"), MEMBER_TIME, 0, AT_TIME(returned_at)},
    {TEXT("ThongTinTra"), MEMBER_PERSONAL, HUB_FREE_TEXT, AT(return_note)},
    {TEXT("HinhThuc"), MEMBER_CODE, 0, AT_PAIR(return_method, return_method_code), .codes = return_methods},
    {TEXT("NgayKetThucXuLy"), MEMBER_TIME, 0, AT_TIME(finished_at)},
    {TEXT("NgayTuChoi"), MEMBER_TIME, 0, AT_TIME(refused_at)},
    {TEXT("DonViXuLy"), MEMBER_PERSONAL, HUB_FREE_TEXT, AT(unit_name)},
    {TEXT("GhiChu"), MEMBER_PERSONAL, HUB_FREE_TEXT, AT(note)},
    {TEXT("NoiNopHoSo"), MEMBER_CODE, 0, AT_PAIR(portal, portal_code), .codes = portals},
    {TEXT("HoSoCoThanhPhanSoHoa"), MEMBER_CODE, 0, AT_PAIR(digitised, digitised_code), .codes = answers},
    {TEXT("TaiKhoanDuocXacThucVoiVNeID"), MEMBER_CODE, 0, AT_PAIR(verified_account, verified_account_code),
     .codes = answers},
    {TEXT("DuocThanhToanTrucTuyen"), MEMBER_CODE, 0, AT_PAIR(online_payment, online_payment_code),
     .codes = online_payments},
    {TEXT("DinhDanhCHS"), MEMBER_LIST, 0, AT_LIST(owner_identities), .list = &identity_list},
    {TEXT("DSKetNoiCSDL"), MEMBER_TEXTS, 0, AT_LIST(database_codes), .member = "MaCSDL"},
    {TEXT("TaiLieuNop"), MEMBER_LIST, 0, AT_LIST(attachments), .other_name = true, .list = &attachment_list},
    {TEXT("DanhSachLePhi"), MEMBER_LIST, 0, AT_LIST(fees), .list = &fee_list},
    {TEXT("DanhSachTepDinhKemKhac"), MEMBER_LIST, 0, AT_LIST(other_papers), .list = &other_paper_list},
    {TEXT("DanhSachHoSoBoSung"), MEMBER_LIST, 0, AT_LIST(supplements), .list = &supplement_list},
    {TEXT("DanhSachGiayToKetQua"), MEMBER_LIST, 0, AT_LIST(results), .list = &result_list},
    {TEXT("TrangThai"), MEMBER_CODE, 0, AT_PAIR(state, state_code), .other_name = true,
     .codes = dossier_states},
    {TEXT("MaDichVuCong"), MEMBER_TEXT, .offset = AT(service_code)},
    {TEXT("MaDonViTiepNhan"), MEMBER_TEXT, .offset = AT(unit_code)},
    {TEXT("EformThongTinChiTiet"), MEMBER_MARK, 0, AT(form), .value = CENTRAL},
    {TEXT("ThanhPhanHoSo"), MEMBER_LIST, 0, AT_LIST(attachments), .other_name = true,
     .list = &attachment_list},
    {TEXT("ThongTinNguoiNop"), MEMBER_NESTED, 0, 0, .nested = &submitter_table},
};

static const struct member_table dossier_table = MEMBER_TABLE(dossier_fields);

/* Sets timeliness and days_late. A promise that names a day only is kept until that day is over. */
static void judge_lateness(Dossier *d) {
  int64_t finished = timestamp_us(d->finished_at), due = timestamp_us(d->appointment_at);
  if (finished == HUB_NONE || due == HUB_NONE) return;
  bool whole_day = d->appointment_at_precision == IOC__PUBLICSERVICE__V1__TIME_PRECISION__TIME_PRECISION_DAY;
  int64_t last_moment = whole_day ? due + TIME_DAY_US - 1 : due;
  bool late = finished > last_moment;
  d->timeliness = late ? IOC__PUBLICSERVICE__V1__TIMELINESS__TIMELINESS_LATE
                       : IOC__PUBLICSERVICE__V1__TIMELINESS__TIMELINESS_ON_TIME;
  d->days_late = late ? (uint32_t)((finished - last_moment + TIME_DAY_US - 1) / TIME_DAY_US) : 0;
  d->days_late_value_case = IOC__PUBLICSERVICE__V1__DOSSIER__DAYS_LATE_VALUE_DAYS_LATE;
}

static void count_parts(Dossier *d) {
  for (size_t i = 0; i < d->n_attachments; i++) d->attachments_count += !d->attachments[i]->deleted;
  if (fees_total(d->fees, d->n_fees, &d->total_fees_vnd))
    d->total_fees_value_case = IOC__PUBLICSERVICE__V1__DOSSIER__TOTAL_FEES_VALUE_TOTAL_FEES_VND;
}

/* The latest thing that the record reports as done. */
static int64_t last_event(const Dossier *d) {
  const Google__Protobuf__Timestamp *const times[] = {d->submitted_at, d->received_at, d->refused_at,
                                                      d->finished_at,  d->returned_at, d->as_of};
  int64_t last = HUB_NONE;
  for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
    if (timestamp_us(times[i]) > last) last = timestamp_us(times[i]);
  return last;
}

int dossier_finish(struct job *job, const struct crumb *crumb, const struct json *object, struct text id,
                   struct text version, Dossier *d) {
  int r = d->dossier_id[0] == 0 ? member_string(job, crumb, object, id, &d->dossier_id) : 0;
  struct text sender_code = sender_code_of(job);
  if (r == 0 && sender_code.length != 0) r = member_string(job, crumb, object, sender_code, &d->sender_code);
  if (r != 0) return r;
  d->finished = d->finished_at != NULL ||
                d->state == IOC__PUBLICSERVICE__V1__DOSSIER_STATE__DOSSIER_STATE_FINISHED ||
                d->state == IOC__PUBLICSERVICE__V1__DOSSIER_STATE__DOSSIER_STATE_RETURNED;
  judge_lateness(d);
  count_parts(d);
  const char *at = job_place(job, crumb, object->start);
  if (at == NULL) return -ENOMEM;
  struct hub_meta meta = job_meta(job, object, at);
  meta.key = id.data, meta.key_length = id.length;
  meta.version = version.data, meta.version_length = version.length;
  meta.occurred_us = last_event(d);
  return hub_emit(job->sink, &meta, &d->base);
}

int dossier_emit(struct job *job, const struct crumb *crumb, const struct json *object, struct text id) {
  Dossier dossier = IOC__PUBLICSERVICE__V1__DOSSIER__INIT;
  dossier.form = IOC__PUBLICSERVICE__V1__DOSSIER_FORM__DOSSIER_FORM_NATIONAL_PORTAL;
  int r = members_read(job, crumb, object, &dossier_table, &dossier);
  if (r != 0) return r;
  if (dossier.unit_code[0] != 0 || dossier.service_code[0] != 0) dossier.form = CENTRAL;
  return dossier_finish(job, crumb, object, id, TEXT_NONE, &dossier);
}
