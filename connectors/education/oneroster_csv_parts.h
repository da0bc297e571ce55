/*
 * oneroster_csv_parts.h: what the files oneroster_csv*.c share: the rules of the files, and an open package.
 */
#ifndef EDUCATION_ONEROSTER_CSV_PARTS_H
#define EDUCATION_ONEROSTER_CSV_PARTS_H

#include "connectors/education/oneroster.h"
#include "connectors/education/sheet.h"
#include "connectors/format/archive.h"

/* ---- Rules --------------------------------------------------------------------------------------------- */

enum { PACKAGE_1_1 = 1, PACKAGE_1_2 = 2, PACKAGE_BOTH = 3 }; /* bits */

enum rule_form { FORM_TEXT, FORM_DAY, FORM_TIME, FORM_TRUTH }; /* yyyy-MM-dd; ISO 8601; true or false */

struct rule { /* of a column */
  const char *name;
  unsigned char wanted; /* versions in which no cell of it may be empty */
  const char *to;       /* the file whose ids stand in it, with commas between several; NULL: no key */
  enum rule_form form;  /* of a cell that is not empty */
};

enum { RULES_MAX = 32 };

struct file_rules {
  const char *name; /* "users": of users.csv and file.users */
  const struct rule *rules;
  size_t count; /* at most RULES_MAX; the id comes first, then status and dateLastModified */
};

extern const struct file_rules package_rules[]; /* in the order in which files are taken */
enum { PACKAGE_FILES = 15 };

enum { RULE_ID, RULE_STATUS, RULE_MODIFIED, RULE_ROLE_USER, RULE_ROLE_TYPE }; /* the last two of roles */

/* ---- A package ----------------------------------------------------------------------------------------- */

enum file_mode { FILE_NOT_NAMED, FILE_ABSENT, FILE_BULK, FILE_DELTA };

struct roster_row {
  struct text id; /* in the file; trimmed */
  struct text bytes;
  uint32_t number, line;
  bool repeated; /* an earlier row has the same id */
};

struct roster_file {
  const struct file_rules *rules;
  const struct oneroster_list *list;
  char name[32]; /* users.csv */
  enum file_mode mode;
  size_t named_in; /* row of the manifest */
  bool present, refused;
  struct text input;           /* as UTF-8 */
  uint16_t columns[RULES_MAX]; /* of each rule, from 1; 0: none */
  struct columns fields;       /* of the list's table */
  size_t width;                /* of the header */
  size_t header_column;        /* from 1: the first header that is not known; 0: all are */
  struct roster_row *rows;     /* those that can be read */
  size_t count, room;
  uint32_t *by_id;       /* rows in the order of their ids */
  struct csv csv, again; /* all rows; one that was read before */
};

struct roster_role { /* a row of roles.csv */
  struct text user, id;
  bool primary;
};

struct package {
  struct job *job;
  const struct allocator *heap; /* what outlives hub_release() */
  struct archive *archive;
  unsigned version;          /* PACKAGE_1_1 or PACKAGE_1_2 */
  size_t rows;               /* of all files */
  struct roster_role *roles; /* by user, the primary one first */
  size_t roles_count, roles_room;
  struct roster_file files[PACKAGE_FILES];
};

#define PACKAGE_E_REFUSED 1 /* the package was refused whole: that is said */

/* Reads manifest.csv. Returns 0, PACKAGE_E_REFUSED or a negative errno. */
int package_read_manifest(struct package *);

/* Reads all files that the manifest names, their ids and their headers; likewise. */
int package_load(struct package *);

/* Refuses the package whole for row `number` of a file (0: the file, or NULL: the archive). Returns
 * PACKAGE_E_REFUSED or a negative errno. */
int package_refuse(struct package *, enum hub_reject_code, const char *file, const struct csv_row *row,
                   const char *field, const char *detail);

/* The file of that name ("users"), or NULL. */
struct roster_file *package_file(struct package *, struct text name);

/* The first row of the file with that id, or NULL. */
const struct roster_row *roster_find(const struct roster_file *, struct text id);

/* The order of ids: negative, 0 or positive. */
int roster_compare(struct text, struct text);

/* Users of 1.2 have their roles in roles.csv: notes a row of it, whose id outlives the row. 0 or -ENOMEM. */
int roster_note_role(struct package *, const struct roster_file *, const struct csv_row *, struct text id);
void roster_sort_roles(struct package *);
/* The id of the user's primary role, else of the first; empty: the package has none. */
struct text roster_role_of(const struct package *, struct text user);

/* Takes all rows: first what is published, then the rest, for their rules. Returns 0 or a negative errno. */
int package_take(struct package *);

#endif
