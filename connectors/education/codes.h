/*
 * codes.h: words of the senders and the enums that they mean.
 */
#ifndef EDUCATION_CODES_H
#define EDUCATION_CODES_H

#include "connectors/education/record.h"

extern const struct code answer_codes[], class_kind_codes[], gender_codes[], level_codes[],
    organization_codes[], pupil_state_codes[], role_codes[], status_codes[];

#endif
