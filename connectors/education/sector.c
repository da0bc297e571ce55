/*
 * sector.c: see sector.h. The ministry's pupil sheet has the same fields under words of its own, so that its
 * headers stand beside the sector names in one table; ethnicity and disability are in none, names of persons
 * in no message.
 */
#include "connectors/education/sector.h"

#include <errno.h>

#include "connectors/education/codes.h"
#include "connectors/education/emit.h"

#define SCHOOL_LEVEL(name, folded, level)                                                      \
  {                                                                                            \
    name, folded, NULL, FIELD_MEMBER, 0, offsetof(School, levels), offsetof(School, n_levels), \
        .value = IOC__EDUCATION__V1__EDUCATION_LEVEL__EDUCATION_LEVEL_##level                  \
  }

enum { LEVELS_MAX = 5 };

static const struct field school_fields[] = {
    {"MA_TRUONG", "MA_TRUONG|MÃ TRƯỜNG", NULL, FIELD_TEXT, 0, offsetof(School, school_code), .wanted = 'a'},
    {"TEN", "TEN|TEN_TRUONG|TÊN TRƯỜNG", NULL, FIELD_TEXT, 0, offsetof(School, name), .wanted = 'b'},
    {"TEN_TRUONG", NULL, NULL, FIELD_TEXT, 0, offsetof(School, name)},
    {"MA_NAM_HOC", "MA_NAM_HOC|NĂM HỌC", NULL, FIELD_TEXT, 0, offsetof(School, school_year)},
    {"MA_SO_GD", "MA_SO_GD", NULL, FIELD_TEXT, 0, offsetof(School, department_code)},
    {"MA_PHONG_GD", "MA_PHONG_GD", NULL, FIELD_TEXT, 0, offsetof(School, office_code)},
    {"MA_TINH", "MA_TINH", NULL, FIELD_TEXT, 0, offsetof(School, province_code)},
    {"MA_HUYEN", "MA_HUYEN", NULL, FIELD_TEXT, 0, offsetof(School, district_code)},
    {"MA_XA", "MA_XA", NULL, FIELD_TEXT, 0, offsetof(School, commune_code)},
    {"MA_CAP_HOC", "MA_CAP_HOC", NULL, FIELD_CODE, 0, offsetof(School, level), offsetof(School, level_code),
     .codes = level_codes},
    {"MA_LOAI_HINH_TRUONG", "MA_LOAI_HINH_TRUONG", NULL, FIELD_TEXT, 0, offsetof(School, ownership_code)},
    {"MA_LOAI_TRUONG", "MA_LOAI_TRUONG", NULL, FIELD_TEXT, 0, offsetof(School, type_code)},
    {"MA_KHU_VUC", "MA_KHU_VUC", NULL, FIELD_TEXT, 0, offsetof(School, area_code)},
    {"SO_DIEM_TRUONG", "SO_DIEM_TRUONG", NULL, FIELD_TEXT, 0, offsetof(School, sites_count)},
    {"HIEU_TRUONG", "HIEU_TRUONG|HIỆU TRƯỞNG", NULL, FIELD_PERSONAL, HUB_OFFICIAL_NAME,
     offsetof(School, principal)},
    {"IS_DAT_CHUAN_QG", "IS_DAT_CHUAN_QG|ĐẠT CHUẨN QUỐC GIA", NULL, FIELD_CODE, 0,
     offsetof(School, national_standard), offsetof(School, national_standard_code), .codes = answer_codes},
    SCHOOL_LEVEL("IS_CAP_MN", "IS_CAP_MN", KINDERGARTEN),
    SCHOOL_LEVEL("IS_CAP_TH", "IS_CAP_TH", PRIMARY),
    SCHOOL_LEVEL("IS_CAP_THCS", "IS_CAP_THCS", LOWER_SECONDARY),
    SCHOOL_LEVEL("IS_CAP_THPT", "IS_CAP_THPT", UPPER_SECONDARY),
    SCHOOL_LEVEL("IS_CAP_GDTX", "IS_CAP_GDTX", CONTINUING),
    {"NGAY_CAP_NHAT", "NGAY_CAP_NHAT", NULL, FIELD_TIME, 0, offsetof(School, as_of)},
};
const struct field_table sector_school_table = FIELD_TABLE(school_fields);

static const struct field class_fields[] = {
    {"MA_LOP", "MA_LOP|MÃ LỚP", NULL, FIELD_TEXT, 0, offsetof(ClassRoom, class_code), .wanted = 'a'},
    {"ID_LOP", "ID_LOP", NULL, FIELD_TEXT, 0, offsetof(ClassRoom, class_id), .wanted = 'a'},
    {"TEN_LOP", "TEN_LOP|TÊN LỚP", NULL, FIELD_TEXT, 0, offsetof(ClassRoom, name), .wanted = 'b'},
    {"TEN", "TEN", NULL, FIELD_TEXT, 0, offsetof(ClassRoom, name), .wanted = 'b'},
    {"MA_TRUONG", "MA_TRUONG|MÃ TRƯỜNG", NULL, FIELD_TEXT, 0, offsetof(ClassRoom, school_code)},
    {"MA_NAM_HOC", "MA_NAM_HOC|NĂM HỌC", NULL, FIELD_TEXT, 0, offsetof(ClassRoom, school_year)},
    {"MA_KHOI", "MA_KHOI|KHỐI|MÃ KHỐI", NULL, FIELD_TEXTS, 0, offsetof(ClassRoom, grade_codes),
     offsetof(ClassRoom, n_grade_codes)},
    {"NGAY_CAP_NHAT", "NGAY_CAP_NHAT", NULL, FIELD_TIME, 0, offsetof(ClassRoom, as_of)},
};
const struct field_table sector_class_table = FIELD_TABLE(class_fields);

static const struct field pupil_fields[] = {
    [PUPIL_CODE] = {"Mã học sinh", "MÃ HỌC SINH|MÃ HS|MA_HS_BGD|MA_HOC_SINH", "MA_HS_BGD", FIELD_PERSONAL,
                    HUB_ACCOUNT, offsetof(Enrollment, person_code), .wanted = 'a'},
    [PUPIL_OTHER_CODE] = {"ID_HOC_SINH", "ID_HOC_SINH", NULL, FIELD_PERSONAL, HUB_ACCOUNT,
                          offsetof(Enrollment, person_code), .wanted = 'a'},
    [PUPIL_THIRD_CODE] = {"MA_HOC_SINH", NULL, NULL, FIELD_PERSONAL, HUB_ACCOUNT,
                          offsetof(Enrollment, person_code)},
    [PUPIL_CITIZEN_ID] = {"Số định danh cá nhân",
                          "SỐ ĐỊNH DANH CÁ NHÂN|SỐ ĐỊNH DANH|MÃ ĐỊNH DANH|SỐ CCCD|CCCD|SO_DINH_DANH|SO_CCCD",
                          "SO_DINH_DANH", FIELD_PERSONAL, HUB_CITIZEN_ID, offsetof(Enrollment, citizen_id),
                          .wanted = 'a'},
    [PUPIL_CLASS] = {"Mã lớp", "MÃ LỚP|MA_LOP", "MA_LOP", FIELD_TEXT, 0, offsetof(Enrollment, class_code)},
    [PUPIL_CLASS_ID] = {"ID_LOP", "ID_LOP", NULL, FIELD_TEXT, 0, offsetof(Enrollment, class_code)},
    [PUPIL_CLASS_NAME] = {"Lớp", "LỚP|TÊN LỚP", "LOP", FIELD_TEXT, 0, offsetof(Enrollment, class_code)},
    [PUPIL_NAME] = {"Họ tên", "HỌ TÊN|HỌ VÀ TÊN|HỌ TÊN HỌC SINH|HỌ VÀ TÊN HỌC SINH|HO_TEN", NULL,
                    FIELD_UNUSED},
    [PUPIL_SCHOOL] = {"Mã trường", "MÃ TRƯỜNG|MA_TRUONG", "MA_TRUONG", FIELD_TEXT, 0,
                      offsetof(Enrollment, school_code)},
    [PUPIL_YEAR] = {"Năm học", "NĂM HỌC|MA_NAM_HOC", "MA_NAM_HOC", FIELD_TEXT, 0,
                    offsetof(Enrollment, school_year)},
    {"Ngày sinh", "NGÀY SINH|NGÀY, THÁNG, NĂM SINH|NGÀY THÁNG NĂM SINH|NGAY_SINH", "NGAY_SINH", FIELD_BIRTH,
     HUB_BIRTH_DATE, offsetof(Enrollment, birth_year)},
    {"Giới tính", "GIỚI TÍNH|GIOI_TINH|MA_GIOI_TINH", "GIOI_TINH", FIELD_CODE, 0,
     offsetof(Enrollment, gender), offsetof(Enrollment, gender_code), .codes = gender_codes},
    {"Trạng thái HS", "TRẠNG THÁI HS|TRẠNG THÁI HỌC SINH|TRẠNG THÁI|TRANG_THAI|TRANG_THAI_HS", "TRANG_THAI",
     FIELD_CODE, 0, offsetof(Enrollment, state), offsetof(Enrollment, state_code),
     .codes = pupil_state_codes},
    {"Ngày nhập trạng thái", "NGÀY NHẬP TRẠNG THÁI|NGÀY TRẠNG THÁI|NGAY_TRANG_THAI", "NGAY_TRANG_THAI",
     FIELD_DAY, 0, offsetof(Enrollment, state_at)},
    {"Mã khối", "MÃ KHỐI|KHỐI|MA_KHOI", "MA_KHOI", FIELD_TEXTS, 0, offsetof(Enrollment, grade_codes),
     offsetof(Enrollment, n_grade_codes)},
    {"NGAY_CAP_NHAT", "NGAY_CAP_NHAT", NULL, FIELD_TIME, 0, offsetof(Enrollment, as_of)},
    {"TRANG_THAI_HS", NULL, NULL, FIELD_CODE, 0, offsetof(Enrollment, state),
     offsetof(Enrollment, state_code), .codes = pupil_state_codes},
};
const struct field_table sector_pupil_table = FIELD_TABLE(pupil_fields);

int sector_school(const struct record *record) {
  School school = IOC__EDUCATION__V1__SCHOOL__INIT;
  school.levels = hub_alloc(record->job->sink, LEVELS_MAX * sizeof(*school.levels));
  if (school.levels == NULL) return -ENOMEM;
  school.organization_kind = IOC__EDUCATION__V1__ORGANIZATION_KIND__ORGANIZATION_KIND_SCHOOL;
  int r = record_read(record, &school);
  return r != 0 ? r : school_emit(record, &school);
}

int sector_class(const struct record *record) {
  ClassRoom class = IOC__EDUCATION__V1__CLASS_ROOM__INIT;
  int r = record_read(record, &class);
  if (class.class_code[0] == 0 && record->table == &sector_class_table) class.class_code = class.class_id;
  return r != 0 ? r : class_room_emit(record, &class);
}

int sector_pupil_code(const struct record *record, struct text *ret) {
  int r = 0;
  *ret = TEXT_NONE;
  for (size_t i = PUPIL_CODE; i <= PUPIL_CITIZEN_ID && r == 0 && ret->length == 0; i++)
    r = record->get(record, i, 0, ret);
  return r;
}

int sector_pupil(const struct record *record, bool class_wanted) {
  Enrollment pupil = IOC__EDUCATION__V1__ENROLLMENT__INIT;
  struct text person = TEXT_NONE;
  pupil.role = IOC__EDUCATION__V1__ROLE__ROLE_PUPIL;
  int r = sector_pupil_code(record, &person);
  if (r == 0) r = record_read(record, &pupil);
  if (r == 0 && class_wanted && person.length != 0 && pupil.class_code[0] == 0)
    return record_reject(record, HUB_MISSING, PUPIL_CLASS, "the code of the class is absent");
  return r != 0 ? r : enrollment_emit(record, &pupil, PUPIL_CODE, person);
}
