/*
 * oneroster.h: OneRoster 1.1 and 1.2, the same for JSON and for the CSV package.
 *
 * The tables name fields as the CSV files do; the JSON members that differ stand beside them. orgs, classes
 * and enrollments become messages, results become counts of their line item. Users, demographics and line
 * items are context: what they say of an enrolment or result goes into that message. A list of users that
 * comes without enrollments is a list of who belongs to which school, one Enrollment each.
 */
#ifndef EDUCATION_ONEROSTER_H
#define EDUCATION_ONEROSTER_H

#include "connectors/education/record.h"
#include "connectors/education/tally.h"

enum oneroster_kind {
  ONEROSTER_ORG,
  ONEROSTER_CLASS,
  ONEROSTER_ENROLLMENT,
  ONEROSTER_USER,
  ONEROSTER_DEMOGRAPHICS,
  ONEROSTER_LINE_ITEM,
  ONEROSTER_RESULT,
  ONEROSTER_CONTEXT, /* known by name, nothing in it is published */
};

struct oneroster_list {
  const char *name;     /* "orgs": of the JSON member, and of the file orgs.csv */
  const char *singular; /* "org" */
  enum oneroster_kind kind;
  const struct field_table *table;
};

extern const struct field_table oneroster_org_table, oneroster_class_table, oneroster_enrollment_table,
    oneroster_user_table, oneroster_demographics_table;
extern const struct oneroster_list oneroster_lists[];
extern const size_t oneroster_lists_count;

/* By the name of the list (or of one object of it, when singular is allowed); NULL: not known. */
const struct oneroster_list *oneroster_find(struct text name, bool singular);

/* Places in the tables of what others ask for. The first field of each table is its sourcedId, or, of
 * demographics in CSV, the userSourcedId. */
enum { ENROLLMENT_USER = 1, ENROLLMENT_CLASS, ENROLLMENT_SCHOOL, ENROLLMENT_ROLE };
enum { RESULT_LINE_ITEM = 1, RESULT_STUDENT, RESULT_CLASS, RESULT_SCORE, RESULT_STATUS };
enum { LINE_ITEM_TITLE = 1, LINE_ITEM_CLASS, LINE_ITEM_MIN, LINE_ITEM_MAX };

/* What a user of 1.2 does where: role and orgSourcedIds, of the element of `roles` that is primary. */
extern const struct field_table oneroster_role_table;

/* One record of an ORG, CLASS, ENROLLMENT or USER list. user, demographics: of an enrolment's person, where
 * the payload has them, else NULL; of a USER, `user` is its role of oneroster_role_table. A record that
 * cannot be taken is rejected here, at its place. Returns 0 or a negative errno. */
int oneroster_emit(struct job *, enum oneroster_kind, const struct record *, const struct record *user,
                   const struct record *demographics);

/* Counts one result, or rejects it. line_item: where the payload has it. Returns 0 or a negative errno; the
 * counts are emitted by tally_emit() when all results were counted. */
int oneroster_count(struct job *, struct tally *, const struct record *result,
                    const struct record *line_item);

#endif
