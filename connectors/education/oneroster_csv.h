/*
 * oneroster_csv.h: a OneRoster CSV package: a zip archive with manifest.csv and the files that it names.
 */
#ifndef EDUCATION_ONEROSTER_CSV_H
#define EDUCATION_ONEROSTER_CSV_H

#include "connectors/education/education.h"

int oneroster_csv_translate(const struct education *, const struct hub_payload *, struct hub_sink *);

#endif
