/*
 * tally.h: marks of pupils as counts for each class and subject.
 */
#ifndef EDUCATION_TALLY_H
#define EDUCATION_TALLY_H

#include "connectors/education/record.h"

struct tally;
struct tally_entry; /* the counts of one class and subject */

struct tally_key { /* what an entry is about; texts may be empty */
  struct text school, school_year, period, class_code, group_text, subject, assessment;
};

struct tally_row { /* of one pupil: what all marks of a row share */
  struct text pupil;
  uint64_t pupil_hash, digest[4];
};

struct tally_mark {
  struct text level, score;
  bool other_scale; /* the score is no number of 0 to 10: in no band */
};

/* Lives in memory of the allocator, which may be one that outlives hub_release(). 0 or -ENOMEM. */
int tally_new(struct job *, const struct allocator *, struct tally **ret);

/* What is wrong with the mark, as a constant sentence; NULL: nothing. */
const char *tally_judge(const struct tally_mark *);

#define TALLY_E_FULL 1     /* too many classes and subjects, or marks */
#define TALLY_E_LONG 2     /* what names the entry is too long */
#define TALLY_E_REPEATED 3 /* the pupil was counted there before */

/* The entry, made when it is new; one in which nothing is counted is never published. 0, TALLY_E_FULL,
 * TALLY_E_LONG or -ENOMEM. */
int tally_find(struct tally *, const struct tally_key *, struct tally_entry **ret);

/* Whether the entry is of that school, year, period and class. */
bool tally_is_of_class(const struct tally_entry *, const struct tally_key *);

/* bytes: what the row was read from. 0 or -ENOMEM. */
int tally_row_of(struct text pupil, struct text bytes, struct tally_row *ret);

/* Whether the row may be counted there: 0, TALLY_E_FULL or TALLY_E_REPEATED. */
int tally_admits(const struct tally *, const struct tally_entry *, const struct tally_row *);

/* Counts a mark that tally_judge() found good and tally_admits() let in. 0 or -ENOMEM. */
int tally_count(struct tally *, struct tally_entry *, const struct tally_row *, const struct tally_mark *);

/* Rejects the record for a TALLY_E_…; person: the field that holds the pupil's code. As record_reject(). */
int tally_reject(const struct record *, int result, size_t person);

/* One message for each class and subject, in the order of their first mark. Returns 0 or a negative errno. */
int tally_emit(struct tally *);

#endif
