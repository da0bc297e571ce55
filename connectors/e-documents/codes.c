/*
 * codes.c: the code lists of QCVN 102 as tables.
 *
 * A code is known only as it is listed: "1 " was trimmed before, "01" counts as "1" for states only, and
 * "1.0" is not known. The raw text is published beside, so nothing is lost by not knowing.
 */
#include "connectors/e-documents/codes.h"

#include <errno.h>

/* The value of at most two digits, or -1. */
static int small_number(struct text text) {
  if (text.length == 0 || text.length > 2) return -1;
  int value = 0;
  for (size_t i = 0; i < text.length; i++) {
    if (text.data[i] < '0' || text.data[i] > '9') return -1;
    value = 10 * value + (text.data[i] - '0');
  }
  return value;
}

/* The enums number a one-digit list from `first` on, in its order. */
static int listed(struct text code, int first, int count) {
  if (code.length != 1) return 0;
  int n = small_number(code) - first;
  return n >= 0 && n < count ? n + 1 : 0;
}

Ioc__Edoc__V1__Priority code_priority(struct text code) {
  return (Ioc__Edoc__V1__Priority)listed(code, 0, 5);
}

Ioc__Edoc__V1__Steering code_steering(struct text code) {
  return (Ioc__Edoc__V1__Steering)listed(code, 1, 3);
}

Ioc__Edoc__V1__BusinessType code_business_type(struct text code) {
  return (Ioc__Edoc__V1__BusinessType)listed(code, 0, 4);
}

Ioc__Edoc__V1__ReceiverChange code_receiver_change(struct text code) {
  return (Ioc__Edoc__V1__ReceiverChange)listed(code, 0, 2);
}

Ioc__Edoc__V1__ProcessingStatus code_processing_status(struct text code) {
  int n = small_number(code);
  bool known = (n >= 1 && n <= 6) || n == 13 || n == 15 || n == 16;
  return (Ioc__Edoc__V1__ProcessingStatus)(known ? n : 0);
}

#define TYPE(name) IOC__EDOC__V1__DOCUMENT_TYPE__DOCUMENT_TYPE_##name

static const struct {
  const char *common, *folded; /* as it is mostly written, and in capitals */
  Ioc__Edoc__V1__DocumentType type;
} types[] = {
    {"Công văn", "CÔNG VĂN", TYPE(OFFICIAL_LETTER)},
    {"Quyết định", "QUYẾT ĐỊNH", TYPE(DECISION)},
    {"Thông báo", "THÔNG BÁO", TYPE(NOTICE)},
    {"Báo cáo", "BÁO CÁO", TYPE(REPORT)},
    {"Tờ trình", "TỜ TRÌNH", TYPE(SUBMISSION)},
    {"Kế hoạch", "KẾ HOẠCH", TYPE(PLAN)},
    {"Giấy mời", "GIẤY MỜI", TYPE(INVITATION)},
    {"Nghị quyết", "NGHỊ QUYẾT", TYPE(RESOLUTION)},
    {"Chỉ thị", "CHỈ THỊ", TYPE(DIRECTIVE)},
    {"Quy chế", "QUY CHẾ", TYPE(REGULATION)},
    {"Quy định", "QUY ĐỊNH", TYPE(RULE)},
    {"Thông cáo", "THÔNG CÁO", TYPE(COMMUNIQUE)},
    {"Hướng dẫn", "HƯỚNG DẪN", TYPE(GUIDANCE)},
    {"Chương trình", "CHƯƠNG TRÌNH", TYPE(PROGRAMME)},
    {"Phương án", "PHƯƠNG ÁN", TYPE(SCHEME)},
    {"Đề án", "ĐỀ ÁN", TYPE(PROPOSAL)},
    {"Dự án", "DỰ ÁN", TYPE(PROJECT)},
    {"Biên bản", "BIÊN BẢN", TYPE(MINUTES)},
    {"Hợp đồng", "HỢP ĐỒNG", TYPE(CONTRACT)},
    {"Công điện", "CÔNG ĐIỆN", TYPE(TELEGRAM)},
    {"Bản ghi nhớ", "BẢN GHI NHỚ", TYPE(MEMORANDUM)},
    {"Bản thỏa thuận", "BẢN THỎA THUẬN", TYPE(AGREEMENT)},
    {"Bản thoả thuận", "BẢN THOẢ THUẬN", TYPE(AGREEMENT)},
    {"Giấy ủy quyền", "GIẤY ỦY QUYỀN", TYPE(AUTHORIZATION)},
    {"Giấy uỷ quyền", "GIẤY UỶ QUYỀN", TYPE(AUTHORIZATION)},
    {"Giấy giới thiệu", "GIẤY GIỚI THIỆU", TYPE(INTRODUCTION)},
    {"Thông tư", "THÔNG TƯ", TYPE(CIRCULAR)},
    {"Nghị định", "NGHỊ ĐỊNH", TYPE(DECREE)},
    {"Luật", "LUẬT", TYPE(LAW)},
};
static const size_t types_count = sizeof(types) / sizeof(types[0]);

int code_document_type(const struct allocator *allocator, struct text name,
                       Ioc__Edoc__V1__DocumentType *ret_type) {
  *ret_type = TYPE(UNSPECIFIED);
  if (name.length == 0 || name.length > 64) return 0;
  for (size_t i = 0; i < types_count; i++)
    if (text_is(name, types[i].common)) {
      *ret_type = types[i].type;
      return 0;
    }
  struct text folded;
  int r = text_fold(allocator, name, &folded);
  if (r < 0) return r == -ENOMEM ? r : 0;
  for (size_t i = 0; i < types_count; i++)
    if (text_is(folded, types[i].folded)) *ret_type = types[i].type;
  return 0;
}
