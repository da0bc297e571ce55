/*
 * parts.c: tables and sums that dossiers and their progress share.
 *
 * A sum is exact or absent: an amount counts only when it is written as a whole number of VND, with ".0" or
 * ".00" at most. "200.000" is left out of it on purpose, since it is 200 to one sender and 200,000 to
 * another.
 */
#include "connectors/public-services/records.h"

typedef Ioc__Publicservice__V1__Fee Fee;
typedef Ioc__Publicservice__V1__ResultPaper ResultPaper;

#define STATE(name) IOC__PUBLICSERVICE__V1__DOSSIER_STATE__DOSSIER_STATE_##name

const struct code dossier_states[] = {
    {TEXT("1"), STATE(SUBMITTED)},
    {TEXT("2"), STATE(RECEIVED)},
    {TEXT("3"), STATE(NOT_ACCEPTED)},
    {TEXT("4"), STATE(PROCESSING)},
    {TEXT("5"), STATE(PAPERS_REQUESTED)},
    {TEXT("6"), STATE(PAYMENT_REQUESTED)},
    {TEXT("7"), STATE(WITHDRAWN)},
    {TEXT("8"), STATE(STOPPED)},
    {TEXT("9"), STATE(FINISHED)},
    {TEXT("10"), STATE(RETURNED)},
    {TEXT(""), 0},
};

static const struct code fee_moments[] = {
    {TEXT("1"), IOC__PUBLICSERVICE__V1__FEE_MOMENT__FEE_MOMENT_ON_RECEIPT},
    {TEXT("2"), IOC__PUBLICSERVICE__V1__FEE_MOMENT__FEE_MOMENT_ON_SUPPLEMENT},
    {TEXT("4"), IOC__PUBLICSERVICE__V1__FEE_MOMENT__FEE_MOMENT_ON_RETURN},
    {TEXT(""), 0},
};

static const struct code fee_kinds[] = {
    {TEXT("1"), IOC__PUBLICSERVICE__V1__FEE_KIND__FEE_KIND_USUAL},
    {TEXT("2"), IOC__PUBLICSERVICE__V1__FEE_KIND__FEE_KIND_APPRAISAL},
    {TEXT("3"), IOC__PUBLICSERVICE__V1__FEE_KIND__FEE_KIND_PROLONGATION},
    {TEXT(""), 0},
};

static const struct member fee_fields[] = {
    {TEXT("TenPhiLePhi"), MEMBER_TEXT, .offset = offsetof(Fee, name)},
    {TEXT("MaPhiLePhi"), MEMBER_TEXT, .offset = offsetof(Fee, code)},
    {TEXT("HinhThucThu"), MEMBER_CODE, 0, offsetof(Fee, moment), offsetof(Fee, moment_code),
     .codes = fee_moments},
    {TEXT("Gia"), MEMBER_TEXT, .offset = offsetof(Fee, amount)},
    {TEXT("LoaiPhiLePhi"), MEMBER_CODE, 0, offsetof(Fee, kind), offsetof(Fee, kind_code), .codes = fee_kinds},
};

static const struct member result_fields[] = {
    {TEXT("TenGiayTo"), MEMBER_PERSONAL, HUB_FREE_TEXT, offsetof(ResultPaper, name)},
    {TEXT("MaThanhPhanHoSo"), MEMBER_TEXT, .offset = offsetof(ResultPaper, component_code)},
    {TEXT("MaGiayToKetQua"), MEMBER_PERSONAL, HUB_CITIZEN_ID, offsetof(ResultPaper, number)},
};

static void init_fee(void *message) { ioc__publicservice__v1__fee__init(message); }
static void init_result(void *message) { ioc__publicservice__v1__result_paper__init(message); }

const struct member_list fee_list = {sizeof(Fee), init_fee, MEMBER_TABLE(fee_fields), NULL, NULL};
const struct member_list result_list = {sizeof(ResultPaper), init_result, MEMBER_TABLE(result_fields), NULL,
                                        NULL};

/* Digits, then nothing, ".0" or ".00". */
static bool read_whole(const char *text, int64_t *ret) {
  int64_t value = 0;
  const char *p = text;
  for (; *p >= '0' && *p <= '9'; p++)
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, *p - '0', &value))
      return false;
  if (p == text || (*p != 0 && strcmp(p, ".0") != 0 && strcmp(p, ".00") != 0)) return false;
  *ret = value;
  return true;
}

bool fees_total(Fee *const *fees, size_t count, int64_t *ret_total) {
  int64_t total = 0, amount = 0;
  for (size_t i = 0; i < count; i++)
    if (!read_whole(fees[i]->amount, &amount) || __builtin_add_overflow(total, amount, &total)) return false;
  *ret_total = total;
  return count != 0;
}
