/*
 * lists.h: sheets of which each row is a record of its own.
 */
#ifndef EDUCATION_LISTS_H
#define EDUCATION_LISTS_H

#include "connectors/education/oneroster.h"
#include "connectors/education/sheet.h"

struct list_kind {
  const struct field_table *table;
  Ioc__Education__V1__Form form;
  /* Takes one row: 0, RECORD_E_REJECTED or a negative errno. NULL: rows of this kind are context, from which
   * nothing is published. */
  int (*take)(const struct list_kind *, const struct record *);
  const char *file; /* the file's name begins so, where the header alone does not decide; NULL: any */
  Ioc__Education__V1__Role role; /* of persons who are all of one role; 0: by the row */
  enum oneroster_kind oneroster;
};

/* The kind of list whose header these folded cells are, NULL when none. The one of which most columns are
 * found is taken. */
const struct list_kind *list_recognise(const struct job *, const struct text *folded, size_t count,
                                       struct columns *ret_columns);

#endif
