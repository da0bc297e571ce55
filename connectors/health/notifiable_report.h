/*
 * notifiable_report.h: one report, by the names of its fields, whatever it was read from.
 */
#ifndef HEALTH_NOTIFIABLE_REPORT_H
#define HEALTH_NOTIFIABLE_REPORT_H

#include "connectors/health/values.h"

enum report_field { /* times first */
                    REPORT_NGAY_KHOI_PHAT,
                    REPORT_NGAY_NHAP_VIEN,
                    REPORT_NGAY_RA_VIEN,
                    REPORT_NGAY_CHAN_DOAN,
                    REPORT_NGAY_BAO_CAO,
                    REPORT_TIMES,
                    REPORT_MA_BAO_CAO = REPORT_TIMES,
                    REPORT_MA_BENH,
                    REPORT_TEN_BENH,
                    REPORT_PHAN_LOAI,
                    REPORT_PHAN_DO,
                    REPORT_TINH_TRANG,
                    REPORT_DON_VI,
                    REPORT_TEN_DON_VI,
                    REPORT_HO_TEN,
                    REPORT_SO_CCCD,
                    REPORT_DIEN_THOAI,
                    REPORT_GIOI_TINH,
                    REPORT_NAM_SINH,
                    REPORT_NGAY_SINH,
                    REPORT_DIA_CHI,
                    REPORT_MA_TINH,
                    REPORT_MA_XA,
                    REPORT_FIELDS,
};

struct report {
  struct text values[REPORT_FIELDS]; /* trimmed, without NUL; absent: empty */
};

struct report_problem { /* code 0: none */
  enum hub_reject_code code;
  const char *detail;
  enum report_field field;
};

/* REPORT_FIELDS: no field has that name (letters alike in either case). *hint, 0 at first, keeps what comes
 * in the usual order cheap. */
enum report_field report_field_of(struct text name, size_t *hint);

/* The name as it is usually written. */
const char *report_field_name(enum report_field);

/* Emits the case, or says in *ret_problem why it is none. meta: place and bytes are set. Returns 0 or a
 * negative errno. */
int report_emit(struct maker *, const struct report *, const struct hub_meta *, struct report_problem *);

#endif
