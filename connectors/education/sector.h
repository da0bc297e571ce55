/*
 * sector.h: schools, classes, pupils and assessments in the column names of the sector database, the same for
 * JSON and for sheets.
 */
#ifndef EDUCATION_SECTOR_H
#define EDUCATION_SECTOR_H

#include "connectors/education/record.h"
#include "connectors/education/tally.h"

extern const struct field_table sector_school_table, sector_class_table, sector_pupil_table;

/* The first fields of sector_pupil_table. */
enum { PUPIL_CODE, PUPIL_OTHER_CODE, PUPIL_CITIZEN_ID, PUPIL_CLASS };

/* Each takes one record of that table, or returns RECORD_E_REJECTED or a negative errno. */
int sector_school(const struct record *);
int sector_class(const struct record *);
/* class_wanted: a row without a class is refused. */
int sector_pupil(const struct record *, bool class_wanted);

#endif
