/*
 * bhyt_elements.c: the tables of bhyt_elements.h.
 *
 * Only what stands here is ever looked at: no free text of doctors, no names of staff, and of the treatment
 * of tuberculosis (XML15) nothing, so that its fields on HIV cannot be published by a mistake elsewhere.
 */
#include "connectors/health/bhyt_elements.h"

#include <strings.h>

static const struct bhyt_root roots[] = {
    {TEXT("TONG_HOP"), BHYT_SUMMARY},
    {TEXT("CHITIEU_CHITIET_THUOC"), 2, "DSACH_CHI_TIET_THUOC", "CHI_TIET_THUOC"},
    {TEXT("CHITIEU_CHITIET_DVKT_VTYT"), 3, "DSACH_CHI_TIET_DVKT", "CHI_TIET_DVKT"},
    {TEXT("CHITIEU_CHITIET_DICHVUCANLAMSANG"), 4, "DSACH_CHI_TIET_CLS", "CHI_TIET_CLS"},
    {TEXT("CHITIEU_CHITIET_DIENBIENLAMSANG"), 5, "DSACH_CHI_TIET_DIEN_BIEN_BENH", "CHI_TIET_DIEN_BIEN_BENH"},
    {TEXT("CHI_TIEU_HO_SO_BENH_AN_CHAM_SOC_VA_DIEU_TRI_HIV_AIDS"), BHYT_HIV},
    {TEXT("CHI_TIEU_DU_LIEU_GIAY_RA_VIEN"), 7},
    {TEXT("CHI_TIEU_DU_LIEU_TOM_TAT_HO_SO_BENH_AN"), 8},
    {TEXT("CHI_TIEU_DU_LIEU_GIAY_CHUNG_SINH"), 9},
    {TEXT("CHI_TIEU_DU_LIEU_GIAY_NGHI_DUONG_THAI"), 10},
    {TEXT("CHI_TIEU_DU_LIEU_GIAY_CHUNG_NHAN_NGHI_VIEC_HUONG_BAO_HIEM_XA_HOI"), 11},
    {TEXT("CHI_TIEU_GIAYCHUYENTUYEN"), 13},
    {TEXT("CHI_TIEU_GIAYHEN_KHAMLAI"), 14},
    {TEXT("CHI_TIEU_DIEUTRI_BENHLAO"), 15},
    {TEXT("CHI_TIEU_TRANG_THAI_KCB"), BHYT_CHECK_IN, "DSACH_TRANG_THAI_KCB", "TRANG_THAI_KCB"},
    {TEXT(""), BHYT_STRANGER},
};

#define FIELD(name, field, value) \
  { TEXT(name), field, value, false }
#define SAME(name, value) \
  { TEXT(#name), BHYT_##name, value, false }
#define OLD(name, field, value) \
  { TEXT(name), field, value, true }

/* In the order of XML1 of QĐ 130, then what others call differently. */
static const struct bhyt_element elements[] = {
    SAME(MA_LK, BHYT_IDENTITY),
    SAME(MA_BN, BHYT_TEXT),
    SAME(HO_TEN, BHYT_TEXT),
    SAME(SO_CCCD, BHYT_TEXT),
    SAME(NGAY_SINH, BHYT_TEXT),
    SAME(GIOI_TINH, BHYT_TEXT),
    SAME(MA_QUOCTICH, BHYT_TEXT),
    SAME(DIA_CHI, BHYT_TEXT),
    SAME(MATINH_CU_TRU, BHYT_TEXT),
    SAME(MAXA_CU_TRU, BHYT_TEXT),
    SAME(DIEN_THOAI, BHYT_TEXT),
    FIELD("MA_THE_BHYT", BHYT_MA_THE, BHYT_TEXT),
    SAME(MA_DKBD, BHYT_TEXT),
    SAME(LY_DO_VNT, BHYT_TEXT),
    SAME(MA_LY_DO_VNT, BHYT_TEXT),
    FIELD("MA_BENH_CHINH", BHYT_MA_BENH, BHYT_TEXT),
    FIELD("MA_BENH_KT", BHYT_MA_BENH_KHAC, BHYT_TEXT),
    SAME(MA_BENH_YHCT, BHYT_TEXT),
    SAME(MA_PTTT_QT, BHYT_TEXT),
    SAME(MA_DOITUONG_KCB, BHYT_TEXT),
    SAME(MA_NOI_DI, BHYT_TEXT),
    SAME(MA_NOI_DEN, BHYT_TEXT),
    SAME(MA_TAI_NAN, BHYT_TEXT),
    SAME(NGAY_VAO, BHYT_TIME),
    SAME(NGAY_VAO_NOI_TRU, BHYT_TIME),
    SAME(NGAY_RA, BHYT_TIME),
    SAME(SO_NGAY_DTRI, BHYT_DAYS),
    SAME(KET_QUA_DTRI, BHYT_TEXT),
    SAME(MA_LOAI_RV, BHYT_TEXT),
    SAME(NGAY_TTOAN, BHYT_TIME),
    SAME(T_THUOC, BHYT_NUMBER),
    SAME(T_VTYT, BHYT_NUMBER),
    FIELD("T_TONGCHI_BV", BHYT_T_TONGCHI, BHYT_NUMBER),
    SAME(T_TONGCHI_BH, BHYT_NUMBER),
    SAME(T_BNTT, BHYT_NUMBER),
    SAME(T_BNCCT, BHYT_NUMBER),
    SAME(T_BHTT, BHYT_NUMBER),
    SAME(T_NGUONKHAC, BHYT_NUMBER),
    SAME(T_BHTT_GDV, BHYT_NUMBER),
    SAME(NAM_QT, BHYT_TEXT),
    SAME(THANG_QT, BHYT_TEXT),
    SAME(MA_LOAI_KCB, BHYT_TEXT),
    SAME(MA_KHOA, BHYT_TEXT),
    SAME(MA_CSKCB, BHYT_TEXT),
    SAME(MA_KHUVUC, BHYT_TEXT),
    SAME(CAN_NANG, BHYT_NUMBER),
    SAME(MA_HSBA, BHYT_TEXT),
    SAME(MA_DICH_VU, BHYT_TEXT),
    OLD("MA_THE", BHYT_MA_THE, BHYT_TEXT),
    OLD("MA_BENH", BHYT_MA_BENH, BHYT_TEXT),
    OLD("MA_BENHKHAC", BHYT_MA_BENH_KHAC, BHYT_TEXT),
    OLD("MA_LYDO_VVIEN", BHYT_MA_DOITUONG_KCB, BHYT_TEXT),
    OLD("MA_NOI_CHUYEN", BHYT_MA_NOI_DI, BHYT_TEXT),
    OLD("TINH_TRANG_RV", BHYT_MA_LOAI_RV, BHYT_TEXT),
    OLD("T_TONGCHI", BHYT_T_TONGCHI, BHYT_NUMBER),
    OLD("T_NGOAIDS", BHYT_T_NGOAIDS, BHYT_NUMBER),
};

enum { ELEMENTS = sizeof(elements) / sizeof(elements[0]) };

const struct bhyt_root *bhyt_root_of(struct text name) {
  const struct bhyt_root *root = roots;
  while (root->kind != BHYT_STRANGER && !text_equal(root->name, name)) root++;
  return root;
}

bool bhyt_is_hiv(struct text name) {
  static const char mark[] = "HIV_AIDS";
  size_t length = sizeof(mark) - 1;
  return name.length >= length && strncasecmp(name.data + name.length - length, mark, length) == 0;
}

const struct bhyt_element *bhyt_element_of(struct text name, size_t *hint) {
  for (size_t tried = 0, i = *hint; tried < ELEMENTS; tried++, i = i + 1 == ELEMENTS ? 0 : i + 1) {
    if (!text_equal(elements[i].name, name)) continue;
    *hint = i + 1 == ELEMENTS ? 0 : i + 1;
    return &elements[i];
  }
  return NULL;
}
