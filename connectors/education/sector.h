/*
 * sector.h: schools, classes, pupils and assessments in the column names of the sector database, the same for
 * JSON and for sheets.
 */
#ifndef EDUCATION_SECTOR_H
#define EDUCATION_SECTOR_H

#include "connectors/education/record.h"
#include "connectors/education/tally.h"

extern const struct field_table sector_school_table, sector_class_table, sector_pupil_table;

/* The first fields of sector_pupil_table. A name is in no message, but makes its row a pupil's. */
enum {
  PUPIL_CODE,
  PUPIL_OTHER_CODE,
  PUPIL_THIRD_CODE,
  PUPIL_CITIZEN_ID,
  PUPIL_CLASS,
  PUPIL_CLASS_ID,
  PUPIL_CLASS_NAME,
  PUPIL_NAME,
  PUPIL_SCHOOL,
  PUPIL_YEAR,
};

/* The first code of the pupil that there is; empty: none. As record.get. */
int sector_pupil_code(const struct record *, struct text *ret);

/* Each takes one record of that table, or returns RECORD_E_REJECTED or a negative errno. */
int sector_school(const struct record *);
int sector_class(const struct record *);
/* class_wanted: a row without a class is refused. */
int sector_pupil(const struct record *, bool class_wanted);

#endif
