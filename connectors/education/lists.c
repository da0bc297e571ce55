/*
 * lists.c: the kinds of lists, and their recognition by the header. Lists of School Data Sync have columns
 * so alike that sometimes only the file's name tells pupils from teachers; without it the role stays open.
 */
#include "connectors/education/lists.h"

#include <errno.h>
#include <strings.h>

#include "connectors/education/codes.h"
#include "connectors/education/emit.h"
#include "connectors/education/sector.h"

/* ---- School Data Sync, version 1 ---- */

static const struct field sds_school_fields[] = {
    {"SIS ID", "SIS ID|DFE NUMBER", NULL, FIELD_TEXT, 0, offsetof(School, school_code), .wanted = 'a'},
    {"Name", "NAME", NULL, FIELD_TEXT, 0, offsetof(School, name), .wanted = 'b'},
    {"School Number", "SCHOOL NUMBER", NULL, FIELD_TEXT, 0, offsetof(School, identifier)},
    {"Grade Low", "GRADE LOW", NULL, FIELD_TEXT, 0, offsetof(School, lowest_grade)},
    {"Grade High", "GRADE HIGH", NULL, FIELD_TEXT, 0, offsetof(School, highest_grade)},
    {"Principal Name", "PRINCIPAL NAME", NULL, FIELD_PERSONAL, HUB_OFFICIAL_NAME,
     offsetof(School, principal)},
};
static const struct field_table sds_school_table = FIELD_TABLE(sds_school_fields);

static const struct field sds_section_fields[] = {
    {"SIS ID", "SIS ID|ID", NULL, FIELD_TEXT, 0, offsetof(ClassRoom, class_id), .wanted = 'a'},
    {"School SIS ID", "SCHOOL SIS ID|SCHOOL DFE NUMBER", NULL, FIELD_TEXT, 0,
     offsetof(ClassRoom, school_code), .wanted = 'b'},
    {"Section Name", "SECTION NAME", NULL, FIELD_TEXT, 0, offsetof(ClassRoom, name), .wanted = 'c'},
    {"Section Number", "SECTION NUMBER", NULL, FIELD_TEXT, 0, offsetof(ClassRoom, class_code)},
    {"Course SIS ID", "COURSE SIS ID", NULL, FIELD_TEXT, 0, offsetof(ClassRoom, course_code)},
    {"Course Subject", "COURSE SUBJECT", NULL, FIELD_TEXTS, 0, offsetof(ClassRoom, subjects),
     offsetof(ClassRoom, n_subjects)},
    {"Term SIS ID", "TERM SIS ID", NULL, FIELD_TEXTS, 0, offsetof(ClassRoom, term_codes),
     offsetof(ClassRoom, n_term_codes)},
    {"Term StartDate", "TERM STARTDATE", NULL, FIELD_DAY_MONTH_FIRST, 0, offsetof(ClassRoom, begins_at)},
    {"Term EndDate", "TERM ENDDATE", NULL, FIELD_DAY_MONTH_FIRST, 0, offsetof(ClassRoom, ends_at)},
    {"Periods", "PERIODS", NULL, FIELD_TEXTS, 0, offsetof(ClassRoom, periods),
     offsetof(ClassRoom, n_periods)},
    {"Status", "STATUS", NULL, FIELD_CODE, 0, offsetof(ClassRoom, status), offsetof(ClassRoom, status_code),
     .codes = status_codes},
};
static const struct field_table sds_section_table = FIELD_TABLE(sds_section_fields);

/* The code of the person comes first in all lists of persons. */
enum { PERSON_CODE = 0, STUDENT_NUMBER = 4, TEACHER_NUMBER = 5 };

#define PUPIL IOC__EDUCATION__V1__ROLE__ROLE_PUPIL
#define TEACHER IOC__EDUCATION__V1__ROLE__ROLE_TEACHER

static const struct field sds_person_fields[] = {
    {"SIS ID", "SIS ID|ID", NULL, FIELD_PERSONAL, HUB_ACCOUNT, offsetof(Enrollment, person_code),
     .wanted = 'a'},
    {"School SIS ID", "SCHOOL SIS ID|SCHOOL DFE NUMBER", NULL, FIELD_TEXT, 0,
     offsetof(Enrollment, school_code), .wanted = 'b'},
    {"Username", "USERNAME", NULL, FIELD_PERSONAL, HUB_ACCOUNT, offsetof(Enrollment, username),
     .wanted = 'c'},
    {"Grade", "GRADE", NULL, FIELD_TEXTS, 0, offsetof(Enrollment, grade_codes),
     offsetof(Enrollment, n_grade_codes)},
    [STUDENT_NUMBER] = {"Student Number", "STUDENT NUMBER", NULL, FIELD_PERSONAL_TEXTS, HUB_ACCOUNT,
                        offsetof(Enrollment, user_ids), offsetof(Enrollment, n_user_ids)},
    [TEACHER_NUMBER] = {"Teacher Number", "TEACHER NUMBER", NULL, FIELD_PERSONAL_TEXTS, HUB_ACCOUNT,
                        offsetof(Enrollment, user_ids), offsetof(Enrollment, n_user_ids)},
    {"Birthdate", "BIRTHDATE", NULL, FIELD_BIRTH_MONTH_FIRST, HUB_BIRTH_DATE,
     offsetof(Enrollment, birth_year)},
    {"Status", "STATUS", NULL, FIELD_CODE, 0, offsetof(Enrollment, status), offsetof(Enrollment, status_code),
     .codes = status_codes},
};
static const struct field_table sds_person_table = FIELD_TABLE(sds_person_fields);

static const struct field sds_roster_fields[] = {
    {"SIS ID", "SIS ID|ID", NULL, FIELD_PERSONAL, HUB_ACCOUNT, offsetof(Enrollment, person_code),
     .wanted = 'a'},
    {"Section SIS ID", "SECTION SIS ID|SECTION ID", NULL, FIELD_TEXT, 0, offsetof(Enrollment, class_code),
     .wanted = 'b'},
};
static const struct field_table sds_roster_table = FIELD_TABLE(sds_roster_fields);

/* ---- School Data Sync, version 2.1: roles of persons at organisations ---- */

static const struct field roles_fields[] = {
    {"userSourcedId", "USERSOURCEDID", NULL, FIELD_PERSONAL, HUB_ACCOUNT, offsetof(Enrollment, person_code),
     .wanted = 'a'},
    {"orgSourcedId", "ORGSOURCEDID", NULL, FIELD_TEXT, 0, offsetof(Enrollment, school_code), .wanted = 'b'},
    {"role", "ROLE", NULL, FIELD_CODE, 0, offsetof(Enrollment, role), offsetof(Enrollment, role_code),
     .codes = role_codes, .wanted = 'c'},
    {"sessionSourcedId", "SESSIONSOURCEDID", NULL, FIELD_TEXT, 0, offsetof(Enrollment, school_year)},
    {"grade", "GRADE", NULL, FIELD_TEXTS, 0, offsetof(Enrollment, grade_codes),
     offsetof(Enrollment, n_grade_codes)},
    {"isPrimary", "ISPRIMARY", NULL, FIELD_CODE, 0, offsetof(Enrollment, main),
     offsetof(Enrollment, main_code), .codes = answer_codes},
    {"roleStartDate", "ROLESTARTDATE", NULL, FIELD_DAY, 0, offsetof(Enrollment, begins_at)},
    {"roleEndDate", "ROLEENDDATE", NULL, FIELD_DAY, 0, offsetof(Enrollment, ends_at)},
};
static const struct field_table roles_table = FIELD_TABLE(roles_fields);

/* Recognised, so that it can be said that nothing is published of them. */
static const struct field account_fields[] = {
    {"sourcedId", "SOURCEDID", NULL, FIELD_UNUSED, .wanted = 'a'},
    {"username", "USERNAME", NULL, FIELD_UNUSED, .wanted = 'b'},
    {"givenName", "GIVENNAME", NULL, FIELD_UNUSED, .wanted = 'c'},
};
static const struct field_table account_table = FIELD_TABLE(account_fields);

static const struct field relation_fields[] = {
    {"userSourcedId", "USERSOURCEDID", NULL, FIELD_UNUSED, .wanted = 'a'},
    {"relationshipUserSourcedId", "RELATIONSHIPUSERSOURCEDID|FLAG", NULL, FIELD_UNUSED, .wanted = 'b'},
};
static const struct field_table relation_table = FIELD_TABLE(relation_fields);

/* Courses and sessions: enough columns that no list of classes looks more alike. */
static const struct field course_fields[] = {
    {"sourcedId", "SOURCEDID", NULL, FIELD_UNUSED, .wanted = 'a'},
    {"title", "TITLE", NULL, FIELD_UNUSED, .wanted = 'b'},
    {"code", "CODE|COURSECODE|SCHOOLYEAR", NULL, FIELD_UNUSED, .wanted = 'c'},
    {"orgSourcedId", "ORGSOURCEDID", NULL, FIELD_UNUSED},
    {"schoolYearSourcedId", "SCHOOLYEARSOURCEDID", NULL, FIELD_UNUSED},
    {"subjects", "SUBJECTS|SUBJECT", NULL, FIELD_UNUSED},
    {"subjectCodes", "SUBJECTCODES", NULL, FIELD_UNUSED},
    {"grades", "GRADES|GRADE", NULL, FIELD_UNUSED},
    {"status", "STATUS", NULL, FIELD_UNUSED},
    {"dateLastModified", "DATELASTMODIFIED", NULL, FIELD_UNUSED},
};
static const struct field_table course_table = FIELD_TABLE(course_fields);

/* ---- Taking rows ---- */

static int take_school(const struct list_kind *kind, const struct record *record) {
  School school = IOC__EDUCATION__V1__SCHOOL__INIT;
  school.organization_kind = IOC__EDUCATION__V1__ORGANIZATION_KIND__ORGANIZATION_KIND_SCHOOL;
  int r = record_read(record, &school);
  return r != 0 ? r : school_emit(record, &school);
}

static int take_class(const struct list_kind *kind, const struct record *record) {
  return sector_class(record);
}

static int take_sector_school(const struct list_kind *kind, const struct record *record) {
  return sector_school(record);
}

static int take_pupil(const struct list_kind *kind, const struct record *record) {
  const struct row_source *source = record->source;
  return sector_pupil(record, source->columns->at[PUPIL_CLASS] != 0);
}

static int take_person(const struct list_kind *kind, const struct record *record) {
  const struct row_source *source = record->source;
  Enrollment person = IOC__EDUCATION__V1__ENROLLMENT__INIT;
  struct text code;
  int r = record->get(record, PERSON_CODE, 0, &code);
  if (r == 0) r = record_read(record, &person);
  if (r != 0) return r;
  bool persons = kind->table == &sds_person_table;
  if (kind->role != 0) person.role = kind->role;
  else if (persons && source->columns->at[STUDENT_NUMBER] != 0) person.role = PUPIL;
  else if (persons && source->columns->at[TEACHER_NUMBER] != 0) person.role = TEACHER;
  return enrollment_emit(record, &person, PERSON_CODE, code);
}

static int take_oneroster(const struct list_kind *kind, const struct record *record) {
  return oneroster_emit(record->job, kind->oneroster, record, NULL, NULL);
}

#define SHEET IOC__EDUCATION__V1__FORM__FORM_SHEET
#define SECTOR IOC__EDUCATION__V1__FORM__FORM_SECTOR
#define ONEROSTER IOC__EDUCATION__V1__FORM__FORM_ONE_ROSTER
#define SDS IOC__EDUCATION__V1__FORM__FORM_SCHOOL_DATA_SYNC

/* Of kinds with equally many columns the first whose `file` fits counts. */
static const struct list_kind kinds[] = {
    {&sector_pupil_table, SHEET, take_pupil},
    {&sector_school_table, SECTOR, take_sector_school},
    {&sector_class_table, SECTOR, take_class},
    {&sds_school_table, SDS, take_school},
    {&sds_section_table, SDS, take_class},
    {&sds_person_table, SDS, take_person, "student", PUPIL},
    {&sds_person_table, SDS, take_person, "teacher", TEACHER},
    {&sds_person_table, SDS, take_person},
    {&sds_roster_table, SDS, take_person, "student", PUPIL},
    {&sds_roster_table, SDS, take_person, "teacher", TEACHER},
    {&sds_roster_table, SDS, take_person},
    {&oneroster_org_table, ONEROSTER, take_oneroster, .oneroster = ONEROSTER_ORG},
    {&oneroster_class_table, ONEROSTER, take_oneroster, .oneroster = ONEROSTER_CLASS},
    {&oneroster_enrollment_table, ONEROSTER, take_oneroster, .oneroster = ONEROSTER_ENROLLMENT},
    {&oneroster_user_table, ONEROSTER, take_oneroster, .oneroster = ONEROSTER_USER},
    {&roles_table, ONEROSTER, take_person},
    {&oneroster_demographics_table, ONEROSTER, NULL},
    {&account_table, ONEROSTER, NULL},
    {&relation_table, ONEROSTER, NULL},
    {&course_table, ONEROSTER, NULL},
};

static bool is_named(const struct hub_payload *payload, const char *beginning) {
  if (beginning == NULL) return true;
  if (payload->name == NULL) return false;
  const char *slash = strrchr(payload->name, '/');
  return strncasecmp(slash == NULL ? payload->name : slash + 1, beginning, strlen(beginning)) == 0;
}

const struct list_kind *list_recognise(const struct job *job, const struct text *folded, size_t count,
                                       struct columns *ret_columns) {
  const struct list_kind *best = NULL;
  size_t most = 0;
  for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
    struct columns columns;
    if (!is_named(job->payload, kinds[i].file)) continue;
    size_t found = columns_find(kinds[i].table, folded, count, &columns);
    if (found <= most) continue;
    most = found;
    best = &kinds[i];
    *ret_columns = columns;
  }
  return best;
}
