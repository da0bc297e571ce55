/*
 * bare_json.cc: the least that turns a session with one dossier into a packed Dossier: simdjson's DOM,
 * thirty members by name, protobuf-c. No limits, no places, no personal data, no repeats.
 */
#include <simdjson.h>

#include <cstring>

#include "ioc/publicservice/v1/dossier.pb-c.h"
#include "tests/bench/bare.h"

namespace {

simdjson::dom::parser parser;
char room[65536];
size_t used;

char *text(const simdjson::dom::element &dossier, const char *name) {
  std::string_view value;
  if (dossier[name].get(value) || value.empty() || used + value.size() + 1 > sizeof room)
    return const_cast<char *>(protobuf_c_empty_string);
  char *copy = room + used;
  memcpy(copy, value.data(), value.size());
  copy[value.size()] = 0;
  used += value.size() + 1;
  return copy;
}

void pack(const simdjson::dom::element &from, bare_message *message) {
  Ioc__Publicservice__V1__Dossier to = IOC__PUBLICSERVICE__V1__DOSSIER__INIT;
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
  pack(dossier, message);
  return message->key[0] != 0;
}
