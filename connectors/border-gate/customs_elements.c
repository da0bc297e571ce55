/*
 * customs_elements.c: the elements of ECUS exports and of answers of the customs QR service, and the codes of
 * customs XML.
 *
 * The names of goods in an ECUS export are those of its table DHANGMDDK; exports that leave goods out are the
 * usual ones.
 */
#include "connectors/border-gate/customs_elements.h"

typedef Ioc__Bordergate__V1__CustomsDeclaration Declaration;
typedef Ioc__Bordergate__V1__GoodsItem Item;
typedef Ioc__Bordergate__V1__Equipment Equipment;

#define CHANNEL(name) IOC__BORDERGATE__V1__CHANNEL__CHANNEL_##name
#define STATUS(name) IOC__BORDERGATE__V1__CUSTOMS_STATUS__CUSTOMS_STATUS_##name
#define DIRECTION(name) IOC__BORDERGATE__V1__DIRECTION__DIRECTION_##name

const struct code customs_channels[] = {
    {TEXT("1"), CHANNEL(GREEN)},
    {TEXT("2"), CHANNEL(YELLOW)},
    {TEXT("3"), CHANNEL(RED)},
    {TEXT("Xanh"), CHANNEL(GREEN)},
    {TEXT("Vang"), CHANNEL(YELLOW)},
    {TEXT("Do"), CHANNEL(RED)},
    {TEXT("xanh"), CHANNEL(GREEN)},
    {TEXT("Vàng"), CHANNEL(YELLOW)},
    {TEXT("Đỏ"), CHANNEL(RED)},
    {TEXT("XANH"), CHANNEL(GREEN)},
    {TEXT("VANG"), CHANNEL(YELLOW)},
    {TEXT("DO"), CHANNEL(RED)},
    {TEXT("Luồng xanh"), CHANNEL(GREEN)},
    {TEXT("Luồng vàng"), CHANNEL(YELLOW)},
    {TEXT("Luồng đỏ"), CHANNEL(RED)},
    {TEXT(""), 0},
};

/* FunctionCode of a WCO response: two digits, or one where a sender drops the zero. */
const struct code customs_responses[] = {
    {TEXT("01"), STATUS(ACCEPTED)},
    {TEXT("02"), STATUS(RECEIVED)},
    {TEXT("03"), STATUS(REJECTED)},
    {TEXT("05"), STATUS(CONTROL)},
    {TEXT("06"), STATUS(DOCUMENTS_REQUESTED)},
    {TEXT("07"), STATUS(AMENDED)},
    {TEXT("08"), STATUS(RELEASED)},
    {TEXT("09"), STATUS(CLEARED)},
    {TEXT("1"), STATUS(ACCEPTED)},
    {TEXT("2"), STATUS(RECEIVED)},
    {TEXT("3"), STATUS(REJECTED)},
    {TEXT("5"), STATUS(CONTROL)},
    {TEXT("6"), STATUS(DOCUMENTS_REQUESTED)},
    {TEXT("7"), STATUS(AMENDED)},
    {TEXT("8"), STATUS(RELEASED)},
    {TEXT("9"), STATUS(CLEARED)},
    {TEXT("10"), STATUS(INVALIDATED)},
    {TEXT("11"), STATUS(REQUEST_DECIDED)},
    {TEXT("13"), STATUS(DUTIES)},
    {TEXT("14"), STATUS(PAYMENT_REQUESTED)},
    {TEXT("15"), STATUS(PAYMENT_REMINDED)},
    {TEXT("16"), STATUS(EXITED)},
    {TEXT("17"), STATUS(EXIT_ENQUIRED)},
    {TEXT(""), 0},
};

/* TTTK of ECUS */
const struct code customs_states[] = {{TEXT("T"), STATUS(CLEARED)}, {TEXT(""), 0}};

static const struct code directions[] = {
    {TEXT("N"), DIRECTION(IMPORT)}, {TEXT("X"), DIRECTION(EXPORT)}, {TEXT(""), 0}};

static const struct part goods_part = {
    sizeof(Item), (void (*)(void *))ioc__bordergate__v1__goods_item__init, PART_PLAIN, 0, 0, 0, NULL};
static const struct part container_part = {sizeof(Equipment),
                                           (void (*)(void *))ioc__bordergate__v1__equipment__init,
                                           PART_SEAL_NUMBERS,
                                           offsetof(Equipment, kind),
                                           IOC__BORDERGATE__V1__EQUIPMENT_KIND__EQUIPMENT_KIND_CONTAINER,
                                           0,
                                           NULL};

static const struct element root_rows[] = {
    PASS_ROW("Root", STATE_ECUS),
    PASS_ROW("Envelope", STATE_SOAP),
    PASS_ROW("MetaData", STATE_WCO),
    RECORD_ROW("Declaration", STATE_WCO_DECLARATION, WCO_DECLARATION),
    RECORD_ROW("Response", STATE_WCO_RESPONSE, WCO_RESPONSE),
    RECORD_ROW("QueryBangKeDanhSachContainerResult", STATE_QR, QR),
    END_ROW,
};

/* ---- ECUS5VNACCS --------------------------------------------------------------------------------------- */

static const struct element ecus_rows[] = {
    PASS_ROW("DToKhaiMDIDs", STATE_ECUS),
    PASS_ROW("DToKhaiMDs", STATE_ECUS),
    RECORD_ROW("DToKhaiMD", STATE_ECUS_ROW, ECUS),
    END_ROW,
};
static const struct element ecus_row_rows[] = {
    PASS_ROW("Data", STATE_ECUS_ROW),
    IDENTITY_ROW("SOTK", Declaration, declaration_number),
    SCRAP_ROW("MA_DV", id),
    SCRAP_ROW("_Ten_DV_L1", name),
    SCRAP_ROW("DIA_CHI_DV", note),
    SCRAP_ROW("DV_DT", second),
    TIME_ROW("NGAY_DK", Declaration, registered_at),
    TEXT_ROW("MA_HQ", Declaration, office_code),
    TEXT_ROW("NUOC_XK", Declaration, export_country_code),
    TEXT_ROW("NUOC_NK", Declaration, import_country_code),
    NUMBER_ROW("TONGTGTT", Declaration, total_value),
    TEXT_ROW("MA_NT_TGTT", Declaration, currency),
    NUMBER_ROW("TYGIA_VND", Declaration, exchange_rate),
    ELEMENT_ROW("TR_LUONG", ELEMENT_WEIGHT, STATE_VALUE, offsetof(Declaration, gross_weight_kg),
                offsetof(Declaration, gross_weight), 0),
    NUMBER_ROW("SO_KIEN", Declaration, package_count),
    CODE_ROW("MA_PTVT", transport_modes, Declaration, transport_mode),
    TEXT_ROW("VAN_DON", Declaration, transport_document_number),
    TEXT_ROW("SO_HDTM", Declaration, invoice_number),
    TEXT_ROW("SoHSTK", Declaration, file_number),
    TEXT_ROW("MA_LH", Declaration, type_code),
    CODE_ROW("PLUONG", customs_channels, Declaration, channel),
    CODE_ROW("TTTK", customs_states, Declaration, status),
    TEXT_ROW("TTTK_HQ", Declaration, status_name),
    CODE_ROW("_XorN", directions, Declaration, direction),
    PASS_ROW("DHangMDDKIDs", STATE_ECUS_ROW),
    PASS_ROW("DHangMDDKs", STATE_ECUS_ROW),
    EACH_ROW("DHangMDDK", STATE_ECUS_GOODS, Declaration, goods_items, goods_part),
    END_ROW,
};
static const struct element ecus_goods_rows[] = {
    PASS_ROW("Data", STATE_ECUS_GOODS),
    TEXT_ROW("STTHANG", Item, number),
    PERSONAL_ROW("TEN_HANG", HUB_FREE_TEXT, Item, description),
    TEXT_ROW("MA_HANGKB", Item, commodity_code),
    TEXT_ROW("NUOC_XX", Item, origin_code),
    NUMBER_ROW("LUONG", Item, quantity),
    TEXT_ROW("MA_DVT", Item, quantity_unit),
    VALUE_ROW("TRIGIA_KB", Item, values, "TRIGIA_KB"),
    END_ROW,
};

/* ---- Customs QR service -------------------------------------------------------------------------------- */

static const struct element soap_rows[] = {
    ELEMENT_ROW("Fault", ELEMENT_FAILURE, 0, 0, 0, 0),
    RECORD_ROW("QueryBangKeDanhSachContainerResult", STATE_QR, QR),
    END_ROW,
};
static const struct element qr_rows[] = {
    IDENTITY_ROW("SoToKhai", Declaration, declaration_number),
    SCRAP_ROW("MaSoThue", id),
    SCRAP_ROW("TenDonViXNK", name),
    SCRAP_ROW("ThongBaoLoi", second),
    TIME_ROW("NgayToKhai", Declaration, registered_at),
    TIME_ROW("ThoiGianLayDuLieu", Declaration, as_of),
    TEXT_ROW("MaDDGS", Declaration, supervising_office_code),
    TEXT_ROW("TenDDGS", Declaration, supervising_office_name),
    TEXT_ROW("TenChiCucHaiQuan", Declaration, office_name),
    TEXT_ROW("LoaiHinh", Declaration, type_code),
    TEXT_ROW("TenLoaiHinh", Declaration, type_name),
    CODE_ROW("MaTrangThaiToKhai", customs_states, Declaration, status),
    TEXT_ROW("TrangThaiToKhai", Declaration, status_name),
    CODE_ROW("LuongToKhai", customs_channels, Declaration, channel),
    NUMBER_ROW("So_Luong_Hang", Declaration, package_count),
    TEXT_ROW("DVT_So_Luong_Hang", Declaration, package_unit),
    NUMBER_ROW("Tong_Trong_Luong_Hang", Declaration, gross_weight),
    TEXT_ROW("DVT_Tong_Trong_Luong_Hang", Declaration, gross_weight_unit),
    TEXT_ROW("IsContainer", Declaration, container_flag),
    TEXT_ROW("SoDinhDanh", Declaration, transport_document_number),
    CODE_ROW("MaPTVC", transport_modes, Declaration, transport_mode),
    PERSONAL_ROW("Ghi_Chu", HUB_FREE_TEXT, Declaration, note),
    PASS_ROW("BangKe", STATE_QR_LIST),
    END_ROW,
};
static const struct element qr_list_rows[] = {
    EACH_ROW("Table_BangKe", STATE_QR_CONTAINER, Declaration, equipment, container_part),
    IGNORE_ROW("schema"), /* of the .NET data set, and what it held before */
    IGNORE_ROW("before"),
    IGNORE_ROW("errors"),
    END_ROW,
};
static const struct element qr_container_rows[] = {
    TEXT_ROW("SoContainer", Equipment, number),
    SCRAP_ROW("SoSeal", id),
    SCRAP_ROW("SoSealHQ", second),
    PERSONAL_ROW("GhiChu", HUB_FREE_TEXT, Equipment, note),
    END_ROW,
};

const struct element *const ecus_elements[STATES] = {
    [STATE_ROOT] = root_rows,         [STATE_ECUS] = ecus_rows,
    [STATE_ECUS_ROW] = ecus_row_rows, [STATE_ECUS_GOODS] = ecus_goods_rows,
    [STATE_SOAP] = soap_rows,         [STATE_QR] = qr_rows,
    [STATE_QR_LIST] = qr_list_rows,   [STATE_QR_CONTAINER] = qr_container_rows,
};

const struct element *customs_element(enum customs_state state, struct text name) {
  const struct element *row = wco_elements[state] != NULL ? wco_elements[state] : ecus_elements[state];
  for (; row != NULL && row->name != NULL; row++)
    if (row->length == name.length && memcmp(row->name, name.data, name.length) == 0) return row;
  return NULL;
}
