/*
 * sector_results.h: assessments of pupils in the sector database.
 */
#ifndef EDUCATION_SECTOR_RESULTS_H
#define EDUCATION_SECTOR_RESULTS_H

#include "connectors/education/documents.h"
#include "connectors/education/tally.h"

/* Counts the levels of one pupil, or refuses the record. 0 or a negative errno. */
int sector_result(struct job *, struct tally *, const struct element *);

#endif
