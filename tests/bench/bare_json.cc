/*
 * bare_json.cc: the least that turns a session with one dossier into a packed Dossier with the facts that the
 * hub publishes: simdjson's DOM, members by name, protobuf-c. No limits, no places, no enums, no personal
 * data, no repeats.
 */
#include <simdjson.h>

#include <cstdlib>
#include <cstring>
#include <ctime>

#include "ioc/publicservice/v1/dossier.pb-c.h"
#include "tests/bench/bare.h"

namespace {

simdjson::dom::parser parser;
char texts[65536];
size_t used;

char *text(const simdjson::dom::element &dossier, const char *name) {
  std::string_view value;
  if (dossier[name].get(value) || value.empty() || used + value.size() + 1 > sizeof texts)
    return const_cast<char *>(protobuf_c_empty_string);
  char *copy = texts + used;
  memcpy(copy, value.data(), value.size());
  copy[value.size()] = 0;
  used += value.size() + 1;
  return copy;
}

int digits(const char *at, int count) {
  int value = 0;
  while (count-- > 0) value = value * 10 + (*at++ - '0');
  return value;
}

/* 20260711213000 at +07:00 */
Google__Protobuf__Timestamp *moment(const simdjson::dom::element &dossier, const char *name,
                                    Google__Protobuf__Timestamp *to) {
  std::string_view value;
  if (dossier[name].get(value) || value.size() != 14) return nullptr;
  tm time{};
  time.tm_year = digits(value.data(), 4) - 1900;
  time.tm_mon = digits(value.data() + 4, 2) - 1;
  time.tm_mday = digits(value.data() + 6, 2);
  time.tm_hour = digits(value.data() + 8, 2);
  time.tm_min = digits(value.data() + 10, 2);
  time.tm_sec = digits(value.data() + 12, 2);
  google__protobuf__timestamp__init(to);
  to->seconds = timegm(&time) - 25200;
  return to;
}

bool first(const simdjson::dom::element &dossier, const char *name, simdjson::dom::element *ret_item) {
  return !dossier[name].at(0).get(*ret_item);
}

/* The lists, of which the payload holds at most one item each. */
struct lists {
  Ioc__Publicservice__V1__Identity identity, *identities[1] = {&identity};
  Ioc__Publicservice__V1__Attachment attachment, *attachments[1] = {&attachment};
  Ioc__Publicservice__V1__Fee fee, *fees[1] = {&fee};
  char *databases[1];
};

void pack_lists(const simdjson::dom::element &from, lists *room, Ioc__Publicservice__V1__Dossier *to) {
  simdjson::dom::element item;
  if (first(from, "DinhDanhCHS", &item)) {
    ioc__publicservice__v1__identity__init(&room->identity);
    room->identity.kind_code = text(item, "LoaiDinhDanh");
    room->identity.number = text(item, "SoDinhDanh");
    to->n_owner_identities = 1;
    to->owner_identities = room->identities;
  }
  if (first(from, "DSKetNoiCSDL", &item)) {
    room->databases[0] = text(item, "MaCSDL");
    to->n_database_codes = 1;
    to->database_codes = room->databases;
  }
  if (first(from, "TaiLieuNop", &item)) {
    ioc__publicservice__v1__attachment__init(&room->attachment);
    room->attachment.name = text(item, "TenTepDinhKem");
    room->attachment.component_code = text(item, "MaThanhPhanHoSo");
    room->attachment.digitised = *text(item, "DuocSoHoa") == '1';
    to->attachments_count = 1;
    to->n_attachments = 1;
    to->attachments = room->attachments;
  }
  if (first(from, "DanhSachLePhi", &item)) {
    ioc__publicservice__v1__fee__init(&room->fee);
    room->fee.name = text(item, "TenPhiLePhi");
    room->fee.code = text(item, "MaPhiLePhi");
    room->fee.amount = text(item, "Gia");
    room->fee.moment_code = text(item, "HinhThucThu");
    room->fee.kind_code = text(item, "LoaiPhiLePhi");
    to->total_fees_value_case = IOC__PUBLICSERVICE__V1__DOSSIER__TOTAL_FEES_VALUE_TOTAL_FEES_VND;
    to->total_fees_vnd = strtoll(room->fee.amount, nullptr, 10);
    to->n_fees = 1;
    to->fees = room->fees;
  }
}

void pack(const simdjson::dom::element &session, const simdjson::dom::element &from, bare_message *message) {
  Ioc__Publicservice__V1__Dossier to = IOC__PUBLICSERVICE__V1__DOSSIER__INIT;
  Google__Protobuf__Timestamp moments[3];
  lists room;
  pack_lists(from, &room, &to);
  to.sender_code = text(session, "madonvi");
  to.submitted_at = moment(from, "NgayNopHoSo", &moments[0]);
  to.received_at = moment(from, "NgayTiepNhan", &moments[1]);
  to.appointment_at = moment(from, "NgayHenTra", &moments[2]);
  to.return_method_code = text(from, "HinhThuc");
  to.digitised_code = text(from, "HoSoCoThanhPhanSoHoa");
  to.verified_account_code = text(from, "TaiKhoanDuocXacThucVoiVNeID");
  to.online_payment_code = text(from, "DuocThanhToanTrucTuyen");
  to.dossier_id = text(from, "MaHoSo");
  to.procedure_code = text(from, "MaTTHC");
  to.procedure_name = text(from, "TenTTHC");
  to.field_code = text(from, "MaLinhVuc");
  to.field_name = text(from, "TenLinhVuc");
  to.unit_name = text(from, "DonViXuLy");
  to.state_code = text(from, "TrangThaiHoSo");
  to.channel_code = text(from, "KenhThucHien");
  to.portal_code = text(from, "NoiNopHoSo");
  to.owner_kind_code = text(from, "LoaiDoiTuong");
  to.owner_name = text(from, "ChuHoSo");
  to.owner_id_number = text(from, "SoGiayToChuHoSo");
  to.owner_phone = text(from, "SoDienThoai");
  to.owner_email = text(from, "Email");
  to.owner_note = text(from, "ThongTinKhac");
  to.subject = text(from, "TrichYeuHoSo");
  to.note = text(from, "GhiChu");
  to.return_note = text(from, "ThongTinTra");
  message->type = "ioc.publicservice.v1.Dossier";
  message->value_length = ioc__publicservice__v1__dossier__get_packed_size(&to);
  if (message->value_length <= sizeof message->value)
    ioc__publicservice__v1__dossier__pack(&to, message->value);
  message->key[0] = 0;
  strncat(message->key, to.dossier_id, sizeof message->key - 1);
}

}  // namespace

extern "C" int bare_json(char *body, size_t length, bare_message *message) {
  simdjson::dom::element document, dossier;
  used = 0;
  if (parser.parse(body, length, true).get(document) || document["data"].at(0).get(dossier)) return 0;
  pack(document, dossier, message);
  return message->key[0] != 0;
}
