/*
 * notifiable_report.c: a report as a NotifiableCase, its class out of the table of diseases.
 *
 * The table's row with the longest code that the disease's code begins with counts; so it is asked with ever
 * shorter codes, and a subdivision that the table does not name has the class of what it divides.
 */
#include "connectors/health/notifiable_report.h"

#include "ioc/health/v1/notifiable_case.pb-c.h"

#include <errno.h>
#include <strings.h>

typedef Ioc__Health__V1__NotifiableCase Case;

#define TABLE "notifiable-diseases"
#define CLASS(name) IOC__HEALTH__V1__REPORTING_CLASS__REPORTING_CLASS_##name
#define SURENESS(name) IOC__HEALTH__V1__CASE_CLASSIFICATION__CASE_CLASSIFICATION_##name
#define STATE(name) IOC__HEALTH__V1__CASE_STATE__CASE_STATE_##name

enum { CODE_MAX = 16 };

static const struct value_code classes[] = {
    {TEXT("24h"), CLASS(24_HOURS)}, {TEXT("48h"), CLASS(48_HOURS)}, {TEXT(""), 0}};

static const struct value_code classifications[] = {
    {TEXT("nghi_ngo"), SURENESS(SUSPECTED)},
    {TEXT("co_the"), SURENESS(PROBABLE)},
    {TEXT("xac_dinh"), SURENESS(CONFIRMED)},
    {TEXT("loai_tru"), SURENESS(RULED_OUT)},
    {TEXT(""), 0},
};

static const struct value_code states[] = {
    {TEXT("dang_dieu_tri"), STATE(UNDER_TREATMENT)},
    {TEXT("khoi"), STATE(RECOVERED)},
    {TEXT("tu_vong"), STATE(DIED)},
    {TEXT("chuyen_vien"), STATE(TRANSFERRED)},
    {TEXT(""), 0},
};

/* In the order in which reports are usually written. */
static const struct {
  struct text name;
  enum report_field field;
} names[] = {
    {TEXT("maBaoCao"), REPORT_MA_BAO_CAO},
    {TEXT("maBenh"), REPORT_MA_BENH},
    {TEXT("tenBenh"), REPORT_TEN_BENH},
    {TEXT("phanLoaiChanDoan"), REPORT_PHAN_LOAI},
    {TEXT("phanDo"), REPORT_PHAN_DO},
    {TEXT("hoTen"), REPORT_HO_TEN},
    {TEXT("soCCCD"), REPORT_SO_CCCD},
    {TEXT("dienThoai"), REPORT_DIEN_THOAI},
    {TEXT("gioiTinh"), REPORT_GIOI_TINH},
    {TEXT("ngaySinh"), REPORT_NGAY_SINH},
    {TEXT("namSinh"), REPORT_NAM_SINH},
    {TEXT("maTinh"), REPORT_MA_TINH},
    {TEXT("maXa"), REPORT_MA_XA},
    {TEXT("diaChiTamTru"), REPORT_DIA_CHI},
    {TEXT("ngayKhoiPhat"), REPORT_NGAY_KHOI_PHAT},
    {TEXT("ngayNhapVien"), REPORT_NGAY_NHAP_VIEN},
    {TEXT("ngayChanDoan"), REPORT_NGAY_CHAN_DOAN},
    {TEXT("ngayRaVien"), REPORT_NGAY_RA_VIEN},
    {TEXT("tinhTrang"), REPORT_TINH_TRANG},
    {TEXT("donViBaoCao"), REPORT_DON_VI},
    {TEXT("tenDonViBaoCao"), REPORT_TEN_DON_VI},
    {TEXT("ngayBaoCao"), REPORT_NGAY_BAO_CAO},
};

enum { NAMES = sizeof(names) / sizeof(names[0]) };

static bool is_name(struct text known, struct text name) {
  return known.length == name.length && strncasecmp(known.data, name.data, name.length) == 0;
}

enum report_field report_field_of(struct text name, size_t *hint) {
  for (size_t tried = 0, i = *hint; tried < NAMES; tried++, i = i + 1 == NAMES ? 0 : i + 1) {
    if (!is_name(names[i].name, name)) continue;
    *hint = i + 1 == NAMES ? 0 : i + 1;
    return names[i].field;
  }
  return REPORT_FIELDS;
}

const char *report_field_name(enum report_field field) {
  size_t i = 0;
  while (names[i].field != field) i++;
  return names[i].name.data;
}

static void note(struct report_problem *problem, enum hub_reject_code code, enum report_field field,
                 const char *detail) {
  if (problem->code == 0) *problem = (struct report_problem){code, detail, field};
}

/* ---- The disease ---- */

/* The first code, upper case, with the point behind the third sign: a984 is A98.4, "A91 - Dengue" A91. What
 * is longer than any code is cut: only its beginning counts. 0: what stands there is no code. */
static size_t write_code(struct text text, char code[CODE_MAX]) {
  size_t length = 0;
  for (size_t i = 0; i < text.length && length + 2 <= CODE_MAX; i++) {
    char c = text.data[i];
    bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    bool digit = c >= '0' && c <= '9';
    if (!letter && !digit && c != '.' && length >= 3) break;
    if (!letter && !digit) continue;
    if (length == 3) code[length++] = '.';
    code[length++] = letter ? (char)(c & ~32) : c;
  }
  bool is_code = length >= 3 && code[0] >= 'A' && code[1] >= '0' && code[1] <= '9';
  return is_code ? length : 0;
}

static void set_class(struct maker *m, struct text disease, Case *c) {
  char code[CODE_MAX];
  size_t length = write_code(disease, code);
  c->reporting_class = length == 0 ? CLASS(UNSPECIFIED) : CLASS(NONE);
  for (; length >= 3; length--) {
    const char *class = m->sink->ops->lookup(m->sink, TABLE, code, length, "class");
    const char *name = m->sink->ops->lookup(m->sink, TABLE, code, length, "disease");
    if (class == NULL) continue;
    int known = value_of_code(classes, text_of(class));
    if (known != 0) c->reporting_class = (Ioc__Health__V1__ReportingClass)known;
    c->matched_code = value_string(m, (struct text){code, length});
    c->matched_disease = value_string(m, text_of(name == NULL ? "" : name));
    return;
  }
}

/* ---- Times ---- */

struct times {
  struct time_point points[REPORT_TIMES];
};

static void read_times(const struct maker *m, const struct report *report, struct times *times,
                       struct report_problem *problem) {
  for (int i = 0; i < REPORT_TIMES; i++) {
    const char *trouble;
    if (value_read_time(report->values[i], m->zone_offset_s, &times->points[i], &trouble) != 0)
      note(problem, HUB_INVALID, (enum report_field)i, trouble);
  }
}

static int64_t hours_of(Ioc__Health__V1__ReportingClass class) {
  return class == CLASS(24_HOURS) ? 24 : class == CLASS(48_HOURS) ? 48 : 0;
}

/* Time begins to run with the diagnosis; of a day, when it is over. */
static void set_deadline(struct maker *m, const struct times *times, Case *c) {
  const struct time_point *from = &times->points[REPORT_NGAY_CHAN_DOAN];
  const struct time_point *reported = &times->points[REPORT_NGAY_BAO_CAO];
  int64_t hours = hours_of(c->reporting_class);
  if (from->precision == 0) from = &times->points[REPORT_NGAY_NHAP_VIEN];
  if (hours == 0 || from->precision == 0) return;
  struct time_point due = *from;
  due.us += hours * INT64_C(3600000000) + (from->precision == TIME_DAY ? TIME_DAY_US : 0);
  c->due_at = value_time(m, &due);
  if (reported->precision == 0) return;
  int64_t late_us = reported->us - due.us;
  c->timeliness = late_us <= 0 ? IOC__HEALTH__V1__REPORTING_TIMELINESS__REPORTING_TIMELINESS_ON_TIME
                               : IOC__HEALTH__V1__REPORTING_TIMELINESS__REPORTING_TIMELINESS_LATE;
  if (late_us <= 0) return;
  c->lateness_case = IOC__HEALTH__V1__NOTIFIABLE_CASE__LATENESS_DAYS_LATE;
  c->days_late = (int32_t)((late_us + TIME_DAY_US - 1) / TIME_DAY_US);
}

static void set_times(struct maker *m, const struct times *times, Case *c, struct report_problem *problem) {
  const struct time_point *in = &times->points[REPORT_NGAY_NHAP_VIEN];
  const struct time_point *out = &times->points[REPORT_NGAY_RA_VIEN];
  c->onset_at = value_time(m, &times->points[REPORT_NGAY_KHOI_PHAT]);
  c->onset_at_precision = (int)times->points[REPORT_NGAY_KHOI_PHAT].precision;
  c->admitted_at = value_time(m, in);
  c->admitted_at_precision = (int)in->precision;
  c->discharged_at = value_time(m, out);
  c->discharged_at_precision = (int)out->precision;
  c->diagnosed_at = value_time(m, &times->points[REPORT_NGAY_CHAN_DOAN]);
  c->diagnosed_at_precision = (int)times->points[REPORT_NGAY_CHAN_DOAN].precision;
  c->reported_at = value_time(m, &times->points[REPORT_NGAY_BAO_CAO]);
  c->reported_at_precision = (int)times->points[REPORT_NGAY_BAO_CAO].precision;
  if (in->precision == 0 || out->precision == 0) return;
  int64_t days = value_days_between(m, in, out);
  if (days < 0) note(problem, HUB_CONFLICT, REPORT_NGAY_RA_VIEN, "ngayRaVien is before ngayNhapVien");
  c->stay_case = IOC__HEALTH__V1__NOTIFIABLE_CASE__STAY_STAY_DAYS;
  c->stay_days = (int32_t)days;
}

/* ---- The case ---- */

static Ioc__Health__V1__Patient *make_patient(struct maker *m, const struct text *v) {
  Ioc__Health__V1__Patient *p = value_alloc(m, sizeof(*p));
  if (p == NULL) return NULL;
  ioc__health__v1__patient__init(p);
  struct value_list ids = value_list(m, v[REPORT_SO_CCCD], ';', HUB_CITIZEN_ID);
  struct value_list phones = value_list(m, v[REPORT_DIEN_THOAI], ';', HUB_PHONE);
  p->citizen_ids = ids.items, p->n_citizen_ids = ids.count;
  p->phones = phones.items, p->n_phones = phones.count;
  p->name = value_personal(m, HUB_PERSON_NAME, v[REPORT_HO_TEN]);
  p->birth_date = value_personal(m, HUB_BIRTH_DATE, v[REPORT_NGAY_SINH]);
  if (p->birth_date[0] == 0) p->birth_date = value_personal(m, HUB_BIRTH_DATE, v[REPORT_NAM_SINH]);
  p->gender = (Ioc__Health__V1__Gender)value_of_code(value_genders, v[REPORT_GIOI_TINH]);
  p->gender_code = value_string(m, v[REPORT_GIOI_TINH]);
  p->address = value_personal(m, HUB_ADDRESS, v[REPORT_MA_XA]);
  if (p->address[0] == 0) p->address = value_personal(m, HUB_ADDRESS, v[REPORT_DIA_CHI]);
  p->province_code = value_string(m, v[REPORT_MA_TINH]);
  p->commune_code = value_string(m, v[REPORT_MA_XA]);
  return p;
}

static void set_texts(struct maker *m, const struct text *v, Case *c) {
  c->report_id = value_string(m, v[REPORT_MA_BAO_CAO]);
  c->facility = value_facility(m, v[REPORT_DON_VI], v[REPORT_TEN_DON_VI]);
  c->disease_code = value_string(m, v[REPORT_MA_BENH]);
  c->disease_name = value_personal(m, HUB_FREE_TEXT, v[REPORT_TEN_BENH]);
  c->classification =
      (Ioc__Health__V1__CaseClassification)value_of_code(classifications, v[REPORT_PHAN_LOAI]);
  c->classification_code = value_string(m, v[REPORT_PHAN_LOAI]);
  c->severity_code = value_string(m, v[REPORT_PHAN_DO]);
  c->state = (Ioc__Health__V1__CaseState)value_of_code(states, v[REPORT_TINH_TRANG]);
  c->state_code = value_string(m, v[REPORT_TINH_TRANG]);
}

int report_emit(struct maker *m, const struct report *report, const struct hub_meta *meta,
                struct report_problem *problem) {
  const struct text *v = report->values;
  struct times times = {0};
  struct hub_meta full = *meta;
  Case c = IOC__HEALTH__V1__NOTIFIABLE_CASE__INIT;
  if (v[REPORT_MA_BAO_CAO].length == 0)
    note(problem, HUB_MISSING, REPORT_MA_BAO_CAO, "the number of the report is absent");
  read_times(m, report, &times, problem);
  if (problem->code != 0) return 0;
  set_texts(m, v, &c);
  c.patient = make_patient(m, v);
  set_class(m, v[REPORT_MA_BENH], &c);
  set_times(m, &times, &c, problem);
  set_deadline(m, &times, &c);
  if (m->error != 0 || problem->code != 0) return m->error;
  full.key = v[REPORT_MA_BAO_CAO].data;
  full.key_length = v[REPORT_MA_BAO_CAO].length;
  const struct time_point *reported = &times.points[REPORT_NGAY_BAO_CAO];
  full.occurred_us = reported->precision == 0 ? HUB_NONE : reported->us;
  return hub_emit(m->sink, &full, &c.base);
}
