/*
 * codes.c: see codes.h. All words are NFC and upper case; a star at the end takes any continuation, since
 * templates add the semester to a state ("Chuyển đến kỳ 2").
 */
#include "connectors/education/codes.h"

#include "connectors/education/emit.h"

#define ANSWER(name) IOC__EDUCATION__V1__ANSWER__ANSWER_##name
#define CLASS(name) IOC__EDUCATION__V1__CLASS_KIND__CLASS_KIND_##name
#define GENDER(name) IOC__EDUCATION__V1__GENDER__GENDER_##name
#define LEVEL(name) IOC__EDUCATION__V1__EDUCATION_LEVEL__EDUCATION_LEVEL_##name
#define KIND(name) IOC__EDUCATION__V1__ORGANIZATION_KIND__ORGANIZATION_KIND_##name
#define STATE(name) IOC__EDUCATION__V1__PUPIL_STATE__PUPIL_STATE_##name
#define ROLE(name) IOC__EDUCATION__V1__ROLE__ROLE_##name
#define STATUS(name) IOC__EDUCATION__V1__RECORD_STATUS__RECORD_STATUS_##name

const struct code answer_codes[] = {
    {"1", ANSWER(YES)}, {"TRUE", ANSWER(YES)}, {"CÓ", ANSWER(YES)},   {"X", ANSWER(YES)},
    {"0", ANSWER(NO)},  {"FALSE", ANSWER(NO)}, {"KHÔNG", ANSWER(NO)}, {NULL, 0},
};

const struct code class_kind_codes[] = {
    {"HOMEROOM", CLASS(HOMEROOM)}, {"SCHEDULED", CLASS(SCHEDULED)}, {NULL, 0}};

const struct code gender_codes[] = {
    {"NAM", GENDER(MALE)},    {"NỮ", GENDER(FEMALE)},
    {"01", GENDER(MALE)},     {"02", GENDER(FEMALE)},
    {"1", GENDER(MALE)},      {"2", GENDER(FEMALE)},
    {"MALE", GENDER(MALE)},   {"FEMALE", GENDER(FEMALE)},
    {"M", GENDER(MALE)},      {"F", GENDER(FEMALE)},
    {"OTHER", GENDER(OTHER)}, {"UNSPECIFIED", GENDER(OTHER)},
    {"KHÁC", GENDER(OTHER)},  {NULL, 0},
};

const struct code level_codes[] = {
    {"01", LEVEL(PRIMARY)},           {"1", LEVEL(PRIMARY)},
    {"02", LEVEL(LOWER_SECONDARY)},   {"2", LEVEL(LOWER_SECONDARY)},
    {"03", LEVEL(UPPER_SECONDARY)},   {"3", LEVEL(UPPER_SECONDARY)},
    {"04", LEVEL(KINDERGARTEN)},      {"4", LEVEL(KINDERGARTEN)},
    {"05", LEVEL(CONTINUING)},        {"5", LEVEL(CONTINUING)},
    {"MN", LEVEL(KINDERGARTEN)},      {"TH", LEVEL(PRIMARY)},
    {"THCS", LEVEL(LOWER_SECONDARY)}, {"THPT", LEVEL(UPPER_SECONDARY)},
    {"GDTX", LEVEL(CONTINUING)},      {NULL, 0},
};

const struct code organization_codes[] = {
    {"SCHOOL", KIND(SCHOOL)},
    {"DEPARTMENT", KIND(DEPARTMENT)},
    {"DISTRICT", KIND(DISTRICT)},
    {"LOCAL", KIND(LOCAL)},
    {"STATE", KIND(PROVINCE)},
    {"NATIONAL", KIND(NATIONAL)},
    {"MINISTRYOFEDUCATION", KIND(NATIONAL)},
    {"COLLEGE", KIND(HIGHER_EDUCATION)},
    {"UNIVERSITY", KIND(HIGHER_EDUCATION)},
    {NULL, 0},
};

const struct code pupil_state_codes[] = {
    {"ĐANG HỌC*", STATE(STUDYING)},
    {"CHUYỂN ĐẾN*", STATE(TRANSFERRED_IN)},
    {"CHUYỂN ĐI*", STATE(TRANSFERRED_OUT)},
    {"CHUYỂN LỚP*", STATE(CHANGED_CLASS)},
    {"BUỘC THÔI HỌC*", STATE(EXPELLED)},
    {"ĐUỔI HỌC*", STATE(EXPELLED)},
    {"THÔI HỌC*", STATE(WITHDRAWN)},
    {"NGHỈ HỌC*", STATE(WITHDRAWN)},
    {"BỎ HỌC*", STATE(DROPPED_OUT)},
    {"BẢO LƯU*", STATE(SUSPENDED)},
    {"TẠM NGHỈ*", STATE(SUSPENDED)},
    {"TỐT NGHIỆP*", STATE(GRADUATED)},
    {"HOÀN THÀNH*", STATE(GRADUATED)},
    {"LƯU BAN*", STATE(REPEATING)},
    {"Ở LẠI LỚP*", STATE(REPEATING)},
    {"HỌC LẠI*", STATE(RETURNED)},
    {"ĐÃ MẤT", STATE(DECEASED)},
    {"MẤT", STATE(DECEASED)},
    {NULL, 0},
};

const struct code role_codes[] = {
    {"STUDENT", ROLE(PUPIL)},
    {"TEACHER", ROLE(TEACHER)},
    {"PROFESSOR", ROLE(TEACHER)},
    {"LECTURER", ROLE(TEACHER)},
    {"FACULTY", ROLE(TEACHER)},
    {"AIDE", ROLE(AIDE)},
    {"PRINCIPAL", ROLE(PRINCIPAL)},
    {"ADMINISTRATOR", ROLE(ADMINISTRATOR)},
    {"SITEADMINISTRATOR", ROLE(ADMINISTRATOR)},
    {"SYSTEMADMINISTRATOR", ROLE(ADMINISTRATOR)},
    {"DISTRICTADMINISTRATOR", ROLE(ADMINISTRATOR)},
    {"PROCTOR", ROLE(PROCTOR)},
    {"GUARDIAN", ROLE(GUARDIAN)},
    {"PARENT", ROLE(GUARDIAN)},
    {"RELATIVE", ROLE(GUARDIAN)},
    {"COUNSELOR", ROLE(COUNSELLOR)},
    {"STAFF", ROLE(STAFF)},
    {NULL, 0},
};

const struct code status_codes[] = {
    {"ACTIVE", STATUS(ACTIVE)},
    {"TOBEDELETED", STATUS(TO_BE_DELETED)},
    {"INACTIVE", STATUS(INACTIVE)},
    {NULL, 0},
};
