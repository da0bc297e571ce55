/*
 * tally.h: marks of pupils as counts for each class and subject.
 */
#ifndef EDUCATION_TALLY_H
#define EDUCATION_TALLY_H

#include "connectors/education/record.h"

struct tally;

struct tally_key { /* what one AssessmentSummary is about; texts may be empty */
  struct text school, school_year, period, class_code, group_text, subject, assessment;
};

struct tally_mark { /* of one pupil */
  struct text pupil, level, score;
  bool other_scale; /* the score is no number of 0 to 10: in no band */
};

/* Lives in the sink's memory. -ENOMEM. */
int tally_new(struct job *, struct tally **ret);

/* What is wrong with the mark, as a constant sentence; NULL: nothing. */
const char *tally_judge(const struct tally_mark *);

#define TALLY_E_FULL 1 /* too many classes and subjects */
extern const char tally_full_detail[];

/* Counts a mark that tally_judge() found good; `bytes` is what it was read from. 0, TALLY_E_FULL, -ENOMEM. */
int tally_count(struct tally *, const struct tally_key *, const struct tally_mark *, struct text bytes);

/* One message for each class and subject, in the order of their first mark. Returns 0 or a negative errno. */
int tally_emit(struct tally *);

#endif
