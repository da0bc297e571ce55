/*
 * oneroster_csv_rules.c: the columns of the files of OneRoster 1.1 and 1.2, which of them must hold
 * something, and which refer to another file.
 *
 * Both versions share a table: what only one of them has is known in the other as well. Users of 1.2 have
 * their roles and organisations in roles.csv.
 */
#include "connectors/education/oneroster_csv_parts.h"

#define RECORD \
  {"sourcedId", PACKAGE_BOTH, NULL}, {"status", 0, NULL}, { "dateLastModified", 0, NULL, FORM_TIME }

static const struct rule orgs[] = {
    RECORD, {"name", PACKAGE_BOTH}, {"type", PACKAGE_BOTH}, {"identifier"}, {"parentSourcedId", 0, "orgs"}};

static const struct rule classes[] = {RECORD,
                                      {"title", PACKAGE_BOTH},
                                      {"grades"},
                                      {"courseSourcedId", 0, "courses"},
                                      {"classCode"},
                                      {"classType", PACKAGE_BOTH},
                                      {"location"},
                                      {"schoolSourcedId", PACKAGE_BOTH, "orgs"},
                                      {"termSourcedIds", PACKAGE_BOTH, "academicSessions"},
                                      {"subjects"},
                                      {"subjectCodes"},
                                      {"periods"}};

static const struct rule users[] = {RECORD,
                                    {"enabledUser", PACKAGE_BOTH, NULL, FORM_TRUTH},
                                    {"orgSourcedIds", PACKAGE_1_1, "orgs"},
                                    {"role", PACKAGE_1_1},
                                    {"username", PACKAGE_1_1},
                                    {"userIds"},
                                    {"givenName", PACKAGE_BOTH},
                                    {"familyName", PACKAGE_BOTH},
                                    {"middleName"},
                                    {"identifier"},
                                    {"email"},
                                    {"sms"},
                                    {"phone"},
                                    {"agentSourcedIds", 0, "users"},
                                    {"grades"},
                                    {"password"},
                                    {"userMasterIdentifier"},
                                    {"resourceSourcedIds", 0, "resources"},
                                    {"preferredGivenName"},
                                    {"preferredMiddleName"},
                                    {"preferredFamilyName"},
                                    {"primaryOrgSourcedId", 0, "orgs"},
                                    {"pronouns"}};

/* Known by their user, whose id some versions call userSourcedId and some sourcedId. */
static const struct rule demographics[] = {{"userSourcedId|sourcedId", PACKAGE_BOTH, "users"},
                                           {"status"},
                                           {"dateLastModified", 0, NULL, FORM_TIME},
                                           {"birthDate", 0, NULL, FORM_DAY},
                                           {"sex"},
                                           {"americanIndianOrAlaskaNative", 0, NULL, FORM_TRUTH},
                                           {"asian", 0, NULL, FORM_TRUTH},
                                           {"blackOrAfricanAmerican", 0, NULL, FORM_TRUTH},
                                           {"nativeHawaiianOrOtherPacificIslander", 0, NULL, FORM_TRUTH},
                                           {"white", 0, NULL, FORM_TRUTH},
                                           {"demographicRaceTwoOrMoreRaces", 0, NULL, FORM_TRUTH},
                                           {"hispanicOrLatinoEthnicity", 0, NULL, FORM_TRUTH},
                                           {"countryOfBirthCode"},
                                           {"stateOfBirthAbbreviation"},
                                           {"cityOfBirth"},
                                           {"publicSchoolResidenceStatus"}};

static const struct rule enrollments[] = {RECORD,
                                          {"classSourcedId", PACKAGE_BOTH, "classes"},
                                          {"schoolSourcedId", PACKAGE_BOTH, "orgs"},
                                          {"userSourcedId", PACKAGE_BOTH, "users"},
                                          {"role", PACKAGE_BOTH},
                                          {"primary", 0, NULL, FORM_TRUTH},
                                          {"beginDate", 0, NULL, FORM_DAY},
                                          {"endDate", 0, NULL, FORM_DAY}};

static const struct rule line_items[] = {RECORD,
                                         {"title", PACKAGE_BOTH},
                                         {"description"},
                                         {"assignDate", PACKAGE_BOTH, NULL, FORM_DAY},
                                         {"dueDate", PACKAGE_BOTH, NULL, FORM_DAY},
                                         {"classSourcedId", PACKAGE_BOTH, "classes"},
                                         {"categorySourcedId", PACKAGE_BOTH, "categories"},
                                         {"gradingPeriodSourcedId", PACKAGE_1_1, "academicSessions"},
                                         {"academicSessionSourcedId", 0, "academicSessions"},
                                         {"schoolSourcedId", 0, "orgs"},
                                         {"resultValueMin", PACKAGE_1_1},
                                         {"resultValueMax", PACKAGE_1_1},
                                         {"scoreScaleSourcedId"}};

static const struct rule results[] = {RECORD,
                                      {"lineItemSourcedId", PACKAGE_BOTH, "lineItems"},
                                      {"studentSourcedId", PACKAGE_BOTH, "users"},
                                      {"scoreStatus", PACKAGE_BOTH},
                                      {"score", PACKAGE_1_1},
                                      {"scoreDate", PACKAGE_BOTH, NULL, FORM_DAY},
                                      {"comment"},
                                      {"classSourcedId", 0, "classes"},
                                      {"scoreScaleSourcedId"},
                                      {"textScore"},
                                      {"inProgress", 0, NULL, FORM_TRUTH},
                                      {"incomplete", 0, NULL, FORM_TRUTH},
                                      {"late", 0, NULL, FORM_TRUTH},
                                      {"missing", 0, NULL, FORM_TRUTH}};

static const struct rule sessions[] = {RECORD,
                                       {"title", PACKAGE_BOTH},
                                       {"type", PACKAGE_BOTH},
                                       {"startDate", PACKAGE_BOTH, NULL, FORM_DAY},
                                       {"endDate", PACKAGE_BOTH, NULL, FORM_DAY},
                                       {"parentSourcedId", 0, "academicSessions"},
                                       {"schoolYear", PACKAGE_BOTH}};

static const struct rule courses[] = {RECORD,
                                      {"schoolYearSourcedId", 0, "academicSessions"},
                                      {"title", PACKAGE_BOTH},
                                      {"courseCode"},
                                      {"grades"},
                                      {"orgSourcedId", PACKAGE_BOTH, "orgs"},
                                      {"subjects"},
                                      {"subjectCodes"}};

static const struct rule categories[] = {RECORD, {"title", PACKAGE_BOTH}, {"weight"}};

static const struct rule resources[] = {
    RECORD,           {"vendorResourceId", PACKAGE_BOTH}, {"title"}, {"roles"}, {"importance"}, {"vendorId"},
    {"applicationId"}};

static const struct rule class_resources[] = {RECORD,
                                              {"title"},
                                              {"classSourcedId", PACKAGE_BOTH, "classes"},
                                              {"resourceSourcedId", PACKAGE_BOTH, "resources"}};

static const struct rule course_resources[] = {RECORD,
                                               {"title"},
                                               {"courseSourcedId", PACKAGE_BOTH, "courses"},
                                               {"resourceSourcedId", PACKAGE_BOTH, "resources"}};

static const struct rule roles[] = {RECORD,
                                    {"userSourcedId", PACKAGE_BOTH, "users"},
                                    {"roleType", PACKAGE_BOTH},
                                    {"role", PACKAGE_BOTH},
                                    {"beginDate", 0, NULL, FORM_DAY},
                                    {"endDate", 0, NULL, FORM_DAY},
                                    {"orgSourcedId", PACKAGE_BOTH, "orgs"},
                                    {"userProfileSourcedId", 0, "userProfiles"}};

static const struct rule profiles[] = {RECORD,
                                       {"userSourcedId", PACKAGE_BOTH, "users"},
                                       {"profileType", PACKAGE_BOTH},
                                       {"vendorId"},
                                       {"applicationId"},
                                       {"description"},
                                       {"credentialType"},
                                       {"username"},
                                       {"password"}};

#define RULES(name, rules) \
  { (name), (rules), sizeof(rules) / sizeof((rules)[0]) }

const struct file_rules package_rules[PACKAGE_FILES] = {
    RULES("orgs", orgs),
    RULES("classes", classes),
    RULES("users", users),
    RULES("demographics", demographics),
    RULES("enrollments", enrollments),
    RULES("lineItems", line_items),
    RULES("results", results),
    RULES("academicSessions", sessions),
    RULES("courses", courses),
    RULES("categories", categories),
    RULES("resources", resources),
    RULES("classResources", class_resources),
    RULES("courseResources", course_resources),
    RULES("roles", roles),
    RULES("userProfiles", profiles),
};
