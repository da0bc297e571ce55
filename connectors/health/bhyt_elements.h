/*
 * bhyt_elements.h: which documents an insurance file is made of, and which of their elements mean something.
 */
#ifndef HEALTH_BHYT_ELEMENTS_H
#define HEALTH_BHYT_ELEMENTS_H

#include "connectors/format/text.h"

enum bhyt_kind { /* 1 to 15: of ioc.health.v1.ClaimPartKind */
                 BHYT_SUMMARY = 1,
                 BHYT_HIV = 6, /* never more than its place */
                 BHYT_CHECK_IN = 16,
                 BHYT_STRANGER, /* a root that is not known here */
};

struct bhyt_root {
  struct text name;
  enum bhyt_kind kind;
  const char *list, *row; /* NULL: one paper, or names that differ */
};

/* Of a root's name; never NULL. */
const struct bhyt_root *bhyt_root_of(struct text name);

/* Whether an element's name is that of a record of the care and treatment of HIV. */
bool bhyt_is_hiv(struct text name);

enum bhyt_field { /* of a summary (XML1) or a row of the check-in list (XML0); times first */
                  BHYT_NGAY_VAO,
                  BHYT_NGAY_VAO_NOI_TRU,
                  BHYT_NGAY_RA,
                  BHYT_NGAY_TTOAN,
                  BHYT_TIMES,
                  BHYT_MA_LK = BHYT_TIMES,
                  BHYT_MA_BN,
                  BHYT_HO_TEN,
                  BHYT_SO_CCCD,
                  BHYT_NGAY_SINH,
                  BHYT_GIOI_TINH,
                  BHYT_MA_QUOCTICH,
                  BHYT_DIA_CHI,
                  BHYT_MATINH_CU_TRU,
                  BHYT_MAXA_CU_TRU,
                  BHYT_DIEN_THOAI,
                  BHYT_MA_THE,
                  BHYT_MA_DKBD,
                  BHYT_MA_BENH,
                  BHYT_MA_BENH_KHAC,
                  BHYT_MA_BENH_YHCT,
                  BHYT_MA_PTTT_QT,
                  BHYT_MA_DOITUONG_KCB,
                  BHYT_MA_NOI_DI,
                  BHYT_MA_NOI_DEN,
                  BHYT_MA_TAI_NAN,
                  BHYT_SO_NGAY_DTRI,
                  BHYT_KET_QUA_DTRI,
                  BHYT_MA_LOAI_RV,
                  BHYT_NAM_QT,
                  BHYT_THANG_QT,
                  BHYT_MA_LOAI_KCB,
                  BHYT_MA_KHOA,
                  BHYT_MA_CSKCB,
                  BHYT_MA_KHUVUC,
                  BHYT_CAN_NANG,
                  BHYT_MA_HSBA,
                  BHYT_LY_DO_VNT,
                  BHYT_MA_LY_DO_VNT,
                  BHYT_MA_DICH_VU,
                  BHYT_T_THUOC,
                  BHYT_T_VTYT,
                  BHYT_T_TONGCHI,
                  BHYT_T_TONGCHI_BH,
                  BHYT_T_BNTT,
                  BHYT_T_BNCCT,
                  BHYT_T_BHTT,
                  BHYT_T_NGUONKHAC,
                  BHYT_T_BHTT_GDV,
                  BHYT_T_NGOAIDS,
                  BHYT_FIELDS,
};

enum bhyt_value { BHYT_TEXT, BHYT_IDENTITY, BHYT_TIME, BHYT_DAYS, BHYT_NUMBER };

struct bhyt_element {
  struct text name;
  uint8_t field, value;
  bool old; /* an element of QĐ 4210 that the later forms do not have */
};

/* NULL: not read. *hint, 0 at first, keeps what comes in the usual order cheap. */
const struct bhyt_element *bhyt_element_of(struct text name, size_t *hint);

#endif
