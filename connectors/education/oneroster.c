/*
 * oneroster.c: the tables of oneroster.h, and what their records become.
 */
#include "connectors/education/oneroster.h"

#include <errno.h>

#include "connectors/education/codes.h"
#include "connectors/education/emit.h"

#define STATUS(message)                                                                   \
  {"status",                                                                              \
   "STATUS",                                                                              \
   NULL,                                                                                  \
   FIELD_CODE,                                                                            \
   0,                                                                                     \
   offsetof(message, status),                                                             \
   offsetof(message, status_code),                                                        \
   .codes = status_codes},                                                                \
  {                                                                                       \
    "dateLastModified", "DATELASTMODIFIED", NULL, FIELD_TIME, 0, offsetof(message, as_of) \
  }

static const struct field org_fields[] = {
    {"sourcedId", "SOURCEDID", NULL, FIELD_TEXT, 0, offsetof(School, school_code), .wanted = 'a'},
    {"name", "NAME", NULL, FIELD_TEXT, 0, offsetof(School, name), .wanted = 'b'},
    {"type", "TYPE", NULL, FIELD_CODE, 0, offsetof(School, organization_kind),
     offsetof(School, organization_kind_code), .codes = organization_codes, .wanted = 'c'},
    {"identifier", "IDENTIFIER", NULL, FIELD_TEXT, 0, offsetof(School, identifier)},
    {"parentSourcedId", "PARENTSOURCEDID", "parent", FIELD_TEXT, 0, offsetof(School, parent_code)},
    STATUS(School),
};
const struct field_table oneroster_org_table = FIELD_TABLE(org_fields);

static const struct field class_fields[] = {
    {"sourcedId", "SOURCEDID", NULL, FIELD_TEXT, 0, offsetof(ClassRoom, class_id), .wanted = 'a'},
    {"title", "TITLE", NULL, FIELD_TEXT, 0, offsetof(ClassRoom, name), .wanted = 'b'},
    {"schoolSourcedId", "SCHOOLSOURCEDID|ORGSOURCEDID", "school", FIELD_TEXT, 0,
     offsetof(ClassRoom, school_code), .wanted = 'c'},
    {"classCode", "CLASSCODE", NULL, FIELD_TEXT, 0, offsetof(ClassRoom, class_code)},
    {"classType", "CLASSTYPE", NULL, FIELD_CODE, 0, offsetof(ClassRoom, class_kind),
     offsetof(ClassRoom, class_kind_code), .codes = class_kind_codes},
    {"courseSourcedId", "COURSESOURCEDID", "course", FIELD_TEXT, 0, offsetof(ClassRoom, course_code)},
    {"location", "LOCATION", NULL, FIELD_TEXT, 0, offsetof(ClassRoom, location)},
    {"grades", "GRADES|GRADE", NULL, FIELD_TEXTS, 0, offsetof(ClassRoom, grade_codes),
     offsetof(ClassRoom, n_grade_codes)},
    {"subjects", "SUBJECTS", NULL, FIELD_TEXTS, 0, offsetof(ClassRoom, subjects),
     offsetof(ClassRoom, n_subjects)},
    {"termSourcedIds", "TERMSOURCEDIDS|SESSIONSOURCEDIDS", "terms", FIELD_TEXTS, 0,
     offsetof(ClassRoom, term_codes), offsetof(ClassRoom, n_term_codes)},
    {"periods", "PERIODS", NULL, FIELD_TEXTS, 0, offsetof(ClassRoom, periods),
     offsetof(ClassRoom, n_periods)},
    STATUS(ClassRoom),
};
const struct field_table oneroster_class_table = FIELD_TABLE(class_fields);

static const struct field enrollment_fields[] = {
    {"sourcedId", "SOURCEDID", NULL, FIELD_TEXT, 0, offsetof(Enrollment, enrollment_id)},
    [ENROLLMENT_USER] = {"userSourcedId", "USERSOURCEDID", "user", FIELD_PERSONAL, HUB_ACCOUNT,
                         offsetof(Enrollment, person_code), .wanted = 'a'},
    [ENROLLMENT_CLASS] = {"classSourcedId", "CLASSSOURCEDID", "class", FIELD_TEXT, 0,
                          offsetof(Enrollment, class_code), .wanted = 'b'},
    [ENROLLMENT_SCHOOL] = {"schoolSourcedId", "SCHOOLSOURCEDID", "school", FIELD_TEXT, 0,
                           offsetof(Enrollment, school_code)},
    [ENROLLMENT_ROLE] = {"role", "ROLE", NULL, FIELD_CODE, 0, offsetof(Enrollment, role),
                         offsetof(Enrollment, role_code), .codes = role_codes, .wanted = 'c'},
    {"primary", "PRIMARY", NULL, FIELD_CODE, 0, offsetof(Enrollment, main), offsetof(Enrollment, main_code),
     .codes = answer_codes},
    {"beginDate", "BEGINDATE", NULL, FIELD_DAY, 0, offsetof(Enrollment, begins_at)},
    {"endDate", "ENDDATE", NULL, FIELD_DAY, 0, offsetof(Enrollment, ends_at)},
    STATUS(Enrollment),
};
const struct field_table oneroster_enrollment_table = FIELD_TABLE(enrollment_fields);

/* The first three are read for a list of users only. */
enum { USER_ID, USER_ORG, USER_ROLE, USER_OWN };

static const struct field user_fields[] = {
    [USER_ID] = {"sourcedId", "SOURCEDID", NULL, FIELD_PERSONAL, HUB_ACCOUNT,
                 offsetof(Enrollment, person_code), .wanted = 'a'},
    [USER_ORG] = {"orgSourcedIds", "ORGSOURCEDIDS", "orgs", FIELD_TEXT, 0, offsetof(Enrollment, school_code),
                  .wanted = 'b'},
    [USER_ROLE] = {"role", "ROLE", NULL, FIELD_CODE, 0, offsetof(Enrollment, role),
                   offsetof(Enrollment, role_code), .codes = role_codes, .wanted = 'c'},
    [USER_OWN] = {"username", "USERNAME", NULL, FIELD_PERSONAL, HUB_ACCOUNT, offsetof(Enrollment, username)},
    {"userIds", "USERIDS", NULL, FIELD_PERSONAL_TEXTS, HUB_ACCOUNT, offsetof(Enrollment, user_ids),
     offsetof(Enrollment, n_user_ids)},
    {"grades", "GRADES|GRADE", NULL, FIELD_TEXTS, 0, offsetof(Enrollment, grade_codes),
     offsetof(Enrollment, n_grade_codes)},
    STATUS(Enrollment),
};
const struct field_table oneroster_user_table = FIELD_TABLE(user_fields);

static const struct field role_fields[] = {
    {"role", "ROLE", NULL, FIELD_CODE, 0, offsetof(Enrollment, role), offsetof(Enrollment, role_code),
     .codes = role_codes},
    {"orgSourcedId", "ORGSOURCEDID", "org", FIELD_TEXT, 0, offsetof(Enrollment, school_code)},
};
const struct field_table oneroster_role_table = FIELD_TABLE(role_fields);

static const struct field demographics_fields[] = {
    {"userSourcedId", "USERSOURCEDID|SOURCEDID", "sourcedId", FIELD_UNUSED, .wanted = 'a'},
    {"birthDate", "BIRTHDATE", NULL, FIELD_BIRTH, HUB_BIRTH_DATE, offsetof(Enrollment, birth_year),
     .wanted = 'b'},
    {"sex", "SEX", NULL, FIELD_CODE, 0, offsetof(Enrollment, gender), offsetof(Enrollment, gender_code),
     .codes = gender_codes, .wanted = 'c'},
};
const struct field_table oneroster_demographics_table = FIELD_TABLE(demographics_fields);

static const struct field line_item_fields[] = {
    {"sourcedId", "SOURCEDID", NULL, FIELD_UNUSED},
    [LINE_ITEM_TITLE] = {"title", "TITLE", NULL, FIELD_UNUSED},
    [LINE_ITEM_CLASS] = {"classSourcedId", "CLASSSOURCEDID", "class", FIELD_UNUSED},
    [LINE_ITEM_MIN] = {"resultValueMin", "RESULTVALUEMIN", NULL, FIELD_UNUSED},
    [LINE_ITEM_MAX] = {"resultValueMax", "RESULTVALUEMAX", NULL, FIELD_UNUSED},
};
static const struct field_table line_item_table = FIELD_TABLE(line_item_fields);

static const struct field result_fields[] = {
    {"sourcedId", "SOURCEDID", NULL, FIELD_UNUSED},
    [RESULT_LINE_ITEM] = {"lineItemSourcedId", "LINEITEMSOURCEDID", "lineItem", FIELD_UNUSED},
    [RESULT_STUDENT] = {"studentSourcedId", "STUDENTSOURCEDID", "student", FIELD_UNUSED},
    [RESULT_CLASS] = {"classSourcedId", "CLASSSOURCEDID", "class", FIELD_UNUSED},
    [RESULT_STATUS] = {"status", "STATUS", NULL, FIELD_UNUSED},
    [RESULT_SCORE] = {"score", "SCORE", NULL, FIELD_UNUSED},
};
static const struct field_table result_table = FIELD_TABLE(result_fields);

static const struct field_table no_table = {NULL, 0};

const struct oneroster_list oneroster_lists[] = {
    {"orgs", "org", ONEROSTER_ORG, &oneroster_org_table},
    {"schools", "school", ONEROSTER_ORG, &oneroster_org_table},
    {"classes", "class", ONEROSTER_CLASS, &oneroster_class_table},
    {"users", "user", ONEROSTER_USER, &oneroster_user_table},
    {"students", "student", ONEROSTER_USER, &oneroster_user_table},
    {"teachers", "teacher", ONEROSTER_USER, &oneroster_user_table},
    {"demographics", "demographic", ONEROSTER_DEMOGRAPHICS, &oneroster_demographics_table},
    {"enrollments", "enrollment", ONEROSTER_ENROLLMENT, &oneroster_enrollment_table},
    {"lineItems", "lineItem", ONEROSTER_LINE_ITEM, &line_item_table},
    {"results", "result", ONEROSTER_RESULT, &result_table},
    {"academicSessions", "academicSession", ONEROSTER_CONTEXT, &no_table},
    {"terms", "term", ONEROSTER_CONTEXT, &no_table},
    {"gradingPeriods", "gradingPeriod", ONEROSTER_CONTEXT, &no_table},
    {"courses", "course", ONEROSTER_CONTEXT, &no_table},
    {"categories", "category", ONEROSTER_CONTEXT, &no_table},
    {"resources", "resource", ONEROSTER_CONTEXT, &no_table},
    {"classResources", "classResource", ONEROSTER_CONTEXT, &no_table},
    {"courseResources", "courseResource", ONEROSTER_CONTEXT, &no_table},
    {"roles", "role", ONEROSTER_CONTEXT, &oneroster_role_table},
    {"userProfiles", "userProfile", ONEROSTER_CONTEXT, &no_table},
    {"scoreScales", "scoreScale", ONEROSTER_CONTEXT, &no_table},
};
const size_t oneroster_lists_count = sizeof(oneroster_lists) / sizeof(oneroster_lists[0]);

const struct oneroster_list *oneroster_find(struct text name, bool singular) {
  for (size_t i = 0; i < oneroster_lists_count; i++) {
    const struct oneroster_list *list = &oneroster_lists[i];
    if (text_is(name, list->name) || (singular && text_is(name, list->singular))) return list;
  }
  return NULL;
}

/* ---- Records ---- */

static int take_org(const struct record *record) {
  School school = IOC__EDUCATION__V1__SCHOOL__INIT;
  int r = record_read(record, &school);
  return r != 0 ? r : school_emit(record, &school);
}

static int take_class(const struct record *record) {
  ClassRoom class = IOC__EDUCATION__V1__CLASS_ROOM__INIT;
  int r = record_read(record, &class);
  if (r == 0 && class.class_id[0] == 0)
    return record_reject(record, HUB_MISSING, 0, "the sourcedId is absent");
  return r != 0 ? r : class_room_emit(record, &class);
}

/* What is said of a person elsewhere; status and time of change stay those of the enrolment. */
static int read_person(const struct record *user, const struct record *demographics, Enrollment *enrollment) {
  Enrollment person = IOC__EDUCATION__V1__ENROLLMENT__INIT;
  int r = user == NULL ? 0 : record_read(user, &person);
  if (r == 0 && demographics != NULL) r = record_read(demographics, &person);
  if (r != 0) return r;
  enrollment->username = person.username;
  enrollment->user_ids = person.user_ids;
  enrollment->n_user_ids = person.n_user_ids;
  enrollment->grade_codes = person.grade_codes;
  enrollment->n_grade_codes = person.n_grade_codes;
  enrollment->birth_year = person.birth_year;
  enrollment->gender = person.gender;
  enrollment->gender_code = person.gender_code;
  return 0;
}

static int take_enrollment(const struct record *record, const struct record *user,
                           const struct record *demographics) {
  Enrollment enrollment = IOC__EDUCATION__V1__ENROLLMENT__INIT;
  struct text person = TEXT_NONE;
  int r = record->get(record, ENROLLMENT_USER, 0, &person);
  if (r == 0) r = record_read(record, &enrollment);
  if (r == 0) r = read_person(user, demographics, &enrollment);
  if (r == 0 && enrollment.class_code[0] == 0)
    return record_reject(record, HUB_MISSING, ENROLLMENT_CLASS, "the code of the class is absent");
  return r != 0 ? r : enrollment_emit(record, &enrollment, ENROLLMENT_USER, person);
}

static int take_user(const struct record *record, const struct record *role,
                     const struct record *demographics) {
  Enrollment enrollment = IOC__EDUCATION__V1__ENROLLMENT__INIT;
  struct text person = TEXT_NONE;
  int r = record->get(record, USER_ID, 0, &person);
  if (r == 0) r = record_read(record, &enrollment);
  if (r == 0 && role != NULL) r = record_read(role, &enrollment);
  if (r == 0 && demographics != NULL) r = record_read(demographics, &enrollment);
  return r != 0 ? r : enrollment_emit(record, &enrollment, USER_ID, person);
}

int oneroster_emit(struct job *job, enum oneroster_kind kind, const struct record *record,
                   const struct record *user, const struct record *demographics) {
  int r;
  job->form = IOC__EDUCATION__V1__FORM__FORM_ONE_ROSTER;
  switch (kind) {
    case ONEROSTER_ORG: r = take_org(record); break;
    case ONEROSTER_CLASS: r = take_class(record); break;
    case ONEROSTER_ENROLLMENT: r = take_enrollment(record, user, demographics); break;
    default: r = take_user(record, user, demographics);
  }
  if (r != RECORD_E_REJECTED) return r;
  struct text id;
  r = record->get(record, 0, 0, &id);
  if (r == RECORD_E_REJECTED) id = TEXT_NONE;
  return r < 0 ? r : record_refuse(record, id);
}

/* ---- Results ---- */

struct result { /* what a result and its line item say */
  struct tally_key key;
  struct tally_mark mark;
  struct text pupil, max, status;
};

static int read_result(const struct record *result, const struct record *item, struct result *ret) {
  const struct education *education = result->job->education;
  *ret = (struct result){
      .key = {.school = text_of(education->school), .school_year = text_of(education->school_year)}};
  int r = result->get(result, RESULT_STATUS, 0, &ret->status);
  if (r == 0) r = result->get(result, RESULT_LINE_ITEM, 0, &ret->key.assessment);
  if (r == 0) r = result->get(result, RESULT_STUDENT, 0, &ret->pupil);
  if (r == 0) r = result->get(result, RESULT_CLASS, 0, &ret->key.class_code);
  if (r == 0) r = result->get(result, RESULT_SCORE, 0, &ret->mark.score);
  if (r == 0 && item != NULL) r = item->get(item, LINE_ITEM_TITLE, 0, &ret->key.subject);
  if (r == 0 && item != NULL) r = item->get(item, LINE_ITEM_MAX, 0, &ret->max);
  if (r == 0 && item != NULL && ret->key.class_code.length == 0)
    r = item->get(item, LINE_ITEM_CLASS, 0, &ret->key.class_code);
  return r;
}

/* Bands are those of a scale to 10; a score of another scale is in none. */
static int judge_score(const struct record *record, struct result *result) {
  bool of_ten = result->max.length == 0 || text_is(result->max, "10") || text_is(result->max, "10.0");
  result->mark.other_scale = !of_ten || (result->max.length == 0 && tally_judge(&result->mark) != NULL);
  const char *wrong = tally_judge(&result->mark);
  return wrong == NULL ? 0 : record_reject(record, HUB_INVALID, RESULT_SCORE, wrong);
}

static int count(struct tally *tally, const struct record *record, const struct record *line_item) {
  struct result result;
  struct tally_entry *entry;
  struct tally_row row;
  int r = read_result(record, line_item, &result);
  if (r != 0 || text_is(result.status, "tobedeleted")) return r;
  if (result.key.assessment.length == 0)
    return record_reject(record, HUB_MISSING, RESULT_LINE_ITEM, "the line item is absent");
  if (result.pupil.length == 0)
    return record_reject(record, HUB_MISSING, RESULT_STUDENT, "the code of the pupil is absent");
  r = judge_score(record, &result);
  if (r == 0) r = tally_row_of(result.pupil, record->bytes, &row);
  if (r != 0) return r;
  r = tally_find(tally, &result.key, &entry);
  if (r == 0) r = tally_admits(tally, entry, &row);
  if (r != 0) return r < 0 ? r : tally_reject(record, r, RESULT_STUDENT);
  return tally_count(tally, entry, &row, &result.mark);
}

int oneroster_count(struct job *job, struct tally *tally, const struct record *result,
                    const struct record *line_item) {
  job->form = IOC__EDUCATION__V1__FORM__FORM_ONE_ROSTER;
  int r = count(tally, result, line_item);
  return r == RECORD_E_REJECTED ? record_refuse(result, TEXT_NONE) : r;
}
