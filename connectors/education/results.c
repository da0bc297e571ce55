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

enum { SUBJECT_COLUMNS_MAX = 512 };

static const char level_name[] = "Mức đạt được", score_name[] = "Điểm KTĐK";

struct subject_column {
  size_t column; /* from 1 */
  size_t subject;
  bool is_score;
};

struct subject {
  struct text group, name;
};

struct results {
  struct columns columns; /* of sector_pupil_table */
  struct titles titles;
  struct subject_column marks[SUBJECT_COLUMNS_MAX];
  struct subject subjects[SUBJECT_COLUMNS_MAX];
  size_t marks_count, subjects_count;
  size_t width; /* cells of the header that hold something */
};

/* ---- The header ---- */

enum word { WORD_NONE, WORD_LEVEL, WORD_SCORE };

static int read_word(const struct allocator *allocator, struct text cell, enum word *ret) {
  static const struct {
    const char *folded;
    enum word word;
  } words[] = {{"MỨC ĐẠT ĐƯỢC", WORD_LEVEL},
               {"MỨC ĐẠT", WORD_LEVEL},
               {"ĐIỂM KTĐK", WORD_SCORE},
               {"ĐIỂM", WORD_SCORE},
               {"ĐIỂM KIỂM TRA ĐỊNH KỲ", WORD_SCORE}};
  struct text folded = TEXT_NONE;
  *ret = WORD_NONE;
  int r = cell.length == 0 ? 0 : text_fold(allocator, cell, &folded);
  if (r == -ENOMEM) return r;
  for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && r == 0; i++)
    if (text_is(folded, words[i].folded)) *ret = words[i].word;
  return 0;
}

static struct text cell_at(const struct head *head, size_t row_number, size_t column) {
  for (size_t i = 0; i < head->count; i++)
    if (head->rows[i].number == row_number)
      return column < head->rows[i].count ? text_trim(head->rows[i].cells[column]) : TEXT_NONE;
  return TEXT_NONE;
}

/* The row of levels and scores; 0: none. */
static int find_level_row(const struct allocator *allocator, const struct head *head, size_t *ret_row,
                          size_t *ret_width) {
  *ret_row = 0;
  for (size_t i = 0; i < head->count && *ret_row == 0; i++) {
    for (size_t c = 0; c < head->rows[i].count; c++) {
      enum word word;
      int r = read_word(allocator, head->rows[i].cells[c], &word);
      if (r != 0) return r;
      if (word != WORD_NONE) *ret_row = head->rows[i].number;
    }
    for (size_t j = i < 2 ? 0 : i - 2; j <= i; j++)
      if (head->rows[j].count > *ret_width) *ret_width = head->rows[j].count;
  }
  return 0;
}

/* Columns of the pupil's own data have one word in one of the three rows. */
static int find_own_columns(const struct allocator *allocator, const struct head *head, size_t level_row,
                            size_t width, struct columns *ret) {
  struct text *words = allocate(allocator, (width + 1) * sizeof(*words));
  if (words == NULL) return -ENOMEM;
  for (size_t c = 0; c < width; c++) {
    int filled = 0;
    for (size_t row = level_row < 3 ? 1 : level_row - 2; row <= level_row; row++) {
      struct text cell = cell_at(head, row, c);
      if (cell.length == 0) continue;
      words[c] = cell;
      filled++;
    }
    if (filled != 1) words[c] = TEXT_NONE;
  }
  return columns_find(allocator, &sector_pupil_table, words, width, ret);
}

static bool is_own(const struct columns *columns, size_t column) {
  for (size_t i = 0; i < FIELDS_MAX; i++)
    if (columns->at[i] == column + 1) return true;
  return false;
}

static void add_mark(struct results *results, size_t column, bool is_score, struct subject subject,
                     bool is_new) {
  if (results->marks_count == SUBJECT_COLUMNS_MAX) return;
  if (is_new) results->subjects[results->subjects_count++] = subject;
  results->marks[results->marks_count++] =
      (struct subject_column){column + 1, results->subjects_count - 1, is_score};
}

static int read_columns(const struct allocator *allocator, const struct head *head, size_t level_row,
                        size_t width, struct results *results) {
  struct subject subject = {TEXT_NONE, TEXT_NONE};
  bool is_new = false;
  for (size_t c = 0; c < width; c++) {
    struct text group = level_row < 3 ? TEXT_NONE : cell_at(head, level_row - 2, c);
    struct text name = level_row < 2 ? TEXT_NONE : cell_at(head, level_row - 1, c);
    enum word word;
    int r = read_word(allocator, cell_at(head, level_row, c), &word);
    if (r != 0) return r;
    if (is_own(&results->columns, c) || group.length != 0) subject = (struct subject){group, TEXT_NONE};
    if (is_own(&results->columns, c)) subject.group = TEXT_NONE;
    else if (name.length != 0) subject.name = name, is_new = true;
    bool bare = word == WORD_NONE && name.length != 0 && subject.group.length != 0 &&
                cell_at(head, level_row, c).length == 0;
    if (subject.name.length == 0 || (word == WORD_NONE && !bare)) continue;
    add_mark(results, c, word == WORD_SCORE, subject, is_new);
    is_new = false;
  }
  return 0;
}

int results_recognise(struct job *job, const struct allocator *allocator, const struct head *head,
                      struct results **ret, size_t *ret_last_row) {
  size_t level_row = 0, width = 0;
  *ret = NULL;
  int r = find_level_row(allocator, head, &level_row, &width);
  if (r != 0 || level_row == 0) return r;
  struct results *results = allocate(allocator, sizeof(*results));
  if (results == NULL) return -ENOMEM;
  int found = find_own_columns(allocator, head, level_row, width, &results->columns);
  if (found <= 0) return found;
  r = read_columns(allocator, head, level_row, width, results);
  if (r == 0) r = titles_read(allocator, head, level_row < 3 ? 1 : level_row - 2, &results->titles);
  if (r != 0 || results->marks_count == 0) return r;
  for (size_t i = 0; i < head->count; i++) {
    size_t filled = cells_filled(head->rows[i].cells, head->rows[i].count), row = head->rows[i].number;
    if (row <= level_row && row + 2 >= level_row && filled > results->width) results->width = filled;
  }
  *ret = results;
  *ret_last_row = level_row;
  return 0;
}

/* ---- Rows ---- */

static struct text mark_of(const struct sheet_row *row, const struct subject_column *column) {
  return column->column <= row->count ? text_trim(row->cells[column->column - 1]) : TEXT_NONE;
}

static int refuse_mark(struct job *job, const struct row_source *source, const struct subject_column *column,
                       const char *detail) {
  const char *at = row_place(job, source, column->column, column->is_score ? score_name : level_name);
  if (at == NULL) return -ENOMEM;
  job->rejection = (struct hub_rejection){
      .size = sizeof(struct hub_rejection), .code = HUB_INVALID, .at = at, .detail = detail};
  return RECORD_E_REJECTED;
}

static int judge(struct job *job, const struct results *results, const struct row_source *source) {
  for (size_t i = 0; i < results->marks_count; i++) {
    const struct subject_column *column = &results->marks[i];
    struct text value = mark_of(source->row, column);
    struct tally_mark mark = {.level = column->is_score ? TEXT_NONE : value,
                              .score = column->is_score ? value : TEXT_NONE};
    const char *wrong = tally_judge(&mark);
    if (wrong != NULL) return refuse_mark(job, source, column, wrong);
  }
  return 0;
}

struct pupil {
  struct text code, class_code, school, school_year;
};

static int get_first(const struct record *record, const char *const *names, struct text *ret) {
  int r = 0;
  for (*ret = TEXT_NONE; *names != NULL && ret->length == 0 && r == 0; names++)
    r = record->get(record, field_find(record->table, *names), 0, ret);
  return r;
}

static int read_pupil(const struct record *record, const struct results *results, struct pupil *ret) {
  static const char *const codes[] = {"Mã học sinh", "ID_HOC_SINH", "Số định danh cá nhân", NULL};
  static const char *const classes[] = {"Mã lớp", "ID_LOP", "Lớp", NULL};
  static const char *const schools[] = {"Mã trường", NULL}, *const years[] = {"Năm học", NULL};
  const struct education *education = record->job->education;
  int r = get_first(record, codes, &ret->code);
  if (r == 0) r = get_first(record, classes, &ret->class_code);
  if (r == 0) r = get_first(record, schools, &ret->school);
  if (r == 0) r = get_first(record, years, &ret->school_year);
  if (ret->school.length == 0) ret->school = text_of(education->school);
  if (ret->school_year.length == 0) ret->school_year = results->titles.school_year;
  if (ret->school_year.length == 0) ret->school_year = text_of(education->school_year);
  return r;
}

static bool is_empty(const struct results *results, const struct sheet_row *row, const struct pupil *pupil) {
  if (pupil->code.length != 0 || pupil->class_code.length != 0) return false;
  for (size_t i = 0; i < results->marks_count; i++)
    if (mark_of(row, &results->marks[i]).length != 0) return false;
  return true;
}

static int count_row(struct tally *tally, const struct results *results, const struct record *record,
                     const struct sheet_row *row, const struct pupil *pupil) {
  struct tally_mark mark = {.pupil = pupil->code};
  for (size_t i = 0; i < results->marks_count; i++) {
    const struct subject_column *column = &results->marks[i];
    *(column->is_score ? &mark.score : &mark.level) = mark_of(row, column);
    if (i + 1 < results->marks_count && results->marks[i + 1].subject == column->subject) continue;
    const struct subject *subject = &results->subjects[column->subject];
    const struct tally_key key = {.school = pupil->school,
                                  .school_year = pupil->school_year,
                                  .period = results->titles.period,
                                  .class_code = pupil->class_code,
                                  .group_text = subject->group,
                                  .subject = subject->name};
    int r = tally_count(tally, &key, &mark, record->bytes);
    if (r == TALLY_E_FULL) return record_reject(record, HUB_TOO_LARGE, RECORD_WHOLE, tally_full_detail);
    if (r != 0) return r;
    mark = (struct tally_mark){.pupil = pupil->code};
  }
  return 0;
}

int results_count(struct job *job, const struct results *results, struct tally *tally,
                  const struct sheet_row *row, size_t sheet) {
  struct row_source source = {.columns = &results->columns, .row = row, .sheet = sheet};
  struct pupil pupil;
  struct record record;
  int r = row_record(job, &sector_pupil_table, &source, &record);
  if (r == 0) r = read_pupil(&record, results, &pupil);
  if (r != 0 || is_empty(results, row, &pupil)) return r;
  if (!sheet_row_fits(row, results->width))
    r = record_reject(&record, HUB_INVALID, RECORD_WHOLE, sheet_width_detail);
  else if (pupil.code.length == 0)
    r = record_reject(&record, HUB_MISSING, PUPIL_CODE, "the code of the person is absent");
  else if (pupil.class_code.length == 0 && results->columns.at[PUPIL_CLASS] != 0)
    r = record_reject(&record, HUB_MISSING, PUPIL_CLASS, "the code of the class is absent");
  else r = judge(job, results, &source);
  if (r == 0) r = count_row(tally, results, &record, row, &pupil);
  return r == RECORD_E_REJECTED ? record_refuse(&record, pupil.code) : r;
}
