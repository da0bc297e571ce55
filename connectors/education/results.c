/*
 * results.c: a results sheet: three header rows of group, subject, and level or score.
 *
 * A merged cell leaves the cells to its right empty, so that group and subject hold until the next one; a
 * column of a pupil's own data ends both. A column under a group and a subject that has no third word is one
 * of levels (competences and qualities). A row is judged whole before any of it is counted.
 */
#include "connectors/education/sheets.h"

#include <errno.h>

#include "connectors/education/sector.h"

static const char level_name[] = "Mức đạt được", score_name[] = "Điểm KTĐK";

enum { SUBJECTS_MAX = CSV_CELLS_MAX };

struct subject {
  struct text group, name;
  size_t level, score;       /* columns from 1; 0: none */
  struct tally_mark mark;    /* of the row at hand */
  struct tally_entry *entry; /* of the class of the row before, when has_entries */
};

struct results {
  struct columns columns; /* of sector_pupil_table */
  struct titles titles;
  struct subject subjects[SUBJECTS_MAX];
  size_t count;
  bool has_entries;
  size_t width; /* cells of the header that hold something */
};

/* ---- The header ---- */

enum word { WORD_NONE, WORD_LEVEL, WORD_SCORE };

static enum word word_of(struct text folded) {
  static const struct {
    const char *folded;
    enum word word;
  } words[] = {{"MỨC ĐẠT ĐƯỢC", WORD_LEVEL},
               {"MỨC ĐẠT", WORD_LEVEL},
               {"ĐIỂM KTĐK", WORD_SCORE},
               {"ĐIỂM", WORD_SCORE},
               {"ĐIỂM KIỂM TRA ĐỊNH KỲ", WORD_SCORE}};
  for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
    if (text_is(folded, words[i].folded)) return words[i].word;
  return WORD_NONE;
}

/* A cell of the head as it stands, and folded; both empty where there is none. */
struct head_cell {
  struct text text, folded;
};

static struct head_cell cell_at(const struct head *head, size_t row_number, size_t column) {
  for (size_t i = 0; i < head->count; i++)
    if (head->rows[i].number == row_number && column < head->rows[i].count)
      return (struct head_cell){text_trim(head->rows[i].cells[column]), head->rows[i].folded[column]};
  return (struct head_cell){TEXT_NONE, TEXT_NONE};
}

/* The row of levels and scores, 0: none; and how many columns it and the two rows above have. */
static size_t find_level_row(const struct head *head, size_t *ret_width) {
  for (size_t i = 0; i < head->count; i++) {
    bool found = false;
    for (size_t c = 0; c < head->rows[i].count && !found; c++)
      found = word_of(head->rows[i].folded[c]) != WORD_NONE;
    if (!found) continue;
    for (size_t j = i < 2 ? 0 : i - 2; j <= i; j++)
      if (head->rows[j].count > *ret_width) *ret_width = head->rows[j].count;
    return head->rows[i].number;
  }
  return 0;
}

/* Columns of the pupil's own data have one word in one of the three rows. */
static int find_own_columns(const struct allocator *allocator, const struct head *head, size_t level_row,
                            size_t width, struct columns *ret, bool *ret_found) {
  struct text *words = allocate(allocator, width * sizeof(*words));
  if (words == NULL) return -ENOMEM;
  for (size_t c = 0; c < width; c++) {
    int filled = 0;
    for (size_t row = level_row < 3 ? 1 : level_row - 2; row <= level_row; row++) {
      struct text cell = cell_at(head, row, c).folded;
      if (cell.length == 0) continue;
      words[c] = cell;
      filled++;
    }
    if (filled != 1) words[c] = TEXT_NONE;
  }
  *ret_found = columns_find(&sector_pupil_table, words, width, ret) != 0;
  return 0;
}

static bool is_own(const struct columns *columns, size_t column) {
  for (size_t i = 0; i < FIELDS_MAX; i++)
    if (columns->at[i] == column + 1) return true;
  return false;
}

/* The subject, made when it is new; of two equal columns of it the first counts. */
static struct subject *find_subject(struct results *results, struct text group, struct text name) {
  for (size_t i = 0; i < results->count; i++) {
    struct subject *subject = &results->subjects[i];
    if (text_equal(subject->group, group) && text_equal(subject->name, name)) return subject;
  }
  results->subjects[results->count] = (struct subject){.group = group, .name = name};
  return &results->subjects[results->count++];
}

static void read_columns(const struct head *head, size_t level_row, size_t width, struct results *results) {
  struct text group = TEXT_NONE, name = TEXT_NONE;
  for (size_t c = 0; c < width; c++) {
    struct text above = level_row < 3 ? TEXT_NONE : cell_at(head, level_row - 2, c).text;
    struct text middle = level_row < 2 ? TEXT_NONE : cell_at(head, level_row - 1, c).text;
    struct head_cell below = cell_at(head, level_row, c);
    bool own = is_own(&results->columns, c);
    enum word word = word_of(below.folded);
    if (own || above.length != 0) group = own ? TEXT_NONE : above, name = TEXT_NONE;
    if (!own && middle.length != 0) name = middle;
    bool bare = word == WORD_NONE && middle.length != 0 && group.length != 0 && below.text.length == 0;
    if (name.length == 0 || (word == WORD_NONE && !bare)) continue;
    struct subject *subject = find_subject(results, group, name);
    size_t *column = word == WORD_SCORE ? &subject->score : &subject->level;
    if (*column == 0) *column = c + 1;
  }
}

int results_recognise(const struct allocator *allocator, const struct head *head, struct text sheet_name,
                      struct results **ret, size_t *ret_last_row) {
  size_t width = 0, level_row = find_level_row(head, &width);
  bool found = false;
  *ret = NULL;
  if (level_row == 0) return 0;
  struct results *results = allocate(allocator, sizeof(*results));
  if (results == NULL) return -ENOMEM;
  int r = find_own_columns(allocator, head, level_row, width, &results->columns, &found);
  if (r != 0 || !found) return r;
  read_columns(head, level_row, width, results);
  if (results->count == 0) return 0;
  r = titles_read(allocator, head, level_row < 3 ? 1 : level_row - 2, sheet_name, &results->titles);
  if (r != 0) return r;
  for (size_t i = 0; i < head->count; i++) {
    size_t filled = cells_filled(head->rows[i].cells, head->rows[i].count), row = head->rows[i].number;
    if (row <= level_row && row + 2 >= level_row && filled > results->width) results->width = filled;
  }
  *ret = results;
  *ret_last_row = level_row;
  return 0;
}

/* ---- Rows ---- */

struct pupil { /* a row of the sheet */
  struct record record;
  struct row_source source;
  struct text code, name;
  struct tally_key key; /* but for group and subject */
};

static struct text cell_of(const struct sheet_row *row, size_t column) {
  return column != 0 && column <= row->count ? text_trim(row->cells[column - 1]) : TEXT_NONE;
}

/* Returns whether there is any. */
static bool read_marks(struct results *results, const struct sheet_row *row) {
  size_t length = 0;
  for (size_t i = 0; i < results->count; i++) {
    struct subject *subject = &results->subjects[i];
    subject->mark.level = cell_of(row, subject->level);
    subject->mark.score = cell_of(row, subject->score);
    length += subject->mark.level.length + subject->mark.score.length;
  }
  return length != 0;
}

static int refuse_mark(const struct pupil *pupil, size_t column, const char *name, const char *detail) {
  struct job *job = pupil->record.job;
  const char *at = row_place(job, &pupil->source, column, name);
  if (at == NULL) return -ENOMEM;
  job->rejection = (struct hub_rejection){
      .size = sizeof(struct hub_rejection), .code = HUB_INVALID, .at = at, .detail = detail};
  return RECORD_E_REJECTED;
}

static int judge_mark(const struct pupil *pupil, const struct subject *subject) {
  struct tally_mark level = {.level = subject->mark.level};
  const char *wrong = tally_judge(&subject->mark);
  if (wrong == NULL) return 0;
  return tally_judge(&level) != NULL ? refuse_mark(pupil, subject->level, level_name, wrong)
                                     : refuse_mark(pupil, subject->score, score_name, wrong);
}

static int read_pupil(struct pupil *pupil, const struct results *results) {
  const struct record *record = &pupil->record;
  const struct education *education = record->job->education;
  const struct {
    size_t field;
    struct text *to;
  } texts[] = {{PUPIL_CLASS, &pupil->key.class_code},      {PUPIL_CLASS_ID, &pupil->key.class_code},
               {PUPIL_CLASS_NAME, &pupil->key.class_code}, {PUPIL_NAME, &pupil->name},
               {PUPIL_SCHOOL, &pupil->key.school},         {PUPIL_YEAR, &pupil->key.school_year}};
  int r = sector_pupil_code(record, &pupil->code);
  for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && r == 0; i++)
    if (texts[i].to->length == 0) r = record->get(record, texts[i].field, 0, texts[i].to);
  if (pupil->key.school.length == 0) pupil->key.school = text_of(education->school);
  if (pupil->key.school_year.length == 0) pupil->key.school_year = results->titles.school_year;
  if (pupil->key.school_year.length == 0) pupil->key.school_year = text_of(education->school_year);
  pupil->key.period = results->titles.period;
  return r;
}

/* The subjects' entries for the pupil's class, which mostly is that of the row before. */
static int find_entries(struct results *results, struct tally *tally, struct tally_key *key) {
  if (results->has_entries && tally_is_of_class(results->subjects[0].entry, key)) return 0;
  results->has_entries = false;
  for (size_t i = 0; i < results->count; i++) {
    struct subject *subject = &results->subjects[i];
    key->group_text = subject->group;
    key->subject = subject->name;
    int r = tally_find(tally, key, &subject->entry);
    if (r != 0) return r;
  }
  results->has_entries = true;
  return 0;
}

static int judge(const struct results *results, const struct pupil *pupil) {
  const struct record *record = &pupil->record;
  if (!sheet_row_fits(pupil->source.row, results->width))
    return record_reject(record, HUB_INVALID, RECORD_WHOLE, sheet_width_detail);
  if (pupil->code.length == 0)
    return record_reject(record, HUB_MISSING, PUPIL_CODE, "the code of the person is absent");
  if (pupil->key.class_code.length == 0 && results->columns.at[PUPIL_CLASS] != 0)
    return record_reject(record, HUB_MISSING, PUPIL_CLASS, "the code of the class is absent");
  int r = 0;
  for (size_t i = 0; r == 0 && i < results->count; i++) r = judge_mark(pupil, &results->subjects[i]);
  return r;
}

static int count_row(struct results *results, struct tally *tally, struct pupil *pupil) {
  struct tally_row row;
  int r = tally_row_of(pupil->code, pupil->record.bytes, &row);
  if (r < 0) return r;
  r = find_entries(results, tally, &pupil->key);
  for (size_t i = 0; r == 0 && i < results->count; i++)
    r = tally_admits(tally, results->subjects[i].entry, &row);
  if (r != 0) return r < 0 ? r : tally_reject(&pupil->record, r, PUPIL_CODE);
  for (size_t i = 0; r == 0 && i < results->count; i++)
    r = tally_count(tally, results->subjects[i].entry, &row, &results->subjects[i].mark);
  return r;
}

int results_count(struct job *job, struct results *results, struct tally *tally, const struct sheet_row *row,
                  size_t sheet) {
  struct pupil pupil = {.source = {.columns = &results->columns, .row = row, .sheet = sheet}};
  int r = row_record(job, &sector_pupil_table, &pupil.source, &pupil.record);
  if (r == 0) r = read_pupil(&pupil, results);
  if (r != 0) return r;
  bool marked = read_marks(results, row);
  if (!marked && pupil.code.length + pupil.key.class_code.length + pupil.name.length == 0) return 0;
  r = judge(results, &pupil);
  if (r == 0) r = count_row(results, tally, &pupil);
  return r == RECORD_E_REJECTED ? record_refuse(&pupil.record, pupil.code) : r;
}
